//! Turns the rows of a check into findings: which columns there must be, what they may hold, which rows are one finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Value;
use sha2::{Digest, Sha256};

use super::Check;
use super::place::{did_you_mean, shown};
use crate::model::{Finding, Grade, Severity, Status, stamp};
use crate::text::{Untrusted, is_harmless};

const REQUIRED: [&str; 4] = ["person", "subject", "status", "reason"];
const OPTIONAL: [&str; 4] = ["severity", "grade", "actor", "seen_at"];

/// Where in a row each column is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    at: BTreeMap<String, usize>,
}

/// What the rows of one check come to.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    /// Rows that did not pass, one per person and subject, by person and subject.
    pub(super) findings: Vec<Finding>,
    /// Rows that passed.
    pub(super) passed: usize,
}

impl Columns {
    /// The columns by name; says what is missing.
    pub(super) fn of(names: &[String]) -> Result<Columns, String> {
        let mut at = BTreeMap::new();
        for (index, name) in names.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if name.is_empty() || !name.chars().all(plain) {
                return Err(format!("column {} is called `{name}`; give it a lower-case name with AS", index + 1));
            }
            if at.insert(name.clone(), index).is_some() {
                return Err(format!("there are two columns `{name}`; rename one with AS"));
            }
        }
        match REQUIRED.into_iter().find(|name| !at.contains_key(*name)) {
            None => Ok(Columns { at }),
            Some(missing) => {
                let others = names.iter().map(String::as_str).filter(|name| !REQUIRED.contains(name));
                let hint = did_you_mean(missing, others);
                Err(format!("the column `{missing}` is missing{hint}; a check returns {}", REQUIRED.join(", ")))
            }
        }
    }

    fn text(&self, row: &[Value], name: &str) -> Result<Option<String>, String> {
        let value = self.at.get(name).and_then(|index| row.get(*index));
        match value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text.clone())),
            Some(Value::Integer(number)) => Ok(Some(number.to_string())),
            Some(Value::Real(number)) => Ok(Some(number.to_string())),
            Some(Value::Blob(_)) => Err(format!("a row has a blob in `{name}`")),
        }
    }

    /// The column as `parse` reads it; a text that it does not know is an error, never a default.
    fn word<T>(&self, row: &[Value], name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, String> {
        let Some(text) = self.text(row, name)? else { return Ok(None) };
        match parse(&text) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("a row has \"{}\" in `{name}`", shown(&crate::text::capped(&text, 64)))),
        }
    }

    fn facts(&self, row: &[Value]) -> Result<BTreeMap<String, Untrusted>, String> {
        let names =
            self.at.keys().filter(|name| !REQUIRED.contains(&name.as_str()) && !OPTIONAL.contains(&name.as_str()));
        let fact = |name: &String| Ok(self.text(row, name)?.map(|text| (name.clone(), Untrusted::from(text))));
        names.filter_map(|name| fact(name).transpose()).collect()
    }
}

/// Sorts the rows of a check. `complete` says whether a fail of this person could not be undone by more evidence.
///
/// # Errors
/// The first row that does not hold what a check returns.
pub(super) fn sort(
    check: &Check,
    columns: &Columns,
    rows: &[Vec<Value>],
    complete: impl Fn(Option<&str>) -> bool,
) -> Result<Sorted, String> {
    let mut sorted = Sorted::default();
    let mut same: BTreeMap<(Option<String>, Untrusted), Vec<Finding>> = BTreeMap::new();
    for row in rows {
        let status = columns.word(row, "status", Status::parse)?.unwrap_or(Status::Unknown);
        if status == Status::Pass {
            sorted.passed += 1;
            continue;
        }
        let mut finding = finding(check, columns, row, status)?;
        finding.complete = complete(finding.person.as_deref());
        same.entry((finding.person.clone(), finding.subject.clone())).or_default().push(finding);
    }
    sorted.findings = same.into_values().filter_map(merge).collect();
    Ok(sorted)
}

fn finding(check: &Check, columns: &Columns, row: &[Value], status: Status) -> Result<Finding, String> {
    let person = columns.word(row, "person", plain)?;
    let subject = columns.text(row, "subject")?.filter(|subject| !subject.is_empty());
    let subject = subject.ok_or_else(|| "a row has no `subject`".to_owned())?;
    Ok(Finding {
        id: stable_id(&check.id, person.as_deref(), &subject),
        person,
        subject: subject.into(),
        status,
        severity: columns.word(row, "severity", Severity::parse)?.unwrap_or(check.severity),
        grade: columns.word(row, "grade", Grade::parse)?,
        // A NULL joined to a text is NULL; the finding is worth more than its wording.
        reason: columns.text(row, "reason")?.unwrap_or_else(|| check.title.clone()).into(),
        facts: columns.facts(row)?,
        actor: columns.text(row, "actor")?.map(Untrusted::from),
        seen_at: columns.word(row, "seen_at", time)?,
        action: check.action.clone(),
        complete: false,
        controls: check.controls.clone(),
        waiver: None,
        drift: None,
    })
}

/// An id that may be printed as it is.
fn plain(text: &str) -> Option<String> {
    (!text.is_empty() && text.chars().all(is_harmless)).then(|| text.to_owned())
}

