//! The words that every module shares: severities, verdicts, gaps, findings, times.
//! No I/O and no judgement happens here.

use std::fmt;
use std::process::ExitCode;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Untrusted;

/// How bad a finding is, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info,
    /// Tidy up.
    Low,
    /// Reach that should not be there.
    Medium,
    /// Reach into systems that matter.
    High,
    /// Act today.
    Critical,
}

/// How it is known whose a thing is; `A` is the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Grade {
    /// The issuer said so: a live identity, an inventory with an owner.
    A,
    /// The control plane says who created it.
    B,
    /// An audit event names the actor.
    C,
    /// Only a name, a path or a text.
    D,
}

/// What one row of a check says of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Looked at and in order.
    Pass,
    /// A finding.
    Fail,
    /// The evidence does not tell.
    Unknown,
}

/// What a check, a step or the whole run concludes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Complete evidence, and nothing found in it.
    Pass,
    /// At least one finding.
    Fail,
    /// Nothing found, but something could not be looked at.
    Unknown,
    /// Found, and accepted by a named owner until a date.
    Waived,
    /// The question does not arise here.
    NotApplicable,
}

impl Verdict {
    /// The verdict of a group: findings win over unknown, unknown over pass.
    pub fn of(parts: impl IntoIterator<Item = Verdict>) -> Verdict {
        let mut all = Verdict::NotApplicable;
        for part in parts {
            if part.rank() > all.rank() {
                all = part;
            }
        }
        all
    }

    /// How much it weighs in a group: not applicable, pass, waived, unknown, fail.
    pub fn rank(self) -> u8 {
        match self {
            Verdict::NotApplicable => 0,
            Verdict::Pass => 1,
            Verdict::Waived => 2,
            Verdict::Unknown => 3,
            Verdict::Fail => 4,
        }
    }
}

/// Why something could not be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// No collector ran for it.
    NotCollected,
    /// A setting is missing, so nobody could ask.
    NotConfigured,
    /// The service refused: a permission is missing.
    Denied,
    /// The service offers this only with a licence that the tenant has not.
    Unlicensed,
    /// Signing in failed or ran out half-way.
    SignIn,
    /// Only a part came back: throttled, cut short, an item without its fields.
    Truncated,
    /// The service keeps a shorter history than the question needs.
    Retention,
    /// The service answered something that it should not, or not at all.
    Failed,
    /// The service has no way to ask.
    NotExposed,
    /// The identity of the person in that service is not known.
    Unresolved,
}

/// One thing that could not be looked at, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// Why.
    pub kind: GapKind,
    /// The evidence table that is incomplete.
    pub dataset: String,
    /// Which part of it: an organisation, a repository, a person.
    pub scope: Untrusted,
    /// The one person whom this concerns; absent: everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// The permission, licence or setting that is missing, by its exact name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<String>,
    /// What happened, in one clause, without any value that a service sent as a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Untrusted>,
    /// The next step.
    pub hint: String,
    /// Set: a named owner answers for it until a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
}

/// Somebody's word that a finding, or a thing that could not be looked at, is accepted until a day. Never a pass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// Who answers for it.
    pub owner: Untrusted,
    /// Why it is accepted.
    pub reason: Untrusted,
    /// The last day on which it holds, such as 2026-12-31 (UTC).
    pub expires: String,
}

/// A gap before it is known which data set it belongs to: what a collector raises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Why.
    pub kind: GapKind,
    /// The permission, licence or setting that is missing, by its exact name.
    pub needs: Option<String>,
    /// What happened, in one clause.
    pub detail: Option<Untrusted>,
}

impl Cause {
    /// A cause with a detail and nothing that is needed.
    pub fn new(kind: GapKind, detail: impl Into<Untrusted>) -> Cause {
        Cause { kind, needs: None, detail: Some(detail.into()) }
    }

    /// The same cause, naming what is missing.
    #[must_use]
    pub fn needing(mut self, needs: impl Into<String>) -> Cause {
        self.needs = Some(needs.into());
        self
    }
}

impl GapKind {
    /// The next step for a person who reads the report.
    pub fn hint(self, needs: Option<&str>) -> String {
        if let (GapKind::NotCollected | GapKind::Truncated, Some(step)) = (self, needs) {
            return step.to_owned();
        }
        let needs = needs.unwrap_or("what it needs");
        match self {
            GapKind::NotCollected => "collect again with a version and configuration that cover this data set".into(),
            GapKind::NotConfigured if needs.contains("GH_TOKEN") => format!("set {needs}, and run again"),
            GapKind::NotConfigured => format!("set {needs} in leaver.toml and run again"),
            GapKind::Denied => format!("grant {needs} to the identity that runs leaver, then run again"),
            GapKind::Unlicensed => format!("needs {needs}; without it this cannot be proven from here"),
            GapKind::SignIn => "sign in again and repeat the run; `leaver doctor` tells which sign-in is used".into(),
            GapKind::Truncated => "run again later, when the service is less busy".into(),
            GapKind::Retention => format!("keep the history longer: {needs}"),
            GapKind::Failed => "run again; if it stays, run with -vv and report it".into(),
            GapKind::NotExposed => "the service has no interface for this: look by hand".into(),
            GapKind::Unresolved => format!("tell leaver who this is: {needs}"),
        }
    }
}

