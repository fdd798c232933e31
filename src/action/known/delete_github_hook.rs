//! Deletes one webhook. The address of its receiver can hold a secret, so only scheme and host are ever written down.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const UNDO: Undo = Undo::Manual(
    "make the webhook again: its receiver, events and secret are known to whoever runs the receiver, and are kept nowhere here",
);
const BREAKS: &[&str] = &[
    "the receiver hears nothing any more. To be able to go back, apply only deactivate-github-hook first, and delete it when nobody misses it",
];
const STATE: &[(&str, &str)] = &[("target", "/config/url#origin")];

macro_rules! hooks {
    ($subject:literal, $list:literal, $evidence:literal, $portal:literal, $needs:literal) => {
        Route {
            action: "delete-github-hook",
            does: "delete the webhook",
            service: Service::GitHub,
            subject: $subject,
            alias: None,
            needs: $needs,
            stage: Stage::Hooks,
            disposition: Disposition::Disruptive,
            owner: None,
            see: See::Row {
                path: concat!($list, "?per_page=100"),
                paging: Paging::Array,
                key: "/id",
                is: "{hook}",
                others: None,
            },
            back: None,
            state: STATE,
            evidence: concat!("SELECT id, target FROM github_hook WHERE ", $evidence),
            request: get_gone(concat!($list, "/{hook}")),
            after: After::Absent,
            undo: UNDO,
            guard: free,
            breaks: BREAKS,
            depends: None,
            first: Some("deactivate-github-hook"),
            portal: $portal,
        }
    };
}

pub(super) static ROUTES: &[Route] = &[
    hooks!(
        "github:org/{org:name}/hook/{hook:number}",
        "/orgs/{org}/hooks",
        "repository IS NULL",
        "https://github.com/organizations/{org}/settings/hooks/{hook}",
        "organization_hooks=write"
    ),
    hooks!(
        "github:repo/{org:name}/{repo:name}/hook/{hook:number}",
        "/repos/{org}/{repo}/hooks",
        "repository IS NOT NULL",
        "https://github.com/{org}/{repo}/settings/hooks/{hook}",
        "repository_hooks=write"
    ),
];
