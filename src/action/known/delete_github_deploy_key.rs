//! Deletes one deploy key of a repository.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const OBJECT: &str = "/repos/{org}/{repo}/keys/{key}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "delete-github-deploy-key",
    does: "delete the deploy key",
    service: Service::GitHub,
    subject: "github:repo/{org:name}/{repo:name}/key/{key:number}",
    alias: None,
    needs: "administration=write",
    stage: Stage::Tokens,
    disposition: Disposition::Disruptive,
    owner: None,
    see: See::Row {
        path: "/repos/{org}/{repo}/keys?per_page=100",
        paging: Paging::Array,
        key: "/id",
        is: "{key}",
        others: None,
    },
    back: Some(See::Row {
        path: "/repos/{org}/{repo}/keys?per_page=100",
        paging: Paging::Array,
        key: "/title",
        is: "{title}",
        others: None,
    }),
    state: &[("title", "/title"), ("read_only", "/read_only"), ("text", "/key")],
    evidence: "SELECT id, title, read_only AS \"read_only?\" FROM github_deploy_key",
    request: get_gone(OBJECT),
    after: After::Absent,
    undo: Undo::Request(send(
        "POST",
        "/repos/{org}/{repo}/keys",
        r#"{"title": "{title}", "key": "{text}", "read_only": "{read_only}"}"#,
    )),
    guard: free,
    breaks: &["whatever pulls or pushes with this key stops: add another key first"],
    depends: None,
    first: None,
    portal: "https://github.com/{org}/{repo}/settings/keys",
}];
