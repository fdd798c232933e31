//! Signing in through `azure_identity`, with the login endpoint on loopback.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use leaver::api::{AzureIdentity, Error, Http, Service, Settings, Tokens};
use leaver::model::GapKind;

use super::server::{Reply, Server};
use super::{api, ask, env, settings};

const CLIENT: [(&str, &str); 3] =
    [("AZURE_TENANT_ID", "contoso"), ("AZURE_CLIENT_ID", "auditor"), ("AZURE_CLIENT_SECRET", "canary-3f1c")];

fn identity(settings: Settings, variables: &[(&str, &str)]) -> AzureIdentity {
    AzureIdentity::new(&Http::new(settings).unwrap(), &env(variables))
}

/// Gives out `token0`, `token1` … each good for an hour of the test's own clock.
fn token(number: usize) -> Reply {
    Reply::json(200, format!(r#"{{"access_token":"token{number}","expires_in":3600,"token_type":"Bearer"}}"#))
}

#[tokio::test]
async fn a_client_secret_signs_in_at_the_configured_endpoint_once_per_service() {
    let server = Server::start(|n, _| token(n)).await;
    let identity = identity(settings(&server.url()), &CLIENT);
    for (service, fresh, expected) in [
        (Service::Graph, false, "token0"),
        (Service::Graph, false, "token0"),
        (Service::Arm, false, "token1"),
        (Service::Graph, true, "token2"),
        (Service::Graph, false, "token2"),
        (Service::Arm, false, "token1"),
    ] {
        assert_eq!(identity.token(service, fresh).await.unwrap().expose(), expected);
    }
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].target.as_str()), (3, "/login/contoso/oauth2/v2.0/token"));
    assert!(seen[0].body.contains("scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"));
    assert!(seen[1].body.contains("scope=https%3A%2F%2Fmanagement.azure.com%2F.default"));
}

#[tokio::test]
async fn a_workload_identity_sends_its_file() {
    let server = Server::start(|n, _| token(n)).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "assertion-1").unwrap();
    let path = file.path().to_str().unwrap();
    let variables =
        [("AZURE_TENANT_ID", "contoso"), ("AZURE_CLIENT_ID", "auditor"), ("AZURE_FEDERATED_TOKEN_FILE", path)];
    let identity = identity(settings(&server.url()), &variables);
    assert_eq!(identity.token(Service::Logs, false).await.unwrap().expose(), "token0");
    let body = &server.seen()[0].body;
    assert!(body.contains("client_assertion=assertion-1") && body.contains("api.loganalytics.io"), "{body}");
}

#[tokio::test]
async fn a_whole_ask_signs_in_and_survives_a_revoked_token() {
    let logins = AtomicUsize::new(0);
    let server = Server::start(move |_, seen| match seen.header("authorization") {
        _ if seen.target.starts_with("/login/") => token(logins.fetch_add(1, Ordering::SeqCst)),
        Some("Bearer token1") => Reply::json(200, r#"{"value":[]}"#),
        _ => Reply::json(401, "{}"),
    })
    .await;
    let tokens = Arc::new(identity(settings(&server.url()), &CLIENT));
    let (arm, rows) = api(settings(&server.url()), tokens, Service::Arm);
    assert!(arm.get(&ask("/subscriptions?api-version=2022-12-01")).await.is_ok());
    assert_eq!(rows.all().len(), 1, "signing in is not reading");
    assert_eq!((rows.all()[0].attempts, server.seen().len()), (2, 4));
}

#[tokio::test]
async fn a_refused_sign_in_names_the_published_number_and_no_text() {
    let says = r#"{"error":"invalid_client","error_description":"AADSTS7000215: canary-3f1c","error_codes":[7000215]}"#;
    let server = Server::start(move |_, _| Reply::json(401, says)).await;
    let error = identity(settings(&server.url()), &CLIENT).token(Service::Graph, false).await.unwrap_err();
    assert_eq!((error.code(), error.cause().kind), (Some("AADSTS7000215"), GapKind::SignIn));
    assert!(!format!("{error} {error:?} {:?}", error.cause()).contains("canary-3f1c"));
}

#[tokio::test]
async fn half_a_configuration_is_an_error_and_not_another_sign_in() {
    let server = Server::start(|n, _| token(n)).await;
    let error = identity(settings(&server.url()), &CLIENT[1..]).token(Service::Graph, false).await.unwrap_err();
    assert!(matches!(error, Error::NoVariable { name: "AZURE_TENANT_ID", .. }), "{error:?}");
    assert_eq!((error.cause().kind, error.cause().needs.as_deref()), (GapKind::SignIn, Some("AZURE_TENANT_ID")));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_microsoft_sign_in_gives_nothing_for_github() {
    let server = Server::start(|n, _| token(n)).await;
    assert!(identity(settings(&server.url()), &CLIENT).token(Service::GitHub, false).await.is_err());
    assert!(server.seen().is_empty());
}
