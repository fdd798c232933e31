//! What somebody answers for, and waivers that did not apply, in lines that formats for people share. It escapes nothing.

use std::collections::BTreeMap;

use super::{Check, Report};
use crate::model::Waiver;

/// One thing that somebody answers for.
pub(super) struct Waived<'a> {
    pub(super) waiver: &'a Waiver,
    /// What was found or not seen, in words.
    pub(super) what: String,
    /// The checks that it concerns.
    pub(super) checks: Vec<&'a str>,
}

/// Each thing once, in the order of the report.
pub(super) fn waived(report: &Report) -> Vec<Waived<'_>> {
    let mut all: Vec<Waived<'_>> = Vec::new();
    let mut places: BTreeMap<(String, &Waiver), usize> = BTreeMap::new();
    for check in report.checks() {
        for (what, waiver) in of_check(check) {
            let at = *places.entry((what.clone(), waiver)).or_insert(all.len());
            if at == all.len() {
                all.push(Waived { waiver, what, checks: Vec::new() });
            }
            if let Some(waived) = all.get_mut(at).filter(|waived| waived.checks.last() != Some(&check.id.as_str())) {
                waived.checks.push(&check.id);
            }
        }
    }
    all
}

fn of_check(check: &Check) -> impl Iterator<Item = (String, &Waiver)> {
    let found = check.findings.iter().filter_map(|finding| {
        let waiver = finding.waiver.as_ref()?;
        Some((format!("{}: {}", finding.subject.raw(), finding.reason.raw()), waiver))
    });
    let missed = check.gaps.iter().filter_map(|gap| {
        let waiver = gap.waiver.as_ref()?;
        Some((format!("{} of {} was not looked at", gap.dataset, gap.scope.raw()), waiver))
    });
    found.chain(missed)
}

/// Who answers for it, until when, and why.
pub(super) fn answered(waiver: &Waiver) -> String {
    format!("answered for by {} until {}: {}", waiver.owner.raw(), waiver.expires, waiver.reason.raw())
}

/// A line for each waiver that was not applied.
pub(super) fn unapplied(report: &Report) -> Vec<String> {
    let all = report.waivers.iter().flat_map(|used| &used.unapplied);
    let line = |waiver: &crate::check::waiver::Unapplied| {
        let texts = [&waiver.check, &waiver.dataset].into_iter().flatten().map(String::as_str);
        let foreign = [&waiver.subject, &waiver.scope].into_iter().flatten().map(|text| text.raw());
        format!("{}: {}", texts.chain(foreign).collect::<Vec<_>>().join(" "), waiver.why)
    };
    all.map(line).collect()
}
