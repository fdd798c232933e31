//! Counts records by the hour and keeps single calls where they are few, in bounded memory whatever the order.
//! It fills `tool_call_hour` and `tool_call` of one log; which records belong there is decided by who calls it.

mod hour;
mod name;

use std::collections::HashMap;
use std::num::NonZeroU64;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use self::hour::{Hour, Kind};
use self::name::{Name, Names, number};
use super::record::Record;
use crate::evidence::row::{Clean, LastActivity, ToolCall};
use crate::evidence::{Error, Rows};
use crate::text::Untrusted;

/// How many single calls of a caller's hour are kept. Every threshold of a check has to stay below it.
pub const CALLS_PER_HOUR: usize = 1_000;

/// How many calls, groups and resource marks are held before the hours that were touched longest ago are written.
const HELD: usize = 40_000;

/// So many hours fit the cache of a core, where most are quiet.
const AT_HAND: usize = 512;

/// The records of one log in the making of rows. Feed it with [`Tally::add`], end with [`Tally::finish`].
pub struct Tally {
    source: Untrusted,
    names: Names,
    /// By the hour and the numbers of its caller.
    hours: HashMap<(Timestamp, [Option<NonZeroU64>; 2]), Hour, RandomState>,
    /// By the numbers of caller and server.
    last: HashMap<[Option<NonZeroU64>; 3], Last, RandomState>,
    held: usize,
    most: usize,
    turn: u64,
}

/// A caller on a server, whose names have to keep their numbers.
struct Last {
    row: LastActivity,
    _names: [Name; 3],
}

impl Tally {
    /// Counts the records of `source`, as `log_table` names it.
    pub fn new(source: impl Into<Untrusted>) -> Tally {
        let (names, hours, last) = (Names::new(), HashMap::default(), HashMap::default());
        Tally { source: source.into(), names, hours, last, held: 0, most: HELD, turn: 0 }
    }

    /// Counts one record. Records may come in any order; one that was delivered twice has to be left out before.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn add(&mut self, record: &Record<&str>, rows: &mut Rows) -> Result<(), Error> {
        self.turn += 1;
        let [principal, caller_name, server] = self.saw(record);
        let of = Kind::of(record, server, &mut self.names);
        let at = hour_of(record.at);
        let key = (at, [number(&principal), number(&caller_name)]);
        let hour = self.hours.entry(key).or_insert_with(|| Hour::new(at, principal, caller_name));
        let before = hour.weight;
        hour.turn = self.turn;
        hour.add(record, of);
        self.held = self.held + hour.weight - before;
        if self.held > self.most { self.relieve(rows) } else { Ok(()) }
    }

    /// Writes what is still held, and says when each caller was last seen on each server in all that was added.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub fn finish(mut self, rows: &mut Rows) -> Result<Vec<LastActivity>, Error> {
        self.write_oldest(usize::MAX, rows)?;
        let mut last: Vec<LastActivity> = self.last.into_values().map(|last| last.row).collect();
        last.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
        Ok(last)
    }

    /// Counts one record for nothing but the last activity: it lies before the window.
    pub fn remember(&mut self, record: &Record<&str>) {
        self.saw(record);
    }

    /// Counts one record for the last activity of its caller on its server, whose names these are.
    fn saw(&mut self, record: &Record<&str>) -> [Name; 3] {
        let names = [record.principal, record.caller_name, record.server].map(|text| self.names.find(text));
        let key = names.each_ref().map(number);
        let new = || Last { row: last(&self.source, record), _names: names.clone() };
        let row = &mut self.last.entry(key).or_insert_with(new).row;
        row.calls += 1;
        row.last_at = row.last_at.max(record.at);
        names
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
        leaving.sort_by_cached_key(|hour| hour.turn);
        self.held = self.held.saturating_sub(gone);
        let source = Clean::from(self.source.raw());
        if leaving.is_empty() { Ok(()) } else { rows.insert_beside(move |rows| write(&source, &leaving, rows)) }
    }
}

/// Both rows of an hour are made while it is at hand.
fn write(source: &Clean, hours: &[Hour], rows: &mut Rows) -> Result<(), Error> {
    hours.chunks(AT_HAND).try_for_each(|hours| {
        rows.insert_many(|insert| hours.iter().try_for_each(|hour| hour.single(source, insert)))?;
        rows.insert_many(|insert| hours.iter().try_for_each(|hour| hour.counted(source, insert)))
    })
}

/// No call yet of the caller of a record on its server.
fn last(source: &Untrusted, record: &Record<&str>) -> LastActivity {
    let [principal, caller_name, server] =
        [record.principal, record.caller_name, record.server].map(|text| text.map(Untrusted::from));
    LastActivity { source: source.clone(), principal, caller_name, server, last_at: record.at, calls: 0 }
}

/// Shorter texts come first, and no text last.
fn order(row: &LastActivity) -> [(usize, &str); 3] {
    [&row.principal, &row.caller_name, &row.server]
        .map(|text| text.as_ref().map_or((usize::MAX, ""), |text| (text.raw().len(), text.raw())))
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
