//! The archive: bundles of every organisation, numbered, each naming the one before it, put once and never written again.
//! It moves bytes; whether a bundle holds is the business of [`crate::bundle`].

mod folder;
mod remote;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path as Folder, PathBuf};
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

use crate::api::Settings;
use crate::bundle::{MANIFEST, REPORT};
use crate::config;
use crate::env::Env;
use crate::model::Exit;
use crate::report::{Place, Previous};
use crate::seal::sha256;
use crate::text::{Untrusted, capped};
use crate::token;

/// The largest error text of a store that is kept.
const DETAIL: usize = 300;

/// Why the archive cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The configuration does not say enough.
    #[error("{0}")]
    Setting(&'static str),
    /// Something is already there under that name.
    #[error("the archive already holds {}", .0.terminal())]
    Taken(Untrusted),
    /// The store does not let us.
    #[error("the archive refuses: {}", .0.terminal())]
    Denied(Untrusted),
    /// The store does not answer, or not as it should.
    #[error("the archive cannot be used: {}", .0.terminal())]
    Unusable(Untrusted),
}

impl Error {
    /// The next step.
    pub fn hint(&self) -> &'static str {
        match self {
            Error::Setting(_) => "set [archive] url = \"file:///directory\", or \"az://container/prefix\" with account",
            Error::Taken(_) => "other runs were always faster; audit again, so that the report names the one before it",
            Error::Denied(_) => "sign in as somebody with the role Storage Blob Data Contributor on the container",
            Error::Unusable(_) => "check that the directory or container is there and can be reached",
        }
    }

    /// What the process ends with.
    pub fn exit_code(&self) -> Exit {
        match self {
            Error::Setting(_) => Exit::Usage,
            Error::Taken(_) | Error::Denied(_) | Error::Unusable(_) => Exit::Failed,
        }
    }
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Error {
        let text = token::scrub(&error.to_string()).to_string();
        let text = Untrusted::from(capped(&text, DETAIL).into_owned());
        match error {
            object_store::Error::AlreadyExists { path, .. } => Error::Taken(path.into()),
            object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
                Error::Denied(text)
            }
            _ => Error::Unusable(text),
        }
    }
}

/// Where bundles are kept.
pub struct Archive {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    immutability: &'static str,
    /// Where the archive is a directory, an entry gets its name as a whole.
    directory: Option<PathBuf>,
}

/// One bundle in an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub organization: String,
    /// Counted from 1.
    pub number: u32,
    /// The names of its files and how large each is.
    pub files: BTreeMap<String, u64>,
    /// When its last file was written, by the store's clock.
    pub written_at: String,
}

impl Archive {
    /// Opens the archive that the configuration names. Nothing is asked yet.
    ///
    /// # Errors
    /// When the configuration does not say enough, or names a directory that is not there.
    pub fn open(config: &config::Archive, settings: Settings, env: &Env) -> Result<Archive, Error> {
        store::open(config, settings, env)
    }

