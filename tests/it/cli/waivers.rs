//! What named owners answer for: findings and gaps, until a day; whatever does not fit is said and changes nothing.

use serde_json::Value;

use super::{NOW, Place};

/// A bundle of the demo, whose evidence is judged again.
fn demo() -> Place {
    let place = Place::new();
    let ran = place.run(&["demo", "-q", "--bundle", "b"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    place
}

fn judged(place: &Place, waivers: &str) -> Value {
    place.write("w.toml", waivers);
    let args = ["check", "b/evidence.db", "--now", NOW, "--waivers", "w.toml", "--format", "json=r.json", "--force"];
    let ran = place.run(&args);
    assert!(matches!(ran.code, Some(0 | 3 | 5)), "{:?} {}", ran.code, ran.err);
    report(place, "r.json")
}

fn report(place: &Place, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(place.path(name)).unwrap()).unwrap()
}

fn checks(report: &Value) -> impl Iterator<Item = &Value> {
    report["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap())
}

fn check<'r>(report: &'r Value, id: &str) -> &'r Value {
    checks(report).find(|check| check["id"] == id).unwrap()
}

fn waiver(fields: &[(&str, &str)]) -> String {
    let line = |(name, value): &(&str, &str)| format!("{name} = {}\n", Value::from(*value));
    let own =
        [("owner", "head-of-it@contoso.example"), ("reason", "rotated by hand on 3 May"), ("expires", "2026-12-31")];
    let named: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let rest = own.iter().filter(|(name, _)| !named.contains(name));
    format!("[[waiver]]\n{}\n", fields.iter().chain(rest).map(line).collect::<String>())
}

/// All findings and gaps of a check, waived one by one.
fn all_of(check: &Value) -> String {
    let id = check["id"].as_str().unwrap();
    let findings = check["findings"].as_array().unwrap();
    let found =
        findings.iter().map(|finding| waiver(&[("check", id), ("subject", finding["subject"].as_str().unwrap())]));
    let gaps = check["gaps"].as_array().unwrap();
    let missed = gaps
        .iter()
        .map(|gap| waiver(&[("dataset", gap["dataset"].as_str().unwrap()), ("scope", gap["scope"].as_str().unwrap())]));
    found.chain(missed).collect()
}

#[test]
fn a_check_is_waived_only_when_all_of_it_is() {
    let place = demo();
    let before = report(&place, "b/report.json");
    let id = "account/github-repository-access";
    let whole = check(&before, id);
    assert!(whole["findings"].as_array().unwrap().len() > 1);
    let first = whole["findings"][0]["subject"].as_str().unwrap();

    let one = judged(&place, &waiver(&[("check", id), ("subject", first)]));
    let now = check(&one, id);
    assert_eq!(now["verdict"], "fail");
    assert_eq!(now["findings"][0]["waiver"]["owner"], "head-of-it@contoso.example");
    assert!(now["findings"][1].get("waiver").is_none());
    assert_eq!(one["waivers"]["unapplied"], Value::Array(Vec::new()));

    let all = judged(&place, &all_of(whole));
    assert_eq!(check(&all, id)["verdict"], "waived");
    assert_eq!(all["verdict"], "fail");
    let others = |report: &Value| -> Vec<(String, String)> {
        let told = |check: &Value| (check["id"].to_string(), check["verdict"].to_string());
        checks(report).filter(|check| check["id"] != id).map(told).collect()
    };
    assert_eq!(others(&all), others(&before), "nothing else changes its colour");
}

