//! Runs the cases of a check: rows into a database in memory, the check judged on it, the outcome compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rusqlite::Connection;
use rusqlite::types::Value;

use super::file::{Case, CaseRow, Expect};
use super::judge::Exhibit;
use super::place::{Refused, Source, did_you_mean, shown};
use super::waiver::InForce;
use super::{Checks, Entry, Error, Judgement};
use crate::evidence::sandbox::{Limits, Sandbox};
use crate::evidence::{Coverage, row};
use crate::model::{Gap, GapKind, Status, Verdict};

/// What came of running cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Checks that were tested.
    pub checks: usize,
    /// Cases that were run.
    pub cases: usize,
    /// What is wrong, in the order of the checks.
    pub failures: Vec<Failure>,
}

/// A case that did not come out as expected, or a check whose cases cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The id of the check.
    pub check: String,
    /// The place, and what was expected and what came out.
    pub what: Refused,
    /// The command that runs it again.
    pub rerun: String,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Failure { check, what, rerun } in &self.failures {
            write!(f, "{what}\n  check: {check}\n  rerun: {rerun}\n\n")?;
        }
        let failed = self.failures.len();
        writeln!(f, "{} checks, {} cases: {failed} failed", self.checks, self.cases)
    }
}

impl Checks {
    /// Runs the cases of all checks, or of the one with the id `only`.
    ///
    /// # Errors
    /// When there is no such check.
    pub fn test(&self, only: Option<&str>) -> Result<Summary, Error> {
        let entries: Vec<&Entry> = match only {
            Some(id) => vec![self.find(id)?],
            None => self.iter().collect(),
        };
        let mut summary = Summary { checks: entries.len(), cases: 0, failures: Vec::new() };
        for entry in entries {
            summary.cases += entry.cases.len();
            let refused =
                missing(entry).into_iter().chain(entry.cases.iter().filter_map(|case| run(entry, case).err()));
            summary.failures.extend(refused.map(|what| failure(entry, what)));
        }
        Ok(summary)
    }
}

fn failure(entry: &Entry, what: Refused) -> Failure {
    let id = &entry.check.id;
    let folder = entry.folder.as_ref().map_or(String::new(), |folder| format!("--checks '{}' ", folder.display()));
    Failure { check: id.clone(), what, rerun: shown(&format!("leaver checks test {folder}{id}")) }
}

/// Says which outcome no case shows.
fn missing(entry: &Entry) -> Option<Refused> {
    let shown: BTreeSet<Status> = entry.cases.iter().flat_map(|case| case.expect.statuses()).collect();
    let missing: Vec<String> = [Status::Pass, Status::Fail, Status::Unknown]
        .into_iter()
        .filter(|status| !shown.contains(status))
        .map(|status| format!("\"{status}\""))
        .collect();
    let what = format!("no case expects {}; a check shows all three outcomes", missing.join(" or "));
    (!missing.is_empty()).then(|| source(entry).refuse(entry.check.text.len(), what))
}

impl Expect {
    fn statuses(&self) -> Vec<Status> {
        match self {
            Expect::Verdict(status) => vec![*status],
            Expect::Subjects(subjects) => subjects.values().copied().collect(),
        }
    }
}

fn source(entry: &Entry) -> Source<'_> {
    Source { file: &entry.file, text: &entry.check.text }
}

fn run(entry: &Entry, case: &Case) -> Result<(), Refused> {
    let judgement = exhibit(source(entry), case)?.judge(entry);
    let differs = match &case.expect {
        Expect::Verdict(status) => differs(*status, &judgement),
        Expect::Subjects(subjects) => differs_in(subjects, &judgement),
    };
    match differs {
        None => Ok(()),
        Some(what) => Err(source(entry).refuse(case.at, format!("case \"{}\": {what}", case.name))),
    }
}

fn differs(expected: Status, judgement: &Judgement) -> Option<String> {
    let got = match judgement.verdict {
        Verdict::Fail => Status::Fail,
        Verdict::Unknown => Status::Unknown,
        Verdict::Pass | Verdict::Waived | Verdict::NotApplicable => Status::Pass,
    };
    (got != expected).then(|| format!("expected {expected}, got {got}{}", because(judgement)))
}

fn differs_in(expected: &BTreeMap<String, Status>, judgement: &Judgement) -> Option<String> {
    // Several people may share a subject: a fail for one of them is what counts.
    let mut got: BTreeMap<&str, Status> = BTreeMap::new();
    for finding in &judgement.findings {
        let status = got.entry(finding.subject.raw()).or_insert(finding.status);
        if finding.status == Status::Fail {
            *status = Status::Fail;
        }
    }
    // What is not found over incomplete tables has not passed.
    let unfound = if judgement.gaps.is_empty() { Status::Pass } else { Status::Unknown };
    let wrong = expected.iter().find_map(|(subject, status)| {
        let got = got.get(subject.as_str()).copied().unwrap_or(unfound);
        (got != *status).then(|| format!("{subject}: expected {status}, got {got}{}", because(judgement)))
    });
    let unexpected = || got.iter().find(|(subject, _)| !expected.contains_key(**subject));
    wrong.or_else(|| unexpected().map(|(subject, status)| format!("{subject}: expected nothing, got {status}")))
}

