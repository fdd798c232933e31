//! Counts records by the hour and keeps single calls where they are few, in bounded memory whatever the order.
//! It fills `tool_call_hour` and `tool_call` of one log; which records belong there is decided by who calls it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use super::record::{Record, directory};
use crate::evidence::row::{LastActivity, ToolCall, ToolCallHour};
use crate::evidence::{Error, Rows};
use crate::text::Untrusted;

/// How many single calls of a caller's hour are kept. Every threshold of a check has to stay below it.
pub const CALLS_PER_HOUR: usize = 1_000;

/// How many calls, groups and resource marks are held before the hours that were touched longest ago are written.
const HELD: usize = 50_000;

/// The status of a refusal, of which every hour keeps as many again.
const REFUSED: i64 = 403;

/// The records of one log in the making of rows. Feed it with [`Tally::add`], end with [`Tally::finish`].
pub struct Tally {
    source: Untrusted,
    hours: HashMap<Box<[u8]>, Hour>,
    last: BTreeMap<Box<[u8]>, LastActivity>,
    held: usize,
    most: usize,
    turn: u64,
    key: Vec<u8>,
}

/// One caller's hour.
struct Hour {
    at: Timestamp,
    turn: u64,
    /// How much of what may be held this hour takes.
    weight: usize,
    calls: usize,
    kept: Vec<ToolCall>,
    refused: usize,
    groups: HashMap<Box<[u8]>, Group>,
}

/// Calls that differ in nothing but their time and resource.
struct Group {
    row: ToolCallHour,
    resources: HashSet<u64>,
}

impl Tally {
    /// Counts the records of `source`, as `log_table` names it.
    pub fn new(source: impl Into<Untrusted>) -> Tally {
        Tally::holding(source.into(), HELD)
    }

    fn holding(source: Untrusted, most: usize) -> Tally {
        Tally { source, hours: HashMap::new(), last: BTreeMap::new(), held: 0, most, turn: 0, key: Vec::new() }
    }

    /// Counts one record. Records may come in any order; one that was delivered twice has to be left out before.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn add(&mut self, record: &Record, rows: &mut Rows) -> Result<(), Error> {
        self.turn += 1;
        self.remember(record);
        let (at, mut key) = (hour_of(record.at), std::mem::take(&mut self.key));
        key.clear();
        key.extend(at.as_second().to_be_bytes());
        write_key(&mut key, &[&record.principal, &record.caller_name]);
        if !self.hours.contains_key(key.as_slice()) {
            self.hours.insert(key.clone().into(), Hour::new(at));
        }
        if let Some(hour) = self.hours.get_mut(key.as_slice()) {
            let before = hour.weight;
            hour.turn = self.turn;
            hour.add(&self.source, record, &mut key);
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
        Ok(self.last.into_values().collect())
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
        let Record { at, principal, caller_name, server, .. } = record.clone();
        let source = self.source.clone();
        let row = LastActivity { source, principal, caller_name, server, last_at: at, calls: 1 };
        self.last.insert(self.key.clone().into(), row);
    }

    /// Half of what may be held stays, so that this does not happen with every record.
    fn relieve(&mut self, rows: &mut Rows) -> Result<(), Error> {
        self.write_oldest(self.held - self.most / 2, rows)
    }

    /// Writes the hours that were touched longest ago until `weight` is gone.
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
        // Sorted by key, so that the same records give the same file.
        let leaving: BTreeMap<_, _> = self.hours.extract_if(|_, hour| hour.turn <= until).collect();
        self.held = self.held.saturating_sub(gone);
        leaving.into_values().try_for_each(|hour| hour.write(rows))
    }
}

impl Hour {
    fn new(at: Timestamp) -> Hour {
        Hour { at, turn: 0, weight: 0, calls: 0, kept: Vec::new(), refused: 0, groups: HashMap::new() }
    }

    fn add(&mut self, source: &Untrusted, record: &Record, key: &mut Vec<u8>) {
        let place = record.resource.as_ref().map(|resource| directory(resource.raw()));
        self.count(source, record, place, key);
        self.calls += 1;
        if self.calls == CALLS_PER_HOUR + 1 {
            let before = self.kept.len();
            self.kept.retain(|call| call.status == Some(REFUSED));
            self.weight -= before - self.kept.len();
        }
        let refused = record.status == Some(REFUSED);
        self.refused += usize::from(refused);
        if self.calls <= CALLS_PER_HOUR || (refused && self.refused <= CALLS_PER_HOUR) {
            self.kept.push(call(source, record, place));
            self.weight += 1;
        }
    }

    fn count(&mut self, source: &Untrusted, record: &Record, place: Option<&str>, key: &mut Vec<u8>) {
        key.clear();
        write_key(key, &[&record.server, &record.tool, &record.scope]);
        write_part(key, place);
        key.extend(record.status.unwrap_or(i64::MIN).to_be_bytes());
        if !self.groups.contains_key(key.as_slice()) {
            let row = self.group(source, record, place);
            self.groups.insert(key.clone().into(), Group { row, resources: HashSet::new() });
            self.weight += 1;
        }
        let Some(group) = self.groups.get_mut(key.as_slice()) else { return };
        group.row.calls += 1;
        group.row.first_at = group.row.first_at.min(record.at);
        group.row.last_at = group.row.last_at.max(record.at);
        if let Some(resource) = &record.resource {
            self.weight += usize::from(group.resources.insert(mark(resource.raw())));
        }
    }

    fn group(&self, source: &Untrusted, record: &Record, place: Option<&str>) -> ToolCallHour {
        let Record { at, principal, caller_name, server, tool, scope, status, .. } = record.clone();
        ToolCallHour {
            source: source.clone(),
            principal,
            caller_name,
            hour_at: self.at,
            server,
            tool,
            scope,
            directory: place.map(Untrusted::from),
            status,
            calls: 0,
            resources: 0,
            first_at: at,
            last_at: at,
        }
    }

    fn write(self, rows: &mut Rows) -> Result<(), Error> {
        let groups: BTreeMap<_, _> = self.groups.into_iter().collect();
        for Group { mut row, resources } in groups.into_values() {
            row.resources = i64::try_from(resources.len()).unwrap_or(i64::MAX);
            rows.insert(&row)?;
        }
        self.kept.iter().try_for_each(|call| rows.insert(call))
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
