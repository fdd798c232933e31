//! What Microsoft Graph sends, as far as it is kept. Everything may be absent: absent is "not known", never "none".
//! No secret property (`secretText`, `key`) has a field here, so none can be kept.

use jiff::Timestamp;
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::source::lenient::Lenient;
use crate::text::{self, Untrusted};

/// An id, with a GUID in its usual dress: services write them in more than one, and checks compare them. An empty one is
/// none, and neither is the GUID of nothing but zeros.
pub fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Untrusted>, D::Error> {
    let id: Option<String> = Option::deserialize(from)?;
    let id = id.map(|id| text::id(id.trim()).into_owned());
    Ok(id.filter(|id| !id.is_empty() && id != NOBODY).map(Untrusted::from))
}

/// An id without which the object is none.
pub fn key<'de, D: Deserializer<'de>>(from: D) -> Result<Untrusted, D::Error> {
    id(from)?.ok_or_else(|| D::Error::custom("an empty id"))
}

const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A time that may be absent, null or nonsense; only a real one is a time.
pub fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A user, live or deleted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct User {
    #[serde(deserialize_with = "id")]
    pub id: Option<Untrusted>,
    pub display_name: Option<Untrusted>,
    pub user_principal_name: Option<Untrusted>,
    pub mail: Option<Untrusted>,
    pub other_mails: Option<Vec<Untrusted>>,
    pub proxy_addresses: Option<Vec<Untrusted>>,
    pub employee_id: Option<Untrusted>,
    pub user_type: Option<Untrusted>,
    pub external_user_state: Option<Untrusted>,
    pub account_enabled: Option<bool>,
    #[serde(deserialize_with = "time")]
    pub created_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub deleted_date_time: Option<Timestamp>,
    pub on_premises_sync_enabled: Option<bool>,
    #[serde(deserialize_with = "time")]
    pub sign_in_sessions_valid_from_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub employee_leave_date_time: Option<Timestamp>,
    pub sign_in_activity: Option<SignInActivity>,
}

/// When a user last signed in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct SignInActivity {
    #[serde(deserialize_with = "time")]
    pub last_sign_in_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub last_non_interactive_sign_in_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub last_successful_sign_in_date_time: Option<Timestamp>,
}

/// A directory object of any kind, with the properties that any of them needs here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Object {
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<Untrusted>,
    #[serde(deserialize_with = "id")]
    pub id: Option<Untrusted>,
    #[serde(deserialize_with = "id")]
    pub app_id: Option<Untrusted>,
    pub display_name: Option<Untrusted>,
    pub account_enabled: Option<bool>,
    pub service_principal_type: Option<Untrusted>,
    pub app_role_assignment_required: Option<bool>,
    pub membership_rule: Option<Untrusted>,
    pub is_assignable_to_role: Option<bool>,
    #[serde(deserialize_with = "time")]
    pub created_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub approximate_last_sign_in_date_time: Option<Timestamp>,
    pub password_credentials: Option<Vec<KeyCredential>>,
    pub key_credentials: Option<Vec<KeyCredential>>,
    pub api: Option<Api>,
}

impl Object {
    /// The type without its namespace, lower case: `application`, `serviceprincipal`, `user`.
    pub fn kind(&self) -> Option<String> {
        let name = self.odata_type.as_ref()?.raw();
        Some(name.rsplit('.').next()?.to_ascii_lowercase()).filter(|kind| !kind.is_empty())
    }
}

/// A secret or certificate, without its value.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct KeyCredential {
    #[serde(deserialize_with = "id")]
    pub key_id: Option<Untrusted>,
    pub display_name: Option<Untrusted>,
    pub hint: Option<Untrusted>,
    #[serde(deserialize_with = "time")]
    pub start_date_time: Option<Timestamp>,
    #[serde(deserialize_with = "time")]
    pub end_date_time: Option<Timestamp>,
}

/// The `api` part of an application.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Api {
    pub pre_authorized_applications: Option<Vec<PreAuthorized>>,
}

/// A client that needs no consent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct PreAuthorized {
    #[serde(deserialize_with = "id")]
    pub app_id: Option<Untrusted>,
    pub delegated_permission_ids: Option<Vec<Untrusted>>,
}

/// An OAuth2 permission grant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Grant {
    #[serde(deserialize_with = "key")]
    pub id: Untrusted,
    #[serde(deserialize_with = "key")]
    pub client_id: Untrusted,
    #[serde(deserialize_with = "key")]
    pub resource_id: Untrusted,
    pub consent_type: Untrusted,
    #[serde(default, deserialize_with = "id")]
    pub principal_id: Option<Untrusted>,
    pub scope: Option<Untrusted>,
}

