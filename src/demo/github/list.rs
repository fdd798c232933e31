//! Lists of GitHub: who is in them after the filters of the query, one page of them, and the link to the next.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::phrase::{Phrase, within};
use super::route::Shape;
use super::{Call, not_found, shelf, text};
use crate::demo::faults::NextLink;
use crate::demo::http::{Ask, Body, Reply};

/// A search for runs shows no more of them.
const MOST_RUNS: usize = 1000;

/// Answers a list, or says that the organisation or repository is not there.
pub(super) fn answer(call: &Call, parts: &[&str], shape: &Shape) -> Reply {
    let place = match parts {
        ["orgs", name, ..] => Some(format!("orgs/{name}")),
        ["repos", owner, name, ..] => Some(format!("repos/{owner}/{name}")),
        _ => None,
    };
    if place.is_some_and(|place| call.shelf.object(&place).is_none()) {
        return not_found(parts);
    }
    let rows = match parts {
        ["repos", owner, name, "actions", "workflows", id, "runs"] => {
            let all = call.shelf.list(&format!("repos/{owner}/{name}/actions/runs"));
            let is = |run: &&Value| {
                run["workflow_id"].as_u64() == id.parse().ok() || text(run, "path").ends_with(&format!("/{id}"))
            };
            all.iter().filter(is).collect()
        }
        _ => call.shelf.list(&parts.join("/")).iter().collect::<Vec<&Value>>(),
    };
    let is_runs = shape.wrap == Some("workflow_runs");
    let mut kept: Vec<&Value> = rows.into_iter().filter(|row| keep(call.ask, row)).collect();
    let total = kept.len();
    if is_runs
        && call.ask.query.iter().any(|(name, _)| ["actor", "created", "event", "status"].contains(&name.as_str()))
    {
        kept.truncate(MOST_RUNS);
    }
    page(call, &kept, total, shape)
}

/// The filters that a client of these lists relies on.
fn keep(ask: &Ask, row: &Value) -> bool {
    let same = |value: &str, wanted: &str| value.eq_ignore_ascii_case(wanted);
    let owners: Vec<&str> =
        ask.query.iter().filter(|(name, _)| name == "owner[]").map(|(_, owner)| owner.as_str()).collect();
    let passes = |name: &str, is: &dyn Fn(&str) -> bool| ask.option(name).is_none_or(is);
    (owners.is_empty() || owners.iter().any(|owner| same(text(&row["owner"], "login"), owner)))
        && passes("login", &|login| row.get("credential_id").is_none() || same(text(row, "login"), login))
        && passes("role", &|role| row.get("@role").is_none_or(|is| role == "all" || is == role))
        && passes("actor", &|actor| same(text(&row["actor"], "login"), actor))
        && passes("event", &|event| text(row, "event") == event)
        && passes("status", &|status| text(row, "status") == status || text(row, "conclusion") == status)
        && passes("created", &|created| within(text(row, "created_at"), created))
        && passes("name", &|name| text(row, "name") == name)
}

fn number(ask: &Ask, name: &str, default: usize) -> usize {
    ask.option(name).and_then(|number| number.parse().ok()).unwrap_or(default).max(1)
}

fn page(call: &Call, rows: &[&Value], total: usize, shape: &Shape) -> Reply {
    let most = call.effect.page_size.unwrap_or(usize::MAX);
    let size = number(call.ask, "per_page", shape.default).min(shape.most).min(most);
    let at = number(call.ask, "page", 1);
    let start = (at - 1).saturating_mul(size).min(rows.len());
    let end = start.saturating_add(size).min(rows.len());
    let shown: Vec<Value> = rows[start..end].iter().map(|row| shelf::served(row)).collect();
    let body = match shape.wrap {
        Some(key) => json!({ "total_count": total, key: shown }),
        None => Value::Array(shown),
    };
    let next = (end < rows.len()).then(|| link(call, "page", &(at + 1).to_string(), at.is_multiple_of(2)));
    linked(call, Reply::json(body), next, at)
}

