//! Cancels an invitation that nobody has accepted yet.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

macro_rules! invitations {
    ($subject:literal, $list:literal, $state:expr, $portal:literal, $needs:literal, $where:literal) => {
        Route {
            action: "cancel-github-invitation",
            does: "cancel the invitation",
            service: Service::GitHub,
            subject: $subject,
            alias: None,
            needs: $needs,
            stage: Stage::Memberships,
            disposition: Disposition::Safe,
            owner: None,
            see: See::Row {
                path: concat!($list, "?per_page=100"),
                paging: Paging::Array,
                key: "/id",
                is: "{invitation}",
                others: None,
            },
            back: None,
            state: $state,
            evidence: concat!("SELECT id, login FROM github_invitation WHERE state = 'pending' AND ", $where),
            request: get_gone(concat!($list, "/{invitation}")),
            after: After::Absent,
            undo: Undo::Manual("invite the person again"),
            guard: free,
            breaks: &[],
            depends: None,
            first: None,
            portal: $portal,
        }
    };
}

pub(super) static ROUTES: &[Route] = &[
    invitations!(
        "github:org/{org:name}/invitation/{invitation:number}",
        "/orgs/{org}/invitations",
        &[("login", "/login")],
        "https://github.com/orgs/{org}/people/pending_invitations",
        "members=write",
        "repository IS NULL"
    ),
    invitations!(
        "github:repo/{org:name}/{repo:name}/invitation/{invitation:number}",
        "/repos/{org}/{repo}/invitations",
        &[("login", "/invitee/login")],
        "https://github.com/{org}/{repo}/settings/access",
        "administration=write",
        "repository IS NOT NULL"
    ),
];
