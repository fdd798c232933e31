//! What GitHub still holds of the people: memberships, tokens, secrets, keys, hooks, runners, workflows, the audit log.
//! Lists are read once for all people. It reports what it saw and what it could not see; it never judges.
//!
//! What an empty answer proves is told request by request in `requests.toml` beside this file. In short:
//!
//! - a 404 is a refusal: GitHub says "not found" to whoever may not know. Only accounts by name and repositories of our own
//!   organisations are absent by it;
//! - a wrapped list is held against its `total_count`, a bare one read until a page is not full or its links end;
//! - no branch protection rules and no deploy keys count only where `viewerCanAdminister` is true; otherwise REST is asked;
//! - the inventory over GraphQL is held against its `totalCount`, against the REST list, and its key counts against the keys;
//! - an absent `bypass_actors`, `value`, `owner`, `use_default` or `allows_public_repositories` is a gap, never "none";
//! - what an Enterprise Server has no route for is not offered, which no permission would change.

mod audit;
mod bulk;
mod code;
mod credential;
mod export;
mod names;
mod organization;
mod owners;
mod person;
mod place;
mod repository;
mod run;
mod runner;
mod secret;
mod sign_in;
mod wire;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use self::person::{Conflict, Known, identify, without_sign_in};
pub use self::sign_in::{GitHub, Means, Organization, Refused, sign_in};

use self::names::Names;
use self::place::Place;
pub(crate) use self::place::encoded;
use super::runner::Key;
use super::{Collector, Permissions, Source, not_collected};
use crate::api::Allowance;
use crate::evidence::{Error, Row, Writer};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::token::Kinds;

/// The permission that each data set takes, as GitHub itself calls it in `X-Accepted-GitHub-Permissions`.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("github_organization", "members=read"),
    ("github_account", "metadata=read"),
    ("github_trusted_repository", "metadata=read"),
    ("github_repository", "metadata=read"),
    ("github_membership", "members=read"),
    ("github_outside_collaborator", "members=read"),
    ("github_invitation", "members=read"),
    ("github_invitation", "administration=read"),
    ("github_team_membership", "members=read"),
    ("github_team_access", "members=read"),
    ("github_role", "organization_custom_org_roles=read"),
    ("github_role", "members=read"),
    ("github_access", "metadata=read"),
    ("github_token_grant", "organization_personal_access_tokens=read"),
    ("github_token_grant", "organization_personal_access_token_requests=read"),
    ("github_sso_authorization", "organization_administration=read"),
    ("github_secret", "organization_secrets=read"),
    ("github_secret", "organization_dependabot_secrets=read"),
    ("github_secret", "organization_codespaces_secrets=read"),
    ("github_secret", "organization_private_registries=read"),
    ("github_secret", "secrets=read"),
    ("github_secret", "dependabot_secrets=read"),
    // Even to read them, GitHub wants to see the permission to write.
    ("github_secret", "codespaces_secrets=write"),
    ("github_secret", "organization_agent_secrets=read"),
    ("github_secret", "agent_secrets=read"),
    ("github_secret", "environments=read"),
    ("github_variable", "organization_actions_variables=read"),
    ("github_variable", "actions_variables=read"),
    ("github_variable", "organization_agent_variables=read"),
    ("github_variable", "agent_variables=read"),
    ("github_variable", "environments=read"),
    ("github_literal", "actions_variables=read"),
    ("github_literal", "contents=read"),
    ("github_deploy_key", "administration=read"),
    ("github_hook", "organization_hooks=read"),
    ("github_hook", "repository_hooks=read"),
    ("github_app_installation", "organization_administration=read"),
    ("github_runner", "organization_self_hosted_runners=read"),
    ("github_runner", "administration=read"),
    ("github_runner_group", "organization_self_hosted_runners=read"),
    ("github_workflow", "contents=read"),
    ("github_schedule_actor", "actions=read"),
    ("github_run", "actions=read"),
    ("github_job", "actions=read"),
    ("github_event", "organization_administration=read"),
    ("github_oidc_template", "organization_administration=read"),
    ("github_oidc_template", "actions=read"),
    ("github_ruleset_bypass", "organization_administration=write"),
    ("github_ruleset_bypass", "administration=write"),
    ("github_branch_allowance", "administration=read"),
    ("github_branch_allowance", "contents=read"),
    ("github_reviewer", "actions=read"),
    ("github_code_owner", "contents=read"),
];

/// The scopes by which a classic token may read all of this.
pub const SCOPES: &[&str] = &["admin:org", "repo", "read:audit_log", "admin:org_hook", "admin:repo_hook"];

/// A quick run makes no more requests than these for the lists of an organisation, besides the inventory with a hundred
/// repositories a page and one for each repository that it points to. With ten for who asks and whose account it is, and
/// those for names, that is 60 where there are 2,000 repositories.
const QUICK_REQUESTS: u64 = 24;

