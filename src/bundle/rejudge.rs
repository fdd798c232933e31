//! Judges the evidence of a bundle again and compares: the report has to say what the checks say.

use std::collections::BTreeSet;
use std::path::Path;

use super::{EVIDENCE, Outcome, State};
use crate::check::waiver::Waivers;
use crate::check::{self, Checks, Limits};
use crate::evidence::Evidence;
use crate::report::{Report, Times};
use crate::text::visible;

const NAME: &str = "rejudge";

/// How many differences are listed.
const LISTED: usize = 5;

/// Runs `checks` on the evidence of a bundle and holds the result against its report.
pub fn rejudge(directory: &Path, report: &Report, checks: &Checks) -> Outcome {
    let again = match judged(&directory.join(EVIDENCE), report, checks) {
        Ok(again) => again,
        Err(why) => return Outcome::new(NAME, State::Failed, visible(&why)),
    };
    let same = again.checks == report.checks;
    let other = "by other checks than then: give those with --checks DIR, or use the leaver that made the report";
    let differences = differences(report, &again);
    match (differences.as_slice(), same) {
        ([], true) => Outcome::new(NAME, State::Ok, "the same checks find the same in the evidence"),
        ([], false) => Outcome::new(NAME, State::Ok, format!("the same is found, {other}")),
        (all, same) => {
            let mut text = all.iter().take(LISTED).cloned().collect::<Vec<_>>().join("; ");
            if all.len() > LISTED {
                text.push_str(&format!("; and {} more", all.len() - LISTED));
            }
            if !same {
                text.push_str(&format!("; judged {other}"));
            }
            Outcome::new(NAME, State::Failed, text)
        }
    }
}

fn judged(evidence: &Path, report: &Report, checks: &Checks) -> Result<Report, String> {
    let evidence = Evidence::open(evidence).map_err(|error| error.to_string())?;
    if evidence.sha256() != report.evidence.sha256 {
        return Err("the report is about other evidence".to_owned());
    }
    // What owners answered for is part of the report; whether it fits is judged again.
    let waivers = report.waivers.as_ref().map(Waivers::again).unwrap_or_default();
    let (judgements, _) = check::judge_waived(&evidence, &tuned(checks, report), Limits::default(), &waivers)
        .map_err(|error| error.to_string())?;
    let time = |text: &str| text.parse().map_err(|_| "the report has no valid times".to_owned());
    let times = Times { started_at: time(&report.run.started_at)?, finished_at: time(&report.run.finished_at)? };
    Report::new(&evidence, &judgements, &checks.sha256(), times).map_err(|error| error.to_string())
}

/// The checks with the parameters that the report lists: the configuration of then need not be here.
fn tuned(checks: &Checks, report: &Report) -> Checks {
    let mut tuned = checks.clone();
    for check in report.checks() {
        for (name, value) in &check.params {
            // What these checks do not have shows in what they find.
            let _ = tuned.tune(&check.id, name, value);
        }
    }
    tuned
}

fn differences(report: &Report, again: &Report) -> Vec<String> {
    let mut all = Vec::new();
    let (then, now) = (findings(report), findings(again));
    all.extend(then.difference(&now).map(|one| format!("no longer found: {one}")));
    all.extend(now.difference(&then).map(|one| format!("not in the report: {one}")));
    let report = &alone(report);
    if all.is_empty() && report.steps != again.steps {
        all.push("the checks conclude something else".to_owned());
    }
    if report.verdict != again.verdict {
        all.push(format!("the verdict is {} and not {}", again.verdict, report.verdict));
    }
    if report.people != again.people || report.coverage != again.coverage {
        all.push("people or coverage are not those of the evidence".to_owned());
    }
    all
}

/// The report without what follows from the one before it, which the evidence does not hold.
fn alone(report: &Report) -> Report {
    let mut alone = report.clone();
    let checks = alone.steps.iter_mut().flat_map(|step| &mut step.checks);
    checks.flat_map(|check| &mut check.findings).for_each(|finding| finding.drift = None);
    alone.since(None);
    alone
}

fn findings(report: &Report) -> BTreeSet<String> {
    let one = |check: &crate::report::Check| -> Vec<String> {
        let line = |finding: &crate::model::Finding| {
            visible(&format!("{} {} {} ({})", check.id, finding.status, finding.subject.raw(), finding.severity))
        };
        check.findings.iter().map(line).collect()
    };
    report.checks().flat_map(one).collect()
}
