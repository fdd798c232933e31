use proptest::prelude::*;

use super::*;

fn alert(query: &str) -> Alert {
    Alert {
        query: query.to_owned(),
        window: Some(3_600.0),
        frequency: Some(3_600.0),
        aggregation: "Count".to_owned(),
        operator: "GreaterThan".to_owned(),
        threshold: Some(0.0),
        ..Alert::default()
    }
}

fn ours(table: &str) -> bool {
    table.to_lowercase().contains("mcp")
}

fn said(query: &str) -> Vec<(Purpose, Option<bool>)> {
    finds(&alert(query), &ours).into_iter().map(|one| (one.purpose, one.enough)).collect()
}

#[test]
fn our_own_rules_are_enough() {
    for (name, purpose) in [
        ("mass-read", Purpose::MassRead),
        ("refusals", Purpose::Refusals),
        ("write-outside-working-hours", Purpose::OffHours),
    ] {
        let query = crate::file::read_text(
            std::path::Path::new(&format!("checks/4-activity/rules/{name}.kql")),
            crate::file::SMALL,
        )
        .unwrap();
        let frequency = Some(if purpose == Purpose::Refusals { 600.0 } else { 3_600.0 });
        let found = finds(&Alert { frequency, ..alert(&query) }, &ours);
        assert_eq!(
            found.iter().map(|one| (one.purpose, one.enough)).collect::<Vec<_>>(),
            [(purpose, Some(true))],
            "{name}: {found:?}"
        );
    }
}

#[test]
fn mass_reads() {
    let good = "MCPAuditLog_CL | where TimeGenerated > ago(1h) | summarize n = dcount(resource_accessed_s) by caller_oid_g, bin(TimeGenerated, 1h) | where n > 20";
    assert_eq!(said(good), [(Purpose::MassRead, Some(true))]);
    for (bad, expected) in [
        (good.replace("> 20", "> 200"), Some(false)),
        (good.replace("bin(TimeGenerated, 1h)", "bin(TimeGenerated, 5m)"), Some(false)),
        (good.replace("ago(1h)", "ago(10m)"), Some(false)),
        (good.replace("caller_oid_g", "caller_oid_g, tool_name_s"), Some(false)),
        (good.replace("| summarize", "| where isnotempty(caller_upn_s) | summarize"), Some(false)),
        (good.replace("| summarize", "| where mcp_server_s == 'files' | summarize"), Some(false)),
        (good.replace("| summarize", "| where tool_name_s startswith 'write' | summarize"), Some(false)),
        (good.replace("dcount(resource_accessed_s)", "count()").replace("> 20", "> 500"), Some(false)),
        (good.replace("| summarize", "| join kind=inner (x) on y | summarize"), None),
        (good.replace("| summarize", "| where f(tool_name_s, 2) | summarize"), None),
    ] {
        assert_eq!(said(&bad), [(Purpose::MassRead, expected)], "{bad}");
    }
    assert_eq!(said("Heartbeat | summarize n = dcount(Computer) by bin(TimeGenerated, 1h) | where n > 20"), []);
}

#[test]
fn changes_outside_working_hours() {
    let good = "MCPAuditLog_CL | where tool_name_s has_any ('write', 'delete') | extend Hour = datetime_part('hour', TimeGenerated) | where Hour < 7 or Hour > 20";
    assert_eq!(said(good), [(Purpose::OffHours, Some(true))]);
    for (bad, expected) in [
        (good.replace("Hour < 7", "Hour < 4"), Some(false)),
        (good.replace("Hour > 20", "Hour > 22"), Some(false)),
        (good.replace("Hour < 7 or ", ""), Some(false)),
        (good.replace("('write', 'delete')", "('read')"), Some(false)),
        (good.replace("| extend", "| where isnotempty(caller_upn_s) | extend"), Some(false)),
        (good.replace("| extend", "| evaluate x() | extend"), None),
        (good.replace("datetime_part('hour', TimeGenerated)", "hourofday(TimeGenerated)"), Some(true)),
        (
            format!("{good} | summarize calls = count() by caller_upn_s, tool_name_s, bin(TimeGenerated, 1h)"),
            Some(true),
        ),
        (good.replace("Hour < 7 or Hour > 20", "Hour !between (7 .. 20)"), Some(true)),
        (good.replace("Hour < 7 or Hour > 20", "not(Hour between (7 .. 20))"), Some(true)),
    ] {
        assert_eq!(said(&bad), [(Purpose::OffHours, expected)], "{bad}");
    }
}

#[test]
fn repeated_refusals() {
    let good = "MCPAuditLog_CL | where response_status_d == 403 | summarize refused = count() by caller_oid_g, bin(TimeGenerated, 10m) | where refused > 5";
    assert_eq!(said(good), [(Purpose::Refusals, Some(true))]);
    for (bad, expected) in [
        (good.replace("403", "401"), Some(false)),
        (good.replace("> 5", "> 50"), Some(false)),
        (good.replace("> 5", ">= 5"), Some(true)),
        (good.replace("10m", "1m"), Some(false)),
        (good.replace("caller_oid_g,", "caller_oid_g, tool_name_s,"), Some(false)),
        (good.replace("== 403", "in (401, 403)"), Some(true)),
        (good.replace("response_status_d == 403", "toint(response_status) >= 400"), Some(true)),
        (good.replace("| summarize", "| where caller_upn_s endswith '@x' | summarize"), Some(false)),
        (good.replace("| summarize", "| where scope_used_s has 'secrets' | summarize"), Some(false)),
    ] {
        assert_eq!(said(&bad), [(Purpose::Refusals, expected)], "{bad}");
    }
    let by_rule = Alert {
        threshold: Some(5.0),
        window: Some(900.0),
        frequency: Some(300.0),
        ..alert("MCPAuditLog_CL | where response_status == 403")
    };
    assert_eq!(finds(&by_rule, &ours)[0].enough, Some(true));
    assert_eq!(finds(&Alert { threshold: Some(50.0), ..by_rule.clone() }, &ours)[0].enough, Some(false));
    assert_eq!(finds(&Alert { frequency: Some(3_600.0), ..by_rule.clone() }, &ours)[0].enough, Some(false));
    assert_eq!(finds(&Alert { periods: Some(3), ..by_rule.clone() }, &ours)[0].enough, Some(false));
    assert_eq!(finds(&Alert { operator: "LessThan".to_owned(), ..by_rule }, &ours)[0].enough, Some(false));
}

#[test]
fn what_is_no_query_is_unknown_where_it_may_be_meant() {
    assert_eq!(said("MCPAuditLog_CL | where response_status == 403 | summarize ((("), [(Purpose::Refusals, None)]);
    assert_eq!(said("let x = 'unended; MCPAuditLog_CL").len(), 3);
    assert_eq!(said("this is no query"), []);
    assert_eq!(said("MCPAuditLog_CL | where scope_used_s has 'mcp.tools.secrets'"), []);
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}", words in prop::collection::vec("(MCPAuditLog_CL|where|summarize|by|\\||==|403|count\\(\\)|\\(|\\)|>|5|or|and|'a'|x|bin|,|let|;|=)", 0..40)) {
        let _ = (said(&text), said(&words.join(" ")));
    }

    #[test]
    fn a_higher_threshold_never_finds_more(limit in 0_u32..100, more in 1_u32..100) {
        let of = |limit: u32| said(&format!("MCPAuditLog_CL | where response_status == 403 | summarize n = count() by caller_oid, bin(TimeGenerated, 10m) | where n > {limit}"))[0].1;
        prop_assert!(of(limit) == Some(true) || of(limit + more) == Some(false));
    }
}
