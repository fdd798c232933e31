//! Takes the evidence of scanned hosts into the evidence of an audit: rows, gaps, and one more gap where a scan cannot speak
//! for today. The files come from other machines: rows are scrubbed again, and what cannot be used is a gap of that host.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan};
use rusqlite::types::Value;
use rusqlite::{ErrorCode, Statement, params_from_iter};

use crate::env::Env;
use crate::evidence::row::{Column, McpServer, Runner, RunnerRead, Sighting};
use crate::evidence::{self, Coverage, Evidence, Row, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};

/// A host changes; what was seen before this is no longer a statement about now.
pub(super) const FRESH_HOURS: i64 = 7 * 24;

/// So far clocks may differ.
const SKEW_MINUTES: i64 = 15;

/// No host has as many rows of one kind.
const ROWS: usize = 1_000_000;

const AGAIN: &str = "scan the host again with `leaver scan / --proc -o FILE`, and copy FILE once the scan has ended";

/// A scan that can be read.
struct Taken<'p> {
    path: &'p Path,
    scan: Evidence,
    host: String,
    scanned_at: Timestamp,
    coverage: Vec<Coverage>,
    runners: BTreeSet<[Option<String>; 3]>,
}

/// Adds the scans in `paths` to `writer`.
///
/// # Errors
/// Only what the evidence of the audit itself refuses. A file that cannot be used is a gap.
pub async fn include(writer: &Writer, paths: &[PathBuf], env: &Env) -> Result<(), evidence::Error> {
    let mut taken: Vec<Taken<'_>> = Vec::new();
    for path in paths {
        match Taken::open(path) {
            Ok(scan) => taken.push(scan),
            Err(cause) => unusable(writer, path, cause).await?,
        }
    }
    // The newest first: an older scan of the same host has nothing to add.
    taken.sort_by(|one, other| {
        (other.scanned_at <= env.now, other.scanned_at).cmp(&(one.scanned_at <= env.now, one.scanned_at))
    });
    let mut added: Vec<Taken<'_>> = Vec::new();
    for scan in taken {
        match added.iter().find(|newer| newer.host == scan.host) {
            None => {
                scan.add(writer, env).await?;
                added.push(scan);
            }
            Some(newer) if newer.replaces(&scan) => {}
            Some(newer) => {
                let other = newer.path.display();
                let what = format!("it calls its host {}, and so does {other}, with other runners", scan.host);
                let step = "scan each host with a name of its own: `leaver scan --host NAME`";
                let cause = Cause::new(GapKind::NotCollected, what).needing(step);
                unusable(writer, scan.path, cause).await?;
            }
        }
    }
    Ok(())
}

/// Nothing of a file is used, and it is not known which host that leaves out.
async fn unusable(writer: &Writer, path: &Path, cause: Cause) -> Result<(), evidence::Error> {
    let scope = Scope { name: format!("scan {}", path.display()).into(), person: None, needs: String::new() };
    writer.dataset(super::TABLES, &scope, async |_| Err(Stop::Gap(cause))).await.map(drop)
}

fn refused(path: &Path, what: impl std::fmt::Display) -> Cause {
    let (what, name) = (what.to_string(), path.display().to_string());
    let what = if what.contains(&name) { what } else { format!("{name}: {what}") };
    Cause::new(GapKind::NotCollected, what).needing(AGAIN)
}

