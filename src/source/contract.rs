//! What every source is to a run: which rights its data sets take, and two waves of reading. A run loops over sources and knows
//! none of them; what one source has to know from another it reads from the evidence.

use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::evidence::{Error, Scope, Stop, Writer};
use crate::model::Cause;

/// A data set (the name of its table), and the right that reading it takes by its exact name. One may stand there twice.
pub type Permissions = &'static [(&'static str, &'static str)];

/// One system that is read. It never judges and never writes to its system.
///
/// Errors are only what the evidence file itself refuses: everything else becomes a gap.
#[async_trait(?Send)]
pub trait Source {
    /// What somebody who waits is told is being read: `Microsoft Entra`.
    fn name(&self) -> &'static str;

    /// The right that each data set takes.
    fn permissions(&self) -> Permissions;

    /// The first wave: what can be asked for without the evidence of others. The sources of this wave run side by side.
    ///
    /// # Errors
    /// What the evidence file refuses.
    async fn inventory(&self) -> Result<(), Error>;

    /// The second wave: what depends on what the evidence names by now. The sources of this wave run one after the other
    /// in the order of their list, since each may name more.
    ///
    /// # Errors
    /// What the evidence file refuses.
    async fn follow_up(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// Where a system cannot be asked at all, each of its data sets is a gap that says what would change that.
///
/// # Errors
/// What the evidence file refuses.
pub async fn not_collected(out: &Writer, name: &str, permissions: Permissions, why: &Cause) -> Result<(), Error> {
    let tables: BTreeSet<&'static str> = permissions.iter().map(|(table, _)| *table).collect();
    let tables: Vec<&'static str> = tables.into_iter().collect();
    let scope = Scope { name: name.into(), person: None, needs: String::new() };
    out.dataset(&tables, &scope, async |_| Err(Stop::Gap(why.clone()))).await.map(drop)
}
