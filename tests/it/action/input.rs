//! Plans and journals that must not be used: each is refused with its reason, and nothing is sent or even asked.

use std::fs;
use std::path::PathBuf;

use leaver::action::plan::{Plan, Selection};
use leaver::config::{Config, Key};
use leaver::demo::Server;
use leaver::error::{Error, Exit};
use leaver::report::json;
use leaver::run::apply::{Request, apply};
use leaver::run::verify::{new_key, sign};
use leaver::seal::Kind;

use super::{PLAN, config, env, serve};

/// A folder with a plan, and an estate that notices whatever is asked.
struct Desk {
    folder: tempfile::TempDir,
    server: Server,
    config: Config,
    request: Request,
}

impl Desk {
    fn new(plan: &Plan) -> Desk {
        let (folder, server) = (tempfile::tempdir().unwrap(), serve());
        let path = folder.path().join("plan.json");
        fs::write(&path, json::to_string(plan).unwrap()).unwrap();
        let request = Request {
            plan: path,
            selection: Selection::default(),
            yes: true,
            disruptive: true,
            max: 1000,
            journal: None,
            patience: 1,
            keys: Vec::new(),
            insecure_key: false,
            bundle: None,
            proof: None,
            force: false,
        };
        let config = config(&server);
        Desk { folder, server, config, request }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn key(&self, name: &str) -> String {
        let path = self.path(name);
        new_key(Kind::P256, &path, false, &env()).unwrap();
        path.display().to_string()
    }

    async fn sign(&self, key: &str) {
        sign(&self.request.plan, Some(key), false, &self.config, &env()).await.unwrap();
    }

    /// Why it is refused; nothing was asked.
    async fn refused(&self) -> String {
        let error = apply(&self.request, &self.config, &env()).await.expect_err("must be refused");
        assert_eq!(self.server.requests(), []);
        assert!(matches!(error, Error::Refused { .. }), "{error}");
        assert_eq!(error.exit_code(), Exit::Unverified);
        error.to_string()
    }

    /// Looks, without changing anything.
    async fn looked(&mut self) -> Result<Exit, Error> {
        self.request.yes = false;
        apply(&self.request, &self.config, &env()).await
    }
}

#[tokio::test]
async fn a_plan_that_is_not_what_people_reviewed_is_refused() {
    let refused = async |change: &dyn Fn(&mut Plan)| {
        let mut plan = PLAN.clone();
        change(&mut plan);
        Desk::new(&plan).refused().await
    };
    assert!(refused(&|plan| plan.changes[0].request.url.push('x')).await.contains("its request is another"));
    assert!(refused(&|plan| plan.changes.swap(0, 1)).await.contains("not in order"));
    assert!(refused(&|plan| plan.tenant = Some("another".to_owned())).await.contains("another"));
    let late = |plan: &mut Plan| {
        (plan.created_at, plan.expires_at) = ("2026-01-01T00:00:00Z".to_owned(), "2026-01-02T00:00:00Z".to_owned());
    };
    assert!(refused(&late).await.contains("expired"));
    assert!(refused(&|plan| plan.tool.version = "99.0.0".to_owned()).await.contains("newer"));
    let desk = Desk::new(&PLAN);
    fs::write(&desk.request.plan, "{}").unwrap();
    assert!(desk.refused().await.contains("no plan"));
}

#[tokio::test]
async fn signatures_are_asked_for_where_they_are_configured() {
    let mut desk = Desk::new(&PLAN);
    let keys = [desk.key("own.pem"), desk.key("second.pem"), desk.key("stranger.pem")];
    desk.config.signing.key = Some(Key::File(desk.path("own.pem")));
    assert!(desk.refused().await.contains("not signed"));
    desk.sign(&keys[2]).await;
    assert!(desk.refused().await.contains("did not sign"));
    desk.sign(&keys[0]).await;
    desk.config.remediation.approvals = Some(2);
    desk.config.remediation.approvers = vec![desk.path("second.pub")];
    assert!(desk.refused().await.contains("1 of 2"), "a stranger and the same key twice count for nothing");
    desk.sign(&keys[1]).await;
    desk.looked().await.unwrap();
    // Somebody changes the plan after it was approved.
    let text = fs::read_to_string(&desk.request.plan).unwrap();
    fs::write(&desk.request.plan, format!("{text}\n")).unwrap();
    assert!(apply(&desk.request, &desk.config, &env()).await.unwrap_err().to_string().contains("another plan"));
    assert_eq!(desk.server.writes(), []);
}

#[tokio::test]
async fn a_journal_that_is_not_this_plans_is_refused() {
    let mut desk = Desk::new(&PLAN);
    let journal = desk.path("plan.json.journal");
    for (text, why) in [
        ("{\"event\":\"begin\"}\n", "does not follow"),
        ("no json\n", "was changed"),
        ("somebody's notes", "is no journal"),
    ] {
        fs::write(&journal, text).unwrap();
        let said = apply(&desk.request, &desk.config, &env()).await.unwrap_err().to_string();
        assert!(said.contains(why), "{said}");
        assert_eq!(fs::read_to_string(&journal).unwrap(), text);
    }
    fs::remove_file(&journal).unwrap();
    let first = PLAN.changes.iter().find(|change| change.action == "revoke-grant").unwrap();
    desk.request.selection = Selection { only: vec![first.id.clone()], skip: Vec::new() };
    assert_eq!(apply(&desk.request, &desk.config, &env()).await.unwrap(), Exit::Clean);
    let whole = fs::read_to_string(&journal).unwrap();
    // A torn last line is cut, and the rest counts.
    fs::write(&journal, format!("{whole}{{\"at\":\"20")).unwrap();
    assert_eq!(apply(&desk.request, &desk.config, &env()).await.unwrap(), Exit::Clean);
    assert_eq!((fs::read_to_string(&journal).unwrap(), desk.server.writes().len()), (whole.clone(), 1));
    // A line in the middle that says something else is not.
    fs::write(&journal, whole.replacen("\"answer\"", "\"observed\"", 1)).unwrap();
    assert!(apply(&desk.request, &desk.config, &env()).await.is_err());
    fs::write(&journal, &whole).unwrap();
    // And the journal of one plan is not that of the next.
    let mut other = PLAN.clone();
    other.changes.pop();
    fs::write(&desk.request.plan, json::to_string(&other).unwrap()).unwrap();
    assert!(apply(&desk.request, &desk.config, &env()).await.unwrap_err().to_string().contains("another plan"));
    assert_eq!(desk.server.writes().len(), 1);
}

#[tokio::test]
async fn a_selection_that_is_too_large_is_refused() {
    let mut desk = Desk::new(&PLAN);
    desk.request.max = PLAN.changes.len() - 1;
    let error = apply(&desk.request, &desk.config, &env()).await.unwrap_err();
    assert_eq!((error.exit_code(), desk.server.requests()), (Exit::Usage, Vec::new()));
}

/// HR moved the last day, after the plan was made: nobody touches what is the person's.
#[tokio::test]
async fn a_last_day_that_is_still_to_come_leaves_everything() {
    let mut plan = PLAN.clone();
    plan.people[0].ends_at = Some("2030-01-01T00:00:00Z".to_owned());
    let mut desk = Desk::new(&plan);
    assert_eq!(desk.looked().await.unwrap(), Exit::Incomplete);
    desk.request.yes = true;
    desk.request.disruptive = false;
    assert_eq!(apply(&desk.request, &desk.config, &env()).await.unwrap(), Exit::Incomplete);
    assert_eq!(desk.server.writes(), []);
}
