//! Carries a plan out: looks, writes down, sends once, looks again. Without `yes` it only looks.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::fill::{Target, all};
use super::journal::{self, Journal, Outcome, Story, Told};
use super::observe::changed;
use super::one::{One, Planned};
use super::pace::Pace;
use super::plan::{Change, Fault, Person, Plan, Selection, account, is_own, targets};
use super::route::{Disposition, Keep, State};
use super::services::Services;
use crate::api::{Ask, ReadApi};
use crate::env::Env;
use crate::error::Error;

/// What an apply is told.
pub struct Apply<'a> {
    /// The plan, already checked for time and signatures.
    pub plan: &'a Plan,
    /// SHA-256 of its file.
    pub sha256: &'a str,
    /// Which changes.
    pub selection: &'a Selection,
    /// Whether what others may use is changed too.
    pub disruptive: bool,
    /// Whether anything is changed at all.
    pub yes: bool,
    /// The journal.
    pub journal: &'a Path,
    /// Accounts that are never touched.
    pub protected: &'a [String],
    /// How patiently.
    pub pace: &'a Pace,
    /// Where.
    pub services: &'a Services,
    /// Clock and console.
    pub env: &'a Env,
}

/// What became of one change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// `None`: nothing yet; it would be made.
    pub outcome: Option<Outcome>,
    /// Why, for a person.
    pub why: String,
    /// Whether something is left.
    pub left: bool,
}

/// What became of the selected changes, in order.
#[derive(Debug, Default)]
pub struct Applied {
    /// One for each.
    pub changes: Vec<Made>,
}

impl Applied {
    /// Whether all of them are done, or could be.
    pub fn is_complete(&self) -> bool {
        self.changes.iter().all(|change| !change.left)
    }
}

/// The changes that a selection takes.
pub fn selected<'a>(plan: &'a Plan, selection: &Selection) -> Vec<(usize, &'a Change)> {
    let takes = |change: &Change| {
        let mut names = vec![change.id.as_str(), change.action.as_str(), change.subject.as_str()];
        names.extend(change.findings.iter().map(String::as_str));
        names.extend(change.closes.checks.iter().map(String::as_str));
        selection.takes(&names)
    };
    plan.changes.iter().enumerate().filter(|(_, change)| takes(change)).collect()
}

/// Applies the selected changes, one at a time; `tell` hears of each at once.
///
/// # Errors
/// When the plan was changed, the journal cannot be used or written, or the process is told to end: nothing is sent after that.
pub async fn apply(apply: &Apply<'_>, mut tell: impl FnMut(&Change, &Made)) -> Result<Applied, Error> {
    let targets = targets(apply.plan).map_err(refused)?;
    let mut journal = match apply.yes {
        true => Some(Journal::open(apply.journal, apply.sha256, apply.plan.tenant.as_deref(), apply.env)?),
        false => None,
    };
    let told = match &journal {
        Some(journal) => journal.told.clone(),
        None => known(apply)?,
    };
    let mut people = People { closed: closed(apply.plan, &told), returns: HashMap::new() };
    let mut applied = Applied::default();
    for (index, change) in selected(apply.plan, apply.selection) {
        let story = told.stories.get(&change.id).cloned().unwrap_or_default();
        let Some(target) = targets.get(index) else { continue };
        let (outcome, why) = one(apply, change, target, story, journal.as_mut(), &mut people).await?;
        let left = outcome.is_some_and(|outcome| !outcome.is_good()) || why == NEEDS;
        let result = Made { index, outcome, why, left };
        tell(change, &result);
        applied.changes.push(result);
    }
    Ok(applied)
}

pub(super) fn refused(fault: Fault) -> Error {
    Error::Refused { what: format!("the plan: {fault}").into() }
}

/// What a journal that is there says, for a look without writing.
fn known(apply: &Apply<'_>) -> Result<Told, Error> {
    let told = journal::read(apply.journal)?;
    match told.plan.as_deref().is_some_and(|known| known != apply.sha256) {
        true => Err(Error::Refused {
            what: format!("the journal {}: it is of another plan", apply.journal.display()).into(),
        }),
        false => Ok(told),
    }
}

const NEEDS: &str = "others may use it: needs --allow disruptive";

async fn one(
    apply: &Apply<'_>,
    change: &Change,
    target: &Target,
    story: Story,
    journal: Option<&mut Journal>,
    people: &mut People<'_>,
) -> Result<(Option<Outcome>, String), Error> {
    if let Some(end) = story.end {
        let again = if end.is_good() { Outcome::Already } else { end };
        return Ok((Some(again), format!("the journal says: {}", end.name())));
    }
    if change.disposition == Disposition::Disruptive && !apply.disruptive {
        return Ok((None, NEEDS.to_owned()));
    }
    let one = One { change: &Planned::of(change), target, story, pace: apply.pace };
    // A write that may have left is looked after whatever has happened to the person since.
    let begun = one.story.intent.is_some();
    let verdict = match begun {
        true => None,
        false => against(apply, change, target, people).await,
    };
    if let Some((outcome, why)) = verdict {
        return one.without(journal, outcome, why);
    }
    let (read, write) = match apply.services.of(target).await {
        Ok(both) => both,
        Err(error) => return one.without(journal, Outcome::Unknown, error.to_string()),
    };
    let person = apply.plan.person(change.person.as_deref());
    let guard = |now: &State| guard(target, change, person, now);
    one.run(&read, &write, journal, &guard).await
}

