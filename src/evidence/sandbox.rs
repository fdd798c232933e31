//! Where checks run: a connection on which SQL can read evidence tables, call listed functions, and nothing else.
//! It allows by list, limits size, rows and time, and reports which tables a query reads. It never judges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Statement};

use super::foreign::Clock;
use super::{Error, Evidence, function, once, sealed};

/// Tables about the run itself. A check that read them could argue with its own coverage.
const WITHHELD: &[&str] = &["meta", "coverage", "request"];

const MIB: i64 = 1024 * 1024;

/// The longest SELECT, in bytes.
const LONGEST_SQL: i32 = 100_000;

/// What SQLite may hold in memory for all queries of the process together.
const HEAP: i64 = 512 * MIB;

/// How much one query may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rows returned.
    pub rows: usize,
    /// Bytes of all values returned.
    pub bytes: usize,
    /// Time from start to end. Only a stop for what does not end: no result depends on it.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { rows: 100_000, bytes: 64 << 20, time: Duration::from_secs(10) }
    }
}

/// Why a query was refused or stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Refusal {
    /// One clause.
    pub what: String,
    /// Where in the SQL, in bytes, if SQLite knows.
    pub offset: Option<usize>,
}

/// A connection that can only read evidence.
pub struct Sandbox {
    connection: Connection,
    watch: Arc<Mutex<Watch>>,
    limits: Limits,
}

/// What the hooks of the connection see and obey.
#[derive(Default)]
struct Watch {
    deadline: Option<Instant>,
    tables: BTreeSet<String>,
    refused: Option<String>,
}

/// What there is to read.
struct Catalog {
    tables: BTreeSet<String>,
    views: BTreeSet<String>,
    modules: BTreeSet<String>,
    /// Views that were computed already, and the tables below them.
    once: BTreeMap<String, BTreeSet<String>>,
}

/// A query that the sandbox has accepted.
pub struct Query<'s> {
    statement: Statement<'s>,
    sandbox: &'s Sandbox,
    /// The evidence tables that it reads, through whatever views and subqueries.
    pub tables: BTreeSet<String>,
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its parameters as written; `None` for one without a name.
    pub parameters: Vec<Option<String>>,
}

/// What a query returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The rows, in the order of the query.
    pub rows: Vec<Vec<Value>>,
    /// There were more rows than the limits allow.
    pub cut: bool,
}

impl Sandbox {
    /// A sandbox on a sealed evidence file.
    ///
    /// # Errors
    /// When the file cannot be opened once more.
    pub fn on(evidence: &Evidence, limits: Limits) -> Result<Sandbox, Error> {
        let database = |source| Error::Database { path: evidence.path().display().to_string(), source };
        let connection = sealed::open_read_only(evidence.location()).map_err(database)?;
        Sandbox::lock(connection, limits).map_err(database)
    }

