//! The sandbox: what a check may read and do, and that everything else is refused or stopped.

use std::time::Duration;

use leaver::evidence::sandbox::{Limits, Refusal, Sandbox};
use rusqlite::Connection;
use rusqlite::types::Value;

fn sandbox(limits: Limits) -> Sandbox {
    Sandbox::in_memory(limits, |connection: &Connection| -> rusqlite::Result<()> {
        connection.execute_batch(
            "CREATE VIEW owned AS SELECT identity.person, device.id FROM identity LEFT JOIN device USING (person);
             INSERT INTO identity VALUES ('p', 'github', '1', 'alice-dev', 'flag', 'A');
             INSERT INTO device (id, person, relation) VALUES ('d', 'p', 'owned');",
        )
    })
    .unwrap()
}

fn tables(sql: &str) -> Vec<String> {
    sandbox(Limits::default()).prepare(sql).unwrap().tables.into_iter().collect()
}

fn refusal(sql: &str) -> Refusal {
    refusal_within(sql, Limits::default())
}

fn refusal_within(sql: &str, limits: Limits) -> Refusal {
    let sandbox = sandbox(limits);
    match sandbox.prepare(sql) {
        Err(refusal) => refusal,
        Ok(mut query) => match query.run(&[]) {
            Err(refusal) => refusal,
            Ok(outcome) => panic!("{sql} returned {} rows", outcome.rows.len()),
        },
    }
}

#[test]
fn every_table_that_a_query_reads_is_learnt() {
    assert_eq!(tables("SELECT id FROM Device"), ["device"]);
    assert_eq!(tables("SELECT count(*) FROM DEVICE"), ["device"]);
    assert_eq!(tables("SELECT 1 FROM person LEFT JOIN device ON 0"), ["device", "person"]);
    assert_eq!(tables("SELECT id FROM person WHERE NOT EXISTS (SELECT 1 FROM account)"), ["account", "person"]);
    assert_eq!(tables("SELECT (SELECT max(at) FROM sign_in) FROM device"), ["device", "sign_in"]);
    assert_eq!(tables("SELECT id FROM person UNION SELECT id FROM device"), ["device", "person"]);
    assert_eq!(tables("SELECT person FROM owned"), ["device", "identity"]);
    assert_eq!(tables("SELECT count(*) FROM owned"), ["device", "identity"]);
    assert_eq!(tables("WITH x AS (SELECT id FROM device) SELECT count(*) FROM x"), ["device"]);
    assert_eq!(tables("SELECT value FROM device, json_each(device.name)"), ["device"]);
    assert_eq!(tables("SELECT 1"), [""; 0]);
}

#[test]
fn what_is_not_reading_evidence_is_refused() {
    for (sql, what) in [
        ("ATTACH '/tmp/x.db' AS x", "ATTACH"),
        ("PRAGMA table_info(person)", "PRAGMA"),
        ("SELECT * FROM pragma_table_info('person')", "pragma_table_info"),
        ("SELECT count(*) FROM pragma_table_info('person')", "pragma_table_info"),
        ("SELECT name FROM sqlite_schema", "sqlite_"),
        ("SELECT count(*) FROM sqlite_master", "sqlite_"),
        ("SELECT name FROM dbstat", "dbstat"),
        ("SELECT count(*) FROM dbstat", "dbstat"),
        ("SELECT value FROM meta", "reading meta"),
        ("SELECT count(*) FROM coverage", "reading coverage"),
        ("SELECT count(*) FROM Request", "reading"),
        ("DELETE FROM person", "SELECT"),
        ("WITH x AS (SELECT 1) DELETE FROM person", "SELECT"),
        ("INSERT INTO person (id, object_id) VALUES ('a', 'a') RETURNING id", "SELECT"),
        ("UPDATE person SET id = ''", "SELECT"),
        ("CREATE TEMP TABLE x (a)", "SELECT"),
        ("VACUUM INTO '/tmp/x.db'", "SELECT"),
        ("BEGIN", "SELECT"),
        ("ANALYZE", "SELECT"),
        ("", "SELECT"),
        ("SELECT load_extension('/tmp/x.so')", "load_extension"),
        ("SELECT randomblob(9)", "randomblob()"),
        ("SELECT random()", "random()"),
        ("SELECT zeroblob(900000000)", "zeroblob()"),
        ("SELECT date('now')", "date()"),
        ("SELECT CURRENT_TIMESTAMP", "current_timestamp()"),
        ("SELECT unixepoch()", "unixepoch()"),
        ("SELECT sqlite_version()", "sqlite_version()"),
        ("SELECT readfile('/etc/passwd')", "no such function"),
    ] {
        let refusal = refusal(sql);
        assert!(refusal.what.contains(what), "{sql}: {refusal}");
    }
}

