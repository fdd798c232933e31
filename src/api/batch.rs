//! Fetches first pages together through Graph's `$batch`, so that later asks find them.
//! It only saves time: whatever it does not bring is asked for singly, with all retries.

use std::collections::{BTreeMap, HashMap, HashSet};

use futures_util::future::join_all;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::error::Reply;
use super::retry::is_transient;
use super::{Answer, Ask, Error, ReadApi, ReadPost, Service};

/// The most requests that Graph takes in one batch.
const SIZE: usize = 20;

/// The versions of Graph; a batch stays within one.
const VERSIONS: [&str; 2] = ["/v1.0", "/beta"];

#[derive(Deserialize)]
struct Responses {
    responses: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    status: u16,
    body: Option<Box<RawValue>>,
}

impl ReadApi {
    /// Fetches first pages together where the service can (`$batch`); [`ReadApi::get`] and [`super::Pages`]
    /// then find them, once. What cannot be fetched this way is simply asked for again, one by one.
    pub async fn prefetch(&self, asks: &[Ask]) {
        if self.service != Service::Graph {
            return;
        }
        let mut different = HashSet::new();
        let asks: Vec<&Ask> = asks.iter().filter(|ask| different.insert(*ask)).collect();
        let mut batches = Vec::new();
        for version in VERSIONS {
            let of_version: Vec<(&str, &Ask)> =
                asks.iter().filter_map(|ask| Some((below(&ask.path, version)?, *ask))).collect();
            batches.extend(of_version.chunks(SIZE).map(|chunk| self.batch(version, chunk.to_vec())));
        }
        join_all(batches).await;
    }

    async fn batch(&self, version: &str, chunk: Vec<(&str, &Ask)>) {
        let requests: Vec<Value> = chunk.iter().enumerate().map(|(id, (path, ask))| item(id, path, ask)).collect();
        let ask = Ask { path: format!("{version}/$batch"), headers: Vec::new() };
        let answer = self.post(ReadPost::GraphBatch, &ask, &json!({ "requests": requests })).await;
        let Ok(Responses { responses }) = answer.and_then(|answer| answer.json()) else { return };
        let mut open: HashMap<String, &Ask> =
            chunk.iter().enumerate().map(|(id, (_, ask))| (id.to_string(), *ask)).collect();
        for item in responses {
            if let Some(ask) = open.remove(&item.id) {
                self.receive(ask, &item);
            }
        }
    }

    /// Logs one item and keeps it, if asking again would bring nothing else.
    fn receive(&self, ask: &Ask, item: &Item) {
        let Ok(url) = self.base().join(&ask.path) else { return };
        let body = item.body.as_ref().map_or("", |body| body.get());
        let mut record = self.record("GET", &url);
        record.sent();
        record.status(item.status);
        record.body(body.as_bytes());
        match item.status {
            200 if body.starts_with(['{', '[']) => {
                self.keep(ask.clone(), Ok(Answer { body: body.into(), headers: HeaderMap::new() }))
            }
            status @ 400..=499 if status != 401 && !is_transient(status) => {
                let reply = Reply::new(&self.base().host(), status, body.as_bytes());
                self.keep(ask.clone(), Err(Error::of_status(reply)));
            }
            _ => {}
        }
    }
}

/// The part of `path` below `version`.
fn below<'a>(path: &'a str, version: &str) -> Option<&'a str> {
    path.strip_prefix(version).filter(|rest| rest.starts_with('/'))
}

fn item(id: usize, path: &str, ask: &Ask) -> Value {
    let headers: BTreeMap<&str, &str> = ask.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    json!({ "id": id.to_string(), "method": "GET", "url": path, "headers": headers })
}
