//! Finds check files, embedded and in private folders, and proves each of them against the evidence schema.
//! It runs no check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::file::{self, Case, Parsed};
use super::finding::Columns;
use super::place::{Refused, Source, did_you_mean, nearest, shown};
use super::{Check, Error};
use crate::evidence::sandbox::{Limits, Query, Sandbox};
use crate::model::Param;
use crate::token;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/checks");

/// The largest check file that is read.
const LARGEST: u64 = 1 << 20;

/// How deep folders of checks may nest.
const DEEPEST: usize = 4;

/// All checks of a run, by id.
#[derive(Debug, Clone)]
pub struct Checks {
    entries: BTreeMap<String, Entry>,
    notes: Vec<String>,
}

/// One check as it was loaded.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The check.
    pub check: Arc<Check>,
    /// Its own tests.
    pub cases: Vec<Case>,
    /// The evidence tables that it reads.
    pub tables: Vec<String>,
    /// The file, as it may be printed.
    pub file: String,
    /// The private folder that it comes from; `None`: embedded.
    pub folder: Option<PathBuf>,
}

/// A file before anybody looked into it.
struct Found {
    file: String,
    path: String,
    content: Vec<u8>,
    folder: Option<PathBuf>,
}

impl Checks {
    /// Loads the embedded checks and then those of `folders`, where a check replaces an earlier one with its id.
    ///
    /// # Errors
    /// Every file that cannot be used, at once.
    pub fn load(folders: &[PathBuf]) -> Result<Checks, Error> {
        let mut found = embedded(&EMBEDDED);
        for folder in folders {
            found.extend(private(folder)?);
        }
        Checks::of(found)
    }

    /// Loads checks from memory: the path below the folder of checks, and the text.
    ///
    /// # Errors
    /// Every text that is no usable check, at once.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = (&'t str, &'t str)>) -> Result<Checks, Error> {
        let found = |(path, text): (&str, &str)| Found {
            file: format!("checks/{path}"),
            path: path.to_owned(),
            content: text.as_bytes().to_vec(),
            folder: None,
        };
        Checks::of(texts.into_iter().map(found).collect())
    }

    fn of(files: Vec<Found>) -> Result<Checks, Error> {
        let sandbox =
            Sandbox::in_memory(Limits::default(), |_| Ok::<(), rusqlite::Error>(())).map_err(Error::Sandbox)?;
        let (mut entries, mut notes, mut refused) = (BTreeMap::<String, Entry>::new(), Vec::new(), Vec::new());
        for file in files {
            match entry(&sandbox, &file) {
                Err(error) => refused.push(error),
                Ok(entry) => {
                    let id = entry.check.id.clone();
                    let now = entry.file.clone();
                    if let Some(before) = entries.insert(id.clone(), entry) {
                        notes.push(format!("check {id}: {now} replaces {}", before.file));
                    }
                }
            }
        }
        if refused.is_empty() { Ok(Checks { entries, notes }) } else { Err(Error::Refused(refused)) }
    }

    /// The checks, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The checks whose fails say that something is not visible.
    pub fn unseen(&self) -> BTreeSet<String> {
        self.iter().filter(|entry| entry.check.unseen).map(|entry| entry.check.id.clone()).collect()
    }

    /// The check with this id.
    ///
    /// # Errors
    /// With the ids that look like it, when there is none.
    pub fn find(&self, id: &str) -> Result<&Entry, Error> {
        self.entries.get(id).ok_or_else(|| Error::NoSuchCheck { id: shown(id), near: self.near(id) })
    }

    /// Gives a parameter of a check another value than the check itself does.
    ///
    /// # Errors
    /// When there is no such check, or it has no such parameter of that kind.
    pub fn tune(&mut self, id: &str, name: &str, value: &Param) -> Result<(), Error> {
        let refuse = |what: String, hint: String| Error::NotTunable { what: shown(&what), hint: shown(&hint) };
        let Some(entry) = self.entries.get_mut(id) else {
            let hint = match self.near(id).first() {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "`leaver checks list` shows all checks".to_owned(),
            };
            return Err(refuse(format!("there is no check \"{id}\""), hint));
        };
        let check = Arc::make_mut(&mut entry.check);
        match check.params.get_mut(name) {
            Some(known) if std::mem::discriminant(known) == std::mem::discriminant(value) => {
                known.clone_from(value);
                Ok(())
            }
            Some(known) => {
                Err(refuse(format!("{name} of {id} is set to {value}"), format!("it is of the kind of {known}")))
            }
            None => {
                let known: Vec<&str> = check.params.keys().map(String::as_str).collect();
                Err(refuse(
                    format!("the check {id} has no parameter {name}"),
                    format!("known here: {}", known.join(", ")),
                ))
            }
        }
    }

    /// The ids that look like `id`; where that has no step, their names alone are compared.
    fn near(&self, id: &str) -> Vec<String> {
        let ids = || self.entries.keys().map(String::as_str);
        let compared = if id.contains('/') { |full| full } else { name };
        let near = nearest(id, ids().map(compared).collect::<BTreeSet<_>>());
        near.into_iter()
            .flat_map(|near| ids().filter(move |full| compared(full) == near))
            .take(3)
            .map(str::to_owned)
            .collect()
    }

    /// What a reader has to know about this set: which private check replaces which other.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The digest of the embedded checks, as [`Checks::sha256`] of nothing else would be: read, and not examined.
    pub fn embedded_sha256() -> String {
        let mut files: Vec<(String, String)> = embedded(&EMBEDDED)
            .into_iter()
            .map(|found| {
                let id = found.path.strip_suffix(".sql").unwrap_or(&found.path).to_owned();
                (id, String::from_utf8_lossy(&found.content).into_owned())
            })
            .collect();
        files.sort();
        digest(files.iter().map(|(id, text)| [id.as_str(), text.as_str()]))
    }

    /// SHA-256 over the ids and texts of all checks, in hexadecimal. Where they came from does not count.
    pub fn sha256(&self) -> String {
        digest(self.iter().map(|Entry { check, .. }| [check.id.as_str(), check.text.as_str()]))
    }
}

