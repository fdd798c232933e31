//! What only GitHub does: Link headers, limits by the hour and by words, ETags, GraphQL, signing in as an App.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leaver::api::{Api, Cache, Error, GitHubSignIn, Http, Paging, Query, ReadApi, Service, Settings};
use leaver::model::GapKind;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::{Rows, ask, env, now, settings};

const VIEWER: Query = Query::new("Viewer", "query Viewer { viewer { login } }");

fn github(server: &Server) -> ReadApi {
    with(settings(&server.url()), None)
}

fn with(settings: Settings, cache: Option<Arc<Cache>>) -> ReadApi {
    let env = env(&[("GH_TOKEN", "one")]);
    let tokens = GitHubSignIn::of(None, &env).unwrap().unwrap().tokens(&env);
    let http = Http::new(settings).unwrap();
    Api::remembering(http, tokens, Arc::new(Rows::default()), &env, cache).read(Service::GitHub)
}

async fn numbers(api: &ReadApi, path: &str, paging: Paging) -> Result<Vec<u32>, (Vec<u32>, Error)> {
    let (mut pages, mut all) = (api.pages(ask(path), paging), Vec::new());
    loop {
        match pages.next::<u32>().await {
            Ok(Some(page)) => all.extend(page),
            Ok(None) => return Ok(all),
            Err(error) => return Err((all, error)),
        }
    }
}

fn linked(body: &str, link: &str) -> Reply {
    Reply::json(200, body).with("link", link)
}

