//! Reads one system each: call, normalise, insert. A source never judges and never writes to its system.

pub mod azure;
mod configured;
mod contract;
pub mod devops;
pub mod entra;
mod federated;
pub mod github;
mod lenient;
pub mod logs;
mod owners;
pub mod probe;
pub mod requests;
pub mod runner;

pub use self::configured::Configured;
pub use self::contract::{Permissions, Source, not_collected};
pub use self::owners::Named;

use crate::api::ReadApi;
use crate::evidence::{Error, Rows, Scope, Stop, Writer};
use crate::model::Cause;

/// What a source reads from and writes to.
#[derive(Clone)]
pub struct Collector {
    /// One service, read-only.
    pub api: ReadApi,
    /// The evidence of this run.
    pub out: Writer,
}

impl Collector {
    /// Reads one data set (see [`Writer::dataset`]) with an API handle whose requests are counted for it.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses.
    pub async fn dataset<F>(&self, tables: &[&'static str], scope: &Scope, fill: F) -> Result<Option<Cause>, Error>
    where
        F: AsyncFnOnce(&ReadApi, &mut Rows) -> Result<(), Stop>,
    {
        self.out
            .dataset(tables, scope, async |rows| {
                let api = self.api.counting(rows.tally());
                fill(&api, rows).await
            })
            .await
    }
}