fn digest<'t>(checks: impl Iterator<Item = [&'t str; 2]>) -> String {
    let mut hasher = Sha256::new();
    for part in checks.flatten() {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An id without its step.
fn name(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn embedded(folder: &Dir<'_>) -> Vec<Found> {
    let mut found: Vec<Found> = folder.dirs().flat_map(embedded).collect();
    for file in folder.files().filter(|file| is_check(file.path())) {
        let path = slashes(file.path());
        found.push(Found { file: format!("checks/{path}"), path, content: file.contents().to_vec(), folder: None });
    }
    found
}

fn private(folder: &Path) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    walk(folder, folder, 0, &mut found)?;
    // A folder may add kinds of token only.
    match found.is_empty() && !folder.join(token::TABLE).exists() {
        true => Err(unusable(folder, "holds no check: they lie in a folder per step, such as 1-consents/name.sql")),
        false => Ok(found),
    }
}

fn walk(root: &Path, folder: &Path, depth: usize, found: &mut Vec<Found>) -> Result<(), Error> {
    if depth > DEEPEST {
        return Err(unusable(folder, "lies too deep below the folder of checks"));
    }
    let unreadable = |source| Error::File { path: printable(folder), source };
    let mut entries = fs::read_dir(folder).map_err(unreadable)?.collect::<io::Result<Vec<_>>>().map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let kind = entry.file_type().map_err(|source| Error::File { path: printable(&path), source })?;
        if kind.is_dir() {
            walk(root, &path, depth + 1, found)?;
        } else if kind.is_symlink() {
            // Passing over it could silently leave out a whole step.
            return Err(unusable(&path, "is a symbolic link; copy the file instead"));
        } else if is_check(&path) {
            let content = if kind.is_file() { read(&path)? } else { return Err(unusable(&path, "is not a file")) };
            let below = slashes(path.strip_prefix(root).unwrap_or(&path));
            found.push(Found { file: printable(&path), path: below, content, folder: Some(root.to_owned()) });
        }
    }
    Ok(())
}

/// Case does not matter here, so that a `.SQL` is refused by its name and not passed over.
fn is_check(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"))
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let file = crate::file::open_here(path).map_err(|source| Error::File { path: printable(path), source })?;
    file.take(LARGEST + 1).read_to_end(&mut content).map_err(|source| Error::File { path: printable(path), source })?;
    Ok(content)
}

fn unusable(path: &Path, what: &str) -> Error {
    Error::Refused(vec![Refused { file: printable(path), line: 1, column: 1, what: what.to_owned() }])
}

fn printable(path: &Path) -> String {
    shown(&path.display().to_string())
}

fn slashes(path: &Path) -> String {
    path.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
}

fn entry(sandbox: &Sandbox, found: &Found) -> Result<Entry, Refused> {
    let whole = String::from_utf8_lossy(&found.content);
    let source = Source { file: &found.file, text: &whole };
    if found.content.len() as u64 > LARGEST {
        return Err(source.refuse(0, "a check file may have 1 MiB at most"));
    }
    let text = std::str::from_utf8(&found.content)
        .map_err(|error| source.refuse(error.valid_up_to(), "this is not UTF-8; save the file as UTF-8"))?;
    let parsed = file::parse(&found.file, &found.path, text)?;
    let tables = prove(sandbox, source, &parsed)?;
    let (check, file) = (Arc::new(parsed.check), shown(&found.file));
    Ok(Entry { check, cases: parsed.cases, tables, file, folder: found.folder.clone() })
}

/// Compiles the SELECT on the evidence schema: what it reads exists, its columns and parameters are the agreed ones.
fn prove(sandbox: &Sandbox, source: Source<'_>, parsed: &Parsed) -> Result<Vec<String>, Refused> {
    let query = sandbox
        .prepare(&parsed.check.sql)
        .map_err(|refusal| source.refuse(parsed.sql_at + refusal.offset.unwrap_or(0), refusal.what))?;
    Columns::of(&query.columns).map_err(|what| source.refuse(parsed.sql_at, what))?;
    parameters(&parsed.check, &query).map_err(|what| source.refuse(parsed.sql_at, what))?;
    if query.tables.is_empty() {
        return Err(source.refuse(parsed.sql_at, "this reads no evidence table, so it could only ever pass"));
    }
    Ok(query.tables.into_iter().collect())
}

fn parameters(check: &Check, query: &Query<'_>) -> Result<(), String> {
    let known = || check.params.keys().map(String::as_str).chain(["now"]);
    let mut unused: Vec<&str> = check.params.keys().map(String::as_str).collect();
    for parameter in &query.parameters {
        let written = parameter.as_deref().unwrap_or("?");
        let Some(name) = written.strip_prefix(':') else {
            return Err(format!("the parameter {written} has no value; write :now, or :name with [params] name = 1"));
        };
        if !known().any(|known| known == name) {
            let hint = did_you_mean(name, known());
            return Err(format!("the parameter :{name} is not in [params]{hint}"));
        }
        unused.retain(|unused| *unused != name);
    }
    match unused.first() {
        None => Ok(()),
        Some(name) => Err(format!("[params] has {name}, but the SELECT never uses :{name}")),
    }
}
