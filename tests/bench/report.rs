//! A report of 10,000 findings in every format: how long it takes and how large it gets. `cargo bench --bench report`.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use leaver::model::{Finding, Grade, Severity, Status};
use leaver::report::{Format, Report};
use serde_json::json;

const CHECKS: usize = 40;
const FINDINGS: usize = 250;

fn finding(check: usize, n: usize) -> Finding {
    let severities = [Severity::Info, Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    let id = |kind: usize| format!("{kind:08x}-0000-4000-8000-{:012x}", check * FINDINGS + n);
    Finding {
        id: format!("{:016x}", check * FINDINGS + n),
        person: Some("entra:user/0a000000-0000-4000-8000-000000000001".into()),
        subject: format!(
            "azure:/subscriptions/{}/resourcegroups/rg-deploy/providers/microsoft.authorization/roleassignments/{}",
            id(1),
            id(2)
        )
        .into(),
        status: if n.is_multiple_of(50) { Status::Unknown } else { Status::Fail },
        severity: severities[n % severities.len()],
        grade: Some(Grade::B),
        reason: format!(
            "Contributor on /subscriptions/{}/resourcegroups/rg-deploy, through a credential that they satisfy",
            id(1)
        )
        .into(),
        facts: BTreeMap::from([
            ("granted_at".into(), "2025-11-03T09:00:00Z".into()),
            ("principal".into(), id(3).into()),
            ("via".into(), format!("repo:alice-dev/tools:environment:production-{n}").into()),
        ]),
        actor: Some("alice@contoso.example".into()),
        seen_at: Some("2026-05-20T02:00:07Z".into()),
        action: Some("delete-role-assignment".into()),
        complete: true,
        controls: BTreeMap::new(),
        waiver: None,
        drift: None,
    }
}

fn report() -> serde_json::Result<Report> {
    let check = |n: usize| {
        json!({
            "id": format!("{}-step/check-{n}", n % 4 + 1), "title": "A role is within the leaver's reach", "why": "It outlives the account.",
            "fix": "Delete the assignment.", "severity": "high", "verdict": "fail", "examined": 250, "tables": ["role_assignment"], "gaps": [],
            "findings": (0..FINDINGS).map(|at| finding(n, at)).collect::<Vec<_>>(), "controls": { "nist": ["PS-4", "AC-2(3)"] },
        })
    };
    let step = |step: usize| {
        let checks: Vec<_> = (0..CHECKS).filter(|n| n % 4 == step).map(check).collect();
        json!({ "step": format!("{}-step", step + 1), "title": "A step", "verdict": "fail", "checks": checks })
    };
    serde_json::from_value(json!({
        "schema": "leaver.report/1", "tool": { "name": "leaver", "version": "0" }, "verdict": "fail", "coverage": [],
        "run": { "mode": "audit", "started_at": "2026-05-25T06:00:00Z", "finished_at": "2026-05-25T06:00:00Z", "now": "2026-05-25T06:00:00Z" },
        "people": [{ "id": "entra:user/0a000000-0000-4000-8000-000000000001", "upn": "alice@contoso.example", "name": "Alice Liddell",
            "rehearsal": false, "identities": [{ "kind": "github", "name": "alice-dev" }] }],
        "steps": (0..4).map(step).collect::<Vec<_>>(),
        "evidence": { "sha256": "e".repeat(64) }, "checks": { "sha256": "c".repeat(64) },
    }))
}

fn main() -> std::io::Result<()> {
    let report = report()?;
    let mut out = std::io::stdout();
    for (name, format) in Format::ALL {
        let (start, mut bytes) = (Instant::now(), Vec::new());
        format.write(&report, &mut bytes)?;
        let seconds = start.elapsed().as_secs_f64();
        writeln!(out, "{name:>8} {seconds:6.3} s {:7.2} MB", bytes.len() as f64 / 1e6)?;
    }
    let start = Instant::now();
    report.redacted()?;
    writeln!(out, "{:>8} {:6.3} s", "redacted", start.elapsed().as_secs_f64())
}
