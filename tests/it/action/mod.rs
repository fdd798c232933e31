//! Plan, apply and undo against the estate: what is changed is what was planned, whatever goes wrong and wherever the program dies.

mod apply;
mod faults;
mod imports;
mod input;
mod killed;
mod plan;
mod proof;

use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::action::plan::{Draft, Plan, Selection, draft};
use leaver::action::{self, Applied, Apply, Outcome, Pace, Services};
use leaver::api::{Endpoints, GitHubSignIn, Http, Retry, Settings};
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Entra, GitHub};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::error::Error;
use leaver::evidence::Evidence;
use leaver::report::{Report, Times};
use leaver::run::{self, Intake, Subject};

static ESTATE: LazyLock<Estate> = LazyLock::new(|| Estate::load("contoso").unwrap());
static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

/// Evidence in the making goes here: what others clean up is their own.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

fn serve() -> Server {
    serve_with(Faults::none())
}

fn serve_with(faults: Faults) -> Server {
    Server::start(ESTATE.clone(), faults).unwrap()
}

fn env() -> Env {
    let now = ESTATE.now();
    let variables = [
        ("LEAVER_AZURE_TOKEN", TOKEN),
        ("GH_TOKEN", TOKEN),
        ("LEAVER_FINGERPRINT_KEY", "demodemodemodemodemodemodemodemo"),
    ];
    let folder = FOLDER.path().to_str().unwrap();
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(
            variables
                .into_iter()
                .chain([("TMPDIR", folder)])
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
        ),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let estate = server.estate();
    Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        endpoints: leaver::config::Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            ..leaver::config::Endpoints::default()
        },
        ..Config::default()
    }
}

fn services(server: &Server) -> Services {
    let base = |service: &str| format!("{}/{service}", server.base_url());
    let endpoints = Endpoints {
        login: base("login"),
        graph: base("graph"),
        arm: base("arm"),
        github: base("github"),
        ..Endpoints::default()
    };
    let tiny = Duration::from_millis(1);
    let retry = Retry { attempts: 2, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() };
    let read_timeout = Duration::from_millis(300);
    let http = Http::new(Settings { endpoints, retry, read_timeout, ..Settings::default() }).unwrap();
    let env = env();
    let github = GitHubSignIn::of(None, &env).unwrap();
    Services::new(http, github, &env)
}

/// What an audit of the estate as it is served now finds.
async fn audited(server: &Server) -> (Report, Evidence) {
    let subject = Subject {
        person: ESTATE.person("alice").unwrap().to_owned(),
        last_day: Some(ESTATE.last_day()),
        ..Subject::default()
    };
    let env = env();
    let evidence = run::collect(&config(server), &subject, &Intake::default(), &env).await.unwrap();
    let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
    let times = Times { started_at: env.now, finished_at: env.now };
    let report = Report::new(&evidence, &judgements, &CHECKS.sha256(), times).unwrap();
    (report, evidence)
}

fn planned(report: &Report, evidence: Option<&Evidence>, protected: &[String]) -> Plan {
    let selection = Selection::default();
    draft(&Draft {
        report,
        sha256: "0".repeat(64),
        evidence,
        unseen: &CHECKS.unseen(),
        protected,
        hours: 24,
        now: ESTATE.now(),
        selection: &selection,
    })
    .unwrap()
}

/// The plan of the estate as it comes; made once.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = serve();
        let (report, evidence) = runtime.block_on(audited(&server));
        planned(&report, Some(&evidence), &[])
    })
    .join()
    .unwrap()
});

struct Told<'a> {
    plan: &'a Plan,
    selection: Selection,
    disruptive: bool,
    yes: bool,
    pace: Pace,
    protected: Vec<String>,
}

impl Told<'_> {
    fn all(plan: &Plan) -> Told<'_> {
        let selection = Selection::default();
        Told { plan, selection, disruptive: true, yes: true, pace: Pace::at_once(), protected: Vec::new() }
    }

    async fn apply(&self, server: &Server, journal: &Path) -> Result<Applied, Error> {
        let services = services(server);
        let env = env();
        let apply = Apply {
            plan: self.plan,
            sha256: "plan",
            selection: &self.selection,
            disruptive: self.disruptive,
            yes: self.yes,
            journal,
            protected: &self.protected,
            pace: &self.pace,
            services: &services,
            env: &env,
        };
        action::apply(&apply, |_, _| ()).await
    }
}

fn outcomes(plan: &Plan, applied: &Applied) -> Vec<(String, Option<Outcome>, String)> {
    applied
        .changes
        .iter()
        .map(|made| {
            (
                format!("{} {}", plan.changes[made.index].action, plan.changes[made.index].subject),
                made.outcome,
                made.why.clone(),
            )
        })
        .collect()
}
