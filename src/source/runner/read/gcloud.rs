//! The database in which gcloud keeps its sign-ins: one row per account. The file may be anybody's, so SQLite gets small
//! limits, and nothing but a plain table is read.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::super::document::text;
use super::super::lead::{Lead, account};
use super::Source;
use crate::file;

/// Longer than any credential.
const LONGEST: i32 = 256 * 1024;

/// No such database takes as long.
const LONGEST_TIME: Duration = Duration::from_secs(5);

/// `credentials (account_id, value)`, the value being JSON with a refresh token.
pub(super) fn credentials(source: &Source<'_>) -> Vec<Lead> {
    rows(source.path).unwrap_or_default().iter().filter_map(|(name, value)| lead(name, value)).collect()
}

fn lead(name: &str, value: &[u8]) -> Option<Lead> {
    let document: Value = serde_json::from_slice(value).ok()?;
    let token = text(&document, &["refresh_token"])?;
    Some(Lead::new(token).of_kind("google-refresh").named("refresh_token").signed_in(account("mail", name)))
}

fn rows(path: &Path) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let refused = || rusqlite::Error::InvalidPath(path.to_owned());
    let uri = file::immutable(path).map_err(|_| refused())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_with_flags(uri, flags)?;
    database.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    database.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    database.execute_batch("PRAGMA cell_size_check = ON;")?;
    let started = Instant::now();
    database.progress_handler(1000, Some(move || started.elapsed() > LONGEST_TIME))?;
    let plain = "SELECT count(*) FROM sqlite_schema WHERE name = 'credentials' AND type = 'table'
                 AND sql NOT LIKE '%VIRTUAL%' AND sql NOT LIKE '%GENERATED%' AND sql NOT LIKE '% AS %'";
    if database.query_row(plain, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    let mut query = database.prepare("SELECT account_id, CAST(value AS BLOB) FROM credentials LIMIT 1000")?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sql: &str) -> Vec<Lead> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("credentials.db");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let leads = credentials(&Source { path: &path, text: "", beside: &|_| None });
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "nothing is left beside it");
        leads
    }

    #[test]
    fn every_account_names_its_refresh_token() {
        let leads = read(
            r#"CREATE TABLE "credentials" (account_id TEXT PRIMARY KEY, value BLOB);
               INSERT INTO credentials VALUES ('alice@contoso.com', '{"refresh_token": "r1", "type": "authorized_user"}'), ('b@c', 'x');"#,
        );
        assert_eq!(leads.len(), 1);
        assert_eq!(leads[0].value.expose(), "r1");
        assert_eq!(leads[0].owner.as_ref().unwrap().owner.name, Some("alice@contoso.com".into()));
    }

    #[test]
    fn a_table_that_computes_is_not_read() {
        let endless = "CREATE VIEW credentials AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)
                       SELECT x AS account_id, x AS value FROM c";
        assert!(read(endless).is_empty());
        assert!(read("CREATE TABLE credentials (account_id TEXT, value AS (printf('%9999999d', 1)))").is_empty());
        assert!(read("CREATE TABLE other (x)").is_empty());
    }
}
