//! From sealed reports to answers. Whatever a service or a person named is wrapped as `{"untrusted": …}`, shortened and
//! without control characters; what remains is leaver's own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::library::Sealed;
use crate::model::{Finding, Gap, Status, Verdict};
use crate::report::{Check, Person, who};
use crate::text::{Untrusted, capped, is_same};

/// How many findings, gaps or people one answer lists.
const LISTED: usize = 100;
/// How long a foreign text may be.
const LONGEST: usize = 400;

fn untrusted(text: &str) -> Value {
    json!({ "untrusted": crate::text::visible(&capped(text, LONGEST)) })
}

fn maybe(text: Option<&Untrusted>) -> Value {
    text.map_or(Value::Null, |text| untrusted(text.raw()))
}

/// The report that an answer comes from.
fn source(sealed: &Sealed) -> Value {
    json!({
        "organization": sealed.organization,
        "number": sealed.number,
        "report_sha256": sealed.sha256,
        "manifest_sha256": sealed.manifest,
        "evidence_sha256": sealed.report.evidence.sha256,
        "as_of": sealed.report.run.now,
        "signed_by": sealed.report.signed_by,
        "verified": "not here: ask verify_bundle",
    })
}

fn person_of(person: &Person) -> Value {
    json!({ "id": untrusted(&person.id), "upn": maybe(person.upn.as_ref()), "name": maybe(person.name.as_ref()), "last_day": person.last_day })
}

/// The verdict for one person of a report.
fn verdict(sealed: &Sealed, person: &Person) -> Verdict {
    person.verdict.unwrap_or(sealed.report.verdict)
}

fn offboarded(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "yes",
        Verdict::Waived => "yes, but for what a named owner answers for",
        Verdict::Fail => "no",
        Verdict::Unknown | Verdict::NotApplicable => "not proven",
    }
}

/// Everybody, each from the newest report about them.
pub(super) fn leavers(reports: &[Arc<Sealed>]) -> Value {
    let mut all: BTreeMap<&str, (&Sealed, &Person)> = BTreeMap::new();
    for sealed in reports {
        for person in &sealed.report.people {
            let newest = all.entry(&person.id).or_insert((sealed, person));
            if newest.0.report.run.now < sealed.report.run.now {
                *newest = (sealed, person);
            }
        }
    }
    let people: Vec<Value> = all
        .values()
        .take(LISTED)
        .map(|(sealed, person)| {
            let verdict = verdict(sealed, person);
            json!({
                "person": person_of(person), "verdict": verdict.to_string(), "offboarded": offboarded(verdict),
                "source": source(sealed),
            })
        })
        .collect();
    json!({ "people": people, "of": all.len(), "reports": reports.len() })
}

/// The newest report about somebody.
fn find<'r>(reports: &'r [Arc<Sealed>], asked: &str) -> Result<(&'r Sealed, &'r Person), String> {
    let named = |person: &Person| {
        let own = [person.upn.as_ref(), person.name.as_ref()].into_iter().flatten();
        let others = person.identities.iter().flat_map(|one| [one.id.as_ref(), one.name.as_ref()]).flatten();
        let id = person.id.rsplit('/').next().unwrap_or_default();
        is_same(&person.id, asked) || is_same(id, asked) || own.chain(others).any(|name| is_same(name.raw(), asked))
    };
    let mut found: Vec<(&Sealed, &Person)> = Vec::new();
    for sealed in reports {
        found.extend(sealed.report.people.iter().filter(|person| named(person)).map(|person| (&**sealed, person)));
    }
    let first = found.first().map(|(_, person)| person.id.as_str());
    match first {
        None => Err("no sealed report is about such a person; `leavers` names everybody".to_owned()),
        Some(id) if found.iter().any(|(_, person)| person.id != id) => {
            Err("several people are called so; ask with the id that `leavers` gives".to_owned())
        }
        Some(_) => found
            .into_iter()
            .max_by(|one, other| one.0.report.run.now.cmp(&other.0.report.run.now))
            .ok_or_else(String::new),
    }
}

/// Whether a finding concerns this person.
fn is_about(finding: &Finding, person: Option<&Person>) -> bool {
    person.is_none_or(|person| finding.person.as_ref().is_none_or(|id| *id == person.id))
}

fn failing<'r>(sealed: &'r Sealed, person: Option<&'r Person>) -> impl Iterator<Item = (&'r Check, &'r Finding)> {
    let open = |finding: &&Finding| finding.status == Status::Fail && finding.waiver.is_none();
    let of = move |check: &'r Check| {
        let found = check.findings.iter().filter(open).filter(move |finding| is_about(finding, person));
        found.map(move |finding| (check, finding))
    };
    sealed.report.checks().flat_map(of)
}

fn gaps<'r>(sealed: &'r Sealed, person: &'r Person) -> impl Iterator<Item = (&'r Check, &'r Gap)> {
    let of = move |check: &'r Check| {
        let open = |gap: &&Gap| gap.waiver.is_none() && gap.person.as_ref().is_none_or(|id| *id == person.id);
        check.gaps.iter().filter(open).map(move |gap| (check, gap))
    };
    sealed.report.checks().flat_map(of)
}

