//! What is shown of a scan: for people, as JSON, SARIF and a table; without what somebody answers for or knew before. The
//! evidence has all of it: nothing here changes what an audit sees.

mod formats;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;

use super::output;
use crate::env::Console;
use crate::error::Error;
use crate::report::{create_file, may_write, plain};
use crate::source::runner::{Credential, Globs, Options, Summary};
use crate::text::nearest;

/// No list of a scan, and no file of what is ignored, is larger.
const LARGEST: u64 = 256 * 1024 * 1024;

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `leaver.scan/1`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// For a spreadsheet.
    Csv,
}

const FORMATS: &[(&str, Format)] = &[("json", Format::Json), ("sarif", Format::Sarif), ("csv", Format::Csv)];

/// One `--format FORMAT[=PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    format: Format,
    /// `None`: stdout, in the place of the list for people.
    path: Option<PathBuf>,
}

impl FromStr for Output {
    type Err = String;

    fn from_str(text: &str) -> Result<Output, String> {
        let (name, path) = text.split_once('=').map_or((text, None), |(name, path)| (name, Some(path)));
        let Some((_, format)) = FORMATS.iter().find(|(known, _)| *known == name) else {
            let names = || FORMATS.iter().map(|(name, _)| *name);
            let meant = nearest(name, names()).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            return Err(format!(
                "unknown format {name}; {meant}known formats: {}",
                names().collect::<Vec<_>>().join(", ")
            ));
        };
        let told = |error: Error| error.hint().map_or(error.to_string(), |hint| format!("{error}; {hint}"));
        let path = match path {
            None | Some("-") => None,
            Some(path) => Some(plain(path.as_ref()).map_err(told)?.to_owned()),
        };
        Ok(Output { format: *format, path })
    }
}

/// What is wrong with the outputs, told before anything is read.
pub(super) fn examine(outputs: &[Output], force: bool) -> Result<(), Error> {
    for (at, output) in outputs.iter().enumerate() {
        if outputs[..at].iter().any(|other| other.path == output.path) {
            let hint = "write --format json=scan.json, and one format at most without a path";
            return Err(Error::usage("two formats go to the same place", hint));
        }
        output.path.as_ref().map_or(Ok(()), |path| may_write(path, force))?;
    }
    Ok(())
}

/// What makes a scan end with findings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A credential with which somebody could act as a person.
    #[default]
    Personal,
    /// Any credential that is surely or probably one.
    Any,
    /// Also values under a secret name, and those whose checksum does not hold.
    Doubtful,
    /// Nothing: the list is only written.
    Never,
}

impl FailOn {
    /// How many credentials of a scan count.
    pub(super) fn count(self, summary: &Summary) -> usize {
        match self {
            FailOn::Personal => summary.personal(),
            FailOn::Any => summary.sure(),
            FailOn::Doubtful => summary.credentials.len(),
            FailOn::Never => 0,
        }
    }
}

/// What is taken out of the list.
#[derive(Debug, Default)]
pub(super) struct Taken {
    paths: Globs,
    fingerprints: BTreeSet<String>,
    kinds: BTreeSet<String>,
    /// By fingerprint and path.
    known: BTreeSet<(String, String)>,
}

impl Taken {
    /// Reads what somebody answers for and what an earlier scan listed.
    ///
    /// # Errors
    /// When a file cannot be read, is of another format, or was made with another key.
    pub(super) fn read(ignore: Option<&Path>, baseline: Option<&Path>, key: &str) -> Result<Taken, Error> {
        let mut taken = Taken::default();
        if let Some(path) = ignore {
            taken.ignore(path)?;
        }
        if let Some(path) = baseline {
            taken.known = known(path, key)?;
        }
        Ok(taken)
    }

    /// A line is `fingerprint <64 digits>`, `kind <name>`, or a pattern of paths; `#` begins a comment.
    fn ignore(&mut self, path: &Path) -> Result<(), Error> {
        let mut patterns = Vec::new();
        let refused = |line: usize, what: &str| {
            let hint = "a line is a pattern of paths, `fingerprint <64 hexadecimal digits>`, `kind <name>`, or a comment behind #";
            Error::usage(format!("{}:{line}: {what}", path.display()), hint)
        };
        for (at, line) in text(path)?.lines().enumerate() {
            let line = line.split(" #").next().unwrap_or_default().trim();
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["fingerprint", value] if value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                    self.fingerprints.insert(value.to_ascii_lowercase());
                }
                ["fingerprint", ..] => return Err(refused(at + 1, "is no fingerprint")),
                ["kind", name] => {
                    self.kinds.insert(name.to_owned());
                }
                _ => {
                    Globs::new(&[line.to_owned()]).map_err(|what| refused(at + 1, &what))?;
                    patterns.push(line.to_owned());
                }
            }
        }
        self.paths = Globs::new(&patterns).map_err(|what| refused(1, &what))?;
        Ok(())
    }

    /// A credential that lies in a further place is not the one that somebody knew.
    pub(super) fn apply(&self, summary: &mut Summary) {
        summary.take("that the file of --ignore names", |one| self.is_ignored(one));
        let known = |one: &Credential| {
            one.places.iter().all(|place| self.known.contains(&(one.fingerprint.clone(), place.path.raw().to_owned())))
        };
        summary.take("that the baseline has", known);
    }

    fn is_ignored(&self, one: &Credential) -> bool {
        self.fingerprints.contains(&one.fingerprint)
            || self.kinds.contains(&one.kind)
            || one.places.iter().all(|place| self.paths.names(Path::new(place.path.raw())))
    }
}