/// What helps to see why: the findings and the gaps, shortened.
fn because(judgement: &Judgement) -> String {
    let findings = judgement
        .findings
        .iter()
        .map(|finding| format!("{} is {}: {}", finding.subject.raw(), finding.status, finding.reason.raw()));
    let gaps = judgement.gaps.iter().map(|gap| {
        format!("{} is {}: {}", gap.dataset, gap.kind, gap.detail.as_ref().map_or("", |detail| detail.raw()))
    });
    let known: Vec<String> = findings.chain(gaps).take(5).collect();
    if known.is_empty() { String::new() } else { format!(" ({})", known.join("; ")) }
}

/// The tables that a case may fill, with their columns: everything that a collector may fill.
fn tables() -> BTreeMap<&'static str, &'static [&'static str]> {
    row::tables().collect()
}

fn exhibit(source: Source<'_>, case: &Case) -> Result<Exhibit, Refused> {
    let tables = tables();
    let unknown = |at: usize, name: &str| {
        let hint = did_you_mean(name, tables.keys().copied());
        Err(source.refuse(at, format!("there is no evidence table `{name}`{hint}")))
    };
    for (table, at) in &case.incomplete {
        if !tables.contains_key(table.as_str()) {
            return unknown(*at, table);
        }
    }
    for row in &case.rows {
        let Some(columns) = tables.get(row.table.as_str()) else { return unknown(row.at, &row.table) };
        if let Some((column, at, _)) = row.values.iter().find(|(column, ..)| !columns.contains(&column.as_str())) {
            let hint = did_you_mean(column, columns.iter().copied());
            return Err(source.refuse(*at, format!("`{}` has no column `{column}`{hint}", row.table)));
        }
    }
    let sandbox = Sandbox::in_memory(Limits::default(), |connection| fill(source, connection, case));
    let people = case.rows.iter().filter(|row| row.table == "person").filter_map(id).collect();
    let sandbox = sandbox.map_err(|error| error.at(source, case))?;
    Ok(Exhibit {
        sandbox,
        coverage: coverage(case, &tables),
        people,
        now: case.now.clone(),
        waivers: InForce::default(),
    })
}

fn id(row: &CaseRow) -> Option<String> {
    row.values.iter().find_map(|(column, _, value)| match value {
        Value::Text(id) if column == "id" => Some(id.clone()),
        _ => None,
    })
}

/// Why the rows of a case could not be put into their tables.
enum Unfilled {
    Row(Refused),
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfilled {
    fn from(error: rusqlite::Error) -> Unfilled {
        Unfilled::Database(error)
    }
}

impl Unfilled {
    fn at(self, source: Source<'_>, case: &Case) -> Refused {
        match self {
            Unfilled::Row(refused) => refused,
            Unfilled::Database(error) => source.refuse(case.at, format!("case \"{}\": {error}", case.name)),
        }
    }
}

fn fill(source: Source<'_>, connection: &Connection, case: &Case) -> Result<(), Unfilled> {
    for row in &case.rows {
        insert(connection, row).map_err(|error| {
            Unfilled::Row(source.refuse(row.at, format!("this is no row of `{}`: {error}", row.table)))
        })?;
    }
    Ok(())
}

/// Inserts one row; columns that must have a value and have none in the case get an empty one.
fn insert(connection: &Connection, row: &CaseRow) -> rusqlite::Result<()> {
    let mut values: BTreeMap<String, Value> = neutral(connection, &row.table)?;
    values.extend(row.values.iter().map(|(column, _, value)| (column.clone(), value.clone())));
    // Names of tables and columns cannot be bound; these were found in the schema, letter by letter.
    let columns: Vec<&str> = values.keys().map(String::as_str).collect();
    let marks = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({marks})", row.table, columns.join(", "));
    connection.prepare_cached(&sql)?.execute(rusqlite::params_from_iter(values.values())).map(drop)
}

fn neutral(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, Value>> {
    let mut columns =
        connection.prepare_cached("SELECT name, type FROM pragma_table_info(?) WHERE \"notnull\" OR pk")?;
    let neutral = |kind: String| if kind == "INTEGER" { Value::Integer(0) } else { Value::Text(String::new()) };
    columns.query_map([table], |column| Ok((column.get(0)?, neutral(column.get(1)?))))?.collect()
}

/// Every table is completely collected, save those that the case calls incomplete.
fn coverage(case: &Case, tables: &BTreeMap<&str, &[&str]>) -> Vec<Coverage> {
    let one = |table: &&str| {
        let incomplete = case.incomplete.iter().any(|(name, _)| name == table);
        let gap = incomplete.then(|| Gap {
            kind: GapKind::Truncated,
            dataset: (*table).to_owned(),
            scope: "case".into(),
            person: None,
            needs: None,
            detail: Some("the case calls it incomplete".into()),
            hint: GapKind::Truncated.hint(None),
            waiver: None,
        });
        let objects = case.rows.iter().filter(|row| row.table == **table).count();
        Coverage {
            dataset: (*table).to_owned(),
            scope: "case".into(),
            person: None,
            gap,
            requests: 0,
            pages: 0,
            objects: i64::try_from(objects).unwrap_or(i64::MAX),
            observed: (None, None),
        }
    };
    tables.keys().map(one).collect()
}

/// Where a case starts and what it is called, for `leaver explain`.
pub(super) fn outline(entry: &Entry) -> Vec<String> {
    let line = |case: &Case| {
        let expected = match &case.expect {
            Expect::Verdict(status) => status.to_string(),
            Expect::Subjects(subjects) => {
                subjects.iter().map(|(subject, status)| format!("{subject} {status}")).collect::<Vec<_>>().join(", ")
            }
        };
        format!("line {}: {} -> {expected}", source(entry).line(case.at), case.name)
    };
    entry.cases.iter().map(line).collect()
}
