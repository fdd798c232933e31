//! The part of the fence that Entra holds: which scopes and roles the gateway publishes, and which policies of Conditional Access
//! stand before it. Conditional Access sees applications and authentication contexts, never the scopes that are asked for.

use serde_json::Value;

use super::routes::Routes;
use super::{each, tenant};
use crate::evidence::row::posture::{ConditionalAccess, GatewayScope};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::Collector;

/// The permission that each data set takes.
pub const PERMISSIONS: &[(&str, &str)] =
    &[("gateway_scope", "Application.Read.All"), ("conditional_access", "Policy.Read.All")];

/// Reads both.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub async fn collect(entra: &Collector, routes: &Routes, gateways: &[String]) -> Result<(), Error> {
    scopes(entra, routes, gateways).await?;
    let scope =
        crate::evidence::Scope { needs: "Policy.Read.All".to_owned(), ..tenant("Conditional Access", "gateway") };
    entra
        .dataset(&["conditional_access"], &scope, async |api, rows| {
            each(api, routes.conditional_access(), |policy: Value| keep(rows, &policy, gateways)).await
        })
        .await
        .map(drop)
}

async fn scopes(entra: &Collector, routes: &Routes, gateways: &[String]) -> Result<(), Error> {
    let table = "gateway_scope";
    if gateways.is_empty() {
        let missing =
            Cause::new(GapKind::NotConfigured, "no MCP gateway is configured").needing("[entra] gateway-apps");
        return entra
            .dataset(&[table], &tenant("scopes of gateways", "gateway"), async |_, _| Err(missing.into()))
            .await
            .map(drop);
    }
    for gateway in gateways {
        entra
            .dataset(&[table], &tenant(&format!("scopes of {gateway}"), "gateway"), async |api, rows| {
                let found: Value = match api.get(&routes.gateway_scopes(gateway)).await {
                    Ok(answer) => answer.json()?,
                    Err(error) if error.is_not_found() => {
                        let detail = format!("application {gateway} is registered in another tenant");
                        return Err(Cause::new(GapKind::NotExposed, detail).into());
                    }
                    Err(error) => return Err(error.into()),
                };
                published(rows, gateway, &found)
            })
            .await?;
    }
    Ok(())
}

fn items<'v>(value: &'v Value, place: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.pointer(place).and_then(Value::as_array).into_iter().flatten()
}

fn words<'v>(value: &'v Value, place: &str) -> impl Iterator<Item = &'v str> + use<'v> {
    items(value, place).filter_map(Value::as_str)
}

fn published(rows: &mut Rows, gateway: &str, found: &Value) -> Result<(), Stop> {
    let (scopes, roles) = (found.pointer("/api/oauth2PermissionScopes"), found.pointer("/appRoles"));
    if scopes.is_none() || roles.is_none() {
        rows.gap("gateway_scope", super::limited("the scopes and roles of the gateway"));
    }
    let enabled = |one: &Value| one.get("isEnabled").and_then(Value::as_bool) != Some(false);
    let value = |one: &Value| one.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
    for one in items(found, "/api/oauth2PermissionScopes") {
        let alone = one.get("type").and_then(Value::as_str).map(|kind| kind.eq_ignore_ascii_case("User"));
        let (kind, enabled) = ("scope".to_owned(), enabled(one));
        rows.insert(&GatewayScope {
            gateway: gateway.to_owned(),
            value: value(one).into(),
            kind,
            enabled,
            people: alone,
        })?;
    }
    for one in items(found, "/appRoles") {
        let people = one
            .get("allowedMemberTypes")
            .map(|_| words(one, "/allowedMemberTypes").any(|kind| kind.eq_ignore_ascii_case("User")));
        let (kind, enabled) = ("role".to_owned(), enabled(one));
        rows.insert(&GatewayScope { gateway: gateway.to_owned(), value: value(one).into(), kind, enabled, people })?;
    }
    Ok(())
}

fn keep(rows: &mut Rows, policy: &Value, gateways: &[String]) -> Result<(), Stop> {
    let Some(id) = policy.get("id").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
        rows.gap("conditional_access", super::limited("a policy of Conditional Access"));
        return Ok(());
    };
    let included: Vec<&str> = words(policy, "/conditions/applications/includeApplications").collect();
    let left_out: Vec<&str> = words(policy, "/conditions/applications/excludeApplications").collect();
    let is = |list: &[&str], wanted: &str| list.iter().any(|one| one.eq_ignore_ascii_case(wanted));
    let covered =
        gateways.iter().filter(|gateway| (is(&included, "All") || is(&included, gateway)) && !is(&left_out, gateway));
    let covered: Vec<&str> = covered.map(String::as_str).collect();
    let contexts: Vec<&str> =
        words(policy, "/conditions/applications/includeAuthenticationContextClassReferences").collect();
    let excluded = ["excludeUsers", "excludeGroups", "excludeRoles"]
        .into_iter()
        .flat_map(|list| words(policy, &format!("/conditions/users/{list}")).collect::<Vec<_>>());
    let guests = policy
        .pointer("/conditions/users/excludeGuestsOrExternalUsers")
        .is_some_and(Value::is_object)
        .then_some("guests");
    let excluded: Vec<&str> = excluded.chain(guests).filter(|one| !one.eq_ignore_ascii_case("None")).collect();
    let joined = |all: &[&str]| (!all.is_empty()).then(|| all.join(" "));
    rows.insert(&ConditionalAccess {
        id: id.into(),
        name: policy.get("displayName").and_then(Value::as_str).map(Into::into),
        enabled: policy.get("state").and_then(Value::as_str).is_some_and(|state| state.eq_ignore_ascii_case("enabled")),
        gateway: joined(&covered),
        context: joined(&contexts).map(Into::into),
        everybody: words(policy, "/conditions/users/includeUsers").any(|one| one.eq_ignore_ascii_case("All")),
        blocks: words(policy, "/grantControls/builtInControls").any(|control| control.eq_ignore_ascii_case("block"))
            && is_whole(policy),
        excluded: joined(&excluded).map(Into::into),
    })?;
    Ok(())
}

/// Whether nothing but application and user decides.
fn is_whole(policy: &Value) -> bool {
    let narrowed = |place: &str| policy.pointer(place).is_some_and(|found| !found.is_null());
    let place = policy.pointer("/conditions/locations").filter(|found| !found.is_null());
    let everywhere = place.is_none_or(|found| {
        words(found, "/includeLocations").any(|one| one.eq_ignore_ascii_case("All"))
            && words(found, "/excludeLocations").next().is_none()
    });
    let clients: Vec<&str> = words(policy, "/conditions/clientAppTypes").collect();
    let all_clients = clients.is_empty() || clients.iter().any(|one| one.eq_ignore_ascii_case("all"));
    let risks = ["signInRiskLevels", "userRiskLevels", "servicePrincipalRiskLevels", "insiderRiskLevels"];
    let any_risk = risks.iter().all(|list| words(policy, &format!("/conditions/{list}")).next().is_none());
    everywhere && all_clients && any_risk && !narrowed("/conditions/platforms") && !narrowed("/conditions/devices")
}
