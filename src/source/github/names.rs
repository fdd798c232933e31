//! The accounts and repositories that other systems name: whether they are still there, and still the same.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use super::place::{cause, encoded, one};
use super::{AT_ONCE, GitHub, wire};
use crate::api::ReadApi;
use crate::evidence::row::github::{Account, TrustedRepository};
use crate::evidence::{Error, Scope};
use crate::subject::login;

/// What is named elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Logins of accounts and organisations.
    pub accounts: BTreeSet<String>,
    /// Owners and names of repositories.
    pub repositories: BTreeSet<(String, String)>,
}

/// Asks for everything that is named; what cannot be a name is left out.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub async fn names(github: &GitHub, names: &Names) -> Result<(), Error> {
    let Some(first) = github.organizations.first() else { return Ok(()) };
    let scope = |what: &str| Scope { name: what.into(), person: None, needs: "metadata=read".to_owned() };
    first
        .github
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
    first
        .github
        .dataset(&["github_trusted_repository"], &scope("repositories that are trusted"), async |_, rows| {
            let asked = names.repositories.iter().filter(|(owner, _)| login::is_possible(owner));
            let answers = stream::iter(asked)
                .map(|(owner, name)| {
                    let organization = github.organizations.iter().find(|one| one.name.eq_ignore_ascii_case(owner));
                    let api = organization.unwrap_or(first).github.api.counting(rows.tally());
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
