//! Before anything is read: who asks, whether each organisation can be seen, what the sign-in lacks.
//! Everything that would make the whole run worthless is refused here, in words that say what to change.

use std::sync::Arc;

use jiff::SignedDuration;

use super::place::{encoded, one};
use super::{Known, SCOPES, wire};
use crate::api::{Api, Cache, Error as Failure, GitHubSignIn, Http, Paging, ReadApi, RequestLog, Service, TokenKind};
use crate::env::Env;
use crate::evidence::Writer;
use crate::evidence::row::Reader;
use crate::source::Collector;
use crate::source::lenient::Lenient;
use crate::text::{Untrusted, nearest};

/// A clock that is off by more breaks the assertion of an App.
const SKEW: SignedDuration = SignedDuration::from_secs(45);

/// GitHub, signed in to.
pub struct GitHub {
    /// The organisations, in the order of the configuration.
    pub organizations: Vec<Organization>,
    /// Slug of the enterprise.
    pub enterprise: Option<String>,
    /// What the sign-in lacks: data sets that will be gaps.
    pub notes: Vec<String>,
    /// Whose token it is; absent for Apps.
    viewer: Option<wire::Account>,
}

/// One organisation, and what reads it.
pub struct Organization {
    /// Its name as GitHub writes it.
    pub name: String,
    pub(super) github: Collector,
    pub(super) id: wire::Number,
    pub(super) plan: Option<Untrusted>,
    pub(super) member_role: Option<Untrusted>,
    pub(super) saml: Option<bool>,
    /// Whether an App asks: GitHub shows fine-grained tokens to nobody else.
    pub(super) is_app: bool,
    reader: Reader,
}

impl Organization {
    /// What reads it.
    pub fn api(&self) -> &ReadApi {
        &self.github.api
    }

    /// Who reads it.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Whether its plan is known to lack what only an enterprise has.
    pub(super) fn is_small(&self) -> bool {
        self.plan.as_ref().is_some_and(|plan| !plan.raw().to_lowercase().contains("enterprise"))
    }
}

/// Why GitHub is not read at all.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The sign-in itself is not taken.
    #[error("{how}: {why}")]
    SignIn {
        /// What was tried.
        how: String,
        /// What GitHub made of it.
        why: String,
    },
    /// The clock of this machine is wrong, so the assertion of the App is not valid.
    #[error(
        "the clock of this machine is {seconds} seconds {direction} that of GitHub, which breaks the sign-in of an App"
    )]
    Clock {
        /// How far it is off.
        seconds: u64,
        /// `behind` or `ahead of`.
        direction: &'static str,
    },
    /// There is no such organisation, or the sign-in may not see it.
    #[error("the organisation {} is not visible: {why}", .name.terminal())]
    Invisible {
        /// As it is configured.
        name: Untrusted,
        /// What may be the reason.
        why: String,
        /// What can be seen and is written nearly alike.
        near: Option<String>,
    },
    /// Another App than the configured one, by the word of GitHub.
    #[error("GitHub says that this sign-in is the App {told}, and [github] app-id is {configured}: nothing was read")]
    OtherApp {
        /// The App that GitHub sees.
        told: u64,
        /// The App of the configuration.
        configured: u64,
    },
    /// Something else than GitHub answers.
    #[error("what answers is not GitHub: {0}")]
    NotGitHub(Failure),
    /// The App is there and may not act.
    #[error("the App is suspended in {}", .0.terminal())]
    Suspended(Untrusted),
    /// A token without this scope sees nothing of an organisation.
    #[error("the token has not the scope {scope}; it has: {has}")]
    Scope {
        /// The scope.
        scope: &'static str,
        /// The scopes that it has.
        has: String,
    },
    /// The token belongs to the very person whom the audit is about.
    #[error("the token for GitHub belongs to {}, whom this audit is about: an auditor must not be the audited", .0.terminal())]
    Own(Untrusted),
    /// GitHub did not answer.
    #[error(transparent)]
    Api(#[from] Failure),
}

/// What signing in takes from a run.
pub struct Means<'a> {
    /// The client.
    pub http: &'a Http,
    /// Where requests are written down.
    pub log: Arc<dyn RequestLog>,
    /// The evidence.
    pub out: &'a Writer,
    /// Clock and console.
    pub env: &'a Env,
    /// Answers of earlier runs.
    pub cache: Option<Arc<Cache>>,
}

impl Means<'_> {
    fn api(&self, tokens: Arc<dyn crate::api::Tokens>) -> ReadApi {
        let cache = self.cache.clone();
        Api::remembering(self.http.clone(), tokens, Arc::clone(&self.log), self.env, cache).read(Service::GitHub)
    }
}

