//! What the estate remembers of writes: exactly those that actions send, and what undoes them. Every other write is refused.

use serde_json::{Map, Value, json};

use super::estate::Estate;
use super::http::{Ask, Body, Reply};

/// Obeys a write; `None`: the estate knows no such write.
pub(super) fn obey(estate: &mut Estate, ask: &Ask, number: usize) -> Option<Reply> {
    let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
    let parts: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["graph", "v1.0" | "beta", rest @ ..] => graph(estate, &ask.method, rest, &body, number),
        ["arm", ..] => arm(estate, ask, &body),
        ["github", rest @ ..] => github(estate, &ask.method, rest, &body, number),
        _ => None,
    }
}

fn done() -> Option<Reply> {
    Some(Reply::new(204, Body::Empty))
}

fn gone() -> Option<Reply> {
    Some(Reply::error(404, "Request_ResourceNotFound", "The object is not there."))
}

fn made(row: &Value) -> Option<Reply> {
    let fields = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('@'));
    let served = Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect());
    Some(Reply::new(201, Body::Json(served)))
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn same(row: &Value, name: &str, value: &str) -> bool {
    match row.get(name) {
        Some(Value::String(text)) => text.eq_ignore_ascii_case(value),
        Some(Value::Number(number)) => number.to_string() == value,
        _ => false,
    }
}

/// Takes rows away; 404 where there is none.
fn take(estate: &mut Estate, collection: &str, is: impl Fn(&Value) -> bool) -> Option<Reply> {
    let rows = estate.rows_mut(collection);
    let before = rows.len();
    rows.retain(|row| !is(row));
    if rows.len() < before { done() } else { gone() }
}

fn set(estate: &mut Estate, collection: &str, id: &str, name: &str, value: &Value) -> Option<Reply> {
    let Some(row) = estate.rows_mut(collection).iter_mut().find(|row| same(row, "id", id)) else { return gone() };
    row[name] = value.clone();
    done()
}

fn unlink(estate: &mut Estate, collection: &str, id: &str, link: &str, other: &str) -> Option<Reply> {
    let row = estate.rows_mut(collection).iter_mut().find(|row| same(row, "id", id));
    let Some(links) = row.and_then(|row| row.get_mut(link)).and_then(Value::as_array_mut) else { return gone() };
    let before = links.len();
    links.retain(|linked| linked.as_str().is_none_or(|linked| !linked.eq_ignore_ascii_case(other)));
    if links.len() < before { done() } else { gone() }
}

fn link(estate: &mut Estate, collection: &str, id: &str, link: &str, body: &Value) -> Option<Reply> {
    let other = text(body, "@odata.id").rsplit('/').next().unwrap_or_default().to_owned();
    let row = estate.rows_mut(collection).iter_mut().find(|row| same(row, "id", id))?;
    row.get_mut(link)?.as_array_mut()?.push(other.into());
    done()
}

fn add(estate: &mut Estate, collection: &str, mut row: Value, id: String) -> Option<Reply> {
    if row.get("id").is_none() {
        row["id"] = id.into();
    }
    let reply = made(&row);
    estate.rows_mut(collection).push(row);
    reply
}

/// Consents that are gone.
const FORMER: &str = "former/oauth2PermissionGrants";
const GRANT: [&str; 3] = ["clientId", "resourceId", "principalId"];

fn owned(collection: &str) -> String {
    format!("graph/{collection}")
}

