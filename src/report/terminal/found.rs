//! What was found, by object, each with its checks. No finding is left out silently: what does not fit is counted, with the
//! option that shows it.

use std::collections::BTreeSet;

use super::page::Page;
use super::{INDENT, detail, tone_of};
use crate::report::Report;
use crate::report::objects::{Object, objects};

/// How many objects are shown without `--details`.
const OBJECTS: usize = 40;
/// And with it: beyond that a terminal is no place to read.
const ALL: usize = 5_000;

pub(super) fn section(page: &mut Page, report: &Report, details: bool) {
    let objects = objects(report);
    if objects.is_empty() {
        return;
    }
    page.blank();
    page.heading("FINDINGS, BY OBJECT");
    let most = if details { ALL } else { OBJECTS };
    let mut told = BTreeSet::new();
    for object in objects.iter().take(most) {
        one(page, report, object, details, &mut told);
    }
    let rest = &objects[objects.len().min(most)..];
    let findings: usize = rest.iter().map(|object| object.found.len()).sum();
    if findings > 0 {
        let how = if details { "--format json=PATH has them" } else { "--details shows them" };
        let (objects, findings) = (super::plural(rest.len(), "object"), super::plural(findings, "finding"));
        page.blank();
        page.text(2, &format!("… and {objects} more with {findings}: {how}"));
    }
}

/// The object, then each check with what it found; what to do stands where a check is named first.
fn one(page: &mut Page, report: &Report, object: &Object<'_>, details: bool, told: &mut BTreeSet<String>) {
    page.blank();
    let worst = object.worst();
    page.labelled(2, (&worst.to_string().to_uppercase(), tone_of(worst)), &crate::text::visible(object.subject));
    for (check, finding) in &object.found {
        let severity = if finding.severity == worst { String::new() } else { format!("[{}] ", finding.severity) };
        let grade = finding.grade.map(|grade| format!("[{grade:?}] ")).unwrap_or_default();
        page.item(INDENT, &format!("{}: {severity}{grade}{}", check.title.terminal(), finding.reason.terminal()));
        page.name(INDENT + 2, &check.id);
        detail(page, report, finding, details);
        if told.insert(check.id.clone()) || details {
            page.text(INDENT + 2, &format!("What to do: {}", check.fix.terminal()));
            super::hint(page, check);
        }
    }
}
