//! Tables of other kinds: older, migrated, of the policy alone, of another plan, with other names.

use leaver::config::{ColumnName, LogColumns as Configured};
use leaver::demo::{Faults, LogColumns};

use super::{Collected, INCIDENT, WHOLE, collected, estate};

const ROWS: &str = "SELECT concat_ws('|', principal, caller_name, hour_at, server, tool, directory, status, calls)
     FROM tool_call_hour ORDER BY 1";

#[tokio::test]
async fn an_older_table_and_a_migrated_one_say_the_same() {
    let documented = &*WHOLE;
    for columns in [LogColumns::Suffixed, LogColumns::Migrated] {
        let found = collected(Faults::none().log_columns(columns)).await;
        assert!(found.texts(ROWS) == documented.texts(ROWS), "{columns:?}");
        assert_eq!(found.texts("SELECT shape FROM log_table"), ["documented"]);
        assert_eq!(found.gaps("tool_call"), Vec::<String>::new());
    }
    let suffixed = collected(Faults::none().log_columns(LogColumns::Suffixed)).await;
    assert_eq!(suffixed.texts("SELECT lacks FROM log_table"), ["item"]);
}

#[tokio::test]
async fn the_table_of_the_policy_is_read_and_says_what_it_cannot_answer() {
    let found = collected(Faults::none().log_columns(LogColumns::Policy)).await;
    assert_eq!(found.texts("SELECT shape FROM log_table"), ["gateway-policy"]);
    assert_eq!(
        found.texts("SELECT lacks FROM log_table"),
        ["principal server scope resource status latency_ms request item"]
    );
    for table in ["tool_call", "tool_call_hour", "last_activity"] {
        assert!(found.gaps(table)[0].starts_with("not-exposed: the table has the fields of the gateway's policy"));
    }
    // An id in the one field that it has is still an id.
    let incident = "SELECT sum(calls) FROM tool_call_hour WHERE principal = '6b000000-0000-4000-8000-000000000001'
                    AND hour_at = '2026-05-22T00:00:00Z'";
    assert_eq!(found.number(incident), 847);
    assert!(found.number("SELECT count(*) FROM tool_call_hour WHERE caller_name = 'alice@contoso.example'") > 0);
}

#[tokio::test]
async fn a_basic_table_has_its_own_endpoint_and_only_thirty_days() {
    let mut estate = estate();
    estate.rows_mut("arm/workspaceTables")[0]["properties"] =
        serde_json::json!({ "plan": "Basic", "retentionInDays": 30 });
    let found = Collected::of(estate, Faults::none(), |_| {}).await;
    assert_eq!((found.asked("/query"), found.asked("/search") > 5), (0, true));
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
    let gaps = found.gaps("tool_call");
    assert!(gaps.len() == 1 && gaps[0].starts_with("retention: the log begins at 2026-04-2"), "{gaps:?}");
    assert!(gaps[0].contains("2026-02-24T06:00:00Z to 2026-04-2") && gaps[0].ends_with("it keeps 30"), "{gaps:?}");
    assert_eq!(found.texts("SELECT plan FROM log_table"), ["Basic"]);
}

#[tokio::test]
async fn a_basic_table_is_read_also_where_nobody_may_see_its_plan() {
    let mut estate = estate();
    estate.rows_mut("arm/workspaceTables")[0]["properties"] =
        serde_json::json!({ "plan": "Basic", "retentionInDays": 30 });
    let unseen = Faults::none().forbid("OperationalInsights").forbid("ResourceGraph");
    let found = Collected::of(estate, unseen, |_| {}).await;
    assert_eq!((found.asked("/query"), found.asked("/search") > 5), (4, true));
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
    let gaps = found.gaps("tool_call");
    assert!(gaps.len() == 1 && gaps[0].starts_with("retention: the log begins at 2026-04-2"), "{gaps:?}");
    assert!(gaps[0].ends_with("for how long it keeps them is not known"), "{gaps:?}");
    assert_eq!(found.texts("SELECT ifnull(plan, 'unknown') FROM log_table"), ["unknown"]);
}

