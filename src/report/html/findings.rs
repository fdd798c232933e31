//! What was found, check by check, with a search over it. However much was found, the page stays small enough to open:
//! rows share a fixed room, and what does not fit is cut with a mark.

use maud::{Markup, html};

use super::{anchor, foreign, severity};
use crate::model::{Finding, Status};
use crate::report::words::{GRADES, called, count, failed, params, step_title, undecided, who, worst};
use crate::report::{Check, Report, Step};
use crate::text::visible;

/// Bytes that all rows have together.
const ROOM: usize = 4_500_000;
/// Bytes of markup that a row has besides its texts.
const MARKUP: usize = 190;
/// Bytes that one row has at most.
const LARGEST: usize = 4_000;
/// Rows on the page; more than these nobody reads, and a browser gets slow.
const ROWS: usize = 12_000;
/// A check with more rows is folded up at first.
const UNFOLDED: usize = 100;

/// What a row may take, and how many of all rows there are.
struct Room {
    row: usize,
    all: usize,
}

impl Room {
    fn of(report: &Report) -> Room {
        let all = report.checks().map(|check| rows(check).count()).sum::<usize>();
        Room { row: (ROOM / all.clamp(1, ROWS)).min(LARGEST).saturating_sub(MARKUP), all }
    }

    /// How many of the rows of a check there is room for: its share.
    fn share(&self, rows: usize) -> usize {
        if self.all <= ROWS { rows } else { (rows * ROWS / self.all).max(1) }
    }
}

pub(super) fn undecided_any(report: &Report) -> bool {
    report.checks().any(|check| count(check, Status::Unknown) > 0)
}

/// The worst first, and what the evidence does not tell last.
fn rows(check: &Check) -> impl Iterator<Item = &Finding> {
    failed(check).into_iter().chain(undecided(check))
}

pub(super) fn section(report: &Report) -> Markup {
    let room = Room::of(report);
    html! {
        @if room.all > 0 {
            section id="findings" aria-labelledby="findings-title" {
                h2 id="findings-title" { "Findings" }
                (filter(report))
                @for step in &report.steps {
                    @if step.checks.iter().any(|check| rows(check).next().is_some()) { (of_step(report, step, &room)) }
                }
                p class="note" { "Known by: " (GRADES) }
            }
        }
    }
}

/// Hidden until the script is there to answer it.
fn filter(report: &Report) -> Markup {
    let severities = ["critical", "high", "medium", "low", "info"];
    html! {
        div id="filter" role="search" aria-label="Filter the findings" hidden {
            label { "Search" input type="search" autocomplete="off" spellcheck="false"; }
            label { "Step"
                select {
                    option value="" { "all" }
                    @for step in &report.steps { option value=(foreign(&step.step)) { (foreign(&step.title)) } }
                }
            }
            label { "Severity"
                select {
                    option value="" { "all" }
                    @for severity in severities { option value=(severity) { (severity) } }
                    option value="unknown" { "not known" }
                }
            }
            label { "Who does it"
                select {
                    option value="" { "anybody" }
                    @for who in whose(report) { option value=(who) { (who) } }
                }
            }
            label { "Known by"
                select {
                    option value="" { "all" }
                    @for grade in ["A", "B", "C", "D"] { option value=(grade) { (grade) } }
                }
            }
            p id="shown" aria-live="polite" {}
        }
    }
}

/// Everybody who has something to do.
fn whose(report: &Report) -> std::collections::BTreeSet<&'static str> {
    report.checks().flat_map(rows).map(who).collect()
}

fn of_step(report: &Report, step: &Step, room: &Room) -> Markup {
    let mut checks: Vec<&Check> = step.checks.iter().filter(|check| rows(check).next().is_some()).collect();
    checks.sort_by_key(|check| std::cmp::Reverse((count(check, Status::Fail) > 0, worst(check))));
    html! {
        section data-step=(foreign(&step.step)) {
            h3 { (foreign(&step_title(step))) }
            @for check in checks { (of_check(report, step, check, room)) }
        }
    }
}

