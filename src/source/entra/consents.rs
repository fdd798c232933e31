//! Who may act through which application: gateways, delegated grants, app role assignments.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::wire::{Assignment, Grant, Object};
use super::{BY_IDS, Question, deleted, each, of, tenant};
use crate::api::{Answer, Error as ApiError, ReadApi, ReadPost};
use crate::evidence::row::{AppRoleAssignment, DelegatedGrant, Gateway, PreauthorizedClient, ServicePrincipal};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::source::Collector;
use crate::text::Untrusted;

/// The most ids that one `getByIds` takes.
const IDS_AT_ONCE: usize = 1000;

/// Resolves the configured gateways, and the clients that each of them lets in without consent.
pub(super) async fn gateways(entra: &Collector, question: &Question<'_>) -> Result<(), Error> {
    let tables = ["gateway", "preauthorized_client"];
    if question.gateways.is_empty() {
        let missing =
            Cause::new(GapKind::NotConfigured, "no MCP gateway is configured").needing("[entra] gateway-apps");
        return entra
            .dataset(&tables, &tenant("MCP gateways", "gateway"), async |_, _| Err(missing.into()))
            .await
            .map(drop);
    }
    for app_id in &question.gateways {
        let scope = tenant(&format!("MCP gateway {app_id}"), "gateway");
        entra
            .dataset(&tables, &scope, async |api, rows| {
                let principal =
                    found(api.get(&question.routes.gateway(app_id)).await, "enterprise application", app_id)?;
                let registration = api.get(&question.routes.gateway_registration(app_id)).await;
                gateway(rows, app_id, principal, registration)
            })
            .await?;
    }
    Ok(())
}

fn found(answer: Result<Answer, ApiError>, what: &str, app_id: &str) -> Result<Object, Stop> {
    match answer {
        Ok(answer) => Ok(answer.json()?),
        Err(error) if error.is_not_found() => {
            let detail = format!("this tenant has no {what} with appId {app_id}");
            Err(Cause::new(GapKind::NotConfigured, detail).needing("[entra] gateway-apps").into())
        }
        Err(error) => Err(error.into()),
    }
}

fn gateway(
    rows: &mut Rows,
    app_id: &str,
    principal: Object,
    registration: Result<Answer, ApiError>,
) -> Result<(), Stop> {
    let Some(id) = principal.id else { return Err(super::limited("the gateway's service principal").into()) };
    let registered = match registration {
        Ok(answer) => Some(answer.json::<Object>()?),
        Err(error) if error.is_not_found() => {
            let detail = format!("application {app_id} is registered in another tenant");
            rows.gap("preauthorized_client", Cause::new(GapKind::NotExposed, detail));
            None
        }
        Err(error) => {
            rows.gap("preauthorized_client", error.cause());
            None
        }
    };
    if let Some(registered) = &registered {
        preauthorized(rows, &id, registered)?;
    }
    rows.insert(&Gateway {
        id,
        app_id: app_id.into(),
        application: registered.and_then(|application| application.id),
        name: principal.display_name,
        enabled: principal.account_enabled,
        assignment_required: principal.app_role_assignment_required,
    })?;
    Ok(())
}

fn preauthorized(rows: &mut Rows, gateway: &Untrusted, application: &Object) -> Result<(), Stop> {
    let Some(clients) = application.api.as_ref().and_then(|api| api.pre_authorized_applications.as_ref()) else {
        rows.gap("preauthorized_client", super::limited("api.preAuthorizedApplications"));
        return Ok(());
    };
    for client in clients {
        let Some(app_id) = client.app_id.clone() else {
            rows.gap("preauthorized_client", super::limited("a pre-authorised client"));
            continue;
        };
        let scopes: Vec<&str> = client.delegated_permission_ids.iter().flatten().map(Untrusted::raw).collect();
        let scopes = Some(scopes.join(" ").into());
        rows.insert(&PreauthorizedClient { gateway: gateway.clone(), client: app_id, scopes })?;
    }
    Ok(())
}

/// Grants that an administrator gave for everybody; a person's own list never shows them.
pub(super) async fn grants_for_all(
    entra: &Collector,
    question: &Question<'_>,
    named: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let scope = tenant("consents for all users", "delegated_grant");
    entra
        .dataset(&["delegated_grant"], &scope, async |api, rows| {
            each(api, question.routes.grants_for_all(), |grant: Grant| keep(rows, grant, named)).await
        })
        .await
        .map(drop)
}

