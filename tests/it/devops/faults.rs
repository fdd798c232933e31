//! Each list of Azure DevOps refused, throttled, cut short, malformed or without its keys.

use std::collections::{BTreeMap, BTreeSet};

use leaver::demo::{Faults, RetryAfter};
use leaver::model::{GapKind, Verdict};
use leaver::report::Report;
use serde_json::json;

use super::{audit, collect, failed, judge, own, planted, serve};

/// A part of the address, the right that it takes, and the tables that are incomplete without it.
const LISTS: &[(&str, &str, &[&str])] = &[
    ("/contoso/_apis/graph/users", "vso.graph", &["devops_user"]),
    ("/contoso/_apis/identities", "vso.identity", &["devops_user", "devops_permission"]),
    ("/contoso/_apis/userentitlements", "vso.memberentitlementmanagement", &["devops_entitlement"]),
    (
        "/_apis/tokenadmin/personalaccesstokens",
        "vso.tokenadministration (Project Collection Administrators)",
        &["devops_token"],
    ),
    ("/_apis/graph/groups", "vso.graph", &["devops_membership"]),
    ("/_apis/graph/memberships", "vso.graph", &["devops_membership"]),
    ("/_apis/securitynamespaces", "vso.security_manage", &["devops_permission"]),
    ("/_apis/accesscontrollists", "vso.security_manage", &["devops_permission"]),
    ("/_apis/audit/auditlog", "vso.auditlog (View audit log)", &["devops_event"]),
    (
        "/contoso/_apis/projects",
        "vso.project",
        &[
            "devops_project",
            "devops_variable",
            "devops_literal",
            "devops_connection",
            "devops_connection_use",
            "devops_pipeline",
            "devops_approver",
            "devops_secure_file",
        ],
    ),
    ("/_apis/distributedtask/variablegroups", "vso.variablegroups_read", &["devops_variable", "devops_literal"]),
    ("/_apis/serviceendpoint/endpoints", "vso.serviceendpoint", &["devops_connection"]),
    ("/_apis/distributedtask/securefiles", "vso.securefiles_read", &["devops_secure_file"]),
    (
        "/_apis/release/definitions",
        "vso.release",
        &["devops_variable", "devops_literal", "devops_pipeline", "devops_approver"],
    ),
    ("/_apis/build/definitions", "vso.build", &["devops_variable", "devops_literal", "devops_pipeline"]),
    ("/_apis/git/repositories", "vso.code", &["devops_literal", "devops_connection_use", "devops_pipeline"]),
    ("/items", "vso.code", &["devops_literal", "devops_connection_use", "devops_pipeline"]),
    (
        "/_apis/distributedtask/pools",
        "vso.agentpools",
        &["devops_pool", "devops_agent", "devops_agent_literal", "devops_agent_job"],
    ),
    ("/pools/7/agents", "vso.agentpools", &["devops_agent", "devops_agent_literal", "devops_agent_job"]),
];

/// The gaps of each table, but for what agents do not upload.
fn gaps(report: &Report) -> BTreeMap<&str, BTreeSet<(GapKind, Option<&str>)>> {
    let mut all: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for part in report.coverage.iter().filter(|part| part.dataset.starts_with("devops_")) {
        if let Some(gap) = part.gap.as_ref().filter(|gap| gap.kind != GapKind::NotExposed) {
            all.entry(&part.dataset).or_default().insert((gap.kind, gap.needs.as_deref()));
        }
    }
    all
}

#[tokio::test]
async fn a_list_that_is_denied_makes_its_tables_incomplete_and_names_the_right() {
    for (on, needs, tables) in LISTS {
        for faults in [Faults::none().forbid(on), Faults::none().missing(on)] {
            let report = audit(&serve(faults), "alice").await;
            let found = gaps(&report);
            let incomplete: BTreeSet<&str> = found.keys().copied().collect();
            // Whoever made a thing in a project is looked up there; runs of agents are found by their definitions.
            let also = |table: &&str| *table != "devops_agent_job" || tables.contains(table);
            let incomplete: BTreeSet<&str> = incomplete.into_iter().filter(also).collect();
            let expected: BTreeSet<&str> = tables.iter().copied().collect();
            assert!(incomplete.is_superset(&expected), "{on}: {incomplete:?}");
            if !["/contoso/_apis/graph/users", "/contoso/_apis/identities"].contains(on) {
                assert_eq!(incomplete, expected, "{on}");
            }
            for table in *tables {
                // An identity that cannot be looked up leaves open whose a right is.
                let names_it = |(kind, right): &(GapKind, Option<&str>)| {
                    matches!(kind, GapKind::Denied | GapKind::Unresolved) && *right == Some(*needs)
                };
                assert!(found[table].iter().any(names_it), "{on}: {table} {:?}", found[table]);
            }
            for check in own(&report) {
                let lacks = check.gaps.iter().any(|gap| expected.contains(gap.dataset.as_str()));
                let found = check.findings.iter().any(|finding| finding.status == leaver::model::Status::Fail);
                assert!(!lacks || found || check.verdict == Verdict::Unknown, "{on}: {} {}", check.id, check.verdict);
            }
        }
    }
}

