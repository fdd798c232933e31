//! The request log: one row per ask, whatever becomes of it.
//! It keeps sizes and digests, never a body, a header or a secret in a URL.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use url::Url;

use super::Service;
use super::endpoint::redacted;
use crate::env::Env;
use crate::evidence::{Exchange, Tally, Writer};

/// Takes one row per ask.
pub trait RequestLog: Send + Sync {
    /// Keeps `exchange`, which is free of secrets.
    fn exchange(&self, exchange: &Exchange);
}

/// Keeps nothing: for asks that belong to no evidence, such as those of signing.
pub struct NoLog;

impl RequestLog for NoLog {
    fn exchange(&self, _: &Exchange) {}
}

impl RequestLog for Writer {
    fn exchange(&self, exchange: &Exchange) {
        // A file that cannot be written ends the run at the next row or at the seal; here nobody waits for an answer.
        if let Err(error) = self.request(exchange) {
            tracing::error!(%error, "a request is missing from the evidence");
        }
    }
}

/// The row of one ask in the making. It is written when dropped, so a cancelled ask is logged as well;
/// an ask that was never sent leaves no row.
pub(super) struct Record {
    log: Arc<dyn RequestLog>,
    tally: Option<Arc<Tally>>,
    env: Env,
    exchange: Exchange,
    pages: u64,
}

impl Record {
    pub(super) fn new(
        log: &Arc<dyn RequestLog>,
        env: &Env,
        service: Service,
        method: &'static str,
        url: &Url,
    ) -> Record {
        let exchange = Exchange {
            source: service.source(),
            method,
            url: redacted(url),
            status: None,
            attempts: 0,
            body_sha256: None,
            bytes: None,
            at: env.now,
        };
        Record { log: Arc::clone(log), tally: None, env: env.clone(), exchange, pages: 0 }
    }

    pub(super) fn counting(mut self, tally: Option<&Arc<Tally>>) -> Record {
        self.tally = tally.cloned();
        self
    }

    /// The ask goes out once more; what is known of an earlier answer is forgotten.
    pub(super) fn sent(&mut self) {
        self.exchange.attempts += 1;
        self.exchange.status = None;
        self.exchange.body_sha256 = None;
        self.exchange.bytes = None;
    }

    pub(super) fn status(&mut self, status: u16) {
        self.exchange.status = Some(status);
    }

    pub(super) fn body(&mut self, body: &[u8]) {
        self.exchange.body_sha256 = Some(sha256(body));
        self.exchange.bytes = i64::try_from(body.len()).ok();
    }

    /// The answer is usable.
    pub(super) fn page(&mut self) {
        self.pages = 1;
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.exchange.attempts == 0 {
            return;
        }
        self.exchange.at = (self.env.clock)();
        let Exchange { source, method, url, status, attempts, at, .. } = &self.exchange;
        tracing::debug!(source, method, url, status, attempts, "asked");
        if let Some(tally) = &self.tally {
            tally.count(self.pages, *at);
        }
        self.log.exchange(&self.exchange);
    }
}

/// In hexadecimal.
pub(super) fn sha256(body: &[u8]) -> String {
    use std::fmt::Write;
    Sha256::digest(body).iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}
