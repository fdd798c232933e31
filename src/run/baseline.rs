//! Finds the report that a run is compared with: the one that is named, else the last one of the archive.

use std::path::Path;

use super::{Delivery, settings};
use crate::archive::Archive;
use crate::bundle::REPORT;
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::report::{Baseline, Report};
use crate::seal::sha256;
use crate::text::Untrusted;

/// No report is larger.
const LARGEST: u64 = 2 << 30;

/// The baseline of this run; `None`: there is none.
///
/// # Errors
/// When the named one cannot be read, or is about another tenant.
pub(super) async fn read(delivery: &Delivery, config: &Config, env: &Env) -> Result<Option<Baseline>, Error> {
    let baseline = match &delivery.baseline {
        Some(path) => Some(named(path)?),
        None if delivery.bundle.is_some() && config.archive.url.is_some() => last(config, env).await,
        None => None,
    };
    if let (Some(Baseline { report, .. }), Some(ours)) = (&baseline, &config.entra.tenant) {
        let theirs = report.run.tenant.as_ref().map_or("", Untrusted::raw);
        if !theirs.eq_ignore_ascii_case(ours) {
            let message = format!("the baseline is about the tenant {theirs}, and this run about {ours}");
            return Err(Error::usage(Untrusted::from(message), "give a report of the same tenant"));
        }
    }
    Ok(baseline)
}

fn named(path: &Path) -> Result<Baseline, Error> {
    let file = if path.is_dir() { path.join(REPORT) } else { path.to_owned() };
    let shown = || Untrusted::from(file.display().to_string()).terminal();
    let refused = |what: String| Error::usage(format!("{}: {what}", shown()), "give a JSON report, or a bundle");
    let bytes = crate::file::read(&file, LARGEST).map_err(|error| refused(error.to_string()))?;
    of_bytes(&bytes).ok_or_else(|| refused("it is no report of leaver".to_owned()))
}

fn of_bytes(bytes: &[u8]) -> Option<Baseline> {
    let report: Report = serde_json::from_slice(bytes).ok()?;
    // A copy without names joins with nothing.
    report.redacted.is_none().then(|| Baseline { report, sha256: sha256(bytes) })
}

/// The last report of the archive. An archive that is away costs the comparison, and says so when the copy is put there.
async fn last(config: &Config, env: &Env) -> Option<Baseline> {
    let archive = Archive::open(&config.archive, settings::of(config), env).ok()?;
    let organization = config.entra.tenant.as_deref().unwrap_or_default();
    match archive.last_report(organization).await {
        Ok(bytes) => of_bytes(&bytes?),
        Err(error) => {
            env.console.note(&format!("not compared with the last report: {error}"));
            None
        }
    }
}
