//! Waivers: a named owner's word that a finding, or a thing that could not be looked at, is accepted until a day.
//! A waiver never makes a pass, and one that does not fit is said. Reading the file is the caller's business.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use super::{Checks, Judgement};
use crate::evidence::Person;
use crate::model::{Finding, Gap, Waiver};
use crate::text::Untrusted;

/// One `[[waiver]]`: a finding by `check` and `subject`, or what could not be looked at by `scope`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WaiverEntry")]
pub struct Entry {
    /// The check that found it; beside a scope: only the gaps of this check.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// What was found, as the report writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Untrusted>,
    /// The data set that could not be read; without it all data sets of that scope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The one object that could not be looked at: a host, a repository, as the report writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Untrusted>,
    /// Only what concerns this person: an id or a user principal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Untrusted>,
    /// Who answers for it.
    pub owner: Untrusted,
    /// Why it is accepted.
    pub reason: Untrusted,
    /// The last day on which it holds (UTC).
    #[serde(deserialize_with = "day")]
    pub expires: String,
}

/// All entries of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waivers {
    entries: Vec<Entry>,
}

/// Why a file is no list of waivers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// What became of the waivers of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UsedWaivers")]
pub struct Used {
    /// Those that were applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<Entry>,
    /// Those that were not, and why.
    #[serde(default)]
    pub unapplied: Vec<Unapplied>,
}

/// A waiver that was not applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UnappliedWaiver")]
pub struct Unapplied {
    /// The check that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The subject that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Untrusted>,
    /// The data set that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    /// The scope that it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Untrusted>,
    /// Why.
    pub why: String,
}

/// The waivers that hold at a moment, with their people found.
#[derive(Debug, Default)]
pub(super) struct InForce {
    held: Vec<Held>,
    out: Vec<Unapplied>,
}

#[derive(Debug)]
struct Held {
    entry: Entry,
    /// Ids; empty: whoever it is.
    people: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    waiver: Vec<Spanned<Entry>>,
}

impl Waivers {
    /// Reads the text of a file, TOML with `[[waiver]]` tables.
    ///
    /// # Errors
    /// The first line that is no part of a waiver, or a waiver that lacks what it needs.
    pub fn parse(text: &str) -> Result<Waivers, Fault> {
        let line = |at: usize| text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let file: File = toml::from_str(text).map_err(|error| Fault {
            line: line(error.span().map_or(0, |span| span.start)),
            message: error.message().to_owned(),
        })?;
        let entry = |spanned: Spanned<Entry>| {
            let at = line(spanned.span().start);
            let entry = spanned.into_inner();
            entry.whole().map_err(|message| Fault { line: at, message: message.to_owned() }).map(|()| entry)
        };
        let entries = file.waiver.into_iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Waivers { entries })
    }

    /// Those that a report lists as applied, to judge its evidence again as then.
    pub fn again(used: &Used) -> Waivers {
        Waivers { entries: used.applied.clone() }
    }

    pub(super) fn in_force(&self, now: Timestamp, people: &[Person], checks: &Checks) -> InForce {
        let today = now.to_zoned(TimeZone::UTC).date();
        let mut force = InForce::default();
        for entry in &self.entries {
            match entry.held(today, people, checks) {
                Ok(people) => force.held.push(Held { entry: entry.clone(), people }),
                Err(why) => force.out.push(entry.unapplied(why)),
            }
        }
        force
    }
}

