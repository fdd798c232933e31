//! `leaver plan`: from a report to a plan, offline.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{load_checks, output, settings};
use crate::action::plan::{Draft, Plan, Selection, draft};
use crate::action::{journal_of, sign};
use crate::bundle::{EVIDENCE, REPORT};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::Evidence;
use crate::report::{self, Report, json, write_file};
use crate::seal::{self, Signer};
use crate::text::Untrusted;

/// No report or plan is larger.
const LARGEST: u64 = 1 << 30;

/// What the command line says.
#[derive(Debug)]
pub struct Request {
    /// A bundle, or a JSON report.
    pub report: PathBuf,
    /// The evidence of the report.
    pub evidence: Option<PathBuf>,
    /// Which findings.
    pub selection: Selection,
    /// Where the plan goes; `None`: to stdout.
    pub output: Option<PathBuf>,
    /// Folders with private checks.
    pub checks: Vec<PathBuf>,
    /// Whether a key that others can read signs too.
    pub insecure_key: bool,
    /// Whether a plan that is there already is replaced.
    pub force: bool,
}

/// Writes the plan, and its signature where a key is configured.
///
/// # Errors
/// When report or evidence cannot be read or do not belong together, or the plan cannot be written.
pub async fn plan(request: &Request, config: &Config, env: &Env) -> Result<Exit, Error> {
    if let Some(path) = &request.output {
        may_replace(path, request.force)?;
    }
    let file = if request.report.is_dir() { request.report.join(REPORT) } else { request.report.clone() };
    let bytes = contents(&file)?;
    let report: Report = serde_json::from_slice(&bytes).map_err(|_| {
        let hint = "give a bundle, or a report that --format json=FILE wrote";
        Error::usage(format!("{} is no report of leaver", shown(&file)), hint)
    })?;
    if report.redacted.is_some() {
        let hint = "plan from the original: pseudonyms are no ids";
        return Err(Error::usage(format!("{} is a copy without personal data", shown(&file)), hint));
    }
    let beside = request.report.join(EVIDENCE);
    let evidence = request.evidence.clone().or_else(|| beside.is_file().then_some(beside));
    let evidence = evidence.map(|path| of_report(&path, &report)).transpose()?;
    let checks = load_checks(&request.checks, env)?;
    let plan = draft(&Draft {
        report: &report,
        sha256: seal::sha256(&bytes),
        evidence: evidence.as_ref(),
        unseen: &checks.unseen(),
        protected: &config.remediation.protected,
        hours: config.remediation.hours(),
        now: env.now,
        selection: &request.selection,
    })?;
    write(&plan, request.output.as_deref(), request.insecure_key, config, env).await?;
    Ok(Exit::Clean)
}

/// Nothing that is there is replaced unasked, and no plan whose changes were begun: its journal could not go on.
fn may_replace(path: &Path, force: bool) -> Result<(), Error> {
    report::may_write(report::plain(path)?, force)?;
    report::may_write(&sign::beside(path), force)?;
    let journal = journal_of(path);
    match journal.exists() {
        false => Ok(()),
        true => Err(Error::usage(
            format!("{} is there already: the changes of a plan of that name were begun", shown(&journal)),
            "choose another name for the new plan, and keep the journal: it is what undo goes by",
        )),
    }
}

/// The evidence that the report was judged from, and no other.
fn of_report(path: &Path, report: &Report) -> Result<Evidence, Error> {
    let evidence = Evidence::open(path)?;
    match evidence.sha256() == report.evidence.sha256 {
        true => Ok(evidence),
        false => {
            let hint = "give the evidence file that the report names, or leave --evidence out";
            Err(Error::usage(format!("{} is not the evidence of this report", shown(path)), hint))
        }
    }
}

async fn write(plan: &Plan, target: Option<&Path>, insecure: bool, config: &Config, env: &Env) -> Result<(), Error> {
    let text = json::to_string(plan).map_err(output)?;
    let Some(path) = target else {
        return env.console.print(&text).map_err(output);
    };
    let signer = match &config.signing.key {
        Some(key) => Some(Signer::open(key, insecure, settings::of(config), env).await?),
        None => None,
    };
    // Whoever signed the plan that is replaced did not sign this one.
    match std::fs::remove_file(sign::beside(path)) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::Output { target: sign::beside(path).display().to_string().into(), source });
        }
        _ => {}
    }
    write_file(path, |out| out.write_all(text.as_bytes()))?;
    if let Some(signer) = signer {
        let envelope = sign::signed(path, text.as_bytes(), &signer).await?;
        write_file(&sign::beside(path), |out| out.write_all(envelope.as_bytes()))?;
    }
    env.console.print(&summary(plan, path)).map_err(output)
}

/// What a plan comes to, for a person.
fn summary(plan: &Plan, path: &Path) -> String {
    use crate::action::Disposition;
    let disruptive = plan.changes.iter().filter(|change| change.disposition == Disposition::Disruptive).count();
    let closed: usize = plan.changes.iter().map(|change| change.findings.len()).sum();
    let mut out = format!(
        "{} changes close {closed} findings ({disruptive} need --allow disruptive), {} steps are for a person, {} are refused\n",
        plan.changes.len(),
        plan.manual.len(),
        plan.refused.len()
    );
    for (number, change) in plan.changes.iter().enumerate() {
        let mark = if change.disposition == Disposition::Disruptive { "  disruptive" } else { "" };
        let subject = Untrusted::from(change.subject.as_str()).terminal();
        out.push_str(&format!("{:>4}  {}  {subject}{mark}\n", number + 1, change.does));
    }
    out.push_str(&format!("{}: read it, then `leaver apply` it: without --yes nothing is changed\n", shown(path)));
    out
}

/// A whole file.
pub(super) fn contents(path: &Path) -> Result<Vec<u8>, Error> {
    crate::file::read(path, LARGEST).map_err(|source| Error::Input { path: path.display().to_string().into(), source })
}

pub(super) fn shown(path: &Path) -> String {
    Untrusted::from(path.display().to_string()).terminal()
}
