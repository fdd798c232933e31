//! Any files under the names of a bundle. Reading it never panics, and nothing that nobody signed is ever verified.
#![no_main]

use std::fs;

use leaver::bundle::{ATTESTATION, EVIDENCE, MANIFEST, REPORT, TEST_RESULT, TIMESTAMP, Trust, forms, verify};
use leaver::seal::{Kind, generate};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 8] =
    [REPORT, "report.html", "report.md", EVIDENCE, MANIFEST, ATTESTATION, TEST_RESULT, TIMESTAMP];

fuzz_target!(|files: Vec<(u8, Vec<u8>)>| {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::write(folder.path().join(NAMES[usize::from(name) % NAMES.len()]), content).unwrap();
    }
    let (_, key) = generate(Kind::Ed25519, None).unwrap();
    let found = verify(folder.path(), &Trust { keys: vec![key], ..Trust::default() }).unwrap();
    assert!(!found.holds());
    if let Some(report) = &found.report {
        let _ = forms(folder.path(), report);
    }
});
