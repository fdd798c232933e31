//! Container groups, container apps and container jobs. What their definitions say in clear goes through the token scanner
//! and no further; what they only refer to (secure values, secrets) nobody but the container is shown.
//!
//! They are listed subscription by subscription: what Resource Graph holds may be older, and nothing says how much of a
//! definition it keeps.

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::plain::{Text, texts};
use super::wire::{Container, RunsAs};
use super::{AT_ONCE, READER, list, of, path, scope};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::row::{AzureContainer, AzureLiteral, Sighting};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::source::runner::{Key, look};
use crate::text::Untrusted;
use crate::token;

const TABLES: [&str; 2] = ["azure_container", "azure_literal"];

/// One kind of resource that containers run in.
struct Kind {
    /// What a reader of the report calls it.
    what: &'static str,
    /// How the evidence calls it.
    id: &'static str,
    resource: &'static str,
    version: &'static str,
    /// Where its definition holds containers.
    containers: &'static [&'static str],
}

/// <https://learn.microsoft.com/rest/api/container-instances/container-groups/list>,
/// <https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/list-by-subscription>
const KINDS: [Kind; 3] = [
    Kind {
        what: "container groups",
        id: "container-group",
        resource: "Microsoft.ContainerInstance/containerGroups",
        version: "2025-09-01",
        containers: &["/containers", "/initContainers"],
    },
    Kind {
        what: "container apps",
        id: "container-app",
        resource: "Microsoft.App/containerApps",
        version: "2025-01-01",
        containers: TEMPLATE,
    },
    Kind {
        what: "container jobs",
        id: "container-job",
        resource: "Microsoft.App/jobs",
        version: "2025-01-01",
        containers: TEMPLATE,
    },
];

const TEMPLATE: &[&str] = &["/template/containers", "/template/initContainers"];

const REVISIONS: &str = "revisions?api-version=2025-01-01";

/// The code by which Resource Manager says that the subscription uses nothing of a provider. It cannot be unregistered
/// while something of it exists (<https://learn.microsoft.com/azure/azure-resource-manager/management/resource-providers-and-types>).
/// Other codes only say that this cloud does not know the kind or the version that was asked for.
pub(super) const UNUSED: &str = "MissingSubscriptionRegistration";

/// What a reading has come to know.
struct Seen<'a> {
    key: &'a Key,
    /// Container apps of which more than the latest revision may run, with the name of that one.
    apps: Vec<(String, Option<Untrusted>)>,
}

/// Reads them all.
pub(super) async fn collect(
    azure: &Collector,
    subscriptions: &BTreeSet<String>,
    key: Result<&Key, &str>,
) -> Result<(), Error> {
    let key = match key {
        Ok(key) => key,
        Err(why) => return without_key(azure, why).await,
    };
    let mut seen = Seen { key, apps: Vec::new() };
    for kind in &KINDS {
        azure
            .dataset(&TABLES, &needing(kind.what, kind.resource), async |api, rows| {
                for (subscription, (found, ended)) in lists(api, subscriptions, kind).await {
                    let is_unused = found.is_empty() && matches!(&ended, Err(error) if error.code() == Some(UNUSED));
                    for container in found {
                        keep(rows, kind, container, &mut seen)?;
                    }
                    if let (Err(error), false) = (ended, is_unused) {
                        open(rows, &of(&format!("subscription {subscription}"), &error));
                    }
                }
                Ok(())
            })
            .await?;
    }
    revisions(azure, &mut seen).await
}

async fn without_key(azure: &Collector, why: &str) -> Result<(), Error> {
    let cause = Cause::new(GapKind::NotCollected, format!("there is no key for fingerprints: {why}"))
        .needing("set LEAVER_FINGERPRINT_KEY, then run again");
    azure.dataset(&TABLES, &scope("containers"), async |_, _| Err(Stop::Gap(cause))).await.map(drop)
}

/// A scope that says which action of the role it takes.
fn needing(what: &str, resource: &str) -> Scope {
    Scope { needs: format!("{resource}/read (part of {READER})"), ..scope(what) }
}

fn open(rows: &mut Rows, cause: &Cause) {
    TABLES.iter().for_each(|table| rows.gap(table, cause.clone()));
}

async fn lists<'a>(
    api: &ReadApi,
    subscriptions: &'a BTreeSet<String>,
    kind: &Kind,
) -> Vec<(&'a String, (Vec<Container>, Result<(), Failure>))> {
    let one = async |subscription: &'a String| {
        let provider = format!("providers/{}?api-version={}", kind.resource, kind.version);
        (subscription, list(api, &format!("/subscriptions/{}/{provider}", path(subscription))).await)
    };
    stream::iter(subscriptions).map(one).buffered(AT_ONCE).collect().await
}

