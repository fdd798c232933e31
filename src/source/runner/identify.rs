//! Asks the issuer of a token whose it is, and nobody else: one GET, no redirects, TLS or loopback.
//! The value goes into one request header and nowhere else; what comes back is an owner, never a secret.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Client, StatusCode, redirect};
use serde_json::Value;
use url::{Host, Url};

use super::document::text;
use crate::env::Env;
use crate::evidence::Exchange;
use crate::text::{Secret, Untrusted};
use crate::token::Issuer;
use crate::token::owner::Owner;

const PATIENCE: Duration = Duration::from_secs(20);
/// The account that Azure DevOps answers with when it does not know a token.
const ANONYMOUS: &str = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa";
/// The largest answer that is read.
const LARGEST: usize = 1024 * 1024;

/// Where the issuers are.
#[derive(Debug, Clone)]
pub struct Issuers {
    github: Url,
    devops: Url,
    organizations: Vec<String>,
    client: Client,
}

/// Why no issuer can be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A base URL that must not be used for a token.
    #[error("{0} must be an https URL without a user; plain http is for loopback addresses only")]
    Endpoint(&'static str),
    /// There is no TLS.
    #[error("no HTTP client: no TLS or no trust store")]
    Client,
}

/// A token to ask about, and what stands beside it.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) issuer: Issuer,
    pub(super) value: Secret,
    /// The name that it stands under; for npm it holds the registry.
    pub(super) name: Option<String>,
}

/// What an issuer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The token works and belongs to this account.
    Valid { owner: Owner, scope: Option<Untrusted>, expires_at: Option<Timestamp> },
    /// The issuer does not accept it.
    Invalid,
    /// Nobody said anything: this tells nothing about the token.
    Unavailable,
}

impl Issuers {
    /// Issuers at these base URLs; Azure DevOps is asked for each of `organizations`.
    ///
    /// # Errors
    /// For a URL that must not be used, or without TLS.
    pub fn new(github: &str, devops: &str, organizations: Vec<String>) -> Result<Issuers, Error> {
        let base = |name, text: &str| Url::parse(text).ok().filter(is_protected).ok_or(Error::Endpoint(name));
        let client = Client::builder()
            .user_agent(concat!("leaver/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .timeout(PATIENCE)
            .tls_backend_rustls()
            .build()
            .map_err(|_| Error::Client)?;
        Ok(Issuers { github: base("github", github)?, devops: base("devops", devops)?, organizations, client })
    }

    /// Asks; `also` are organisations of Azure DevOps that the host itself names. Every exchange is handed to `log`.
    pub(super) async fn ask(&self, question: &Question, also: &[String], env: &Env, log: &mut Vec<Exchange>) -> Answer {
        match question.issuer {
            Issuer::Github => self.github(&question.value, env, log).await,
            Issuer::Npm => self.npm(question, env, log).await,
            Issuer::AzureDevops => {
                let mut answer = Answer::Unavailable;
                for organization in self.organizations.iter().chain(also) {
                    // A token is good for one organisation: only all of them together could refuse it, and nobody knows all.
                    if let valid @ Answer::Valid { .. } = self.devops(&question.value, organization, env, log).await {
                        answer = valid;
                        break;
                    }
                }
                answer
            }
        }
    }

    async fn github(&self, value: &Secret, env: &Env, log: &mut Vec<Exchange>) -> Answer {
        let Some(url) = below(&self.github, &["user"]) else { return Answer::Unavailable };
        let Some((status, headers, body)) = self.get(url, &format!("Bearer {}", value.expose()), env, log).await else {
            return Answer::Unavailable;
        };
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let login = text(&body, &["login"]);
        match (status, login) {
            (StatusCode::OK, Some(login)) => Answer::Valid {
                owner: Owner {
                    kind: "github",
                    id: body.get("id").and_then(Value::as_i64).map(|id| Untrusted::from(id.to_string())),
                    name: Some(login.into()),
                },
                scope: header("x-oauth-scopes").filter(|scopes| !scopes.is_empty()).map(Untrusted::from),
                expires_at: header("github-authentication-token-expiration").and_then(expiry),
            },
            (StatusCode::UNAUTHORIZED, _) => Answer::Invalid,
            _ => Answer::Unavailable,
        }
    }

    async fn devops(&self, value: &Secret, organization: &str, env: &Env, log: &mut Vec<Exchange>) -> Answer {
        let Some(url) = below(&self.devops, &[organization, "_apis", "connectionData"]) else {
            return Answer::Unavailable;
        };
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!(":{}", value.expose())));
        let Some((StatusCode::OK, _, body)) = self.get(url, &basic, env, log).await else { return Answer::Unavailable };
        let user = body.get("authenticatedUser").unwrap_or(&Value::Null);
        let id = text(user, &["id"]).filter(|id| *id != ANONYMOUS);
        let name = text(user, &["properties", "Account", "$value"]).or(text(user, &["providerDisplayName"]));
        match (id, name) {
            (Some(id), Some(name)) => Answer::Valid {
                owner: Owner {
                    kind: if name.contains('@') { "mail" } else { "devops" },
                    id: Some(id.into()),
                    name: Some(name.into()),
                },
                scope: None,
                expires_at: None,
            },
            _ => Answer::Unavailable,
        }
    }

