//! What has no list for the whole organisation: every repository is asked for it, several at a time.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use futures_util::{TryStreamExt, stream};
use sha2::{Digest, Sha256};
use url::Url;

use super::audit::Events;
use super::organization::{invitation, note, oidc};
use super::place::{List, Place, each, one, refused};
use super::runner::runners;
use super::{AT_ONCE, Depth, Question, Repository, run, secret, skipped, wire};
use crate::api::Paging;
use crate::evidence::row::github::{Access, DeployKey, Hook, Reviewer, RulesetBypass};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

const ADMINISTRATION: &str = "administration=read";

/// What only the repositories themselves tell.
const LEFT_OUT: [&str; 9] = [
    "github_access",
    "github_invitation",
    "github_secret",
    "github_variable",
    "github_literal",
    "github_oidc_template",
    "github_ruleset_bypass",
    "github_reviewer",
    "github_hook",
];

pub(super) async fn collect(
    place: &Place<'_>,
    question: &Question<'_>,
    repositories: Vec<Repository>,
    events: &Events,
) -> Result<(), Error> {
    if question.depth == Depth::Quick {
        place.left_out(&LEFT_OUT, "repositories", skipped()).await?;
        place.left_out(&["github_runner", "github_deploy_key"], "repositories", skipped()).await?;
    }
    let asked = run::whom(place, question, events).await?;
    stream::iter(repositories.iter().map(Ok::<_, Error>))
        .try_for_each_concurrent(AT_ONCE, async |repository| {
            let place = place.repository(&repository.name);
            match question.depth {
                Depth::Full => everything(&place, question, repository).await?,
                Depth::Quick => pointed_to(&place, repository, events).await?,
            }
            run::collect(&place, question, repository, events, &asked).await
        })
        .await
}

async fn everything(place: &Place<'_>, question: &Question<'_>, repository: &Repository) -> Result<(), Error> {
    access(place).await?;
    invitations(place).await?;
    if repository.keys == Some(0) {
        // The bulk inventory has counted them.
        place
            .github
            .dataset(&["github_deploy_key"], &place.scope("deploy keys", ADMINISTRATION), async |_, _| Ok(()))
            .await?;
    } else {
        keys(place, repository.keys).await?;
    }
    hooks(place, "repository_hooks=read").await?;
    runners(place, ADMINISTRATION).await?;
    secret::of_repository(place, question).await?;
    for environment in environments(place).await? {
        secret::of_environment(place, question, &environment).await?;
    }
    oidc(place, "actions=read").await?;
    rulesets(place, "administration=write").await
}

/// At most one list: the one that the inventory or the person's own events say is worth it.
async fn pointed_to(place: &Place<'_>, repository: &Repository, events: &Events) -> Result<(), Error> {
    let touched = |category: &str| events.touched(&repository.name, category);
    match () {
        // Its one question is as whom it runs.
        () if repository.is_scheduled() => Ok(()),
        () if touched("hook.") => hooks(place, "repository_hooks=read").await,
        () if touched("repo.register_self_hosted_runner") => runners(place, ADMINISTRATION).await,
        () if repository.keys.is_some_and(|keys| keys > 0) || touched("public_key.") => {
            keys(place, repository.keys).await
        }
        () => Ok(()),
    }
}

async fn access(place: &Place<'_>) -> Result<(), Error> {
    let list = List {
        what: "direct access",
        path: "collaborators?affiliation=direct&per_page=100",
        paging: Paging::Array,
        needs: "metadata=read",
    };
    let keep = |rows: &mut Rows, found: wire::Collaborator| {
        rows.insert(&Access {
            organization: place.organization(),
            repository: place.repository.unwrap_or_default().into(),
            user_id: found.account.number(),
            login: found.account.login,
            role: found.role_name,
        })
    };
    place.list(&["github_access"], &list, keep).await.map(drop)
}

async fn invitations(place: &Place<'_>) -> Result<(), Error> {
    let path = "invitations?per_page=100";
    let list = List { what: "invitations", path, paging: Paging::Array, needs: ADMINISTRATION };
    let keep = |rows: &mut Rows, found: wire::Invitation| rows.insert(&invitation(place, found, "pending"));
    place.list(&["github_invitation"], &list, keep).await.map(drop)
}

