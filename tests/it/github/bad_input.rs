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
    config.github = GitHub { organizations: github.organizations, ..github };
    run::collect(&config, &alice(), &Intake::default(), &env(token, &Notes::default())).await.unwrap_err()
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
