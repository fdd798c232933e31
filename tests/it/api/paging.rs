//! Lists: all of them, within their service, no page twice, and nothing absent taken for empty.

use std::sync::Arc;

use leaver::api::{Error, Paging, ReadApi};
use leaver::evidence::Tally;

use super::server::{Reply, Server};
use super::{ask, graph};

/// Reads a whole list of numbers.
async fn all(api: &ReadApi, paging: Paging) -> Result<Vec<u32>, (Vec<u32>, Error)> {
    let mut pages = api.pages(ask("/v1.0/list?$top=2"), paging);
    let mut values = Vec::new();
    loop {
        match pages.next::<u32>().await {
            Ok(Some(page)) => values.extend(page),
            Ok(None) => return Ok(values),
            Err(error) => return Err((values, error)),
        }
    }
}

fn page(values: &str, name: &str, link: &str) -> Reply {
    Reply::json(200, format!(r#"{{"value":{values},"{name}":"{link}"}}"#))
}

#[tokio::test]
async fn a_list_is_read_to_its_end() {
    for (paging, name) in [(Paging::OData, "@odata.nextLink"), (Paging::Arm, "nextLink")] {
        let server = Server::start(move |n, _| match n {
            0 => page("[1,2]", name, "/graph/v1.0/list?$skiptoken=a"),
            1 => page("[]", name, "/graph/v1.0/list?$skiptoken=b"),
            _ => Reply::json(200, r#"{"value":[3],"nextLink":null}"#),
        })
        .await;
        let (graph, rows) = graph(&server);
        let tally = Arc::new(Tally::default());
        assert_eq!(all(&graph.counting(&tally), paging).await.unwrap(), [1, 2, 3]);
        let targets: Vec<String> = server.seen().into_iter().map(|seen| seen.target).collect();
        assert_eq!(
            targets,
            ["/graph/v1.0/list?$top=2", "/graph/v1.0/list?$skiptoken=a", "/graph/v1.0/list?$skiptoken=b"]
        );
        assert!(rows.all()[1].url.ends_with("/list?$skiptoken=***"));
        assert!(format!("{tally:?}").contains("requests: 3, pages: 3"), "{tally:?}");
    }
}

#[tokio::test]
async fn a_link_that_leads_away_is_refused_before_anything_is_sent() {
    let foreign = Server::start(|_, _| Reply::json(200, r#"{"value":[666]}"#)).await;
    for (paging, name) in [(Paging::OData, "@odata.nextLink"), (Paging::Arm, "nextLink")] {
        for path in ["/graph/v1.0/list", ""] {
            let link = format!("{}{path}", foreign.url());
            let server = Server::start(move |_, _| page("[1]", name, &link)).await;
            let (values, error) = all(&graph(&server).0, paging).await.unwrap_err();
            assert_eq!((values, error.clone()), (vec![1], Error::ForeignLink { host: foreign.url()[7..].into() }));
            assert_eq!(
                error.cause().detail.unwrap().raw(),
                format!("a link to {} was not followed", &foreign.url()[7..])
            );
        }
    }
    assert!(foreign.seen().is_empty(), "nothing may reach the foreign host");
}

#[tokio::test]
async fn a_link_out_of_the_base_path_is_refused() {
    let server = Server::start(|_, _| page("[1]", "@odata.nextLink", "/arm/v1.0/list")).await;
    let (_, error) = all(&graph(&server).0, Paging::OData).await.unwrap_err();
    assert!(matches!(error, Error::ForeignLink { .. }));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_list_that_turns_in_circles_is_an_error() {
    for back in ["/graph/v1.0/list?$top=2", "/graph/v1.0/list?$skiptoken=0", "/graph/v1.0/list?$top=2#again"] {
        let server = Server::start(move |n, _| match n {
            0 => page("[1]", "@odata.nextLink", "/graph/v1.0/list?$skiptoken=0"),
            _ => page("[2]", "@odata.nextLink", back),
        })
        .await;
        let (values, error) = all(&graph(&server).0, Paging::OData).await.unwrap_err();
        assert!(matches!(error, Error::RepeatedLink { .. }), "{error:?}");
        assert_eq!((values, server.seen().len()), (vec![1, 2], 2));
    }
}

#[tokio::test]
async fn absent_is_not_empty() {
    let bodies =
        ["{}", r#"{"value":null}"#, r#"{"value":{}}"#, r#"{"value":"x"}"#, r#"{"values":[]}"#, r#"{"value":["x"]}"#];
    for body in bodies {
        let server = Server::start(move |_, _| Reply::json(200, body)).await;
        let (values, error) = all(&graph(&server).0, Paging::OData).await.unwrap_err();
        assert!(values.is_empty() && matches!(error, Error::Malformed { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_next_link_under_the_other_name_is_not_overlooked() {
    let server = Server::start(|_, _| page("[1]", "nextLink", "/graph/v1.0/list?p=2")).await;
    let (values, error) = all(&graph(&server).0, Paging::OData).await.unwrap_err();
    assert_eq!((values, matches!(error, Error::Malformed { .. })), (vec![1], true));
}

#[tokio::test]
async fn after_an_error_the_list_is_never_taken_for_finished() {
    let server = Server::start(|n, _| match n {
        0 => page("[1]", "@odata.nextLink", "/graph/v1.0/list?p=2"),
        1 => Reply::json(403, "{}"),
        _ => Reply::json(200, r#"{"value":[2]}"#),
    })
    .await;
    let mut pages = graph(&server).0.pages(ask("/v1.0/list"), Paging::OData);
    assert_eq!(pages.next::<u32>().await.unwrap(), Some(vec![1]));
    assert!(pages.next::<u32>().await.is_err());
    assert_eq!(pages.next::<u32>().await.unwrap(), Some(vec![2]));
    assert_eq!(pages.next::<u32>().await.unwrap(), None);
}

/// What came, and what was wrong with it.
async fn read(
    bodies: &'static [&'static str],
    paging: Paging,
    headers: &'static [(&'static str, &'static str)],
) -> (Vec<u32>, Option<Error>) {
    let server = Server::start(move |n, _| {
        let reply = Reply::json(200, bodies[n.min(bodies.len() - 1)]);
        headers.iter().fold(reply, |reply, (name, value)| reply.with(name, *value))
    })
    .await;
    match all(&graph(&server).0, paging).await {
        Ok(values) => (values, None),
        Err((values, error)) => (values, Some(error)),
    }
}

#[tokio::test]
async fn a_list_is_held_against_its_total() {
    const ITEMS: Paging = Paging::Items("items");
    let short: [(&[&str], Paging); 5] = [
        (&[r#"{"@odata.count":3,"value":[1,2]}"#], Paging::OData),
        (&[r#"{"@odata.count":2,"value":[1,1]}"#], Paging::OData),
        (&[r#"{"total_count":3,"items":[1,2]}"#, r#"{"total_count":3,"items":[]}"#], ITEMS),
        (&[r#"{"total_count":3,"items":[]}"#], ITEMS),
        (&[r#"{"@odata.count":3,"value":[]}"#], Paging::OData),
    ];
    for (bodies, paging) in short {
        let (_, error) = read(bodies, paging, &[]).await;
        assert!(matches!(error, Some(Error::ShortList { .. })), "{bodies:?}: {error:?}");
    }
    for (bodies, paging) in [
        (&[r#"{"@odata.count":2,"value":[1,2]}"#][..], Paging::OData),
        (&[r#"{"@odata.count":1,"value":[1,2]}"#], Paging::OData),
        (&[r#"{"total_count":2,"items":[1,2],"error":null}"#], ITEMS),
    ] {
        assert_eq!(read(bodies, paging, &[]).await, (vec![1, 2], None), "{bodies:?}");
    }
    for body in [
        &[r#"{"items":[1]}"#][..],
        &[r#"{"total_count":null,"items":[1]}"#],
        &[r#"{"total_count":1,"items":[1],"items":[]}"#],
        &[r#"{"total_count":1,"items":[1],"total_count":0}"#],
    ] {
        let (values, error) = read(body, ITEMS, &[]).await;
        assert!(values.is_empty() && matches!(error, Some(Error::Malformed { .. })), "{body:?}: {error:?}");
    }
}

#[tokio::test]
async fn items_beside_an_error_are_not_all() {
    for (body, paging) in [
        (&[r#"{"value":[1],"error":{"code":"x"}}"#][..], Paging::OData),
        (&[r#"{"value":[1],"errors":[]}"#], Paging::Arm),
        (&[r#"{"total_count":1,"items":[1],"error":"x"}"#], Paging::Items("items")),
    ] {
        let (values, error) = read(body, paging, &[]).await;
        assert!(values == [1] && matches!(error, Some(Error::Flawed { .. })), "{body:?}: {error:?}");
        assert_eq!(error.unwrap().cause().kind, leaver::model::GapKind::Truncated);
    }
}

#[tokio::test]
async fn a_last_page_elsewhere_means_that_there_is_more() {
    let last: &[_] = &[("link", "</graph/v1.0/list?page=3>; rel=\"last\"")];
    let (values, error) = read(&["[1]"], Paging::Array, last).await;
    assert!(values == [1] && matches!(error, Some(Error::ShortList { .. })), "{error:?}");
    let own: &[_] = &[("link", "</graph/v1.0/list?$top=2>; rel=\"last\"")];
    assert_eq!(read(&["[1]"], Paging::Array, own).await, (vec![1], None));
}

fn packed(texts: &[&str]) -> Vec<u8> {
    use std::io::Write;
    let member = |text: &&str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    texts.iter().flat_map(member).collect()
}

#[tokio::test]
async fn a_packed_body_is_read_to_its_last_member() {
    let of = async |body: Vec<u8>, packing: &'static str| {
        let server =
            Server::start(move |_, _| Reply::json(200, "").with("content-encoding", packing).body(body.clone()));
        all(&graph(&server.await).0, Paging::OData).await.map_err(|(values, _)| values)
    };
    assert_eq!(of(packed(&[r#"{"value":[1,"#, "2]}"]), "gzip").await, Ok(vec![1, 2]));
    // The first member alone would be an empty list.
    assert_eq!(of(packed(&[r#"{"value":[]}"#, r#"{"value":[1]}"#]), "gzip").await, Err(vec![]));
    let whole = packed(&[r#"{"value":[1]}"#]);
    assert_eq!(of(whole[..whole.len() - 9].to_vec(), "gzip").await, Err(vec![]));
    assert_eq!(of([whole.clone(), b"more".to_vec()].concat(), "gzip").await, Err(vec![]));
    assert_eq!(of(whole, "br").await, Err(vec![]));
}
