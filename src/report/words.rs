//! What formats for people say alike: verdicts, counts, names, the next step. It escapes nothing: whoever renders does.

use std::collections::BTreeSet;

use super::gaps::number;
use super::{Activity, Check, Item, Mode, Person, Reader, Report, State, Step};
use crate::model::{Finding, Severity, Status, Verdict};
use crate::text::Untrusted;

/// What the letter before a reason means.
pub(super) const GRADES: &str = "[A] the issuer says so, [B] the control plane says who created it, [C] an audit event names the \
    actor, [D] only a name, path or text says so";

/// What a list of controls is, and what it is not.
pub(super) const CONTROLS: &str = "The verdict of a control is what the checks that are evidence for it concluded. \
    Whether the control is met is for an auditor to say.";

/// What a rendering is worth: by itself nothing, in a signed bundle what its seal says.
pub(super) fn seal(report: &Report) -> String {
    match &report.signed_by {
        Some(key) => format!(
            "signed with the key {key}, in the bundle that this file came in: leaver verify BUNDLE --key PUB. Taken alone, \
             this file proves nothing."
        ),
        None => "signed by nobody: nothing proves later that this is what leaver found".to_owned(),
    }
}

/// Who signed a report, where there is place for one word only.
pub(super) fn signer(report: &Report) -> &str {
    report.signed_by.as_deref().unwrap_or("nobody")
}

/// A verdict in a word.
pub(super) fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Fail => "FAIL",
        Verdict::Unknown => "UNKNOWN",
        Verdict::Waived => "WAIVED",
        Verdict::NotApplicable => "N/A",
    }
}

/// What a reader does next.
pub(super) fn next(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Fail => "carry out what each finding says, the worst first; then run again until nothing is left",
        Verdict::Unknown => "close the gaps above and run again; until then this proves nothing",
        Verdict::NotApplicable => "choose checks that apply, then run again",
        Verdict::Pass => "keep the proof: --bundle DIR",
        Verdict::Waived => "keep the proof: --bundle DIR; close what was waived before its waiver ends",
    }
}

/// The conclusion for somebody who reads nothing else.
pub(super) fn conclusion(report: &Report) -> &'static str {
    match (report.run.mode, report.verdict) {
        (Mode::Rehearsal, Verdict::Fail) => {
            "The last day is still to come. What is listed here has to be gone by then."
        }
        (Mode::Posture, Verdict::Fail) => {
            "The fence is not standing as the checklist assumes. What is listed here is a way around it."
        }
        (Mode::Posture, Verdict::Unknown) => {
            "No hole was found, but the fence is not proven: not everything could be looked at."
        }
        (_, Verdict::Fail) => "The off-boarding is not finished. What is listed here is still open, or was used.",
        (_, Verdict::Unknown) => {
            "Nothing was found, but the off-boarding is not proven: not everything could be looked at."
        }
        (_, Verdict::Pass) => "Everything that was asked was looked at, and nothing was found.",
        (_, Verdict::Waived) => "Nothing is open but what a named owner answers for.",
        (_, Verdict::NotApplicable) => "No check applied, so nothing is proven.",
    }
}

/// Who can do something about a finding: whoever runs the system that its subject lives in.
pub fn who(finding: &Finding) -> &'static str {
    let system = finding.subject.raw().split_once(':').map_or("", |(system, _)| system);
    match system {
        "entra" => "Microsoft Entra administrator",
        "azure" => "Owner of the Azure subscription",
        "github" => "Owner of the GitHub organisation",
        "devops" => "Azure DevOps administrator",
        "host" => "Whoever runs the host",
        "logs" | "file" => "Owner of the MCP gateway and its logs",
        _ => "Security team",
    }
}

/// Who has something to do about a check's findings, each once.
pub(super) fn owners(check: &Check) -> Vec<&'static str> {
    let all: BTreeSet<&str> = failed(check).into_iter().map(who).collect();
    all.into_iter().collect()
}

