//! What a person may get wrong: each has its exit code, says where it is and what to do next.

use leaver::demo::Faults;

use super::{ALICE, Place, Ran, serve};

/// An error on stderr, a hint after it, nothing on stdout, no backtrace.
fn refused(ran: &Ran, code: i32, parts: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    assert_eq!(ran.out, "");
    assert!(ran.err.starts_with("error: "), "{}", ran.err);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is not in\n{}", ran.err);
    }
}

fn configured(text: &str) -> Ran {
    let place = Place::new();
    place.write("leaver.toml", text);
    place.run(&["audit", "alice@contoso.example"])
}

#[test]
fn a_mistyped_key_is_told_with_its_place_and_the_nearest() {
    let ran = configured("[entra]\ntenant = \"contoso\"\ngateway-app = []\n");
    refused(&ran, 2, &["leaver.toml:3:1", "gateway-app", "hint: ", "gateway-apps"]);
    refused(&configured("[entar]\n"), 2, &["leaver.toml:1:2", "entra"]);
    refused(&configured("[entra\n"), 2, &["leaver.toml:1:"]);
}

#[test]
fn a_secret_in_the_configuration_is_refused_and_not_repeated() {
    let secret = format!("{}8Q~{}", "aBc", "dEfGhIjKlMnOpQrStUvWxYz0123456789");
    let ran = configured(&format!("[entra]\nclient-secret = \"{secret}\"\n"));
    refused(&ran, 2, &["leaver.toml:2:", "hint: "]);
    assert!(!ran.err.contains(&secret), "{}", ran.err);
}

#[test]
fn plain_http_leaves_this_machine_for_no_reason() {
    let ran = configured("[endpoints]\ngraph = \"http://graph.example/\"\n");
    refused(&ran, 2, &["leaver.toml:2:", "graph", "https"]);
}

#[test]
fn a_malformed_last_day_is_told_in_the_file_and_in_the_flag() {
    let ran = configured("[people]\n\"alice@contoso.example\" = { last-day = \"1 May\" }\n");
    refused(&ran, 2, &["leaver.toml:2:", "last-day"]);
    let ran = Place::new().run(&["audit", "alice@contoso.example", "--last-day", "2026-02-30"]);
    refused(&ran, 2, &["--last-day", "2026-02-30"]);
}

#[test]
fn a_configuration_that_is_named_has_to_be_there() {
    let ran = Place::new().run(&["audit", "alice@contoso.example", "--config", "no.toml"]);
    refused(&ran, 2, &["no.toml", "hint: check the path"]);
}

#[test]
fn a_person_of_no_kind_is_refused_before_anybody_is_asked() {
    for person in ["alice", "Alice Liddell", "@contoso", ""] {
        refused(&Place::new().run(&["audit", person]), 2, &["is no user principal name", "hint: for example"]);
    }
}

#[test]
fn two_people_and_nobody_end_with_exit_code_2() {
    let server = serve(Faults::none());
    let place = Place::new();
    let twins = place.against(&server, &["audit", "40077"]);
    refused(&twins, 2, &["0a000000-0000-4000-8000-000000000009", "0a000000-0000-4000-8000-000000000010", "object id"]);
    let nobody = place.against(&server, &["audit", "mallory@contoso.example"]);
    refused(&nobody, 2, &["looked in:", "deleted users", "hint: "]);
}

#[test]
fn a_wrong_check_id_is_told_the_nearest() {
    let place = Place::new();
    let mistyped = place.run(&["explain", "gateway-grants"]);
    refused(&mistyped, 2, &["there is no check `gateway-grants`", "hint: did you mean 1-consents/gateway-grant"]);
    refused(&place.run(&["explain", "zzz"]), 2, &["hint: `leaver checks list` shows all checks"]);
    refused(&place.run(&["checks", "test", "account/still-enabeld"]), 2, &["account/still-enabled"]);
}

