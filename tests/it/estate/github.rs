//! What the synthetic GitHub answers: pages, permissions, the audit log, runs, queries, and the sign-in of an App.

use leaver::demo::{Estate, Faults, Server, TOKEN};
use serde_json::{Value, json};

use super::{answer, client, estate, get, request, serve};

/// Every page of a list, following its links as they are.
async fn all(server: &Server, path: &str) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut url = format!("{}/github{path}", server.base_url());
    loop {
        let response = client().get(&url).bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), 200, "{url}");
        let link = response.headers().get("Link").map(|link| link.to_str().unwrap().to_owned());
        let body: Value = response.json().await.unwrap();
        let page =
            body.as_array().cloned().or_else(|| body.as_object()?.values().find_map(|value| value.as_array().cloned()));
        rows.extend(page.unwrap());
        let next = link.and_then(|link| link.strip_prefix('<')?.split_once('>').map(|(next, _)| next.to_owned()));
        let Some(next) = next else { return rows };
        url = if next.starts_with('/') { format!("{}{next}", server.base_url()) } else { next };
    }
}

async fn query(server: &Server, text: &str, variables: Value) -> Value {
    let body = json!({ "query": text, "variables": variables });
    let post = client().post(format!("{}/github/graphql", server.base_url())).bearer_auth(TOKEN).json(&body);
    answer(post).await.1
}

#[tokio::test]
async fn lists_have_pages_whose_links_are_by_number_and_sometimes_relative() {
    let server = serve(Faults::none().page_size("/repos", 2));
    let repositories = all(&server, "/orgs/contoso/repos?per_page=100").await;
    assert_eq!(repositories.len(), 9);
    assert!(repositories.iter().all(|row| row.get("@in").is_none() && row["owner"]["id"] == 4711));
    let response = request(&server, "/github/orgs/contoso/repos", &[("page", "1")]).send().await.unwrap();
    assert!(response.headers()["Link"].to_str().unwrap().contains("/github/organizations/4711/repos?page=2"));
    let secrets = all(&server, "/repos/contoso/nightly-sync/actions/secrets").await;
    assert_eq!(secrets.len(), 2);
    assert!(secrets.iter().all(|secret| secret.get("value").is_none()));
    assert!(all(&server, "/repos/contoso/build/actions/secrets").await.is_empty());
    let members = all(&server, "/orgs/contoso/members?role=admin").await;
    assert_eq!(members.len(), 1);
    assert!(server.unknown().is_empty());
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_names_the_permission() {
    let faults =
        Faults::none().forbid("/hooks").status("/keys", 403, "secondary").status("/actions/runners", 403, "primary");
    let server = serve(faults);
    let at = async |path: &str| request(&server, &format!("/github{path}"), &[]).send().await.unwrap();
    let forbidden = at("/orgs/contoso/hooks").await;
    assert_eq!(forbidden.status(), 403);
    assert_eq!(forbidden.headers()["X-Accepted-GitHub-Permissions"], "organization_hooks=read");
    let secondary = at("/repos/contoso/web/keys").await;
    assert!(secondary.status() == 403 && secondary.headers()["Retry-After"] == "1");
    assert_eq!(at("/orgs/contoso/actions/runners").await.headers()["x-ratelimit-remaining"], "0");
    for path in ["/orgs/nobody/nothing", "/nonsense", "/repos/contoso/web/nonsense"] {
        assert_eq!(at(path).await.status(), 404, "{path}");
    }
    assert_eq!(server.unknown().len(), 3);
    let missing = at("/orgs/nobody/members").await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.headers()["X-Accepted-GitHub-Permissions"], "members=read");
    assert_eq!(at("/users/nobody").await.status(), 404);
    assert_eq!(server.unknown().len(), 3);
}

#[tokio::test]
async fn an_answer_that_is_known_already_comes_without_its_body_and_costs_nothing() {
    let server = serve(Faults::none().hour(10));
    let first = request(&server, "/github/orgs/contoso", &[]).send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["x-ratelimit-remaining"].to_str().unwrap()), (200, "9"));
    let again = request(&server, "/github/orgs/contoso", &[]).header("If-None-Match", &first.headers()["ETag"]);
    let again = again.send().await.unwrap();
    assert_eq!((again.status().as_u16(), again.headers()["x-ratelimit-remaining"].to_str().unwrap()), (304, "9"));
}

#[tokio::test]
async fn the_audit_log_understands_phrases_and_goes_on_with_a_cursor() {
    let server = serve(Faults::none().page_size("/audit-log", 5));
    let path = |phrase: &str| {
        format!("/orgs/contoso/audit-log?phrase={}", phrase.replace(' ', "+").replace(":>=", "%3A%3E%3D"))
    };
    let own = all(&server, &path("actor:Alice-Dev")).await;
    assert!(own.len() > 20 && own.iter().all(|event| event["actor"] == "alice-dev"));
    let longer = all(&server, &path("actor:alice-dev created:>=2025-11-26")).await;
    assert!(longer.len() > own.len(), "three months unless more is asked for");
    assert!(longer.iter().all(|event| event["created_at"].as_i64().unwrap() > 1_764_000_000_000));
    let hooks = all(&server, &path("action:hook created:>=2025-11-26")).await;
    assert_eq!(hooks.len(), 3);
}

