//! What Azure Resource Manager sends, as far as it is kept. Everything may be absent: absent is "not known".

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::source::entra::wire::{Expression, id, key, time};
use crate::source::lenient::Lenient;
use crate::text::{Untrusted, guid};

/// A subscription that the caller can see.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Subscription {
    #[serde(deserialize_with = "key")]
    pub(super) subscription_id: Untrusted,
}

/// A page of Resource Graph. Whether it is cut is written as a text, not as a truth value.
///
/// <https://learn.microsoft.com/rest/api/azureresourcegraph/resourcegraph/resources/resources>
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Found {
    pub(super) total_records: u64,
    pub(super) result_truncated: Option<String>,
    #[serde(rename = "$skipToken")]
    pub(super) skip_token: Option<String>,
    pub(super) data: Vec<Lenient<Identity>>,
}

/// A user-assigned managed identity.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Identity {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    pub(super) properties: Option<IdentityProperties>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IdentityProperties {
    #[serde(default, deserialize_with = "id")]
    pub(super) principal_id: Option<Untrusted>,
    #[serde(default, deserialize_with = "id")]
    pub(super) client_id: Option<Untrusted>,
}

/// A federated credential of a managed identity, plain or flexible.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Credential {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    pub(super) properties: Option<CredentialProperties>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialProperties {
    pub(super) issuer: Option<Untrusted>,
    pub(super) subject: Option<Untrusted>,
    pub(super) audiences: Option<Vec<Untrusted>>,
    pub(super) claims_matching_expression: Option<Expression>,
}

/// A container group, a container app with one of its revisions, or a container job. Its definition is kept as it came:
/// a credential may stand anywhere in it.
#[derive(Clone, Deserialize)]
pub(super) struct Container {
    pub(super) id: Untrusted,
    pub(super) name: Option<Untrusted>,
    #[serde(default)]
    pub(super) properties: Value,
    #[serde(default)]
    pub(super) tags: Value,
    pub(super) identity: Option<RunsAs>,
}

/// The managed identities of a resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunsAs {
    /// The object id of the identity that is its own.
    #[serde(default, deserialize_with = "id")]
    pub(super) principal_id: Option<Untrusted>,
    /// The others by resource id.
    pub(super) user_assigned_identities: Option<BTreeMap<String, Option<IdentityProperties>>>,
}

/// A role assignment.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Assignment {
    pub(super) id: Untrusted,
    pub(super) properties: Option<AssignmentProperties>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssignmentProperties {
    pub(super) role_definition_id: Option<Untrusted>,
    #[serde(default, deserialize_with = "id")]
    pub(super) principal_id: Option<Untrusted>,
    pub(super) principal_type: Option<Untrusted>,
    pub(super) scope: Option<Untrusted>,
    pub(super) condition: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_on: Option<Timestamp>,
    #[serde(default, deserialize_with = "id")]
    pub(super) created_by: Option<Untrusted>,
}

/// A role that somebody can switch on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Eligibility {
    pub(super) id: Untrusted,
    pub(super) properties: Option<EligibilityProperties>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EligibilityProperties {
    pub(super) role_definition_id: Option<Untrusted>,
    #[serde(default, deserialize_with = "id")]
    pub(super) principal_id: Option<Untrusted>,
    pub(super) principal_type: Option<Untrusted>,
    pub(super) scope: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) end_date_time: Option<Timestamp>,
}

/// A role definition, of which only the name is kept.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Definition {
    pub(super) properties: Option<DefinitionProperties>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DefinitionProperties {
    pub(super) role_name: Option<Untrusted>,
}

/// An event of the activity log.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Activity {
    pub(super) event_data_id: Untrusted,
    pub(super) event_timestamp: jiff::Timestamp,
    pub(super) operation_name: Word,
    pub(super) status: Option<Word>,
    pub(super) caller: Option<Untrusted>,
    pub(super) claims: Option<BTreeMap<String, Option<Untrusted>>>,
    pub(super) resource_id: Option<Untrusted>,
    pub(super) authorization: Option<Authorization>,
}

/// A word with its translation, which is not kept.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Word {
    pub(super) value: Option<Untrusted>,
}

/// What an event needed.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Authorization {
    pub(super) scope: Option<Untrusted>,
}

impl Activity {
    /// The resource that was changed; older events name it only as the scope of the authorization.
    pub(super) fn resource(&self) -> Option<&str> {
        let scope = || self.authorization.as_ref()?.scope.as_ref();
        self.resource_id.as_ref().or_else(scope).map(Untrusted::raw)
    }

    /// The Entra object id of the caller.
    pub(super) fn object_id(&self) -> Option<String> {
        let name = "http://schemas.microsoft.com/identity/claims/objectidentifier";
        guid(self.claims.as_ref()?.get(name)?.as_ref()?.raw())
    }
}
