//! Kubernetes: client configurations, secrets in manifests, and the values of the runner charts.

use serde_json::Value;

use super::super::document::{self, Format, entries, text};
use super::super::lead::Lead;
use super::record::{claims, is_value, named, plain};
use super::{Source, by_content, certificate, is_literal, is_secret_name};
use crate::token;
use crate::token::owner::Owner;

/// Keys under which the runner charts and their secrets hold a credential
/// (<https://github.com/actions/actions-runner-controller>, chart `gha-runner-scale-set` and its predecessor).
const CHART_KEYS: &[&str] =
    &["github_token", "github_app_private_key", "github_basicauth_password", "github_webhook_secret_token", "jitToken"];

/// Whether a document is a client configuration, whatever the file is called.
pub(super) fn is_client(document: &Value) -> bool {
    let list = |key: &str| document.get(key).is_some_and(Value::is_array);
    list("users") && (text(document, &["kind"]) == Some("Config") || list("clusters") || list("contexts"))
}

/// `users[].user` of a kubeconfig.
pub(super) fn client(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let users = document.get("users").and_then(Value::as_array).into_iter().flatten();
    users.flat_map(|entry| of_user(entry, entry.get("user").unwrap_or(&Value::Null))).collect()
}

fn of_user(entry: &Value, user: &Value) -> Vec<Lead> {
    let config = user.get("auth-provider").and_then(|provider| provider.get("config")).unwrap_or(&Value::Null);
    let owner = owner(entry, user, config);
    let lead = |name: &str, value: &str| {
        is_value(value).then(|| Lead::new(value).of_kind("kubeconfig-secret").named(name).beside(owner.clone()).alone())
    };
    let own = ["token", "password", "client-key-data"].into_iter().filter_map(|key| Some((key, text(user, &[key])?)));
    let provided =
        entries(config, &[]).filter(|(key, _)| is_secret(key)).filter_map(|(key, value)| Some((key, value.as_str()?)));
    let mut leads: Vec<Lead> = own.chain(provided).filter_map(|(key, value)| lead(key, &decoded(key, value))).collect();
    let exec = user.get("exec").unwrap_or(&Value::Null);
    let arguments: Vec<&str> =
        exec.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    for (at, argument) in arguments.iter().enumerate() {
        let Some(option) = argument.strip_prefix('-') else { continue };
        let next = arguments.get(at + 1).copied().unwrap_or_default();
        let (name, value) = option.split_once('=').unwrap_or((option, next));
        leads.extend(is_secret(name).then(|| lead(name.trim_start_matches('-'), value)).flatten());
    }
    let variables = exec.get("env").and_then(Value::as_array).into_iter().flatten();
    let variables = variables.filter_map(|one| Some((text(one, &["name"])?, text(one, &["value"])?)));
    leads.extend(variables.filter(|(name, _)| is_secret(name)).filter_map(|(name, value)| lead(name, value)));
    leads
}

/// A key stands there in base64: it is the key that counts, wherever else it lies.
fn decoded(key: &str, value: &str) -> String {
    let plain = (key == "client-key-data").then(|| String::from_utf8(token::base64(value.as_bytes())?).ok()).flatten();
    plain.unwrap_or_else(|| value.to_owned())
}

/// Whether a name says "secret"; files and addresses of secrets are none.
fn is_secret(name: &str) -> bool {
    const ENDS: &[&str] = &["secret", "token", "password", "passwd", "passphrase", "apikey", "secretkey", "accesskey"];
    let lower = plain(name);
    ENDS.iter().any(|end| lower.ends_with(end))
        || is_secret_name(name) && !lower.ends_with("file") && !lower.ends_with("url")
}

/// Whom a user of a client configuration is: by certificate, claims, name at sign-in, or a name that is a person's by its
/// form, such as that of a sign-in to OpenShift, `name/host:port`.
fn owner(entry: &Value, user: &Value, config: &Value) -> Option<Owner> {
    let certificate = text(user, &["client-certificate-data"]).and_then(|data| token::base64(data.as_bytes()));
    let common_name =
        certificate.and_then(|pem| certificate::common_name(&pem)).filter(|name| !name.starts_with("system:"));
    let tokens = [text(config, &["id-token"]), text(user, &["token"]), text(config, &["access-token"])];
    let label = text(entry, &["name"]).and_then(|name| match name.split_once('/') {
        Some((person, host)) if host.contains(':') && !person.contains(':') => Some(person),
        _ => name.contains('@').then_some(name),
    });
    common_name
        .and_then(|name| named("login", &name))
        .or_else(|| tokens.into_iter().flatten().find_map(claims))
        .or_else(|| text(user, &["username"]).and_then(|name| named("login", name)))
        .or_else(|| label.and_then(|name| named("login", name)))
}

