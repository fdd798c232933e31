//! Closes an Entra account. It is never deleted.

use super::tools::send;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, is};
use crate::api::Service;

const OBJECT: &str = "/v1.0/users/{user}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "disable-account",
    does: "disable the account",
    service: Service::Graph,
    subject: "entra:user/{user:guid}",
    alias: None,
    needs: "User.EnableDisableAccount.All and User.Read.All; for holders of a directory role also Privileged Authentication Administrator",
    stage: Stage::Account,
    disposition: Disposition::Safe,
    owner: Some("user"),
    see: See::One { path: "/v1.0/users/{user}?$select=id,accountEnabled,onPremisesSyncEnabled", witness: None },
    back: None,
    state: &[("accountEnabled", "/accountEnabled"), ("onPremisesSyncEnabled", "/onPremisesSyncEnabled")],
    evidence: "SELECT 'entra:user/' || id, enabled AS \"accountEnabled?\", synced AS \"onPremisesSyncEnabled?\" FROM account",
    request: send("PATCH", OBJECT, r#"{"accountEnabled": false}"#),
    after: After::Holds(r#"{"accountEnabled": false}"#),
    undo: Undo::Request(send("PATCH", OBJECT, r#"{"accountEnabled": true}"#)),
    guard: mastered_here,
    breaks: &[
        "whoever still works in this account is locked out within the hour",
        "a GitHub account that the directory manages is suspended with it, and its scheduled workflows stop",
    ],
    depends: Some(
        "SELECT 'entra:user/' || account.id, printf('the scheduled workflow %s of %s/%s runs as this account and stops', path, organization, repository)
         FROM github_schedule JOIN account ON account.person = github_schedule.person",
    ),
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{user}",
}];

fn mastered_here(state: &State) -> Option<Keep> {
    let why = "the account is mastered on premises: disable it there, and the next synchronisation closes it here";
    is(state, "onPremisesSyncEnabled").then(|| Keep::ByHand(why.to_owned()))
}
