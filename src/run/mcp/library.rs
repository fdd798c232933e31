//! The reports of an archive, read once each. Nothing is written but a copy in a temporary folder while one is verified.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::archive::{Archive, Entry};
use crate::bundle::{self, State, Trust};
use crate::env::Env;
use crate::report::Report;
use crate::seal::sha256;

/// How many reports are read at most, the newest first.
const MOST: usize = 500;

/// One sealed report and what it is known by.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) organization: String,
    pub(super) number: u32,
    /// SHA-256 of `report.json`.
    pub(super) sha256: String,
    /// SHA-256 of its manifest, which names every file of the bundle.
    pub(super) manifest: String,
    pub(super) report: Report,
}

/// An archive, and whose signatures count.
pub(super) struct Library {
    archive: Archive,
    pub(super) trust: Trust,
    env: Env,
    /// By the digest of the manifest: a report that was read is not read again.
    read: Mutex<BTreeMap<String, Arc<Sealed>>>,
}

impl Library {
    pub(super) fn new(archive: Archive, trust: Trust, env: &Env) -> Library {
        Library { archive, trust, env: env.clone(), read: Mutex::default() }
    }

    /// All reports that are whole, by organisation, the newest first.
    pub(super) async fn reports(&self) -> Result<Vec<Arc<Sealed>>, String> {
        let told = |error: crate::archive::Error| format!("{error}; {}", error.hint());
        let mut entries = self.archive.entries().await.map_err(told)?;
        entries.sort_by(|one, other| one.organization.cmp(&other.organization).then(other.number.cmp(&one.number)));
        let mut all = Vec::new();
        for entry in entries.iter().take(MOST) {
            all.extend(self.one(entry).await.map_err(told)?);
        }
        Ok(all)
    }

    async fn one(&self, entry: &Entry) -> Result<Option<Arc<Sealed>>, crate::archive::Error> {
        let Some(manifest) = self.archive.manifest(&entry.organization, entry.number).await? else { return Ok(None) };
        if let Some(known) = self.read.lock().await.get(&manifest) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(bytes) = self.archive.report(entry).await? else { return Ok(None) };
        let Ok(report) = serde_json::from_slice::<Report>(&bytes) else { return Ok(None) };
        let sealed = Arc::new(Sealed {
            organization: entry.organization.clone(),
            number: entry.number,
            sha256: sha256(&bytes),
            manifest: manifest.clone(),
            report,
        });
        self.read.lock().await.insert(manifest, Arc::clone(&sealed));
        Ok(Some(sealed))
    }

    /// Verifies one report of the archive.
    pub(super) async fn verify(&self, organization: &str, number: u32) -> Result<Value, String> {
        let told = |error: crate::archive::Error| format!("{error}; {}", error.hint());
        let entries = self.archive.entries().await.map_err(told)?;
        let entry = entries.iter().find(|entry| entry.organization == organization && entry.number == number);
        let entry = entry.ok_or("the archive holds no such report; `leavers` names those that there are")?;
        let folder =
            tempfile::tempdir_in(self.env.beside(None)).map_err(|error| format!("no temporary folder: {error}"))?;
        self.archive.fetch(entry, folder.path()).await.map_err(told)?;
        verify(folder.path(), &self.trust)
    }
}

/// Verifies a bundle in a folder.
pub(super) fn verify(folder: &Path, trust: &Trust) -> Result<Value, String> {
    if !folder.join(bundle::REPORT).is_file() {
        return Err(
            "there is no bundle: a bundle is a directory that `--bundle DIR` made, with report.json in it".to_owned()
        );
    }
    let found = bundle::verify(folder, trust).map_err(|error| error.to_string())?;
    let checks: Vec<Value> = found
        .outcomes
        .iter()
        .map(|one| {
            let state = match one.state {
                State::Ok => "ok",
                State::Failed => "failed",
                State::Absent => "absent",
            };
            json!({ "name": one.name, "state": state, "detail": { "untrusted": one.detail } })
        })
        .collect();
    let report = std::fs::symlink_metadata(folder.join(bundle::REPORT)).ok();
    let bytes = report.and_then(|_| crate::file::read(&folder.join(bundle::REPORT), LARGEST).ok());
    Ok(json!({
        "verified": found.holds(),
        "checks": checks,
        "report_sha256": bytes.map(|bytes| sha256(&bytes)),
        "manifest_sha256": found.manifest,
        "keys_given": trust.keys.len(),
    }))
}

/// The largest report whose digest is told.
const LARGEST: u64 = 1 << 30;
