//! The SQL functions that know clocks on walls: what time it was in a zone, and whether people work then.
//! Zones come from the database in this program, so that every machine agrees on them.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Makes `local_time(at, zone)` and `outside_working_hours(at, zone, starts, ends)` known to a connection.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    connection.create_scalar_function("local_time", 2, flags, |values| {
        Ok(text(values, 0).zip(text(values, 1)).and_then(|(at, zone)| local_time(at, zone)))
    })?;
    connection.create_scalar_function("outside_working_hours", 4, flags, |values| {
        let hours = text(values, 2).zip(text(values, 3));
        let instant = text(values, 0).zip(text(values, 1));
        Ok(instant.zip(hours).and_then(|((at, zone), hours)| outside_working_hours(at, zone, hours)))
    })
}

fn text<'v>(values: &'v Context<'_>, index: usize) -> Option<&'v str> {
    values.get_raw(index).as_str().ok()
}

/// The time that clocks in `zone` showed: `2026-05-22T02:04:10`.
fn local_time(at: &str, zone: &str) -> Option<String> {
    let (at, zone) = (at.parse::<Timestamp>().ok()?, zone_of(zone)?);
    Some(at.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S").to_string())
}

/// Whether it was before `starts`, from `ends` on, or a weekend. A clock that is set back shows an hour twice; both count.
fn outside_working_hours(at: &str, zone: &str, (starts, ends): (&str, &str)) -> Option<bool> {
    let local = at.parse::<Timestamp>().ok()?.to_zoned(zone_of(zone)?);
    let [starts, ends] = [starts, ends].map(|time| Time::strptime("%H:%M", time).ok());
    let (starts, ends) = (starts?, ends?);
    let weekend = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday);
    Some(weekend || local.time() < starts || local.time() >= ends)
}

fn zone_of(name: &str) -> Option<TimeZone> {
    ZONES.get(name).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn clocks_follow_summer_time() {
        let berlin = |at| local_time(at, "Europe/Berlin").unwrap();
        assert_eq!(berlin("2026-05-22T00:04:10Z"), "2026-05-22T02:04:10");
        assert_eq!(berlin("2026-01-22T01:04:10Z"), "2026-01-22T02:04:10");
        assert_eq!(berlin("2026-03-29T01:00:00Z"), "2026-03-29T03:00:00");
        assert_eq!(berlin("2026-10-25T00:30:00Z"), berlin("2026-10-25T01:30:00Z"));
        assert_eq!(local_time("2026-05-22T00:00:00Z", "Asia/Kolkata").unwrap(), "2026-05-22T05:30:00");
        assert_eq!(local_time("2026-05-22T00:00:00Z", "Europe/Atlantis"), None);
        assert_eq!(local_time("yesterday", "Europe/Berlin"), None);
    }

    #[test]
    fn the_working_day_is_half_open_and_has_no_weekend() {
        let outside = |at| outside_working_hours(at, "Europe/Berlin", ("07:00", "20:00")).unwrap();
        assert!(!outside("2026-05-22T05:00:00Z") && outside("2026-05-22T04:59:59Z"));
        assert!(!outside("2026-05-22T17:59:59Z") && outside("2026-05-22T18:00:00Z"));
        assert!(outside("2026-05-23T10:00:00Z") && outside("2026-05-24T10:00:00Z"));
        assert_eq!(outside_working_hours("2026-05-22T05:00:00Z", "Europe/Berlin", ("7", "20:00")), None);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(at in any::<String>(), zone in any::<String>(), starts in any::<String>()) {
            let _ = (local_time(&at, &zone), outside_working_hours(&at, &zone, (&starts, "20:00")));
        }
    }
}
