//! Ends the sessions of an Entra account: refresh tokens issued until now are dead.

use crate::action::route::{After, Disposition, Route, See, Stage, Template, Undo, free};
use crate::api::Service;

pub(super) static ROUTES: &[Route] = &[Route {
    action: "revoke-sessions",
    does: "end all sessions",
    service: Service::Graph,
    subject: "entra:user/{user:guid}",
    alias: None,
    needs: "User.RevokeSessions.All",
    stage: Stage::Sessions,
    disposition: Disposition::Safe,
    owner: Some("user"),
    see: See::One { path: "/v1.0/users/{user}?$select=id,signInSessionsValidFromDateTime", witness: None },
    back: None,
    state: &[("signInSessionsValidFromDateTime", "/signInSessionsValidFromDateTime")],
    evidence: "SELECT 'entra:user/' || id, sessions_valid_from_at AS signInSessionsValidFromDateTime FROM account",
    request: Template { method: "POST", url: "/v1.0/users/{user}/revokeSignInSessions", body: None },
    after: After::Later("signInSessionsValidFromDateTime"),
    undo: Undo::Nothing,
    guard: free,
    breaks: &["access tokens that are out live on for up to an hour", "sessions of a guest end only in the home tenant"],
    depends: None,
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{user}",
}];
