//! What is signed: in-toto statements about the files of a bundle. Documented in `docs/attestation.md`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::model::Verdict;
use crate::report::{Digest, Mode, Place, Reader, Report, Tool};

/// <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

/// The type of [`Audit`].
pub const PREDICATE: &str = "urn:leaver:attestation:audit:v1";

/// <https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md>
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";

/// A statement about some files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Value,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

impl Statement {
    /// Says `predicate` of the files whose SHA-256 are `digests`, by name.
    pub fn new(digests: &BTreeMap<String, String>, predicate_type: &str, predicate: Value) -> Statement {
        let one = |(name, sha256): (&String, &String)| Subject {
            name: name.clone(),
            digest: [("sha256".to_owned(), sha256.clone())].into(),
        };
        Statement {
            kind: STATEMENT.to_owned(),
            subject: digests.iter().map(one).collect(),
            predicate_type: predicate_type.to_owned(),
            predicate,
        }
    }

    /// Reads a statement of the type `predicate_type`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(bytes: &[u8], predicate_type: &str) -> Result<Statement, &'static str> {
        let statement: Statement = serde_json::from_slice(bytes).map_err(|_| "its payload is no in-toto statement")?;
        match statement.kind == STATEMENT && statement.predicate_type == predicate_type {
            true => Ok(statement),
            false => Err("its statement is of another type"),
        }
    }

    /// The SHA-256 of each file by name. A name that stands there twice makes the statement say nothing.
    pub fn digests(&self) -> Option<BTreeMap<String, String>> {
        let one = |subject: &Subject| Some((subject.name.clone(), subject.digest.get("sha256")?.clone()));
        let digests: Option<BTreeMap<_, _>> = self.subject.iter().map(one).collect();
        digests.filter(|digests| digests.len() == self.subject.len())
    }

    /// What is said.
    pub fn predicate(&self) -> &Value {
        &self.predicate
    }
}

/// What the attestation says of a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    /// The program that judged.
    pub tool: Tool,
    /// What kind of run.
    pub mode: Mode,
    /// The tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The conclusion of all steps together.
    pub verdict: Verdict,
    /// The conclusion of each step.
    pub steps: BTreeMap<String, Verdict>,
    /// Whom it is about, by immutable id.
    pub people: Vec<String>,
    /// Who read the services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub readers: Vec<Reader>,
    /// When the services were asked, and as of when was judged.
    pub window: Window,
    /// The checks that judged.
    pub checks: Digest,
    /// The evidence that was judged.
    pub evidence: Digest,
    /// The configuration file; absent: there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Digest>,
    /// Whether `attestation.tsr` stands beside the attestation.
    pub timestamped: bool,
    /// Its place in the archive of its organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Place>,
}

impl Audit {
    /// The JSON Schema of this type.
    pub fn json_schema() -> Value {
        schemars::schema_for!(Audit).to_value()
    }
}

/// The times of a run, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// The first answer of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_answer: Option<String>,
    /// The last answer of a service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_answer: Option<String>,
    /// The moment that checks judge by.
    pub now: String,
    /// When judging was over.
    pub finished: String,
}

/// What is said of a report.
pub fn audit(report: &Report, configuration: Option<&str>, timestamped: bool) -> Audit {
    let answers = || report.coverage.iter();
    Audit {
        tool: report.tool.clone(),
        mode: report.run.mode,
        tenant: report.run.tenant.as_ref().map(|tenant| tenant.raw().to_owned()),
        verdict: report.verdict,
        steps: report.steps.iter().map(|step| (step.step.clone(), step.verdict)).collect(),
        people: report.people.iter().map(|person| person.id.clone()).collect(),
        readers: report.readers.clone(),
        window: Window {
            first_answer: answers().filter_map(|part| part.first_at.clone()).min(),
            last_answer: answers().filter_map(|part| part.last_at.clone()).max(),
            now: report.run.now.clone(),
            finished: report.run.finished_at.clone(),
        },
        checks: report.checks.clone(),
        evidence: report.evidence.clone(),
        configuration: configuration.map(|sha256| Digest { sha256: sha256.to_owned() }),
        timestamped,
        archive: report.archive.clone(),
    }
}

/// The same for verifiers that know no leaver: the checks by their conclusion. Unknown is a warning, never a pass.
pub fn test_result(report: &Report) -> Value {
    let ids = |verdicts: &[Verdict]| -> Vec<&str> {
        report.checks().filter(|check| verdicts.contains(&check.verdict)).map(|check| check.id.as_str()).collect()
    };
    let result = match report.verdict {
        Verdict::Pass | Verdict::Waived => "PASSED",
        Verdict::Fail => "FAILED",
        Verdict::Unknown | Verdict::NotApplicable => "WARNED",
    };
    let input = |name: &str, digest: &Digest| json!({ "name": name, "digest": { "sha256": digest.sha256 } });
    json!({
        "result": result,
        "configuration": [input("checks", &report.checks), input("evidence.db", &report.evidence)],
        "passedTests": ids(&[Verdict::Pass, Verdict::Waived]),
        "warnedTests": ids(&[Verdict::Unknown]),
        "failedTests": ids(&[Verdict::Fail]),
    })
}
