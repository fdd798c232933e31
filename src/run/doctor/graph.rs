//! Microsoft Graph: one row for each permission, and what the token says of itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::Deserialize;

use super::{Item, Part, State, asked, at, is_gone};
use crate::api::{self, Answer, Api, Claims, Http, NoLog, ReadApi, Service, SignIn};
use crate::config::Config;
use crate::env::Env;
use crate::run::setup::Needs;
use crate::text::{Untrusted, guid, visible};

/// What a run reads besides: who the tenant is. Each of these holds it.
const ALSO: [&str; 2] = ["Organization.Read.All", "User.Read"];

/// The part, who is signed in, and how far the clock of the service is ahead.
pub(super) struct Graph {
    pub(super) part: Part,
    pub(super) claims: Result<Claims, ()>,
    pub(super) ahead: Option<SignedDuration>,
}

/// A question that takes exactly this permission or one that holds it.
fn question(permission: &str, user: Option<&str>) -> Option<String> {
    let path = match permission {
        "User.Read.All" => "/v1.0/users?$top=1&$select=id",
        "Application.Read.All" => "/v1.0/applications?$top=1&$select=id",
        "AuditLog.Read.All" => "/v1.0/auditLogs/directoryAudits?$top=1",
        "Directory.Read.All" => "/v1.0/oauth2PermissionGrants?$top=1",
        "RoleManagement.Read.Directory" => "/v1.0/roleManagement/directory/roleAssignments?$top=1",
        "RoleEligibilitySchedule.Read.Directory" => {
            "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$top=1"
        }
        "RoleAssignmentSchedule.Read.Directory" => {
            "/v1.0/roleManagement/directory/roleAssignmentScheduleInstances?$top=1"
        }
        "User-LifeCycleInfo.Read.All" => "/v1.0/users?$top=1&$select=id,employeeLeaveDateTime",
        "UserAuthenticationMethod.Read.All" => return Some(format!("/v1.0/users/{}/authentication/methods", user?)),
        "PrivilegedEligibilitySchedule.Read.AzureADGroup" => {
            let user = user?;
            return Some(format!(
                "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances?$filter=principalId%20eq%20'{user}'"
            ));
        }
        _ => return None,
    };
    Some(path.to_owned())
}

pub(super) async fn part(http: &Http, needs: &Needs, config: &Config, env: &Env) -> Graph {
    let tokens = api::tokens(http, env);
    let how = SignIn::of(env, http.settings().managed_identity).to_string();
    let mut part = Part {
        title: "Microsoft Graph",
        signed_in: format!("{how}, at {}", http.host(Service::Graph)),
        items: Vec::new(),
    };
    let claims = match tokens.token(Service::Graph, false).await {
        Ok(token) => Claims::of(&token).unwrap_or_default(),
        Err(error) => {
            let next = "run `az login`, or set LEAVER_AZURE_TOKEN; what to grant first: `leaver setup`";
            part.items.push(Item::new("sign-in", State::Missing, error.to_string()).next(next));
            part.items.extend(unasked(needs));
            return Graph { part, claims: Err(()), ahead: None };
        }
    };
    part.signed_in = format!("{}, by {}", name(&claims), part.signed_in);
    part.items.push(tenant(&claims, config));
    part.items.push(gateways(config));
    let graph = Api::new(http.clone(), tokens, Arc::new(NoLog), env).read(Service::Graph);
    let (items, ahead) = permissions(&graph, needs, &claims, env).await;
    part.items.extend(items);
    part.items.extend(excess(needs, &claims));
    Graph { part, claims: Ok(claims), ahead }
}

fn name(claims: &Claims) -> String {
    let known = claims.name.as_deref().or(claims.application.as_deref()).or(claims.object_id.as_deref());
    visible(known.unwrap_or("an identity that its token does not name"))
}

