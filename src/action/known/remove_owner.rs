//! Removes an owner of an application or service principal, never the last one. The reference is removed, not the user: `/$ref`.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo};
use crate::api::{Paging, Service};

macro_rules! owners {
    ($subject:literal, $alias:literal, $collection:literal, $kind:literal) => {
        Route {
            action: "remove-owner",
            does: "remove the owner",
            service: Service::Graph,
            subject: $subject,
            alias: Some(($alias, "owner", r#"{"_others": 0}"#)),
            needs: "Application.ReadWrite.All",
            stage: Stage::Ownership,
            disposition: Disposition::Disruptive,
            owner: Some("owner"),
            see: See::Row {
                path: concat!("/v1.0/", $collection, "/{object}/owners?$select=id"),
                paging: Paging::OData,
                key: "/id",
                is: "{owner}",
                others: Some("_others"),
            },
            back: None,
            state: &[],
            evidence: concat!(
                "SELECT printf('entra:", $kind, "/%s/owner/%s', object, owner),
                        (SELECT count(DISTINCT lower(other.owner)) FROM ownership AS other
                         WHERE other.object = ownership.object) - 1 AS _others
                 FROM ownership WHERE object_kind = '", $kind, "'"
            ),
            request: get_gone(concat!("/v1.0/", $collection, "/{object}/owners/{owner}/$ref")),
            after: After::Absent,
            undo: Undo::Request(send(
                "POST",
                concat!("/v1.0/", $collection, "/{object}/owners/$ref"),
                r#"{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{owner}"}"#,
            )),
            guard: not_the_last,
            breaks: &["the person can no longer add secrets or trust to it; the other owners have to know that it is theirs"],
            depends: None,
            first: None,
            portal: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        }
    };
}

pub(super) static ROUTES: &[Route] = &[
    owners!(
        "entra:application/{object:guid}/owner/{owner:guid}",
        "entra:application/{object:guid}",
        "applications",
        "application"
    ),
    owners!(
        "entra:service-principal/{object:guid}/owner/{owner:guid}",
        "entra:service-principal/{object:guid}",
        "servicePrincipals",
        "service-principal"
    ),
];

fn not_the_last(state: &State) -> Option<Keep> {
    let alone = state.get("_others").and_then(serde_json::Value::as_i64) == Some(0);
    let why = "the person is the only owner: name a successor first, then audit and plan again";
    alone.then(|| Keep::Never(why.to_owned()))
}
