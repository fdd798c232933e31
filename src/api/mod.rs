//! The one HTTP transport: sign-in, same-origin paging, throttling, retries, the request log.
//! A [`ReadApi`] cannot change anything: it knows GET and the listed read-only POSTs.

mod allowance;
mod auth;
mod batch;
mod blob;
mod cache;
mod devops;
mod endpoint;
mod error;
mod graphql;
mod http;
mod link;
mod log;
mod once;
mod page;
mod quota;
mod retry;
mod route;
mod send;
mod stamp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use url::Url;

pub use self::allowance::Allowance;
pub use self::auth::{AppKey, AzureIdentity, Claims, Fixed, GitHubSignIn, KeyError, SignIn, TokenKind, Tokens, tokens};
pub use self::blob::{NoContainer, container};
pub use self::cache::Cache;
pub use self::endpoint::Endpoints;
pub use self::error::{Code, Error, Reply};
pub use self::graphql::{Found, Problem, Query};
pub use self::http::{Http, Settings};
pub use self::log::{NoLog, RequestLog};
pub use self::once::Once;
pub use self::page::{Pages, Paging};
pub use self::retry::Retry;
pub use self::route::ReadPost;

use self::endpoint::Base;
use self::log::Record;
use self::quota::Quota;
use self::retry::Gate;
use self::send::{Call, Sending};
use crate::env::Env;
use crate::evidence::Tally;

/// A system that is asked. Each has its own base URL and its own sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Microsoft Graph.
    Graph,
    /// Azure Resource Manager.
    Arm,
    /// Log Analytics.
    Logs,
    /// GitHub.
    GitHub,
    /// Azure DevOps: projects, pipelines, pools, repositories.
    DevOps,
    /// Azure DevOps: users, groups and tokens.
    DevOpsGraph,
    /// Azure DevOps: release pipelines.
    DevOpsRelease,
    /// Azure DevOps: the audit log.
    DevOpsAudit,
    /// Azure DevOps: licences.
    DevOpsEntitlements,
    /// Azure Key Vault, where a key may sign.
    Vault,
    /// Azure Blob Storage, where an archive may be.
    Storage,
}

impl Service {
    /// What the request log calls it.
    pub fn source(self) -> &'static str {
        match self {
            Service::Graph => "entra",
            Service::Arm => "azure",
            Service::Logs => "logs",
            Service::GitHub => "github",
            _ if self.is_devops() => "devops",
            Service::Vault => "vault",
            _ => "storage",
        }
    }

    /// Whether it is one of the five hosts of Azure DevOps, which share a sign-in and their rules.
    pub fn is_devops(self) -> bool {
        matches!(
            self,
            Service::DevOps
                | Service::DevOpsGraph
                | Service::DevOpsRelease
                | Service::DevOpsAudit
                | Service::DevOpsEntitlements
        )
    }
}

/// One read: a path and query below the base URL of the service, and the headers that it takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    /// `/v1.0/users/x?$select=id`, already percent-encoded.
    pub path: String,
    /// Such as `ConsistencyLevel: eventual`. Never a credential.
    pub headers: Vec<(&'static str, String)>,
}

/// A 2xx answer with a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    body: Vec<u8>,
    headers: HeaderMap,
}

impl Answer {
    /// A header, where it is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as `T`.
    ///
    /// # Errors
    /// [`Error::Malformed`], which names the place and never the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::of_json(&error))
    }

    /// SHA-256 of the body, in hexadecimal.
    pub fn sha256(&self) -> String {
        log::sha256(&self.body)
    }
}

/// All services of a run.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

/// What every ask of a run shares.
struct Shared {
    http: Http,
    tokens: Arc<dyn Tokens>,
    log: Arc<dyn RequestLog>,
    env: Env,
    random: Mutex<fastrand::Rng>,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
    refresh: tokio::sync::Mutex<()>,
    kept: Mutex<HashMap<(Service, Ask), Kept>>,
    quota: Quota,
    cache: Option<Arc<Cache>>,
}

/// What a batch brought for an ask that has not been made yet.
struct Kept {
    result: Result<Answer, Error>,
    at: Timestamp,
}

impl Api {
    /// Asks over `http`, as whom `tokens` says, and tells `log`.
    pub fn new(http: Http, tokens: Arc<dyn Tokens>, log: Arc<dyn RequestLog>, env: &Env) -> Api {
        Api::remembering(http, tokens, log, env, None)
    }

    /// As [`Api::new`]; what `cache` holds of GitHub is only asked for if it changed.
    pub fn remembering(
        http: Http,
        tokens: Arc<dyn Tokens>,
        log: Arc<dyn RequestLog>,
        env: &Env,
        cache: Option<Arc<Cache>>,
    ) -> Api {
        let quota = Quota::new(http.settings().share);
        let shared = Shared {
            http,
            tokens,
            log,
            env: env.clone(),
            random: Mutex::new(fastrand::Rng::with_seed(env.seed)),
            gates: Mutex::default(),
            refresh: tokio::sync::Mutex::default(),
            kept: Mutex::default(),
            quota,
            cache,
        };
        Api { shared: Arc::new(shared) }
    }

