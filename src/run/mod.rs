//! One run from the question to the report: sign in, find the person, collect, seal, judge, deliver.
//! It only puts the modules together; every decision about evidence and verdicts is theirs.

pub mod apply;
pub mod archive;
mod baseline;
mod deliver;
pub mod demo;
mod demo_apply;
pub mod doctor;
mod github;
mod log;
pub mod mcp;
pub mod plan;
pub mod posture;
mod progress;
mod receipt;
pub mod scan;
pub mod scanned;
mod settings;
pub mod setup;
mod sign_in;
mod sources;
pub mod stop;
mod surroundings;
pub mod sweep;
pub mod verify;
pub mod waive;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::try_join_all;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use self::deliver::{Sealing, deliver};
use self::progress::Progress;
use self::stop::Ended;
use crate::api::{self, Api, Http, Service};
use crate::check::waiver::Waivers;
use crate::check::{self, Checks, Limits};
use crate::config::{Config, Setting};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::{Evidence, Writer};
use crate::person::{self, Dossier, Hints, Query, Unresolved};
use crate::report::{Baseline, Output, Report, Times, may_write, plain};
use crate::source::entra::routes::Routes;
use crate::source::entra::wire::User;
use crate::source::github::{Depth, Means};
use crate::source::logs::live::longer::Longer;
use crate::source::{Collector, Source};
use crate::text::{Untrusted, is_same};

/// Version, commit and the digest of the built-in checks, as `leaver --version` says them.
pub fn version() -> &'static str {
    static TEXT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    TEXT.get_or_init(|| {
        let commit = option_env!("LEAVER_COMMIT").unwrap_or("not recorded");
        format!("{} (commit {commit}, checks sha256:{})", env!("CARGO_PKG_VERSION"), Checks::embedded_sha256())
    })
}

/// Whom to look for, and what the command line knows of them.
#[derive(Debug, Clone, Default)]
pub struct Subject {
    /// UPN, mail address, object id or employee id.
    pub person: String,
    /// Their GitHub login.
    pub github: Option<String>,
    /// Their last day.
    pub last_day: Option<Date>,
    /// How much of GitHub is read.
    pub depth: Depth,
}

/// What goes into the evidence besides the services, and where it is kept.
#[derive(Debug, Clone, Default)]
pub struct Intake {
    /// Scans of runner hosts.
    pub include: Vec<PathBuf>,
    /// Exported logs: files, folders, and `az://container/folder`.
    pub logs: Vec<PathBuf>,
    /// Exported audit logs of GitHub: files and folders.
    pub github_audit: Vec<PathBuf>,
    /// Where the evidence is kept; `None`: only as long as the run needs it.
    pub keep: Option<PathBuf>,
    /// Whether a file that is there is replaced.
    pub force: bool,
}

/// How to judge and where to put the result.
#[derive(Debug, Clone, Default)]
pub struct Delivery {
    /// Folders with further checks.
    pub checks: Vec<PathBuf>,
    /// Reports besides the one on the terminal.
    pub outputs: Vec<Output>,
    /// The directory that becomes a bundle.
    pub bundle: Option<PathBuf>,
    /// Whether a key that others can read signs all the same.
    pub insecure_key: bool,
    /// Whether files and a bundle that are there are replaced.
    pub force: bool,
    /// What owners answer for.
    pub waivers: Option<PathBuf>,
    /// The report that this one is compared with; without it the last one of the archive.
    pub baseline: Option<PathBuf>,
}

/// Collects, judges and reports.
///
/// # Errors
/// Whatever ends a run before there is a report.
pub async fn audit(
    config: &Config,
    subject: &Subject,
    intake: &Intake,
    delivery: &Delivery,
    env: &Env,
) -> Result<Exit, Error> {
    let checks = tuned_checks(&delivery.checks, config, env)?;
    let started_at = (env.clock)();
    let waivers = waive::read(delivery.waivers.as_deref())?;
    let (sealing, baseline) = beforehand(delivery, config, env).await?;
    let evidence = collect(config, subject, intake, env).await?;
    let report = judge(&evidence, &checks, waivers.as_ref(), baseline.as_ref(), started_at, env)?;
    deliver(report, &evidence, delivery, sealing, env).await
}

