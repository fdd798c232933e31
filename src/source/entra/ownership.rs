//! Applications and service principals that the person owns or whose credentials they changed,
//! with all owners and credentials; agent identities that they sponsor.

use std::collections::BTreeSet;

use super::audit::Changed;
use super::wire::{KeyCredential, Object};
use super::{Question, SPONSORED, deleted, each, limited, of};
use crate::api::{Ask, ReadApi};
use crate::evidence::row::{Application, Credential, Ownership, Sponsorship};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::source::Collector;
use crate::text::Untrusted;

/// An object to look into.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    id: String,
    kind: Kind,
    owned: bool,
    name: Option<Untrusted>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Application,
    ServicePrincipal,
}

impl Kind {
    /// Audit events and Graph write the type in several ways.
    fn parse(name: &str) -> Option<Kind> {
        match name.to_ascii_lowercase().as_str() {
            "application" => Some(Kind::Application),
            "serviceprincipal" | "agentidentity" | "agentidentityblueprintprincipal" => Some(Kind::ServicePrincipal),
            "agentidentityblueprint" => Some(Kind::Application),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Application => "application",
            Kind::ServicePrincipal => "service-principal",
        }
    }

    fn collection(self) -> &'static str {
        match self {
            Kind::Application => "applications",
            Kind::ServicePrincipal => "servicePrincipals",
        }
    }
}

/// Whether an event of this type is about something that has credentials.
pub(super) fn is_known(kind: &str) -> bool {
    Kind::parse(kind).is_some()
}

impl Thing {
    fn ask(&self, question: &Question<'_>) -> Ask {
        match self.kind {
            Kind::Application => question.routes.application(&self.id),
            Kind::ServicePrincipal => question.routes.service_principal(&self.id),
        }
    }
}

pub(super) async fn collect(
    entra: &Collector,
    question: &Question<'_>,
    person: &Dossier,
    changed: Changed,
    apps: &mut BTreeSet<String>,
) -> Result<(), Error> {
    let mut things = owned(entra, question, person).await?;
    for (id, kind) in changed {
        if let Some(kind) = Kind::parse(&kind).filter(|_| !things.iter().any(|thing| thing.id == id)) {
            things.push(Thing { id, kind, owned: false, name: None });
        }
    }
    entra.api.prefetch(&first_pages(question, &things)).await;
    credentials(entra, question, person, &mut things, apps).await?;
    owners(entra, question, person, &things).await?;
    sponsorships(entra, question, person).await
}

fn first_pages(question: &Question<'_>, things: &[Thing]) -> Vec<Ask> {
    let mut asks = Vec::new();
    for thing in things {
        asks.push(thing.ask(question));
        if thing.owned {
            asks.push(question.routes.owners(thing.kind.collection(), &thing.id));
        }
    }
    asks
}

