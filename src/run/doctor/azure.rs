//! Azure: which subscriptions can be seen, and with which roles.

use std::sync::Arc;

use serde::Deserialize;

use super::{Item, Part, State, asked, at, is_gone};
use crate::api::{self, Api, Claims, Http, NoLog, ReadApi, Service};
use crate::config::Config;
use crate::env::Env;
use crate::run::setup::Needs;
use crate::text::{Untrusted, guid, is_same};

/// Built-in roles by the id of their definition, and whether they hold Reader.
///
/// <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>
const ROLES: [(&str, &str, Fit); 6] = [
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", Fit::Enough),
    ("73c42c96-874c-492b-b04d-ab87d138a893", "Log Analytics Reader", Fit::Other),
    ("43d0d8ad-25c7-4714-9337-8ba259a9fe05", "Monitoring Reader", Fit::Other),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor", Fit::TooMuch),
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", Fit::TooMuch),
    ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", Fit::MayGrant),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fit {
    Enough,
    Other,
    TooMuch,
    MayGrant,
}

#[derive(Deserialize)]
struct Listed<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    subscription_id: Untrusted,
}

#[derive(Deserialize)]
struct Assignment {
    properties: Option<Properties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    principal_id: Option<Untrusted>,
    role_definition_id: Option<Untrusted>,
}

pub(super) async fn part(http: &Http, needs: &Needs, config: &Config, claims: Option<&Claims>, env: &Env) -> Part {
    let mut part = Part { title: "Azure", signed_in: http.host(Service::Arm), items: Vec::new() };
    let Some((role, checks)) = needs.azure.iter().next() else { return part };
    let item = |state, detail: String| Item::new(*role, state, detail).waiting(checks);
    let grant = "grant Reader on each subscription: `leaver setup`";
    if claims.is_none() {
        part.items.push(item(State::Unknown, "nobody is signed in".to_owned()).next(grant));
        return part;
    }
    let arm = Api::new(http.clone(), api::tokens(http, env), Arc::new(NoLog), env).read(Service::Arm);
    let answer = arm.get(&at("/subscriptions?api-version=2022-12-01")).await;
    let told = answer.as_ref().ok().map(|answer| answer.json::<Listed<Subscription>>());
    let visible: Vec<String> = match told {
        Some(Ok(told)) => told.value.iter().filter_map(|one| guid(one.subscription_id.raw())).collect(),
        Some(Err(error)) => {
            part.items.push(item(State::Unknown, error.to_string()).next("correct [endpoints] arm"));
            return part;
        }
        None => {
            let (state, detail) = asked(&answer);
            let state = if is_gone(&answer) { State::Unknown } else { state };
            part.items.push(item(state, detail).next(grant));
            return part;
        }
    };
    let unseen: Vec<&String> =
        config.azure.subscriptions.iter().filter(|id| !visible.iter().any(|seen| is_same(seen, id))).collect();
    for id in &unseen {
        let name = format!("subscription {}", crate::text::visible(id));
        part.items.push(Item::new(name, State::Missing, "not visible").next(grant));
    }
    let wanted = |id: &&String| {
        config.azure.subscriptions.is_empty() || config.azure.subscriptions.iter().any(|one| is_same(one, id))
    };
    let mut worst = if visible.is_empty() || !unseen.is_empty() { State::Missing } else { State::Granted };
    for id in visible.iter().filter(wanted) {
        let (one, more) = roles(&arm, id, claims.and_then(|claims| claims.object_id.as_deref())).await;
        worst = worst.max(one.state);
        part.items.push(one);
        part.items.extend(more);
    }
    let seen = visible.iter().filter(wanted).count();
    let summary = item(worst, format!("{seen} of {} subscriptions", seen + unseen.len()));
    part.items.insert(0, if worst == State::Granted { summary } else { summary.next(grant) });
    part
}

/// Which roles the identity has on one subscription or above it.
async fn roles(arm: &ReadApi, subscription: &str, reader: Option<&str>) -> (Item, Vec<Item>) {
    let name = format!("subscription {subscription}");
    let provider = "providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01";
    let filter = reader.map_or_else(String::new, |reader| format!("&$filter=assignedTo('{reader}')"));
    let answer = arm.get(&at(format!("/subscriptions/{subscription}/{provider}{filter}"))).await;
    let told = answer.as_ref().ok().and_then(|answer| answer.json::<Listed<Assignment>>().ok());
    let (Some(told), Some(reader)) = (told, reader) else {
        return match asked(&answer) {
            // Who may list role assignments may read the subscription; whether all of it, only the role says.
            (State::Granted, _) => (
                Item::new(
                    name,
                    State::Granted,
                    "its role assignments were read; the token does not say whose they are",
                ),
                Vec::new(),
            ),
            (state, detail) => (Item::new(name, state, detail), Vec::new()),
        };
    };
    let own = told.value.iter().filter_map(|one| one.properties.as_ref()).filter(|one| {
        // Through a group the principal is the group; the service has filtered already.
        one.principal_id.as_ref().is_some_and(|id| is_same(id.raw(), reader)) || told.value.len() < 20
    });
    let held: Vec<(&str, &str, Fit)> = own.filter_map(|one| known(one.role_definition_id.as_ref()?.raw())).collect();
    let enough = held.iter().any(|(_, _, fit)| matches!(fit, Fit::Enough | Fit::TooMuch));
    let more = held.iter().filter(|(_, _, fit)| matches!(fit, Fit::TooMuch | Fit::MayGrant)).map(|(_, role, _)| {
        let what = "it may change things there; Reader is enough";
        Item::new(format!("{role} on subscription {subscription}"), State::MoreThanNeeded, what)
            .next("take it away once Reader is there")
    });
    let state = if enough { State::Granted } else { State::Unknown };
    let detail = match enough {
        true => "the role is seen",
        false => "visible, but no role is seen that holds Reader: what may not be read is left out without a word",
    };
    (Item::new(name, state, detail), more.collect())
}

fn known(definition: &str) -> Option<(&'static str, &'static str, Fit)> {
    let id = definition.rsplit('/').next()?;
    ROLES.iter().find(|(known, ..)| is_same(known, id)).copied()
}
