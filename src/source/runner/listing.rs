//! A scan as a list of credentials: equal values are one, with every place where they lie. What is a person's comes first, what
//! opens nothing any more last. It holds nothing that is not in the evidence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::evidence::row::Sighting;
use crate::text::Untrusted;
use crate::token::{self, Kinds};

/// One distinct value.
#[derive(Debug, Clone, Default)]
pub struct Credential {
    /// Keyed: equal values have equal ones, and nobody finds the value.
    pub fingerprint: String,
    /// A kind of token, or `<place>-secret`.
    pub kind: String,
    /// What its issuer calls it, where it has a shape.
    pub title: Option<String>,
    /// With what it dies: person, service, job, either.
    pub holder: String,
    /// low, medium, high.
    pub confidence: String,
    /// Whether its checksum or structure holds.
    pub verified: Option<bool>,
    /// Whose it is.
    pub owner: Option<Holder>,
    /// The variables, keys and headers that it stands under.
    pub names: BTreeSet<String>,
    /// Where it lies, in order.
    pub places: Vec<Place>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// Whether it has ended.
    pub is_expired: bool,
    /// What its issuer said of it.
    pub issuer_says: Option<String>,
}

/// Whose a credential is, and how that is known.
#[derive(Debug, Clone)]
pub struct Holder {
    /// The sort of account.
    pub kind: String,
    /// The immutable id.
    pub id: Option<Untrusted>,
    /// The name.
    pub name: Option<Untrusted>,
    /// How it is known.
    pub source: String,
    /// How well: A to D.
    pub grade: String,
}

/// Where a credential lies.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file.
    pub path: Untrusted,
    /// The line, counted from 1.
    pub line: Option<i64>,
    /// What the file is.
    pub what: String,
    /// The runner that can read it.
    pub runner: Option<Untrusted>,
}

impl Credential {
    /// Whether somebody could act with it as a person: such ones make a scan end with findings.
    pub fn is_personal(&self) -> bool {
        self.is_sure() && !self.is_expired && matches!(self.holder.as_str(), "person" | "either")
    }

    /// Whether it is more than a value under a secret name, or one whose checksum does not hold.
    pub fn is_sure(&self) -> bool {
        self.confidence != "low"
    }

    /// What makes it no leftover of a person, in a word.
    pub fn state(&self) -> &'static str {
        match (self.is_expired, self.holder.as_str()) {
            _ if self.kind == super::PUBLISHED => "published",
            (true, _) => "expired",
            (_, "job") => "job",
            (_, "service") => "service",
            _ if !self.is_sure() => "doubtful",
            _ => "personal",
        }
    }

    /// Personal ones first, those whose owner is known before the others; what is sure before what is not.
    fn rank(&self) -> impl Ord + use<> {
        let confidence = ["high", "medium"].iter().position(|sure| *sure == self.confidence).unwrap_or(2);
        let first = self.places.first().map(|place| (place.path.raw().to_owned(), place.line));
        (!self.is_personal(), self.is_expired, confidence == 2, self.owner.is_none(), confidence, first)
    }
}

/// The credentials of a scan, in the order in which they are shown.
pub(super) fn of(sightings: &[Sighting], kinds: &Kinds, now: Timestamp) -> Vec<Credential> {
    let mut all: BTreeMap<&str, Credential> = BTreeMap::new();
    for row in sightings {
        let known = all.entry(row.fingerprint.as_str()).or_insert_with(|| begin(row, kinds, now));
        known.places.push(Place {
            path: clean(&row.path),
            line: row.line,
            what: row.place.clone(),
            runner: row.runner.clone(),
        });
        known.names.extend(row.name.as_ref().map(|name| clean(name).raw().to_owned()));
        if rank(&row.confidence) > rank(&known.confidence) {
            known.confidence.clone_from(&row.confidence);
            known.kind.clone_from(&row.kind);
            known.holder.clone_from(&row.holder);
        }
        if let Some(owner) = owner(row)
            && known.owner.as_ref().is_none_or(|before| owner.grade < before.grade)
        {
            known.owner = Some(owner);
        }
        known.issuer_says = known.issuer_says.take().or_else(|| row.issuer_says.clone());
    }
    let mut all: Vec<Credential> = all.into_values().collect();
    all.iter_mut().for_each(|one| one.places.sort_by(|a, b| (a.path.raw(), a.line).cmp(&(b.path.raw(), b.line))));
    all.sort_by_cached_key(Credential::rank);
    all
}

fn begin(row: &Sighting, kinds: &Kinds, now: Timestamp) -> Credential {
    Credential {
        fingerprint: row.fingerprint.clone(),
        kind: row.kind.clone(),
        title: kinds.named(&row.kind).map(|kind| kind.title.clone()),
        holder: row.holder.clone(),
        confidence: row.confidence.clone(),
        verified: row.verified,
        created_at: row.created_at,
        expires_at: row.expires_at,
        is_expired: row.expires_at.is_some_and(|at| at <= now),
        ..Credential::default()
    }
}

fn rank(confidence: &str) -> usize {
    ["low", "medium", "high"].iter().position(|name| *name == confidence).unwrap_or(0)
}

fn owner(row: &Sighting) -> Option<Holder> {
    Some(Holder {
        kind: row.owner_kind.clone()?,
        id: row.owner_id.clone(),
        name: row.owner_name.clone(),
        source: row.owner_source.clone().unwrap_or_default(),
        grade: row.grade.clone().unwrap_or_default(),
    })
}

/// Paths and names can hold a token themselves.
pub(super) fn clean(text: &Untrusted) -> Untrusted {
    Untrusted::from(token::scrub(text.raw()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(value: &str, path: &str, holder: &str, confidence: &str) -> Sighting {
        Sighting {
            path: path.into(),
            kind: "k".into(),
            holder: holder.into(),
            confidence: confidence.into(),
            fingerprint: value.into(),
            ..Sighting::default()
        }
    }

    #[test]
    fn equal_values_are_one_and_personal_ones_come_first() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let owned = |row: Sighting, name: &str, grade: &str| Sighting {
            owner_kind: Some("login".into()),
            owner_name: Some(name.into()),
            grade: Some(grade.into()),
            ..row
        };
        let rows = [
            row("service", "/a", "service", "high"),
            row("doubt", "/a", "either", "low"),
            row("nobody", "/b", "either", "medium"),
            Sighting {
                expires_at: Some("2026-05-01T00:00:00Z".parse().unwrap()),
                ..row("old", "/a", "person", "high")
            },
            owned(row("alice", "/z", "person", "low"), "bob", "D"),
            owned(row("alice", "/c", "person", "medium"), "alice", "C"),
        ];
        let all = of(&rows, token::kinds(), now);
        let states: Vec<_> = all.iter().map(|one| (one.fingerprint.as_str(), one.state())).collect();
        assert_eq!(
            states,
            [
                ("alice", "personal"),
                ("nobody", "personal"),
                ("service", "service"),
                ("doubt", "doubtful"),
                ("old", "expired")
            ]
        );
        let places: Vec<_> = all[0].places.iter().map(|place| place.path.raw()).collect();
        assert_eq!(places, ["/c", "/z"]);
        assert_eq!(all[0].owner.as_ref().unwrap().name.as_ref().unwrap().raw(), "alice");
        assert!(all[0].is_personal() && !all[2].is_personal() && !all[4].is_personal());
    }
}
