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
    eprintln!("{} {}", rest.len(), single.len());
    assert!(rest.len() <= 60, "{} requests: {:#?}", rest.len(), rest.iter().map(|one| &one.path).collect::<Vec<_>>());
    // A repository that something trusts is looked up by its name, once; one that something points to is asked once.
    let (trusted, pointed): (Vec<&str>, Vec<&str>) =
        single.iter().map(|one| one.path.as_str()).partition(|path| path.split('/').count() == 5);
    for asked in [trusted, pointed] {
        let repositories: BTreeSet<_> =
            asked.iter().map(|path| path.split('/').skip(3).take(2).collect::<Vec<_>>()).collect();
        assert!(!asked.is_empty() && asked.len() == repositories.len(), "one request for a repository: {single:#?}");
    }
    let rows = coverage(&evidence);
    for table in tables().into_iter().filter(|table| !WHOLE.contains(table)) {
        assert!(rows.iter().any(|row| row.dataset == table && row.gap.is_some()), "{table} could pass");
    }
}
