//! What lies in a bundle: names, kinds and sizes, held against what may lie there. No name from inside a file is ever opened.

use std::fs;
use std::io;
use std::path::Path;

use super::{EVIDENCE, MANIFEST, REMEDIATION, REPORTS, SEALS, TIMESTAMP};
use crate::text::visible;

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The files of a bundle, and what is there but must not be.
pub(super) struct Listing {
    /// Names of regular files that a bundle may hold, sorted.
    pub(super) files: Vec<String>,
    /// Everything else.
    pub(super) faults: Vec<String>,
}

/// How large a file of this name may be; `None`: no bundle holds such a file.
pub(super) fn limit(name: &str) -> Option<u64> {
    match name {
        MANIFEST => Some(64 * KIB),
        TIMESTAMP => Some(256 * KIB),
        EVIDENCE => Some(256 * GIB),
        name if SEALS.contains(&name) => Some(16 * MIB),
        // Only forms that can be derived again from the report.
        name => REPORTS.iter().any(|(report, _)| *report == name).then_some(512 * MIB),
    }
}

/// Looks into a directory.
pub(super) fn list(directory: &Path) -> io::Result<Listing> {
    let mut listing = Listing { files: Vec::new(), faults: Vec::new() };
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        // Not followed: a link is a fault, wherever it leads.
        let metadata = entry.metadata()?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // What was done later has a receipt of its own.
        if name == REMEDIATION && metadata.is_dir() {
            continue;
        }
        let fault = match limit(&name) {
            _ if metadata.is_symlink() => "is a link",
            None => "belongs to no bundle",
            _ if !metadata.is_file() => "is no file",
            Some(limit) if metadata.len() > limit => "is larger than such a file can be",
            Some(_) => {
                listing.files.push(name);
                continue;
            }
        };
        listing.faults.push(format!("{} {fault}", visible(&name)));
    }
    listing.files.sort();
    listing.faults.sort();
    for needed in REPORTS.iter().map(|(name, _)| *name).chain([EVIDENCE, MANIFEST]) {
        if !listing.has(needed) {
            listing.faults.push(format!("{needed} is missing"));
        }
    }
    Ok(listing)
}

impl Listing {
    pub(super) fn has(&self, name: &str) -> bool {
        self.files.iter().any(|file| file == name)
    }

    /// The files that the attestation is about.
    pub(super) fn subjects(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(|name| !SEALS.contains(name))
    }
}
