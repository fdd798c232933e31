//! What the services themselves do not keep or do not give: workspaces of Log Analytics and exports of GitHub's audit log, by
//! an audit of a leaver of whom nothing is left. What they prove, and what not.

use std::fs;
use std::path::PathBuf;

use leaver::demo::{Estate, Faults, Server};
use leaver::model::{GapKind, Verdict};
use leaver::report::Report;
use leaver::run::Intake;
use serde_json::{Value, json};

use crate::clean::{audit, audit_with, estate, included};

/// The same estate, later: Entra has forgotten the first days after her last one.
fn later(change: impl FnOnce(&mut Estate)) -> Estate {
    let mut estate = estate();
    estate.stand_at("2026-07-06T06:00:00Z".parse().unwrap());
    for row in estate.rows_mut("logs/habits").iter_mut().filter(|row| row["until"] == "2026-05-25") {
        row["until"] = json!("2026-07-06");
    }
    estate.rows_mut("logs/kept").iter_mut().for_each(|row| row["@until"] = json!("2026-07-06T06:00:00Z"));
    change(&mut estate);
    estate
}

/// The checks that are not passed, of those that rest on what a workspace keeps.
async fn resting_on_workspaces(estate: Estate) -> Vec<(String, Verdict)> {
    const TABLES: [&str; 5] = ["sign_in", "credential_event", "consent_event", "federated_event", "directory_event"];
    let report = audit(estate, Faults::none()).await;
    let resting = report.checks().filter(|check| check.tables.iter().any(|table| TABLES.contains(&table.as_str())));
    let open = resting.filter(|check| !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable));
    // The scan is of another time here, and what rests on it is said elsewhere.
    let rests_on_hosts = |check: &&leaver::report::Check| check.tables.iter().any(|table| table == "runner");
    open.filter(|check| !rests_on_hosts(check)).map(|check| (check.id.to_string(), check.verdict)).collect()
}

const SIGN_IN: &str = "account/sign-in-recorded-after-last-day";

fn table(name: &'static str) -> impl Fn(&Value) -> bool {
    move |row| row["@table"] == name
}

#[tokio::test]
async fn a_workspace_proves_what_entra_and_azure_have_forgotten() {
    assert_eq!(resting_on_workspaces(later(|_| ())).await, []);
    let without = later(|estate| estate.rows_mut("arm/workspaceTables").truncate(1));
    let open = resting_on_workspaces(without).await;
    assert!(open.iter().all(|(_, verdict)| *verdict == Verdict::Unknown), "{open:?}");
    let ids: Vec<&str> = open.iter().map(|(id, _)| id.as_str()).collect();
    assert!(ids.contains(&SIGN_IN) && ids.contains(&"1-consents/admin-consent-by-leaver"), "{open:?}");
}

#[tokio::test]
async fn what_a_workspace_does_not_cover_stays_open() {
    let mut cases: Vec<(&str, Estate)> = Vec::new();
    for name in ["SigninLogs", "AADNonInteractiveUserSignInLogs"] {
        let with = |change: &dyn Fn(&mut Value)| {
            later(|estate| estate.rows_mut("logs/kept").iter_mut().filter(|row| table(name)(row)).for_each(change))
        };
        cases.push(("begins too late", with(&|row| row["@from"] = json!("2026-05-20T00:00:00Z"))));
        cases.push(("ended", with(&|row| row["@until"] = json!("2026-05-25T00:00:00Z"))));
        cases.push(("another tenant", with(&|row| row["AADTenantId"] = json!("20000000-0000-4000-8000-000000000001"))));
        // Two weeks are missing in the middle.
        cases.push((
            "a hole",
            later(|estate| {
                let rows = estate.rows_mut("logs/kept");
                let mut second = rows.iter().find(|row| table(name)(row)).unwrap().clone();
                rows.iter_mut()
                    .filter(|row| table(name)(row))
                    .for_each(|row| row["@until"] = json!("2026-05-18T00:00:00Z"));
                (second["id"], second["@from"]) = (json!("second"), json!("2026-06-01T00:00:00Z"));
                rows.push(second);
            }),
        ));
        let short = |estate: &mut Estate| {
            for row in estate.rows_mut("arm/workspaceTables").iter_mut().filter(|row| row["name"] == name) {
                row["properties"]["retentionInDays"] = json!(30);
            }
        };
        cases.push(("kept too short", later(short)));
    }
    for (what, estate) in cases {
        assert_eq!(resting_on_workspaces(estate).await, [(SIGN_IN.to_owned(), Verdict::Unknown)], "{what}");
    }
}

#[tokio::test]
async fn what_a_workspace_holds_of_the_leaver_is_found() {
    let estate = later(|estate| {
        let mut row = estate.rows("logs/kept").iter().find(|row| table("SigninLogs")(row)).unwrap().clone();
        let [mut once, dana] = [json!({}), json!(estate.person("dana").unwrap())];
        std::mem::swap(&mut once, &mut row);
        once.as_object_mut().unwrap().retain(|key, _| !key.starts_with('@') || key == "@table");
        (once["id"], once["Id"], once["UserId"]) = (json!("hers"), json!("hers"), dana);
        once["TimeGenerated"] = json!("2026-05-19T03:00:00Z");
        estate.rows_mut("logs/kept").push(once);
    });
    assert_eq!(resting_on_workspaces(estate).await, [(SIGN_IN.to_owned(), Verdict::Fail)]);
}

