//! The parser of check files: what it reads, and that every mistake is named at its place.

use proptest::prelude::*;

use super::*;

const HEAD: &str = "/*\ntitle = \"A bad state\"\nseverity = \"high\"\nwhy = \"because\"\nfix = \"do\"\n";

fn read(text: &str) -> Result<Parsed, Refused> {
    parse("checks/1-step/name.sql", "1-step/name.sql", text)
}

fn refused(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

#[test]
fn a_whole_file_is_read() {
    let text = format!(
        "{HEAD}action = \"revoke-grant\"\nmonotone = true\n\n[controls]\nnist = [\"PS-4\"]\n\n[params]\ndays = 30\n*/\n\
         SELECT ';' AS person, -- a ; in a comment\n/* and ; here */ \"a;b\" FROM person;\n\
         /*\n[[case]]\nname = \"one\"\nnow = 2026-07-01\nincomplete = [\"device\"]\n\
         account = [{{ id = \"a\", enabled = true, created_at = 2026-05-01T02:00:00+02:00 }}]\n\
         expect = {{ \"a\" = \"fail\" }}\n*/\n"
    );
    let Parsed { check, cases, sql_at } = read(&text).unwrap();
    assert_eq!((check.id.as_str(), check.step.as_str()), ("1-step/name", "1-step"));
    assert_eq!(
        (check.action.as_deref(), check.monotone, &check.params["days"]),
        (Some("revoke-grant"), true, &Param::Integer(30))
    );
    assert_eq!(check.controls["nist"], ["PS-4"]);
    assert!(check.sql.starts_with("SELECT ';'") && check.sql.ends_with("FROM person;"));
    assert!(text[sql_at..].starts_with("SELECT"));
    let [case] = &cases[..] else { panic!("{cases:?}") };
    assert_eq!((case.now.as_str(), case.incomplete[0].0.as_str()), ("2026-07-01T00:00:00Z", "device"));
    let values: Vec<_> = case.rows[0].values.iter().map(|(name, _, value)| (name.as_str(), value.clone())).collect();
    let at = Value::Text("2026-05-01T00:00:00Z".into());
    let expected = [("id", Value::Text("a".into())), ("enabled", Value::Integer(1)), ("created_at", at)];
    assert_eq!(values, expected);
}

#[test]
fn what_may_be_left_out_has_its_default() {
    let Parsed { check, cases, .. } = read(&format!("{HEAD}*/\nwith x AS (SELECT 1) SELECT 1 FROM x;")).unwrap();
    assert_eq!((check.action, check.monotone, cases), (None, false, Vec::new()));
}

#[test]
fn every_mistake_is_named_at_its_place() {
    let file = |metadata: &str, rest: &str| format!("{HEAD}{metadata}*/\n{rest}");
    let case = |case: &str| format!("{HEAD}*/\nSELECT 1;\n/*\n[[case]]\nname = \"n\"\n{case}\n*/\n");
    let rows: Vec<(String, &str, &str)> = vec![
        (String::new(), "1:1", "the metadata comment is missing"),
        ("SELECT 1;".into(), "1:1", "the metadata comment is missing"),
        ("/*\ntitle = \"x\"".into(), "1:1", "never ends"),
        ("/*\ntitle = \"x\n*/ SELECT 1;".into(), "2:11", "not TOML"),
        ("/*\ntitle = \"x\"\n*/ SELECT 1;".into(), "1:3", "`severity` is missing"),
        (file("severty = 1\n", "SELECT 1;"), "6:1", "unknown key `severty`; did you mean `severity`?"),
        (file("monotone = \"yes\"\n", "SELECT 1;"), "6:12", "`monotone` must be true or false"),
        (file("action = \"Do It\"\n", "SELECT 1;"), "6:10", "lower-case"),
        (file("controls = { nist = \"PS-4\" }\n", "SELECT 1;"), "6:21", "`nist` must be an array"),
        (file("controls = { \"N\\u001b\" = [] }\n", "SELECT 1;"), "6:14", "a framework is lower-case"),
        (HEAD.replace("A bad", "A\\u001b bad") + "*/ SELECT 1;", "2:9", "one line that names the bad state"),
        (HEAD.replace("because", "a\\u202eb") + "*/ SELECT 1;", "4:7", "invisible or control"),
        (file("params = { now = 1 }\n", "SELECT 1;"), "6:12", "`:now` is the time"),
        (file("params = { Days = 1 }\n", "SELECT 1;"), "6:12", "lower-case"),
        (file("params = { days = 99999999999999999999 }\n", "SELECT 1;"), "6:19", "64 bits"),
        (
            HEAD.replace("high", "severe") + "*/ SELECT 1;",
            "3:12",
            "info, low, medium, high or critical, not \"severe\"",
        ),
        (HEAD.replace("A bad", "Ensure no bad") + "*/ SELECT 1;", "2:9", "names the bad state"),
        (HEAD.replace("because", " ") + "*/ SELECT 1;", "4:7", "`why` is empty"),
        (file("", ""), "7:1", "one SELECT"),
        (file("", "DELETE FROM person;"), "7:1", "one SELECT"),
        (file("", "SELECTED;"), "7:1", "one SELECT"),
        (file("", "SELECT 1"), "7:1", "never ends"),
        (file("", "SELECT 'a;"), "7:8", "close it with '"),
        (file("", "SELECT 1; SELECT 2;"), "7:11", "nothing but the cases"),
        (file("", "SELECT 1;\n/* [[case]]"), "8:1", "never ends"),
        (file("", "SELECT 1;\n/* */ x"), "8:7", "nothing may follow"),
        (file("", "SELECT 1;\n/*\n[[cases]]\n*/"), "9:3", "unknown key `cases`; did you mean `case`?"),
        (file("", "SELECT\r\n1;"), "7:7", "CR LF"),
        (format!("\u{feff}{HEAD}*/ SELECT 1;"), "1:1", "byte order mark"),
        (file("", "SELECT 1\0;"), "7:9", "NUL"),
        (file("", "SELECT 'a\u{202e}b';"), "7:10", "U+202E"),
        (case(""), "9:1", "`expect` is missing"),
        (case("expect = \"ok\""), "11:10", "\"pass\", \"fail\" or \"unknown\", not \"ok\""),
        (case("expect = {}"), "11:10", "names no subject"),
        (case("expect = { a = 1 }"), "11:16", "this is a TOML integer"),
        (case("expect = \"pass\"\nincomplet = \"x\""), "12:1", "did you mean `incomplete`?"),
        (case("expect = \"pass\"\nnow = \"soon\""), "12:7", "must be a time"),
        (case("expect = \"pass\"\naccount = [{ created_at = \"soon\" }]"), "12:27", "must be a time"),
        (case("expect = \"pass\"\naccount = [{ id = [1] }]"), "12:19", "must be a text"),
    ];
    for (text, place, what) in rows {
        let error = refused(&text);
        assert!(error.starts_with(&format!("checks/1-step/name.sql:{place}: ")), "{text}\n{place}: {error}");
        assert!(error.contains(what), "{text}\n{what}: {error}");
    }
}

#[test]
fn the_path_is_the_id() {
    let text = format!("{HEAD}*/ SELECT 1;");
    for path in
        ["name.sql", "1-Step/name.sql", "1-step/na me.sql", "1-step/.sql", "../x/name.sql", "1-step/name.SQL", ""]
    {
        assert!(parse("f.sql", path, &text).is_err(), "{path}");
    }
    assert_eq!(parse("f.sql", "a/b/c.sql", &text).unwrap().check.step, "a");
}

#[test]
fn foreign_text_in_an_error_is_harmless() {
    let error = parse("checks/\u{1b}[2J/x.sql", "1-step/x.sql", "SELECT 1;").unwrap_err().to_string();
    assert!(!error.contains('\u{1b}') && error.contains("\\u{1b}"), "{error}");
}

fn comment() -> impl Strategy<Value = String> {
    prop_oneof![Just(HEAD.to_owned()), "[a-z=\"\\[\\]{}.' \n]{0,40}"]
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn no_broken_check_makes_it_panic(head in comment(), sql in "[ -~\n]{0,60}", tail in comment()) {
        let text = format!("/*{}*/ SELECT {sql};/*{tail}*/", head.trim_start_matches("/*"));
        if let Ok(parsed) = read(&text) {
            prop_assert_eq!(&text[parsed.sql_at..parsed.sql_at + parsed.check.sql.len()], &parsed.check.sql);
            prop_assert_eq!(read(&parsed.check.text), Ok(parsed));
        }
    }

    #[test]
    fn a_text_survives_in_the_metadata(why in "[^\\p{C}\\p{Z}*/\"'\\\\]{1,40}") {
        prop_assume!(why.chars().all(crate::text::is_harmless));
        let text = HEAD.replace("because", &why) + "*/ SELECT 1;";
        prop_assert_eq!(read(&text).unwrap().check.why, why);
    }
}
