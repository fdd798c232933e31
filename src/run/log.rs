//! Step 4 of a run: the records of everybody in reach, out of the workspaces and out of exported logs.

use std::fs;
use std::path::PathBuf;

use jiff::ToSpan;

use super::progress::Progress;
use super::{DAYS, settings};
use crate::api::{NoContainer, ReadApi, container};
use crate::config::{ArchiveUrl, Config};
use crate::env::Env;
use crate::error::Error;
use crate::evidence;
use crate::source::Collector;
use crate::source::logs::import::{Container, Input, Request, Window, import};
use crate::source::logs::live;

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

/// Reads the workspaces, and the exported logs. Whoever gives a log and configures no workspace asks only the log.
pub(super) async fn collect(
    logs: &Collector,
    arm: &ReadApi,
    config: &Config,
    exported: &[Input],
    progress: &Progress,
    env: &Env,
) -> Result<(), evidence::Error> {
    let callers = logs.out.callers()?;
    if exported.is_empty() || !config.logs.workspaces.is_empty() {
        let question = live::Question { logs: &config.logs, callers: &callers, now: env.now };
        live::collect(logs, arm, &question).await?;
    }
    if exported.is_empty() {
        return Ok(());
    }
    let days = config.logs.days.map_or(DAYS, |days| i64::from(days.get()));
    let from = env.now.checked_sub((days * 24).hours()).unwrap_or(env.now);
    let request = Request {
        inputs: exported,
        callers: &callers,
        columns: &config.logs.columns,
        table: config.logs.table.as_ref().map(|table| table.as_str()),
        window: Window { from, until: env.now },
        zone: config.logs.timezone.clone(),
        threads: 0,
        seed: env.seed,
        progress: &|read, of| progress.read(read, of),
    };
    let imported = import(&logs.out, request).await?;
    env.console.note(&imported.to_string());
    Ok(())
}
