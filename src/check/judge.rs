//! Runs checks on evidence and concludes. Nothing here can turn what was not looked at into a pass.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Value;

use super::finding::{self, Columns, Sorted};
use super::gap;
use super::place::shown;
use super::waiver::{InForce, Used, Waivers};
use super::{Check, Checks, Entry, Error, Judgement};
use crate::evidence::sandbox::{Limits, Outcome, Query, Sandbox};
use crate::evidence::{Coverage, Evidence, Person};
use crate::model::{Finding, Gap, GapKind, Param, Verdict, stamp};

/// The step about the fence itself: the mode of a run that reads nothing else, and the mark of one that reads it too.
pub const POSTURE: &str = "posture";

/// The evidence as a check meets it.
pub(super) struct Exhibit {
    pub(super) sandbox: Sandbox,
    pub(super) coverage: Vec<Coverage>,
    /// The ids of the people of the run.
    pub(super) people: Vec<String>,
    /// What `:now` is.
    pub(super) now: String,
    /// What owners answer for.
    pub(super) waivers: InForce,
}

/// Judges the evidence by every check, in the order of their ids. The same evidence and checks give the same result.
///
/// # Errors
/// Only when the evidence itself cannot be read. A check that fails is unknown, and says so.
pub fn judge(evidence: &Evidence, checks: &Checks, limits: Limits) -> Result<Vec<Judgement>, Error> {
    judge_waived(evidence, checks, limits, &Waivers::default()).map(|(judgements, _)| judgements)
}

/// The same, with what owners answer for; tells which of these waivers applied.
///
/// # Errors
/// As [`judge`].
pub fn judge_waived(
    evidence: &Evidence,
    checks: &Checks,
    limits: Limits,
    waivers: &Waivers,
) -> Result<(Vec<Judgement>, Used), Error> {
    let now = evidence.meta("now")?.and_then(|now| now.parse::<Timestamp>().ok());
    let now = now.ok_or_else(|| Error::NoTime { path: evidence.path().display().to_string() })?;
    let people = evidence.people()?;
    let exhibit = Exhibit {
        sandbox: Sandbox::on(evidence, limits)?,
        coverage: evidence.coverage()?,
        waivers: waivers.in_force(now, &people, checks),
        people: people.into_iter().map(|person| person.id).collect(),
        now: stamp(now),
    };
    let step = Steps::of(evidence.meta("mode")?.as_deref(), evidence.meta(POSTURE)?.is_some());
    let wanted = checks.iter().filter(|entry| step.has(&entry.check.step));
    let judgements: Vec<Judgement> = wanted.map(|entry| exhibit.judge(entry)).collect();
    let used = exhibit.waivers.used(&judgements);
    Ok((judgements, used))
}

/// Which steps an evidence file is about.
enum Steps {
    Posture,
    All,
    People,
}

impl Steps {
    fn of(mode: Option<&str>, posture: bool) -> Steps {
        match (mode, posture) {
            (Some(POSTURE), _) => Steps::Posture,
            (_, true) => Steps::All,
            (_, false) => Steps::People,
        }
    }

    fn has(&self, step: &str) -> bool {
        match self {
            Steps::Posture => step == POSTURE,
            Steps::All => true,
            Steps::People => step != POSTURE,
        }
    }
}

/// The verdict of every check for every person: what is found or missing for nobody in particular counts for all.
pub fn by_person<'j>(judgements: &'j [Judgement], people: &[Person]) -> BTreeMap<String, Vec<(&'j str, Verdict)>> {
    let mut all: BTreeMap<String, Vec<(&str, Verdict)>> =
        people.iter().map(|person| (person.id.clone(), Vec::new())).collect();
    for judgement in judgements {
        let own = own_verdicts(judgement);
        let shared = own.get(&None).copied().unwrap_or(Verdict::NotApplicable);
        let settled = match judgement.verdict {
            Verdict::NotApplicable => Verdict::NotApplicable,
            Verdict::Pass | Verdict::Waived | Verdict::Fail | Verdict::Unknown => Verdict::Pass,
        };
        for (person, verdicts) in &mut all {
            let own = own.get(&Some(person)).copied().unwrap_or(Verdict::NotApplicable);
            verdicts.push((&judgement.check.id, Verdict::of([settled, shared, own])));
        }
    }
    all
}

/// What a check found or missed for each person, and under `None` for nobody in particular.
fn own_verdicts(judgement: &Judgement) -> BTreeMap<Option<&str>, Verdict> {
    let mut own = BTreeMap::new();
    if judgement.verdict == Verdict::NotApplicable {
        return own;
    }
    let found = judgement.findings.iter().map(|finding| (&finding.person, finding.verdict()));
    let missed = judgement.gaps.iter().map(|gap| (&gap.person, gap.verdict()));
    for (person, verdict) in found.chain(missed) {
        let worst = own.entry(person.as_deref()).or_insert(verdict);
        *worst = Verdict::of([*worst, verdict]);
    }
    own
}

