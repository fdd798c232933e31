//! Removes a client secret from an application or service principal, by its key id.

use super::tools::send;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, text};
use crate::api::Service;

const LISTS: &[(&str, &str)] = &[("/passwordCredentials", "secret"), ("/keyCredentials", "certificate")];

macro_rules! credentials {
    ($collection:literal, $kind:literal) => {
        Route {
            action: "remove-credential",
            does: "remove the client secret",
            service: Service::Graph,
            subject: concat!("entra:", $kind, "/{object:guid}/credential/{key:guid}"),
            alias: None,
            needs: "Application.ReadWrite.All",
            stage: Stage::Tokens,
            disposition: Disposition::Disruptive,
            owner: None,
            see: See::Within {
                path: concat!("/v1.0/", $collection, "/{object}?$select=id,passwordCredentials,keyCredentials"),
                lists: LISTS,
                key: "/keyId",
                is: "{key}",
            },
            back: None,
            state: &[("kind", "/kind"), ("displayName", "/displayName")],
            evidence: concat!(
                "SELECT printf('entra:", $kind, "/%s/credential/%s', object, key_id), kind, name AS displayName
                 FROM credential WHERE object_kind = '", $kind, "'"
            ),
            request: send("POST", concat!("/v1.0/", $collection, "/{object}/removePassword"), r#"{"keyId": "{key}"}"#),
            after: After::Absent,
            undo: Undo::Manual("a removed secret cannot come back: make a new one and give it to those who need it"),
            guard: secret,
            breaks: &["everything that signs in with this secret stops at once: give its users another one first"],
            portal: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        }
    };
}

pub(super) static ROUTES: &[Route] =
    &[credentials!("applications", "application"), credentials!("servicePrincipals", "service-principal")];

fn secret(state: &State) -> Option<Keep> {
    let why = "a certificate can only be removed with a proof that its key is held: remove it in the portal";
    text(state, "kind").is_some_and(|kind| kind != "secret").then(|| Keep::ByHand(why.to_owned()))
}
