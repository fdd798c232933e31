//! The report as a SARIF 2.1.0 log: checks are rules, findings are results, gaps are notifications of the run.
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html>

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::gaps::title;
use super::words::signer;
use super::{Check, Report};
use crate::model::{Finding, Gap, Severity, Status, Verdict};
use crate::text::escape::{markdown_words, sarif};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What stands for itself in the path of a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The log.
pub fn log(report: &Report) -> Value {
    let rules: Vec<Value> = report.checks().map(rule).collect();
    let results = report
        .checks()
        .enumerate()
        .flat_map(|(index, check)| check.findings.iter().map(move |finding| result(index, check, finding)));
    let driver = json!({ "name": report.tool.name, "semanticVersion": report.tool.version, "rules": rules });
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": driver },
            "automationDetails": { "id": format!("leaver/{}", of(&report.run.mode)) },
            "columnKind": "unicodeCodePoints",
            "invocations": [invocation(report)],
            "results": results.collect::<Vec<_>>(),
            "properties": properties(report),
        }],
    })
}

/// The name of a value as JSON has it.
fn of(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn rule(check: &Check) -> Value {
    let controls =
        check.controls.iter().flat_map(|(framework, all)| all.iter().map(move |one| format!("{framework}/{one}")));
    let tags: Vec<String> = std::iter::once("security".to_owned()).chain(controls).collect();
    let help = format!("{} {}", check.why.raw(), check.fix.raw());
    let advice = format!("{}\n\n**What to do:** {}", check.why.markdown_words(), markdown_words(check.fix.raw()));
    json!({
        "id": check.id,
        "shortDescription": { "text": check.title.sarif() },
        "fullDescription": { "text": check.why.sarif() },
        "help": { "text": sarif(&help), "markdown": advice },
        "defaultConfiguration": { "level": level(check.severity) },
        "properties": {
            "security-severity": score(check.severity),
            "tags": tags,
        },
    })
}

fn result(index: usize, check: &Check, finding: &Finding) -> Value {
    // Only what failed has a level; what the evidence does not tell is open.
    let (kind, level) = match finding.status {
        Status::Fail => ("fail", level(finding.severity)),
        Status::Unknown => ("open", "none"),
        Status::Pass => ("pass", "none"),
    };
    let mut result = json!({
        "ruleId": check.id,
        "ruleIndex": index,
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}: {}", check.title.sarif(), finding.reason.sarif()) },
        "locations": [location(finding)],
        "partialFingerprints": { "leaverFinding/v1": finding.id },
        "properties": facts(finding),
    });
    if let Some(waiver) = &finding.waiver {
        let why = format!("{}, until {}: {}", waiver.owner.sarif(), waiver.expires, waiver.reason.sarif());
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted", "justification": why }]);
    } else if check.verdict == Verdict::Waived {
        result["suppressions"] = json!([{ "kind": "external", "status": "accepted" }]);
    }
    result
}

fn facts(finding: &Finding) -> Value {
    let mut bag = json!({
        "severity": finding.severity,
        "security-severity": score(finding.severity),
        "complete": finding.complete,
        "facts": finding.facts,
    });
    let optional = [
        ("grade", json!(finding.grade)),
        ("person", json!(finding.person)),
        ("actor", json!(finding.actor)),
        ("seenAt", json!(finding.seen_at)),
        ("action", json!(finding.action)),
    ];
    for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
        bag[name] = value;
    }
    bag
}

/// A file where there is one: in a repository by the facts `path` and `line`, on a host by the subject. And always the subject.
fn location(finding: &Finding) -> Value {
    let subject = finding.subject.raw();
    let mut location = json!({ "logicalLocations": [{ "fullyQualifiedName": subject, "kind": "resource" }] });
    let of_host = subject.strip_prefix("host:").and_then(|rest| rest.split_once('/'));
    let place = match (of_host, finding.facts.get("path")) {
        (Some((host, path)), _) => {
            let path = path.rsplit_once('#').map_or(path, |(path, _)| path);
            let line = path.rsplit_once(':').and_then(|(path, line)| Some((path, line.parse::<u64>().ok()?)));
            let (path, line) = line.map_or((path, None), |(path, line)| (path, Some(line)));
            Some((format!("file://{}/{}", encoded(host), encoded(path)), line))
        }
        (None, Some(path)) if !path.raw().trim_matches('/').is_empty() => {
            let line = finding.facts.get("line").and_then(|line| line.raw().parse().ok());
            Some((encoded(path.raw().trim_start_matches('/')), line))
        }
        _ => None,
    };
    if let Some((uri, line)) = place {
        let mut physical = json!({ "artifactLocation": { "uri": uri } });
        if let Some(line) = line.filter(|line| *line > 0) {
            physical["region"] = json!({ "startLine": line });
        }
        location["physicalLocation"] = physical;
    }
    location
}

fn encoded(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

fn invocation(report: &Report) -> Value {
    let gaps = report.checks().flat_map(|check| check.gaps.iter().map(move |gap| notification(check, gap)));
    let unexplained = report.checks().filter(|check| check.verdict == Verdict::Unknown && check.gaps.is_empty());
    let notifications: Vec<Value> = gaps
        .chain(
            unexplained
                .map(|check| notice(check, &format!("{} could not be checked: the evidence does not tell", check.id))),
        )
        .collect();
    json!({
        "executionSuccessful": true,
        "exitCode": report.exit_code().code(),
        "exitCodeDescription": report.exit_code().meaning(),
        "startTimeUtc": report.run.started_at,
        "endTimeUtc": report.run.finished_at,
        "toolExecutionNotifications": notifications,
    })
}

fn notification(check: &Check, gap: &Gap) -> Value {
    let detail = gap.detail.as_ref().map(|detail| format!(" ({})", detail.raw())).unwrap_or_default();
    let title = title(gap.kind, gap.needs.as_deref());
    notice(
        check,
        &format!("not seen: {} of {}: {title}{detail}. What to do: {}", gap.dataset, gap.scope.raw(), gap.hint),
    )
}

fn notice(check: &Check, text: &str) -> Value {
    json!({ "level": "warning", "message": { "text": sarif(text) }, "associatedRule": { "id": check.id } })
}

fn properties(report: &Report) -> Value {
    let mut bag = Map::new();
    bag.insert("verdict".into(), json!(report.verdict));
    bag.insert("evidenceSha256".into(), json!(report.evidence.sha256));
    bag.insert("checksSha256".into(), json!(report.checks.sha256));
    bag.insert("signedBy".into(), json!(signer(report)));
    if let Some(redacted) = &report.redacted {
        bag.insert("redactedFromSha256".into(), json!(redacted.original.sha256));
    }
    Value::Object(bag)
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of each band of GitHub's code scanning.
/// <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>
fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "9.5",
        Severity::High => "8.0",
        Severity::Medium => "5.5",
        Severity::Low => "2.0",
        Severity::Info => "0.0",
    }
}
