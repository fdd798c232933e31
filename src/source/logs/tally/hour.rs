//! One caller's hour while it is counted, and the rows that become of it.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::CALLS_PER_HOUR;
use super::name::{Name, Names, number};
use crate::evidence::Insert;
use crate::evidence::row::{Clean, ToolCall, ToolCallHour};
use crate::source::logs::record::{Record, directory};

/// The status of a refusal, of which every hour keeps as many again.
const REFUSED: i64 = 403;

/// So many groups are found without an index: most hours of most callers are quiet.
const FEW: usize = 4;

/// So many bytes of text weigh as much as a call.
const LONG: usize = 1024;

/// What tells the calls of a group from others of the hour.
pub(super) struct Kind {
    server: Name,
    tool: Name,
    scope: Name,
    directory: Name,
    status: Option<i64>,
}

/// The same, by number.
type Key = ([Option<NonZeroU64>; 4], Option<i64>);

/// One caller's hour.
pub(super) struct Hour {
    at: Timestamp,
    principal: Name,
    caller_name: Name,
    /// When it was touched last.
    pub(super) turn: u64,
    /// How much of what may be held this hour takes.
    pub(super) weight: usize,
    calls: usize,
    kept: Vec<Kept>,
    refused: usize,
    groups: Vec<Group>,
    /// Where those groups are that are more than [`FEW`].
    places: HashMap<Key, usize, RandomState>,
}

/// Calls that differ in nothing but their time and resource.
struct Group {
    of: Kind,
    calls: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    resources: Marks,
}

/// Different resources; the first of them takes no memory of its own.
#[derive(Default)]
struct Marks {
    first: Option<u64>,
    others: HashSet<u64, RandomState>,
}

/// What a single call has of its own.
struct Kept {
    group: usize,
    at: Timestamp,
    latency_ms: Option<i64>,
    /// Resource, request and item, one behind the other, and how long each is.
    texts: Box<str>,
    lengths: [Option<usize>; 3],
}

impl Kind {
    pub(super) fn of(record: &Record<&str>, server: Name, names: &mut Names) -> Kind {
        Kind {
            server,
            tool: names.find(record.tool),
            scope: names.find(record.scope),
            directory: names.find(record.resource.map(directory)),
            status: record.status,
        }
    }

    fn key(&self) -> Key {
        ([&self.server, &self.tool, &self.scope, &self.directory].map(number), self.status)
    }
}

impl Hour {
    pub(super) fn new(at: Timestamp, principal: Name, caller_name: Name) -> Hour {
        Hour {
            at,
            principal,
            caller_name,
            turn: 0,
            weight: 0,
            calls: 0,
            kept: Vec::with_capacity(1),
            refused: 0,
            groups: Vec::with_capacity(1),
            places: HashMap::default(),
        }
    }

    pub(super) fn add(&mut self, record: &Record<&str>, of: Kind) {
        let group = self.count(record, of);
        self.calls += 1;
        if self.calls == CALLS_PER_HOUR + 1 {
            let leaving = |call: &mut Kept| self.groups[call.group].of.status != Some(REFUSED);
            self.weight -= self.kept.extract_if(.., leaving).map(|call| call.weight()).sum::<usize>();
        }
        let refused = record.status == Some(REFUSED);
        self.refused += usize::from(refused);
        if self.calls <= CALLS_PER_HOUR || (refused && self.refused <= CALLS_PER_HOUR) {
            let call = Kept::of(record, group);
            self.weight += call.weight();
            self.kept.push(call);
        }
    }

    /// Counts a record in its group, which is then known by this number.
    fn count(&mut self, record: &Record<&str>, of: Kind) -> usize {
        let key = of.key();
        let few = self.groups.iter().take(FEW).position(|group| group.of.key() == key);
        let found = few.or_else(|| self.places.get(&key).copied()).unwrap_or(self.groups.len());
        if found == self.groups.len() {
            self.groups.push(Group::new(record.at, of));
            let names = [record.server, record.tool, record.scope, record.resource];
            self.weight += 1 + names.into_iter().flatten().map(surplus).sum::<usize>();
            if found >= FEW {
                self.places.insert(key, found);
            }
        }
        let group = &mut self.groups[found];
        group.calls += 1;
        group.first_at = group.first_at.min(record.at);
        group.last_at = group.last_at.max(record.at);
        if let Some(resource) = record.resource {
            self.weight += usize::from(group.resources.insert(mark(resource)));
        }
        found
    }

