//! Credentials for package and container registries, and for hosts in general.

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::{Lead, account, account_kind};
use super::Source;
use crate::token;

/// `auths.<registry>.auth` is base64 of `user:password`, which older files have side by side; `identitytoken` is a refresh
/// token of that registry.
pub(super) fn docker(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for (registry, entry) in entries(document, &["auths"]) {
        let kind = match account_kind(registry) {
            "login" => "docker",
            kind => kind,
        };
        let apart = || Some((text(entry, &["username"])?.to_owned(), text(entry, &["password"])?.to_owned()));
        let pair = text(entry, &["auth"]).and_then(user_and_password).or_else(apart);
        let user = pair.as_ref().map(|(user, _)| user.as_str());
        let owner = user.and_then(|user| account(kind, user));
        let passwords = pair.as_ref().map(|(_, password)| password.as_str()).filter(|password| !password.is_empty());
        for secret in passwords.into_iter().chain(text(entry, &["identitytoken"])) {
            leads.push(Lead::new(secret).of_kind("docker-secret").named(registry).beside(owner.clone()));
        }
    }
    leads
}

/// Both halves of a decoded basic authorization.
pub(super) fn user_and_password(auth: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(token::base64(auth.trim().as_bytes())?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// `//registry/:_authToken=`, `:_auth=` and `:username=` with `:_password=`, the last two in base64.
pub(super) fn npm(source: &Source<'_>) -> Vec<Lead> {
    let pairs: Vec<(&str, &str)> = pairs(source.text).collect();
    let user = |registry: &str| {
        let name = pairs.iter().find(|(key, _)| *key == format!("{registry}:username"));
        name.and_then(|(_, name)| account("npm", name))
    };
    let mut leads = Vec::new();
    for (key, value) in pairs.iter().filter(|(_, value)| !token::placeholder::is_reference(value.as_bytes())) {
        let (registry, setting) = key.rsplit_once(':').unwrap_or(("", key));
        let lead = match setting {
            "_authToken" => Some(Lead::new(value).beside(user(registry))),
            "_password" => token::base64(value.as_bytes())
                .and_then(|password| String::from_utf8(password).ok())
                .map(|password| Lead::new(&password).beside(user(registry))),
            "_auth" => {
                user_and_password(value).map(|(user, password)| Lead::new(&password).beside(account("npm", &user)))
            }
            _ => None,
        };
        leads.extend(lead.map(|lead| lead.of_kind("npm-secret").named(*key)));
    }
    leads
}

/// INI sections with `username` and `password`.
pub(super) fn pypi(source: &Source<'_>) -> Vec<Lead> {
    let (mut leads, mut owner) = (Vec::new(), None);
    for (key, value) in pairs(source.text) {
        match key {
            "username" => owner = account("pypi", value),
            "password" => leads.push(Lead::new(value).of_kind("pypi-secret").named(key).beside(owner.clone())),
            _ => {}
        }
    }
    leads
}

/// Words in any arrangement of lines: `machine <host> login <user> password <secret>`.
pub(super) fn netrc(source: &Source<'_>) -> Vec<Lead> {
    let (mut leads, mut host, mut owner) = (Vec::new(), "", None);
    let mut words = source.text.split_whitespace();
    while let Some(word) = words.next() {
        match word {
            "machine" => (host, owner) = (words.next().unwrap_or_default(), None),
            "default" => (host, owner) = ("", None),
            "login" => owner = account(account_kind(host), words.next().unwrap_or_default()),
            "password" => {
                let secret = words.next().unwrap_or_default();
                leads.push(Lead::new(secret).of_kind("netrc-secret").named(host).beside(owner.clone()));
            }
            _ => {}
        }
    }
    leads
}

pub(super) fn cargo(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let default = text(document, &["registry", "token"]).map(|token| ("registry", token));
    let others = entries(document, &["registries"]).filter_map(|(name, entry)| Some((name, text(entry, &["token"])?)));
    default
        .into_iter()
        .chain(others)
        .map(|(name, token)| Lead::new(token).of_kind("cargo-secret").named(name))
        .collect()
}

pub(super) fn terraform(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let found = entries(document, &["credentials"]).filter_map(|(host, entry)| Some((host, text(entry, &["token"])?)));
    found.map(|(host, token)| Lead::new(token).of_kind("terraform-secret").named(host)).collect()
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), value.trim().trim_matches('"')))
}
