//! Any bytes as a file of every known format: nothing panics, and no row holds a value that the file held as a secret.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use leaver::source::runner::{Key, known_files, look};
use leaver::text::Secret;
use leaver::token::kinds;
use libfuzzer_sys::fuzz_target;

static PATHS: LazyLock<Vec<PathBuf>> = LazyLock::new(|| known_files().collect());
static KEY: LazyLock<Key> = LazyLock::new(|| Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap());

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let path = &PATHS[usize::from(choice) % PATHS.len()];
    for row in look("h", path, bytes, kinds(), &KEY) {
        assert_eq!(row.fingerprint.len(), 64);
        assert!(row.line.is_none_or(|line| line >= 1));
    }
});
