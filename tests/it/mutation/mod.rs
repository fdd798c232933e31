//! No answer that is wrong makes a verdict better. Every list that the audit of the estate reads is answered otherwise in
//! every way that somebody could notice; then, against the audit of the answers as they are:
//!
//! - no check that did not pass passes;
//! - a finding that is gone left a gap in its check that was not there, or a finding that nobody can decide.
//!
//! Where items are hidden without a trace (a list that is shorter, neither counted nor told elsewhere), nobody could notice
//! it: this is not tried. Everything at once takes some minutes:
//! `cargo test --release --test it mutation::every -- --ignored --nocapture`

mod kinds;
mod proxy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Judgement, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::model::{Status, Verdict};
use leaver::run::{self, Intake, Subject};

use kinds::{Answer, Kind};
use proxy::{Mutation, Proxy};

static ESTATE: LazyLock<Estate> = LazyLock::new(|| Estate::load("contoso").unwrap());
static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

fn env() -> Env {
    let now = ESTATE.now();
    let variables = [
        ("LEAVER_AZURE_TOKEN", TOKEN.to_owned()),
        ("GH_TOKEN", TOKEN.to_owned()),
        ("LEAVER_FINGERPRINT_KEY", "0".repeat(64)),
    ];
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

/// The log of the gateway takes as much time as everything else: it is left out where it is not what is wrong.
fn config(base: &str, logs: bool) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{base}/{service}")).unwrap());
    let tiny = Duration::from_millis(1);
    Config {
        entra: Entra { tenant: Some(ESTATE.tenant().to_owned()), gateway_apps: ESTATE.gateway_apps().to_vec() },
        github: GitHub { organizations: ESTATE.organizations().to_vec(), ..GitHub::default() },
        logs: Logs {
            workspaces: if logs { ESTATE.workspaces() } else { Vec::new() },
            timezone: Some(ESTATE.timezone().clone()),
            ..Logs::default()
        },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            logs: endpoint("logs"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 2, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

/// What one check concluded, as far as it matters here.
struct Concluded {
    verdict: Verdict,
    /// Subjects of findings, in lower case: an id in other letters is the same.
    failed: BTreeSet<String>,
    /// Gaps, and findings that nobody can decide.
    doubts: BTreeSet<String>,
}

type Conclusions = BTreeMap<String, Concluded>;

fn concluded(judgement: &Judgement) -> Concluded {
    let of = |status: Status| {
        judgement
            .findings
            .iter()
            .filter(move |finding| finding.status == status)
            .map(|finding| finding.subject.raw().to_lowercase())
    };
    let gaps = judgement.gaps.iter().map(|gap| format!("{gap:?}"));
    Concluded {
        verdict: judgement.verdict,
        failed: of(Status::Fail).collect(),
        doubts: gaps.chain(of(Status::Unknown)).collect(),
    }
}

/// One audit, through a proxy that changes what the mutation says. Nothing, where the audit itself refuses.
async fn audit(mutation: Option<Mutation>, logs: bool) -> (Option<Conclusions>, BTreeMap<String, Answer>, usize) {
    let server = Server::start(ESTATE.clone(), Faults::none()).unwrap();
    let proxy = Proxy::start(server.base_url(), mutation);
    let subject = Subject {
        person: ESTATE.person("alice").unwrap().to_owned(),
        last_day: Some(ESTATE.last_day()),
        github: Some("alice-dev".to_owned()),
        ..Subject::default()
    };
    let collected = run::collect(&config(&proxy.base, logs), &subject, &Intake::default(), &env()).await;
    let conclusions = collected.ok().map(|evidence| {
        let judged = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
        judged.iter().map(|one| (one.check.id.clone(), concluded(one))).collect()
    });
    assert!(server.requests().iter().all(|request| !request.path.contains("/trap")), "a foreign link was followed");
    (conclusions, proxy.seen(), proxy.changed())
}

/// What got better though nothing did. A finding that another check has now, or that has another name, is not gone.
fn improved(whole: &Conclusions, now: &Conclusions) -> Vec<String> {
    let mut better = Vec::new();
    let accused: BTreeSet<&String> = now.values().flat_map(|one| &one.failed).collect();
    for (id, before) in whole {
        let after = &now[id];
        let is_clean = |verdict: Verdict| matches!(verdict, Verdict::Pass | Verdict::NotApplicable | Verdict::Waived);
        if is_clean(after.verdict) && !is_clean(before.verdict) {
            better.push(format!("{id}: {:?} became {:?}", before.verdict, after.verdict));
            continue;
        }
        let gone: Vec<&String> = before.failed.iter().filter(|subject| !accused.contains(subject)).collect();
        if gone.len() > after.failed.difference(&before.failed).count() && after.doubts.is_subset(&before.doubts) {
            better.push(format!("{id}: without a word {gone:?} are gone"));
        }
    }
    better
}

/// What is concluded from right answers: without the log of the gateway, and with it.
struct Whole([Conclusions; 2]);

impl Whole {
    fn of(&self, mutation: &Mutation) -> (&Conclusions, bool) {
        let of_logs = [" /logs/", "OperationalInsights", "ResourceGraph"];
        let logs = of_logs.iter().any(|part| mutation.list.contains(part));
        (&self.0[usize::from(logs)], logs)
    }
}

/// What nobody can notice, since an answer of this form means something: a repository that names no claims of its own uses the
/// template of its organisation.
const MEANS_SOMETHING: [(&str, &str); 1] =
    [("GET /github/repos/*/*/actions/oidc/customization/sub", "FieldAbsent(\"include_claim_keys\")")];

/// Everything that can be tried.
async fn plan() -> (Whole, Vec<Mutation>) {
    let (without, ..) = audit(None, false).await;
    let (whole, seen, _) = audit(None, true).await;
    let each = |(list, sample): (String, Answer)| {
        let all = Kind::all(&sample).into_iter().map(move |kind| Mutation { list: list.clone(), kind });
        all.filter(|one| !MEANS_SOMETHING.contains(&(&*one.list, &*format!("{:?}", one.kind)))).collect::<Vec<_>>()
    };
    (Whole([without.unwrap(), whole.unwrap()]), seen.into_iter().flat_map(each).collect())
}

/// Tries all of these, several at once, and says what got better.
fn tried(whole: &Whole, mutations: &[Mutation]) -> Vec<String> {
    let (next, better) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(mutation) = mutations.get(at) else { break };
                    if at > 0 && at.is_multiple_of(100) {
                        say(&format!("{at} of {} tried", mutations.len()));
                    }
                    let (before, logs) = whole.of(mutation);
                    let (now, _, changed) = runtime.block_on(audit(Some(mutation.clone()), logs));
                    let mut found = now.map_or_else(Vec::new, |now| improved(before, &now));
                    if changed == 0 {
                        found.push("no answer was changed".to_owned());
                    }
                    let named = |what: String| format!("{} {:?}: {what}", mutation.list, mutation.kind);
                    let found = found.into_iter().map(named).inspect(|what| say(what));
                    better.lock().unwrap().extend(found);
                }
            });
        }
    });
    let mut better = better.into_inner().unwrap();
    better.sort();
    better
}