/// Secrets, client configurations and chart values; everything else in a manifest is found by its shape. Templates and other
/// YAML that does not parse is no manifest, so that is no gap.
pub(super) fn manifests(source: &Source<'_>) -> Vec<Lead> {
    // Most YAML is neither, and parsing is slow.
    if !["Secret", "github", "users:"].iter().any(|word| source.text.contains(word)) {
        return Vec::new();
    }
    let documents = document::parse(Format::Yaml, source.text).unwrap_or_default();
    documents.iter().flat_map(|document| manifest(source, document)).collect()
}

pub(super) fn manifest(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let items = document.get("items").and_then(Value::as_array).into_iter().flatten();
    let mut leads: Vec<Lead> =
        items.filter(|item| item.get("items").is_none()).flat_map(|item| manifest(source, item)).collect();
    if is_client(document) {
        leads.extend(client(source, document));
    }
    if document.get("kind").and_then(Value::as_str) == Some("Secret") {
        leads.extend(of_secret(source, document));
    }
    for holder in ["githubConfigSecret", "authSecret"] {
        let values = entries(document, &[holder]).filter_map(|(key, value)| Some((key, value.as_str()?)));
        leads.extend(
            values
                .filter(|(key, value)| CHART_KEYS.contains(key) && is_literal(value))
                .map(|(key, value)| Lead::new(value).named(key).of_kind("kubernetes-secret").alone()),
        );
    }
    leads
}

/// What was applied last stands in an annotation once more, as JSON.
const APPLIED: &[&str] = &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"];

fn of_secret(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let decoded =
        |value: &str| String::from_utf8(token::base64(value.split_whitespace().collect::<String>().as_bytes())?).ok();
    let data = entries(document, &["data"]).filter_map(|(key, value)| Some((key, decoded(value.as_str()?)?)));
    let plain = entries(document, &["stringData"]).filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
    let all: Vec<(&str, String)> = data.chain(plain).collect();
    let is_user = |key: &str| matches!(self::plain(key).as_str(), "username" | "user" | "login" | "email");
    let user = all.iter().find(|(key, _)| is_user(key));
    let owner = user.and_then(|(_, user)| named("login", user.trim()));
    let mut leads = Vec::new();
    for (key, value) in all.iter().filter(|(key, _)| !is_user(key)) {
        // A file of another format has owners of its own.
        let inner = by_content::leads(&Source { path: source.path, text: value, beside: &|_| None });
        match inner.is_empty() {
            true => leads.push(secret(key, value.trim()).beside(owner.clone()).alone()),
            false => leads.extend(inner),
        }
    }
    let applied = text(document, APPLIED).and_then(|json| serde_json::from_str::<Value>(json).ok());
    leads.extend(
        applied.iter().filter(|inner| text(inner, APPLIED).is_none()).flat_map(|inner| manifest(source, inner)),
    );
    leads
}

/// Under any name in a secret stands a secret, unless it says or looks like something else.
fn secret(key: &str, value: &str) -> Lead {
    const OTHERS: &[&str] = &[
        "cert",
        "certificate",
        "ca",
        "crt",
        "host",
        "hostname",
        "url",
        "uri",
        "port",
        "database",
        "name",
        "namespace",
        "server",
        "id",
        "region",
        "endpoint",
        "issuer",
        "file",
    ];
    let lead = Lead::new(value).named(key);
    let words = || key.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let told = CHART_KEYS.contains(&key) || is_secret_name(key) || is_secret(key);
    let opaque = || !words().any(|word| OTHERS.contains(&word.as_str())) && by_content::is_opaque(value);
    if (told || opaque()) && is_literal(value) { lead.of_kind("kubernetes-secret") } else { lead }
}
