//! Federated credentials of every application of the tenant, and the service principals that those applications act as.
//! One list for all of them; v1.0 only where beta refuses, and then what it hides is a gap.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use super::wire::{Expression, Federated, Object, Registration};
use super::{Question, limited, tenant};
use crate::api::{Ask, Error as Failure, Paging, ReadApi};
use crate::evidence::row::{Application, ServicePrincipal};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::source::federated::{Holder, Sent};
use crate::source::lenient::{Lenient, lost};
use crate::text::Untrusted;

const CREDENTIALS: &str = "federated_credential";

const TABLES: [&str; 2] = [CREDENTIALS, "application"];

/// The list that answered, and how it ended.
struct Listing {
    registrations: Vec<Lenient<Registration>>,
    beta: bool,
    ended: Result<(), Failure>,
}

/// Reads the credentials; adds the appIds of the applications that have any to `apps`.
pub(super) async fn collect(
    entra: &Collector,
    question: &Question<'_>,
    apps: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let scope = tenant("federated credentials of applications", CREDENTIALS);
    entra
        .dataset(&TABLES, &scope, async |api, rows| {
            let Listing { registrations, beta, ended } = listed(api, question, rows).await;
            let mut bare = Vec::new();
            for Lenient(registration) in registrations {
                let Some(mut registration) = registration else {
                    TABLES.iter().for_each(|table| rows.gap(table, lost(1)));
                    continue;
                };
                match registration.federated_identity_credentials.take() {
                    Some(credentials) => keep(rows, &registration, credentials, apps)?,
                    None => bare.push(registration),
                }
            }
            singly(api, question, rows, (&bare, beta), apps).await?;
            Ok(ended?)
        })
        .await
        .map(drop)
}

/// Beta with a filter, beta without, v1.0: the first that answers at all.
///
/// <https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials>
async fn listed(api: &ReadApi, question: &Question<'_>, rows: &mut Rows) -> Listing {
    let routes = question.routes;
    let (registrations, ended) = read(api, routes.federated_applications()).await;
    // The filter is not documented for this count: that it found nothing proves nothing.
    if !registrations.is_empty() || ended.as_ref().is_err_and(|error| !is_refusal(error)) {
        return Listing { registrations, beta: true, ended };
    }
    let (registrations, ended) = read(api, routes.applications_with_federated()).await;
    match ended {
        Err(error) if registrations.is_empty() && is_refusal(&error) => {
            rows.gap(CREDENTIALS, flexible_unseen(&error));
            let (registrations, ended) = read(api, routes.applications_with_plain_federated()).await;
            Listing { registrations, beta: false, ended }
        }
        ended => Listing { registrations, beta: true, ended },
    }
}

/// Applications that came without the credentials that were asked for are asked one by one.
async fn singly(
    api: &ReadApi,
    question: &Question<'_>,
    rows: &mut Rows,
    (bare, beta): (&[Registration], bool),
    apps: &mut BTreeSet<String>,
) -> Result<(), Stop> {
    let ask = |registration: &Registration| {
        Some(question.routes.federated_credentials(registration.id.as_ref()?.raw(), beta))
    };
    let asks: Vec<Ask> = bare.iter().filter_map(ask).collect();
    api.prefetch(&asks).await;
    for registration in bare {
        let Some(ask) = ask(registration) else {
            rows.gap(CREDENTIALS, limited("an application"));
            continue;
        };
        let (credentials, ended) = read(api, ask).await;
        keep(rows, registration, credentials, apps)?;
        if let Err(error) = ended {
            rows.gap(CREDENTIALS, error.cause());
        }
    }
    Ok(())
}

/// Whether asking in another way may help.
fn is_refusal(error: &Failure) -> bool {
    matches!(error, Failure::Denied(_) | Failure::NotFound(_) | Failure::Refused(_))
}

fn flexible_unseen(error: &Failure) -> Cause {
    let why = format!("flexible credentials show in beta only, and beta did not answer: {error}");
    Cause::new(error.cause().kind, why).needing("the beta endpoint of Microsoft Graph")
}

/// What came, and how it ended.
async fn read<T: DeserializeOwned>(api: &ReadApi, ask: Ask) -> (Vec<Lenient<T>>, Result<(), Failure>) {
    let (mut pages, mut all) = (api.pages(ask, Paging::OData), Vec::new());
    loop {
        match pages.next::<Lenient<T>>().await {
            Ok(Some(page)) => all.extend(page),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(error)),
        }
    }
}

fn keep(
    rows: &mut Rows,
    registration: &Registration,
    credentials: Vec<Lenient<Federated>>,
    apps: &mut BTreeSet<String>,
) -> Result<(), Stop> {
    let Some(id) = &registration.id else {
        rows.gap(CREDENTIALS, limited("an application"));
        return Ok(());
    };
    if registration.more_credentials.is_some() {
        rows.gap(CREDENTIALS, Cause::new(GapKind::Truncated, "an application came with a part of its credentials"));
    }
    if credentials.is_empty() {
        return Ok(());
    }
    apps.extend(registration.app_id.as_ref().map(|app| app.raw().to_ascii_lowercase()));
    let object = id.raw().to_ascii_lowercase();
    let holder = Holder { object: object.clone(), kind: "application", name: registration.display_name.clone() };
    rows.insert(&Application {
        id: object.into(),
        app_id: registration.app_id.clone(),
        name: registration.display_name.clone(),
        created_at: registration.created_date_time,
    })?;
    for Lenient(credential) in credentials {
        let Some(credential) = credential else {
            rows.gap(CREDENTIALS, lost(1));
            continue;
        };
        let sent = sent(credential);
        if sent.is_hidden() {
            let hidden = "a credential shows neither subject nor expression: flexible ones show in beta only";
            rows.gap(CREDENTIALS, Cause::new(GapKind::NotExposed, hidden));
        }
        rows.insert(&sent.row(&holder))?;
    }
    Ok(())
}

fn sent(credential: Federated) -> Sent {
    Sent {
        id: credential.id,
        name: credential.name,
        issuer: credential.issuer,
        subject: credential.subject,
        expression: credential.claims_matching_expression.and_then(|Expression { value }| value),
        audiences: credential.audiences,
    }
}

/// The service principals of `apps`: an application without one cannot sign in, so "not found" is an answer.
pub(super) async fn principals(
    entra: &Collector,
    question: &Question<'_>,
    apps: &BTreeSet<String>,
) -> Result<(), Error> {
    let asks: Vec<Ask> = apps.iter().map(|app| question.routes.principal_of(app)).collect();
    entra.api.prefetch(&asks).await;
    let scope = tenant("service principals of applications with credentials", "service_principal");
    entra
        .dataset(&["service_principal"], &scope, async |api, rows| {
            for ask in &asks {
                match api.get(ask).await {
                    Ok(answer) => principal(rows, answer.json()?)?,
                    Err(error) if error.is_not_found() => {}
                    Err(error) => rows.gap("service_principal", error.cause()),
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn principal(rows: &mut Rows, object: Object) -> Result<(), Stop> {
    let (Some(id), Some(app_id)) = (object.id, object.app_id) else {
        rows.gap("service_principal", limited("a service principal"));
        return Ok(());
    };
    let (name, kind): (Option<Untrusted>, Option<Untrusted>) = (object.display_name, object.service_principal_type);
    Ok(rows.insert(&ServicePrincipal { id, app_id: Some(app_id), name, kind, enabled: object.account_enabled })?)
}
