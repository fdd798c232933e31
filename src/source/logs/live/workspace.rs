//! What Resource Manager says of a workspace: where it is, which tables it has, their plan and for how long they keep
//! records. It reads no record.

use serde::Deserialize;
use serde_json::json;

use crate::api::{Error as Failure, ReadApi, ReadPost};
use crate::model::{Cause, GapKind};
use crate::source::azure::{ask, list, path};
use crate::text::Untrusted;

const QUERY: &str = "resources | where type =~ 'microsoft.operationalinsights/workspaces' \
                     | project id, customerId = tostring(properties.customerId) | order by id asc";

const VERSION: &str = "api-version=2022-10-01";

/// For how long tables of the Basic and Auxiliary plans can be asked, unless Resource Manager says otherwise.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/data-retention-configure>
pub(super) const SEARCHED_DAYS: i64 = 30;

/// How a table is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Keeping {
    pub(super) plan: Option<Untrusted>,
    pub(super) retention_days: Option<i64>,
}

impl Keeping {
    /// Whether it is asked through the endpoint for searches.
    pub(super) fn is_searched(&self) -> bool {
        let plan = self.plan.as_ref().map_or("", Untrusted::raw);
        plan.eq_ignore_ascii_case("Basic") || plan.eq_ignore_ascii_case("Auxiliary")
    }
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Hit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hit {
    id: Option<Untrusted>,
    customer_id: Option<Untrusted>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    subscription_id: Untrusted,
}

#[derive(Deserialize)]
struct Workspace {
    id: Untrusted,
    properties: Option<WorkspaceProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceProperties {
    customer_id: Option<Untrusted>,
}

#[derive(Deserialize)]
struct TableOf {
    name: Option<Untrusted>,
    properties: Option<TableProperties>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TableProperties {
    plan: Option<Untrusted>,
    retention_in_days: Option<i64>,
}

/// The resource id of the workspace with this id, if the caller can see it.
pub(super) async fn find(arm: &ReadApi, workspace: &str) -> Result<Option<String>, Cause> {
    if let Some(found) = by_query(arm, workspace).await {
        return Ok(Some(found));
    }
    let (subscriptions, ended) = list::<Subscription>(arm, "/subscriptions?api-version=2022-12-01").await;
    ended.map_err(|error| error.cause())?;
    let mut trouble = None;
    for subscription in subscriptions {
        let provider = format!("providers/Microsoft.OperationalInsights/workspaces?{VERSION}");
        let route = format!("/subscriptions/{}/{provider}", path(subscription.subscription_id.raw()));
        let (workspaces, ended) = list::<Workspace>(arm, &route).await;
        let is_it =
            |found: &Workspace| is(found.properties.as_ref().and_then(|its| its.customer_id.as_ref()), workspace);
        if let Some(found) = workspaces.into_iter().find(is_it) {
            return Ok(Some(found.id.raw().to_owned()));
        }
        trouble = trouble.or(ended.err());
    }
    trouble.map_or(Ok(None), |error| Err(error.cause()))
}

/// Through Resource Graph, which is quick where it may be asked; what it does not find is looked for otherwise.
async fn by_query(arm: &ReadApi, workspace: &str) -> Option<String> {
    let resources = ask("/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01");
    let body = json!({ "query": QUERY, "options": { "$top": 1000, "resultFormat": "objectArray" } });
    let found: Found = arm.post(ReadPost::ResourceGraph, &resources, &body).await.ok()?.json().ok()?;
    let hit = found.data.into_iter().find(|hit| is(hit.customer_id.as_ref(), workspace))?;
    Some(hit.id?.raw().to_owned())
}

fn is(found: Option<&Untrusted>, workspace: &str) -> bool {
    found.is_some_and(|id| id.raw().eq_ignore_ascii_case(workspace))
}

/// How `table` is kept; `None`: there is no such table.
pub(super) async fn keeping(arm: &ReadApi, id: &str, table: &str) -> Result<Option<Keeping>, Cause> {
    match arm.get(&ask(&format!("{}/tables/{table}?{VERSION}", path(id)))).await {
        Ok(answer) => {
            let found: TableOf = answer.json().map_err(|error| error.cause())?;
            let of = |its: TableProperties| Keeping { plan: its.plan, retention_days: its.retention_in_days };
            found
                .properties
                .map(of)
                .map(Some)
                .ok_or_else(|| Failure::cause(&Failure::Malformed { place: "properties".into() }))
        }
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.cause()),
    }
}

#[derive(Deserialize)]
struct Metadata {
    tables: Vec<TableOf>,
}

/// The tables of the workspace that are called alike, nearest first, and else the custom ones.
pub(super) async fn similar(api: &ReadApi, workspace: &str, table: &str) -> Vec<String> {
    let metadata = api.get(&ask(&format!("/v1/workspaces/{workspace}/metadata"))).await;
    let tables = metadata.and_then(|answer| answer.json()).map_or(Vec::new(), |found: Metadata| found.tables);
    let mut names: Vec<String> = tables.into_iter().filter_map(|table| Some(table.name?.raw().to_owned())).collect();
    let wanted = table.to_lowercase();
    let likeness = |name: &String| strsim::jaro_winkler(&wanted, &name.to_lowercase());
    names.retain(|name| name.ends_with("_CL") || likeness(name) > 0.8);
    names.sort_by(|one, other| likeness(other).total_cmp(&likeness(one)).then(one.cmp(other)));
    names.truncate(5);
    names
}

/// Where nobody can see the workspace.
pub(super) fn unseen() -> Cause {
    Cause::new(GapKind::Denied, "Resource Manager does not show this workspace").needing("Reader on the subscription")
}
