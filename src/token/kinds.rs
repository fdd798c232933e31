//! The table of token kinds: parsed from TOML, checked, compiled. Every error names file, line and kind.

use std::collections::{BTreeMap, BTreeSet};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;

use super::anchor::{Anchors, Begins, Literal};
use super::run::Alphabet;
use super::sieve::Sieve;
use super::structure::Check;
use super::{escaped, run};

/// A pattern is only tried where a literal says that it begins.
const ANCHOR: &str = r"\A";

/// One kind of token.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Stands in evidence: `github-pat`.
    pub name: String,
    /// What its issuer calls it.
    pub title: String,
    /// Whose account it belongs to.
    pub holder: Holder,
    /// Who can be asked for its owner.
    pub issuer: Option<Issuer>,
    /// How many bytes at the start belong to the format and may be shown.
    pub shown: usize,
    /// Words, one of which has to announce a token; none: it is known by its shape.
    pub beside: Vec<String>,
    pub(super) pattern: Regex,
    /// What stands around a token tells it, more than its shape.
    pub(super) has_group: bool,
    pub(super) check: Option<Check>,
    pub(super) drops_mismatch: bool,
    pub(super) place: Place,
}

/// With what a token dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// With an account of a person.
    Person,
    /// With an application or a service account.
    Service,
    /// With one CI job.
    Job,
    /// The format does not tell.
    Either,
}

impl Holder {
    /// The word that evidence uses.
    pub fn name(self) -> &'static str {
        match self {
            Holder::Person => "person",
            Holder::Service => "service",
            Holder::Job => "job",
            Holder::Either => "either",
        }
    }
}

/// An issuer that can be asked whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Issuer {
    /// `GET /user`.
    Github,
    /// `connectionData` of the organisation.
    AzureDevops,
    /// `/-/whoami` of the registry beside the token.
    Npm,
}

/// A set of kinds, ready to search.
#[derive(Debug, Clone)]
pub struct Kinds {
    pub(super) kinds: Vec<Kind>,
    pub(super) anchors: Anchors,
    /// Of the kinds that matter in texts only: they are too common to be searched for in every file.
    pub(super) anchors_in_text: Anchors,
    pub(super) runs: Vec<Run>,
    pub(super) sieve: Sieve,
    /// By name: what the table says, and what became of it.
    entries: BTreeMap<String, (Entry, Kind)>,
}

/// One search for runs of an alphabet.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) alphabet: Alphabet,
    pub(super) length: usize,
    pub(super) kind: usize,
}

