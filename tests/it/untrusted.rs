//! What is opened by name, and evidence that somebody else wrote: known for what it is, or refused at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use leaver::evidence::{Error, Evidence, Writer};
use rusqlite::Connection;
use tempfile::TempDir;

fn evidence(folder: &TempDir, name: &str, host: &str) -> PathBuf {
    let path = folder.path().join(name);
    let meta = [("now", "2026-06-01T00:00:00Z".to_owned()), ("host", host.to_owned())];
    drop(Writer::create(folder.path(), &meta).unwrap().seal(Some(&path)).unwrap());
    path
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_file_is_read_under_exactly_its_name() {
    let folder = tempfile::tempdir().unwrap();
    for (at, odd) in ["x%41.db", "x?mode=memory", "x#y", "file:x", "a b", "\u{e4}%", "x%00.db"].iter().enumerate() {
        let (odd, decoded) = (evidence(&folder, odd, &format!("odd {at}")), evidence(&folder, "xA.db", "decoded"));
        let read = Evidence::open(&odd).unwrap();
        assert_eq!(read.meta("host").unwrap().unwrap(), format!("odd {at}"));
        assert_ne!(read.sha256(), Evidence::open(&decoded).unwrap().sha256());
    }
}

/// SQL in somebody else's file that runs without an end, hides rows, or is run by touching a table.
#[test]
fn evidence_says_nothing_in_sql_that_this_program_does_not_say() {
    let endless = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c";
    for (odd, sql) in [
        ("the view odd", format!("CREATE VIEW odd AS {endless}")),
        ("the view coverage", format!("DROP TABLE coverage; CREATE VIEW coverage AS {endless}")),
        ("the trigger odd", "CREATE TRIGGER odd AFTER INSERT ON device BEGIN DELETE FROM device; END".to_owned()),
        ("the table odd", "CREATE TABLE odd (x, y AS (printf('%9999999d', x)))".to_owned()),
        ("the table odd", "CREATE VIRTUAL TABLE odd USING fts5(x)".to_owned()),
        ("the table device", "ALTER TABLE device ADD COLUMN odd TEXT DEFAULT 'x'".to_owned()),
        ("the index odd", "CREATE INDEX odd ON device (id) WHERE id > 'a'".to_owned()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = evidence(&folder, "e.db", "h");
        change(&path, &sql);
        let started = Instant::now();
        let refused = Evidence::open(&path).err().unwrap();
        assert!(matches!(refused, Error::Altered { .. }), "{sql}: {refused}");
        assert!(refused.to_string().contains(odd), "{sql}: {refused}");
        assert!(started.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn rows_that_were_counted_for_the_planner_are_no_alteration() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(&folder, "e.db", "h");
    change(&path, "ANALYZE");
    assert_eq!(Evidence::open(&path).unwrap().meta("host").unwrap().unwrap(), "h");
}

#[test]
fn what_is_judged_does_not_change_with_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(&folder, "e.db", "before");
    let read = Evidence::open(&path).unwrap();
    fs::copy(evidence(&folder, "other.db", "after"), &path).unwrap();
    assert_eq!(read.meta("host").unwrap().unwrap(), "before");
}

#[test]
fn what_is_no_file_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.db");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
    for (path, what) in
        [(pipe.as_path(), "a named pipe"), (Path::new("/dev/zero"), "a device"), (folder.path(), "a directory")]
    {
        let refused = Evidence::open(path).err().unwrap().to_string();
        assert!(refused.contains(what) && refused.contains(&path.display().to_string()), "{refused}");
    }
}

/// Every other way to open a file waits for a pipe, reads a device without end, or follows a name that may have changed.
#[test]
fn files_are_opened_in_one_module() {
    let mut all = Vec::new();
    sources(Path::new("src"), &mut all);
    let own = ["src/file.rs", "src/source/runner/content.rs"];
    let found = all.iter().filter(|path| !own.iter().any(|own| path.ends_with(own))).flat_map(|path| {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
        let odd = ["File::open(", "fs::read(", "fs::read_to_string(", "OpenOptions::new().read("];
        odd.into_iter()
            .filter(|odd| code.contains(odd))
            .map(|odd| format!("{}: {odd}", path.display()))
            .collect::<Vec<_>>()
    });
    let found: Vec<String> = found.filter(|one| !one.contains("tests.rs") && !one.contains("draft.rs")).collect();
    assert!(found.is_empty(), "use leaver::file instead: {found:#?}");
}

fn sources(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, all),
            false if path.extension().is_some_and(|extension| extension == "rs") => all.push(path),
            false => {}
        }
    }
}
