//! Which store an archive lies in: a directory, or a container of Azure Blob Storage.

use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use url::Url;

use super::{Archive, Error};
use crate::api::{NoContainer, Settings, container};
use crate::config;
use crate::env::Env;

pub(super) fn open(config: &config::Archive, settings: Settings, env: &Env) -> Result<Archive, Error> {
    let url = config.url.as_ref().ok_or(Error::Setting("there is no archive"))?.url();
    if url.scheme() == "file" {
        return directory(url);
    }
    let store = container(url, config.account.as_deref(), settings, env).map_err(|error| match error {
        NoContainer::Account => Error::Setting("[archive] account is missing"),
        NoContainer::Unusable(text) => Error::Unusable(text),
    })?;
    let immutability = "unknown: look for an immutability policy of the container";
    Ok(Archive { store, prefix: Path::from(url.path()), immutability, directory: None })
}

fn directory(url: &Url) -> Result<Archive, Error> {
    let path = url.to_file_path().map_err(|()| Error::Setting("the archive is no local directory"))?;
    let store = LocalFileSystem::new_with_prefix(&path)?;
    let immutability = "none: whoever may write to the directory may change it";
    Ok(Archive { store: Arc::new(store), prefix: Path::default(), immutability, directory: Some(path) })
}
