//! One struct per evidence table, in the order of the SQL beside this file, and how a value becomes a column.
//! A test holds the two against each other. No SQL is written by hand for an insert.

use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rusqlite::Statement;

use super::key;
use crate::model::stamp;
use crate::text::{Untrusted, capped};
use crate::token;

/// The longest text that a column keeps; a longer one is cut with a mark.
pub const TEXT_LIMIT: usize = 1024;

/// Text as a column keeps it, free of tokens and cut. Text that stands in many rows is scrubbed once so, not with each.
#[derive(Clone)]
pub struct Clean {
    number: NonZeroU64,
    text: Arc<str>,
}

/// How many texts have a number.
static NUMBERED: AtomicU64 = AtomicU64::new(0);

impl Clean {
    /// Stands for this very text: its clones have the same number, and no other text ever has, be it equal or not.
    pub fn number(&self) -> NonZeroU64 {
        self.number
    }

    /// Whether it has clones.
    pub fn is_shared(&self) -> bool {
        Arc::strong_count(&self.text) > 1
    }
}

impl From<&str> for Clean {
    fn from(text: &str) -> Clean {
        let number = NonZeroU64::MIN.saturating_add(NUMBERED.fetch_add(1, Ordering::Relaxed));
        Clean { number, text: capped(&token::scrub(text), TEXT_LIMIT).into() }
    }
}

pub use super::key::{Is, Need, normal};

/// A row of one evidence table.
pub trait Row {
    /// The table, which is also the name of the data set.
    const TABLE: &'static str;
    /// Its columns, in order.
    const COLUMNS: &'static [&'static str];
    /// Its INSERT statement.
    const INSERT: &'static str;
    /// What checks join it or judge by: a row that lacks it is a gap of its list.
    const NEEDS: &'static [Need] = &[];
    /// The value of the column of this name.
    fn column(&self, _name: &str) -> Option<&dyn Column> {
        None
    }
    /// Binds every column, in order.
    ///
    /// # Errors
    /// What SQLite says of a parameter that does not exist.
    fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()>;
}

/// The name of a table, and its columns.
pub type Table = (&'static str, &'static [&'static str]);

/// Every table that a collector can fill.
pub fn tables() -> impl Iterator<Item = Table> {
    TABLES.iter().chain(github::TABLES).chain(devops::TABLES).chain(posture::TABLES).copied()
}

/// A value that one column can hold. Text is scrubbed of tokens and cut on its way in.
pub trait Column {
    /// Binds this value as parameter `index`, counted from 1.
    ///
    /// # Errors
    /// What SQLite says of a parameter that does not exist.
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()>;

    /// The number of the text that it is, where that has one: bound once, it need not be bound again for the next row.
    fn number(&self) -> Option<NonZeroU64> {
        None
    }

    /// The same, for a column that holds ids: see [`normal`].
    ///
    /// # Errors
    /// As for [`Column::bind`].
    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.bind(statement, index)
    }

    /// Whether it says nothing: no value, or a text without any character.
    fn is_absent(&self) -> bool {
        false
    }

    /// Whether it is this text.
    fn says(&self, _text: &str) -> bool {
        false
    }
}

impl Column for str {
    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        (*normal(self)).bind(statement, index)
    }

    fn is_absent(&self) -> bool {
        self.trim().is_empty()
    }

    fn says(&self, text: &str) -> bool {
        self == text
    }

    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        let clean = token::scrub(self);
        statement.raw_bind_parameter(index, &*capped(&clean, TEXT_LIMIT))
    }
}

impl Column for Clean {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(index, &*self.text)
    }

    fn number(&self) -> Option<NonZeroU64> {
        Some(self.number)
    }

    fn is_absent(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn says(&self, text: &str) -> bool {
        *self.text == *text
    }
}

impl<T: Column + ?Sized> Column for &T {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        (**self).bind(statement, index)
    }

    fn number(&self) -> Option<NonZeroU64> {
        (**self).number()
    }

    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        (**self).bind_id(statement, index)
    }

    fn is_absent(&self) -> bool {
        (**self).is_absent()
    }

    fn says(&self, text: &str) -> bool {
        (**self).says(text)
    }
}

impl Column for String {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.as_str().bind(statement, index)
    }

    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.as_str().bind_id(statement, index)
    }

    fn is_absent(&self) -> bool {
        self.as_str().is_absent()
    }

    fn says(&self, text: &str) -> bool {
        self.as_str().says(text)
    }
}

