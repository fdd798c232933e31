//! `leaver.toml`: what the operator tells about the organisation. Unknown keys and secrets are refused with their place.
//! Flags and their precedence belong to the command line; nothing here reads a service.

mod strict;
mod value;

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use crate::api::Retry;
use crate::env::Env;
use crate::error::Error;
use crate::file;
use crate::seal;
use crate::text::Untrusted;
use crate::token;

use strict::Fault;
pub use value::{ArchiveUrl, ColumnName, Endpoint, Key, Place, Setting, TimestampUrl, Workday};

/// The file that is read when no other is named.
const DEFAULT_FILE: &str = "leaver.toml";

/// Everything that `leaver.toml` can say. What it does not say is absent, not guessed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The tenant and its MCP gateways.
    pub entra: Entra,
    /// Azure subscriptions.
    pub azure: Azure,
    /// GitHub organisations.
    pub github: GitHub,
    /// Azure DevOps organisations.
    pub azure_devops: AzureDevOps,
    /// Where the activity of the gateways is logged.
    pub logs: Logs,
    /// How reports are signed.
    pub signing: Signing,
    /// Where bundles are kept.
    pub archive: Archive,
    /// What `leaver plan` and `leaver apply` may do.
    pub remediation: Remediation,
    /// What `leaver posture` holds the fence against.
    pub posture: Posture,
    /// What is known about single people, by user principal name.
    pub people: BTreeMap<String, Person>,
    /// Other addresses than those of the public cloud.
    pub endpoints: Endpoints,
    /// Parameters of single checks, by their ids.
    pub checks: BTreeMap<String, BTreeMap<String, Setting>>,
    /// How long a service that does not answer is asked again. The file cannot say it: less patience means more gaps.
    #[serde(skip)]
    pub retry: Retry,
    /// How long a run may take.
    pub run: Run,
    /// SHA-256 of the file, in hexadecimal; `None`: there is no file.
    #[serde(skip)]
    pub sha256: Option<String>,
}

/// `[entra]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Entra {
    /// Tenant id or a verified domain.
    pub tenant: Option<String>,
    /// The appId of each MCP gateway.
    pub gateway_apps: Vec<String>,
}

/// `[azure]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Azure {
    /// Subscription ids; empty: all that the identity can see.
    pub subscriptions: Vec<String>,
}

/// `[github]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct GitHub {
    /// Logins of the organisations.
    pub organizations: Vec<String>,
    /// Slug of the enterprise.
    pub enterprise: Option<String>,
    /// The GitHub App that signs in.
    pub app_id: Option<u64>,
    /// Where the key of that App is; relative to the configuration file.
    pub private_key_file: Option<PathBuf>,
    /// How many percent of the requests that GitHub allows in an hour one run may use; 50 unless it says otherwise.
    #[serde(deserialize_with = "value::percent")]
    pub budget: Option<u8>,
    /// Where answers are kept for the next run, relative to the configuration file; absent: nowhere.
    pub cache: Option<PathBuf>,
}

/// `[azure-devops]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct AzureDevOps {
    /// Names of the organisations.
    pub organizations: Vec<String>,
}

/// `[logs]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Logs {
    /// Workspace ids.
    pub workspaces: Vec<String>,
    /// The storage account of `--log az://container`, where exported logs are kept.
    pub account: Option<String>,
    /// The table that the gateway writes.
    pub table: Option<ColumnName>,
    /// How many days back are read.
    pub days: Option<std::num::NonZeroU16>,
    /// Where the office is, for what counts as outside the working day.
    #[serde(deserialize_with = "value::time_zone")]
    #[schemars(with = "Option<String>")]
    pub timezone: Option<TimeZone>,
    /// From when to when people work.
    pub workday: Option<Workday>,
    /// The columns of the table, where they cannot be recognised.
    pub columns: LogColumns,
}

