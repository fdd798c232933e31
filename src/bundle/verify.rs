//! Says of a bundle what holds and what does not, offline. Only keys and roots from outside the bundle are trusted.

use std::path::Path;

use super::digest::{digests, read};
use super::list::{Listing, limit, list};
use super::seals::{Seals, short};
use super::{Digests, EVIDENCE, Error, MANIFEST, REPORT, SEALS, TIMESTAMP, manifest, renderer};
use crate::report::Report;
use crate::seal::timestamp::{self, Roots};
use crate::seal::{PublicKey, sha256};
use crate::text::visible;

/// What a verification trusts.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// Whoever signed.
    pub keys: Vec<PublicKey>,
    /// Whoever stamped the time.
    pub roots: Option<Roots>,
    /// The manifest digest of the report before this one.
    pub previous: Option<String>,
    /// Whether a signature of a key that was not given is refused.
    pub strict: bool,
}

/// Whether a directory holds a report or anything that proves one.
pub fn is_one(directory: &Path) -> bool {
    [REPORT, MANIFEST, SEALS[0]].iter().any(|name| directory.join(name).symlink_metadata().is_ok())
}

/// How one check of a bundle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It holds.
    Ok,
    /// It does not, or nobody could tell.
    Failed,
    /// There is nothing to check.
    Absent,
}

/// One check of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What was checked.
    pub name: &'static str,
    /// How it ended.
    pub state: State,
    /// Why; safe to print.
    pub detail: String,
}

impl Outcome {
    pub(super) fn new(name: &'static str, state: State, detail: impl Into<String>) -> Outcome {
        Outcome { name, state, detail: detail.into() }
    }

    /// Failed for these reasons, or fine with `detail`.
    pub(super) fn unless(name: &'static str, faults: &[String], detail: impl Into<String>) -> Outcome {
        match faults {
            [] => Outcome::new(name, State::Ok, detail),
            faults => Outcome::new(name, State::Failed, faults.join("; ")),
        }
    }
}

/// What a verification found.
#[derive(Debug)]
pub struct Verification {
    /// One per check, in the order in which they build on each other.
    pub outcomes: Vec<Outcome>,
    /// The report, if it can be read.
    pub report: Option<Report>,
    /// SHA-256 of the manifest: what the next report in an archive names.
    pub manifest: Option<String>,
}

impl Verification {
    /// Whether nothing failed.
    pub fn holds(&self) -> bool {
        self.outcomes.iter().all(|outcome| outcome.state != State::Failed)
    }
}

/// Checks a bundle.
///
/// # Errors
/// When the directory cannot be read at all.
pub fn verify(directory: &Path, trust: &Trust) -> Result<Verification, Error> {
    let failed = |source| Error::file(directory, source);
    let listing = list(directory).map_err(failed)?;
    let found = digests(directory, listing.subjects()).map_err(failed)?;
    let report = report(directory, &listing, &found);
    let seals = Seals::read(directory, &listing);
    let sealed = seals.as_ref().and_then(|seals| seals.as_ref().ok());
    let mut outcomes = vec![files(&listing, sealed), digest(directory, &found, sealed)];
    outcomes.extend(match &seals {
        None => unsigned(),
        Some(Err(why)) => broken(why),
        Some(Ok(seals)) => vec![
            signature(seals, &trust.keys, report.as_ref().ok()),
            key(seals, trust, report.as_ref().ok()),
            time(directory, &listing, seals, trust.roots.as_ref()),
        ],
    });
    outcomes.push(evidence(&report, &found));
    outcomes.push(chain(report.as_ref().ok(), sealed, trust.previous.as_deref()));
    outcomes.extend(super::receipt::check(directory, trust));
    Ok(Verification { outcomes, report: report.ok(), manifest: found.get(MANIFEST).cloned() })
}

fn report(directory: &Path, listing: &Listing, found: &Digests) -> Result<Report, String> {
    if !listing.has(REPORT) {
        return Err(format!("{REPORT} is missing"));
    }
    let bytes = read(&directory.join(REPORT), limit(REPORT).unwrap_or_default());
    let bytes = bytes.map_err(|error| format!("{REPORT}: {error}"))?;
    if found.get(REPORT) != Some(&sha256(&bytes)) {
        return Err(format!("{REPORT} changes while it is read"));
    }
    serde_json::from_slice(&bytes).map_err(|_| format!("{REPORT} is no report of this version"))
}

