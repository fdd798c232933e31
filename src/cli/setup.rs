//! The words of `setup` and `doctor`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::options::CheckArgs;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::run;

#[derive(Debug, Args)]
pub(super) struct SetupArgs {
    /// Writes the leaver.toml that is printed at the end to this file.
    #[arg(short = 'o', long, value_name = "FILE", conflicts_with = "check")]
    write: Option<PathBuf>,
    /// Replaces that file if it is there.
    #[arg(long, requires = "write")]
    force: bool,
    /// Asks each service whether it is enough, as `leaver doctor` does.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    doctor: DoctorArgs,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Only what this check, or the checks of this step, need. Repeatable; without it all of them count.
    #[arg(long, value_name = "CHECK|STEP")]
    only: Vec<String>,
    /// For people or for machines.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,
    #[command(flatten)]
    folders: CheckArgs,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

impl SetupArgs {
    pub(super) async fn run(self, config: &Config, env: &Env) -> Result<Exit, Error> {
        if self.check {
            return run::doctor::doctor(&self.doctor.into(), config, env).await;
        }
        let DoctorArgs { only, format, folders } = self.doctor;
        let json = format == Form::Json;
        let request = run::setup::Request { only, checks: folders.checks, write: self.write, force: self.force, json };
        run::setup::setup(&request, config, env).await
    }
}

impl From<DoctorArgs> for run::doctor::Request {
    fn from(args: DoctorArgs) -> run::doctor::Request {
        run::doctor::Request { only: args.only, checks: args.folders.checks, json: args.format == Form::Json }
    }
}
