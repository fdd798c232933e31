//! The report for a person at a terminal: verdict first, then what to do, readable at 80 columns and without colour.
//! It leaves out what is too much for a screen and says so; the JSON report has everything.

mod found;
mod gaps;
mod page;
mod strip;

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use super::gaps::{number, provable as gaps_of};
use super::waived::{answered, unapplied, waived};
use super::words::{
    CONTROLS, GRADES, called, count, deadline, last_day, mode, next, open_findings, parts, plural, questions, read_by,
    read_of, read_with, seal, step_title, summary, tally, verdict_word, worst,
};
use super::{Check, Mode, Person, Report, drift, story};
use crate::model::{Finding, Severity, Status, Verdict};
use crate::text::visible;

use page::{Page, Tone};

/// How many people, checks of a step with all that they found, subjects of a check, facts of a finding are shown.
const LISTED: usize = 10;
/// How many facts of a finding are shown without `--details`.
const FACTS: usize = 4;
/// Where the text beside a label starts.
const INDENT: usize = 12;
/// Where the text beside a label of the head starts.
const LABEL: usize = 10;

/// A rule below the header and between the columns, and none between the rows.
const RULED: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('=').junction('='))
    .content_lines(ContentLineStyle::none().junction('|'));

/// How a report is shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// Columns.
    pub width: u16,
    /// Whether colours are wanted.
    pub color: bool,
    /// Whether everything is listed, with all that is known of it.
    pub details: bool,
}

/// Renders a report for `width` columns.
pub fn render(report: &Report, width: u16, color: bool) -> String {
    show(report, Shown { width, color, details: false })
}

/// Renders a report: the verdict and its story first, then what that rests on.
pub fn show(report: &Report, shown: Shown) -> String {
    let mut page = Page::new(shown.width, shown.color);
    head(&mut page, report);
    happened(&mut page, report);
    first(&mut page, report);
    provable(&mut page, report);
    page.blank();
    table(&mut page, report);
    checklist(&mut page, report);
    since(&mut page, report);
    strip::section(&mut page, report);
    found::section(&mut page, report, shown.details);
    gaps::section(&mut page, report);
    accepted(&mut page, report);
    passed(&mut page, report);
    controls(&mut page, report);
    page.blank();
    foot(&mut page, report);
    page.finish()
}

fn head(page: &mut Page, report: &Report) {
    let (word, tone) = word(report.verdict);
    page.labelled(0, (word, tone), &summary(report));
    if super::words::found(report) > 0 {
        page.labelled(0, ("", Tone::Plain), &story::severities(report));
    }
    page.blank();
    if report.people.is_empty() && report.run.mode != Mode::Posture {
        page.labelled(0, ("Person", Tone::Strong), "nobody: the evidence is not about a person");
    }
    for person in report.people.iter().take(LISTED) {
        page.labelled(0, ("Person", Tone::Strong), &called(person));
        page.labelled(0, ("Last day", Tone::Strong), &last_day(person));
        for question in questions(person) {
            page.text(LABEL, question);
        }
    }
    more(page, 0, report.people.len(), "people");
    page.labelled(0, ("Mode", Tone::Strong), &mode(report));
    readers(page, report);
}

/// One line for each identity and what it read; services that one identity reads share it.
fn readers(page: &mut Page, report: &Report) {
    let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
    for reader in &report.readers {
        let of = read_of(reader).map_or_else(String::new, |of| format!(" of {of}"));
        let line = format!("{}{of}, as {}", visible(&reader.sign_in), read_by(reader));
        match lines.iter_mut().find(|(known, _)| *known == line) {
            Some((_, services)) => services.push(&reader.service),
            None => lines.push((line, vec![&reader.service])),
        }
    }
    for (line, services) in lines.iter().take(LISTED) {
        page.labelled(0, ("Read by", Tone::Strong), &visible(&format!("{line} ({})", services.join(", "))));
    }
    for reader in report.readers.iter().filter(|reader| reader.permissions.is_some()).take(LISTED) {
        page.text(INDENT, &visible(&format!("{}: {}", reader.service, read_with(reader))));
    }
}

/// What happened after the last day, in two sentences and a timeline.
fn happened(page: &mut Page, report: &Report) {
    let Some(story) = story::of(report) else { return };
    page.blank();
    page.heading("WHAT HAPPENED");
    page.text(2, &visible(&story.sentences.join(" ")));
    for moment in &story.timeline {
        page.beside(2, &moment.at, 20, &visible(&moment.what));
    }
}

