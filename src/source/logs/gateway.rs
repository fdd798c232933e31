//! The log of the gateway as a source of a run: the records of everybody in reach, out of the workspaces and out of exports.

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};

use super::import::{Imported, Input, Request, Window, import};
use super::live;
use crate::api::ReadApi;
use crate::config::Logs;
use crate::evidence::Error;
use crate::source::{Collector, Permissions, Source};

/// The log as one run reads it.
pub struct GatewayLog<'a> {
    /// What reads the workspaces.
    pub reader: Collector,
    /// What says how long they keep their tables.
    pub arm: ReadApi,
    /// Which they are, and how their columns are called.
    pub logs: &'a Logs,
    /// How many days are asked for.
    pub days: i64,
    /// Exported logs.
    pub exported: &'a [Input],
    /// The moment that the run judges by.
    pub now: Timestamp,
    /// Seeds the hashes.
    pub seed: u64,
    /// Is told how many bytes of the exports were read, and of how many.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
    /// Is told what came of the exports.
    pub note: &'a dyn Fn(&Imported),
}

#[async_trait(?Send)]
impl Source for GatewayLog<'_> {
    fn name(&self) -> &'static str {
        "the log of the gateway"
    }

    fn permissions(&self) -> Permissions {
        live::PERMISSIONS
    }

    /// Whose records are wanted is known only when everybody in reach is.
    async fn inventory(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Whoever gives a log and configures no workspace asks only the log.
    async fn follow_up(&self) -> Result<(), Error> {
        let callers = self.reader.out.callers()?;
        if self.exported.is_empty() || !self.logs.workspaces.is_empty() {
            let question = live::Question { logs: self.logs, callers: &callers, now: self.now };
            live::collect(&self.reader, &self.arm, &question).await?;
        }
        if self.exported.is_empty() {
            return Ok(());
        }
        let from = self.now.checked_sub((self.days * 24).hours()).unwrap_or(self.now);
        let request = Request {
            inputs: self.exported,
            callers: &callers,
            columns: &self.logs.columns,
            table: self.logs.table.as_ref().map(|table| table.as_str()),
            window: Window { from, until: self.now },
            zone: self.logs.timezone.clone(),
            threads: 0,
            seed: self.seed,
            progress: self.progress,
        };
        (self.note)(&import(&self.reader.out, request).await?);
        Ok(())
    }
}
