//! What the findings rest on: what could not be checked, what is in order, the controls, the people, the evidence.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{LISTED, anchor, foreign, more, word};
use crate::model::{Status, Verdict};
use crate::report::gaps::{Group, few, groups, number, open, provable, title};
use crate::report::waived::{answered, unapplied, waived};
use crate::report::words::{
    CONTROLS, called, count, last_day, parts, plural, read_by, read_of, read_with, seal, tally,
};
use crate::report::{Check, Coverage, Framework, Person, Report, State};
use crate::report::{Mode, drift};

pub(super) fn is_settled(check: &Check) -> bool {
    !matches!(check.verdict, Verdict::Fail | Verdict::Unknown)
}

pub(super) fn gaps(report: &Report) -> Markup {
    let groups = groups(report.checks());
    let unexplained: Vec<&Check> = report.checks().filter(|check| open(check) > 0).collect();
    html! {
        @if number(report.checks()) > 0 {
            section id="gaps" aria-labelledby="gaps-title" {
                h2 id="gaps-title" { "Could not be checked" }
                p { "What could not be looked at is never counted as clean." }
                @if !groups.is_empty() {
                    table class="gaps" {
                        thead { tr { th scope="col" { "Missing" } th scope="col" { "Not seen" } th scope="col" { "What to do" } } }
                        tbody {
                            @for ((kind, needs, hint), group) in groups.iter().take(LISTED) { tr {
                                td { (foreign(&title(*kind, *needs))) }
                                td { (not_seen(group)) }
                                td { (foreign(hint)) }
                            } }
                        }
                    }
                    (more(groups.len(), LISTED, "gaps"))
                }
                @if !unexplained.is_empty() {
                    p { "The evidence does not tell:" }
                    ul class="plain" {
                        @for check in unexplained { li {
                            @if count(check, Status::Unknown) > 0 {
                                a href=(format!("#{}", anchor(&check.id))) { (check.title) } ": "
                                (plural(count(check, Status::Unknown), "object"))
                            } @else { (check.title) " " code { (foreign(&check.id)) } }
                        } }
                    }
                }
            }
        }
    }
}

/// How far from provable the run is, and what would bring it nearest.
pub(super) fn provable_section(report: &Report) -> Markup {
    let lines = provable(report);
    html! {
        @if let Some((first, steps)) = lines.split_first() {
            section id="provable" aria-labelledby="provable-title" {
                h2 id="provable-title" { "How far from provable" }
                p { (first) ". To close most gaps:" }
                ul class="plain" { @for step in steps { li { (foreign(step)) } } }
            }
        }
    }
}

/// The hardening checklist, item by item.
pub(super) fn checklist(report: &Report) -> Markup {
    html! {
        @for (title, items) in parts(report) {
            section aria-label=(title) {
                h2 { (title) ": " (tally(&items)) }
                table {
                    thead { tr { th scope="col" { "Item" } th scope="col" { "Verdict" } th scope="col" { "What it asks for" } } }
                    tbody { @for item in &items { tr {
                        th scope="row" { code { (foreign(&item.item)) } }
                        td { (word(item.verdict)) }
                        td { (foreign(&item.title)) }
                    } } }
                }
            }
        }
    }
}

/// What changed since the report before, and in a sweep how each person stands.
pub(super) fn since(report: &Report) -> Markup {
    let lines = drift::lines(report);
    html! {
        @if !lines.is_empty() {
            section id="since" aria-labelledby="since-title" {
                h2 id="since-title" { "Since the report before" }
                ul class="plain" { @for line in &lines { li { (foreign(line)) } } }
            }
        }
        @if report.run.mode == Mode::Sweep {
            section id="people" aria-labelledby="people-title" {
                h2 id="people-title" { "People" }
                table {
                    thead { tr { th scope="col" { "Person" } th scope="col" { "Verdict" } th scope="col" { "Last day" } th scope="col" { "Known from" } } }
                    tbody { @for person in &report.people { tr {
                        th scope="row" { (foreign(&called(person))) }
                        td { (word(person.verdict.unwrap_or(Verdict::Unknown))) }
                        td { (foreign(&last_day(person))) }
                        td { (foreign(&person.sources.join(", "))) }
                    } } }
                }
            }
        }
    }
}