/// What to do first, by object: only how much, and the beginning.
fn first(page: &mut Page, report: &Report) {
    let Some(head) = &report.remediation else { return };
    page.blank();
    page.heading("DO THESE FIRST");
    page.text(2, &format!("{}; `leaver plan` writes them down", head.sentence()));
    let mut shown: Vec<(&str, Vec<&str>)> = Vec::new();
    for change in head.first.iter().take(LISTED) {
        let subject = change.subject.raw();
        match shown.iter_mut().find(|(known, _)| *known == subject) {
            Some((_, does)) => does.push(&change.title),
            None => shown.push((subject, vec![&change.title])),
        }
    }
    for (at, (subject, does)) in shown.iter().enumerate() {
        page.beside(2, &format!("{}.", at + 1), 3, &visible(&does.join(", then ")));
        page.name(6, &visible(subject));
    }
}

fn table(page: &mut Page, report: &Report) {
    let mut table = Table::new();
    table.load_style(RULED).force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(page.width()).unwrap_or(u16::MAX));
    table.set_header(["Step", "Verdict", "Findings", "Not checked"]);
    for step in &report.steps {
        let found: usize = step.checks.iter().map(|check| count(check, Status::Fail)).sum();
        let (open, title) = (number(step.checks.iter()), visible(&step.title));
        table.add_row([title, word(step.verdict).0.to_owned(), found.to_string(), open.to_string()]);
    }
    // Painted here and not by the table, which would ask the environment whether it may.
    let words = report.steps.iter().map(|step| word(step.verdict)).collect::<Vec<_>>();
    table.lines().for_each(|line| page.row(&line, &words));
}

/// The hardening checklist, one line for each item.
fn checklist(page: &mut Page, report: &Report) {
    for (title, items) in parts(report) {
        page.blank();
        page.heading(&format!("{} ({})", title.to_uppercase(), tally(&items)));
        for item in items {
            let number = item.item.split_once('/').map_or("", |(_, number)| number);
            page.labelled(2, word(item.verdict), &format!("{number}. {}", item.title));
        }
    }
}

/// What would satisfy the item, line by line.
fn hint(page: &mut Page, check: &Check) {
    for line in check.fix_hint.iter().flat_map(|hint| hint.raw().lines()) {
        page.name(INDENT + 2, &visible(line));
    }
}

/// The things that a check found, worst first.
fn subjects(page: &mut Page, report: &Report, check: &Check, status: Status) {
    page.name(INDENT, &check.id);
    let mut found: Vec<&Finding> = open_findings(check).filter(|finding| finding.status == status).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in found.iter().take(LISTED) {
        let differs = status == Status::Fail && finding.severity != worst(check);
        let severity = if differs { format!("[{}] ", finding.severity) } else { String::new() };
        let grade = finding.grade.map(|grade| format!("[{grade:?}] ")).unwrap_or_default();
        page.item(INDENT, &format!("{severity}{grade}{}", finding.reason.terminal()));
        page.text(INDENT + 2, &finding.subject.terminal());
        detail(page, report, finding, false);
    }
    more(page, INDENT, found.len(), "subjects");
}

/// What else is known of a finding: without `all` only what changes what it means.
fn detail(page: &mut Page, report: &Report, finding: &Finding, all: bool) {
    let indent = INDENT + 2;
    let person = report.people.iter().find(|person| Some(&person.id) == finding.person.as_ref());
    // The head of the page says it of a single person.
    if let Some(person) = person.filter(|_| report.people.len() > 1) {
        page.name(indent, &format!("person: {}", called(person)));
        if let (Status::Fail, Some(day)) = (finding.status, deadline(person)) {
            page.text(indent, &format!("has to be gone by {day}"));
        }
    }
    for (name, value) in finding.facts.iter().take(if all { usize::MAX } else { FACTS }) {
        page.name(indent, &format!("{name}: {}", value.terminal()));
    }
    let seen = finding.seen_at.as_ref().map(|at| format!("seen {at}"));
    let actor = finding.actor.as_ref().map(|actor| format!("by {}", actor.terminal()));
    let origin: Vec<String> = [seen, actor].into_iter().flatten().collect();
    if !origin.is_empty() {
        page.text(indent, &origin.join("; "));
    }
    if !finding.complete && finding.status == Status::Fail {
        page.text(indent, "the evidence is incomplete: more of it could undo this, so no action accepts it");
    }
}

fn passed(page: &mut Page, report: &Report) {
    let settled = |check: &&Check| !matches!(check.verdict, Verdict::Fail | Verdict::Unknown);
    if report.checks().any(|check| settled(&check)) {
        page.blank();
        page.heading("IN ORDER");
    }
    for step in &report.steps {
        let checks: Vec<&Check> = step.checks.iter().filter(settled).collect();
        if checks.is_empty() {
            continue;
        }
        page.blank();
        page.heading(&step_title(step));
        for check in checks {
            let title = check.title.terminal();
            let tables = check.tables.join(", ");
            let objects = usize::try_from(check.examined).unwrap_or(0);
            page.labelled(
                2,
                word(check.verdict),
                &match check.verdict {
                    Verdict::Pass => {
                        let proven = super::words::proven(check).terminal();
                        format!("{proven}. {} seen in {tables}", plural(objects, "object"))
                    }
                    Verdict::Waived => format!("a named owner answers for what is open: {title}"),
                    _ => format!("does not apply here: {title}"),
                },
            );
        }
    }
}

