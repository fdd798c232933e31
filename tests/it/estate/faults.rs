//! Sign-in, and every way in which the estate can be told to answer wrongly.

use std::time::Duration;

use leaver::demo::{Faults, RetryAfter, Server, TOKEN};
use serde_json::{Value, json};

use super::{answer, client, estate, get, list, person, request, serve};

#[tokio::test]
async fn signing_in_and_running_out() {
    let server = serve(Faults::none().expire_after(2));
    let users = format!("{}/graph/v1.0/users", server.base_url());
    assert_eq!(client().get(&users).send().await.unwrap().status(), 401);
    assert_eq!(client().get(&users).bearer_auth("guessed").send().await.unwrap().status(), 401);
    let statuses = [get(&server, "/graph/v1.0/users", &[]).await.0, get(&server, "/graph/v1.0/users", &[]).await.0];
    assert_eq!((statuses, get(&server, "/graph/v1.0/users", &[]).await.0), ([200, 200], 401));
    let token = |tenant: &str| {
        let form = "grant_type=client_credentials&scope=https%3A%2F%2Fgraph%2F.default";
        let url = format!("{}/login/{tenant}/oauth2/v2.0/token", server.base_url());
        client().post(url).header("Content-Type", "application/x-www-form-urlencoded").body(form)
    };
    let (_, issued) = answer(token(server.estate().tenant())).await;
    let fresh = client().get(&users).bearer_auth(issued["access_token"].as_str().unwrap());
    assert_eq!(fresh.send().await.unwrap().status(), 200);
    assert_eq!(answer(token("another")).await.0, 400);
    assert!(server.writes().is_empty());
}

#[tokio::test]
async fn answers_that_go_wrong() {
    let date = "2026-05-25T06:00:00Z".parse().unwrap();
    let server = serve(
        Faults::none()
            .throttle("/groups", 2, RetryAfter::Date(date))
            .throttle("/organization", 1, RetryAfter::Absent)
            .status("=/graph/v1.0/subscribedSkus", 503, "ServiceUnavailable")
            .times(1)
            .missing("/devices")
            .html("/applications")
            .empty("/servicePrincipals")
            .slow("/users", Duration::from_secs(60)),
    );
    assert_eq!(get(&server, "/graph/v1.0/groups", &[]).await.0, 200);
    let throttled = request(&server, "/graph/v1.0/groups", &[]).send().await.unwrap();
    assert_eq!(throttled.headers()["Retry-After"], "Mon, 25 May 2026 06:00:00 GMT");
    assert_eq!(throttled.status(), 429);
    let bare = request(&server, "/graph/v1.0/organization", &[]).send().await.unwrap();
    assert!(bare.status() == 429 && bare.headers().get("Retry-After").is_none());
    assert_eq!(get(&server, "/graph/v1.0/subscribedSkus", &[]).await.0, 503);
    assert_eq!(get(&server, "/graph/v1.0/subscribedSkus", &[]).await.0, 200);
    assert_eq!(get(&server, "/graph/v1.0/devices", &[]).await.0, 404);
    let html = request(&server, "/graph/v1.0/applications", &[]).send().await.unwrap();
    assert!(html.status() == 200 && html.text().await.unwrap().starts_with("<!DOCTYPE"));
    let empty = request(&server, "/graph/v1.0/servicePrincipals", &[]).send().await.unwrap();
    assert!(empty.status() == 200 && empty.bytes().await.unwrap().is_empty());
    let impatient = request(&server, "/graph/v1.0/users", &[]).timeout(Duration::from_millis(100));
    assert!(impatient.send().await.unwrap_err().is_timeout());
}

#[tokio::test]
async fn a_body_can_be_cut_short() {
    let server = serve(Faults::none().cut("/users").times(1));
    let response = request(&server, "/graph/v1.0/users", &[]).send().await.unwrap();
    assert!(response.status() == 200 && response.bytes().await.is_err());
    assert_eq!(get(&server, "/graph/v1.0/users", &[]).await.0, 200);
}

