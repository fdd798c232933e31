//! Counts lines by the hour that stands in them, in whatever order they come, and hands on each hour as a whole.
//! Hours that lie across an edge of the window it leaves to a closer look.

use std::collections::HashMap;

use foldhash::fast::FixedState;
use jiff::Timestamp;

use super::census::{Census, Window};

/// How long an hour is, as in `2026-05-01T02`.
pub(super) const HOUR: usize = 13;

/// How many hours are told apart: more than two years of them.
const HOURS: usize = 20_000;

/// A time as it stands in a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'l> {
    pub(super) hour: &'l [u8; HOUR],
    /// `:03:04`, the first byte highest: two such numbers compare as the times do.
    pub(super) time: u64,
}

/// The lines of one hour that were counted together: how many, and the seconds of the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) count: u64,
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The hours of the lines that were seen.
pub(super) struct Hours {
    window: Window,
    /// The one that was counted last, and its place.
    now: ([u8; HOUR], usize),
    /// Where each is; `None`: its lines are not counted here.
    places: HashMap<[u8; HOUR], Option<usize>, FixedState>,
    all: Vec<Hour>,
}

#[derive(Debug, Clone, Copy)]
struct Hour {
    starts_at: i64,
    count: u64,
    /// As in a [`Moment`].
    span: (u64, u64),
}

impl Hours {
    pub(super) fn new(window: Window, seed: u64) -> Hours {
        let places = HashMap::with_hasher(FixedState::with_seed(seed));
        Hours { window, now: ([0; HOUR], 0), places, all: Vec::new() }
    }

    /// Counts a line of this time; false if its hour is none, or only partly in the window.
    #[inline]
    pub(super) fn count(&mut self, moment: Moment<'_>) -> bool {
        if *moment.hour != self.now.0 {
            match self.place(moment.hour) {
                Some(place) => self.now = (*moment.hour, place),
                None => return false,
            }
        }
        let Some(hour) = self.all.get_mut(self.now.1) else { return false };
        hour.count += 1;
        hour.span = (hour.span.0.min(moment.time), hour.span.1.max(moment.time));
        true
    }

    fn place(&mut self, hour: &[u8; HOUR]) -> Option<usize> {
        if let Some(place) = self.places.get(hour) {
            return *place;
        }
        if self.places.len() >= HOURS {
            return None;
        }
        let start = starts_at(hour).filter(|start| self.is_whole(*start));
        let place = start.map(|start| {
            self.all.push(Hour::of(start));
            self.all.len() - 1
        });
        self.places.insert(*hour, place);
        place
    }

    /// Whether all of the hour is in the window, or none of it.
    fn is_whole(&self, starts_at: i64) -> bool {
        let inside = |bound: Timestamp| starts_at < bound.as_second() && bound.as_second() < starts_at + 3_600;
        !inside(self.window.from) && !inside(self.window.until)
    }

    /// Hands on what was counted since the last time.
    pub(super) fn tell(&mut self, census: &mut Census) {
        self.all.iter_mut().filter_map(Hour::take).for_each(|lines| census.note_lines(lines));
    }
}

impl Hour {
    fn of(starts_at: i64) -> Hour {
        Hour { starts_at, count: 0, span: (u64::MAX, 0) }
    }

    fn take(&mut self) -> Option<Lines> {
        let Hour { starts_at, count, span: (first, last) } = std::mem::replace(self, Hour::of(self.starts_at));
        (count > 0).then(|| Lines { count, first: starts_at + second(first), last: starts_at + second(last) })
    }
}

fn starts_at(hour: &[u8; HOUR]) -> Option<i64> {
    let hour = str::from_utf8(hour).ok()?;
    let start: Timestamp = format!("{hour}:00:00Z").parse().ok()?;
    Some(start.as_second())
}

/// The second of an hour that the time of a [`Moment`] is.
fn second(time: u64) -> i64 {
    let digit = |at: u32| (time >> (8 * at) & 0x0F) as i64;
    (digit(4) * 10 + digit(3)) * 60 + digit(1) * 10 + digit(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of lines of these times, each with whether it was counted.
    fn told(hours: &mut Hours, window: Window, lines: &[(&str, bool)]) -> Census {
        let mut census = Census::new(window);
        for (text, expected) in lines {
            let (hour, time) = text.split_at(HOUR);
            let time = time.bytes().fold(0, |time, byte| time << 8 | u64::from(byte));
            let moment = Moment { hour: hour.as_bytes().try_into().unwrap(), time };
            assert_eq!(hours.count(moment), *expected, "{text}");
        }
        hours.tell(&mut census);
        census
    }

    #[test]
    fn lines_are_counted_by_the_hour_whatever_their_order() {
        let window =
            Window { from: "2026-05-01T00:30:00Z".parse().unwrap(), until: "2026-05-03T00:00:00Z".parse().unwrap() };
        let mut hours = Hours::new(window, 1);
        let lines = [
            ("2026-05-02T02:03:04", true),
            ("2026-05-01T05:00:09", true),
            ("2026-05-02T02:59:59", true),
            ("2026-05-02T02:00:00", true),
            ("2026-05-01T05:00:08", true),
            ("2026-04-30T23:59:59", true),
            ("2026-05-03T00:00:00", true),
            ("2026-05-01T00:40:00", false),
            ("2026-13-01T00:40:00", false),
            ("0000000000000:00:00", false),
        ];
        let census = told(&mut hours, window, &lines);
        assert_eq!((census.before, census.records, census.future), (1, 5, 1));
        let (first, last) = census.span().unwrap();
        let expected = ("2026-05-01T05:00:08Z".to_owned(), "2026-05-02T02:59:59Z".to_owned());
        assert_eq!((first.to_string(), last.to_string()), expected);
        assert_eq!(census.silences().len(), 3);
        let again = told(&mut hours, window, &[("2026-05-01T05:10:00", true)]);
        assert_eq!((again.before, again.records, again.future), (0, 1, 0));
    }
}