/// What a report needs from elsewhere before anything is read: the key that signs it, and the report before it.
async fn beforehand(
    delivery: &Delivery,
    config: &Config,
    env: &Env,
) -> Result<(Option<Sealing>, Option<Baseline>), Error> {
    let asked = async {
        let sealing = Sealing::open(delivery, config, env).await?;
        Ok((sealing, baseline::read(delivery, config, env).await?))
    };
    let Some(deadline) = config.run.deadline else { return asked.await };
    tokio::time::timeout(deadline, asked).await.unwrap_or_else(|_| {
        Err(Error::Service {
            service: "the vault or the archive",
            what: "what a run begins with",
            message: format!("the run reached its deadline of {} s", deadline.as_secs()).into(),
            hint: "raise [run] deadline; check [signing] key and [archive] url".into(),
        })
    })
}

/// The first half of an audit: reads everything into one sealed file.
///
/// # Errors
/// When nobody can sign in, when the person is nobody or several, or when the file cannot be written.
/// Whatever else cannot be read becomes a gap in the evidence.
pub async fn collect(config: &Config, subject: &Subject, intake: &Intake, env: &Env) -> Result<Evidence, Error> {
    let query = query(&subject.person)?;
    let find = async |entra: &Collector, routes: &Routes| Ok(vec![find(config, subject, &query, entra, routes).await?]);
    gather(config, &Whom { mode: "audit", depth: subject.depth, posture: false, probe: false }, intake, env, find).await
}

/// What kind of run it is, and how much of GitHub it reads.
struct Whom {
    mode: &'static str,
    depth: Depth,
    /// Whether the fence itself is read too.
    posture: bool,
    /// Whether each server is called directly.
    probe: bool,
}

/// Reads everything about the people whom `find` finds.
async fn gather<F>(config: &Config, whom: &Whom, intake: &Intake, env: &Env, find: F) -> Result<Evidence, Error>
where
    F: AsyncFnOnce(&Collector, &Routes) -> Result<Vec<Dossier>, Error>,
{
    let keep = intake.keep.as_deref();
    if let Some(path) = keep {
        may_write(plain(path)?, intake.force)?;
    }
    surroundings::examine(env)?;
    log::are_there(&intake.github_audit)?;
    let http = Http::new(settings::of(config)).map_err(|error| asked(&error, "how to reach it"))?;
    let writer = Writer::create(&env.beside(keep), &meta(whom.mode, env))?;
    let tokens = api::tokens(&http, env);
    let progress = Arc::new(Progress::new(writer.clone(), &env.console));
    let api = Api::new(http.clone(), tokens.clone(), progress.clone(), env);
    let entra = Collector { api: api.read(Service::Graph), out: writer.clone() };
    let routes = Routes::new();
    let gathered = async {
        let exported = log::open(&intake.logs, config, env).await?;
        progress.say("looking which tenant answers");
        let signed_in = sign_in::tokens(&*tokens, config).await?;
        signed_in.confirm(&entra.api, &writer, &http, config, env).await?;
        let key = scan::key(None, env);
        let web = scan::web(&settings::of(config).endpoints.github);
        let means = Means { http: &http, log: progress.clone(), out: &writer, env, cache: github::cache(config)? };
        let (logs, arm) = (api.read(Service::Logs), api.read(Service::Arm));
        let longer = Longer::new(logs, arm, &config.logs.workspaces, tenant(&writer)?, env.now);
        let run = sources::Run {
            config,
            api: &api,
            out: &writer,
            env,
            routes: &routes,
            progress: &progress,
            signed_in: &signed_in,
            means: &means,
            depth: whom.depth,
            scans: &intake.include,
            exported: &exported,
            audit_logs: &intake.github_audit,
            longer: &longer,
            web: &web,
            key: &key,
            progress_of_logs: &|read, of| progress.read(read, of),
            note: &|imported| env.console.note(&imported.to_string()),
        };
        progress.say("looking for the person");
        let people = find(&entra, &routes).await?;
        let sources = sources::open(&run, &people).await?;
        read(&sources, &progress).await?;
        if whom.posture {
            progress.say("reading the fence");
            let azure = Collector { api: api.read(Service::Arm), out: writer.clone() };
            posture::fence(config, (&entra, &azure), &routes, &writer).await?;
        }
        if whom.probe {
            progress.say("calling servers directly");
            posture::probe(config, &writer, env).await?;
        }
        Ok::<(), Error>(())
    };
    match stop::bounded(gathered, config.run.deadline).await {
        Ended::Done(result) => result.map_err(|error| surroundings::explained(error, env))?,
        Ended::Late => late(&writer, whom, config, env)?,
        Ended::Stopped => return Err(interrupted(writer, keep, env)?),
    }
    progress.done();
    if let Some(path) = keep {
        may_write(path, intake.force)?;
    }
    Ok(writer.seal(keep)?)
}

