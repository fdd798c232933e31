//! Makes a [`Report`] from evidence and judgements. It arranges; it never judges.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{
    Check, Control, Coverage, Digest, Framework, Identity, Item, Mode, Person, Reader, Report, Run, State, Step, Times,
    Tool, Version,
};
use super::{activity, drift};
use crate::check::control::{self, frameworks};
use crate::check::{self, Judgement};
use crate::evidence::{self, Evidence};
use crate::model::{Grade, Verdict, stamp};
use crate::text::Untrusted;

/// The off-boarding checklist, in the order in which it is read.
const STEPS: &[(&str, &str)] = &[
    ("account", "The account itself"),
    ("1-consents", "Entra app consents"),
    ("2-federation", "Pipeline identities"),
    ("3-tokens", "Tokens in CI and on runners"),
    ("4-activity", "90 days of activity"),
    ("orphans", "Credentials that belong to nobody"),
    ("posture", "The fence itself"),
];

/// Steps that look at everybody but the leavers.
const ABOUT_OTHERS: [&str; 2] = ["orphans", "posture"];

impl Report {
    /// Arranges what the checks concluded from one evidence file.
    ///
    /// # Errors
    /// When the evidence cannot be read, or does not say which moment it is about.
    pub fn new(
        evidence: &Evidence,
        judgements: &[Judgement],
        checks_sha256: &str,
        times: Times,
    ) -> Result<Report, evidence::Error> {
        let now = now(evidence)?;
        let known = evidence.people()?;
        let by_step = by_step(judgements, &known);
        let mut people = known.into_iter().map(|one| person(evidence, one, now)).collect::<Result<Vec<Person>, _>>()?;
        for person in &mut people {
            person.verdict = by_step.get(&person.id).map(|steps| Verdict::of(steps.values().copied()));
        }
        let mode = mode(evidence.meta("mode")?.as_deref(), &people);
        let programme = match mode {
            Mode::Sweep => Some(drift::programme(&people, &by_step, evidence.mcp_credentials()?)),
            _ => None,
        };
        let steps = steps(judgements);
        let mut report = Report {
            schema: Version::V1,
            tool: Tool { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() },
            run: Run {
                mode,
                started_at: stamp(times.started_at),
                finished_at: stamp(times.finished_at),
                now: stamp(now),
                tenant: evidence.meta("tenant")?.map(Untrusted::from),
            },
            readers: evidence.readers()?.into_iter().map(reader).collect(),
            verdict: Verdict::of(steps.iter().map(|step| step.verdict)),
            activity: activity::of(evidence, &people, now)?,
            people,
            controls: controls(judgements),
            steps,
            coverage: evidence.coverage()?.into_iter().map(coverage).collect(),
            waivers: None,
            checklist: checklist(judgements),
            drift: None,
            programme,
            evidence: Digest { sha256: evidence.sha256().to_owned() },
            checks: Digest { sha256: checks_sha256.to_owned() },
            remediation: None,
            redacted: None,
            signed_by: None,
            archive: None,
        };
        let unseen = judgements.iter().filter(|judgement| judgement.check.unseen);
        let unseen = unseen.map(|judgement| judgement.check.id.clone()).collect();
        report.remediation = crate::action::head(&report, evidence, &unseen)?;
        report.since(None);
        Ok(report)
    }
}

/// The verdict of every step for every person. What is about everybody else counts for nobody.
fn by_step(judgements: &[Judgement], people: &[evidence::Person]) -> BTreeMap<String, BTreeMap<String, Verdict>> {
    let mut all = BTreeMap::new();
    for (person, checks) in check::by_person(judgements, people) {
        let mut steps: BTreeMap<String, Verdict> = BTreeMap::new();
        for (id, verdict) in checks {
            let step = id.split('/').next().unwrap_or(id);
            if !ABOUT_OTHERS.contains(&step) {
                let worst = steps.entry(step.to_owned()).or_insert(verdict);
                *worst = Verdict::of([*worst, verdict]);
            }
        }
        all.insert(person, steps);
    }
    all
}

fn now(evidence: &Evidence) -> Result<Timestamp, evidence::Error> {
    let text = evidence.meta("now")?.unwrap_or_default();
    instant(evidence, "meta.now", &text)
}

fn instant(evidence: &Evidence, place: &str, text: &str) -> Result<Timestamp, evidence::Error> {
    text.parse().map_err(|_| evidence::Error::Damaged {
        path: evidence.path().display().to_string(),
        what: format!("{place} is no time"),
    })
}

fn mode(written: Option<&str>, people: &[Person]) -> Mode {
    match written {
        Some("sweep") => Mode::Sweep,
        Some(check::POSTURE) => Mode::Posture,
        _ if !people.is_empty() && people.iter().all(|person| person.rehearsal) => Mode::Rehearsal,
        _ => Mode::Audit,
    }
}

fn reader(from: evidence::Reader) -> Reader {
    let evidence::Reader { service, host, identity: id, name, sign_in, realm, realm_name, permissions } = from;
    Reader { service, host, id, name, sign_in, realm, realm_name, permissions }
}

