//! Deduplication: tells whether a record was delivered before, in bounded memory. A data export delivers at least once:
//! <https://learn.microsoft.com/azure/azure-monitor/logs/logs-data-export#duplicate-records>.
//!
//! Both deliveries of a record bear the same time, so only records of one hour need to be held against each other.

use std::collections::{BTreeMap, HashSet};

use foldhash::fast::FixedState;
use jiff::Timestamp;

use crate::source::logs::tally::hour_of;

/// How many records are remembered: those of the latest hours.
const HELD: usize = 1_500_000;

/// The records that were seen.
pub(super) struct Dedup {
    hours: BTreeMap<Timestamp, HashSet<u64, FixedState>>,
    held: usize,
    most: usize,
    /// Hours before this one were forgotten.
    forgotten: Timestamp,
}

/// Whether a record is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    First,
    Again,
    /// Its hour was forgotten already.
    Untold,
}

impl Dedup {
    pub(super) fn new() -> Dedup {
        Dedup { hours: BTreeMap::new(), held: 0, most: HELD, forgotten: Timestamp::MIN }
    }

    /// Remembers a record of this time by a number that stands for it alone.
    pub(super) fn deliver(&mut self, at: Timestamp, mark: u64) -> Delivery {
        let hour = hour_of(at);
        if hour < self.forgotten {
            return Delivery::Untold;
        }
        if !self.hours.entry(hour).or_default().insert(mark) {
            return Delivery::Again;
        }
        self.held += 1;
        while self.held > self.most && self.hours.len() > 1 {
            let Some((oldest, marks)) = self.hours.pop_first() else { break };
            self.held -= marks.len();
            self.forgotten = hour_after(oldest);
        }
        Delivery::First
    }
}

fn hour_after(hour: Timestamp) -> Timestamp {
    Timestamp::from_second(hour.as_second() + 3_600).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_second_delivery_is_told_from_another_record() {
        let mut dedup = Dedup::new();
        assert_eq!(dedup.deliver(at(10), 1), Delivery::First);
        assert_eq!(dedup.deliver(at(20), 2), Delivery::First);
        assert_eq!(dedup.deliver(at(10), 1), Delivery::Again);
        assert_eq!(dedup.deliver(at(7_000), 1), Delivery::First, "the same mark in another hour is another record");
    }

    #[test]
    fn what_was_forgotten_is_not_told_to_be_new() {
        let mut dedup = Dedup { most: 3, ..Dedup::new() };
        for (second, mark) in [(0, 1), (3_600, 2), (7_200, 3), (10_800, 4)] {
            assert_eq!(dedup.deliver(at(second), mark), Delivery::First);
        }
        assert_eq!(dedup.deliver(at(0), 1), Delivery::Untold);
        assert_eq!(dedup.deliver(at(3_600), 2), Delivery::Again);
        assert!(dedup.held <= 3);
    }
}
