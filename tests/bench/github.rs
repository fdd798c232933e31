//! A large organisation on the estate server: how many requests, how long, how much memory, and what a second run costs.
//! `REPOSITORIES` and `LATENCY_MS` set the size; the reference is 5,000 and 40.
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has to stop")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use leaver::api::Settings;
use leaver::config::{Config, Endpoint, Endpoints, GitHub};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::run::{self, Intake, Subject};
use leaver::source::github::Depth;

#[expect(clippy::disallowed_methods, reason = "a bench takes its size from the environment")]
fn number(name: &str, default: usize) -> usize {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Resident memory at its highest, in megabytes; the server's share is in it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or_default() / 1024
}

fn main() {
    let (repositories, latency) = (number("REPOSITORIES", 200), number("LATENCY_MS", 40));
    let mut estate = Estate::load("contoso").expect("the estate is part of the program");
    estate.inflate(repositories);
    let now = estate.now();
    let before = peak();
    let faults = Faults::none().hour(100_000_000).slow("/github/", Duration::from_millis(latency as u64));
    let server = Server::start(estate, faults).expect("a loopback port");
    let folder = tempfile::tempdir().expect("a folder");
    let variables = BTreeMap::from([
        ("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned()),
        ("GH_TOKEN".to_owned(), TOKEN.to_owned()),
        ("LEAVER_FINGERPRINT_KEY".to_owned(), "0".repeat(64)),
    ]);
    let console = Console::new(std::io::sink(), std::io::sink());
    let env = Env { now, clock: Arc::new(move || now), seed: 7, variables: Arc::new(variables), console };
    let endpoint = |service: &str| Endpoint::try_from(format!("{}/{service}", server.base_url())).ok();
    let organizations = server.estate().organizations().iter().take(1).cloned().collect();
    let cache = Some(folder.path().join("cache"));
    let config = Config {
        github: GitHub { organizations, cache, ..GitHub::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            ..Endpoints::default()
        },
        ..Config::default()
    };
    let subject = Subject {
        person: "alice@contoso.example".to_owned(),
        last_day: Some(server.estate().last_day()),
        github: None,
        depth: Depth::Full,
    };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut asked = 0;
    for run in ["first", "second"] {
        let begun = Instant::now();
        let evidence = runtime.block_on(run::collect(&config, &subject, &Intake::default(), &env)).expect("evidence");
        let took = begun.elapsed();
        let all: Vec<u16> =
            server.requests().iter().filter(|one| one.path.starts_with("/github")).map(|one| one.status).collect();
        let new = &all[asked..];
        asked = all.len();
        let unchanged = new.iter().filter(|status| **status == 304).count();
        let least = Duration::from_millis((new.len() * latency / Settings::default().in_flight) as u64);
        let factor = took.as_secs_f64() / least.as_secs_f64();
        let (requests, memory) = (new.len(), peak() - before.min(peak()));
        let each = requests as f64 / repositories as f64;
        println_out(&format!(
            "{run}: {requests} requests ({each:.1} a repository), {took:.1?} = {factor:.2} x latency, {unchanged} unchanged, {memory} MB above the server's estate"
        ));
        drop(evidence);
    }
}

fn println_out(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{text}");
}