impl Exhibit {
    pub(super) fn judge(&self, entry: &Entry) -> Judgement {
        let (mut query, mut tables) = (self.sandbox.prepare(&entry.check.sql), BTreeSet::new());
        // The evidence may define views otherwise than this program does; what the check reads here counts as well.
        tables.extend(entry.tables.iter().cloned());
        tables.extend(query.iter().flat_map(|query| query.tables.iter().cloned()));
        if self.is_moot(&entry.check) {
            return moot(&entry.check, tables);
        }
        let id = entry.check.id.as_str();
        let mut gaps = gap::gaps(&tables, &self.coverage, &self.people, &|gap| self.waivers.of_gap(id, gap));
        let sorted = match &mut query {
            Ok(query) => self.sorted(&entry.check, query, &mut gaps),
            Err(refusal) => Err(refusal.what.clone()),
        };
        let Sorted { mut findings, passed } = sorted.unwrap_or_else(|what| {
            gaps.push(broken(&entry.check, &what));
            Sorted::default()
        });
        gaps.sort();
        findings.iter_mut().for_each(|finding| finding.waiver = self.waivers.of_finding(id, finding));
        let all = findings.iter().map(Finding::verdict).chain(gaps.iter().map(Gap::verdict));
        Judgement {
            check: Arc::clone(&entry.check),
            verdict: Verdict::of(all.chain([Verdict::Pass])),
            examined: gap::examined(&tables, &self.coverage),
            tables: tables.into_iter().collect(),
            passed,
            gaps,
            findings,
        }
    }

    /// Whether the question does not arise: what it is about was looked for to the end, and there is none of it.
    fn is_moot(&self, check: &Check) -> bool {
        let Some(table) = &check.applies else { return false };
        let mut parts = self.coverage.iter().filter(|row| row.dataset == *table).peekable();
        parts.peek().is_some() && parts.all(|row| row.gap.is_none() && row.objects == 0)
    }

    /// Runs the query and sorts its rows; adds a gap if there were too many.
    fn sorted(&self, check: &Check, query: &mut Query<'_>, gaps: &mut Vec<Gap>) -> Result<Sorted, String> {
        let columns = Columns::of(&query.columns)?;
        let values: Vec<Value> =
            query.parameters.iter().map(|name| self.bound(check, name.as_deref())).collect::<Result<_, _>>()?;
        let Outcome { rows, cut } = query.run(&values).map_err(|refusal| refusal.what)?;
        if cut {
            gaps.push(too_many(check, rows.len()));
        }
        let doubted: BTreeSet<Option<&str>> = gaps.iter().map(|gap| gap.person.as_deref()).collect();
        finding::sort(check, &columns, &rows, |person| {
            // A finding about nobody in particular is in doubt whoever the gap is about.
            let in_doubt =
                doubted.contains(&None) || doubted.contains(&person) || (person.is_none() && !doubted.is_empty());
            check.monotone || !in_doubt
        })
    }

    fn bound(&self, check: &Check, parameter: Option<&str>) -> Result<Value, String> {
        match parameter.and_then(|name| name.strip_prefix(':')) {
            Some("now") => Ok(Value::Text(self.now.clone())),
            name => match name.and_then(|name| check.params.get(name)) {
                Some(Param::Integer(number)) => Ok(Value::Integer(*number)),
                Some(Param::Text(text)) => Ok(Value::Text(text.clone())),
                None => Err(format!("the parameter {} has no value", parameter.unwrap_or("?"))),
            },
        }
    }
}

fn moot(check: &Arc<Check>, tables: BTreeSet<String>) -> Judgement {
    Judgement {
        check: Arc::clone(check),
        verdict: Verdict::NotApplicable,
        tables: tables.into_iter().collect(),
        examined: 0,
        passed: 0,
        gaps: Vec::new(),
        findings: Vec::new(),
    }
}

fn broken(check: &Check, what: &str) -> Gap {
    let hint = format!("correct the check; `leaver checks test {}` runs its cases", check.id);
    gap_of_check(check, GapKind::Failed, what, hint)
}

fn too_many(check: &Check, rows: usize) -> Gap {
    let what = format!("it returned more than a check may; the first {rows} rows are kept");
    gap_of_check(check, GapKind::Truncated, &what, "narrow the check, so that it returns less".to_owned())
}

fn gap_of_check(check: &Check, kind: GapKind, what: &str, hint: String) -> Gap {
    Gap {
        kind,
        dataset: check.id.clone(),
        scope: "the check itself".into(),
        person: None,
        needs: None,
        detail: Some(shown(what).into()),
        hint,
        waiver: None,
    }
}
