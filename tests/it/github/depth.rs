//! Quick reading: few requests, never a pass.

use std::collections::BTreeSet;

use leaver::demo::{Faults, Server};
use leaver::run::Subject;
use leaver::source::github::Depth;

use serde_json::json;

use super::{ESTATE, alice, collect, config, coverage, tables};

/// What quick reading reads as completely as full reading does.
const WHOLE: [&str; 10] = [
    "github_organization",
    "github_account",
    "github_trusted_repository",
    "github_repository",
    "github_outside_collaborator",
    "github_role",
    "github_runner_group",
    "github_workflow",
    "github_code_owner",
    "github_branch_allowance",
];

#[tokio::test]
async fn quick_takes_few_requests_and_leaves_a_gap_wherever_it_did_not_look() {
    let mut estate = ESTATE.clone();
    estate.inflate(2000);
    let server = Server::start(estate, Faults::none()).unwrap();
    let subject = Subject { depth: Depth::Quick, ..alice() };
    let mut config = config(&server);
    config.github.organizations.truncate(1);
    let evidence = collect(&config, &subject).await.unwrap();
    let requests = server.requests();
    let (single, rest): (Vec<_>, Vec<_>) = requests
        .iter()
        .filter(|one| one.path.starts_with("/github/"))
        .partition(|one| one.path.starts_with("/github/repos/"));
    assert!(rest.len() <= 60, "{} requests: {:#?}", rest.len(), rest.iter().map(|one| &one.path).collect::<Vec<_>>());
    // What something trusts is in the inventory, or it is one of the few that are looked up by their names.
    let (trusted, pointed): (Vec<&str>, Vec<&str>) =
        single.iter().map(|one| one.path.as_str()).partition(|path| path.split('/').count() == 5);
    let repositories: BTreeSet<_> =
        pointed.iter().map(|path| path.split('/').skip(3).take(2).collect::<Vec<_>>()).collect();
    assert!(!pointed.is_empty() && pointed.len() == repositories.len(), "one request for a repository: {single:#?}");
    assert!(rest.len() + trusted.len() <= 60, "{} and {trusted:#?}", rest.len());
    let rows = coverage(&evidence);
    for table in tables().into_iter().filter(|table| !WHOLE.contains(table)) {
        assert!(rows.iter().any(|row| row.dataset == table && row.gap.is_some()), "{table} could pass");
    }
}

#[tokio::test]
async fn however_much_there_is_of_everything_quick_keeps_its_bound() {
    let mut estate = ESTATE.clone();
    estate.inflate(2000);
    let organization = |what: &str| format!("orgs/contoso/{what}");
    for number in 0..250_u64 {
        let account =
            json!({ "@in": organization("outside_collaborators"), "login": format!("dev-{number}"), "id": number });
        estate.rows_mut("github/outside_collaborators").push(account);
        let hook = json!({ "@in": organization("hooks"), "id": 900_000 + number, "name": "web", "active": true });
        estate.rows_mut("github/hooks").push(hook);
        let role =
            json!({ "@in": organization("organization-roles"), "id": 5000 + number, "name": format!("r{number}") });
        estate.rows_mut("github/roles").push(role);
        let ruleset = json!({ "@in": organization("rulesets"), "id": 6000 + number, "name": format!("s{number}") });
        estate.rows_mut("github/rulesets").push(ruleset);
        let at: jiff::Timestamp = "2026-05-03T10:00:00Z".parse().unwrap();
        let at = at.as_millisecond() + i64::try_from(number).unwrap() * 60_000;
        estate.rows_mut("github/audit_log").push(json!({
            "@in": organization("audit-log"), "_document_id": format!("many-{number}"), "created_at": at,
            "action": "org.register_self_hosted_runner", "actor": "alice-dev", "actor_id": 70_000_001,
        }));
    }
    let server = Server::start(estate, Faults::none()).unwrap();
    let subject = Subject { depth: Depth::Quick, ..alice() };
    let mut config = config(&server);
    config.github.organizations.truncate(1);
    let evidence = collect(&config, &subject).await.unwrap();
    let requests = server.requests();
    let of_organization = requests.iter().filter(|one| one.path.starts_with("/github/"));
    let rest = of_organization.filter(|one| !one.path.starts_with("/github/repos/")).count();
    assert!(rest <= 60, "{rest}");
    let rows = coverage(&evidence);
    for table in ["github_role", "github_ruleset_bypass", "github_secret", "github_event"] {
        let left_out = |row: &leaver::evidence::Coverage| {
            row.gap.as_ref().is_some_and(|gap| gap.needs.as_deref() == Some("run again with --depth full"))
        };
        assert!(rows.iter().any(|row| row.dataset == table && left_out(row)), "{table} could pass");
    }
}
