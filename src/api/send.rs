//! Sends one ask until there is an answer or a reason why not.
//! Dropping it at any await is fine: slots are given back and the ask is logged.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, LOCATION,
};
use reqwest::{Method, Response, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::devops;
use super::endpoint::Base;
use super::error::{Error, OUT_OF_TIME, Reply};
use super::graphql;
use super::log::Record;
use super::quota::{Resource, until};
use super::retry::{Budget, asked_wait, is_secondary_limit, is_throttled, is_transient};
use super::{Answer, Cache, Service, Shared};
use crate::text::Secret;

/// Redirects that one ask follows, all within its service.
const REDIRECTS: u8 = 5;

/// What every request to GitHub says about the answer that it takes.
///
/// <https://docs.github.com/rest/about-the-rest-api/api-versions>
const GITHUB: [(HeaderName, &str); 2] =
    [(ACCEPT, "application/vnd.github+json"), (HeaderName::from_static("x-github-api-version"), "2022-11-28")];

/// What is said of a body that ends before its end.
const CUT_SHORT: &str = "the answer was cut short";

/// What is sent. The URL is below the base of the service.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    /// A GraphQL query: what is too much for it is not sent again as it was.
    pub(super) query: bool,
}

/// One ask on its way.
pub(super) struct Sending<'a> {
    shared: &'a Shared,
    service: Service,
    call: Call,
    record: Record,
    budget: Budget,
    redirects: u8,
    /// The token that a 401 answered.
    refused: Option<Secret>,
    timed_out: bool,
}

/// Why one attempt gave no answer.
enum Trouble {
    /// There will be none.
    Final(Error),
    /// Send again at once: elsewhere, or with another token.
    Again,
    /// Send again later; `error` if that is not possible.
    Later { error: Box<Error>, asked: Option<Duration>, whole_host: bool },
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Final(error)
    }
}