#[tokio::test]
async fn runs_are_filtered_by_actor_time_and_workflow() {
    let server = serve(Faults::none());
    let runs = "/repos/contoso/nightly-sync/actions";
    assert_eq!(all(&server, &format!("{runs}/runs?actor=ALICE-DEV&created=2026-05-20..2026-05-25")).await.len(), 5);
    let (_, last) =
        get(&server, &format!("/github{runs}/workflows/sync.yml/runs"), &[("event", "schedule"), ("per_page", "1")])
            .await;
    assert_eq!((&last["workflow_runs"][0]["actor"]["login"], &last["total_count"]), (&json!("alice-dev"), &json!(23)));
    let id = &last["workflow_runs"][0]["id"];
    assert_eq!(all(&server, &format!("{runs}/runs/{id}/jobs")).await[0]["runner_name"], "alice-workstation");
}

#[tokio::test]
async fn queries_are_answered_field_by_field() {
    let server = serve(Faults::none());
    let text = "query Inventory($organization: String!, $after: String) { organization(login: $organization) { \
                repositories(first: 4, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { name \
                deployKeys { totalCount } workflows: object(expression: \"HEAD:.github/workflows\") { ... on Tree { entries { \
                name object { ... on Blob { text isTruncated } } } } } branchProtectionRules(first: 5) { nodes { pattern \
                pushAllowances(first: 5) { nodes { actor { __typename ... on User { login databaseId } } } } } } } } } }";
    let first = query(&server, text, json!({ "organization": "contoso" })).await;
    let list = &first["data"]["organization"]["repositories"];
    assert_eq!((&list["totalCount"], &list["pageInfo"]["hasNextPage"]), (&json!(9), &json!(true)));
    let nightly = &list["nodes"][0];
    assert_eq!((&nightly["name"], &nightly["deployKeys"]["totalCount"]), (&json!("nightly-sync"), &json!(1)));
    assert!(nightly["workflows"]["entries"][0]["object"]["text"].as_str().unwrap().contains("cron"));
    let rule = &nightly["branchProtectionRules"]["nodes"][0];
    assert_eq!(rule["pushAllowances"]["nodes"][0]["actor"]["databaseId"], json!(70_000_001));
    let next = query(&server, text, json!({ "organization": "contoso", "after": list["pageInfo"]["endCursor"] })).await;
    assert_eq!(next["data"]["organization"]["repositories"]["nodes"].as_array().unwrap().len(), 4);

    let saml = "query($name: String!) { organization(login: \"contoso\") { samlIdentityProvider { externalIdentities(first: 10, \
                userName: $name) { nodes { samlIdentity { nameId emails { value } } user { login databaseId } } } } } }";
    let found = query(&server, saml, json!({ "name": "ALICE@contoso.example" })).await;
    let nodes = &found["data"]["organization"]["samlIdentityProvider"]["externalIdentities"]["nodes"];
    assert_eq!((nodes.as_array().unwrap().len(), &nodes[0]["user"]["login"]), (1, &json!("alice-dev")));
    assert!(server.unknown().is_empty());

    let nobody = query(&server, "query { organization(login: \"nobody\") { login } }", Value::Null).await;
    assert_eq!((&nobody["errors"][0]["type"], &nobody["data"]["organization"]), (&json!("NOT_FOUND"), &Value::Null));
    assert!(server.unknown().is_empty());
    let typo = query(&server, "query { organization(login: \"contoso\") { logn } }", Value::Null).await;
    assert!(typo["errors"][0]["message"].as_str().unwrap().contains("'logn'"));
    assert_eq!(server.unknown().len(), 1);
    let unbounded =
        query(&server, "query { organization(login: \"contoso\") { repositories { nodes { name } } } }", Value::Null)
            .await;
    assert_eq!(unbounded["errors"][0]["type"], "MISSING_PAGINATION_BOUNDARIES");
}

#[tokio::test]
async fn nothing_can_be_changed() {
    let server = serve(Faults::none());
    let base = format!("{}/github", server.base_url());
    let mutation = json!({ "query": "mutation { deleteRef(input: {}) { clientMutationId } }" });
    for request in [
        client().delete(format!("{base}/orgs/contoso/members/alice-dev")),
        client().post(format!("{base}/graphql")).json(&mutation),
        client().put(format!("{base}/orgs/contoso/memberships/alice-dev")),
    ] {
        assert_eq!(request.bearer_auth(TOKEN).send().await.unwrap().status(), 405);
    }
    assert_eq!(server.writes().len(), 3);
}

#[tokio::test]
async fn an_installation_gets_a_token_that_opens_the_lists() {
    let server = serve(Faults::none());
    let base = format!("{}/github", server.base_url());
    let signed = client().post(format!("{base}/app/installations/1/access_tokens")).bearer_auth("a.b.c");
    let (status, issued) = answer(signed).await;
    assert_eq!(status, 201);
    let members = client().get(format!("{base}/orgs/contoso/members"));
    assert_eq!(members.bearer_auth(issued["token"].as_str().unwrap()).send().await.unwrap().status(), 200);
    assert!(server.writes().is_empty());
}

#[tokio::test]
async fn an_organisation_can_be_made_as_large_as_wanted() {
    let mut estate: Estate = estate();
    estate.inflate(250);
    let server = Server::start(estate, Faults::none()).unwrap();
    assert_eq!(all(&server, "/orgs/contoso/repos?per_page=100").await.len(), 259);
    assert!(all(&server, "/repos/contoso/bulk-00007/actions/secrets").await.is_empty());
    assert_eq!(
        get(&server, "/github/repos/contoso/bulk-00007/actions/oidc/customization/sub", &[]).await.1["use_default"],
        true
    );
}
