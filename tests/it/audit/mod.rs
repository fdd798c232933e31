//! The whole pipeline through the library: the estate served with faults, collected, judged, reported.

mod faults;
mod person;
mod verdicts;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::error::Error;
use leaver::evidence::Evidence;
use leaver::report::{self, Report, Times};
use leaver::run::{self, Subject};

static ESTATE: LazyLock<Estate> = LazyLock::new(|| Estate::load("contoso").unwrap());
static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

/// The key of fingerprints, the same as in the demo.
const FINGERPRINTS: &str = "demodemodemodemodemodemodemodemo";

fn estate() -> Estate {
    ESTATE.clone()
}

fn serve(faults: Faults) -> Server {
    Server::start(estate(), faults).unwrap()
}

fn id(name: &str) -> String {
    ESTATE.person(name).unwrap().to_owned()
}

fn who(person: &str) -> Subject {
    Subject { person: person.to_owned(), ..Subject::default() }
}

fn leaver() -> Subject {
    Subject { last_day: Some(ESTATE.last_day()), ..who("alice@contoso.example") }
}

/// The surroundings of a run as of the moment at which the estate stands still.
fn env() -> Env {
    let now = ESTATE.now();
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(
            [("LEAVER_AZURE_TOKEN", TOKEN), ("GH_TOKEN", TOKEN), ("LEAVER_FINGERPRINT_KEY", FINGERPRINTS)]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
        ),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

/// As an operator would configure it, but for the patience: a test does not wait for a service that never answers.
fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let tiny = Duration::from_millis(1);
    Config {
        entra: Entra {
            tenant: Some(server.estate().tenant().to_owned()),
            gateway_apps: server.estate().gateway_apps().to_vec(),
        },
        github: GitHub { organizations: server.estate().organizations().to_vec(), ..GitHub::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 16, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

async fn collect(server: &Server, subject: &Subject) -> Result<Evidence, Error> {
    collect_as(&config(server), subject).await
}

async fn collect_as(config: &Config, subject: &Subject) -> Result<Evidence, Error> {
    run::collect(config, subject, &run::Intake::default(), &env()).await
}

fn judge(evidence: &Evidence) -> Report {
    let judgements = check::judge(evidence, &CHECKS, Limits::default()).unwrap();
    let times = Times { started_at: ESTATE.now(), finished_at: ESTATE.now() };
    Report::new(evidence, &judgements, &CHECKS.sha256(), times).unwrap()
}

async fn audit(server: &Server, subject: &Subject) -> Report {
    judge(&collect(server, subject).await.unwrap())
}

/// The conclusions without what may differ although they are the same: requests, times, digests, how much was seen.
fn conclusions(report: &Report) -> Vec<report::Check> {
    report.checks().map(|check| report::Check { examined: 0, ..check.clone() }).collect()
}

/// What was found about a person; what concerns the tenant is the same for everybody, and tested with step 2.
fn failed(report: &Report) -> BTreeSet<(String, String, String)> {
    let findings = report.checks().flat_map(|check| check.findings.iter().map(|finding| (check.id.clone(), finding)));
    let failed = findings.filter(|(_, finding)| finding.status == leaver::model::Status::Fail);
    failed
        .filter_map(|(check, finding)| Some((check, finding.person.clone()?, finding.subject.raw().to_owned())))
        .collect()
}

fn terminal(report: &Report) -> String {
    report::terminal::render(report, 100, false)
}
