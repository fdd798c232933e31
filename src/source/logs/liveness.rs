//! Whether a log was alive: in which hours any caller left a record, and how likely a silence is, going by how the log used
//! to sound. Pure, and the same for workspaces and exported logs. It measures; what is too long is for a check to say.

use jiff::Timestamp;

use super::tally::hour_of;
use crate::evidence::row::LogSilence;
use crate::text::Untrusted;

/// A span of time, half-open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant behind it.
    pub until: Timestamp,
}

/// Hours in which nobody left a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    /// From when to when.
    pub window: Window,
    /// Of a million such spans so many would be silent, going by the same hours of the weeks before; `None`: less than a
    /// week, or less than a day of calls, is known to compare it with.
    pub per_million: Option<i64>,
}

/// A silence that comes so seldom in a million is no usual one.
const SELDOM: i64 = 100;

/// A silence of so many hours is none however the log sounds; and of so many where nothing tells how it does.
const LONG_HOURS: [i64; 2] = [168, 24];

impl Silence {
    /// Whether its hours are not covered. The view `log_hole` of the evidence says the same.
    pub fn is_hole(&self) -> bool {
        let hours = self.window.until.duration_since(self.window.from).as_secs() / HOUR;
        let [known, unknown] = LONG_HOURS;
        self.per_million.is_some_and(|usual| usual < SELDOM)
            || hours >= if self.per_million.is_some() { known } else { unknown }
    }

    /// As evidence has it.
    pub fn row(&self, source: &Untrusted) -> LogSilence {
        let Silence { window: Window { from, until }, per_million } = *self;
        LogSilence { source: source.clone(), from_at: from, until_at: until, per_million }
    }
}

const HOUR: i64 = 3_600;
const DAY: usize = 24;
const WEEK: usize = 7 * DAY;

/// How often an hour was silent among those that it is compared with.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    silent: f64,
    all: f64,
}

/// The hours of one window, each heard or silent.
#[derive(Debug, Clone)]
pub struct Hours {
    window: Window,
    heard: Box<[bool]>,
}

impl Hours {
    /// A window in which nothing was heard yet. The hour that is not over at its end says nothing.
    pub fn new(window: Window) -> Hours {
        let window = Window { until: hour_of(window.until), ..window };
        let (from, until) = (window.from.as_second(), window.until.as_second());
        let hours = (until - 1).div_euclid(HOUR) - from.div_euclid(HOUR) + 1;
        Hours { window, heard: vec![false; usize::try_from(hours).unwrap_or(0)].into() }
    }

    /// Notes a record of this second; one outside of the window is none of it.
    pub fn hear(&mut self, second: i64) {
        let hour = second.div_euclid(HOUR) - self.first();
        if let Some(heard) = usize::try_from(hour).ok().and_then(|hour| self.heard.get_mut(hour)) {
            *heard = true;
        }
    }

    /// Adds what was heard elsewhere in the same window.
    pub fn add(&mut self, other: &Hours) {
        self.heard.iter_mut().zip(&other.heard).for_each(|(heard, also)| *heard |= also);
    }

    fn first(&self) -> i64 {
        self.window.from.as_second().div_euclid(HOUR)
    }

    /// The spans without any record, cut to the window.
    pub fn silences(&self) -> Vec<Silence> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        for hour in (0..self.heard.len()).filter(|hour| !self.heard[*hour]) {
            match runs.last_mut() {
                Some((_, end)) if *end == hour => *end += 1,
                _ => runs.push((hour, hour + 1)),
            }
        }
        runs.into_iter().filter_map(|(from, until)| self.silence(from, until)).collect()
    }

    fn silence(&self, from: usize, until: usize) -> Option<Silence> {
        let at = |hour: usize| Timestamp::from_second((self.first() + i64::try_from(hour).ok()?) * HOUR).ok();
        let window = Window { from: at(from)?.max(self.window.from), until: at(until)?.min(self.window.until) };
        Some(Silence { window, per_million: self.chance(from, until).map(|chance| (chance * 1e6) as i64) })
    }

    /// A week before a silence tells how the log sounds; where less came before, all the rest of the window has to.
    fn chance(&self, from: usize, until: usize) -> Option<f64> {
        let first = self.heard.iter().position(|heard| *heard)?;
        let before: Vec<usize> = (first..from).collect();
        let known: Vec<usize> = match before.len() {
            hours if hours >= WEEK => before,
            _ => before.into_iter().chain(until..self.heard.len()).collect(),
        };
        // A log that hardly anybody uses does not tell what is usual.
        let heard = known.iter().filter(|hour| self.heard[**hour]).count();
        (known.len() >= WEEK && heard >= DAY).then(|| self.compared(from, until, &known))
    }

    fn compared(&self, from: usize, until: usize, known: &[usize]) -> f64 {
        let mut weekly = [Seen::default(); WEEK];
        let mut daily = [[Seen::default(); DAY]; 2];
        let mut all = Seen::default();
        for &hour in known {
            let silent = !self.heard[hour];
            let (slot, kind) = self.slot(hour);
            // Who works by the clock is now and then an hour late.
            [slot, (slot + 1) % WEEK, (slot + WEEK - 1) % WEEK].iter().for_each(|slot| weekly[*slot].count(silent));
            daily[kind][slot % DAY].count(silent);
            all.count(silent);
        }
        let one = |hour: usize| {
            let (slot, kind) = self.slot(hour);
            let week = weekly[slot];
            let wider = daily[kind][slot % DAY].likely().min(all.likely());
            // What is seldom heard at this hour of the week is not told by hours that are louder.
            week.likely().min(wider.max(week.share()))
        };
        (from..until).map(one).product()
    }

    /// The hour of the week, and whether it is a weekend.
    fn slot(&self, hour: usize) -> (usize, usize) {
        // The first of January 1970 was a Thursday; a week begins with Monday.
        let since = (self.first() + i64::try_from(hour).unwrap_or(0) + 3 * DAY as i64).rem_euclid(WEEK as i64);
        let slot = usize::try_from(since).unwrap_or(0);
        (slot, usize::from(slot >= 5 * DAY))
    }
}

