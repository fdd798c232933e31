//! From findings to a plan: one change per object, in order; what a person has to do; what is never done.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::compose::compose;
use super::{Change, Closes, Manual, Person, Plan, Refused, Version, before, change_id, hand};
use crate::action::fill::{self, Target, all, target};
use crate::action::route::{After, Keep, State, text};
use crate::api::Service;
use crate::evidence::{Error, Evidence};
use crate::model::{Finding, Status, stamp};
use crate::report::{Check, Digest, Report, Tool};
use crate::text::Untrusted;

/// What a plan is made from.
pub struct Draft<'a> {
    /// The report.
    pub report: &'a Report,
    /// SHA-256 of its file.
    pub sha256: String,
    /// Its evidence, which holds how each object was; without it the plan knows less.
    pub evidence: Option<&'a Evidence>,
    /// The checks whose fails say that something is not visible.
    pub unseen: &'a BTreeSet<String>,
    /// Accounts that are never touched: object ids or user principal names.
    pub protected: &'a [String],
    /// For how many hours it may be applied.
    pub hours: i64,
    /// When it is made.
    pub now: Timestamp,
    /// Which findings.
    pub selection: &'a Selection,
}

/// Which part of a report or a plan is meant: ids of findings, changes, checks and actions, or subjects.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// If not empty: only these.
    pub only: Vec<String>,
    /// Not these.
    pub skip: Vec<String>,
}

impl Selection {
    /// Whether something that goes by these names is meant.
    pub fn takes(&self, names: &[&str]) -> bool {
        let in_list = |list: &[String]| list.iter().any(|word| names.contains(&word.as_str()));
        (self.only.is_empty() || in_list(&self.only)) && !in_list(&self.skip)
    }
}

/// What the evidence tells besides the findings.
#[derive(Default)]
struct Known {
    states: before::States,
    depends: before::Depends,
    workflows: Vec<(String, String)>,
}

/// The findings about one object.
struct Group<'a> {
    target: Target,
    people: BTreeSet<&'a str>,
    nobodys: bool,
    found: Vec<(&'a Check, &'a Finding)>,
}