/// A link to the next page, by number as GitHub writes it; `relative`: without the host.
fn link(call: &Call, name: &str, value: &str, relative: bool) -> String {
    let target = call.ask.target_with(name, value);
    let host = if relative { "" } else { call.base };
    let parts: Vec<&str> = call.ask.segments.iter().map(String::as_str).collect();
    let place = match parts[..] {
        ["github", "orgs", owner, ..] => {
            Some((format!("/github/orgs/{owner}/"), format!("orgs/{owner}"), "organizations"))
        }
        ["github", "repos", owner, repository, ..] => Some((
            format!("/github/repos/{owner}/{repository}/"),
            format!("repos/{owner}/{repository}"),
            "repositories",
        )),
        _ => None,
    };
    let by_number = place.and_then(|(prefix, path, kind)| {
        let id = call.shelf.object(&path)?["id"].as_u64()?;
        Some(format!("/github/{kind}/{id}/{}", target.strip_prefix(&prefix)?))
    });
    format!("{host}{}", by_number.unwrap_or(target))
}

fn linked(call: &Call, mut reply: Reply, next: Option<String>, at: usize) -> Reply {
    let next = match &call.effect.next_link {
        Some(NextLink::Foreign(url)) => Some(url.clone()),
        Some(NextLink::Repeating) => Some(link(call, "page", &at.to_string(), false)),
        None => next,
    };
    if let Some(next) = next {
        reply.headers.push(("Link", format!("<{next}>; rel=\"next\", <{next}>; rel=\"last\"")));
    }
    reply
}

/// Who is provisioned over SCIM, as far as the filter of the query lets through; nobody is where it is not set up.
pub(super) fn provisioned(call: &Call, parts: &[&str]) -> Reply {
    let all = call.shelf.list(&parts.join("/"));
    if all.is_empty() {
        return not_found(parts);
    }
    let filter = call.ask.option("filter").unwrap_or_default();
    let wanted = filter.split_once(" eq ").map(|(field, value)| (field, value.trim_matches('"')));
    let is = |row: &&Value| wanted.is_none_or(|(field, value)| text(row, field).eq_ignore_ascii_case(value));
    let shown: Vec<Value> = all.iter().filter(is).map(shelf::served).collect();
    let schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"];
    Reply::json(json!({ "schemas": schemas, "totalResults": shown.len(), "startIndex": 1,
                        "itemsPerPage": shown.len(), "Resources": shown }))
}

/// The audit log: newest first, three months unless the phrase asks for more, and a cursor.
pub(super) fn audit_log(call: &Call, organization: &str) -> Reply {
    let path = format!("orgs/{organization}");
    if call.shelf.object(&path).is_none() {
        return not_found(&["orgs", organization, "audit-log"]);
    }
    let phrase = Phrase::parse(call.ask.option("phrase").unwrap_or_default(), call.estate.now());
    let all = call.shelf.list(&format!("{path}/audit-log"));
    let mut events: Vec<&Value> = all.iter().filter(|event| phrase.fits(event)).collect();
    events.sort_by_key(|event| std::cmp::Reverse(event["created_at"].as_i64()));
    if call.ask.option("order") == Some("asc") {
        events.reverse();
    }
    let most = call.effect.page_size.unwrap_or(usize::MAX);
    let size = number(call.ask, "per_page", 30).min(100).min(most);
    let start = call.ask.option("after").and_then(|after| after.strip_prefix("cursor:")?.parse().ok()).unwrap_or(0);
    let end = usize::min(start + size, events.len());
    let shown: Vec<Value> =
        events.get(start..end).unwrap_or_default().iter().map(|event| shelf::served(event)).collect();
    let next = (end < events.len()).then(|| link(call, "after", &format!("cursor:{end}"), false));
    linked(call, Reply::json(Value::Array(shown)), next, 1)
}

/// The answer with its fingerprint; without its body for whoever has it already.
pub(super) fn with_etag(mut reply: Reply, ask: &Ask) -> Reply {
    let Body::Json(body) = &reply.body else { return reply };
    if ask.method != "GET" || reply.status != 200 {
        return reply;
    }
    let link = reply.headers.iter().find(|(name, _)| *name == "Link").map_or("", |(_, link)| link.as_str());
    let digest = Sha256::digest(format!("{body}{link}"));
    let etag = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
    let etag = format!("W/\"{etag}\"");
    if ask.if_none_match.as_deref() == Some(etag.as_str()) {
        reply.status = 304;
        reply.body = Body::Empty;
    }
    reply.headers.push(("ETag", etag));
    reply
}