    /// Adds those of its calls that are kept as they are.
    pub(super) fn single(&self, source: &Clean, insert: &mut Insert<'_, ToolCall>) -> rusqlite::Result<()> {
        self.kept.iter().try_for_each(|call| {
            let Kind { server, tool, scope, directory, status } = &self.groups[call.group].of;
            let [resource, request, item] = call.texts();
            insert.values([
                source,
                &self.principal,
                &self.caller_name,
                &call.at,
                server,
                tool,
                scope,
                &resource,
                directory,
                status,
                &call.latency_ms,
                &request,
                &item,
            ])
        })
    }

    /// Adds its calls, counted.
    pub(super) fn counted(&self, source: &Clean, insert: &mut Insert<'_, ToolCallHour>) -> rusqlite::Result<()> {
        self.groups.iter().try_for_each(|group| {
            let Kind { server, tool, scope, directory, status } = &group.of;
            insert.values([
                source,
                &self.principal,
                &self.caller_name,
                &self.at,
                server,
                tool,
                scope,
                directory,
                status,
                &group.calls,
                &group.resources.count(),
                &group.first_at,
                &group.last_at,
            ])
        })
    }
}

impl Group {
    fn new(at: Timestamp, of: Kind) -> Group {
        Group { of, calls: 0, first_at: at, last_at: at, resources: Marks::default() }
    }
}

impl Marks {
    /// Whether it is another one.
    fn insert(&mut self, mark: u64) -> bool {
        match self.first {
            None => self.first.replace(mark).is_none(),
            Some(first) => first != mark && self.others.insert(mark),
        }
    }

    fn count(&self) -> i64 {
        i64::try_from(usize::from(self.first.is_some()) + self.others.len()).unwrap_or(i64::MAX)
    }
}

impl Kept {
    fn of(record: &Record<&str>, group: usize) -> Kept {
        let texts = [record.resource, record.request, record.item];
        Kept {
            group,
            at: record.at,
            latency_ms: record.latency_ms,
            texts: texts.map(Option::unwrap_or_default).concat().into(),
            lengths: texts.map(|text| text.map(str::len)),
        }
    }

    fn weight(&self) -> usize {
        1 + surplus(&self.texts)
    }

    fn texts(&self) -> [Option<&str>; 3] {
        let mut rest = &*self.texts;
        self.lengths.map(|length| {
            let (text, behind) = rest.split_at(length?);
            rest = behind;
            Some(text)
        })
    }
}

/// How much more than others a long text takes of what may be held.
pub(super) fn surplus(text: &str) -> usize {
    text.len() / LONG
}

fn mark(resource: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    resource.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_weigh_more_until_they_are_dropped() {
        let (mut hour, mut names) = (Hour::new(Timestamp::UNIX_EPOCH, None, None), Names::new());
        let long = "x".repeat(10 * LONG);
        let mut add = |hour: &mut Hour, record: &Record<&str>| hour.add(record, Kind::of(record, None, &mut names));
        add(&mut hour, &Record { resource: Some("/a"), ..Record::default() });
        assert_eq!(hour.weight, 3, "a call, a group, a resource");
        add(&mut hour, &Record { resource: Some("/a"), item: Some(&long), ..Record::default() });
        assert_eq!(hour.weight, 3 + 11);
        add(&mut hour, &Record { resource: Some("/a"), status: Some(REFUSED), ..Record::default() });
        assert_eq!(hour.weight, 3 + 11 + 3);
        (3..=CALLS_PER_HOUR).for_each(|_| add(&mut hour, &Record { resource: Some("/a"), ..Record::default() }));
        assert_eq!((hour.weight, hour.kept.len()), (5, 1), "two groups, their resource, the refusal");
        add(&mut hour, &Record { tool: Some(&long), ..Record::default() });
        assert_eq!(hour.weight, 5 + 11);
    }
}
