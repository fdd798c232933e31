//! `leaver demo --apply`: the same leaver, found, planned, cleaned up on the estate, and looked for again.

use std::collections::BTreeSet;
use std::path::Path;

use super::apply::{Request, made};
use super::deliver::{Sealing, deliver};
use super::{Delivery, Intake, Subject, collect, judge, load_checks, output};
use crate::action::plan::{Draft, Plan, Selection, draft};
use crate::action::{Pace, journal_of};
use crate::check::waiver::{Entry, Waivers};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::model::{GapKind, Verdict};
use crate::report::{Report, json, write_file};
use crate::seal::sha256;
use crate::text::Untrusted;

/// Audits, plans, applies, audits again. What only people can do is waived by the demo, and shown as that.
///
/// # Errors
/// As an audit and an apply.
pub(super) async fn run(config: &Config, subject: &Subject, delivery: &Delivery, env: &Env) -> Result<Exit, Error> {
    let say = |text: String| env.console.print(&text).map_err(output);
    let checks = load_checks(&delivery.checks, env)?;
    let sealing = Sealing::open(delivery, config, env).await?;
    let evidence = collect(config, subject, &Intake::default(), env).await?;
    let report = judge(&evidence, &checks, None, None, (env.clock)(), env)?;
    let found = report.checks().flat_map(|check| &check.findings).filter(|finding| finding.verdict() == Verdict::Fail);
    say(format!("1. audit: {} findings\n", found.count()))?;
    let selection = Selection::default();
    let text = json::to_string(&report).map_err(output)?;
    let plan = draft(&Draft {
        report: &report,
        sha256: sha256(text.as_bytes()),
        evidence: Some(&evidence),
        unseen: &checks.unseen(),
        protected: &[],
        hours: 24,
        now: env.now,
        selection: &selection,
    })?;
    say(format!(
        "2. plan: {} changes, {} steps for a person, {} refused\n3. apply:\n",
        plan.changes.len(),
        plan.manual.len(),
        plan.refused.len()
    ))?;
    let folder = tempfile::tempdir_in(env.beside(None)).map_err(output)?;
    applied(&plan, folder.path(), config, env).await?;
    let evidence = collect(config, subject, &Intake::default(), env).await?;
    let bare = judge(&evidence, &checks, None, None, (env.clock)(), env)?;
    let waivers = waivers(&bare, &plan, env);
    say("4. audit again. What only people can do is waived here, for the show:\n\n".to_owned())?;
    let report = judge(&evidence, &checks, Some(&waivers), None, (env.clock)(), env)?;
    deliver(report, &evidence, delivery, sealing, env).await
}

async fn applied(plan: &Plan, folder: &Path, config: &Config, env: &Env) -> Result<Exit, Error> {
    let path = folder.join("plan.json");
    let text = json::to_string(plan).map_err(output)?;
    write_file(&path, |out| std::io::Write::write_all(out, text.as_bytes()))?;
    let request = Request {
        plan: path.clone(),
        selection: Selection::default(),
        yes: true,
        disruptive: true,
        max: usize::MAX,
        journal: None,
        patience: 5,
        keys: Vec::new(),
        insecure_key: false,
        bundle: None,
        proof: None,
        force: false,
    };
    let services = super::apply::services(config, env)?;
    let pace = Pace::at_once();
    made(&request, plan, &sha256(text.as_bytes()), &journal_of(&path), &pace, &services, config, env).await
}

/// A waiver for each step that the plan leaves to people, and for what cannot be looked at: in an organisation each would have
/// an owner who answers for it. What a change was to close has none.
fn waivers(report: &Report, plan: &Plan, env: &Env) -> Waivers {
    let closed: BTreeSet<&str> = plan.changes.iter().flat_map(|change| &change.findings).map(String::as_str).collect();
    let entry = |check: &str| Entry {
        check: Some(check.to_owned()),
        subject: None,
        dataset: None,
        scope: None,
        person: None,
        owner: "the demo".into(),
        reason: "only a person can do this".into(),
        expires: env
            .now
            .to_zoned(jiff::tz::TimeZone::UTC)
            .date()
            .saturating_add(jiff::Span::new().days(30))
            .to_string(),
    };
    let mut text = String::new();
    let mut add = |entry: Entry| {
        if let Ok(one) = toml::to_string(&entry) {
            text.push_str(&format!("[[waiver]]\n{one}\n"));
        }
    };
    for check in report.checks() {
        for finding in check.findings.iter().filter(|finding| !closed.contains(finding.id.as_str())) {
            let person = finding.person.as_deref().map(Untrusted::from);
            add(Entry { subject: Some(finding.subject.clone()), person, ..entry(&check.id) });
        }
        for gap in check.gaps.iter().filter(|gap| gap.kind != GapKind::NotCollected || !gap.scope.raw().is_empty()) {
            let (dataset, scope) = (Some(gap.dataset.clone()), Some(gap.scope.clone()));
            add(Entry { check: None, dataset, scope, reason: "this cannot be looked at here".into(), ..entry("") });
        }
    }
    Waivers::parse(&text).unwrap_or_default()
}
