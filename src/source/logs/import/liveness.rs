//! What any caller left in an exported log: how much, from when to when, in which hours. It proves that the log was alive.

use std::collections::HashSet;

use foldhash::fast::FixedState;
use jiff::Timestamp;

use crate::source::logs::liveness::{Hours, Window};

/// How many different callers are told apart; a log with more is counted without them.
const CALLERS: usize = 200_000;

/// The records of any caller in one window.
#[derive(Debug, Clone)]
pub(super) struct Liveness {
    from: i64,
    until: i64,
    pub(super) records: u64,
    pub(super) before: u64,
    /// Records of a time that has not come yet.
    pub(super) future: u64,
    first: i64,
    last: i64,
    pub(super) hours: Hours,
    /// Whether a record names anybody.
    named: bool,
    callers: HashSet<u64, FixedState>,
}

impl Liveness {
    pub(super) fn new(window: Window, seed: u64) -> Liveness {
        Liveness {
            from: window.from.as_second(),
            until: window.until.as_second(),
            records: 0,
            before: 0,
            future: 0,
            first: i64::MAX,
            last: i64::MIN,
            hours: Hours::new(window),
            named: false,
            callers: HashSet::with_hasher(FixedState::with_seed(seed)),
        }
    }

    /// Counts a record of this second; true when it lies in the window.
    pub(super) fn note(&mut self, second: i64) -> bool {
        if second < self.from || second >= self.until {
            *(if second < self.from { &mut self.before } else { &mut self.future }) += 1;
            return false;
        }
        self.records += 1;
        self.first = self.first.min(second);
        self.last = self.last.max(second);
        self.hours.hear(second);
        true
    }

    /// Counts a caller, by a number that stands for it alone.
    pub(super) fn caller(&mut self, mark: u64) {
        self.named = true;
        if self.callers.len() <= CALLERS {
            self.callers.insert(mark);
        }
    }

    pub(super) fn add(&mut self, other: Liveness) {
        self.records += other.records;
        self.before += other.before;
        self.future += other.future;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.hours.add(&other.hours);
        self.named |= other.named;
        other.callers.into_iter().for_each(|mark| self.caller(mark));
    }

    /// The first and the last record in the window.
    pub(super) fn span(&self) -> Option<(Timestamp, Timestamp)> {
        (self.records > 0).then_some(())?;
        Some((Timestamp::from_second(self.first).ok()?, Timestamp::from_second(self.last).ok()?))
    }

    /// Whether there are records, and none of them names a caller.
    pub(super) fn is_nameless(&self) -> bool {
        self.records > 0 && !self.named
    }

    /// How many different callers at least; `None`: too many to tell apart.
    pub(super) fn callers(&self) -> Option<i64> {
        i64::try_from(self.callers.len()).ok().filter(|_| self.callers.len() <= CALLERS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(from: &str, until: &str) -> Window {
        Window { from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    fn second(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_second()
    }

    #[test]
    fn what_lies_outside_of_the_window_is_counted_apart() {
        let mut log = Liveness::new(window("2026-05-01T00:30:00Z", "2026-05-01T03:00:00Z"), 1);
        for at in ["2026-05-01T00:29:59Z", "2026-05-01T00:30:00Z", "2026-05-01T02:59:59Z", "2026-05-01T03:00:00Z"] {
            log.note(second(at));
        }
        assert_eq!((log.before, log.records, log.future), (1, 2, 1));
        let (first, last) = log.span().unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2026-05-01T00:30:00Z".into(), "2026-05-01T02:59:59Z".into())
        );
        assert_eq!(log.hours.silences()[0].window, window("2026-05-01T01:00:00Z", "2026-05-01T02:00:00Z"));
    }

    #[test]
    fn the_parts_of_a_log_add_up() {
        let whole = window("2026-05-01T00:00:00Z", "2026-05-01T04:00:00Z");
        let (mut one, mut other) = (Liveness::new(whole, 1), Liveness::new(whole, 1));
        one.note(second("2026-05-01T00:10:00Z"));
        one.caller(1);
        other.note(second("2026-05-01T02:10:00Z"));
        other.caller(1);
        other.caller(2);
        one.add(other);
        assert_eq!((one.records, one.callers()), (2, Some(2)));
        assert_eq!(one.hours.silences().len(), 2);
        assert_eq!(Liveness::new(whole, 1).span(), None);
    }

    #[test]
    fn callers_beyond_counting_are_not_counted() {
        let mut log = Liveness::new(window("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"), 1);
        (0..=CALLERS as u64 + 10).for_each(|mark| log.caller(mark));
        assert_eq!(log.callers(), None);
    }
}