    /// What is known of whether the store forbids changes.
    pub fn immutability(&self) -> &'static str {
        self.immutability
    }

    /// The place of the next report of an organisation: behind every number that is there, after the last report that is
    /// whole. A number whose run broke off counts as taken and holds nothing.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn next(&self, organization: &str) -> Result<Place, Error> {
        let organization = plain(organization);
        let numbers = self.numbers(&organization).await?;
        if self.directory.is_none()
            && let Some(newest) = numbers.last()
        {
            self.await_writer(&organization, *newest).await?;
        }
        let mut previous = None;
        for number in numbers.iter().rev() {
            if let Some(sha256) = self.manifest(&organization, *number).await? {
                previous = Some(Previous { number: *number, sha256 });
                break;
            }
        }
        let number = numbers.last().map_or(0, |newest| *newest).saturating_add(1);
        Ok(Place { organization, number, previous })
    }

    /// Puts a bundle to its place: as a whole where that can be, else the manifest last, so that a place with a manifest
    /// is whole.
    ///
    /// # Errors
    /// [`Error::Taken`] when somebody else was there first; nothing is ever overwritten.
    pub async fn put(&self, place: &Place, bundle: &Folder) -> Result<(), Error> {
        match &self.directory {
            Some(directory) => folder::put(directory, place, bundle),
            None => self.upload(place, bundle).await,
        }
    }

    /// Everything that is there, by organisation and number.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn entries(&self) -> Result<Vec<Entry>, Error> {
        use futures_util::TryStreamExt;
        let mut all: BTreeMap<(String, u32), Entry> = BTreeMap::new();
        let mut objects = self.store.list(Some(&self.prefix));
        while let Some(object) = objects.try_next().await? {
            let Some(parts) = object.location.prefix_match(&self.prefix) else { continue };
            let parts: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
            let [organization, number, name] = parts.as_slice() else { continue };
            let Some(number) = number_of(number) else { continue };
            let key = (organization.clone(), number);
            let entry = all.entry(key).or_insert_with(|| Entry {
                organization: organization.clone(),
                number,
                files: BTreeMap::new(),
                written_at: String::new(),
            });
            entry.files.insert(name.clone(), object.size);
            let written = object.last_modified.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            entry.written_at = entry.written_at.clone().max(written);
        }
        Ok(all.into_values().collect())
    }

    /// SHA-256 of the manifest of a report; `None` where there is none, or one that says that the run broke off.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn manifest(&self, organization: &str, number: u32) -> Result<Option<String>, Error> {
        match self.store.get(&self.folder(organization, number).join(MANIFEST)).await {
            Ok(object) => {
                let content = object.bytes().await?;
                Ok((content != remote::BROKEN_OFF.as_bytes()).then(|| sha256(&content)))
            }
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The newest whole report of an organisation; `None`: there is none yet.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn last_report(&self, organization: &str) -> Result<Option<Vec<u8>>, Error> {
        let organization = plain(organization);
        let Some(previous) = self.next(&organization).await?.previous else { return Ok(None) };
        let path = self.folder(&organization, previous.number).join(REPORT);
        Ok(Some(self.store.get(&path).await?.bytes().await?.to_vec()))
    }

    /// The report of a bundle; `None`: it holds none.
    ///
    /// # Errors
    /// When the archive cannot be read.
    pub async fn report(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Error> {
        match self.store.get(&self.folder(&entry.organization, entry.number).join(REPORT)).await {
            Ok(object) => Ok(Some(object.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies a bundle into a directory.
    ///
    /// # Errors
    /// When the archive cannot be read or the directory not be written.
    pub async fn fetch(&self, entry: &Entry, into: &Folder) -> Result<(), Error> {
        use futures_util::StreamExt;
        use std::io::Write;
        let failed = |error: std::io::Error| Error::Unusable(error.to_string().into());
        for name in entry.files.keys() {
            let object = self.store.get(&self.folder(&entry.organization, entry.number).join(name.as_str())).await?;
            // A name from the store is one path segment, but it must not be one that leads elsewhere.
            let name = name.replace(['/', '\\'], "_");
            let mut file = fs::File::create_new(into.join(name.trim_start_matches(".."))).map_err(failed)?;
            let mut chunks = object.into_stream();
            while let Some(chunk) = chunks.next().await {
                file.write_all(&chunk?).map_err(failed)?;
            }
        }
        Ok(())
    }

    async fn numbers(&self, organization: &str) -> Result<BTreeSet<u32>, Error> {
        let folder = self.prefix.clone().join(organization);
        let found = self.store.list_with_delimiter(Some(&folder)).await?;
        let last = |path: &Path| number_of(path.filename()?);
        Ok(found.common_prefixes.iter().filter_map(last).collect())
    }

    fn folder(&self, organization: &str, number: u32) -> Path {
        self.prefix.clone().join(organization).join(format!("{number:06}"))
    }
}

/// An organisation as a name in every store.
fn plain(organization: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' };
    let name: String = organization.chars().take(64).map(kept).collect();
    if name.is_empty() { "unknown".to_owned() } else { name }
}

fn number_of(text: &str) -> Option<u32> {
    (text.len() >= 6 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}