#[test]
fn a_run_whose_every_open_thing_is_answered_for_is_clean_and_shows_who_said_so() {
    let place = demo();
    let before = report(&place, "b/report.json");
    let texts: Vec<String> = checks(&before).map(all_of).collect();
    let report = judged(&place, &texts.concat());
    assert_eq!(report["verdict"], "waived");
    assert!(
        checks(&report).all(|check| ["waived", "pass", "not-applicable"].contains(&check["verdict"].as_str().unwrap()))
    );
    let ran = place.run(&["check", "b/evidence.db", "--now", NOW, "--waivers", "w.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(ran.out.contains("answered for by head-of-it@contoso.example until 2026-12-31"), "{}", ran.out);
}

#[test]
fn what_does_not_fit_is_said_and_never_applied() {
    let place = demo();
    let before = report(&place, "b/report.json");
    let id = "account/github-repository-access";
    let subject = check(&before, id)["findings"][0]["subject"].as_str().unwrap().to_owned();
    let named = [("check", id), ("subject", subject.as_str())];
    let with = |more: (&'static str, &'static str)| waiver(&[named[0], named[1], more]);
    let file = [
        with(("expires", "2026-05-24")),
        with(("person", "bob@contoso.example")),
        waiver(&[("check", "account/no-such-check"), ("subject", &subject)]),
        waiver(&[("check", id), ("subject", "github:repo/contoso/other")]),
        waiver(&[("scope", "no such host")]),
    ];
    let report = judged(&place, &file.concat());
    let why: Vec<&str> =
        report["waivers"]["unapplied"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    let nothing = "nothing of this run fits it";
    for expected in ["it has expired", "nobody of this run is called so", "there is no such check", nothing] {
        assert!(why.contains(&expected), "{expected}: {why:?}");
    }
    assert_eq!(why.len(), 5);
    assert!(checks(&report).all(|check| check["verdict"] != "waived"));
    // The last day of a waiver counts, and a name is taken in any letter case.
    let file = waiver(&[named[0], named[1], ("expires", "2026-05-25"), ("person", "ALICE@contoso.example")]);
    assert_eq!(judged(&place, &file)["waivers"]["unapplied"], Value::Array(Vec::new()));
}

#[test]
fn a_bundle_with_waivers_is_judged_again_with_them() {
    let place = demo();
    let before = report(&place, "b/report.json");
    place.write("w.toml", &all_of(check(&before, "account/github-repository-access")));
    let ran = place.run(&["check", "b/evidence.db", "--now", NOW, "--waivers", "w.toml", "--bundle", "again"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    let ran = place.run(&["verify", "again", "--rejudge"]);
    assert!(ran.out.contains("the same checks find the same"), "{}{}", ran.out, ran.err);
}

#[test]
fn bad_waivers_end_the_run_with_their_line() {
    let place = demo();
    let good = waiver(&[("scope", "x")]);
    let cases = [
        (waiver(&[("scope", "x"), ("owner", " ")]), "`owner` is empty"),
        (waiver(&[("check", "a/b")]), "needs `check` and `subject`"),
        (waiver(&[("dataset", "device")]), "needs `check` and `subject`"),
        (waiver(&[("scope", "x"), ("subject", "y"), ("check", "a/b")]), "or a `scope`"),
        (waiver(&[("scope", "x"), ("expires", "soon")]), "a date such as 2026-12-31"),
        (waiver(&[("scope", "x"), ("until", "2026-12-31")]), "until"),
        ("[[waiver]\n".to_owned(), "w.toml"),
    ];
    for (bad, expected) in cases {
        place.write("w.toml", &format!("{good}{bad}"));
        let ran = place.run(&["check", "b/evidence.db", "--waivers", "w.toml"]);
        assert_eq!(ran.code, Some(2), "{bad}: {}", ran.err);
        assert!(ran.err.contains(expected) && ran.err.contains("w.toml:"), "{bad}: {}", ran.err);
    }
}

#[test]
fn a_waiver_is_written_down_and_fits() {
    let place = demo();
    let before = report(&place, "b/report.json");
    let finding = &check(&before, "account/still-enabled")["findings"];
    let finding = finding.get(0).unwrap_or(&check(&before, "account/github-member")["findings"][0]);
    let id = finding["id"].as_str().unwrap();
    let own = ["--owner", "it", "--reason", "kept \"as is\"", "--until", "2027-01-31"];
    let args = [&["waive", id, "--report", "b", "--now", NOW], &own[..]].concat();
    assert_eq!(place.run(&args).code, Some(0));
    let args = [&["waive", "--scope", "host:gone", "--now", NOW], &own[..]].concat();
    assert_eq!(place.run(&args).code, Some(0));
    let text = std::fs::read_to_string(place.path("waivers.toml")).unwrap();
    assert_eq!(text.matches("[[waiver]]").count(), 2, "{text}");
    let report = judged(&place, &text);
    assert_eq!(report["waivers"]["applied"].as_array().unwrap().len(), 1);

    let unknown = [&["waive", "0123456789abcdef", "--report", "b", "--now", NOW], &own[..]].concat();
    assert_eq!(place.run(&unknown).code, Some(2));
    let past = ["waive", "--scope", "x", "--now", NOW, "--owner", "it", "--reason", "r", "--until", "2026-05-01"];
    assert_eq!(place.run(&past).code, Some(2));
}
