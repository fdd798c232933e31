//! Removes a client secret from an application or service principal, by its key id.

use super::tools::send;
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, text};
use crate::api::Service;

const LISTS: &[(&str, &str)] = &[("/passwordCredentials", "secret"), ("/keyCredentials", "certificate")];

macro_rules! credentials {
    ($collection:literal, $kind:literal, $guard:ident) => {
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
            guard: $guard,
            breaks: &["everything that signs in with this secret stops at once: give its users another one first"],
            depends: Some(concat!(
                "SELECT printf('entra:", $kind, "/%s/credential/%s', one.object, one.key_id),
                        printf('%s has %d other secrets or certificates, which stay', ifnull(one.object_name, one.object), count(*))
                 FROM credential AS one JOIN credential AS other
                   ON other.object = one.object COLLATE NOCASE AND other.key_id <> one.key_id
                 WHERE one.object_kind = '", $kind, "' GROUP BY one.object, one.key_id"
            )),
            first: None,
            portal: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        }
    };
}

pub(super) static ROUTES: &[Route] =
    &[
        credentials!("applications", "application", of_application),
        credentials!("servicePrincipals", "service-principal", of_service_principal),
    ];

fn of_application(state: &State) -> Option<Keep> {
    secret(state, "az ad app credential delete --id <object> --key-id <key> --cert")
}

fn of_service_principal(state: &State) -> Option<Keep> {
    secret(state, "az ad sp credential delete --id <object> --key-id <key> --cert")
}

fn secret(state: &State, command: &'static str) -> Option<Keep> {
    let why = "a certificate can only be removed through this interface with a proof that its key is held: give its users another one first";
    text(state, "kind").is_some_and(|kind| kind != "secret").then(|| Keep::ByCommand(why.to_owned(), command))
}
