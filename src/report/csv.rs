//! The report as one table for a spreadsheet: a line per finding, per gap, and per check that is settled.
//! So a reader who sorts or filters never takes a missing answer for a clean one.

use std::io::{self, Write};

use csv::{QuoteStyle, Terminator, WriterBuilder};

use super::words::signer;
use super::{Check, Report, Step};
use crate::model::{Finding, Gap, Verdict};
use crate::text::escape;

const HEADER: [&str; 21] = [
    "what",
    "step",
    "check",
    "title",
    "status",
    "severity",
    "grade",
    "complete",
    "person",
    "subject",
    "reason",
    "facts",
    "actor",
    "seen_at",
    "what_to_do",
    "action",
    "controls",
    "dataset",
    "id",
    "redacted_from_sha256",
    "signed_by",
];

/// One line before it is escaped; what a kind of line does not have stays empty.
#[derive(Default)]
struct Line {
    what: &'static str,
    status: String,
    severity: String,
    grade: String,
    complete: String,
    person: String,
    subject: String,
    reason: String,
    facts: String,
    actor: String,
    seen_at: String,
    todo: String,
    action: String,
    dataset: String,
    id: String,
}

/// Writes the table.
///
/// # Errors
/// When `out` refuses.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let mut table = WriterBuilder::new().quote_style(QuoteStyle::Always).terminator(Terminator::CRLF).from_writer(out);
    table.write_record(HEADER)?;
    let original = report.redacted.as_ref().map_or("", |redacted| redacted.original.sha256.as_str());
    let proof = [original, signer(report)];
    for step in &report.steps {
        for check in &step.checks {
            let controls = controls(check);
            for line in lines(check) {
                table.write_record(cells(&line, step, check, &controls, proof).map(|cell| escape::csv(&cell)))?;
            }
        }
    }
    table.flush()
}

fn lines(check: &Check) -> impl Iterator<Item = Line> {
    let settled = !matches!(check.verdict, Verdict::Fail | Verdict::Unknown);
    let unexplained = check.verdict == Verdict::Unknown && check.gaps.is_empty() && check.findings.is_empty();
    let whole = (settled || unexplained).then(|| of_check(check));
    whole
        .into_iter()
        .chain(check.findings.iter().map(|finding| of_finding(check, finding)))
        .chain(check.gaps.iter().map(of_gap))
}

fn of_check(check: &Check) -> Line {
    Line {
        what: "check",
        status: check.verdict.to_string(),
        reason: format!("{} objects seen in {}", check.examined, check.tables.join(", ")),
        ..Line::default()
    }
}

fn of_finding(check: &Check, finding: &Finding) -> Line {
    let facts = finding.facts.iter().map(|(name, value)| format!("{name}: {}", value.raw()));
    Line {
        what: "finding",
        status: match check.verdict {
            Verdict::Waived => Verdict::Waived.to_string(),
            _ => finding.verdict().to_string(),
        },
        severity: finding.severity.to_string(),
        grade: finding.grade.map(|grade| grade.to_string()).unwrap_or_default(),
        complete: if finding.complete { "yes" } else { "no" }.into(),
        person: finding.person.clone().unwrap_or_default(),
        subject: finding.subject.raw().into(),
        reason: finding.reason.raw().into(),
        facts: facts.collect::<Vec<_>>().join("; "),
        actor: finding.actor.as_ref().map(|actor| actor.raw().to_owned()).unwrap_or_default(),
        seen_at: finding.seen_at.clone().unwrap_or_default(),
        todo: check.fix.raw().into(),
        action: finding.action.clone().unwrap_or_default(),
        id: finding.id.clone(),
        ..Line::default()
    }
}

fn of_gap(gap: &Gap) -> Line {
    let parts = [gap.needs.clone(), gap.detail.as_ref().map(|detail| detail.raw().to_owned())];
    let why = [gap.kind.to_string()].into_iter().chain(parts.into_iter().flatten());
    Line {
        what: "gap",
        status: gap.verdict().to_string(),
        person: gap.person.clone().unwrap_or_default(),
        subject: gap.scope.raw().into(),
        reason: why.collect::<Vec<_>>().join(": "),
        todo: gap.hint.clone(),
        dataset: gap.dataset.clone(),
        ..Line::default()
    }
}

fn cells(line: &Line, step: &Step, check: &Check, controls: &str, proof: [&str; 2]) -> [String; 21] {
    let own = |text: &str| text.to_owned();
    [
        own(line.what),
        own(&step.step),
        own(&check.id),
        own(check.title.raw()),
        own(&line.status),
        own(&line.severity),
        own(&line.grade),
        own(&line.complete),
        own(&line.person),
        own(&line.subject),
        own(&line.reason),
        own(&line.facts),
        own(&line.actor),
        own(&line.seen_at),
        own(&line.todo),
        own(&line.action),
        own(controls),
        own(&line.dataset),
        own(&line.id),
        own(proof[0]),
        own(proof[1]),
    ]
}

fn controls(check: &Check) -> String {
    let all = check.controls.iter().map(|(framework, controls)| format!("{framework} {}", controls.join(" ")));
    all.collect::<Vec<_>>().join(", ")
}