fn graph(estate: &mut Estate, method: &str, rest: &[&str], body: &Value, number: usize) -> Option<Reply> {
    let new = |what: &str| format!("{what}-made-{number:04}");
    match (method, rest) {
        ("PATCH", ["users", id]) if is_only(body, "accountEnabled") => {
            set(estate, "graph/users", id, "accountEnabled", &body["accountEnabled"])
        }
        ("PATCH", ["devices", id]) if is_only(body, "accountEnabled") => {
            set(estate, "graph/devices", id, "accountEnabled", &body["accountEnabled"])
        }
        ("POST", ["users", id, "revokeSignInSessions"]) => {
            let now = Value::from(estate.now().to_string());
            set(estate, "graph/users", id, "signInSessionsValidFromDateTime", &now)?;
            Some(Reply::json(json!({ "value": true })))
        }
        ("DELETE", ["oauth2PermissionGrants", id]) => {
            let row = estate.rows("graph/oauth2PermissionGrants").iter().find(|row| same(row, "id", id)).cloned();
            estate.rows_mut(FORMER).extend(row);
            take(estate, "graph/oauth2PermissionGrants", |row| same(row, "id", id))
        }
        ("POST", ["oauth2PermissionGrants"]) => {
            // The id of a consent follows from client, resource and person.
            let is = |row: &&Value| GRANT.iter().all(|name| row[*name] == body[*name]);
            let id = estate.rows(FORMER).iter().find(is).map(|row| text(row, "id").to_owned());
            add(estate, "graph/oauth2PermissionGrants", body.clone(), id.unwrap_or_else(|| new("grant")))
        }
        ("DELETE", ["users", _, "appRoleAssignments", id]) => {
            take(estate, "graph/appRoleAssignments", |row| same(row, "id", id))
        }
        ("POST", ["users", _, "appRoleAssignments"]) => {
            let mut row = body.clone();
            row["principalType"] = "User".into();
            add(estate, "graph/appRoleAssignments", row, new("assignment"))
        }
        ("DELETE", ["groups", id, "members", member, "$ref"]) => unlink(estate, "graph/groups", id, "@members", member),
        ("POST", ["groups", id, "members", "$ref"]) => link(estate, "graph/groups", id, "@members", body),
        ("DELETE", [kind @ ("applications" | "servicePrincipals"), id, "owners", owner, "$ref"]) => {
            unlink(estate, &owned(kind), id, "@owners", owner)
        }
        ("POST", [kind @ ("applications" | "servicePrincipals"), id, "owners", "$ref"]) => {
            link(estate, &owned(kind), id, "@owners", body)
        }
        ("POST", [kind @ ("applications" | "servicePrincipals"), id, "removePassword"]) => {
            let row = estate.rows_mut(&owned(kind)).iter_mut().find(|row| same(row, "id", id))?;
            let keys = row.get_mut("passwordCredentials")?.as_array_mut()?;
            let before = keys.len();
            keys.retain(|key| !same(key, "keyId", text(body, "keyId")));
            if keys.len() < before { done() } else { gone() }
        }
        ("DELETE", ["applications", object, "federatedIdentityCredentials", id]) => {
            take(estate, "graph/federatedIdentityCredentials", |row| {
                same(row, "id", id) && same(row, "@parent", object)
            })
        }
        ("POST", ["applications", object, "federatedIdentityCredentials"]) => {
            let mut row = body.clone();
            row["@parent"] = (*object).into();
            add(estate, "graph/federatedIdentityCredentials", row, new("credential"))
        }
        ("DELETE", ["roleManagement", "directory", "roleAssignments", id]) => {
            // One assignment, two lists.
            let _ =
                take(estate, "graph/roleAssignmentScheduleInstances", |row| same(row, "roleAssignmentOriginId", id));
            take(estate, "graph/roleAssignments", |row| same(row, "id", id))
        }
        ("POST", ["roleManagement", "directory", "roleAssignments"]) => {
            add(estate, "graph/roleAssignments", body.clone(), new("role"))
        }
        ("POST", ["roleManagement", "directory", "roleEligibilityScheduleRequests"]) => {
            let fields = ["principalId", "roleDefinitionId", "directoryScopeId"];
            eligibility(estate, "graph/roleEligibilityScheduleInstances", &fields, body, new("eligibility"))
        }
        ("POST", ["identityGovernance", "privilegedAccess", "group", "eligibilityScheduleRequests"]) => {
            let fields = ["principalId", "groupId", "accessId"];
            eligibility(estate, "graph/groupEligibilityScheduleInstances", &fields, body, new("eligibility"))
        }
        _ => None,
    }
}

fn is_only(body: &Value, name: &str) -> bool {
    body.as_object().is_some_and(|fields| fields.len() == 1 && fields.contains_key(name))
}

fn eligibility(estate: &mut Estate, collection: &str, fields: &[&str], body: &Value, id: String) -> Option<Reply> {
    match text(body, "action") {
        "adminRemove" => {
            take(estate, collection, |row| fields.iter().all(|name| same(row, name, text(body, name))))?;
            made(body)
        }
        "adminAssign" => {
            let mut row: Map<String, Value> =
                fields.iter().map(|name| ((*name).to_owned(), body[*name].clone())).collect();
            row.insert("endDateTime".to_owned(), body["scheduleInfo"]["expiration"]["endDateTime"].clone());
            add(estate, collection, Value::Object(row), id)
        }
        _ => None,
    }
}

