//! Counts records by the hour and keeps single calls where they are few, in bounded memory whatever the order.
//! It fills `tool_call_hour` and `tool_call` of one log; which records belong there is decided by who calls it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::swap;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::record::{Record, directory};
use crate::evidence::row::{LastActivity, ToolCall, ToolCallHour};
use crate::evidence::{Error, Insert, Rows};
use crate::text::Untrusted;

/// How many single calls of a caller's hour are kept. Every threshold of a check has to stay below it.
pub const CALLS_PER_HOUR: usize = 1_000;

/// How many calls, groups and resource marks are held before the hours that were touched longest ago are written.
const HELD: usize = 50_000;

/// The status of a refusal, of which every hour keeps as many again.
const REFUSED: i64 = 403;

/// By the parts of a key, each behind its length.
type ByKey<T> = HashMap<Box<[u8]>, T, RandomState>;

/// The records of one log in the making of rows. Feed it with [`Tally::add`], end with [`Tally::finish`].
pub struct Tally {
    source: Untrusted,
    hours: ByKey<Hour>,
    last: ByKey<LastActivity>,
    held: usize,
    most: usize,
    turn: u64,
    key: Vec<u8>,
}

/// One caller's hour.
struct Hour {
    at: Timestamp,
    principal: Option<Untrusted>,
    caller_name: Option<Untrusted>,
    turn: u64,
    /// How much of what may be held this hour takes.
    weight: usize,
    calls: usize,
    kept: Vec<Kept>,
    refused: usize,
    groups: Vec<Group>,
    places: ByKey<usize>,
}

/// Calls that differ in nothing but their time and resource.
struct Group {
    server: Option<Untrusted>,
    tool: Option<Untrusted>,
    scope: Option<Untrusted>,
    directory: Option<Untrusted>,
    status: Option<i64>,
    calls: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    resources: HashSet<u64, RandomState>,
}

/// What a single call has of its own.
struct Kept {
    group: usize,
    at: Timestamp,
    resource: Option<Untrusted>,
    latency_ms: Option<i64>,
    request: Option<Untrusted>,
    item: Option<Untrusted>,
}

impl Tally {
    /// Counts the records of `source`, as `log_table` names it.
    pub fn new(source: impl Into<Untrusted>) -> Tally {
        let (hours, last) = (HashMap::default(), HashMap::default());
        Tally { source: source.into(), hours, last, held: 0, most: HELD, turn: 0, key: Vec::new() }
    }

