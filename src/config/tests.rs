//! What the file may say, and how each mistake in it is told.

use std::sync::Arc;

use super::*;
use crate::env::Console;
use std::fs;

const FULL: &str = r#"
[entra]
tenant = "contoso.onmicrosoft.com"
gateway-apps = ["5b2c1f6e-0000-4000-8000-000000000001"]
[azure]
subscriptions = []
[github]
organizations = ["contoso"]
enterprise = "contoso-inc"
app-id = 1
private-key-file = "app.pem"
[azure-devops]
organizations = ["contoso"]
[logs]
workspaces = ["w"]
table = "MCPAuditLog_CL"
days = 90
timezone = "Europe/Berlin"
workday = "07:00-20:00"
[logs.columns]
caller-oid = "caller_oid_g"
[signing]
key = "https://contoso.vault.azure.net/keys/leaver/1"
timestamp-url = "https://tsa.example/"
[archive]
url = "az://evidence/leavers"
[people]
"Alice@contoso.com" = { github = "alice-dev", aliases = ["a.liddell@old.example"], last-day = 2026-05-01 }
"bob@contoso.com" = { last-day = "2026-06-30" }
[endpoints]
graph = "http://127.0.0.1:8080/graph"
devops-entitlements = "https://vsaex.dev.azure.com"
"#;

/// Stands for the table of token kinds, so that no token-shaped text is needed here.
fn fake_secret(text: &str) -> bool {
    text.contains("FAKE")
}

fn read(text: &str) -> Result<Config, Error> {
    parse(text, Path::new("conf/leaver.toml"), &fake_secret)
}

fn refused(text: &str) -> String {
    read(text).expect_err("must be refused").render(false)
}

fn env(variables: &[(&str, &str)]) -> Env {
    let now = "2026-05-02T00:00:00Z".parse().unwrap();
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 0,
        variables: Arc::new(variables),
        console: Console::new(Vec::new(), Vec::new()),
    }
}

#[test]
fn every_section_is_read() {
    let config = read(FULL).unwrap();
    assert_eq!(config.github.private_key_file, Some(PathBuf::from("conf/app.pem")));
    assert_eq!(config.logs.timezone.as_ref().and_then(TimeZone::iana_name), Some("Europe/Berlin"));
    assert_eq!(config.logs.workday.map(|day| (day.start.hour(), day.end.hour())), Some((7, 20)));
    assert_eq!(config.logs.columns.caller_oid.as_ref().map(ColumnName::as_str), Some("caller_oid_g"));
    let alice = config.person("alice@CONTOSO.com").unwrap();
    assert_eq!((alice.github.as_deref(), alice.last_day), (Some("alice-dev"), Some(jiff::civil::date(2026, 5, 1))));
    assert_eq!(config.person("bob@contoso.com").unwrap().last_day, Some(jiff::civil::date(2026, 6, 30)));
    assert_eq!(config.endpoints.graph.as_ref().unwrap().url().path(), "/graph");
    assert!(matches!(config.signing.key, Some(Key::Vault(_))));
}

#[test]
fn an_empty_file_leaves_everything_absent() {
    let sha256 = Some(crate::seal::sha256(b""));
    assert_eq!(read("").unwrap(), Config { sha256, ..Config::default() });
}