/// A request of Privileged Identity Management for Azure: it takes the eligibility of its principal and role on its scope away.
fn azure_eligibility(estate: &mut Estate, scope: &str, body: &Value) -> Option<Reply> {
    let wanted = &body["properties"];
    if text(wanted, "requestType") != "AdminRemove" {
        return None;
    }
    let role = |row: &Value| text(row, "roleDefinitionId").rsplit('/').next().unwrap_or_default().to_lowercase();
    take(estate, "arm/roleEligibilityScheduleInstances", |row| {
        let held = &row["properties"];
        same(held, "principalId", text(wanted, "principalId"))
            && same(held, "scope", scope)
            && role(held) == role(wanted)
    })?;
    made(body)
}

fn arm(estate: &mut Estate, ask: &Ask, body: &Value) -> Option<Reply> {
    let id = format!("/{}", ask.segments.get(1..)?.join("/"));
    let lower = id.to_ascii_lowercase();
    let (parent, name) = id.rsplit_once('/')?;
    let (holder, _) = parent.rsplit_once('/')?;
    if lower.contains("/providers/microsoft.authorization/roleeligibilityschedulerequests/") {
        let scope = holder.get(..lower.find("/providers/microsoft.authorization/")?)?;
        return if ask.method == "PUT" { azure_eligibility(estate, scope, body) } else { None };
    }
    let collection = [
        ("/federatedidentitycredentials/", "arm/federatedIdentityCredentials"),
        ("/roleassignments/", "arm/roleAssignments"),
    ]
    .into_iter()
    .find(|(mark, _)| lower.contains(mark))?
    .1;
    let is_role = collection == "arm/roleAssignments";
    match ask.method.as_str() {
        "DELETE" => take(estate, collection, |row| match is_role {
            true => same(row, "id", &id),
            false => same(row, "@parent", holder) && same(row, "name", name),
        }),
        "PUT" => {
            let mut row = json!({ "id": id, "name": name, "properties": body["properties"] });
            if !is_role {
                row["@parent"] = holder.into();
            }
            let reply = made(&row);
            estate.rows_mut(collection).push(row);
            reply
        }
        _ => None,
    }
}

/// Takes rows of a list away, in whatever file they are.
fn unlist(estate: &mut Estate, list: &str, is: impl Fn(&Value) -> bool) -> Option<Reply> {
    let names: Vec<String> =
        estate.collections().filter(|name| name.starts_with("github/")).map(str::to_owned).collect();
    let mut taken = false;
    for name in names {
        let rows = estate.rows_mut(&name);
        let before = rows.len();
        rows.retain(|row| !(same(row, "@in", list) && is(row)));
        taken |= rows.len() < before;
    }
    if taken { done() } else { gone() }
}

