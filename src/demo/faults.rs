//! What can go wrong on purpose: per path, combinable, each as often as wanted. It decides nothing about the data.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use serde_json::Value;

use super::http::{Body, Reply};
use super::query::LogColumns;

/// How a throttled answer says when to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// `Retry-After: 2`
    Seconds(u64),
    /// `Retry-After: Mon, 25 May 2026 06:00:00 GMT`
    Date(Timestamp),
    /// No header, as identity protection does.
    Absent,
}

/// The faults of one server. `on` is a part of the decoded path and query (`/memberOf`), empty for every request;
/// with a leading `=` it is the whole path (`=/graph/v1.0/users`). A query to a log ends with its name: `#calls-by-hour`.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Vec<Rule>,
    hidden: Vec<String>,
    writes: Vec<WriteRule>,
    /// How many reads after a write still show how it was.
    pub(super) lag: u32,
    pub(super) token_life: Option<u32>,
    pub(super) canary: Option<String>,
    pub(super) retention_days: Option<u32>,
    pub(super) hour: Option<u64>,
    pub(super) log_columns: LogColumns,
}

/// What goes wrong with a write.
#[derive(Debug, Clone)]
pub enum WriteFault {
    /// This status, and nothing happens; 429 and 503 say when to come back: at once.
    Refused(u16),
    /// It happens, but the answer is this status.
    Lost(u16),
    /// It happens, but the connection ends before the answer.
    Dropped,
    /// It happens, but the answer comes too late.
    Late(Duration),
    /// Somebody else did it just before.
    Gone,
    /// Somebody else gave this object another value just before: collection, its id, the property, the value.
    Changed(&'static str, String, &'static str, Value),
}

#[derive(Debug, Clone)]
struct WriteRule {
    on: String,
    fault: WriteFault,
    left: Arc<AtomicU32>,
}

#[derive(Debug, Clone)]
struct Rule {
    on: String,
    fault: Fault,
    left: Option<Arc<AtomicU32>>,
}

#[derive(Debug, Clone)]
enum Fault {
    Status(u16, String),
    Throttle { every: u32, seen: Arc<AtomicU32>, retry_after: RetryAfter },
    Html,
    Empty,
    NoContent,
    Answer(Value),
    Slow(Duration),
    Cut,
    PageSize(usize),
    NextLink(NextLink),
    Limited,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NextLink {
    Foreign(String),
    Repeating,
}

/// What the faults do to one request.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) answer: Option<Reply>,
    pub(super) delay: Duration,
    pub(super) cut: bool,
    pub(super) limited: bool,
    pub(super) page_size: Option<usize>,
    pub(super) next_link: Option<NextLink>,
}

impl Faults {
    /// None.
    pub fn none() -> Faults {
        Faults::default()
    }

    /// 403 Authorization_RequestDenied: a permission is missing.
    #[must_use]
    pub fn forbid(self, on: &str) -> Faults {
        self.status(on, 403, "Authorization_RequestDenied")
    }

    /// 404 Request_ResourceNotFound.
    #[must_use]
    pub fn missing(self, on: &str) -> Faults {
        self.status(on, 404, "Request_ResourceNotFound")
    }

    /// Any status with an error code.
    #[must_use]
    pub fn status(self, on: &str, status: u16, code: &str) -> Faults {
        self.rule(on, Fault::Status(status, code.to_owned()))
    }

    /// 429 for every n-th request, the items of a batch counted one by one.
    #[must_use]
    pub fn throttle(self, on: &str, every: u32, retry_after: RetryAfter) -> Faults {
        self.rule(on, Fault::Throttle { every: every.max(1), seen: Arc::default(), retry_after })
    }

    /// 200 with the HTML of a sign-in page.
    #[must_use]
    pub fn html(self, on: &str) -> Faults {
        self.rule(on, Fault::Html)
    }

    /// 200 without a body.
    #[must_use]
    pub fn empty(self, on: &str) -> Faults {
        self.rule(on, Fault::Empty)
    }

    /// 204.
    #[must_use]
    pub fn no_content(self, on: &str) -> Faults {
        self.rule(on, Fault::NoContent)
    }

    /// 200 with this body.
    #[must_use]
    pub fn answer(self, on: &str, body: Value) -> Faults {
        self.rule(on, Fault::Answer(body))
    }

    /// Waits before it answers.
    #[must_use]
    pub fn slow(self, on: &str, delay: Duration) -> Faults {
        self.rule(on, Fault::Slow(delay))
    }

    /// Closes the connection in the middle of the body. A batch is cut as a whole: name `/$batch`.
    #[must_use]
    pub fn cut(self, on: &str) -> Faults {
        self.rule(on, Fault::Cut)
    }

    /// At most so many objects per page; a log answers so many rows and a partial error.
    #[must_use]
    pub fn page_size(self, on: &str, size: usize) -> Faults {
        self.rule(on, Fault::PageSize(size.max(1)))
    }

    /// Every page says that the next one is on another host.
    #[must_use]
    pub fn foreign_next_link(self, on: &str, url: &str) -> Faults {
        self.rule(on, Fault::NextLink(NextLink::Foreign(url.to_owned())))
    }

    /// Every page says that it is its own next page.
    #[must_use]
    pub fn repeating_next_link(self, on: &str) -> Faults {
        self.rule(on, Fault::NextLink(NextLink::Repeating))
    }

