//! Quick reading: few requests, never a pass.

use std::collections::BTreeSet;

use leaver::demo::{Faults, Server};
use leaver::run::Subject;
use leaver::source::github::Depth;

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
