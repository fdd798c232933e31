//! What an apply does to the estate, and what an undo brings back.

use leaver::action::plan::Selection;
use leaver::action::{self, Outcome, Pace, Undo};

use super::{PLAN, Told, audited, env, outcomes, planned, serve, services};

#[tokio::test]
async fn looking_changes_nothing() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let told = Told { yes: false, ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    assert!(applied.is_complete(), "{:#?}", outcomes(&PLAN, &applied));
    assert_eq!(server.writes(), []);
    assert!(!folder.path().join("j").exists());
}

#[tokio::test]
async fn exactly_what_was_planned_is_done_and_found_gone() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("j");
    let applied = Told::all(&PLAN).apply(&server, &journal).await.unwrap();
    let made = outcomes(&PLAN, &applied);
    assert!(applied.is_complete(), "{made:#?}\n{:#?}", server.writes());
    let sent: Vec<String> = server.writes().iter().map(|write| format!("{} {}", write.method, write.path)).collect();
    let already = made.iter().filter(|(_, outcome, _)| *outcome == Some(Outcome::Already)).count();
    assert_eq!(sent.len() + already, PLAN.changes.len(), "{made:#?}");
    assert!(server.writes().iter().all(|write| write.status < 300), "{:#?}", server.writes());
    assert_eq!(server.unknown(), []);
    // Nothing of the colleagues.
    for name in ["alicia", "bob-dev", "erin-ops", "0a000000-0000-4000-8000-000000000002"] {
        assert!(sent.iter().all(|line| !line.contains(name)), "{sent:#?}");
    }
    // A second audit finds nothing that the plan promised to close.
    let (report, evidence) = audited(&server).await;
    let again = planned(&report, Some(&evidence), &[]);
    assert_eq!(again.changes.iter().map(|change| &change.subject).collect::<Vec<_>>(), Vec::<&String>::new());
    // And a second apply of the same plan sends nothing.
    let applied = Told::all(&PLAN).apply(&server, &journal).await.unwrap();
    assert!(applied.is_complete());
    assert_eq!(server.writes().len(), sent.len());
    // The undo brings back what it promised.
    let services = services(&server);
    let (selection, pace, env) = (Selection::default(), Pace::at_once(), env());
    let undo =
        Undo { journal: &journal, selection: &selection, yes: true, pace: &pace, services: &services, env: &env };
    let backs = action::undo(&undo, |_| ()).await.unwrap();
    // A webhook that was deleted cannot be switched on again.
    let gone = |back: &action::Back| back.subject.contains("/hook/") && back.outcome == Some(Outcome::Changed);
    let bad: Vec<_> =
        backs.iter().filter(|back| !gone(back) && back.outcome.is_some_and(|outcome| !outcome.is_good())).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let brought = backs.iter().filter(|back| back.outcome == Some(Outcome::Done)).count();
    assert!(brought > 10, "{backs:#?}");
    let (report, evidence) = audited(&server).await;
    let back = planned(&report, Some(&evidence), &[]);
    // A key that was made again is no longer one that the leaver added.
    let made = |back: &&action::Back| back.outcome == Some(Outcome::Done) && back.subject.contains("/key/");
    let keys = backs.iter().filter(made).count();
    assert!(back.changes.len() + keys >= brought, "{} and {keys} of {brought}", back.changes.len());
    assert!(back.changes.iter().any(|change| change.action == "disable-account"));
}

#[tokio::test]
async fn what_others_use_waits_for_a_word() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let told = Told { disruptive: false, ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    assert!(!applied.is_complete());
    let safe = PLAN.changes.iter().filter(|change| change.disposition == action::Disposition::Safe).count();
    assert!(server.writes().len() <= safe);
    assert!(server.writes().iter().all(|write| !write.path.contains("federated") && !write.path.contains("/keys/")));
}

#[tokio::test]
async fn somebody_who_came_back_is_left_alone() {
    let mut plan = PLAN.clone();
    plan.people[0].enabled = Some(false);
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let applied = Told::all(&plan).apply(&server, &folder.path().join("j")).await.unwrap();
    for made in &applied.changes {
        let own = plan.changes[made.index].person.is_some();
        assert!(!own || made.outcome == Some(Outcome::Changed), "{:?}", outcomes(&plan, &applied));
    }
}

/// HR enables the account between two runs of the same plan.
#[tokio::test]
async fn somebody_who_comes_back_between_two_runs_is_left_alone() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let only = |action: &str| Selection { only: vec![action.to_owned()], skip: Vec::new() };
    let told = Told { selection: only("disable-account"), ..Told::all(&PLAN) };
    assert!(told.apply(&server, &folder.path().join("j")).await.unwrap().is_complete());
    let user = format!("{}/graph/v1.0/users/{}", server.base_url(), super::ESTATE.person("alice").unwrap());
    let enable = reqwest::Client::new().patch(user).json(&serde_json::json!({ "accountEnabled": true }));
    assert_eq!(enable.bearer_auth(leaver::demo::TOKEN).send().await.unwrap().status(), 204);
    let pace = Pace::at_once().patient(std::time::Duration::from_millis(50));
    let told = Told { selection: only("revoke-grant"), pace, ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    assert!(applied.changes.iter().all(|made| made.outcome == Some(Outcome::Changed)), "{applied:?}");
    assert_eq!(server.writes().len(), 2);
}

#[tokio::test]
async fn a_protected_account_is_not_touched() {
    let server = serve();
    let folder = tempfile::tempdir().unwrap();
    let told = Told { protected: vec![PLAN.people[0].id.clone()], ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    for made in &applied.changes {
        let own = PLAN.changes[made.index].person.is_some();
        assert!(!own || made.outcome == Some(Outcome::Refused));
    }
}
