//! What was done, written down before it is done: JSON Lines, each with the digest of the line before, on the disk before
//! anything leaves. One writer at a time. A torn last line is cut; any other change refuses the journal.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::route::{Request, State};
use crate::env::Env;
use crate::error::Error;
use crate::file;
use crate::model::stamp;
use crate::seal::sha256;

/// The layout.
const SCHEMA: &str = "leaver.journal/1";

/// No journal is larger.
const LARGEST: u64 = 1 << 30;

/// How a change ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Sent, and seen.
    Done,
    /// It was so before us.
    Already,
    /// No longer as planned: not touched.
    Changed,
    /// It is never done, or not now.
    Refused,
    /// The service did not do it.
    Failed,
    /// The service does not tell.
    Unknown,
}

impl Outcome {
    /// Whether nothing is left to do.
    pub fn is_good(self) -> bool {
        matches!(self, Outcome::Done | Outcome::Already)
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Already => "already",
            Outcome::Changed => "changed",
            Outcome::Refused => "refused",
            Outcome::Failed => "failed",
            Outcome::Unknown => "unknown",
        }
    }
}

/// A write that was about to leave.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Intent {
    pub(super) action: String,
    pub(super) subject: String,
    /// The state that was seen.
    pub(super) state: State,
    pub(super) request: Request,
    /// Null: nothing can come back, or a person has to do it.
    pub(super) undo: Option<Value>,
}

/// What a journal says of one change.
#[derive(Debug, Clone, Default)]
pub(super) struct Story {
    pub(super) intent: Option<Intent>,
    /// The status of the answer to that intent; `Some(None)`: it was lost.
    pub(super) answer: Option<Option<u16>>,
    pub(super) end: Option<Outcome>,
}

/// What a journal says.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// SHA-256 of the plan; absent: nothing was begun.
    pub(super) plan: Option<String>,
    pub(super) tenant: Option<String>,
    pub(super) stories: HashMap<String, Story>,
    /// The changes in the order in which they ended.
    pub(super) order: Vec<String>,
    previous: Option<String>,
    /// How many bytes are whole lines.
    whole: usize,
}

/// A journal that is written.
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    pub(super) told: Told,
    env: Env,
}

fn refused(path: &Path, why: &str) -> Error {
    Error::Refused { what: format!("the journal {}: {why}", path.display()).into() }
}

/// Reads a journal without writing; empty where there is none.
pub(super) fn read(path: &Path) -> Result<Told, Error> {
    match file::read(path, LARGEST) {
        Ok(bytes) => parse(&bytes).map_err(|why| refused(path, &why)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Told::default()),
        Err(source) => Err(Error::Input { path: path.display().to_string().into(), source }),
    }
}

/// Whether this is nothing, or the beginning of a first line that was never finished: nothing of anybody else's is cut away.
fn could_begin(bytes: &[u8]) -> bool {
    let first: &[u8] = b"{\"at\":\"";
    bytes.len() < 4096 && (first.starts_with(bytes) || bytes.starts_with(first))
}

/// How each change of a journal ended.
///
/// # Errors
/// When it was changed.
pub fn outcomes(path: &Path) -> Result<HashMap<String, Outcome>, Error> {
    let stories = read(path)?.stories;
    Ok(stories.into_iter().filter_map(|(change, story)| Some((change, story.end?))).collect())
}

fn parse(bytes: &[u8]) -> Result<Told, String> {
    let mut told = Told::default();
    let mut number = 0;
    while let Some(length) = bytes[told.whole..].iter().position(|byte| *byte == b'\n') {
        number += 1;
        let line = &bytes[told.whole..told.whole + length];
        let fields: Map<String, Value> =
            serde_json::from_slice(line).map_err(|_| format!("line {number} was changed"))?;
        let previous = fields.get("previous").and_then(Value::as_str).map(str::to_owned);
        if previous != told.previous || fields.get("previous").is_none() {
            return Err(format!("line {number} does not follow the line before it"));
        }
        told.take(&fields).ok_or_else(|| format!("line {number} is not as leaver writes it"))?;
        told.previous = Some(sha256(line));
        told.whole += length + 1;
    }
    Ok(told)
}

impl Told {
    fn take(&mut self, fields: &Map<String, Value>) -> Option<()> {
        let event = fields.get("event")?.as_str()?;
        if event == "begin" {
            let new = self.plan.is_none() && fields.get("schema")?.as_str()? == SCHEMA;
            self.plan = Some(fields.get("plan")?.as_str()?.to_owned());
            self.tenant = fields.get("tenant").and_then(Value::as_str).map(str::to_owned);
            return new.then_some(());
        }
        self.plan.as_ref()?;
        let change = fields.get("change")?.as_str()?;
        let story = self.stories.entry(change.to_owned()).or_default();
        if story.end.is_some() {
            return None;
        }
        match event {
            "intent" => {
                story.intent = Some(serde_json::from_value(Value::Object(fields.clone())).ok()?);
                story.answer = None;
            }
            "answer" => {
                story.intent.as_ref()?;
                story.answer =
                    Some(fields.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok()));
            }
            "observed" => {}
            "end" => {
                story.end = Some(serde_json::from_value(fields.get("outcome")?.clone()).ok()?);
                self.order.push(change.to_owned());
            }
            _ => return None,
        }
        Some(())
    }
}

