//! The report as one page for people: verdict first, then what to do and who does it, then what that rests on. The page is
//! complete in itself: it loads nothing, and its policy lets nothing run but the script that it was written with.

mod activity;
mod findings;
mod proof;
mod story;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::gaps::number;
use super::story::severities;
use super::words::{
    called, conclusion, count, last_day, mode, next, owners, summary, verdict_word, worst, worst_first,
};
use super::{Mode, Report};
use crate::model::{Status, Verdict};
use crate::text::escape::html as foreign;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// How many people, identities and the like a list on the page has at most.
const LISTED: usize = 500;

/// Renders a report.
pub fn render(report: &Report) -> String {
    let title = format!("{}: what {} can still reach", verdict_word(report.verdict), whom(report));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy());
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (foreign(&title)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                (head(report))
                (contents(report))
                main {
                    (story::happened(report))
                    (story::first(report))
                    (proof::provable_section(report))
                    (steps(report))
                    (proof::checklist(report))
                    (proof::since(report))
                    (story::reach(report))
                    (activity::section(report))
                    (to_do(report))
                    (findings::section(report))
                    (proof::gaps(report))
                    (proof::accepted(report))
                    (proof::settled(report))
                    (proof::controls(report))
                    (proof::identities(report))
                    (proof::readers(report))
                    (proof::evidence(report))
                    (proof::verify(report))
                }
                footer { p { "Written by " (foreign(&report.tool.name)) " " (foreign(&report.tool.version)) "." } }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    };
    page.into_string()
}

/// Nothing may be loaded, and nothing may run or style but what has these digests.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}

fn head(report: &Report) -> Markup {
    let kind = match report.run.mode {
        Mode::Audit => "Off-boarding report",
        Mode::Rehearsal => "Off-boarding report: rehearsal before the last day",
        Mode::Sweep => "Off-boarding report: all leavers",
        Mode::Posture => "Posture report: is the fence standing?",
    };
    html! {
        header {
            p class="kind" { (kind) }
            h1 { (subject(report)) }
            div class=(format!("verdict {}", report.verdict)) {
                strong { (verdict_word(report.verdict)) }
                div { p { (conclusion(report)) } p { (foreign(&summary(report))) ": " (severities(report)) "." } }
            }
            (story::asked(report))
            @if let Some(redacted) = &report.redacted {
                p class="note" {
                    "A copy without personal data: pseudonyms stand for people, accounts and ids. SHA-256 of the original "
                    "JSON report: " code { (foreign(&redacted.original.sha256)) }
                }
            }
            dl class="about" {
                @for person in report.people.iter().take(3) {
                    dt { "Person" } dd { (foreign(&called(person))) }
                    dt { "Last day" } dd { (foreign(&last_day(person))) }
                }
                @if report.people.len() > 3 { dt { "People" } dd { (report.people.len()) " in all, listed below" } }
                @if report.people.is_empty() { dt { "Person" } dd { "nobody: the evidence is not about a person" } }
                dt { "Run" } dd { (foreign(&mode(report))) }
                dt { "Next" } dd { (next(report.verdict)) }
                dt { "Seal" } dd { (foreign(&super::words::seal(report))) }
            }
        }
    }
}

/// The name in the title, or how many people.
fn whom(report: &Report) -> String {
    match report.people.as_slice() {
        [] => "a leaver".to_owned(),
        [person] => person
            .name
            .as_ref()
            .or(person.upn.as_ref())
            .map_or(person.id.clone(), |name| crate::text::visible(name.raw())),
        people => format!("{} leavers", people.len()),
    }
}

fn subject(report: &Report) -> Markup {
    html! {
        @match report.people.as_slice() {
            [person] => {
                "What " (foreign(person.name.as_ref().or(person.upn.as_ref()).map_or(&person.id, |name| name.raw())))
                " can still reach"
            }
            people => { "What " (people.len()) " leavers can still reach" }
        }
    }
}

fn contents(report: &Report) -> Markup {
    let entries = [
        ("happened", "What happened", super::story::of(report).is_some()),
        ("first", "Do these first", report.remediation.is_some()),
        ("steps", "Steps", true),
        ("reach", "Within reach", super::story::reach(report).1 > 0),
        ("activity", "Activity", true),
        ("to-do", "What to do", found(report)),
        ("findings", "Findings", found(report) || findings::undecided_any(report)),
        ("gaps", "Could not be checked", number(report.checks()) > 0),
        ("waived", "Waived", report.waivers.is_some()),
        ("settled", "In order", report.checks().any(proof::is_settled)),
        ("controls", "Controls", !report.controls.is_empty()),
        ("identities", "People", !report.people.is_empty()),
        ("evidence", "Evidence", true),
        ("verify", "How to verify", true),
    ];
    html! {
        nav aria-label="Contents" {
            ul { @for (id, title, _) in entries.iter().filter(|(_, _, there)| *there) { li { a href=(format!("#{id}")) { (title) } } } }
        }
    }
}

fn found(report: &Report) -> bool {
    report.checks().any(|check| count(check, Status::Fail) > 0)
}

fn steps(report: &Report) -> Markup {
    html! {
        section id="steps" aria-labelledby="steps-title" {
            h2 id="steps-title" { "The steps" }
            table {
                thead { tr {
                    th scope="col" { "Step" } th scope="col" { "Verdict" }
                    th scope="col" class="n" { "Findings" } th scope="col" class="n" { "Not checked" }
                } }
                tbody {
                    @for step in &report.steps { tr {
                        th scope="row" { (foreign(&step.title)) }
                        td { (word(step.verdict)) }
                        td class="n" { (step.checks.iter().map(|check| count(check, Status::Fail)).sum::<usize>()) }
                        td class="n" { (number(step.checks.iter())) }
                    } }
                }
            }
        }
    }
}

fn to_do(report: &Report) -> Markup {
    let checks = worst_first(report);
    html! {
        @if !checks.is_empty() {
            section id="to-do" aria-labelledby="to-do-title" {
                h2 id="to-do-title" { "What to do, and who does it" }
                table {
                    thead { tr {
                        th scope="col" { "Urgency" } th scope="col" { "What to do" } th scope="col" { "Who" }
                        th scope="col" class="n" { "Findings" }
                    } }
                    tbody {
                        @for check in checks { tr {
                            td { (severity(worst(check))) }
                            td { (check.fix) small { a href=(format!("#{}", anchor(&check.id))) { (check.title) } } }
                            td { (owners(check).join(", ")) }
                            td class="n" { (count(check, Status::Fail)) }
                        } }
                    }
                }
            }
        }
    }
}

fn word(verdict: Verdict) -> Markup {
    html! { b class=(format!("word {verdict}")) { (verdict_word(verdict)) } }
}

fn severity(severity: crate::model::Severity) -> Markup {
    html! { b class=(format!("word {severity}")) { (severity.to_string()) } }
}

/// The place of a check on the page. Ids of checks have no character that would need more.
fn anchor(id: &str) -> String {
    let plain = id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '.' });
    format!("check-{}", plain.collect::<String>())
}

fn more(all: usize, listed: usize, what: &str) -> Markup {
    html! { @if all > listed { p class="note" { "… and " (all - listed) " more " (what) ": the JSON report has them." } } }
}