/// The findings that count, the worst first; of equal ones in the order of the report.
pub(super) fn failed(check: &Check) -> Vec<&Finding> {
    of_status(check, Status::Fail)
}

/// The findings about which the evidence does not tell, the worst first.
pub(super) fn undecided(check: &Check) -> Vec<&Finding> {
    of_status(check, Status::Unknown)
}

/// The findings of a check that nobody answers for.
pub(super) fn open_findings(check: &Check) -> impl Iterator<Item = &Finding> {
    let counts = check.verdict != Verdict::Waived;
    check.findings.iter().filter(move |finding| counts && finding.waiver.is_none())
}

fn of_status(check: &Check, status: Status) -> Vec<&Finding> {
    let mut found: Vec<&Finding> = open_findings(check).filter(|finding| finding.status == status).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    found
}

/// The checks that found something, the worst first; of equal ones in the order of the report.
pub(super) fn worst_first(report: &Report) -> Vec<&Check> {
    let mut checks: Vec<&Check> = report.checks().filter(|check| count(check, Status::Fail) > 0).collect();
    checks.sort_by_key(|check| std::cmp::Reverse(worst(check)));
    checks
}

/// The activity around one person in a sentence.
pub(super) fn activity_in_words(activity: &Activity) -> String {
    let calls = |after: bool| -> i64 {
        let days = activity.days.iter().filter(|day| day.after_last_day == after);
        days.fold(0, |sum, day| sum.saturating_add(day.own).saturating_add(day.others))
    };
    let blind = activity.days.iter().filter(|day| day.state == State::Incomplete).count();
    let after = usize::try_from(calls(true)).unwrap_or(0);
    let days = activity.days.len();
    let blind = match blind {
        0 => format!("the logs tell about all of the {days} days"),
        blind => format!("on {blind} of {days} days the logs cannot tell about all of it"),
    };
    format!("{} after the last day; {} before; {blind}", plural(after, "call"), calls(false))
}

/// The values that a check was judged with, as text.
pub(super) fn params(check: &Check) -> String {
    let all = check.params.iter().map(|(name, value)| format!("{name} = {value}"));
    all.collect::<Vec<_>>().join(", ")
}

/// How many things were found.
pub(super) fn found(report: &Report) -> usize {
    report.checks().map(|check| count(check, Status::Fail)).sum()
}

pub(super) fn summary(report: &Report) -> String {
    let found = found(report);
    let open = number(report.checks());
    match report.verdict {
        Verdict::Fail if open > 0 => format!("{}, and {} could not be checked", plural(found, "finding"), things(open)),
        Verdict::Fail => plural(found, "finding"),
        Verdict::Unknown => format!("not clean and not dirty: {} could not be checked", things(open)),
        Verdict::Pass => "everything was checked and nothing was found".into(),
        Verdict::Waived => "nothing is open but what a named owner answers for".into(),
        Verdict::NotApplicable => "no check applied, so nothing is proven".into(),
    }
}

/// `16 items: 12 pass, 3 fail, 1 unknown`
pub(super) fn tally(items: &[&Item]) -> String {
    let of = |verdict: Verdict| items.iter().filter(|item| item.verdict == verdict).count();
    let all = [Verdict::Pass, Verdict::Fail, Verdict::Unknown, Verdict::Waived];
    let parts: Vec<String> = all
        .into_iter()
        .map(|verdict| (verdict, of(verdict)))
        .filter(|(verdict, number)| *number > 0 || *verdict != Verdict::Waived)
        .map(|(verdict, number)| format!("{number} {}", verdict_word(verdict).to_lowercase()))
        .collect();
    format!("{}: {}", plural(items.len(), "item"), parts.join(", "))
}

/// The parts of the checklist that were judged, each with its items.
pub(super) fn parts(report: &Report) -> Vec<(&'static str, Vec<&Item>)> {
    let parts = [
        ("hardening/", "Hardening checklist"),
        ("isolation/", "Ways around the gateway"),
        ("production/", "Ready for production"),
    ];
    let of = |(prefix, title): (&str, &'static str)| {
        (title, report.checklist.iter().filter(|item| item.item.starts_with(prefix)).collect::<Vec<_>>())
    };
    parts.into_iter().map(of).filter(|(_, items)| !items.is_empty()).collect()
}

