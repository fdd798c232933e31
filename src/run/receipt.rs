//! `leaver apply --bundle`: plan, journal and signatures go beside the report that they follow from, signed, so that an auditor
//! reads what was found, planned, approved, done and seen.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::plan::contents;
use super::settings;
use crate::action::sign;
use crate::bundle::{RECEIPT, RECEIPT_PREDICATE, REMEDIATION};
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::report::write_file;
use crate::seal::{self, Envelope, Signer, Statement};

/// Copies the files into `remediation/` of the bundle and signs their digests.
pub(super) async fn add(
    bundle: &Path,
    plan: &Path,
    journal: &Path,
    insecure: bool,
    config: &Config,
    env: &Env,
) -> Result<(), Error> {
    let folder = bundle.join(REMEDIATION);
    let failed = |source| Error::Output { target: folder.display().to_string().into(), source };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let signatures = sign::beside(plan);
    let mut files = vec![("plan.json", plan), ("plan.json.journal", journal)];
    if signatures.is_file() {
        files.push(("plan.json.dsse.json", &signatures));
    }
    let mut digests = BTreeMap::new();
    for (name, file) in files {
        let bytes = contents(file)?;
        digests.insert(name.to_owned(), seal::sha256(&bytes));
        write_file(&folder.join(name), |out| out.write_all(&bytes))?;
    }
    let Some(key) = &config.signing.key else { return Ok(()) };
    let signer = Signer::open(key, insecure, settings::of(config), env).await?;
    let statement = Statement::new(&digests, RECEIPT_PREDICATE, json!({ "report": crate::bundle::REPORT }));
    let mut envelope = Envelope::new(serde_json::to_vec(&statement).map_err(|error| failed(error.into()))?);
    envelope.sign(&signer).await?;
    let text = envelope.to_json().map_err(failed)?;
    write_file(&folder.join(RECEIPT), |out| out.write_all(text.as_bytes()))
}
