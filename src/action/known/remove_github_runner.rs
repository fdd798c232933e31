//! Removes the registration of a self-hosted runner, and never of one that is busy.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, is};
use crate::api::{Paging, Service};

macro_rules! runners {
    ($subject:literal, $list:literal, $portal:literal, $needs:literal) => {
        Route {
            action: "remove-github-runner",
            does: "remove the runner",
            service: Service::GitHub,
            subject: $subject,
            alias: None,
            needs: $needs,
            stage: Stage::Runners,
            disposition: Disposition::Disruptive,
            owner: None,
            see: See::Row {
                path: concat!($list, "?per_page=100"),
                paging: Paging::Items("runners"),
                key: "/id",
                is: "{runner}",
                others: None,
            },
            back: None,
            state: &[("name", "/name"), ("os", "/os"), ("busy", "/busy")],
            evidence: "SELECT id, name, os FROM github_runner",
            request: get_gone(concat!($list, "/{runner}")),
            after: After::Absent,
            undo: Undo::Manual("register the runner again on its host, with a new registration token"),
            guard: idle,
            breaks: &[
                "jobs that ask for its labels wait",
                "its host still runs and keeps what was signed in there: take an image of it as evidence before it is wiped",
            ],
            depends: Some(
                "SELECT runner, printf('the workflow %s of %s/%s ran on it', path, organization, repository) FROM github_runner_job",
            ),
            first: None,
            portal: $portal,
        }
    };
}

pub(super) static ROUTES: &[Route] = &[
    runners!(
        "github:org/{org:name}/runner/{runner:number}",
        "/orgs/{org}/actions/runners",
        "https://github.com/organizations/{org}/settings/actions/runners",
        "organization_self_hosted_runners=write"
    ),
    runners!(
        "github:repo/{org:name}/{repo:name}/runner/{runner:number}",
        "/repos/{org}/{repo}/actions/runners",
        "https://github.com/{org}/{repo}/settings/actions/runners",
        "administration=write"
    ),
    runners!(
        "github:enterprise/{enterprise:name}/runner/{runner:number}",
        "/enterprises/{enterprise}/actions/runners",
        "https://github.com/enterprises/{enterprise}/settings/actions/runners",
        "manage_runners:enterprise"
    ),
];

fn idle(state: &State) -> Option<Keep> {
    let why = "the runner is busy with a job: stop the job or wait for its end, then apply again";
    is(state, "busy").then(|| Keep::ByHand(why.to_owned()))
}
