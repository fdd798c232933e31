//! Ends the direct access of one account to one repository.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-github-collaborator",
    does: "end the direct access to the repository",
    service: Service::GitHub,
    subject: "github:repo/{org:name}/{repo:name}/collaborator/{account:number}",
    alias: None,
    needs: "administration=write",
    stage: Stage::Memberships,
    disposition: Disposition::Safe,
    owner: Some("account"),
    see: See::Row {
        path: "/repos/{org}/{repo}/collaborators?affiliation=direct&per_page=100",
        paging: Paging::Array,
        key: "/id",
        is: "{account}",
        others: None,
    },
    back: None,
    state: &[("login", "/login"), ("role_name", "/role_name")],
    evidence: "SELECT printf('github:repo/%s/%s/collaborator/%s', organization, repository, user_id), login, role AS role_name
               FROM github_access WHERE user_id IS NOT NULL",
    request: get_gone("/repos/{org}/{repo}/collaborators/{login}"),
    after: After::Absent,
    undo: Undo::Manual("invite the account to the repository again, in the role that the plan names; it has to accept"),
    guard: free,
    breaks: &["invitations that the person sent are cancelled, and issues lose this assignee"],
    depends: None,
    first: None,
    portal: "https://github.com/{org}/{repo}/settings/access",
}];
