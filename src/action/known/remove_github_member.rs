//! Ends the membership of an account in an organisation.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo};
use crate::api::Service;

const MEMBERSHIP: &str = "/orgs/{org}/memberships/{login}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-github-member",
    does: "end the membership in the organisation",
    service: Service::GitHub,
    subject: "github:org/{org:name}/member/{account:number}",
    alias: None,
    needs: "members=write",
    stage: Stage::Organization,
    disposition: Disposition::Safe,
    owner: Some("account"),
    see: See::One { path: MEMBERSHIP, witness: Some("/orgs/{org}/members?per_page=1") },
    back: None,
    state: &[("login", "/user/login"), ("role", "/role"), ("state", "/state")],
    evidence: "SELECT printf('github:org/%s/member/%s', organization, user_id), login, role, state,
                      direct AS \"_direct?\"
               FROM github_membership WHERE user_id IS NOT NULL",
    request: get_gone(MEMBERSHIP),
    after: After::Absent,
    undo: Undo::Manual("invite the account again, in the role that the plan names; it has to accept, and its teams have to be given again"),
    guard: direct,
    breaks: &[
        "all teams and the access to repositories go with it; private forks are deleted",
        "deploy keys, webhooks, secrets, runners, apps and schedules stay: they have changes of their own",
    ],
    depends: Some(
        "SELECT printf('github:org/%s/member/%s', held.organization, held.user_id),
                printf('the scheduled workflow %s of %s/%s runs as this account and stops', path, organization, repository)
         FROM (SELECT DISTINCT organization, user_id FROM github_schedule_actor WHERE user_id IS NOT NULL) AS held
         JOIN github_schedule USING (organization)
         WHERE github_schedule.login IN (SELECT login FROM github_leaver WHERE github_leaver.user_id = held.user_id)
         UNION
         SELECT printf('github:org/%s/member/%s', organization, user_id),
                printf('%s of %s/%s is left without a reviewer', environment, organization, repository)
         FROM github_reviewer WHERE others = 0 AND user_id IS NOT NULL",
    ),
    first: None,
    portal: "https://github.com/orgs/{org}/people",
}];

fn direct(state: &State) -> Option<Keep> {
    let through = state.get("_direct").and_then(serde_json::Value::as_bool) == Some(false);
    let why = "the membership comes through a team of the enterprise: take the account out there";
    through.then(|| Keep::ByHand(why.to_owned()))
}
