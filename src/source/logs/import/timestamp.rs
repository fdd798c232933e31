//! Times as exports write them: RFC 3339 in JSON, and in CSV what the browser of whoever exported made of them.
//! What cannot be told for sure, such as 04/05 or a local time, says so.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use regex::Regex;

/// What a text says about an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dated {
    /// This one.
    At(Timestamp),
    /// This one, if the zone is the one that was assumed.
    Unzoned(Timestamp),
    /// It says nothing that can be read as one time.
    Unreadable,
    /// There is no such column, or nothing in it.
    Missing,
}

impl Dated {
    pub(super) fn at(self) -> Option<Timestamp> {
        match self {
            Dated::At(at) | Dated::Unzoned(at) => Some(at),
            Dated::Unreadable | Dated::Missing => None,
        }
    }
}

/// How the times of one file are to be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Calendar {
    /// The zone that the file names for times without one.
    named: Option<TimeZone>,
    /// What is assumed where it names none.
    assumed: Option<TimeZone>,
    order: Order,
}

/// Which number of 04/05/2026 is the day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Order {
    #[default]
    Untold,
    DayFirst,
    MonthFirst,
    Contradictory,
}

/// A date in numbers, and a time of day that may have a half.
static NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let text = r"(?ix)^\s*(\d{1,4})\s*([/.\-])\s*(\d{1,2})\s*[/.\-]\s*(\d{1,4})\.?\s*,?\s+
        (\d{1,2})[:.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*(?:([ap])\.?\s?m\.?)?\s*$";
    Regex::new(text).ok()
});

impl Calendar {
    /// For a column whose header names a zone, such as `TimeGenerated [UTC]`; for any other name `assumed` is a guess.
    pub(super) fn of_header(zone: Option<&str>, assumed: Option<TimeZone>) -> Calendar {
        let named = zone.filter(|zone| zone.trim().eq_ignore_ascii_case("utc")).map(|_| TimeZone::UTC);
        Calendar { named, assumed, order: Order::Untold }
    }

    /// Learns from one time of the file which number is the day.
    pub(super) fn learn(&mut self, text: &str) {
        let Some((first, second)) = ambiguous(text) else { return };
        let told = match (first > 12, second > 12) {
            (true, false) => Order::DayFirst,
            (false, true) => Order::MonthFirst,
            // Wherever dots stand between the numbers, the day comes first.
            (false, false) if !text.contains('/') && !text.contains('-') => Order::DayFirst,
            _ => return,
        };
        self.order = match self.order {
            Order::Untold => told,
            known if known == told => known,
            _ => Order::Contradictory,
        };
    }

    /// The instant that a text means.
    pub(super) fn read(&self, text: &str) -> Dated {
        let text = text.trim();
        if text.is_empty() {
            return Dated::Missing;
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Dated::At(at);
        }
        match text.parse::<DateTime>().ok().or_else(|| self.in_numbers(text)) {
            Some(local) => self.placed(local),
            None => Dated::Unreadable,
        }
    }

    fn placed(&self, local: DateTime) -> Dated {
        let zone = self.named.as_ref().or(self.assumed.as_ref()).cloned().unwrap_or(TimeZone::UTC);
        match (zone.to_timestamp(local), &self.named) {
            (Ok(at), Some(_)) => Dated::At(at),
            (Ok(at), None) => Dated::Unzoned(at),
            (Err(_), _) => Dated::Unreadable,
        }
    }

    fn in_numbers(&self, text: &str) -> Option<DateTime> {
        let found = NUMBERS.as_ref()?.captures(text)?;
        let number = |at: usize| found.get(at).map_or(Some(0), |digits| digits.as_str().parse::<i16>().ok());
        let (a, b, c) = (number(1)?, number(3)?, number(4)?);
        let (year, month, day) = match self.order {
            _ if a > 31 => (a, b, c),
            _ if a == b => (c, a, b),
            Order::DayFirst => (c, b, a),
            Order::MonthFirst => (c, a, b),
            Order::Untold | Order::Contradictory => return None,
        };
        let hour = match (number(5)?, found.get(9).map(|half| half.as_str().to_ascii_lowercase())) {
            (hour, None) => hour,
            (hour @ 1..=12, Some(half)) => hour % 12 + if half == "p" { 12 } else { 0 },
            _ => return None,
        };
        let fraction = found.get(8).map_or("", |digits| digits.as_str());
        let nanosecond: i32 = format!("{fraction:0<9}").parse().ok()?;
        let small = |number: i16| i8::try_from(number).ok();
        let (minute, second) = (small(number(6)?)?, small(number(7)?)?);
        DateTime::new(year, small(month)?, small(day)?, small(hour)?, minute, second, nanosecond).ok()
    }
}

