//! Any change of an evidence file. Opening it never panics and ends in time; whatever is accepted has only our tables and
//! views, and the digest of exactly the bytes that were given.
#![no_main]

use std::fs;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use leaver::evidence::{Evidence, Writer};
use leaver::seal::sha256;
use libfuzzer_sys::fuzz_target;

/// A whole file, which the input changes.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.db");
    let meta = [("now", "2026-06-01T00:00:00Z".to_owned()), ("mode", "scan".to_owned())];
    drop(Writer::create(folder.path(), &meta).unwrap().seal(Some(&path)).unwrap());
    fs::read(path).unwrap()
});

fuzz_target!(|changes: Vec<(u32, u8)>| {
    let mut bytes = WHOLE.clone();
    for (at, value) in changes {
        let length = bytes.len();
        bytes[at as usize % length] = value;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.db");
    fs::write(&path, &bytes).unwrap();
    let started = Instant::now();
    if let Ok(evidence) = Evidence::open(&path) {
        assert_eq!(evidence.sha256(), sha256(&bytes));
        let _ = (evidence.meta("mode"), evidence.coverage(), evidence.people());
    }
    assert!(started.elapsed() < Duration::from_secs(5));
});
