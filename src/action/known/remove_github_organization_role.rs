//! Takes one role of an organisation away from one account.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Template, Undo, text};
use crate::api::{Paging, Service};

const HELD: &str = "/orgs/{org}/organization-roles/users/{login}/{role}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-github-organization-role",
    does: "take the organisation role away",
    service: Service::GitHub,
    subject: "github:org/{org:name}/role/{role:number}/user/{account:number}",
    alias: None,
    needs: "organization_custom_org_roles=write",
    stage: Stage::Memberships,
    disposition: Disposition::Safe,
    owner: Some("account"),
    see: See::Row {
        path: "/orgs/{org}/organization-roles/{role}/users?per_page=100",
        paging: Paging::Array,
        key: "/id",
        is: "{account}",
        others: None,
    },
    back: None,
    state: &[("login", "/login"), ("assignment", "/assignment")],
    evidence: "SELECT printf('github:org/%s/role/%s/user/%s', organization, role_id, user_id), login, assignment FROM github_role
               WHERE user_id IS NOT NULL",
    request: get_gone(HELD),
    after: After::Absent,
    undo: Undo::Request(Template { method: "PUT", url: HELD, body: None }),
    guard: direct,
    breaks: &["what the role let the person administer needs somebody else"],
    depends: None,
    first: None,
    portal: "https://github.com/organizations/{org}/settings/org_role_assignments",
}];

fn direct(state: &State) -> Option<Keep> {
    let why = "a team holds the role: take the person out of the team";
    text(state, "assignment").is_some_and(|how| how != "direct").then(|| Keep::ByHand(why.to_owned()))
}
