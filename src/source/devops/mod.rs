//! What Azure DevOps still holds of the people: accounts, tokens, groups, variables, definitions, pipeline files, service
//! connections, agents, the audit log. Lists are read once for all people. It reports what it saw and what it could not see.
//!
//! A person is joined by the Entra object id that the service gives for an account (`originId`); a descriptor is looked up
//! and never computed. Values of variables and of what agents upload go through the token scanner and no further.
//!
//! What nobody can see is said: values of secrets, values of 1,024 characters and more, names that an agent was told to
//! leave out, the environment of an agent since its start, an audit log that is switched off.

mod accounts;
mod agents;
mod audit;
mod blind;
mod build;
mod connections;
mod files;
mod groups;
mod literal;
mod people;
mod place;
mod release;
mod tokens;
mod variables;
mod wire;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures_util::{TryStreamExt, stream};
use jiff::Timestamp;

use self::agents::Projects;
use self::people::People;
use self::place::{Place, VERSION, cause, each, one};
use self::wire::{ConnectionData, Project};
use super::runner::Key;
use super::{Collector, Permissions, Source};
use crate::api::{Api, Error as Failure, ReadApi, Service};
use crate::evidence::row::{self, Reader};
use crate::evidence::{Error, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::text::Untrusted;
use crate::token::{self, Kinds};

/// The scope that each data set takes, as Azure DevOps itself calls it, and the right beside it where a scope is not enough.
pub const PERMISSIONS: Permissions = &[
    ("devops_organization", CONNECTION),
    ("devops_user", accounts::USERS),
    ("devops_user", "vso.identity"),
    ("devops_entitlement", accounts::ENTITLEMENTS),
    ("devops_token", tokens::NEEDS),
    ("devops_membership", groups::GROUPS),
    ("devops_permission", groups::PERMISSIONS),
    ("devops_permission", "vso.identity"),
    ("devops_project", PROJECTS),
    ("devops_variable", variables::NEEDS),
    ("devops_variable", build::NEEDS),
    ("devops_variable", release::NEEDS),
    ("devops_literal", variables::NEEDS),
    ("devops_literal", build::NEEDS),
    ("devops_literal", release::NEEDS),
    ("devops_literal", files::NEEDS),
    ("devops_connection", connections::CONNECTIONS),
    ("devops_connection_use", files::NEEDS),
    ("devops_pipeline", build::NEEDS),
    ("devops_pipeline", release::NEEDS),
    ("devops_pipeline", files::NEEDS),
    ("devops_approver", release::NEEDS),
    ("devops_secure_file", connections::FILES),
    ("devops_pool", agents::NEEDS),
    ("devops_agent", agents::NEEDS),
    ("devops_agent_job", agents::NEEDS),
    ("devops_agent_job", build::NEEDS),
    ("devops_agent_literal", agents::NEEDS),
    ("devops_event", audit::NEEDS),
];

const CONNECTION: &str = "vso.profile";
const PROJECTS: &str = "vso.project";

/// What hangs on the list of projects.
const IN_PROJECTS: [&str; 8] = [
    "devops_project",
    "devops_variable",
    "devops_literal",
    "devops_connection",
    "devops_connection_use",
    "devops_pipeline",
    "devops_approver",
    "devops_secure_file",
];

/// What paths to other systems lead through. Where no organisation is configured, a credential that trusts one is in doubt by
/// itself, and nothing else of these tables can be missing.
const IN_REACH: [&str; 6] =
    ["devops_connection", "devops_pipeline", "devops_agent", "devops_agent_job", "devops_event", "devops_user"];

/// How many projects are read at the same time; the transport bounds the requests.
const AT_ONCE: usize = 8;

/// The five hosts of one service.
pub struct Hosts {
    core: Collector,
    graph: Collector,
    release: Collector,
    audit: Collector,
    entitlements: Collector,
    host: String,
}

impl Hosts {
    /// Asks over `api` and writes into `out`.
    pub fn new(api: &Api, out: &Writer, host: String) -> Hosts {
        let of = |service| Collector { api: api.read(service), out: out.clone() };
        Hosts {
            core: of(Service::DevOps),
            graph: of(Service::DevOpsGraph),
            release: of(Service::DevOpsRelease),
            audit: of(Service::DevOpsAudit),
            entitlements: of(Service::DevOpsEntitlements),
            host,
        }
    }
}

/// Azure DevOps as a source of a run.
pub struct DevOps<'a> {
    /// The five hosts.
    pub hosts: Hosts,
    /// The organisations.
    pub organizations: &'a [String],
    /// Whom it is about.
    pub people: &'a [Dossier],
    /// The moment that the run judges by.
    pub now: Timestamp,
    /// The key of the fingerprints, or why there is none.
    pub key: Result<&'a Key, String>,
    /// How the run signs in.
    pub sign_in: String,
}