/// The name that a reader knows, and the id that cannot change.
/// Who read a service: `auditor (entra:service-principal/…)`.
pub(super) fn read_by(reader: &Reader) -> String {
    match (&reader.name, &reader.id) {
        (Some(name), Some(id)) => format!("{} ({})", name.raw(), id.raw()),
        (Some(one), None) | (None, Some(one)) => one.raw().to_owned(),
        (None, None) => "an identity that its token does not name".to_owned(),
    }
}

/// What a service was read of: `Contoso (84841066-…)`.
pub(super) fn read_of(reader: &Reader) -> Option<String> {
    match (&reader.realm_name, &reader.realm) {
        (Some(name), Some(id)) => Some(format!("{} ({})", name.raw(), id.raw())),
        (one, other) => one.as_ref().or(other.as_ref()).map(|text| text.raw().to_owned()),
    }
}

/// What the identity may do, as far as anybody says.
pub(super) fn read_with(reader: &Reader) -> String {
    reader.permissions.as_ref().map_or_else(|| "not told".to_owned(), |all| all.raw().to_owned())
}

pub(super) fn called(person: &Person) -> String {
    let known = [&person.name, &person.upn].into_iter().flatten().map(Untrusted::terminal);
    let mut parts: Vec<String> = known.collect();
    parts.push(person.id.clone());
    parts.join(", ")
}

pub(super) fn last_day(person: &Person) -> String {
    match (deadline(person), &person.last_day) {
        (Some(day), _) => format!("{day}, still to come: what is found has to be gone by {day}"),
        (None, Some(day)) => day.clone(),
        (None, None) => "not known".into(),
    }
}

/// What a pass of this check proves.
pub(super) fn proven(check: &Check) -> Untrusted {
    match &check.proven {
        Some(proven) => proven.clone(),
        None => format!("Nothing of this kind: {}", check.title.raw()).into(),
    }
}

/// What the reader could still tell, and what that would add.
pub(super) fn questions(person: &Person) -> Vec<&'static str> {
    let mut all = Vec::new();
    if person.last_day.is_none() && person.ends_at.is_none() {
        all.push(
            "Give --last-day 2026-05-01 with the day: nothing can be said to have happened after it otherwise, and half of the \
             activity checks stay unknown.",
        );
    }
    if !person.identities.iter().any(|one| one.kind.raw() == "github" && one.id.is_some()) {
        all.push("Give --github LOGIN: no GitHub account of this person is known, so what it owns, set and runs stays unknown.");
    }
    all
}

/// The last day, while it is still to come.
pub(super) fn deadline(person: &Person) -> Option<&str> {
    let day = person.last_day.as_deref().or(person.ends_at.as_deref());
    day.filter(|_| person.rehearsal)
}

pub(super) fn mode(report: &Report) -> String {
    let kind = match report.run.mode {
        Mode::Audit => "audit",
        Mode::Rehearsal => "rehearsal",
        Mode::Sweep => "sweep of all leavers",
        Mode::Posture => "posture of the fence",
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

pub(super) fn worst(check: &Check) -> Severity {
    let failed = open_findings(check).filter(|finding| finding.status == Status::Fail);
    failed.map(|finding| finding.severity).max().unwrap_or(check.severity)
}

/// How many findings count; those that somebody answers for do not.
pub(super) fn count(check: &Check, status: Status) -> usize {
    open_findings(check).filter(|finding| finding.status == status).count()
}

pub(super) fn step_title(step: &Step) -> String {
    if step.title == step.step { step.title.clone() } else { format!("{}: {}", step.step, step.title) }
}

fn things(n: usize) -> String {
    plural(n, "thing")
}

pub(super) fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}
