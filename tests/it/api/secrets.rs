//! Nothing that could be a secret gets into an error or into the request log.

use std::sync::Arc;

use leaver::api::{Ask, Endpoints, Fixed, Http, Paging, Service, Settings};
use leaver::text::Secret;
use serde_json::Value;

use super::server::{Reply, Server};
use super::{api, settings};

const CANARY: &str = "canary-3f1c";

#[tokio::test]
async fn a_canary_planted_everywhere_shows_nowhere() {
    let foreign = Server::start(|_, _| Reply::json(200, "{}")).await;
    let away =
        format!("{}/{CANARY}?code={CANARY}", foreign.url()).replace("http://", &format!("http://{CANARY}:{CANARY}@"));
    let says = format!(r#"{{"error":{{"code":"{CANARY} {CANARY}","message":"{CANARY}"}}}}"#);
    let replies = [
        Reply::json(200, format!("{{\"{CANARY}\"")),
        Reply::new(200, CANARY),
        Reply::new(200, format!("<html>{CANARY}")),
        Reply::json(200, format!(r#"{{"value":[],"@odata.nextLink":"{away}"}}"#)),
        Reply::json(200, format!(r#"{{"value":"{CANARY}"}}"#)),
        Reply::new(302, "").with("location", away.clone()),
        Reply::new(302, "").with("location", format!("http://[{CANARY}")),
        Reply::json(400, &says),
        Reply::json(401, &says).with("www-authenticate", CANARY),
        Reply::json(403, &says),
        Reply::json(404, &says),
        Reply::json(429, &says).with("retry-after", CANARY),
        Reply::json(500, &says),
        Reply::json(200, CANARY).cut(),
    ];
    for reply in replies {
        let shown = format!("{reply:?}");
        let server = Server::start(move |_, _| reply.clone()).await;
        let (graph, rows) = api(settings(&server.url()), Arc::new(Fixed::new(Secret::new(CANARY))), Service::Graph);
        let path = format!("/v1.0/x?sig={CANARY}&%24skipToken={CANARY}&client_secret={CANARY}&{CANARY}&$top=1");
        let mut pages = graph.pages(Ask { path, headers: vec![("Prefer", CANARY.into())] }, Paging::OData);
        let error = loop {
            match pages.next::<Value>().await {
                Err(error) => break error,
                Ok(page) => assert!(page.is_some(), "an answer like this is not the end of a list: {shown}"),
            }
        };
        let told = format!(
            "{error} {error:?} {:?} {:?} {:?} {:?}",
            error.code(),
            error.cause(),
            rows.all(),
            graph_debug(&server)
        );
        assert!(!told.contains(CANARY), "{shown}\n{told}");
        assert!(rows.all()[0].url.ends_with("/x?sig=***&%24skipToken=***&client_secret=***&***&$top=1"));
    }
    assert!(foreign.seen().is_empty());
}

fn graph_debug(server: &Server) -> String {
    format!("{:?} {:?}", Http::new(settings(&server.url())).unwrap(), Fixed::new(Secret::new(CANARY)))
}

#[test]
fn an_endpoint_that_is_not_protected_is_refused_without_repeating_it() {
    for bad in [
        "http://graph.example",
        "https://user:canary-3f1c@graph.example",
        "canary-3f1c",
        "http://192.168.0.1/canary-3f1c",
    ] {
        let all = |set: fn(&mut Endpoints, String)| {
            let mut endpoints = Endpoints::default();
            set(&mut endpoints, bad.to_owned());
            Http::new(Settings { endpoints, ..Settings::default() }).unwrap_err()
        };
        for error in [
            all(|endpoints, url| endpoints.graph = url),
            all(|endpoints, url| endpoints.login = url),
            all(|endpoints, url| endpoints.vault = Some(url)),
            all(|endpoints, url| endpoints.devops_audit = url),
        ] {
            assert!(!format!("{error} {error:?} {:?}", error.cause()).contains(CANARY), "{bad}");
        }
    }
}
