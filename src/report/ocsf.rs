//! The report as OCSF events of class 2003, Compliance Finding: one JSON object a line, for every finding, for every gap
//! and for every check that is settled. <https://schema.ocsf.io/1.6.0/classes/compliance_finding>

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::gaps::title;
use super::words::{signer, who};
use super::{Check, Report, json};
use crate::model::{Finding, Gap, Severity, Verdict};

const VERSION: &str = "1.6.0";

/// What the events of one report share.
struct Event<'r> {
    report: &'r Report,
    time: i64,
}

/// One thing to say of a check.
struct Said {
    uid: String,
    status: Verdict,
    severity: Option<Severity>,
    message: String,
    details: Value,
}

/// Writes the events.
///
/// # Errors
/// When `out` refuses.
pub fn write(report: &Report, out: &mut impl Write) -> io::Result<()> {
    let event = Event { report, time: millis(&report.run.now).unwrap_or_default() };
    for check in report.checks() {
        let settled = !matches!(check.verdict, Verdict::Fail | Verdict::Unknown);
        if settled || (check.gaps.is_empty() && check.findings.is_empty()) {
            json::write_line(&event.of(check, of_check(check)), out)?;
        }
        for finding in &check.findings {
            json::write_line(&event.of(check, of_finding(check, finding)), out)?;
        }
        for gap in &check.gaps {
            json::write_line(&event.of(check, of_gap(check, gap)), out)?;
        }
    }
    Ok(())
}

impl Event<'_> {
    fn of(&self, check: &Check, said: Said) -> Value {
        let Report { tool, run, .. } = self.report;
        let (status_id, status) = status(said.status);
        let (severity_id, severity) = severity(said.severity);
        let mut metadata = json!({
            "version": VERSION,
            "product": { "name": tool.name, "vendor_name": tool.name, "version": tool.version },
        });
        if let Some(tenant) = &run.tenant {
            metadata["tenant_uid"] = json!(tenant);
        }
        let mut event = json!({
            "activity_id": 1, "activity_name": "Create",
            "category_uid": 2, "category_name": "Findings",
            "class_uid": 2003, "class_name": "Compliance Finding",
            "type_uid": 200_301, "type_name": "Compliance Finding: Create",
            "time": self.time,
            "severity_id": severity_id, "severity": severity,
            "status_id": 1, "status": "New",
            "message": said.message,
            "metadata": metadata,
            "finding_info": { "uid": said.uid, "title": check.title, "desc": check.why, "types": [check.id] },
            "compliance": compliance(check, status_id, status),
            "remediation": { "desc": check.fix },
            "unmapped": self.provenance(),
        });
        merge(&mut event, said.details);
        event
    }

    fn provenance(&self) -> Value {
        let mut unmapped = json!({
            "evidence_sha256": self.report.evidence.sha256,
            "checks_sha256": self.report.checks.sha256,
            "signed_by": signer(self.report),
        });
        if let Some(redacted) = &self.report.redacted {
            unmapped["redacted_from_sha256"] = json!(redacted.original.sha256);
        }
        unmapped
    }
}

/// Objects are joined, everything else replaced.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            from.into_iter().for_each(|(name, value)| merge(into.entry(name).or_insert(Value::Null), value));
        }
        (into, from) => *into = from,
    }
}

fn compliance(check: &Check, status_id: u8, status: &str) -> Value {
    let requirements =
        check.controls.iter().flat_map(|(framework, all)| all.iter().map(move |one| format!("{framework}:{one}")));
    json!({
        "control": check.id,
        "standards": check.controls.keys().collect::<Vec<_>>(),
        "requirements": requirements.collect::<Vec<_>>(),
        "status_id": status_id,
        "status": status,
    })
}

fn of_check(check: &Check) -> Said {
    let seen = format!("{} objects seen in {}", check.examined, check.tables.join(", "));
    Said {
        uid: uid(&[&check.id]),
        status: check.verdict,
        severity: (check.verdict == Verdict::Pass).then_some(Severity::Info),
        message: format!("{}: {seen}", check.verdict),
        details: json!({ "compliance": { "status_detail": seen } }),
    }
}

fn of_finding(check: &Check, finding: &Finding) -> Said {
    let status = if check.verdict == Verdict::Waived { Verdict::Waived } else { finding.verdict() };
    let mut details = json!({
        "resources": [{ "uid": finding.subject, "owner": { "name": who(finding) } }],
        "compliance": { "status_detail": finding.reason },
        "unmapped": { "complete": finding.complete, "facts": finding.facts },
    });
    let optional =
        [("grade", json!(finding.grade)), ("person", json!(finding.person)), ("actor", json!(finding.actor))];
    for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
        details["unmapped"][name] = value;
    }
    if let Some(seen) = finding.seen_at.as_deref().and_then(millis) {
        details["finding_info"] = json!({ "last_seen_time": seen });
    }
    let message = finding.reason.raw().to_owned();
    Said { uid: finding.id.clone(), status, severity: Some(finding.severity), message, details }
}

fn of_gap(check: &Check, gap: &Gap) -> Said {
    let detail = gap.detail.as_ref().map(|detail| format!(" ({})", detail.raw())).unwrap_or_default();
    let why =
        format!("not seen: {} of {}: {}{detail}", gap.dataset, gap.scope.raw(), title(gap.kind, gap.needs.as_deref()));
    Said {
        uid: uid(&[
            &check.id,
            &gap.kind.to_string(),
            &gap.dataset,
            gap.scope.raw(),
            gap.person.as_deref().unwrap_or(""),
        ]),
        status: Verdict::Unknown,
        severity: None,
        message: why.clone(),
        details: json!({ "compliance": { "status_detail": why }, "remediation": { "desc": gap.hint } }),
    }
}

/// The same for the same parts.
fn uid(parts: &[&str]) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_URL, parts.join("\n").as_bytes()).to_string()
}

fn millis(time: &str) -> Option<i64> {
    time.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// "Warning" is OCSF's word for a check without a result for want of information.
fn status(verdict: Verdict) -> (u8, &'static str) {
    match verdict {
        Verdict::Pass => (1, "Pass"),
        Verdict::Fail => (3, "Fail"),
        Verdict::Unknown => (2, "Warning"),
        Verdict::Waived => (99, "waived"),
        Verdict::NotApplicable => (99, "not-applicable"),
    }
}

fn severity(severity: Option<Severity>) -> (u8, &'static str) {
    match severity {
        None => (0, "Unknown"),
        Some(Severity::Info) => (1, "Informational"),
        Some(Severity::Low) => (2, "Low"),
        Some(Severity::Medium) => (3, "Medium"),
        Some(Severity::High) => (4, "High"),
        Some(Severity::Critical) => (5, "Critical"),
    }
}
