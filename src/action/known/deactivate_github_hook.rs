//! Switches one webhook off, which can be undone. Only `active` is ever sent: its receiver and its secret stay as they are.

use super::tools::send;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

macro_rules! hooks {
    ($subject:literal, $list:literal, $evidence:literal, $portal:literal, $needs:literal) => {
        Route {
            action: "deactivate-github-hook",
            does: "switch the webhook off",
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
            state: &[("target", "/config/url#origin"), ("active", "/active")],
            evidence: concat!("SELECT id, target, active AS \"active?\" FROM github_hook WHERE ", $evidence),
            request: send("PATCH", concat!($list, "/{hook}"), r#"{"active": false}"#),
            after: After::Holds(r#"{"active": false}"#),
            undo: Undo::Request(send("PATCH", concat!($list, "/{hook}"), r#"{"active": true}"#)),
            guard: free,
            breaks: &["the receiver hears nothing until it is switched on again"],
            depends: None,
            first: None,
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
