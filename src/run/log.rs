//! Step 4 of a run: the records of everybody in reach, out of the workspaces and out of exported logs.

use std::fs;
use std::path::PathBuf;

use jiff::ToSpan;

use super::progress::Progress;
use super::{DAYS, Intake};
use crate::api::ReadApi;
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::evidence;
use crate::source::Collector;
use crate::source::logs::import::{Request, Window, import};
use crate::source::logs::live;

/// Refuses exported logs that are not there, before anything is asked of anybody.
pub(super) fn examine(inputs: &[PathBuf]) -> Result<(), Error> {
    for input in inputs {
        let name = input.display().to_string();
        if name.starts_with("az://") {
            let hint = "copy the container first, such as with `azcopy copy`, and give the folder";
            return Err(Error::usage(format!("{name}: a container cannot be read in place"), hint));
        }
        fs::metadata(input).map_err(|source| Error::Input { path: name.into(), source })?;
    }
    Ok(())
}

/// Reads the workspaces, and the exported logs. Whoever gives a log and configures no workspace asks only the log.
pub(super) async fn collect(
    logs: &Collector,
    arm: &ReadApi,
    config: &Config,
    intake: &Intake,
    progress: &Progress,
    env: &Env,
) -> Result<(), evidence::Error> {
    let callers = logs.out.callers()?;
    if intake.logs.is_empty() || !config.logs.workspaces.is_empty() {
        let question = live::Question { logs: &config.logs, callers: &callers, now: env.now };
        live::collect(logs, arm, &question).await?;
    }
    if intake.logs.is_empty() {
        return Ok(());
    }
    let days = config.logs.days.map_or(DAYS, |days| i64::from(days.get()));
    let from = env.now.checked_sub((days * 24).hours()).unwrap_or(env.now);
    let request = Request {
        inputs: &intake.logs,
        callers: &callers,
        columns: &config.logs.columns,
        table: config.logs.table.as_ref().map(|table| table.as_str()),
        window: Window { from, until: env.now },
        zone: config.logs.timezone.clone(),
        full_parse: intake.full_parse,
        threads: 0,
        seed: env.seed,
        progress: &|read, of| progress.read(read, of),
    };
    let imported = import(&logs.out, request).await?;
    env.console.note(&imported.to_string());
    Ok(())
}