/// The person's own grants and assignments.
pub(super) async fn of_person(
    entra: &Collector,
    question: &Question<'_>,
    person: &Dossier,
    named: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let routes = question.routes;
    let ask = if person.deleted {
        routes.grants_of_principal(&person.object_id)
    } else {
        routes.grants_of_user(&person.object_id)
    };
    entra
        .dataset(&["delegated_grant"], &of(person, "", "delegated_grant"), async |api, rows| {
            each(api, ask, |grant: Grant| {
                let principal = grant.principal_id.unwrap_or_else(|| person.object_id.as_str().into());
                if !principal.raw().eq_ignore_ascii_case(&person.object_id) {
                    rows.gap("delegated_grant", odd("the list of the person holds a grant of somebody else"));
                }
                keep(rows, Grant { principal_id: Some(principal), ..grant }, named)
            })
            .await
        })
        .await?;
    entra
        .dataset(&["app_role_assignment"], &of(person, "", "app_role_assignment"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            each(api, routes.app_role_assignments(&person.object_id), |assignment: Assignment| {
                named.insert(assignment.resource_id.raw().to_owned());
                Ok(rows.insert(&AppRoleAssignment {
                    id: assignment.id,
                    person: person.id.clone(),
                    principal: assignment.principal_id,
                    principal_kind: assignment.principal_type,
                    principal_name: assignment.principal_display_name,
                    resource: assignment.resource_id,
                    resource_name: assignment.resource_display_name,
                    role: assignment.app_role_id,
                    created_at: assignment.created_date_time,
                })?)
            })
            .await
        })
        .await
        .map(drop)
}

fn keep(rows: &mut Rows, grant: Grant, named: &mut BTreeSet<String>) -> Result<(), Stop> {
    named.insert(grant.client_id.raw().to_owned());
    named.insert(grant.resource_id.raw().to_owned());
    if !["Principal", "AllPrincipals"].contains(&grant.consent_type.raw()) {
        rows.gap("delegated_grant", odd("a grant has a consentType that is not known"));
    }
    Ok(rows.insert(&DelegatedGrant {
        id: grant.id,
        client: grant.client_id,
        resource: grant.resource_id,
        consent: grant.consent_type,
        principal: grant.principal_id,
        scope: grant.scope,
    })?)
}

fn odd(what: &str) -> Cause {
    Cause::new(GapKind::Failed, what)
}

/// Names for the service principals that grants and assignments point to.
pub(super) async fn names(entra: &Collector, question: &Question<'_>, named: &BTreeSet<String>) -> Result<(), Error> {
    let ids: Vec<&str> = named.iter().map(String::as_str).collect();
    let scope = Scope { needs: BY_IDS.to_owned(), ..tenant("clients and resources of consents", "service_principal") };
    entra
        .dataset(&["service_principal"], &scope, async |api, rows| {
            for ids in ids.chunks(IDS_AT_ONCE) {
                let mut missing = ids.iter().copied().collect::<BTreeSet<_>>();
                while some_names(api, question, rows, &mut missing).await? {}
                // Graph leaves out what does not exist and what may not be read, and does not say which it is.
                if let Some(one) = missing.first() {
                    let what = format!("{} service principals did not come back, such as {one}", missing.len());
                    rows.gap("service_principal", Cause::new(GapKind::Truncated, what));
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// Takes what one answer brings from `missing`; true when the answer says that there is more.
/// The next page of a POST has no address that a GET could follow, so the rest is asked for again.
async fn some_names(
    api: &ReadApi,
    question: &Question<'_>,
    rows: &mut Rows,
    missing: &mut BTreeSet<&str>,
) -> Result<bool, Stop> {
    let body = json!({ "ids": missing, "types": ["servicePrincipal"] });
    let answer = api.post(ReadPost::GraphByIds, &question.routes.by_ids(), &body).await?;
    let Found { value, next_link } = answer.json()?;
    let asked = missing.len();
    for object in value {
        let Some(id) = object.id else { return Err(super::limited("a service principal").into()) };
        missing.remove(id.raw());
        if object.app_id.is_none() {
            rows.gap("service_principal", super::limited("a service principal"));
        }
        let (app_id, name) = (object.app_id, object.display_name);
        let (kind, enabled) = (object.service_principal_type, object.account_enabled);
        rows.insert(&ServicePrincipal { id, app_id, name, kind, enabled })?;
    }
    match next_link {
        Some(_) if missing.len() == asked => Err(Cause::new(GapKind::Truncated, "the rest never came").into()),
        more => Ok(more.is_some()),
    }
}

#[derive(Deserialize)]
struct Found {
    value: Vec<Object>,
    #[serde(rename = "@odata.nextLink")]
    next_link: Option<IgnoredAny>,
}
