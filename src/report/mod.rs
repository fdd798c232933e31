//! The one [`Report`] value: what a run concluded, version 1. Every format only renders it.
//! Fields may be added within a version, never renamed or removed.

mod activity;
mod build;
pub mod csv;
pub mod drift;
mod gaps;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
mod objects;
pub mod ocsf;
pub mod oscal;
mod output;
mod redact;
pub mod sarif;
mod story;
pub mod terminal;
mod waived;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Head;
use crate::check::waiver::Used;
use crate::model::{Exit, Finding, Gap, Grade, Param, Severity, Verdict};
use crate::text::Untrusted;

pub use drift::{Baseline, Drift, Programme};
pub use output::{Format, Output, Target, create_file, emit, examine, may_write, plain, write_file};
pub use words::who;

/// What a run concluded, and from what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this layout.
    pub schema: Version,
    /// The program that judged.
    pub tool: Tool,
    /// What kind of run it was, and when.
    pub run: Run,
    /// The conclusion of all steps together.
    pub verdict: Verdict,
    /// Who read the services. Empty: nobody was asked, or the evidence is older than this field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
    /// Whom it is about.
    pub people: Vec<Person>,
    /// The conclusions, step by step. A step without checks is absent.
    pub steps: Vec<Step>,
    /// The calls around each person, day by day. Empty: no log was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activity: Vec<Activity>,
    /// The same conclusions by control: evidence for an auditor, no statement about compliance.
    #[serde(default)]
    pub controls: Vec<Framework>,
    /// What was asked for, and whether all of it came.
    pub coverage: Vec<Coverage>,
    /// The waivers that the run was given: those that applied, and those that did not. Absent: it was given none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waivers: Option<Used>,
    /// The hardening checklist, item by item. Empty: the fence was not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checklist: Vec<Item>,
    /// What changed since an earlier report; absent: it was compared with none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
    /// The state of the programme; only of a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub programme: Option<Programme>,
    /// What to do first: the head of the plan that `leaver plan` makes of this report. Absent: nothing can be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Head>,
    /// The evidence file that was judged.
    pub evidence: Digest,
    /// The checks that judged it.
    pub checks: Digest,
    /// Set: this is a copy without personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redacted: Option<Redacted>,
    /// The id of the key whose signature is in `attestation.dsse.json` beside this report; absent: nobody signed it, so
    /// nothing proves that it is what leaver wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Its place in the archive of its organisation; absent: it was not archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Place>,
}

/// The place of a report in the archive of its organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// What the archive calls the organisation.
    pub organization: String,
    /// Counted from 1.
    pub number: u32,
    /// The report before this one; absent: this is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// The report before another one in an archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Previous {
    /// Its number.
    pub number: u32,
    /// SHA-256 of its manifest, in hexadecimal.
    pub sha256: String,
}

/// The version of the layout of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Version {
    /// Version 1.
    #[serde(rename = "leaver.report/1")]
    V1,
}

/// A program and its version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// `leaver`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// One run. All times are in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// What kind of run.
    pub mode: Mode,
    /// When judging started.
    pub started_at: String,
    /// When judging was over.
    pub finished_at: String,
    /// The moment that the evidence is about and that checks judge by.
    pub now: String,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<Untrusted>,
}

/// What kind of run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Somebody who has left.
    Audit,
    /// Somebody whose last day is still to come: what is found has to be gone by then.
    Rehearsal,
    /// The fence itself: gateway, policies, alerts, networks.
    Posture,
    /// All leavers.
    Sweep,
}

/// When a report was made.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// When judging started.
    pub started_at: Timestamp,
    /// When judging was over.
    pub finished_at: Timestamp,
}

/// The identity that read one service, by the word of the service or of its own token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reader {
    /// The service.
    pub service: String,
    /// Its host.
    pub host: String,
    /// The typed id of the identity; absent: its token does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Untrusted>,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// How it signed in.
    pub sign_in: String,
    /// The immutable id of the tenant or organisation that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<Untrusted>,
    /// What that is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm_name: Option<Untrusted>,
    /// Roles, scopes or permissions; absent: nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Untrusted>,
}

/// One person whom the run is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// `entra:user/<object id>`.
    pub id: String,
    /// As it was before a deletion mangled it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<Untrusted>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// A date; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_day: Option<String>,
    /// The instant at which the last day is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// Whether the last day is still to come.
    pub rehearsal: bool,
    /// The accounts and names.
    pub identities: Vec<Identity>,
    /// Who says that they left: list, entra-disabled, entra-deleted, entra-leave-date, github-removed, devops-removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// The conclusion for this person alone, and what concerns everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// From the end of the last day to the first report in which nothing was open; null until then.
    #[serde(default)]
    pub hours_to_clean: Option<i64>,
    /// Of the days 1, 7, 30 and 90 after the last one, those that have passed without a report since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub due: Vec<u32>,
}