/// The list itself fills no table: it is covered as the part of `ownership` that says what there is to look into.
async fn owned(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<Vec<Thing>, Error> {
    let mut things = Vec::new();
    let tables = ["ownership", "credential", "application"];
    entra
        .dataset(&tables, &of(person, "owned objects", "ownership"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            each(api, question.routes.owned_objects(&person.object_id), |object: Object| {
                let (kind, name) = (object.kind(), object.display_name);
                match (object.id.as_ref(), kind) {
                    (Some(id), Some(kind)) => things.extend(Kind::parse(&kind).map(|kind| Thing {
                        id: id.raw().to_owned(),
                        kind,
                        owned: true,
                        name,
                    })),
                    _ => tables.iter().for_each(|table| rows.gap(table, limited("an owned object"))),
                }
                Ok(())
            })
            .await
        })
        .await?;
    Ok(things)
}

async fn credentials(
    entra: &Collector,
    question: &Question<'_>,
    person: &Dossier,
    things: &mut [Thing],
    apps: &mut BTreeSet<String>,
) -> Result<(), Error> {
    entra
        .dataset(&["application", "credential"], &of(person, "credentials", "credential"), async |api, rows| {
            for thing in things {
                match api.get(&thing.ask(question)).await {
                    Ok(answer) => keep(rows, thing, answer.json()?, apps)?,
                    // The object of an old event may be gone, and its credentials with it.
                    Err(error) if error.is_not_found() && !thing.owned => {}
                    Err(error) => {
                        let lost = ["credential", "application"];
                        lost.iter().for_each(|table| rows.gap(table, error.cause()));
                    }
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn keep(rows: &mut Rows, thing: &mut Thing, object: Object, apps: &mut BTreeSet<String>) -> Result<(), Stop> {
    thing.name = object.display_name.or(thing.name.take());
    let name = thing.name.clone();
    if thing.kind == Kind::Application {
        apps.extend(object.app_id.as_ref().map(|app| app.raw().to_ascii_lowercase()));
        let (id, app_id, created_at) = (thing.id.as_str().into(), object.app_id.clone(), object.created_date_time);
        rows.insert(&Application { id, app_id, name, created_at })?;
    }
    for (kind, list) in [("secret", object.password_credentials), ("certificate", object.key_credentials)] {
        let Some(list) = list else {
            rows.gap("credential", limited(&format!("the {kind} list of an object")));
            continue;
        };
        for credential in list {
            if !insert(rows, thing, kind, credential)? {
                rows.gap("credential", limited("a credential"));
            }
        }
    }
    Ok(())
}

fn insert(rows: &mut Rows, thing: &Thing, kind: &str, credential: KeyCredential) -> Result<bool, Stop> {
    let Some(key_id) = credential.key_id else { return Ok(false) };
    rows.insert(&Credential {
        object: thing.id.as_str().into(),
        object_kind: thing.kind.name().to_owned(),
        object_name: thing.name.clone(),
        key_id: key_id.raw().to_ascii_lowercase().into(),
        kind: kind.to_owned(),
        name: credential.display_name,
        hint: credential.hint.map(|hint| hint.raw().chars().take(3).collect::<String>().into()),
        starts_at: credential.start_date_time,
        ends_at: credential.end_date_time,
    })?;
    Ok(true)
}

async fn owners(entra: &Collector, question: &Question<'_>, person: &Dossier, things: &[Thing]) -> Result<(), Error> {
    for thing in things.iter().filter(|thing| thing.owned) {
        let scope = of(person, &format!("co-owners of {} {}", thing.kind.name(), thing.id), "ownership");
        entra
            .dataset(&["ownership"], &scope, async |api, rows| {
                each(api, question.routes.owners(thing.kind.collection(), &thing.id), |owner: Object| {
                    let (kind, owner_name) = (owner.kind(), owner.display_name);
                    let Some(owner) = owner.id else { return Err(limited("an owner").into()) };
                    Ok(rows.insert(&Ownership {
                        object: thing.id.as_str().into(),
                        object_kind: thing.kind.name().to_owned(),
                        object_name: thing.name.clone(),
                        owner,
                        owner_kind: kind,
                        owner_name,
                    })?)
                })
                .await
            })
            .await?;
    }
    Ok(())
}

/// Sponsors are new: where the tenant has no agent identities, the route itself may be missing.
async fn sponsorships(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let mut agents = Vec::new();
    let scope = Scope { needs: SPONSORED.to_owned(), ..of(person, "sponsored agents", "sponsorship") };
    entra
        .dataset(&["sponsorship"], &scope, async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            let listed = each(api, question.routes.sponsor_of(&person.object_id), |object: Object| {
                match Agent::of(object) {
                    Ok(agent) => agents.extend(agent),
                    Err(cause) => rows.gap("sponsorship", cause),
                }
                Ok(())
            });
            listed.await.map_err(absent)
        })
        .await?;
    if agents.is_empty() {
        return Ok(());
    }
    entra
        .dataset(&["sponsorship"], &of(person, "sponsors of sponsored agents", "sponsorship"), async |api, rows| {
            for agent in &agents {
                sponsors(api, question, rows, agent).await?;
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn absent(stop: Stop) -> Stop {
    match stop {
        Stop::Gap(cause) if cause.kind == GapKind::Failed => Stop::Gap(Cause { kind: GapKind::NotExposed, ..cause }),
        stop => stop,
    }
}

/// An agent that has sponsors, and the type by which it is asked for them.
struct Agent {
    id: Untrusted,
    kind: Kind,
    cast: &'static str,
    name: Option<Untrusted>,
}

impl Agent {
    /// Guests, users and groups have sponsors too; who answers for a person is no question of an agent's. An object whose
    /// type is not shown may be an agent.
    ///
    /// <https://learn.microsoft.com/graph/api/user-list-sponsorof>
    fn of(object: Object) -> Result<Option<Agent>, Cause> {
        let (kind, cast) = match object.kind().as_deref() {
            Some("agentidentity" | "serviceprincipal") => (Kind::ServicePrincipal, "microsoft.graph.agentIdentity"),
            Some("agentidentityblueprint" | "application") => {
                (Kind::Application, "microsoft.graph.agentIdentityBlueprint")
            }
            Some("agentidentityblueprintprincipal") => {
                (Kind::ServicePrincipal, "microsoft.graph.agentIdentityBlueprintPrincipal")
            }
            Some("directoryobject") | None => return Err(limited("a sponsored object")),
            Some(_) => return Ok(None),
        };
        let Some(id) = object.id else { return Err(limited("a sponsored agent")) };
        Ok(Some(Agent { id, kind, cast, name: object.display_name }))
    }
}

async fn sponsors(api: &ReadApi, question: &Question<'_>, rows: &mut Rows, agent: &Agent) -> Result<(), Stop> {
    let ask = question.routes.sponsors(agent.kind.collection(), agent.id.raw(), agent.cast);
    each(api, ask, |sponsor: Object| {
        let Some(sponsor_id) = sponsor.id else { return Err(limited("a sponsor").into()) };
        Ok(rows.insert(&Sponsorship {
            object: agent.id.clone(),
            object_kind: agent.kind.name().to_owned(),
            object_name: agent.name.clone(),
            sponsor: sponsor_id,
            sponsor_name: sponsor.display_name,
        })?)
    })
    .await
}
