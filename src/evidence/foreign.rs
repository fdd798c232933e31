//! Evidence that this run did not write is somebody else's SQL: it is copied once, to a file of our own, and the copy is
//! what is hashed and read. It is believed for its form only after a comparison with ours, and every query has an end.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::{APPLICATION_ID, Error, FORMAT};
use crate::file;
use crate::partial;
use crate::seal::hex;

/// How long one query on evidence may take.
pub(super) const LONGEST: Duration = Duration::from_secs(60);

/// The header of a database, with the three numbers in it that are looked at here.
/// <https://www.sqlite.org/fileformat.html#the_database_header>
const HEADER: usize = 100;
const MAGIC: &[u8] = b"SQLite format 3\0";
const VERSION_AT: usize = 60;
const APPLICATION_AT: usize = 68;
const PAGE_SIZE_AT: usize = 16;
const PAGES_AT: usize = 28;

/// No organisation has as much.
const LARGEST: u64 = 64 << 30;

/// The longest text or row.
const LENGTH: i32 = 1 << 20;

/// What SQLite itself adds when it counts rows for its planner.
const STATISTICS: [&str; 2] =
    ["CREATE TABLE sqlite_stat1(tbl,idx,stat)", "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)"];

/// A copy that nobody else writes to.
pub(super) struct Copied {
    pub(super) file: NamedTempFile,
    pub(super) sha256: String,
}

/// Copies the evidence at `path`, if it is a file and begins as evidence does.
pub(super) fn copy(path: &Path) -> Result<Copied, Error> {
    let name = path.display().to_string();
    let unreadable = |source| Error::File { path: name.clone(), source };
    let mut from = file::open(path).map_err(unreadable)?;
    let mut header = Vec::with_capacity(HEADER);
    Read::by_ref(&mut from).take(HEADER as u64).read_to_end(&mut header).map_err(unreadable)?;
    examine_header(&header, &name)?;
    examine_size(&header, from.metadata().map_err(unreadable)?.len(), &name)?;
    let scratch = |source| Error::Scratch { path: tempfile::env::temp_dir().display().to_string(), source };
    let mut to = partial::file(&tempfile::env::temp_dir()).map_err(scratch)?;
    let mut hasher = Sha256::new_with_prefix(&header);
    to.write_all(&header).map_err(scratch)?;
    copy_rest(&mut from, to.as_file_mut(), &mut hasher).map_err(|error| match error {
        Side::Read(source) => unreadable(source),
        Side::Write(source) => scratch(source),
    })?;
    Ok(Copied { file: to, sha256: hex(&hasher.finalize()) })
}

enum Side {
    Read(io::Error),
    Write(io::Error),
}

fn copy_rest(from: &mut File, to: &mut File, hasher: &mut Sha256) -> Result<(), Side> {
    let mut buffer = vec![0; 1 << 18];
    let mut length = to.stream_position().map_err(Side::Write)?;
    loop {
        let n = from.read(&mut buffer).map_err(Side::Read)?;
        hasher.update(&buffer[..n]);
        length += n as u64;
        match n {
            0 => return to.set_len(length).map_err(Side::Write),
            // What has no room in the file gets none in the copy.
            n if buffer[..n].iter().all(|byte| *byte == 0) => {
                to.seek(SeekFrom::Start(length)).map_err(Side::Write)?;
            }
            n => to.write_all(&buffer[..n]).map_err(Side::Write)?,
        }
    }
}

fn examine_header(header: &[u8], name: &str) -> Result<(), Error> {
    let number = |at: usize| header.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes).map(i64::from);
    if !header.starts_with(MAGIC) || number(APPLICATION_AT) != Some(APPLICATION_ID) {
        return Err(Error::Foreign { path: name.to_owned() });
    }
    match number(VERSION_AT) {
        Some(FORMAT) => Ok(()),
        Some(found) if found > FORMAT => Err(Error::Newer { path: name.to_owned(), found }),
        found => Err(Error::Older { path: name.to_owned(), found: found.unwrap_or_default() }),
    }
}

/// A file may be said to be as large as anybody likes without any room for it: what is longer or shorter than its pages is not
/// copied.
fn examine_size(header: &[u8], size: u64, name: &str) -> Result<(), Error> {
    let two = |at: usize| header.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes).map(u64::from);
    let four = |at: usize| header.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes).map(u64::from);
    // 1 stands for 65536.
    let page = two(PAGE_SIZE_AT).map(|page| if page == 1 { 1 << 16 } else { page });
    let told = page.zip(four(PAGES_AT)).map(|(page, pages)| page * pages);
    match told {
        Some(told) if told == size && size <= LARGEST => Ok(()),
        _ => Err(Error::Damaged { path: name.to_owned(), what: format!("{size} bytes are not as many as it says") }),
    }
}

/// When the queries of a connection have to be over.
#[derive(Clone)]
pub(super) struct Clock {
    since: Instant,
    until: Arc<AtomicU64>,
}

impl Clock {
    /// Ends whatever runs on `connection` longer than it may.
    pub(super) fn of(connection: &mut Connection) -> rusqlite::Result<Clock> {
        let clock = Clock { since: Instant::now(), until: Arc::new(AtomicU64::new(u64::MAX)) };
        let ticking = clock.clone();
        connection.progress_handler(1000, Some(move || ticking.is_over()))?;
        clock.start();
        Ok(clock)
    }

    /// From now on, [`LONGEST`].
    pub(super) fn start(&self) {
        let until = (self.since.elapsed() + LONGEST).as_millis();
        self.until.store(u64::try_from(until).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.since.elapsed().as_millis() > u128::from(self.until.load(Ordering::Relaxed))
    }
}

/// Takes from a connection what evidence never needs.
pub(super) fn harden(connection: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LENGTH),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.execute_batch("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON;")
}

/// Holds the schema of a file against ours, statement by statement, then lets SQLite look at every page.
pub(super) fn examine(connection: &Connection, name: &str) -> Result<(), Error> {
    let refused = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::Foreign { path: name.to_owned() },
        _ => Error::Damaged { path: name.to_owned(), what: error.to_string() },
    };
    let ours = ours().ok_or_else(|| Error::Foreign { path: name.to_owned() })?;
    let theirs = statements(connection).map_err(refused)?;
    if let Some(odd) = theirs.iter().find(|one| !ours.contains(*one) && !is_statistics(one)) {
        let what = format!("the {} {}", odd.kind, odd.name);
        return Err(Error::Altered { path: name.to_owned(), what });
    }
    let state: rusqlite::Result<String> = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match state {
        Ok(state) if state == "ok" => Ok(()),
        Ok(what) => Err(Error::Damaged { path: name.to_owned(), what }),
        Err(error) => Err(refused(error)),
    }
}

/// One row of the schema.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Statement {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

fn statements(connection: &Connection) -> rusqlite::Result<BTreeSet<Statement>> {
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
    let one = |row: &rusqlite::Row<'_>| {
        Ok(Statement { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    };
    connection.prepare(sql)?.query_map([], one)?.collect()
}

/// The schema that this version writes. `None` never happens: it is the one that every run begins with.
fn ours() -> Option<&'static BTreeSet<Statement>> {
    static OURS: OnceLock<Option<BTreeSet<Statement>>> = OnceLock::new();
    let make = || {
        let connection = Connection::open_in_memory().ok()?;
        connection.execute_batch(super::SCHEMA).ok()?;
        statements(&connection).ok()
    };
    OURS.get_or_init(make).as_ref()
}

fn is_statistics(one: &Statement) -> bool {
    one.kind == "table" && one.sql.as_deref().is_some_and(|sql| STATISTICS.contains(&sql))
}
