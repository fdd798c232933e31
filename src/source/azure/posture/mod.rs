//! The fence in Azure: what runs servers, the gateway before them, the policies over them, the alerts, networks and logs around
//! them. Each list is read once. What settings mean is read off them here, and only that is kept: they may hold secrets.
//!
//! | nothing in | proves that there is none because | else |
//! |---|---|---|
//! | the lists of a subscription | a list is refused whole (403) to who may not read it there; a subscription that is not registered for a provider has nothing of it | a gap of that subscription |
//! | the policy of a scope of API Management | 404 is how it says that the scope has none | a gap of that scope |
//! | the value of a named value | never: secret ones, and those of a vault, come without | what they decide is unknown |
//! | a policy definition that is assigned | never | a gap |

mod alerts;
mod gateway;
mod inventory;
mod logs;
mod network;
mod policy;
mod workloads;

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::containers::UNUSED;
use super::wire::Subscription;
use super::{AT_ONCE, READER, list, of, path};
use crate::api::{Error as Failure, ReadApi};
use crate::evidence::row::normal;
use crate::evidence::row::posture::{AzureSubscription, PostureSetting};
use crate::evidence::{Error, Rows, Scope};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::text::Untrusted;

/// The role that each data set takes.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("azure_subscription", READER),
    ("mcp_workload", READER),
    ("workload_identity", READER),
    ("container_environment", READER),
    ("subnet", READER),
    ("api_gateway", READER),
    ("gateway_call", READER),
    ("gateway_logger", READER),
    ("policy_effect", READER),
    ("alert_rule", READER),
    ("alert_purpose", READER),
    ("action_group", READER),
    ("private_endpoint", READER),
    ("diagnostic_setting", READER),
    ("log_store", READER),
    ("registered_api", READER),
    ("budget", READER),
];

/// What depends on the list of subscriptions.
const TABLES: [&str; 17] = [
    "azure_subscription",
    "mcp_workload",
    "workload_identity",
    "container_environment",
    "subnet",
    "api_gateway",
    "gateway_call",
    "gateway_logger",
    "policy_effect",
    "alert_rule",
    "alert_purpose",
    "action_group",
    "private_endpoint",
    "diagnostic_setting",
    "log_store",
    "registered_api",
    "budget",
];

/// What a run wants to know.
#[derive(Debug, Clone, Default)]
pub struct Question {
    /// The subscriptions that count; none: all that the caller can see.
    pub subscriptions: Vec<String>,
    /// Resource ids of approved subnets.
    pub subnets: Vec<String>,
    /// Resource ids of the API Management services that are the gateway; none: all.
    pub gateways: Vec<String>,
    /// Approved address ranges.
    pub addresses: Vec<String>,
    /// Within how many days of a last day a report has to exist.
    pub offboarding_days: u16,
    /// Whether there is an archive for it.
    pub has_archive: bool,
    /// The workspaces of the gateway's log; none: all.
    pub workspaces: Vec<String>,
    /// The table that the gateway writes.
    pub table: String,
}

/// A system and what is asked of it.
pub(super) struct Fence<'a> {
    azure: &'a Collector,
    subscriptions: BTreeSet<String>,
    question: &'a Question,
}

/// Reads everything.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub async fn collect(azure: &Collector, question: &Question) -> Result<(), Error> {
    settings(azure, question).await?;
    let subscriptions = subscriptions(azure, question).await?;
    let fence = Fence { azure, subscriptions, question };
    workloads::collect(&fence).await?;
    gateway::collect(&fence).await?;
    policy::collect(&fence).await?;
    alerts::collect(&fence).await?;
    network::collect(&fence).await?;
    logs::collect(&fence).await?;
    inventory::collect(&fence).await
}

/// What the configuration approves is evidence too: checks compare with it.
async fn settings(azure: &Collector, question: &Question) -> Result<(), Error> {
    let scope = Scope { name: "configuration".into(), person: None, needs: String::new() };
    azure
        .dataset(&["posture_setting"], &scope, async |_, rows| {
            let lists =
                [("subnet", &question.subnets), ("gateway", &question.gateways), ("address", &question.addresses)];
            for (kind, values) in lists {
                for value in values {
                    rows.insert(&PostureSetting { kind: kind.to_owned(), value: normal(value).to_ascii_lowercase() })?;
                }
            }
            let days = question.offboarding_days.to_string();
            rows.insert(&PostureSetting { kind: "offboarding-days".to_owned(), value: days })?;
            if question.has_archive {
                rows.insert(&PostureSetting { kind: "archive".to_owned(), value: "configured".to_owned() })?;
            }
            if question.subnets.is_empty() {
                let cause = Cause::new(GapKind::NotConfigured, "no subnet is approved").needing("[posture] subnets");
                rows.gap("posture_setting", cause);
            }
            Ok(())
        })
        .await
        .map(drop)
}

