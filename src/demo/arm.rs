//! Azure Resource Manager over the collections of an estate: subscriptions, managed identities and whom they trust,
//! role assignments and definitions, containers, and the two queries of Resource Graph. It answers reads only.

use serde_json::{Map, Value, json};

use super::estate::Estate;
use super::faults::{Effect, NextLink};
use super::fence::{self, Asked};
use super::http::{Ask, Reply};
use super::planted::filled;

const EXPRESSION: &str = "claimsMatchingExpression";

const RESOURCE_GRAPH: &str = "/arm/providers/microsoft.resourcegraph/resources";

/// One request, the estate it is asked of, and what is made to go wrong with it.
pub(super) struct Call<'a> {
    pub(super) estate: &'a Estate,
    pub(super) effect: &'a Effect,
    pub(super) ask: &'a Ask,
    /// `http://127.0.0.1:<port>`
    pub(super) base: &'a str,
}

/// Whether a request only reads: GET, and the query of Resource Graph.
pub(super) fn is_read(ask: &Ask) -> bool {
    ask.method == "GET" || (ask.method == "POST" && ask.path().eq_ignore_ascii_case(RESOURCE_GRAPH))
}

/// Answers one request. Resource Manager does not tell upper from lower case in a path.
pub(super) fn answer(call: &Call) -> Reply {
    if call.ask.option("api-version").is_none() {
        return Reply::error(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
    }
    let lower: Vec<String> = call.ask.segments.iter().skip(1).map(|segment| segment.to_ascii_lowercase()).collect();
    let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
    match parts[..] {
        ["subscriptions"] => list(call, rows(call, "subscriptions", |_| true)),
        ["providers", "microsoft.resourcegraph", "resources"] => resources(call),
        ["subscriptions", id, "providers", "microsoft.managedidentity", "userassignedidentities"] => {
            list(call, rows(call, "userAssignedIdentities", |row| is_below(row, id)))
        }
        ["subscriptions", id, "providers", "microsoft.authorization", "roleassignments"] => {
            list(call, rows(call, "roleAssignments", |row| is_below(row, id)))
        }
        ["subscriptions", id, "providers", "microsoft.authorization", "roleeligibilityscheduleinstances"] => {
            list(call, rows(call, "roleEligibilityScheduleInstances", |row| is_below(row, id)))
        }
        ["subscriptions", id, "providers", "microsoft.insights", "eventtypes", "management", "values"] => {
            events(call, id)
        }
        [.., "microsoft.authorization", "roledefinitions", id] => {
            one(rows(call, "roleDefinitions", |row| text(row, "name").eq_ignore_ascii_case(id)))
        }
        [.., "federatedidentitycredentials"] => {
            let shown = |row: &Value| is_flexible_shown(call) || row["properties"].get(EXPRESSION).is_none();
            children(call, &parts, "userAssignedIdentities", "federatedIdentityCredentials", shown)
        }
        [.., "federatedidentitycredentials", name] => child(call, &parts, "federatedIdentityCredentials", name),
        [.., "microsoft.authorization", kind @ ("roleassignments" | "roleeligibilityscheduleinstances"), _] => {
            let id = format!("/{}", parts.join("/"));
            let collection =
                if kind == "roleassignments" { "roleAssignments" } else { "roleEligibilityScheduleInstances" };
            one(rows(call, collection, |row| text(row, "id").eq_ignore_ascii_case(&id)))
        }
        ["subscriptions", id, "providers", "microsoft.operationalinsights", "workspaces"] => {
            list(call, rows(call, "workspaces", |row| is_below(row, id)))
        }
        [.., "microsoft.operationalinsights", "workspaces", _, "tables", name] => {
            one(rows(call, "workspaceTables", |row| text(row, "name").eq_ignore_ascii_case(name)))
        }
        ["subscriptions", id, "providers", "microsoft.containerinstance", "containergroups"] => {
            list(call, rows(call, "containerGroups", |row| is_below(row, id)))
        }
        ["subscriptions", id, "providers", "microsoft.app", "containerapps"] => {
            list(call, rows(call, "containerApps", |row| is_below(row, id)))
        }
        ["subscriptions", id, "providers", "microsoft.app", "jobs"] => {
            list(call, rows(call, "jobs", |row| is_below(row, id)))
        }
        [.., "microsoft.app", "containerapps", _, "revisions"] => {
            children(call, &parts, "containerApps", "revisions", |_| true)
        }
        _ => fenced(call, &parts),
    }
}

fn fenced(call: &Call, parts: &[&str]) -> Reply {
    match fence::find(call.estate.rows("arm/fence"), parts) {
        Some(Asked::List(rows)) => list(call, rows),
        Some(Asked::One(row)) => one(row.into_iter().collect()),
        None => Reply::unknown(call.ask),
    }
}

/// The activity log: it refuses to answer without a time and a provider, and never gives more than was asked for.
fn events(call: &Call, subscription: &str) -> Reply {
    let filter = call.ask.option("$filter").unwrap_or_default();
    let after = |mark: &str| filter.split(mark).nth(1).and_then(|rest| rest.split('\'').next());
    match (after("eventTimestamp ge '"), after("resourceProvider eq '")) {
        (Some(from), Some("Microsoft.ManagedIdentity")) => list(
            call,
            rows(call, "activityLog", |row| is_below(row, subscription) && text(row, "eventTimestamp") >= from),
        ),
        _ => Reply::error(400, "BadRequest", "The $filter is missing or not understood."),
    }
}

fn rows<'a>(call: &Call<'a>, collection: &str, is: impl Fn(&Value) -> bool) -> Vec<&'a Value> {
    call.estate.rows(&format!("arm/{collection}")).iter().filter(|row| is(row)).collect()
}