    /// The registry that stands beside the token; no other host ever sees it.
    async fn npm(&self, question: &Question, env: &Env, log: &mut Vec<Exchange>) -> Answer {
        let Some(url) = question.name.as_deref().and_then(registry).and_then(|base| below(&base, &["-", "whoami"]))
        else {
            return Answer::Unavailable;
        };
        match self.get(url, &format!("Bearer {}", question.value.expose()), env, log).await {
            Some((StatusCode::OK, _, body)) => match text(&body, &["username"]) {
                Some(name) => Answer::Valid {
                    owner: Owner { kind: "npm", id: None, name: Some(name.into()) },
                    scope: None,
                    expires_at: None,
                },
                None => Answer::Unavailable,
            },
            Some((StatusCode::UNAUTHORIZED, ..)) => Answer::Invalid,
            _ => Answer::Unavailable,
        }
    }

    async fn get(
        &self,
        url: Url,
        authorization: &str,
        env: &Env,
        log: &mut Vec<Exchange>,
    ) -> Option<(StatusCode, HeaderMap, Value)> {
        let mut header = HeaderValue::from_str(authorization).ok()?;
        header.set_sensitive(true);
        let shown = url.to_string();
        let answer = self.client.get(url).header(AUTHORIZATION, header).send().await.ok();
        log.push(Exchange {
            source: "runner",
            method: "GET",
            url: shown,
            status: answer.as_ref().map(|answer| answer.status().as_u16()),
            attempts: 1,
            body_sha256: None,
            bytes: None,
            at: (env.clock)(),
        });
        let mut answer = answer?;
        let (status, headers, mut body) = (answer.status(), answer.headers().clone(), Vec::new());
        while let Some(piece) = answer.chunk().await.ok()? {
            body.extend_from_slice(&piece);
            (body.len() <= LARGEST).then_some(())?;
        }
        Some((status, headers, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    }
}

/// `2026-05-01 00:00:00 UTC` or with an offset in digits.
fn expiry(text: &str) -> Option<Timestamp> {
    let text = text.replace(" UTC", " +0000");
    Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", &text).ok()
}

/// `//registry.example/path/:_authToken`
fn registry(name: &str) -> Option<Url> {
    let base = name.strip_suffix(":_authToken").filter(|base| base.starts_with("//"))?;
    let secure = Url::parse(&format!("https:{base}")).ok()?;
    let url = if is_loopback(&secure) { Url::parse(&format!("http:{base}")).ok()? } else { secure };
    is_protected(&url).then_some(url)
}

fn below(base: &Url, path: &[&str]) -> Option<Url> {
    let mut url = base.clone();
    url.path_segments_mut().ok()?.pop_if_empty().extend(path);
    Some(url)
}

fn is_protected(url: &Url) -> bool {
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