/// Nothing but what the attestation is about, and all of it.
fn files(listing: &Listing, seals: Option<&Seals>) -> Outcome {
    let mut faults = listing.faults.clone();
    if let Some(seals) = seals {
        let named = |name: &str| seals.digests.contains_key(name);
        faults.extend(listing.subjects().filter(|name| !named(name)).map(|name| format!("{name} is not attested")));
        let missing = seals.digests.keys().filter(|name| !listing.has(name));
        faults.extend(missing.map(|name| format!("{} is attested and missing", visible(name))));
        match (seals.audit.timestamped, listing.has(TIMESTAMP)) {
            (true, false) => faults.push(format!("{TIMESTAMP} is attested and missing")),
            (false, true) => faults.push(format!("{TIMESTAMP} is not attested")),
            _ => {}
        }
    } else {
        let stray = SEALS.iter().skip(1).filter(|name| listing.has(name));
        faults.extend(stray.map(|name| format!("{name} stands without an attestation")));
    }
    match (&seals, faults.is_empty()) {
        // Without an attestation nothing says which files there have to be.
        (None, true) => {
            let what = format!("{} files; nothing that is signed says which there have to be", listing.files.len());
            Outcome::new("files", State::Absent, what)
        }
        _ => Outcome::unless("files", &faults, format!("{} files, none missing and none extra", listing.files.len())),
    }
}

/// Every file is what the manifest and the attestation say.
fn digest(directory: &Path, found: &Digests, seals: Option<&Seals>) -> Outcome {
    let mut faults = Vec::new();
    let mut listed = found.clone();
    listed.remove(MANIFEST);
    let text = read(&directory.join(MANIFEST), limit(MANIFEST).unwrap_or_default());
    match text.as_deref() {
        Err(_) => faults.push(format!("{MANIFEST} cannot be read, so no file has a digest to be held against")),
        Ok(text) if renderer(text).is_none_or(|by| text != manifest(by, &listed).as_bytes()) => {
            faults.push(format!("{MANIFEST} does not fit the files"));
        }
        Ok(_) => {}
    }
    let changed = |(name, sha256): &(&String, &String)| {
        seals.is_some_and(|seals| seals.digests.get(*name).is_some_and(|attested| attested != *sha256))
    };
    faults.extend(found.iter().filter(changed).map(|(name, _)| format!("{name} is not the file that was signed")));
    Outcome::unless("digest", &faults, "every file has the digest that the manifest gives")
}

fn unsigned() -> Vec<Outcome> {
    let failed = |name| Outcome::new(name, State::Failed, "nobody signed this report");
    vec![failed("signature"), failed("key"), Outcome::new("time", State::Absent, "no timestamp")]
}

fn broken(why: &str) -> Vec<Outcome> {
    let failed = |name| Outcome::new(name, State::Failed, "cannot be checked");
    vec![Outcome::new("signature", State::Failed, visible(why)), failed("key"), failed("time")]
}

fn signature(seals: &Seals, keys: &[PublicKey], report: Option<&Report>) -> Outcome {
    let mut faults = seals.broken(keys);
    faults.extend(seals.halves());
    let signers = seals.signers();
    if let Some(key) = report.and_then(|report| report.signed_by.as_deref()) {
        let all = seals.envelopes.iter().all(|(_, envelope)| envelope.signatures.iter().any(|one| one.key == key));
        if !all {
            faults.push(format!("the report names the key {}, which has not signed", short(key)));
        }
    }
    if signers.iter().all(|id| !keys.iter().any(|key| key.id() == *id)) {
        faults.push("no given key is among the signers".to_owned());
    }
    // However often a key has signed, it is one signer.
    let count = signers.iter().filter(|id| keys.iter().any(|key| key.id() == **id)).count();
    Outcome::unless("signature", &faults, format!("{count} {}", if count == 1 { "signer" } else { "signers" }))
}