/// The two waves of reading.
async fn read(sources: &[Box<dyn Source + '_>], progress: &Progress) -> Result<(), Error> {
    try_join_all(sources.iter().map(|source| {
        progress.reading(source.name());
        source.inventory()
    }))
    .await?;
    progress.say("following up what the inventory names");
    for source in sources {
        source.follow_up().await?;
    }
    Ok(())
}

/// Which tenant was read, where anybody said so.
fn tenant(writer: &Writer) -> Result<Option<String>, Error> {
    Ok(writer.pairs("SELECT value, NULL FROM meta WHERE key = 'tenant'")?.into_iter().next().map(|(id, _)| id))
}

/// The deadline has passed: whatever was not read until now is a gap, and what was read is judged.
fn late(writer: &Writer, whom: &Whom, config: &Config, env: &Env) -> Result<(), Error> {
    let after = config.run.deadline.map_or(0, |deadline| deadline.as_secs());
    let what = format!("the run reached its deadline of {after} s");
    let (service, hint) = ("Microsoft Graph", "raise [run] deadline; with -vv the log shows each request".to_owned());
    if writer.pairs(READERS)?.is_empty() {
        return Err(Error::SignIn {
            service,
            message: format!("{what} before anybody said which tenant this is").into(),
            hint,
        });
    }
    // What is asked of an organisation is asked of nobody.
    if !whom.posture && writer.pairs(PEOPLE)?.is_empty() {
        return Err(Error::Service { service, what: "who this is", message: what.into(), hint });
    }
    env.console.note(&format!("{what}: what was not read until then is unknown"));
    Ok(writer.ended_early(&what)?)
}

const READERS: &str = "SELECT service, NULL FROM reader LIMIT 1";
const PEOPLE: &str = "SELECT id, NULL FROM person LIMIT 1";

/// Keeps what was read until somebody wanted the run to end, under a name that says that it is not all. Before anybody has
/// said which tenant this is there is nothing to keep.
fn interrupted(writer: Writer, keep: Option<&Path>, env: &Env) -> Result<Error, Error> {
    if writer.pairs(READERS)?.is_empty() {
        return Ok(Error::Cancelled);
    }
    writer.ended_early("the run was ended before everything was read")?;
    let name = match keep {
        Some(path) => format!("{}.partial", path.display()),
        None => env.beside(None).join(format!("leaver-{:016x}.partial", env.seed)).display().to_string(),
    };
    let mut names = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name}.{n}") });
    let free = names.find(|name| Path::new(name).symlink_metadata().is_err()).unwrap_or(name.clone());
    writer.seal(Some(Path::new(&free)))?;
    Ok(Error::Interrupted { kept: free.into() })
}

