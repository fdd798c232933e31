//! How long a plan of 1,000 changes from 28,000 findings takes, from report and evidence: the budget is two seconds.
//! `cargo bench --bench plan`
#![expect(clippy::expect_used, reason = "a bench that cannot be set up has to stop")]

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use leaver::action::plan::{Draft, Selection, draft, recompute};
use leaver::evidence::row::DelegatedGrant;
use leaver::evidence::{Evidence, Scope, Stop, Writer};
use leaver::report::{Report, json};
use serde_json::json;

const CHANGES: usize = 1_000;
const FINDINGS: usize = 28_000;
const PERSON: &str = "0a000000-0000-4000-8000-000000000001";
const NOW: &str = "2026-05-25T06:00:00Z";

/// Many more grants than are found, as in a large organisation.
fn evidence(folder: &Path) -> Evidence {
    let writer = Writer::create(folder, &[]).expect("an evidence file");
    let scope = Scope { name: "bench".into(), person: None, needs: String::new() };
    let done = writer.dataset(&["delegated_grant"], &scope, async |out| {
        for number in 0..FINDINGS {
            let guid = |kind: usize| format!("{kind:08x}-0000-4000-8000-{number:012x}");
            let row = DelegatedGrant {
                id: format!("grant-{number}").into(),
                client: guid(1).into(),
                resource: guid(2).into(),
                consent: "Principal".into(),
                principal: Some(PERSON.into()),
                scope: Some("User.Read mcp.tools.read".into()),
            };
            out.insert(&row).map_err(Stop::Evidence)?;
        }
        Ok(())
    });
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(done).expect("rows");
    writer.seal(None).expect("a sealed file")
}

fn report(evidence: &Evidence) -> Report {
    let finding = |number: usize| {
        json!({
            "id": format!("{number:016x}"), "person": format!("entra:user/{PERSON}"), "status": "fail", "severity": "high",
            "subject": format!("entra:grant/grant-{}", number % CHANGES), "reason": "a consent is left", "facts": { "scope": "mcp.tools.read" },
            "action": "revoke-grant", "complete": true, "controls": {},
        })
    };
    let each = FINDINGS / 28;
    let check = |check: usize| {
        json!({
            "id": format!("1-consents/check-{check}"), "title": "A consent is left", "why": "It outlives the account.", "fix": "Revoke it.",
            "severity": "high", "verdict": "fail", "examined": each, "tables": ["delegated_grant"], "gaps": [], "controls": {},
            "findings": (check * each..(check + 1) * each).map(finding).collect::<Vec<_>>(),
        })
    };
    serde_json::from_value(json!({
        "schema": "leaver.report/1", "tool": { "name": "leaver", "version": "0" }, "verdict": "fail", "coverage": [],
        "run": { "mode": "audit", "started_at": NOW, "finished_at": NOW, "now": NOW },
        "people": [{ "id": format!("entra:user/{PERSON}"), "upn": "alice@contoso.example", "rehearsal": false, "identities": [] }],
        "steps": [{ "step": "1-consents", "title": "A step", "verdict": "fail", "checks": (0..28).map(check).collect::<Vec<_>>() }],
        "evidence": { "sha256": evidence.sha256() }, "checks": { "sha256": "c".repeat(64) },
    }))
    .expect("a report")
}

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let evidence = evidence(folder.path());
    let report = report(&evidence);
    let (selection, unseen) = (Selection::default(), BTreeSet::new());
    let now = NOW.parse().expect("a time");
    let begin = Instant::now();
    let plan = draft(&Draft {
        report: &report,
        sha256: "0".repeat(64),
        evidence: Some(&evidence),
        unseen: &unseen,
        protected: &[],
        hours: 24,
        now,
        selection: &selection,
    })
    .expect("a plan");
    let planned = begin.elapsed();
    let text = json::to_string(&plan)?;
    recompute(&plan, now, 24).expect("a plan of this program");
    let all = begin.elapsed();
    assert_eq!(plan.changes.len(), CHANGES);
    writeln!(
        std::io::stdout(),
        "{} changes from {FINDINGS} findings: {:.3} s, written and checked {:.3} s, {:.2} MB",
        plan.changes.len(),
        planned.as_secs_f64(),
        all.as_secs_f64(),
        text.len() as f64 / 1e6
    )
}