/// The list is held against the number that the inventory tells.
async fn keys(place: &Place<'_>, counted: Option<u64>) -> Result<(), Error> {
    const TABLE: &str = "github_deploy_key";
    let mut came = 0;
    place
        .github
        .dataset(&[TABLE], &place.scope("deploy keys", ADMINISTRATION), async |api, rows| {
            each(api, &place.path("keys?per_page=100"), Paging::Array, |found: wire::DeployKey| {
                came += 1;
                Ok(rows.insert(&key(place, found))?)
            })
            .await?;
            if counted.is_some_and(|counted| came < counted) {
                let what = "the inventory counts more deploy keys than the list has";
                rows.gap(TABLE, Cause::new(GapKind::Truncated, what));
            }
            Ok(())
        })
        .await
        .map(drop)
}

fn key(place: &Place<'_>, key: wire::DeployKey) -> DeployKey {
    DeployKey {
        id: place.id(&format!("key/{}", key.id.0)),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        title: key.title,
        fingerprint: key.key.as_ref().and_then(|key| fingerprint(key.raw())),
        added_by: key.added_by,
        read_only: key.read_only,
        enabled: key.enabled,
        created_at: key.created_at,
        last_used_at: key.last_used,
    }
}

/// As `ssh-keygen -l` writes it.
fn fingerprint(key: &str) -> Option<Untrusted> {
    let blob = STANDARD.decode(key.split_whitespace().nth(1)?).ok()?;
    Some(format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(blob))).into())
}

pub(super) async fn hooks(place: &Place<'_>, needs: &str) -> Result<(), Error> {
    let list = List { what: "webhooks", path: "hooks?per_page=100", paging: Paging::Array, needs };
    place.list(&["github_hook"], &list, |rows: &mut Rows, found| rows.insert(&hook(place, found))).await.map(drop)
}

fn hook(place: &Place<'_>, hook: wire::Hook) -> Hook {
    let events = |events: Vec<Untrusted>| events.iter().map(Untrusted::raw).collect::<Vec<_>>().join(" ");
    let config = hook.config.as_ref();
    let insecure = config.and_then(|config| config.insecure_ssl.as_ref());
    Hook {
        id: place.id(&format!("hook/{}", hook.id.0)),
        organization: place.organization(),
        repository: place.repository_name(),
        hook_id: hook.id.into(),
        target: config.and_then(|config| target(config.url.as_ref()?.raw())),
        events: hook.events.map(|all| events(all).into()),
        active: hook.active,
        signed: config.map(|config| config.secret.as_ref().is_some_and(|secret| !secret.raw().is_empty())),
        verified: insecure.map(|value| matches!(value.as_str(), Some("0")) || value.as_u64() == Some(0)),
        created_at: hook.created_at,
        updated_at: hook.updated_at,
    }
}

/// Scheme, host and port: the rest of the address of a hook is often its password.
fn target(url: &str) -> Option<Untrusted> {
    let url = Url::parse(url).ok()?;
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    Some(format!("{}://{}{port}", url.scheme(), url.host_str()?).into())
}

/// Who may bypass each ruleset. Only those who may change a ruleset are told.
pub(super) async fn rulesets(place: &Place<'_>, needs: &str) -> Result<(), Error> {
    const TABLE: &str = "github_ruleset_bypass";
    place
        .github
        .dataset(&[TABLE], &place.scope("rulesets", needs), async |api, rows| {
            // A repository's list would hold those of its organisation too.
            let own = if place.repository.is_some() { "&includes_parents=false" } else { "" };
            let (mut found, list) = (Vec::new(), place.path(&format!("rulesets?per_page=100{own}")));
            let ended = each(api, &list, Paging::Array, |ruleset: wire::Ruleset| {
                found.push(ruleset.id.0);
                Ok(())
            })
            .await;
            for id in found {
                let read: Result<wire::Ruleset, Stop> =
                    one(api, &place.path(&format!("rulesets/{id}"))).await.map_err(|error| refused(&error));
                let read = read.and_then(|ruleset| bypasses(rows, place, needs, ruleset));
                note(rows, TABLE, &format!("ruleset {id}"), read)?;
            }
            ended
        })
        .await
        .map(drop)
}