/// Whether somebody is off-boarded.
pub(super) fn status(reports: &[Arc<Sealed>], asked: &str) -> Result<Value, String> {
    let (sealed, person) = find(reports, asked)?;
    let verdict = verdict(sealed, person);
    let mut by_severity: BTreeMap<String, usize> = BTreeMap::new();
    for (_, finding) in failing(sealed, Some(person)) {
        *by_severity.entry(finding.severity.to_string()).or_default() += 1;
    }
    let unknown = sealed.report.checks().filter(|check| check.verdict == Verdict::Unknown).count();
    Ok(json!({
        "person": person_of(person),
        "offboarded": offboarded(verdict),
        "verdict": verdict.to_string(),
        "open_findings": by_severity,
        "unknown_checks": unknown,
        "hours_to_clean": person.hours_to_clean,
        "source": source(sealed),
    }))
}

/// What is open and since when.
pub(super) fn open(reports: &[Arc<Sealed>], asked: Option<&str>) -> Result<Value, String> {
    let chosen: Vec<(&Sealed, Option<&Person>)> = match asked {
        Some(asked) => {
            let (sealed, person) = find(reports, asked)?;
            vec![(sealed, Some(person))]
        }
        None => newest(reports).into_iter().map(|(sealed, person)| (sealed, Some(person))).collect(),
    };
    let mut all: BTreeMap<&str, Value> = BTreeMap::new();
    for (sealed, person) in chosen {
        for (check, finding) in failing(sealed, person) {
            all.entry(&finding.id).or_insert_with(|| one(reports, sealed, check, finding));
        }
    }
    let of = all.len();
    Ok(json!({ "findings": all.into_values().take(LISTED).collect::<Vec<_>>(), "of": of }))
}

/// Each person in the newest report about them.
fn newest(reports: &[Arc<Sealed>]) -> Vec<(&Sealed, &Person)> {
    let mut all: BTreeMap<&str, (&Sealed, &Person)> = BTreeMap::new();
    for sealed in reports {
        for person in &sealed.report.people {
            let known = all.entry(&person.id).or_insert((sealed, person));
            if known.0.report.run.now < sealed.report.run.now {
                *known = (sealed, person);
            }
        }
    }
    all.into_values().collect()
}

fn one(reports: &[Arc<Sealed>], sealed: &Sealed, check: &Check, finding: &Finding) -> Value {
    json!({
        "id": finding.id, "check": check.id, "severity": finding.severity.to_string(),
        "title": check.title.terminal(),
        "what": untrusted(finding.reason.raw()), "subject": untrusted(finding.subject.raw()),
        "since": since(reports, sealed, finding),
        "person": finding.person.as_deref().map(untrusted),
        "who": who(finding), "source": source(sealed),
    })
}

/// The oldest report of an unbroken chain in which the finding was there.
fn since(reports: &[Arc<Sealed>], newest: &Sealed, finding: &Finding) -> String {
    if let Some(drift) = &finding.drift {
        return drift.since.clone();
    }
    let mut earlier: Vec<&Sealed> = reports
        .iter()
        .map(|sealed| &**sealed)
        .filter(|sealed| sealed.organization == newest.organization && sealed.number <= newest.number)
        .filter(|sealed| {
            sealed.report.people.iter().any(|person| finding.person.as_ref().is_none_or(|id| *id == person.id))
        })
        .collect();
    earlier.sort_by_key(|sealed| std::cmp::Reverse(sealed.number));
    let holds = |sealed: &&&Sealed| failing(sealed, None).any(|(_, other)| other.id == finding.id);
    let oldest = earlier.iter().take_while(holds).last();
    oldest.map_or_else(|| newest.report.run.now.clone(), |sealed| sealed.report.run.now.clone())
}

/// What would close the findings and the gaps of somebody.
pub(super) fn closing(reports: &[Arc<Sealed>], asked: &str) -> Result<Value, String> {
    let (sealed, person) = find(reports, asked)?;
    let mut steps: BTreeMap<&str, (&Check, usize, &'static str)> = BTreeMap::new();
    for (check, finding) in failing(sealed, Some(person)) {
        steps.entry(&check.id).or_insert((check, 0, who(finding))).1 += 1;
    }
    let mut steps: Vec<_> = steps.into_values().collect();
    steps.sort_by_key(|(check, closes, _)| (std::cmp::Reverse(check.severity), std::cmp::Reverse(*closes)));
    let steps: Vec<Value> = steps
        .into_iter()
        .map(|(check, closes, who)| {
            json!({ "do": check.fix.terminal(), "who": who, "check": check.id, "closes_findings": closes, "severity": check.severity.to_string() })
        })
        .collect();
    let mut waiting: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (check, gap) in gaps(sealed, person) {
        let checks = waiting.entry(&gap.hint).or_default();
        if !checks.contains(&check.id.as_str()) {
            checks.push(&check.id);
        }
    }
    let mut waiting: Vec<_> = waiting.into_iter().collect();
    waiting.sort_by_key(|(_, checks)| std::cmp::Reverse(checks.len()));
    let gaps: Vec<Value> = waiting
        .into_iter()
        .take(LISTED)
        .map(|(hint, checks)| json!({ "do": untrusted(hint), "checks": checks }))
        .collect();
    let head = sealed.report.remediation.as_ref().map(|head| head.sentence());
    Ok(json!({ "person": person_of(person), "findings": steps, "gaps": gaps, "plan": head, "source": source(sealed) }))
}
