//! Every role assignment of the subscriptions, with the name of its role. They are kept whoever holds them: whose
//! identity a leaver can act as is found out later, from the evidence.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::wire::{Assignment, Definition};
use super::{AT_ONCE, ask, list, of, path, scope};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::row::RoleAssignment;
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::text::{Untrusted, guid};

const TABLE: &str = "role_assignment";

/// Names of roles by the id of their definition.
pub(super) type Names = BTreeMap<String, Untrusted>;

/// The built-in roles that may read everything: Owner, Contributor, Reader.
///
/// <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>
const READ_ALL: [&str; 3] = [
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7",
];

/// Reads the assignments; returns the subscriptions of which `reader` is seen to be allowed to read everything.
pub(super) async fn collect(
    azure: &Collector,
    subscriptions: &BTreeSet<String>,
    reader: Option<&str>,
) -> Result<BTreeSet<String>, Error> {
    let mut readable = BTreeSet::new();
    azure
        .dataset(&[TABLE], &scope("role assignments"), async |api, rows| {
            let mut all: BTreeMap<String, Assignment> = BTreeMap::new();
            for (subscription, (found, ended)) in lists(api, subscriptions).await {
                if ended.is_ok() && found.iter().any(|one| lets_read(one, reader, subscription)) {
                    readable.insert(subscription.clone());
                }
                // What is assigned above several subscriptions comes with each of them.
                all.extend(found.into_iter().map(|assignment| (assignment.id.raw().to_ascii_lowercase(), assignment)));
                if let Err(error) = ended {
                    rows.gap(TABLE, of(&format!("subscription {subscription}"), &error));
                }
            }
            let definitions = all.values().filter_map(|one| one.properties.as_ref()?.role_definition_id.as_ref());
            let names = names(api, definitions).await;
            for (id, assignment) in all {
                keep(rows, id, assignment, &names)?;
            }
            Ok(())
        })
        .await?;
    Ok(readable)
}

/// Whether an assignment lets `reader` read all of the subscription: on it or above it, and without a condition.
fn lets_read(assignment: &Assignment, reader: Option<&str>, subscription: &str) -> bool {
    let Some((properties, reader)) = assignment.properties.as_ref().zip(reader) else { return false };
    let text =
        |value: &Option<Untrusted>| value.as_ref().map_or(String::new(), |value| value.raw().to_ascii_lowercase());
    let scope = text(&properties.scope);
    let is_above = scope == "/" || scope.starts_with("/providers/microsoft.management/managementgroups/");
    text(&properties.principal_id) == reader
        && READ_ALL.contains(&&*last(&text(&properties.role_definition_id)))
        && text(&properties.condition).is_empty()
        && (is_above || scope.trim_end_matches('/') == format!("/subscriptions/{subscription}"))
}

async fn lists<'a>(
    api: &ReadApi,
    subscriptions: &'a BTreeSet<String>,
) -> Vec<(&'a String, (Vec<Assignment>, Result<(), Failure>))> {
    let one = async |subscription: &'a String| {
        let provider = "providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01";
        (subscription, list(api, &format!("/subscriptions/{}/{provider}", path(subscription))).await)
    };
    stream::iter(subscriptions).map(one).buffered(AT_ONCE).collect().await
}

/// A role without a readable name keeps its id; that is no gap.
pub(super) async fn names<'a>(api: &ReadApi, definitions: impl Iterator<Item = &'a Untrusted>) -> Names {
    let paths: BTreeMap<String, &str> = definitions.map(|id| (last(id.raw()), id.raw())).collect();
    let one = async |(id, definition): (String, &str)| {
        let answer = api.get(&ask(&format!("{}?api-version=2022-04-01", path(definition)))).await.ok()?;
        Some((id, answer.json::<Definition>().ok()?.properties?.role_name?))
    };
    stream::iter(paths).map(one).buffered(AT_ONCE).filter_map(async |name| name).collect().await
}

fn keep(rows: &mut Rows, id: String, assignment: Assignment, names: &Names) -> Result<(), Error> {
    let known = assignment.properties.and_then(|properties| {
        let (principal, role) = (properties.principal_id.clone()?, last(properties.role_definition_id.as_ref()?.raw()));
        Some((principal, role, properties))
    });
    let Some((principal, role, properties)) = known else {
        rows.gap(TABLE, Cause::new(GapKind::Truncated, "an assignment came back without its principal or role"));
        return Ok(());
    };
    rows.insert(&RoleAssignment {
        id: id.into(),
        principal,
        principal_kind: properties.principal_type,
        role_name: names.get(&role).cloned(),
        role: role.into(),
        scope: properties.scope.map(|scope| scope.raw().to_ascii_lowercase().into()),
        condition: properties.condition,
        created_at: properties.created_on,
        // Anything but an object id names nobody.
        created_by: properties.created_by.filter(|by| guid(by.raw()).is_some()),
    })
}

/// The same role has a path below each subscription; its last part is the id.
pub(super) fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase()
}