fn text(path: &Path) -> Result<String, Error> {
    crate::file::read_text(path, LARGEST)
        .map_err(|source| Error::Input { path: path.display().to_string().into(), source })
}

/// What an earlier scan listed. With another key no fingerprint is the same, and everything would be new.
fn known(path: &Path, key: &str) -> Result<BTreeSet<(String, String)>, Error> {
    let hint = "write it with `leaver scan … --format json=scan.json`, and with the same key of fingerprints";
    let refused = |what: &str| Error::usage(format!("{} {what}", path.display()), hint);
    let document: Value = serde_json::from_str(&text(path)?).map_err(|_| refused("is no JSON"))?;
    if document.get("schema").and_then(Value::as_str) != Some(formats::SCHEMA) {
        return Err(refused("is not the list of a scan"));
    }
    if document.get("fingerprint_key").and_then(Value::as_str) != Some(key) {
        return Err(refused("was made with another key of fingerprints"));
    }
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let lists = ["credentials", "known"].into_iter().filter_map(|name| document.get(name)?.as_array());
    let mut all = BTreeSet::new();
    for one in lists.flatten() {
        let places = one.get("places").and_then(Value::as_array).into_iter().flatten();
        all.extend(places.filter_map(|place| Some((text(one, "fingerprint")?, text(place, "path")?))));
    }
    Ok(all)
}

/// A scan that is to be written.
pub(super) struct Written<'a> {
    pub(super) summary: &'a Summary,
    pub(super) options: &'a Options,
    pub(super) now: Timestamp,
}

impl Written<'_> {
    /// Writes every output; the list for people goes to stdout unless one of them takes it.
    pub(super) fn emit(&self, outputs: &[Output], force: bool, console: &Console) -> Result<(), Error> {
        for one in outputs {
            let text = formats::text(self, one.format).map_err(output)?;
            match &one.path {
                Some(path) => create_file(path, force, |out| std::io::Write::write_all(out, text.as_bytes()))?,
                None => console.print(&text).map_err(output)?,
            }
        }
        if outputs.iter().all(|output| output.path.is_some()) {
            let width = console.terminal.then_some(console.width);
            console.print(&self.summary.render(width)).map_err(output)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_have_a_name_and_perhaps_a_path() {
        assert_eq!("json".parse(), Ok(Output { format: Format::Json, path: None }));
        assert_eq!("sarif=-".parse(), Ok(Output { format: Format::Sarif, path: None }));
        assert_eq!("csv=a.csv".parse(), Ok(Output { format: Format::Csv, path: Some("a.csv".into()) }));
        assert!("jsn=a".parse::<Output>().unwrap_err().contains("did you mean json?"));
        assert!("json=".parse::<Output>().is_err());
        let outputs: [Output; 2] = ["json".parse().unwrap(), "csv".parse().unwrap()];
        assert!(examine(&outputs, false).is_err());
    }

    #[test]
    fn a_file_of_what_is_ignored_is_read_line_by_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("ignore");
        std::fs::write(&path, format!("# of the team\n\ntests/**\nkind jwt # why\nfingerprint {}\n", "aB".repeat(32)))
            .unwrap();
        let taken = Taken::read(Some(&path), None, "k").unwrap();
        let of = |kind: &str, fingerprint: String, path: &str| Credential {
            kind: kind.into(),
            fingerprint,
            places: vec![crate::source::runner::Lies {
                path: path.into(),
                line: None,
                what: "file".into(),
                runner: None,
            }],
            ..Credential::default()
        };
        assert!(taken.is_ignored(&of("x", "1".into(), "/r/tests/a/b")));
        assert!(taken.is_ignored(&of("jwt", "1".into(), "/r/a")));
        assert!(taken.is_ignored(&of("x", "ab".repeat(32), "/r/a")));
        assert!(!taken.is_ignored(&of("x", "1".into(), "/r/a")));
        std::fs::write(&path, "x\nfingerprint 12\n").unwrap();
        let error = Taken::read(Some(&path), None, "k").unwrap_err().to_string();
        assert!(error.contains("ignore:2: is no fingerprint"), "{error}");
    }
}
