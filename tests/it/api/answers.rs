//! What one answer means: complete, denied, absent, empty, not JSON, too large, elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use leaver::api::{Ask, Error, Fixed, ReadPost, Service, Tokens};
use leaver::evidence::Tally;
use leaver::model::GapKind;
use leaver::text::Secret;
use serde_json::{Value, json};

use super::server::{Reply, Server};
use super::{api, ask, graph, settings};

#[tokio::test]
async fn an_answer_arrives_and_leaves_one_row() {
    let server = Server::start(|_, _| Reply::json(200, r#"{"id":"1"}"#)).await;
    let (graph, rows) = graph(&server);
    let tally = Arc::new(Tally::default());
    let wanted =
        Ask { path: "/v1.0/users/a%23b?$select=id".into(), headers: vec![("ConsistencyLevel", "eventual".into())] };
    assert_eq!(graph.counting(&tally).get(&wanted).await.unwrap().json::<Value>().unwrap(), json!({ "id": "1" }));

    let seen = &server.seen()[0];
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("GET", "/graph/v1.0/users/a%23b?$select=id"));
    assert_eq!(seen.header("authorization"), Some("Bearer one"));
    assert_eq!(seen.header("consistencylevel"), Some("eventual"));
    assert_eq!(seen.header("user-agent"), Some(concat!("leaver/", env!("CARGO_PKG_VERSION"))));
    assert!(seen.header("accept-encoding").unwrap().contains("gzip"));

    let rows = rows.all();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].source, rows[0].method, rows[0].status, rows[0].attempts), ("entra", "GET", Some(200), 1));
    assert_eq!(rows[0].url, format!("{}/graph/v1.0/users/a%23b?$select=id", server.url()));
    assert_eq!(rows[0].bytes, Some(10));
    assert_eq!(rows[0].at, super::now());
    let digest = "5811967f540d300d249ab30ae681359a7815fdb5d3dc71a94be1d491006a6b27";
    assert_eq!(rows[0].body_sha256.as_deref(), Some(digest));
    assert!(format!("{tally:?}").contains("requests: 1, pages: 1"), "{tally:?}");
}

#[tokio::test]
async fn a_refusal_keeps_its_status_and_code() {
    let cases = [
        (400, "Request_UnsupportedQuery", GapKind::Failed),
        (403, "Authorization_RequestDenied", GapKind::Denied),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", GapKind::Unlicensed),
        (404, "Request_ResourceNotFound", GapKind::Failed),
    ];
    for (status, code, kind) in cases {
        let body = json!({ "error": { "code": code, "message": "long text" } }).to_string();
        let server = Server::start(move |_, _| Reply::json(status, &body)).await;
        let error = graph(&server).0.get(&ask("/v1.0/users/x")).await.unwrap_err();
        assert_eq!((error.status(), error.code(), error.cause().kind), (Some(status), Some(code), kind));
        assert_eq!(error.is_not_found(), status == 404);
        assert_eq!(server.seen().len(), 1, "a refusal is not repeated");
    }
}

/// Counts how often a fresh token was asked for; each is another one.
#[derive(Default)]
struct Numbered(AtomicU32);

#[async_trait]
impl Tokens for Numbered {
    async fn token(&self, _: Service, fresh: bool) -> Result<Secret, Error> {
        let number = if fresh { self.0.fetch_add(1, Ordering::SeqCst) + 1 } else { self.0.load(Ordering::SeqCst) };
        Ok(Secret::new(&format!("token{number}")))
    }
}

