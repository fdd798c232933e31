//! Sign-ins that command-line tools of clouds and code hosts keep in a home directory.

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::{Lead, account, account_kind};
use super::Source;
use crate::text::Untrusted;
use crate::token;
use crate::token::owner::Owner;

/// `<host>: {user, oauth_token, users: {<login>: {oauth_token}}}`; the token of the active user stands there twice.
pub(super) fn gh(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for (host, entry) in entries(document, &[]) {
        let kind = if account_kind(host) == "login" { "github-enterprise" } else { "github" };
        let lead = |token: &str, login: Option<&str>| {
            Lead::new(token)
                .of_kind("gh-secret")
                .named("oauth_token")
                .signed_in(login.and_then(|login| account(kind, login)))
        };
        for (login, user) in entries(entry, &["users"]) {
            leads.extend(text(user, &["oauth_token"]).map(|token| lead(token, Some(login))));
        }
        leads.extend(text(entry, &["oauth_token"]).map(|token| lead(token, text(entry, &["user"]))));
    }
    leads
}

/// MSAL's cache: secrets name an account by `home_account_id`, `<object id>.<tenant id>`.
pub(super) fn msal(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = |home: &str| {
        let account =
            entries(document, &["Account"]).find(|(_, account)| text(account, &["home_account_id"]) == Some(home));
        let (object, _) = home.split_once('.')?;
        let name = account.and_then(|(_, account)| text(account, &["username"]));
        Some(Owner { kind: "entra", id: Some(Untrusted::from(object)), name: name.map(Untrusted::from) })
    };
    let mut leads = Vec::new();
    for (section, kind) in
        [("RefreshToken", "msal-refresh-token"), ("AccessToken", "msal-access-token"), ("IdToken", "msal-id-token")]
    {
        for (_, entry) in entries(document, &[section]) {
            let Some(secret) = text(entry, &["secret"]) else { continue };
            let home = text(entry, &["home_account_id"]);
            let lead = Lead::new(secret).of_kind(kind).named(section);
            // An access token without an account belongs to an application.
            leads.push(match home {
                Some(home) => lead.signed_in(owner(home)),
                None => lead.beside(text(entry, &["client_id"]).map(application)),
            });
        }
    }
    leads
}

fn application(id: &str) -> Owner {
    Owner { kind: "application", id: Some(Untrusted::from(id)), name: None }
}

/// `[{client_id, tenant, client_secret, client_assertion}]`: applications, not people.
pub(super) fn service_principals(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for entry in document.as_array().into_iter().flatten() {
        for name in ["client_secret", "client_assertion"] {
            let owner = text(entry, &["client_id"]).map(application);
            leads.extend(
                text(entry, &[name])
                    .map(|secret| Lead::new(secret).of_kind("application-secret").named(name).beside(owner)),
            );
        }
    }
    leads
}

/// What azd keeps for an application; the sign-ins of people lie in the caches beside it
/// (<https://github.com/Azure/azure-dev>, `cli/azd/pkg/auth/manager.go`).
pub(super) fn azd(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let keys = ["clientSecret", "clientCertificate", "federatedToken"].into_iter();
    let found = keys.filter_map(|key| Some((key, text(document, &[key])?)));
    found.map(|(key, secret)| Lead::new(secret).of_kind("application-secret").named(key)).collect()
}

/// A person's refresh token; below `legacy_credentials` the folder is the account.
pub(super) fn gcloud(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    if text(document, &["type"]) != Some("authorized_user") {
        return Vec::new();
    }
    let folder = source.path.parent().and_then(|folder| folder.file_name()).map(|name| name.to_string_lossy());
    let named = text(document, &["account"]).or(folder.as_deref().filter(|name| name.contains('@')));
    let owner = named.and_then(|name| account("mail", name));
    text(document, &["refresh_token"])
        .map(|token| Lead::new(token).of_kind("google-refresh").named("refresh_token").signed_in(owner))
        .into_iter()
        .collect()
}

/// INI; the secret key belongs to the access key above it.
pub(super) fn aws(source: &Source<'_>) -> Vec<Lead> {
    let (mut leads, mut owner) = (Vec::new(), None);
    for (key, value) in source.text.lines().filter_map(|line| line.split_once('=')) {
        let (key, value) = (key.trim(), value.trim());
        match key {
            "aws_access_key_id" => owner = of_access_key(value),
            "aws_secret_access_key" | "aws_session_token" if !token::placeholder::is_sample(value.as_bytes(), 0) => {
                leads.push(Lead::new(value).of_kind("aws-secret-key").named(key).beside(owner.clone()));
            }
            _ => {}
        }
    }
    leads
}

fn of_access_key(id: &str) -> Option<Owner> {
    let hit = token::kinds().find(id.as_bytes()).into_iter().next()?;
    token::owner::inside(hit.kind, &id.as_bytes()[hit.span]).owner
}