fn bypasses(rows: &mut Rows, place: &Place<'_>, needs: &str, ruleset: wire::Ruleset) -> Result<(), Stop> {
    let Some(actors) = ruleset.bypass_actors else {
        return Err(Cause::new(GapKind::Denied, "it came without its bypass actors").needing(needs).into());
    };
    for actor in actors {
        rows.insert(&RulesetBypass {
            id: place.id(&format!("ruleset/{}", ruleset.id.0)),
            organization: place.organization(),
            repository: place.repository_name(),
            ruleset: ruleset.name.clone(),
            actor_id: actor.actor_id.map(Untrusted::from),
            actor_kind: actor.actor_type,
            mode: actor.bypass_mode,
        })?;
    }
    Ok(())
}

/// The reviewers of all environments, and their names: secrets of environments are listed one by one.
async fn environments(place: &Place<'_>) -> Result<Vec<String>, Error> {
    const TABLES: [&str; 4] = ["github_reviewer", "github_secret", "github_variable", "github_literal"];
    let mut names = Vec::new();
    let list = List {
        what: "environments",
        path: "environments?per_page=100",
        paging: Paging::Items("environments"),
        needs: "actions=read",
    };
    // Whose list is cut hides secrets as well.
    place
        .list(&TABLES, &list, |rows: &mut Rows, environment: wire::Environment| {
            names.push(environment.name.raw().to_owned());
            if environment.protection_rules.iter().flatten().any(is_unclear) {
                let what = "a reviewer came without saying who it is";
                rows.gap("github_reviewer", Cause::new(GapKind::Truncated, what));
            }
            reviewers(place, environment).iter().try_for_each(|reviewer| rows.insert(reviewer))
        })
        .await?;
    Ok(names)
}

/// Whether a rule does not say what it is, or names a reviewer of no known kind.
fn is_unclear(rule: &wire::ProtectionRule) -> bool {
    let text = |word: &Option<Untrusted>| word.as_ref().map_or("", Untrusted::raw).to_owned();
    let reviewers = rule.reviewers.iter().flatten();
    let is_required = text(&rule.kind) == "required_reviewers";
    text(&rule.kind).is_empty()
        || (is_required && rule.reviewers.is_none())
        || reviewers.into_iter().any(|one| match text(&one.kind).as_str() {
            "User" => one.reviewer.is_none(),
            "Team" => false,
            _ => true,
        })
}

fn reviewers(place: &Place<'_>, environment: wire::Environment) -> Vec<Reviewer> {
    let rules = environment.protection_rules.into_iter().flatten();
    let all: Vec<wire::Reviewer> = rules
        .filter(|rule| rule.kind.as_ref().is_some_and(|kind| kind.raw() == "required_reviewers"))
        .flat_map(|rule| rule.reviewers.into_iter().flatten())
        .collect();
    let others = i64::try_from(all.len()).ok().map(|all| all - 1);
    let users = all.into_iter().filter(|one| one.kind.as_ref().is_some_and(|kind| kind.raw() == "User"));
    let row = |account: wire::Account| Reviewer {
        id: place.id(&format!("environment/{}", environment.name.raw())),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        environment: environment.name.clone(),
        user_id: account.number(),
        login: account.login,
        others,
    };
    users.filter_map(|one| one.reviewer).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_hook_is_kept() {
        let of = |url: &str| target(url).map(|target| target.raw().to_owned());
        assert_eq!(
            of("https://u:CANARY@hooks.example:8443/CANARY?x=CANARY").as_deref(),
            Some("https://hooks.example:8443")
        );
        assert_eq!(of("nonsense"), None);
    }

    #[test]
    fn a_key_has_the_fingerprint_that_its_owner_knows() {
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f comment";
        assert!(fingerprint(key).unwrap().raw().starts_with("SHA256:"));
        assert_eq!(fingerprint("ssh-rsa AAA..."), None);
        assert_eq!(fingerprint(""), None);
    }
}
