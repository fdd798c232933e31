//! What was seen, in one SQLite file per run: written once, sealed by its digest, then only read.
//! Nothing here judges, and nothing here knows a service.

mod activity;
mod federation;
mod foreign;
mod function;
mod key;
mod local;
mod once;
pub mod row;
mod rows;
pub mod sandbox;
mod sealed;
mod tool;
mod writer;

pub use activity::{Calls, Span};
pub use row::Row;
pub use rows::{Insert, Rows};
pub use sealed::{Coverage, Evidence, Person, Reader};
pub use writer::{Callers, Exchange, Scope, Stop, Tally, Writer};

/// The layout of an evidence file. Raised with every change of the tables or views.
pub const FORMAT: i64 = 7;

/// `LEAV`, in the header of every evidence file.
const APPLICATION_ID: i64 = 0x4C45_4156;

/// The tables and views, with their comments.
pub const SCHEMA: &str = concat!(
    include_str!("schema.sql"),
    "\n",
    include_str!("github.sql"),
    "\n",
    include_str!("devops.sql"),
    "\n",
    include_str!("posture.sql"),
    "\n",
    include_str!("views.sql")
);

/// Why an evidence file cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// SQLite refused: a full disk, a damaged page, a bug in an insert.
    #[error("{path}: {source}")]
    Database {
        /// The file.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It is some other file.
    #[error("{path} is not an evidence file of leaver")]
    Foreign {
        /// The file.
        path: String,
    },
    /// It is an evidence file with broken pages.
    #[error("{path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: String,
        /// What SQLite's own check found first.
        what: String,
    },
    /// The copy that is judged cannot be made.
    #[error("{path}: {source}, and evidence is copied there before it is read")]
    Scratch {
        /// Where temporary files go.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// It holds SQL that this program does not write.
    #[error("{path} is no evidence to judge by: {what} is not as leaver makes it")]
    Altered {
        /// The file.
        path: String,
        /// The first statement that is not ours.
        what: String,
    },
    /// It was written by an earlier version, whose statements are unknown here.
    #[error("{path} has evidence format {found}, this leaver reads {FORMAT}")]
    Older {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
    },
    /// It was written by a version that this one does not know.
    #[error("{path} has evidence format {found}, this leaver reads up to {FORMAT}")]
    Newer {
        /// The file.
        path: String,
        /// Its format.
        found: i64,
    },
}
