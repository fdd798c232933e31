//! The words of `leaver posture`.

use std::path::PathBuf;

use clap::Args;

use super::options::{DeliveryArgs, Files};
use crate::run::posture::Request;

#[derive(Debug, Args)]
pub(super) struct PostureArgs {
    /// Who left: the list of HR, as for `leaver sweep`. Without it the directory tells.
    #[arg(long, value_name = "FILE")]
    leavers: Option<PathBuf>,
    /// Calls each server that the inventory names once, directly and without a token: an answer is a finding. Without it no
    /// server is called.
    #[arg(long)]
    probe: bool,
    /// Writes beside what was found the Terraform, policy or query that would satisfy the item. It is never applied.
    #[arg(long)]
    fix_hints: bool,
    /// Keeps the evidence in this file.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(super) evidence: Option<PathBuf>,
    #[command(flatten)]
    pub(super) files: Files,
    #[command(flatten)]
    pub(super) delivery: DeliveryArgs,
}

impl PostureArgs {
    pub(super) fn request(&self) -> Request {
        Request { probe: self.probe, fix_hints: self.fix_hints, leavers: self.leavers.clone() }
    }
}