async fn subscriptions(azure: &Collector, question: &Question) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    azure
        .dataset(&TABLES, &super::scope("subscriptions"), async |api, rows| {
            let (all, ended) = list::<Subscription>(api, "/subscriptions?api-version=2022-12-01").await;
            let visible: BTreeSet<String> = all.iter().map(|one| lower(one.subscription_id.raw())).collect();
            ended?;
            let wanted: BTreeSet<String> = question.subscriptions.iter().map(|id| lower(id)).collect();
            let unseen = wanted.difference(&visible).map(|id| format!("the subscription {id} is not visible"));
            let nothing = visible.is_empty().then(|| "no subscription is visible".to_owned());
            for detail in unseen.chain(nothing) {
                TABLES.iter().for_each(|table| rows.gap(table, Cause::new(GapKind::Denied, detail.as_str())));
            }
            found = if wanted.is_empty() { visible } else { &visible & &wanted };
            for id in &found {
                rows.insert(&AzureSubscription { id: id.clone() })?;
            }
            Ok(())
        })
        .await?;
    Ok(found)
}

/// A list that every subscription has.
pub(super) struct Listed {
    what: &'static str,
    resource: &'static str,
    version: &'static str,
}

impl Fence<'_> {
    /// Reads a list of every subscription into `tables`; `keep` takes the rows of one subscription.
    async fn each(
        &self,
        tables: &[&'static str],
        listed: &Listed,
        mut keep: impl FnMut(&mut Rows, &str, Vec<Value>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.azure
            .dataset(tables, &needing(listed.what, listed.resource), async |api, rows| {
                for (subscription, (found, ended)) in self.lists(api, listed).await {
                    unread(rows, tables, subscription, &found, ended);
                    keep(rows, subscription, found)?;
                }
                Ok(())
            })
            .await
            .map(drop)
    }

    async fn lists<'s>(
        &'s self,
        api: &ReadApi,
        listed: &Listed,
    ) -> Vec<(&'s String, (Vec<Value>, Result<(), Failure>))> {
        let one = async |subscription: &'s String| {
            let provider = format!("providers/{}?api-version={}", listed.resource, listed.version);
            (subscription, list(api, &format!("/subscriptions/{}/{provider}", path(subscription))).await)
        };
        stream::iter(&self.subscriptions).map(one).buffered(AT_ONCE).collect().await
    }
}

/// A list that did not come whole. A subscription that is not registered for a provider has nothing of it.
fn unread(rows: &mut Rows, tables: &[&'static str], what: &str, found: &[Value], ended: Result<(), Failure>) {
    if let Err(error) = ended
        && !(found.is_empty() && error.code() == Some(UNUSED))
    {
        open(rows, tables, &of(&format!("subscription {what}"), &error));
    }
}

fn open(rows: &mut Rows, tables: &[&'static str], cause: &Cause) {
    tables.iter().for_each(|table| rows.gap(table, cause.clone()));
}

/// A scope that says which action of the role it takes.
fn needing(what: &str, resource: &str) -> Scope {
    Scope { name: what.into(), person: None, needs: format!("{resource}/read (part of {READER})") }
}

fn lower(id: &str) -> String {
    normal(id).to_ascii_lowercase()
}

/// The id of a row. One without is a gap of its list.
fn id(row: &Value, rows: &mut Rows, tables: &[&'static str]) -> Option<String> {
    let id = row.pointer("/id").and_then(Value::as_str).filter(|id| !id.is_empty()).map(lower);
    if id.is_none() {
        open(rows, tables, &Cause::new(GapKind::Truncated, "a row of the list came without its id"));
    }
    id
}

fn text(row: &Value, place: &str) -> Option<String> {
    row.pointer(place).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn foreign(row: &Value, place: &str) -> Option<Untrusted> {
    text(row, place).map(Untrusted::from)
}

fn truth(row: &Value, place: &str) -> Option<bool> {
    row.pointer(place).and_then(Value::as_bool)
}

fn items<'v>(row: &'v Value, place: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    row.pointer(place).and_then(Value::as_array).into_iter().flatten()
}

/// Several words in one column; `None`: there are none.
fn joined(words: impl IntoIterator<Item = String>) -> Option<String> {
    let all: Vec<String> = words.into_iter().collect();
    (!all.is_empty()).then(|| all.join(" "))
}
