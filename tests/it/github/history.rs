//! The audit log and the lists that only go on elsewhere: renamed accounts, renamed repositories, rules with many names.

use leaver::demo::{Faults, Server};
use serde_json::{Value, json};

use super::{ESTATE, Evidence, collected, coverage, gaps};

const ALICE: u64 = 70_000_001;

fn texts(evidence: &Evidence, sql: &str) -> Vec<String> {
    let connection = rusqlite::Connection::open(evidence.path()).unwrap();
    let mut query = connection.prepare(sql).unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_was_done_under_a_login_and_in_a_repository_of_old_is_found_by_number() {
    let mut estate = ESTATE.clone();
    let at: jiff::Timestamp = "2026-03-03T10:00:00Z".parse().unwrap();
    estate.rows_mut("github/audit_log").push(json!({
        "@in": "orgs/contoso/audit-log", "_document_id": "old-1", "action": "repo.update_actions_secret",
        "created_at": at.as_millisecond(), "org": "contoso", "actor": "alice-before", "actor_id": ALICE,
        "repo": "contoso/nightly-before", "repo_id": 71_000_001, "key": "OLD_NAME", "old_permission": "admin",
    }));
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collected(&server).await;
    let found = texts(
        &evidence,
        "SELECT printf('%s %s %s %s', repository, actor, actor_id, old_permission) FROM github_event WHERE id = 'old-1'",
    );
    assert_eq!(found, [format!("nightly-sync alice-before {ALICE} admin")]);
}

#[tokio::test]
async fn the_log_says_from_when_on_it_was_read_and_its_age_alone_is_no_gap() {
    let server = Server::start(ESTATE.clone(), Faults::none()).unwrap();
    let evidence = collected(&server).await;
    let rows = coverage(&evidence);
    let log: Vec<_> = rows.iter().filter(|row| row.dataset == "github_event").collect();
    assert!(!log.is_empty() && log.iter().all(|row| row.gap.is_none()));
    assert!(log[0].scope.raw().contains(": audit log since 2025-11-26"), "{}", log[0].scope.raw());
}

#[tokio::test]
async fn an_event_that_cannot_be_read_leaves_runs_to_be_asked_of_every_repository() {
    let runs = |server: &Server| {
        let asked = server.requests();
        asked.iter().filter(|one| one.path.ends_with("/actions/runs") && one.query.contains("actor=")).count()
    };
    let whole = Server::start(ESTATE.clone(), Faults::none()).unwrap();
    collected(&whole).await;
    let mut estate = ESTATE.clone();
    let at: jiff::Timestamp = "2026-05-03T10:00:00Z".parse().unwrap();
    estate.rows_mut("github/audit_log").push(json!({
        "@in": "orgs/contoso/audit-log", "action": "x.y", "created_at": at.as_millisecond(), "actor": "alice-dev",
    }));
    let broken = Server::start(estate, Faults::none()).unwrap();
    let evidence = collected(&broken).await;
    assert!(runs(&broken) > runs(&whole), "{} {}", runs(&broken), runs(&whole));
    assert!(gaps(&evidence).iter().any(|gap| gap.0 == "github_event" && gap.1.starts_with("truncated")));
}

/// A rule that lets `pushers` accounts push, and one that says who may bypass it.
fn rule(number: u64, pushers: u64) -> Value {
    let user = |id: u64| json!({ "actor": { "__typename": "User", "login": format!("dev-{id}"), "databaseId": id } });
    json!({
        "__typename": "BranchProtectionRule", "pattern": format!("release/{number}"),
        "pushAllowances": (0..pushers).map(user).collect::<Vec<_>>(), "bypassForcePushAllowances": [],
        "bypassPullRequestAllowances": [user(ALICE)], "reviewDismissalAllowances": [],
    })
}

#[tokio::test]
async fn branch_rules_are_read_to_the_end_of_every_list() {
    let mut estate = ESTATE.clone();
    let rules: Vec<Value> = (0..7).map(|number| rule(number, if number == 6 { 250 } else { 1 })).collect();
    let repository = estate.rows_mut("github/repositories").iter_mut().find(|row| row["name"] == "web").unwrap();
    repository["@graphql"]["branchProtectionRules"] = Value::Array(rules);
    let server = Server::start(estate.clone(), Faults::none()).unwrap();
    let evidence = collected(&server).await;
    let open: Vec<_> = gaps(&evidence).into_iter().filter(|gap| gap.0 == "github_branch_allowance").collect();
    assert_eq!(open, []);
    let count = |what: &str| {
        let sql = format!("SELECT login FROM github_branch_allowance WHERE repository = 'web' AND {what}");
        texts(&evidence, &sql).len()
    };
    assert_eq!(count("pattern = 'release/6' AND allowance = 'push'"), 250);
    assert_eq!(count("pattern <> 'release/6' AND allowance = 'push'"), 6);
    assert_eq!(count("allowance = 'bypass-pull-request'"), 7);

    // An account that is counted and not shown stays a gap, however often it is asked for.
    let repository = estate.rows_mut("github/repositories").iter_mut().find(|row| row["name"] == "web").unwrap();
    repository["@graphql"]["branchProtectionRules"][6]["pushAllowances"][200]["actor"] = Value::Null;
    let server = Server::start(estate, Faults::none()).unwrap();
    let evidence = collected(&server).await;
    let open: Vec<_> = gaps(&evidence).into_iter().filter(|gap| gap.0 == "github_branch_allowance").collect();
    assert_eq!(open.len(), 1, "{open:?}");
}