#[tokio::test]
async fn pages_of_one_and_throttling_change_nothing() {
    let plain = audit(&serve(Faults::none()), "alice").await;
    let devops = |faults: Faults| faults.throttle("/devops", 5, RetryAfter::Seconds(0)).page_size("/devops", 1);
    let server = serve(devops(Faults::none()));
    let slow = audit(&server, "alice").await;
    assert_eq!(failed(&slow), planted());
    let verdicts = |report: &Report| own(report).map(|check| (check.id.clone(), check.verdict)).collect::<Vec<_>>();
    assert_eq!(verdicts(&slow), verdicts(&plain));
    assert!(server.requests().iter().any(|request| request.query.contains("continuationToken")));
    assert!(server.requests().iter().any(|request| request.status == 429));
    assert_eq!(server.unknown(), vec![]);
}

#[tokio::test]
async fn what_is_cut_malformed_or_without_its_keys_is_never_clean() {
    type Fault = fn(Faults, &str) -> Faults;
    let faults: [(&str, Fault); 4] = [
        ("cut", |faults, on| faults.cut(on)),
        ("malformed", |faults, on| faults.answer(on, json!({ "count": 1 }))),
        ("keyless", |faults, on| {
            faults.answer(
                on,
                json!({ "count": 2, "value": [{}, null], "members": [{}], "decoratedAuditLogEntries": [{}] }),
            )
        }),
        ("empty", |faults, on| faults.empty(on)),
    ];
    for (name, fault) in faults {
        for (on, _, tables) in LISTS {
            let report = audit(&serve(fault(Faults::none(), on)), "alice").await;
            let found = gaps(&report);
            // A licence that does not come back by the account's id is asked for by its name.
            assert!(tables.iter().any(|table| found.contains_key(table)), "{name} {on}: {found:?}");
        }
    }
}

#[tokio::test]
async fn a_page_to_sign_in_is_a_sign_in_that_failed() {
    for faults in [
        Faults::none().html("/devops"),
        Faults::none().status("/devops", 203, "x"),
        Faults::none().status("/devops", 302, "x"),
    ] {
        let server = serve(faults);
        let report = audit(&server, "alice").await;
        let found = gaps(&report);
        assert!(found.len() > 15, "{found:?}");
        assert!(found.values().all(|gaps| gaps.iter().any(|(kind, _)| *kind == GapKind::SignIn)), "{found:?}");
        assert!(own(&report).all(|check| check.verdict == Verdict::Unknown));
        // One question is enough to know.
        assert_eq!(server.requests().iter().filter(|request| request.path.starts_with("/devops")).count(), 1);
    }
}

#[tokio::test]
async fn an_audit_log_without_an_entry_proves_nothing() {
    let nothing = json!({ "decoratedAuditLogEntries": [], "hasMore": false, "continuationToken": null });
    let report = audit(&serve(Faults::none().answer("/audit/auditlog", nothing)), "alice").await;
    let check = own(&report).find(|check| check.id == "3-tokens/devops-agent-registered-by-leaver").unwrap();
    assert_eq!(check.verdict, Verdict::Unknown);
    assert!(check.gaps.iter().any(|gap| gap.dataset == "devops_event" && gap.kind == GapKind::NotExposed));
}

#[tokio::test]
async fn no_value_of_a_variable_of_a_task_or_of_an_agent_comes_out_anywhere() {
    const CANARY: &str = "q7Zr0cAnArY9xW2";
    let server = serve(Faults::none().canary(CANARY));
    let evidence = collect(&server, "alice").await;
    let report = judge(&evidence);
    let bytes = std::fs::read(evidence.path()).unwrap();
    // Names that people gave, of other services, are kept; what stood in Azure DevOps's variables is not.
    let rows = evidence_of_devops(&evidence);
    assert!(rows.len() > 30);
    assert!(rows.iter().all(|row| !row.contains(CANARY)), "{:?}", rows.iter().find(|row| row.contains(CANARY)));
    assert!(!bytes.is_empty());
    for check in own(&report) {
        let told = serde_json::to_string(&check.findings).unwrap();
        let at = told.find(CANARY).map(|at| &told[at.saturating_sub(200)..(at + 40).min(told.len())]);
        assert_eq!(at, None, "{}", check.id);
    }
    assert_eq!(failed(&report).len(), planted().len());
}

/// Every row of the tables of Azure DevOps, as text.
fn evidence_of_devops(evidence: &leaver::evidence::Evidence) -> Vec<String> {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = rusqlite::Connection::open_with_flags(evidence.path(), flags).unwrap();
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'devops%'").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert!(names.len() > 15);
    let mut all = Vec::new();
    for name in names.iter().map(String::as_str).chain(["coverage", "request", "identity"]) {
        let mut rows = connection.prepare(&format!("SELECT * FROM {name}")).unwrap();
        let columns = rows.column_count();
        let text = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            Ok(format!("{name} {values:?}"))
        };
        let is_own =
            |row: &String| !row.starts_with("identity") && (!row.starts_with("coverage") || row.contains("devops_"));
        all.extend(rows.query_map([], text).unwrap().map(Result::unwrap).filter(is_own));
    }
    all
}
