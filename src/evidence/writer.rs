//! Writes one evidence file: rows only inside a data set, and coverage for every data set whatever happens.
//! Until [`Writer::seal`] the file has a temporary name; dropping the writer removes it.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::row::{Column, Row};
use super::rows::Rows;
use super::{APPLICATION_ID, Error, Evidence, FORMAT, SCHEMA, function};
use crate::model::{Cause, GapKind};
use crate::partial;
use crate::text::Untrusted;

/// The evidence of a run in the making. Cheap to clone; collectors run side by side on it.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
}

struct Shared {
    connection: Mutex<Option<Connection>>,
    file: Mutex<Option<NamedTempFile>>,
    path: String,
}

/// The part of a data set that is being read.
#[derive(Debug, Clone)]
pub struct Scope {
    /// What the part is called: a tenant, a person, a gateway.
    pub name: Untrusted,
    /// The person whom it concerns, if only one: `entra:user/<oid>`.
    pub person: Option<String>,
    /// The permission that reading it takes, by its exact name.
    pub needs: String,
}

/// Why a data set ended early.
#[derive(Debug)]
pub enum Stop {
    /// It becomes a gap; what was read stays.
    Gap(Cause),
    /// The evidence file itself cannot be written: the run ends.
    Evidence(Error),
}

impl From<Cause> for Stop {
    fn from(cause: Cause) -> Stop {
        Stop::Gap(cause)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Evidence(error)
    }
}

/// How much was asked for one data set. The transport counts, the coverage row keeps it.
#[derive(Debug, Default)]
pub struct Tally {
    requests: AtomicU64,
    pages: AtomicU64,
    first: AtomicI64,
    last: AtomicI64,
}

impl Tally {
    /// Counts one answered (or given up) request at `at`, with the pages that it brought.
    pub fn count(&self, pages: u64, at: Timestamp) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.pages.fetch_add(pages, Ordering::Relaxed);
        let at = at.as_second();
        let _ = self.first.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
        self.last.fetch_max(at, Ordering::Relaxed);
    }

    fn times(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let at = |second: &AtomicI64| match second.load(Ordering::Relaxed) {
            0 => None,
            second => Timestamp::from_second(second).ok(),
        };
        (at(&self.first), at(&self.last))
    }
}

impl Writer {
    /// Starts an evidence file in `directory`, under a temporary name.
    ///
    /// # Errors
    /// When the directory is not writable.
    pub fn create(directory: &Path, meta: &[(&str, String)]) -> Result<Writer, Error> {
        let path = directory.display().to_string();
        let file = partial::file(directory).map_err(|source| Error::File { path: path.clone(), source })?;
        let database = |source| Error::Database { path: path.clone(), source };
        // Nobody else opens it, and locks of its own would be in the way of the one that says that its maker is alive.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(file.path(), flags, "unix-none").map_err(database)?;
        prepare(&connection, meta).map_err(database)?;
        let shared = Shared { connection: Mutex::new(Some(connection)), file: Mutex::new(Some(file)), path };
        Ok(Writer { shared: Arc::new(shared) })
    }

