//! A bundle in the making: a directory with a temporary name beside the final one. Dropping it removes it.
//! A crash at any moment leaves what was there before, or the whole new bundle.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::digest::digests;
use super::list::list;
use super::{Digests, EVIDENCE, Error, MANIFEST, RENDERER, REPORTS, SEALS, manifest, named};
use crate::evidence::Evidence;
use crate::file;
use crate::partial;
use crate::report::{Report, write_file};

/// A bundle in the making.
pub struct Draft {
    directory: partial::Folder,
    target: PathBuf,
    force: bool,
}

impl Draft {
    /// Whether a bundle may be written to `target`: nothing is there, or a bundle and `force`.
    ///
    /// # Errors
    /// When it may not.
    pub fn may_write(target: &Path, force: bool) -> Result<(), Error> {
        match fs::read_dir(target).map(|mut entries| entries.next().is_none()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Ok(true) => Ok(()),
            Ok(false) if force => match list(target).map_err(|source| Error::file(target, source))? {
                listing if listing.faults.is_empty() => Ok(()),
                _ => Err(Error::NotABundle(named(target))),
            },
            Ok(false) | Err(_) => Err(Error::Taken(named(target))),
        }
    }

    /// Starts a bundle that will be `target`.
    ///
    /// # Errors
    /// When it may not be written there, or the directory above is missing or read-only.
    pub fn create(target: &Path, force: bool) -> Result<Draft, Error> {
        Draft::may_write(target, force)?;
        let directory = partial::Folder::new(parent(target)).map_err(|source| Error::file(target, source))?;
        Ok(Draft { directory, target: target.to_owned(), force })
    }

    /// Writes the report in all its forms, the evidence and the manifest; returns the digests of all of them.
    ///
    /// # Errors
    /// When a file cannot be written, or the evidence is not what the report is about.
    pub fn fill(&self, report: &Report, evidence: &Evidence) -> Result<Digests, crate::error::Error> {
        // Of a round before this one, for another place in the archive.
        for name in SEALS {
            let _ = fs::remove_file(self.path(name));
        }
        for (name, format) in REPORTS {
            write_file(&self.path(name), |out| format.write(report, out))?;
        }
        let failed = |source| Error::file(&self.target, source);
        copy(evidence.location(), &self.path(EVIDENCE)).map_err(failed)?;
        let names = REPORTS.iter().map(|(name, _)| *name).chain([EVIDENCE]);
        let mut all = digests(self.directory.path(), names).map_err(failed)?;
        if all.get(EVIDENCE).map(String::as_str) != Some(evidence.sha256()) {
            let what = "the evidence changed while it was read".to_owned();
            return Err(Error::Broken { path: named(evidence.path()), what }.into());
        }
        let text = manifest(RENDERER, &all);
        self.add(MANIFEST, text.as_bytes())?;
        all.insert(MANIFEST.to_owned(), crate::seal::sha256(text.as_bytes()));
        Ok(all)
    }

    /// Writes one more file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, name: &str, content: &[u8]) -> Result<(), crate::error::Error> {
        write_file(&self.path(name), |out| io::Write::write_all(out, content))
    }

    /// Gives the bundle its name, in one step.
    ///
    /// # Errors
    /// When something else took the name meanwhile. What is there then stays as it is.
    pub fn commit(self) -> Result<(), Error> {
        let failed = |source| Error::file(&self.target, source);
        sync(self.directory.path()).map_err(failed)?;
        Draft::may_write(&self.target, self.force)?;
        let from = self.directory.path();
        match fs::rename(from, &self.target) {
            Ok(()) => self.directory.keep(),
            // Only an empty directory is replaced by a rename. Now `from` is the old bundle, and goes with the draft.
            Err(_) if self.force => exchange(from, &self.target).map_err(failed)?,
            Err(source) => return Err(failed(source)),
        }
        sync(parent(&self.target)).map_err(failed)
    }

    /// Where it is until it has its name.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

fn exchange(new: &Path, old: &Path) -> io::Result<()> {
    if renameat_with(CWD, new, CWD, old, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // A file system that cannot exchange: for an instant the old bundle has only its other name.
    let aside = new.with_extension("old");
    fs::rename(old, &aside)?;
    match fs::rename(new, old) {
        Ok(()) => fs::remove_dir_all(&aside),
        Err(error) => {
            fs::rename(&aside, old)?;
            Err(error)
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut out = fs::OpenOptions::new().write(true).create(true).truncate(true).open(to)?;
    io::copy(&mut file::open(from)?, &mut out)?;
    out.set_permissions(fs::Permissions::from_mode(0o600))?;
    out.sync_all()
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn parent(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