/// The second half of an audit: judges sealed evidence, however old, and delivers the report.
///
/// # Errors
/// When the evidence cannot be read or a report cannot be written.
pub async fn check(evidence: &Path, config: &Config, delivery: &Delivery, env: &Env) -> Result<Exit, Error> {
    let started_at = (env.clock)();
    let checks = tuned_checks(&delivery.checks, config, env)?;
    let waivers = waive::read(delivery.waivers.as_deref())?;
    let (sealing, baseline) = beforehand(delivery, config, env).await?;
    let evidence = Evidence::open(evidence)?;
    let report = judge(&evidence, &checks, waivers.as_ref(), baseline.as_ref(), started_at, env)?;
    deliver(report, &evidence, delivery, sealing, env).await
}

fn judge(
    evidence: &Evidence,
    checks: &Checks,
    waivers: Option<&Waivers>,
    baseline: Option<&Baseline>,
    started_at: Timestamp,
    env: &Env,
) -> Result<Report, Error> {
    let none = Waivers::default();
    let judged = check::judge_waived(evidence, checks, Limits::default(), waivers.unwrap_or(&none));
    let (judgements, used) = judged.map_err(of_check)?;
    let times = Times { started_at, finished_at: (env.clock)() };
    let mut report = Report::new(evidence, &judgements, &checks.sha256(), times)?;
    report.waivers = waivers.map(|_| used);
    report.since(baseline);
    Ok(report)
}

/// Loads the built-in checks and those of `folders`, with the kinds of token beside them, and says which replace which.
///
/// # Errors
/// When a file is not usable: file, line and what to do.
pub fn load_checks(folders: &[PathBuf], env: &Env) -> Result<Checks, Error> {
    scan::kinds(folders)?;
    let checks = Checks::load(folders).map_err(of_check)?;
    checks.notes().iter().for_each(|note| env.console.note(note));
    Ok(checks)
}

/// The same, with the parameters that the configuration sets.
///
/// # Errors
/// And when it sets what no check has, with the place in the file.
pub fn tuned_checks(folders: &[PathBuf], config: &Config, env: &Env) -> Result<Checks, Error> {
    let mut checks = load_checks(folders, env)?;
    for (id, settings) in &config.checks {
        for (name, setting) in settings {
            checks.tune(id, name, &setting.value).map_err(|error| untunable(error, setting))?;
        }
    }
    Ok(checks)
}

fn untunable(error: check::Error, setting: &Setting) -> Error {
    match (error, &setting.place) {
        (check::Error::NotTunable { what, hint }, Some(place)) => {
            let (file, line, column) = (place.file.clone(), place.line, place.column);
            Error::Config { file, line, column, message: what.into(), hint: Some(hint) }
        }
        (error, _) => of_check(error),
    }
}

/// A problem with checks, as the program says it.
pub fn of_check(error: check::Error) -> Error {
    match error {
        check::Error::Evidence(error) => Error::Evidence(error),
        check::Error::NoSuchCheck { id, near } if !near.is_empty() => {
            Error::usage(format!("there is no check `{id}`"), format!("did you mean {}?", near.join(" or ")))
        }
        check::Error::NoSuchCheck { id, .. } => {
            Error::usage(format!("there is no check `{id}`"), "`leaver checks list` shows all checks")
        }
        error => Error::Check { place: "checks".into(), message: error.to_string().into() },
    }
}

fn query(text: &str) -> Result<Query, Error> {
    Query::parse(text).map_err(|text| {
        let message = format!("\"{text}\" is no user principal name, mail address, object id or employee id");
        Error::usage(message, "for example: leaver audit alice@contoso.com --last-day 2026-05-01")
    })
}

