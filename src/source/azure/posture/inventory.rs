//! The inventory of interfaces in API Center, and budgets.

use serde_json::Value;

use super::{Fence, Listed, foreign, id, items, list, needing, path, truth};
use crate::evidence::Error;
use crate::evidence::row::posture::{Budget, RegisteredApi};
use crate::source::azure::of;

const CENTERS: Listed = Listed { what: "API centers", resource: "Microsoft.ApiCenter/services", version: "2024-03-01" };
const BUDGETS: Listed = Listed { what: "budgets", resource: "Microsoft.Consumption/budgets", version: "2023-05-01" };

const TABLE: &str = "registered_api";

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let mut centers = Vec::new();
    fence
        .each(&[TABLE], &CENTERS, |rows, _, found| {
            centers.extend(found.iter().filter_map(|row| id(row, rows, &[TABLE])));
            Ok(())
        })
        .await?;
    fence
        .azure
        .dataset(
            &[TABLE],
            &needing("interfaces of API centers", "Microsoft.ApiCenter/services/workspaces/apis"),
            async |api, rows| {
                for center in &centers {
                    let (found, ended) =
                        list::<Value>(api, &format!("{}/workspaces/default/apis?api-version=2024-03-01", path(center)))
                            .await;
                    for row in &found {
                        let Some(id) = id(row, rows, &[TABLE]) else { continue };
                        let (name, title, kind) = (
                            foreign(row, "/name"),
                            foreign(row, "/properties/title"),
                            foreign(row, "/properties/kind"),
                        );
                        rows.insert(&RegisteredApi { id, name, title, kind, center: center.clone() })?;
                    }
                    if let Err(error) = ended {
                        rows.gap(TABLE, of(center, &error));
                    }
                }
                Ok(())
            },
        )
        .await?;
    fence
        .each(&["budget"], &BUDGETS, |rows, subscription, found| {
            for row in &found {
                let Some(id) = id(row, rows, &["budget"]) else { continue };
                let all = row.pointer("/properties/notifications").and_then(Value::as_object);
                let tells = |one: &&Value| {
                    let somebody = ["/contactEmails", "/contactRoles", "/contactGroups"]
                        .iter()
                        .any(|place| items(one, place).next().is_some());
                    truth(one, "/enabled") == Some(true) && somebody
                };
                let notifies = all.map_or(0, |all| all.values().filter(tells).count());
                #[expect(clippy::cast_possible_truncation, reason = "an amount of money")]
                let amount = row.pointer("/properties/amount").and_then(Value::as_f64).map(|amount| amount as i64);
                rows.insert(&Budget {
                    id,
                    subscription: subscription.to_owned(),
                    amount,
                    notifies: i64::try_from(notifies).unwrap_or(0),
                })?;
            }
            Ok(())
        })
        .await
}
