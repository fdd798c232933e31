//! Throttling, failures that pass, failures that stay, and the limits on all of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use leaver::api::{Error, Fixed, Service};
use leaver::model::GapKind;
use leaver::text::Secret;

use super::server::{Reply, Server};
use super::{api, ask, graph, settings};

fn throttled() -> Reply {
    Reply::json(429, r#"{"error":{"code":"TooManyRequests"}}"#)
}

#[tokio::test]
async fn retry_after_is_waited_for_in_both_forms() {
    for wait in ["1", "Fri, 01 May 2026 00:00:01 GMT"] {
        let server = Server::start(move |n, _| match n {
            0 => throttled().with("retry-after", wait),
            _ => Reply::json(200, "{}"),
        })
        .await;
        let (graph, rows) = graph(&server);
        let begun = Instant::now();
        assert!(graph.get(&ask("/v1.0/users")).await.is_ok(), "{wait}");
        assert!(begun.elapsed() >= Duration::from_secs(1), "{wait}");
        assert_eq!((rows.all().len(), rows.all()[0].attempts, rows.all()[0].status), (1, 2, Some(200)));
    }
}

#[tokio::test]
async fn a_429_without_a_time_is_tried_again() {
    let server = Server::start(|n, _| if n < 3 { throttled() } else { Reply::json(200, "{}") }).await;
    assert!(graph(&server).0.get(&ask("/v1.0/users")).await.is_ok());
    assert_eq!(server.seen().len(), 4);
}

#[tokio::test]
async fn a_429_that_stays_truncates_the_list() {
    let server = Server::start(|_, _| throttled()).await;
    let (graph, rows) = graph(&server);
    let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
    assert_eq!(
        (error.cause().kind, error.status(), error.code()),
        (GapKind::Truncated, Some(429), Some("TooManyRequests"))
    );
    assert_eq!((server.seen().len(), rows.all()[0].attempts), (6, 6));
}

#[tokio::test]
async fn a_wait_over_the_total_is_not_begun_and_stops_the_others_too() {
    let server = Server::start(|_, _| throttled().with("retry-after", "3600")).await;
    let (graph, rows) = graph(&server);
    for _ in 0..3 {
        let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
        assert_eq!(error.cause().kind, GapKind::Truncated);
    }
    assert_eq!((server.seen().len(), rows.all().len()), (1, 1), "a host that asks for an hour is left alone");
}

#[tokio::test]
async fn a_pause_holds_back_every_ask_to_that_host() {
    let server = Server::start(|n, _| match n {
        0 => throttled().with("retry-after", "1"),
        _ => Reply::json(200, "{}"),
    })
    .await;
    let (graph, _) = graph(&server);
    let first = tokio::spawn({
        let graph = graph.clone();
        async move { graph.get(&ask("/v1.0/a")).await }
    });
    while server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    assert!(graph.get(&ask("/v1.0/b")).await.is_ok());
    assert!(begun.elapsed() >= Duration::from_millis(500));
    assert!(first.await.unwrap().is_ok());
}

#[tokio::test]
async fn githubs_403_with_a_reset_time_is_throttling_not_denial() {
    let reset = (super::now().as_second() + 1).to_string();
    let server = Server::start(move |n, _| match n {
        0 => Reply::json(403, "{}").with("x-ratelimit-remaining", "0").with("x-ratelimit-reset", &reset),
        _ => Reply::json(200, "{}"),
    })
    .await;
    assert!(graph(&server).0.get(&ask("/orgs/x")).await.is_ok());
}

#[tokio::test]
async fn a_failure_that_passes_is_not_noticed() {
    let server = Server::start(|n, _| match n {
        0 => Reply::new(503, ""),
        1 => Reply::new(500, "<html>"),
        2 => Reply::json(200, r#"{"value":["#).cut(),
        3 => Reply::new(504, ""),
        _ => Reply::json(200, r#"{"value":[]}"#),
    })
    .await;
    let (graph, rows) = graph(&server);
    assert!(graph.get(&ask("/v1.0/users")).await.is_ok());
    assert_eq!(rows.all()[0].attempts, 5);
}

#[tokio::test]
async fn a_failure_that_stays_is_told() {
    let server = Server::start(|_, _| Reply::json(503, r#"{"error":{"code":"ServiceUnavailable"}}"#)).await;
    let error = graph(&server).0.get(&ask("/v1.0/users")).await.unwrap_err();
    assert_eq!((error.cause().kind, error.status(), server.seen().len()), (GapKind::Failed, Some(503), 6));
}

#[tokio::test]
async fn a_body_that_is_always_cut_is_never_an_answer() {
    let server = Server::start(|_, _| Reply::json(200, r#"{"value":[]}"#).cut()).await;
    let (graph, rows) = graph(&server);
    let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { why: "the answer was cut short", .. }), "{error:?}");
    assert_eq!((rows.all()[0].attempts, rows.all()[0].body_sha256.clone()), (6, None));
}

#[tokio::test]
async fn a_silent_service_times_out() {
    let server = Server::start(|_, _| Reply::json(200, "{}").after(Duration::from_secs(30))).await;
    let mut settings = settings(&server.url());
    settings.read_timeout = Duration::from_millis(50);
    settings.retry.attempts = 2;
    let (graph, rows) = api(settings, Arc::new(Fixed::new(Secret::new("one"))), Service::Graph);
    let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { why: "no answer in time", .. }), "{error:?}");
    assert_eq!((rows.all()[0].attempts, rows.all()[0].status), (2, None));
}

#[tokio::test]
async fn nobody_there_is_told() {
    let (graph, rows) = api(settings("http://127.0.0.1:1"), Arc::new(Fixed::new(Secret::new("one"))), Service::Graph);
    let error = graph.get(&ask("/v1.0/users")).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { why: "no connection", .. }), "{error:?}");
    assert_eq!((rows.all()[0].attempts, rows.all()[0].status), (6, None));
}

#[tokio::test]
async fn so_many_asks_at_a_time_and_no_more() {
    let server = Server::start(|_, _| Reply::json(200, "{}").after(Duration::from_millis(30))).await;
    let mut settings = settings(&server.url());
    settings.in_flight = 3;
    let (graph, rows) = api(settings, Arc::new(Fixed::new(Secret::new("one"))), Service::Graph);
    let path = ask("/v1.0/users");
    let answers = futures_util::future::join_all((0..12).map(|_| graph.get(&path))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((server.busiest(), rows.all().len()), (3, 12));
}

#[tokio::test]
async fn a_dropped_ask_gives_its_slot_back_and_is_logged() {
    let server =
        Server::start(|n, _| Reply::json(200, "{}").after(Duration::from_secs(if n == 0 { 30 } else { 0 }))).await;
    let mut settings = settings(&server.url());
    settings.in_flight = 1;
    let (graph, rows) = api(settings, Arc::new(Fixed::new(Secret::new("one"))), Service::Graph);
    let path = ask("/v1.0/users");
    assert!(tokio::time::timeout(Duration::from_millis(100), graph.get(&path)).await.is_err());
    assert!(graph.get(&path).await.is_ok());
    assert_eq!(rows.all().iter().map(|row| row.status).collect::<Vec<_>>(), [None, Some(200)]);
}
