//! The transport against a server on loopback: what it sends, what it refuses, what it makes of each answer.

mod answers;
mod batch;
mod github;
mod paging;
mod retries;
mod secrets;
pub(crate) mod server;
mod sign_in;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use leaver::api::{Api, Ask, Endpoints, Fixed, Http, ReadApi, RequestLog, Retry, Service, Settings, Tokens};
use leaver::env::{Console, Env};
use leaver::evidence::Exchange;
use leaver::text::Secret;

use self::server::Server;

/// A request log in memory.
#[derive(Default)]
struct Rows(Mutex<Vec<Exchange>>);

impl Rows {
    fn all(&self) -> Vec<Exchange> {
        self.0.lock().unwrap().clone()
    }
}

impl RequestLog for Rows {
    fn exchange(&self, exchange: &Exchange) {
        self.0.lock().unwrap().push(exchange.clone());
    }
}

/// 2026-05-01T00:00:00Z, for ever.
fn now() -> Timestamp {
    Timestamp::from_second(1_777_593_600).unwrap()
}

fn env(variables: &[(&str, &str)]) -> Env {
    Env {
        now: now(),
        clock: Arc::new(now),
        seed: 7,
        variables: Arc::new(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

/// Settings that send everything to `url` and hardly wait.
fn settings(url: &str) -> Settings {
    Settings {
        endpoints: Endpoints {
            login: format!("{url}/login"),
            graph: format!("{url}/graph"),
            arm: format!("{url}/arm"),
            logs: format!("{url}/logs"),
            github: format!("{url}/github"),
            ..Endpoints::default()
        },
        retry: Retry { base: Duration::from_millis(2), longest: Duration::from_millis(4), ..Retry::default() },
        read_timeout: Duration::from_secs(5),
        ..Settings::default()
    }
}

/// Graph on `server`, with a fixed token and the rows of its log.
fn graph(server: &Server) -> (ReadApi, Arc<Rows>) {
    api(settings(&server.url()), Arc::new(Fixed::new(Secret::new("one"))), Service::Graph)
}

fn api(settings: Settings, tokens: Arc<dyn Tokens>, service: Service) -> (ReadApi, Arc<Rows>) {
    let rows = Arc::new(Rows::default());
    let log: Arc<dyn RequestLog> = Arc::<Rows>::clone(&rows);
    (Api::new(Http::new(settings).unwrap(), tokens, log, &env(&[])).read(service), rows)
}

fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}