/// Makes the plan.
///
/// # Errors
/// When the evidence cannot be read.
pub fn draft(from: &Draft<'_>) -> Result<Plan, Error> {
    let report = from.report;
    let created = from.now;
    let expires = created.checked_add(SignedDuration::from_hours(from.hours)).unwrap_or(created);
    let mut plan = Plan {
        schema: Version::V1,
        created_at: stamp(created),
        expires_at: stamp(expires),
        tenant: report.run.tenant.as_ref().map(|tenant| tenant.raw().to_owned()),
        tool: Tool { name: "leaver".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        report: Digest { sha256: from.sha256.clone() },
        evidence: report.evidence.clone(),
        checks: report.checks.clone(),
        people: people(from)?,
        changes: Vec::new(),
        manual: Vec::new(),
        refused: Vec::new(),
    };
    let mut known = Known::default();
    if let Some(evidence) = from.evidence {
        known.workflows = before::workflows(evidence)?;
    }
    let (groups, aside) = grouped(from, &known, &mut plan);
    if let Some(evidence) = from.evidence {
        let mut targets: Vec<&Target> = groups.values().map(|group| &group.target).collect();
        let of = |group: &Group<'_>| target(group.target.route.first?, &group.target.subject, None);
        let firsts: Vec<Target> = groups.values().filter_map(of).collect();
        targets.extend(&firsts);
        known.states = before::states(evidence, targets.into_iter())?;
        known.depends = before::depends(evidence, groups.values().map(|group| &group.target))?;
    }
    let mut owners: HashMap<String, i64> = HashMap::new();
    for group in groups.into_values() {
        decide(from, group, &known, &mut owners, &mut plan);
    }
    along(aside, &known, &mut plan);
    let order = |change: &Change| super::verify::rank(&change.action, &change.subject);
    plan.changes.sort_by_cached_key(order);
    Ok(plan)
}

fn people(from: &Draft<'_>) -> Result<Vec<Person>, Error> {
    let enabled = from.evidence.map(before::enabled).transpose()?.unwrap_or_default();
    let one = |person: &crate::report::Person| {
        let accounts = person.identities.iter().filter(|identity| identity.kind.raw() == "github");
        let mut accounts: Vec<String> =
            accounts.filter_map(|identity| Some(identity.id.as_ref()?.raw().to_owned())).collect();
        accounts.sort();
        accounts.dedup();
        Person {
            id: person.id.clone(),
            upn: person.upn.clone(),
            enabled: enabled.get(&person.id).copied(),
            ends_at: person.ends_at.clone(),
            accounts,
        }
    };
    Ok(from.report.people.iter().map(one).collect())
}

/// What a change takes along: a finding about an object that is gone then needs nobody any more.
fn along(aside: Vec<(&Check, &Finding)>, known: &Known, plan: &mut Plan) {
    let gone = plan.changes.iter().enumerate().filter(|(_, change)| change.after == "absent");
    let places: HashMap<String, usize> = gone.map(|(at, change)| (change.subject.to_lowercase(), at)).collect();
    for (check, finding) in aside {
        let place = places.get(&finding.subject.raw().to_lowercase()).filter(|_| finding.complete);
        match place.and_then(|at| plan.changes.get_mut(*at)) {
            Some(change) => {
                change.findings.push(finding.id.clone());
                change.closes.findings += 1;
                if !change.closes.checks.contains(&check.id) {
                    change.closes.checks.push(check.id.clone());
                    change.closes.checks.sort();
                }
            }
            None => plan.manual.push(manual(check, finding, NO_ACTION, known)),
        }
    }
}

/// Findings by object.
type Groups<'a> = BTreeMap<(String, String), Group<'a>>;

/// Findings by object, and those that no action is for; what is no change at all goes into the plan at once.
fn grouped<'a>(from: &Draft<'a>, known: &Known, plan: &mut Plan) -> (Groups<'a>, Vec<(&'a Check, &'a Finding)>) {
    let mut aside = Vec::new();
    let mut groups: BTreeMap<(String, String), Group<'a>> = BTreeMap::new();
    for check in from.report.checks() {
        let absent = from.unseen.contains(&check.id);
        for finding in &check.findings {
            if finding.status != Status::Fail || finding.waiver.is_some() || !is_meant(from, check, finding) {
                continue;
            }
            match sorted(check, finding, absent) {
                Sorted::Manual(NO_ACTION) => aside.push((check, finding)),
                Sorted::Change(target) => {
                    let key = (target.route.action.to_owned(), target.subject.to_lowercase());
                    let new =
                        || Group { target: target.clone(), people: BTreeSet::new(), nobodys: false, found: Vec::new() };
                    let group = groups.entry(key).or_insert_with(new);
                    group.target.told.extend(target.told);
                    group.people.extend(finding.person.as_deref());
                    group.nobodys |= finding.person.is_none();
                    group.found.push((check, finding));
                }
                Sorted::Manual(why) => plan.manual.push(manual(check, finding, why, known)),
                Sorted::Refused(why) => plan.refused.push(refused(check, finding, why)),
            }
        }
    }
    (groups, aside)
}

fn is_meant(from: &Draft<'_>, check: &Check, finding: &Finding) -> bool {
    let action = finding.action.as_deref().unwrap_or_default();
    let subject = finding.subject.raw();
    let change = if from.selection.only.is_empty() && from.selection.skip.is_empty() {
        String::new()
    } else {
        change_id(action, subject)
    };
    from.selection.takes(&[&finding.id, &check.id, action, subject, &change])
}

const NO_ACTION: &str =
    "no service lets a program do this safely, or it lives in a repository, on a host or with somebody else";

