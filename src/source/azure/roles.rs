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
use crate::text::Untrusted;

const TABLE: &str = "role_assignment";

/// Names of roles by the id of their definition.
type Names = BTreeMap<String, Untrusted>;

/// Reads the assignments; returns the subscriptions whose list was refused.
pub(super) async fn collect(azure: &Collector, subscriptions: &BTreeSet<String>) -> Result<BTreeSet<String>, Error> {
    let mut unread = BTreeSet::new();
    azure
        .dataset(&[TABLE], &scope("role assignments"), async |api, rows| {
            let mut all: BTreeMap<String, Assignment> = BTreeMap::new();
            for (subscription, (found, ended)) in lists(api, subscriptions).await {
                // What is assigned above several subscriptions comes with each of them.
                all.extend(found.into_iter().map(|assignment| (assignment.id.raw().to_ascii_lowercase(), assignment)));
                if let Err(error) = ended {
                    rows.gap(TABLE, of(&format!("subscription {subscription}"), &error));
                    unread.insert(subscription.clone());
                }
            }
            let names = names(api, all.values()).await;
            for (id, assignment) in all {
                keep(rows, id, assignment, &names)?;
            }
            Ok(())
        })
        .await?;
    Ok(unread)
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
async fn names(api: &ReadApi, assignments: impl Iterator<Item = &Assignment>) -> Names {
    let definitions = assignments.filter_map(|assignment| assignment.properties.as_ref()?.role_definition_id.as_ref());
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
        created_by: properties.created_by.filter(|by| !by.raw().is_empty()),
    })
}

/// The same role has a path below each subscription; its last part is the id.
fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or(id).to_ascii_lowercase()
}