/// An app role assignment.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Assignment {
    #[serde(deserialize_with = "key")]
    pub id: Untrusted,
    #[serde(deserialize_with = "key")]
    pub principal_id: Untrusted,
    pub principal_type: Option<Untrusted>,
    pub principal_display_name: Option<Untrusted>,
    #[serde(deserialize_with = "key")]
    pub resource_id: Untrusted,
    pub resource_display_name: Option<Untrusted>,
    pub app_role_id: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub created_date_time: Option<Timestamp>,
}

/// A directory role, however it is held.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Role {
    #[serde(default, deserialize_with = "id")]
    pub id: Option<Untrusted>,
    #[serde(default, deserialize_with = "id")]
    pub principal_id: Option<Untrusted>,
    #[serde(deserialize_with = "key")]
    pub role_definition_id: Untrusted,
    pub directory_scope_id: Option<Untrusted>,
    pub assignment_type: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub end_date_time: Option<Timestamp>,
}

/// A group that somebody can switch on.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct GroupEligibility {
    pub id: Untrusted,
    #[serde(deserialize_with = "key")]
    pub group_id: Untrusted,
    #[serde(default, deserialize_with = "id")]
    pub principal_id: Option<Untrusted>,
    pub access_id: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub end_date_time: Option<Timestamp>,
}

/// An application with its federated credentials, of which there are at most twenty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Registration {
    #[serde(deserialize_with = "id")]
    pub id: Option<Untrusted>,
    #[serde(deserialize_with = "id")]
    pub app_id: Option<Untrusted>,
    pub display_name: Option<Untrusted>,
    #[serde(deserialize_with = "time")]
    pub created_date_time: Option<Timestamp>,
    pub federated_identity_credentials: Option<Vec<Lenient<Federated>>>,
    #[serde(rename = "federatedIdentityCredentials@odata.nextLink")]
    pub more_credentials: Option<Untrusted>,
}

/// A federated credential, plain or flexible.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Federated {
    #[serde(deserialize_with = "key")]
    pub id: Untrusted,
    pub name: Option<Untrusted>,
    pub issuer: Option<Untrusted>,
    pub subject: Option<Untrusted>,
    pub audiences: Option<Vec<Untrusted>>,
    pub claims_matching_expression: Option<Expression>,
}

/// The expression of a flexible federated credential.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Expression {
    pub value: Option<Untrusted>,
}

/// A sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct SignIn {
    pub id: Untrusted,
    pub created_date_time: Timestamp,
    #[serde(default, deserialize_with = "id")]
    pub app_id: Option<Untrusted>,
    pub app_display_name: Option<Untrusted>,
    pub resource_display_name: Option<Untrusted>,
    pub status: Option<SignInStatus>,
}

/// How a sign-in ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct SignInStatus {
    pub error_code: Option<i64>,
}

/// A directory audit event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Audit {
    pub id: Untrusted,
    pub activity_display_name: Untrusted,
    pub activity_date_time: Timestamp,
    pub result: Option<Untrusted>,
    pub initiated_by: Option<Initiator>,
    pub target_resources: Option<Vec<Target>>,
}

/// Who caused an event: either half is null.
#[derive(Debug, Clone, Deserialize)]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Initiator {
    pub user: Option<Actor>,
}

/// A user who caused an event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Actor {
    #[serde(default, deserialize_with = "id")]
    pub id: Option<Untrusted>,
    pub user_principal_name: Option<Untrusted>,
}

/// What an event changed. Microsoft's own sample writes `Type` with a capital letter.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Target {
    #[serde(default, deserialize_with = "id")]
    pub id: Option<Untrusted>,
    pub display_name: Option<Untrusted>,
    #[serde(rename = "type", alias = "Type")]
    pub kind: Option<Untrusted>,
    pub modified_properties: Option<Vec<Modified>>,
}

/// One property that an event changed: its values are JSON inside a JSON string.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Modified {
    pub display_name: Option<Untrusted>,
    pub old_value: Option<Untrusted>,
    pub new_value: Option<Untrusted>,
}

impl Modified {
    /// Whether it is the property of this name.
    pub fn is(&self, name: &str) -> bool {
        self.display_name.as_ref().is_some_and(|have| have.raw().trim().eq_ignore_ascii_case(name))
    }
}

/// A way to prove who one is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Graph's")]
pub struct Method {
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<Untrusted>,
    pub id: Untrusted,
    pub display_name: Option<Untrusted>,
    #[serde(default, alias = "creationDateTime", deserialize_with = "time")]
    pub created_date_time: Option<Timestamp>,
}