enum Sorted {
    Change(Target),
    Manual(&'static str),
    Refused(String),
}

fn sorted(check: &Check, finding: &Finding, absent: bool) -> Sorted {
    let Some(action) = finding.action.as_deref() else {
        return Sorted::Manual(NO_ACTION);
    };
    if !finding.complete {
        let why = "the finding is incomplete: more evidence could undo it. Close the gaps of the check, then audit and plan again";
        return Sorted::Refused(why.to_owned());
    }
    if absent {
        return Sorted::Manual("it rests on something that is merely not visible, which is no ground for a change");
    }
    if !fill::is_known(action) {
        return Sorted::Manual("this version knows no action of that name");
    }
    let person = finding.person.as_deref().and_then(|id| id.strip_prefix("entra:user/"));
    match target(action, finding.subject.raw(), person) {
        Some(target) => Sorted::Change(target),
        None => Sorted::Refused(format!(
            "it has no immutable id of the kind that {action} takes, and nothing is changed by name. {}",
            check.fix.raw()
        )),
    }
}

fn manual(check: &Check, finding: &Finding, why: &str, known: &Known) -> Manual {
    let step = hand::step(&check.id, finding);
    let used_by = hand::readers(finding, &known.workflows);
    Manual {
        finding: finding.id.clone(),
        check: check.id.clone(),
        person: finding.person.clone(),
        subject: finding.subject.clone(),
        why: step.why.filter(|_| why == NO_ACTION).unwrap_or(why).to_owned(),
        todo: check.fix.clone(),
        command: step.command,
        used_by: used_by.into_iter().map(Untrusted::from).collect(),
        patch: hand::patch(finding),
        portal: step.portal,
    }
}

fn refused(check: &Check, finding: &Finding, why: String) -> Refused {
    Refused {
        finding: finding.id.clone(),
        check: check.id.clone(),
        person: finding.person.clone(),
        subject: finding.subject.clone(),
        why,
    }
}

/// One object: a change, unless something speaks against it.
fn decide(from: &Draft<'_>, group: Group<'_>, known: &Known, owners: &mut HashMap<String, i64>, plan: &mut Plan) {
    let person = match (group.nobodys && group.people.is_empty(), group.people.len()) {
        (false, 1) => plan.person(group.people.first().copied()).cloned(),
        _ => None,
    };
    let rows = known.states.get(group.target.route.evidence);
    let mut state = rows.and_then(|rows| rows.get(&group.target.subject.to_lowercase())).cloned().unwrap_or_default();
    state.extend(group.target.told.clone());
    complete(&group.target, &mut state, person.as_ref(), from.report);
    let values = all(&group.target.ids, &state);
    let mut keep = protected(from, plan, &values, &group)
        .or_else(|| (group.target.route.guard)(&values))
        .or_else(|| last_owner(&group.target, &state, owners));
    state.retain(|name, _| !name.starts_with('_'));
    let composed = compose(&group.target, &state, person.as_ref());
    if composed.is_none() && keep.is_none() {
        keep = Some(Keep::ByHand(
            "the report alone does not tell what the request needs: plan with --evidence".to_owned(),
        ));
    }
    let (why, by_hand) = match (keep, composed) {
        (Some(Keep::Never(why)), _) => (why, None),
        // A command that would do what speaks against it is not shown.
        (Some(Keep::ByHand(why)), composed) => (why, Some((None, composed))),
        (Some(Keep::ByCommand(why, command)), composed) => {
            let person = group.people.first().and_then(|id| id.strip_prefix("entra:user/"));
            (why, Some((hand::of_change(command, &values, person), composed)))
        }
        (None, Some(mut composed)) => {
            let said = group.target.route.depends.and_then(|sql| known.depends.get(sql));
            let said = said.and_then(|said| said.get(&group.target.subject.to_lowercase()));
            composed.breaks.extend(said.into_iter().flatten().cloned());
            plan.changes.extend(first(&group, known, person.as_ref()));
            plan.changes.push(change(&group, state, person.map(|person| person.id), composed));
            return;
        }
        (None, None) => return,
    };
    for (check, finding) in &group.found {
        match &by_hand {
            Some((command, composed)) => {
                let mut step = manual(check, finding, &why, known);
                step.command.clone_from(command);
                step.portal = composed.as_ref().map(|composed| composed.portal.clone()).or(step.portal);
                plan.manual.push(step);
            }
            None => plan.refused.push(refused(check, finding, why.clone())),
        }
    }
}

/// The change that comes before this one and can be undone. It closes nothing by itself.
fn first(group: &Group<'_>, known: &Known, person: Option<&Person>) -> Option<Change> {
    let target = target(group.target.route.first?, &group.target.subject, None)?;
    let rows = known.states.get(target.route.evidence);
    let state = rows.and_then(|rows| rows.get(&target.subject.to_lowercase())).cloned().unwrap_or_default();
    if let After::Holds(wanted) = target.route.after {
        let wanted: State = serde_json::from_str(wanted).unwrap_or_default();
        if wanted.iter().all(|(name, value)| state.get(name) == Some(value)) {
            return None;
        }
    }
    let composed = compose(&target, &state, person)?;
    let alone = Group { target, people: group.people.clone(), nobodys: group.nobodys, found: Vec::new() };
    Some(change(&alone, state, person.map(|person| person.id.clone()), composed))
}

/// What the report tells where the evidence does not: whose it is, and what the account is called.
fn complete(target: &Target, state: &mut State, person: Option<&Person>, report: &Report) {
    let route = target.route;
    // A finding about a person is about what is theirs. Whether it is, is seen before it is touched.
    if let (Some(part), Some(person)) = (route.owner, person)
        && !target.ids.contains_key(part)
        && !state.contains_key(part)
        && let Some(id) = own_id(route.service, person)
    {
        state.insert(part.to_owned(), id.into());
    }
    if !state.contains_key("login")
        && let Some(number) = text(&target.ids, "account")
    {
        let id = format!("github:user/{number}");
        let mut identities = report.people.iter().flat_map(|person| &person.identities);
        let found = identities.find(|identity| identity.id.as_ref().is_some_and(|known| known.raw() == id));
        if let Some(name) = found.and_then(|identity| identity.name.as_ref()) {
            state.insert("login".to_owned(), name.raw().into());
        }
    }
}

/// What a service calls the person.
fn own_id(service: Service, person: &Person) -> Option<&str> {
    match (service, person.accounts.as_slice()) {
        (Service::GitHub, [account]) => account.strip_prefix("github:user/"),
        (Service::GitHub, _) => None,
        _ => person.object_id(),
    }
}

/// Accounts that the configuration protects, by whatever of them the change touches.
fn protected(from: &Draft<'_>, plan: &Plan, values: &State, group: &Group<'_>) -> Option<Keep> {
    if from.protected.is_empty() {
        return None;
    }
    let is = |text: &str| from.protected.iter().any(|known| known.eq_ignore_ascii_case(text));
    let touched = values.values().filter_map(Value::as_str).any(is);
    let people = plan.people.iter().filter(|person| group.people.contains(person.id.as_str()));
    let person = people.into_iter().any(|person| {
        person.object_id().is_some_and(is) || person.upn.as_ref().is_some_and(|upn| is(upn.raw())) || is(&person.id)
    });
    (touched || person).then(|| Keep::Never("[remediation] protected names this account".to_owned()))
}

/// As many owners of an object may go as leave one behind.
fn last_owner(target: &Target, state: &State, owners: &mut HashMap<String, i64>) -> Option<Keep> {
    let others = state.get("_others")?.as_i64()?;
    let object = text(&target.ids, "object")?.to_lowercase();
    let left = owners.entry(object).or_insert(others);
    *left -= 1;
    let why = "it would be left without an owner: name a successor first, then audit and plan again";
    (*left < 0).then(|| Keep::Never(why.to_owned()))
}

fn change(group: &Group<'_>, before: State, person: Option<String>, composed: super::Composed) -> Change {
    let Target { route, subject, .. } = &group.target;
    let checks: BTreeSet<&str> = group.found.iter().map(|(check, _)| check.id.as_str()).collect();
    let reach: BTreeSet<&Untrusted> = group.found.iter().filter_map(|(_, finding)| finding.facts.get("can")).collect();
    Change {
        id: change_id(route.action, subject),
        action: route.action.to_owned(),
        does: route.does.to_owned(),
        service: composed.service.to_owned(),
        person,
        subject: subject.clone(),
        findings: group.found.iter().map(|(_, finding)| finding.id.clone()).collect(),
        closes: Closes {
            findings: group.found.len(),
            checks: checks.into_iter().map(str::to_owned).collect(),
            reach: reach.into_iter().cloned().collect(),
        },
        needs: route.needs.to_owned(),
        before,
        after: composed.after,
        request: composed.request,
        disposition: composed.disposition,
        breaks: composed.breaks,
        undo: composed.undo,
        command: composed.command,
        portal: composed.portal,
    }
}
