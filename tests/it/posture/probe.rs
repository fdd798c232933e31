//! Calls of servers: none without being asked for, one each with it, and none to an address that the inventory does not name.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Mutex;
use std::thread;

use super::*;

/// A server that answers every call with a result, and keeps the beginning of each request.
fn open_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (base, seen) = (format!("http://{}/servers", listener.local_addr().unwrap()), Arc::new(Mutex::new(Vec::new())));
    let kept = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = [0; 4096];
            let read = stream.read(&mut buffer).unwrap_or(0);
            kept.lock().unwrap().push(String::from_utf8_lossy(&buffer[..read]).into_owned());
            let body = r#"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18"}}"#;
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (base, seen)
}

async fn probed(probe: bool) -> (Report, Vec<String>) {
    let (base, seen) = open_server();
    let server = Server::start(estate("good"), Faults::none()).unwrap();
    let mut config = config(&server);
    config.endpoints.probe = Endpoint::try_from(base).ok();
    let request = Request { probe, ..Request::default() };
    let evidence = run::posture::collect(&config, &request, &Intake::default(), &env(server.estate())).await.unwrap();
    let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
    let now = server.estate().now();
    let report =
        Report::new(&evidence, &judgements, &CHECKS.sha256(), Times { started_at: now, finished_at: now }).unwrap();
    let seen = seen.lock().unwrap().clone();
    (report, seen)
}

#[tokio::test]
async fn nothing_is_called_unless_it_is_asked_for() {
    let (report, seen) = probed(false).await;
    assert_eq!((seen, items(&report)["isolation/header"]), (vec![], Verdict::Unknown));
}

#[tokio::test]
async fn an_answer_without_a_token_is_critical() {
    let (report, seen) = probed(true).await;
    assert_eq!(seen.len(), 2, "{seen:?}");
    for call in &seen {
        assert!(
            call.starts_with("POST /servers/")
                && call.contains("\"initialize\"")
                && !call.to_lowercase().contains("authorization"),
            "{call}"
        );
    }
    assert_eq!(items(&report)["isolation/header"], Verdict::Fail);
    assert_eq!(failed(&report).iter().filter(|found| found.contains("answered a call without a token")).count(), 2);
}
