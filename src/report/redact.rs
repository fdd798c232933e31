//! A copy of a report without personal data: every person, account, address and id gets a pseudonym, the same one wherever
//! it stands. Every text of the report is gone through; only what is known to be ours is left alone, so that a field that
//! is added later is redacted until somebody says otherwise.

use std::collections::BTreeMap;
use std::io;

use aho_corasick::{AhoCorasick, MatchKind};
use regex::{Captures, Regex};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::{Digest, Redacted, Report, json};

/// Keys whose values are words of this program, numbers of a standard, digests or times. Facts may use any name.
const OURS: &[&str] = &[
    "schema",
    "tool",
    "mode",
    "verdict",
    "step",
    "title",
    "item",
    "why",
    "fix",
    "severity",
    "tables",
    "check",
    "expires",
    "dataset",
    "state",
    "status",
    "grade",
    "action",
    "kind",
    "checks",
    "controls",
    "sha256",
    "started_at",
    "finished_at",
    "now",
    "first_at",
    "last_at",
    "seen_at",
    "last_day",
    "ends_at",
    "date",
    "timezone",
];

/// Facts and fields whose whole value is the name of somebody.
const NAMES: &[&str] = &[
    "actor",
    "added_by",
    "assignee",
    "author",
    "caller",
    "caller_name",
    "changed_by",
    "created_by",
    "file_owner",
    "granted_by",
    "login",
    "mail",
    "member",
    "owner",
    "reviewer",
    "service_user",
    "set_by",
    "sponsor",
    "upn",
    "user",
    "username",
];

/// Shorter names are replaced only where they stand alone: they are parts of too many words.
const DISTINCT: usize = 4;

impl Report {
    /// The same report without personal data, naming the original by its digest.
    ///
    /// # Errors
    /// When the report cannot be written as JSON or read back; nothing is then known to be free of personal data.
    pub fn redacted(&self) -> io::Result<Report> {
        let original = json::to_string(self)?;
        let sha256 = Sha256::digest(original.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mut value = serde_json::to_value(self)?;
        let mut pseudonyms = Pseudonyms::of(self, &value)?;
        pseudonyms.redact(&mut value);
        let mut report: Report = serde_json::from_value(value)?;
        report.redacted = Some(Redacted { original: Digest { sha256 } });
        // The seal and the place belong to the original.
        (report.signed_by, report.archive) = (None, None);
        Ok(report)
    }
}

/// What stands for what, in lower case.
#[derive(Default)]
struct Known {
    pseudonyms: BTreeMap<String, String>,
    numbers: BTreeMap<&'static str, usize>,
}

impl Known {
    /// Numbers in the order of the report: unlike a digest, nobody can try names out on them.
    fn next(&mut self, kind: &'static str) -> String {
        let number = self.numbers.entry(kind).or_default();
        *number += 1;
        format!("{kind}-{number}")
    }

    fn of(&mut self, kind: &'static str, text: &str) -> String {
        let key = text.to_lowercase();
        if let Some(known) = self.pseudonyms.get(&key) {
            return known.clone();
        }
        let pseudonym = self.next(kind);
        self.pseudonyms.insert(key, pseudonym.clone());
        pseudonym
    }

    fn is_pseudonym(&self, text: &str) -> bool {
        let kind = text.rsplit_once('-').filter(|(_, number)| number.parse::<usize>().is_ok());
        kind.is_some_and(|(kind, _)| self.numbers.contains_key(kind))
    }

    fn add(&mut self, name: &str, pseudonym: &str) {
        let name = name.trim().to_lowercase();
        if name.chars().count() > 1 {
            self.pseudonyms.entry(name).or_insert_with(|| pseudonym.to_owned());
        }
    }

    /// Whatever the report says of its people, and the parts of it that name them too.
    fn people(&mut self, report: &Report) {
        for person in &report.people {
            let pseudonym = self.next("person");
            self.add(&person.id, &pseudonym);
            let id = person.id.rsplit('/').next().unwrap_or_default();
            self.add(id, &pseudonym);
            self.add(&id.replace('-', ""), &pseudonym);
            let accounts = person.identities.iter().flat_map(|identity| [&identity.id, &identity.name]);
            for name in accounts.chain([&person.upn, &person.name]).flatten().map(|name| name.raw()) {
                self.add(name, &pseudonym);
                self.add(name.rsplit('/').next().unwrap_or_default(), &pseudonym);
                let local = name.split_once('@').map(|(local, _)| local);
                self.add(local.unwrap_or_default(), &pseudonym);
                let called = person.name.as_ref().filter(|called| called.raw() == name).map(|called| called.raw());
                let words = local.or(called).unwrap_or_default().split(|c: char| !c.is_alphanumeric());
                words.filter(|word| word.chars().count() > 2).for_each(|word| self.add(word, &pseudonym));
            }
        }
    }

    /// Who read the services: an address or a login, as often as the name of an application.
    fn readers(&mut self, report: &Report) {
        for reader in &report.readers {
            let pseudonym = self.next("reader");
            for name in [&reader.id, &reader.name].into_iter().flatten() {
                self.add(name.raw(), &pseudonym);
                self.add(name.raw().rsplit('/').next().unwrap_or_default(), &pseudonym);
            }
        }
    }

