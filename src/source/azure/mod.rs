//! What Azure holds: managed identities, whom they trust, every role assignment of the subscriptions, and what its containers
//! say in clear.
//! Each list is read once for all people. It reports what it saw and what it could not see; it never judges.
//!
//! Which absence is proven by what:
//!
//! | nothing in | proves that there is none because | else |
//! |---|---|---|
//! | subscriptions | never: Azure lists those that the identity may see, and does not say that there are others | the configured ones that are not seen, and none at all, are gaps; without `[azure] subscriptions` the report speaks of those that were seen, and names who read them |
//! | role assignments, eligible roles, containers, activity | the list of a subscription is refused whole (403) to who may not read it there | a gap of that subscription |
//! | managed identities in Resource Graph | only where the reader's own role on the subscription or above is among the assignments: Resource Graph leaves out what may not be read, and says nothing | the subscription's own list, which is refused whole |
//! | federated credentials of an identity | the list of a version that shows expressions too | a gap, whatever the code of the refusal |
//! | the creator of an assignment | never; one that is older than the person's account is not theirs | unknown |
//! | the caller of an event | never | a gap |
//! | events before 89 days | the person's account is younger, or a workspace to which the subscription sends them holds them | a gap |
//! | a success without a body, or without its list | never: it is an error of the transport | a gap |

mod activity;
mod containers;
mod eligible;
mod federated;
mod identities;
mod plain;
pub mod posture;
mod roles;
mod wire;

use std::collections::BTreeSet;

use async_trait::async_trait;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use self::wire::Subscription;
use super::lenient::Lenient;
use super::logs::live::longer::Longer;
use super::runner::Key;
use super::{Collector, Permissions, Source};
use crate::api::{Ask, Error as Failure, Paging, ReadApi};
use crate::evidence::row::normal;
use crate::evidence::{Error, Scope};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;

/// The role that each data set of this source takes, by its exact name.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("managed_identity", READER),
    ("federated_credential", READER),
    ("role_assignment", READER),
    ("role_eligibility", READER),
    ("federated_event", READER),
    ("azure_container", READER),
    ("azure_literal", READER),
];

const READER: &str = "Reader on the subscription";

/// How many resources are asked at the same time. Each of them is asked one thing after the other: the identity
/// service counts the lists per resource.
const AT_ONCE: usize = 8;

/// What an identity's list, a subscription's list and everything else depends on.
const TABLES: [&str; 7] = [
    "managed_identity",
    "federated_credential",
    "role_assignment",
    "role_eligibility",
    "federated_event",
    "azure_container",
    "azure_literal",
];

/// Azure as one run reads it.
pub struct Azure<'a> {
    /// What reads it.
    pub reader: Collector,
    /// The subscriptions that count; none: all that the caller can see.
    pub subscriptions: &'a [String],
    /// Whom it is about.
    pub people: &'a [Dossier],
    /// The object id of who reads, where their token says it.
    pub identity: Option<&'a str>,
    /// The key of the fingerprints, or why there is none: only what containers hold is a gap then.
    pub key: Result<&'a Key, String>,
    /// The workspaces that may keep what Azure forgets.
    pub longer: &'a Longer<'a>,
    /// The moment that the run judges by.
    pub now: Timestamp,
}

#[async_trait(?Send)]
impl Source for Azure<'_> {
    fn name(&self) -> &'static str {
        "Azure"
    }

    fn permissions(&self) -> Permissions {
        PERMISSIONS
    }

    async fn inventory(&self) -> Result<(), Error> {
        let azure = &self.reader;
        let subscriptions = subscriptions(azure, self.subscriptions).await?;
        let readable = roles::collect(azure, &subscriptions, self.identity).await?;
        eligible::collect(azure, &subscriptions).await?;
        let identities = identities::collect(azure, &subscriptions, &readable).await?;
        federated::collect(azure, &identities).await?;
        activity::collect(azure, &subscriptions, self.people, self.longer, self.now).await?;
        containers::collect(azure, &subscriptions, self.key.as_ref().copied().map_err(String::as_str)).await
    }
}

/// The list itself fills no table: it is covered as the part of each that says what there is to look into.
async fn subscriptions(azure: &Collector, configured: &[String]) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    azure
        .dataset(&TABLES, &scope("subscriptions"), async |api, rows| {
            let (all, ended) = list::<Subscription>(api, "/subscriptions?api-version=2022-12-01").await;
            let visible: BTreeSet<String> =
                all.iter().map(|one| normal(one.subscription_id.raw()).to_ascii_lowercase()).collect();
            ended?;
            let wanted: BTreeSet<String> = configured.iter().map(|id| normal(id).to_ascii_lowercase()).collect();
            let unseen = wanted.difference(&visible).map(|id| format!("the subscription {id} is not visible"));
            let nothing = visible.is_empty().then(|| "no subscription is visible".to_owned());
            for detail in unseen.chain(nothing) {
                TABLES.iter().for_each(|table| rows.gap(table, Cause::new(GapKind::Denied, detail.as_str())));
            }
            found = if wanted.is_empty() { visible } else { &visible & &wanted };
            Ok(())
        })
        .await?;
    Ok(found)
}

/// A scope that concerns everybody.
fn scope(what: &str) -> Scope {
    Scope { name: what.into(), person: None, needs: READER.to_owned() }
}

/// Why one of many could not be read.
fn of(what: &str, error: &Failure) -> Cause {
    let cause = error.cause();
    Cause { detail: Some(format!("{what}: {error}").into()), ..cause }
}

pub(super) fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}

/// A resource id as a path: the service sent it, so it may hold anything.
pub(super) fn path(id: &str) -> String {
    const KEPT: AsciiSet =
        NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'(').remove(b')');
    utf8_percent_encode(id, &KEPT).to_string()
}

/// What came of a list, and how it ended.
///
/// A row that cannot be read is left out, and the list then counts as not read to its end.
pub(super) async fn list<T: DeserializeOwned>(api: &ReadApi, path: &str) -> (Vec<T>, Result<(), Failure>) {
    let (mut pages, mut all, mut sent) = (api.pages(ask(path), Paging::Arm), Vec::new(), 0);
    loop {
        match pages.next::<Lenient<T>>().await {
            Ok(Some(page)) => {
                sent += page.len();
                all.extend(page.into_iter().filter_map(|row| row.0));
            }
            Ok(None) if all.len() < sent => return (all, Err(Failure::unreadable_rows())),
            Ok(None) => return (all, Ok(())),
            Err(error) => return (all, Err(error)),
        }
    }
}