/// And no more than these for the names that other systems know.
const QUICK_NAMES: u64 = 5;

/// How many repositories are read at the same time; the transport bounds the requests.
const AT_ONCE: usize = 16;

/// How much is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Depth {
    /// Every list of every repository.
    #[default]
    Full,
    /// The organisation, and the repositories that its audit log or inventory points to: can find, but never clear.
    Quick,
}

impl Depth {
    /// What reads so much: a quick run makes no more requests than it is allowed.
    fn bounded(self, reader: &Collector, allowance: &Arc<Allowance>) -> Collector {
        let api = match self {
            Depth::Full => reader.api.clone(),
            Depth::Quick => reader.api.at_most(allowance),
        };
        Collector { api, out: reader.out.clone() }
    }
}

/// What a run wants to know.
pub struct Question<'a> {
    /// Whom it is about.
    pub people: &'a [Dossier],
    /// Which accounts are theirs.
    pub accounts: Vec<Known>,
    /// The moment that the run judges by.
    pub now: Timestamp,
    /// How much is read.
    pub depth: Depth,
    /// Slug of the enterprise.
    pub enterprise: Option<&'a str>,
    /// The kinds of token.
    pub kinds: &'a Kinds,
    /// The key of the fingerprints.
    pub key: &'a Key,
    /// Exported audit logs: files and folders.
    pub exports: &'a [PathBuf],
}

impl Question<'_> {
    /// The logins that are known, each once.
    fn logins(&self) -> BTreeSet<String> {
        self.accounts.iter().flat_map(|known| known.login.iter().chain(&known.aliases).cloned()).collect()
    }

    /// Whose account this is.
    fn owner(&self, account: &wire::Account) -> Option<&Known> {
        self.accounts.iter().find(|known| known.is(account))
    }
}

/// A repository and what the bulk inventory knows of it.
#[derive(Debug, Clone)]
struct Repository {
    /// Its number, which stays when it is renamed.
    id: Option<u64>,
    name: String,
    /// How many deploy keys it has; `None`: nobody said.
    keys: Option<u64>,
    workflows: Vec<workflow::File>,
}

impl Repository {
    fn is_scheduled(&self) -> bool {
        self.workflows.iter().any(workflow::File::is_scheduled)
    }
}

/// GitHub as one run reads it.
pub struct Hub<'a> {
    /// What reads it, with what the run wants to know; or why nothing does.
    pub signed_in: Result<(GitHub, Question<'a>), Cause>,
    /// The evidence of the run.
    pub out: &'a Writer,
}

#[async_trait(?Send)]
impl Source for Hub<'_> {
    fn name(&self) -> &'static str {
        "GitHub"
    }

    fn permissions(&self) -> Permissions {
        PERMISSIONS
    }

    async fn inventory(&self) -> Result<(), Error> {
        match &self.signed_in {
            Ok((github, question)) => collect(github, question).await,
            Err(why) => not_collected(self.out, self.name(), PERMISSIONS, why).await,
        }
    }

    /// The accounts and repositories that federated credentials and tokens name.
    async fn follow_up(&self) -> Result<(), Error> {
        if let Ok((github, question)) = &self.signed_in {
            names::collect(github, &Names::of(self.out)?, question.depth).await?;
        }
        owners::token_owners(self.out).await
    }
}

async fn collect(github: &GitHub, question: &Question<'_>) -> Result<(), Error> {
    for organization in &github.organizations {
        let repositories = bulk::collect(&Place::of(organization), question).await?;
        let reader = question.depth.bounded(&organization.github, &Allowance::of(QUICK_REQUESTS));
        let place = Place { github: &reader, ..Place::of(organization) };
        // What tells most of a person first: a quick run may not come to the end.
        let events = audit::collect(&place, organization, question, &repositories).await?;
        credential::collect(&place, organization, question).await?;
        organization::collect(&place, organization, question).await?;
        secret::of_organization(&place, question).await?;
        repository::collect(&Place::of(organization), question, repositories, &events).await?;
    }
    runner::enterprise(github, question).await
}

/// Nobody is signed in to GitHub.
pub fn no_sign_in() -> Cause {
    Cause::new(GapKind::NotConfigured, "no sign-in to GitHub")
        .needing("GH_TOKEN in the environment, or [github] app-id and private-key-file in leaver.toml")
}

/// `contents:write members:read`
fn permissions(granted: &BTreeMap<String, crate::text::Untrusted>) -> crate::text::Untrusted {
    granted.iter().map(|(name, level)| format!("{name}:{}", level.raw())).collect::<Vec<_>>().join(" ").into()
}

/// What quick reading leaves out.
fn skipped() -> Cause {
    Cause::new(GapKind::NotCollected, "left out by --depth quick").needing("run again with --depth full")
}

/// The name of the table of a row.
const fn table<R: Row>() -> &'static str {
    R::TABLE
}