fn text<'a>(row: &'a Value, property: &str) -> &'a str {
    row.get(property).and_then(Value::as_str).unwrap_or_default()
}

fn is_below(row: &Value, subscription: &str) -> bool {
    let mut parts = text(row, "id").split('/').skip(1);
    parts.next() == Some("subscriptions") && parts.next().is_some_and(|id| id.eq_ignore_ascii_case(subscription))
}

/// Only these versions know credentials that have an expression instead of a subject.
fn is_flexible_shown(call: &Call) -> bool {
    call.ask
        .option("api-version")
        .is_some_and(|version| ["2025-01-31-preview", "2025-05-31-preview"].contains(&version))
}

/// What belongs to one of the `parents`, as far as it is `shown`.
fn children(call: &Call, parts: &[&str], parents: &str, collection: &str, shown: impl Fn(&Value) -> bool) -> Reply {
    let parent = format!("/{}", parts[..parts.len() - 1].join("/"));
    let is_it = |row: &Value, property: &str| text(row, property).eq_ignore_ascii_case(&parent);
    match rows(call, parents, |row| is_it(row, "id")).is_empty() {
        true => not_found(),
        false => list(call, rows(call, collection, |row| is_it(row, "@parent") && shown(row))),
    }
}

/// One of what belongs to a parent, by its name.
fn child(call: &Call, parts: &[&str], collection: &str, name: &str) -> Reply {
    let parent = format!("/{}", parts[..parts.len() - 2].join("/"));
    let is = |row: &Value| {
        text(row, "@parent").eq_ignore_ascii_case(&parent) && text(row, "name").eq_ignore_ascii_case(name)
    };
    one(rows(call, collection, is))
}

fn one(found: Vec<&Value>) -> Reply {
    found.first().map_or_else(not_found, |row| Reply::json(served(row)))
}

fn not_found() -> Reply {
    Reply::error(404, "ResourceNotFound", "The resource was not found.")
}

fn served(row: &Value) -> Value {
    let fields = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('@'));
    filled(Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

fn list(call: &Call, rows: Vec<&Value>) -> Reply {
    let start = call.ask.option("$skiptoken").map_or(Some(0), |token| token.parse().ok());
    let Some(start) = start else { return Reply::error(400, "InvalidSkipToken", "The skip token is not valid.") };
    let (page, end) = page(call, &rows, start, usize::MAX);
    let link = |at: usize| format!("{}{}", call.base, call.ask.target_with("$skiptoken", &at.to_string()));
    let next = match &call.effect.next_link {
        Some(NextLink::Foreign(url)) => Some(url.clone()),
        Some(NextLink::Repeating) => Some(link(start)),
        None => (end < rows.len()).then(|| link(end)),
    };
    Reply::json(json!({ "value": page, "nextLink": next }))
}

fn page(call: &Call, rows: &[&Value], start: usize, most: usize) -> (Vec<Value>, usize) {
    let end = start.saturating_add(call.effect.page_size.unwrap_or(usize::MAX).min(most)).min(rows.len());
    (rows.get(start..end).unwrap_or_default().iter().map(|row| served(row)).collect(), end)
}

/// The two queries that are asked: managed identities of the subscriptions named, and workspaces.
fn resources(call: &Call) -> Reply {
    let body: Value = serde_json::from_slice(&call.ask.body).unwrap_or_default();
    if text(&body, "query").contains("microsoft.operationalinsights/workspaces") {
        let of = |row: &&Value| json!({ "id": row["id"], "customerId": row["properties"]["customerId"] });
        let found: Vec<Value> = rows(call, "workspaces", |_| true).iter().map(of).collect();
        return Reply::json(json!({ "totalRecords": found.len(), "resultTruncated": "false", "data": found }));
    }
    if !text(&body, "query").contains("microsoft.managedidentity/userassignedidentities") {
        return Reply::error(400, "BadRequest", "The estate knows two queries.");
    }
    let named: Vec<&str> = body["subscriptions"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let found = rows(call, "userAssignedIdentities", |row| named.iter().any(|id| is_below(row, id)));
    let most = body["options"]["$top"].as_u64().and_then(|top| usize::try_from(top).ok()).unwrap_or(100);
    let start = body["options"]["$skipToken"].as_str().and_then(|token| token.parse().ok()).unwrap_or(0);
    let (page, end) = page(call, &found, start, most);
    let mut answer = Map::new();
    answer.insert("totalRecords".into(), found.len().into());
    answer.insert("count".into(), page.len().into());
    answer.insert("data".into(), page.into());
    answer.insert("resultTruncated".into(), if end < found.len() { "true" } else { "false" }.into());
    if end < found.len() {
        answer.insert("$skipToken".into(), end.to_string().into());
    }
    Reply::json(Value::Object(answer))
}
