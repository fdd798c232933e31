//! Kubernetes: client configurations, secrets in manifests, and the values of the runner charts.

use serde_json::Value;

use super::super::document::{self, Format, entries, text};
use super::super::lead::{Lead, account};
use super::{Source, certificate, is_literal, is_secret_name};
use crate::token;

/// Keys under which the runner charts and their secrets hold a credential
/// (<https://github.com/actions/actions-runner-controller>, chart `gha-runner-scale-set` and its predecessor).
const CHART_KEYS: &[&str] =
    &["github_token", "github_app_private_key", "github_basicauth_password", "github_webhook_secret_token", "jitToken"];

/// `users[].user` of a kubeconfig.
pub(super) fn client(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for user in document.get("users").and_then(Value::as_array).into_iter().flatten() {
        let certificate =
            text(user, &["user", "client-certificate-data"]).and_then(|data| token::base64(data.as_bytes()));
        let common_name = certificate.and_then(|pem| certificate::common_name(&pem));
        let named = text(user, &["name"]).filter(|name| name.contains('@')).map(str::to_owned);
        let owner = common_name.or(named).and_then(|name| account("login", &name));
        for key in ["token", "password", "client-key-data"] {
            let lead = text(user, &["user", key]).map(|value| Lead::new(value).of_kind("kubernetes-secret").named(key));
            leads.extend(lead.map(|lead| lead.beside(owner.clone())));
        }
    }
    leads
}

/// Secrets and chart values; everything else in a manifest is found by its shape. Templates and other YAML that does not
/// parse is no manifest, so that is no gap.
pub(super) fn manifests(source: &Source<'_>) -> Vec<Lead> {
    // Most YAML is neither, and parsing is slow.
    if !["Secret", "github"].iter().any(|word| source.text.contains(word)) {
        return Vec::new();
    }
    document::parse(Format::Yaml, source.text).unwrap_or_default().iter().flat_map(manifest).collect()
}

fn manifest(document: &Value) -> Vec<Lead> {
    let items = document.get("items").and_then(Value::as_array).into_iter().flatten();
    let mut leads: Vec<Lead> = items.filter(|item| item.get("items").is_none()).flat_map(manifest).collect();
    if document.get("kind").and_then(Value::as_str) == Some("Secret") {
        let decoded = |value: &str| String::from_utf8(token::base64(value.trim().as_bytes())?).ok();
        let data = entries(document, &["data"]).filter_map(|(key, value)| Some((key, decoded(value.as_str()?)?)));
        let plain =
            entries(document, &["stringData"]).filter_map(|(key, value)| Some((key, value.as_str()?.to_owned())));
        let all: Vec<(&str, String)> = data.chain(plain).collect();
        let user = all.iter().find(|(key, _)| *key == "username");
        let owner = user.and_then(|(_, user)| account("login", user.trim()));
        let others = all.iter().filter(|(key, _)| *key != "username");
        leads.extend(others.map(|(key, value)| secret(key, value).beside(owner.clone())));
    }
    for holder in ["githubConfigSecret", "authSecret"] {
        let values = entries(document, &[holder]).filter_map(|(key, value)| Some((key, value.as_str()?)));
        leads.extend(
            values
                .filter(|(key, value)| CHART_KEYS.contains(key) && is_literal(value))
                .map(|(key, value)| secret(key, value)),
        );
    }
    leads
}

fn secret(key: &str, value: &str) -> Lead {
    let lead = Lead::new(value).named(key);
    let told = CHART_KEYS.contains(&key) || is_secret_name(key);
    if told && is_literal(value) { lead.of_kind("kubernetes-secret") } else { lead }
}
