//! What the gateway of an estate has logged: `logs/habits.json` says who does what on which days, and every record
//! follows from that. The same estate gives the same records.

use fastrand::Rng;
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::Deserialize;

use super::estate::{Error, Estate};
use crate::source::logs::record::{Record, principal};

/// The collection that holds the habits.
const HABITS: &str = "logs/habits";

/// Something that a caller does day by day.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Habit {
    /// What it is called; its records follow from it.
    id: String,
    /// Object id of the caller; absent: the record has none.
    caller: Option<String>,
    /// User principal name of the caller; absent: it is no user.
    name: Option<String>,
    server: String,
    /// Tool and scope; they take turns.
    tools: Vec<[String; 2]>,
    /// Resources are `<root>/<nn>/<nnn>.md`.
    root: String,
    directories: u64,
    files: u64,
    /// The first and the last day, both included.
    from: Date,
    until: Date,
    days: Days,
    /// From and until, local time.
    hours: [Time; 2],
    /// How many on a day.
    calls: u64,
    /// True: exactly so many, evenly spaced, and no resource twice before each was there once.
    #[serde(default)]
    exact: bool,
    #[serde(default = "ok")]
    status: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Days {
    Every,
    Working,
}

fn ok() -> i64 {
    200
}

/// The records of an estate, in the order of their times.
///
/// # Errors
/// When a habit is malformed.
pub fn records(estate: &Estate) -> Result<impl Iterator<Item = Record>, Error> {
    let mut all = Vec::new();
    for row in estate.rows(HABITS) {
        let malformed = |error: serde_json::Error| Error::Malformed { file: HABITS.into(), reason: error.to_string() };
        Habit::deserialize(row).map_err(malformed)?.perform(estate, &mut all);
    }
    all.sort_by(|a: &Record, b| (a.at, &a.item).cmp(&(b.at, &b.item)));
    Ok(all.into_iter())
}

impl Habit {
    fn perform(&self, estate: &Estate, all: &mut Vec<Record>) {
        let days = self.from.series(1.day()).take_while(|day| *day <= self.until);
        for day in days.filter(|day| self.days == Days::Every || is_working(*day)) {
            let mut dice = dice_of(&self.id, day);
            let calls = if self.exact { self.calls } else { self.calls * (75 + dice.u64(..50)) / 100 };
            for turn in 0..calls {
                let Some(at) = self.at(day, turn, estate.timezone(), &mut dice) else { continue };
                if at < estate.now() {
                    all.push(self.record(at, turn, &mut dice));
                }
            }
        }
    }

    fn at(&self, day: Date, turn: u64, zone: &TimeZone, dice: &mut Rng) -> Option<Timestamp> {
        let [from, until] = self.hours.map(|time| day.to_datetime(time).to_zoned(zone.clone()).ok());
        let (from, until) = (from?.timestamp(), until?.timestamp());
        let span = u64::try_from(until.duration_since(from).as_secs()).ok()?.max(1);
        let after = if self.exact { turn * span / self.calls } else { dice.u64(..span) };
        from.checked_add(SignedDuration::from_secs(i64::try_from(after).ok()?)).ok()
    }

    fn record(&self, at: Timestamp, turn: u64, dice: &mut Rng) -> Record {
        let which = if self.exact { turn } else { dice.u64(..self.files) };
        let tool = usize::try_from(which).ok().and_then(|which| self.tools.get(which % self.tools.len().max(1)));
        let (directory, file) = (which % self.directories + 1, which % self.files + 1);
        Record {
            at,
            principal: self.caller.as_deref().and_then(principal).map(Into::into),
            caller_name: self.name.as_deref().map(Into::into),
            server: Some(self.server.as_str().into()),
            tool: tool.map(|[tool, _]| tool.as_str().into()),
            scope: tool.map(|[_, scope]| scope.as_str().into()),
            resource: Some(format!("{}/{directory:02}/{file:03}.md", self.root).into()),
            status: Some(self.status),
            latency_ms: i64::try_from(20 + dice.u64(..400)).ok(),
            request: Some(id(dice).into()),
            item: Some(id(dice).into()),
        }
    }
}

fn is_working(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Numbers that look random and are always the same for a habit and a day.
fn dice_of(habit: &str, day: Date) -> Rng {
    let text = format!("{habit} {day}");
    // FNV-1a: what the standard library hashes with may change.
    let seed = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |seed, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Rng::with_seed(seed)
}

fn id(dice: &mut Rng) -> String {
    let text = format!("{:032x}", dice.u128(..));
    format!("{}-{}-4{}-8{}-{}", &text[..8], &text[8..12], &text[13..16], &text[17..20], &text[20..])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::source::logs::record::directory;

    fn all() -> Vec<Record> {
        records(&Estate::load("contoso").unwrap()).unwrap().collect()
    }

    #[test]
    fn the_same_estate_gives_the_same_records_in_order() {
        let first = all();
        assert!(first.len() > 20_000 && first.is_sorted_by_key(|record| record.at));
        assert_eq!(first, all());
        let items: BTreeSet<_> = first.iter().filter_map(|record| record.item.clone()).collect();
        assert_eq!(items.len(), first.len());
    }

    #[test]
    fn the_incident_is_in_them_and_nobody_is_named() {
        let night: Vec<Record> =
            all().into_iter().filter(|record| record.at.to_string().starts_with("2026-05-22T00:")).collect();
        let incident = night.iter().filter(|record| {
            record.principal.as_ref().is_some_and(|id| id.raw() == "6b000000-0000-4000-8000-000000000001")
        });
        let files: BTreeSet<_> = incident.clone().filter_map(|record| record.resource.clone()).collect();
        let directories: BTreeSet<_> = files.iter().map(|file| directory(file.raw())).collect();
        assert_eq!((files.len(), directories.len()), (847, 34));
        assert!(incident.clone().all(|record| record.caller_name.is_none()));
        assert!(night.len() > incident.count(), "others work at night too");
    }
}