    /// Everybody else whom a field names.
    fn others(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.others(item)),
            Value::Object(fields) => fields.iter().for_each(|(key, value)| match value {
                Value::String(name) if NAMES.contains(&key.as_str()) => {
                    if name.trim().chars().count() > 1 {
                        self.of("somebody", name.trim());
                    }
                }
                value => self.others(value),
            }),
            _ => {}
        }
    }
}

/// Replaces names, and what has the shape of an address, an id or a home directory.
struct Pseudonyms {
    known: Known,
    names: AhoCorasick,
    address: Regex,
    id: Regex,
    home: Regex,
}

impl Pseudonyms {
    fn of(report: &Report, value: &Value) -> io::Result<Pseudonyms> {
        let compiled = |pattern: &str| Regex::new(pattern).map_err(io::Error::other);
        let mut known = Known::default();
        known.people(report);
        known.readers(report);
        known.others(value);
        // The search knows the cases of ASCII only.
        let spelt = known.pseudonyms.keys().flat_map(|name| [name.clone(), name.to_uppercase(), capitalised(name)]);
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
        let names = search.build(spelt).map_err(io::Error::other)?;
        Ok(Pseudonyms {
            names,
            known,
            address: compiled(r"[\p{L}\p{N}._%+'#-]+@[\p{L}\p{N}][\p{L}\p{N}.-]*")?,
            id: compiled(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")?,
            home: compiled(r#"(?i)((?:^|[:/\\])(?:home|users)[/\\])([^/\\:#"\s]+)"#)?,
        })
    }

    fn redact(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact(item)),
            Value::Object(fields) => self.fields(fields),
            _ => {}
        }
    }

    fn fields(&mut self, fields: &mut Map<String, Value>) {
        let (is_check, is_finding) = (fields.contains_key("findings"), fields.contains_key("subject"));
        for (key, value) in fields.iter_mut() {
            match (key.as_str(), value) {
                ("facts", Value::Object(facts)) => facts.values_mut().for_each(|fact| self.redact(fact)),
                // The id of a check is the name of a file of ours; that of a finding is a hash over the person.
                ("id", _) if is_check => {}
                ("id", Value::String(id)) if is_finding => *id = self.known.of("finding", id),
                // Steps have whole checks below this key, controls the ids of checks, the report a digest.
                ("checks", Value::Array(checks)) => {
                    checks.iter_mut().filter(|one| one.is_object()).for_each(|one| self.redact(one))
                }
                (key, _) if OURS.contains(&key) => {}
                (_, value) => self.redact(value),
            }
        }
    }

    fn text(&mut self, text: &str) -> String {
        let Pseudonyms { known, names, address, id, home } = self;
        let text = named(names, &known.pseudonyms, text);
        let text = address.replace_all(&text, |found: &Captures<'_>| known.of("address", &found[0]));
        let text = id.replace_all(&text, |found: &Captures<'_>| known.of("id", &found[0]));
        let account = |found: &Captures<'_>| match known.is_pseudonym(&found[2]) {
            true => found[0].to_owned(),
            false => format!("{}{}", &found[1], known.of("account", &found[2])),
        };
        home.replace_all(&text, account).into_owned()
    }
}

fn named(names: &AhoCorasick, known: &BTreeMap<String, String>, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    names.replace_all_with(text, &mut out, |found, name, out| {
        let beside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let inside = beside(text[..found.start()].chars().next_back()) || beside(text[found.end()..].chars().next());
        match known.get(&name.to_lowercase()) {
            Some(pseudonym) if !(inside && name.chars().count() < DISTINCT) => out.push_str(pseudonym),
            _ => out.push_str(name),
        }
        true
    });
    out
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[(&str, &str)]) -> Pseudonyms {
        let mut known = Known::default();
        names.iter().for_each(|(name, pseudonym)| known.add(name, pseudonym));
        let compiled = |pattern: &str| Regex::new(pattern).unwrap();
        let mut search = AhoCorasick::builder();
        search.match_kind(MatchKind::LeftmostLongest).ascii_case_insensitive(true);
        Pseudonyms {
            names: search.build(known.pseudonyms.keys()).unwrap(),
            known,
            address: compiled("[a-z.]+@[a-z.]+"),
            id: compiled("0a-[0-9]+"),
            home: compiled("(/home/)([a-z0-9-]+)"),
        }
    }

    #[test]
    fn the_longest_name_wins_and_short_names_stand_alone() {
        let mut pseudonyms = known(&[("alice", "person-1"), ("alice-dev", "person-1"), ("al", "person-1")]);
        assert_eq!(pseudonyms.text("repo:Alice-Dev/tools"), "repo:person-1/tools");
        assert_eq!(pseudonyms.text("ALICE's workstation, al, also"), "person-1's workstation, person-1, also");
    }

    #[test]
    fn shapes_get_one_pseudonym_each_and_keep_it() {
        let mut pseudonyms = known(&[("alice", "person-1")]);
        assert_eq!(pseudonyms.known.next("person"), "person-1");
        let text = "bob@x.example, 0a-1, 0a-2, BOB? bob@x.example 0a-1";
        assert_eq!(pseudonyms.text(text), "address-1, id-1, id-2, BOB? address-1 id-1");
        assert_eq!(
            pseudonyms.text("/home/bob/x /home/alice/x /home/bob"),
            "/home/account-1/x /home/person-1/x /home/account-1"
        );
    }
}
