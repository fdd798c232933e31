//! Exported logs by their names on the command line: files, folders, containers.

use std::fs;
use std::path::PathBuf;

use super::settings;
use crate::api::{NoContainer, container};
use crate::config::{ArchiveUrl, Config};
use crate::env::Env;
use crate::error::Error;
use crate::source::logs::import::{Container, Input};

/// Refuses exported logs that are not there, before anything is asked of anybody else.
pub(super) async fn open(inputs: &[PathBuf], config: &Config, env: &Env) -> Result<Vec<Input>, Error> {
    let mut opened = Vec::new();
    for input in inputs {
        let name = input.display().to_string();
        opened.push(match name.starts_with("az://") {
            true => Input::Container(list(&name, config, env).await?),
            false => {
                fs::metadata(input).map_err(|source| Error::Input { path: name.into(), source })?;
                Input::Path(input.clone())
            }
        });
    }
    Ok(opened)
}

/// Refuses files that are not there.
pub(super) fn are_there(paths: &[PathBuf]) -> Result<(), Error> {
    paths.iter().try_for_each(|path| match fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(source) => Err(Error::Input { path: path.display().to_string().into(), source }),
    })
}

async fn list(name: &str, config: &Config, env: &Env) -> Result<Container, Error> {
    // It is not repeated: what is too much in it may be a signature.
    let wrong =
        || Error::usage("an address of --log names no container", "write az://CONTAINER or az://CONTAINER/FOLDER");
    let url = ArchiveUrl::try_from(name.to_owned()).map_err(|_| wrong())?;
    let url = url.url();
    let account = config.logs.account.as_deref();
    let store = container(url, account, settings::of(config), env).map_err(|error| {
        let hint = match error {
            NoContainer::Account => "name it in [logs] account, or in AZURE_STORAGE_ACCOUNT",
            NoContainer::Unusable(_) => "check [logs] account, [endpoints] storage and AZURE_STORAGE_KEY",
        };
        Error::usage(format!("{name}: {error}"), hint)
    })?;
    Container::list(url, store).await.map_err(|error| Error::Service {
        service: "Azure Blob Storage",
        what: "what is in the container",
        hint: "check the names of container and storage account; it takes the role Storage Blob Data Reader".into(),
        message: format!("{name}: {error}").into(),
    })
}
