//! The report as Markdown, for a ticket: what to do as a list to tick off, then why. Foreign text stands in code spans
//! only. Long lists are cut and say so; the JSON report has everything.

use std::fmt::Write;

use super::gaps::{few, groups, number, open, provable, title};
use super::waived::{answered, unapplied, waived};
use super::words::{
    CONTROLS, GRADES, activity_in_words, called, conclusion, count, failed, found, last_day, mode, next, owners, parts,
    plural, summary, tally, undecided, verdict_word, worst, worst_first,
};
use super::{Check, Day, Mode, Report, drift};
use crate::model::{Finding, Status, Verdict};
use crate::text::Untrusted;
use crate::text::escape::{markdown, markdown_words};

/// How many people, findings of a check and facts of a finding are shown.
const LISTED: usize = 50;

/// Writing into a String cannot fail, so the result says nothing.
macro_rules! line {
    ($out:expr $(, $($argument:tt)*)?) => {{ let _ = writeln!($out $(, $($argument)*)?); }};
}

/// Renders a report.
pub fn render(report: &Report) -> String {
    let mut out = String::new();
    head(&mut out, report);
    steps(&mut out, report);
    checklist(&mut out, report);
    provable_section(&mut out, report);
    since(&mut out, report);
    to_do(&mut out, report);
    activity(&mut out, report);
    findings(&mut out, report);
    gaps(&mut out, report);
    accepted(&mut out, report);
    settled(&mut out, report);
    controls(&mut out, report);
    proof(&mut out, report);
    out
}

fn head(out: &mut String, report: &Report) {
    line!(out, "# {}: what a leaver can still reach\n", verdict_word(report.verdict));
    line!(out, "{} {}.\n", conclusion(report), markdown_words(&summary(report)));
    if let Some(redacted) = &report.redacted {
        line!(out, "A copy without personal data. SHA-256 of the original: {}\n", markdown(&redacted.original.sha256));
    }
    for person in report.people.iter().take(LISTED) {
        line!(out, "- Person: {}; last day: {}", markdown(&called(person)), markdown(&last_day(person)));
    }
    more(out, report.people.len(), "people");
    if report.people.is_empty() {
        line!(out, "- Person: nobody; the evidence is not about a person");
    }
    line!(out, "- Run: {}", markdown(&mode(report)));
    line!(out, "- Next: {}", next(report.verdict));
    if let Some(head) = &report.remediation {
        line!(
            out,
            "\n## Do these first\n\n{}. `leaver plan` writes all of them down, and what only people can do.\n",
            head.sentence()
        );
        for (number, first) in head.first.iter().enumerate() {
            line!(out, "{}. {}: {}", number + 1, first.title, markdown(first.subject.raw()));
        }
    }
}

fn steps(out: &mut String, report: &Report) {
    line!(out, "\n## Steps\n\n| Step | Verdict | Findings | Not checked |\n|---|---|---|---|");
    for step in &report.steps {
        let found: usize = step.checks.iter().map(|check| count(check, Status::Fail)).sum();
        let (title, verdict) = (markdown_words(&step.title), verdict_word(step.verdict));
        line!(out, "| {title} | {verdict} | {found} | {} |", number(step.checks.iter()));
    }
}

/// The hardening checklist, item by item.
fn checklist(out: &mut String, report: &Report) {
    for (title, items) in parts(report) {
        line!(out, "\n## {title}: {}\n\n| Item | Verdict | What it asks for |\n|---|---|---|", tally(&items));
        for item in items {
            line!(
                out,
                "| {} | {} | {} |",
                markdown(&item.item),
                verdict_word(item.verdict),
                markdown_words(&item.title)
            );
        }
    }
}

fn provable_section(out: &mut String, report: &Report) {
    let lines = provable(report);
    let Some((first, steps)) = lines.split_first() else { return };
    line!(out, "\n## How far from provable\n\n{}. To close most gaps:\n", markdown_words(first));
    steps.iter().for_each(|step| line!(out, "- [ ] {}", markdown(step)));
}