fn meta(mode: &str, env: &Env) -> Vec<(&'static str, String)> {
    vec![
        ("tool", format!("leaver {}", env!("CARGO_PKG_VERSION"))),
        ("mode", mode.to_owned()),
        ("now", crate::model::stamp(env.now)),
    ]
}

async fn find(
    config: &Config,
    subject: &Subject,
    query: &Query,
    entra: &Collector,
    routes: &Routes,
) -> Result<Dossier, Error> {
    let hints = |user: &User| hints(config, subject, user);
    let zone = config.logs.timezone.clone().unwrap_or(TimeZone::UTC);
    person::resolve(&entra.api, routes, query, &hints, &zone).await.map_err(|why| unresolved(&subject.person, why))
}

fn hints(config: &Config, subject: &Subject, user: &User) -> Hints {
    let upn = user.user_principal_name.as_ref().map(Untrusted::raw);
    let known = config.person(&subject.person).or_else(|| config.person(upn?));
    let mut github = Vec::new();
    for (logins, source) in
        [(subject.github.as_deref(), "flag"), (known.and_then(|known| known.github.as_deref()), "configuration")]
    {
        let logins = logins.into_iter().flat_map(|logins| logins.split(',')).map(str::trim);
        for login in logins.filter(|login| !login.is_empty()) {
            if !github.iter().any(|(have, _): &(String, _)| is_same(have, login)) {
                github.push((login.to_owned(), source));
            }
        }
    }
    Hints {
        flag: subject.last_day,
        configured: known.and_then(|known| known.last_day),
        github,
        aliases: known.map(|known| known.aliases.clone()).unwrap_or_default(),
    }
}

fn unresolved(asked_for: &str, why: Unresolved) -> Error {
    match why {
        Unresolved::Nobody(looked) => {
            Error::NotFound { asked: asked_for.into(), looked: looked.into_iter().map(Untrusted::from).collect() }
        }
        Unresolved::Ambiguous(candidates) => {
            let line = |candidate: person::Candidate| {
                let text = |value: Option<Untrusted>| value.map_or_else(String::new, |value| value.raw().to_owned());
                let state = if candidate.deleted { ", deleted" } else { "" };
                format!("{}  {}  {}{state}", candidate.object_id, text(candidate.upn), text(candidate.name)).into()
            };
            Error::Ambiguous { asked: asked_for.into(), candidates: candidates.into_iter().map(line).collect() }
        }
        Unresolved::Inconsistent(name) => Error::Service {
            service: "Microsoft Graph",
            what: "who this is",
            message: format!("it answered with a user who is not {name}").into(),
            hint: "give the object id; check [endpoints] graph".into(),
        },
        Unresolved::Api(error) => asked(&error, "who this is"),
    }
}

fn output(source: std::io::Error) -> Error {
    Error::Output { target: "stdout".into(), source }
}

/// What it means that the one question failed on which everything else hangs.
fn asked(error: &api::Error, what: &'static str) -> Error {
    let message = Untrusted::from(error.to_string());
    let service = "Microsoft Graph";
    let hint = match error {
        api::Error::Expired { .. } => {
            let hint = "get a new one, with `az account get-access-token` or as your pipeline does".into();
            return Error::SignIn { service, message, hint };
        }
        api::Error::NoToken { .. } | api::Error::NoVariable { .. } | api::Error::SignIn(_) => {
            let hint = "run `az login`, or set LEAVER_AZURE_TOKEN; `leaver doctor` tells which sign-in is used".into();
            return Error::SignIn { service, message, hint };
        }
        api::Error::Denied(_) => "grant User.Read.All to the identity that runs leaver".into(),
        api::Error::Endpoint { .. } => "correct [endpoints] in the configuration".into(),
        api::Error::Unreachable { .. } => "check the network, the proxy and [endpoints]".into(),
        _ => "run again later; with -vv the log shows each request".into(),
    };
    Error::Service { service, what, message, hint }
}