/// `[logs.columns]`: the name that a column has in this organisation's table.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is named after the column that it renames")]
pub struct LogColumns {
    pub timestamp: Option<ColumnName>,
    pub caller_oid: Option<ColumnName>,
    pub caller_upn: Option<ColumnName>,
    pub mcp_server: Option<ColumnName>,
    pub tool_name: Option<ColumnName>,
    pub scope_used: Option<ColumnName>,
    pub resource_accessed: Option<ColumnName>,
    pub latency_ms: Option<ColumnName>,
    pub response_status: Option<ColumnName>,
    pub apim_request_id: Option<ColumnName>,
}

impl LogColumns {
    /// The name here of a documented column.
    pub fn of(&self, documented: &str) -> Option<&str> {
        let known = [
            ("timestamp", &self.timestamp),
            ("caller_oid", &self.caller_oid),
            ("caller_upn", &self.caller_upn),
            ("mcp_server", &self.mcp_server),
            ("tool_name", &self.tool_name),
            ("scope_used", &self.scope_used),
            ("resource_accessed", &self.resource_accessed),
            ("latency_ms", &self.latency_ms),
            ("response_status", &self.response_status),
            ("apim_request_id", &self.apim_request_id),
        ];
        known.iter().find(|(name, _)| *name == documented)?.1.as_ref().map(ColumnName::as_str)
    }
}

/// `[signing]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Signing {
    /// A PEM file, relative to the configuration file, or a key in a vault.
    pub key: Option<Key>,
    /// An RFC 3161 time stamping authority.
    pub timestamp_url: Option<TimestampUrl>,
    /// A PEM file with the certificate that its timestamps are trusted by; relative to the configuration file.
    pub timestamp_root: Option<PathBuf>,
}

/// `[run]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Run {
    /// When reading ends and what was read is judged; absent: when all of it was read.
    #[serde(deserialize_with = "value::duration")]
    #[schemars(schema_with = "value::duration_schema")]
    pub deadline: Option<std::time::Duration>,
}

/// `[archive]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Archive {
    /// `file:///…` or `az://container/prefix`.
    pub url: Option<ArchiveUrl>,
    /// The storage account that the container is in.
    pub account: Option<String>,
}

/// `[remediation]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Remediation {
    /// Accounts that are never touched, such as those for emergencies: object ids or user principal names.
    pub protected: Vec<String>,
    /// For how many hours a plan may be applied; 24 unless it says otherwise.
    pub plan_hours: Option<std::num::NonZeroU16>,
    /// How many different keys must have signed a plan before it is applied.
    pub approvals: Option<u16>,
    /// The public keys whose signatures count as approvals, as PEM files relative to the configuration file.
    pub approvers: Vec<PathBuf>,
}

impl Remediation {
    /// For how many hours a plan may be applied.
    pub fn hours(&self) -> i64 {
        self.plan_hours.map_or(24, |hours| i64::from(hours.get()))
    }
}

/// `[posture]`
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Posture {
    /// Resource ids of the subnets that MCP servers may stand in.
    pub subnets: Vec<String>,
    /// Resource ids of the API Management services that are the gateway; empty: all that the identity can see.
    pub gateways: Vec<String>,
    /// Address ranges that calls may come from.
    pub addresses: Vec<String>,
    /// Within how many days of a last day a sealed report has to exist; 3 unless it says otherwise.
    pub offboarding_days: Option<std::num::NonZeroU16>,
}

impl Posture {
    /// Within how many days of a last day a sealed report has to exist.
    pub fn days(&self) -> u16 {
        self.offboarding_days.map_or(3, std::num::NonZeroU16::get)
    }
}

/// One entry of `[people]`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Person {
    /// The GitHub login.
    pub github: Option<String>,
    /// Other names and addresses of the same human.
    pub aliases: Vec<String>,
    /// The last day of work.
    #[serde(deserialize_with = "value::date")]
    #[schemars(schema_with = "value::date_schema")]
    pub last_day: Option<Date>,
}

