//! Which single calls are fetched in which query: all of the hours that are kept call by call, and of the others the
//! refusals. It only plans; it asks nothing.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::evidence::row::ToolCallHour;
use crate::source::logs::kql::Kql;
use crate::source::logs::live::slice::Window;
use crate::source::logs::tally::CALLS_PER_HOUR;
use crate::text::Untrusted;

/// How many rows one query shall bring.
const ROWS: i64 = 50_000;

/// How many spans one query leaves out.
const SPANS: usize = 100;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A caller as the records name it.
type Caller = (Option<Untrusted>, Option<Untrusted>);

/// How many calls each caller made in each hour.
#[derive(Default)]
pub(super) struct Counts {
    hours: BTreeMap<Timestamp, BTreeMap<Caller, i64>>,
}

/// One query for single calls.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) window: Window,
    /// The lines that leave out busy hours.
    pub(super) without: Vec<Kql>,
}

impl Counts {
    pub(super) fn add(&mut self, row: &ToolCallHour) {
        let caller = (row.principal.clone(), row.caller_name.clone());
        *self.hours.entry(row.hour_at).or_default().entry(caller).or_default() += row.calls;
    }

    /// Queries that cover `window` without overlap; none where there is nothing to fetch.
    pub(super) fn plan(&self, window: Window) -> Vec<Planned> {
        let (mut plan, mut from, mut rows) = (Vec::new(), window.from, 0);
        let mut busy: Vec<Span> = Vec::new();
        for (hour, callers) in &self.hours {
            let quiet: i64 = callers.values().filter(|calls| !is_busy(**calls)).sum();
            let inside = *hour > from && *hour < window.until;
            if inside && (rows + quiet > ROWS || busy.len() >= SPANS) && (rows > 0 || !busy.is_empty()) {
                plan.push(planned(Window { from, until: *hour }, &busy));
                (from, rows) = (*hour, 0);
                busy.clear();
            }
            rows += quiet;
            for (caller, _) in callers.iter().filter(|(_, calls)| is_busy(**calls)) {
                extend(&mut busy, caller, *hour);
            }
        }
        if !self.hours.is_empty() {
            plan.push(planned(Window { from, ..window }, &busy));
        }
        plan
    }
}

/// Busy hours of one caller, one after the other.
struct Span {
    caller: Caller,
    from: Timestamp,
    until: Timestamp,
}

fn is_busy(calls: i64) -> bool {
    usize::try_from(calls).is_ok_and(|calls| calls > CALLS_PER_HOUR)
}

fn extend(busy: &mut Vec<Span>, caller: &Caller, hour: Timestamp) {
    let until = hour.checked_add(HOUR).unwrap_or(hour);
    match busy.iter_mut().find(|span| span.until == hour && span.caller == *caller) {
        Some(span) => span.until = until,
        None => busy.push(Span { caller: caller.clone(), from: hour, until }),
    }
}

fn planned(window: Window, busy: &[Span]) -> Planned {
    Planned { window, without: busy.iter().filter_map(line).collect() }
}

/// Leaves out the hours of one caller, but not what was refused in them.
fn line(span: &Span) -> Option<Kql> {
    let is = |column: &'static str, value: &Option<Untrusted>| {
        let value = value.as_ref().map_or("", Untrusted::raw);
        Some(Kql::binary(&Kql::of(column), "=~", &Kql::text(value)?))
    };
    let conditions = [
        is("principal", &span.caller.0)?,
        is("caller_name", &span.caller.1)?,
        Kql::binary(&Kql::of("at"), ">=", &Kql::instant(span.from)),
        Kql::binary(&Kql::of("at"), "<", &Kql::instant(span.until)),
    ];
    let busy = Kql::call("not", &[Kql::all(&conditions)]);
    Some(Kql::any(&[Kql::of("| where status == 403"), busy]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_second(hour * 3600).unwrap()
    }

    fn counts(of: &[(i64, &str, i64)]) -> Counts {
        let mut counts = Counts::default();
        for (hour, principal, calls) in of {
            let principal = Some(Untrusted::from(*principal));
            counts.add(&ToolCallHour { principal, hour_at: at(*hour), calls: *calls, ..ToolCallHour::default() });
        }
        counts
    }

    const ALL: Window = Window { from: Timestamp::UNIX_EPOCH, until: Timestamp::MAX };

    #[test]
    fn few_calls_take_one_query_and_none_takes_none() {
        let window = Window { until: at(100), ..ALL };
        assert_eq!(counts(&[(3, "a", 10), (90, "b", 1000)]).plan(window), [Planned { window, without: vec![] }]);
        assert_eq!(counts(&[]).plan(window), []);
    }

    #[test]
    fn busy_hours_are_left_out_but_for_refusals() {
        let window = Window { until: at(100), ..ALL };
        let plan = counts(&[(3, "a", 1001), (4, "a", 4000), (4, "b", 5), (9, "a", 1001)]).plan(window);
        assert_eq!(plan.len(), 1);
        let lines: Vec<&str> = plan[0].without.iter().map(Kql::as_str).collect();
        assert_eq!(
            lines,
            [
                r#"| where status == 403 or not(principal =~ "a" and caller_name =~ "" and at >= datetime(1970-01-01T03:00:00Z) and at < datetime(1970-01-01T05:00:00Z))"#,
                r#"| where status == 403 or not(principal =~ "a" and caller_name =~ "" and at >= datetime(1970-01-01T09:00:00Z) and at < datetime(1970-01-01T10:00:00Z))"#,
            ]
        );
    }

    #[test]
    fn many_calls_take_queries_that_meet_without_overlap() {
        let window = Window { until: at(1000), ..ALL };
        let many: Vec<_> = (0..900).map(|hour| (hour, "a", 900)).collect();
        let plan = counts(&many).plan(window);
        assert_eq!(plan.len(), 17);
        assert_eq!((plan[0].window.from, plan[16].window.until), (window.from, window.until));
        assert!(plan.windows(2).all(|pair| pair[0].window.until == pair[1].window.from));
        let odd: Vec<_> = (0..900).map(|hour| (hour, "a", if hour % 2 == 0 { 2000 } else { 1 })).collect();
        let plan = counts(&odd).plan(window);
        assert!(plan.iter().all(|planned| planned.without.len() <= SPANS) && plan.len() == 5, "{}", plan.len());
    }
}
