//! From the rows of an answer to the rows of evidence. A record without a readable time is counted, never placed.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::Batch;
use crate::evidence::row::{LastActivity, ToolCallHour};
use crate::model::{Cause, GapKind};
use crate::person::is_guid;
use crate::source::logs::live::answer::{Table, instant, number, text};
use crate::source::logs::live::columns::Shape;
use crate::source::logs::live::table::SKEW;
use crate::source::logs::record::{Record, principal};
use crate::text::Untrusted;

/// Records that cannot be placed in time.
pub(super) struct Unreadable {
    until: Timestamp,
    timeless: i64,
    future: i64,
}

impl Unreadable {
    pub(super) fn new(until: Timestamp) -> Unreadable {
        Unreadable { until, timeless: 0, future: 0 }
    }

    /// The instant, unless it cannot be; `calls` are then counted.
    fn instant(&mut self, value: &Value, calls: i64) -> Option<Timestamp> {
        let Some(at) = instant(value) else {
            self.timeless += calls;
            return None;
        };
        let future = at.duration_since(self.until) > SKEW.max(SignedDuration::ZERO);
        self.future += if future { calls } else { 0 };
        (!future).then_some(at)
    }

    pub(super) fn gaps(&self) -> impl Iterator<Item = Cause> {
        let of = |count: i64, what: &str| {
            (count > 0).then(|| Cause::new(GapKind::Failed, format!("{count} times a record had {what}")))
        };
        of(self.timeless, "no readable time, as one without a time zone")
            .into_iter()
            .chain(of(self.future, "a time in the future"))
    }
}

/// Who called, as `principal` and `caller_name` say. A field that may hold either is told apart by its look.
fn caller(batch: &Batch<'_>, id: &Value, name: &Value) -> (Option<Untrusted>, Option<Untrusted>) {
    let (id, name) = (text(id).and_then(|id| principal(id.raw()).map(Untrusted::from)), text(name));
    match batch.columns.shape {
        Shape::GatewayPolicy if name.as_ref().is_some_and(|name| is_guid(name.raw())) => {
            (name.and_then(|name| principal(name.raw()).map(Untrusted::from)), None)
        }
        _ => (id, name),
    }
}

/// Whether another batch brings this caller's records.
fn is_known(batch: &Batch<'_>, principal: Option<&Untrusted>) -> bool {
    principal.is_some_and(|principal| batch.known.contains(principal.raw()))
}

/// Calls by the hour, in a stable order.
pub(super) fn hours(batch: &Batch<'_>, table: &Table, unreadable: &mut Unreadable) -> Result<Vec<ToolCallHour>, Cause> {
    let mut all = Vec::new();
    for [id, name, hour, server, tool, scope, directory, status, calls, resources, first, last] in table.project([
        "principal",
        "caller_name",
        "hour_at",
        "server",
        "tool",
        "scope",
        "directory",
        "status",
        "calls",
        "resources",
        "first_at",
        "last_at",
    ])? {
        let (principal, caller_name) = caller(batch, id, name);
        let count = |value, what| number(value).ok_or_else(|| malformed(what));
        let (calls, resources) = (count(calls, "calls")?, count(resources, "resources")?);
        if is_known(batch, principal.as_ref()) {
            continue;
        }
        let (Some(last_at), Some(first_at), Some(hour_at)) =
            (unreadable.instant(last, calls), instant(first), instant(hour))
        else {
            continue;
        };
        all.push(ToolCallHour {
            source: batch.part.log.source.clone(),
            principal,
            caller_name,
            hour_at,
            server: text(server),
            tool: text(tool),
            scope: text(scope),
            directory: text(directory),
            status: number(status),
            calls,
            resources,
            first_at,
            last_at,
        });
    }
    all.sort_by_cached_key(|row| {
        let ToolCallHour { principal, caller_name, server, tool, scope, directory, .. } = row.clone();
        (row.hour_at, principal, caller_name, server, tool, scope, directory, row.status)
    });
    Ok(all)
}

/// Single calls, in a stable order.
pub(super) fn records(batch: &Batch<'_>, table: &Table, unreadable: &mut Unreadable) -> Result<Vec<Record>, Cause> {
    let mut all = Vec::new();
    for [at, id, name, server, tool, scope, resource, status, latency, request, item] in table.project([
        "at",
        "principal",
        "caller_name",
        "server",
        "tool",
        "scope",
        "resource",
        "status",
        "latency_ms",
        "request",
        "item",
    ])? {
        let (principal, caller_name) = caller(batch, id, name);
        if is_known(batch, principal.as_ref()) {
            continue;
        }
        let Some(at) = unreadable.instant(at, 1) else { continue };
        all.push(Record {
            at,
            principal,
            caller_name,
            server: text(server),
            tool: text(tool),
            scope: text(scope),
            resource: text(resource),
            status: number(status),
            latency_ms: number(latency),
            request: text(request),
            item: text(item),
        });
    }
    all.sort_by(|one, other| key(one).cmp(&key(other)));
    Ok(all)
}

/// What two records have to share to be in no particular order.
fn key(record: &Record) -> (Timestamp, [Option<&str>; 8], Option<i64>) {
    let texts = [
        &record.principal,
        &record.caller_name,
        &record.request,
        &record.item,
        &record.server,
        &record.tool,
        &record.scope,
        &record.resource,
    ];
    (record.at, texts.map(|text| text.as_ref().map(Untrusted::raw)), record.status)
}

/// When each caller was last seen, in a stable order.
pub(super) fn last(batch: &Batch<'_>, table: &Table) -> Result<Vec<LastActivity>, Cause> {
    let mut all = Vec::new();
    for [id, name, server, last, calls] in table.project(["principal", "caller_name", "server", "last_at", "calls"])? {
        let (principal, caller_name) = caller(batch, id, name);
        let Some(last_at) = instant(last).filter(|_| !is_known(batch, principal.as_ref())) else { continue };
        let calls = number(calls).ok_or_else(|| malformed("calls"))?;
        let source = batch.part.log.source.clone();
        all.push(LastActivity { source, principal, caller_name, server: text(server), last_at, calls });
    }
    all.sort_by_cached_key(|row| (row.principal.clone(), row.caller_name.clone(), row.server.clone(), row.last_at));
    Ok(all)
}

fn malformed(what: &str) -> Cause {
    Cause::new(GapKind::Failed, format!("malformed answer: {what} is no number"))
}
