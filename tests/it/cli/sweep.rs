//! Every leaver in one run: who is on the list, what each verdict is, what changed since the report before.

use leaver::demo::{Estate, Faults, Server};
use serde_json::Value;

use super::{ALICE, NOW, Place};

fn serve() -> Server {
    Server::start(Estate::load("contoso").unwrap(), Faults::none()).unwrap()
}

fn swept(place: &Place, server: &Server, args: &[&str]) -> Value {
    let ran = place.against(server, &[&["sweep", "--format", "json=r.json", "--force", "-q"], args].concat());
    assert!(matches!(ran.code, Some(0 | 3 | 5)), "{:?} {}", ran.code, ran.err);
    serde_json::from_slice(&std::fs::read(place.path("r.json")).unwrap()).unwrap()
}

fn person<'r>(report: &'r Value, id: &str) -> &'r Value {
    let people = report["people"].as_array().unwrap();
    people.iter().find(|person| person["id"] == id).unwrap_or_else(|| panic!("{id} is none of {people:#?}"))
}

#[test]
fn everybody_on_the_list_is_judged_and_nobody_is_cleared_who_is_not_found() {
    let (place, server) = (Place::new(), serve());
    let list = format!(
        "upn,object-id,last-day,github\nAlice@contoso.example,,2026-05-01,alice-dev\nnobody@contoso.example,,2026-04-30,\n\
         ,{},2026-05-01,\n",
        "0a000000-0000-4000-8000-0000000000ff"
    );
    place.write("hr.csv", &list);
    let report = swept(&place, &server, &["--leavers", "hr.csv"]);
    assert_eq!((&report["run"]["mode"], report["people"].as_array().unwrap().len()), (&Value::from("sweep"), 3));
    let alice = person(&report, &format!("entra:user/{ALICE}"));
    assert_eq!((&alice["verdict"], &alice["last_day"]), (&Value::from("fail"), &Value::from("2026-05-01")));
    assert_eq!(alice["sources"], Value::from(vec!["list"]));
    assert_eq!(alice["hours_to_clean"], Value::Null);
    for id in ["list:upn/nobody@contoso.example", "entra:user/0a000000-0000-4000-8000-0000000000ff"] {
        let verdict = &person(&report, id)["verdict"];
        assert!(verdict != "pass" && verdict != "waived", "{id}: {verdict}");
    }
    let programme = &report["programme"];
    assert_eq!((&programme["leavers"], &programme["clean"]), (&Value::from(3), &Value::from(0)));
    // The same person alone has the same findings.
    let args = ["audit", ALICE, "--last-day", "2026-05-01", "--github", "alice-dev", "--format", "json=a.json", "-q"];
    assert_eq!(place.against(&server, &args).code, Some(3));
    let alone: Value = serde_json::from_slice(&std::fs::read(place.path("a.json")).unwrap()).unwrap();
    assert_eq!(ids(&alone, ALICE), ids(&report, ALICE));
}

/// Ids of the findings about one person.
fn ids(report: &Value, object_id: &str) -> Vec<String> {
    let checks = report["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap());
    let findings = checks.flat_map(|check| check["findings"].as_array().unwrap());
    let own = findings.filter(|finding| finding["person"] == format!("entra:user/{object_id}").as_str());
    let mut ids: Vec<String> = own.map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[test]
fn the_directory_tells_who_was_deleted() {
    let (place, server) = (Place::new(), serve());
    let report = swept(&place, &server, &["--since", "2026-01-01"]);
    let people = report["people"].as_array().unwrap();
    let by =
        |source: &str| people.iter().filter(|one| one["sources"].as_array().unwrap().contains(&source.into())).count();
    assert!(by("entra-deleted") > 0, "{people:#?}");
    assert_eq!(by("list"), 0);
}

#[test]
fn what_changed_since_the_report_before_is_said() {
    let (place, server) = (Place::new(), serve());
    place.write("hr.csv", "upn,last-day,github\nalice@contoso.example,2026-05-01,alice-dev\n");
    let first = swept(&place, &server, &["--leavers", "hr.csv"]);
    assert!(first.get("drift").is_none());
    std::fs::rename(place.path("r.json"), place.path("first.json")).unwrap();
    let second = swept(&place, &server, &["--leavers", "hr.csv", "--baseline", "first.json"]);
    let drift = &second["drift"];
    assert_eq!((&drift["new"], &drift["reappeared"]), (&Value::from(0), &Value::from(0)));
    assert!(drift["open"].as_u64().unwrap() > 50, "{drift}");
    // A finding that was not there before is new; one that was fixed before is back.
    let mut before = first.clone();
    let path = before["steps"].as_array().unwrap().iter().position(|step| step["step"] == "account").unwrap();
    let checks = before["steps"][path]["checks"].as_array_mut().unwrap();
    let check = checks.iter_mut().find(|check| check["findings"].as_array().unwrap().len() > 1).unwrap();
    let findings = check["findings"].as_array_mut().unwrap();
    let (back, new) = (findings.remove(0), findings.remove(0));
    let mut gone = findings.first().cloned().unwrap_or_else(|| back.clone());
    gone["id"] = "00000000000000aa".into();
    gone["subject"] = "entra:nothing/of-today".into();
    gone["status"] = "fail".into();
    findings.push(gone);
    let check_id = check["id"].clone();
    let fixed = serde_json::json!({"id": back["id"], "check": check_id, "person": back["person"],
        "subject": back["subject"], "fixed_at": "2026-05-20T00:00:00Z"});
    let old = serde_json::json!({"id": "00000000000000bb", "check": "account/x", "subject": "x", "fixed_at": "2024-01-01T00:00:00Z"});
    before["drift"] = serde_json::json!({"baseline": {"sha256": "0"}, "new": 0, "open": 0, "reappeared": 0,
        "fixed": [fixed, old], "unseen": []});
    place.write("before.json", &before.to_string());
    let third = swept(&place, &server, &["--leavers", "hr.csv", "--baseline", "before.json"]);
    let found = |id: &Value| {
        let checks = third["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap());
        checks.flat_map(|check| check["findings"].as_array().unwrap()).find(|one| one["id"] == *id).unwrap().clone()
    };
    assert_eq!(found(&new["id"])["drift"]["state"], "new");
    let returned = found(&back["id"]);
    assert_eq!(
        (&returned["drift"]["state"], &returned["drift"]["fixed_at"]),
        (&"reappeared".into(), &"2026-05-20T00:00:00Z".into())
    );
    let drift = &third["drift"];
    let ids = |key: &str| -> Vec<&str> {
        drift[key].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
    };
    // Gone for good where the check saw everything; still open where it could not.
    assert!(ids("fixed").contains(&"00000000000000aa") != ids("unseen").contains(&"00000000000000aa"), "{drift}");
    assert!(!ids("fixed").contains(&"00000000000000bb"), "after 400 days it is forgotten");
}

#[test]
fn a_list_that_cannot_be_used_ends_the_run_before_anything_is_read() {
    let place = Place::new();
    place.write("hr.csv", "upn,last-day\nalice@contoso.example,01.05.2026\n");
    let ran = place.run(&["sweep", "--now", NOW, "--leavers", "hr.csv"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("hr.csv:2") && ran.err.contains("2026-05-01"), "{}", ran.err);
}