/// Keys that were not given are told; the one that the report names has to be among those that were.
fn key(seals: &Seals, trust: &Trust, report: Option<&Report>) -> Outcome {
    let (keys, strict) = (trust.keys.as_slice(), trust.strict);
    let author = report.and_then(|report| report.signed_by.as_deref());
    let is_authors = author.is_some_and(|id| keys.iter().any(|key| key.id() == id));
    let strangers = seals.strangers(keys);
    let known: Vec<String> =
        seals.signers().into_iter().filter(|id| keys.iter().any(|key| key.id() == *id)).map(short).collect();
    match (keys, strangers.is_empty()) {
        ([], _) => {
            let ids: Vec<String> = seals.signers().into_iter().map(short).collect();
            let what = format!("no key given; it claims to be signed by {}: give --key PUB", ids.join(", "));
            Outcome::new("key", State::Failed, what)
        }
        (_, true) => {
            let ids: Vec<String> = seals.signers().into_iter().map(short).collect();
            Outcome::new("key", State::Ok, format!("signed by the given {}", ids.join(" and ")))
        }
        (_, false) => {
            let strangers = strangers.join(", ");
            match known.is_empty() || strict || !is_authors {
                true => {
                    let what = format!("also signed by {strangers}: give its key with another --key");
                    Outcome::new("key", State::Failed, what)
                }
                false => {
                    let known = known.join(" and ");
                    let what = format!(
                        "signed by the given {known}; the signature of the unknown {strangers} was not checked"
                    );
                    Outcome::new("key", State::Ok, what)
                }
            }
        }
    }
}

fn time(directory: &Path, listing: &Listing, seals: &Seals, roots: Option<&Roots>) -> Outcome {
    let failed = |why: String| Outcome::new("time", State::Failed, visible(&why));
    let file = match Seals::timestamp(directory, listing) {
        None if seals.audit.timestamped => return failed(format!("{TIMESTAMP} is missing")),
        None => return Outcome::new("time", State::Absent, "no timestamp: only the signer says when"),
        Some(Err(why)) => return failed(why),
        Some(Ok(file)) => file,
    };
    let Some(roots) = roots else {
        return failed("there is a timestamp, and no root to check it with: give --tsa-root PEM".to_owned());
    };
    match timestamp::verify(&file, seals.stamped().unwrap_or_default(), roots) {
        Ok(at) => Outcome::new("time", State::Ok, format!("signed before {}", crate::model::stamp(at))),
        Err(why) => failed(why),
    }
}

fn evidence(report: &Result<Report, String>, found: &Digests) -> Outcome {
    match report {
        Err(why) => Outcome::new("evidence", State::Failed, visible(why)),
        Ok(report) if found.get(EVIDENCE) == Some(&report.evidence.sha256) => {
            Outcome::new("evidence", State::Ok, "the report is about the evidence beside it")
        }
        Ok(_) => Outcome::new("evidence", State::Failed, "the report is about other evidence"),
    }
}

/// Whether the report before this one is the one that was given.
fn chain(report: Option<&Report>, seals: Option<&Seals>, previous: Option<&str>) -> Outcome {
    let failed = |why: &str| Outcome::new("chain", State::Failed, why);
    let Some(report) = report else { return failed("cannot be checked") };
    if seals.is_some_and(|seals| seals.audit.archive != report.archive) {
        return failed("report and attestation name different places in the archive");
    }
    let named = report.archive.as_ref().and_then(|place| place.previous.as_ref());
    match (&report.archive, named, previous) {
        (None, _, None) => Outcome::new("chain", State::Absent, "the report was not archived"),
        (Some(place), None, None) => {
            let what = format!("number {}, the first of its organisation", place.number);
            Outcome::new("chain", State::Ok, what)
        }
        (Some(place), Some(named), None) => {
            let what = format!(
                "number {} follows number {} with manifest {}: give it with --previous to check",
                place.number,
                named.number,
                short(&named.sha256)
            );
            Outcome::new("chain", State::Absent, what)
        }
        (_, Some(named), Some(previous)) if named.sha256 == previous => {
            Outcome::new("chain", State::Ok, format!("follows number {}", named.number))
        }
        (_, Some(_), Some(_)) => failed("the report before this one is another than it names"),
        (_, None, Some(_)) => failed("it names no report before it"),
    }
}