fn time(text: &str) -> Option<String> {
    text.parse::<Timestamp>().ok().map(stamp)
}

/// Rows about the same subject and person are one finding: the worst of them speaks, and says how many others there are.
fn merge(mut same: Vec<Finding>) -> Option<Finding> {
    same.sort_by_cached_key(|finding| {
        let Finding { status, severity, grade, seen_at, reason, actor, facts, .. } = finding;
        let order = (*status == Status::Unknown, Reverse(*severity), grade.is_none(), *grade, Reverse(seen_at.clone()));
        (order, reason.clone(), actor.clone(), facts.clone())
    });
    // Equal rows come from joins and say nothing more.
    same.dedup();
    let others = same.len().saturating_sub(1);
    let mut worst = same.into_iter().next()?;
    if others > 0 {
        let rows = if others == 1 { "row" } else { "rows" };
        worst.reason = format!("{} (and {others} more {rows})", worst.reason.raw()).into();
    }
    Some(worst)
}

/// The first 16 digits of SHA-256 over check, person and subject, each behind its length.
fn stable_id(check: &str, person: Option<&str>, subject: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [check, person.unwrap_or_default(), subject] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::file;

    fn check() -> Check {
        let text = "/*\ntitle = \"Bad\"\nseverity = \"low\"\nwhy = \"w\"\nfix = \"f\"\n*/\nSELECT 1;";
        file::parse("checks/s/c.sql", "s/c.sql", text).unwrap().check
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn sorted(names: &[&str], rows: &[Vec<Value>]) -> Result<Sorted, String> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        sort(&check(), &Columns::of(&names)?, rows, |_| true)
    }

    const FOUR: [&str; 4] = ["person", "subject", "status", "reason"];

    #[test]
    fn a_missing_column_is_named() {
        let error = sorted(&["person", "subject", "state", "reason"], &[]).unwrap_err();
        assert!(error.contains("`status` is missing; did you mean `state`?"), "{error}");
        assert!(sorted(&["person", "subject", "status", "reason", "count(*)"], &[]).unwrap_err().contains("with AS"));
        assert!(sorted(&["person", "subject", "status", "reason", "person"], &[]).unwrap_err().contains("two columns"));
    }

    #[test]
    fn null_is_unknown_and_a_pass_is_only_counted() {
        let rows = [
            vec![text("p"), text("a"), text("pass"), Value::Null],
            vec![Value::Null, text("b"), Value::Null, Value::Null],
        ];
        let Sorted { findings, passed } = sorted(&FOUR, &rows).unwrap();
        assert_eq!((passed, findings.len()), (1, 1));
        assert_eq!((findings[0].status, findings[0].reason.raw()), (Status::Unknown, "Bad"));
    }

    #[test]
    fn a_value_that_no_check_may_return_is_an_error() {
        let names = ["person", "subject", "status", "reason", "severity", "grade", "seen_at"];
        let good = || vec![text("p"), text("s"), text("fail"), text("r"), text("high"), text("A"), Value::Null];
        assert_eq!(sorted(&names, &[good()]).unwrap().findings.len(), 1);
        let bad = [
            (0, text("")),
            (0, text("p\u{1b}[31m")),
            (1, Value::Null),
            (1, text("")),
            (2, text("Fail")),
            (2, text("ok")),
            (2, Value::Integer(1)),
            (3, Value::Blob(vec![1])),
            (4, text("severe")),
            (5, text("a")),
            (6, text("yesterday")),
        ];
        for (index, value) in bad {
            let mut row = good();
            row[index] = value.clone();
            let error = sorted(&names, &[row]).unwrap_err();
            assert!(error.contains(names[index]) && !error.contains('\u{1b}'), "{value:?}: {error}");
        }
    }

    #[test]
    fn rows_about_one_subject_are_one_finding_in_any_order() {
        let names = ["person", "subject", "status", "reason", "severity", "path"];
        let row = |status: Value, reason: &str, severity: &str| {
            vec![text("p"), text("s"), status, text(reason), text(severity), text(reason)]
        };
        let mut rows = vec![
            row(Value::Null, "perhaps", "critical"),
            row(text("fail"), "one way", "low"),
            row(text("fail"), "another way", "high"),
            row(text("fail"), "another way", "high"),
        ];
        let first = sorted(&names, &rows).unwrap().findings;
        rows.reverse();
        assert_eq!(sorted(&names, &rows).unwrap().findings, first);
        assert_eq!(first.len(), 1);
        assert_eq!((first[0].severity, first[0].reason.raw()), (Severity::High, "another way (and 2 more rows)"));
        assert_eq!(first[0].facts["path"].raw(), "another way");
    }

    #[test]
    fn an_id_is_stable_and_tells_its_parts_apart() {
        assert_eq!(stable_id("c", Some("p"), "s"), stable_id("c", Some("p"), "s"));
        assert_ne!(stable_id("c", Some("p"), "s"), stable_id("c", Some("ps"), ""));
        assert_ne!(stable_id("c", None, "ps"), stable_id("c", Some("p"), "s"));
        assert_eq!(stable_id("c", None, "s").len(), 16);
    }
}
