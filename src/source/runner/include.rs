//! Takes the evidence of a scanned host into the evidence of an audit: its rows, its gaps, and one more gap if it is old.
//! Rows are scrubbed again on their way in: the file comes from another machine.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use rusqlite::types::Value;
use rusqlite::{ErrorCode, Statement, params_from_iter};

use crate::env::Env;
use crate::evidence::row::{Column, McpServer, Runner, Sighting};
use crate::evidence::{self, Coverage, Evidence, Row, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};

/// A host changes; what was seen before this is no longer a statement about now.
const FRESH_HOURS: i64 = 7 * 24;

/// Adds the scan in `path` to `writer`. The file comes from a host that may be in other hands: if it cannot be used, that
/// is a gap of this host, by the name of the file.
///
/// # Errors
/// When the evidence cannot be written.
pub async fn include(writer: &Writer, path: &Path, env: &Env) -> Result<(), evidence::Error> {
    let scan = match Scan::open(path) {
        Ok(scan) => scan,
        Err(error) => return unusable(writer, path, &error).await,
    };
    let scope = Scope {
        name: format!("host:{}", scan.host).into(),
        person: None,
        needs: "read access to all files of the host: run the scan as root".into(),
    };
    writer.dataset(super::TABLES, &scope, async |rows| scan.fill(path, rows, env)).await.map(drop)
}

/// A scan as its file says it.
struct Scan {
    evidence: Evidence,
    at: Timestamp,
    host: String,
    coverage: Vec<Coverage>,
}

impl Scan {
    fn open(path: &Path) -> Result<Scan, evidence::Error> {
        let evidence = Evidence::open(path)?;
        let foreign = || evidence::Error::Foreign { path: path.display().to_string() };
        if evidence.meta("mode")?.as_deref() != Some("scan") {
            return Err(foreign());
        }
        let at: Timestamp = evidence.meta("now")?.and_then(|now| now.parse().ok()).ok_or_else(foreign)?;
        let host = evidence.meta("host")?.ok_or_else(foreign)?;
        Ok(Scan { at, host, coverage: evidence.coverage()?, evidence })
    }

    fn fill(&self, path: &Path, rows: &mut Rows, env: &Env) -> Result<(), Stop> {
        copy::<Runner>(&self.evidence, path, rows)?;
        copy::<Sighting>(&self.evidence, path, rows)?;
        copy::<McpServer>(&self.evidence, path, rows)?;
        for table in super::TABLES {
            let of_table = self.coverage.iter().filter(|row| row.dataset == *table);
            let gaps = of_table.clone().filter_map(|row| row.gap.as_ref());
            gaps.for_each(|gap| {
                rows.gap(table, Cause { kind: gap.kind, needs: gap.needs.clone(), detail: gap.detail.clone() })
            });
            if of_table.count() == 0 {
                rows.gap(table, Cause::new(GapKind::NotCollected, "the scan does not say whether it saw everything"));
            }
            if is_old(self.at, env.now) {
                let when = format!("the host was last scanned at {}: scan it again", self.at);
                rows.gap(table, Cause::new(GapKind::NotCollected, when));
            }
        }
        Ok(())
    }
}

/// The gap that a file leaves which is no scan to judge by.
async fn unusable(writer: &Writer, path: &Path, error: &evidence::Error) -> Result<(), evidence::Error> {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let scope = Scope { name: format!("scan:{name}").into(), person: None, needs: String::new() };
    let cause = damaged(path, &error.to_string());
    writer.dataset(super::TABLES, &scope, async |_| Err(Stop::Gap(cause))).await.map(drop)
}

fn damaged(path: &Path, why: &str) -> Cause {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    Cause::new(GapKind::Failed, format!("{name} cannot be used: {why}"))
        .needing("scan the host again, and copy the file when the scan is over")
}

/// Whose a personal token is, as a scan names its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The system: `entra`, `mail`, `github` …
    pub kind: String,
    /// The immutable id there.
    pub id: Option<String>,
    /// The name there.
    pub name: Option<String>,
}

/// The owners of the personal tokens that runners can read, in all of `scans`. One that cannot be read is a gap already.
///
/// # Errors
/// Never.
pub fn owners(scans: &[PathBuf]) -> Result<BTreeSet<Named>, evidence::Error> {
    let sql = "SELECT DISTINCT owner_kind, owner_id, owner_name FROM sighting
               WHERE holder IN ('person', 'either') AND owner_kind IS NOT NULL AND runner IS NOT NULL";
    let mut owners = BTreeSet::new();
    for scan in scans {
        let Ok(scan) = Evidence::open(scan) else { continue };
        let named = scan.rows(sql, params_from_iter::<[i64; 0]>([]), |row| {
            Ok(Named { kind: row.get(0)?, id: row.get(1)?, name: row.get(2)? })
        });
        owners.extend(named.unwrap_or_default());
    }
    Ok(owners)
}

fn is_old(scanned_at: Timestamp, now: Timestamp) -> bool {
    scanned_at.checked_add(FRESH_HOURS.hours()).is_ok_and(|stale| stale < now)
}

/// A row as another evidence file has it.
struct Copied<R> {
    values: Vec<Value>,
    table: PhantomData<R>,
}

fn copy<R: Row>(scan: &Evidence, path: &Path, rows: &mut Rows) -> Result<(), Stop> {
    // The names are this program's own; no value is part of the statement.
    let sql = format!("SELECT {} FROM {}", R::COLUMNS.join(", "), R::TABLE);
    let copied = scan.rows(&sql, params_from_iter::<[i64; 0]>([]), |row| {
        let values = (0..R::COLUMNS.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        Ok(Copied::<R> { values, table: PhantomData })
    });
    let copied = copied.map_err(|error| Stop::Gap(damaged(path, &error.to_string())))?;
    copied.iter().try_for_each(|row| rows.insert(row).map_err(|error| of_row(path, error)))
}

/// A row that no scan of ours can hold says something about its file, and nothing about the evidence that is written.
fn of_row(path: &Path, error: evidence::Error) -> Stop {
    match &error {
        evidence::Error::Database { source, .. } => match source.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig) => {
                Stop::Gap(damaged(path, &source.to_string()))
            }
            _ => Stop::Evidence(error),
        },
        _ => Stop::Evidence(error),
    }
}

impl<R: Row> Row for Copied<R> {
    const TABLE: &'static str = R::TABLE;
    const COLUMNS: &'static [&'static str] = R::COLUMNS;
    const INSERT: &'static str = R::INSERT;

    fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
        for (index, value) in (1..).zip(&self.values) {
            match value {
                Value::Text(text) => text.bind(statement, index)?,
                other => statement.raw_bind_parameter(index, other)?,
            }
        }
        Ok(())
    }
}
