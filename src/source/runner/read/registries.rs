//! Credentials for package and container registries whose files join host, user and secret in ways of their own.

use std::collections::HashMap;

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::{Lead, account_kind};
use super::super::sections::unquoted;
use super::Source;
use super::record::{claims, is_value, named};
use crate::token;

/// `auths.<registry>.auth` is base64 of `user:password`, which older files have side by side or without `auths` around it;
/// `identitytoken` is a refresh token of that registry. Headers may hold an authorization, too.
pub(super) fn docker(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let headers = entries(document, &["HttpHeaders"]).filter_map(|(name, value)| Some((name, value.as_str()?)));
    let mut leads: Vec<Lead> = headers.filter_map(|(name, value)| header(name, value, "docker-secret")).collect();
    let oldest = entries(document, &[]).filter(|(_, entry)| text(entry, &["auth"]).is_some());
    for (registry, entry) in entries(document, &["auths"]).chain(oldest) {
        leads.extend(of_registry(registry, entry));
    }
    leads
}

fn of_registry(registry: &str, entry: &Value) -> Vec<Lead> {
    let host = registry.split_once("://").map_or(registry, |(_, host)| host).split('/').next().unwrap_or_default();
    let kind = match account_kind(host) {
        "login" => "docker",
        kind => kind,
    };
    let apart = || Some((text(entry, &["username"])?.to_owned(), text(entry, &["password"])?.to_owned()));
    let encoded = text(entry, &["auth"]);
    let pair = encoded.and_then(user_and_password).or_else(apart);
    let user = pair.as_ref().map(|(user, _)| user.as_str());
    let tokens = ["identitytoken", "registrytoken"].into_iter().filter_map(|key| text(entry, &[key]));
    let claimed = tokens.clone().find_map(claims);
    let owner = user
        .and_then(|user| named(kind, user))
        .or(claimed)
        .or_else(|| text(entry, &["email"]).and_then(|mail| named("mail", mail)));
    // What is no pair may still be a secret.
    let alone = encoded.filter(|_| pair.is_none());
    let passwords = pair.as_ref().map(|(_, password)| password.as_str());
    let is_any = |secret: &&str| is_value(secret) || token::placeholder::is_filler(secret.as_bytes());
    let secrets = passwords.or(alone).into_iter().chain(tokens).filter(is_any);
    secrets
        .map(|secret| Lead::new(secret).of_kind("docker-secret").named(registry).beside(owner.clone()).alone())
        .collect()
}

/// Both halves of a decoded basic authorization.
pub(super) fn user_and_password(auth: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(token::base64(auth.trim().as_bytes())?).ok()?;
    decoded.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

/// `AUTHORIZATION: basic <base64>` as a setting holds it.
pub(super) fn authorization(place: &str, header: &str, kind: &'static str) -> Option<Lead> {
    let (name, value) = header.split_once(':')?;
    let host = place.split_once("://").map_or("", |(_, host)| host.split(['/', '"']).next().unwrap_or_default());
    self::header(name.trim(), value.trim(), kind).map(|lead| if host.is_empty() { lead } else { lead.named(host) })
}

/// The secret of a header, if its name says that it has one.
fn header(name: &str, value: &str, kind: &'static str) -> Option<Lead> {
    let is_secret = name.to_lowercase().contains("auth") || super::is_secret_name(name);
    let (scheme, rest) = value.split_once(' ').unwrap_or(("", value));
    let lead = |secret: &str| is_value(secret).then(|| Lead::new(secret).of_kind(kind).named(name).alone());
    if !is_secret {
        return None;
    }
    match user_and_password(rest).filter(|_| scheme.eq_ignore_ascii_case("basic")) {
        Some((user, password)) if password.is_empty() || password == "x-oauth-basic" => lead(&user),
        Some((user, password)) => lead(&password).map(|lead| lead.beside(named("login", &user))),
        None => lead(rest.trim()).map(|lead| lead.beside(claims(rest.trim()))),
    }
}

/// `//registry/:_authToken=`, `:_auth=` and `:username=` with `:_password=`, the last two in base64.
pub(super) fn npm(source: &Source<'_>) -> Vec<Lead> {
    let pairs: Vec<(&str, &str)> = pairs(source.text).collect();
    // The first of each name.
    let by_name: HashMap<&str, &str> = pairs.iter().rev().copied().collect();
    let beside = |registry: &str, setting: &str| match registry {
        "" => by_name.get(setting).copied(),
        registry => by_name.get(format!("{registry}:{setting}").as_str()).copied(),
    };
    let user = |registry: &str| {
        let name = beside(registry, "username").or_else(|| beside(registry, "email"));
        name.and_then(|name| named("npm", name))
    };
    let mut leads = Vec::new();
    for (key, value) in pairs.iter().filter(|(_, value)| is_value(value)) {
        let (registry, setting) = key.rsplit_once(':').unwrap_or(("", key));
        let lead = match setting {
            "_authToken" => Some(Lead::new(value).beside(user(registry))),
            "_password" => {
                let password = token::base64(value.as_bytes()).and_then(|password| String::from_utf8(password).ok());
                Some(Lead::new(password.as_deref().unwrap_or(value)).beside(user(registry)))
            }
            "_auth" => match user_and_password(value) {
                Some((user, password)) => Some(Lead::new(&password).beside(named("npm", &user))),
                None => Some(Lead::new(value).beside(user(registry))),
            },
            _ => None,
        };
        leads.extend(lead.map(|lead| lead.of_kind("npm-secret").named(*key).alone()));
    }
    leads
}

pub(super) fn cargo(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let default =
        ["token", "secret-key"].into_iter().filter_map(|key| Some(("registry", text(document, &["registry", key])?)));
    let others = entries(document, &["registries"])
        .filter_map(|(name, entry)| Some((name, text(entry, &["token"]).or_else(|| text(entry, &["secret-key"]))?)));
    default.chain(others).map(|(name, token)| Lead::new(token).of_kind("cargo-secret").named(name).alone()).collect()
}

pub(super) fn terraform(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let found = entries(document, &["credentials"]).filter_map(|(host, entry)| Some((host, text(entry, &["token"])?)));
    found.map(|(host, token)| Lead::new(token).of_kind("terraform-secret").named(host).alone()).collect()
}

/// Values of a state under names that say "secret": outputs that are sensitive, and attributes of resources
/// (<https://developer.hashicorp.com/terraform/language/state/sensitive-data>).
pub(super) fn terraform_state(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for (name, output) in entries(document, &["outputs"]) {
        let is_secret = output.get("sensitive").and_then(Value::as_bool) == Some(true) || super::is_secret_name(name);
        let value = text(output, &["value"]).filter(|value| is_secret && super::is_literal(value));
        leads.extend(value.map(|value| Lead::new(value).of_kind("terraform-state-secret").named(name).alone()));
    }
    let resources = document.get("resources").and_then(Value::as_array).into_iter().flatten();
    let instances = resources.filter_map(|resource| resource.get("instances")?.as_array()).flatten();
    let fields = super::record::Fields {
        kind: "terraform-state-secret",
        users: &["administratorlogin", "adminusername", "masterusername"],
        ..super::record::USUAL
    };
    let source = Source { path: std::path::Path::new(""), text: "", beside: &|_| None };
    for attributes in instances.filter_map(|instance| instance.get("attributes")) {
        let found = super::record::leads(&source, attributes, &fields);
        leads.extend(found.into_iter().filter(|lead| super::is_literal(lead.value.expose())));
    }
    leads
}

fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with(['#', ';']))
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim(), unquoted(value)))
}
