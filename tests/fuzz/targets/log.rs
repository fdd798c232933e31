//! Any bytes as an exported log: nothing panics, and the quick way keeps the records that a full parse keeps.
#![no_main]

use leaver::config::LogColumns;
use leaver::evidence::{Callers, Writer};
use leaver::source::logs::import::{Imported, Input, Request, Window, import};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], full_parse: bool) -> Imported {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("log");
    std::fs::write(&input, bytes).unwrap();
    let writer = Writer::create(folder.path(), &[]).unwrap();
    let callers = Callers { principals: vec!["a1b2".into()], names: vec!["b@cd".into()] };
    let request = Request {
        inputs: &[Input::Path(input)],
        callers: &callers,
        columns: &LogColumns::default(),
        table: None,
        window: Window { from: "2026-03-01T00:00:00Z".parse().unwrap(), until: "2026-06-01T00:00:00Z".parse().unwrap() },
        zone: None,
        full_parse,
        threads: 1,
        seed: 1,
        progress: &|_, _| {},
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(import(&writer, request)).unwrap()
}

fuzz_target!(|bytes: &[u8]| {
    assert_eq!(read(bytes, false).records, read(bytes, true).records);
});
