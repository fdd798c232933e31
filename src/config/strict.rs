//! Holds a parsed TOML document against the schema of [`super::Config`]: unknown keys, wrong types, secrets.
//! The schema comes from the types, so there is no list of keys to keep. No value is ever repeated in a message.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::text::nearest;

/// What is wrong at one byte of the file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl From<toml::de::Error> for Fault {
    fn from(error: toml::de::Error) -> Fault {
        let at = error.span().map_or(0, |span| span.start);
        let escape = error.message().contains("escape").then(|| SINGLE_QUOTES.to_owned());
        Fault { at, message: error.message().to_owned(), hint: escape }
    }
}

const SINGLE_QUOTES: &str =
    "in double quotes \\ begins an escape: put a path with backslashes into single quotes, such as 'C:\\keys\\key.pem'";

/// Finds the first thing in the document that the schema does not allow.
pub(super) fn examine(document: &DeTable<'_>, schema: &Value, is_secret: &dyn Fn(&str) -> bool) -> Result<(), Fault> {
    let mut walk = Walk { is_secret, faults: BTreeMap::new() };
    walk.table("", document, schema);
    walk.faults.into_values().next().map_or(Ok(()), Err)
}

/// Finds a secret where no key leads: in a comment, or split into parts that only the line shows.
pub(super) fn examine_lines(text: &str, is_secret: &dyn Fn(&str) -> bool) -> Result<(), Fault> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_secret(line) {
            let message = "this line holds what looks like a secret".into();
            return Err(Fault { at, message, hint: secret_hint("", "") });
        }
        at += line.len();
    }
    Ok(())
}

/// The key whose value stands at this byte.
pub(super) fn key_at(table: &DeTable<'_>, at: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| match value.get_ref() {
        DeValue::Table(inner) => key_at(inner, at).map(|rest| join(&quoted(key.get_ref()), &rest)),
        _ => value.span().contains(&at).then(|| quoted(key.get_ref())),
    })
}

/// Where each parameter in `[checks]` stands, by check and name: which there are is known only when the checks are.
pub(super) fn settings(document: &DeTable<'_>) -> BTreeMap<(String, String), usize> {
    let mut places = BTreeMap::new();
    for (check, settings) in document.get("checks").into_iter().flat_map(entries) {
        for (name, _) in entries(settings) {
            places.insert((check.get_ref().to_string(), name.get_ref().to_string()), name.span().start);
        }
    }
    places
}

fn entries<'d, 't>(
    value: &'d Spanned<DeValue<'t>>,
) -> impl Iterator<Item = (&'d Spanned<Cow<'t, str>>, &'d Spanned<DeValue<'t>>)> {
    let table = match value.get_ref() {
        DeValue::Table(table) => Some(table),
        _ => None,
    };
    table.into_iter().flatten()
}

struct Walk<'a> {
    is_secret: &'a dyn Fn(&str) -> bool,
    /// By place, so that the first one in the file is the one that is told.
    faults: BTreeMap<usize, Fault>,
}

