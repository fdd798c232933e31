//! User-assigned managed identities: through Resource Graph in one query, or subscription by subscription where that
//! is refused or would silently leave out what the caller may not read.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::json;

use super::wire::{Found, Identity};
use super::{AT_ONCE, ask, list, of, path, scope};
use crate::api::{Error as Failure, ReadApi, ReadPost};
use crate::evidence::row::ManagedIdentity;
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::source::lenient::lost;
use crate::text::Untrusted;

/// The tables that are incomplete when an identity is missing.
const TABLES: [&str; 2] = ["managed_identity", "federated_credential"];

const QUERY: &str = "resources | where type =~ 'microsoft.managedidentity/userassignedidentities' \
                     | project id, name, properties | order by id asc";

/// The most rows of a page, and the most subscriptions of a query.
const MOST: usize = 1000;

/// Names by resource id, lower case.
pub(super) type Names = BTreeMap<String, Option<Untrusted>>;

/// Reads the identities. `readable` are subscriptions on which the caller is seen to be a reader: of others Resource Graph
/// would leave identities out and say nothing, so they are asked one by one.
pub(super) async fn collect(
    azure: &Collector,
    subscriptions: &BTreeSet<String>,
    readable: &BTreeSet<String>,
) -> Result<Names, Error> {
    let mut names = Names::new();
    azure
        .dataset(&TABLES, &scope("managed identities"), async |api, rows| {
            let mut singly: Vec<&String> = subscriptions.difference(readable).collect();
            let readable: Vec<&String> = readable.iter().collect();
            let (found, ended) = query(api, &readable).await;
            keep(rows, &mut names, found)?;
            if ended.is_err() {
                singly.extend(readable);
            }
            let lists = stream::iter(singly).map(async |subscription| (subscription, one(api, subscription).await));
            let lists: Vec<_> = lists.buffered(AT_ONCE).collect().await;
            for (subscription, (found, ended)) in lists {
                keep(rows, &mut names, found)?;
                if let Err(error) = ended {
                    let cause = of(&format!("subscription {subscription}"), &error);
                    TABLES.iter().for_each(|table| rows.gap(table, cause.clone()));
                }
            }
            Ok(())
        })
        .await?;
    Ok(names)
}

async fn one(api: &ReadApi, subscription: &str) -> (Vec<Identity>, Result<(), Failure>) {
    let provider = "providers/Microsoft.ManagedIdentity/userAssignedIdentities?api-version=2024-11-30";
    list(api, &format!("/subscriptions/{}/{provider}", path(subscription))).await
}

/// All pages of the query; an error also when they do not add up to what was announced.
async fn query(api: &ReadApi, subscriptions: &[&String]) -> (Vec<Identity>, Result<(), Cause>) {
    let mut all = Vec::new();
    for chunk in subscriptions.chunks(MOST) {
        if let Err(cause) = pages(api, chunk, &mut all).await {
            return (all, Err(cause));
        }
    }
    (all, Ok(()))
}

async fn pages(api: &ReadApi, subscriptions: &[&String], all: &mut Vec<Identity>) -> Result<(), Cause> {
    let resources = ask("/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01");
    let (mut token, mut seen): (Option<String>, u64) = (None, 0);
    loop {
        let mut options = json!({ "$top": MOST, "resultFormat": "objectArray" });
        if let Some(token) = &token {
            options["$skipToken"] = json!(token);
        }
        let body = json!({ "subscriptions": subscriptions, "query": QUERY, "options": options });
        let answer = api.post(ReadPost::ResourceGraph, &resources, &body).await.map_err(|error| error.cause())?;
        let page: Found = answer.json().map_err(|error| error.cause())?;
        seen += page.data.len() as u64;
        let unreadable = page.data.iter().filter(|row| row.0.is_none()).count();
        all.extend(page.data.into_iter().filter_map(|row| row.0));
        if unreadable > 0 {
            return Err(lost(unreadable));
        }
        match page.skip_token.filter(|next| !next.is_empty()) {
            Some(next) if token.as_ref() == Some(&next) => return Err(cut("Resource Graph repeats a page")),
            Some(next) => token = Some(next),
            None if page.result_truncated.as_deref() == Some("false") && seen >= page.total_records => return Ok(()),
            None => return Err(cut("Resource Graph returned a part and no way to the rest")),
        }
    }
}

fn cut(what: &str) -> Cause {
    Cause::new(GapKind::Truncated, what)
}

fn keep(rows: &mut Rows, names: &mut Names, found: Vec<Identity>) -> Result<(), Error> {
    for identity in found {
        let id = identity.id.raw().to_ascii_lowercase();
        if names.insert(id.clone(), identity.name.clone()).is_some() {
            continue;
        }
        let (principal, client_id) =
            identity.properties.map_or((None, None), |properties| (properties.principal_id, properties.client_id));
        if principal.is_none() {
            rows.gap("managed_identity", cut("an identity came back without its principal"));
        }
        let subscription = id.split('/').nth(2).map(Untrusted::from);
        rows.insert(&ManagedIdentity { id: id.into(), name: identity.name, subscription, principal, client_id })?;
    }
    Ok(())
}