    /// Objects come back as type and id, everything else null: what a caller sees who may list but not read them.
    #[must_use]
    pub fn limited(self, on: &str) -> Faults {
        self.rule(on, Fault::Limited)
    }

    /// The fault added last happens only so many times, then never again.
    #[must_use]
    pub fn times(mut self, times: u32) -> Faults {
        if let Some(rule) = self.rules.last_mut() {
            rule.left = Some(Arc::new(AtomicU32::new(times)));
        }
        self
    }

    /// This property is null everywhere: what `employeeLeaveDateTime` is to a caller without its permission.
    #[must_use]
    pub fn hide(mut self, property: &str) -> Faults {
        self.hidden.push(property.to_owned());
        self
    }

    /// Every token dies after so many requests; `/login` issues new ones.
    #[must_use]
    pub fn expire_after(mut self, requests: u32) -> Faults {
        self.token_life = Some(requests);
        self
    }

    /// The columns of the log have these names.
    #[must_use]
    pub fn log_columns(mut self, columns: LogColumns) -> Faults {
        self.log_columns = columns;
        self
    }

    /// The Entra logs reach back only so many days.
    #[must_use]
    pub fn retention(mut self, days: u32) -> Faults {
        self.retention_days = Some(days);
        self
    }

    /// GitHub answers so many requests in an hour.
    #[must_use]
    pub fn hour(mut self, requests: u64) -> Faults {
        self.hour = Some(requests);
        self
    }

    /// Puts a text into every string of every body except ids, dates, enumerations and links.
    #[must_use]
    pub fn canary(mut self, text: &str) -> Faults {
        self.canary = Some(text.to_owned());
        self
    }

    /// What goes wrong with the first `times` writes that have this in `METHOD path`.
    #[must_use]
    pub fn write(mut self, on: &str, fault: WriteFault, times: u32) -> Faults {
        self.writes.push(WriteRule { on: on.to_owned(), fault, left: Arc::new(AtomicU32::new(times)) });
        self
    }

    /// After each write so many reads show the estate as it was.
    #[must_use]
    pub fn lag(mut self, reads: u32) -> Faults {
        self.lag = reads;
        self
    }

    pub(super) fn of_write(&self, method: &str, path: &str) -> Option<&WriteFault> {
        let shape = format!("{method} {path}");
        let left = |rule: &WriteRule| {
            rule.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1)).is_ok()
        };
        self.writes.iter().find(|rule| shape.contains(&rule.on) && left(rule)).map(|rule| &rule.fault)
    }

    pub(super) fn hidden(&self) -> impl Iterator<Item = &str> {
        self.hidden.iter().map(String::as_str)
    }

    fn rule(mut self, on: &str, fault: Fault) -> Faults {
        self.rules.push(Rule { on: on.to_owned(), fault, left: None });
        self
    }

    /// What happens to this request; counted rules count it.
    pub(super) fn effect(&self, path: &str, query: &str) -> Effect {
        let mut effect = Effect::default();
        for rule in self.rules.iter().filter(|rule| rule.matches(path, query)) {
            if rule.happens() {
                rule.fault.add_to(&mut effect);
            }
        }
        effect
    }
}

impl Rule {
    fn matches(&self, path: &str, query: &str) -> bool {
        match self.on.strip_prefix('=') {
            Some(whole) => whole == path,
            None => format!("{path}?{query}").contains(&self.on),
        }
    }

    fn happens(&self) -> bool {
        let due = match &self.fault {
            Fault::Throttle { every, seen, .. } => (seen.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(*every),
            _ => true,
        };
        let left = |left: &Arc<AtomicU32>| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1)).is_ok()
        };
        due && self.left.as_ref().is_none_or(left)
    }
}

impl Fault {
    fn add_to(&self, effect: &mut Effect) {
        match self {
            Fault::Slow(delay) => effect.delay += *delay,
            Fault::Cut => effect.cut = true,
            Fault::Limited => effect.limited = true,
            Fault::PageSize(size) => effect.page_size = Some(*size),
            Fault::NextLink(link) => effect.next_link = Some(link.clone()),
            _ => effect.answer = effect.answer.take().or_else(|| self.answer()),
        }
    }

    fn answer(&self) -> Option<Reply> {
        match self {
            Fault::Status(status, code) => Some(Reply::error(*status, code, "The estate was told to answer this.")),
            Fault::Throttle { retry_after, .. } => Some(throttled(*retry_after)),
            Fault::Html => Some(Reply::new(200, Body::Html("<!DOCTYPE html><title>Sign in</title>".into()))),
            Fault::Empty => Some(Reply::new(200, Body::Empty)),
            Fault::NoContent => Some(Reply::new(204, Body::Empty)),
            Fault::Answer(body) => Some(Reply::json(body.clone())),
            _ => None,
        }
    }
}

/// A write that is refused.
pub(super) fn refused(status: u16) -> Reply {
    let mut reply = Reply::error(status, "Injected", "The estate was told to answer this.");
    if matches!(status, 429 | 503) {
        reply.headers.push(("Retry-After", "0".to_owned()));
    }
    reply
}

fn throttled(retry_after: RetryAfter) -> Reply {
    let mut reply = Reply::error(429, "TooManyRequests", "Please retry again later.");
    let value = match retry_after {
        RetryAfter::Seconds(seconds) => Some(seconds.to_string()),
        RetryAfter::Date(at) => DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok(),
        RetryAfter::Absent => None,
    };
    reply.headers.extend(value.map(|value| ("Retry-After", value)));
    reply
}
