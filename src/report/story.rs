//! What happened, for somebody who reads nothing else: two sentences, a timeline, and the ways by which the person still
//! reaches something. It concludes nothing of its own: every line is a finding or a day of the report.

use std::collections::BTreeSet;

use super::words::{open_findings, plural};
use super::{Activity, Person, Report};
use crate::model::{Finding, Severity, Status};

/// How many lines the timeline has at most, the last day among them.
const LINES: usize = 8;
/// How many ways are drawn.
const WAYS: usize = 12;

/// One moment and what it was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) at: String,
    pub(super) what: String,
}

/// What happened after the last day of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) sentences: Vec<String>,
    pub(super) timeline: Vec<Moment>,
}

/// The story of a report about one person; `None`: nothing happened after the last day, or it is about several.
pub(super) fn of(report: &Report) -> Option<Story> {
    let [person] = report.people.as_slice() else { return None };
    let ends = person.ends_at.as_deref()?;
    let mut after = events(report, ends);
    if after.is_empty() {
        return None;
    }
    let sentences = sentences(report, person, &after);
    // The gravest are kept, and then stand in the order in which they happened.
    after.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let mut timeline: Vec<Moment> = after.into_iter().map(|(_, moment)| moment).take(LINES - 1).collect();
    timeline.push(Moment { at: ends.to_owned(), what: "the last day is over".to_owned() });
    timeline.sort();
    Some(Story { sentences, timeline })
}

/// Every finding that was seen to happen after the last day.
fn events(report: &Report, ends: &str) -> Vec<(Severity, Moment)> {
    let mut all = BTreeSet::new();
    for check in report.checks() {
        for finding in open_findings(check).filter(|finding| finding.status == Status::Fail) {
            let fact = |name: &str| finding.facts.get(name).map(|text| text.raw().to_owned());
            let at = fact("first_at").or_else(|| fact("first_seen")).or_else(|| finding.seen_at.clone());
            let Some(at) = at.filter(|at| at.as_str() > ends && is_instant(at)) else { continue };
            all.insert((finding.severity, Moment { at, what: short(finding) }));
        }
    }
    all.into_iter().collect()
}

/// Times of evidence are written alike, so that they can be compared as text; anything else is no time.
fn is_instant(text: &str) -> bool {
    text.len() == 20 && text.ends_with('Z') && text.parse::<jiff::Timestamp>().is_ok()
}

/// The first clause of a reason.
fn short(finding: &Finding) -> String {
    let reason = finding.reason.raw();
    let end = reason.find("; they can act through").or_else(|| reason.find("; ")).unwrap_or(reason.len());
    crate::text::capped(&reason[..end], 200).into_owned()
}

fn sentences(report: &Report, person: &Person, events: &[(Severity, Moment)]) -> Vec<String> {
    let last_day = person.last_day.as_deref().unwrap_or("the last day");
    let activity = report.activity.iter().find(|activity| activity.person == person.id);
    let calls = activity.map(after).filter(|calls| calls.all > 0);
    let first = match calls {
        Some(calls) => format!(
            "After the last day, {last_day}, {} made with what the person can act through, {} of them by the person's own account; most \
             of them, {}, on {}.",
            if calls.all == 1 { "1 call was".to_owned() } else { format!("{} calls were", calls.all) },
            calls.own,
            calls.most,
            calls.day
        ),
        None => format!(
            "After the last day, {last_day}, {} seen in what the person can act through.",
            if events.len() == 1 { "1 event was".to_owned() } else { format!("{} events were", events.len()) }
        ),
    };
    let worst = events.iter().max_by(|one, other| one.0.cmp(&other.0).then(other.1.at.cmp(&one.1.at)));
    let second = worst.map(|(severity, moment)| {
        format!("The gravest of it ({severity}), at {}: {}.", moment.at, moment.what.trim_end_matches('.'))
    });
    std::iter::once(first).chain(second).collect()
}

struct Calls<'a> {
    all: i64,
    own: i64,
    most: i64,
    day: &'a str,
}

fn after(activity: &Activity) -> Calls<'_> {
    let mut calls = Calls { all: 0, own: 0, most: 0, day: "" };
    for day in activity.days.iter().filter(|day| day.after_last_day) {
        let all = day.own.saturating_add(day.others);
        (calls.all, calls.own) = (calls.all.saturating_add(all), calls.own.saturating_add(day.own));
        if all > calls.most {
            (calls.most, calls.day) = (all, &day.date);
        }
    }
    calls
}

/// One way from the person to a role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Way {
    /// What the person holds or satisfies.
    pub(super) credential: String,
    /// As what it acts.
    pub(super) identity: String,
    /// What that may do.
    pub(super) role: String,
}

/// The ways that findings name, the gravest first, and how many there are.
pub(super) fn reach(report: &Report) -> (Vec<Way>, usize) {
    let mut all: Vec<(Severity, Way)> = Vec::new();
    for check in report.checks() {
        for finding in open_findings(check).filter(|finding| finding.status == Status::Fail) {
            let Some(way) = way(finding) else { continue };
            match all.iter_mut().find(|(_, known)| *known == way) {
                Some(known) => known.0 = known.0.max(finding.severity),
                None => all.push((finding.severity, way)),
            }
        }
    }
    all.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let count = all.len();
    (all.into_iter().take(WAYS).map(|(_, way)| way).collect(), count)
}

fn way(finding: &Finding) -> Option<Way> {
    let fact = |name: &str| finding.facts.get(name).map(|text| text.raw());
    if let (Some(via), Some(principal)) = (fact("via"), fact("principal")) {
        let role = finding.reason.raw().split(", through").next().unwrap_or_default();
        return Some(Way { credential: tail(via), identity: tail(principal), role: role.to_owned() });
    }
    let can = fact("can").filter(|can| can.contains("role") && !can.starts_with("no "))?;
    let identity = finding.reason.raw().split_whitespace().next()?;
    let credential = fact("token_subject").map_or_else(|| tail(finding.subject.raw()), str::to_owned);
    Some(Way { credential, identity: identity.to_owned(), role: can.to_owned() })
}

/// The end of an id, which is what tells it from its neighbours.
fn tail(id: &str) -> String {
    let parts: Vec<&str> = id.rsplit('/').take(2).collect();
    match parts.as_slice() {
        [last, kind] if kind.chars().all(char::is_alphabetic) => format!("{kind} {last}"),
        [last, ..] => (*last).to_owned(),
        [] => id.to_owned(),
    }
}

/// `critical 3, high 10`, of everything that is open.
pub(super) fn severities(report: &Report) -> String {
    let all = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low, Severity::Info];
    let of = |severity: Severity| {
        let count = report
            .checks()
            .flat_map(open_findings)
            .filter(|one| one.status == Status::Fail && one.severity == severity)
            .count();
        (count > 0).then(|| format!("{count} {severity}"))
    };
    let counts: Vec<String> = all.into_iter().filter_map(of).collect();
    if counts.is_empty() { plural(0, "finding") } else { counts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_compared_is_a_time() {
        assert!(is_instant("2026-05-01T22:00:00Z"));
        for odd in ["", "2026-05-01", "2026-05-01T22:00:00+02", "9999-99-99T99:99:99Z"] {
            assert!(!is_instant(odd), "{odd}");
        }
    }

    #[test]
    fn an_id_is_called_by_its_end() {
        assert_eq!(tail("azure:/a/b/federated/alice-deploy"), "federated alice-deploy");
        assert_eq!(tail("6b000000-0000"), "6b000000-0000");
    }
}
