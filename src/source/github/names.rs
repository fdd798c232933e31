//! The accounts and repositories that other systems name: whether they are still there, and still the same.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};

use super::place::{cause, encoded, one};
use super::{AT_ONCE, Depth, GitHub, QUICK_NAMES, wire};
use crate::api::{Allowance, ReadApi};
use crate::evidence::row::github::{Account, TrustedRepository};
use crate::evidence::{Error, Scope, Writer};
use crate::source::owners;
use crate::subject::login;
use crate::text::Untrusted;

/// What is named elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Names {
    /// Logins of accounts and organisations.
    accounts: BTreeSet<String>,
    /// Owners and names of repositories.
    repositories: BTreeSet<(String, String)>,
}

impl Names {
    /// Whom federated credentials trust, and to whom tokens belong, as the evidence has them by now.
    pub(super) fn of(out: &Writer) -> Result<Names, Error> {
        let trusted = out.pairs(
            "SELECT DISTINCT owner, repository FROM federated_credential WHERE issuer_kind = 'github' AND owner IS NOT NULL
             ORDER BY owner, repository",
        )?;
        let mut names = Names::default();
        for (owner, repository) in trusted {
            let plain = repository.filter(|name| !name.contains(['*', '?']));
            names.repositories.extend(plain.map(|name| (owner.clone(), name)));
            names.accounts.insert(owner);
        }
        let owners = owners::named(out)?.into_iter().filter(|owner| owner.kind == "github");
        names.accounts.extend(owners.filter_map(|owner| owner.name));
        Ok(names)
    }
}

/// Asks for everything that is named; what cannot be a name is left out, and what the inventory has is not asked again.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub(super) async fn collect(github: &GitHub, names: &Names, depth: Depth) -> Result<(), Error> {
    let Some(first) = github.organizations.first() else { return Ok(()) };
    let scope = |what: &str| Scope { name: what.into(), person: None, needs: "metadata=read".to_owned() };
    let allowance = Allowance::of(QUICK_NAMES);
    let reader = depth.bounded(&first.github, &allowance);
    reader
        .dataset(&["github_account"], &scope("accounts that are named elsewhere"), async |api, rows| {
            let asked = names.accounts.iter().filter(|name| login::is_possible(name));
            let answers =
                stream::iter(asked).map(|name| account(api, name)).buffered(AT_ONCE).collect::<Vec<_>>().await;
            for (row, gap) in answers {
                rows.insert(&row)?;
                gap.into_iter().for_each(|gap| rows.gap("github_account", gap));
            }
            Ok(())
        })
        .await?;
    let inventory = inventory(github)?;
    reader
        .dataset(&["github_trusted_repository"], &scope("repositories that are trusted"), async |_, rows| {
            let possible = names.repositories.iter().filter(|(owner, _)| login::is_possible(owner));
            let (known, asked): (Vec<_>, Vec<_>) =
                possible.partition(|(owner, name)| inventory.contains_key(&key(owner, name)));
            for (owner, name) in known {
                let found = inventory.get(&key(owner, name)).cloned().unwrap_or_default();
                rows.insert(&TrustedRepository {
                    asked_owner: owner.as_str().into(),
                    asked_name: name.as_str().into(),
                    ..found
                })?;
            }
            let answers = stream::iter(asked)
                .map(|(owner, name)| {
                    let organization = github.organizations.iter().find(|one| one.name.eq_ignore_ascii_case(owner));
                    // Each organisation is asked as whoever may read it.
                    let reader = depth.bounded(&organization.unwrap_or(first).github, &allowance);
                    let api = reader.api.counting(rows.tally());
                    async move { repository(&api, owner, name, organization.is_some()).await }
                })
                .buffered(AT_ONCE)
                .collect::<Vec<_>>()
                .await;
            for (row, gap) in answers {
                rows.insert(&row)?;
                gap.into_iter().for_each(|gap| rows.gap("github_trusted_repository", gap));
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// `contoso/web`
fn key(owner: &str, name: &str) -> String {
    format!("{owner}/{name}").to_lowercase()
}

/// The repositories that were listed: what is in a list is there, under that name and number.
fn inventory(github: &GitHub) -> Result<BTreeMap<String, TrustedRepository>, Error> {
    let mut all = BTreeMap::new();
    let Some(first) = github.organizations.first() else { return Ok(all) };
    for (full, id) in first.github.out.pairs("SELECT organization || '/' || repository, id FROM github_repository")? {
        let Some((owner, name)) = full.split_once('/') else { continue };
        let organization = github.organizations.iter().find(|one| one.name == owner);
        let row = TrustedRepository {
            state: Some("present".into()),
            owner: Some(owner.into()),
            owner_id: organization.map(|one| one.id.into()),
            repository: Some(name.into()),
            repository_id: id.filter(|id| !id.is_empty()).map(Untrusted::from),
            ..TrustedRepository::default()
        };
        all.insert(key(owner, name), row);
    }
    Ok(all)
}

async fn account(api: &ReadApi, name: &str) -> (Account, Option<crate::model::Cause>) {
    let row = Account { asked: name.into(), ..Account::default() };
    match one::<wire::Account>(api, &format!("/users/{}", encoded(name))).await {
        Ok(found) => {
            let (user_id, state) = (found.number(), Some("present".into()));
            (
                Account { state, user_id, login: found.login, kind: found.kind, created_at: found.created_at, ..row },
                None,
            )
        }
        Err(error) if error.is_not_found() => (Account { state: Some("absent".into()), ..row }, None),
        Err(error) => (row, Some(cause(&error))),
    }
}

/// A repository that moved answers under its old name with the new one.
async fn repository(
    api: &ReadApi,
    owner: &str,
    name: &str,
    ours: bool,
) -> (TrustedRepository, Option<crate::model::Cause>) {
    let row = TrustedRepository { asked_owner: owner.into(), asked_name: name.into(), ..TrustedRepository::default() };
    match one::<wire::Repository>(api, &format!("/repos/{}/{}", encoded(owner), encoded(name))).await {
        Ok(found) => {
            let now = found.owner.clone().unwrap_or_default();
            let same = now.login.as_ref().is_some_and(|login| login.raw().eq_ignore_ascii_case(owner))
                && found.name.raw().eq_ignore_ascii_case(name);
            let state = Some(if same { "present" } else { "moved" }.into());
            let (owner_id, repository_id) = (now.number(), Some(found.id.into()));
            (
                TrustedRepository {
                    state,
                    owner: now.login,
                    owner_id,
                    repository: Some(found.name),
                    repository_id,
                    ..row
                },
                None,
            )
        }
        // In an organisation of ours all repositories can be seen; elsewhere it may be private.
        Err(error) if error.is_not_found() => (TrustedRepository { state: ours.then(|| "absent".into()), ..row }, None),
        Err(error) => (row, Some(cause(&error))),
    }
}
