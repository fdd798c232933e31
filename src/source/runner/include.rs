//! Takes the evidence of a scanned host into the evidence of an audit: its rows, its gaps, and one more gap if it is old.
//! Rows are scrubbed again on their way in: the file comes from another machine.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use rusqlite::types::Value;
use rusqlite::{Statement, params_from_iter};

use crate::env::Env;
use crate::evidence::row::{Column, McpServer, Runner, Sighting};
use crate::evidence::{self, Evidence, Row, Rows, Scope, Writer};
use crate::model::{Cause, GapKind};

/// A host changes; what was seen before this is no longer a statement about now.
const FRESH_HOURS: i64 = 7 * 24;

/// Adds the scan in `path` to `writer`.
///
/// # Errors
/// When the file cannot be read, is no scan, or the evidence cannot be written.
pub async fn include(writer: &Writer, path: &Path, env: &Env) -> Result<(), evidence::Error> {
    let scan = Evidence::open(path)?;
    let foreign = || evidence::Error::Foreign { path: path.display().to_string() };
    if scan.meta("mode")?.as_deref() != Some("scan") {
        return Err(foreign());
    }
    let scanned_at: Timestamp = scan.meta("now")?.and_then(|now| now.parse().ok()).ok_or_else(foreign)?;
    let host = scan.meta("host")?.ok_or_else(foreign)?;
    let coverage = scan.coverage()?;
    let scope = Scope {
        name: format!("host:{host}").into(),
        person: None,
        needs: "read access to all files of the host: run the scan as root".into(),
    };
    let fill = async |rows: &mut Rows| {
        copy::<Runner>(&scan, rows)?;
        copy::<Sighting>(&scan, rows)?;
        copy::<McpServer>(&scan, rows)?;
        for table in super::TABLES {
            let of_table = coverage.iter().filter(|row| row.dataset == *table);
            let gaps = of_table.clone().filter_map(|row| row.gap.as_ref());
            gaps.for_each(|gap| {
                rows.gap(table, Cause { kind: gap.kind, needs: gap.needs.clone(), detail: gap.detail.clone() })
            });
            if of_table.count() == 0 {
                rows.gap(table, Cause::new(GapKind::NotCollected, "the scan does not say whether it saw everything"));
            }
            if is_old(scanned_at, env.now) {
                let when = format!("the host was last scanned at {scanned_at}: scan it again");
                rows.gap(table, Cause::new(GapKind::NotCollected, when));
            }
        }
        Ok(())
    };
    writer.dataset(super::TABLES, &scope, fill).await.map(drop)
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

/// The owners of the personal tokens that runners can read, in all of `scans`.
///
/// # Errors
/// When a file cannot be read.
pub fn owners(scans: &[PathBuf]) -> Result<BTreeSet<Named>, evidence::Error> {
    let sql = "SELECT DISTINCT owner_kind, owner_id, owner_name FROM sighting
               WHERE holder IN ('person', 'either') AND owner_kind IS NOT NULL AND runner IS NOT NULL";
    let mut owners = BTreeSet::new();
    for scan in scans {
        let named = Evidence::open(scan)?.rows(sql, params_from_iter::<[i64; 0]>([]), |row| {
            Ok(Named { kind: row.get(0)?, id: row.get(1)?, name: row.get(2)? })
        })?;
        owners.extend(named);
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

fn copy<R: Row>(scan: &Evidence, rows: &mut Rows) -> Result<(), evidence::Error> {
    // The names are this program's own; no value is part of the statement.
    let sql = format!("SELECT {} FROM {}", R::COLUMNS.join(", "), R::TABLE);
    let copied = scan.rows(&sql, params_from_iter::<[i64; 0]>([]), |row| {
        let values = (0..R::COLUMNS.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
        Ok(Copied::<R> { values, table: PhantomData })
    })?;
    copied.iter().try_for_each(|row| rows.insert(row))
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