fn of_check(report: &Report, step: &Step, check: &Check, room: &Room) -> Markup {
    let all = rows(check).count();
    let shown = room.share(all);
    html! {
        article id=(anchor(&check.id)) data-step=(foreign(&step.step)) {
            header {
                h4 { (severity(worst(check))) " " (check.title) }
                p class="id" {
                    code { (foreign(&check.id)) }
                    @if !check.params.is_empty() { " with " (foreign(&params(check))) }
                }
            }
            p { b { "Why it matters. " } (check.why) }
            p { b { "What to do. " } (check.fix) }
            details open[all <= UNFOLDED] {
                summary { (all) @if all == 1 { " finding" } @else { " findings" } }
                table class="found" {
                    thead { tr { th scope="col" { "Severity" } th scope="col" { "What was found" } th scope="col" { "Known by" } } }
                    tbody { @for finding in rows(check).take(shown) { (row(report, finding, room.row)) } }
                }
            }
            (super::more(all, shown, "findings of this check"))
        }
    }
}

/// Reason and subject first, facts as far as they fit.
fn row(report: &Report, finding: &Finding, room: usize) -> Markup {
    let unknown = finding.status == Status::Unknown;
    let class = if unknown { "unknown".to_owned() } else { finding.severity.to_string() };
    let reason = fitted(finding.reason.raw(), room * 2 / 5);
    let subject = fitted(finding.subject.raw(), room * 2 / 5);
    let facts = facts(report, finding, room.saturating_sub(cost(&reason) + cost(&subject)));
    html! {
        tr class=(class) data-who=(who(finding)) data-grade=[finding.grade.map(|grade| format!("{grade:?}"))] {
            td { @if unknown { "not known" } @else { (severity(finding.severity)) } }
            td { (foreign(&reason)) code { (foreign(&subject)) } @if !facts.is_empty() { small { (facts_of(&facts)) } } }
            td { @if let Some(grade) = finding.grade { (grade.to_string()) } }
        }
    }
}

fn facts_of(facts: &[(String, String)]) -> Markup {
    html! {
        @for (at, (name, value)) in facts.iter().enumerate() {
            @if at > 0 { " · " }
            @if !name.is_empty() { i { (foreign(name)) } " " }
            (foreign(value))
        }
    }
}

/// Name and value of what else is known of a finding, until the room is used up.
fn facts(report: &Report, finding: &Finding, room: usize) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if !finding.complete && finding.status == Status::Fail {
        all.push((String::new(), "the evidence is incomplete: more of it could undo this".to_owned()));
    }
    let person = report.people.iter().find(|person| Some(&person.id) == finding.person.as_ref());
    all.extend(person.filter(|_| report.people.len() > 1).map(|person| ("person".to_owned(), called(person))));
    all.extend(finding.seen_at.iter().map(|at| ("seen".to_owned(), at.clone())));
    all.extend(finding.actor.iter().map(|actor| ("by".to_owned(), actor.raw().to_owned())));
    all.extend(finding.facts.iter().map(|(name, value)| (name.replace('_', " "), value.raw().to_owned())));
    let mut left = room;
    let mut shown = Vec::new();
    for (name, value) in all {
        let value = fitted(&value, LARGEST / 8);
        let needs = name.len() + cost(&value) + 16;
        if needs > left {
            shown.push((String::new(), "…".to_owned()));
            break;
        }
        left -= needs;
        shown.push((name, value));
    }
    shown
}

/// The text as far as it fits into so many bytes of the page.
fn fitted(text: &str, room: usize) -> String {
    let text = visible(&crate::text::capped(text, LARGEST));
    let mut left = room;
    let mut out = String::new();
    for c in text.chars() {
        let Some(rest) = left.checked_sub(cost_of(c)) else {
            out.push('…');
            break;
        };
        left = rest;
        out.push(c);
    }
    out
}

fn cost(text: &str) -> usize {
    text.chars().map(cost_of).sum()
}

/// Bytes of a character once it is escaped.
fn cost_of(c: char) -> usize {
    match c {
        '"' => 6,
        '&' => 5,
        '<' | '>' => 4,
        c => c.len_utf8(),
    }
}