#[tokio::test]
async fn a_401_leads_to_one_fresh_token() {
    let server = Server::start(|_, seen| match seen.header("authorization") {
        Some("Bearer token1") => Reply::json(200, "{}"),
        _ => Reply::json(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#),
    })
    .await;
    let tokens = Arc::new(Numbered::default());
    let (graph, rows) = api(settings(&server.url()), Arc::<Numbered>::clone(&tokens), Service::Graph);
    let path = ask("/v1.0/me");
    let (a, b, c) = tokio::join!(graph.get(&path), graph.get(&path), graph.get(&path));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(tokens.0.load(Ordering::SeqCst), 1, "three asks share one fresh token");
    assert_eq!((rows.all()[0].attempts, rows.all()[0].status), (2, Some(200)));
}

#[tokio::test]
async fn a_second_401_means_not_signed_in() {
    let server = Server::start(|_, _| Reply::json(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#)).await;
    let error = graph(&server).0.get(&ask("/v1.0/me")).await.unwrap_err();
    assert_eq!(server.seen().len(), 2);
    assert_eq!((error.cause().kind, error.code()), (GapKind::SignIn, Some("InvalidAuthenticationToken")));
}

#[tokio::test]
async fn a_success_without_json_is_never_an_answer() {
    let html = |kind: &str| Reply::new(200, "<!DOCTYPE html><title>Sign in</title>").with("content-type", kind);
    let cases = [
        (html("text/html; charset=utf-8"), GapKind::SignIn),
        (html("application/json"), GapKind::SignIn),
        (Reply::new(203, "{}").with("content-type", "text/html"), GapKind::Failed),
        (Reply::json(203, "{}"), GapKind::Failed),
        (Reply::json(201, "{}"), GapKind::Failed),
        (Reply::new(200, "{}").with("content-type", "text/plain"), GapKind::SignIn),
        (Reply::json(200, ""), GapKind::Failed),
        (Reply::json(200, " \r\n"), GapKind::Failed),
        (Reply::new(204, ""), GapKind::Failed),
        (Reply::json(202, "{}"), GapKind::Failed),
        (Reply::json(206, "{}"), GapKind::Failed),
        (Reply::json(304, ""), GapKind::Failed),
    ];
    for (reply, kind) in cases {
        let shown = format!("{reply:?}");
        let server = Server::start(move |_, _| reply.clone()).await;
        let error = graph(&server).0.get(&ask("/v1.0/users")).await.unwrap_err();
        assert_eq!(error.cause().kind, kind, "{shown}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_expected_shape_names_the_place_only() {
    let server = Server::start(|_, _| Reply::json(200, r#"{"id": "canary"#)).await;
    let answer = graph(&server).0.get(&ask("/v1.0/users")).await.unwrap();
    let error = answer.json::<Value>().unwrap_err();
    assert_eq!(error, Error::Malformed { place: "line 1 column 14".into() });
}

#[tokio::test]
async fn a_body_over_the_limit_is_not_read() {
    let mut settings = settings("http://127.0.0.1:1");
    settings.body_limit = 1000;
    for reply in [Reply::json(200, format!("[{}]", " ".repeat(1000))), gzip_bomb()] {
        let server = Server::start(move |_, _| reply.clone()).await;
        settings.endpoints.graph = server.url();
        let (graph, rows) = api(settings.clone(), Arc::new(Fixed::new(Secret::new("one"))), Service::Graph);
        let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: 1000, .. }), "{error:?}");
        assert_eq!((server.seen().len(), rows.all()[0].bytes), (1, None));
    }
}

/// 16 MiB of zeros behind one bracket, in about 16 KiB.
fn gzip_bomb() -> Reply {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(b"[").unwrap();
    encoder.write_all(&vec![b' '; 16 << 20]).unwrap();
    Reply::json(200, "").with("content-encoding", "gzip").body(encoder.finish().unwrap())
}

#[tokio::test]
async fn a_gzip_body_is_read() {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(br#"{"a":1}"#).unwrap();
    let reply = Reply::json(200, "").with("content-encoding", "gzip").body(encoder.finish().unwrap());
    let server = Server::start(move |_, _| reply.clone()).await;
    let answer = graph(&server).0.get(&ask("/v1.0/x")).await.unwrap();
    assert_eq!(answer.json::<Value>().unwrap(), json!({ "a": 1 }));
}

#[tokio::test]
async fn a_redirect_is_followed_within_the_service_only() {
    let foreign = Server::start(|_, _| Reply::json(200, "{}")).await;
    let elsewhere = foreign.url();
    let server = Server::start(move |_, seen| match seen.target.as_str() {
        "/graph/old" => Reply::new(301, "").with("location", "/graph/new"),
        "/graph/new" => Reply::json(200, r#"{"new":true}"#),
        "/graph/loop" => Reply::new(302, "").with("location", "/graph/loop"),
        "/graph/nowhere" => Reply::new(302, ""),
        "/graph/outside" => Reply::new(302, "").with("location", "/login/authorize"),
        _ => Reply::new(307, "").with("location", format!("{elsewhere}/graph/x")),
    })
    .await;
    let (graph, _) = graph(&server);
    assert!(graph.get(&ask("/old")).await.is_ok());
    assert_eq!(graph.get(&ask("/loop")).await.unwrap_err().status(), Some(302));
    assert!(matches!(graph.get(&ask("/nowhere")).await, Err(Error::Malformed { .. })));
    for path in ["/outside", "/foreign"] {
        assert!(matches!(graph.get(&ask(path)).await, Err(Error::ForeignLink { .. })), "{path}");
    }
    assert!(foreign.seen().is_empty(), "nothing may reach the foreign host");

    let post = graph.post(ReadPost::GraphByIds, &ask("/v1.0/directoryObjects/getByIds"), &json!({ "ids": [] })).await;
    assert_eq!(post.unwrap_err().status(), Some(307), "a POST is not sent twice");
}

#[tokio::test]
async fn only_the_reading_posts_are_sent() {
    let server = Server::start(|_, _| Reply::json(200, r#"{"value":[]}"#)).await;
    let (graph, rows) = graph(&server);
    let ids = json!({ "ids": ["x"] });
    assert!(graph.post(ReadPost::GraphByIds, &ask("/v1.0/directoryObjects/getByIds"), &ids).await.is_ok());
    assert_eq!((server.seen()[0].method.as_str(), server.seen()[0].body.as_str()), ("POST", r#"{"ids":["x"]}"#));
    assert_eq!(rows.all()[0].method, "POST");
    for path in ["/v1.0/users/x/revokeSignInSessions", "/v1.0/users/../directoryObjects/getByIds", "/v1.0/$batch"] {
        let refused = graph.post(ReadPost::GraphByIds, &ask(path), &ids).await;
        assert!(matches!(refused, Err(Error::NotSent(_))), "{path}");
    }
    assert!(matches!(graph.get(&ask("/v1.0/../../login/x")).await, Err(Error::NotSent(_))));
    assert_eq!((server.seen().len(), rows.all().len()), (1, 1));
}
