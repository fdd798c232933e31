//! How many requests an audit sends to Azure DevOps: the formula of `docs/azure-devops.md`, held against the server's own count.

use leaver::demo::{Estate, Faults, Server};
use serde_json::json;

use super::{ESTATE, audit};

/// The same organisation with so many further projects, each with nothing in it but one repository and one pipeline file.
fn larger(projects: usize) -> Estate {
    let mut estate = ESTATE.clone();
    for number in 0..projects {
        let id = format!("7a000000-0000-4000-8000-0000000{number:05}");
        let repository = format!("7e000000-0000-4000-8000-0000000{number:05}");
        let base = format!("devops/contoso/{id}/_apis/git/repositories");
        estate.rows_mut("devops/projects").push(json!({
            "@in": "devops/contoso/_apis/projects", "id": id, "name": format!("bulk-{number}"), "state": "wellFormed",
        }));
        let rows = estate.rows_mut("devops/repositories");
        rows.push(json!({
            "@in": base, "id": repository, "name": "code", "defaultBranch": "refs/heads/main", "isDisabled": false,
            "project": { "id": id, "name": "bulk" },
        }));
        let items = format!("{base}/{repository}/items");
        rows.push(json!({ "@in": items, "gitObjectType": "blob", "path": "/azure-pipelines.yml" }));
        rows.push(json!({ "@at": format!("{items}?path=/azure-pipelines.yml"), "path": "/azure-pipelines.yml", "content": "steps: []\n" }));
    }
    estate
}

/// What `docs/azure-devops.md` says: organisation, accounts, projects, repositories, files, definitions, pools, runs.
fn formula(projects: usize, repositories: usize, files: usize) -> usize {
    // The organisation, its users, ids, groups, namespaces, audit log, projects, elastic pools, two kinds of pools.
    let organization = 10;
    // For the one account: licence, tokens, keys, its groups; then each of three groups; each of two namespaces.
    let account = 4 + 3 + 2;
    // Variable groups, connections, secure files, release definitions, build definitions, repositories.
    let lists = 6 * projects;
    // One release definition that the list does not show whole; one pool with agents; runs 501 and 502.
    organization + account + lists + repositories + files + 1 + 1 + 3
}

async fn sent(estate: Estate) -> usize {
    let server = Server::start(estate, Faults::none()).unwrap();
    audit(&server, "alice").await;
    server.requests().iter().filter(|request| request.path.starts_with("/devops")).count()
}

#[tokio::test]
async fn requests_are_as_many_as_the_formula_says() {
    for further in [0, 48] {
        let (sent, told) = (sent(larger(further)).await, formula(2 + further, 1 + further, 3 + further));
        let within = sent.abs_diff(told) * 20 <= told;
        assert!(within, "{sent} requests for {} projects, and the formula says {told}", 2 + further);
    }
}
