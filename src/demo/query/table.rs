//! What a query gets: records filtered, counted and written as its columns are called.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::LogColumns;
use super::read::Asked;
use crate::source::logs::columns::{Field, LOGGED, POLICY};
use crate::source::logs::kql::Template;
use crate::source::logs::record::{Record, directory};
use crate::source::logs::tally::hour_of;
use crate::text::Untrusted;

/// A table as it is served.
pub(super) struct Served {
    pub(super) columns: LogColumns,
    pub(super) kept_from: Timestamp,
}

/// Columns and rows.
pub(super) struct Result {
    pub(super) columns: Vec<Value>,
    pub(super) rows: Vec<Vec<Value>>,
}

/// What a caller is grouped by, and what a group of calls is.
type Key<'a> = [Option<&'a str>; 6];

#[derive(Default)]
struct Group<'a> {
    calls: u64,
    resources: BTreeSet<&'a str>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What older tables append to a column.
fn suffix(field: Field) -> &'static str {
    match field {
        Field::Time => "_t",
        Field::Principal | Field::Request => "_g",
        _ if field.is_number() => "_d",
        _ => "_s",
    }
}

/// The columns of a table, each with its type.
fn columns(of: LogColumns) -> Vec<(String, &'static str)> {
    let kind = |field: Field, number: &'static str| if field.is_number() { number } else { "string" };
    let documented = || Field::of_record().map(|field| (field.column().to_owned(), kind(field, "long")));
    let name = |field: Field| format!("{}{}", field.column(), suffix(field));
    let time = (name(Field::Time), "datetime");
    let suffixed = || {
        let fields = Field::of_record().filter(|field| *field != Field::Item);
        std::iter::once(time.clone()).chain(fields.map(|field| (name(field), kind(field, "real"))))
    };
    let policy = || {
        let stamp = (Field::Time.column().to_owned(), "string");
        std::iter::once(stamp).chain(POLICY.iter().map(|(name, _)| ((*name).to_owned(), "string")))
    };
    let own: Vec<_> = match of {
        LogColumns::Documented => documented().collect(),
        LogColumns::Suffixed => suffixed().collect(),
        LogColumns::Migrated => documented().chain(suffixed()).collect(),
        LogColumns::Policy => policy().collect(),
    };
    std::iter::once((LOGGED.to_owned(), "datetime")).chain(own).collect()
}

impl Served {
    pub(super) fn result(&self, asked: &Asked, records: &[Record]) -> Result {
        let within =
            |record: &&Record| record.at >= self.kept_from && asked.window.is_none_or(|window| window.holds(record.at));
        let all = || records.iter().filter(within);
        let theirs: Vec<&Record> = match asked.template {
            Template::LastActivity | Template::CallsByHour | Template::Calls => {
                all().filter(|record| self.is_theirs(asked, record) && !is_left_out(asked, record)).collect()
            }
            _ => all().collect(),
        };
        match asked.template {
            Template::Schema => self.schema(),
            Template::Bounds => bounds(&theirs),
            Template::HourlyActivity => hourly_activity(&theirs),
            Template::LastActivity => self.last_activity(&theirs),
            Template::CallsByHour => self.by_hour(&theirs),
            Template::Calls => self.single(&theirs),
            // The table of the gateway has none of their columns.
            Template::KeptAudits | Template::KeptSignIns | Template::KeptActivity => result(&[], Vec::new()),
        }
    }

    fn schema(&self) -> Result {
        let own = columns(self.columns).into_iter().map(|(name, kind)| vec![json!(name), json!(kind)]).collect();
        result(&["ColumnName", "ColumnType"], own)
    }

