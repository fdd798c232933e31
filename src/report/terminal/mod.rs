//! The report for a person at a terminal: verdict first, then what to do, readable at 80 columns and without colour.
//! It leaves out what is too much for a screen and says so; the JSON report has everything.

mod gaps;
mod page;
mod strip;

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use super::{Check, Mode, Person, Report, Step};
use crate::model::{Finding, Severity, Status, Verdict};
use crate::text::{Untrusted, visible};

use page::{Page, Tone};

/// How many people, checks of a step with all that they found, subjects of a check, facts of a finding are shown.
const LISTED: usize = 10;
/// Where the text beside a label starts.
const INDENT: usize = 12;

/// What the letter before a reason means.
const GRADES: &str = "[A] the issuer says so, [B] the control plane says who created it, [C] an audit event names the \
    actor, [D] only a name, path or text says so";

/// A rule below the header and between the columns, and none between the rows.
const RULED: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('=').junction('='))
    .content_lines(ContentLineStyle::none().junction('|'));

/// Renders a report for `width` columns.
pub fn render(report: &Report, width: u16, color: bool) -> String {
    let mut page = Page::new(width, color);
    head(&mut page, report);
    page.blank();
    table(&mut page, report);
    strip::section(&mut page, report);
    findings(&mut page, report);
    gaps::section(&mut page, report);
    passed(&mut page, report);
    page.blank();
    foot(&mut page, report);
    page.finish()
}

fn head(page: &mut Page, report: &Report) {
    let (word, tone) = word(report.verdict);
    page.labelled(0, (word, tone), &summary(report));
    page.blank();
    if report.people.is_empty() {
        page.labelled(0, ("Person", Tone::Strong), "nobody: the evidence is not about a person");
    }
    for person in report.people.iter().take(LISTED) {
        page.labelled(0, ("Person", Tone::Strong), &called(person));
        page.labelled(0, ("Last day", Tone::Strong), &last_day(person));
    }
    more(page, 0, report.people.len(), "people");
    page.labelled(0, ("Mode", Tone::Strong), &mode(report));
}

fn summary(report: &Report) -> String {
    let found = report.checks().map(|check| count(check, Status::Fail)).sum();
    let open = gaps::number(report.checks());
    match report.verdict {
        Verdict::Fail if open > 0 => format!("{}, and {} could not be checked", plural(found, "finding"), things(open)),
        Verdict::Fail => plural(found, "finding"),
        Verdict::Unknown => format!("not clean and not dirty: {} could not be checked", things(open)),
        Verdict::Pass => "everything was checked and nothing was found".into(),
        Verdict::Waived => "nothing was found but what an owner has accepted".into(),
        Verdict::NotApplicable => "no check applied, so nothing is proven".into(),
    }
}

/// The name that a reader knows, and the id that cannot change.
fn called(person: &Person) -> String {
    let known = [&person.name, &person.upn].into_iter().flatten().map(Untrusted::terminal);
    let mut parts: Vec<String> = known.collect();
    parts.push(person.id.clone());
    parts.join(", ")
}

fn last_day(person: &Person) -> String {
    match (deadline(person), &person.last_day) {
        (Some(day), _) => format!("{day}, still to come: what is found has to be gone by {day}"),
        (None, Some(day)) => day.clone(),
        (None, None) => "not known".into(),
    }
}

/// The last day, while it is still to come.
fn deadline(person: &Person) -> Option<&str> {
    let day = person.last_day.as_deref().or(person.ends_at.as_deref());
    day.filter(|_| person.rehearsal)
}

fn mode(report: &Report) -> String {
    let kind = match report.run.mode {
        Mode::Audit => "audit",
        Mode::Rehearsal => "rehearsal",
        Mode::Sweep => "sweep of all leavers",
    };
    let tenant = report.run.tenant.as_ref().map(|tenant| format!(" in {}", tenant.terminal()));
    let mode = format!("{kind}{} as of {}", tenant.unwrap_or_default(), report.run.now);
    let first = report.coverage.iter().filter_map(|part| part.first_at.as_deref()).min();
    let last = report.coverage.iter().filter_map(|part| part.last_at.as_deref()).max();
    match (first, last) {
        (Some(first), Some(last)) => format!("{mode}; the services were asked from {first} to {last}"),
        _ => mode,
    }
}

fn table(page: &mut Page, report: &Report) {
    let mut table = Table::new();
    table.load_style(RULED).force_no_tty().set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(page.width()).unwrap_or(u16::MAX));
    table.set_header(["Step", "Verdict", "Findings", "Not checked"]);
    for step in &report.steps {
        let found: usize = step.checks.iter().map(|check| count(check, Status::Fail)).sum();
        let (open, title) = (gaps::number(step.checks.iter()), visible(&step.title));
        table.add_row([title, word(step.verdict).0.to_owned(), found.to_string(), open.to_string()]);
    }
    // Painted here and not by the table, which would ask the environment whether it may.
    let words = report.steps.iter().map(|step| word(step.verdict)).collect::<Vec<_>>();
    table.lines().for_each(|line| page.row(&line, &words));
}

