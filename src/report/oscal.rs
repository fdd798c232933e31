//! The report as OSCAL assessment results 1.1.2: what each check saw is an observation; a control that a check speaks
//! against, or of which not everything could be seen, is a finding that is not satisfied. Nothing says that one is satisfied.
//! <https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/assessment-results/json-reference/>

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::gaps::title;
use super::words::{conclusion, open_findings, signer, summary};
use super::{Check, Control, Report};
use crate::model::{Finding, Status, Verdict};
use crate::text::visible;

const VERSION: &str = "1.1.2";
/// Names the properties that are ours.
const NAMESPACE: &str = "https://leaver.example/ns/oscal";
/// The catalogue whose control ids OSCAL's own tools know.
const CATALOGUE: &str = "nist";

/// Makes ids that are the same for the same report.
struct Ids(Uuid);

impl Ids {
    fn of(&self, parts: &[&str]) -> String {
        Uuid::new_v5(&self.0, parts.join("\n").as_bytes()).to_string()
    }
}

/// The document.
pub fn document(report: &Report) -> Value {
    let Report { evidence, checks, run, tool, .. } = report;
    let name = format!("{} {} {}", evidence.sha256, checks.sha256, run.finished_at);
    let ids = Ids(Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{NAMESPACE} {name}").as_bytes()));
    let plan = ids.of(&["plan"]);
    json!({ "assessment-results": {
        "uuid": ids.of(&["document"]),
        "metadata": {
            "title": "What a departed person can still reach",
            "last-modified": run.finished_at,
            "version": tool.version,
            "oscal-version": VERSION,
            "props": properties(report),
        },
        "import-ap": { "href": format!("#{plan}") },
        "results": [result(report, &ids)],
        "back-matter": { "resources": [{
            "uuid": plan,
            "title": "The checks that were run",
            "description": format!("SHA-256 over their ids and texts: {}", line(&checks.sha256)),
        }] },
    } })
}

fn properties(report: &Report) -> Vec<Value> {
    let mut all = vec![
        property("verdict", &report.verdict.to_string()),
        property("evidence-sha256", &report.evidence.sha256),
        property("checks-sha256", &report.checks.sha256),
        property("signed-by", signer(report)),
    ];
    all.extend(report.redacted.iter().map(|redacted| property("redacted-from-sha256", &redacted.original.sha256)));
    all
}

fn result(report: &Report, ids: &Ids) -> Value {
    let controls = report.controls.iter().filter(|all| all.framework == CATALOGUE).flat_map(|all| &all.controls);
    let included: Vec<Value> = controls.clone().map(|one| json!({ "control-id": control_id(&one.control) })).collect();
    let selection = match included.is_empty() {
        true => json!({ "include-all": {} }),
        false => json!({ "include-controls": included }),
    };
    let mut result = json!({
        "uuid": ids.of(&["result"]),
        "title": "Checks of the off-boarding",
        "description": format!("{} {}.", conclusion(report), line(&summary(report))),
        "start": report.run.started_at,
        "end": report.run.finished_at,
        "reviewed-controls": { "control-selections": [selection] },
    });
    // The model has no empty lists.
    let observations: Vec<Value> = report.checks().flat_map(|check| observations(report, check, ids)).collect();
    if !observations.is_empty() {
        result["observations"] = observations.into();
    }
    let by_id: BTreeMap<&str, &Check> = report.checks().map(|check| (check.id.as_str(), check)).collect();
    let findings: Vec<Value> = controls.filter_map(|control| finding(control, &by_id, ids)).collect();
    if !findings.is_empty() {
        result["findings"] = findings.into();
    }
    result
}

/// One for the check as a whole, one for each thing that it found.
fn observations(report: &Report, check: &Check, ids: &Ids) -> Vec<Value> {
    let gaps = check.gaps.iter().map(|gap| {
        format!(" Not seen: {} of {}: {}.", gap.dataset, gap.scope.raw(), title(gap.kind, gap.needs.as_deref()))
    });
    let seen = format!("{}: {} objects seen in {}.", check.verdict, check.examined, check.tables.join(", "));
    let text = [seen].into_iter().chain(gaps).collect::<String>();
    let mut props = vec![property("check", &check.id), property("verdict", &check.verdict.to_string())];
    for (framework, controls) in &check.controls {
        props.extend(controls.iter().map(|control| property("evidence-for", &format!("{framework} {control}"))));
    }
    let whole = observation(report, ids.of(&["check", &check.id]), check, &text, props);
    let each = check.findings.iter().map(|finding| of_finding(report, check, finding, ids));
    [whole].into_iter().chain(each).collect()
}

fn of_finding(report: &Report, check: &Check, finding: &Finding, ids: &Ids) -> Value {
    let mut props = vec![
        property("subject", finding.subject.raw()),
        property("status", &finding.verdict().to_string()),
        property("severity", &finding.severity.to_string()),
        property("complete", if finding.complete { "yes" } else { "no" }),
    ];
    let optional = [
        ("person", finding.person.as_deref()),
        ("actor", finding.actor.as_ref().map(|actor| actor.raw())),
        ("seen-at", finding.seen_at.as_deref()),
    ];
    props.extend(optional.into_iter().filter_map(|(name, value)| Some(property(name, value?))));
    props.extend(finding.grade.map(|grade| property("grade", &grade.to_string())));
    let uuid = ids.of(&["finding", &check.id, &finding.id, finding.subject.raw()]);
    observation(report, uuid, check, finding.reason.raw(), props)
}

fn observation(report: &Report, uuid: String, check: &Check, text: &str, props: Vec<Value>) -> Value {
    json!({
        "uuid": uuid,
        "title": line(check.title.raw()),
        "description": line(text),
        "props": props,
        "methods": ["TEST"],
        "types": ["control-objective"],
        "relevant-evidence": [{ "description": format!("Evidence file with SHA-256 {}", line(&report.evidence.sha256)) }],
        "collected": report.run.now,
    })
}

/// What speaks against a control. Nothing is said where nothing does: that a control is met is for an auditor to say.
fn finding(control: &Control, checks: &BTreeMap<&str, &Check>, ids: &Ids) -> Option<Value> {
    let reason = match control.verdict {
        Verdict::Fail => "fail",
        Verdict::Unknown => "other",
        Verdict::Pass | Verdict::Waived | Verdict::NotApplicable => return None,
    };
    let of_control = control.checks.iter().filter_map(|id| checks.get(id.as_str()));
    let open = of_control.filter(|check| matches!(check.verdict, Verdict::Fail | Verdict::Unknown));
    let mut observations = Vec::new();
    for check in open {
        observations.push(json!({ "observation-uuid": ids.of(&["check", &check.id]) }));
        let failed = open_findings(check).filter(|finding| finding.status == Status::Fail);
        observations.extend(failed.map(|finding| {
            json!({ "observation-uuid": ids.of(&["finding", &check.id, &finding.id, finding.subject.raw()]) })
        }));
    }
    let number = line(&control.control);
    let name = control.title.as_deref().map(|title| format!(" ({})", line(title))).unwrap_or_default();
    Some(json!({
        "uuid": ids.of(&["control", &control.control]),
        "title": format!("Evidence for {number}{name}"),
        "description": match control.verdict {
            Verdict::Fail => "Checks that are evidence for this control found something.",
            _ => "Checks that are evidence for this control could not see everything.",
        },
        "target": {
            "type": "objective-id",
            "target-id": format!("{}_obj", control_id(&control.control)),
            "status": { "state": "not-satisfied", "reason": reason },
        },
        "related-observations": observations,
    }))
}

/// `AC-2(3)` as the catalogue of NIST writes it: `ac-2.3`. Other characters have no place in an id.
fn control_id(number: &str) -> String {
    let plain = number.to_ascii_lowercase().replace('(', ".").replace(')', "");
    let id: String = plain.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    if id.starts_with(|c: char| c.is_ascii_alphabetic()) { id } else { format!("c{id}") }
}

fn property(name: &str, value: &str) -> Value {
    let mut property = Map::new();
    property.insert("name".into(), name.into());
    property.insert("ns".into(), NAMESPACE.into());
    property.insert("value".into(), line(value).into());
    Value::Object(property)
}

/// One line that neither is empty nor begins or ends with a blank, as the model wants it.
fn line(text: &str) -> String {
    let text = visible(text);
    match text.trim() {
        "" => "(empty)".to_owned(),
        text => text.to_owned(),
    }
}