impl Column for Untrusted {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.raw().bind(statement, index)
    }

    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.raw().bind_id(statement, index)
    }

    fn is_absent(&self) -> bool {
        self.raw().is_absent()
    }

    fn says(&self, text: &str) -> bool {
        self.raw().says(text)
    }
}

impl Column for Timestamp {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(index, stamp(*self))
    }
}

impl Column for bool {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(index, i64::from(*self))
    }
}

impl Column for i64 {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(index, *self)
    }
}

impl<T: Column> Column for Option<T> {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        match self {
            Some(value) => value.bind(statement, index),
            None => statement.raw_bind_parameter(index, rusqlite::types::Null),
        }
    }

    fn number(&self) -> Option<NonZeroU64> {
        self.as_ref()?.number()
    }

    fn bind_id(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        match self {
            Some(value) => value.bind_id(statement, index),
            None => self.bind(statement, index),
        }
    }

    fn is_absent(&self) -> bool {
        self.as_ref().is_none_or(Column::is_absent)
    }

    fn says(&self, text: &str) -> bool {
        self.as_ref().is_some_and(|value| value.says(text))
    }
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident in $table:ident $(needs [$($need:expr),* $(,)?])? { $first:ident: $first_type:ty $(, $column:ident: $type:ty)* $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Default, PartialEq, Eq)]
            #[expect(missing_docs, reason = "the SQL says what each column holds")]
            pub struct $name { pub $first: $first_type $(, pub $column: $type)* }

            impl Row for $name {
                const TABLE: &'static str = stringify!($table);
                const COLUMNS: &'static [&'static str] = &[stringify!($first) $(, stringify!($column))*];
                const INSERT: &'static str = concat!(
                    "INSERT OR IGNORE INTO ", stringify!($table),
                    " (", stringify!($first) $(, ", ", stringify!($column))*, ") VALUES (?", $(rows!(@mark $column),)* ")");
                $(const NEEDS: &'static [Need] = &[$($need),*];)?
                fn column(&self, name: &str) -> Option<&dyn Column> {
                    match name {
                        stringify!($first) => Some(&self.$first),
                        $(stringify!($column) => Some(&self.$column),)*
                        _ => None,
                    }
                }
                fn bind(&self, statement: &mut Statement<'_>) -> rusqlite::Result<()> {
                    let index = 1;
                    rows!(@bind self $first, statement, index);
                    $( let index = index + 1; rows!(@bind self $column, statement, index); )*
                    let _ = index;
                    Ok(())
                }
            }
        )+
        /// These tables, with their columns.
        pub(super) const TABLES: &[Table] = &[$((<$name as Row>::TABLE, <$name as Row>::COLUMNS)),+];
    };
    (@mark $column:ident) => { ", ?" };
    (@bind $row:ident $column:ident, $statement:ident, $index:ident) => {
        match const { key::is_id(stringify!($column)) } {
            true => Column::bind_id(&$row.$column, $statement, $index)?,
            false => Column::bind(&$row.$column, $statement, $index)?,
        }
    };
}

pub mod devops;
pub mod github;
pub mod posture;

use Is::Not;
use Need::{Any, Known, One, When};

