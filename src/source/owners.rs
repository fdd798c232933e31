//! To whom the personal tokens belong that were seen on runner hosts and in containers, as the evidence names them by now.
//! It asks nobody.

use std::collections::BTreeSet;

use crate::evidence::{Error, Writer};

/// Whose a personal token is, as whoever found it names its owner.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// The system: `entra`, `mail`, `github` …
    pub kind: String,
    /// The immutable id there.
    pub id: Option<String>,
    /// The name there.
    pub name: Option<String>,
}

/// The owners of the personal tokens that runners can read, and of those that definitions of containers hold.
///
/// # Errors
/// When the evidence cannot be read.
pub(super) fn named(out: &Writer) -> Result<BTreeSet<Named>, Error> {
    let sql = "SELECT owner_kind, owner_id, owner_name FROM sighting
               WHERE holder IN ('person', 'either') AND owner_kind IS NOT NULL AND runner IS NOT NULL
               UNION
               SELECT owner_kind, owner_id, owner_name FROM azure_literal
               WHERE holder IN ('person', 'either') AND owner_kind IS NOT NULL";
    let named = |row: &rusqlite::Row<'_>| Ok(Named { kind: row.get(0)?, id: row.get(1)?, name: row.get(2)? });
    Ok(out.select(sql, named)?.into_iter().collect())
}