    /// A sandbox on a database in memory with the evidence schema and whatever `fill` puts there.
    ///
    /// # Errors
    /// What `fill` or SQLite refuses.
    pub fn in_memory<E: From<rusqlite::Error>>(
        limits: Limits,
        fill: impl FnOnce(&Connection) -> Result<(), E>,
    ) -> Result<Sandbox, E> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(super::SCHEMA)?;
        fill(&connection)?;
        Ok(Sandbox::lock(connection, limits)?)
    }

    fn lock(mut connection: Connection, limits: Limits) -> rusqlite::Result<Sandbox> {
        let mut catalog = Catalog::read(&connection)?;
        // A query that sorts or recurses without end fails on memory; it must not fill the disk instead.
        connection.execute_batch(&format!("PRAGMA temp_store = MEMORY; PRAGMA hard_heap_limit = {HEAP};"))?;
        connection.execute_batch("PRAGMA cell_size_check = ON;")?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        function::register(&connection)?;
        // Rows can be such that what is computed from them has no end.
        Clock::of(&mut connection)?;
        catalog.once = once::compute(&mut connection, &catalog.tables)?;
        connection.execute_batch("PRAGMA query_only = ON;")?;
        narrow(&connection)?;
        let watch: Arc<Mutex<Watch>> = Arc::default();
        let asked = Arc::clone(&watch);
        connection.authorizer(Some(move |context: AuthContext<'_>| catalog.decide(&context, &mut locked(&asked))))?;
        let ticking = Arc::clone(&watch);
        let late = move || locked(&ticking).deadline.is_some_and(|deadline| Instant::now() > deadline);
        connection.progress_handler(1000, Some(late))?;
        Ok(Sandbox { connection, watch, limits })
    }

    /// Compiles one SELECT and learns what it reads.
    ///
    /// # Errors
    /// When it is no SQL, reads or does something that is not allowed, or names what does not exist.
    pub fn prepare(&self, sql: &str) -> Result<Query<'_>, Refusal> {
        if i32::try_from(sql.len()).map_or(true, |length| length > LONGEST_SQL) {
            return Err(Refusal { what: format!("a SELECT may have {LONGEST_SQL} bytes at most"), offset: None });
        }
        *locked(&self.watch) = Watch { deadline: self.deadline(), ..Watch::default() };
        let prepared = self.connection.prepare(sql);
        let seen = std::mem::take(&mut *locked(&self.watch));
        let statement = match (prepared, seen.refused) {
            (Ok(statement), None) => statement,
            (Ok(_), Some(refused)) => return Err(not_allowed(&refused)),
            (Err(error), refused) => return Err(self.refusal(error, refused)),
        };
        if !statement.readonly() || statement.column_count() == 0 {
            return Err(not_allowed("anything but a SELECT"));
        }
        let columns = statement.column_names().map(str::to_owned).collect();
        let parameters =
            (1..=statement.parameter_count()).map(|index| statement.parameter_name(index).map(str::to_owned)).collect();
        Ok(Query { statement, sandbox: self, tables: seen.tables, columns, parameters })
    }

    fn deadline(&self) -> Option<Instant> {
        Instant::now().checked_add(self.limits.time)
    }

    fn refusal(&self, error: rusqlite::Error, refused: Option<String>) -> Refusal {
        match (error, refused) {
            (_, Some(refused)) => not_allowed(&refused),
            (rusqlite::Error::SqlInputError { msg, offset, .. }, None) => {
                Refusal { what: msg, offset: usize::try_from(offset).ok() }
            }
            (error, None) => Refusal { what: self.failure(&error), offset: None },
        }
    }

    fn failure(&self, error: &rusqlite::Error) -> String {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => {
                format!("it took longer than {} ms and was stopped", self.limits.time.as_millis())
            }
            Some(ErrorCode::OutOfMemory) => "it needs more memory than a check may have".to_owned(),
            Some(ErrorCode::TooBig) => "it builds a text longer than 1 MiB".to_owned(),
            _ => error.to_string(),
        }
    }
}

impl Query<'_> {
    /// Runs it with a value for each of its parameters, in their order.
    ///
    /// # Errors
    /// When it fails half-way or takes too long. A result that is merely too large is cut instead.
    pub fn run(&mut self, values: &[Value]) -> Result<Outcome, Refusal> {
        let sandbox = self.sandbox;
        locked(&sandbox.watch).deadline = sandbox.deadline();
        let outcome = fetch(&mut self.statement, values, &sandbox.limits);
        locked(&sandbox.watch).deadline = None;
        outcome.map_err(|error| sandbox.refusal(error, None))
    }
}

fn fetch(statement: &mut Statement<'_>, values: &[Value], limits: &Limits) -> rusqlite::Result<Outcome> {
    for (index, value) in values.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value)?;
    }
    let width = statement.column_count();
    let (mut outcome, mut bytes) = (Outcome { rows: Vec::new(), cut: false }, 0);
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        let values = (0..width).map(|index| row.get(index)).collect::<rusqlite::Result<Vec<Value>>>()?;
        bytes += values.iter().map(size).sum::<usize>();
        if outcome.rows.len() == limits.rows || bytes > limits.bytes {
            outcome.cut = true;
            break;
        }
        outcome.rows.push(values);
    }
    Ok(outcome)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len(),
        Value::Blob(bytes) => bytes.len(),
        Value::Null | Value::Integer(_) | Value::Real(_) => size_of::<Value>(),
    }
}

