//! The synthetic organisation: what its server answers.

mod faults;
mod fixture;
mod github;

use leaver::demo::{Estate, Faults, RetryAfter, Server, TOKEN};
use serde_json::{Value, json};

fn estate() -> Estate {
    Estate::load("contoso").unwrap()
}

fn serve(faults: Faults) -> Server {
    Server::start(estate(), faults).unwrap()
}

fn person(name: &str) -> String {
    estate().person(name).unwrap().to_owned()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap()
}

fn request(server: &Server, path: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
    client().get(format!("{}{path}", server.base_url())).bearer_auth(TOKEN).query(query)
}

async fn get(server: &Server, path: &str, query: &[(&str, &str)]) -> (u16, Value) {
    answer(request(server, path, query)).await
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn list(server: &Server, path: &str, query: &[(&str, &str)]) -> Vec<Value> {
    let (status, body) = get(server, path, query).await;
    assert_eq!(status, 200, "{path} {body}");
    body["value"].as_array().unwrap().clone()
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn code(body: &Value) -> &str {
    body["error"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_person_is_found_by_every_name_and_only_what_is_selected_comes_back() {
    let server = serve(Faults::none());
    let (_, alice) = get(&server, "/graph/v1.0/users/alice@contoso.example", &[]).await;
    assert_eq!(alice["id"], json!(person("alice")));
    assert!(alice.get("accountEnabled").is_none() && alice.get("signInActivity").is_none());
    let select = [("$select", "accountEnabled,employeeLeaveDateTime,signInActivity")];
    let (_, alice) = get(&server, &format!("/graph/v1.0/users/{}", person("alice")), &select).await;
    assert_eq!(alice["accountEnabled"], json!(true));
    assert_eq!(alice["employeeLeaveDateTime"], json!("2026-05-01T18:00:00Z"));
    assert!(alice.get("displayName").is_none() && alice["signInActivity"].is_object());
    for (filter, who) in [
        ("mail eq 'ALICE@contoso.example'", "alice"),
        ("otherMails/any(x:x eq 'alice.liddell@home.example')", "alice"),
        ("proxyAddresses/any(p:p eq 'smtp:alice.liddell2@contoso.example')", "alicia"),
        ("userPrincipalName eq 'siobhan.o''connor@contoso.example'", "oconnor"),
        ("startswith(userPrincipalName,'gus_')", "guest"),
        ("userType eq 'Guest'", "guest"),
    ] {
        assert_eq!(ids(&list(&server, "/graph/v1.0/users", &[("$filter", filter)]).await), [person(who)], "{filter}");
    }
    assert_eq!(list(&server, "/graph/v1.0/users", &[("$filter", "employeeId eq '40077'")]).await.len(), 2);
    assert!(server.unknown().is_empty() && server.writes().is_empty());
}

#[tokio::test]
async fn odd_names_need_their_own_spelling() {
    let server = serve(Faults::none());
    let (status, dollar) = get(&server, "/graph/v1.0/users('%24vc-build@contoso.example')", &[]).await;
    assert_eq!((status, &dollar["id"]), (200, &json!(person("dollar"))));
    assert_eq!(get(&server, "/graph/v1.0/users/$vc-build@contoso.example", &[]).await.0, 400);
    let (status, guest) = get(&server, "/graph/v1.0/users/gus_fabrikam.example%23EXT%23@contoso.example", &[]).await;
    assert_eq!((status, &guest["id"]), (200, &json!(person("guest"))));
    let oconnor = "/graph/v1.0/users('siobhan.o''connor@contoso.example')";
    assert_eq!(get(&server, oconnor, &[]).await.1["id"], json!(person("oconnor")));
}

#[tokio::test]
async fn a_deleted_user_is_only_in_the_recycle_bin() {
    let server = serve(Faults::none());
    let carol = person("carol");
    let (status, body) = get(&server, &format!("/graph/v1.0/users/{carol}"), &[]).await;
    assert_eq!((status, code(&body)), (404, "Request_ResourceNotFound"));
    let bin = list(&server, "/graph/v1.0/directory/deletedItems/microsoft.graph.user", &[]).await;
    let found = bin.iter().find(|user| user["id"] == json!(carol)).unwrap();
    assert_eq!(found["userPrincipalName"], json!(format!("{}carol@contoso.example", carol.replace('-', ""))));
    assert!(found["deletedDateTime"].is_string());
    assert_eq!(get(&server, &format!("/graph/v1.0/directory/deletedItems/{carol}"), &[]).await.0, 200);
    assert_eq!(get(&server, "/graph/v1.0/directory/deletedItems", &[]).await.0, 400);
}

#[tokio::test]
async fn relations_are_computed_from_the_same_facts() {
    let server = serve(Faults::none());
    let alice = format!("/graph/v1.0/users/{}", person("alice"));
    let at = |relation: &str| format!("{alice}/{relation}");
    let grants = list(&server, &at("oauth2PermissionGrants"), &[]).await;
    assert!(grants.len() == 6 && grants.iter().all(|grant| grant["consentType"] == "Principal"));
    assert!(grants.iter().any(|grant| grant["scope"].as_str().unwrap().starts_with(' ')));
    let assigned = list(&server, &at("appRoleAssignments"), &[]).await;
    assert!(assigned.iter().any(|row| row["principalType"] == "Group"));
    let owned = list(&server, &at("ownedObjects/microsoft.graph.application"), &[]).await;
    assert_eq!(owned.len(), 2);
    assert_eq!(list(&server, &at("ownedObjects"), &[("$select", "id,displayName")]).await.len(), 4);
    let direct = list(&server, &at("memberOf"), &[]).await;
    let all = list(&server, &at("transitiveMemberOf"), &[]).await;
    assert!(direct.iter().any(|row| row["@odata.type"] == "#microsoft.graph.directoryRole"));
    assert!(all.len() > direct.len() && all.iter().any(|row| row["displayName"] == "all-staff"));
    assert_eq!(list(&server, &at("registeredDevices"), &[]).await.len(), 1);
    assert_eq!(list(&server, &at("ownedDevices"), &[]).await.len(), 2);
    assert_eq!(list(&server, &at("sponsorOf"), &[]).await.len(), 2);
    let methods = list(&server, &at("authentication/methods"), &[]).await;
    assert!(methods.len() == 3 && methods[0].get("@parent").is_none());
    assert!(server.unknown().is_empty());
}

#[tokio::test]
async fn applications_their_principals_and_what_hangs_on_them() {
    let server = serve(Faults::none());
    let gateway = server.estate().gateway_apps()[0].clone();
    let (_, app) = get(&server, &format!("/graph/v1.0/applications(appId='{gateway}')"), &[]).await;
    assert!(!app["api"]["preAuthorizedApplications"].as_array().unwrap().is_empty() && app.get("@owners").is_none());
    let by_filter = [("$filter", format!("appId eq '{gateway}'"))];
    let by_filter: Vec<(&str, &str)> = by_filter.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let principal = list(&server, "/graph/v1.0/servicePrincipals", &by_filter).await;
    assert_eq!(principal[0]["appRoleAssignmentRequired"], json!(false));
    let id = principal[0]["id"].as_str().unwrap();
    let at = |relation: &str| format!("/graph/v1.0/servicePrincipals/{id}/{relation}");
    assert_eq!(list(&server, &at("appRoleAssignedTo"), &[]).await.len(), 3);
    let as_client = list(&server, &at("oauth2PermissionGrants"), &[]).await;
    assert!(as_client.iter().all(|grant| grant["clientId"] == json!(id)) && as_client.len() == 2);
    let owners = list(&server, &at("owners"), &[]).await;
    assert!(owners[0]["@odata.type"] == "#microsoft.graph.user" && owners[0].get("accountEnabled").is_none());
    let agents = list(&server, "/graph/v1.0/servicePrincipals/microsoft.graph.agentIdentity", &[]).await;
    assert_eq!(agents.len(), 2);
    let agent = format!("/graph/v1.0/servicePrincipals/{}", agents[0]["id"].as_str().unwrap());
    assert_eq!(get(&server, &format!("{agent}/sponsors"), &[]).await.0, 400);
    let sponsors = format!("{agent}/microsoft.graph.agentIdentity/sponsors");
    assert_eq!(ids(&list(&server, &sponsors, &[]).await), [person("alice")]);
    let quoted = format!("resourceId eq '{id}'");
    let assigned = format!("/graph/v1.0/users/{}/appRoleAssignments", person("alice"));
    assert_eq!(get(&server, &assigned, &[("$filter", &quoted)]).await.0, 400);
    assert_eq!(list(&server, &assigned, &[("$filter", &quoted.replace('\'', ""))]).await.len(), 2);
    let everybody =
        list(&server, "/graph/v1.0/oauth2PermissionGrants", &[("$filter", "consentType eq 'AllPrincipals'")]);
    assert!(everybody.await.iter().all(|grant| grant["principalId"].is_null()));
}

#[tokio::test]
async fn flexible_federated_credentials_show_in_beta_only() {
    let server = serve(Faults::none());
    let query = [("$expand", "federatedIdentityCredentials"), ("$select", "id,displayName")];
    for (version, has_expression) in [("v1.0", false), ("beta", true)] {
        let apps = list(&server, &format!("/graph/{version}/applications"), &query).await;
        let all: Vec<&Value> =
            apps.iter().flat_map(|app| app["federatedIdentityCredentials"].as_array().unwrap()).collect();
        let flexible = all.iter().find(|credential| credential["subject"].is_null()).unwrap();
        assert_eq!(flexible.get("claimsMatchingExpression").is_some(), has_expression);
    }
    let filter = [("$filter", "not(federatedIdentityCredentials/$count eq 0)"), ("$count", "true")];
    let (status, body) = get(&server, "/graph/beta/applications", &filter).await;
    assert_eq!((status, code(&body)), (400, "Request_UnsupportedQuery"));
    let eventual = request(&server, "/graph/beta/applications", &filter).header("ConsistencyLevel", "eventual");
    assert_eq!(answer(eventual).await.1["@odata.count"], json!(5));
}

#[tokio::test]
async fn roles_directly_eligible_and_through_groups() {
    let server = serve(Faults::none());
    let roles = "/roleManagement/directory";
    let filter = format!("principalId eq '{}'", person("alice"));
    let query = [("$filter", filter.as_str()), ("$expand", "roleDefinition")];
    let direct = list(&server, &format!("/graph/v1.0{roles}/roleAssignments"), &query).await;
    assert_eq!(direct[0]["roleDefinition"]["displayName"], json!("Cloud Application Administrator"));
    for instances in ["roleEligibilityScheduleInstances", "roleAssignmentScheduleInstances"] {
        assert_eq!(list(&server, &format!("/graph/v1.0{roles}/{instances}"), &query).await.len(), 1);
    }
    let path = format!("/graph/beta{roles}/transitiveRoleAssignments");
    let query = [("$filter", filter.as_str()), ("$count", "true")];
    assert_eq!(get(&server, &path, &query).await.0, 404);
    let eventual = |query: &[(&str, &str)]| request(&server, &path, query).header("ConsistencyLevel", "eventual");
    assert_eq!(answer(eventual(&query[..1])).await.0, 400);
    let (_, body) = answer(eventual(&query)).await;
    assert!(body["value"].as_array().unwrap().iter().any(|row| row["principalId"] != json!(person("alice"))));
    let pim = "/graph/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances";
    assert_eq!(get(&server, pim, &[]).await.0, 400);
    assert_eq!(list(&server, pim, &[("$filter", &filter)]).await.len(), 1);
}

#[tokio::test]
async fn logs_are_filtered_and_forget() {
    let server = serve(Faults::none());
    let audits = "/graph/v1.0/auditLogs/directoryAudits";
    let filter = format!(
        "activityDateTime ge 2026-04-01T00:00:00Z and activityDateTime le 2026-05-25T06:00:00Z and \
         initiatedBy/user/id eq '{}' and startswith(activityDisplayName,'Update application')",
        person("alice")
    );
    let mine = list(&server, audits, &[("$filter", &filter)]).await;
    let exact = "Update application \u{2013} Certificates and secrets management ";
    assert!(mine.iter().any(|event| event["activityDisplayName"] == exact));
    assert!(mine.iter().all(|event| event["activityDateTime"].as_str().unwrap() > "2026-04-25"));
    let target = [("$filter", "targetResources/any(t:t/displayName eq 'nightly-sync')")];
    assert!(!list(&server, audits, &target).await.is_empty());
    let longer = serve(Faults::none().retention(365));
    assert_eq!(
        list(&longer, audits, &[("$filter", &filter.replace("2026-04-01", "2026-01-01"))]).await.len(),
        mine.len() + 1
    );

    let user = format!("userId eq '{}' and createdDateTime ge 2026-05-02T00:00:00Z", person("alice"));
    let sign_ins = |version: &str| format!("/graph/{version}/auditLogs/signIns");
    let interactive = list(&server, &sign_ins("v1.0"), &[("$filter", &user)]).await;
    assert!(interactive.len() == 2 && interactive[0].get("signInEventTypes").is_none());
    let silent = format!("{user} and signInEventTypes/any(t: t eq 'nonInteractiveUser')");
    assert_eq!(list(&server, &sign_ins("beta"), &[("$filter", &silent)]).await.len(), 3);
    assert_eq!(get(&server, &sign_ins("v1.0"), &[("$filter", &silent)]).await.0, 400);
    let principal = [("$filter", "signInEventTypes/any(t: t eq 'servicePrincipal')")];
    assert!(list(&server, &sign_ins("beta"), &principal).await.iter().all(|row| row["userId"] == ""));
}

#[tokio::test]
async fn what_is_not_understood_is_refused() {
    let server = serve(Faults::none());
    let app = server.estate().rows("graph/applications")[1]["id"].as_str().unwrap().to_owned();
    let credentials = format!("/graph/v1.0/applications/{app}/federatedIdentityCredentials");
    for query in [
        ("$filter", "mail like 'x'"),
        ("$filter", "jobTitle eq 'Developer'"),
        ("$filter", "endswith(mail,'x')"),
        ("$select", "accountEnabld"),
        ("$top", "0"),
        ("$top", "1000"),
        ("$top", "many"),
        ("$skip", "1"),
        ("$skiptoken", "x"),
        ("select", "id"),
        ("$expand", "manager"),
    ] {
        assert_eq!(get(&server, "/graph/v1.0/users", &[query]).await.0, 400, "{query:?}");
    }
    assert_eq!(get(&server, "/graph/v1.0/users", &[("$select", "birthday")]).await.0, 501);
    assert!(server.unknown().is_empty());
    let expression = [("$select", "claimsMatchingExpression")];
    assert_eq!(get(&server, &credentials, &expression).await.0, 400);
    assert_eq!(get(&server, &credentials.replace("v1.0", "beta"), &expression).await.0, 200);
    for path in [
        "/graph/v1.0/nonsense",
        "/graph/v3/users",
        "/nowhere",
        "/graph/v1.0/users/alice@contoso.example/manager",
        "/graph/v1.0/servicePrincipals/microsoft.graph.nonsense",
    ] {
        assert_eq!(get(&server, path, &[]).await.0, 404, "{path}");
    }
    assert_eq!(server.unknown().len(), 5);
}

#[tokio::test]
async fn writes_that_no_action_sends_are_refused_and_all_are_remembered() {
    let server = serve(Faults::none());
    let path = format!("/graph/v1.0/users/{}", person("alice"));
    let alice = format!("{}{path}", server.base_url());
    let client = client();
    for request in [
        client.delete(&alice),
        client.patch(&alice).body("{}"),
        client.patch(&alice).json(&json!({ "accountEnabled": false, "displayName": "x" })),
        client.put(&alice),
    ] {
        assert_eq!(request.bearer_auth(TOKEN).send().await.unwrap().status(), 405);
    }
    let batch = json!({"requests": [{"id": "1", "method": "DELETE", "url": format!("/users/{}", person("alice"))}]});
    let (_, body) = post(&server, "/graph/v1.0/$batch", &batch).await;
    assert_eq!(body["responses"][0]["status"], json!(405));
    assert_eq!(server.writes().len(), 5);
    let enabled = async || get(&server, &path, &[("$select", "accountEnabled")]).await.1["accountEnabled"].clone();
    assert_eq!(enabled().await, json!(true));
    // What the actions send is obeyed, and seen from then on.
    let close = client.patch(&alice).json(&json!({ "accountEnabled": false })).bearer_auth(TOKEN);
    assert_eq!(close.send().await.unwrap().status(), 204);
    assert_eq!(enabled().await, json!(false));
    assert_eq!(server.writes().len(), 6);
}

async fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    answer(client().post(format!("{}{path}", server.base_url())).bearer_auth(TOKEN).json(body)).await
}

#[tokio::test]
async fn pages_end_and_their_links_are_opaque() {
    let server = serve(Faults::none().page_size("", 5));
    let query = [("$select", "id,displayName"), ("$top", "4")];
    let (_, mut page) = get(&server, "/graph/v1.0/users", &query).await;
    let mut seen: Vec<String> = Vec::new();
    loop {
        let rows = page["value"].as_array().unwrap();
        assert!(rows.len() <= 4 && rows.iter().all(|row| row.get("mail").is_none()));
        seen.extend(ids(rows).iter().map(|id| (*id).to_owned()));
        let Some(next) = page["@odata.nextLink"].as_str() else { break };
        assert!(next.starts_with(server.base_url()));
        page = answer(client().get(next).bearer_auth(TOKEN)).await.1;
    }
    let all: Vec<&str> = ids(server.estate().rows("graph/users"));
    assert_eq!(seen, all);
    let (_, page) = get(&server, "/graph/v1.0/users", &query).await;
    let elsewhere = page["@odata.nextLink"].as_str().unwrap().replace("/users?", "/groups?");
    assert_eq!(answer(client().get(elsewhere).bearer_auth(TOKEN)).await.0, 400);
}

#[tokio::test]
async fn a_batch_answers_each_item_in_its_own_way() {
    let faults =
        Faults::none().forbid("/memberOf").throttle("/ownedObjects", 1, RetryAfter::Seconds(3)).page_size("", 2);
    let server = serve(faults);
    let alice = person("alice");
    let item = |id: &str, url: String| json!({"id": id, "method": "GET", "url": url});
    let batch = json!({"requests": [
        item("a", format!("/users/{alice}?$select=accountEnabled")),
        item("b", format!("/users/{alice}/memberOf")),
        item("c", format!("/users/{alice}/ownedObjects")),
        item("d", "/users/nobody".into()),
        item("e", format!("/users/{alice}/oauth2PermissionGrants")),
    ]});
    let (status, body) = post(&server, "/graph/v1.0/$batch", &batch).await;
    let responses = body["responses"].as_array().unwrap();
    let order: Vec<&str> = ids(responses);
    assert!(status == 200 && order != ["a", "b", "c", "d", "e"] && order.len() == 5);
    let of = |id: &str| responses.iter().find(|response| response["id"] == id).unwrap();
    let statuses: Vec<&Value> = ["a", "b", "c", "d", "e"].iter().map(|id| &of(id)["status"]).collect();
    assert_eq!(statuses, [&json!(200), &json!(403), &json!(429), &json!(404), &json!(200)]);
    assert_eq!(of("a")["body"]["accountEnabled"], json!(true));
    assert_eq!(of("c")["headers"]["Retry-After"], json!("3"));
    assert!(of("e")["body"]["@odata.nextLink"].as_str().unwrap().starts_with(server.base_url()));
    let many: Vec<Value> = (0..21).map(|n| item(&n.to_string(), "/users".into())).collect();
    assert_eq!(post(&server, "/graph/v1.0/$batch", &json!({"requests": many})).await.0, 400);
    let twice = json!({"requests": [item("a", "/users".into()), item("a", "/users".into())]});
    assert_eq!(post(&server, "/graph/v1.0/$batch", &twice).await.0, 400);
    assert_eq!(server.requests().iter().filter(|request| request.batched).count(), 5);
}

#[tokio::test]
async fn objects_by_their_ids() {
    let server = serve(Faults::none());
    let wanted = json!({"ids": [person("alice"), server.estate().rows("graph/groups")[0]["id"], "no such id"]});
    let (_, body) = post(&server, "/graph/v1.0/directoryObjects/getByIds", &wanted).await;
    let kinds: Vec<&Value> = body["value"].as_array().unwrap().iter().map(|row| &row["@odata.type"]).collect();
    assert_eq!(kinds, ["#microsoft.graph.user", "#microsoft.graph.group"]);
    let too_many = json!({"ids": vec!["x"; 1001]});
    assert_eq!(post(&server, "/graph/v1.0/directoryObjects/getByIds", &too_many).await.0, 400);
}
