//! What proves that there is nothing: a zero that administrators alone are told, two lists of the same, a list that is not
//! offered at all.

use std::collections::BTreeSet;

use leaver::demo::{Estate, Faults, Server};
use serde_json::{Value, json};

use super::{ESTATE, collect, collected, config, gaps, rows, serve};

/// The estate, after `change` was at its repositories.
fn changed(change: impl Fn(&mut Vec<Value>)) -> Server {
    let mut estate: Estate = ESTATE.clone();
    change(estate.rows_mut("github/repositories"));
    Server::start(estate, Faults::none()).unwrap()
}

/// As somebody sees it who administers nothing: no rules and no keys.
fn unadministered(repositories: &mut Vec<Value>) {
    for repository in repositories {
        let graphql = repository.as_object_mut().unwrap().entry("@graphql").or_insert_with(|| json!({}));
        graphql["viewerCanAdminister"] = false.into();
        graphql["branchProtectionRules"] = json!([]);
    }
}

#[tokio::test]
async fn no_rules_count_for_administrators_only() {
    let refused = "/protection";
    let mut estate = ESTATE.clone();
    unadministered(estate.rows_mut("github/repositories"));
    let first = estate.rows("github/repositories")[0]["@at"].as_str().unwrap().to_owned();
    estate
        .rows_mut("github/branches")
        .push(json!({ "@in": format!("{first}/branches"), "name": "main", "protected": true }));
    let server = Server::start(estate, Faults::none().forbid(refused)).unwrap();
    let evidence = collected(&server).await;
    assert_eq!(server.unknown(), []);
    let asked = server.requests().iter().filter(|request| request.path.ends_with("/branches")).count();
    assert!(asked > 3, "every repository is asked over REST: {asked}");
    let open: Vec<_> = gaps(&evidence).into_iter().filter(|gap| gap.0 == "github_branch_allowance").collect();
    assert!(open.iter().any(|gap| gap.1.contains("administration=read")), "{open:?}");
    let keys = server.requests().iter().filter(|request| request.path.ends_with("/keys")).count();
    assert_eq!(keys, asked, "and for its keys");
}

#[tokio::test]
async fn no_protected_branch_means_no_rule() {
    let server = changed(unadministered);
    let open: BTreeSet<String> = gaps(&collected(&server).await).into_iter().map(|gap| gap.0).collect();
    assert!(!open.contains("github_branch_allowance"), "{open:?}");
}

#[tokio::test]
async fn a_repository_that_one_list_leaves_out_is_a_gap_of_that_list() {
    const TABLES: [&str; 3] = ["github_workflow", "github_code_owner", "github_schedule_actor"];
    let page = |total: u32, nodes: Value| {
        let list =
            json!({ "totalCount": total, "pageInfo": { "hasNextPage": false, "endCursor": null }, "nodes": nodes });
        Faults::none().answer("/graphql", json!({ "data": { "organization": { "repositories": list } } }))
    };
    for faults in [page(0, json!([])), page(1, json!([null])), page(9, json!([]))] {
        let open: BTreeSet<String> = gaps(&collected(&serve(faults)).await).into_iter().map(|gap| gap.0).collect();
        assert!(TABLES.iter().all(|table| open.contains(*table)), "{open:?}");
    }
}

#[tokio::test]
async fn a_list_without_what_its_checks_need_is_a_gap() {
    for (on, body, table) in [
        ("=/github/orgs/contoso/members", json!([{}]), "github_membership"),
        (
            "=/github/orgs/contoso/credential-authorizations",
            json!([{ "credential_id": 1, "credential_type": "SSH key" }]),
            "github_sso_authorization",
        ),
        (
            "=/github/orgs/contoso/actions/variables",
            json!({ "total_count": 1, "variables": [{ "name": "REGION" }] }),
            "github_literal",
        ),
        (
            "=/github/orgs/contoso/actions/runner-groups",
            json!({ "total_count": 1, "runner_groups": [{ "id": 1, "allows_public_repositories": null }] }),
            "github_runner_group",
        ),
        ("=/github/repos/contoso/web/actions/oidc/customization/sub", json!({}), "github_oidc_template"),
    ] {
        let open: BTreeSet<String> =
            gaps(&collected(&serve(Faults::none().answer(on, body))).await).into_iter().map(|gap| gap.0).collect();
        assert!(open.contains(table), "{on}: {open:?}");
    }
}

#[tokio::test]
async fn what_an_enterprise_server_has_no_route_for_is_not_offered() {
    let absent = [
        "/agents/",
        "/codespaces/",
        "/credential-authorizations",
        "=/github/orgs/contoso/invitations",
        "/failed_invitations",
    ];
    let faults = absent.iter().fold(Faults::none(), |faults, on| faults.missing(on));
    let server = serve(faults);
    let mut config = config(&server);
    config.endpoints.github = super::endpoint(format!("{}/github/api/v3", server.base_url()));
    let evidence = collect(&config, &super::alice()).await.unwrap();
    let (mut offered, mut not) = (0, 0);
    for (table, kind, scope) in gaps(&evidence) {
        let is_absent =
            ["Agents", "Codespaces", "single sign-on", "contoso: pending invitations", "failed invitations"]
                .iter()
                .any(|word| scope.contains(word));
        match is_absent {
            true => {
                assert!(kind.starts_with("not-exposed") || kind.starts_with("not exposed"), "{table} {scope}: {kind}");
                not += 1;
            }
            false => offered += 1,
        }
    }
    assert!(not >= 9, "{not} and {offered}");
    assert!(!rows(&evidence)["github_membership"].is_empty(), "the rest is read");
}