#[tokio::test]
async fn a_refused_workspace_leaves_its_days_open() {
    let estate = later(|_| ());
    let report = audit(estate, Faults::none().forbid("#kept-sign-ins")).await;
    let check = report.checks().find(|check| check.id == SIGN_IN).unwrap();
    assert_eq!(check.verdict, Verdict::Unknown);
    assert!(check.gaps.iter().all(|gap| gap.kind == GapKind::Retention && gap.detail.is_some()), "{:?}", check.gaps);
}

/// An audit without GitHub's own log, with this export of it.
async fn with_export(text: &[u8], faults: Faults) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.json");
    fs::write(&file, text).unwrap();
    let server = Server::start(estate(), faults).unwrap();
    audit_with(&server, &Intake { github_audit: vec![file], ..included() }).await
}

fn refused() -> Faults {
    Faults::none().forbid("/audit-log")
}

/// What happened in the organisation, every hour but on the days that are missing, and what the estate has.
fn exported(from: &str, missing: &[&str], more: &[Value]) -> Vec<Value> {
    let (estate, mut at) = (estate(), from.parse::<jiff::Timestamp>().unwrap());
    let mut events: Vec<Value> = estate.rows("github/audit_log").to_vec();
    while at < estate.now() {
        if !missing.iter().any(|day| at.to_string().starts_with(day)) {
            let id = format!("bulk-{}", at.as_second());
            events.push(json!({ "_document_id": id, "action": "repo.access", "created_at": at.as_millisecond(),
                                "org": "Northwind", "org_id": 14711, "actor": "erin-nw", "actor_id": 170_000_002 }));
        }
        at += jiff::SignedDuration::from_hours(1);
    }
    events.iter().chain(more).cloned().collect()
}

fn lines(events: &[Value]) -> Vec<u8> {
    events.iter().flat_map(|event| format!("{event}\n").into_bytes()).collect()
}

/// The checks that read GitHub's audit log and are not passed.
fn open_of_github(report: &Report) -> Vec<(String, Verdict)> {
    let of_log = report.checks().filter(|check| check.tables.iter().any(|table| table == "github_event"));
    of_log.filter(|check| check.verdict != Verdict::Pass).map(|check| (check.id.to_string(), check.verdict)).collect()
}

const LONG_AGO: &str = "2025-11-01T00:00:00Z";

#[tokio::test]
async fn an_export_stands_for_the_audit_log_that_github_does_not_give() {
    let events = exported(LONG_AGO, &[], &[]);
    let report = with_export(&lines(&events), refused()).await;
    assert_eq!((open_of_github(&report), report.exit_code().code()), (vec![], 0));
    let array = serde_json::to_vec(&events).unwrap();
    assert_eq!(with_export(&array, refused()).await.exit_code().code(), 0);
    let server = Server::start(estate(), refused()).unwrap();
    let without = audit_with(&server, &included()).await;
    let open = open_of_github(&without);
    assert!(open.len() > 4 && open.iter().all(|(_, verdict)| *verdict == Verdict::Unknown), "{open:?}");
}

#[tokio::test]
async fn what_an_export_does_not_hold_stays_open() {
    let whole = exported(LONG_AGO, &[], &[]);
    let mut broken = lines(&whole);
    broken.extend(b"{\"action\":oops}\n");
    let other = |event: &Value| {
        let mut event = event.clone();
        event["org"] = json!("contoso");
        event
    };
    let cases = [
        ("days in the middle", lines(&exported(LONG_AGO, &["2026-04-10", "2026-04-11"], &[]))),
        ("begins too late", lines(&exported("2026-03-01T00:00:00Z", &[], &[]))),
        ("a broken line", broken),
        ("cut", serde_json::to_vec(&whole).unwrap().split_last().unwrap().1.to_vec()),
        ("another organisation", lines(&whole.iter().map(other).collect::<Vec<_>>())),
        ("nothing", vec![]),
    ];
    for (what, text) in cases {
        let report = with_export(&text, refused()).await;
        let open = open_of_github(&report);
        assert!(open.len() > 4 && open.iter().all(|(_, verdict)| *verdict == Verdict::Unknown), "{what}: {open:?}");
        assert_eq!(report.exit_code().code(), 5, "{what}");
    }
}

#[tokio::test]
async fn an_export_is_read_beside_the_log_as_well() {
    let hers = json!({ "_document_id": "hers", "action": "hook.create", "created_at": 1_767_000_000_000_i64, "org": "northwind",
                       "actor": "dana-dev", "actor_id": 170_000_001, "hook_id": 5, "repo": "northwind/handbook" });
    let events = exported(LONG_AGO, &[], &[hers]);
    let folder = tempfile::tempdir().unwrap();
    // A stream has a file for each hour, in folders.
    let file: PathBuf = folder.path().join("2026/05/25.json");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, lines(&events)).unwrap();
    let server = Server::start(estate(), Faults::none()).unwrap();
    let intake = Intake { github_audit: vec![folder.path().to_owned()], ..included() };
    let report = audit_with(&server, &intake).await;
    assert_eq!(report.exit_code().code(), 0, "{:?}", open_of_github(&report));
    let event = report.coverage.iter().find(|part| part.dataset == "github_event").unwrap();
    assert!(event.gap.is_none() && event.objects == 3, "{event:?}");
}
