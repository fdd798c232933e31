//! Loads checks, runs them in the sandbox on sealed evidence, turns rows into findings.
//! It never reads the network; it can only read evidence.

mod cases;
pub mod control;
mod explain;
pub mod file;
mod finding;
mod gap;
pub mod item;
mod judge;
mod load;
mod place;
pub mod waiver;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use self::cases::{Failure, Summary};
pub use self::judge::{POSTURE, by_person, judge, judge_waived};
pub use self::load::{Checks, Entry};
pub use self::place::Refused;
pub use crate::evidence::sandbox::Limits;
use crate::model::{Finding, Gap, Param, Severity, Verdict};

/// Why checks cannot be loaded, found or run at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Check files that cannot be used.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused(Vec<Refused>),
    /// A folder of checks that cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The file or folder, as it may be printed.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// An id that no check has.
    #[error("there is no check `{id}`{}", hint(near))]
    NoSuchCheck {
        /// What was asked for, as it may be printed.
        id: String,
        /// The ids that look like it, nearest first.
        near: Vec<String>,
    },
    /// A parameter that the check does not have, or not as such a value.
    #[error("{what}")]
    NotTunable {
        /// What is wrong, as it may be printed.
        what: String,
        /// What to write instead.
        hint: String,
    },
    /// Evidence that does not say as of when it is to be judged.
    #[error("{path} does not say when it was collected: its meta table has no valid `now`")]
    NoTime {
        /// The evidence file.
        path: String,
    },
    /// Evidence that cannot be read.
    #[error(transparent)]
    Evidence(#[from] crate::evidence::Error),
    /// SQLite cannot even set up an empty database: a bug or no memory.
    #[error("the sandbox for checks cannot be set up: {0}")]
    Sandbox(#[source] rusqlite::Error),
}

fn hint(near: &[String]) -> String {
    if near.is_empty() {
        "; `leaver checks list` shows all".to_owned()
    } else {
        format!("; did you mean {}?", near.join(", "))
    }
}

/// One check: one file below `checks/`.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// Its path below `checks/` without `.sql`: `1-consents/gateway-grant`.
    pub id: String,
    /// The folder: `1-consents`.
    pub step: String,
    /// The bad state, in words.
    pub title: String,
    /// What a pass proves, in words; absent: nobody wrote it down.
    pub proven: Option<String>,
    /// How bad, unless a row says otherwise.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// The item of the hardening checklist that it is about: `hardening/4`, `isolation/ingress`.
    pub item: Option<String>,
    /// The remediation that fits, by name.
    pub action: Option<String>,
    /// True: no further row of evidence could undo a fail.
    pub monotone: bool,
    /// The table without a row of which the question does not arise.
    pub applies: Option<String>,
    /// True: a fail says that something is not visible, which is no ground for changing anything.
    pub unseen: bool,
    /// Control ids by framework.
    pub controls: BTreeMap<String, Vec<String>>,
    /// What the query takes as `:name`: the check's own values, or those of the configuration.
    pub params: BTreeMap<String, Param>,
    /// The SELECT.
    pub sql: String,
    /// The whole file, for `leaver explain`.
    pub text: String,
}

/// What one check concluded from one evidence file.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The check.
    pub check: Arc<Check>,
    /// Its conclusion.
    pub verdict: Verdict,
    /// The evidence tables that it read.
    pub tables: Vec<String>,
    /// How many objects those tables hold.
    pub examined: i64,
    /// Rows that passed; a check need not return any.
    pub passed: usize,
    /// What could not be looked at, in a stable order.
    pub gaps: Vec<Gap>,
    /// Rows that did not pass, in a stable order.
    pub findings: Vec<Finding>,
}
