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

/// A file without any room for it may be as large as anybody likes.
#[test]
fn a_file_that_is_not_as_large_as_its_pages_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(&folder, "e.db", "h");
    let size = fs::metadata(&path).unwrap().len();
    for other in [size - 1, size + 1, size / 2, 1 << 50] {
        let copy = folder.path().join("copy.db");
        fs::copy(&path, &copy).unwrap();
        // Not every file system has room for so long a file.
        if fs::OpenOptions::new().write(true).open(&copy).unwrap().set_len(other).is_ok() {
            let started = Instant::now();
            let refused = Evidence::open(&copy).err().unwrap();
            assert!(matches!(refused, Error::Damaged { .. }), "{other}: {refused}");
            assert!(started.elapsed() < Duration::from_secs(2), "{other}");
        }
    }
}

/// A log of changes beside a file is no part of it.
#[test]
fn what_lies_beside_evidence_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(&folder, "e.db", "before");
    let sha256 = Evidence::open(&path).unwrap().sha256().to_owned();
    let other = folder.path().join("other.db");
    fs::copy(&path, &other).unwrap();
    let writer = Connection::open(&other).unwrap();
    writer.execute_batch("PRAGMA journal_mode = WAL; UPDATE meta SET value = 'after' WHERE key = 'host'").unwrap();
    for end in ["-wal", "-shm", "-journal"] {
        let from = folder.path().join(format!("other.db{end}"));
        if from.exists() {
            fs::copy(from, folder.path().join(format!("e.db{end}"))).unwrap();
        }
    }
    let read = Evidence::open(&path).unwrap();
    assert_eq!((read.meta("host").unwrap().unwrap(), read.sha256()), ("before".to_owned(), sha256.as_str()));
    drop(writer);
}

/// Bytes of evidence changed at random: it is refused, or what it says is read to an end. `FUZZ_SECONDS` is how long.
#[test]
fn evidence_with_changed_bytes_is_refused_or_read_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = evidence(&folder, "e.db", "h");
    let whole = fs::read(&path).unwrap();
    let (mut random, mut seen) = (fastrand::Rng::new(), [0, 0]);
    let (started, odd) = (Instant::now(), folder.path().join("odd.db"));
    while started.elapsed() < fuzz_time() {
        let seed = random.u64(..);
        fs::write(&odd, changed(&whole, &mut fastrand::Rng::with_seed(seed))).unwrap();
        let begun = Instant::now();
        let read = Evidence::open(&odd);
        seen[usize::from(read.is_ok())] += 1;
        if let Ok(read) = read {
            let _ = (read.meta("host"), read.coverage(), read.people(), read.readers(), read.mcp_credentials());
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "seed {seed}: {:?}", begun.elapsed());
    }
    assert!(seen[0] > 0, "{seen:?}");
    told(&format!("evidence: {seen:?} refused and read in {:?}", started.elapsed()));
}

/// The same for the files of a bundle.
#[test]
fn a_bundle_with_changed_bytes_never_holds() {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("b");
    let made = std::process::Command::new(env!("CARGO_BIN_EXE_leaver"))
        .args(["demo", "-q", "--bundle"])
        .arg(&bundle)
        .env_clear()
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(3));
    let names: Vec<String> =
        fs::read_dir(&bundle).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let whole: Vec<(PathBuf, Vec<u8>)> =
        names.iter().map(|name| (bundle.join(name), fs::read(bundle.join(name)).unwrap())).collect();
    let (mut random, started, mut count) = (fastrand::Rng::new(), Instant::now(), 0);
    while started.elapsed() < fuzz_time() {
        let seed = random.u64(..);
        let mut random = fastrand::Rng::with_seed(seed);
        let (path, bytes) = &whole[random.usize(..whole.len())];
        let odd = changed(bytes, &mut random);
        if odd == *bytes {
            continue;
        }
        fs::write(path, odd).unwrap();
        let begun = Instant::now();
        if let Ok(found) = leaver::bundle::verify(&bundle, &leaver::bundle::Trust::default()) {
            let broken = |one: &&leaver::bundle::Outcome| one.state == leaver::bundle::State::Failed;
            // Nobody signed it, which fails in any case: something else has to fail, too.
            let why = found.outcomes.iter().filter(broken).filter(|one| !["signature", "key"].contains(&one.name));
            assert!(why.count() > 0, "seed {seed}: {}: {:?}", path.display(), found.outcomes);
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "seed {seed}");
        fs::write(path, bytes).unwrap();
        count += 1;
    }
    told(&format!("bundles: {count} refused in {:?}", started.elapsed()));
}

/// A few bytes flipped, taken away, repeated or put elsewhere; numbers at their ends.
fn changed(whole: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..random.usize(1..6) {
        if bytes.is_empty() {
            break;
        }
        // The header and the schema page are worth more than the rest.
        let most = if random.bool() { bytes.len().min(4096) } else { bytes.len() };
        let (at, length) = (random.usize(..most), random.usize(1..64));
        let end = (at + length).min(bytes.len());
        match random.u8(..7) {
            0 => bytes[at] ^= 1 << random.u8(..8),
            1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][random.usize(..5)],
            2 => bytes[at..end].fill(random.u8(..)),
            3 => drop(bytes.drain(at..end)),
            4 => bytes.truncate(at),
            5 => {
                let part = bytes[at..end].to_vec();
                let to = random.usize(..bytes.len());
                let room = part.len().min(bytes.len() - to);
                bytes[to..to + room].copy_from_slice(&part[..room]);
            }
            _ => {
                let part = bytes[at..end].to_vec();
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

#[expect(clippy::disallowed_methods, reason = "whoever runs this by hand says how long")]
fn fuzz_time() -> Duration {
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    seconds.map_or(Duration::from_millis(1500), Duration::from_secs)
}

#[expect(clippy::print_stderr, reason = "what a long run did is wanted")]
fn told(what: &str) {
    eprintln!("{what}");
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
