//! The same question at the same time has the same answer, byte for byte, and saved evidence tells it again.

use std::collections::BTreeMap;
use std::path::Path;

use leaver::demo::Faults;
use rusqlite::types::Value;
use rusqlite::{Connection, Row};

use super::{ALICE, NOW, Place, serve};

#[test]
fn two_demos_write_the_same_report() {
    let place = Place::new();
    for name in ["a", "b"] {
        let ran = place.run(&["demo", "-q", "--format", &format!("json={name}.json")]);
        assert_eq!(ran.code, Some(3), "{}", ran.err);
    }
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    let (a, b) = (read("a.json"), read("b.json"));
    assert_eq!(without_digest(&a), without_digest(&b));
}

#[test]
fn saved_evidence_gives_every_format_offline_and_the_same_twice() {
    let server = serve(Faults::none());
    let place = Place::new();
    let collected = place.against(&server, &["collect", ALICE, "--last-day", "2026-05-01", "-o", "a.db"]);
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    let asked = server.requests().len();
    for (name, _) in leaver::report::Format::ALL {
        let (one, other) = (format!("{name}=one.{name}"), format!("{name}=other.{name}"));
        let redacted = format!("{name}=redacted.{name}");
        let args = ["check", "a.db", "--now", NOW, "--format", &one, "--format", &other, "--redact", &redacted];
        assert_eq!(place.run(&args).code, Some(3), "{name}");
        let read = |file: &str| std::fs::read_to_string(place.path(&format!("{file}.{name}"))).unwrap();
        assert_eq!(read("one"), read("other"), "{name}");
        let redacted = read("redacted").to_lowercase();
        let personal = ["alice", "liddell", ALICE];
        assert!(read("one").contains(ALICE) && !personal.iter().any(|text| redacted.contains(text)), "{name}");
    }
    assert_eq!(server.requests().len(), asked, "judging asks nobody");
}

/// Each demo listens on a port of its own, which is in the URLs of the evidence and so in its digest.
fn without_digest(report: &str) -> String {
    let digest = serde_json::from_str::<serde_json::Value>(report).unwrap()["evidence"]["sha256"].clone();
    report.replace(digest.as_str().unwrap(), "")
}

/// When services were asked and a run began is told by the real clock, whatever time checks judge by.
fn untimed(report: &str) -> String {
    let times = ["started_at", "finished_at", "first_at", "last_at"].map(|key| format!("\"{key}\": "));
    let lines = report.lines().filter(|line| !times.iter().any(|time| line.trim_start().starts_with(time)));
    lines.collect::<Vec<_>>().join("\n")
}

/// Every row of every table, without the times of the real clock. Requests that go out side by side are written down as
/// they come back.
fn content(evidence: &Path) -> BTreeMap<String, Vec<String>> {
    let connection = Connection::open(evidence).unwrap();
    let rows = |sql: &str| {
        let mut select = connection.prepare(sql).unwrap();
        let columns = select.column_count();
        let row = |row: &Row<'_>| (0..columns).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>();
        select.query_map([], row).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    let tables = rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'");
    let names = tables.into_iter().map(|name| match &name[..] {
        [Value::Text(name)] => name.clone(),
        other => panic!("{other:?}"),
    });
    let sorted = |name: &String| {
        let columns = match name.as_str() {
            "request" => "source, method, url, status, attempts, body_sha256, bytes",
            "coverage" => "dataset, scope, person, gap, needs, detail, requests, pages, objects",
            _ => "*",
        };
        let mut rows: Vec<String> =
            rows(&format!("SELECT {columns} FROM {name}")).iter().map(|row| format!("{row:?}")).collect();
        rows.sort();
        rows
    };
    names.map(|name| (name.clone(), sorted(&name))).collect()
}

#[test]
fn two_collections_at_one_time_hold_the_same() {
    let server = serve(Faults::none());
    let place = Place::new();
    for name in ["a", "b"] {
        let database = format!("{name}.db");
        let ran = place.against(&server, &["collect", ALICE, "--last-day", "2026-05-01", "-o", &database]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(ran.err.contains("sha256:"), "{}", ran.err);
        let report = format!("json={name}.json");
        assert_eq!(place.run(&["check", &database, "--now", NOW, "--format", &report]).code, Some(3));
    }
    let (a, b) = (content(&place.path("a.db")), content(&place.path("b.db")));
    assert!(a["request"].len() > 20 && a["delegated_grant"].len() > 5);
    assert_eq!(a, b);
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(untimed(&without_digest(&read("a.json"))), untimed(&without_digest(&read("b.json"))));
}

#[test]
fn checking_saved_evidence_tells_what_the_audit_told() {
    let server = serve(Faults::none());
    let place = Place::new();
    let args = ["audit", ALICE, "--last-day", "2026-05-01", "-o", "a.db", "--format", "json=audit.json"];
    let audit = place.against(&server, &args);
    let asked = server.requests().len();
    let check = place.run(&["check", "a.db", "--now", NOW, "--format", "json=check.json"]);
    assert_eq!((check.code, &check.out), (audit.code, &audit.out));
    let read = |name: &str| std::fs::read_to_string(place.path(name)).unwrap();
    assert_eq!(untimed(&read("check.json")), untimed(&read("audit.json")));
    assert_eq!(server.requests().len(), asked, "judging asks nobody");
}