    /// The value of a column that a caller may be found in.
    fn column<'a>(&self, record: &'a Record, name: &str) -> Option<&'a str> {
        let migrated = record.at.as_second() % 2 == 0;
        let (bare, suffixed) = match self.columns {
            LogColumns::Documented => (true, false),
            LogColumns::Suffixed => (false, true),
            LogColumns::Migrated => (migrated, !migrated),
            LogColumns::Policy => (false, false),
        };
        let is = |field: Field| {
            let written = name.strip_prefix(field.column());
            (bare && written == Some("")) || (suffixed && written == Some(suffix(field)))
        };
        match name {
            _ if self.columns == LogColumns::Policy => {
                raw(&record.caller_name).or(raw(&record.principal)).filter(|_| name == POLICY[0].0)
            }
            _ if is(Field::Principal) => raw(&record.principal),
            _ if is(Field::Name) => raw(&record.caller_name),
            _ => None,
        }
    }

    fn is_theirs(&self, asked: &Asked, record: &Record) -> bool {
        asked.callers.iter().any(|(column, values)| {
            let found = self.column(record, column).unwrap_or_default();
            values.iter().any(|value| value.eq_ignore_ascii_case(found))
        })
    }

    /// The caller as a query sees it.
    fn caller<'a>(&self, record: &'a Record) -> [Option<&'a str>; 2] {
        match self.columns {
            LogColumns::Policy => [None, self.column(record, POLICY[0].0)],
            _ => [raw(&record.principal), raw(&record.caller_name)],
        }
    }

    /// A field that only the documented columns have.
    fn known<'a>(&self, field: &'a Option<Untrusted>) -> Option<&'a str> {
        raw(field).filter(|_| self.columns != LogColumns::Policy)
    }

    fn number(&self, number: Option<i64>) -> Value {
        match self.columns {
            LogColumns::Suffixed => number.map_or(Value::Null, |number| json!(number.to_string())),
            LogColumns::Policy => Value::Null,
            _ => json!(number),
        }
    }

    fn last_activity(&self, records: &[&Record]) -> Result {
        let mut groups: BTreeMap<_, Group> = BTreeMap::new();
        for record in records {
            groups.entry((self.caller(record), self.known(&record.server))).or_default().add(record);
        }
        let row = |((caller, server), group): ((_, Option<&str>), Group)| {
            let [principal, name]: [Option<&str>; 2] = caller;
            let group = (json!(group.last.map(time)), json!(group.calls));
            vec![empty(principal), empty(name), empty(server), group.1, group.0]
        };
        result(&["principal", "caller_name", "server", "calls", "last_at"], groups.into_iter().map(row).collect())
    }

    fn by_hour(&self, records: &[&Record]) -> Result {
        let mut groups: BTreeMap<(Timestamp, Key, Option<i64>), Group> = BTreeMap::new();
        for record in records {
            let [principal, name] = self.caller(record);
            let place = self.known(&record.resource).map(directory);
            let [server, scope] = [&record.server, &record.scope].map(|field| self.known(field));
            let key = [principal, name, server, raw(&record.tool), scope, place];
            let status = record.status.filter(|_| self.columns != LogColumns::Policy);
            let group = groups.entry((hour_of(record.at), key, status)).or_default();
            group.add(record);
            group.resources.extend(self.known(&record.resource));
        }
        let row = |((hour, key, status), group): ((Timestamp, Key, Option<i64>), Group)| {
            let mut row: Vec<Value> = key.into_iter().map(empty).collect();
            row.extend([json!(time(hour)), self.number(status), json!(group.calls), json!(group.resources.len())]);
            row.extend([group.first, group.last].map(|at| json!(at.map(time))));
            row
        };
        let columns = [
            "principal",
            "caller_name",
            "server",
            "tool",
            "scope",
            "directory",
            "hour_at",
            "status",
            "calls",
            "resources",
            "first_at",
            "last_at",
        ];
        result(&columns, groups.into_iter().map(row).collect())
    }

    fn single(&self, records: &[&Record]) -> Result {
        let row = |record: &&Record| {
            let [principal, name] = self.caller(record);
            let fields = [&record.server, &record.scope, &record.resource, &record.request, &record.item];
            let mut row = vec![json!(time(record.at)), json!(time(record.at)), empty(principal), empty(name)];
            row.push(empty(raw(&record.tool)));
            row.extend(fields.map(|field| empty(self.known(field))));
            row.extend([record.status, record.latency_ms].map(|number| self.number(number)));
            row
        };
        let columns = [
            "recorded_at",
            "at",
            "principal",
            "caller_name",
            "tool",
            "server",
            "scope",
            "resource",
            "request",
            "item",
            "status",
            "latency_ms",
        ];
        result(&columns, records.iter().map(row).collect())
    }
}

impl Group<'_> {
    fn add(&mut self, record: &Record) {
        self.calls += 1;
        self.first = self.first.into_iter().chain([record.at]).min();
        self.last = self.last.into_iter().chain([record.at]).max();
    }
}

fn is_left_out(asked: &Asked, record: &Record) -> bool {
    let is =
        |field: &Option<Untrusted>, value: &str| raw(field).unwrap_or_default().to_lowercase() == value.to_lowercase();
    let busy = asked.without.iter().any(|busy| {
        is(&record.principal, &busy.principal)
            && is(&record.caller_name, &busy.caller_name)
            && busy.window.holds(record.at)
    });
    busy && record.status != Some(403)
}

fn bounds(records: &[&Record]) -> Result {
    let callers: BTreeSet<_> = records.iter().map(|record| (&record.principal, &record.caller_name)).collect();
    let first = records.iter().map(|record| record.at).min().map(time);
    let last = records.iter().map(|record| record.at).max().map(time);
    let row = vec![json!(first), json!(last), json!(records.len()), json!(callers.len())];
    result(&["first_at", "last_at", "records", "callers"], vec![row])
}

fn hourly_activity(records: &[&Record]) -> Result {
    let mut hours: BTreeMap<Timestamp, u64> = BTreeMap::new();
    records.iter().for_each(|record| *hours.entry(hour_of(record.at)).or_default() += 1);
    result(
        &["hour_at", "records"],
        hours.into_iter().map(|(hour, records)| vec![json!(time(hour)), json!(records)]).collect(),
    )
}

pub(super) fn result(columns: &[&str], rows: Vec<Vec<Value>>) -> Result {
    Result { columns: columns.iter().map(|name| json!({ "name": name, "type": "dynamic" })).collect(), rows }
}

fn raw(field: &Option<Untrusted>) -> Option<&str> {
    field.as_ref().map(Untrusted::raw)
}

/// Kusto has no text that is null.
fn empty(text: Option<&str>) -> Value {
    json!(text.unwrap_or_default())
}

pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}