/// What somebody answers for, and the waivers that did not apply.
pub(super) fn accepted(report: &Report) -> Markup {
    let (all, unapplied) = (waived(report), unapplied(report));
    html! {
        @if !all.is_empty() || !unapplied.is_empty() {
            section id="waived" aria-labelledby="waived-title" {
                h2 id="waived-title" { "Waived" }
                ul class="plain" {
                    @for waived in all.iter().take(LISTED) { li {
                        (foreign(&waived.what)) br; (foreign(&answered(waived.waiver))) br;
                        code { (foreign(&few(waived.checks.iter()))) }
                    } }
                }
                (more(all.len(), LISTED, "waived"))
                @if !unapplied.is_empty() {
                    p { "Waivers that did not apply:" }
                    ul class="plain" { @for line in &unapplied { li { (foreign(line)) } } }
                }
            }
        }
    }
}

fn not_seen(group: &Group<'_>) -> Markup {
    let places = group.places.iter().map(|(dataset, scope)| format!("{dataset} of {}", scope.raw()));
    let details = few(group.details.iter().map(|detail| detail.raw()));
    html! {
        (foreign(&few(places)))
        @if !details.is_empty() { ", because: " (foreign(&details)) }
        @if !group.unknown.is_empty() { br; "keeps unknown: " code { (foreign(&few(group.unknown.iter()))) } }
        @if !group.incomplete.is_empty() { br; "could hide more in: " code { (foreign(&few(group.incomplete.iter()))) } }
    }
}

pub(super) fn settled(report: &Report) -> Markup {
    html! {
        @if report.checks().any(is_settled) {
            section id="settled" aria-labelledby="settled-title" {
                h2 id="settled-title" { "In order" }
                table {
                    thead { tr { th scope="col" { "Verdict" } th scope="col" { "What is proven" } th scope="col" { "Seen" } } }
                    tbody {
                        @for check in report.checks().filter(|check| is_settled(check)) { tr {
                            td { (word(check.verdict)) }
                            td { (settled_as(check)) " " code { (foreign(&check.id)) } }
                            td { (plural(usize::try_from(check.examined).unwrap_or(0), "object")) " in " (foreign(&check.tables.join(", "))) }
                        } }
                    }
                }
            }
        }
    }
}

/// A pass says what it proves; whatever else is settled says what it is about.
fn settled_as(check: &Check) -> crate::text::Untrusted {
    if check.verdict == Verdict::Pass { crate::report::words::proven(check) } else { check.title.clone() }
}

pub(super) fn controls(report: &Report) -> Markup {
    html! {
        @if !report.controls.is_empty() {
            section id="controls" aria-labelledby="controls-title" {
                h2 id="controls-title" { "Evidence for controls" }
                p { (CONTROLS) }
                @for framework in &report.controls { (of_framework(report, framework)) }
            }
        }
    }
}

fn of_framework(report: &Report, framework: &Framework) -> Markup {
    let titles: BTreeMap<&str, &Check> = report.checks().map(|check| (check.id.as_str(), check)).collect();
    html! {
        h3 { (foreign(&framework.title)) }
        table class="controls" {
            thead { tr { th scope="col" { "Evidence for" } th scope="col" { "Checks say" } th scope="col" { "Checks" } } }
            tbody {
                @for control in &framework.controls { tr {
                    th scope="row" {
                        b { (foreign(&control.control)) }
                        @if let Some(title) = &control.title { " " (foreign(title)) }
                    }
                    td { (word(control.verdict)) }
                    td { @for id in &control.checks {
                        @match titles.get(id.as_str()) {
                            Some(check) if !check.findings.is_empty() => {
                                a href=(format!("#{}", anchor(id))) { code { (foreign(id)) } } " "
                            }
                            _ => { code { (foreign(id)) } " " }
                        }
                    } }
                } }
            }
        }
    }
}

pub(super) fn identities(report: &Report) -> Markup {
    html! {
        @if !report.people.is_empty() {
            section id="identities" aria-labelledby="identities-title" {
                h2 id="identities-title" { "Who was audited" }
                @for person in report.people.iter().take(LISTED) { (of_person(person)) }
                (more(report.people.len(), LISTED, "people"))
            }
        }
    }
}

