//! What GitHub sends, as far as it is kept. Everything may be absent: absent is "not known".

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::source::entra::wire::time;
use crate::text::Untrusted;

/// A number that identifies something, as evidence writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Number(pub(super) u64);

impl From<Number> for Untrusted {
    fn from(number: Number) -> Untrusted {
        number.0.to_string().into()
    }
}

/// A user, an organisation or a bot.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Account {
    pub(super) login: Option<Untrusted>,
    #[serde(alias = "databaseId")]
    pub(super) id: Option<Number>,
    #[serde(rename = "type", alias = "__typename")]
    pub(super) kind: Option<Untrusted>,
    #[serde(deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
}

impl Account {
    pub(super) fn number(&self) -> Option<Untrusted> {
        self.id.map(Untrusted::from)
    }
}

/// The organisation itself.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Organization {
    pub(super) id: Number,
    pub(super) login: Untrusted,
    pub(super) plan: Option<Plan>,
    pub(super) default_repository_permission: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Plan {
    pub(super) name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Repository {
    pub(super) id: Number,
    pub(super) name: Untrusted,
    pub(super) owner: Option<Account>,
    pub(super) visibility: Option<Untrusted>,
    pub(super) archived: Option<bool>,
    pub(super) default_branch: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) pushed_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Membership {
    pub(super) state: Option<Untrusted>,
    pub(super) role: Option<Untrusted>,
    pub(super) direct_membership: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Team {
    pub(super) id: Option<Number>,
    pub(super) slug: Untrusted,
    pub(super) name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TeamMember {
    #[serde(flatten)]
    pub(super) account: Account,
    pub(super) role: Option<Untrusted>,
    pub(super) inherited: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct TeamRepository {
    pub(super) name: Untrusted,
    pub(super) role_name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Role {
    pub(super) id: Number,
    pub(super) name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RoleHolder {
    #[serde(flatten)]
    pub(super) account: Account,
    pub(super) assignment: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Collaborator {
    #[serde(flatten)]
    pub(super) account: Account,
    pub(super) role_name: Option<Untrusted>,
}

/// An invitation into the organisation (`login`, `role`) or to a repository (`invitee`, `permissions`).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Invitation {
    pub(super) id: Number,
    pub(super) login: Option<Untrusted>,
    pub(super) email: Option<Untrusted>,
    pub(super) role: Option<Untrusted>,
    pub(super) invitee: Option<Account>,
    pub(super) permissions: Option<Untrusted>,
    pub(super) inviter: Option<Account>,
    pub(super) expired: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
}

/// A fine-grained personal token, let in or asking to be.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct TokenGrant {
    pub(super) id: Number,
    pub(super) owner: Option<Account>,
    pub(super) repository_selection: Option<Untrusted>,
    pub(super) permissions: Option<BTreeMap<String, BTreeMap<String, Untrusted>>>,
    #[serde(default, alias = "created_at", deserialize_with = "time")]
    pub(super) access_granted_at: Option<Timestamp>,
    pub(super) token_id: Option<Number>,
    pub(super) token_name: Option<Untrusted>,
    pub(super) token_expired: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    pub(super) token_expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) token_last_used_at: Option<Timestamp>,
}

/// A credential that single sign-on lets in. The end of its value is sent as well and not kept.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Authorization {
    pub(super) login: Option<Untrusted>,
    pub(super) credential_id: Number,
    pub(super) credential_type: Untrusted,
    pub(super) scopes: Option<Vec<Untrusted>>,
    pub(super) fingerprint: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) credential_authorized_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) credential_accessed_at: Option<Timestamp>,
    pub(super) authorized_credential_title: Option<Untrusted>,
    pub(super) authorized_credential_note: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) authorized_credential_expires_at: Option<Timestamp>,
}

/// A secret or a variable.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Setting {
    pub(super) name: Untrusted,
    #[serde(default, deserialize_with = "value")]
    pub(super) value: Option<Untrusted>,
    pub(super) visibility: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) updated_at: Option<Timestamp>,
}

/// GitHub sends a value that looks like a truth value or a number as one.
fn value<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Untrusted>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Null => None,
        Value::String(text) => Some(text.into()),
        other => Some(other.to_string().into()),
    })
}