fn person(evidence: &Evidence, from: evidence::Person, now: Timestamp) -> Result<Person, evidence::Error> {
    let ends_at = from.ends_at.as_deref().map(|text| instant(evidence, "person.ends_at", text)).transpose()?;
    Ok(Person {
        id: from.id,
        upn: from.upn,
        name: from.name,
        last_day: from.last_day,
        ends_at: from.ends_at,
        rehearsal: ends_at.is_some_and(|ends_at| ends_at > now),
        identities: from.identities.into_iter().map(identity).collect(),
        sources: from.sources,
        verdict: None,
        hours_to_clean: None,
        due: Vec::new(),
    })
}

fn identity([kind, id, name, source, grade]: [Option<Untrusted>; 5]) -> Identity {
    let grade = grade.and_then(|grade| Grade::parse(grade.raw()));
    Identity { kind: kind.unwrap_or_default(), id, name, source, grade }
}

fn steps(judgements: &[Judgement]) -> Vec<Step> {
    let mut by_step: BTreeMap<(usize, &str), Vec<Check>> = BTreeMap::new();
    for judgement in judgements {
        let step = judgement.check.step.as_str();
        let place = STEPS.iter().position(|(known, _)| *known == step).unwrap_or(STEPS.len());
        by_step.entry((place, step)).or_default().push(check(judgement));
    }
    by_step
        .into_iter()
        .map(|((place, step), mut checks)| {
            checks.sort_by(|a, b| a.id.cmp(&b.id));
            Step {
                step: step.to_owned(),
                title: STEPS.get(place).map_or(step, |(_, title)| *title).to_owned(),
                verdict: Verdict::of(checks.iter().map(|check| check.verdict)),
                checks,
            }
        })
        .collect()
}

fn check(judgement: &Judgement) -> Check {
    let check = &judgement.check;
    Check {
        id: check.id.clone(),
        title: check.title.as_str().into(),
        item: check.item.clone(),
        proven: check.proven.as_deref().map(Into::into),
        why: check.why.as_str().into(),
        fix: check.fix.as_str().into(),
        severity: check.severity,
        verdict: judgement.verdict,
        examined: judgement.examined,
        tables: judgement.tables.clone(),
        gaps: judgement.gaps.clone(),
        findings: judgement.findings.clone(),
        fix_hint: None,
        controls: check.controls.clone(),
        params: check.params.clone(),
    }
}

/// The items that any check is about, in the order of the checklist.
fn checklist(judgements: &[Judgement]) -> Vec<Item> {
    let of = |name: &str| -> Vec<&Judgement> {
        judgements.iter().filter(|judgement| judgement.check.item.as_deref() == Some(name)).collect()
    };
    let items = check::item::ITEMS.iter().map(|(name, title)| (*name, *title, of(name)));
    let item = |(name, title, judgements): (&str, &str, Vec<&Judgement>)| Item {
        item: name.to_owned(),
        title: title.to_owned(),
        verdict: Verdict::of(judgements.iter().map(|judgement| judgement.verdict)),
        checks: judgements.iter().map(|judgement| judgement.check.id.clone()).collect(),
    };
    items.filter(|(.., judgements)| !judgements.is_empty()).map(item).collect()
}

/// Every control that a check names, whatever that check concluded.
fn controls(judgements: &[Judgement]) -> Vec<Framework> {
    let mut all: BTreeMap<&str, BTreeMap<_, Vec<&Judgement>>> = BTreeMap::new();
    for judgement in judgements {
        for (framework, controls) in &judgement.check.controls {
            for control in controls {
                let key = (control::in_order(control), control.as_str());
                all.entry(framework).or_default().entry(key).or_default().push(judgement);
            }
        }
    }
    let framework = |(name, controls): (&str, BTreeMap<(_, &str), Vec<&Judgement>>)| {
        let known = frameworks().get(name);
        let control = |((_, number), judgements): ((_, &str), Vec<&Judgement>)| Control {
            control: number.to_owned(),
            title: known.and_then(|known| known.controls.get(number).cloned()),
            verdict: Verdict::of(judgements.iter().map(|judgement| judgement.verdict)),
            checks: judgements.iter().map(|judgement| judgement.check.id.clone()).collect(),
        };
        Framework {
            framework: name.to_owned(),
            title: known.map_or_else(|| name.to_owned(), |known| known.title.clone()),
            controls: controls.into_iter().map(control).collect(),
        }
    };
    all.into_iter().map(framework).collect()
}

fn coverage(from: evidence::Coverage) -> Coverage {
    let (first_at, last_at) = from.observed;
    Coverage {
        dataset: from.dataset,
        scope: from.scope,
        person: from.person,
        state: if from.gap.is_none() { State::Complete } else { State::Incomplete },
        gap: from.gap,
        requests: from.requests,
        pages: from.pages,
        objects: from.objects,
        first_at,
        last_at,
    }
}