/// One account or name of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Identity {
    /// `entra`, `upn`, `mail`, `github`, `devops`.
    pub kind: Untrusted,
    /// The immutable id in that system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Untrusted>,
    /// The name there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// How it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Untrusted>,
    /// How well it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<Grade>,
}

/// One step of the off-boarding checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// The folder of its checks.
    pub step: String,
    /// In words.
    pub title: String,
    /// The conclusion of its checks together.
    pub verdict: Verdict,
    /// Its checks.
    pub checks: Vec<Check>,
}

/// What one check concluded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// Its path below the folder of checks.
    pub id: String,
    /// The bad state that it looks for.
    pub title: Untrusted,
    /// The item of the hardening checklist that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// What a pass proves; absent: the check does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proven: Option<Untrusted>,
    /// Why that is bad.
    pub why: Untrusted,
    /// What to do about it.
    pub fix: Untrusted,
    /// How bad, unless a finding says otherwise.
    pub severity: Severity,
    /// Its conclusion.
    pub verdict: Verdict,
    /// How many objects it looked at.
    pub examined: i64,
    /// The evidence tables that those objects are in.
    pub tables: Vec<String>,
    /// What it could not look at.
    pub gaps: Vec<Gap>,
    /// What it found.
    pub findings: Vec<Finding>,
    /// What would satisfy its item, as text to adapt; only where it was asked for. It is never applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix_hint: Option<Untrusted>,
    /// The controls that it is evidence for, by framework.
    pub controls: BTreeMap<String, Vec<String>>,
    /// The values that its parameters had.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Param>,
}

/// One item of the hardening checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Item {
    /// `hardening/4`, `isolation/ingress`.
    pub item: String,
    /// What it asks for.
    pub title: String,
    /// What its checks concluded together.
    pub verdict: Verdict,
    /// Those checks.
    pub checks: Vec<String>,
}

/// The calls around one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Activity {
    /// `entra:user/<object id>`.
    pub person: String,
    /// The time zone of the days: the organisation's, or UTC if that is not configured.
    pub timezone: String,
    /// Every day that was asked for, in order.
    pub days: Vec<Day>,
}

/// One day in a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Day {
    /// The local date.
    pub date: String,
    /// Calls by the person's own account or name.
    pub own: i64,
    /// Calls by everything else that the person can act through.
    pub others: i64,
    /// Whether the logs can tell about the whole day. If not, there may have been more calls.
    pub state: State,
    /// Whether the last day was over.
    pub after_last_day: bool,
}

/// The conclusions of a run by the controls of one framework.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Framework {
    /// As checks name it: `nist`.
    pub framework: String,
    /// Its name and edition.
    pub title: String,
    /// The controls that any check is evidence for.
    pub controls: Vec<Control>,
}

/// What there is to say about one control. Whether it is met is for an auditor to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Its number: `PS-4`.
    pub control: String,
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the checks that are evidence for it concluded together.
    pub verdict: Verdict,
    /// Those checks.
    pub checks: Vec<String>,
}

/// Where a copy without personal data came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Redacted {
    /// SHA-256 of the JSON report with the personal data, as `--format json=PATH` writes it.
    pub original: Digest,
}

/// One part of one data set: was all of it read?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// The evidence table.
    pub dataset: String,
    /// Which part of it.
    pub scope: Untrusted,
    /// The one person whom this concerns; absent: everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Whether all of it was read.
    pub state: State,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
    /// Requests sent.
    pub requests: i64,
    /// Pages read.
    pub pages: i64,
    /// Objects seen.
    pub objects: i64,
    /// When the first request was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_at: Option<String>,
    /// When the last request was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_at: Option<String>,
}

/// Whether all of a data set was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All of it.
    Complete,
    /// Not all, or nothing.
    Incomplete,
}

/// The digest of a file or a set of files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Digest {
    /// SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Report {
    /// What the process ends with.
    pub fn exit_code(&self) -> Exit {
        self.verdict.into()
    }

    /// The checks of all steps.
    pub fn checks(&self) -> impl Iterator<Item = &Check> + Clone {
        self.steps.iter().flat_map(|step| &step.checks)
    }

    /// The JSON Schema of this type.
    pub fn json_schema() -> serde_json::Value {
        schemars::schema_for!(Report).to_value()
    }
}