impl<'a> Sending<'a> {
    pub(super) fn new(shared: &'a Shared, service: Service, call: Call, record: Record) -> Sending<'a> {
        let retry = &shared.http.settings().retry;
        let budget = match service {
            Service::GitHub => Budget::hourly(retry),
            service if service.is_devops() => Budget::new(&devops::patience(retry)),
            _ => Budget::new(retry),
        };
        Sending { shared, service, call, record, budget, redirects: 0, refused: None, timed_out: false }
    }

    pub(super) async fn run(mut self) -> Result<Answer, Error> {
        loop {
            match self.attempt().await {
                Ok(answer) => {
                    self.record.page();
                    return Ok(answer);
                }
                Err(Trouble::Final(error)) => return Err(error),
                Err(Trouble::Again) => {}
                Err(Trouble::Later { error, .. }) if self.is_hopeless(&error) => return Err(*error),
                Err(Trouble::Later { error, asked, whole_host }) => self.wait(*error, asked, whole_host).await?,
            }
        }
    }

    /// Sends once. The slot is held until the body is here, and given back before any waiting.
    async fn attempt(&mut self) -> Result<Answer, Trouble> {
        let token = self.token().await?;
        self.share().await?;
        let gate = self.shared.gate(self.base());
        let Some(_slot) = gate.enter(&mut self.budget).await else {
            return Err(Trouble::Final(Error::Throttled(Reply::new(&self.host(), 429, b""))));
        };
        let request = self.request(&token)?;
        self.record.sent();
        let mut response = request.send().await.map_err(|error| self.broken(&error))?;
        let status = response.status();
        self.record.status(status.as_u16());
        let body = self.read(&mut response).await;
        if let Ok(body) = &body {
            self.record.body(body);
        }
        if let Some(wait) = self.slower(status, response.headers()) {
            gate.pause(wait);
        }
        if self.service == Service::GitHub {
            self.shared.quota.learn(self.resource(), status, response.headers());
        }
        match status.as_u16() {
            _ if self.service.is_devops() && devops::is_sign_in(status) => Err(self.sign_in(status).into()),
            200 => self.usable(status, response.headers(), body?),
            // A token that was made for an App.
            201 if self.call.method == Method::POST => self.usable(status, response.headers(), body?),
            304 => Ok(self.unchanged(status)?),
            301 | 302 | 303 | 307 | 308 => Err(self.redirected(status, response.headers())),
            401 if self.refused.is_none() => {
                self.refused = Some(token);
                Err(Trouble::Again)
            }
            _ => Err(self.refusal(status, response.headers(), &body.unwrap_or_default())),
        }
    }

    fn request(&self, token: &Secret) -> Result<reqwest::RequestBuilder, Error> {
        let scheme = self.shared.tokens.scheme(self.service);
        let bearer = Zeroizing::new(format!("{scheme} {}", token.expose()));
        let mut bearer =
            HeaderValue::from_str(&bearer).map_err(|_| Error::NotSent("a token with control characters"))?;
        bearer.set_sensitive(true);
        let mut headers = self.call.headers.clone();
        headers.insert(AUTHORIZATION, bearer);
        if self.service == Service::GitHub {
            for (name, value) in GITHUB {
                headers.entry(name).or_insert(HeaderValue::from_static(value));
            }
            let etag = self.cache().and_then(|cache| cache.etag(&self.call.url));
            etag.map(|etag| headers.insert(IF_NONE_MATCH, etag));
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut request =
            self.shared.http.client_of(self.service).request(self.call.method.clone(), self.call.url.clone());
        if let Some(body) = &self.call.body {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request = request.body(body.clone());
        }
        Ok(request.headers(headers))
    }

    /// After a 401, one fresh token, however many asks got that 401 at the same time.
    async fn token(&self) -> Result<Secret, Error> {
        let tokens = &self.shared.tokens;
        let Some(refused) = &self.refused else { return tokens.token(self.service, false).await };
        let _one_at_a_time = self.shared.refresh.lock().await;
        let current = tokens.token(self.service, false).await?;
        if current.expose() == refused.expose() { tokens.token(self.service, true).await } else { Ok(current) }
    }

    async fn read(&self, response: &mut Response) -> Result<Vec<u8>, Trouble> {
        let limit = self.shared.http.settings().body_limit;
        let limit = if self.service == Service::DevOps { devops::body_limit(limit) } else { limit };
        let too_large = || Error::TooLarge { host: self.host(), limit };
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large().into());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error))? {
            if (body.len() + chunk.len()) as u64 > limit {
                return Err(too_large().into());
            }
            body.extend_from_slice(&chunk);
        }
        let packing = response.headers().get(CONTENT_ENCODING).map(HeaderValue::as_bytes);
        match packing {
            None | Some(b"" | b"identity") => Ok(body),
            Some(b"gzip" | b"x-gzip") => match unpacked(&body, limit) {
                Ok(Some(whole)) => Ok(whole),
                Ok(None) => Err(too_large().into()),
                Err(_) => Err(self.cut_short()),
            },
            Some(_) => Err(Error::at("a body that is packed in another way than was asked for").into()),
        }
    }

    /// Waits until the share of the hour allows one more request.
    async fn share(&mut self) -> Result<(), Error> {
        let (quota, resource) = (&self.shared.quota, self.resource());
        while self.service == Service::GitHub {
            let now = (self.shared.env.clock)();
            let Err(ends) = quota.take(resource, now) else { break };
            let wait = until(ends, now);
            if !self.budget.take(wait) {
                return Err(Error::Throttled(Reply::new(&self.host(), 429, b"")));
            }
            tracing::info!(
                seconds = wait.as_secs(),
                "the share of this hour's requests is used up; waiting for the next"
            );
            tokio::time::sleep(wait).await;
            quota.is_over(resource, ends);
        }
        Ok(())
    }

    fn resource(&self) -> Resource {
        Resource::of(&self.call.url)
    }

    /// Only what a GET to GitHub answers is kept.
    fn cache(&self) -> Option<&'a Cache> {
        let keeps = self.service == Service::GitHub && self.call.method == Method::GET;
        self.shared.cache.as_deref().filter(|_| keeps)
    }

    /// A success is an answer only with a JSON body: a page to sign in comes with 200 as well.
    fn usable(&self, status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Result<Answer, Trouble> {
        if self.call.query && graphql::is_used_up(&body) {
            return Err(self.too_many(Reply::new(&self.host(), 429, b""), headers));
        }
        let reply = || Reply::new(&self.host(), status.as_u16(), b"");
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        match body.iter().find(|byte| !byte.is_ascii_whitespace()) {
            None => Err(Error::Empty(reply()).into()),
            Some(b'{' | b'[') if is_json(kind) => {
                if let Some(cache) = self.cache() {
                    cache.keep(&self.call.url, headers, &body);
                }
                Ok(Answer { body, headers: headers.clone() })
            }
            Some(_) => Err(Error::SignIn(reply()).into()),
        }
    }

    /// How long Azure DevOps wants to be left alone although it answered.
    fn slower(&self, status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
        let asks = self.service.is_devops() && status.is_success();
        asks.then(|| devops::delay(headers, (self.shared.env.clock)())).flatten()
    }

    fn sign_in(&self, status: StatusCode) -> Error {
        Error::SignIn(Reply::new(&self.host(), status.as_u16(), b""))
    }

    /// What was kept of the same answer.
    fn unchanged(&mut self, status: StatusCode) -> Result<Answer, Error> {
        let kept = self.cache().and_then(|cache| cache.answer(&self.call.url));
        let answer = kept.ok_or_else(|| Error::of_status(Reply::new(&self.host(), status.as_u16(), b"")))?;
        self.record.body(&answer.body);
        Ok(answer)
    }

    fn too_many(&self, reply: Reply, headers: &HeaderMap) -> Trouble {
        let asked = asked_wait(headers, (self.shared.env.clock)());
        let asked = match self.service {
            Service::GitHub => asked.or_else(|| Some(self.budget.unnamed())),
            _ => asked,
        };
        Trouble::Later { error: Box::new(Error::Throttled(reply)), asked, whole_host: asked.is_some() }
    }

    fn redirected(&mut self, status: StatusCode, headers: &HeaderMap) -> Trouble {
        self.redirects += 1;
        if self.redirects > REDIRECTS || self.call.method != Method::GET {
            return Error::of_status(Reply::new(&self.host(), status.as_u16(), b"")).into();
        }
        let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
        let Some(location) = location else { return Error::at("a redirect to nowhere").into() };
        match self.base().follow(&self.call.url, location) {
            Ok(url) => {
                self.call.url = url;
                Trouble::Again
            }
            Err(error) => error.into(),
        }
    }

    fn refusal(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Trouble {
        let reply = Reply::new(&self.host(), status.as_u16(), body).with(headers);
        match status.as_u16() {
            204 | 205 => Error::Empty(reply).into(),
            401 => Error::SignIn(reply).into(),
            _ if is_throttled(status, headers) => self.too_many(reply, headers),
            _ if self.service == Service::GitHub && is_secondary_limit(status, body) => self.too_many(reply, headers),
            502 | 504 if self.call.query => Error::TooComplex(reply).into(),
            code if is_transient(code) => {
                let asked = asked_wait(headers, (self.shared.env.clock)());
                Trouble::Later { error: Box::new(Error::of_status(reply)), asked, whole_host: false }
            }
            _ => Error::of_status(reply).into(),
        }
    }

    /// A log query that ran out of time twice would do so again: whoever asked has to ask for less.
    fn is_hopeless(&mut self, error: &Error) -> bool {
        let out_of_time = self.service == Service::Logs && error.is_out_of_time();
        out_of_time && std::mem::replace(&mut self.timed_out, true)
    }

    fn cut_short(&self) -> Trouble {
        let error = Box::new(Error::Unreachable { host: self.host(), why: CUT_SHORT });
        Trouble::Later { error, asked: None, whole_host: false }
    }

    fn broken(&self, error: &reqwest::Error) -> Trouble {
        let why = if error.is_timeout() {
            OUT_OF_TIME
        } else if error.is_connect() {
            "no connection"
        } else if error.is_body() || error.is_decode() {
            CUT_SHORT
        } else {
            "the connection broke"
        };
        Trouble::Later {
            error: Box::new(Error::Unreachable { host: self.host(), why }),
            asked: None,
            whole_host: false,
        }
    }

    /// Waits before the next attempt. A pause of the whole host is waited for at its gate, by everybody.
    async fn wait(&mut self, error: Error, asked: Option<Duration>, whole_host: bool) -> Result<(), Error> {
        let is_hourly = self.service == Service::GitHub && matches!(error, Error::Throttled(_));
        let again = if is_hourly { self.budget.again_after_limit() } else { self.budget.again() };
        let delay = self.budget.delay(asked, self.shared.random());
        if whole_host {
            self.shared.gate(self.base()).pause(delay);
        }
        if !again || !self.budget.fits(delay) {
            return Err(error);
        }
        if !whole_host && self.budget.take(delay) {
            tokio::time::sleep(delay).await;
        }
        Ok(())
    }

    fn base(&self) -> &'a Base {
        self.shared.http.base(self.service)
    }

    fn host(&self) -> String {
        self.base().host()
    }
}

/// A service that sends no type at all sends what was asked for.
fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.is_empty() || kind.ends_with("/json") || kind.ends_with("+json")
}

/// A packed body with all its members; nothing: it is larger than the limit.
fn unpacked(body: &[u8], limit: u64) -> std::io::Result<Option<Vec<u8>>> {
    let mut whole = Vec::new();
    MultiGzDecoder::new(body).take(limit.saturating_add(1)).read_to_end(&mut whole)?;
    Ok((whole.len() as u64 <= limit).then_some(whole))
}
