//! Any text as a check file. It never panics; read again it is the same check; and whatever a check that loads
//! says, it changes no evidence, and evidence in which nothing was collected is never a pass.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use leaver::check::{self, Checks, Limits, file};
use leaver::evidence::{Evidence, Writer};
use leaver::model::Verdict;
use libfuzzer_sys::fuzz_target;

const PATH: &str = "1-step/fuzzed.sql";

/// A file of evidence in which nothing was collected.
static EMPTY: LazyLock<std::path::PathBuf> = LazyLock::new(|| {
    let folder = std::env::temp_dir();
    let path = folder.join(format!("leaver-fuzz-{}.db", std::process::id()));
    let meta = [("now", "2026-06-01T00:00:00Z".to_owned())];
    Writer::create(&folder, &meta).unwrap().seal(Some(&path)).unwrap();
    path
});

fuzz_target!(|text: &str| {
    let Ok(parsed) = file::parse("fuzzed.sql", PATH, text) else { return };
    assert_eq!(file::parse("fuzzed.sql", PATH, &parsed.check.text), Ok(parsed));
    let Ok(checks) = Checks::from_texts([(PATH, text)]) else { return };
    let before = Evidence::open(&EMPTY).unwrap();
    let limits = Limits { rows: 1000, time: Duration::from_millis(200), ..Limits::default() };
    for judgement in check::judge(&before, &checks, limits).unwrap() {
        assert_ne!(judgement.verdict, Verdict::Pass, "{judgement:?}");
    }
    let _ = checks.test(None).unwrap().to_string();
    assert_eq!(Evidence::open(&EMPTY).unwrap().sha256(), before.sha256());
});
