//! `leaver archive list|verify`: what is kept, and whether the chain of reports has no hole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::verify::{lines, trust};
use super::{output, settings};
use crate::archive::{Archive, Entry, Error as ArchiveError};
use crate::bundle::{self, MANIFEST, Outcome, State, Trust};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::text::visible;

/// Prints what the archive holds.
///
/// # Errors
/// When there is no archive, or it cannot be read.
pub async fn list(config: &Config, env: &Env) -> Result<Exit, Error> {
    let archive = Archive::open(&config.archive, settings::of(config), env)?;
    let mut text = format!("changes forbidden  {}\n", archive.immutability());
    for entry in archive.entries().await? {
        let state = match archive.manifest(&entry.organization, entry.number).await? {
            Some(sha256) => format!("{} files, manifest {sha256}", entry.files.len()),
            None => "incomplete: it has no manifest".to_owned(),
        };
        text.push_str(&format!("{}  {}  {state}\n", called(&entry), entry.written_at));
    }
    env.console.print(&text).map_err(output)?;
    Ok(Exit::Clean)
}

/// Verifies every bundle and that each follows the one before it.
///
/// # Errors
/// When there is no archive, or it cannot be read.
pub async fn verify(keys: &[PathBuf], tsa_root: Option<&Path>, config: &Config, env: &Env) -> Result<Exit, Error> {
    let archive = Archive::open(&config.archive, settings::of(config), env)?;
    let trust = trust(keys, tsa_root)?;
    let mut by_organization: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in archive.entries().await? {
        by_organization.entry(entry.organization.clone()).or_default().push(entry);
    }
    let mut holds = !by_organization.is_empty();
    let mut text = if holds { String::new() } else { "the archive is empty\n".to_owned() };
    for entries in by_organization.values() {
        let mut before = None;
        for entry in entries {
            let (outcomes, manifest) = one(&archive, entry, before.as_ref(), &trust, env).await?;
            let fine = outcomes.iter().all(|outcome| outcome.state != State::Failed);
            holds &= fine;
            text.push_str(&format!("{}  {}\n", called(entry), if fine { "ok" } else { "FAILED" }));
            let failed: Vec<Outcome> = outcomes.into_iter().filter(|one| one.state == State::Failed).collect();
            text.push_str(&lines(&failed));
            before = Some((entry.number, manifest));
        }
    }
    text.push_str(&format!("changes forbidden  {}\n", archive.immutability()));
    text.push_str(if holds { "verified\n" } else { "NOT verified\n" });
    env.console.print(&text).map_err(output)?;
    Ok(if holds { Exit::Clean } else { Exit::Unverified })
}

/// Checks one bundle, and the link to `before`: the number and manifest of the one that precedes it.
async fn one(
    archive: &Archive,
    entry: &Entry,
    before: Option<&(u32, Option<String>)>,
    trust: &Trust,
    env: &Env,
) -> Result<(Vec<Outcome>, Option<String>), Error> {
    let failed = |detail: String| Outcome { name: "chain", state: State::Failed, detail };
    let mut outcomes = Vec::new();
    let last = before.map_or(0, |(number, _)| *number);
    if entry.number != last + 1 {
        outcomes.push(failed(format!("number {} is missing", last + 1)));
    }
    if !entry.files.contains_key(MANIFEST) {
        outcomes.push(failed("incomplete: it has no manifest".to_owned()));
        return Ok((outcomes, None));
    }
    let folder = tempfile::Builder::new().prefix(".leaver-").tempdir_in(env.beside(None));
    let folder = folder.map_err(|error| ArchiveError::Unusable(error.to_string().into()))?;
    archive.fetch(entry, folder.path()).await?;
    let previous = before.and_then(|(_, manifest)| manifest.clone());
    let found = bundle::verify(folder.path(), &Trust { previous, ..trust.clone() })?;
    let place = found.report.as_ref().and_then(|report| report.archive.as_ref());
    let here = place.is_some_and(|place| place.organization == entry.organization && place.number == entry.number);
    if !here {
        outcomes.push(failed("the report there belongs to another place".to_owned()));
    }
    outcomes.extend(found.outcomes);
    Ok((outcomes, found.manifest))
}

fn called(entry: &Entry) -> String {
    format!("{}/{:06}", visible(&entry.organization), entry.number)
}