/// `[endpoints]`: a base URL for each service that is not the public cloud's.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
#[expect(missing_docs, reason = "each is named after the service that it stands for")]
pub struct Endpoints {
    pub login: Option<Endpoint>,
    pub graph: Option<Endpoint>,
    pub arm: Option<Endpoint>,
    pub logs: Option<Endpoint>,
    pub github: Option<Endpoint>,
    pub vault: Option<Endpoint>,
    pub storage: Option<Endpoint>,
    pub devops: Option<Endpoint>,
    pub devops_graph: Option<Endpoint>,
    pub devops_release: Option<Endpoint>,
    pub devops_audit: Option<Endpoint>,
    pub devops_entitlements: Option<Endpoint>,
    pub probe: Option<Endpoint>,
}

impl Config {
    /// Reads `path`, or what `LEAVER_CONFIG` names, or `./leaver.toml` if there is one.
    ///
    /// # Errors
    /// When a named file cannot be read, or when any file says something that it must not.
    pub fn load(path: Option<&Path>, env: &Env) -> Result<Config, Error> {
        let named = path.or_else(|| env.variable("LEAVER_CONFIG").map(Path::new));
        let path = named.unwrap_or(Path::new(DEFAULT_FILE));
        match file::read_text(path, file::SMALL) {
            Ok(text) => parse(&text, path, &is_secret),
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => Ok(Config::default()),
            Err(source) => Err(Error::Input { path: path.display().to_string().into(), source }),
        }
    }

    /// What the file says about a person. User principal names do not tell upper from lower case.
    pub fn person(&self, upn: &str) -> Option<&Person> {
        self.people.iter().find(|(name, _)| name.to_lowercase() == upn.to_lowercase()).map(|(_, person)| person)
    }

    fn relative_to(mut self, directory: &Path) -> Config {
        self.github.private_key_file = self.github.private_key_file.map(|file| directory.join(file));
        self.github.cache = self.github.cache.map(|file| directory.join(file));
        self.signing.key = self.signing.key.map(|key| match key {
            Key::File(file) => Key::File(directory.join(file)),
            Key::Vault(url) => Key::Vault(url),
        });
        for file in &mut self.remediation.approvers {
            *file = directory.join(&*file);
        }
        self.signing.timestamp_root = self.signing.timestamp_root.map(|file| directory.join(file));
        self
    }
}

fn parse(text: &str, path: &Path, is_secret: &dyn Fn(&str) -> bool) -> Result<Config, Error> {
    let error = |fault: Fault| {
        let (line, column) = position(text, fault.at);
        let file = Untrusted::from(path.display().to_string());
        Error::Config { file, line, column, message: fault.message.into(), hint: fault.hint }
    };
    let document = DeTable::parse(text).map_err(|refused| error(Fault::from(refused)))?;
    strict::examine(document.get_ref(), &schema(), is_secret).map_err(error)?;
    strict::examine_lines(text, is_secret).map_err(error)?;
    let places = strict::settings(document.get_ref());
    let mut config = deserialize(document).map_err(error)?;
    config.sha256 = Some(seal::sha256(text.as_bytes()));
    for ((check, name), at) in places {
        if let Some(setting) = config.checks.get_mut(&check).and_then(|settings| settings.get_mut(&name)) {
            let (line, column) = position(text, at);
            setting.place = Some(Place { file: path.display().to_string().into(), line, column });
        }
    }
    Ok(config.relative_to(path.parent().unwrap_or(Path::new(""))))
}

fn deserialize(document: Spanned<DeTable<'_>>) -> Result<Config, Fault> {
    let keys = document.get_ref().clone();
    Config::deserialize(Deserializer::from(document)).map_err(|refused| {
        let mut fault = Fault::from(refused);
        if let Some(key) = strict::key_at(&keys, fault.at) {
            fault.message = format!("{key}: {}", fault.message);
        }
        fault
    })
}

fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

fn is_secret(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || token::scrub(text) != text
}

/// Line and column, counted from 1, of a byte offset.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests;