impl Journal {
    /// Opens or makes the journal of a plan, for this process alone.
    pub(super) fn open(path: &Path, plan: &str, tenant: Option<&str>, env: &Env) -> Result<Journal, Error> {
        let failed = |source| Error::Output { target: path.display().to_string().into(), source };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        // A pipe would be waited for.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let mut file = options.open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(std::io::Error::new(ErrorKind::InvalidInput, "it is no regular file")));
        }
        if file.try_lock().is_err() {
            return Err(refused(path, "somebody else is writing it"));
        }
        let bytes = file::content(file.try_clone().map_err(failed)?, LARGEST).map_err(failed)?;
        let told = parse(&bytes).map_err(|why| refused(path, &why))?;
        if told.plan.is_none() && !could_begin(&bytes) {
            return Err(refused(
                path,
                "there is a file of that name that is no journal; choose another with --journal",
            ));
        }
        if told.plan.as_deref().is_some_and(|known| known != plan) {
            return Err(refused(path, "it is of another plan"));
        }
        if told.whole < bytes.len() {
            file.set_len(told.whole as u64).and_then(|()| file.sync_all()).map_err(failed)?;
            file.seek(SeekFrom::End(0)).map_err(failed)?;
        }
        let is_new = told.plan.is_none();
        let mut journal = Journal { file, path: path.to_owned(), told, env: env.clone() };
        if is_new {
            let fields = json!({ "event": "begin", "schema": SCHEMA, "plan": plan, "tenant": tenant,
                                 "tool": { "name": "leaver", "version": env!("CARGO_PKG_VERSION") } });
            journal.write(fields)?;
            // The name of a new file is only there once its directory is written too.
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            file::settle(folder).map_err(failed)?;
        }
        Ok(journal)
    }

    /// Appends one line and waits until it is on the disk. After an error nothing may be sent.
    pub(super) fn write(&mut self, event: Value) -> Result<(), Error> {
        let failed = |source| Error::Output { target: self.path.display().to_string().into(), source };
        let Value::Object(mut fields) = event else { return Ok(()) };
        fields.insert("at".to_owned(), stamp((self.env.clock)()).into());
        fields.insert("previous".to_owned(), self.told.previous.clone().map_or(Value::Null, Value::from));
        let mut line = serde_json::to_vec(&fields).map_err(|error| failed(error.into()))?;
        let digest = sha256(&line);
        if self.told.take(&fields).is_none() {
            return Err(refused(&self.path, "it already says how this change ended"));
        }
        line.push(b'\n');
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(failed)?;
        self.told.previous = Some(digest);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Console;

    fn env() -> Env {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let console = Console::new(std::io::sink(), std::io::sink());
        Env { now, clock: std::sync::Arc::new(move || now), seed: 1, variables: std::sync::Arc::default(), console }
    }

    fn ended(folder: &Path) -> PathBuf {
        let path = folder.join("journal");
        let mut journal = Journal::open(&path, "p", Some("t"), &env()).unwrap();
        journal.write(json!({ "event": "end", "change": "a", "outcome": "done" })).unwrap();
        path
    }

    #[test]
    fn a_torn_last_line_is_cut_and_any_other_change_refuses() {
        let folder = tempfile::tempdir().unwrap();
        let path = ended(folder.path());
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&whole[..], b"{\"event\": \"int"].concat()).unwrap();
        assert_eq!(Journal::open(&path, "p", None, &env()).unwrap().told.order, ["a"]);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let last = whole.len() - whole.iter().rev().skip(1).position(|byte| *byte == b'\n').unwrap();
            // The end of the last line has no successor that would tell.
            if at + 1 < last {
                assert!(Journal::open(&path, "p", None, &env()).is_err(), "{at}");
            }
        }
    }

    #[test]
    fn a_file_of_somebody_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        for (text, taken) in [("notes", false), ("{", true), ("{\"at\":\"2026-0", true), ("", true), ("{}\n", false)] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(Journal::open(&path, "p", None, &env()).is_ok(), taken, "{text}");
            assert!(taken || std::fs::read(&path).unwrap() == text.as_bytes());
        }
    }

    #[test]
    fn one_writer_and_one_plan() {
        let folder = tempfile::tempdir().unwrap();
        let path = ended(folder.path());
        assert!(Journal::open(&path, "another", None, &env()).is_err());
        let _held = Journal::open(&path, "p", None, &env()).unwrap();
        assert!(Journal::open(&path, "p", None, &env()).is_err());
    }

    #[test]
    fn a_change_ends_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = ended(folder.path());
        let mut journal = Journal::open(&path, "p", None, &env()).unwrap();
        assert!(journal.write(json!({ "event": "end", "change": "a", "outcome": "failed" })).is_err());
    }
}
