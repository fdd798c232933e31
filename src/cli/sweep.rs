//! The words of `leaver sweep`.

use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;

use super::options::{DeliveryArgs, Files};
use crate::run::sweep::Request;
use crate::source::github::Depth;

#[derive(Debug, Args)]
pub(super) struct SweepArgs {
    /// The list of leavers: CSV with a header, or a JSON array. Columns: upn, employee-id, object-id (one of these three),
    /// last-day, github. Without it the directory tells who left.
    #[arg(long, value_name = "FILE")]
    leavers: Option<PathBuf>,
    /// Since when the directory is asked who was deleted, disabled or left; 90 days ago without it. Beside --leavers it
    /// adds those to the list.
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,
    /// How much of GitHub is read: every repository, or only what the audit log and one inventory point to. Quick can find,
    /// but never clear.
    #[arg(long, value_enum, default_value_t, value_name = "DEPTH")]
    depth: Depth,
    /// Also looks whether the fence is standing: the step posture.
    #[arg(long)]
    posture: bool,
    /// Keeps the evidence in this file.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(super) evidence: Option<PathBuf>,
    #[command(flatten)]
    pub(super) files: Files,
    #[command(flatten)]
    pub(super) delivery: DeliveryArgs,
}

impl SweepArgs {
    pub(super) fn request(&self) -> Request {
        Request { leavers: self.leavers.clone(), since: self.since, depth: self.depth, posture: self.posture }
    }
}