/// What speaks against a change before its object is looked at.
async fn against(
    apply: &Apply<'_>,
    change: &Change,
    target: &Target,
    people: &mut People<'_>,
) -> Option<(Outcome, String)> {
    let person = apply.plan.person(change.person.as_deref());
    if is_protected(apply.protected, target, change, person) {
        return Some((Outcome::Refused, "[remediation] protected names this account".to_owned()));
    }
    if let Some(person) = person {
        if !people.returns.contains_key(&person.id) {
            let closed = person.enabled == Some(false) || people.closed.contains(person.id.as_str());
            let found = came_back(&apply.services.graph(), person, closed, apply.pace, apply.env.now).await;
            people.returns.insert(person.id.clone(), found);
        }
        match people.returns.get(&person.id) {
            Some(Return::Yes(why)) => return Some((Outcome::Changed, why.clone())),
            Some(Return::Unknown(why)) => return Some((Outcome::Unknown, why.clone())),
            _ => {}
        }
    }
    let (number, login) = account(target, &change.before)?;
    let (read, _) = apply.services.of(target).await.ok()?;
    whose(&read, &number, &login).await
}

fn is_protected(protected: &[String], target: &Target, change: &Change, person: Option<&Person>) -> bool {
    let is = |text: &str| protected.iter().any(|known| known.eq_ignore_ascii_case(text));
    let values = all(&target.ids, &change.before);
    let named = person.is_some_and(|person| {
        is(&person.id) || person.object_id().is_some_and(is) || person.upn.as_ref().is_some_and(|upn| is(upn.raw()))
    });
    named || values.values().filter_map(Value::as_str).any(is)
}

/// What is known of the people of a plan.
struct People<'a> {
    /// Whose account this plan has closed already.
    closed: HashSet<&'a str>,
    /// Whether they came back, asked once.
    returns: HashMap<String, Return>,
}

/// Whose account an earlier run of this plan has closed.
fn closed<'a>(plan: &'a Plan, told: &Told) -> HashSet<&'a str> {
    let closes = |change: &&Change| change.action == "disable-account" && change.person.is_some();
    let done = |change: &&Change| {
        let story = told.stories.get(&change.id);
        story.and_then(|story| story.end).is_some_and(Outcome::is_good)
    };
    plan.changes.iter().filter(closes).filter(done).filter_map(|change| change.person.as_deref()).collect()
}

/// Whether somebody came back since the report.
enum Return {
    No,
    Yes(String),
    Unknown(String),
}

async fn came_back(graph: &ReadApi, person: &Person, closed: bool, pace: &Pace, now: Timestamp) -> Return {
    if person.ends_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|ends| ends > now) {
        return Return::Yes("the last day is still to come".to_owned());
    }
    let Some(id) = person.object_id() else { return Return::No };
    let path = format!("/v1.0/users/{id}?$select=id,accountEnabled,employeeLeaveDateTime");
    let begin = std::time::Instant::now();
    let body: Value = loop {
        let ask = Ask { path: path.clone(), headers: Vec::new() };
        let body: Value = match graph.get(&ask).await.and_then(|answer| answer.json()) {
            Ok(body) => body,
            Err(error) if error.is_not_found() => return Return::No,
            Err(error) if closed => {
                return Return::Unknown(format!("whether the person came back is not known: {error}"));
            }
            Err(_) => return Return::No,
        };
        if !closed || body["accountEnabled"] != true {
            break body;
        }
        // What was closed a moment ago may still show as it was.
        if begin.elapsed() >= pace.patience {
            return Return::Yes("the account was enabled again since it was closed".to_owned());
        }
        tokio::time::sleep(pace.apart).await;
    };
    match body["employeeLeaveDateTime"].as_str().and_then(|at| at.parse::<Timestamp>().ok()) {
        Some(leaves) if leaves > now => Return::Yes(format!("the directory says that the person leaves at {leaves}")),
        _ => Return::No,
    }
}

/// A login is asked for by number right before it stands in a path: it may belong to somebody else by now.
async fn whose(github: &ReadApi, number: &str, login: &str) -> Option<(Outcome, String)> {
    let ask = Ask { path: format!("/user/{number}"), headers: Vec::new() };
    let body: Value = match github.get(&ask).await.and_then(|answer| answer.json()) {
        Ok(body) => body,
        Err(error) if error.is_not_found() => {
            return Some((
                Outcome::Changed,
                format!("GitHub shows no account number {number}, so the login may be another's"),
            ));
        }
        Err(error) => return Some((Outcome::Unknown, format!("whose the login is, is not known: {error}"))),
    };
    let same = body["login"].as_str().is_some_and(|now| now.eq_ignore_ascii_case(login))
        && body["id"].as_u64().map(|id| id.to_string()).as_deref() == Some(number);
    (!same).then(|| (Outcome::Changed, format!("account {number} has another login now: audit and plan again")))
}

/// What speaks against it now that the object was seen.
fn guard(target: &Target, change: &Change, person: Option<&Person>, now: &State) -> Option<(Outcome, String)> {
    match (target.route.guard)(&all(&target.ids, now)) {
        Some(Keep::Never(why) | Keep::ByHand(why) | Keep::ByCommand(why, _)) => return Some((Outcome::Refused, why)),
        None => {}
    }
    if let Some(what) = changed(target.route, &change.before, now) {
        return Some((Outcome::Changed, format!("{what} is no longer as planned")));
    }
    let own = person.and_then(|person| is_own(target.route, &all(&target.ids, now), person));
    let foreign = own == Some(false) && target.route.disposition == Disposition::Safe;
    let told = target.route.owner.is_some_and(|part| change.before.contains_key(part) || target.ids.contains_key(part));
    (foreign && !told).then(|| (Outcome::Refused, "it is not the person's own: plan with --evidence".to_owned()))
}

/// Where the journal of a plan is.
pub fn journal_of(plan: &Path) -> PathBuf {
    let mut name = plan.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}