fn of_person(person: &Person) -> Markup {
    html! {
        h3 { (foreign(&called(person))) }
        p { "Last day: " (foreign(&last_day(person))) }
        table {
            thead { tr {
                th scope="col" { "Account" } th scope="col" { "Name" } th scope="col" { "Id" }
                th scope="col" { "Known from" } th scope="col" { "Known by" }
            } }
            tbody {
                @for identity in person.identities.iter().take(LISTED) { tr {
                    td { (identity.kind) }
                    td { @if let Some(name) = &identity.name { (name) } }
                    td { @if let Some(id) = &identity.id { code { (id) } } }
                    td { @if let Some(source) = &identity.source { (source) } }
                    td { @if let Some(grade) = identity.grade { (grade.to_string()) } }
                } }
            }
        }
    }
}

pub(super) fn readers(report: &Report) -> Markup {
    html! {
        @if !report.readers.is_empty() {
            section id="readers" aria-labelledby="readers-title" {
                h2 id="readers-title" { "Who read it" }
                p { "What an identity may not see, nobody was told. These are the ones that asked, by the services' and their tokens' own word." }
                table {
                    thead { tr {
                        th scope="col" { "Service" } th scope="col" { "Read of" } th scope="col" { "Read by" }
                        th scope="col" { "Signed in with" } th scope="col" { "Roles and scopes" }
                    } }
                    tbody {
                        @for reader in report.readers.iter().take(LISTED) { tr {
                            th scope="row" { (foreign(&reader.service)) " " code { (foreign(&reader.host)) } }
                            td { (foreign(&read_of(reader).unwrap_or_default())) }
                            td { (foreign(&read_by(reader))) }
                            td { (foreign(&reader.sign_in)) }
                            td { (foreign(&read_with(reader))) }
                        } }
                    }
                }
                (more(report.readers.len(), LISTED, "identities"))
            }
        }
    }
}

/// One data set over all of its parts.
#[derive(Default)]
struct Read<'r> {
    complete: usize,
    parts: usize,
    requests: i64,
    objects: i64,
    first: Option<&'r str>,
    last: Option<&'r str>,
}

fn reads(coverage: &[Coverage]) -> BTreeMap<&str, Read<'_>> {
    let mut all: BTreeMap<&str, Read<'_>> = BTreeMap::new();
    for part in coverage {
        let read = all.entry(&part.dataset).or_default();
        read.parts += 1;
        read.complete += usize::from(part.state == State::Complete);
        read.requests = read.requests.saturating_add(part.requests);
        read.objects = read.objects.saturating_add(part.objects);
        read.first = [read.first, part.first_at.as_deref()].into_iter().flatten().min();
        read.last = read.last.max(part.last_at.as_deref());
    }
    all
}

pub(super) fn evidence(report: &Report) -> Markup {
    html! {
        section id="evidence" aria-labelledby="evidence-title" {
            h2 id="evidence-title" { "Evidence" }
            p { "What was asked for, and whether all of it came." }
            table {
                thead { tr {
                    th scope="col" { "Data set" } th scope="col" { "Read completely" } th scope="col" class="n" { "Requests" }
                    th scope="col" class="n" { "Objects" } th scope="col" { "Asked" }
                } }
                tbody {
                    @for (dataset, read) in reads(&report.coverage) { tr {
                        th scope="row" { code { (foreign(dataset)) } }
                        td { @if read.complete == read.parts { "yes" } @else { (read.complete) " of " (read.parts) " parts" } }
                        td class="n" { (read.requests) }
                        td class="n" { (read.objects) }
                        td { @match (read.first, read.last) {
                            (Some(first), Some(last)) if first != last => { (foreign(first)) " to " (foreign(last)) }
                            (Some(at), _) => { (foreign(at)) }
                            _ => {}
                        } }
                    } }
                }
            }
        }
    }
}

pub(super) fn verify(report: &Report) -> Markup {
    html! {
        section id="verify" aria-labelledby="verify-title" {
            h2 id="verify-title" { "How to verify" }
            p { "This report is " (foreign(&seal(report))) }
            dl class="about" {
                dt { "SHA-256 of the evidence" } dd { code { (foreign(&report.evidence.sha256)) } }
                dt { "SHA-256 over the checks" } dd { code { (foreign(&report.checks.sha256)) } }
                dt { "Judged as of" } dd { (foreign(&report.run.now)) }
            }
            p { "The digest of the evidence file must be the one above; judging it again must give the same findings:" }
            pre { code {
                "sha256sum evidence.db\n"
                "leaver check evidence.db --format json=again.json\n"
                "leaver verify BUNDLE --key PUB --rejudge"
            } }
        }
    }
}
