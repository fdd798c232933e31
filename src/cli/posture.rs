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
        Request { leavers: self.leavers.clone(), ..Request::default() }
    }
}
