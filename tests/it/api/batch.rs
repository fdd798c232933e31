//! Prefetching: a batch saves requests and changes no answer.

use leaver::api::{Ask, Error, Paging, ReadPost, Service};
use leaver::text::Secret;
use serde_json::{Value, json};

use super::server::{Reply, Seen, Server};
use super::{api, ask, graph, settings};

/// The items of a batch request.
fn items(seen: &Seen) -> Vec<Value> {
    serde_json::from_str::<Value>(&seen.body).unwrap()["requests"].as_array().unwrap().clone()
}

/// Answers a batch, last item first, with what `item` says of each URL.
fn batch(seen: &Seen, item: impl Fn(&str) -> (u16, Value)) -> Reply {
    let responses: Vec<Value> = items(seen)
        .iter()
        .rev()
        .map(|request| {
            let (status, body) = item(request["url"].as_str().unwrap());
            json!({ "id": request["id"], "status": status, "headers": {}, "body": body })
        })
        .collect();
    Reply::json(200, json!({ "responses": responses }).to_string())
}

#[tokio::test]
async fn a_mixed_batch_keeps_what_is_final_and_nothing_else() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "POST" => batch(seen, |url| match url {
            "/users/ok" => (200, json!({ "id": "from the batch" })),
            "/users/denied" => (403, json!({ "error": { "code": "Authorization_RequestDenied" } })),
            "/users/gone" => (404, json!({ "error": { "code": "Request_ResourceNotFound" } })),
            "/users/busy" => (429, json!({ "error": { "code": "TooManyRequests" } })),
            "/users/stale" => (401, json!({})),
            "/users/empty" => (200, Value::Null),
            _ => (503, json!({})),
        }),
        _ => Reply::json(200, r#"{"id":"asked singly"}"#),
    })
    .await;
    let (graph, rows) = graph(&server);
    let names = ["ok", "denied", "gone", "busy", "stale", "empty", "down"];
    let asks: Vec<Ask> = names.iter().map(|name| ask(&format!("/v1.0/users/{name}"))).collect();
    graph.prefetch(&asks).await;
    assert_eq!((server.seen().len(), rows.all().len()), (1, 1 + names.len()));
    assert_eq!(rows.all().iter().filter(|row| row.method == "POST").count(), 1);
    assert!(rows.all().iter().any(|row| row.url.ends_with("/v1.0/users/busy") && row.status == Some(429)));

    let id =
        async |index: usize| graph.get(&asks[index]).await.map(|answer| answer.json::<Value>().unwrap()["id"].clone());
    assert_eq!(id(0).await.unwrap(), "from the batch");
    assert!(matches!(id(1).await, Err(Error::Denied(_))));
    assert!(id(2).await.unwrap_err().is_not_found());
    assert_eq!(server.seen().len(), 1, "what the batch brought is not asked for again");
    for (index, name) in names.iter().enumerate().skip(3) {
        assert_eq!(id(index).await.unwrap(), "asked singly", "{name}");
    }
    assert_eq!(id(0).await.unwrap(), "asked singly", "an answer is found once");
}

#[tokio::test]
async fn twenty_at_a_time_and_versions_apart() {
    let server = Server::start(|_, seen| batch(seen, |_| (200, json!({})))).await;
    let (graph, _) = graph(&server);
    let mut asks: Vec<Ask> = (0..45).map(|n| ask(&format!("/v1.0/users/{n}"))).collect();
    asks.push(ask("/v1.0/users/0"));
    asks.push(Ask { path: "/beta/x?$count=true".into(), headers: vec![("ConsistencyLevel", "eventual".into())] });
    graph.prefetch(&asks).await;
    let mut sizes: Vec<(String, usize)> =
        server.seen().iter().map(|seen| (seen.target.clone(), items(seen).len())).collect();
    sizes.sort();
    let expected =
        [("/graph/beta/$batch", 1), ("/graph/v1.0/$batch", 5), ("/graph/v1.0/$batch", 20), ("/graph/v1.0/$batch", 20)];
    assert_eq!(sizes, expected.map(|(target, size)| (target.to_owned(), size)));
    let seen = server.seen();
    let beta = seen.iter().find(|seen| seen.target.contains("beta")).unwrap();
    assert_eq!(
        items(beta)[0],
        json!({ "id": "0", "method": "GET", "url": "/x?$count=true", "headers": { "ConsistencyLevel": "eventual" } })
    );
}

