//! What Azure DevOps sends, as far as it is kept. Everything may be absent: absent is "not known".

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::text::Untrusted;

/// A number or a text that identifies something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(pub(super) String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Id, D::Error> {
        match Value::deserialize(from)? {
            Value::Number(number) => Ok(Id(number.to_string())),
            Value::String(text) if !text.trim().is_empty() => Ok(Id(text)),
            _ => Err(serde::de::Error::custom("no id")),
        }
    }
}

impl From<Id> for Untrusted {
    fn from(id: Id) -> Untrusted {
        id.0.into()
    }
}

/// A time, some of which come without a zone. The year one stands for never.
fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<Value>::deserialize(from)?.and_then(|value| value.as_str().map(str::to_owned)) else {
        return Ok(None);
    };
    let in_utc = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    let at = text.parse().ok().or_else(in_utc);
    Ok(at.filter(|at: &Timestamp| at.as_second() > -62_000_000_000))
}

/// An account, as things name who made or changed them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Who {
    pub(super) id: Option<Untrusted>,
    pub(super) descriptor: Option<Untrusted>,
    pub(super) unique_name: Option<Untrusted>,
    pub(super) display_name: Option<Untrusted>,
    pub(super) is_container: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConnectionData {
    pub(super) authenticated_user: Option<Reader>,
    pub(super) instance_id: Option<Untrusted>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Reader {
    pub(super) subject_descriptor: Option<Untrusted>,
    pub(super) provider_display_name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    pub(super) descriptor: Untrusted,
    pub(super) origin: Option<Untrusted>,
    pub(super) origin_id: Option<Untrusted>,
    pub(super) principal_name: Option<Untrusted>,
    pub(super) mail_address: Option<Untrusted>,
    pub(super) meta_type: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    pub(super) id: Untrusted,
    /// The descriptor by which permissions name it.
    pub(super) descriptor: Option<Untrusted>,
    pub(super) subject_descriptor: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Keyed {
    pub(super) value: Untrusted,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entitlement {
    pub(super) id: Untrusted,
    pub(super) user: Option<User>,
    pub(super) access_level: Option<AccessLevel>,
    #[serde(default, deserialize_with = "time")]
    pub(super) last_accessed_date: Option<Timestamp>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct AccessLevel {
    pub(super) license_display_name: Option<Untrusted>,
    pub(super) account_license_type: Option<Untrusted>,
    pub(super) status: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    pub(super) authorization_id: Untrusted,
    pub(super) display_name: Option<Untrusted>,
    pub(super) scope: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) valid_from: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) valid_to: Option<Timestamp>,
    pub(super) is_valid: Option<bool>,
    pub(super) is_public: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Membership {
    pub(super) container_descriptor: Untrusted,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) descriptor: Untrusted,
    pub(super) principal_name: Option<Untrusted>,
    pub(super) display_name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Namespace {
    pub(super) namespace_id: Untrusted,
    pub(super) name: Option<Untrusted>,
    #[serde(default)]
    pub(super) actions: Vec<Action>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Action {
    pub(super) bit: i64,
    pub(super) name: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccessControlList {
    pub(super) token: Untrusted,
    pub(super) aces_dictionary: BTreeMap<String, AccessControlEntry>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct AccessControlEntry {
    #[serde(default)]
    pub(super) allow: i64,
    #[serde(default)]
    pub(super) deny: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Project {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
}

/// Its value is looked at and goes no further.
#[derive(Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Variable {
    pub(super) value: Option<Value>,
    pub(super) is_secret: Option<bool>,
}

pub(super) type Variables = BTreeMap<String, Option<Variable>>;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VariableGroup {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    #[serde(rename = "type")]
    pub(super) kind: Option<Untrusted>,
    pub(super) variables: Option<Variables>,
    pub(super) created_by: Option<Who>,
    pub(super) modified_by: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) modified_on: Option<Timestamp>,
    pub(super) provider_data: Option<Vault>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Vault {
    pub(super) vault: Option<Untrusted>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Build {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    pub(super) queue_status: Option<Untrusted>,
    pub(super) authored_by: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_date: Option<Timestamp>,
    pub(super) variables: Option<Variables>,
    pub(super) process: Option<Value>,
    pub(super) triggers: Option<Vec<Value>>,
    pub(super) repository: Option<BuildRepository>,
    pub(super) latest_build: Option<Run>,
    pub(super) latest_completed_build: Option<Run>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct BuildRepository {
    pub(super) id: Option<Untrusted>,
    #[serde(rename = "type")]
    pub(super) kind: Option<Untrusted>,
    pub(super) name: Option<Untrusted>,
}

/// One run of a build definition.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Run {
    pub(super) id: Id,
    pub(super) reason: Option<Untrusted>,
    pub(super) requested_for: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) start_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) queue_time: Option<Timestamp>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Release {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    pub(super) created_by: Option<Who>,
    pub(super) modified_by: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) modified_on: Option<Timestamp>,
    pub(super) is_disabled: Option<bool>,
    pub(super) variables: Option<Variables>,
    pub(super) environments: Option<Vec<Stage>>,
    pub(super) triggers: Option<Vec<Value>>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    pub(super) variables: Option<Variables>,
    pub(super) deploy_phases: Option<Value>,
    pub(super) schedules: Option<Vec<Value>>,
    pub(super) pre_deploy_approvals: Option<Approvals>,
    pub(super) post_deploy_approvals: Option<Approvals>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Approvals {
    pub(super) approvals: Vec<Approval>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Approval {
    pub(super) is_automated: Option<bool>,
    pub(super) approver: Option<Who>,
}

/// Only the parameters that say whom it signs in as are kept: others can be secrets.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Endpoint {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    #[serde(rename = "type")]
    pub(super) kind: Option<Untrusted>,
    pub(super) authorization: Option<Authorization>,
    pub(super) created_by: Option<Who>,
    pub(super) modified_by: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) creation_date: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) modification_date: Option<Timestamp>,
    pub(super) is_ready: Option<bool>,
    #[serde(default)]
    pub(super) service_endpoint_project_references: Option<Vec<Shared>>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Authorization {
    pub(super) scheme: Option<Untrusted>,
    pub(super) parameters: Option<BTreeMap<String, Value>>,
}

impl Authorization {
    /// A parameter by its name in any letter case.
    pub(super) fn parameter(&self, name: &str) -> Option<Untrusted> {
        let (_, value) = self.parameters.as_ref()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str().filter(|text| !text.is_empty()).map(Untrusted::from)
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shared {
    pub(super) project_reference: Option<Project>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SecureFile {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    pub(super) created_by: Option<Who>,
    pub(super) modified_by: Option<Who>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) modified_on: Option<Timestamp>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repository {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    pub(super) project: Option<Project>,
    pub(super) default_branch: Option<Untrusted>,
    pub(super) is_disabled: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) path: Untrusted,
    pub(super) git_object_type: Option<Untrusted>,
    #[serde(default)]
    pub(super) is_folder: bool,
}

/// The text of a file, which is looked at and goes no further.
#[derive(Clone, Deserialize)]
pub(super) struct Content {
    pub(super) content: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pool {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    pub(super) is_hosted: Option<bool>,
    pub(super) pool_type: Option<Untrusted>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ElasticPool {
    pub(super) pool_id: Id,
}

/// An agent without what it uploads.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Agent {
    pub(super) id: Id,
    pub(super) name: Option<Untrusted>,
    pub(super) status: Option<Untrusted>,
    pub(super) enabled: Option<bool>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_on: Option<Timestamp>,
    pub(super) last_completed_request: Option<Job>,
    pub(super) assigned_request: Option<Job>,
}

/// What an agent uploads: its environment, and what somebody wrote beside it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capabilities {
    pub(super) system_capabilities: Option<BTreeMap<String, Value>>,
    pub(super) user_capabilities: Option<BTreeMap<String, Value>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Job {
    #[serde(default, deserialize_with = "time")]
    pub(super) finish_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) receive_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) assign_time: Option<Timestamp>,
    pub(super) plan_type: Option<Untrusted>,
    pub(super) scope_id: Option<Untrusted>,
    pub(super) definition: Option<Reference>,
    pub(super) owner: Option<Reference>,
    pub(super) reserved_agent: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Reference {
    pub(super) id: Option<Id>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub(super) id: Untrusted,
    #[serde(default, deserialize_with = "time")]
    pub(super) timestamp: Option<Timestamp>,
    pub(super) action_id: Option<Untrusted>,
    pub(super) actor_user_id: Option<Untrusted>,
    #[serde(rename = "actorUPN")]
    pub(super) actor_upn: Option<Untrusted>,
    pub(super) actor_display_name: Option<Untrusted>,
    pub(super) project_id: Option<Untrusted>,
    pub(super) data: Option<BTreeMap<String, Value>>,
    pub(super) details: Option<Untrusted>,
}

impl Event {
    /// What `data` says under a name in any letter case.
    pub(super) fn said(&self, name: &str) -> Option<&str> {
        let (_, value) = self.data.as_ref()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        value.as_str().filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_may_have_no_zone_and_the_year_one_is_never() {
        let at = |text: &str| {
            let row = serde_json::json!({ "authorizationId": "a", "validTo": text });
            serde_json::from_value::<Token>(row).unwrap().valid_to.map(|at| at.to_string())
        };
        assert_eq!(at("2018-07-19T00:00:00").as_deref(), Some("2018-07-19T00:00:00Z"));
        assert_eq!(at("2020-11-23T04:04:38.5233333Z").as_deref(), Some("2020-11-23T04:04:38.5233333Z"));
        assert_eq!((at("0001-01-01T00:00:00Z"), at("soon")), (None, None));
    }

    #[test]
    fn an_id_is_a_number_or_a_text_and_never_nothing() {
        let id = |row: serde_json::Value| serde_json::from_value::<Id>(row).map(|id| id.0).ok();
        assert_eq!(id(7.into()).as_deref(), Some("7"));
        assert_eq!(id("7".into()).as_deref(), Some("7"));
        assert_eq!((id("".into()), id(serde_json::Value::Null)), (None, None));
    }
}
