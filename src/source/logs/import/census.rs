//! What any caller left in a log: how much, from when to when, in which hours. It proves that the log was alive.

use std::collections::HashSet;

use jiff::Timestamp;

use super::hours::Lines;

/// The window that is asked, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant behind it.
    pub until: Timestamp,
}

const HOUR: i64 = 3_600;

/// How many different callers are told apart; a log with more is counted without them.
const CALLERS: usize = 200_000;

/// The records of any caller in one window.
#[derive(Debug, Clone)]
pub(super) struct Census {
    from: i64,
    until: i64,
    pub(super) records: u64,
    pub(super) before: u64,
    /// Records of a time that has not come yet.
    pub(super) future: u64,
    first: i64,
    last: i64,
    hours: Box<[bool]>,
    /// Whether a record names anybody.
    named: bool,
    callers: HashSet<u64>,
}

impl Census {
    pub(super) fn new(window: Window) -> Census {
        let (from, until) = (window.from.as_second(), window.until.as_second());
        let hours = (until - 1).div_euclid(HOUR) - from.div_euclid(HOUR) + 1;
        Census {
            from,
            until,
            records: 0,
            before: 0,
            future: 0,
            first: i64::MAX,
            last: i64::MIN,
            hours: vec![false; usize::try_from(hours).unwrap_or(0)].into(),
            named: false,
            callers: HashSet::new(),
        }
    }

    /// Counts a record of this second; true when it lies in the window.
    pub(super) fn note(&mut self, second: i64) -> bool {
        self.note_all(Lines { count: 1, first: second, last: second })
    }

    /// Counts records of one hour, all in the window or none of them, whose callers need not be told apart from others.
    pub(super) fn note_lines(&mut self, lines: Lines) {
        self.named |= self.note_all(lines);
    }

    fn note_all(&mut self, Lines { count, first, last }: Lines) -> bool {
        if first < self.from || first >= self.until {
            *(if first < self.from { &mut self.before } else { &mut self.future }) += count;
            return false;
        }
        self.records += count;
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        let hour = first.div_euclid(HOUR) - self.from.div_euclid(HOUR);
        if let Some(seen) = self.hours.get_mut(hour as usize) {
            *seen = true;
        }
        true
    }

    /// Counts a caller, by a number that stands for it alone.
    pub(super) fn caller(&mut self, mark: u64) {
        self.named = true;
        if self.callers.len() <= CALLERS {
            self.callers.insert(mark);
        }
    }

    pub(super) fn add(&mut self, other: Census) {
        self.records += other.records;
        self.before += other.before;
        self.future += other.future;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.hours.iter_mut().zip(&other.hours).for_each(|(seen, also)| *seen |= also);
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

    /// The spans of whole hours without any record, cut to the window.
    pub(super) fn silences(&self) -> Vec<Window> {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        let first = self.from.div_euclid(HOUR);
        for (hour, _) in (first..).zip(&self.hours).filter(|(_, seen)| !**seen) {
            let (from, until) = ((hour * HOUR).max(self.from), ((hour + 1) * HOUR).min(self.until));
            match spans.last_mut() {
                Some((_, end)) if *end == from => *end = until,
                _ => spans.push((from, until)),
            }
        }
        let at = |second| Timestamp::from_second(second).ok();
        spans.into_iter().filter_map(|(from, until)| Some(Window { from: at(from)?, until: at(until)? })).collect()
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
        let mut census = Census::new(window("2026-05-01T00:30:00Z", "2026-05-01T03:00:00Z"));
        for at in ["2026-05-01T00:29:59Z", "2026-05-01T00:30:00Z", "2026-05-01T02:59:59Z", "2026-05-01T03:00:00Z"] {
            census.note(second(at));
        }
        assert_eq!((census.before, census.records, census.future), (1, 2, 1));
        let (first, last) = census.span().unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2026-05-01T00:30:00Z".into(), "2026-05-01T02:59:59Z".into())
        );
        assert_eq!(census.silences(), [window("2026-05-01T01:00:00Z", "2026-05-01T02:00:00Z")]);
    }

    #[test]
    fn the_parts_of_a_log_add_up() {
        let whole = window("2026-05-01T00:00:00Z", "2026-05-01T04:00:00Z");
        let (mut one, mut other) = (Census::new(whole), Census::new(whole));
        one.note(second("2026-05-01T00:10:00Z"));
        one.caller(1);
        other.note(second("2026-05-01T02:10:00Z"));
        other.caller(1);
        other.caller(2);
        one.add(other);
        assert_eq!((one.records, one.callers()), (2, Some(2)));
        assert_eq!(one.silences().len(), 2);
        assert_eq!(Census::new(whole).silences(), [whole]);
        assert_eq!(Census::new(whole).span(), None);
    }

    #[test]
    fn callers_beyond_counting_are_not_counted() {
        let mut census = Census::new(window("2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"));
        (0..=CALLERS as u64 + 10).for_each(|mark| census.caller(mark));
        assert_eq!(census.callers(), None);
    }
}