impl Entry {
    fn whole(&self) -> Result<(), &'static str> {
        let blank = |text: &Untrusted| text.raw().trim().is_empty();
        match (&self.check, &self.subject, &self.scope) {
            _ if blank(&self.owner) => Err("`owner` is empty: somebody has to answer for it"),
            _ if blank(&self.reason) => Err("`reason` is empty"),
            (_, Some(_), Some(_)) => Err("a waiver names a `subject` that was found or a `scope` that was not seen"),
            (Some(_), Some(_), None) if self.dataset.is_none() => Ok(()),
            (_, None, Some(_)) => Ok(()),
            _ => Err("a waiver needs `check` and `subject`, or `scope` (and perhaps `dataset`)"),
        }
    }

    /// The people whom it is about, if it holds today.
    fn held(&self, today: Date, people: &[Person], checks: &Checks) -> Result<BTreeSet<String>, &'static str> {
        let expires: Date = self.expires.parse().map_err(|_| "`expires` is no date")?;
        if expires < today {
            return Err("it has expired");
        }
        if let Some(check) = &self.check
            && !checks.iter().any(|entry| entry.check.id == *check)
        {
            return Err("there is no such check");
        }
        let Some(named) = self.person.as_ref().map(Untrusted::raw) else { return Ok(BTreeSet::new()) };
        let is_named = |person: &&Person| {
            let upn = person.upn.as_ref().map(|upn| upn.raw().to_lowercase());
            person.id == named || upn.is_some_and(|upn| upn == named.to_lowercase())
        };
        let ids: BTreeSet<String> = people.iter().filter(is_named).map(|person| person.id.clone()).collect();
        if ids.is_empty() { Err("nobody of this run is called so") } else { Ok(ids) }
    }

    fn unapplied(&self, why: &str) -> Unapplied {
        Unapplied {
            check: self.check.clone(),
            subject: self.subject.clone(),
            dataset: self.dataset.clone(),
            scope: self.scope.clone(),
            why: why.to_owned(),
        }
    }

    fn waiver(&self) -> Waiver {
        Waiver { owner: self.owner.clone(), reason: self.reason.clone(), expires: self.expires.clone() }
    }
}

impl Held {
    fn concerns(&self, person: Option<&str>) -> bool {
        self.people.is_empty() || person.is_some_and(|person| self.people.contains(person))
    }

    fn finding(&self, check: &str, finding: &Finding) -> bool {
        self.entry.subject.as_ref() == Some(&finding.subject)
            && self.entry.check.as_deref() == Some(check)
            && self.concerns(finding.person.as_deref())
    }

    fn gap(&self, check: &str, gap: &Gap) -> bool {
        self.entry.scope.as_ref() == Some(&gap.scope)
            && self.entry.dataset.as_ref().is_none_or(|dataset| *dataset == gap.dataset)
            && self.entry.check.as_ref().is_none_or(|named| named == check)
            && self.concerns(gap.person.as_deref())
    }
}

impl InForce {
    pub(super) fn of_finding(&self, check: &str, finding: &Finding) -> Option<Waiver> {
        self.held.iter().find(|held| held.finding(check, finding)).map(|held| held.entry.waiver())
    }

    pub(super) fn of_gap(&self, check: &str, gap: &Gap) -> Option<Waiver> {
        self.held.iter().find(|held| held.gap(check, gap)).map(|held| held.entry.waiver())
    }

    pub(super) fn used(&self, judgements: &[Judgement]) -> Used {
        let mut used = Used { applied: Vec::new(), unapplied: self.out.clone() };
        for held in &self.held {
            let applied = judgements.iter().any(|Judgement { check, findings, gaps, .. }| {
                findings.iter().any(|finding| held.finding(&check.id, finding))
                    || gaps.iter().any(|gap| gap.waiver.is_some() && held.gap(&check.id, gap))
            });
            match applied {
                true => used.applied.push(held.entry.clone()),
                false => used.unapplied.push(held.entry.unapplied("nothing of this run fits it")),
            }
        }
        used
    }
}

/// A date, as TOML writes one or as text.
fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let wrong = || serde::de::Error::custom("`expires` is a date such as 2026-12-31");
    let text = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(text) => text,
        toml::Value::Datetime(date) => date.to_string(),
        _ => return Err(wrong()),
    };
    text.parse::<Date>().map(|date| date.to_string()).map_err(|_| wrong())
}
