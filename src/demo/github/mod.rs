//! GitHub over the collections of an estate: lists with pages, single objects, the audit log, runs, GraphQL, and the
//! sign-in of an App. It answers reads only.
//!
//! Every row says where it is: `@in` is the path of a list that it is in, `@at` the path under which it is alone.

mod execute;
mod list;
mod phrase;
mod query;
mod route;
mod shelf;

use serde_json::{Value, json};

pub(super) use self::shelf::Shelf;
use super::estate::Estate;
use super::faults::Effect;
use super::http::{Ask, Body, Outcome, Reply};

const DOCUMENTATION: &str = "https://docs.github.com/rest";

/// One request, the estate it is asked of, and what is made to go wrong with it.
pub(super) struct Call<'a> {
    pub(super) estate: &'a Estate,
    pub(super) shelf: &'a Shelf,
    pub(super) effect: &'a Effect,
    pub(super) ask: &'a Ask,
    /// `http://127.0.0.1:<port>`
    pub(super) base: &'a str,
}

/// Whether a request is for GitHub.
pub(super) fn is(ask: &Ask) -> bool {
    ask.segments.first().is_some_and(|service| service == "github")
}

/// Whether a request only reads: GET, a query of GraphQL, and the sign-in of an App.
pub(super) fn is_read(ask: &Ask) -> bool {
    let signs_in = ask.segments.last().is_some_and(|last| last == "access_tokens");
    ask.method == "GET" || (ask.method == "POST" && (signs_in || route::is_query(ask)))
}

/// Whether whoever asks is an App that has no token yet: it signs with its own key.
pub(super) fn is_app(ask: &Ask) -> bool {
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    matches!(parts[..], ["github", "app", ..] | ["github", "orgs", _, "installation"])
}

/// Answers one request as GitHub would, with its headers.
pub(super) fn answer(call: &Call, issue: impl FnOnce() -> String) -> Reply {
    let path = call.shelf.by_name(&call.ask.segments[1..]);
    let reply = match &call.effect.answer {
        Some(fault) => refused(call, fault, &path),
        None => found(call, &path, issue),
    };
    call.shelf.counted(list::with_etag(reply, call.ask), call.estate.now())
}

fn found(call: &Call, path: &[String], issue: impl FnOnce() -> String) -> Reply {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match parts[..] {
        ["graphql"] => execute::answer(call),
        ["app", "installations", _, "access_tokens"] => {
            let expires = call.estate.now() + jiff::SignedDuration::from_hours(1);
            Reply::new(201, Body::Json(json!({ "token": issue(), "expires_at": expires.to_string() })))
        }
        ["orgs", organization, "audit-log"] => list::audit_log(call, organization),
        ["user", number] => by_number(call, number),
        ["scim", "v2", "organizations" | "enterprises", _, "Users"] => list::provisioned(call, &parts),
        ["repos", owner, name, "contents", ..] => content(call, owner, name, &parts[4..].join("/")),
        _ => match route::shape(&parts) {
            Some(shape) => list::answer(call, &parts, &shape),
            None => one(call, &parts),
        },
    }
}

fn one(call: &Call, parts: &[&str]) -> Reply {
    match call.shelf.object(&parts.join("/")) {
        Some(row) => Reply::json(shelf::served(row)),
        // A repository that has nothing of its own uses the default.
        None if is_template(call, parts) => Reply::json(json!({ "use_default": true })),
        None if route::is_object(parts) => not_found(parts),
        None => Reply { outcome: Outcome::Unknown, ..not_found(parts) },
    }
}

/// An account by its number.
fn by_number(call: &Call, number: &str) -> Reply {
    let mut users = call.estate.rows("github/users").iter();
    match users.find(|row| row["id"].as_u64().is_some_and(|id| id.to_string() == number)) {
        Some(row) => Reply::json(shelf::served(row)),
        None => not_found(&["user", number]),
    }
}

fn is_template(call: &Call, parts: &[&str]) -> bool {
    let ["repos", owner, name, "actions", "oidc", "customization", "sub"] = parts else { return false };
    call.shelf.object(&format!("repos/{owner}/{name}")).is_some()
}

fn content(call: &Call, owner: &str, name: &str, path: &str) -> Reply {
    use base64::Engine;
    let file = call.shelf.files(owner, name).iter().find(|file| file["path"] == path);
    let Some(text) = file.and_then(|file| file["text"].as_str()) else { return not_found(&["contents"]) };
    let encoded = base64::engine::general_purpose::STANDARD.encode(text);
    let name = path.rsplit('/').next().unwrap_or(path);
    Reply::json(
        json!({ "type": "file", "encoding": "base64", "size": text.len(), "name": name, "path": path, "content": encoded }),
    )
}

/// What GitHub answers about what is not there, and about what the caller may not know of.
fn not_found(parts: &[&str]) -> Reply {
    let mut reply = problem(404, "Not Found");
    reply.headers.push(("X-Accepted-GitHub-Permissions", route::permission(parts).to_owned()));
    reply
}

fn problem(status: u16, message: &str) -> Reply {
    let body = json!({ "message": message, "documentation_url": DOCUMENTATION, "status": status.to_string() });
    Reply::new(status, Body::Json(body))
}

/// A fault in GitHub's own words. The codes `secondary` and `primary` of a 403 are its two kinds of limit.
fn refused(call: &Call, fault: &Reply, path: &[String]) -> Reply {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let code = match &fault.body {
        Body::Json(_) if fault.status == 200 => return fault.clone(),
        Body::Json(body) => body["error"]["code"].as_str().unwrap_or_default(),
        Body::Html(_) | Body::Empty => return fault.clone(),
    };
    let mut reply = match (fault.status, code) {
        (403, "secondary") => {
            let mut reply = problem(
                403,
                "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
            );
            reply.headers.push(("Retry-After", "1".into()));
            reply
        }
        (403, "primary") => {
            let mut reply = problem(403, "API rate limit exceeded for installation ID 1.");
            let soon = call.estate.now() + jiff::SignedDuration::from_secs(1);
            reply.headers.push(("x-ratelimit-remaining", "0".into()));
            reply.headers.push(("x-ratelimit-reset", soon.as_second().to_string()));
            reply
        }
        (403, _) => {
            let mut reply = problem(403, "Resource not accessible by integration");
            reply.headers.push(("X-Accepted-GitHub-Permissions", route::permission(&parts).to_owned()));
            reply
        }
        (404, _) => not_found(&parts),
        (status, _) => problem(status, "The estate was told to answer this."),
    };
    reply.headers.extend(fault.headers.iter().cloned());
    reply
}

fn text<'a>(row: &'a Value, property: &str) -> &'a str {
    row.get(property).and_then(Value::as_str).unwrap_or_default()
}
