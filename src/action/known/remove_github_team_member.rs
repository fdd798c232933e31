//! Takes an account out of a team.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, is};
use crate::api::{Paging, Service};

const MEMBERSHIP: &str = "/orgs/{org}/teams/{team}/memberships/{login}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-github-team-member",
    does: "take the account out of the team",
    service: Service::GitHub,
    subject: "github:org/{org:name}/team/{team:name}/member/{account:number}",
    alias: None,
    needs: "members=write",
    stage: Stage::Memberships,
    disposition: Disposition::Safe,
    owner: Some("account"),
    see: See::Row {
        path: "/orgs/{org}/teams/{team}/members?per_page=100",
        paging: Paging::Array,
        key: "/id",
        is: "{account}",
        others: None,
    },
    back: None,
    state: &[("login", "/login")],
    evidence: "SELECT printf('github:org/%s/team/%s/member/%s', organization, team, user_id), login, role,
                      inherited AS \"_inherited?\"
               FROM github_team_membership WHERE user_id IS NOT NULL",
    request: get_gone(MEMBERSHIP),
    after: After::Absent,
    undo: Undo::Request(send("PUT", MEMBERSHIP, r#"{"role": "{role?}"}"#)),
    guard: own,
    breaks: &["review requests to the team no longer reach the person; a team that the identity provider fills takes this back"],
    depends: None,
    first: None,
    portal: "https://github.com/orgs/{org}/teams/{team}/members",
}];

fn own(state: &State) -> Option<Keep> {
    let why = "the membership comes through a child team or the enterprise: take the account out there";
    is(state, "_inherited").then(|| Keep::ByHand(why.to_owned()))
}
