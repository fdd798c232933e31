//! What GitHub answered in an earlier run, kept in a file of the user's choice: an answer that did not change is not
//! sent again, and does not count against the hour. It keeps no value of a variable and no body with a token in it.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use reqwest::header::{ETAG, HeaderMap, HeaderValue, LINK};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::Value;
use url::Url;

use super::Answer;
use crate::token;

/// Raised with every change of what is kept. Another version of the program may know other tokens, so it starts anew.
const LAYOUT: &str = concat!(env!("CARGO_PKG_VERSION"), "/1");

/// The file. One run at a time uses it.
pub struct Cache {
    connection: Mutex<Connection>,
}

impl Cache {
    /// Opens the file, or makes it, readable by its owner only.
    ///
    /// # Errors
    /// What the file system says, or that it is some other file.
    pub fn open(path: &Path) -> std::io::Result<Cache> {
        crate::file::append(path)?;
        Cache::prepare(path).map_err(std::io::Error::other)
    }

    fn prepare(path: &Path) -> rusqlite::Result<Cache> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; PRAGMA cache_size = -4096; BEGIN EXCLUSIVE;
             CREATE TABLE IF NOT EXISTS layout (name TEXT NOT NULL) STRICT;
             CREATE TABLE IF NOT EXISTS answer (url TEXT PRIMARY KEY, etag BLOB NOT NULL, link BLOB, body BLOB NOT NULL) STRICT;",
        )?;
        let layout: Option<String> =
            connection.query_row("SELECT name FROM layout", [], |row| row.get(0)).optional()?;
        if layout.as_deref() != Some(LAYOUT) {
            connection.execute_batch("DELETE FROM layout; DELETE FROM answer;")?;
            connection.execute("INSERT INTO layout VALUES (?)", [LAYOUT])?;
        }
        Ok(Cache { connection: Mutex::new(connection) })
    }

    /// The mark of the answer that is kept for `url`.
    pub(super) fn etag(&self, url: &Url) -> Option<HeaderValue> {
        let etag: Vec<u8> = self.one("SELECT etag FROM answer WHERE url = ?", url, |row| row.get(0))?;
        HeaderValue::from_bytes(&etag).ok()
    }

    /// The answer that is kept for `url`.
    pub(super) fn answer(&self, url: &Url) -> Option<Answer> {
        let (body, link): (Vec<u8>, Option<Vec<u8>>) =
            self.one("SELECT body, link FROM answer WHERE url = ?", url, |row| Ok((row.get(0)?, row.get(1)?)))?;
        let link = link.and_then(|link| HeaderValue::from_bytes(&link).ok());
        Some(Answer { body, headers: link.into_iter().map(|link| (LINK, link)).collect() })
    }

    /// Keeps an answer, if it has a mark and may be kept.
    pub(super) fn keep(&self, url: &Url, headers: &HeaderMap, body: &[u8]) {
        let Some(etag) = headers.get(ETAG) else { return };
        let Some(body) = keepable(url, body) else { return };
        let link = headers.get(LINK).map(HeaderValue::as_bytes);
        let row = params![url.as_str(), etag.as_bytes(), link, body];
        // A cache that cannot be written costs requests later on, nothing else.
        let kept = self.with(|connection| {
            connection.prepare_cached("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)")?.execute(row)
        });
        if let Err(error) = kept {
            tracing::warn!(%error, "an answer is not kept");
        }
    }

    fn one<T>(&self, sql: &str, url: &Url, read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<T>) -> Option<T> {
        self.with(|connection| connection.prepare_cached(sql)?.query_row([url.as_str()], read).optional())
            .ok()
            .flatten()
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        work(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Cache {
    /// A run that is killed leaves the file as it was.
    fn drop(&mut self) {
        let _ = self.with(|connection| connection.execute_batch("COMMIT"));
    }
}

/// The body without the values of variables; nothing if there is a token anywhere in it, since the next run would have to
/// see it again.
fn keepable(url: &Url, body: &[u8]) -> Option<Vec<u8>> {
    if !token::kinds_of_run().find_with_surroundings(body).is_empty() {
        return None;
    }
    if !url.path().contains("/variables") {
        return Some(body.to_vec());
    }
    let mut answer: Value = serde_json::from_slice(body).ok()?;
    for variable in answer.get_mut("variables")?.as_array_mut()? {
        let variable = variable.as_object_mut()?;
        let named = format!("{}={}", variable.get("name")?.as_str()?, variable.get("value")?.as_str()?);
        if !token::kinds_of_run().find_with_surroundings(named.as_bytes()).is_empty() {
            return None;
        }
        variable.insert("value".to_owned(), Value::from(""));
    }
    serde_json::to_vec(&answer).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: &str = "https://h/repos/o/r/keys?page=1";

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn marked(etag: &str) -> HeaderMap {
        [(ETAG, etag.parse().unwrap()), (LINK, "<x>; rel=\"next\"".parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn an_answer_outlives_the_run_in_a_file_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("github.cache");
        Cache::open(&path).unwrap().keep(&url(KEYS), &marked("W/\"1\""), b"[1]");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let cache = Cache::open(&path).unwrap();
        assert_eq!(cache.etag(&url(KEYS)).unwrap(), "W/\"1\"");
        let answer = cache.answer(&url(KEYS)).unwrap();
        assert_eq!((answer.json::<Vec<u8>>().unwrap(), answer.header("link")), (vec![1], Some("<x>; rel=\"next\"")));
        assert!(cache.etag(&url("https://h/repos/o/r/keys?page=2")).is_none());
    }

    #[test]
    fn another_version_starts_anew_and_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache");
        Cache::open(&path).unwrap().keep(&url(KEYS), &marked("1"), b"[]");
        Connection::open(&path).unwrap().execute("UPDATE layout SET name = 'older'", []).unwrap();
        assert!(Cache::open(&path).unwrap().etag(&url(KEYS)).is_none());
        let text = folder.path().join("text");
        std::fs::write(&text, "this is no database at all, but it is long enough to be taken for one").unwrap();
        assert!(Cache::open(&text).is_err());
    }

    #[test]
    fn no_value_of_a_variable_and_no_token_is_kept() {
        let variables = url("https://h/orgs/o/actions/variables?per_page=30");
        let body = |value: &str| {
            serde_json::json!({ "total_count": 1, "variables": [{ "name": "A", "value": value }] }).to_string()
        };
        let kept = keepable(&variables, body("CANARY").as_bytes()).unwrap();
        assert!(!String::from_utf8(kept).unwrap().contains("CANARY"));
        let token = format!("ghp_{}0uCPlr", "A".repeat(30));
        assert_eq!(keepable(&variables, body(&token).as_bytes()), None);
        assert_eq!(keepable(&url(KEYS), format!("[\"{token}\"]").as_bytes()), None);
        assert_eq!(keepable(&variables, b"[]"), None);
    }
}
