//! Azure DevOps over the collections of an estate. A row says below which address it is listed (`@in`) or served by itself
//! (`@at`); an address that a source asks for and no row names is an empty list. It answers reads only.

use serde_json::{Map, Value};

use super::estate::Estate;
use super::faults::Effect;
use super::http::{Ask, Reply};
use super::planted::filled;
use crate::source::requests;

/// The hosts, as the first part of an address.
const HOSTS: [&str; 5] = ["devops", "devops-graph", "devops-release", "devops-audit", "devops-entitlements"];

/// The name of the source's table of requests.
const TABLE: &str = "Azure DevOps";

pub(super) struct Call<'a> {
    pub(super) estate: &'a Estate,
    pub(super) effect: &'a Effect,
    pub(super) ask: &'a Ask,
}

/// Whether a request is for one of the hosts.
pub(super) fn is(ask: &Ask) -> bool {
    ask.segments.first().is_some_and(|first| HOSTS.contains(&first.as_str()))
}

/// Answers one read.
pub(super) fn answer(call: &Call) -> Reply {
    let address = call.ask.segments.join("/");
    let asked = call.ask.option("path").map_or(address.clone(), |path| format!("{address}?path={path}"));
    if let Some(row) = rows(call.estate).find(|row| is_at(row, "@at", &asked)) {
        return Reply::json(served(row));
    }
    let below = format!("/{}", call.ask.segments.get(1..).unwrap_or_default().join("/"));
    let known = requests::tables().iter().filter(|table| table.service == TABLE).flat_map(|table| &table.request);
    let Some(request) = known.into_iter().find(|request| request.method == "GET" && request.is(&below)) else {
        return Reply::unknown(call.ask);
    };
    // What is asked for by a name of its own is there or not.
    if is_single(&request.path) || call.ask.option("path").is_some() {
        return Reply::error(404, "NotFound", "The object does not exist, or you have no permission to see it.");
    }
    let found: Vec<&Value> =
        rows(call.estate).filter(|row| is_at(row, "@in", &address) && is_asked_for(call.ask, row)).collect();
    list(call, &found, &below)
}

/// Routes that end with the name of one thing.
fn is_single(path: &str) -> bool {
    let list = ["personalaccesstokens", "memberships", "accesscontrollists"].iter().any(|name| path.contains(name));
    path.ends_with('}') && !list || path.ends_with("connectionData")
}

fn rows(estate: &Estate) -> impl Iterator<Item = &Value> {
    let names: Vec<&str> = estate.collections().filter(|name| name.starts_with("devops/")).collect();
    names.into_iter().flat_map(|name| estate.rows(name))
}

fn is_at(row: &Value, key: &str, address: &str) -> bool {
    row.get(key).and_then(Value::as_str).is_some_and(|at| at.eq_ignore_ascii_case(address))
}

/// The filters that a source uses.
fn is_asked_for(ask: &Ask, row: &Value) -> bool {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
    let public = ask.option("isPublic").is_none_or(|public| row["isPublic"].as_bool() == Some(public == "true"));
    let pool = ask.option("poolType").is_none_or(|kind| text("poolType").eq_ignore_ascii_case(kind));
    let named =
        ask.option("subjectDescriptors").is_none_or(|all| all.split(',').any(|one| one == text("subjectDescriptor")));
    public && pool && named
}

fn served(row: &Value) -> Value {
    let fields = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('@'));
    filled(Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// One page; the token for the next one stands in the body or in a header, as at the service.
fn list(call: &Call, rows: &[&Value], path: &str) -> Reply {
    let start = call.ask.option("continuationToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let end = call.effect.page_size.map_or(rows.len(), |size| (start + size).min(rows.len()));
    let page: Vec<Value> = rows.get(start..end).unwrap_or_default().iter().map(|row| served(row)).collect();
    let next = (end < rows.len()).then(|| end.to_string());
    let mut body = Map::new();
    match path {
        path if path.ends_with("/auditlog") => {
            body.insert("decoratedAuditLogEntries".into(), page.into());
            body.insert("hasMore".into(), next.is_some().into());
            body.insert("continuationToken".into(), next.clone().into());
        }
        path if path.ends_with("/userentitlements") => {
            body.insert("members".into(), page.into());
            body.insert("continuationToken".into(), next.clone().into());
        }
        path if path.contains("/personalaccesstokens/") => {
            body.insert("value".into(), page.into());
            body.insert("continuationToken".into(), next.clone().unwrap_or_default().into());
        }
        _ => {
            body.insert("count".into(), page.len().into());
            body.insert("value".into(), page.into());
            let mut reply = Reply::json(Value::Object(body));
            reply.headers.extend(next.map(|next| ("x-ms-continuationtoken", next)));
            return reply;
        }
    }
    Reply::json(Value::Object(body))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_ends_with_a_name_is_one_thing() {
        assert!(is_single("/{org}/{project}/_apis/build/builds/{id}"));
        assert!(is_single("/{org}/_apis/connectionData"));
        assert!(!is_single("/{org}/_apis/graph/memberships/{descriptor}"));
        assert!(!is_single("/{org}/_apis/projects"));
        assert_eq!(served(&json!({ "@in": "x", "a": 1 })), json!({ "a": 1 }));
    }
}