/// A definition that does not show its containers is not one without any: there is always one.
fn keep(rows: &mut Rows, kind: &Kind, container: Container, seen: &mut Seen<'_>) -> Result<(), Error> {
    let id = container.id.raw().to_ascii_lowercase();
    let count = |place: &&str| container.properties.pointer(place).and_then(Value::as_array).map(Vec::len);
    let is_shown = kind.containers.first().and_then(count).is_some_and(|count| count > 0);
    let containers = kind.containers.iter().filter_map(count).sum::<usize>();
    if !is_shown {
        rows.gap("azure_literal", hidden(&id));
    }
    rows.insert(&AzureContainer {
        id: id.as_str().into(),
        kind: kind.id.to_owned(),
        name: container.name,
        subscription: id.split('/').nth(2).map(Untrusted::from),
        containers: is_shown.then(|| i64::try_from(containers).unwrap_or(i64::MAX)),
        runs_as: container.identity.as_ref().and_then(runs_as),
    })?;
    if runs_several(&container.properties) {
        let latest = container.properties.pointer("/latestRevisionName").and_then(Value::as_str);
        seen.apps.push((id.clone(), latest.map(Untrusted::from)));
    }
    let tags = texts(&container.tags, "tags");
    texts(&container.properties, "").iter().chain(&tags).try_for_each(|text| scan(rows, &id, text, seen))
}

fn hidden(id: &str) -> Cause {
    Cause::new(GapKind::Truncated, format!("{id} came back without its containers"))
        .needing("read its definition by hand: az resource show --ids <id>")
}

/// Unless it is told otherwise, an app runs its latest revision only.
fn runs_several(definition: &Value) -> bool {
    let mode = definition.pointer("/configuration/activeRevisionsMode").and_then(Value::as_str);
    mode.is_some_and(|mode| !mode.eq_ignore_ascii_case("single"))
}

/// The definition of an app is that of its latest revision; others that are active may say something else.
async fn revisions(azure: &Collector, seen: &mut Seen<'_>) -> Result<(), Error> {
    let apps = std::mem::take(&mut seen.apps);
    if apps.is_empty() {
        return Ok(());
    }
    let needs = needing("revisions of container apps", "Microsoft.App/containerApps/revisions");
    azure
        .dataset(&TABLES[1..], &needs, async |api, rows| {
            let one = async |(id, _): &(String, Option<Untrusted>)| {
                list::<Container>(api, &format!("{}/{REVISIONS}", path(id))).await
            };
            let answers: Vec<_> = stream::iter(&apps).map(one).buffered(AT_ONCE).collect().await;
            for ((id, latest), (found, ended)) in apps.iter().zip(answers) {
                let others = found.iter().filter(|revision| is_active(revision) && revision.name != *latest);
                others.into_iter().try_for_each(|revision| keep_revision(rows, id, revision, seen))?;
                if let Err(error) = ended {
                    rows.gap("azure_literal", of(id, &error));
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn is_active(revision: &Container) -> bool {
    revision.properties.pointer("/active").and_then(Value::as_bool) != Some(false)
}

fn keep_revision(rows: &mut Rows, app: &str, revision: &Container, seen: &mut Seen<'_>) -> Result<(), Error> {
    let name = revision.name.as_ref().map_or("", Untrusted::raw);
    if revision.properties.pointer("/template/containers").is_none_or(|containers| !containers.is_array()) {
        rows.gap("azure_literal", hidden(revision.id.raw()));
    }
    let definition = texts(&revision.properties, &format!("revisions/{name}"));
    definition.iter().try_for_each(|text| scan(rows, app, text, seen))
}

/// `id-deploy (<object id>), its own (<object id>)`
fn runs_as(identity: &RunsAs) -> Option<Untrusted> {
    let called = |name: &str, principal: Option<&Untrusted>| match principal {
        Some(principal) => format!("{name} ({})", principal.raw()),
        None => name.to_owned(),
    };
    let assigned = identity.user_assigned_identities.iter().flatten().map(|(id, known)| {
        let name = id.rsplit('/').next().unwrap_or(id);
        called(name, known.as_ref().and_then(|known| known.principal_id.as_ref()))
    });
    let own = identity.principal_id.as_ref().map(|principal| called("its own", Some(principal)));
    let all: Vec<String> = assigned.chain(own).collect();
    (!all.is_empty()).then(|| all.join(", ").into())
}

fn scan(rows: &mut Rows, container: &str, text: &Text, seen: &mut Seen<'_>) -> Result<(), Error> {
    for found in look("", Path::new(text.file), text.lines.as_bytes(), token::kinds_of_run(), seen.key) {
        let path = text.place(found.line).to_owned();
        rows.insert(&literal(container, path, found))?;
    }
    Ok(())
}

/// What the scanner saw, as a row of what Azure holds.
fn literal(container: &str, path: String, found: Sighting) -> AzureLiteral {
    AzureLiteral {
        id: format!("azure:{container}/{path}#{}", &found.fingerprint[..8]).into(),
        container: container.into(),
        path: path.into(),
        kind: found.kind,
        holder: found.holder,
        shown: found.shown,
        fingerprint: found.fingerprint,
        verified: found.verified,
        confidence: found.confidence,
        owner_kind: found.owner_kind,
        owner_id: found.owner_id,
        owner_name: found.owner_name,
        owner_source: found.owner_source,
        grade: found.grade,
        expires_at: found.expires_at,
    }
}
