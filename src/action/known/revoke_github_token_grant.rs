//! Revokes the access of one fine-grained token to an organisation, or denies one that only asks. Never many at once.

use super::tools::send;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const UNDO: Undo = Undo::Manual("only the owner of the token can ask for access again, and an owner of the organisation grant it");
const BREAKS: &[&str] = &["what uses the token stops at once; SSH keys that were made through it go on working"];
const PORTAL: &str = "https://github.com/organizations/{org}/settings/personal-access-tokens/active";

pub(super) static ROUTES: &[Route] = &[
    Route {
        action: "revoke-github-token-grant",
        does: "revoke the access of the token",
        service: Service::GitHub,
        subject: "github:pat/{org:name}/{grant:number}",
        alias: None,
        needs: "organization_personal_access_tokens=write, as an App",
        stage: Stage::Tokens,
        disposition: Disposition::Safe,
        owner: Some("account"),
        see: See::Row {
            path: "/orgs/{org}/personal-access-tokens?per_page=100",
            paging: Paging::Array,
            key: "/id",
            is: "{grant}",
            others: None,
        },
        back: None,
        state: &[("account", "/owner/id"), ("login", "/owner/login")],
        evidence: "SELECT id, user_id AS account, login FROM github_token_grant WHERE state = 'granted'",
        request: send("POST", "/orgs/{org}/personal-access-tokens/{grant}", r#"{"action": "revoke"}"#),
        after: After::Absent,
        undo: UNDO,
        guard: free,
        breaks: BREAKS,
        depends: None,
        first: None,
        portal: PORTAL,
    },
    Route {
        action: "revoke-github-token-grant",
        does: "deny the access that the token asks for",
        service: Service::GitHub,
        subject: "github:pat-request/{org:name}/{request:number}",
        alias: None,
        needs: "organization_personal_access_token_requests=write, as an App",
        stage: Stage::Tokens,
        disposition: Disposition::Safe,
        owner: Some("account"),
        see: See::Row {
            path: "/orgs/{org}/personal-access-token-requests?per_page=100",
            paging: Paging::Array,
            key: "/id",
            is: "{request}",
            others: None,
        },
        back: None,
        state: &[("account", "/owner/id"), ("login", "/owner/login")],
        evidence: "SELECT id, user_id AS account, login FROM github_token_grant WHERE state = 'requested'",
        request: send("POST", "/orgs/{org}/personal-access-token-requests/{request}", r#"{"action": "deny"}"#),
        after: After::Absent,
        undo: UNDO,
        guard: free,
        breaks: BREAKS,
        depends: None,
        first: None,
        portal: PORTAL,
    },
];
