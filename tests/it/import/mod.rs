//! Exported logs: every way in which they come, and every way in which they can be wrong.

mod container;
mod damaged;
mod formats;
mod whole;

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use leaver::config::LogColumns;
use leaver::evidence::{Callers, Evidence, Writer};
use leaver::source::logs::import::{Imported, Input, Request, Window, import};
use tempfile::TempDir;

const ALICE: &str = "aaaaaaaa-0000-4000-8000-00000000000a";
const RUNNER: &str = "eeeeeeee-0000-4000-8000-00000000000e";
const OTHER: &str = "bbbbbbbb-0000-4000-8000-00000000000b";

/// A folder with logs, and how they are imported.
struct Logs {
    folder: TempDir,
    threads: usize,
    columns: LogColumns,
    from: &'static str,
    zone: Option<&'static str>,
    /// How many others are wanted, who never called.
    others: usize,
    /// Whether Alice is wanted by her name, too.
    by_name: bool,
}

/// What an import left behind.
struct Read {
    imported: Imported,
    evidence: Evidence,
    /// Where the evidence is.
    _output: TempDir,
}

impl Logs {
    fn new() -> Logs {
        let folder = tempfile::tempdir().unwrap();
        let columns = LogColumns::default();
        Logs { folder, threads: 2, columns, from: "2026-05-01T00:00:00Z", zone: None, others: 0, by_name: true }
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Imports files of the folder for Alice and the runner; no name: all of it.
    fn import(&self, names: &[&str]) -> Read {
        let path = |name: &&str| Input::Path(self.folder.path().join(name));
        let mut inputs: Vec<Input> = names.iter().map(path).collect();
        if inputs.is_empty() {
            inputs.push(Input::Path(self.folder.path().to_owned()));
        }
        self.import_from(&inputs, &tokio::runtime::Builder::new_current_thread().build().unwrap())
    }

    fn import_from(&self, inputs: &[Input], runtime: &tokio::runtime::Runtime) -> Read {
        let output = tempfile::tempdir().unwrap();
        let writer = Writer::create(output.path(), &[]).unwrap();
        let others = (0..self.others).map(|n| format!("cccccccc-0000-4000-8000-{n:012}").into());
        let principals = [ALICE.into(), RUNNER.into()].into_iter().chain(others).collect();
        let names = Vec::from_iter(self.by_name.then(|| "alice@contoso.example".into()));
        let callers = Callers { principals, names };
        let request = Request {
            inputs,
            callers: &callers,
            columns: &self.columns,
            table: None,
            window: Window { from: self.from.parse().unwrap(), until: "2026-05-03T00:00:00Z".parse().unwrap() },
            zone: self.zone.map(|zone| jiff::tz::TimeZone::get(zone).unwrap()),
            threads: self.threads,
            seed: 3,
            progress: &|_, _| {},
        };
        let imported = runtime.block_on(import(&writer, request)).unwrap();
        Read { imported, evidence: writer.seal(None).unwrap(), _output: output }
    }

    /// Imports one file of this content.
    fn of(content: impl AsRef<[u8]>) -> Read {
        let logs = Logs::new();
        logs.write("log", content);
        logs.import(&["log"])
    }
}

impl Read {
    /// The rows of a query of one text column.
    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = rusqlite::Connection::open(self.evidence.path()).unwrap();
        let mut query = connection.prepare(sql).unwrap();
        let found = query.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
        found.map(|text| text.unwrap().unwrap_or_else(|| "-".to_owned())).collect()
    }

    /// Every single call, in the order of time.
    fn calls(&self) -> Vec<String> {
        self.texts(
            "SELECT printf('%s %s %s %s %s', at, ifnull(substr(principal, 1, 1), '-'), ifnull(caller_name, '-'),
                           ifnull(resource, '-'), ifnull(status, '-'))
             FROM tool_call ORDER BY at, resource",
        )
    }

    /// What any caller left.
    fn log(&self) -> Vec<String> {
        self.texts(
            "SELECT printf('%s %s..%s records %s callers %s', shape, ifnull(first_at, '-'), ifnull(last_at, '-'),
                           ifnull(records, '-'), ifnull(callers, '-'))
             FROM log_table ORDER BY source",
        )
    }

    /// The gaps of a table: kind, what, next step. The folder is taken out.
    fn gaps(&self, table: &str) -> Vec<String> {
        let rows = self.evidence.coverage().unwrap();
        assert!(rows.iter().any(|row| row.dataset == table), "{table} has no coverage");
        let gaps = rows.into_iter().filter(|row| row.dataset == table).filter_map(|row| row.gap);
        let mut gaps: Vec<String> = gaps
            .map(|gap| {
                let detail = gap.detail.as_ref().map_or("", |detail| detail.raw());
                let words: Vec<&str> = detail.split(' ').map(|word| word.rsplit('/').next().unwrap_or(word)).collect();
                format!("{}: {} | {}", gap.kind, words.join(" "), gap.hint)
            })
            .collect();
        gaps.sort();
        gaps
    }

    /// The gaps that are about something else than days without records.
    fn faults(&self) -> Vec<String> {
        let faults = self.gaps("tool_call").into_iter().filter(|gap| !gap.starts_with("retention"));
        faults.map(|gap| gap.split(" | ").next().unwrap().to_owned()).collect()
    }
}

/// A record as a data export writes it.
fn record(at: &str, principal: &str, name: &str, resource: &str) -> String {
    let item = format!("{at}{principal}{resource}");
    format!(
        r#"{{"TimeGenerated":"{at}","caller_oid":"{principal}","caller_upn":"{name}","mcp_server":"files","tool_name":"read_file","scope_used":"mcp.tools.read","resource_accessed":"{resource}","latency_ms":12,"response_status":200,"apim_request_id":"r-{item}","_ItemId":"{item}"}}"#
    )
}