impl Catalog {
    fn read(connection: &Connection) -> rusqlite::Result<Catalog> {
        let names = |sql: &str| -> rusqlite::Result<BTreeSet<String>> {
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        };
        let mut tables = names("SELECT lower(name) FROM sqlite_schema WHERE type = 'table'")?;
        tables.retain(|name| !WITHHELD.contains(&name.as_str()) && !name.starts_with("sqlite_"));
        let views = names("SELECT lower(name) FROM sqlite_schema WHERE type = 'view'")?;
        let modules = names("SELECT lower(name) FROM pragma_module_list")?;
        Ok(Catalog { tables, views, modules, once: BTreeMap::new() })
    }

    fn decide(&self, context: &AuthContext<'_>, watch: &mut Watch) -> Authorization {
        let refused = match context.action {
            AuthAction::Select | AuthAction::Recursive => None,
            AuthAction::Function { function_name } => {
                let allowed = function::ALLOWED.iter().any(|name| name.eq_ignore_ascii_case(function_name));
                (!allowed).then(|| format!("the function {function_name}()"))
            }
            AuthAction::Read { table_name, column_name } => self.reads(table_name, column_name, watch),
            AuthAction::Pragma { pragma_name, .. } => Some(format!("PRAGMA {pragma_name}")),
            AuthAction::Attach { .. } => Some("ATTACH".to_owned()),
            _ => Some("anything but a SELECT".to_owned()),
        };
        let Some(refused) = refused else { return Authorization::Allow };
        watch.refused.get_or_insert(refused);
        Authorization::Deny
    }

    /// Notes a table that is read, or says what must not be read.
    fn reads(&self, table: &str, column: &str, watch: &mut Watch) -> Option<String> {
        let name = table.to_lowercase();
        if let Some(below) = self.once.get(&name) {
            watch.tables.extend(below.iter().cloned());
            return None;
        }
        if self.tables.contains(&name) {
            watch.tables.insert(name);
            return None;
        }
        // Of a view, SQLite goes on to ask for the tables below it.
        if self.views.contains(&name) || function::TABLE_FUNCTIONS.contains(&name.as_str()) {
            return None;
        }
        // `count(*)` over a WITH name asks for a column without a name; such a name holds no data of its own.
        let built_in = name.starts_with("sqlite_") || name.starts_with("pragma_") || self.modules.contains(&name);
        let harmless = column.is_empty() && !built_in && !WITHHELD.contains(&name.as_str());
        (!harmless).then(|| format!("reading {table}"))
    }
}

fn not_allowed(what: &str) -> Refusal {
    Refusal { what: format!("{what} is not allowed in a check; it can only SELECT from evidence tables"), offset: None }
}

fn narrow(connection: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        // Off: a misspelt "column" would otherwise be a text, and compare as one.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_ATTACH_CREATE, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, LONGEST_SQL),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
        (Limit::SQLITE_LIMIT_COLUMN, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 50),
        // SQLite counts every table of every view and WITH against this as well.
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 1000),
        (Limit::SQLITE_LIMIT_FUNCTION_ARG, 32),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 256),
        (Limit::SQLITE_LIMIT_VARIABLE_NUMBER, 100),
        (Limit::SQLITE_LIMIT_VDBE_OP, 100_000),
    ] {
        connection.set_limit(limit, most)?;
    }
    Ok(())
}

/// A panic in another thread leaves only a time and a few names behind, which the next query sets anew.
fn locked(watch: &Mutex<Watch>) -> MutexGuard<'_, Watch> {
    watch.lock().unwrap_or_else(PoisonError::into_inner)
}