impl Walk<'_> {
    fn table(&mut self, path: &str, table: &DeTable<'_>, schema: &Value) {
        for (key, value) in table {
            let name = key.get_ref();
            if (self.is_secret)(name) {
                self.fault(key, "this key looks like a token".into(), secret_hint(path, name));
                continue;
            }
            let here = join(path, &quoted(name));
            match field(schema, name) {
                Some(inner) => self.value(&here, value, inner),
                None => self.unknown(path, key, schema),
            }
        }
        if schema.get("properties").is_none() {
            self.same_but_for_case(table);
        }
    }

    fn value(&mut self, path: &str, value: &Spanned<DeValue<'_>>, schema: &Value) {
        match value.get_ref() {
            DeValue::String(text) if (self.is_secret)(text) => {
                self.fault(value, format!("the value of {path} looks like a secret"), secret_hint(path, path));
            }
            DeValue::String(text) if text.chars().any(char::is_control) => {
                let message = format!("the value of {path} holds a control character");
                self.fault(value, message, Some(SINGLE_QUOTES.to_owned()));
            }
            found if !fits(found, schema) => {
                let message = format!("{path} has to be {}, this is {}", expected(schema), kind(found).1);
                self.fault(value, message, None);
            }
            DeValue::Table(table) => self.table(path, table, schema),
            DeValue::Array(items) => {
                let inner = schema.get("items").unwrap_or(&Value::Null);
                items.iter().for_each(|item| self.value(path, item, inner));
            }
            _ => {}
        }
    }

    fn unknown<T: AsRef<str>>(&mut self, path: &str, key: &Spanned<T>, schema: &Value) {
        let name = key.get_ref().as_ref();
        let known = || schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
        let place = if path.is_empty() { "leaver.toml".to_owned() } else { format!("[{path}]") };
        if names_a_secret(name) {
            let message = format!("{} is a secret, and {place} takes none", quoted(name));
            return self.fault(key, message, secret_hint(path, name));
        }
        let hint = match nearest(name, known().map(String::as_str)) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("known here: {}", known().map(String::as_str).collect::<Vec<_>>().join(", ")),
        };
        self.fault(key, format!("unknown key {} in {place}", quoted(name)), Some(hint));
    }

    fn same_but_for_case<T: AsRef<str> + Ord>(&mut self, table: &toml::map::Map<Spanned<T>, Spanned<DeValue<'_>>>) {
        let mut seen = BTreeMap::new();
        for (key, _) in table {
            if seen.insert(key.get_ref().as_ref().to_lowercase(), ()).is_some() {
                let message = format!("{} is there twice, written differently", quoted(key.get_ref().as_ref()));
                self.fault(key, message, Some("keep one of the two".into()));
            }
        }
    }

    fn fault<T>(&mut self, place: &Spanned<T>, message: String, hint: Option<String>) {
        let at = place.span().start;
        self.faults.entry(at).or_insert(Fault { at, message, hint });
    }
}

/// The schema below a key: of the field of that name, or of any key where names are free.
fn field<'a>(schema: &'a Value, name: &str) -> Option<&'a Value> {
    let named = schema.get("properties").and_then(|fields| fields.get(name));
    named.or_else(|| schema.get("additionalProperties").filter(|any| any.is_object()))
}

fn fits(value: &DeValue<'_>, schema: &Value) -> bool {
    let date = schema.get("format").is_some_and(|format| format == "date");
    let name = if date && value.is_datetime() { "string" } else { kind(value).0 };
    match schema.get("type") {
        Some(Value::String(only)) => only == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => true,
    }
}

/// The name of a value's type in JSON Schema, and in words.
fn kind(value: &DeValue<'_>) -> (&'static str, &'static str) {
    match value {
        DeValue::String(_) => ("string", "a text"),
        DeValue::Integer(_) => ("integer", "a whole number"),
        DeValue::Float(_) => ("number", "a fraction"),
        DeValue::Boolean(_) => ("boolean", "true or false"),
        DeValue::Datetime(_) => ("date", "a date or time"),
        DeValue::Array(_) => ("array", "a list"),
        DeValue::Table(_) => ("object", "a table"),
    }
}

fn expected(schema: &Value) -> &'static str {
    let name = schema.get("type").and_then(|kind| kind.as_str().or_else(|| kind.get(0)?.as_str()));
    match name {
        Some("integer") => "a whole number",
        Some("boolean") => "true or false",
        Some("array") => "a list",
        Some("object") => "a table",
        _ if schema.get("format").is_some_and(|format| format == "date") => "a date such as 2026-05-01",
        _ => "a text",
    }
}

fn names_a_secret(key: &str) -> bool {
    let words: Vec<String> = key.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(Into::into).collect();
    let joined = words.concat();
    words.iter().any(|word| word == "pat")
        || ["secret", "token", "password", "passwd", "passphrase", "apikey", "credential"]
            .iter()
            .any(|word| joined.contains(word))
}

fn secret_hint(path: &str, name: &str) -> Option<String> {
    let variable = match path.split('.').next() {
        Some("github") => "GH_TOKEN",
        Some("azure-devops") => "AZURE_DEVOPS_EXT_PAT",
        _ if name.to_lowercase().contains("secret") => "AZURE_CLIENT_SECRET",
        Some("entra" | "azure" | "logs") => "LEAVER_AZURE_TOKEN",
        _ => {
            return Some(
                "secrets come from the environment: LEAVER_AZURE_TOKEN, AZURE_CLIENT_SECRET, GH_TOKEN or \
                 AZURE_DEVOPS_EXT_PAT"
                    .into(),
            );
        }
    };
    Some(format!("set {variable} in the environment instead, and revoke what was in the file if others could read it"))
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn quoted(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if bare { key.to_owned() } else { format!("\"{key}\"") }
}
