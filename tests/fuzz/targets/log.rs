//! Any bytes in an exported log: nothing panics, and lines are read in the same way by one thread and by several, behind
//! few lines of others and behind many.
#![no_main]

use std::sync::LazyLock;

use leaver::config::LogColumns;
use leaver::evidence::{Callers, Writer};
use leaver::source::logs::import::{Imported, Input, Request, Window, import};
use libfuzzer_sys::fuzz_target;

const WANTED: &str = "aaaaaaaa-0000-4000-8000-00000000000a";

/// More than one block of lines.
static USUAL: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let line = |n: usize| {
        format!(
            r#"{{"TimeGenerated":"2026-05-01T02:{:02}:{:02}.5Z","caller_oid":"bbbbbbbb-0000-4000-8000-{n:012}","caller_upn":"bob@contoso.example","resource_accessed":"{:200}"}}{}"#,
            n / 60 % 60,
            n % 60,
            "",
            '\n'
        )
    };
    (0..900).flat_map(|n| line(n).into_bytes()).collect()
});

fn read(before: &[u8], bytes: &[u8], threads: usize) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("log");
    std::fs::write(&input, [before, bytes].concat()).unwrap();
    let writer = Writer::create(folder.path(), &[]).unwrap();
    let callers = Callers { principals: vec![WANTED.into()], names: vec!["alice@contoso.example".into()] };
    let request = Request {
        inputs: &[Input::Path(input)],
        callers: &callers,
        columns: &LogColumns::default(),
        table: None,
        window: Window {
            from: "2026-03-01T00:00:00Z".parse().unwrap(),
            until: "2026-06-01T00:00:00Z".parse().unwrap(),
        },
        zone: None,
        threads,
        seed: 1,
        progress: &|_, _| {},
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(import(&writer, request)).unwrap()
}

/// Where the first of the usual lines ends; with it, what the file is does not hang on the bytes.
fn one_line() -> usize {
    USUAL.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

fuzz_target!(|bytes: &[u8]| {
    let records = read(&USUAL, bytes, 1).records;
    assert_eq!(read(&USUAL, bytes, 3).records, records);
    assert_eq!(read(&USUAL[..one_line()], bytes, 1).records, records);
});