#[test]
fn a_misspelt_name_is_an_error_and_not_a_text() {
    for sql in ["SELECT nme FROM device", "SELECT \"nme\" FROM device", "SELECT id FROM device WHERE \"nme\" = 'x'"] {
        let refusal = refusal(sql);
        assert!(
            refusal.what.contains("no such column: nme") || refusal.what.contains("no such column: \"nme\""),
            "{refusal}"
        );
        assert_eq!(refusal.offset.map(|offset| sql[offset..].contains("nme")), Some(true), "{sql}");
    }
    assert!(refusal("SELECT id FROM devices").what.contains("no such table: devices"));
}

#[test]
fn what_does_not_end_is_stopped() {
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    let short = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let refused = refusal_within(endless, short);
    assert!(refused.what.contains("longer than 300 ms"), "{refused}");
    let wide = (1..12).fold("a0 AS (SELECT 1 AS x)".to_owned(), |all, n| {
        let m = n - 1;
        format!("{all}, a{n} AS (SELECT 1 AS x FROM a{m}, a{m} AS b{m}, a{m} AS c{m}, a{m} AS d{m}, a{m} AS e{m})")
    });
    // Doubling definitions: refused or stopped, whichever limit comes first.
    assert!(!refusal_within(&format!("WITH {wide} SELECT count(*) FROM a11"), short).what.is_empty());
}

#[test]
fn huge_values_are_refused() {
    let doubled = (0..25).fold("'xxxxxxxx'".to_owned(), |text, _| format!("replace({text}, 'x', 'xx')"));
    for sql in [
        "SELECT printf('%900000000d', 1)".to_owned(),
        "SELECT printf('%.*c', 900000000, 'x')".to_owned(),
        format!("SELECT length({doubled})"),
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         SELECT length(group_concat(printf('%100d', i))) FROM n"
            .to_owned(),
    ] {
        assert!(refusal(&sql).what.contains("1 MiB"), "{sql}: {}", refusal(&sql));
    }
    let deep = format!("SELECT {}1{}", "abs(".repeat(2_000), ")".repeat(2_000));
    assert!(!refusal(&deep).what.is_empty());
    let long = format!("SELECT '{}'", "x".repeat(200_000));
    assert!(!refusal(&long).what.is_empty());
}

#[test]
fn a_result_that_is_too_large_is_cut_and_kept() {
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n";
    let rows = |limits: Limits, sql: &str| {
        let outcome = sandbox(limits).prepare(sql).unwrap().run(&[]).unwrap();
        (outcome.rows.len(), outcome.cut)
    };
    assert_eq!(rows(Limits::default(), numbers), (100, false));
    assert_eq!(rows(Limits { rows: 100, ..Limits::default() }, numbers), (100, false));
    assert_eq!(rows(Limits { rows: 99, ..Limits::default() }, numbers), (99, true));
    let wide = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT printf('%1000d', i) FROM n";
    assert_eq!(rows(Limits { bytes: 50_000, ..Limits::default() }, wide), (50, true));
}

#[test]
fn parameters_are_bound_and_functions_work() {
    let sandbox = sandbox(Limits::default());
    let mut query = sandbox
        .prepare(
            "SELECT days_between(:then, :now), has_scope('a b', 'B'), names_person('x/Alice-Dev', name) FROM identity",
        )
        .unwrap();
    assert_eq!(query.parameters, [Some(":then".to_owned()), Some(":now".to_owned())]);
    let times = ["2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z"].map(|time| Value::Text(time.to_owned()));
    let outcome = query.run(&times).unwrap();
    assert_eq!(outcome.rows, [[Value::Integer(2), Value::Integer(1), Value::Integer(1)]]);
}