/// Signs in and looks at every organisation.
///
/// # Errors
/// When reading would be worthless: see [`Refused`].
pub async fn sign_in(
    how: &GitHubSignIn,
    organizations: &[String],
    enterprise: Option<&str>,
    means: &Means<'_>,
) -> Result<GitHub, Refused> {
    let us = means.api(how.tokens(means.env));
    let reader = Reader {
        service: "GitHub".to_owned(),
        host: means.http.host(Service::GitHub),
        sign_in: how.to_string(),
        ..Reader::default()
    };
    let Viewer { account: viewer, notes, scopes } = match how {
        GitHubSignIn::App { .. } => Viewer::default(),
        GitHubSignIn::Token { token, .. } => viewer(&us, how, TokenKind::of(token)).await?,
    };
    let mut found = Vec::new();
    for name in organizations {
        let (api, reader) = match how {
            GitHubSignIn::App { id, .. } => {
                let installation = installed(&us, how, *id, name, means.env).await?;
                let tokens = GitHubSignIn::installation(us.clone(), installation.id.0, means.env);
                (means.api(tokens), as_app(&reader, *id, installation))
            }
            GitHubSignIn::Token { .. } => (us.clone(), as_person(&reader, viewer.as_ref(), scopes.as_deref())),
        };
        found.push(organization(api, how, name, means, reader).await?);
    }
    Ok(GitHub { organizations: found, enterprise: enterprise.map(str::to_owned), notes, viewer })
}

fn as_app(reader: &Reader, id: u64, installation: wire::Installation) -> Reader {
    Reader {
        identity: Some(format!("github:app/{id}").into()),
        name: installation.app_slug,
        permissions: installation.permissions.as_ref().map(super::permissions),
        ..reader.clone()
    }
}

fn as_person(reader: &Reader, viewer: Option<&wire::Account>, scopes: Option<&str>) -> Reader {
    Reader {
        identity: viewer.and_then(|viewer| Some(format!("github:user/{}", viewer.id?.0).into())),
        name: viewer.and_then(|viewer| viewer.login.clone()),
        permissions: scopes.map(|scopes| scopes.replace(", ", " ").into()),
        ..reader.clone()
    }
}

impl GitHub {
    /// Who reads each organisation.
    pub fn readers(&self) -> impl Iterator<Item = &Reader> {
        self.organizations.iter().map(|organization| &organization.reader)
    }

    /// Refuses to audit somebody with their own token.
    ///
    /// # Errors
    /// [`Refused::Own`].
    pub fn is_not(&self, person: &Known) -> Result<(), Refused> {
        match &self.viewer {
            Some(viewer) if person.is(viewer) => Err(Refused::Own(viewer.login.clone().unwrap_or_default())),
            _ => Ok(()),
        }
    }
}

/// Whose token it is.
#[derive(Default)]
struct Viewer {
    account: Option<wire::Account>,
    notes: Vec<String>,
    /// The scopes that it has; nothing: it is of a kind that has none.
    scopes: Option<String>,
}

/// Whose token it is and which of its scopes are missing. Tokens of installations belong to nobody.
async fn viewer(api: &ReadApi, how: &GitHubSignIn, kind: TokenKind) -> Result<Viewer, Refused> {
    let answer = match api.get(&super::place::ask("/user")).await {
        Ok(answer) => answer,
        Err(Failure::Denied(_) | Failure::NotFound(_)) => return Ok(Viewer::default()),
        Err(Failure::SignIn(_)) => {
            let why = "GitHub does not take this token: it is wrong, expired or revoked".to_owned();
            return Err(Refused::SignIn { how: how.to_string(), why });
        }
        Err(error) => return Err(error.into()),
    };
    let scopes = answer.header("x-oauth-scopes").filter(|scopes| kind.has_scopes() || !scopes.is_empty());
    let notes = scopes.map_or(Ok(Vec::new()), missing)?;
    Ok(Viewer { account: Some(answer.json()?), notes, scopes: scopes.map(str::to_owned) })
}

/// Scopes that the token lacks.
fn missing(scopes: &str) -> Result<Vec<String>, Refused> {
    let has: Vec<&str> = scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).collect();
    if !has.iter().any(|scope| matches!(*scope, "admin:org" | "write:org" | "read:org")) {
        let has = if has.is_empty() { "none".to_owned() } else { Untrusted::from(has.join(", ")).terminal() };
        return Err(Refused::Scope { scope: "read:org", has });
    }
    let without = SCOPES.iter().filter(|scope| !has.contains(scope));
    Ok(without
        .map(|scope| format!("the token for GitHub has not the scope {scope}: what it shows will be unknown"))
        .collect())
}

/// The App's installation in an organisation.
async fn installed(
    app: &ReadApi,
    how: &GitHubSignIn,
    id: u64,
    name: &str,
    env: &Env,
) -> Result<wire::Installation, Refused> {
    let found: Result<wire::Installation, Failure> = one(app, &format!("/orgs/{}/installation", encoded(name))).await;
    let found = match found {
        // The list of all installations may know it all the same.
        Err(error @ Failure::NotFound(_)) => listed(app, name).await.ok_or(error),
        found => found,
    };
    match found {
        Ok(found) if found.suspended_at.is_some() => Err(Refused::Suspended(name.into())),
        Ok(found) => match found.app_id {
            Some(told) if told.0 != id => Err(Refused::OtherApp { told: told.0, configured: id }),
            _ => Ok(found),
        },
        Err(error @ (Failure::SignIn(_) | Failure::Denied(_))) => Err(not_taken(&error, how, env)),
        Err(Failure::NotFound(_)) => {
            let accounts = accounts(app, "/app/installations?per_page=100").await;
            let why = "the App is not installed there, or the name is misspelt".to_owned();
            Err(Refused::Invisible { name: name.into(), why, near: near(name, &accounts) })
        }
        Err(error) => Err(error.into()),
    }
}