    /// One service, read-only.
    pub fn read(&self, service: Service) -> ReadApi {
        ReadApi { shared: Arc::clone(&self.shared), service, tally: None, allowance: None }
    }
}

impl Shared {
    /// The entrance to the host of `base`. Services on one host share it.
    fn gate(&self, base: &Base) -> Arc<Gate> {
        let new = || Arc::new(Gate::new(self.http.settings().in_flight));
        Arc::clone(lock(&self.gates).entry(base.host()).or_insert_with(new))
    }

    fn random(&self) -> f64 {
        lock(&self.random).f64()
    }
}

/// One service, read-only. Cheap to clone.
#[derive(Clone)]
pub struct ReadApi {
    shared: Arc<Shared>,
    service: Service,
    tally: Option<Arc<Tally>>,
    allowance: Option<Arc<Allowance>>,
}

impl ReadApi {
    /// The same service, counting its requests into `tally`.
    #[must_use]
    pub fn counting(&self, tally: &Arc<Tally>) -> ReadApi {
        ReadApi { tally: Some(Arc::clone(tally)), ..self.clone() }
    }

    /// The same service for as many requests as `allowance` still has; then [`Error::UsedUp`].
    #[must_use]
    pub fn at_most(&self, allowance: &Arc<Allowance>) -> ReadApi {
        ReadApi { allowance: Some(Arc::clone(allowance)), ..self.clone() }
    }

    /// Whether this is a GitHub of one's own, which has fewer routes than the one in the cloud.
    pub fn is_enterprise_server(&self) -> bool {
        self.service == Service::GitHub && self.base().is_enterprise_server()
    }

    /// Asks once (with retries) for one object.
    ///
    /// # Errors
    /// One per way in which there was no usable answer.
    pub async fn get(&self, ask: &Ask) -> Result<Answer, Error> {
        match self.take_kept(ask) {
            Some(result) => result,
            None => self.fetch(self.base().join(&ask.path)?, ask).await,
        }
    }

    /// Sends one of the read-only POSTs.
    ///
    /// # Errors
    /// [`Error::NotSent`] unless `ask` has the path of `route`, and one per way in which there was no usable answer.
    pub async fn post(&self, route: ReadPost, ask: &Ask, body: &serde_json::Value) -> Result<Answer, Error> {
        route.check(self.service, &ask.path, body)?;
        let body = serde_json::to_vec(body).map_err(|error| Error::of_json(&error))?;
        let url = self.base().join(&ask.path)?;
        self.send(Call {
            method: Method::POST,
            url,
            headers: route::headers(&ask.headers)?,
            body: Some(body),
            query: false,
        })
        .await
    }

    /// Asks for a list, page by page.
    pub fn pages(&self, ask: Ask, paging: Paging) -> Pages {
        Pages::new(self.clone(), ask, paging)
    }

    /// Sends a GET to `url`, which is below the base, with the headers of `ask`.
    async fn fetch(&self, url: Url, ask: &Ask) -> Result<Answer, Error> {
        self.send(Call { method: Method::GET, url, headers: route::headers(&ask.headers)?, body: None, query: false })
            .await
    }

    async fn send(&self, call: Call) -> Result<Answer, Error> {
        if self.allowance.as_ref().is_some_and(|allowance| !allowance.take()) {
            return Err(Error::UsedUp);
        }
        let method = if call.method == Method::POST { "POST" } else { "GET" };
        let record = self.record(method, &call.url).counting(self.tally.as_ref());
        Sending::new(&self.shared, self.service, call, record).run().await
    }

    fn record(&self, method: &'static str, url: &Url) -> Record {
        Record::new(&self.shared.log, &self.shared.env, self.service, method, url)
    }

    fn base(&self) -> &Base {
        self.shared.http.base(self.service)
    }

    fn keep(&self, ask: Ask, result: Result<Answer, Error>) {
        let at = (self.shared.env.clock)();
        lock(&self.shared.kept).insert((self.service, ask), Kept { result, at });
    }

    fn take_kept(&self, ask: &Ask) -> Option<Result<Answer, Error>> {
        let kept = lock(&self.shared.kept).remove(&(self.service, ask.clone()))?;
        if let Some(tally) = &self.tally {
            tally.count(u64::from(kept.result.is_ok()), kept.at);
        }
        Some(kept.result)
    }
}

/// A panic elsewhere leaves these maps usable: every change of them is one call.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Console;

    /// An environment with these variables, at the beginning of time.
    pub(super) fn env_with(variables: &[(&str, &str)]) -> Env {
        Env {
            now: Timestamp::UNIX_EPOCH,
            clock: Arc::new(|| Timestamp::UNIX_EPOCH),
            seed: 1,
            variables: Arc::new(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()),
            console: Console::new(std::io::sink(), std::io::sink()),
        }
    }
}
