//! Ends the access of an account that is no member to all repositories of an organisation.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-github-outside-collaborator",
    does: "remove the outside collaborator",
    service: Service::GitHub,
    subject: "github:org/{org:name}/outside-collaborator/{account:number}",
    alias: None,
    needs: "members=write",
    stage: Stage::Organization,
    disposition: Disposition::Safe,
    owner: Some("account"),
    see: See::Row {
        path: "/orgs/{org}/outside_collaborators?per_page=100",
        paging: Paging::Array,
        key: "/id",
        is: "{account}",
        others: None,
    },
    back: None,
    state: &[("login", "/login")],
    evidence: "SELECT printf('github:org/%s/outside-collaborator/%s', organization, user_id), login
               FROM github_outside_collaborator WHERE user_id IS NOT NULL",
    request: get_gone("/orgs/{org}/outside_collaborators/{login}"),
    after: After::Absent,
    undo: Undo::Manual("invite the account to its repositories again; it has to accept"),
    guard: free,
    breaks: &["the access to every repository of the organisation ends at once"],
    depends: None,
    first: None,
    portal: "https://github.com/orgs/{org}/outside-collaborators",
}];
