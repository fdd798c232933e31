//! Sign-ins that command-line tools of clouds and code hosts keep in a home directory.

use serde_json::Value;

use super::super::document::{self, Format, entries, text};
use super::super::lead::{Lead, account, account_kind};
use super::Source;
use super::record::{self, Fields, USUAL, is_value};
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

/// Whether a document is MSAL's cache, whatever its file is called.
pub(super) fn is_msal(document: &Value) -> bool {
    let named = |section: &str| {
        entries(document, &[section])
            .any(|(_, entry)| entry.get("home_account_id").is_some() && text(entry, &["secret"]).is_some())
    };
    ["RefreshToken", "AccessToken", "IdToken"].into_iter().any(named)
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
        for name in ["client_secret", "client_assertion", "servicePrincipalKey"] {
            let owner = text(entry, &["client_id"]).or(text(entry, &["servicePrincipalId"])).map(application);
            leads.extend(
                text(entry, &[name])
                    .map(|secret| Lead::new(secret).of_kind("application-secret").named(name).beside(owner)),
            );
        }
    }
    leads
}

/// `{clientId, clientSecret, tenantId}`: what `az ad sp create-for-rbac` prints, in the spellings of its versions.
pub(super) fn of_application(document: &Value) -> Option<Vec<Lead>> {
    let first = |keys: &[&str]| keys.iter().find_map(|key| text(document, &[key]));
    let id = first(&["clientId", "client_id", "appId"])?;
    first(&["tenantId", "tenant_id", "tenant"])?;
    let secret = first(&["clientSecret", "client_secret", "password"]).filter(|secret| is_value(secret))?;
    let lead = Lead::new(secret).of_kind("application-secret").named("clientSecret");
    Some(vec![lead.beside(Some(application(id))).alone()])
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

/// The secret key belongs to the access key of its own section, which names the account.
pub(super) fn aws(source: &Source<'_>) -> Vec<Lead> {
    let documents = document::parse(Format::Ini, source.text).unwrap_or_default();
    let sections = documents.iter().flat_map(|document| entries(document, &[]));
    let sections =
        sections.flat_map(|(_, section)| section.as_array().map_or(std::slice::from_ref(section), Vec::as_slice));
    sections.flat_map(of_profile).collect()
}

fn of_profile(section: &Value) -> Vec<Lead> {
    let owner = text(section, &["aws_access_key_id"]).and_then(of_access_key);
    let secrets = ["aws_secret_access_key", "aws_session_token"].into_iter();
    let found = secrets.filter_map(|key| Some((key, text(section, &[key]).filter(|value| is_value(value))?)));
    found
        .map(|(key, value)| Lead::new(value).of_kind("aws-secret-key").named(key).beside(owner.clone()).alone())
        .collect()
}

fn of_access_key(id: &str) -> Option<Owner> {
    let hit = token::kinds().find(id.as_bytes()).into_iter().next()?;
    token::owner::inside(hit.kind, &id.as_bytes()[hit.span]).owner
}

/// What the command line of AWS keeps of sign-ins: `{Credentials: {AccessKeyId, SecretAccessKey, SessionToken}}`.
pub(super) fn aws_cache(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let fields = Fields { kind: "aws-secret-key", sign_in: true, ..USUAL };
    record::leads(source, document, &fields)
}

/// The cache of the library before MSAL: a list of tokens with the user of each
/// (<https://learn.microsoft.com/cli/azure/msal-based-azure-cli>).
pub(super) fn adal(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let mut leads = Vec::new();
    for entry in document.as_array().into_iter().flatten() {
        let id = text(entry, &["oid"]).map(Untrusted::from);
        let name = text(entry, &["userId"]).map(Untrusted::from);
        let person = (id.is_some() || name.is_some()).then_some(Owner { kind: "entra", id, name });
        for key in ["refreshToken", "accessToken"] {
            let lead = text(entry, &[key]).map(|value| Lead::new(value).of_kind("adal-token").named(key).alone());
            leads.extend(lead.map(|lead| match (&person, text(entry, &["servicePrincipalId"])) {
                (_, Some(id)) => lead.beside(Some(application(id))),
                (None, None) => lead.in_home(record::home(source)),
                (person, None) => lead.signed_in(person.clone()),
            }));
        }
    }
    // Applications stand in the same file with their secrets.
    leads.extend(service_principals(source, document));
    leads
}