#[tokio::test]
async fn next_links_can_lie() {
    let server =
        serve(Faults::none().foreign_next_link("/users", "http://127.0.0.2:9/x").repeating_next_link("/groups"));
    let (_, users) = get(&server, "/graph/v1.0/users", &[]).await;
    assert_eq!(users["@odata.nextLink"], json!("http://127.0.0.2:9/x"));
    let (_, first) = get(&server, "/graph/v1.0/groups", &[]).await;
    let link = first["@odata.nextLink"].as_str().unwrap();
    let (_, second) = answer(client().get(link).bearer_auth(TOKEN)).await;
    assert_eq!((&second["value"], &second["@odata.nextLink"]), (&first["value"], &json!(link)));
}

#[tokio::test]
async fn what_a_caller_may_not_see_is_null_without_an_error() {
    let server = serve(Faults::none().limited("/memberOf").hide("employeeLeaveDateTime"));
    let alice = format!("/graph/v1.0/users/{}", person("alice"));
    let groups = list(&server, &format!("{alice}/memberOf"), &[]).await;
    let bare = |row: &Value| row["id"].is_string() && row["@odata.type"].is_string() && row["displayName"].is_null();
    assert!(!groups.is_empty() && groups.iter().all(bare));
    let (_, user) = get(&server, &alice, &[("$select", "id,employeeLeaveDateTime,accountEnabled")]).await;
    assert_eq!((&user["employeeLeaveDateTime"], &user["accountEnabled"]), (&Value::Null, &json!(true)));
    let leavers = [("$filter", "employeeLeaveDateTime ge 2026-01-01T00:00:00Z")];
    assert!(list(&server, "/graph/v1.0/users", &leavers).await.is_empty());
    assert_eq!(list(&serve(Faults::none()), "/graph/v1.0/users", &leavers).await.len(), 2);
}

#[tokio::test]
async fn the_canary_is_everywhere_but_in_ids_dates_and_links() {
    let server = serve(Faults::none().canary("CANARY").page_size("", 1));
    let (_, page) = get(&server, "/graph/v1.0/users", &[("$select", "id,displayName,createdDateTime,userType")]).await;
    let alice = &page["value"][0];
    assert_eq!(alice["displayName"], json!("Alice Liddell CANARY"));
    assert_eq!((&alice["id"], &alice["userType"]), (&json!(person("alice")), &json!("Member")));
    assert!(!page["@odata.nextLink"].as_str().unwrap().contains("CANARY"));
    let (_, error) = get(&server, "/graph/v1.0/users/nobody", &[]).await;
    assert!(error["error"]["message"].as_str().unwrap().ends_with("CANARY"));
    let server = serve(Faults::none().canary("CANARY"));
    let events = list(&server, "/graph/v1.0/auditLogs/directoryAudits", &[]).await;
    let secret = events[0]["targetResources"][0]["modifiedProperties"][0]["newValue"].as_str().unwrap();
    let inner: Vec<String> = serde_json::from_str(secret).unwrap();
    assert!(inner[0].starts_with("[KeyIdentifier=") && inner[0].ends_with("CANARY]"));
}

#[tokio::test]
async fn an_estate_can_be_changed_before_it_is_served() {
    let mut estate = estate();
    estate.rows_mut("graph/users").truncate(1);
    let server = Server::start(estate, Faults::none()).unwrap();
    assert_eq!(list(&server, "/graph/v1.0/users", &[]).await.len(), 1);
}

#[tokio::test]
async fn a_foreign_next_link_shows_who_follows_it() {
    let trap = serve(Faults::none());
    let server = serve(Faults::none().foreign_next_link("", &format!("{}/graph/v1.0/users", trap.base_url())));
    let (_, page) = get(&server, "/graph/v1.0/groups", &[]).await;
    assert!(trap.requests().is_empty());
    let followed = client().get(page["@odata.nextLink"].as_str().unwrap()).send().await.unwrap();
    assert_eq!((followed.status().as_u16(), trap.requests()[0].status), (401, 401));
}
