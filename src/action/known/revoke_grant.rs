//! Deletes the delegated grant of one person. A grant for everybody is never touched.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, text};
use crate::api::Service;

const OBJECT: &str = "/v1.0/oauth2PermissionGrants/{grant}";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "revoke-grant",
    does: "revoke the consent",
    service: Service::Graph,
    subject: "entra:grant/{grant:key}",
    alias: None,
    needs: "DelegatedPermissionGrant.ReadWrite.All",
    stage: Stage::Grants,
    disposition: Disposition::Safe,
    owner: Some("principalId"),
    see: See::One { path: OBJECT, witness: None },
    back: None,
    state: &[
        ("clientId", "/clientId"),
        ("consentType", "/consentType"),
        ("principalId", "/principalId"),
        ("resourceId", "/resourceId"),
        ("scope", "/scope"),
    ],
    evidence: "SELECT 'entra:grant/' || id, client AS clientId, consent AS consentType, principal AS principalId,
                      resource AS resourceId, scope
               FROM delegated_grant",
    request: get_gone(OBJECT),
    after: After::Absent,
    undo: Undo::Request(send(
        "POST",
        "/v1.0/oauth2PermissionGrants",
        r#"{"clientId": "{clientId}", "consentType": "{consentType}", "principalId": "{principalId}",
            "resourceId": "{resourceId}", "scope": "{scope}"}"#,
    )),
    guard: of_one_person,
    breaks: &["the client loses this person's delegated access; access tokens that are out live on for up to an hour"],
    depends: Some(
        "SELECT 'entra:grant/' || own.id,
                printf('%d other consents for the same client and resource stay; one for everybody among them keeps this person in: %s',
                       count(*), iif(max(other.consent = 'AllPrincipals'), 'yes', 'no'))
         FROM delegated_grant AS own JOIN delegated_grant AS other
           ON other.client = own.client COLLATE NOCASE AND other.resource = own.resource COLLATE NOCASE AND other.id <> own.id
         GROUP BY own.id",
    ),
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview",
}];

fn of_one_person(state: &State) -> Option<Keep> {
    let everybody = text(state, "consentType").is_some_and(|consent| !consent.eq_ignore_ascii_case("Principal"));
    everybody.then(|| Keep::Never("the grant is for all principals, not for this person".to_owned()))
}
