//! The values of `leaver.toml` that are more than text: addresses, times, names that enter a query.
//! Each is checked while it is read; an error says what is expected and repeats no address, which may hold a password.

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::{Date, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use toml::value::Datetime;
use url::{Host, Url};

use crate::model::Param;
use crate::text::{Untrusted, nearest};

/// A length of time: `90s`, `30m`, `2h 30m`, or a number of seconds.
pub(super) fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Seconds(u64),
        Text(String),
    }
    let expected = || D::Error::custom("a length of time such as \"30m\" or \"2h\" is expected");
    let length = match Written::deserialize(deserializer).map_err(|_| expected())? {
        Written::Seconds(seconds) => Duration::from_secs(seconds),
        Written::Text(text) => {
            let length: SignedDuration = text.parse().map_err(|_| expected())?;
            Duration::try_from(length).map_err(|_| expected())?
        }
    };
    if length.is_zero() { Err(expected()) } else { Ok(Some(length)) }
}

pub(super) fn duration_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "integer"] })
}

/// The base URL of a service: https, or plain http on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Endpoint(Url);

impl Endpoint {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for Endpoint {
    type Error = String;

    fn try_from(text: String) -> Result<Endpoint, String> {
        let url = bare_url(&text)?;
        match url.scheme() {
            "https" => Ok(Endpoint(url)),
            "http" if is_loopback(&url) => Ok(Endpoint(url)),
            "http" => Err("plain http is accepted for a loopback address only; use https".into()),
            _ => Err("an address that starts with https:// is expected".into()),
        }
    }
}

/// The address of a time stamping authority. Plain http is taken as well: most authorities have nothing else, the request
/// holds one digest and no credential, and the answer is signed and verified against a pinned root.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct TimestampUrl(Url);

impl TimestampUrl {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for TimestampUrl {
    type Error = String;

    fn try_from(text: String) -> Result<TimestampUrl, String> {
        let url = bare_url(&text)?;
        match url.scheme() {
            "https" | "http" => Ok(TimestampUrl(url)),
            _ => Err("an address that starts with https:// or http:// is expected".into()),
        }
    }
}

/// Where bundles go: a directory or a container of Azure Blob Storage.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct ArchiveUrl(Url);

impl ArchiveUrl {
    /// The URL.
    pub fn url(&self) -> &Url {
        &self.0
    }
}

impl TryFrom<String> for ArchiveUrl {
    type Error = String;

    fn try_from(text: String) -> Result<ArchiveUrl, String> {
        let url = bare_url(&text)?;
        match (url.scheme(), url.has_host()) {
            ("file", false) | ("az", true) => Ok(ArchiveUrl(url)),
            _ => Err("file:///directory or az://container/prefix is expected".into()),
        }
    }
}

/// The key that signs: a file here or a key that never leaves its vault.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub enum Key {
    /// A PEM file.
    File(PathBuf),
    /// The URL of a key in Azure Key Vault.
    Vault(Url),
}

impl TryFrom<String> for Key {
    type Error = String;

    fn try_from(text: String) -> Result<Key, String> {
        match text.split_once("://") {
            Some(_) => Ok(Key::Vault(Endpoint::try_from(text)?.0)),
            None if text.is_empty() => Err("a PEM file or the https address of a key is expected".into()),
            None => Ok(Key::File(text.into())),
        }
    }
}

/// The name of a table or column, safe to stand in a query.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct ColumnName(String);

impl ColumnName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ColumnName {
    type Error = String;

    fn try_from(text: String) -> Result<ColumnName, String> {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if starts && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            Ok(ColumnName(text))
        } else {
            Err("a name of letters, digits and _ is expected".into())
        }
    }
}

/// The working day, such as `07:00-20:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(with = "String")]
pub struct Workday {
    /// When it starts.
    pub start: Time,
    /// When it is over; always after the start.
    pub end: Time,
}

impl TryFrom<String> for Workday {
    type Error = String;

    fn try_from(text: String) -> Result<Workday, String> {
        let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
        match text.split_once('-').and_then(|(start, end)| Some((time(start)?, time(end)?))) {
            Some((start, end)) if start < end => Ok(Workday { start, end }),
            Some(_) => Err("the working day has to end after it starts".into()),
            None => Err("two times such as 07:00-20:00 are expected".into()),
        }
    }
}

/// What a parameter of a check is set to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "Param")]
#[schemars(with = "Param")]
pub struct Setting {
    /// The value.
    pub value: Param,
    /// Where the file says so.
    pub place: Option<Place>,
}

impl From<Param> for Setting {
    fn from(value: Param) -> Setting {
        Setting { value, place: None }
    }
}

/// A place in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Untrusted,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

/// A share that is neither nothing nor more than everything.
pub(super) fn percent<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u8>, D::Error> {
    let percent = u8::deserialize(from)?;
    match percent {
        1..=100 => Ok(Some(percent)),
        _ => Err(D::Error::custom("a number of percent from 1 to 100 is expected")),
    }
}

/// Reads an IANA time zone from the database in this program, so that every machine agrees on it.
pub(super) fn time_zone<'de, D: Deserializer<'de>>(from: D) -> Result<Option<TimeZone>, D::Error> {
    let name = String::deserialize(from)?;
    let database = TimeZoneDatabase::bundled();
    database.get(&name).map(Some).map_err(|_| {
        let known: Vec<String> = database.available().map(|known| known.to_string()).collect();
        D::Error::custom(match nearest(&name, known.iter().map(String::as_str)) {
            Some(near) => format!("\"{name}\" is no IANA time zone; did you mean {near}?"),
            None => format!("\"{name}\" is no IANA time zone such as Europe/Berlin"),
        })
    })
}

/// A date, with or without quotes. TOML cannot tell 31 April from 30, so the calendar decides.
pub(super) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a date such as 2026-05-01 is expected")]
    enum Written {
        Bare(Datetime),
        Quoted(String),
    }
    let text = match Written::deserialize(from)? {
        Written::Bare(bare) => bare.to_string(),
        Written::Quoted(text) => text,
    };
    Date::strptime("%Y-%m-%d", &text)
        .map(Some)
        .map_err(|_| D::Error::custom("a day of the calendar such as 2026-05-01 is expected"))
}

pub(super) fn date_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "null"], "format": "date" })
}

/// A URL without the parts that carry passwords and signatures.
fn bare_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("this is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address must not hold a user name or password".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address must not hold a query or fragment; a signature in it would be a secret".into());
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