fn since(out: &mut String, report: &Report) {
    let lines = drift::lines(report);
    if !lines.is_empty() {
        line!(out, "\n## Since the report before\n");
        lines.iter().for_each(|line| line!(out, "- {}", markdown(line)));
    }
    if report.run.mode == Mode::Sweep {
        line!(out, "\n## People\n\n| Person | Verdict | Last day | Known from |\n|---|---|---|---|");
        for person in report.people.iter().take(LISTED) {
            let (who, verdict) = (markdown(&called(person)), verdict_word(person.verdict.unwrap_or(Verdict::Unknown)));
            line!(
                out,
                "| {who} | {verdict} | {} | {} |",
                markdown(&last_day(person)),
                markdown(&person.sources.join(", "))
            );
        }
        more(out, report.people.len(), "people");
    }
}

fn to_do(out: &mut String, report: &Report) {
    let checks = worst_first(report);
    if checks.is_empty() {
        return;
    }
    line!(out, "\n## What to do\n");
    for check in checks {
        let found = plural(count(check, Status::Fail), "finding");
        let (fix, id) = (check.fix.markdown_words(), markdown(&check.id));
        line!(out, "- [ ] **{}** {fix} Who: {}. {found} of {id}", worst(check), owners(check).join(", "));
    }
}

/// What was done, and each day after the last one on which anything was.
fn activity(out: &mut String, report: &Report) {
    line!(out, "\n## Activity\n");
    if report.activity.is_empty() {
        line!(out, "Not collected: no log was read, so this report says nothing about what was done.");
    }
    for activity in report.activity.iter().take(LISTED) {
        let words = markdown_words(&activity_in_words(activity));
        line!(out, "- {}: {words} (days of {})", markdown(&activity.person), markdown(&activity.timezone));
        let after = |day: &&Day| day.after_last_day && (day.own > 0 || day.others > 0);
        for day in activity.days.iter().filter(after).take(LISTED) {
            line!(out, "  - {}: {} own calls, {} by others", markdown(&day.date), day.own, day.others);
        }
    }
    more(out, report.activity.len(), "people");
}

fn findings(out: &mut String, report: &Report) {
    if found(report) == 0 {
        return;
    }
    line!(out, "\n## Findings");
    for step in &report.steps {
        for check in step.checks.iter().filter(|check| count(check, Status::Fail) > 0) {
            line!(out, "\n### {}\n", check.title.markdown_words());
            line!(out, "{}, {} {}\n", markdown(&check.id), worst(check), check.why.markdown_words());
            let failed = failed(check);
            failed.iter().take(LISTED).for_each(|finding| one(out, report, finding));
            more(out, failed.len(), "findings");
        }
    }
    line!(out, "\nKnown by: {}", markdown_words(GRADES));
}

fn one(out: &mut String, report: &Report, finding: &Finding) {
    let grade = finding.grade.map(|grade| format!(" \\[{grade}\\]")).unwrap_or_default();
    line!(out, "- **{}**{grade} {}: {}", finding.severity, finding.subject.markdown(), finding.reason.markdown());
    let person = report.people.iter().find(|person| Some(&person.id) == finding.person.as_ref());
    if let Some(person) = person.filter(|_| report.people.len() > 1) {
        line!(out, "  - person: {}", markdown(&called(person)));
    }
    for (name, value) in finding.facts.iter().take(LISTED) {
        line!(out, "  - {}: {}", markdown_words(name), value.markdown());
    }
    if let Some(at) = &finding.seen_at {
        let by = finding.actor.as_ref().map(|actor| format!(" by {}", actor.markdown())).unwrap_or_default();
        line!(out, "  - seen {}{by}", markdown(at));
    }
    if !finding.complete && finding.status == Status::Fail {
        line!(out, "  - the evidence is incomplete: more of it could undo this, so no action accepts it");
    }
}

