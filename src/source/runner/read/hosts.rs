//! What an administrator writes on a host: environment files, unit files, crontabs, command histories.

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::{Lead, account};
use super::{Source, by_content};
use crate::token;

/// `NAME=value`, with or without `export`, quotes and NUL as the end of a line.
///
/// A name that says "secret" makes any literal worth reporting: nothing but people writes into these files.
pub(super) fn environment(source: &Source<'_>) -> Vec<Lead> {
    source.text.split(['\n', '\0']).filter_map(assignment).flat_map(|(name, value)| assigned(name, value)).collect()
}

/// The variables whose value is a whole store of credentials.
pub(super) fn stores(text: &str) -> Vec<Lead> {
    let assigned = text.split(['\n', '\0']).filter_map(assignment);
    let stores = assigned.filter(|(name, value)| by_content::is_embedded(name, value));
    stores.flat_map(|(name, value)| by_content::embedded(name, value)).collect()
}

/// Unit files, scripts, histories and command lines.
pub(super) fn commands(source: &Source<'_>) -> Vec<Lead> {
    super::shell::script(source.text)
}

/// The variable that a word sets, with or without `$env:` before it.
pub(super) fn assigned_in(word: &str) -> Vec<Lead> {
    let word = word.strip_prefix("$env:").unwrap_or(word);
    assignment(word).map(|(name, value)| assigned(name, value)).unwrap_or_default()
}

/// The registering credential itself, which an agent without an OAuth exchange keeps.
pub(super) fn agent_credentials(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let data = |key: &str| text(document, &["data", key]);
    let owner = data("username").and_then(|user| account("devops", user));
    let secrets = [("token", "agent-secret"), ("password", "agent-secret"), ("clientsecret", "application-secret")];
    let found = secrets.into_iter().filter_map(|(key, kind)| Some(Lead::new(data(key)?).of_kind(kind).named(key)));
    found.map(|lead| lead.beside(owner.clone())).collect()
}

/// Passwords of proxies, enciphered with a key that lies on the same host: as good as in clear
/// (<https://github.com/microsoft/azure-pipelines-agent>, `LinuxAgentCredentialStore`).
pub(super) fn agent_store(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let found = entries(document, &[]).filter_map(|(target, entry)| {
        let user = text(entry, &["userName"]).and_then(|user| account("login", user));
        Some(Lead::new(text(entry, &["password"])?).named(target).of_kind("agent-secret").beside(user))
    });
    found.collect()
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
    let (name, value) = line.split_once('=')?;
    let named = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    named.then(|| (name, value.trim_matches(['"', '\''])))
}

/// A literal under a name that says "secret", also as the default of a reference.
pub(super) fn variable(name: &str, value: &str) -> Option<Lead> {
    let literal = token::placeholder::default(value.as_bytes()).map(String::from_utf8_lossy);
    let value = literal.as_deref().unwrap_or(value);
    token::named::is_secret(name, value).then(|| Lead::new(value).named(name).of_kind("environment-secret"))
}

/// A variable that a runner takes its whole registration from, or any other.
fn assigned(name: &str, value: &str) -> Vec<Lead> {
    match name {
        "ACTIONS_RUNNER_INPUT_JITCONFIG" => registration(name, value),
        _ if by_content::is_embedded(name, value) => by_content::embedded(name, value),
        _ => variable(name, value).into_iter().collect(),
    }
}

/// The files of a runner's registration: base64 of an object whose values are base64 of files.
pub(super) fn registration(name: &str, value: &str) -> Vec<Lead> {
    let outer = token::base64(value.as_bytes()).and_then(|json| serde_json::from_slice::<Value>(&json).ok());
    let files = outer.as_ref().and_then(Value::as_object).into_iter().flatten();
    let decoded = files.filter_map(|(_, file)| String::from_utf8(token::base64(file.as_str()?.as_bytes())?).ok());
    decoded.map(|file| Lead::new(&file).named(name)).collect()
}

/// Splits as a shell does, as far as quotes go.
pub(super) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None, _) if c.is_whitespace() => {
                words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty()))
            }
            _ => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}
