//! The picture of the calls around each person: one character per day, readable without colours.

use super::page::{Page, Tone};
use super::{LISTED, called, more};
use crate::report::{Activity, Day, Report, State};

/// From few calls to many.
const BARS: [char; 5] = ['\u{2581}', '\u{2582}', '\u{2583}', '\u{2585}', '\u{2587}'];
const NONE: char = '.';
const GAP: char = '\u{2591}';
const LAST_DAY: char = '|';

/// Where a strip starts.
const INDENT: usize = 12;

/// The strips of all people, if there is a log.
pub(super) fn section(page: &mut Page, report: &Report) {
    if report.activity.is_empty() {
        return;
    }
    page.blank();
    page.heading("ACTIVITY");
    for activity in report.activity.iter().take(LISTED) {
        let person = report.people.iter().find(|person| person.id == activity.person);
        if let Some(person) = person.filter(|_| report.people.len() > 1) {
            page.name(2, &called(person));
        }
        strips(page, activity);
    }
    more(page, 2, report.activity.len(), "people");
}

fn strips(page: &mut Page, activity: &Activity) {
    let most = activity.days.iter().map(|day| day.own.max(day.others)).max().unwrap_or(0);
    // A column is left for the mark behind the last day.
    for days in activity.days.chunks(page.width() - INDENT - 1) {
        let (Some(first), Some(last)) = (days.first(), days.last()) else { continue };
        page.text(INDENT, &format!("{} to {}, {}", first.date, last.date, activity.timezone));
        page.strip(INDENT, "  own", &cells(days, most, |day| day.own));
        page.strip(INDENT, "  others", &cells(days, most, |day| day.others));
    }
    page.text(INDENT, &legend(activity, most));
}

fn cells(days: &[Day], most: i64, calls: impl Fn(&Day) -> i64) -> Vec<(char, Tone)> {
    let mut cells = Vec::new();
    for (n, day) in days.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|n| days.get(n));
        if day.after_last_day && before.is_some_and(|before| !before.after_last_day) {
            cells.push((LAST_DAY, Tone::Strong));
        }
        cells.push(match (calls(day), day.state) {
            (0, State::Incomplete) => (GAP, Tone::Doubt),
            (0, State::Complete) => (NONE, Tone::Plain),
            (calls, _) if day.after_last_day => (bar(calls, most), Tone::Bad),
            (calls, _) => (bar(calls, most), Tone::Plain),
        });
    }
    cells
}

/// By the square root, so that a usual day is still seen beside an unusual one.
fn bar(calls: i64, most: i64) -> char {
    let level = (0..4_i64).take_while(|level| calls * 25 > most * (level + 1) * (level + 1)).count();
    BARS[level]
}

fn legend(activity: &Activity, most: i64) -> String {
    let after: i64 = activity.days.iter().filter(|day| day.after_last_day).map(|day| day.own + day.others).sum();
    format!(
        "own: the person; others: what they can act through. One column a day, {} to {} = up to {most} calls, {NONE} none, \
         {GAP} not known, {LAST_DAY} the last day is over ({after} calls behind it)",
        BARS[0], BARS[4]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, own: i64, state: State, after_last_day: bool) -> Day {
        Day { date: date.into(), own, others: 0, state, after_last_day }
    }

    fn drawn(days: Vec<Day>, width: u16, color: bool) -> String {
        let mut page = Page::new(width, color);
        strips(&mut page, &Activity { person: "p".into(), timezone: "UTC".into(), days });
        page.finish()
    }

    #[test]
    fn a_day_is_a_column_and_the_last_day_is_marked() {
        let days = vec![
            day("2026-04-29", 0, State::Complete, false),
            day("2026-04-30", 4, State::Complete, false),
            day("2026-05-01", 0, State::Incomplete, false),
            day("2026-05-02", 100, State::Complete, true),
        ];
        let plain = drawn(days.clone(), 80, false);
        assert!(plain.contains("  own       .\u{2581}\u{2591}|\u{2587}\n"), "{plain}");
        assert!(plain.contains("(100 calls behind it)") && !plain.contains('\x1b'));
        assert!(drawn(days, 80, true).contains("\x1b[1;31m\u{2587}\x1b[0m"));
    }

    #[test]
    fn a_narrow_page_has_more_rows_and_no_wider_ones() {
        let days: Vec<Day> = (0..90).map(|n| day(&format!("day {n}"), n, State::Complete, n > 70)).collect();
        for width in [40, 60, 80, 120] {
            let page = drawn(days.clone(), width, false);
            assert!(page.lines().all(|line| line.chars().count() <= usize::from(width)), "{page}");
            assert_eq!(page.chars().filter(|c| *c == '\u{2587}').count(), page.matches('\u{2587}').count());
        }
    }

    #[test]
    fn bars_grow_with_calls() {
        let bars: Vec<char> = [1, 40, 160, 360, 640, 1000].map(|calls| bar(calls, 1000)).to_vec();
        assert!(bars.is_sorted() && bars.first() == BARS.first() && bars.last() == BARS.last(), "{bars:?}");
        assert_eq!(bar(5, 5), BARS[4]);
    }
}