rows! {
    /// Who read a service.
    Reader in reader {
        service: String, host: String, identity: Option<Untrusted>, principal: Option<Untrusted>, name: Option<Untrusted>,
        sign_in: String, realm: Option<Untrusted>, realm_name: Option<Untrusted>, permissions: Option<Untrusted>,
    }
    /// Somebody whom the run is about.
    Person in person needs [One("id"), One("object_id")] {
        id: String, object_id: String, upn: Option<Untrusted>, name: Option<Untrusted>, mail: Option<Untrusted>,
        employee_id: Option<Untrusted>, asked: Option<Untrusted>,
    }
    /// When a person left or leaves.
    LastDay in last_day needs [One("person")] { person: String, date: String, ends_at: Timestamp, source: String }
    /// Who says that a person of a sweep left.
    LeaverSource in leaver_source { person: String, source: String, date: Option<String>, detail: Option<String> }
    /// One account or name of a person.
    Identity in identity needs [One("person"), Any(&["id", "name"])] {
        person: String, kind: String, id: Option<Untrusted>, name: Option<Untrusted>, source: Option<String>, grade: Option<String>,
    }
    /// The state of the Entra account.
    Account in account needs [One("id"), One("person")] {
        id: String, person: String, enabled: Option<bool>, created_at: Option<Timestamp>, deleted_at: Option<Timestamp>,
        sessions_valid_from_at: Option<Timestamp>,
        kind: Option<Untrusted>, guest_state: Option<Untrusted>, synced: Option<bool>,
    }
    /// The last sign-ins of an account.
    SignInActivity in sign_in_activity needs [One("person")] {
        person: String, last_sign_in_at: Option<Timestamp>, last_noninteractive_at: Option<Timestamp>, last_success_at: Option<Timestamp>,
    }
    /// A configured MCP gateway.
    Gateway in gateway needs [One("id"), One("app_id")] {
        id: Untrusted, app_id: Untrusted, application: Option<Untrusted>, name: Option<Untrusted>,
        enabled: Option<bool>, assignment_required: Option<bool>,
    }
    /// A service principal by name.
    ServicePrincipal in service_principal needs [One("id"), One("app_id")] {
        id: Untrusted, app_id: Option<Untrusted>, name: Option<Untrusted>, kind: Option<Untrusted>, enabled: Option<bool>,
    }
    /// A delegated permission grant.
    DelegatedGrant in delegated_grant needs [One("id"), One("client"), One("resource"), Known("consent", &["Principal", "AllPrincipals"]), When { of: "consent", is: Not("AllPrincipals"), needs: "principal" }] {
        id: Untrusted, client: Untrusted, resource: Untrusted, consent: Untrusted,
        principal: Option<Untrusted>, scope: Option<Untrusted>,
    }
    /// An assignment to an enterprise application.
    AppRoleAssignment in app_role_assignment needs [One("id"), One("person"), One("principal"), One("principal_kind"), One("resource")] {
        id: Untrusted, person: String, principal: Untrusted, principal_kind: Option<Untrusted>, principal_name: Option<Untrusted>,
        resource: Untrusted, resource_name: Option<Untrusted>, role: Option<Untrusted>, created_at: Option<Timestamp>,
    }
    /// A client that needs no consent.
    PreauthorizedClient in preauthorized_client needs [One("gateway"), One("client")] { gateway: Untrusted, client: Untrusted, scopes: Option<Untrusted> }
    /// A group of the person.
    GroupMembership in group_membership needs [One("person"), One("group_id")] {
        person: String, group_id: Untrusted, name: Option<Untrusted>, direct: Option<bool>, dynamic: Option<bool>,
        role_assignable: Option<bool>,
    }
    /// A group that the person can switch on.
    GroupEligibility in group_eligibility needs [One("id"), One("person"), One("group_id")] {
        id: Untrusted, person: String, group_id: Untrusted, access: Option<Untrusted>, ends_at: Option<Timestamp>,
    }
    /// A directory role of the person.
    DirectoryRole in directory_role needs [One("id"), One("person"), One("role")] {
        id: Option<Untrusted>, person: String, principal: Option<Untrusted>, role: Untrusted, role_name: Option<Untrusted>,
        state: String, scope: Option<Untrusted>, ends_at: Option<Timestamp>,
    }
    /// An application registration.
    Application in application needs [One("id"), One("app_id")] { id: Untrusted, app_id: Option<Untrusted>, name: Option<Untrusted>, created_at: Option<Timestamp> }
    /// An owner of an object.
    Ownership in ownership needs [One("object"), One("owner")] {
        object: Untrusted, object_kind: String, object_name: Option<Untrusted>, owner: Untrusted,
        owner_kind: Option<String>, owner_name: Option<Untrusted>,
    }
    /// A sponsor of an agent identity.
    Sponsorship in sponsorship needs [One("object"), One("sponsor")] {
        object: Untrusted, object_kind: String, object_name: Option<Untrusted>, sponsor: Untrusted, sponsor_name: Option<Untrusted>,
    }
    /// A secret or certificate.
    Credential in credential needs [One("object"), One("key_id")] {
        object: Untrusted, object_kind: String, object_name: Option<Untrusted>, key_id: Untrusted, kind: String,
        name: Option<Untrusted>, hint: Option<Untrusted>, starts_at: Option<Timestamp>, ends_at: Option<Timestamp>,
    }
    /// An outside identity that is trusted.
    FederatedCredential in federated_credential needs [One("id"), One("object"), One("issuer"), One("name"), Any(&["subject", "expression"])] {
        id: Untrusted, object: Untrusted, object_kind: String, object_name: Option<Untrusted>, name: Option<Untrusted>,
        issuer: Option<Untrusted>, issuer_kind: Option<String>, subject: Option<Untrusted>, expression: Option<Untrusted>,
        audience: Option<Untrusted>, owner: Option<Untrusted>, owner_id: Option<Untrusted>, repository: Option<Untrusted>,
        repository_id: Option<Untrusted>, scope: Option<String>, connection: Option<Untrusted>,
    }
    /// A change of federated credentials.
    FederatedEvent in federated_event needs [One("event"), One("object")] {
        event: Untrusted, person: String, at: Timestamp, actor: Option<Untrusted>, actor_name: Option<Untrusted>,
        object: Untrusted, name: Option<Untrusted>, subject: Option<Untrusted>, change: String,
    }
    /// A user-assigned managed identity.
    ManagedIdentity in managed_identity needs [One("id"), One("principal"), One("client_id")] {
        id: Untrusted, name: Option<Untrusted>, subscription: Option<Untrusted>, principal: Option<Untrusted>,
        client_id: Option<Untrusted>,
    }
    /// An Azure role that a principal holds.
    RoleAssignment in role_assignment needs [One("id"), One("principal"), One("role")] {
        id: Untrusted, principal: Untrusted, principal_kind: Option<Untrusted>, role: Untrusted, role_name: Option<Untrusted>,
        scope: Option<Untrusted>, condition: Option<Untrusted>, created_at: Option<Timestamp>, created_by: Option<Untrusted>,
    }
    /// An Azure role that a principal can switch on.
    RoleEligibility in role_eligibility needs [One("id"), One("principal"), One("role")] {
        id: Untrusted, principal: Untrusted, principal_kind: Option<Untrusted>, role: Untrusted, role_name: Option<Untrusted>,
        scope: Option<Untrusted>, ends_at: Option<Timestamp>,
    }
    /// A container group, a container app or a container job.
    AzureContainer in azure_container needs [One("id")] {
        id: Untrusted, kind: String, name: Option<Untrusted>, subscription: Option<Untrusted>, containers: Option<i64>,
        runs_as: Option<Untrusted>,
    }
    /// A credential that stands in clear in a container's definition.
    AzureLiteral in azure_literal needs [One("id"), One("container")] {
        id: Untrusted, container: Untrusted, path: Untrusted, kind: String, holder: String, shown: Option<Untrusted>,
        fingerprint: String, verified: Option<bool>, confidence: String, owner_kind: Option<String>,
        owner_id: Option<Untrusted>, owner_name: Option<Untrusted>, owner_source: Option<String>, grade: Option<String>,
        expires_at: Option<Timestamp>,
    }
    /// An organisation of our own.
    ConfiguredOrganization in configured_organization { kind: String, name: Untrusted }
    /// A directory audit event.
    DirectoryEvent in directory_event needs [One("id"), One("activity")] {
        id: Untrusted, person: String, at: Timestamp, activity: Untrusted, actor: Option<Untrusted>, actor_name: Option<Untrusted>,
        result: Option<Untrusted>, target: Option<Untrusted>, target_kind: Option<Untrusted>, target_name: Option<Untrusted>,
    }
    /// A change of one credential.
    CredentialEvent in credential_event needs [One("event"), One("object"), One("key_id")] {
        event: Untrusted, person: String, at: Timestamp, actor: Option<Untrusted>, actor_name: Option<Untrusted>,
        object: Untrusted, key_id: Untrusted, name: Option<Untrusted>, change: String,
    }
    /// A consent.
    ConsentEvent in consent_event needs [One("event"), One("client")] {
        event: Untrusted, person: String, at: Timestamp, actor: Option<Untrusted>, client: Option<Untrusted>,
        client_name: Option<Untrusted>, admin: Option<bool>,
    }
    /// A sign-in.
    SignIn in sign_in needs [One("id")] {
        id: Untrusted, person: String, at: Timestamp, kind: String, app_id: Option<Untrusted>, app_name: Option<Untrusted>,
        resource: Option<Untrusted>, success: Option<bool>,
    }
    /// A way to prove who one is.
    AuthenticationMethod in authentication_method needs [One("id"), One("kind")] {
        id: Untrusted, person: String, kind: String, name: Option<Untrusted>, created_at: Option<Timestamp>,
    }
    /// A device of the person.
    Device in device needs [One("id")] {
        id: Untrusted, person: String, name: Option<Untrusted>, relation: String, enabled: Option<bool>, seen_at: Option<Timestamp>,
    }
    /// A CI runner or agent.
    Runner in runner {
        id: Untrusted, host: Untrusted, kind: String, name: Option<Untrusted>, server: Option<Untrusted>,
        pool: Option<Untrusted>, service: Option<Untrusted>, service_user: Option<Untrusted>, file_owner: Option<Untrusted>,
        registered_at: Option<Timestamp>, last_job_at: Option<Timestamp>, running: Option<bool>,
        runner_id: Option<Untrusted>, ephemeral: Option<bool>, scanned_at: Option<Timestamp>, saw_root: Option<bool>,
        saw_work: Option<bool>, saw_home: Option<bool>, saw_environment: Option<bool>,
    }
    /// A credential on a host.
    Sighting in sighting {
        id: Untrusted, host: Untrusted, path: Untrusted, line: Option<i64>, place: String, kind: String, holder: String,
        name: Option<Untrusted>, shown: Option<Untrusted>, fingerprint: String, verified: Option<bool>, confidence: String,
        owner_kind: Option<String>, owner_id: Option<Untrusted>, owner_name: Option<Untrusted>, owner_source: Option<String>,
        grade: Option<String>, sign_in: bool, uploaded: bool, runner: Option<Untrusted>, file_owner: Option<Untrusted>,
        scope: Option<Untrusted>, created_at: Option<Timestamp>, expires_at: Option<Timestamp>, issuer_says: Option<String>, modified_at: Option<Timestamp>,
    }
    /// An owner of personal tokens on a host or in a container.
    TokenOwner in token_owner needs [One("kind"), Any(&["id", "name"])] {
        kind: String, id: Option<Untrusted>, name: Option<Untrusted>, account: Option<Untrusted>, state: Option<String>,
    }
    /// An MCP server in a client's configuration.
    McpServer in mcp_server {
        id: Untrusted, host: Untrusted, path: Untrusted, client: String, name: Untrusted, transport: String,
        target: Option<Untrusted>, literals: i64, reaches: Option<Untrusted>, runner: Option<Untrusted>, file_owner: Option<Untrusted>,
    }
    /// What a runner can read.
    RunnerRead in runner_read { runner: Untrusted, thing: Untrusted }
    /// A runner that a service knows.
    RegisteredRunner in registered_runner {
        id: Untrusted, kind: String, server: Option<Untrusted>, runner_id: Untrusted, name: Option<Untrusted>,
        labels: Option<Untrusted>, online: Option<bool>, ephemeral: Option<bool>,
    }
    /// Which registered runner a scanned one is.
    RunnerRegistration in runner_registration { runner: Untrusted, registered: Option<Untrusted>, state: String }
    /// When people of this organisation work.
    OrganizationTime in organization_time { zone: String, starts: String, ends: String }
    /// A log that was asked.
    LogTable in log_table {
        source: Untrusted, shape: String, plan: Option<Untrusted>, retention_days: Option<i64>, lacks: Option<String>,
        from_at: Timestamp, until_at: Timestamp, first_at: Option<Timestamp>, last_at: Option<Timestamp>,
        records: Option<i64>, callers: Option<i64>,
    }
    /// A query that a log answered.
    LogQuery in log_query {
        source: Untrusted, name: String, text: Untrusted, sha256: String, result_sha256: String, rows: i64,
        from_at: Option<Timestamp>, until_at: Option<Timestamp>,
    }
    /// A span without any record.
    LogSilence in log_silence {
        source: Untrusted, from_at: Timestamp, until_at: Timestamp, per_million: Option<i64>,
    }
    /// Calls of one caller in one hour, counted.
    ToolCallHour in tool_call_hour needs [Any(&["principal", "caller_name"])] {
        source: Untrusted, principal: Option<Untrusted>, caller_name: Option<Untrusted>, hour_at: Timestamp,
        server: Option<Untrusted>, tool: Option<Untrusted>, scope: Option<Untrusted>, directory: Option<Untrusted>,
        status: Option<i64>, calls: i64, resources: i64, first_at: Timestamp, last_at: Timestamp,
    }
    /// One call.
    ToolCall in tool_call needs [Any(&["principal", "caller_name"])] {
        source: Untrusted, principal: Option<Untrusted>, caller_name: Option<Untrusted>, at: Timestamp,
        server: Option<Untrusted>, tool: Option<Untrusted>, scope: Option<Untrusted>, resource: Option<Untrusted>,
        directory: Option<Untrusted>, status: Option<i64>, latency_ms: Option<i64>, request: Option<Untrusted>, item: Option<Untrusted>,
    }
    /// The last call of a caller on a server.
    LastActivity in last_activity needs [Any(&["principal", "caller_name"])] {
        source: Untrusted, principal: Option<Untrusted>, caller_name: Option<Untrusted>, server: Option<Untrusted>,
        last_at: Timestamp, calls: i64,
    }
}