/// What a run wants to know.
struct Question<'a> {
    people: &'a [Dossier],
    now: Timestamp,
    kinds: &'a Kinds,
    key: &'a Result<&'a Key, String>,
    sign_in: &'a str,
}

/// Every table that this source fills.
fn tables() -> Vec<&'static str> {
    let all: BTreeSet<&'static str> = PERMISSIONS.iter().map(|(table, _)| *table).collect();
    all.into_iter().collect()
}

#[async_trait(?Send)]
impl Source for DevOps<'_> {
    fn name(&self) -> &'static str {
        "Azure DevOps"
    }

    fn permissions(&self) -> Permissions {
        PERMISSIONS
    }

    async fn inventory(&self) -> Result<(), Error> {
        let question = Question {
            people: self.people,
            now: self.now,
            kinds: token::kinds_of_run(),
            key: &self.key,
            sign_in: &self.sign_in,
        };
        if let (Err(why), false) = (&self.key, self.organizations.is_empty()) {
            without_key(&self.hosts.core.out, why).await?;
        }
        for organization in self.organizations {
            let place = Place { hosts: &self.hosts, question: &question, organization };
            if known(&place).await? {
                self::organization(&place).await?;
            }
        }
        Ok(())
    }

    /// After the agents were held against the hosts that were scanned.
    async fn follow_up(&self) -> Result<(), Error> {
        match self.organizations.is_empty() {
            true => none(&self.hosts.core.out).await,
            false => blind::of_agents(&self.hosts.core.out).await,
        }
    }
}

async fn without_key(out: &Writer, why: &str) -> Result<(), Error> {
    let cause = Cause::new(GapKind::NotCollected, format!("there is no key for fingerprints: {why}"))
        .needing("set LEAVER_FINGERPRINT_KEY, then run again");
    let scope = Scope { name: "Azure DevOps".into(), person: None, needs: String::new() };
    let tables = ["devops_literal", "devops_agent_literal"];
    out.dataset(&tables, &scope, async |_| Err(Stop::Gap(cause))).await.map(drop)
}

/// No organisation is configured: nothing is asked, and that is all there is to know, unless something else tells of one.
async fn none(out: &Writer) -> Result<(), Error> {
    // Where not all of them were read, nobody can say that there is none.
    let told = "SELECT 1 FROM federated_credential WHERE issuer_kind = 'azure-devops'
                UNION SELECT 1 FROM runner WHERE kind = 'azure-devops'
                UNION SELECT 1 FROM coverage WHERE dataset = 'federated_credential' AND gap IS NOT NULL";
    let is_told = !out.select(told, |row| row.get::<_, i64>(0))?.is_empty();
    let scope = Scope { name: "configuration: Azure DevOps".into(), person: None, needs: String::new() };
    let what = "federated credentials or runners belong to Azure DevOps, or not all of them were read, and no organisation is \
                configured";
    let cause = is_told.then(|| Cause::new(GapKind::NotConfigured, what).needing("[azure-devops] organizations"));
    let reached = |table: &&'static str| IN_REACH.contains(table);
    let (reach, others): (Vec<&'static str>, Vec<&'static str>) = tables().into_iter().partition(reached);
    out.dataset(&reach, &scope, async |_| Ok(())).await?;
    out.dataset(&others, &scope, async |_| cause.map_or(Ok(()), |cause| Err(Stop::Gap(cause)))).await.map(drop)
}

