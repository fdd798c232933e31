//! Views that many checks read, computed once for all of them when a sandbox is set up: the way from a person to the
//! callers in the logs leads through everything that was collected. It judges nothing and hides no table from a check.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// The views that are computed.
const COMPUTED: [&str; 2] = ["caller", "log_overlap"];

/// The views over them, which have to find what was computed; each behind those that it reads.
const ABOVE: [&str; 4] = ["distinct_call_hour", "distinct_call", "activity", "worked_hour"];

/// Computes the views into temporary tables of the same names, and says which of `tables` each depends on. Evidence
/// from before these views existed has none; what cannot be computed stays a view and fails in the checks that read it.
pub(super) fn compute(
    connection: &mut Connection,
    tables: &BTreeSet<String>,
) -> rusqlite::Result<BTreeMap<String, BTreeSet<String>>> {
    let define = |view: &&str| definition(connection, view);
    let (Ok(_), Ok(above)) = (
        COMPUTED.iter().map(define).collect::<rusqlite::Result<Vec<_>>>(),
        ABOVE.iter().map(define).collect::<rusqlite::Result<Vec<_>>>(),
    ) else {
        return Ok(BTreeMap::new());
    };
    let mut computed = BTreeMap::new();
    for view in COMPUTED {
        let below = below(connection, view, tables)?;
        if connection.execute_batch(&format!("CREATE TEMP TABLE {view} AS SELECT * FROM main.{view}")).is_ok() {
            computed.insert(view.to_owned(), below);
        }
    }
    for view in above {
        connection.execute_batch(&view.replacen("CREATE VIEW", "CREATE TEMP VIEW", 1))?;
    }
    Ok(computed)
}

fn definition(connection: &Connection, view: &str) -> rusqlite::Result<String> {
    let sql = "SELECT sql FROM main.sqlite_schema WHERE type = 'view' AND name = ?";
    connection.query_row(sql, [view], |row| row.get(0))
}

/// The tables that the view reads, through whatever other views.
fn below(connection: &mut Connection, view: &str, tables: &BTreeSet<String>) -> rusqlite::Result<BTreeSet<String>> {
    let seen: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let (watched, known) = (Arc::clone(&seen), tables.clone());
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        if let AuthAction::Read { table_name, .. } = context.action {
            let name = table_name.to_lowercase();
            if known.contains(&name) {
                watched.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            }
        }
        Authorization::Allow
    }))?;
    let prepared = connection.prepare(&format!("SELECT * FROM main.{view}")).map(drop);
    connection.authorizer(None::<fn(AuthContext<'_>) -> Authorization>)?;
    prepared?;
    let below = seen.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(below)
}