    /// Reads one data set, which may fill several `tables`, and writes a coverage row for each of them:
    /// complete, or with the gap that `fill` ended with. Rows read before a gap are kept.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses; everything else becomes coverage.
    pub async fn dataset<F>(&self, tables: &[&'static str], scope: &Scope, fill: F) -> Result<Option<Cause>, Error>
    where
        F: AsyncFnOnce(&mut Rows) -> Result<(), Stop>,
    {
        let mut rows = Rows::new(self, tables);
        let ended = match fill(&mut rows).await {
            Ok(()) => None,
            Err(Stop::Gap(cause)) => Some(cause),
            Err(Stop::Evidence(error)) => return Err(error),
        };
        rows.settle()?;
        for (table, objects) in &rows.objects {
            let noted: Vec<&Cause> = rows.gaps.iter().filter(|(at, _)| at == table).map(|(_, cause)| cause).collect();
            for cause in noted.iter().copied().chain(ended.as_ref()) {
                self.cover(table, scope, Some(cause), *objects, &rows.tally)?;
            }
            if noted.is_empty() && ended.is_none() {
                self.cover(table, scope, None, *objects, &rows.tally)?;
            }
        }
        Ok(ended)
    }

    /// Says something of the run as a whole that is known only now.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn note(&self, key: &'static str, value: &str) -> Result<(), Error> {
        self.run(|connection| connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value)).map(drop))
    }

    /// Reads two columns of what was written so far: what one source saw decides what another is asked.
    ///
    /// # Errors
    /// What SQLite says of the query.
    pub fn pairs(&self, sql: &'static str) -> Result<Vec<(String, Option<String>)>, Error> {
        self.select(sql, |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The same for any columns.
    ///
    /// # Errors
    /// What SQLite says of the query.
    pub fn select<T>(
        &self,
        sql: &'static str,
        mut read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        self.run(|connection| {
            let mut query = connection.prepare(sql)?;
            for row in query.query_map([], |row| read(row))? {
                all.push(row?);
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// The columns of a table, counted from 0, without which a row is none: its first one, and what may not be NULL.
    ///
    /// # Errors
    /// What SQLite says of the query.
    pub fn required<R: Row>(&self) -> Result<Vec<usize>, Error> {
        let mut all = Vec::new();
        self.run(|connection| {
            let sql = "SELECT name FROM pragma_table_info(?) WHERE \"notnull\" = 1 OR cid = 0";
            let mut query = connection.prepare_cached(sql)?;
            for name in query.query_map([R::TABLE], |row| row.get::<_, String>(0))? {
                let name = name?;
                all.extend(R::COLUMNS.iter().position(|column| *column == name));
            }
            Ok(())
        })?;
        Ok(all)
    }

    /// Keeps one HTTP exchange. `url` and the rest must be free of secrets; text is scrubbed all the same.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn request(&self, exchange: &Exchange) -> Result<(), Error> {
        self.run(|connection| {
            let mut insert = connection.prepare_cached("INSERT INTO request VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
            exchange.source.bind(&mut insert, 1)?;
            exchange.method.bind(&mut insert, 2)?;
            exchange.url.bind(&mut insert, 3)?;
            exchange.status.map(i64::from).bind(&mut insert, 4)?;
            i64::from(exchange.attempts).bind(&mut insert, 5)?;
            exchange.body_sha256.bind(&mut insert, 6)?;
            exchange.bytes.bind(&mut insert, 7)?;
            exchange.at.bind(&mut insert, 8)?;
            insert.raw_execute().map(drop)
        })
    }

    /// Says of every table that it is incomplete: the run ends before everything was read. A table that was read in part
    /// looks whole otherwise.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn ended_early(&self, why: &str) -> Result<(), Error> {
        let sql = "INSERT INTO coverage
             SELECT name, 'the run', NULL, ?1, NULL, ?2, 0, 0, 0, NULL, NULL FROM sqlite_schema
             WHERE type = 'table' AND name NOT IN ('meta', 'coverage', 'request') AND name NOT LIKE 'sqlite_%'
             ORDER BY name";
        self.run(|connection| connection.execute(sql, (GapKind::NotCollected.to_string(), why)).map(drop))
    }

    /// Closes the file, gives it its name (or keeps it temporary) and opens it for reading.
    ///
    /// # Errors
    /// When the last pages cannot be written or the file cannot be renamed; nothing is left under `path` then.
    pub fn seal(self, path: Option<&Path>) -> Result<Evidence, Error> {
        let at = self.shared.path.clone();
        let file_error =
            |source| Error::File { path: path.map_or(at.clone(), |path| path.display().to_string()), source };
        let connection = lock(&self.shared.connection).take();
        if let Some(connection) = connection {
            let database = |source| Error::Database { path: at.clone(), source };
            connection.execute_batch("COMMIT; PRAGMA optimize;").map_err(database)?;
            connection.close().map_err(|(_, source)| database(source))?;
        }
        let Some(file) = lock(&self.shared.file).take() else {
            return Err(Error::Foreign { path: at });
        };
        match path {
            Some(path) => {
                file.as_file().sync_all().map_err(file_error)?;
                file.persist(path).map_err(|error| file_error(error.error))?;
                Evidence::written(path)
            }
            // It outlives no crash, so it need not be on the disk.
            None => Evidence::open_temporary(file),
        }
    }

    /// Everybody whom a log has to be asked for: the object ids of `reach`, and the names of the people themselves.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn callers(&self) -> Result<Callers, Error> {
        let column = |connection: &Connection, sql: &str| -> rusqlite::Result<Vec<Untrusted>> {
            let text = |row: &rusqlite::Row<'_>| row.get::<_, String>(0).map(Untrusted::from);
            connection.prepare(sql)?.query_map([], text)?.collect()
        };
        let mut callers = Callers::default();
        self.run(|connection| {
            function::register(connection)?;
            callers.principals = column(connection, PRINCIPALS)?;
            callers.names = column(connection, NAMES)?;
            Ok(())
        })?;
        Ok(callers)
    }

    fn cover(&self, table: &str, scope: &Scope, gap: Option<&Cause>, objects: i64, tally: &Tally) -> Result<(), Error> {
        let needs = gap.and_then(|cause| match cause.kind {
            GapKind::Denied => cause.needs.clone().or_else(|| Some(scope.needs.clone())),
            _ => cause.needs.clone(),
        });
        let (first_at, last_at) = tally.times();
        self.run(|connection| {
            let mut insert =
                connection.prepare_cached("INSERT INTO coverage VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")?;
            table.bind(&mut insert, 1)?;
            scope.name.bind(&mut insert, 2)?;
            scope.person.bind_id(&mut insert, 3)?;
            gap.map(|cause| cause.kind.to_string()).bind(&mut insert, 4)?;
            needs.bind(&mut insert, 5)?;
            gap.and_then(|cause| cause.detail.clone()).bind(&mut insert, 6)?;
            i64::try_from(tally.requests.load(Ordering::Relaxed)).unwrap_or(i64::MAX).bind(&mut insert, 7)?;
            i64::try_from(tally.pages.load(Ordering::Relaxed)).unwrap_or(i64::MAX).bind(&mut insert, 8)?;
            objects.bind(&mut insert, 9)?;
            first_at.bind(&mut insert, 10)?;
            last_at.bind(&mut insert, 11)?;
            insert.raw_execute().map(drop)
        })
    }

    pub(super) fn run(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<(), Error> {
        let guard = lock(&self.shared.connection);
        let database = |source| Error::Database { path: self.shared.path.clone(), source };
        match guard.as_ref() {
            Some(connection) => work(connection).map_err(database),
            None => Err(database(rusqlite::Error::InvalidQuery)),
        }
    }
}

/// Whose records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Callers {
    /// Object ids, lower case.
    pub principals: Vec<Untrusted>,
    /// User principal names and mail addresses.
    pub names: Vec<Untrusted>,
}

const PRINCIPALS: &str = "SELECT lower(principal) FROM reach WHERE principal <> ''
     UNION SELECT lower(object_id) FROM person
     ORDER BY 1";

const NAMES: &str = "SELECT DISTINCT lower(name) FROM identity WHERE kind IN ('upn', 'mail') AND name <> '' ORDER BY 1";

/// One HTTP exchange as the request log keeps it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The source that asked: `entra`, `azure` …
    pub source: &'static str,
    /// GET, or POST for the read-only routes.
    pub method: &'static str,
    /// The URL.
    pub url: String,
    /// The last status; `None`: no answer.
    pub status: Option<u16>,
    /// How often it was sent.
    pub attempts: u32,
    /// SHA-256 of the body, in hexadecimal.
    pub body_sha256: Option<String>,
    /// Size of the body.
    pub bytes: Option<i64>,
    /// When it was answered.
    pub at: Timestamp,
}

/// A crash loses the temporary file anyway, so no journal and no sync until the end.
fn prepare(connection: &Connection, meta: &[(&str, String)]) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;
         PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {FORMAT}; BEGIN;"
    ))?;
    connection.execute_batch(SCHEMA)?;
    connection.set_prepared_statement_cache_capacity(64);
    let mut insert = connection.prepare("INSERT INTO meta VALUES (?, ?)")?;
    for (key, value) in meta {
        insert.execute((key, value))?;
    }
    Ok(())
}

/// A panic in another collector leaves the connection usable: every statement is complete or not there.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
