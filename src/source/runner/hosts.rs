//! Runner hosts as a source of a run: scans that were made there are taken in, and the registered runners are held against them.

use std::path::PathBuf;

use async_trait::async_trait;

use super::registered::{Lists, reconcile};
use crate::env::Env;
use crate::evidence::{Error, Writer};
use crate::source::{Permissions, Source};

/// The scans of a run.
pub struct Hosts<'a> {
    /// Files that `leaver scan` wrote.
    pub scans: &'a [PathBuf],
    /// What lists of runners there are.
    pub lists: Lists<'a>,
    /// The evidence of the run.
    pub out: &'a Writer,
    /// The moment that the run judges by.
    pub env: &'a Env,
}

#[async_trait(?Send)]
impl Source for Hosts<'_> {
    fn name(&self) -> &'static str {
        "runner hosts"
    }

    fn permissions(&self) -> Permissions {
        &[]
    }

    async fn inventory(&self) -> Result<(), Error> {
        super::include(self.out, self.scans, self.env).await
    }

    async fn follow_up(&self) -> Result<(), Error> {
        reconcile(self.out, self.lists, self.env.now).await
    }
}
