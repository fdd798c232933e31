//! What is collected of GitHub: complete, broken in every way, and refused before anything is read.

mod absence;
mod bad_input;
mod depth;
mod faults;
mod history;
mod large;
mod person;
mod runners;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leaver::api::Retry;
use leaver::config::{Config, Endpoint, Endpoints, GitHub};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::error::Error;
use leaver::evidence::{Coverage, Evidence};
use leaver::run::{self, Intake, Subject};
use leaver::source::github::PERMISSIONS;

/// The key of an App, made for this run.
pub(crate) static APP_KEY: LazyLock<String> = LazyLock::new(|| {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(der.as_ref()))
});

static ESTATE: LazyLock<Estate> = LazyLock::new(|| Estate::load("contoso").unwrap());

fn serve(faults: Faults) -> Server {
    Server::start(ESTATE.clone(), faults).unwrap()
}

fn alice() -> Subject {
    Subject {
        person: "alice@contoso.example".to_owned(),
        last_day: Some(ESTATE.last_day()),
        github: Some("alice-dev".to_owned()),
        ..Subject::default()
    }
}

/// What was written to stderr.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn env(token: Option<&str>, notes: &Notes) -> Env {
    let now = ESTATE.now();
    let mut variables = BTreeMap::from([
        ("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned()),
        ("LEAVER_FINGERPRINT_KEY".to_owned(), "0".repeat(64)),
    ]);
    variables.extend(token.map(|token| ("GH_TOKEN".to_owned(), token.to_owned())));
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(variables),
        console: Console::new(std::io::sink(), notes.clone()),
    }
}

fn endpoint(url: String) -> Option<Endpoint> {
    Some(Endpoint::try_from(url).unwrap())
}

/// As an operator would configure it, but for the patience.
fn config(server: &Server) -> Config {
    let of = |service: &str| endpoint(format!("{}/{service}", server.base_url()));
    let tiny = Duration::from_millis(1);
    Config {
        github: GitHub { organizations: server.estate().organizations().to_vec(), ..GitHub::default() },
        endpoints: Endpoints {
            login: of("login"),
            graph: of("graph"),
            arm: of("arm"),
            github: of("github"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 3, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

async fn collect(config: &Config, subject: &Subject) -> Result<Evidence, Error> {
    run::collect(config, subject, &Intake::default(), &env(Some(TOKEN), &Notes::default())).await
}

async fn collected(server: &Server) -> Evidence {
    collect(&config(server), &alice()).await.unwrap()
}

fn tables() -> BTreeSet<&'static str> {
    PERMISSIONS.iter().map(|(table, _)| *table).collect()
}

/// The rows of every table of GitHub, as text and in a stable order.
fn rows(evidence: &Evidence) -> BTreeMap<&'static str, BTreeSet<String>> {
    let connection = rusqlite::Connection::open(evidence.path()).unwrap();
    let of = |table: &str| {
        let mut query = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let width = query.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let values: Vec<rusqlite::types::Value> = (0..width).map(|at| row.get(at)).collect::<Result<_, _>>()?;
            Ok(format!("{values:?}"))
        };
        query.query_map([], row).unwrap().map(Result::unwrap).collect()
    };
    tables().into_iter().map(|table| (table, of(table))).collect()
}

fn coverage(evidence: &Evidence) -> Vec<Coverage> {
    evidence.coverage().unwrap().into_iter().filter(|row| row.dataset.starts_with("github_")).collect()
}

/// Kind, permission and scope of each gap, by table.
fn gaps(evidence: &Evidence) -> BTreeSet<(String, String, String)> {
    let gap = |row: Coverage| {
        let gap = row.gap?;
        Some((row.dataset, format!("{} {}", gap.kind, gap.needs.unwrap_or_default()), gap.scope.raw().to_owned()))
    };
    coverage(evidence).into_iter().filter_map(gap).collect()
}

#[tokio::test]
async fn everything_is_read_and_nothing_that_github_does_not_have() {
    let server = serve(Faults::none());
    let evidence = collected(&server).await;
    assert_eq!(server.unknown(), []);
    assert_eq!(server.writes(), []);
    let covered: BTreeSet<String> = coverage(&evidence).into_iter().map(|row| row.dataset).collect();
    assert!(tables().iter().all(|table| covered.contains(*table)), "{covered:?}");
    let gaps = gaps(&evidence);
    assert!(gaps.is_empty(), "{gaps:?}");
    for (table, rows) in rows(&evidence) {
        assert!(!rows.is_empty() || table == "github_trusted_repository", "{table} is empty");
    }
}

#[tokio::test]
async fn what_a_workflow_and_a_variable_hold_is_kept_with_its_place_and_never_its_value() {
    let server = serve(Faults::none());
    let evidence = collected(&server).await;
    let connection = rusqlite::Connection::open(evidence.path()).unwrap();
    let places: Vec<(String, Option<i64>)> = connection
        .prepare("SELECT place, position FROM github_literal ORDER BY place")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(places.iter().any(|(place, _)| place == "variable"), "{places:?}");
    assert!(places.iter().all(|(place, position)| place == "variable" || position.is_some()), "{places:?}");
    for (table, rows) in rows(&evidence) {
        let hit = rows.iter().find(|row| !leaver::token::kinds().find(row.as_bytes()).is_empty());
        assert_eq!(hit, None, "{table} holds a token");
    }
}
