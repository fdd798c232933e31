//! Each thing that can go wrong with a write has one right outcome, and `done` is said only of what was seen.

use std::time::Duration;

use leaver::action::plan::{Change, Selection};
use leaver::action::{Outcome, Pace};
use leaver::demo::{Faults, Server, WriteFault};
use serde_json::json;

use super::{PLAN, Told, serve_with};

/// One change of each service and of each way to look.
const KINDS: [&str; 8] = [
    "disable-account",
    "revoke-grant",
    "remove-group-member",
    "delete-federated-credential",
    "delete-github-deploy-key",
    "remove-github-member",
    "remove-role-eligibility",
    "remove-group-eligibility",
];

fn change(action: &str) -> &'static Change {
    PLAN.changes.iter().find(|change| change.action == action).unwrap_or_else(|| panic!("no {action} in the plan"))
}

/// What becomes of this one change, how often it was sent, and whether it shows in the end.
async fn made(change: &Change, faults: Faults) -> (Outcome, usize, Server) {
    let server = serve_with(faults);
    let folder = tempfile::tempdir().unwrap();
    let selection = Selection { only: vec![change.id.clone()], skip: Vec::new() };
    let pace = Pace::at_once().patient(Duration::from_millis(600));
    let told = Told { selection, pace, ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    let sent = server.writes().iter().filter(|write| write.path.starts_with('/')).count();
    (applied.changes[0].outcome.unwrap(), sent, server)
}

async fn each(fault: Option<WriteFault>, times: u32, wanted: (Outcome, usize)) {
    for kind in KINDS {
        let change = change(kind);
        let path = change.request.url.split('?').next().unwrap();
        let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap().into_owned();
        let faults = match &fault {
            Some(fault) => Faults::none().write(&path, fault.clone(), times),
            None => Faults::none(),
        };
        let (outcome, sent, server) = made(change, faults).await;
        assert_eq!((outcome, sent), wanted, "{kind}, {fault:?}: {:#?}", server.writes());
    }
}

#[tokio::test]
async fn busy_is_waited_for_and_looked_at_again() {
    each(None, 0, (Outcome::Done, 1)).await;
    each(Some(WriteFault::Refused(429)), 1, (Outcome::Done, 2)).await;
    each(Some(WriteFault::Refused(503)), 2, (Outcome::Done, 3)).await;
    each(Some(WriteFault::Refused(429)), 99, (Outcome::Failed, 5)).await;
}

#[tokio::test]
async fn what_took_effect_is_done_whatever_the_answer() {
    each(Some(WriteFault::Lost(500)), 1, (Outcome::Done, 1)).await;
    each(Some(WriteFault::Dropped), 1, (Outcome::Done, 1)).await;
    each(Some(WriteFault::Late(Duration::from_millis(500))), 1, (Outcome::Done, 1)).await;
}

#[tokio::test]
async fn what_took_no_effect_failed_and_was_sent_once() {
    for status in [400, 403, 404, 409, 412, 422, 500] {
        each(Some(WriteFault::Refused(status)), 9, (Outcome::Failed, 1)).await;
    }
}

#[tokio::test]
async fn a_change_that_shows_late_is_waited_for() {
    for kind in KINDS {
        let (outcome, sent, _) = made(change(kind), Faults::none().lag(4)).await;
        assert_eq!((outcome, sent), (Outcome::Done, 1), "{kind}");
    }
}

/// The service says yes, and nothing changes: nobody may say that it is done.
#[tokio::test]
async fn a_yes_that_never_shows_is_unknown() {
    let (outcome, sent, _) = made(change("revoke-grant"), Faults::none().lag(100_000)).await;
    assert_eq!((outcome, sent), (Outcome::Unknown, 1));
}

#[tokio::test]
async fn somebody_faster_is_not_us() {
    for kind in ["revoke-grant", "remove-group-member", "delete-github-deploy-key", "remove-github-member"] {
        let change = change(kind);
        let (outcome, sent, _) = made(change, Faults::none().write(&change.request.method, WriteFault::Gone, 1)).await;
        assert_eq!((outcome, sent), (Outcome::Already, 1), "{kind}");
    }
}

/// Somebody gave the consent another scope after the plan: it is no longer what people reviewed.
#[tokio::test]
async fn what_is_no_longer_as_planned_is_not_touched() {
    let change = change("revoke-grant");
    let id = change.subject.strip_prefix("entra:grant/").unwrap();
    let mut estate = super::ESTATE.clone();
    let row = estate.rows_mut("graph/oauth2PermissionGrants").iter_mut().find(|row| row["id"] == id).unwrap();
    row["scope"] = json!("Mail.ReadWrite");
    let server = Server::start(estate, Faults::none()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let selection = Selection { only: vec![change.id.clone()], skip: Vec::new() };
    let told = Told { selection, ..Told::all(&PLAN) };
    let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
    assert_eq!((applied.changes[0].outcome, server.writes().len()), (Some(Outcome::Changed), 0));
}

/// Somebody gives it another scope between the look and the write.
#[tokio::test]
async fn a_change_by_somebody_else_in_between_does_not_hide_that_it_is_gone() {
    let change = change("revoke-grant");
    let id = change.subject.strip_prefix("entra:grant/").unwrap().to_owned();
    let other = WriteFault::Changed("graph/oauth2PermissionGrants", id, "scope", json!("Mail.ReadWrite"));
    let faults = Faults::none().write("DELETE", other, 1);
    let (outcome, _, _) = made(change, faults).await;
    // It was deleted all the same: what is seen is that it is gone.
    assert_eq!(outcome, Outcome::Done);
}

#[tokio::test]
async fn a_login_that_is_somebody_elses_is_not_touched() {
    for kind in ["remove-github-member", "remove-github-team-member", "remove-github-collaborator"] {
        let Some(change) = PLAN.changes.iter().find(|change| change.action == kind) else { continue };
        let mut estate = super::ESTATE.clone();
        for collection in ["github/users", "github/members"] {
            for row in estate.rows_mut(collection).iter_mut().filter(|row| row["login"] == "alice-dev") {
                row["login"] = json!("alice-renamed");
            }
        }
        let server = Server::start(estate, Faults::none()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let selection = Selection { only: vec![change.id.clone()], skip: Vec::new() };
        let told = Told { selection, ..Told::all(&PLAN) };
        let applied = told.apply(&server, &folder.path().join("j")).await.unwrap();
        assert_eq!((applied.changes[0].outcome, server.writes().len()), (Some(Outcome::Changed), 0), "{kind}");
    }
}

/// A full disk, and a folder that cannot be written: nothing leaves.
#[tokio::test]
async fn without_a_journal_nothing_is_sent() {
    let server = serve_with(Faults::none());
    for path in ["/dev/full", "/no/such/folder/journal"] {
        assert!(Told::all(&PLAN).apply(&server, std::path::Path::new(path)).await.is_err(), "{path}");
    }
    assert_eq!(server.writes(), []);
}

#[tokio::test]
async fn what_cannot_be_looked_at_is_unknown_and_stays() {
    let change = change("revoke-grant");
    let (outcome, sent, _) = made(change, Faults::none().status("/oauth2PermissionGrants/", 403, "Denied")).await;
    assert_eq!((outcome, sent), (Outcome::Unknown, 0));
}