/// Why a table of kinds cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {}{what}", .kind.as_ref().map(|kind| format!("kind `{kind}`: ")).unwrap_or_default())]
pub struct Error {
    /// The file.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The kind, where it is known.
    pub kind: Option<String>,
    /// What is wrong.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    kind: Vec<Spanned<Entry>>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Entry {
    name: String,
    title: String,
    holder: Holder,
    #[serde(default)]
    literals: Vec<String>,
    #[serde(default)]
    lead: usize,
    run: Option<RunEntry>,
    #[serde(default)]
    beside: Vec<String>,
    pattern: String,
    check: Option<Check>,
    #[serde(default)]
    mismatch: Mismatch,
    #[serde(default, rename = "where")]
    place: Place,
    issuer: Option<Issuer>,
    #[serde(default)]
    shown: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunEntry {
    alphabet: String,
    length: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Mismatch {
    #[default]
    Lower,
    Drop,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Place {
    #[default]
    Everywhere,
    /// What it holds is reported, not itself.
    Inside,
    Text,
}

impl Kind {
    /// The regular expression that its tokens match.
    pub fn pattern(&self) -> &str {
        self.pattern.as_str().trim_start_matches(ANCHOR)
    }

    /// Whether its literals begin its pattern.
    #[cfg(test)]
    pub(super) fn lead_is_none(&self) -> bool {
        self.pattern().as_bytes().first().is_some_and(|byte| byte.is_ascii_alphanumeric())
    }

    /// Too common in code to be reported as it is.
    pub fn is_only_surroundings(&self) -> bool {
        self.place != Place::Everywhere
    }
}

impl Kinds {
    /// Reads a table; `file` stands in errors.
    ///
    /// # Errors
    /// The first thing that is wrong with it, with file, line and kind.
    pub fn parse(toml: &str, file: &str) -> Result<Kinds, Error> {
        Kinds::build(BTreeMap::new(), toml, file)
    }

    /// These kinds and those of another table, which replace kinds of the same name.
    ///
    /// # Errors
    /// As for [`Kinds::parse`].
    pub fn with(&self, toml: &str, file: &str) -> Result<Kinds, Error> {
        Kinds::build(self.entries.clone(), toml, file)
    }

    /// All kinds, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    /// The kind of this name.
    pub fn named(&self, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.name == name)
    }

    fn build(mut all: BTreeMap<String, (Entry, Kind)>, toml: &str, file: &str) -> Result<Kinds, Error> {
        let line = |at: usize| 1 + toml.bytes().take(at).filter(|&byte| byte == b'\n').count();
        let error = |at: usize, kind: Option<&str>, what: String| Error {
            file: file.to_owned(),
            line: line(at),
            kind: kind.map(str::to_owned),
            what,
        };
        let table: Table = toml::from_str(toml).map_err(|broken| {
            let at = broken.span().map_or(0, |span| span.start);
            error(at, None, broken.message().to_owned())
        })?;
        let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &table.kind {
            let (at, name) = (entry.span().start, entry.get_ref().name.as_str());
            if let Some(first) = seen.insert(name, at) {
                return Err(error(at, Some(name), format!("is already defined in line {}", line(first))));
            }
            let kind = entry.get_ref().compile().map_err(|what| error(at, Some(name), what))?;
            all.insert(name.to_owned(), (entry.get_ref().clone(), kind));
        }
        Kinds::of(all).map_err(|what| error(0, None, what))
    }

    fn of(entries: BTreeMap<String, (Entry, Kind)>) -> Result<Kinds, String> {
        let kinds = entries.values().map(|(_, kind)| kind.clone()).collect();
        let numbered = || entries.values().map(|(entry, _)| entry).enumerate();
        let literals = |in_text: bool| {
            let kinds = numbered().filter(move |(_, entry)| (entry.place == Place::Text) == in_text);
            kinds.flat_map(|(kind, entry)| entry.all_literals(kind))
        };
        let everywhere: Vec<Literal> = literals(false).chain(escaped::marks()).collect();
        let in_text: Vec<Literal> = literals(true).collect();
        let runs: Vec<Run> = numbered().filter_map(|(kind, entry)| Some(entry.run.as_ref()?.compile(kind))).collect();
        let sieve = Sieve::new(everywhere.iter().chain(&in_text), &runs);
        let (anchors, anchors_in_text) = (Anchors::new(everywhere)?, Anchors::new(in_text)?);
        Ok(Kinds { anchors, anchors_in_text, kinds, runs, sieve, entries })
    }
}

impl Entry {
    fn compile(&self) -> Result<Kind, String> {
        self.validate()?;
        let is_announced = !self.beside.is_empty();
        let anchor = if is_announced { "" } else { ANCHOR };
        let pattern = RegexBuilder::new(&format!("{anchor}(?:{})", self.pattern))
            .unicode(false)
            .build()
            .map_err(|broken| broken.to_string())?;
        Ok(Kind {
            name: self.name.clone(),
            title: self.title.clone(),
            holder: self.holder,
            issuer: self.issuer,
            shown: self.shown,
            has_group: is_announced || pattern.capture_names().flatten().any(|name| name == "secret"),
            beside: self.beside.clone(),
            pattern,
            check: self.check,
            drops_mismatch: self.mismatch == Mismatch::Drop,
            place: self.place,
        })
    }

    /// What is searched for: how tokens begin, or the words that announce them, in the spellings that names have.
    fn all_literals(&self, kind: usize) -> Vec<Literal> {
        let begins =
            |text: &String| Literal { text: text.as_str().into(), lead: self.lead, begins: Begins::Token(kind) };
        let spelt: BTreeSet<String> = self.beside.iter().flat_map(|word| spellings(word)).collect();
        let announces = |text: &String| Literal {
            text: text.as_str().into(),
            lead: 0,
            begins: Begins::Word { kind, length: text.len() },
        };
        self.literals.iter().map(begins).chain(spelt.iter().map(announces)).collect()
    }

    fn validate(&self) -> Result<(), String> {
        if self.name.is_empty() || !self.name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err("`name` takes letters, digits and dashes".into());
        }
        match &self.run {
            _ if !self.beside.is_empty() => self.validate_words(),
            None if self.literals.is_empty() => {
                Err("a pattern needs `literals` that it begins with, a `run`, or words `beside` it".into())
            }
            None if self.literals.iter().any(|literal| literal.len() < 3) => {
                Err("a literal needs three bytes, or everything would be searched".into())
            }
            Some(_) if !self.literals.is_empty() => Err("`run` and `literals` exclude each other".into()),
            Some(_) if self.check.is_none() || self.mismatch != Mismatch::Drop => {
                Err("a `run` needs a `check` with mismatch = \"drop\", or any text would be a token".into())
            }
            Some(run) if run.length < run::PROBE || run.alphabet.is_empty() => {
                Err("a `run` needs an alphabet and at least 16 bytes".into())
            }
            _ => Ok(()),
        }
    }

    fn validate_words(&self) -> Result<(), String> {
        if !self.literals.is_empty() || self.run.is_some() || self.pattern.contains("(?P<") {
            return Err("words `beside` a token exclude `literals`, a `run` and groups".into());
        }
        let is_word = |word: &String| word.len() >= 3 && word.bytes().all(|byte| byte.is_ascii_graphic());
        if self.beside.iter().all(is_word) { Ok(()) } else { Err("a word `beside` needs three characters".into()) }
    }
}

/// `SONAR`, `sonar`, `Sonar`, and as it is written in the table.
fn spellings(word: &str) -> [String; 4] {
    let lower = word.to_ascii_lowercase();
    let mut capital = lower.clone();
    capital.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    [word.to_owned(), word.to_ascii_uppercase(), lower, capital]
}

impl RunEntry {
    fn compile(&self, kind: usize) -> Run {
        Run { alphabet: Alphabet::new(&self.alphabet), length: self.length, kind }
    }
}
