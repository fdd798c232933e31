//! `setup` and `doctor`: what they print can be used as it stands, nothing that exists is overwritten, and every service is
//! gone through whether anybody is signed in or not.

use std::collections::BTreeSet;

use leaver::check::Checks;
use leaver::demo::Faults;
use leaver::source::{azure, entra, github, logs::live};
use serde_json::Value;

use super::{Place, ran, serve};

/// The permissions of the data sets that these checks read, and of finding the person.
fn needed(list: &[(&'static str, &'static str)], step: &str) -> BTreeSet<&'static str> {
    let checks = Checks::load(&[]).unwrap();
    let mut tables: BTreeSet<String> = ["person", "identity", "account", "last_day"].map(str::to_owned).into();
    tables.extend(checks.iter().filter(|entry| entry.check.step == step).flat_map(|entry| entry.tables.clone()));
    list.iter().filter(|(table, _)| tables.contains(*table)).map(|(_, permission)| *permission).collect()
}

fn blocks(guide: &Value) -> Vec<(String, String)> {
    let steps = guide["steps"].as_array().unwrap();
    let of = |step: &Value| step["blocks"].as_array().unwrap().clone();
    let text = |block: &Value, name: &str| block[name].as_str().unwrap().to_owned();
    steps.iter().flat_map(of).map(|block| (text(&block, "kind"), text(&block, "text"))).collect()
}