/// One row of a check that did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Stable over runs: a hash of check, person and subject.
    pub id: String,
    /// `entra:user/<oid>`, absent for a finding about the tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Typed immutable id of the thing found, such as `entra:grant/<id>`.
    pub subject: Untrusted,
    /// `fail` or `unknown`.
    pub status: Status,
    /// How bad.
    pub severity: Severity,
    /// How it is known whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
    /// One clause that explains it.
    pub reason: Untrusted,
    /// Every other column that the check returned.
    pub facts: std::collections::BTreeMap<String, Untrusted>,
    /// Who did it, where a log says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Untrusted>,
    /// When it was last seen or done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<String>,
    /// The remediation that fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// False: more evidence could undo this finding, so no action accepts it.
    pub complete: bool,
    /// The controls that this is evidence for, by framework.
    pub controls: std::collections::BTreeMap<String, Vec<String>>,
    /// Set: a named owner accepts it until a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiver: Option<Waiver>,
    /// How it stands to an earlier report; absent: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<FindingDrift>,
}

/// How a finding stands to the report before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It was not there.
    New,
    /// It was there.
    Open,
    /// It had been fixed, and is there again.
    Reappeared,
}

/// The history of a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingDrift {
    /// How it stands to the report before.
    pub state: Change,
    /// The first report of the chain that has it without a break.
    pub since: String,
    /// When it had been seen fixed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixed_at: Option<String>,
}

impl Finding {
    /// What it counts as: a finding that an owner accepts is waived, whatever its status.
    pub fn verdict(&self) -> Verdict {
        match (&self.waiver, self.status) {
            (_, Status::Pass) => Verdict::Pass,
            (Some(_), _) => Verdict::Waived,
            (None, Status::Fail) => Verdict::Fail,
            (None, Status::Unknown) => Verdict::Unknown,
        }
    }
}

impl Gap {
    /// What it counts as: unknown, unless an owner answers for it.
    pub fn verdict(&self) -> Verdict {
        if self.waiver.is_some() { Verdict::Waived } else { Verdict::Unknown }
    }
}

/// What a parameter of a check holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "a whole number or a text")]
#[schemars(extend("type" = ["integer", "string"]))]
pub enum Param {
    /// A whole number.
    Integer(i64),
    /// A text.
    Text(String),
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Param::Integer(number) => number.fmt(f),
            Param::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

/// Formats an instant as every table of evidence stores it: UTC, whole seconds, sortable as text.
pub fn stamp(at: Timestamp) -> String {
    const SECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(0));
    SECONDS.timestamp_to_string(&at)
}

macro_rules! display_as_json_name {
    ($($type:ty),+) => {$(
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match serde_json::to_value(self) {
                    Ok(serde_json::Value::String(name)) => f.pad(&name),
                    _ => Err(fmt::Error),
                }
            }
        }
        impl $type {
            /// The value that is written this way in evidence, checks and reports.
            pub fn parse(name: &str) -> Option<$type> {
                serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
            }
        }
    )+};
}
display_as_json_name!(Severity, Grade, Status, Verdict, GapKind);
/// What the process ends with. Scripts depend on the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was looked at, nothing was found.
    Clean = 0,
    /// The tool failed.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// Findings.
    Findings = 3,
    /// Could not sign in at all.
    SignIn = 4,
    /// Nothing was found, but something could not be checked.
    Unknown = 5,
    /// A remediation was not carried out completely.
    Incomplete = 6,
    /// A seal does not verify.
    Unverified = 7,
    /// The report is there, but not signed, timestamped or archived as configured.
    Undelivered = 8,
    /// Ctrl-C.
    Cancelled = 130,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What the number tells, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Clean => "everything was checked and nothing was found",
            Exit::Failed => "the tool failed",
            Exit::Usage => "the command line or the configuration is wrong",
            Exit::Findings => "there are findings",
            Exit::SignIn => "could not sign in at all",
            Exit::Unknown => "nothing was found, but not everything could be checked",
            Exit::Incomplete => "the remediation is incomplete",
            Exit::Unverified => "the verification failed",
            Exit::Undelivered => "the report is not signed, timestamped or archived as configured",
            Exit::Cancelled => "cancelled",
        }
    }
}

impl From<Verdict> for Exit {
    /// A run in which no question arose has shown nothing, so it is not clean either.
    fn from(verdict: Verdict) -> Exit {
        match verdict {
            Verdict::Pass | Verdict::Waived => Exit::Clean,
            Verdict::Fail => Exit::Findings,
            Verdict::Unknown | Verdict::NotApplicable => Exit::Unknown,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
