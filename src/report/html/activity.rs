//! The days of activity: a picture, and the same as a table for whoever cannot see it.

use maud::{Markup, html};

use super::{foreign, more};
use crate::report::words::{activity_in_words, called};
use crate::report::{Activity, Day, Report, State};

/// Of so many people; the JSON report has all.
const PICTURES: usize = 20;
/// In units of the picture.
const WIDTH: f64 = 900.0;
const TOP: f64 = 16.0;
const HEIGHT: f64 = 110.0;

pub(super) fn section(report: &Report) -> Markup {
    html! {
        section id="activity" aria-labelledby="activity-title" {
            h2 id="activity-title" { "Activity, day by day" }
            @if report.activity.is_empty() {
                p { "Not collected: no log was read, so this report says nothing about what was done." }
            } @else {
                p { "Calls to MCP servers as the logs have them. Blue: the person's own account. Amber: everything else that "
                    "the person can act through. Red: after the last day. Grey: the logs cannot tell." }
            }
            @for (at, activity) in report.activity.iter().take(PICTURES).enumerate() { (of_person(report, activity, at)) }
            (more(report.activity.len(), PICTURES, "people"))
        }
    }
}

fn of_person(report: &Report, activity: &Activity, at: usize) -> Markup {
    let person = report.people.iter().find(|person| person.id == activity.person);
    let words = activity_in_words(activity);
    html! {
        @if report.activity.len() > 1 { h3 { (foreign(&person.map_or_else(|| activity.person.clone(), called))) } }
        (picture(activity, &words, at))
        p { (foreign(&words)) }
        details {
            summary { "The same as a table" }
            table {
                thead { tr {
                    th scope="col" { "Day (" (foreign(&activity.timezone)) ")" } th scope="col" class="n" { "Own calls" }
                    th scope="col" class="n" { "Calls by others" } th scope="col" { "Remarks" }
                } }
                tbody { @for day in &activity.days { tr {
                    th scope="row" { (foreign(&day.date)) }
                    td class="n" { (day.own) }
                    td class="n" { (day.others) }
                    td { (remark(day)) }
                } } }
            }
        }
    }
}

fn remark(day: &Day) -> &'static str {
    match (day.state, day.after_last_day) {
        (State::Incomplete, true) => "after the last day; the logs cannot tell about all of it",
        (State::Incomplete, false) => "the logs cannot tell about all of it",
        (State::Complete, true) => "after the last day",
        (State::Complete, false) => "",
    }
}

fn picture(activity: &Activity, words: &str, at: usize) -> Markup {
    let days = &activity.days;
    let most = days.iter().map(|day| day.own.saturating_add(day.others)).max().unwrap_or(0).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a picture has some hundred days")]
    let step = WIDTH / days.len().max(1) as f64;
    let last = days.windows(2).position(|pair| !pair[0].after_last_day && pair[1].after_last_day).map(|at| at + 1);
    let (title, bottom) = (format!("picture-{at}"), TOP + HEIGHT);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", bottom + 20.0)) role="img" aria-labelledby=(title) {
            title id=(title) { "Calls per day. " (foreign(words)) }
            @for (at, day) in days.iter().enumerate() { (bars(day, x(at, step), step, most)) }
            line x1="0" x2=(WIDTH) y1=(bottom) y2=(bottom) {}
            @if let Some(at) = last {
                line class="last" x1=(x(at, step)) x2=(x(at, step)) y1="0" y2=(bottom) {}
                text x=(x(at, step)) y="11" text-anchor="end" dx="-4" { "the last day is over" }
            }
            @if let (Some(first), Some(last)) = (days.first(), days.last()) {
                text x="0" y=(bottom + 15.0) { (foreign(&first.date)) }
                text x=(WIDTH) y=(bottom + 15.0) text-anchor="end" { (foreign(&last.date)) }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture has some hundred days")]
fn x(at: usize, step: f64) -> String {
    format!("{:.1}", at as f64 * step)
}

/// Others below, own calls on top of them. By the square root, so that a usual day is seen beside an unusual one.
fn bars(day: &Day, x: String, step: f64, most: i64) -> Markup {
    let of = |class: &'static str| if day.after_last_day { "after" } else { class };
    let others = height(day.others, most);
    let all = height(day.own.saturating_add(day.others), most);
    let width = format!("{:.1}", (step - 1.0).max(step * 0.7));
    let bar = |class: &str, from: f64, to: f64| {
        html! { rect class=(class) x=(x) y=(format!("{:.1}", TOP + HEIGHT - to)) width=(width) height=(format!("{:.1}", to - from)) {} }
    };
    html! {
        @if day.state == State::Incomplete { (bar("gap", 0.0, HEIGHT)) }
        @if day.others > 0 { (bar(of("other"), 0.0, others)) }
        @if day.own > 0 { (bar(of("own"), others, all)) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the height of a bar")]
fn height(calls: i64, most: i64) -> f64 {
    (calls.max(0) as f64 / most as f64).sqrt() * HEIGHT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(date: &str, (own, others): (i64, i64), state: State, after_last_day: bool) -> Day {
        Day { date: date.into(), own, others, state, after_last_day }
    }

    #[test]
    fn every_call_and_every_blind_day_is_drawn_and_told() {
        let days = vec![
            day("2026-04-30", (4, 0), State::Complete, false),
            day("2026-05-01", (0, 0), State::Incomplete, false),
            day("2026-05-02", (1, 847), State::Complete, true),
        ];
        let activity = Activity { person: "p".into(), timezone: "Europe/Berlin".into(), days };
        let words = activity_in_words(&activity);
        assert_eq!(
            words,
            "848 calls after the last day; 4 before; on 1 of 3 days the logs cannot tell about all of it"
        );
        let svg = picture(&activity, &words, 0).into_string();
        let drawn = |class: &str| svg.matches(&format!("class=\"{class}\"")).count();
        assert_eq!((drawn("own"), drawn("other"), drawn("after"), drawn("gap"), drawn("last")), (1, 0, 2, 1, 1));
        assert!(svg.contains("role=\"img\"") && svg.contains("848 calls after the last day"));
    }

    #[test]
    fn nothing_at_all_is_a_picture_too() {
        let activity = Activity { person: "p".into(), timezone: "UTC".into(), days: Vec::new() };
        assert!(picture(&activity, &activity_in_words(&activity), 0).into_string().contains("<svg"));
    }
}