#[tokio::test]
async fn the_headers_are_part_of_the_ask() {
    let server = Server::start(|_, seen| match seen.method.as_str() {
        "POST" => batch(seen, |_| (200, json!({ "value": [1] }))),
        _ => Reply::json(200, r#"{"value":[2]}"#),
    })
    .await;
    let (graph, _) = graph(&server);
    graph.prefetch(&[ask("/v1.0/list")]).await;
    let other = Ask { headers: vec![("Prefer", "odata.maxpagesize=1".into())], ..ask("/v1.0/list") };
    assert_eq!(graph.pages(other, Paging::OData).next::<u32>().await.unwrap(), Some(vec![2]));
    assert_eq!(graph.pages(ask("/v1.0/list"), Paging::OData).next::<u32>().await.unwrap(), Some(vec![1]));
}

#[tokio::test]
async fn a_link_inside_an_item_is_checked_like_any_other() {
    let foreign = Server::start(|_, _| Reply::json(200, r#"{"value":[666]}"#)).await;
    let link = format!("{}/graph/v1.0/list?p=2", foreign.url());
    let server =
        Server::start(move |_, seen| batch(seen, |_| (200, json!({ "value": [1], "@odata.nextLink": link })))).await;
    let (graph, _) = graph(&server);
    graph.prefetch(&[ask("/v1.0/list")]).await;
    let mut pages = graph.pages(ask("/v1.0/list"), Paging::OData);
    assert_eq!(pages.next::<u32>().await.unwrap(), Some(vec![1]));
    assert!(matches!(pages.next::<u32>().await, Err(Error::ForeignLink { .. })));
    assert!(foreign.seen().is_empty());
}

#[tokio::test]
async fn a_batch_that_fails_or_lies_changes_nothing() {
    let bodies = [
        (403, "{}".to_owned()),
        (200, "{}".to_owned()),
        (200, r#"{"responses":[{"id":"7","status":200,"body":{"id":"foreign"}}]}"#.to_owned()),
        (200, r#"{"responses":[{"id":"0","status":302,"body":{"id":"moved"}}]}"#.to_owned()),
    ];
    for (status, body) in bodies {
        let server = Server::start(move |_, seen| match seen.method.as_str() {
            "POST" => Reply::json(status, &body),
            _ => Reply::json(200, r#"{"id":"asked singly"}"#),
        })
        .await;
        let (graph, _) = graph(&server);
        graph.prefetch(&[ask("/v1.0/users/x")]).await;
        assert_eq!(graph.get(&ask("/v1.0/users/x")).await.unwrap().json::<Value>().unwrap()["id"], "asked singly");
    }
}

#[tokio::test]
async fn a_service_without_batches_is_asked_singly() {
    let server = Server::start(|_, _| Reply::json(200, "{}")).await;
    let tokens = std::sync::Arc::new(leaver::api::Fixed::new(Secret::new("one")));
    let (arm, _) = api(settings(&server.url()), tokens, Service::Arm);
    arm.prefetch(&[ask("/subscriptions")]).await;
    assert!(server.seen().is_empty());
    let write = json!({ "requests": [{ "id": "0", "method": "DELETE", "url": "/users/x" }] });
    let refused = graph(&server).0.post(ReadPost::GraphBatch, &ask("/v1.0/$batch"), &write).await;
    assert!(matches!(refused, Err(Error::NotSent(_))));
    assert!(server.seen().is_empty());
}