impl Seen {
    fn count(&mut self, silent: bool) {
        self.all += 1.0;
        self.silent += f64::from(u8::from(silent));
    }

    /// How often it was silent.
    fn share(self) -> f64 {
        if self.all > 0.0 { self.silent / self.all } else { 1.0 }
    }

    /// How likely it is silent once more: what never happened in few hours may still happen.
    fn likely(self) -> f64 {
        (self.silent + 0.1) / (self.all + 0.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten weeks, in which the log is heard as `usual` says of day and hour, but for some hours.
    fn log(usual: impl Fn(usize, usize) -> bool, missing: std::ops::Range<usize>) -> Hours {
        // A Monday.
        let from: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let until = Timestamp::from_second(from.as_second() + 10 * WEEK as i64 * HOUR).unwrap();
        let mut hours = Hours::new(Window { from, until });
        for hour in (0..10 * WEEK).filter(|hour| !missing.contains(hour)) {
            if usual(hour / DAY % 7, hour % DAY) {
                hours.hear(from.as_second() + hour as i64 * HOUR + 7);
            }
        }
        hours
    }

    /// The least likely silence.
    fn least(hours: &Hours) -> i64 {
        hours.silences().iter().filter_map(|silence| silence.per_million).min().unwrap_or(1_000_000)
    }

    const AT: usize = 7 * WEEK + DAY;

    #[test]
    fn nights_and_weekends_are_usual_and_days_that_are_missing_are_not() {
        let office = |day: usize, hour: usize| day < 5 && (8..18).contains(&hour);
        assert!(least(&log(office, 0..0)) > 10_000, "{}", least(&log(office, 0..0)));
        assert!(least(&log(office, AT..AT + DAY)) == 0);
        assert!(least(&log(office, AT + 9..AT + 12)) < 100);
        assert!(least(&log(office, AT..AT + 7)) > 10_000, "a night");
    }

    #[test]
    fn where_somebody_always_calls_every_hour_counts() {
        let always = |_: usize, _: usize| true;
        assert_eq!(log(always, 0..0).silences(), []);
        assert!(least(&log(always, AT..AT + 1)) < 100);
        assert!(least(&log(always, AT..AT + 3)) == 0);
        assert!(least(&log(always, 9 * WEEK..10 * WEEK)) == 0, "the end of the log");
        assert!(least(&log(always, 0..3 * DAY)) == 0, "and its beginning");
    }

    #[test]
    fn a_quiet_log_is_no_less_alive_where_nobody_happens_to_call() {
        // Every third hour or so, by no pattern.
        let seldom = |day: usize, hour: usize| (day * 31 + hour * 17 + day * hour).is_multiple_of(3);
        assert!(least(&log(seldom, AT..AT + 2)) > 100);
        assert!(least(&log(seldom, AT..AT + 3 * DAY)) < 100);
    }

    #[test]
    fn what_is_too_short_to_compare_with_tells_nothing() {
        let window =
            Window { from: "2026-05-01T00:30:00Z".parse().unwrap(), until: "2026-05-01T03:00:00Z".parse().unwrap() };
        let mut hours = Hours::new(window);
        assert_eq!(hours.silences(), [Silence { window, per_million: None }]);
        hours.hear(window.until.as_second() - 1);
        let silent = Window { until: "2026-05-01T02:00:00Z".parse().unwrap(), ..window };
        assert_eq!(hours.silences(), [Silence { window: silent, per_million: None }]);
        hours.hear(window.until.as_second());
        hours.hear(window.from.as_second() - HOUR);
        assert_eq!(hours.silences().len(), 1);
    }
}