    /// Counts one record. Records may come in any order; one that was delivered twice has to be left out before.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn add(&mut self, mut record: Record, rows: &mut Rows) -> Result<(), Error> {
        self.turn += 1;
        self.remember(&record);
        let (at, mut key) = (hour_of(record.at), std::mem::take(&mut self.key));
        key.clear();
        key.extend(at.as_second().to_be_bytes());
        write_key(&mut key, &[&record.principal, &record.caller_name]);
        if !self.hours.contains_key(key.as_slice()) {
            self.hours.insert(key.as_slice().into(), Hour::of(&mut record, at));
        }
        if let Some(hour) = self.hours.get_mut(key.as_slice()) {
            let before = hour.weight;
            hour.turn = self.turn;
            hour.add(record, &mut key);
            self.held = self.held + hour.weight - before;
        }
        self.key = key;
        if self.held > self.most { self.relieve(rows) } else { Ok(()) }
    }

    /// Writes what is still held, and says when each caller was last seen on each server in all that was added.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn finish(mut self, rows: &mut Rows) -> Result<Vec<LastActivity>, Error> {
        self.write_oldest(usize::MAX, rows)?;
        let mut last: Vec<_> = self.last.into_iter().collect();
        last.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(last.into_iter().map(|(_, row)| row).collect())
    }

    /// Counts one record for nothing but the last activity: it lies before the window.
    pub fn remember(&mut self, record: &Record) {
        self.key.clear();
        write_key(&mut self.key, &[&record.principal, &record.caller_name, &record.server]);
        if let Some(known) = self.last.get_mut(self.key.as_slice()) {
            known.calls += 1;
            known.last_at = known.last_at.max(record.at);
            return;
        }
        let row = LastActivity {
            source: self.source.clone(),
            principal: record.principal.clone(),
            caller_name: record.caller_name.clone(),
            server: record.server.clone(),
            last_at: record.at,
            calls: 1,
        };
        self.last.insert(self.key.as_slice().into(), row);
    }

    /// Half of what may be held stays, so that this does not happen with every record.
    fn relieve(&mut self, rows: &mut Rows) -> Result<(), Error> {
        self.write_oldest(self.held - self.most / 2, rows)
    }

    /// Writes the hours that were touched longest ago until `weight` is gone, in that order: no two were touched at once.
    fn write_oldest(&mut self, weight: usize, rows: &mut Rows) -> Result<(), Error> {
        let mut turns: Vec<(u64, usize)> = self.hours.values().map(|hour| (hour.turn, hour.weight)).collect();
        turns.sort_unstable();
        let (mut gone, mut until) = (0_usize, 0);
        for (turn, of_hour) in turns {
            if gone >= weight {
                break;
            }
            (gone, until) = (gone.saturating_add(of_hour), turn);
        }
        let mut leaving: Vec<Hour> =
            self.hours.extract_if(|_, hour| hour.turn <= until).map(|(_, hour)| hour).collect();
        leaving.sort_unstable_by_key(|hour| hour.turn);
        self.held = self.held.saturating_sub(gone);
        // One row serves for all: a copy of what they have in common would cost as much as the rest.
        let mut call = ToolCall { source: self.source.clone(), ..ToolCall::default() };
        rows.insert_many(|insert| leaving.iter_mut().try_for_each(|hour| hour.single(&mut call, insert)))?;
        let mut row = ToolCallHour { source: call.source, ..ToolCallHour::default() };
        rows.insert_many(|insert| leaving.into_iter().try_for_each(|hour| hour.counted(&mut row, insert)))
    }
}

impl Hour {
    fn of(record: &mut Record, at: Timestamp) -> Hour {
        Hour {
            at,
            principal: record.principal.take(),
            caller_name: record.caller_name.take(),
            turn: 0,
            weight: 0,
            calls: 0,
            // Most hours of most callers are quiet.
            kept: Vec::with_capacity(1),
            refused: 0,
            groups: Vec::with_capacity(1),
            places: HashMap::default(),
        }
    }

    fn add(&mut self, mut record: Record, key: &mut Vec<u8>) {
        let group = self.count(&mut record, key);
        let Record { at, resource, status, latency_ms, request, item, .. } = record;
        self.calls += 1;
        if self.calls == CALLS_PER_HOUR + 1 {
            let before = self.kept.len();
            self.kept.retain(|call| self.groups[call.group].status == Some(REFUSED));
            self.weight -= before - self.kept.len();
        }
        let refused = status == Some(REFUSED);
        self.refused += usize::from(refused);
        if self.calls <= CALLS_PER_HOUR || (refused && self.refused <= CALLS_PER_HOUR) {
            self.kept.push(Kept { group, at, resource, latency_ms, request, item });
            self.weight += 1;
        }
    }

    /// Counts a record in its group, which is then known by this number.
    fn count(&mut self, record: &mut Record, key: &mut Vec<u8>) -> usize {
        let place = record.resource.as_ref().map(|resource| directory(resource.raw()));
        key.clear();
        write_key(key, &[&record.server, &record.tool, &record.scope]);
        write_part(key, place);
        key.extend(record.status.unwrap_or(i64::MIN).to_be_bytes());
        let found = self.places.get(key.as_slice()).copied().unwrap_or(self.groups.len());
        if found == self.groups.len() {
            let place = place.map(Untrusted::from);
            self.groups.push(Group::of(record, place));
            self.places.insert(key.as_slice().into(), found);
            self.weight += 1;
        }
        let group = &mut self.groups[found];
        group.calls += 1;
        group.first_at = group.first_at.min(record.at);
        group.last_at = group.last_at.max(record.at);
        if let Some(resource) = &record.resource {
            self.weight += usize::from(group.resources.insert(mark(resource.raw())));
        }
        found
    }

