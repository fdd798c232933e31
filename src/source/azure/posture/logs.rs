//! The table of the gateway in each workspace, as Resource Manager describes it, and what gateways and environments write down.

use serde_json::Value;

use super::{Fence, Listed, foreign, id, items, joined, list, lower, needing, path, text, truth};
use crate::evidence::row::posture::{DiagnosticSetting, LogStore};
use crate::evidence::{Error, Rows};
use crate::source::azure::{ask, of};

const TABLE: &str = "log_store";

const WORKSPACES: Listed =
    Listed { what: "log workspaces", resource: "Microsoft.OperationalInsights/workspaces", version: "2023-09-01" };

/// The fields that an audit of calls needs.
const FIELDS: [&str; 10] = [
    "timestamp",
    "caller_oid",
    "caller_upn",
    "mcp_server",
    "tool_name",
    "scope_used",
    "resource_accessed",
    "latency_ms",
    "response_status",
    "apim_request_id",
];

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let mut found = Vec::new();
    fence
        .each(&[TABLE], &WORKSPACES, |rows, _, all| {
            for row in all {
                let Some(id) = id(&row, rows, &[TABLE]) else { continue };
                let customer = text(&row, "/properties/customerId").map(|id| lower(&id));
                let wanted = &fence.question.workspaces;
                let is_wanted = wanted.is_empty()
                    || customer.as_ref().is_some_and(|customer| wanted.iter().any(|one| lower(one) == *customer));
                found.extend(is_wanted.then_some((id, customer, row)));
            }
            Ok(())
        })
        .await?;
    let table = &fence.question.table;
    fence
        .azure
        .dataset(
            &[TABLE],
            &needing("tables of the gateway", "Microsoft.OperationalInsights/workspaces/tables"),
            async |api, rows| {
                for (id, customer, workspace) in &found {
                    let answer = api.get(&ask(&format!("{}/tables/{table}?api-version=2022-10-01", path(id)))).await;
                    match answer.and_then(|answer| answer.json::<Value>()) {
                        Ok(found) => store(rows, id, customer.as_deref(), (table, &found, workspace))?,
                        // This workspace holds other logs.
                        Err(error) if error.is_not_found() => {}
                        Err(error) => rows.gap(TABLE, of(id, &error)),
                    }
                }
                Ok(())
            },
        )
        .await?;
    diagnostics(fence).await
}

fn store(
    rows: &mut Rows,
    id: &str,
    customer: Option<&str>,
    (table, found, workspace): (&str, &Value, &Value),
) -> Result<(), Error> {
    let days = |place: &str| found.pointer(place).and_then(Value::as_i64).filter(|days| *days > 0);
    let kept = days("/properties/retentionInDays")
        .or_else(|| workspace.pointer("/properties/retentionInDays").and_then(Value::as_i64));
    let columns: Vec<&Value> = ["/properties/schema/columns", "/properties/schema/standardColumns"]
        .into_iter()
        .flat_map(|place| items(found, place))
        .collect();
    let has =
        |field: &str| columns.iter().filter_map(|column| text(column, "/name")).any(|name| is_field(&name, field));
    let known: Vec<String> = FIELDS.iter().filter(|field| has(field)).map(|field| (*field).to_owned()).collect();
    rows.insert(&LogStore {
        id: format!("log:{}/{table}", customer.unwrap_or(id)),
        workspace: id.to_owned(),
        plan: foreign(found, "/properties/plan"),
        retention_days: kept,
        total_days: days("/properties/totalRetentionInDays"),
        columns: if columns.is_empty() { None } else { Some(known.join(" ")) },
    })
}

/// Tables of the older kind have a letter for the type behind each name; every table has its own time.
fn is_field(column: &str, field: &str) -> bool {
    let lower = column.to_lowercase();
    let bare = ["_s", "_g", "_d", "_t", "_b"].iter().find_map(|suffix| lower.strip_suffix(suffix)).unwrap_or(&lower);
    bare == field || lower == field || (field == "timestamp" && lower == "timegenerated")
}

/// What gateways and environments of container apps write down about themselves.
async fn diagnostics(fence: &Fence<'_>) -> Result<(), Error> {
    let known = fence
        .azure
        .out
        .pairs("SELECT id, NULL FROM api_gateway UNION SELECT id, NULL FROM container_environment ORDER BY 1")?;
    let tables = ["diagnostic_setting"];
    fence
        .azure
        .dataset(
            &tables,
            &needing("diagnostic settings", "Microsoft.Insights/diagnosticSettings"),
            async |api, rows| {
                for (resource, _) in &known {
                    let route = format!(
                        "{}/providers/Microsoft.Insights/diagnosticSettings?api-version=2021-05-01-preview",
                        path(resource)
                    );
                    let (found, ended) = list::<Value>(api, &route).await;
                    for row in &found {
                        let Some(id) = id(row, rows, &tables) else { continue };
                        let on = items(row, "/properties/logs").filter(|log| truth(log, "/enabled") == Some(true));
                        let names = on.filter_map(|log| text(log, "/category").or_else(|| text(log, "/categoryGroup")));
                        rows.insert(&DiagnosticSetting {
                            id,
                            resource: resource.clone(),
                            logs: joined(names).map(Into::into),
                            workspace: text(row, "/properties/workspaceId").map(|id| lower(&id).into()),
                        })?;
                    }
                    if let Err(error) = ended {
                        rows.gap("diagnostic_setting", of(resource, &error));
                    }
                }
                Ok(())
            },
        )
        .await
        .map(drop)
}