#[tokio::test]
async fn links_are_followed_as_they_are_by_number_and_relative() {
    let server = Server::start(|n, _| match n {
        0 => linked("[1]", r#"</github/organizations/7/keys?page=2>; rel="next", <x>; rel="last""#),
        1 => linked("[2]", r#"<?page=3>; rel="next""#),
        _ => linked("[3]", r#"<?page=1>; rel="first""#),
    })
    .await;
    assert_eq!(numbers(&github(&server), "/orgs/o/keys?per_page=1", Paging::Array).await.unwrap(), [1, 2, 3]);
    let seen = server.seen();
    assert_eq!(seen[1].target, "/github/organizations/7/keys?page=2");
    assert_eq!(seen[2].target, "/github/organizations/7/keys?page=3");
    let header = |name: &str| seen[2].header(name).map(str::to_owned);
    assert_eq!(header("accept").as_deref(), Some("application/vnd.github+json"));
    assert_eq!(header("x-github-api-version").as_deref(), Some("2022-11-28"));
    assert!(header("user-agent").unwrap().starts_with("leaver/"));
    assert!(seen.iter().all(|request| request.header("authorization") == Some("Bearer one")));
}

#[tokio::test]
async fn a_next_page_on_another_host_is_refused_and_the_token_stays() {
    let foreign = Server::start(|_, _| Reply::json(200, "[666]")).await;
    let link = format!(r#"<{}/github/orgs/o/keys?page=2>; rel="next""#, foreign.url());
    let server = Server::start(move |_, _| linked("[1]", &link)).await;
    let (values, error) = numbers(&github(&server), "/orgs/o/keys", Paging::Array).await.unwrap_err();
    assert_eq!(values, [1]);
    assert!(matches!(error, Error::ForeignLink { .. }));
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_one_to_the_same_is_followed() {
    let foreign = Server::start(|_, _| Reply::json(200, "[666]")).await;
    let away = foreign.url();
    let server = Server::start(move |n, _| match n {
        0 => Reply::new(301, "").with("location", "/github/repositories/7/keys"),
        1 => Reply::json(200, "[1]"),
        _ => Reply::new(302, "").with("location", format!("{away}/github/x")),
    })
    .await;
    let api = github(&server);
    assert_eq!(numbers(&api, "/repos/o/old/keys", Paging::Array).await.unwrap(), [1]);
    assert!(numbers(&api, "/repos/o/r/keys", Paging::Array).await.is_err());
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn without_a_link_the_total_or_a_full_page_says_that_there_is_more() {
    let page = |seen: &super::server::Seen| seen.target.contains("&page=");
    let wrapped = Server::start(move |_, seen| {
        Reply::json(200, if page(seen) { r#"{"total_count":3,"x":[3]}"# } else { r#"{"total_count":3,"x":[1,2]}"# })
    })
    .await;
    assert_eq!(numbers(&github(&wrapped), "/l?per_page=2", Paging::Items("x")).await.unwrap(), [1, 2, 3]);
    let bare = Server::start(move |_, seen| Reply::json(200, if page(seen) { "[3]" } else { "[1,2]" })).await;
    assert_eq!(numbers(&github(&bare), "/l?per_page=2", Paging::Array).await.unwrap(), [1, 2, 3]);
    assert_eq!(bare.seen().len(), 2);
}

#[tokio::test]
async fn a_list_that_ends_early_or_repeats_itself_is_no_list() {
    let short = Server::start(|n, _| {
        Reply::json(200, if n == 0 { r#"{"total_count":9,"x":[1]}"# } else { r#"{"total_count":9,"x":[]}"# })
    })
    .await;
    let (values, error) = numbers(&github(&short), "/l", Paging::Items("x")).await.unwrap_err();
    assert_eq!((values, error.cause().kind), (vec![1], GapKind::Truncated));
    let same = Server::start(|_, _| Reply::json(200, "[1,2]")).await;
    let (_, error) = numbers(&github(&same), "/l?per_page=2", Paging::Array).await.unwrap_err();
    assert!(matches!(error, Error::RepeatedLink { .. }));
    let absent = Server::start(|_, _| Reply::json(200, r#"{"total_count":0}"#)).await;
    assert!(numbers(&github(&absent), "/l", Paging::Items("x")).await.is_err());
}

#[tokio::test]
async fn a_refusal_names_the_permission() {
    for status in [403, 404] {
        let server = Server::start(move |_, _| {
            Reply::json(status, r#"{"message":"do not keep me"}"#)
                .with("x-accepted-github-permissions", "organization_secrets=read; secrets=read")
        })
        .await;
        let error = github(&server).get(&ask("/orgs/o/actions/secrets")).await.unwrap_err();
        assert_eq!(error.cause().needs.as_deref(), Some("organization_secrets=read; secrets=read"));
        assert!(!format!("{error:?}").contains("do not keep"));
    }
    let classic = Server::start(|_, _| Reply::json(403, "{}").with("x-accepted-oauth-scopes", "admin:org, repo")).await;
    let error = github(&classic).get(&ask("/x")).await.unwrap_err();
    assert_eq!(error.cause().needs.as_deref(), Some("the scope admin:org, repo"));
}

#[tokio::test]
async fn a_secondary_limit_without_headers_is_waited_for_and_then_tried_again() {
    let body = r#"{"message":"You have exceeded a secondary rate limit."}"#;
    for (status, body) in [(403, body), (429, "{}")] {
        let server =
            Server::start(move |n, _| if n == 0 { Reply::json(status, body) } else { Reply::json(200, "{}") }).await;
        let mut settings = settings(&server.url());
        settings.retry.unnamed = Duration::from_millis(300);
        let begun = Instant::now();
        assert!(with(settings, None).get(&ask("/x")).await.is_ok());
        assert!(begun.elapsed() >= Duration::from_millis(300));
    }
    let server =
        Server::start(|_, _| Reply::json(403, r#"{"message":"Resource not accessible by integration"}"#)).await;
    assert!(matches!(github(&server).get(&ask("/x")).await, Err(Error::Denied(_))));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn no_more_than_the_share_of_an_hour_is_used() {
    let reset = now().as_second() + 7200;
    let server = Server::start(move |_, _| {
        Reply::json(200, "{}").with("x-ratelimit-limit", "10").with("x-ratelimit-reset", reset.to_string())
    })
    .await;
    let mut settings = settings(&server.url());
    (settings.share, settings.retry.hour) = (30, Duration::ZERO);
    let api = with(settings, None);
    let mut answers = Vec::new();
    for n in 0..6 {
        answers.push(api.get(&ask(&format!("/x{n}"))).await.map(drop));
    }
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 3);
    assert_eq!(server.seen().len(), 3);
    assert_eq!(answers[5].as_ref().unwrap_err().cause().kind, GapKind::Truncated);
}

#[tokio::test]
async fn an_answer_that_did_not_change_is_taken_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache");
    let server = Server::start(|_, seen| match (seen.header("if-none-match"), seen.target.contains("variables")) {
        (Some("\"k\""), false) => Reply::new(304, ""),
        (None, false) if !seen.target.contains("page=2") => {
            linked("[1]", r#"</github/keys?page=2>; rel="next""#).with("etag", "\"k\"")
        }
        (None, false) => Reply::json(200, "[2]").with("etag", "\"k\""),
        _ => Reply::json(200, r#"{"total_count":1,"variables":[{"name":"A","value":"CANARY"}]}"#).with("etag", "\"v\""),
    })
    .await;
    for _ in 0..2 {
        let api = with(settings(&server.url()), Some(Arc::new(Cache::open(&path).unwrap())));
        assert_eq!(numbers(&api, "/keys", Paging::Array).await.unwrap(), [1, 2]);
        let answer: Value = api.get(&ask("/variables")).await.unwrap().json().unwrap();
        assert_eq!(answer["variables"][0]["name"], "A");
    }
    let marks: Vec<bool> = server.seen().iter().map(|seen| seen.header("if-none-match").is_some()).collect();
    assert_eq!(marks, [false, false, false, true, true, true]);
    let bytes = std::fs::read(&path).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("CANARY"), "no value of a variable is kept");
}

#[tokio::test]
async fn graphql_tells_data_from_errors_and_what_is_too_much() {
    let cases = [
        (200, json!({ "data": { "viewer": { "login": "a" } } }), "data"),
        (
            200,
            json!({ "data": { "viewer": null }, "errors": [{ "type": "FORBIDDEN", "path": ["viewer", 0] }] }),
            "partial",
        ),
        (200, json!({ "data": null, "errors": [{ "type": "NOT_FOUND", "message": "do not keep me" }] }), "failed"),
        (200, json!({ "errors": [{ "message": "Something went wrong while executing your query." }] }), "too much"),
        (200, json!({ "data": {}, "errors": [{ "type": "RESOURCE_LIMITS_EXCEEDED" }] }), "too much"),
        (502, json!({}), "too much"),
        (504, json!({}), "too much"),
    ];
    for (status, body, expected) in cases {
        let server = Server::start(move |_, _| Reply::json(status, body.to_string())).await;
        let found = github(&server).graphql::<Value>(VIEWER, &json!({ "x": 1 })).await;
        let what = match &found {
            Ok(found) if found.problems.is_empty() => "data",
            Ok(found) => {
                assert_eq!(found.problems[0].path, ["viewer", "0"]);
                "partial"
            }
            Err(Error::TooComplex(_)) => "too much",
            Err(error) => {
                assert_eq!(error.code(), Some("NOT_FOUND"));
                "failed"
            }
        };
        assert_eq!(what, expected);
        assert!(!format!("{found:?}").contains("do not keep"));
        assert_eq!(server.seen().len(), 1, "{expected} is not sent again as it was");
        assert_eq!((server.seen()[0].method.as_str(), server.seen()[0].target.as_str()), ("POST", "/github/graphql"));
        assert!(server.seen()[0].body.contains(r#""operationName":"Viewer""#));
    }
}

#[tokio::test]
async fn a_limit_inside_a_success_of_graphql_is_waited_for() {
    let reset = (now().as_second() + 1).to_string();
    let server = Server::start(move |n, _| match n {
        0 => Reply::json(200, r#"{"data":null,"errors":[{"type":"RATE_LIMITED"}]}"#)
            .with("x-ratelimit-remaining", "0")
            .with("x-ratelimit-reset", &reset),
        _ => Reply::json(200, r#"{"data":{"viewer":{}}}"#),
    })
    .await;
    let begun = Instant::now();
    assert!(github(&server).graphql::<Value>(VIEWER, &json!({})).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

/// An App whose key is in a file, and the token that its installation 7 has on `server`.
async fn installation(server: &Server, folder: &Path) -> ReadApi {
    let file = folder.join("app.pem");
    std::fs::write(&file, &*crate::github::APP_KEY).unwrap();
    let env = env(&[]);
    let sign_in = GitHubSignIn::of(Some((42, &file)), &env).unwrap().unwrap();
    let http = Http::new(settings(&server.url())).unwrap();
    let api = |tokens| Api::new(http.clone(), tokens, Arc::new(Rows::default()), &env).read(Service::GitHub);
    api(GitHubSignIn::installation(api(sign_in.tokens(&env)), 7, &env))
}

#[tokio::test]
async fn an_app_signs_in_once_and_again_when_its_token_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(|_, seen| {
        let bearer = seen.header("authorization").unwrap_or_default();
        match (seen.method.as_str(), bearer) {
            ("POST", bearer) if bearer.starts_with("Bearer eyJ") => {
                let token = if seen.body == "{}" { "issued" } else { "wrong" };
                Reply::json(201, format!(r#"{{"token":"{token}","expires_at":"2026-05-01T01:00:00Z"}}"#))
            }
            ("GET", "Bearer issued") if seen.target.contains("expired") => Reply::json(401, "{}"),
            ("GET", "Bearer issued") => Reply::json(200, "[]"),
            _ => Reply::json(401, "{}"),
        }
    })
    .await;
    let api = installation(&server, folder.path()).await;
    for _ in 0..3 {
        api.get(&ask("/orgs/o/members")).await.unwrap();
    }
    let posts = || server.seen().into_iter().filter(|seen| seen.method == "POST").count();
    assert_eq!((posts(), server.seen()[0].target.as_str()), (1, "/github/app/installations/7/access_tokens"));
    assert!(matches!(api.get(&ask("/expired")).await, Err(Error::SignIn(_))));
    assert_eq!(posts(), 2, "a refused token is renewed once");
}
