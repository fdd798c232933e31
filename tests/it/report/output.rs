//! Where a report goes, and what is left when it cannot go there.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use leaver::env::Console;
use leaver::error::Error;
use leaver::report::{Format, Output, Target, emit, json};

use super::sample::sample;

/// Stdout as a test sees it, or closed.
#[derive(Clone, Default)]
struct Stdout {
    text: Arc<Mutex<Vec<u8>>>,
    closed: bool,
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.text.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stdout {
    fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).unwrap()
    }
}

fn to(target: Target) -> Output {
    Output { format: Format::Json, target, redacted: false }
}

#[tokio::test]
async fn people_get_text_and_programs_get_json() {
    let (report, directory) = (sample().await, tempfile::tempdir().unwrap());
    let path = directory.path().join("report.json");
    let stdout = Stdout::default();
    emit(&report, &[to(Target::File(path.clone()))], false, &Console::new(stdout.clone(), io::sink())).unwrap();
    assert!(stdout.text().starts_with("FAIL"));
    assert_eq!(std::fs::read_to_string(path).unwrap(), json::to_string(&report).unwrap());

    let stdout = Stdout::default();
    emit(&report, &[to(Target::Stdout)], false, &Console::new(stdout.clone(), io::sink())).unwrap();
    assert_eq!(stdout.text(), json::to_string(&report).unwrap());

    let twice = [to(Target::Stdout), to(Target::Stdout)];
    assert!(matches!(emit(&report, &twice, false, &Console::new(stdout, io::sink())), Err(Error::Usage { .. })));
}

#[tokio::test]
async fn a_closed_stdout_is_an_error() {
    let report = sample().await;
    for outputs in [vec![], vec![to(Target::Stdout)]] {
        let stdout = Stdout { closed: true, ..Stdout::default() };
        let error = emit(&report, &outputs, false, &Console::new(stdout, io::sink())).expect_err("must fail");
        assert!(matches!(&error, Error::Output { source, .. } if source.kind() == io::ErrorKind::BrokenPipe));
        assert_eq!(error.exit_code().code(), 1);
    }
}

#[tokio::test]
async fn a_report_that_cannot_be_written_leaves_nothing_and_is_told() {
    let (report, directory) = (sample().await, tempfile::tempdir().unwrap());
    let blocked = directory.path().join("blocked");
    std::fs::write(&blocked, "a file where a directory is needed").unwrap();
    let stdout = Stdout::default();
    let target = to(Target::File(blocked.join("report.json")));
    let error = emit(&report, &[target], false, &Console::new(stdout.clone(), io::sink())).expect_err("must fail");
    assert!(error.to_string().starts_with("cannot write "), "{error}");
    // The report for people comes all the same.
    assert!(stdout.text().starts_with("FAIL"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_there_stays_unless_it_may_be_replaced() {
    let (report, directory) = (sample().await, tempfile::tempdir().unwrap());
    let (one, other) = (directory.path().join("one.json"), directory.path().join("other.json"));
    std::fs::write(&one, "kept").unwrap();
    std::fs::write(&other, "").unwrap();
    let outputs = [to(Target::File(one.clone())), to(Target::File(other.clone()))];
    let stdout = Stdout::default();
    let error = emit(&report, &outputs, false, &Console::new(stdout.clone(), io::sink())).expect_err("must fail");
    assert!(error.to_string().contains("is there already") && error.hint().unwrap().contains("--force"), "{error}");
    assert!(stdout.text().starts_with("FAIL"));
    assert_eq!(std::fs::read_to_string(&one).unwrap(), "kept");
    emit(&report, &outputs[1..], false, &Console::new(io::sink(), io::sink())).unwrap();
    emit(&report, &outputs, true, &Console::new(io::sink(), io::sink())).unwrap();
    assert_eq!(std::fs::read_to_string(one).unwrap(), std::fs::read_to_string(other).unwrap());
}