/// Lines of both days of the window: a foreign one at both ends, and what is given between them.
fn lines(between: &[String]) -> String {
    let mut all = vec![record("2026-05-01T00:10:00.1234567Z", OTHER, "bob@contoso.example", "/a/first")];
    all.extend_from_slice(between);
    all.push(record("2026-05-02T23:10:00.7654321Z", OTHER, "bob@contoso.example", "/a/last"));
    all.iter().map(|line| format!("{line}\n")).collect()
}

fn packed(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

const AT: &str = "2026-05-01T02:03:04.0000000Z";

#[test]
fn the_calls_of_those_concerned_are_kept_and_all_others_are_counted() {
    let read = Logs::of(lines(&[
        record(AT, RUNNER, "", "/srv/x/a"),
        record("2026-05-01T02:03:05Z", OTHER, "bob@contoso.example", &format!("/home/{ALICE}")),
        record("2026-05-01T02:03:06Z", &ALICE.to_uppercase(), "Alice@Contoso.Example", "/srv/y/b"),
        record("2026-05-01T02:03:07Z", "", "ALICE@contoso.example", "/srv/z"),
    ]));
    assert_eq!(
        read.calls(),
        [
            "2026-05-01T02:03:04Z e - /srv/x/a 200",
            "2026-05-01T02:03:06Z a Alice@Contoso.Example /srv/y/b 200",
            "2026-05-01T02:03:07Z - ALICE@contoso.example /srv/z 200",
        ]
    );
    assert_eq!(read.log(), ["documented 2026-05-01T00:10:00Z..2026-05-02T23:10:00Z records 6 callers 4"]);
    assert_eq!(read.gaps("tool_call"), [""; 0]);
    assert_eq!(
        read.texts("SELECT from_at || ' ' || until_at FROM log_silence"),
        ["2026-05-01T01:00:00Z 2026-05-01T02:00:00Z", "2026-05-01T03:00:00Z 2026-05-02T23:00:00Z"]
    );
    assert_eq!(read.texts("SELECT last_at FROM last_activity WHERE principal LIKE 'e%'"), ["2026-05-01T02:03:04Z"]);
    assert_eq!(read.imported.records, 3);
}

#[test]
fn what_was_delivered_twice_counts_once_wherever_it_lies() {
    let logs = Logs::new();
    let twice = record(AT, RUNNER, "", "/srv/x/a");
    logs.write("one", lines(&[twice.clone(), twice.clone()]));
    logs.write("two", lines(&[twice, record(AT, RUNNER, "", "/srv/x/b")]));
    let read = logs.import(&["one", "two"]);
    assert_eq!((read.imported.records, read.imported.duplicates), (2, 2));
    assert_eq!(read.texts("SELECT CAST(sum(calls) AS TEXT) FROM tool_call_hour"), ["2"]);
    assert_eq!(read.texts("SELECT CAST(count(*) AS TEXT) FROM tool_call"), ["2"]);
    assert_eq!(read.log().len(), 2);
    assert!(read.imported.to_string().contains("2 more had been delivered twice"));
}

#[test]
fn a_caller_behind_escapes_is_found() {
    let hidden = record(AT, "", r"\u0061lice@contoso.example", "/srv/x/a");
    let logs = Logs::new();
    logs.write("log", lines(&[hidden]));
    assert_eq!(logs.import(&["log"]).calls(), ["2026-05-01T02:03:04Z - alice@contoso.example /srv/x/a 200"]);
}

#[test]
fn a_key_behind_escapes_is_the_same_key() {
    let bare = r#""caller_upn":"bob@contoso.example""#;
    let usual = record(AT, OTHER, "bob@contoso.example", "/srv/x/b");
    let hidden = usual.replace(bare, r#""caller\u005fupn":"alice@contoso.example""#);
    assert_eq!(Logs::of(lines(&[usual.clone(), hidden])).calls().len(), 1);
    let twice = usual.replace(bare, r#""caller\u005fupn":"alice@contoso.example","caller_upn":"""#);
    for others in [0, 100] {
        let logs = Logs { others, ..Logs::new() };
        logs.write("log", lines(&[usual.clone(), twice.clone()]));
        assert!(logs.import(&["log"]).faults()[0].contains("has a column twice"));
    }
}

#[test]
fn days_outside_of_an_export_are_named() {
    let logs = Logs { from: "2026-04-01T06:00:00Z", ..Logs::new() };
    logs.write("april", format!("{}\n", record("2026-04-03T10:00:00Z", OTHER, "", "/x")));
    logs.write("may", format!("{}\n", record("2026-05-01T10:00:00Z", OTHER, "", "/x")));
    let read = logs.import(&["april", "may"]);
    assert_eq!(
        read.gaps("tool_call_hour"),
        [concat!(
            "retention: holds no record of any caller of 2026-04-01 to 2026-04-02, 2026-04-04 to 2026-04-30, 2026-05-02",
            " | keep the history longer: an export from 2026-04-01 on"
        )]
    );
    assert_eq!(read.gaps("last_activity").len(), 1);
}

#[test]
fn calls_before_the_window_only_tell_the_last_activity() {
    let read = Logs::of(lines(&[record("2026-02-01T10:00:00Z", RUNNER, "", "/x")]));
    assert_eq!(read.calls(), [""; 0]);
    assert_eq!(read.texts("SELECT last_at FROM last_activity"), ["2026-02-01T10:00:00Z"]);
    assert_eq!(read.log(), ["documented 2026-05-01T00:10:00Z..2026-05-02T23:10:00Z records 2 callers 1"]);
}
