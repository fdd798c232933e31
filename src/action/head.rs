//! The head of a plan in a report: what to do first, and how much of what was found that closes. It applies nothing.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::plan::{Draft, Selection, draft};
use super::route::Disposition;
use crate::evidence::{Error, Evidence};
use crate::model::Verdict;
use crate::report::Report;
use crate::text::Untrusted;

/// How many changes are named.
const FIRST: usize = 12;

/// What `leaver plan` would make of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// How many changes there are.
    pub changes: usize,
    /// How many of them others may notice.
    pub disruptive: usize,
    /// How many findings they close.
    pub closes: usize,
    /// How many findings there are.
    pub of: usize,
    /// How many findings a person has to see to.
    pub manual: usize,
    /// How many findings no change is ever made for, as long as they are as they are.
    pub refused: usize,
    /// The first changes, in order.
    pub first: Vec<First>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct First {
    /// The action.
    pub action: String,
    /// What it does, in words.
    pub title: String,
    /// Typed id of the object.
    pub subject: Untrusted,
    /// How many findings it closes.
    pub closes: usize,
    /// Whom it may surprise.
    pub kind: Disposition,
}

/// The head of the plan for a report; `None`: nothing can be changed.
///
/// # Errors
/// When the evidence cannot be read.
pub fn head(report: &Report, evidence: &Evidence, unseen: &BTreeSet<String>) -> Result<Option<Head>, Error> {
    let selection = Selection::default();
    let plan = draft(&Draft {
        report,
        sha256: String::new(),
        evidence: Some(evidence),
        unseen,
        protected: &[],
        hours: 24,
        now: jiff::Timestamp::UNIX_EPOCH,
        selection: &selection,
    })?;
    let open = report.checks().flat_map(|check| &check.findings).filter(|finding| finding.verdict() == Verdict::Fail);
    let first = plan.changes.iter().take(FIRST).map(|change| First {
        action: change.action.clone(),
        title: change.does.clone(),
        subject: change.subject.as_str().into(),
        closes: change.findings.len(),
        kind: change.disposition,
    });
    Ok((!plan.changes.is_empty()).then(|| Head {
        changes: plan.changes.len(),
        disruptive: plan.changes.iter().filter(|change| change.disposition == Disposition::Disruptive).count(),
        closes: plan.changes.iter().map(|change| change.findings.len()).sum(),
        of: open.count(),
        manual: plan.manual.len(),
        refused: plan.refused.len(),
        first: first.collect(),
    }))
}

impl Head {
    /// In one sentence.
    pub fn sentence(&self) -> String {
        let (changes, of) = (plural(self.changes, "change"), plural(self.of, "finding"));
        let verb = if self.changes == 1 { "closes" } else { "close" };
        format!("{changes} {verb} {} of {of}", self.closes)
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
