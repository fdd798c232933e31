//! What changed since an earlier report: new, still open, back again, fixed. "Fixed" is only said where the check could
//! see everything; what is merely not visible any more counts as open. It compares; it never judges.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Check, Digest, Mode, Person, Report};
use crate::model::{Change, Finding, FindingDrift, Status, Verdict};
use crate::text::Untrusted;

/// For so many days a fixed finding is carried on, so that its return is known.
const CARRIED_DAYS: i64 = 400;

/// When a leaver is looked at again, in days after the last one.
const RECHECKS: [u32; 4] = [1, 7, 30, 90];

const DAY: i64 = 86_400;

/// A finding that is in no list of findings of this report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Absent {
    /// The id of the finding.
    pub id: String,
    /// The check that had found it.
    pub check: String,
    /// Whom it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// What had been found.
    pub subject: Untrusted,
    /// Since when it is open, for one that this report could not see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// When it was first seen gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_at: Option<String>,
}

/// What changed since an earlier report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The earlier report, as a file.
    pub baseline: Digest,
    /// Findings that were not there.
    pub new: usize,
    /// Findings that were there, those that could not be seen now included.
    pub open: usize,
    /// Findings that had been fixed and are there again.
    pub reappeared: usize,
    /// What was seen gone, in this report or one of the last 400 days.
    #[serde(default)]
    pub fixed: Vec<Absent>,
    /// What was open and could not be looked at now.
    #[serde(default)]
    pub unseen: Vec<Absent>,
}

/// The state of the whole programme at this report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Programme {
    /// People who left.
    pub leavers: usize,
    /// Those for whom nothing is open.
    pub clean: usize,
    /// Those for whom something is.
    pub open: usize,
    /// Those about whom not everything could be looked at.
    pub unknown: usize,
    /// From the end of the last day to the first clean report, the middle of all who got there.
    pub median_hours_to_clean: Option<i64>,
    /// Steps that are clean, summed over all people.
    pub steps_done: usize,
    /// Personal credentials in configurations of MCP servers on scanned hosts.
    pub personal_credentials_in_mcp_configurations: i64,
}

/// An earlier report, and the digest of its file.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// The report.
    pub report: Report,
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
}

impl Report {
    /// Tells what changed since `baseline`; without one, only what follows from this report.
    pub fn since(&mut self, baseline: Option<&Baseline>) {
        let earlier = baseline.map(|baseline| &baseline.report);
        for person in &mut self.people {
            let before = earlier.and_then(|report| report.people.iter().find(|one| one.id == person.id));
            let asked_at = before.and(earlier).map(|report| report.run.now.as_str());
            person.settle(before, asked_at, &self.run.now);
        }
        if let Some(programme) = &mut self.programme {
            programme.median_hours_to_clean = median(&self.people);
        }
        if let Some(baseline) = baseline {
            self.drift = Some(compare(self, baseline));
        }
    }
}

impl Person {
    fn settle(&mut self, before: Option<&Person>, asked_at: Option<&str>, now: &str) {
        let (Some(ends_at), Some(now)) = (self.ends_at.as_deref().and_then(instant), instant(now)) else { return };
        let clean = matches!(self.verdict, Some(Verdict::Pass | Verdict::Waived));
        let hours = || (clean && now >= ends_at).then(|| (now.as_second() - ends_at.as_second()) / 3600);
        self.hours_to_clean = before.and_then(|before| before.hours_to_clean).or_else(hours);
        let passed = |days: &u32| now.as_second() >= ends_at.as_second() + i64::from(*days) * DAY;
        let looked = |days: &u32| {
            let at = asked_at.and_then(instant);
            at.is_some_and(|at| at.as_second() >= ends_at.as_second() + i64::from(*days) * DAY)
        };
        self.due = RECHECKS.into_iter().filter(|days| passed(days) && !looked(days)).collect();
    }
}