fn gaps(out: &mut String, report: &Report) {
    if number(report.checks()) == 0 {
        return;
    }
    line!(out, "\n## Could not be checked\n");
    let groups = groups(report.checks());
    for ((kind, needs, hint), group) in groups.iter().take(LISTED) {
        let places = group.places.iter().map(|(dataset, scope)| format!("{dataset} of {}", scope.raw()));
        line!(out, "- [ ] {}: {}", markdown(&title(*kind, *needs)), markdown(hint));
        line!(out, "  - not seen: {}", markdown(&few(places)));
        if !group.details.is_empty() {
            line!(out, "  - because: {}", markdown(&few(group.details.iter().map(|detail| detail.raw()))));
        }
        let waiting: Vec<&str> = group.unknown.iter().chain(&group.incomplete).copied().collect();
        line!(out, "  - concerns: {}", markdown(&few(waiting.iter())));
    }
    more(out, groups.len(), "gaps");
    for check in report.checks().filter(|check| open(check) > 0) {
        line!(out, "- the evidence does not tell: {} ({})", check.title.markdown_words(), markdown(&check.id));
        let undecided = undecided(check);
        for finding in undecided.iter().take(LISTED) {
            line!(out, "  - {}: {}", finding.subject.markdown(), finding.reason.markdown());
        }
        more(out, undecided.len(), "of these");
    }
}

fn accepted(out: &mut String, report: &Report) {
    let (all, unapplied) = (waived(report), unapplied(report));
    if !all.is_empty() {
        line!(out, "\n## Waived\n");
    }
    for waived in all.iter().take(LISTED) {
        let (what, who) = (markdown(&waived.what), markdown(&answered(waived.waiver)));
        line!(out, "- {what}\n  - {who}\n  - concerns: {}", markdown(&few(waived.checks.iter())));
    }
    more(out, all.len(), "waived");
    if !unapplied.is_empty() {
        line!(out, "\n## Waivers that did not apply\n");
        unapplied.iter().for_each(|line| line!(out, "- {}", markdown(line)));
    }
}

fn settled(out: &mut String, report: &Report) {
    let settled = |check: &&Check| !matches!(check.verdict, Verdict::Fail | Verdict::Unknown);
    let mut checks = report.checks().filter(settled).peekable();
    if checks.peek().is_none() {
        return;
    }
    line!(out, "\n## In order\n");
    for check in checks {
        let (word, title, id) = (verdict_word(check.verdict), check.title.markdown_words(), markdown(&check.id));
        let objects = plural(usize::try_from(check.examined).unwrap_or(0), "object");
        line!(out, "- {word}: {title} ({id}; {objects} seen)");
    }
}

fn controls(out: &mut String, report: &Report) {
    if report.controls.is_empty() {
        return;
    }
    line!(out, "\n## Evidence for controls\n\n{CONTROLS}");
    for framework in &report.controls {
        line!(
            out,
            "\n### {}\n\n| Evidence for | Checks say | Checks |\n|---|---|---|",
            markdown_words(&framework.title)
        );
        for control in &framework.controls {
            let title = control.title.as_deref().map(|title| format!(" {}", markdown_words(title))).unwrap_or_default();
            let (number, verdict) = (markdown_words(&control.control), verdict_word(control.verdict));
            let checks: Vec<String> = control.checks.iter().map(|id| markdown(id)).collect();
            line!(out, "| {number}{title} | {verdict} | {} |", checks.join(" "));
        }
    }
}

fn proof(out: &mut String, report: &Report) {
    line!(out, "\n## How to verify\n");
    line!(out, "- SHA-256 of the evidence: {}", markdown(&report.evidence.sha256));
    line!(out, "- SHA-256 over the checks: {}", markdown(&report.checks.sha256));
    line!(out, "- {}", markdown(&super::words::seal(report)));
    let tenant = report.run.tenant.as_ref().map(Untrusted::markdown);
    line!(out, "- {} {}, tenant {}", report.tool.name, report.tool.version, tenant.as_deref().unwrap_or("not known"));
}

fn more(out: &mut String, all: usize, what: &str) {
    if all > LISTED {
        line!(out, "- … and {} more {what} (see the JSON report)", all - LISTED);
    }
}