#[test]
fn an_unknown_key_is_told_with_its_place_and_the_nearest_key() {
    insta::assert_snapshot!(refused("[github]\norganisations = []\n"), @"
    error: conf/leaver.toml:2:1: unknown key organisations in [github]

    hint: did you mean organizations?
    ");
    insta::assert_snapshot!(refused("[[people.\"a@b.example\"]]\n"), @r#"error: conf/leaver.toml:1:1: people."a@b.example" has to be a table, this is a list"#);
    insta::assert_snapshot!(refused("[azure]\nzzz = 1\n"), @"
    error: conf/leaver.toml:2:1: unknown key zzz in [azure]

    hint: known here: subscriptions
    ");
    insta::assert_snapshot!(refused("[people]\n\"a@b.example\" = { githb = 'x' }\n"), @r#"
    error: conf/leaver.toml:2:19: unknown key githb in [people."a@b.example"]

    hint: did you mean github?
    "#);
}

#[test]
fn the_first_mistake_in_the_file_is_the_one_that_is_told() {
    assert!(refused("[logs]\nzzz = 1\n[azure]\nzzz = 1\n").contains("leaver.toml:2:1"));
}

#[test]
fn a_wrong_type_is_told_without_the_value() {
    insta::assert_snapshot!(refused("[github]\n  app-id = \"hunter2\"\n"), @"error: conf/leaver.toml:2:12: github.app-id has to be a whole number, this is a text");
    insta::assert_snapshot!(refused("[entra]\ngateway-apps = [\"a\", 7]\n"), @"error: conf/leaver.toml:2:22: entra.gateway-apps has to be a text, this is a whole number");
    insta::assert_snapshot!(refused("github = 'contoso'\n"), @"error: conf/leaver.toml:1:10: github has to be a table, this is a text");
    insta::assert_snapshot!(refused("[logs]\ndays = 0\n"), @"error: conf/leaver.toml:2:8: logs.days: invalid value: integer `0`, expected a nonzero u16");
}

#[test]
fn broken_toml_is_told_with_its_place() {
    insta::assert_snapshot!(refused("[github\n"), @"error: conf/leaver.toml:1:8: unclosed table, expected `]`");
    insta::assert_snapshot!(refused("[azure]\nsubscriptions = []\nsubscriptions = []\n"), @"error: conf/leaver.toml:3:1: duplicate key");
}

#[test]
fn a_key_for_a_secret_is_refused_with_the_variable_that_takes_it() {
    for (text, variable) in [
        ("[github]\ntoken = 'x'\n", "GH_TOKEN"),
        ("[github]\napp-token = 'x'\n", "GH_TOKEN"),
        ("[azure-devops]\npat = 'x'\n", "AZURE_DEVOPS_EXT_PAT"),
        ("[entra]\nclient-secret = 'x'\n", "AZURE_CLIENT_SECRET"),
        ("[azure]\naccess_token = 'x'\n", "LEAVER_AZURE_TOKEN"),
        ("password = 'x'\n", "LEAVER_AZURE_TOKEN"),
    ] {
        let shown = refused(text);
        assert!(shown.contains(variable) && shown.contains("is a secret"), "{shown}");
    }
}

#[test]
fn a_value_that_looks_like_a_secret_is_refused_and_never_shown() {
    let everywhere = [
        "[entra]\ntenant = 'FAKE'\n",
        "[github]\norganizations = ['contoso', 'FAKE']\n",
        "[people]\n'a@b.example' = { github = 'FAKE' }\n",
        "[people]\n'FAKE' = { github = 'x' }\n",
        "[github]\nFAKE = 1\n",
        "[github]\n# FAKE\n",
    ];
    for text in everywhere {
        let error = read(text).expect_err("must be refused");
        let shown = format!("{} {error:?}", error.render(false));
        assert!(!shown.contains("FAKE") && shown.contains("looks like"), "{shown}");
        assert!(shown.contains("leaver.toml:1:") || shown.contains("leaver.toml:2:"), "{shown}");
        assert!(error.hint().unwrap().contains("environment"), "{shown}");
    }
}

#[test]
fn a_pasted_private_key_is_a_secret() {
    assert!(is_secret(&format!("-----BEGIN {}-----\nMII", "PRIVATE KEY")));
    assert!(parse(FULL, Path::new("leaver.toml"), &is_secret).is_ok());
}

#[test]
fn times_and_days_are_checked_where_they_stand() {
    insta::assert_snapshot!(refused("[logs]\ntimezone = 'Europe/Berln'\n"), @r#"error: conf/leaver.toml:2:12: logs.timezone: "Europe/Berln" is no IANA time zone; did you mean Europe/Berlin?"#);
    insta::assert_snapshot!(refused("[logs]\nworkday = '20:00-07:00'\n"), @"error: conf/leaver.toml:2:11: logs.workday: the working day has to end after it starts");
    insta::assert_snapshot!(refused("[logs]\nworkday = '7-20'\n"), @"error: conf/leaver.toml:2:11: logs.workday: two times such as 07:00-20:00 are expected");
    for day in ["'2026-02-30'", "'soon'", "2026-05-01T10:00:00Z", "'01.05.2026'"] {
        let shown = refused(&format!("[people]\n'a@b.example' = {{ last-day = {day} }}\n"));
        assert!(shown.contains("leaver.toml:2:30: people.\"a@b.example\".last-day: a day of the calendar"), "{shown}");
    }
    assert!(refused("[people]\n'a@b.example' = { last-day = 2026-02-30 }\n").contains("leaver.toml:2:"));
    assert!(refused("[people]\n'a@b.example' = { last-day = 20260501 }\n").contains("a date such as 2026-05-01"));
}

#[test]
fn an_endpoint_is_https_or_loopback() {
    for good in ["https://ghe.example/api/v3", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"] {
        read(&format!("[endpoints]\ngithub = '{good}'\n")).unwrap();
    }
    let bad = |url: &str| refused(&format!("[endpoints]\ngithub = '{url}'\n"));
    insta::assert_snapshot!(bad("http://ghe.example"), @"error: conf/leaver.toml:2:10: endpoints.github: plain http is accepted for a loopback address only; use https");
    for url in ["http://127.0.0.1.example", "http://10.0.0.1", "ftp://ghe.example", "ghe.example", "file:///etc"] {
        assert!(bad(url).contains("leaver.toml:2:10: endpoints.github: "), "{url}");
    }
    for url in ["https://u:hunter2@ghe.example", "https://ghe.example/?sig=hunter2", "https://ghe.example/#hunter2"] {
        assert!(!bad(url).contains("hunter2"), "{url}");
    }
}

#[test]
fn an_archive_address_with_a_signature_is_refused() {
    assert!(refused("[archive]\nurl = 'az://c/p?sig=hunter2'\n").contains("would be a secret"));
    assert!(refused("[archive]\nurl = 'file://server/share'\n").contains("file:///directory"));
    assert!(refused("[archive]\nurl = 's3://c/p'\n").contains("az://container/prefix is expected"));
}

#[test]
fn a_column_that_could_change_a_query_is_refused() {
    assert!(refused("[logs]\ntable = 'T | take 1'\n").contains("logs.table: a name of letters"));
    assert!(refused("[logs.columns]\ncaller-oid = ''\n").contains("logs.columns.caller-oid: a name of letters"));
}

#[test]
fn one_person_cannot_be_written_twice() {
    let shown = refused("[people]\n'a@b.example' = {}\n'A@b.example' = {}\n");
    assert!(shown.contains("is there twice"), "{shown}");
}

#[test]
fn a_hostile_key_cannot_act_on_the_terminal() {
    let shown = refused("[github]\n\"\\u001b[2J\\u202e\" = 1\n");
    assert!(shown.contains(r"\u{1b}[2J\u{202e}"), "{shown}");
}

#[test]
fn the_flag_wins_over_the_environment() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, tenant: &str| {
        let path = directory.path().join(name);
        fs::write(&path, format!("[entra]\ntenant = '{tenant}'\n")).unwrap();
        path
    };
    let (flag, variable) = (file("a.toml", "flag"), file("b.toml", "variable"));
    let env = env(&[("LEAVER_CONFIG", variable.to_str().unwrap())]);
    assert_eq!(Config::load(Some(&flag), &env).unwrap().entra.tenant.as_deref(), Some("flag"));
    assert_eq!(Config::load(None, &env).unwrap().entra.tenant.as_deref(), Some("variable"));
}

#[test]
fn a_named_file_has_to_exist() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none.toml");
    let error = Config::load(Some(&missing), &env(&[])).expect_err("must be refused");
    assert!(matches!(error, Error::Input { .. }), "{error:?}");
    assert_eq!(error.exit_code().code(), 2);
    let named = env(&[("LEAVER_CONFIG", missing.to_str().unwrap())]);
    assert!(matches!(Config::load(None, &named), Err(Error::Input { .. })));
}

#[test]
fn every_key_has_a_type_that_can_be_checked() {
    fn untyped(path: &str, schema: &serde_json::Value) -> Vec<String> {
        let fields = schema.get("properties").and_then(|fields| fields.as_object()).into_iter().flatten();
        let below = fields.flat_map(|(key, inner)| untyped(&format!("{path}.{key}"), inner));
        let free = schema.get("additionalProperties").filter(|any| any.is_object());
        let free = free.into_iter().chain(schema.get("items")).flat_map(|inner| untyped(path, inner));
        let here = schema.get("type").is_none().then(|| path.to_owned());
        below.chain(free).chain(here).collect()
    }
    assert_eq!(untyped("", &schema()), Vec::<String>::new());
}
