//! Revokes one personal access token or SSH key of Azure DevOps, by the id of its authorisation. Never all of an account.

use super::tools::send;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

macro_rules! tokens {
    ($subject:literal, $does:literal, $query:literal) => {
        Route {
            action: "revoke-devops-token",
            does: $does,
            service: Service::DevOpsGraph,
            subject: $subject,
            alias: None,
            needs: "vso.tokenadministration, as a Project Collection Administrator",
            stage: Stage::Tokens,
            disposition: Disposition::Safe,
            owner: None,
            see: See::Row {
                path: concat!("/{org}/_apis/tokenadmin/personalaccesstokens/{descriptor}?", "pageSize=100&", $query, "api-version=7.1-preview.1"),
                paging: Paging::Continued("value"),
                key: "/authorizationId",
                is: "{authorization}",
                others: None,
            },
            back: None,
            state: &[("isValid", "/isValid")],
            evidence: "SELECT token.id, owner.descriptor AS descriptor, token.valid AS \"isValid?\"
                       FROM devops_token AS token
                       JOIN devops_user AS owner ON owner.person = token.person AND owner.organization = token.organization",
            request: send(
                "POST",
                "/{org}/_apis/tokenadmin/revocations?api-version=7.1-preview.1",
                r#"[{"authorizationId": "{authorization}"}]"#,
            ),
            after: After::Holds(r#"{"isValid": false}"#),
            undo: Undo::Manual("a revoked token cannot come back: its owner makes a new one"),
            guard: free,
            breaks: &["whatever signs in with it stops at once, pipelines and agents among it: give them another one first"],
            depends: None,
            first: None,
            portal: "https://dev.azure.com/{org}/_settings/users",
        }
    };
}

pub(super) static ROUTES: &[Route] = &[
    tokens!("devops:{org:name}/pat/{authorization:guid}", "revoke the personal access token", "isPublic=false&"),
    tokens!("devops:{org:name}/ssh-key/{authorization:guid}", "revoke the SSH key", "isPublic=true&"),
];
