//! The plan: what would be changed, in which order, what only people can do, and what is never done. Version 1.
//! It reads no network and sends nothing.

mod before;
mod compose;
mod draft;
mod hand;
mod verify;

use self::compose::Composed;
pub(super) use self::compose::{account, compose, is_own, undo as undone};
pub use self::draft::{Draft, Selection, draft};
pub(super) use self::verify::targets;
pub use self::verify::{Fault, parse, recompute};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::route::{Disposition, Request, State};
use crate::report::{Digest, Tool};
use crate::text::Untrusted;

/// What would be changed because of one report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this layout.
    pub schema: Version,
    /// When it was made, in UTC.
    pub created_at: String,
    /// When it may no longer be applied.
    pub expires_at: String,
    /// The tenant that it belongs to; null: the configuration named none.
    pub tenant: Option<String>,
    /// The program that made it.
    pub tool: Tool,
    /// The report that it follows from.
    pub report: Digest,
    /// The evidence of that report.
    pub evidence: Digest,
    /// The checks of that report.
    pub checks: Digest,
    /// Whom it is about.
    pub people: Vec<Person>,
    /// In the order in which they are made.
    pub changes: Vec<Change>,
    /// What no service lets a program do.
    pub manual: Vec<Manual>,
    /// What is never done.
    pub refused: Vec<Refused>,
}

/// The version of the layout of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Version {
    /// Version 1.
    #[serde(rename = "leaver.plan/1")]
    V1,
}

/// One person, as the report saw them. Somebody who came back since is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// `entra:user/<object id>`.
    pub id: String,
    /// The user principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upn: Option<Untrusted>,
    /// Whether the account was enabled; absent: the evidence does not say, or there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// The instant at which the last day is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// Accounts elsewhere, by immutable id: `github:user/<number>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
}

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Stable over plans: a hash of action and subject.
    pub id: String,
    /// The action.
    pub action: String,
    /// What it does, in words.
    pub does: String,
    /// `graph`, `arm`, `github`.
    pub service: String,
    /// Whose it is; null: nobody's, or several people's.
    pub person: Option<String>,
    /// Typed immutable id of the object.
    pub subject: String,
    /// The findings that it closes.
    pub findings: Vec<String>,
    /// What that is.
    pub closes: Closes,
    /// The permission that it needs.
    pub needs: String,
    /// How the object was. It is touched only if it still is.
    #[schemars(with = "std::collections::BTreeMap<String, Value>")]
    pub before: State,
    /// How it is then: `absent`, or properties. `later` stands for a time after the one before.
    pub after: Value,
    /// What is sent.
    pub request: Request,
    /// Whom it may surprise.
    pub disposition: Disposition,
    /// What breaks.
    pub breaks: Vec<String>,
    /// How it is undone; null: there is nothing that could come back.
    pub undo: Option<Undone>,
    /// The same as a command.
    pub command: String,
    /// Where a person finds it.
    pub portal: String,
}

/// What a change closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closes {
    /// How many findings.
    pub findings: usize,
    /// The checks that they are of.
    pub checks: Vec<String>,
    /// The reach that ends with it, in the words of the findings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reach: Vec<Untrusted>,
}

/// How a change is undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Undone {
    /// By a request.
    Request(Request),
    /// By a person.
    Manual {
        /// What to do.
        manual: String,
    },
}

/// A step that a person takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// The finding.
    pub finding: String,
    /// The check that it is of.
    pub check: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Typed id of the object.
    pub subject: Untrusted,
    /// Why no program does it.
    pub why: String,
    /// What to do.
    #[serde(rename = "do")]
    pub todo: Untrusted,
    /// The command, with every id filled in; null: there is none.
    pub command: Option<String>,
    /// What uses it, where the evidence tells: it needs something else first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used_by: Vec<Untrusted>,
    /// A unified diff; null: there is none.
    pub patch: Option<Untrusted>,
    /// Where a person finds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
}

/// What is never done, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The finding.
    pub finding: String,
    /// The check that it is of.
    pub check: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Typed id of the object.
    pub subject: Untrusted,
    /// Why not, and what helps.
    pub why: String,
}

impl Plan {
    /// The person of a change.
    pub fn person(&self, id: Option<&str>) -> Option<&Person> {
        self.people.iter().find(|person| Some(person.id.as_str()) == id)
    }

    /// The JSON Schema of this type.
    pub fn json_schema() -> Value {
        schemars::schema_for!(Plan).to_value()
    }
}

impl Person {
    /// The object id in Entra.
    pub fn object_id(&self) -> Option<&str> {
        self.id.strip_prefix("entra:user/")
    }
}

/// The first 16 digits of SHA-256 over action and subject, each behind its length.
pub(super) fn change_id(action: &str, subject: &str) -> String {
    let mut hasher = Sha256::new();
    for part in [action, &subject.to_lowercase()] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