#[tokio::test]
async fn a_few_wrong_answers_of_each_kind_make_nothing_better() {
    let (whole, all) = plan().await;
    let mut families: BTreeMap<String, Vec<&Mutation>> = BTreeMap::new();
    for mutation in &all {
        families.entry(mutation.kind.family()).or_default().push(mutation);
    }
    // A few of each, spread over the lists.
    const OF_EACH: usize = 1;
    let few = families.values().enumerate().flat_map(|(at, of)| {
        (0..OF_EACH).filter_map(move |nth| of.get((at * 7 + nth * of.len() / OF_EACH) % of.len()))
    });
    let few: Vec<Mutation> = few.map(|mutation| (*mutation).clone()).collect();
    assert!(few.len() > 25, "{}", few.len());
    let better = tokio::task::spawn_blocking(move || tried(&whole, &few)).await.unwrap();
    assert!(better.is_empty(), "{}", better.join("\n"));
}

#[tokio::test]
#[ignore = "takes some minutes"]
async fn every_wrong_answer_makes_nothing_better() {
    let (whole, mut all) = plan().await;
    let word = only();
    all.retain(|mutation| format!("{} {:?}", mutation.list, mutation.kind).contains(&word));
    // In no order, so that a run that is ended half-way has tried a part of everything.
    fastrand::Rng::with_seed(7).shuffle(&mut all);
    let lists: BTreeSet<&String> = all.iter().map(|mutation| &mutation.list).collect();
    let mut families: BTreeMap<String, usize> = BTreeMap::new();
    all.iter().for_each(|mutation| *families.entry(mutation.kind.family()).or_default() += 1);
    let told = format!("{} lists and objects, {} wrong answers: {families:?}", lists.len(), all.len());
    let better = tokio::task::spawn_blocking(move || tried(&whole, &all)).await.unwrap();
    let told = format!("{told}; made better: {}\n{}", better.len(), better.join("\n"));
    assert!(better.is_empty(), "{told}");
    say(&told);
}

/// `MUTATION=/github/orgs/*/hooks`: only what has this in its name.
#[expect(clippy::disallowed_methods, reason = "a word for whoever runs this by hand")]
fn only() -> String {
    std::env::var("MUTATION").unwrap_or_default()
}

#[expect(clippy::print_stderr, reason = "what a long run found is wanted at once")]
fn say(what: &str) {
    eprintln!("{what}");
}
