//! What Microsoft Entra knows of the person: account, consents, roles, ownership, credentials, audit events.
//! Tenant-wide lists are read once for all people. It reports what it saw and what it could not see; it never judges.
//!
//! Which absence is proven by what:
//!
//! | nothing in | proves that there is none because | else |
//! |---|---|---|
//! | any list of Graph | a list is refused whole (403) without its permission, and ends with its last page; a body without `value`, or none at all, is no list | a gap |
//! | the properties of an object that came | never: Graph answers 200 with type and id alone for what may not be read | a gap of that object |
//! | a row without its ids | never | a gap of its list, and the other rows count |
//! | users by name | no look-up failed, live and deleted ones | the person is not found, or a second one cannot be excluded: a gap |
//! | grants of a person | those for everybody are a list of their own; pre-authorised clients have no grant at all and come from the registration | gaps of each |
//! | groups and roles | direct, transitive, eligible and activated ones are lists of their own with permissions of their own | gaps of each |
//! | federated credentials of applications | beta lists all applications with them; that the filter on their number finds none proves nothing, and version 1.0 hides flexible ones | a gap |
//! | objects by id | never: `getByIds` leaves out what may not be read as it does what is not there | a gap |
//! | sponsored agents | guests and users in the list are no agents; an object whose type is not shown may be one | a gap |
//! | audit events, sign-ins | as far back as the service or a workspace of the tenant keeps them, or the account of the person exists | a gap for the days before |
//! | a leave date, a last sign-in | never: both are null without their permission too | a gap |
//! | the relations of a deleted user | never: Graph has no address for them | a gap |
//! | other tenants | never: one run reads the tenant that answers, and the report names it | |

mod account;
mod audit;
mod consents;
mod directory;
mod federated;
pub mod leavers;
mod ownership;
pub mod posture;
pub mod routes;
mod token_owners;
mod trust_event;
pub mod wire;

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use self::routes::Routes;
use super::lenient::{Lenient, lost};
use super::logs::live::longer::Longer;
use super::{Collector, Permissions, Source};
use crate::api::{Ask, Paging, ReadApi};
use crate::evidence::{Error, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::text::Untrusted;

/// What `getByIds` takes: no narrower permission lets an application ask for objects of any kind by id.
const BY_IDS: &str = "Directory.Read.All";

/// What asking for somebody's agents takes; for the sponsors of an agent it is that of applications.
const SPONSORED: &str = "User.Read.All";

/// The permission that each data set of this source takes, by its exact name.
///
/// From Microsoft's permission table: the least privileged application permission of each call.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("person", "User.Read.All"),
    ("identity", "User.Read.All"),
    ("account", "User.Read.All"),
    ("last_day", "User-LifeCycleInfo.Read.All"),
    ("sign_in_activity", "AuditLog.Read.All"),
    ("gateway", "Application.Read.All"),
    ("preauthorized_client", "Application.Read.All"),
    ("service_principal", "Application.Read.All"),
    ("service_principal", BY_IDS),
    ("delegated_grant", "Directory.Read.All"),
    ("app_role_assignment", "Directory.Read.All"),
    ("group_membership", "Directory.Read.All"),
    ("group_eligibility", "PrivilegedEligibilitySchedule.Read.AzureADGroup"),
    ("directory_role", "RoleManagement.Read.Directory"),
    ("directory_role", "RoleEligibilitySchedule.Read.Directory"),
    ("directory_role", "RoleAssignmentSchedule.Read.Directory"),
    ("application", "Application.Read.All"),
    ("ownership", "Application.Read.All"),
    ("sponsorship", "Application.Read.All"),
    ("sponsorship", SPONSORED),
    ("credential", "Application.Read.All"),
    ("federated_credential", "Application.Read.All"),
    ("federated_event", "AuditLog.Read.All"),
    ("directory_event", "AuditLog.Read.All"),
    ("credential_event", "AuditLog.Read.All"),
    ("consent_event", "AuditLog.Read.All"),
    ("sign_in", "AuditLog.Read.All"),
    ("authentication_method", "UserAuthenticationMethod.Read.All"),
    ("device", "User.Read.All"),
    ("token_owner", "User.Read.All"),
];

/// What a run wants to know.
pub struct Question<'a> {
    /// Whom it is about.
    pub people: &'a [Dossier],
    /// Application ids of the MCP gateways.
    pub gateways: Vec<String>,
    /// The moment that the run judges by.
    pub now: Timestamp,
    /// How many days of audit events are asked for.
    pub days: i64,
    /// The workspaces that may keep what Entra forgets.
    pub longer: &'a Longer<'a>,
    /// The request builder.
    pub routes: &'a Routes,
}

