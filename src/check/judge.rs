//! Runs checks on evidence and concludes. Nothing here can turn what was not looked at into a pass.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::Value;

use super::finding::{self, Columns, Sorted};
use super::gap;
use super::place::shown;
use super::{Check, Checks, Error, Judgement};
use crate::evidence::sandbox::{Limits, Outcome, Sandbox};
use crate::evidence::{Coverage, Evidence, Person};
use crate::model::{Finding, Gap, GapKind, Status, Verdict, stamp};

/// The evidence as a check meets it.
pub(super) struct Exhibit {
    pub(super) sandbox: Sandbox,
    pub(super) coverage: Vec<Coverage>,
    /// The ids of the people of the run.
    pub(super) people: Vec<String>,
    /// What `:now` is.
    pub(super) now: String,
}

/// Judges the evidence by every check, in the order of their ids. The same evidence and checks give the same result.
///
/// # Errors
/// Only when the evidence itself cannot be read. A check that fails is unknown, and says so.
pub fn judge(evidence: &Evidence, checks: &Checks, limits: Limits) -> Result<Vec<Judgement>, Error> {
    let now = evidence.meta("now")?.and_then(|now| now.parse::<Timestamp>().ok());
    let exhibit = Exhibit {
        sandbox: Sandbox::on(evidence, limits)?,
        coverage: evidence.coverage()?,
        people: evidence.people()?.into_iter().map(|person| person.id).collect(),
        now: now.map(stamp).ok_or_else(|| Error::NoTime { path: evidence.path().display().to_string() })?,
    };
    Ok(checks.iter().map(|entry| exhibit.judge(&entry.check)).collect())
}

/// The verdict of every check for every person: what is found or missing for nobody in particular counts for all.
pub fn by_person<'j>(judgements: &'j [Judgement], people: &[Person]) -> BTreeMap<String, Vec<(&'j str, Verdict)>> {
    let verdicts = |person: &str| {
        judgements.iter().map(|judgement| (judgement.check.id.as_str(), of_person(judgement, person))).collect()
    };
    people.iter().map(|person| (person.id.clone(), verdicts(&person.id))).collect()
}

fn of_person(judgement: &Judgement, person: &str) -> Verdict {
    if !matches!(judgement.verdict, Verdict::Pass | Verdict::Fail | Verdict::Unknown) {
        return judgement.verdict;
    }
    let concerns = |of: &Option<String>| of.as_deref().is_none_or(|of| of == person);
    conclude(
        judgement.findings.iter().filter(|finding| concerns(&finding.person)),
        judgement.gaps.iter().any(|gap| concerns(&gap.person)),
    )
}

fn conclude<'f>(findings: impl Iterator<Item = &'f Finding>, gap: bool) -> Verdict {
    let of_rows = findings.map(|finding| match finding.status {
        Status::Fail => Verdict::Fail,
        Status::Unknown => Verdict::Unknown,
        Status::Pass => Verdict::Pass,
    });
    Verdict::of(of_rows.chain([if gap { Verdict::Unknown } else { Verdict::Pass }]))
}

impl Exhibit {
    pub(super) fn judge(&self, check: &Arc<Check>) -> Judgement {
        let mut judgement = Judgement {
            check: Arc::clone(check),
            verdict: Verdict::Unknown,
            tables: Vec::new(),
            examined: 0,
            passed: 0,
            gaps: Vec::new(),
            findings: Vec::new(),
        };
        match self.sorted(check, &mut judgement) {
            Ok(sorted) => (judgement.findings, judgement.passed) = (sorted.findings, sorted.passed),
            Err(what) => judgement.gaps.push(broken(check, &what)),
        }
        judgement.gaps.sort();
        judgement.verdict = conclude(judgement.findings.iter(), !judgement.gaps.is_empty());
        judgement
    }

    /// Runs the query and notes in `judgement` what it read and what is missing of that.
    fn sorted(&self, check: &Check, judgement: &mut Judgement) -> Result<Sorted, String> {
        let mut query = self.sandbox.prepare(&check.sql).map_err(|refusal| refusal.what)?;
        judgement.gaps = gap::gaps(&query.tables, &self.coverage, &self.people);
        judgement.examined = gap::examined(&query.tables, &self.coverage);
        judgement.tables = query.tables.iter().cloned().collect();
        let columns = Columns::of(&query.columns)?;
        let values =
            query.parameters.iter().map(|name| self.bound(check, name.as_deref())).collect::<Result<Vec<_>, _>>()?;
        let Outcome { rows, cut } = query.run(&values).map_err(|refusal| refusal.what)?;
        if cut {
            judgement.gaps.push(too_many(check, rows.len()));
        }
        let gaps = &judgement.gaps;
        finding::sort(check, &columns, &rows, |person| check.monotone || !gaps.iter().any(|gap| concerns(gap, person)))
    }

    fn bound(&self, check: &Check, parameter: Option<&str>) -> Result<Value, String> {
        match parameter.and_then(|name| name.strip_prefix(':')) {
            Some("now") => Ok(Value::Text(self.now.clone())),
            Some(name) if check.params.contains_key(name) => Ok(Value::Integer(check.params[name])),
            _ => Err(format!("the parameter {} has no value", parameter.unwrap_or("?"))),
        }
    }
}

/// Whether a gap casts doubt on a finding about `person`; one about nobody in particular is doubted by every gap.
fn concerns(gap: &Gap, person: Option<&str>) -> bool {
    match (&gap.person, person) {
        (Some(of), Some(person)) => of == person,
        _ => true,
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
    }
}
