//! Arranges the calls around each person by the day: what was made, and what the logs can tell about at all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

use super::{Activity, Day, Person, State};
use crate::evidence::{Error, Evidence, Span};
use crate::model::{GapKind, stamp};

/// Longer pictures show nothing any more; the newest days are kept.
const DAYS: usize = 400;

/// One picture per person, if any log was read.
pub(super) fn of(evidence: &Evidence, people: &[Person], now: Timestamp) -> Result<Vec<Activity>, Error> {
    let windows = evidence.log_windows()?;
    if windows.is_empty() {
        return Ok(Vec::new());
    }
    let name = evidence.zone()?.unwrap_or_else(|| "UTC".to_owned());
    let zone = TimeZoneDatabase::bundled().get(&name).unwrap_or(TimeZone::UTC);
    let seen = Seen { days: days(&windows, &zone), silences: evidence.silences()?, windows, zone, now };
    let mut calls: BTreeMap<(String, String), (i64, i64)> = BTreeMap::new();
    for day in evidence.calls(&name)? {
        calls.insert((day.person, day.day), (day.own, day.others));
    }
    let doubted = doubted(evidence)?;
    let picture = |person: &Person| {
        let day = |date: &Date| {
            let key = (person.id.clone(), date.to_string());
            let (own, others) = calls.get(&key).copied().unwrap_or_default();
            let doubted = doubted.contains(&None) || doubted.contains(&Some(person.id.clone()));
            let state = if seen.covers(*date) && !doubted { State::Complete } else { State::Incomplete };
            let after_last_day = person.last_day.as_ref().is_some_and(|last| key.1 > *last);
            Day { date: key.1, own, others, state, after_last_day }
        };
        Activity { person: person.id.clone(), timezone: name.clone(), days: seen.days.iter().map(day).collect() }
    };
    Ok(people.iter().map(picture).collect())
}

/// Whose calls were not read to the end for another reason than retention, which concerns single days only.
fn doubted(evidence: &Evidence) -> Result<BTreeSet<Option<String>>, Error> {
    let gaps =
        evidence.coverage()?.into_iter().filter(|part| part.dataset == "tool_call_hour").filter_map(|part| part.gap);
    Ok(gaps.filter(|gap| gap.kind != GapKind::Retention).map(|gap| gap.person).collect())
}

/// What the logs can tell about.
struct Seen {
    days: Vec<Date>,
    windows: Vec<Span>,
    silences: Vec<Span>,
    zone: TimeZone,
    now: Timestamp,
}

impl Seen {
    /// Whether each log that was asked holds the whole day, as far as it is over, and is not silent throughout it.
    fn covers(&self, day: Date) -> bool {
        let Some((starts, ends)) = bounds(day, &self.zone) else { return false };
        let (starts, ends) = (stamp(starts), stamp(ends.min(self.now)));
        let held = |window: &Span| {
            let kept = window.retention_days.and_then(|days| self.now.checked_sub((days * 24).hours()).ok());
            window.from_at <= starts && window.until_at >= ends && kept.is_none_or(|kept| stamp(kept) <= starts)
        };
        let silent = |silence: &Span| silence.from_at <= starts && silence.until_at >= ends;
        self.windows.iter().all(held) && !self.silences.iter().any(silent)
    }
}

/// All days from the first to the last that any log was asked for.
fn days(windows: &[Span], zone: &TimeZone) -> Vec<Date> {
    let date = |text: &str| text.parse::<Timestamp>().ok().map(|at| at.to_zoned(zone.clone()).date());
    let first = windows.iter().filter_map(|window| date(&window.from_at)).min();
    let last = windows.iter().filter_map(|window| date(&window.until_at)).max();
    let Some((first, last)) = first.zip(last) else { return Vec::new() };
    let mut days: Vec<Date> = last.series(-1.day()).take_while(|day| *day >= first).take(DAYS).collect();
    days.reverse();
    days
}

fn bounds(day: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| day.to_zoned(zone.clone()).ok().map(|at| at.timestamp());
    midnight(day).zip(midnight(day.checked_add(1.day()).ok()?))
}
