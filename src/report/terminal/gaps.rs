//! What could not be checked: one entry per missing permission, licence or setting, however many checks wait for it.

use std::collections::{BTreeMap, BTreeSet};

use super::page::{Page, Tone};
use super::{LISTED, count, more, step_title, subjects};
use crate::model::{Gap, GapKind, Status, Verdict};
use crate::report::{Check, Report};
use crate::text::Untrusted;

/// Gaps with one remedy.
#[derive(Default)]
struct Group<'a> {
    places: BTreeSet<(&'a str, &'a Untrusted)>,
    details: BTreeSet<&'a Untrusted>,
    unknown: BTreeSet<&'a str>,
    incomplete: BTreeSet<&'a str>,
}

type Groups<'a> = BTreeMap<(GapKind, Option<&'a str>, &'a str), Group<'a>>;

/// How many things these checks could not check.
pub(super) fn number<'a>(checks: impl Iterator<Item = &'a Check> + Clone) -> usize {
    groups(checks.clone()).len() + checks.map(open).sum::<usize>()
}

/// Objects about which the evidence does not tell; a check that is unknown for no stated reason counts as one.
fn open(check: &Check) -> usize {
    let unexplained = check.verdict == Verdict::Unknown && check.gaps.is_empty();
    count(check, Status::Unknown).max(usize::from(unexplained))
}

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
        // What a longer history needs is a sentence, and the next step says it.
        let named = needs.filter(|_| *kind != GapKind::Retention);
        let title = named.map_or_else(|| kind.to_string(), |needs| format!("{kind}: {needs}"));
        page.labelled(2, ("UNKNOWN", Tone::Doubt), &title);
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

fn groups<'a>(checks: impl Iterator<Item = &'a Check>) -> Groups<'a> {
    let mut groups = Groups::new();
    for check in checks {
        for gap in &check.gaps {
            let Gap { kind, needs, hint, .. } = gap;
            let group = groups.entry((*kind, needs.as_deref(), hint.as_str())).or_default();
            group.places.insert((&gap.dataset, &gap.scope));
            group.details.extend(&gap.detail);
            let waiting = if check.verdict == Verdict::Fail { &mut group.incomplete } else { &mut group.unknown };
            waiting.insert(&check.id);
        }
    }
    groups
}

/// The first few of a list, and how many there are besides.
fn few(all: impl ExactSizeIterator<Item = impl AsRef<str>>) -> String {
    const FEW: usize = 4;
    let rest = all.len().saturating_sub(FEW);
    let shown: Vec<String> = all.take(FEW).map(|one| one.as_ref().to_owned()).collect();
    let more = if rest > 0 { format!(" … and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
