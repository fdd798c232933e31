//! What was found, by object: one thing to look at, and every check that found something about it.

use std::collections::BTreeMap;

use super::words::open_findings;
use super::{Check, Report};
use crate::model::{Finding, Severity, Status};

/// One object with what was found about it, the worst first.
pub(super) struct Object<'r> {
    pub(super) subject: &'r str,
    pub(super) found: Vec<(&'r Check, &'r Finding)>,
}

impl Object<'_> {
    pub(super) fn worst(&self) -> Severity {
        self.found.iter().map(|(_, finding)| finding.severity).max().unwrap_or(Severity::Info)
    }
}

/// Every object about which something was found, the worst first; of equal ones that with more, then by its id.
pub(super) fn objects(report: &Report) -> Vec<Object<'_>> {
    let mut all: BTreeMap<&str, Vec<(&Check, &Finding)>> = BTreeMap::new();
    for check in report.checks() {
        for finding in open_findings(check).filter(|finding| finding.status == Status::Fail) {
            all.entry(finding.subject.raw()).or_default().push((check, finding));
        }
    }
    let mut all: Vec<Object<'_>> = all.into_iter().map(|(subject, found)| Object { subject, found }).collect();
    for object in &mut all {
        object.found.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.severity));
    }
    all.sort_by_key(|object| (std::cmp::Reverse(object.worst()), std::cmp::Reverse(object.found.len())));
    all
}