/// The installation in the account of this very name, by the list of all of them.
async fn listed(app: &ReadApi, name: &str) -> Option<wire::Installation> {
    let mut pages = app.pages(super::place::ask("/app/installations?per_page=100"), Paging::Array);
    let is_it = |one: &wire::Installation| {
        one.account
            .as_ref()
            .and_then(|account| account.login.as_ref())
            .is_some_and(|login| login.raw().eq_ignore_ascii_case(name))
    };
    while let Ok(Some(page)) = pages.next::<Lenient<wire::Installation>>().await {
        if let Some(found) = page.into_iter().filter_map(|Lenient(one)| one).find(is_it) {
            return Some(found);
        }
    }
    None
}

/// The assertion of an App is refused for a wrong number, a key of another App, or a wrong clock; only a clock can be seen.
fn not_taken(error: &Failure, how: &GitHubSignIn, env: &Env) -> Refused {
    let ahead = error.ahead((env.clock)()).unwrap_or_default();
    if ahead.abs() > SKEW {
        let direction = if ahead.is_positive() { "behind" } else { "ahead of" };
        return Refused::Clock { seconds: ahead.as_secs().unsigned_abs(), direction };
    }
    let why =
        "GitHub does not take its signature: app-id and private-key-file are of different Apps, or the key was deleted";
    Refused::SignIn { how: how.to_string(), why: why.to_owned() }
}

/// Names of what the sign-in can see, for a hint only.
async fn accounts(api: &ReadApi, path: &str) -> Vec<String> {
    let page = api.pages(super::place::ask(path), Paging::Array).next::<serde_json::Value>().await;
    let login =
        |one: &serde_json::Value| Some(one.pointer("/account/login").or(one.get("login"))?.as_str()?.to_owned());
    page.ok().flatten().unwrap_or_default().iter().filter_map(login).collect()
}

fn near(name: &str, seen: &[String]) -> Option<String> {
    nearest(name, seen.iter().map(String::as_str)).map(|near| Untrusted::from(near).terminal())
}

async fn organization(
    api: ReadApi,
    how: &GitHubSignIn,
    name: &str,
    means: &Means<'_>,
    reader: Reader,
) -> Result<Organization, Refused> {
    let told: wire::Organization = match one(&api, &format!("/orgs/{}", encoded(name))).await {
        Ok(told) => told,
        Err(Failure::SignIn(_)) => {
            return Err(Refused::SignIn { how: how.to_string(), why: "GitHub does not take it".to_owned() });
        }
        Err(Failure::NotFound(_) | Failure::Denied(_)) => {
            let near = near(name, &accounts(&api, "/user/orgs?per_page=100").await);
            let why = "it is misspelt, or the token was not let in (single sign-on has to authorise it)".to_owned();
            return Err(Refused::Invisible { name: name.into(), why, near });
        }
        Err(error @ Failure::Malformed { .. }) => return Err(Refused::NotGitHub(error)),
        Err(error) => return Err(error.into()),
    };
    let (realm, realm_name) = (Some(format!("github:org/{}", told.id.0).into()), Some(told.login.clone()));
    let spelt = Some(told.login.raw()).filter(|login| login.eq_ignore_ascii_case(name));
    Ok(Organization {
        name: spelt.unwrap_or(name).to_owned(),
        github: Collector { api, out: means.out.clone() },
        id: told.id,
        plan: told.plan.and_then(|plan| plan.name),
        member_role: told.default_repository_permission,
        saml: None,
        is_app: is_app(how),
        reader: Reader { realm, realm_name, ..reader },
    })
}

/// Personal tokens are known by their beginning; whatever else it is may be of an App.
fn is_app(how: &GitHubSignIn) -> bool {
    match how {
        GitHubSignIn::App { .. } => true,
        GitHubSignIn::Token { token, .. } => {
            !matches!(TokenKind::of(token), TokenKind::Classic | TokenKind::FineGrained | TokenKind::OAuth)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_named_and_only_the_first_ends_the_run() {
        assert!(matches!(missing("repo, gist"), Err(Refused::Scope { scope: "read:org", .. })));
        let refused = missing("repo, gist").err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("the token has not the scope read:org; it has: repo, gist"));
        let refused = missing("").err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), Some("the token has not the scope read:org; it has: none"));
        let notes = missing("read:org, repo").unwrap();
        assert_eq!(notes.len(), SCOPES.len() - 1);
        assert!(notes[0].contains("admin:org"));
        assert_eq!(missing(&SCOPES.join(", ")).unwrap(), Vec::<String>::new());
    }
}