#[test]
fn a_broken_check_is_told_with_file_and_line_before_anybody_is_asked() {
    let server = serve(Faults::none());
    let place = Place::new();
    let head = "/*\ntitle = \"t\"\nseverity = \"high\"\nwhy = \"w\"\nfix = \"f\"\n*/\n";
    place.write("mine/private/typo.sql", &format!("{head}SELECT nmae AS person, id AS subject FROM account;\n"));
    let ran = place.against(&server, &["audit", ALICE, "--checks", "mine"]);
    refused(&ran, 2, &["typo.sql:7", "nmae", "leaver checks test"]);
    place.write("kinds/tokens.toml", "# ours\n[[kind]]\nname = \"ours\"\npattern = 'o'\n");
    let ran = place.against(&server, &["audit", ALICE, "--checks", "kinds"]);
    refused(&ran, 2, &["tokens.toml:2"]);
    assert!(server.requests().is_empty());
    refused(&place.run(&["checks", "list", "--checks", "nowhere"]), 2, &["nowhere"]);
}

#[test]
fn evidence_that_is_not_ours_damaged_cut_or_newer_is_refused() {
    let server = serve(Faults::none());
    let place = Place::new();
    let collected = place.against(&server, &["collect", ALICE, "-o", "a.db"]);
    assert_eq!(collected.code, Some(0), "{}", collected.err);
    let bytes = std::fs::read(place.path("a.db")).unwrap();
    place.write("text.db", "no database at all");
    std::fs::write(place.path("cut.db"), &bytes[..bytes.len() / 2]).unwrap();
    std::fs::write(place.path("empty.db"), b"").unwrap();
    let mut damaged = bytes.clone();
    let middle = damaged.len() / 2;
    // Several pages of it: a part of one may be empty.
    damaged[middle..middle + 32_768].fill(0x5a);
    std::fs::write(place.path("damaged.db"), damaged).unwrap();
    let foreign = rusqlite::Connection::open(place.path("foreign.db")).unwrap();
    foreign.execute_batch("CREATE TABLE t (x)").unwrap();
    drop(foreign);
    // SQLite keeps the format number of a file in the bytes 60 to 63 of its header.
    let mut newer = bytes.clone();
    newer[60..64].copy_from_slice(&99u32.to_be_bytes());
    std::fs::write(place.path("newer.db"), newer).unwrap();
    for (file, part) in [
        ("text.db", "is not an evidence file"),
        ("empty.db", "is not an evidence file"),
        ("foreign.db", "is not an evidence file"),
        ("cut.db", "damaged"),
        ("damaged.db", "damaged"),
        ("newer.db", "format 99"),
    ] {
        refused(&place.run(&["check", file]), 1, &[file, part, "hint: "]);
    }
    refused(&place.run(&["check", "no.db"]), 1, &["no.db", "hint: check the path"]);
    assert_eq!(place.run(&["check", "a.db"]).code, Some(3));
}

#[test]
fn formats_need_a_place_each() {
    let place = Place::new();
    let twice = place.run(&["demo", "-q", "--format", "json=a.json", "--format", "json=a.json"]);
    refused(&twice, 2, &["two formats go to the same place", "hint: "]);
    refused(&place.run(&["demo", "--format", "jsno=a"]), 2, &["did you mean json"]);
    refused(&place.run(&["demo", "-q", "--format", "json=no/a.json"]), 1, &["no/a.json", "create the directory first"]);
    refused(&place.run(&["demo", "-q", "--format", "json=tmp"]), 1, &["tmp", "is no file"]);
    assert_eq!(place.files(), Vec::<String>::new());
}

/// What SQLite may hold is a limit of the whole process, so this query gets a process of its own.
#[test]
fn a_check_that_sorts_without_end_fails_on_memory_or_time() {
    let place = Place::new();
    let sql = "/*\ntitle = \"x\"\nseverity = \"low\"\nwhy = \"x\"\nfix = \"x\"\n*/\n\
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\n\
        SELECT account.person AS person, account.id AS subject, 'pass' AS status, i AS reason\n\
        FROM n CROSS JOIN account ORDER BY printf('%900000d', i);\n\
        /*\n[[case]]\nname = \"x\"\naccount = [{ id = \"u\", person = \"p\" }]\nexpect = \"pass\"\n*/\n";
    place.write("mine/account/endless-sort.sql", sql);
    let ran = place.run(&["checks", "test", "account/endless-sort", "--checks", "mine"]);
    assert_ne!(ran.code, Some(0));
    assert!(ran.out.contains("memory") || ran.out.contains("longer than"), "{}{}", ran.out, ran.err);
}
