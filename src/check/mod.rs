//! Loads checks, runs them in the sandbox on sealed evidence, turns rows into findings.
//! It never reads the network; it can only read evidence.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Finding, Gap, Severity, Verdict};

/// One check: one file below `checks/`.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its path below `checks/` without `.sql`: `1-consents/gateway-grant`.
    pub id: String,
    /// The folder: `1-consents`.
    pub step: String,
    /// The bad state, in words.
    pub title: String,
    /// How bad, unless a row says otherwise.
    pub severity: Severity,
    /// Why it matters.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// The remediation that fits, by name.
    pub action: Option<String>,
    /// True: no further row of evidence could undo a fail.
    pub monotone: bool,
    /// Control ids by framework.
    pub controls: BTreeMap<String, Vec<String>>,
    /// Numbers that the query takes as `:name`.
    pub params: BTreeMap<String, i64>,
    /// The SELECT.
    pub sql: String,
    /// The whole file, for `leaver explain`.
    pub text: String,
}

/// What one check concluded from one evidence file.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The check.
    pub check: Arc<Check>,
    /// Its conclusion.
    pub verdict: Verdict,
    /// The evidence tables that it read.
    pub tables: Vec<String>,
    /// How many objects those tables hold.
    pub examined: i64,
    /// What could not be looked at, in a stable order.
    pub gaps: Vec<Gap>,
    /// Rows that did not pass, in a stable order.
    pub findings: Vec<Finding>,
}