fn tenant(claims: &Claims, config: &Config) -> Item {
    match (config.entra.tenant.as_deref(), claims.tenant.as_deref()) {
        (None, told) => {
            let told = told.map_or_else(String::new, |told| format!("; the token is of {told}"));
            Item::new("tenant", State::Absent, format!("none configured{told}"))
                .next("set [entra] tenant, so that no other one can be audited by mistake")
        }
        (Some(meant), Some(told)) if guid(meant).is_some_and(|meant| meant != told) => Item::new(
            "tenant",
            State::Wrong,
            format!("the token is of {told}, and [entra] tenant is {}", visible(meant)),
        )
        .next("sign in to the tenant that is meant: `az login --tenant ID`"),
        (Some(meant), _) => Item::new("tenant", State::Ok, visible(meant)),
    }
}

fn gateways(config: &Config) -> Item {
    match config.entra.gateway_apps.as_slice() {
        [] => Item::new("MCP gateways", State::Absent, "none configured")
            .next("set [entra] gateway-apps to the appId of each gateway"),
        all => Item::new("MCP gateways", State::Ok, visible(&all.join(", "))),
    }
}

fn unasked(needs: &Needs) -> Vec<Item> {
    let item = |(permission, checks): (&&str, &BTreeSet<String>)| {
        Item::new(*permission, State::Unknown, "nobody is signed in").waiting(checks)
    };
    needs.graph.iter().map(item).collect()
}

async fn permissions(
    graph: &ReadApi,
    needs: &Needs,
    claims: &Claims,
    env: &Env,
) -> (Vec<Item>, Option<SignedDuration>) {
    let first = graph.get(&at("/v1.0/users?$top=1&$select=id")).await;
    let ahead = ahead(&first, env);
    let user = first.as_ref().ok().and_then(somebody);
    let mut items = Vec::new();
    for (permission, checks) in &needs.graph {
        let told = match question(permission, user.as_deref()) {
            Some(_) if is_gone(&first) => Some(asked(&first)),
            Some(path) => Some(asked(&graph.get(&at(path)).await)),
            None => None,
        };
        items.push(decided(permission, told, claims).waiting(checks));
    }
    (items, ahead)
}

/// What asking said; where that says nothing, the token's own word.
fn decided(permission: &str, told: Option<(State, String)>, claims: &Claims) -> Item {
    let listed = claims.permissions.as_ref().map(|all| all.contains(permission));
    let grant = |item: Item| item.next(format!("grant {permission}: `leaver setup`"));
    match (told, listed) {
        (Some((State::Granted, how)), _) => Item::new(permission, State::Granted, how),
        (Some((State::Missing, how)), _) => grant(Item::new(permission, State::Missing, how)),
        (_, Some(true)) => Item::new(permission, State::Granted, "by the token's own word"),
        (_, Some(false)) => grant(Item::new(permission, State::Missing, "the token does not list it")),
        (Some((state, how)), None) => {
            Item::new(permission, state, how).next("ask again later, or look at the consents of the application")
        }
        (None, None) => Item::new(permission, State::Unknown, "the token does not say what it may do")
            .next("look at the consents of the application"),
    }
}

/// What the token lists and no check needs.
fn excess(needs: &Needs, claims: &Claims) -> Vec<Item> {
    let usual = ["openid", "profile", "email", "offline_access"];
    let listed = claims.permissions.iter().flatten();
    let more = listed.filter(|one| {
        !needs.graph.contains_key(one.as_str()) && !ALSO.contains(&one.as_str()) && !usual.contains(&one.as_str())
    });
    more.map(|one| {
        let what = if one.contains("Write") {
            "it lets leaver's identity change things, and no check needs it"
        } else {
            "no check needs it"
        };
        Item::new(visible(one), State::MoreThanNeeded, what).next("take it away")
    })
    .collect()
}

fn ahead(result: &Result<Answer, api::Error>, env: &Env) -> Option<SignedDuration> {
    let now = (env.clock)();
    match result {
        Ok(answer) => {
            let date = jiff::fmt::rfc2822::parse(answer.header("date")?).ok()?;
            Some(date.timestamp().duration_since(now))
        }
        Err(error) => error.ahead(now),
    }
}

#[derive(Deserialize)]
struct Listed {
    value: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    id: Untrusted,
}

/// The id of any user, to ask about: only whether the question is taken counts.
fn somebody(answer: &Answer) -> Option<String> {
    let listed: Listed = answer.json().ok()?;
    guid(listed.value.first()?.id.raw())
}
