//! The rows of GitHub by where they are, and the hour's count of requests. Made once per server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::demo::estate::Estate;
use crate::demo::http::Reply;
use crate::demo::planted::filled;

/// What a request may cost in an hour; high enough that a demo never meets it.
const HOUR: u64 = 15_000;

/// All rows of GitHub in an estate.
pub(crate) struct Shelf {
    lists: HashMap<String, Vec<Value>>,
    objects: HashMap<String, Value>,
    /// `organizations/7` and `repositories/8` with what they are called.
    numbers: HashMap<String, String>,
    hour: u64,
    used: AtomicU64,
}

impl Shelf {
    /// Sorts the rows of the estate; `hour` requests may be made before the limit is met.
    pub(crate) fn new(estate: &Estate, hour: Option<u64>) -> Shelf {
        let mut shelf = Shelf {
            lists: HashMap::new(),
            objects: HashMap::new(),
            numbers: HashMap::new(),
            hour: hour.unwrap_or(HOUR),
            used: AtomicU64::new(0),
        };
        let names: Vec<&str> = estate.collections().filter(|name| name.starts_with("github/")).collect();
        for row in names.into_iter().flat_map(|name| estate.rows(name)) {
            let at = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_lowercase);
            if let Some(list) = at("@in") {
                shelf.lists.entry(list).or_default().push(filled(row.clone()));
            }
            if let Some(path) = at("@at") {
                let kind = match path.split_once('/') {
                    Some(("orgs", rest)) if !rest.contains('/') => Some("organizations"),
                    Some(("repos", rest)) if rest.matches('/').count() == 1 => Some("repositories"),
                    _ => None,
                };
                if let Some((kind, id)) = kind.zip(row["id"].as_u64()) {
                    shelf.numbers.insert(format!("{kind}/{id}"), path.clone());
                }
                shelf.objects.insert(path, row.clone());
            }
        }
        shelf
    }

    /// The rows of a list, such as `orgs/contoso/hooks`; none when nothing is in it.
    pub(super) fn list(&self, path: &str) -> &[Value] {
        self.lists.get(&path.to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// What is alone at a path.
    pub(super) fn object(&self, path: &str) -> Option<&Value> {
        self.objects.get(&path.to_lowercase())
    }

    /// The files of a repository that anybody asks for.
    pub(super) fn files(&self, owner: &str, name: &str) -> &[Value] {
        self.list(&format!("repos/{owner}/{name}/files"))
    }

    /// The path with names where it had numbers of an organisation or a repository.
    pub(super) fn by_name(&self, segments: &[String]) -> Vec<String> {
        let number = segments.get(..2).map(|two| two.join("/"));
        match number.and_then(|number| self.numbers.get(&number)) {
            Some(path) => path.split('/').map(str::to_owned).chain(segments[2..].iter().cloned()).collect(),
            None => segments.to_vec(),
        }
    }

    /// The answer with the headers that count the hour.
    pub(super) fn counted(&self, mut reply: Reply, now: Timestamp) -> Reply {
        // What the caller had already costs nothing.
        let cost = u64::from(reply.status != 304);
        let used = self.used.fetch_add(cost, Ordering::Relaxed) + cost;
        let ends = now + SignedDuration::from_hours(1);
        let mut add = |name: &'static str, value: String| {
            if !reply.headers.iter().any(|(known, _)| *known == name) {
                reply.headers.push((name, value));
            }
        };
        add("x-ratelimit-limit", self.hour.to_string());
        add("x-ratelimit-remaining", self.hour.saturating_sub(used).to_string());
        add("x-ratelimit-used", used.to_string());
        add("x-ratelimit-reset", ends.as_second().to_string());
        add("x-ratelimit-resource", "core".to_owned());
        reply
    }
}

/// A row without what belongs to the estate.
pub(super) fn served(row: &Value) -> Value {
    let fields = row.as_object().into_iter().flatten().filter(|(name, _)| !name.starts_with('@'));
    Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>())
}