fn findings(page: &mut Page, report: &Report) {
    let mut heading = Some("FINDINGS");
    for step in &report.steps {
        let mut failed: Vec<&Check> = step.checks.iter().filter(|check| count(check, Status::Fail) > 0).collect();
        // The sort is stable: checks that are equally bad stay in the order of their ids.
        failed.sort_by_key(|check| std::cmp::Reverse(worst(check)));
        if failed.is_empty() {
            continue;
        }
        if let Some(heading) = heading.take() {
            page.blank();
            page.heading(heading);
        }
        page.blank();
        page.heading(&step_title(step));
        for (at, check) in failed.iter().enumerate() {
            let severity = worst(check);
            let label = severity.to_string().to_uppercase();
            page.labelled(2, (&label, tone_of(severity)), &check.title.terminal());
            if at < LISTED {
                subjects(page, report, check, Status::Fail);
                page.text(INDENT, &format!("What to do: {}", check.fix.terminal()));
            } else {
                let found = plural(count(check, Status::Fail), "finding");
                page.text(INDENT, &format!("{}: {found} (see the JSON report)", visible(&check.id)));
            }
        }
    }
}

/// The things that a check found, worst first.
fn subjects(page: &mut Page, report: &Report, check: &Check, status: Status) {
    page.name(INDENT, &check.id);
    let mut found: Vec<&Finding> = check.findings.iter().filter(|finding| finding.status == status).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    for finding in found.iter().take(LISTED) {
        let differs = status == Status::Fail && finding.severity != worst(check);
        let severity = if differs { format!("[{}] ", finding.severity) } else { String::new() };
        let grade = finding.grade.map(|grade| format!("[{grade:?}] ")).unwrap_or_default();
        page.item(INDENT, &format!("{severity}{grade}{}", finding.reason.terminal()));
        page.text(INDENT + 2, &finding.subject.terminal());
        detail(page, report, finding);
    }
    more(page, INDENT, found.len(), "subjects");
}

fn detail(page: &mut Page, report: &Report, finding: &Finding) {
    let indent = INDENT + 2;
    let person = report.people.iter().find(|person| Some(&person.id) == finding.person.as_ref());
    // The head of the page says it of a single person.
    if let Some(person) = person.filter(|_| report.people.len() > 1) {
        page.name(indent, &format!("person: {}", called(person)));
        if let (Status::Fail, Some(day)) = (finding.status, deadline(person)) {
            page.text(indent, &format!("has to be gone by {day}"));
        }
    }
    for (name, value) in finding.facts.iter().take(LISTED) {
        page.name(indent, &format!("{name}: {}", value.terminal()));
    }
    more(page, indent, finding.facts.len(), "facts");
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
                    Verdict::Pass => format!("none found: {title}. {} seen in {tables}", plural(objects, "object")),
                    Verdict::Waived => format!("found and accepted by an owner: {title}"),
                    _ => format!("does not apply here: {title}"),
                },
            );
        }
    }
}

fn foot(page: &mut Page, report: &Report) {
    let next = match report.verdict {
        Verdict::Fail => "carry out what each finding says, the worst first; then run again until nothing is left",
        Verdict::Unknown => "close the gaps above and run again; until then this proves nothing",
        Verdict::NotApplicable => "choose checks that apply, then run again",
        Verdict::Pass | Verdict::Waived => "keep the proof: --format json=report.json",
    };
    if report.checks().any(|check| check.findings.iter().any(|finding| finding.grade.is_some())) {
        page.labelled(0, ("Known by", Tone::Strong), GRADES);
    }
    page.labelled(0, ("Next", Tone::Strong), next);
    let exit = report.exit_code();
    page.labelled(0, (&format!("Exit {}", exit.code()), Tone::Strong), exit.meaning());
}

fn more(page: &mut Page, indent: usize, all: usize, what: &str) {
    if all > LISTED {
        page.text(indent, &format!("… and {} more {what} (see the JSON report)", all - LISTED));
    }
}

fn word(verdict: Verdict) -> (&'static str, Tone) {
    match verdict {
        Verdict::Pass => ("PASS", Tone::Good),
        Verdict::Fail => ("FAIL", Tone::Bad),
        Verdict::Unknown => ("UNKNOWN", Tone::Doubt),
        Verdict::Waived => ("WAIVED", Tone::Strong),
        Verdict::NotApplicable => ("N/A", Tone::Plain),
    }
}

fn tone_of(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Doubt,
        Severity::Low | Severity::Info => Tone::Plain,
    }
}

fn worst(check: &Check) -> Severity {
    let failed = check.findings.iter().filter(|finding| finding.status == Status::Fail);
    failed.map(|finding| finding.severity).max().unwrap_or(check.severity)
}

/// How many findings count; those of a waived check do not.
fn count(check: &Check, status: Status) -> usize {
    if check.verdict == Verdict::Waived {
        return 0;
    }
    check.findings.iter().filter(|finding| finding.status == status).count()
}

fn step_title(step: &Step) -> String {
    if step.title == step.step { step.title.clone() } else { format!("{}: {}", step.step, step.title) }
}

fn things(n: usize) -> String {
    plural(n, "thing")
}

fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}