/// Whether the organisation answers at all. Where nobody is signed in, nothing else is asked.
async fn known(place: &Place<'_>) -> Result<bool, Error> {
    let mut answers = true;
    let scope = place.scope("the organisation", CONNECTION);
    let mut reader = None;
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        let path = place.path("connectionData");
        match one::<ConnectionData>(api, &path).await {
            Ok(data) => {
                rows.insert(&row::devops::Organization {
                    id: data.instance_id.clone().map(|id| id.raw().to_ascii_lowercase().into()),
                    name: place.organization(),
                })?;
                reader = Some(data);
                Ok(())
            }
            Err(error) => {
                answers = is_there(&error);
                // Its own name is known all the same: the checks apply.
                rows.insert(&row::devops::Organization { id: None, name: place.organization() })?;
                Err(Stop::Gap(cause(&error)))
            }
        }
    };
    let ended = place.hosts.core.dataset(&["devops_organization"], &scope, fill).await?;
    if let Some(reader) = reader {
        place.hosts.core.dataset(&["reader"], &scope, async |_, rows| Ok(rows.insert(&who(place, reader))?)).await?;
    }
    if let (false, Some(cause)) = (answers, ended) {
        let tables = tables();
        let others: Vec<&'static str> = tables.into_iter().filter(|table| *table != "devops_organization").collect();
        place.hosts.core.dataset(&others, &scope, async |_, _| Err(Stop::Gap(cause))).await?;
    }
    Ok(answers)
}

/// A refusal of this one question says nothing of the others; a sign-in that failed does.
fn is_there(error: &Failure) -> bool {
    let none = matches!(
        error,
        Failure::SignIn(_) | Failure::NoToken { .. } | Failure::Expired { .. } | Failure::NoVariable { .. }
    );
    !none && !matches!(error, Failure::Unreachable { .. })
}

fn who(place: &Place<'_>, data: ConnectionData) -> Reader {
    let user = data.authenticated_user.unwrap_or_default();
    let descriptor = user.subject_descriptor.as_ref().map(Untrusted::raw);
    Reader {
        service: "Azure DevOps".to_owned(),
        host: place.hosts.host.clone(),
        identity: descriptor.map(|descriptor| place.id(&format!("user/{descriptor}"))),
        principal: None,
        name: user.provider_display_name,
        sign_in: place.question.sign_in.to_owned(),
        realm: data.instance_id,
        realm_name: Some(place.organization()),
        permissions: None,
    }
}

async fn organization(place: &Place<'_>) -> Result<(), Error> {
    let people = accounts::collect(place).await?;
    accounts::entitlements(place, &people).await?;
    tokens::collect(place, &people).await?;
    groups::collect(place, &people).await?;
    groups::permissions(place, &people).await?;
    audit::collect(place, &people).await?;
    let projects = projects(place).await?;
    let of_definition = in_projects(place, &people, &projects).await?;
    agents::collect(place, &people, &Projects { all: &projects, of_definition }).await
}

async fn projects(place: &Place<'_>) -> Result<Vec<Project>, Error> {
    let mut all = Vec::new();
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        let path = place.path(&format!("projects?$top=100&{VERSION}"));
        each(api, rows, &IN_PROJECTS, &path, "value", |rows, project: Project| {
            rows.insert(&row::devops::Project {
                id: project.id.raw().to_ascii_lowercase().into(),
                organization: place.organization(),
                name: project.name.clone(),
            })?;
            all.push(project);
            Ok(())
        })
        .await
    };
    place.hosts.core.dataset(&IN_PROJECTS, &place.scope("projects", PROJECTS), fill).await?;
    Ok(all)
}

/// Reads every project, and says which one each build definition is of.
async fn in_projects(
    place: &Place<'_>,
    people: &People,
    projects: &[Project],
) -> Result<BTreeMap<String, String>, Error> {
    let one = async |project: &Project| {
        let here = place.of(project);
        variables::groups(&here, people).await?;
        connections::collect(&here, people).await?;
        connections::files(&here, people).await?;
        release::collect(&here, people).await?;
        let definitions = build::collect(&here, people).await?;
        let files = files::collect(&here, &definitions).await?;
        build::pipelines(&here, people, &definitions, &files).await?;
        let id = project.id.raw().to_lowercase();
        Ok::<_, Error>(definitions.into_iter().map(|one| (one.number, id.clone())).collect::<Vec<_>>())
    };
    let all = stream::iter(projects.iter().map(Ok::<_, Error>));
    let found: Vec<Vec<(String, String)>> = all.map_ok(one).try_buffer_unordered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}
