//! What would make a whole run worthless is said before anything is collected.

use leaver::config::GitHub;
use leaver::demo::{Faults, Server};
use leaver::error::{Error, Exit};
use leaver::run::{self, Intake};

use super::{Notes, TOKEN, alice, config, env, serve};

fn asked(server: &Server) -> bool {
    let collected = |path: &str| path.contains("/contoso/") || path.contains("/oauth2PermissionGrants");
    server.requests().iter().any(|request| collected(&request.path) && !request.path.ends_with("/installation"))
}

async fn refusal(server: &Server, github: GitHub, token: Option<&str>) -> Error {
    let mut config = config(server);
    config.github = github;
    run::collect(&config, &alice(), &Intake::default(), &env(token, &Notes::default())).await.err().unwrap()
}

fn organization(name: &str) -> GitHub {
    GitHub { organizations: vec![name.to_owned()], ..GitHub::default() }
}

#[tokio::test]
async fn an_organisation_that_cannot_be_seen_ends_the_run() {
    let server = serve(Faults::none());
    let error = refusal(&server, organization("contosso"), Some(TOKEN)).await;
    assert_eq!(error.exit_code(), Exit::Usage);
    assert!(error.to_string().contains("the organisation contosso is not visible"), "{error}");
    assert!(!asked(&server));
}

#[tokio::test]
async fn a_token_that_github_does_not_take_is_no_sign_in() {
    let server = serve(Faults::none().status("/github/user", 401, "x"));
    let error = refusal(&server, organization("contoso"), Some(TOKEN)).await;
    assert_eq!(error.exit_code(), Exit::SignIn);
    assert!(!asked(&server));
}

#[tokio::test]
async fn half_an_app_and_a_key_of_the_wrong_form_are_usage() {
    let server = serve(Faults::none());
    let half = GitHub { app_id: Some(1), ..organization("contoso") };
    assert!(refusal(&server, half, None).await.to_string().contains("belong together"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.pem");
    std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
    let wrong = GitHub { app_id: Some(1), private_key_file: Some(file), ..organization("contoso") };
    let error = refusal(&server, wrong, Some(TOKEN)).await;
    assert_eq!(error.exit_code(), Exit::Usage);
    assert!(error.to_string().contains("a certificate"), "{error}");
    let absent = GitHub { app_id: Some(1), private_key_file: Some("/nowhere.pem".into()), ..organization("contoso") };
    assert_eq!(refusal(&server, absent, Some(TOKEN)).await.exit_code(), Exit::Usage);
    assert!(!asked(&server));
}

/// An organisation read as an App whose key is in `folder`.
fn app(folder: &std::path::Path, name: &str) -> GitHub {
    let file = folder.join("app.pem");
    std::fs::write(&file, &*super::APP_KEY).unwrap();
    GitHub { app_id: Some(1), private_key_file: Some(file), ..organization(name) }
}

#[tokio::test]
async fn an_app_says_where_it_is_not_installed_and_that_a_clock_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let server = serve(Faults::none().missing("/installation"));
    let error = refusal(&server, app(folder.path(), "contoso"), None).await;
    assert_eq!(error.exit_code(), Exit::Usage);
    assert!(error.to_string().contains("the App is not installed there"), "{error}");
    // The estate stands still in another year than the clock that its server tells.
    let server = serve(Faults::none().status("/installation", 401, "x"));
    let error = refusal(&server, app(folder.path(), "contoso"), None).await;
    assert_eq!(error.exit_code(), Exit::SignIn);
    assert!(error.to_string().contains("the clock of this machine is"), "{error}");
    assert!(!asked(&server));
}

/// The estate, with an account behind the token.
fn as_user(login: &str, id: u64) -> Server {
    let mut estate = super::ESTATE.clone();
    let user = serde_json::json!({ "@at": "user", "login": login, "id": id, "type": "User" });
    estate.rows_mut("github/users").push(user);
    Server::start(estate, Faults::none()).unwrap()
}

#[tokio::test]
async fn nobody_is_audited_with_their_own_token() {
    let own = as_user("renamed-since", 70_000_001);
    let error = refusal(&own, organization("contoso"), Some(TOKEN)).await;
    assert_eq!(error.exit_code(), Exit::Usage);
    assert!(error.to_string().contains("an auditor must not be the audited"), "{error}");
    assert!(!asked(&own));
    let other = as_user("carol-ops", 70_000_004);
    super::collect(&config(&other), &alice()).await.unwrap();
}

#[tokio::test]
async fn without_a_sign_in_github_is_a_gap_and_the_rest_goes_on() {
    let server = serve(Faults::none());
    let evidence =
        run::collect(&config(&server), &alice(), &Intake::default(), &env(None, &Notes::default())).await.unwrap();
    for table in super::tables() {
        let rows = super::coverage(&evidence);
        let gap = rows.iter().find(|row| row.dataset == table).and_then(|row| row.gap.clone()).unwrap();
        assert_eq!(gap.kind, leaver::model::GapKind::NotConfigured, "{table}");
    }
    assert!(server.requests().iter().all(|request| !request.path.starts_with("/github")));
}