#[test]
fn without_any_sign_in_every_service_is_gone_through() {
    let ran = Place::new().run(&["setup"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for part in [
        "az ad app create",
        "azuread_application",
        "admin-consent",
        "appRoleAssignments",
        "--role Reader",
        "Log Analytics Reader",
        "settings/apps/new?",
        "<form method=\"post\"",
        "serviceprincipalentitlements",
        "leaver key new -o",
        "[signing]",
        "leaver setup --check",
        "Nobody is signed in to Microsoft",
        "No GitHub organisation is configured",
    ] {
        assert!(ran.out.contains(part), "{part}\n{}", ran.out);
    }
}

#[test]
fn exactly_the_permissions_of_the_chosen_checks_are_asked_for() {
    for step in ["1-consents", "2-federation", "account", "4-activity"] {
        let ran = Place::new().run(&["setup", "--only", step, "--format", "json"]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        let blocks = blocks(&serde_json::from_str(&ran.out).unwrap());
        for (kind, mark) in [("shell", "az ad app create"), ("terraform", "azuread_application")] {
            let (_, text) = blocks.iter().find(|(of, text)| of == kind && text.contains(mark)).unwrap();
            let words: BTreeSet<&str> =
                text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-')).collect();
            let listed: BTreeSet<&str> =
                entra::PERMISSIONS.iter().map(|(_, one)| *one).filter(|one| words.contains(one)).collect();
            assert_eq!(listed, needed(entra::PERMISSIONS, step), "{step} {kind}");
        }
        let link = blocks.iter().find(|(kind, text)| kind == "link" && text.contains("settings/apps/new?"));
        let github = needed(github::PERMISSIONS, step);
        assert_eq!(link.is_some(), !github.is_empty(), "{step}");
        for permission in github {
            let (name, level) = permission.split_once('=').unwrap();
            let link = &link.unwrap().1;
            assert!(
                link.contains(&format!("&{name}={level}")) || link.contains(&format!("&{name}=write")),
                "{permission}\n{link}"
            );
        }
        let logs = blocks.iter().any(|(_, text)| text.contains("Log Analytics Reader"));
        assert_eq!(logs, !needed(live::PERMISSIONS, step).is_empty(), "{step}");
        let reader = blocks.iter().any(|(kind, text)| kind == "shell" && text.contains("--role Reader"));
        assert_eq!(reader, !needed(azure::PERMISSIONS, step).is_empty(), "{step}");
    }
}

#[test]
fn ids_that_can_be_known_are_filled_in() {
    let server = serve(Faults::none());
    let ran = Place::new().against(&server, &["setup", "--format", "json"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let guide: Value = serde_json::from_str(&ran.out).unwrap();
    let all: String = blocks(&guide).into_iter().map(|(_, text)| text).collect();
    assert!(all.contains(server.estate().tenant()), "{all}");
    assert!(!all.contains("TENANT_ID\n") && !all.contains("SUBSCRIPTION_ID"), "{all}");
    assert!(all.contains("/subscriptions/6a000000-0000-4000-8000-000000000001"), "{all}");
    assert!(
        server
            .requests()
            .iter()
            .all(|asked| asked.method == "GET" || asked.path.to_lowercase().contains("resourcegraph"))
    );
}

#[test]
fn the_form_of_the_app_holds_a_manifest_that_github_takes() {
    let ran = Place::new().run(&["setup", "--format", "json"]);
    let blocks = blocks(&serde_json::from_str(&ran.out).unwrap());
    let (_, form) = blocks.iter().find(|(kind, _)| kind == "html").unwrap();
    let manifest = form.split("value='").nth(1).unwrap().split('\'').next().unwrap();
    let manifest: Value = serde_json::from_str(&manifest.replace("&amp;", "&").replace("&#39;", "'")).unwrap();
    assert_eq!(manifest["public"], false);
    let asked: BTreeSet<&str> =
        manifest["default_permissions"].as_object().unwrap().keys().map(String::as_str).collect();
    let named: BTreeSet<&str> = github::PERMISSIONS.iter().map(|(_, one)| one.split_once('=').unwrap().0).collect();
    assert_eq!(asked, named);
}

#[test]
fn the_configuration_is_written_once_and_can_be_read() {
    let place = Place::new();
    let ran = place.run(&["setup", "--write", "leaver.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), "wrote leaver.toml\n"));
    let written = std::fs::read_to_string(place.path("leaver.toml")).unwrap();
    assert!(ran.out.contains(&written.lines().next().unwrap().to_owned()));
    assert_eq!(place.run(&["setup"]).code, Some(0), "it is a configuration");
    let again = place.run(&["setup", "-o", "leaver.toml"]);
    assert_eq!(again.code, Some(2));
    assert_eq!((again.out.as_str(), std::fs::read_to_string(place.path("leaver.toml")).unwrap()), ("", written));
    let uncommented: String = std::fs::read_to_string(place.path("leaver.toml"))
        .unwrap()
        .lines()
        .map(|line| {
            match line
                .strip_prefix("# ")
                .filter(|rest| rest.split(' ').nth(1) == Some("=") && !rest.starts_with("timestamp"))
            {
                Some(rest) => format!("{rest}\n"),
                None => format!("{line}\n"),
            }
        })
        .collect();
    place.write("all.toml", &uncommented);
    let all = place.run(&["setup", "--config", "all.toml", "--only", "account"]);
    assert_eq!(all.code, Some(0), "every example is of the right form: {}", all.err);
}

#[test]
fn a_check_that_does_not_exist_is_told_with_the_nearest() {
    let ran = Place::new().run(&["setup", "--only", "1-consent"]);
    assert_eq!(ran.code, Some(2));
    assert_eq!(ran.err, "error: there is no check and no step `1-consent`\n\nhint: did you mean 1-consents?\n");
}

fn checkup(out: &str) -> Value {
    let value: Value = serde_json::from_str(out).unwrap();
    assert_eq!(value["schema"], "leaver.doctor/1");
    value
}

fn item<'v>(checkup: &'v Value, name: &str) -> &'v Value {
    let parts = checkup["parts"].as_array().unwrap().iter();
    parts.flat_map(|part| part["items"].as_array().unwrap()).find(|item| item["name"] == name).unwrap_or(&Value::Null)
}

#[test]
fn the_doctor_goes_through_everything_without_any_sign_in() {
    let place = Place::new();
    let ran = place.run(&["doctor", "--format", "json"]);
    assert_eq!(ran.code, Some(4), "{}", ran.err);
    let told = checkup(&ran.out);
    assert_eq!(told["verdict"], "not-ready");
    let titles: Vec<&str> =
        told["parts"].as_array().unwrap().iter().map(|part| part["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        ["Microsoft Graph", "Azure", "Log of the MCP gateway", "GitHub", "Azure DevOps", "This machine"]
    );
    let items: Vec<&Value> =
        told["parts"].as_array().unwrap().iter().flat_map(|part| part["items"].as_array().unwrap()).collect();
    for item in &items {
        let settled = ["ok", "granted", "unknown"].contains(&item["state"].as_str().unwrap());
        assert!(settled || item["next"].is_string() || item["name"] == "clock", "{item}");
    }
    assert!(item(&told, "sign-in")["next"].as_str().unwrap().contains("az login"));
    let same = place.run(&["setup", "--check", "--format", "json"]);
    assert_eq!((same.code, same.out), (Some(4), ran.out), "setup --check is the doctor");
}

#[test]
fn what_is_refused_is_missing_and_what_answers_is_granted() {
    let server = serve(Faults::none().forbid("/graph/v1.0/auditLogs"));
    let ran = Place::new().against(&server, &["doctor", "--format", "json"]);
    assert_eq!(ran.code, Some(5), "{}", ran.err);
    let told = checkup(&ran.out);
    assert_eq!(item(&told, "User.Read.All")["state"], "granted", "{told:#}");
    assert_eq!(item(&told, "AuditLog.Read.All")["state"], "missing", "{told:#}");
    let waits: Vec<&Value> =
        told["checks"].as_array().unwrap().iter().filter(|check| check["ready"] == false).collect();
    let audit = |check: &&&Value| check["waits_for"].as_array().unwrap().iter().any(|one| one == "AuditLog.Read.All");
    assert!(waits.iter().filter(audit).count() > 3, "{waits:?}");
    assert!(
        server
            .requests()
            .iter()
            .all(|asked| asked.method == "GET" || asked.path.to_lowercase().contains("resourcegraph"))
    );
}

#[test]
fn the_doctor_reads_in_columns_and_ends_with_a_verdict() {
    let server = serve(Faults::none());
    let place = Place::new();
    let ran = ran(place.signed_in(&server, &["doctor", "--only", "account"]).env("GH_TOKEN", leaver::demo::TOKEN));
    assert!(ran.code == Some(5) || ran.code == Some(0), "{}", ran.err);
    let last = ran.out.lines().last().unwrap();
    assert!(["READY  ", "PARTLY READY  ", "NOT READY  "].iter().any(|word| last.starts_with(word)), "{last}");
    assert!(ran.out.contains("This machine") && ran.out.contains("signing key"), "{}", ran.out);
}

#[test]
fn a_key_and_an_archive_that_cannot_be_used_are_found_before_the_run() {
    let place = Place::new();
    place.write("broken.pem", "no key");
    place.write("leaver.toml", "[signing]\nkey = \"broken.pem\"\n[archive]\nurl = \"file:///nowhere/at/all\"\n");
    let ran = place.run(&["doctor", "--format", "json"]);
    let told = checkup(&ran.out);
    assert_eq!(item(&told, "signing key")["state"], "wrong", "{told:#}");
    assert_eq!(item(&told, "archive")["state"], "wrong", "{told:#}");
}