/// Microsoft Entra as one run reads it.
pub struct Entra<'a> {
    /// What reads it.
    pub reader: Collector,
    /// What the run wants to know.
    pub question: Question<'a>,
}

#[async_trait(?Send)]
impl Source for Entra<'_> {
    fn name(&self) -> &'static str {
        "Microsoft Entra"
    }

    fn permissions(&self) -> Permissions {
        PERMISSIONS
    }

    /// One data set after the other; `$batch` brings the first pages together.
    async fn inventory(&self) -> Result<(), Error> {
        let (entra, question) = (&self.reader, &self.question);
        for person in question.people {
            account::known(entra, person).await?;
        }
        entra.api.prefetch(&first_pages(question)).await;
        let (mut named, mut apps) = (BTreeSet::new(), BTreeSet::new());
        consents::gateways(entra, question).await?;
        consents::grants_for_all(entra, question, &mut named).await?;
        federated::collect(entra, question, &mut apps).await?;
        for person in question.people {
            account::collect(entra, question, person).await?;
            consents::of_person(entra, question, person, &mut named).await?;
            directory::collect(entra, question, person).await?;
            let changed = audit::collect(entra, question, person).await?;
            ownership::collect(entra, question, person, changed, &mut apps).await?;
        }
        federated::principals(entra, question, &apps).await?;
        consents::names(entra, question, &named).await
    }

    async fn follow_up(&self) -> Result<(), Error> {
        token_owners::collect(&self.reader, self.question.routes).await
    }
}

/// The first page of every list that is certain to be read.
fn first_pages(question: &Question<'_>) -> Vec<Ask> {
    let routes = question.routes;
    let mut asks = vec![routes.grants_for_all()];
    for gateway in &question.gateways {
        asks.extend([routes.gateway(gateway), routes.gateway_registration(gateway)]);
    }
    for person in question.people.iter().filter(|person| !person.deleted) {
        let id = &person.object_id;
        asks.extend([
            routes.sign_in_activity(id),
            routes.grants_of_user(id),
            routes.app_role_assignments(id),
            routes.member_of(id),
            routes.transitive_member_of(id),
            routes.group_eligibility(id),
            routes.role_assignments(id),
            routes.role_eligibility(id),
            routes.role_schedules(id),
            routes.role_definitions(),
            routes.owned_objects(id),
            routes.sponsor_of(id),
            routes.authentication_methods(id),
            routes.registered_devices(id),
            routes.owned_devices(id),
        ]);
    }
    asks
}

/// A scope that concerns one person; the permission is the one of `table`.
fn of(person: &Dossier, what: &str, table: &str) -> Scope {
    let name = person.upn().unwrap_or_else(|| person.object_id.as_str().into());
    let name = if what.is_empty() { name } else { Untrusted::from(format!("{what} of {}", name.raw())) };
    Scope { name, person: Some(person.id.clone()), needs: permission(table).to_owned() }
}

/// A scope that concerns everybody.
fn tenant(what: &str, table: &str) -> Scope {
    Scope { name: what.into(), person: None, needs: permission(table).to_owned() }
}

fn permission(table: &str) -> &'static str {
    PERMISSIONS.iter().find(|(name, _)| *name == table).map_or("", |(_, permission)| *permission)
}

/// Reads a list to its end.
async fn each<T: DeserializeOwned>(
    api: &ReadApi,
    ask: Ask,
    mut keep: impl FnMut(T) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (mut pages, mut without) = (api.pages(ask, Paging::OData), 0);
    while let Some(items) = pages.next::<Lenient<T>>().await? {
        for Lenient(item) in items {
            match item {
                Some(item) => keep(item)?,
                None => without += 1,
            }
        }
    }
    if without > 0 { Err(lost(without).into()) } else { Ok(()) }
}

/// Graph answers 200 with all properties null where the caller may not read an object.
///
/// <https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects>
fn limited(what: &str) -> Cause {
    Cause::new(GapKind::Denied, format!("{what} came back without its properties"))
}

/// The relations of a deleted user have no address in Graph until the user is restored.
fn deleted() -> Stop {
    Cause::new(GapKind::NotExposed, "the account is in the recycle bin; Graph does not list this until it is restored")
        .into()
}