    /// Adds those of its calls that are kept as they are.
    fn single(&mut self, row: &mut ToolCall, insert: &mut Insert<'_, ToolCall>) -> rusqlite::Result<()> {
        row.principal.clone_from(&self.principal);
        row.caller_name.clone_from(&self.caller_name);
        for Kept { group, at, resource, latency_ms, request, item } in self.kept.drain(..) {
            let group = &mut self.groups[group];
            group.lend(row);
            (row.at, row.status, row.latency_ms) = (at, group.status, latency_ms);
            (row.resource, row.request, row.item) = (resource, request, item);
            insert.row(row)?;
            group.lend(row);
        }
        Ok(())
    }

    /// Adds its calls, counted.
    fn counted(self, row: &mut ToolCallHour, insert: &mut Insert<'_, ToolCallHour>) -> rusqlite::Result<()> {
        (row.principal, row.caller_name, row.hour_at) = (self.principal, self.caller_name, self.at);
        for group in self.groups {
            (row.server, row.tool, row.scope) = (group.server, group.tool, group.scope);
            (row.directory, row.status, row.calls) = (group.directory, group.status, group.calls);
            (row.first_at, row.last_at) = (group.first_at, group.last_at);
            row.resources = i64::try_from(group.resources.len()).unwrap_or(i64::MAX);
            insert.row(row)?;
        }
        Ok(())
    }
}

impl Group {
    fn of(record: &mut Record, directory: Option<Untrusted>) -> Group {
        Group {
            server: record.server.take(),
            tool: record.tool.take(),
            scope: record.scope.take(),
            directory,
            status: record.status,
            calls: 0,
            first_at: record.at,
            last_at: record.at,
            resources: HashSet::default(),
        }
    }

    /// Gives a row what all of its calls have in common, and takes it back the second time.
    fn lend(&mut self, row: &mut ToolCall) {
        swap(&mut self.server, &mut row.server);
        swap(&mut self.tool, &mut row.tool);
        swap(&mut self.scope, &mut row.scope);
        swap(&mut self.directory, &mut row.directory);
    }
}

/// The row of one record.
pub(super) fn call(source: &Untrusted, record: &Record, place: Option<&str>) -> ToolCall {
    let record = record.clone();
    ToolCall {
        source: source.clone(),
        principal: record.principal,
        caller_name: record.caller_name,
        at: record.at,
        server: record.server,
        tool: record.tool,
        scope: record.scope,
        resource: record.resource,
        directory: place.map(Untrusted::from),
        status: record.status,
        latency_ms: record.latency_ms,
        request: record.request,
        item: record.item,
    }
}

/// The hour of UTC in which an instant lies.
pub fn hour_of(at: Timestamp) -> Timestamp {
    let second = at.as_second();
    Timestamp::from_second(second - second.rem_euclid(3600)).unwrap_or(at)
}

/// Each part behind its length, so that no text can pass as two.
fn write_key(key: &mut Vec<u8>, parts: &[&Option<Untrusted>]) {
    parts.iter().for_each(|part| write_part(key, part.as_ref().map(Untrusted::raw)));
}

fn write_part(key: &mut Vec<u8>, part: Option<&str>) {
    let length = part.map_or(u64::MAX, |text| text.len() as u64);
    key.extend(length.to_be_bytes());
    key.extend(part.unwrap_or_default().as_bytes());
}

fn mark(resource: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    resource.hash(&mut hasher);
    hasher.finish()
}