#[tokio::test]
async fn a_table_that_does_not_exist_names_those_that_do() {
    let name = |name: &str| ColumnName::try_from(name.to_owned()).ok();
    let found = Collected::of(estate(), Faults::none(), |logs| logs.table = name("MCPAuditLogs_CL")).await;
    for table in ["log_table", "tool_call", "tool_call_hour", "last_activity", "log_silence"] {
        let gaps = found.gaps(table);
        assert_eq!(
            gaps,
            [
                "not-configured: the workspace has no table MCPAuditLogs_CL; it has MCPAuditLog_CL, MCPGatewayTrace_CL | [logs] table"
            ]
        );
    }
    assert_eq!(found.asked("/query"), 0);
}

#[tokio::test]
async fn a_table_that_nobody_writes_is_no_table_without_calls() {
    let name = |name: &str| ColumnName::try_from(name.to_owned()).ok();
    let found = Collected::of(estate(), Faults::none(), |logs| logs.table = name("MCPGatewayTrace_CL")).await;
    assert!(found.gaps("tool_call")[0].starts_with("not-configured: no caller at all left a record"));
    assert_eq!(found.number("SELECT records FROM log_table"), 0);
}

#[tokio::test]
async fn a_workspace_that_does_not_exist_or_is_no_id_says_so() {
    for (id, says) in [("7a000000-0000-4000-8000-00000000000f", "not found"), ("log gateway", "is no workspace id")] {
        let found = Collected::of(estate(), Faults::none(), |logs| logs.workspaces = vec![id.to_owned()]).await;
        let gaps = found.gaps("tool_call");
        assert!(gaps.len() == 1 && gaps[0].contains(says) && gaps[0].ends_with("[logs] workspaces"), "{gaps:?}");
    }
    let found = Collected::of(estate(), Faults::none(), |logs| logs.workspaces.clear()).await;
    assert!(found.gaps("tool_call")[0].contains("[logs] workspaces, or give exported records with --log"));
}

#[tokio::test]
async fn a_configured_column_that_is_not_there_is_no_empty_one() {
    let wrong = Configured { caller_oid: ColumnName::try_from("caller_id".to_owned()).ok(), ..Configured::default() };
    let found = Collected::of(estate(), Faults::none(), |logs| logs.columns = wrong).await;
    assert_eq!(
        found.gaps("tool_call"),
        ["not-configured: the table has no column caller_id; did you mean caller_oid? | [logs.columns] caller-oid"]
    );
}

#[tokio::test]
async fn a_busy_hour_is_counted_and_its_refusals_are_kept() {
    let mut estate = estate();
    let habit = |id: &str, calls: u64, status: i64| {
        serde_json::json!({
            "id": id, "caller": "0a000000-0000-4000-8000-000000000001", "name": "alice@contoso.example",
            "server": "filesystem", "tools": [["read_file", "mcp.tools.read"]], "root": "/srv/bulk", "directories": 4,
            "files": 500, "from": "2026-04-20", "until": "2026-04-20", "days": "every", "hours": ["22:00:00", "22:59:00"],
            "calls": calls, "exact": true, "status": status,
        })
    };
    let refused = habit("bulk-refused", 7, 403);
    estate.rows_mut("logs/habits").extend([habit("bulk", 3000, 200), refused]);
    let found = Collected::of(estate, Faults::none(), |_| {}).await;
    let of = "FROM tool_call_hour WHERE hour_at = '2026-04-20T20:00:00Z' AND caller_name = 'alice@contoso.example'";
    assert_eq!(found.number(&format!("SELECT sum(calls) {of}")), 3007);
    assert_eq!(found.number(&format!("SELECT sum(resources) {of} AND status = 200")), 500);
    let single = "FROM tool_call WHERE at LIKE '2026-04-20T20%' AND caller_name = 'alice@contoso.example'";
    assert_eq!(found.number(&format!("SELECT count(*) {single}")), 7);
    assert_eq!(found.number(&format!("SELECT count(*) {single} AND status = 403")), 7);
}
