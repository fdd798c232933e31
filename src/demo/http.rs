//! One request and one answer of the estate, free of the HTTP library; and what is remembered of each.

use std::time::Duration;

use serde_json::{Value, json};

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A read that the estate knows.
    Read,
    /// A route that it does not know.
    Unknown,
    /// An attempt to change something, obeyed or refused.
    Write,
}

/// What is remembered of a request: no header and no body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The HTTP method.
    pub method: String,
    /// The decoded path, service prefix included.
    pub path: String,
    /// The decoded query.
    pub query: String,
    /// The status it was answered with.
    pub status: u16,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it was an item of a `$batch`.
    pub batched: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) segments: Vec<String>,
    pub(super) query: Vec<(String, String)>,
    pub(super) eventual: bool,
    pub(super) if_none_match: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) batched: bool,
}

impl Ask {
    /// `target` is the path and query as they came over the wire.
    pub(super) fn new(method: &str, target: &str) -> Ask {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        let mut segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        // An Enterprise Server has its routes elsewhere.
        for prefix in [&["github", "api", "v3"][..], &["github", "api"]] {
            if segments.iter().take(prefix.len()).eq(prefix) {
                segments.drain(1..prefix.len());
            }
        }
        Ask {
            method: method.to_owned(),
            segments,
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            eventual: false,
            if_none_match: None,
            body: Vec::new(),
            batched: false,
        }
    }

    pub(super) fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn path(&self) -> String {
        format!("/{}", self.segments.join("/"))
    }

    /// Path and query again, percent-encoded, with one query option replaced.
    pub(super) fn target_with(&self, name: &str, value: &str) -> String {
        const SEGMENT: percent_encoding::AsciiSet =
            percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'\'').remove(b'=');
        let mut target = String::new();
        for segment in &self.segments {
            target.push('/');
            target.extend(percent_encoding::utf8_percent_encode(segment, &SEGMENT));
        }
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.query.iter().filter(|(key, _)| key != name));
        query.append_pair(name, value);
        format!("{target}?{}", query.finish())
    }

    pub(super) fn decoded_query(&self) -> String {
        let parts: Vec<String> = self.query.iter().map(|(key, value)| format!("{key}={value}")).collect();
        parts.join("&")
    }

    pub(super) fn record(&self, reply: &Reply) -> Recorded {
        Recorded {
            method: self.method.clone(),
            path: self.path(),
            query: self.decoded_query(),
            status: reply.status,
            outcome: reply.outcome,
            batched: self.batched,
        }
    }
}

#[derive(Debug, Clone)]
pub(super) enum Body {
    Json(Value),
    Html(String),
    Empty,
}

#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Body,
    pub(super) outcome: Outcome,
    pub(super) delay: Duration,
    pub(super) cut: bool,
}

impl Reply {
    pub(super) fn new(status: u16, body: Body) -> Reply {
        Reply { status, headers: Vec::new(), body, outcome: Outcome::Read, delay: Duration::ZERO, cut: false }
    }

    pub(super) fn json(body: Value) -> Reply {
        Reply::new(200, Body::Json(body))
    }

    pub(super) fn error(status: u16, code: &str, message: &str) -> Reply {
        Reply::new(status, Body::Json(json!({ "error": { "code": code, "message": message } })))
    }

    pub(super) fn unknown(ask: &Ask) -> Reply {
        let message = format!("Resource not found for the segment '{}'.", ask.path());
        Reply { outcome: Outcome::Unknown, ..Reply::error(404, "BadRequest", &message) }
    }

    pub(super) fn write_refused() -> Reply {
        Reply { outcome: Outcome::Write, ..Reply::error(405, "MethodNotAllowed", "The estate only answers reads.") }
    }
}