/// The two numbers of a date that may be day and month.
fn ambiguous(text: &str) -> Option<(u16, u16)> {
    let found = NUMBERS.as_ref()?.captures(text)?;
    let number = |at: usize| found.get(at)?.as_str().parse().ok();
    Some((number(1)?, number(3)?)).filter(|(first, _)| *first <= 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Dated {
        Dated::At(text.parse().unwrap())
    }

    fn learned(texts: &[&str]) -> Calendar {
        let mut calendar = Calendar::of_header(Some("UTC"), None);
        texts.iter().for_each(|text| calendar.learn(text));
        calendar
    }

    #[test]
    fn rfc_3339_is_read_to_the_last_digit() {
        let calendar = Calendar::default();
        assert_eq!(calendar.read("2022-06-20T00:43:35.7370000Z"), at("2022-06-20T00:43:35.737Z"));
        assert_eq!(calendar.read("2022-06-20T02:43:35+02:00"), at("2022-06-20T00:43:35Z"));
        assert_eq!(calendar.read(" "), Dated::Missing);
        assert_eq!(calendar.read("yesterday"), Dated::Unreadable);
        assert_eq!(calendar.read("1717200000"), Dated::Unreadable);
    }

    #[test]
    fn a_time_without_a_zone_is_never_certain() {
        let instant = "2026-05-01T08:00:00Z".parse().unwrap();
        assert_eq!(Calendar::default().read("2026-05-01T08:00:00"), Dated::Unzoned(instant));
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let local = Calendar::of_header(Some("Local Time"), Some(berlin));
        assert_eq!(local.read("2026-05-01 10:00:00.000"), Dated::Unzoned(instant));
        assert_eq!(Calendar::of_header(Some("UTC"), None).read("2026-05-01 08:00:00"), Dated::At(instant));
    }

    #[test]
    fn the_portal_writes_times_as_the_browser_does() {
        let american = learned(&["5/13/2026, 2:03:04.120 AM"]);
        assert_eq!(american.read("5/1/2026, 2:03:04.120 AM"), at("2026-05-01T02:03:04.12Z"));
        assert_eq!(american.read("5/1/2026, 12:03:04 AM"), at("2026-05-01T00:03:04Z"));
        assert_eq!(american.read("5/1/2026, 12:03:04\u{202f}PM"), at("2026-05-01T12:03:04Z"));
        let british = learned(&["16/07/2026 20:26:12.030"]);
        assert_eq!(british.read("06/07/2026, 20:26:12"), at("2026-07-06T20:26:12Z"));
        let german = learned(&["1.5.2026, 02:03:04"]);
        assert_eq!(german.read("01.05.2026, 02:03:04"), at("2026-05-01T02:03:04Z"));
        assert_eq!(learned(&[]).read("2026/5/1 02:03"), at("2026-05-01T02:03:00Z"));
    }

    #[test]
    fn a_date_that_means_two_days_means_none() {
        assert_eq!(learned(&["04/05/2026 10:00:00"]).read("04/05/2026 10:00:00"), Dated::Unreadable);
        assert_eq!(
            learned(&["13/05/2026 10:00:00", "05/13/2026 10:00:00"]).read("04/05/2026 10:00"),
            Dated::Unreadable
        );
        assert_eq!(learned(&[]).read("05/05/2026 10:00:00"), at("2026-05-05T10:00:00Z"));
        assert_eq!(learned(&["13/01/2026 0:00"]).read("31/02/2026 10:00:00"), Dated::Unreadable);
        assert_eq!(learned(&["1/13/2026 0:00"]).read("1/1/2026 13:00:00 PM"), Dated::Unreadable);
    }
}