fn github(estate: &mut Estate, method: &str, rest: &[&str], body: &Value, number: usize) -> Option<Reply> {
    let id = 88_000_000 + number;
    match (method, rest) {
        ("DELETE", ["repos", org, repo, "collaborators", login]) => {
            let reply = unlist(estate, &format!("repos/{org}/{repo}/collaborators"), |row| same(row, "login", login));
            let rest = estate
                .rows("github/collaborators")
                .iter()
                .any(|row| text(row, "@in").starts_with(&format!("repos/{org}/")) && same(row, "login", login));
            if !rest {
                let _ = unlist(estate, &format!("orgs/{org}/outside_collaborators"), |row| same(row, "login", login));
            }
            reply
        }
        ("DELETE", ["orgs", org, "outside_collaborators", login]) => {
            let reply = unlist(estate, &format!("orgs/{org}/outside_collaborators"), |row| same(row, "login", login));
            estate
                .rows_mut("github/collaborators")
                .retain(|row| !(text(row, "@in").starts_with(&format!("repos/{org}/")) && same(row, "login", login)));
            reply
        }
        ("PATCH", [list @ .., "hooks", id]) if is_only(body, "active") => {
            let list = format!("{}/hooks", list.join("/"));
            let names: Vec<String> = estate.collections().map(str::to_owned).collect();
            let mut found = None;
            for name in names.iter().filter(|name| name.starts_with("github/")) {
                let mut rows = estate.rows_mut(name).iter_mut();
                if let Some(row) = rows.find(|row| same(row, "@in", &list) && same(row, "id", id)) {
                    row["active"] = body["active"].clone();
                    found = made(row);
                }
            }
            found.or_else(gone)
        }
        ("DELETE", ["orgs", org, "memberships", login]) => member(estate, org, login),
        ("DELETE", ["orgs", org, "teams", team, "memberships", login]) => {
            unlist(estate, &format!("orgs/{org}/teams/{team}/members"), |row| same(row, "login", login))
        }
        ("PUT", ["orgs", org, "teams", team, "memberships", login]) => {
            let user = estate.rows("github/users").iter().find(|row| same(row, "login", login)).cloned()?;
            let role = body.get("role").cloned().unwrap_or_else(|| "member".into());
            let row = json!({ "@in": format!("orgs/{org}/teams/{team}/members"), "login": user["login"], "id": user["id"],
                              "type": "User", "role": role, "inherited": false });
            estate.rows_mut("github/teams").push(row);
            Some(Reply::json(json!({ "state": "active" })))
        }
        ("DELETE", ["orgs", org, "organization-roles", "users", login, role]) => {
            unlist(estate, &format!("orgs/{org}/organization-roles/{role}/users"), |row| same(row, "login", login))
        }
        ("DELETE", ["orgs", org, "credential-authorizations", key]) => {
            unlist(estate, &format!("orgs/{org}/credential-authorizations"), |row| same(row, "credential_id", key))
        }
        ("POST", ["orgs", org, kind @ ("personal-access-tokens" | "personal-access-token-requests"), key]) => {
            let wanted = if *kind == "personal-access-tokens" { "revoke" } else { "deny" };
            if text(body, "action") != wanted {
                return None;
            }
            unlist(estate, &format!("orgs/{org}/{kind}"), |row| same(row, "id", key))
        }
        ("PUT", ["repos", org, repo, "actions", "workflows", file, what @ ("disable" | "enable")]) => {
            let state = if *what == "disable" { "disabled_manually" } else { "active" };
            let at = format!("repos/{org}/{repo}/actions/workflows/");
            let mut found = false;
            let of = |row: &Value| same(row, "id", file) || text(row, "path").ends_with(&format!("/{file}"));
            for row in estate
                .rows_mut("github/workflows")
                .iter_mut()
                .filter(|row| text(row, "@at").starts_with(&at) && of(row))
            {
                row["state"] = state.into();
                found = true;
            }
            if found { done() } else { gone() }
        }
        ("DELETE", [list @ .., key]) if is_list(list) => unlist(estate, &list.join("/"), |row| same(row, "id", key)),
        ("POST", ["repos", org, repo, "keys"]) => {
            let mut row = body.clone();
            row["@in"] = format!("repos/{org}/{repo}/keys").into();
            row["id"] = id.into();
            let reply = made(&row);
            estate.rows_mut("github/keys").push(row);
            reply
        }
        _ => None,
    }
}

fn is_list(list: &[&str]) -> bool {
    matches!(
        list,
        ["repos", _, _, "keys" | "hooks" | "invitations"]
            | ["orgs", _, "hooks" | "invitations"]
            | ["repos", _, _, "actions", "runners"]
            | ["orgs", _, "actions", "runners"]
            | ["enterprises", _, "actions", "runners"]
    )
}

/// A membership takes teams, roles and the access to repositories with it.
fn member(estate: &mut Estate, org: &str, login: &str) -> Option<Reply> {
    let at = format!("orgs/{org}/memberships/{login}");
    let lists = [
        format!("orgs/{org}/members"),
        format!("orgs/{org}/teams/"),
        format!("orgs/{org}/organization-roles/"),
        format!("repos/{org}/"),
    ];
    let reply = take(estate, "github/members", |row| same(row, "@at", &at));
    for collection in ["github/members", "github/teams", "github/roles", "github/collaborators"] {
        estate.rows_mut(collection).retain(|row| {
            let listed = lists.iter().any(|list| text(row, "@in").to_lowercase().starts_with(&list.to_lowercase()));
            !(listed && same(row, "login", login))
        });
    }
    reply
}
