//! Sends one request that changes something: once, whatever comes of it. Whoever calls decides what an answer means, after looking.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use zeroize::Zeroizing;

use super::log::Record;
use super::retry::{asked_wait, is_secondary_limit, is_throttled};
use super::{Api, Error, Service};
use crate::action::Permit;

/// No answer to a write is read further than this.
const LARGEST: usize = 1 << 20;

/// What became of a write.
#[derive(Debug)]
pub enum Once {
    /// It never left.
    NotSent(Error),
    /// The service answered.
    Answered {
        /// The status.
        status: u16,
        /// Set: not now, but after this time.
        later: Option<Duration>,
    },
    /// It left, and nobody knows what became of it.
    Lost(&'static str),
}

impl Api {
    /// Sends once. Only who holds a permit can: `action` makes them.
    pub async fn once(
        &self,
        _: &Permit,
        service: Service,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Once {
        let shared = &self.shared;
        let request = async {
            let token = shared.tokens.token(service, false).await?;
            let url = shared.http.base(service).join(path)?;
            let bearer = Zeroizing::new(format!("{} {}", shared.tokens.scheme(service), token.expose()));
            let mut bearer =
                HeaderValue::from_str(&bearer).map_err(|_| Error::NotSent("a token with control characters"))?;
            bearer.set_sensitive(true);
            let verb = Method::from_bytes(method.as_bytes()).map_err(|_| Error::NotSent("a method of no name"))?;
            let mut request = shared.http.client_of(service).request(verb, url.clone());
            request = request.headers(headers(service, bearer));
            if let Some(body) = body {
                let body = serde_json::to_vec(body).map_err(|error| Error::of_json(&error))?;
                request = request.header(CONTENT_TYPE, "application/json").body(body);
            }
            Ok((request, url))
        };
        let (request, url) = match request.await {
            Ok(built) => built,
            Err(error) => return Once::NotSent(error),
        };
        let mut record = Record::new(&shared.log, &shared.env, service, method, &url);
        record.sent();
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Once::NotSent(Error::Unreachable {
                    host: shared.http.base(service).host(),
                    why: "no connection",
                });
            }
            Err(error) if error.is_timeout() => return Once::Lost("no answer in time"),
            Err(_) => return Once::Lost("the connection broke"),
        };
        let status = response.status();
        record.status(status.as_u16());
        let (headers, mut body) = (response.headers().clone(), Vec::new());
        while let Ok(Some(chunk)) = response.chunk().await {
            if body.len() + chunk.len() > LARGEST {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        record.body(&body);
        let now = (shared.env.clock)();
        Once::Answered { status: status.as_u16(), later: later(service, status, &headers, &body, now) }
    }
}

fn headers(service: Service, bearer: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, bearer);
    let accept = if service == Service::GitHub { "application/vnd.github+json" } else { "application/json" };
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    if service == Service::GitHub {
        headers.insert(HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));
    }
    headers
}

/// For how long the service wants to be left alone. A service that is busy has done nothing.
fn later(
    service: Service,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    now: jiff::Timestamp,
) -> Option<Duration> {
    let asked = asked_wait(headers, now);
    let secondary = service == Service::GitHub && is_secondary_limit(status, body);
    if is_throttled(status, headers) || secondary {
        let unnamed = if service == Service::GitHub { 60 } else { 10 };
        return Some(asked.unwrap_or(Duration::from_secs(unnamed)));
    }
    asked.filter(|_| status == StatusCode::SERVICE_UNAVAILABLE)
}
