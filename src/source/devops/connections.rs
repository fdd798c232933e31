//! Service connections and secure files of a project: who made or changed them, and whom a connection signs in as.

use super::people::People;
use super::place::{InProject, List, VERSION};
use super::wire::{Endpoint, SecureFile as File};
use crate::evidence::row::devops::{Connection, SecureFile};
use crate::evidence::{Error, Stop};
use crate::text::Untrusted;

pub(super) const CONNECTIONS: &str = "vso.serviceendpoint";
pub(super) const FILES: &str = "vso.securefiles_read";

pub(super) async fn collect(project: &InProject<'_>, people: &People) -> Result<(), Error> {
    let path = project.path(&format!("serviceendpoint/endpoints?includeFailed=true&includeDetails=true&{VERSION}"));
    let host = &project.place.hosts.core;
    let list = List { what: "service connections", host, path: &path, items: "value", needs: CONNECTIONS };
    project
        .list(&["devops_connection"], &list, |rows, found: Endpoint| {
            Ok::<_, Stop>(rows.insert(&connection(project, people, &found))?)
        })
        .await
        .map(drop)
}

fn connection(project: &InProject<'_>, people: &People, found: &Endpoint) -> Connection {
    let (whose, deed) = people.maker(found.created_by.as_ref(), found.modified_by.as_ref());
    let shared: Vec<_> = found
        .service_endpoint_project_references
        .iter()
        .flatten()
        .filter_map(|shared| shared.project_reference.as_ref())
        .collect();
    // The first of the projects that may use it is the one that it was made in.
    let owner = shared.first().map_or(project.project(), |owner| owner.id.raw().to_ascii_lowercase().into());
    let owner_name =
        shared.first().map_or(Some(project.project), |owner| Some(*owner)).and_then(|one| one.name.clone());
    let id = found.id.raw().to_ascii_lowercase();
    let told = |name: &str| found.authorization.as_ref().and_then(|authorization| authorization.parameter(name));
    let names = || shared.iter().map(|one| one.name.as_ref().unwrap_or(&one.id).raw()).collect::<Vec<_>>().join(", ");
    Connection {
        id: project.place.id(&format!("{}/service-connection/{id}", owner.raw())),
        organization: project.place.organization(),
        project: owner,
        project_name: owner_name.or_else(|| Some(project.name().into())),
        connection: id.into(),
        name: found.name.clone(),
        kind: found.kind.clone(),
        scheme: found.authorization.as_ref().and_then(|authorization| authorization.scheme.clone()),
        issuer: told("workloadIdentityFederationIssuer"),
        subject: told("workloadIdentityFederationSubject"),
        app_id: told("serviceprincipalid"),
        shared: (shared.len() > 1).then(|| names().into()),
        ready: found.is_ready,
        person: whose.person,
        grade: whose.grade,
        actor: whose.actor,
        actor_name: whose.actor_name,
        deed: Some(deed.to_owned()),
        changed_at: found.modification_date.or(found.creation_date),
    }
}

pub(super) async fn files(project: &InProject<'_>, people: &People) -> Result<(), Error> {
    let path = project.path(&format!("distributedtask/securefiles?{}", super::place::PREVIEW));
    let host = &project.place.hosts.core;
    let list = List { what: "secure files", host, path: &path, items: "value", needs: FILES };
    project
        .list(&["devops_secure_file"], &list, |rows, found: File| {
            let (whose, deed) = people.maker(found.created_by.as_ref(), found.modified_by.as_ref());
            Ok::<_, Stop>(rows.insert(&SecureFile {
                id: project.id(&format!("secure-file/{}", found.id.raw().to_ascii_lowercase())),
                organization: project.place.organization(),
                project: project.project(),
                project_name: Some(Untrusted::from(project.name())),
                name: found.name,
                person: whose.person,
                grade: whose.grade,
                actor: whose.actor,
                actor_name: whose.actor_name,
                deed: Some(deed.to_owned()),
                changed_at: found.modified_on.or(found.created_on),
            })?)
        })
        .await
        .map(drop)
}
