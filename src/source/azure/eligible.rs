//! Azure roles that somebody can switch on. They are no role assignments until then, and no list of assignments shows them.
//! Where the tenant has no Privileged Identity Management the list is refused, and that is a gap that names the licence.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::roles::{last, names};
use super::wire::Eligibility;
use super::{AT_ONCE, list, of, path, scope};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::Error;
use crate::evidence::row::RoleEligibility;
use crate::model::{Cause, GapKind};
use crate::source::Collector;

const TABLE: &str = "role_eligibility";

/// <https://learn.microsoft.com/rest/api/authorization/role-eligibility-schedule-instances/list-for-scope>
const LIST: &str = "providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01";

pub(super) async fn collect(azure: &Collector, subscriptions: &BTreeSet<String>) -> Result<(), Error> {
    azure
        .dataset(&[TABLE], &scope("roles that can be switched on"), async |api, rows| {
            // What is eligible above several subscriptions comes with each of them.
            let mut all: BTreeMap<String, Eligibility> = BTreeMap::new();
            for (subscription, (found, ended)) in lists(api, subscriptions).await {
                all.extend(found.into_iter().map(|one| (one.id.raw().to_ascii_lowercase(), one)));
                if let Err(error) = ended {
                    rows.gap(TABLE, of(&format!("subscription {subscription}"), &error));
                }
            }
            let definitions = all.values().filter_map(|one| one.properties.as_ref()?.role_definition_id.as_ref());
            let names = names(api, definitions).await;
            for (id, one) in all {
                let known = one
                    .properties
                    .and_then(|of| Some((of.principal_id.clone()?, last(of.role_definition_id.as_ref()?.raw()), of)));
                let Some((principal, role, properties)) = known else {
                    rows.gap(
                        TABLE,
                        Cause::new(GapKind::Truncated, "a role came back without its principal or definition"),
                    );
                    continue;
                };
                rows.insert(&RoleEligibility {
                    id: id.into(),
                    principal,
                    principal_kind: properties.principal_type,
                    role_name: names.get(&role).cloned(),
                    role: role.into(),
                    scope: properties.scope.map(|scope| scope.raw().to_ascii_lowercase().into()),
                    ends_at: properties.end_date_time,
                })?;
            }
            Ok(())
        })
        .await
        .map(drop)
}

async fn lists<'a>(
    api: &ReadApi,
    subscriptions: &'a BTreeSet<String>,
) -> Vec<(&'a String, (Vec<Eligibility>, Result<(), Failure>))> {
    let one = async |subscription: &'a String| {
        (subscription, list(api, &format!("/subscriptions/{}/{LIST}", path(subscription))).await)
    };
    stream::iter(subscriptions).map(one).buffered(AT_ONCE).collect().await
}