/// A finding with the check that found it.
type Found<'r> = (&'r Check, &'r Finding);

fn failed(report: &Report) -> impl Iterator<Item = Found<'_>> {
    let all = report.checks().flat_map(|check| check.findings.iter().map(move |finding| (check, finding)));
    all.filter(|(_, finding)| finding.status == Status::Fail)
}

fn compare(report: &mut Report, baseline: &Baseline) -> Drift {
    let now = report.run.now.clone();
    let open = open_before(report, &baseline.report);
    let fixed: BTreeMap<&str, &Absent> =
        baseline.report.drift.iter().flat_map(|drift| &drift.fixed).map(|one| (one.id.as_str(), one)).collect();
    let mut drift = Drift {
        baseline: Digest { sha256: baseline.sha256.clone() },
        new: 0,
        open: 0,
        reappeared: 0,
        fixed: Vec::new(),
        unseen: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    for finding in report.steps.iter_mut().flat_map(|step| &mut step.checks).flat_map(|check| &mut check.findings) {
        if finding.status != Status::Fail {
            continue;
        }
        seen.insert(finding.id.clone());
        finding.drift = Some(drift.of(&finding.id, &open, &fixed, &now));
    }
    for (id, gone) in open.into_iter().filter(|(id, _)| !seen.contains(id)) {
        match is_gone(report, &id, &gone) {
            true => drift.fixed.push(Absent { since: None, fixed_at: Some(now.clone()), ..gone }),
            false => drift.unseen.push(gone),
        }
    }
    let carried = |one: &&&Absent| !seen.contains(&one.id) && is_recent(one, &now);
    drift.fixed.extend(fixed.values().filter(carried).map(|one| (*one).clone()));
    drift.open += drift.unseen.len();
    drift.fixed.sort_by(|a, b| a.id.cmp(&b.id));
    drift.fixed.dedup_by(|a, b| a.id == b.id);
    drift
}

impl Drift {
    fn of(
        &mut self,
        id: &str,
        open: &BTreeMap<String, Absent>,
        fixed: &BTreeMap<&str, &Absent>,
        now: &str,
    ) -> FindingDrift {
        let (state, since, fixed_at) = match (open.get(id), fixed.get(id)) {
            (Some(before), _) => (Change::Open, before.since.clone(), None),
            (None, Some(before)) => (Change::Reappeared, None, before.fixed_at.clone()),
            (None, None) => (Change::New, None, None),
        };
        match state {
            Change::New => self.new += 1,
            Change::Open => self.open += 1,
            Change::Reappeared => self.reappeared += 1,
        }
        FindingDrift { state, since: since.unwrap_or_else(|| now.to_owned()), fixed_at }
    }
}

/// What was open in the baseline, seen there or not. One audit says nothing about people whom it does not look at.
fn open_before(report: &Report, baseline: &Report) -> BTreeMap<String, Absent> {
    let people: BTreeSet<&str> = report.people.iter().map(|person| person.id.as_str()).collect();
    let concerned = |person: &Option<String>| {
        report.run.mode == Mode::Sweep || person.as_deref().is_none_or(|person| people.contains(person))
    };
    let found = failed(baseline).map(|(check, finding)| Absent {
        id: finding.id.clone(),
        check: check.id.clone(),
        person: finding.person.clone(),
        subject: finding.subject.clone(),
        since: Some(finding.drift.as_ref().map_or(&baseline.run.now, |drift| &drift.since).clone()),
        fixed_at: None,
    });
    let unseen = baseline.drift.iter().flat_map(|drift| drift.unseen.iter().cloned());
    found.chain(unseen).filter(|one| concerned(&one.person)).map(|one| (one.id.clone(), one)).collect()
}

/// Whether the check looked at everything that could have shown it again, for this person, and did not.
fn is_gone(report: &Report, id: &str, gone: &Absent) -> bool {
    let asked = gone.person.as_ref().is_none_or(|person| report.people.iter().any(|one| one.id == *person));
    let Some(check) = report.checks().find(|check| check.id == gone.check) else { return false };
    let concerns = |person: &Option<String>| person.is_none() || gone.person.is_none() || *person == gone.person;
    let blind = check.gaps.iter().any(|gap| concerns(&gap.person));
    // An id that the evidence does not tell about now, or a subject in doubt for this person, is not gone.
    let in_doubt = check.findings.iter().any(|finding| {
        finding.status == Status::Unknown
            && (finding.id == id || (finding.subject == gone.subject && concerns(&finding.person)))
    });
    asked && !blind && !in_doubt && check.verdict != Verdict::NotApplicable
}

fn is_recent(fixed: &Absent, now: &str) -> bool {
    let at = fixed.fixed_at.as_deref().and_then(instant);
    let age = |at: Timestamp| instant(now).map(|now| now.as_second() - at.as_second());
    at.and_then(age).is_none_or(|age| age <= CARRIED_DAYS * DAY)
}

fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// The numbers of a programme, from the verdicts of every person and step.
pub fn programme(
    people: &[Person],
    steps_of: &BTreeMap<String, BTreeMap<String, Verdict>>,
    credentials: i64,
) -> Programme {
    let count = |verdicts: &[Verdict]| {
        people.iter().filter(|person| person.verdict.is_some_and(|verdict| verdicts.contains(&verdict))).count()
    };
    let done = |verdict: &&Verdict| matches!(verdict, Verdict::Pass | Verdict::Waived | Verdict::NotApplicable);
    Programme {
        leavers: people.len(),
        clean: count(&[Verdict::Pass, Verdict::Waived]),
        open: count(&[Verdict::Fail]),
        unknown: count(&[Verdict::Unknown, Verdict::NotApplicable]),
        median_hours_to_clean: median(people),
        steps_done: steps_of.values().flat_map(BTreeMap::values).filter(done).count(),
        personal_credentials_in_mcp_configurations: credentials,
    }
}

/// What changed, the loudest first, and where the programme stands: a line each, for formats that people read.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut all = Vec::new();
    if let Some(drift) = &report.drift {
        let back = failed(report).filter(|(_, finding)| is(finding, Change::Reappeared));
        all.extend(back.map(|(check, finding)| {
            let at = finding.drift.as_ref().and_then(|drift| drift.fixed_at.as_deref()).unwrap_or("earlier");
            format!("BACK AGAIN, fixed {at}: {} ({})", finding.subject.raw(), check.id)
        }));
        let now = drift.fixed.iter().filter(|one| one.fixed_at.as_ref() == Some(&report.run.now)).count();
        all.push(format!(
            "{} new, {} still open ({} of them could not be seen now), {now} fixed since the report before",
            drift.new,
            drift.open,
            drift.unseen.len()
        ));
    }
    if let Some(programme) = &report.programme {
        let Programme { leavers, clean, open, unknown, median_hours_to_clean, .. } = programme;
        let hours =
            median_hours_to_clean.map_or(String::new(), |hours| format!("; {hours} hours to clean in the middle"));
        all.push(format!("{leavers} leavers: {clean} clean, {open} open, {unknown} not proven{hours}"));
    }
    let due = report.people.iter().filter(|person| !person.due.is_empty()).count();
    if report.drift.is_some() && due > 0 {
        all.push(format!(
            "{} due for a look on day 1, 7, 30 or 90 are looked at here",
            super::words::plural(due, "re-check")
        ));
    }
    all
}

fn is(finding: &Finding, state: Change) -> bool {
    finding.drift.as_ref().is_some_and(|drift| drift.state == state)
}

fn median(people: &[Person]) -> Option<i64> {
    let mut hours: Vec<i64> = people.iter().filter_map(|person| person.hours_to_clean).collect();
    hours.sort_unstable();
    hours.get(hours.len().saturating_sub(1) / 2).copied()
}
