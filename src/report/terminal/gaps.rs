//! What could not be checked, as the terminal shows it.

use super::page::{Page, Tone};
use super::{LISTED, more, subjects};
use crate::model::Status;
use crate::report::gaps::{Group, few, groups, number, open, title};
use crate::report::words::step_title;
use crate::report::{Check, Report};

pub(super) fn section(page: &mut Page, report: &Report) {
    let groups = groups(report.checks());
    if number(report.checks()) == 0 {
        return;
    }
    page.blank();
    page.heading("COULD NOT BE CHECKED");
    if !groups.is_empty() {
        page.blank();
    }
    for ((kind, needs, hint), group) in groups.iter().take(LISTED) {
        page.labelled(2, ("UNKNOWN", Tone::Doubt), &title(*kind, *needs));
        show(page, group, hint);
    }
    more(page, 2, groups.len(), "gaps");
    undecided(page, report);
}

fn show(page: &mut Page, group: &Group<'_>, hint: &str) {
    let indent = super::INDENT;
    let places = group.places.iter().map(|(dataset, scope)| format!("{dataset} of {}", scope.terminal()));
    page.text(indent, &format!("not seen: {}", few(places)));
    if !group.details.is_empty() {
        page.text(indent, &format!("because: {}", few(group.details.iter().map(|detail| detail.terminal()))));
    }
    if !group.unknown.is_empty() {
        page.text(indent, &format!("keeps unknown: {}", few(group.unknown.iter())));
    }
    if !group.incomplete.is_empty() {
        page.text(indent, &format!("could hide more in: {}", few(group.incomplete.iter())));
    }
    page.text(indent, &format!("What to do: {hint}"));
}

/// Objects that were seen, but about which the evidence does not tell.
fn undecided(page: &mut Page, report: &Report) {
    for step in &report.steps {
        let waiting: Vec<&Check> = step.checks.iter().filter(|check| open(check) > 0).collect();
        if waiting.is_empty() {
            continue;
        }
        page.blank();
        page.heading(&step_title(step));
        for check in waiting.iter().take(LISTED) {
            page.labelled(
                2,
                ("UNKNOWN", Tone::Doubt),
                &format!("the evidence does not tell: {}", check.title.terminal()),
            );
            subjects(page, report, check, Status::Unknown);
        }
        more(page, 2, waiting.len(), "undecided checks");
    }
}