/// How far from provable the run is, and what would bring it nearest.
fn provable(page: &mut Page, report: &Report) {
    let lines = gaps_of(report);
    let Some((first, steps)) = lines.split_first() else { return };
    page.blank();
    page.heading("HOW FAR FROM PROVABLE");
    page.text(2, &format!("{}. To close most gaps:", visible(first)));
    steps.iter().for_each(|step| page.item(2, &visible(step)));
}

/// What changed since the report before, and in a sweep how each person stands, the worst first.
fn since(page: &mut Page, report: &Report) {
    let lines = drift::lines(report);
    if !lines.is_empty() {
        page.blank();
        page.heading("SINCE THE REPORT BEFORE");
        lines.iter().for_each(|line| page.item(2, &visible(line)));
    }
    if report.run.mode == Mode::Sweep {
        page.blank();
        page.heading("PEOPLE");
        let mut people: Vec<&Person> = report.people.iter().collect();
        people.sort_by_key(|person| (std::cmp::Reverse(person.verdict.map_or(0, Verdict::rank)), &person.id));
        for person in people.iter().take(LISTED) {
            let day = person.last_day.as_deref().unwrap_or("last day not known");
            let verdict = word(person.verdict.unwrap_or(Verdict::Unknown));
            page.labelled(2, verdict, &format!("{}; {day}; {}", called(person), person.sources.join(", ")));
        }
        more(page, 2, people.len(), "people");
    }
}

/// What somebody answers for, each once, and the waivers that did not apply.
fn accepted(page: &mut Page, report: &Report) {
    let (all, unapplied) = (waived(report), unapplied(report));
    if !all.is_empty() {
        page.blank();
        page.heading("WAIVED");
        page.blank();
    }
    for waived in all.iter().take(LISTED) {
        page.item(2, &visible(&waived.what));
        page.text(4, &visible(&answered(waived.waiver)));
        page.text(4, &visible(&waived.checks.join(", ")));
    }
    more(page, 2, all.len(), "waived");
    if !unapplied.is_empty() {
        page.blank();
        page.heading("WAIVERS THAT DID NOT APPLY");
        page.blank();
        unapplied.iter().for_each(|line| page.item(2, &visible(line)));
    }
}

/// One line per framework: which controls the checks are evidence for, by what they concluded.
fn controls(page: &mut Page, report: &Report) {
    if report.controls.is_empty() {
        return;
    }
    page.blank();
    page.heading("EVIDENCE FOR CONTROLS");
    for framework in &report.controls {
        page.blank();
        page.heading(&framework.title);
        for verdict in [Verdict::Fail, Verdict::Unknown, Verdict::Pass, Verdict::Waived, Verdict::NotApplicable] {
            let controls = framework.controls.iter().filter(|control| control.verdict == verdict);
            let numbers: Vec<&str> = controls.map(|control| control.control.as_str()).collect();
            if !numbers.is_empty() {
                page.labelled(2, word(verdict), &numbers.join(", "));
            }
        }
    }
    page.blank();
    page.text(0, CONTROLS);
}

fn foot(page: &mut Page, report: &Report) {
    if report.checks().any(|check| check.findings.iter().any(|finding| finding.grade.is_some())) {
        page.labelled(0, ("Known by", Tone::Strong), GRADES);
    }
    page.labelled(0, ("Seal", Tone::Strong), &visible(&seal(report)));
    page.labelled(0, ("Next", Tone::Strong), next(report.verdict));
    let exit = report.exit_code();
    page.labelled(0, (&format!("Exit {}", exit.code()), Tone::Strong), exit.meaning());
}

fn more(page: &mut Page, indent: usize, all: usize, what: &str) {
    if all > LISTED {
        page.text(indent, &format!("… and {} more {what} (--format json=PATH has them)", all - LISTED));
    }
}

fn word(verdict: Verdict) -> (&'static str, Tone) {
    let tone = match verdict {
        Verdict::Pass => Tone::Good,
        Verdict::Fail => Tone::Bad,
        Verdict::Unknown => Tone::Doubt,
        Verdict::Waived => Tone::Strong,
        Verdict::NotApplicable => Tone::Plain,
    };
    (verdict_word(verdict), tone)
}

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Doubt,
        Severity::Low | Severity::Info => Tone::Plain,
    }
}
