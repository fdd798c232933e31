//! `leaver apply --bundle`: plan, journal and signatures go beside the report that they follow from, signed, and so does the report
//! of a later audit, so that an auditor reads what was found, planned, approved, done and seen to be gone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::plan::{contents, shown};
use super::settings;
use crate::action::plan::Plan;
use crate::action::{outcomes, sign};
use crate::bundle::{RECEIPT, RECEIPT_PREDICATE, REMEDIATION, REPORT};
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::model::{Status, Verdict};
use crate::report::{Report, write_file};
use crate::seal::{self, Envelope, Signer, Statement};

/// What goes into a bundle.
pub(super) struct Receipt<'a> {
    pub(super) bundle: &'a Path,
    pub(super) path: &'a Path,
    pub(super) plan: &'a Plan,
    pub(super) journal: &'a Path,
    /// A later audit: its bundle, or its JSON report.
    pub(super) proof: Option<&'a Path>,
    pub(super) force: bool,
    pub(super) insecure: bool,
}

impl Receipt<'_> {
    /// Whether all of it may go there; asked before anything is sent.
    pub(super) fn examine(&self) -> Result<(), Error> {
        let report = contents(&self.bundle.join(REPORT))?;
        if seal::sha256(&report) != self.plan.report.sha256 {
            let hint = "give the bundle that the plan was made from";
            return Err(Error::usage(
                format!("the plan does not follow from the report in {}", shown(self.bundle)),
                hint,
            ));
        }
        self.proof()?;
        self.files().map(drop)
    }

    /// The report of the later audit: of the same tenant, of all people of the plan, and made after the plan.
    fn proof(&self) -> Result<Option<(Vec<u8>, Report)>, Error> {
        let Some(path) = self.proof else { return Ok(None) };
        let file = if path.is_dir() { path.join(REPORT) } else { path.to_owned() };
        let bytes = contents(&file)?;
        let wrong = |what: &str| {
            let hint = "audit the same people again after the apply, and give that bundle or report as --proof";
            Err(Error::usage(format!("{} {what}", shown(&file)), hint))
        };
        let Ok(report) = serde_json::from_slice::<Report>(&bytes) else { return wrong("is no report of leaver") };
        let tenant = report.run.tenant.as_ref().map(|tenant| tenant.raw());
        let audited: BTreeSet<&str> = report.people.iter().map(|person| person.id.as_str()).collect();
        if report.redacted.is_some() || tenant != self.plan.tenant.as_deref() {
            return wrong("is a copy without personal data, or of another tenant");
        }
        if report.run.now < self.plan.created_at || seal::sha256(&bytes) == self.plan.report.sha256 {
            return wrong("is older than the plan, and proves nothing of what came after it");
        }
        match self.plan.people.iter().all(|person| audited.contains(person.id.as_str())) {
            true => Ok(Some((bytes, report))),
            false => wrong("is not about everybody in the plan"),
        }
    }

    /// The files and what is in them. What is there already stays, or is only added to.
    fn files(&self) -> Result<BTreeMap<&'static str, Vec<u8>>, Error> {
        let signatures = sign::beside(self.path);
        let undo = crate::action::undo_journal(self.journal);
        let mut files = BTreeMap::new();
        let mut take = |name: &'static str, file: &PathBuf| -> Result<(), Error> {
            if file.is_file() {
                files.insert(name, contents(file)?);
            }
            Ok(())
        };
        take("plan.json", &self.path.to_owned())?;
        take("plan.json.journal", &self.journal.to_owned())?;
        take("plan.json.journal.undo", &undo)?;
        take("plan.json.dsse.json", &signatures)?;
        if let Some((bytes, _)) = self.proof()? {
            files.insert("proof.json", bytes);
        }
        for (name, content) in files.iter().filter(|_| !self.force) {
            let there = self.bundle.join(REMEDIATION).join(name);
            if there.exists() && !grows(name, &contents(&there)?, content) {
                let hint = "another plan was applied there: give another bundle, or --force to replace what it says";
                return Err(Error::usage(format!("{} is there already", shown(&there)), hint));
            }
        }
        Ok(files)
    }

    /// Copies the files into `remediation/` of the bundle and signs their digests.
    pub(super) async fn add(&self, config: &Config, env: &Env) -> Result<(), Error> {
        let folder = self.bundle.join(REMEDIATION);
        let failed = |source| Error::Output { target: folder.display().to_string().into(), source };
        let files = self.files()?;
        std::fs::create_dir_all(&folder).map_err(failed)?;
        let mut digests = BTreeMap::new();
        for (name, bytes) in &files {
            digests.insert((*name).to_owned(), seal::sha256(bytes));
            write_file(&folder.join(name), |out| out.write_all(bytes))?;
        }
        let receipt = folder.join(RECEIPT);
        let Some(key) = &config.signing.key else {
            // One of before would say something else.
            return if receipt.exists() { std::fs::remove_file(&receipt).map_err(failed) } else { Ok(()) };
        };
        let signer = Signer::open(key, self.insecure, settings::of(config), env).await?;
        let statement = Statement::new(&digests, RECEIPT_PREDICATE, self.said()?);
        let mut envelope = Envelope::new(serde_json::to_vec(&statement).map_err(|error| failed(error.into()))?);
        envelope.sign(&signer).await?;
        let text = envelope.to_json().map_err(failed)?;
        write_file(&receipt, |out| out.write_all(text.as_bytes()))
    }

    /// What the receipt says: how each change ended, and which findings a later audit no longer has.
    fn said(&self) -> Result<Value, Error> {
        let ends = outcomes(self.journal)?;
        let ends: BTreeMap<&str, &str> = self
            .plan
            .changes
            .iter()
            .map(|change| (change.id.as_str(), ends.get(&change.id).map_or("left", |outcome| outcome.name())))
            .collect();
        let mut said = json!({ "report": { "name": REPORT, "sha256": self.plan.report.sha256 }, "changes": ends });
        if let Some((_, report)) = self.proof()? {
            said["proof"] = proved(self.plan, &report);
        }
        Ok(said)
    }
}

/// A journal goes on; nothing else changes.
fn grows(name: &str, old: &[u8], new: &[u8]) -> bool {
    old == new
        || (name.contains(".journal") && new.starts_with(old))
        || name == "plan.json.dsse.json"
        || name == "proof.json"
}

/// Which findings of the plan are gone: a check that was complete no longer has them.
fn proved(plan: &Plan, report: &Report) -> Value {
    let open: BTreeSet<&str> = report
        .checks()
        .flat_map(|check| &check.findings)
        .filter(|finding| finding.status == Status::Fail)
        .map(|finding| finding.id.as_str())
        .collect();
    let complete: BTreeSet<&str> = report
        .checks()
        .filter(|check| check.gaps.is_empty() && check.verdict != Verdict::Unknown)
        .map(|check| check.id.as_str())
        .collect();
    let (mut gone, mut left, mut unproven) = (Vec::new(), Vec::new(), Vec::new());
    for change in &plan.changes {
        let seen = change.closes.checks.iter().all(|check| complete.contains(check.as_str()));
        for finding in &change.findings {
            match (open.contains(finding.as_str()), seen) {
                (true, _) => left.push(finding),
                (false, true) => gone.push(finding),
                (false, false) => unproven.push(finding),
            }
        }
    }
    json!({ "name": "proof.json", "now": report.run.now, "verdict": report.verdict, "gone": gone, "left": left,
            "unproven": unproven })
}