/// Only its name.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Named {
    pub(super) name: Untrusted,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct DeployKey {
    pub(super) id: Number,
    pub(super) key: Option<Untrusted>,
    pub(super) title: Option<Untrusted>,
    pub(super) added_by: Option<Untrusted>,
    pub(super) read_only: Option<bool>,
    pub(super) enabled: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) last_used: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Hook {
    pub(super) id: Number,
    pub(super) events: Option<Vec<Untrusted>>,
    pub(super) active: Option<bool>,
    pub(super) config: Option<HookConfig>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) updated_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct HookConfig {
    pub(super) url: Option<Untrusted>,
    /// `"0"` or `0`; anything else: certificates are not checked.
    pub(super) insecure_ssl: Option<Value>,
    /// Stars.
    pub(super) secret: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Installation {
    pub(super) id: Number,
    pub(super) account: Option<Account>,
    pub(super) app_id: Option<Number>,
    pub(super) app_slug: Option<Untrusted>,
    pub(super) repository_selection: Option<Untrusted>,
    pub(super) permissions: Option<BTreeMap<String, Untrusted>>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) updated_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) suspended_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct App {
    pub(super) owner: Option<Account>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Runner {
    pub(super) id: Number,
    pub(super) name: Option<Untrusted>,
    pub(super) os: Option<Untrusted>,
    pub(super) status: Option<Untrusted>,
    pub(super) busy: Option<bool>,
    pub(super) labels: Option<Vec<Named>>,
    pub(super) ephemeral: Option<bool>,
    pub(super) runner_group_id: Option<Number>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct RunnerGroup {
    pub(super) id: Number,
    pub(super) name: Option<Untrusted>,
    pub(super) visibility: Option<Untrusted>,
    pub(super) allows_public_repositories: Option<bool>,
    pub(super) inherited: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ruleset {
    pub(super) id: Number,
    pub(super) name: Option<Untrusted>,
    /// Absent: the caller may not see it. That is not an empty list.
    pub(super) bypass_actors: Option<Vec<BypassActor>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct BypassActor {
    pub(super) actor_id: Option<Number>,
    pub(super) actor_type: Option<Untrusted>,
    pub(super) bypass_mode: Option<Untrusted>,
}

/// Tells a field that is null from one that is absent.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct OidcTemplate {
    pub(super) use_default: Option<bool>,
    /// Absent where the template of the organisation counts.
    #[serde(default, deserialize_with = "present")]
    pub(super) include_claim_keys: Option<Option<Vec<Untrusted>>>,
    pub(super) use_immutable_subject: Option<bool>,
    pub(super) sub_claim_prefix: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Environment {
    pub(super) name: Untrusted,
    pub(super) protection_rules: Option<Vec<ProtectionRule>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct ProtectionRule {
    #[serde(rename = "type")]
    pub(super) kind: Option<Untrusted>,
    pub(super) reviewers: Option<Vec<Reviewer>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reviewer {
    #[serde(rename = "type")]
    pub(super) kind: Option<Untrusted>,
    pub(super) reviewer: Option<Account>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    pub(super) id: Number,
    pub(super) path: Option<Untrusted>,
    pub(super) event: Option<Untrusted>,
    pub(super) status: Option<Untrusted>,
    pub(super) conclusion: Option<Untrusted>,
    pub(super) workflow_id: Option<Number>,
    pub(super) actor: Option<Account>,
    pub(super) triggering_actor: Option<Account>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
}

/// The first of the runs.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Runs {
    pub(super) workflow_runs: Vec<Run>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Job {
    pub(super) id: Number,
    pub(super) runner_id: Option<Number>,
    pub(super) runner_name: Option<Untrusted>,
    pub(super) runner_group_id: Option<Number>,
    #[serde(default, deserialize_with = "time")]
    pub(super) started_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Workflow {
    pub(super) state: Option<Untrusted>,
}

/// An event of the audit log. Every field may be absent; times are milliseconds.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    #[serde(rename = "_document_id")]
    pub(super) document_id: Option<Untrusted>,
    #[serde(rename = "@timestamp")]
    pub(super) timestamp: Option<i64>,
    pub(super) created_at: Option<i64>,
    pub(super) action: Option<Untrusted>,
    pub(super) actor: Option<Untrusted>,
    #[serde(deserialize_with = "value")]
    pub(super) actor_id: Option<Untrusted>,
    pub(super) actor_is_bot: Option<bool>,
    pub(super) user: Option<Untrusted>,
    #[serde(deserialize_with = "value")]
    pub(super) user_id: Option<Untrusted>,
    pub(super) repo: Option<Untrusted>,
    pub(super) environment_name: Option<Untrusted>,
    pub(super) integration: Option<Untrusted>,
    pub(super) permission: Option<Untrusted>,
    #[serde(deserialize_with = "value")]
    pub(super) token_id: Option<Untrusted>,
    pub(super) user_programmatic_access_name: Option<Untrusted>,
    /// What differs from event to event.
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

impl Event {
    pub(super) fn at(&self) -> Option<Timestamp> {
        Timestamp::from_millisecond(self.created_at.or(self.timestamp)?).ok()
    }

    /// The first of these fields that is there, as text.
    pub(super) fn first(&self, names: &[&str]) -> Option<Untrusted> {
        names.iter().find_map(|name| match self.rest.get(*name)? {
            Value::String(text) if !text.is_empty() => Some(text.as_str().into()),
            Value::Number(number) => Some(number.to_string().into()),
            _ => None,
        })
    }
}
