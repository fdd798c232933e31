//! Revokes one authorisation by which single sign-on lets a credential into an organisation. Never all of an account.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

pub(super) static ROUTES: &[Route] = &[Route {
    action: "revoke-github-sso-authorization",
    does: "revoke the single sign-on of the credential",
    service: Service::GitHub,
    subject: "github:org/{org:name}/credential-authorization/{credential:number}",
    alias: None,
    needs: "organization_administration=write",
    stage: Stage::Tokens,
    disposition: Disposition::Safe,
    owner: None,
    see: See::Row {
        path: "/orgs/{org}/credential-authorizations?per_page=100",
        paging: Paging::Array,
        key: "/credential_id",
        is: "{credential}",
        others: None,
    },
    back: None,
    state: &[("login", "/login")],
    evidence: "SELECT id, login FROM github_sso_authorization",
    request: get_gone("/orgs/{org}/credential-authorizations/{credential}"),
    after: After::Absent,
    undo: Undo::Manual("only the owner of the credential can authorise it again, as long as the membership lasts"),
    guard: free,
    breaks: &["whatever pulls or pushes with this credential stops"],
    depends: None,
    first: None,
    portal: "https://github.com/orgs/{org}/people",
}];
