//! What could not be checked, by its remedy: one entry per missing permission, licence or setting, however many checks wait.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{count, plural};
use super::{Check, Report};
use crate::model::{Gap, GapKind, Status, Verdict};
use crate::text::Untrusted;

/// Gaps with one remedy.
#[derive(Default)]
pub(super) struct Group<'a> {
    /// Data sets, and which part of each.
    pub(super) places: BTreeSet<(&'a str, &'a Untrusted)>,
    /// What happened.
    pub(super) details: BTreeSet<&'a Untrusted>,
    /// Checks that are unknown for it.
    pub(super) unknown: BTreeSet<&'a str>,
    /// Checks that found something and might find more.
    pub(super) incomplete: BTreeSet<&'a str>,
}

/// By kind, by what is missing, and by what to do.
pub(super) type Groups<'a> = BTreeMap<(GapKind, Option<&'a str>, &'a str), Group<'a>>;

/// How many things these checks could not check.
pub(super) fn number<'a>(checks: impl Iterator<Item = &'a Check> + Clone) -> usize {
    groups(checks.clone()).len() + checks.map(open).sum::<usize>()
}

/// Objects about which the evidence does not tell; a check that is unknown for no stated reason counts as one.
pub(super) fn open(check: &Check) -> usize {
    let unexplained = check.verdict == Verdict::Unknown && check.gaps.iter().all(|gap| gap.waiver.is_some());
    count(check, Status::Unknown).max(usize::from(unexplained))
}

/// What is missing. What a longer history or a collection needs is a sentence, and the next step says it.
pub(super) fn title(kind: GapKind, needs: Option<&str>) -> String {
    let named = needs.filter(|_| !matches!(kind, GapKind::Retention | GapKind::NotCollected));
    named.map_or_else(|| kind.to_string(), |needs| format!("{kind}: {needs}"))
}

pub(super) fn groups<'a>(checks: impl Iterator<Item = &'a Check>) -> Groups<'a> {
    let mut groups = Groups::new();
    for check in checks {
        for gap in check.gaps.iter().filter(|gap| gap.waiver.is_none()) {
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

/// How far from provable a run is, and the next steps that would close most gaps, the best first. Empty: nothing is missing.
pub(super) fn provable(report: &Report) -> Vec<String> {
    const STEPS: usize = 3;
    let groups = groups(report.checks());
    let blind: BTreeSet<&str> =
        groups.values().flat_map(|group| group.unknown.iter().chain(&group.incomplete)).copied().collect();
    if blind.is_empty() {
        return Vec::new();
    }
    let all = report.checks().count();
    let mut lines = vec![format!("{} of {all} checks could look at everything", all.saturating_sub(blind.len()))];
    let mut ways: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((_, _, hint), group) in &groups {
        ways.entry(hint).or_default().extend(group.unknown.iter().chain(&group.incomplete));
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(hint, checks)| (std::cmp::Reverse(checks.len()), *hint));
    let closes = |(hint, checks): (&str, BTreeSet<&str>)| format!("{hint} (for {})", plural(checks.len(), "check"));
    lines.extend(ways.into_iter().take(STEPS).map(closes));
    lines
}

/// The first few of a list, and how many there are besides.
pub(super) fn few(all: impl ExactSizeIterator<Item = impl AsRef<str>>) -> String {
    const FEW: usize = 4;
    let rest = all.len().saturating_sub(FEW);
    let shown: Vec<String> = all.take(FEW).map(|one| one.as_ref().to_owned()).collect();
    let more = if rest > 0 { format!(" … and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}
