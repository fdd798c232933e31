//! `leaver archive list|verify`: what is kept, and whether the chain of reports has no hole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::verify::{lines, trust};
use super::{output, settings};
use crate::archive::{Archive, Entry, Error as ArchiveError};
use crate::bundle::{self, Outcome, State, Trust};
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
            None => "broken off: it has no manifest, so it counts as absent".to_owned(),
        };
        text.push_str(&format!("{}  {}  {state}\n", called(&entry), entry.written_at));
    }
    env.console.print(&text).map_err(output)?;
    Ok(Exit::Clean)
}

/// Puts a bundle to the place that its report names, where a run could not.
///
/// # Errors
/// When the report names no place, the place is taken, or the archive cannot be written.
pub async fn put(bundle: &Path, config: &Config, env: &Env) -> Result<Exit, Error> {
    let found = bundle::verify(bundle, &Trust::default())?;
    let name = visible(&bundle.display().to_string());
    let Some(report) = found.report else {
        return Err(bundle::Error::NoBundle(bundle.display().to_string().into()).into());
    };
    let Some(place) = report.archive else {
        let what =
            format!("the report in {name} names no place in an archive: none could be asked for when it was signed");
        return Err(Error::usage(
            what,
            "audit again while the archive can be reached; this bundle stays valid as it is",
        ));
    };
    let archive = Archive::open(&config.archive, settings::of(config), env)?;
    let next = archive.next(&place.organization).await?;
    if next != place {
        let what = format!("{}/{:06} is not the next place any more", place.organization, place.number);
        return Err(Error::usage(
            what,
            "other reports were archived since; audit again, so that the report names the one before it",
        ));
    }
    archive.put(&place, bundle).await?;
    env.console.note(&format!("archived as {}/{:06}", place.organization, place.number));
    Ok(Exit::Clean)
}

/// What an archive has to hold besides what is in it.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Manifest digests of reports that were the newest once.
    pub heads: Vec<String>,
    /// The number that the newest report has at least.
    pub at_least: Option<u32>,
}

/// Verifies every bundle, that each follows the one before it, and that what is expected is there.
///
/// # Errors
/// When there is no archive, or it cannot be read.
pub async fn verify(
    keys: &[PathBuf],
    tsa_root: Option<&Path>,
    expected: &Expected,
    config: &Config,
    env: &Env,
) -> Result<Exit, Error> {
    let archive = Archive::open(&config.archive, settings::of(config), env)?;
    let trust = trust(keys, tsa_root)?;
    let mut by_organization: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in archive.entries().await? {
        by_organization.entry(entry.organization.clone()).or_default().push(entry);
    }
    let mut seen = Seen { holds: !by_organization.is_empty(), ..Seen::default() };
    let mut text = if seen.holds { String::new() } else { "the archive is empty\n".to_owned() };
    for entries in by_organization.values() {
        let mut before = None;
        for entry in entries {
            let Some(manifest) = archive.manifest(&entry.organization, entry.number).await? else {
                text.push_str(&format!("{}  broken off: it has no manifest, so it counts as absent\n", called(entry)));
                continue;
            };
            let outcomes = one(&archive, entry, before.as_ref(), &trust, env).await?;
            text.push_str(&seen.entry(entry, &outcomes));
            seen.manifests.insert(manifest.clone());
            before = Some((entry.number, manifest));
        }
        if let Some((number, manifest)) = before {
            let organization = entries.first().map_or_else(String::new, |entry| visible(&entry.organization));
            text.push_str(&format!("{organization}  head {number:06} {manifest}\n"));
            seen.newest = seen.newest.max(number);
        }
    }
    text.push_str(&seen.missing(expected));
    text.push_str(&format!("changes forbidden  {}\n", archive.immutability()));
    text.push_str(if seen.holds { "verified\n" } else { "NOT verified\n" });
    env.console.print(&text).map_err(output)?;
    Ok(if seen.holds { Exit::Clean } else { Exit::Unverified })
}

/// What was seen of the whole archive.
#[derive(Default)]
struct Seen {
    holds: bool,
    manifests: BTreeSet<String>,
    newest: u32,
}

impl Seen {
    fn entry(&mut self, entry: &Entry, outcomes: &[Outcome]) -> String {
        let failed: Vec<Outcome> = outcomes.iter().filter(|one| one.state == State::Failed).cloned().collect();
        self.holds &= failed.is_empty();
        format!("{}  {}\n{}", called(entry), if failed.is_empty() { "ok" } else { "FAILED" }, lines(&failed))
    }

    /// What is expected and not there.
    fn missing(&mut self, expected: &Expected) -> String {
        let heads = expected.heads.iter().filter(|head| !self.manifests.contains(&head.to_lowercase()));
        let mut missing: Vec<String> = heads
            .map(|head| format!("no report has the manifest {}: it is missing or was replaced\n", visible(head)))
            .collect();
        if let Some(number) = expected.at_least.filter(|number| *number > self.newest) {
            missing.push(format!("the newest report is number {}, and number {number} has to be there\n", self.newest));
        }
        self.holds &= missing.is_empty();
        missing.concat()
    }
}

/// Checks one bundle, and the link to `before`: the number and manifest of the one that precedes it.
async fn one(
    archive: &Archive,
    entry: &Entry,
    before: Option<&(u32, String)>,
    trust: &Trust,
    env: &Env,
) -> Result<Vec<Outcome>, Error> {
    let failed = |detail: String| Outcome { name: "chain", state: State::Failed, detail };
    let mut outcomes = Vec::new();
    let folder = tempfile::Builder::new().prefix(".leaver-").tempdir_in(env.beside(None));
    let folder = folder.map_err(|error| ArchiveError::Unusable(error.to_string().into()))?;
    archive.fetch(entry, folder.path()).await?;
    let previous = before.map(|(_, manifest)| manifest.clone());
    let found = bundle::verify(folder.path(), &Trust { previous, ..trust.clone() })?;
    let place = found.report.as_ref().and_then(|report| report.archive.as_ref());
    let here = place.is_some_and(|place| place.organization == entry.organization && place.number == entry.number);
    if !here {
        outcomes.push(failed("the report there belongs to another place".to_owned()));
    }
    let named = place.and_then(|place| place.previous.as_ref()).map(|previous| previous.number);
    let last = before.map(|(number, _)| *number);
    if let Some(number) = named.filter(|number| Some(*number) != last) {
        outcomes.push(failed(format!("number {number} is missing, and this one follows it")));
    }
    outcomes.extend(found.outcomes);
    Ok(outcomes)
}

fn called(entry: &Entry) -> String {
    format!("{}/{:06}", visible(&entry.organization), entry.number)
}
