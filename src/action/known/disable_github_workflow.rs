//! Switches a workflow off. Its file and its history stay.

use crate::action::route::{After, Disposition, Route, See, Stage, Template, Undo, free};
use crate::api::Service;

const WORKFLOW: &str = "/repos/{org}/{repo}/actions/workflows/{path_file}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "disable-github-workflow",
    does: "disable the workflow",
    service: Service::GitHub,
    subject: "github:repo/{org:name}/{repo:name}/workflow/{path:tail}",
    alias: None,
    needs: "actions=write",
    stage: Stage::Workflows,
    disposition: Disposition::Disruptive,
    owner: None,
    see: See::One { path: WORKFLOW, witness: Some("/repos/{org}/{repo}/actions/workflows?per_page=1") },
    back: None,
    state: &[("state", "/state"), ("path", "/path")],
    evidence: "SELECT id, state, path FROM github_workflow",
    request: Template {
        method: "PUT",
        url: "/repos/{org}/{repo}/actions/workflows/{path_file}/disable",
        body: None,
    },
    after: After::Holds(r#"{"state": "disabled_manually"}"#),
    undo: Undo::Request(Template {
        method: "PUT",
        url: "/repos/{org}/{repo}/actions/workflows/{path_file}/enable",
        body: None,
    }),
    guard: free,
    breaks: &["its schedule and every other trigger stop: tell who depends on the runs, or let somebody else commit its cron line instead"],
    depends: Some("SELECT id, printf('it runs by itself: %s', schedule) FROM github_workflow WHERE schedule IS NOT NULL"),
    first: None,
    portal: "https://github.com/{org}/{repo}/actions/workflows/{path_file}",
}];