impl<'p> Taken<'p> {
    fn open(path: &'p Path) -> Result<Taken<'p>, Cause> {
        let unread = |error: evidence::Error| refused(path, error);
        let scan = Evidence::open(path).map_err(unread)?;
        for table in ["meta", "coverage", Runner::TABLE, Sighting::TABLE, McpServer::TABLE] {
            if !is_table(&scan, table).map_err(unread)? {
                return Err(refused(path, format!("{table} is no table in it")));
            }
        }
        let meta = |key: &str| scan.meta(key).map_err(unread);
        if meta("mode")?.as_deref() != Some("scan") {
            return Err(refused(path, "it is evidence, but not of a scan"));
        }
        let host = meta("host")?.filter(|host| !host.trim().is_empty());
        let host = host.ok_or_else(|| refused(path, "it does not say which host was scanned"))?;
        let scanned_at = meta("now")?.and_then(|now| now.parse().ok());
        let scanned_at = scanned_at.ok_or_else(|| refused(path, "it does not say when the host was scanned"))?;
        let coverage = scan.coverage().map_err(unread)?;
        let runners = runners(&scan).map_err(unread)?;
        Ok(Taken { path, host, scanned_at, coverage, runners, scan })
    }

    /// Whether this later scan is of the same host: two may have the same name.
    fn replaces(&self, older: &Taken<'_>) -> bool {
        self.scan.sha256() == older.scan.sha256()
            || (!older.runners.is_empty() && self.runners.is_superset(&older.runners))
    }

    async fn add(&self, writer: &Writer, env: &Env) -> Result<(), evidence::Error> {
        let scope = Scope {
            name: format!("host:{}", self.host).into(),
            person: None,
            needs: "read access to all files of the host: run the scan as root".into(),
        };
        let fill = async |rows: &mut Rows| {
            for table in super::TABLES {
                self.gaps(table, env.now).into_iter().for_each(|cause| rows.gap(table, cause));
            }
            self.copy::<Runner>(writer, rows)?;
            self.copy::<Sighting>(writer, rows)?;
            self.copy::<McpServer>(writer, rows)?;
            match is_table(&self.scan, RunnerRead::TABLE) {
                // One of an older format has none.
                Ok(false) => Ok(()),
                _ => self.copy::<RunnerRead>(writer, rows),
            }
        };
        writer.dataset(super::TABLES, &scope, fill).await.map(drop)
    }

    /// What the scan says of itself, and what its age says.
    fn gaps(&self, table: &str, now: Timestamp) -> Vec<Cause> {
        let missed = |detail: String| Cause::new(GapKind::NotCollected, detail).needing(AGAIN);
        let of_table: Vec<&Coverage> = self.coverage.iter().filter(|row| row.dataset == table).collect();
        let told = of_table.iter().filter_map(|row| row.gap.as_ref());
        let mut gaps: Vec<Cause> =
            told.map(|gap| Cause { kind: gap.kind, needs: gap.needs.clone(), detail: gap.detail.clone() }).collect();
        if of_table.is_empty() && table != RunnerRead::TABLE {
            gaps.push(missed(format!("{} does not say whether it saw everything", self.path.display())));
        }
        gaps.extend(unfit(self.scanned_at, now).map(missed));
        gaps
    }

    fn copy<R: Row>(&self, writer: &Writer, rows: &mut Rows) -> Result<(), Stop> {
        let unread = |error| Stop::Gap(refused(self.path, error));
        let known = columns(&self.scan, R::TABLE).map_err(unread)?;
        let names: Vec<&str> =
            R::COLUMNS.iter().map(|name| if known.contains(*name) { *name } else { "NULL" }).collect();
        // The names are this program's own; no value is part of the statement.
        let sql = format!("SELECT {} FROM {} LIMIT {}", names.join(", "), R::TABLE, ROWS + 1);
        let copied = self.scan.rows(&sql, params_from_iter::<[i64; 0]>([]), |row| {
            let values = (0..R::COLUMNS.len()).map(|column| row.get(column)).collect::<rusqlite::Result<_>>()?;
            Ok(Copied::<R> { values, table: PhantomData })
        });
        let copied = copied.map_err(unread)?;
        if copied.len() > ROWS {
            rows.gap(R::TABLE, refused(self.path, format!("it holds more than {ROWS} rows of {}", R::TABLE)));
        }
        let required = writer.required::<R>()?;
        let mut is_whole = true;
        for row in copied.iter().take(ROWS) {
            // An insert passes over a row that lacks what it must have.
            if required.iter().any(|column| matches!(row.values.get(*column), Some(Value::Null))) {
                is_whole = false;
                continue;
            }
            match rows.insert(row) {
                Err(evidence::Error::Database { source, .. }) if is_of_row(&source) => is_whole = false,
                inserted => inserted?,
            }
        }
        if !is_whole {
            rows.gap(R::TABLE, refused(self.path, format!("a row of {} is not of its form", R::TABLE)));
        }
        Ok(())
    }
}

/// Why a scan of then says nothing about now.
pub(super) fn unfit(scanned_at: Timestamp, now: Timestamp) -> Option<String> {
    let ahead = now.checked_add(SKEW_MINUTES.minutes()).is_ok_and(|latest| latest < scanned_at);
    let old = scanned_at.checked_add(FRESH_HOURS.hours()).is_ok_and(|stale| stale < now);
    match (ahead, old) {
        (true, _) => {
            Some(format!("the scan is dated {scanned_at}, which is still to come: the clock of the host is wrong"))
        }
        (_, true) => Some(format!("the host was last scanned at {scanned_at}: scan it again")),
        _ => None,
    }
}

/// A view could count for ever, and a virtual table could do anything.
fn is_table(scan: &Evidence, name: &str) -> Result<bool, evidence::Error> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ? AND sql NOT LIKE '%VIRTUAL%TABLE%USING%'";
    Ok(!scan.rows(sql, [name], |row| row.get::<_, i64>(0))?.is_empty())
}

fn columns(scan: &Evidence, table: &str) -> Result<BTreeSet<String>, evidence::Error> {
    let names = scan.rows("SELECT name FROM pragma_table_info(?)", [table], |row| row.get(0))?;
    Ok(names.into_iter().collect())
}

/// Kind, server and name of each runner, by which two scans are seen to be of one host.
fn runners(scan: &Evidence) -> Result<BTreeSet<[Option<String>; 3]>, evidence::Error> {
    let sql = format!("SELECT kind, server, name FROM runner LIMIT {ROWS}");
    let all = scan.rows(&sql, params_from_iter::<[i64; 0]>([]), |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?;
    Ok(all.into_iter().collect())
}

fn is_of_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}

/// A row as another evidence file has it.
struct Copied<R> {
    values: Vec<Value>,
    table: PhantomData<R>,
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
