//! Scans a runner host or a checkout: which credentials lie there, whose they are, which runners can read them.
//! It reads files only: no network, no sign-in, and no value of a credential leaves this module.

mod content;
mod document;
mod examine;
mod fingerprint;
mod include;
mod inventory;
mod lead;
mod process;
mod read;
mod summary;
mod walk;

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use crate::env::Env;
use crate::evidence::row::{McpServer, Runner, Sighting};
use crate::evidence::{self, Evidence, Scope, Writer};
use crate::model::{Cause, GapKind, stamp};
use crate::text::Untrusted;
use crate::token::Kinds;

use examine::{Examined, Examiner, beside, better};
use inventory::Accounts;
use lead::Known;
use walk::Unread;

pub use fingerprint::{Error as KeyError, Key};
pub use include::include;
pub use summary::Summary;
pub use walk::{Left, Unread as WhyUnread};

/// What to scan, and with what.
pub struct Options {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// The process file system, to read the environment of running runners too.
    pub processes: Option<PathBuf>,
    /// Where the evidence goes; `None`: it is only needed now.
    pub output: Option<PathBuf>,
    /// What the host is called in evidence; `None`: what it calls itself.
    pub host: Option<String>,
    /// The key of the fingerprints.
    pub key: Key,
    /// The kinds of token.
    pub kinds: Kinds,
    /// How many threads read; 0: one per core.
    pub threads: usize,
}

/// A finished scan.
pub struct Scan {
    /// What was seen, sealed.
    pub evidence: Evidence,
    /// The same in short.
    pub summary: Summary,
}

/// Why there is no scan at all.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// None of the paths could be opened.
    #[error("nothing to scan: {} cannot be read", paths(.0))]
    Nothing(Vec<PathBuf>),
    /// The evidence cannot be written.
    #[error(transparent)]
    Evidence(#[from] evidence::Error),
}

fn paths(all: &[PathBuf]) -> String {
    let shown =
        |path: &PathBuf| Untrusted::from(crate::token::scrub(&path.display().to_string()).into_owned()).terminal();
    all.iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// Scans and seals the evidence.
///
/// # Errors
/// When no path can be opened, or when the evidence cannot be written. What else could not be read is a gap.
pub async fn scan(options: &Options, env: &Env) -> Result<Scan, Error> {
    if !options.paths.iter().any(|path| fs::metadata(path).is_ok()) {
        return Err(Error::Nothing(options.paths.clone()));
    }
    let host = options.host.clone().unwrap_or_else(own_name);
    let meta = [
        ("mode", "scan".to_owned()),
        ("now", stamp(env.now)),
        ("host", host.clone()),
        ("tool", env!("CARGO_PKG_VERSION").to_owned()),
        ("fingerprint_key", options.key.id().to_owned()),
    ];
    let writer = Writer::create(&partial(options, env), &meta)?;
    let result = Host { name: host, accounts: Accounts::of(&options.paths), options }.look();
    write(&writer, &result).await?;
    let evidence = writer.seal(options.output.as_deref())?;
    Ok(Scan { evidence, summary: result.summary })
}

/// Beside the output, so that the finished file can be renamed into place.
fn partial(options: &Options, env: &Env) -> PathBuf {
    match options.output.as_deref().map(|output| output.parent().unwrap_or(Path::new(""))) {
        None => PathBuf::from(env.variable("TMPDIR").unwrap_or("/tmp")),
        Some(here) if here.as_os_str().is_empty() => PathBuf::from("."),
        Some(directory) => directory.to_owned(),
    }
}

fn own_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
}

/// Everything that one scan found.
#[derive(Default)]
struct Outcome {
    host: String,
    sightings: Vec<Sighting>,
    servers: Vec<McpServer>,
    runners: Vec<Runner>,
    summary: Summary,
}

/// What one thread found.
#[derive(Default)]
struct Part {
    buffer: Vec<u8>,
    sightings: Vec<(PathBuf, Sighting)>,
    servers: Vec<(PathBuf, McpServer)>,
    runners: Vec<inventory::Found>,
    left: Left,
    files: u64,
    bytes: u64,
}

struct Host<'a> {
    name: String,
    accounts: Accounts,
    options: &'a Options,
}

impl Host<'_> {
    fn look(&self) -> Outcome {
        let threads = match self.options.threads {
            0 => std::thread::available_parallelism().map_or(1, Into::into),
            threads => threads,
        };
        let (mut parts, mut left) = walk::walk(&self.options.paths, threads, |part: &mut Part, path, metadata| {
            self.visit(part, path, metadata);
        });
        let mut running = None;
        if let Some(root) = &self.options.processes {
            let processes = process::of_runners(root, &mut left);
            let mut part = Part::default();
            for process in &processes {
                match fs::metadata(&process.environment) {
                    Ok(metadata) => self.visit(&mut part, &process.environment, &metadata),
                    Err(error) => part.left.failed(&error, &process.environment),
                }
            }
            parts.push(part);
            running = Some(processes);
        }
        self.join(parts, left, running)
    }

    fn visit(&self, part: &mut Part, path: &Path, metadata: &Metadata) {
        let examiner = Examiner { kinds: &self.options.kinds, key: &self.options.key };
        let mut examined = Examined { place: "file", ..Examined::default() };
        let is_root = self.options.paths.iter().any(|root| root == path);
        let mut buffer = std::mem::take(&mut part.buffer);
        let seen = content::open(path, is_root).and_then(|file| {
            content::pieces(file, content::LIMIT, &mut buffer, |text, line, whole| match whole {
                true => examined = examiner.file(path, text, &beside(path)),
                false => examined.found.extend(examiner.piece(text, line)),
            })
        });
        buffer.shrink_to(content::WHOLE);
        part.buffer = buffer;
        match seen {
            Err(error) => return part.left.failed(&error, path),
            Ok(seen) => {
                part.files += 1;
                part.bytes += seen.bytes;
                if !seen.whole {
                    part.left.unread(Unread::TooLarge, path);
                }
            }
        }
        if examined.malformed {
            part.left.unread(Unread::Malformed, path);
        }
        part.runners.extend(inventory::runner(path, &self.name, &self.accounts));
        self.keep(part, path, metadata, examined);
    }

    fn keep(&self, part: &mut Part, path: &Path, metadata: &Metadata, examined: Examined) {
        let file_owner = self.accounts.owner(metadata);
        let shown = path.display().to_string();
        for found in examined.found {
            let line = found.line.map_or(String::new(), |line| format!(":{line}"));
            let row = Sighting {
                id: format!("host:{}{shown}{line}#{}", self.name, &found.fingerprint[..8]).into(),
                host: self.name.as_str().into(),
                path: shown.as_str().into(),
                line: found.line.and_then(|line| i64::try_from(line).ok()),
                place: examined.place.to_owned(),
                kind: found.kind,
                holder: found.holder.name().to_owned(),
                name: found.name.map(Untrusted::from),
                shown: found.shown.map(Untrusted::from),
                fingerprint: found.fingerprint,
                verified: found.verified,
                confidence: found.confidence.name().to_owned(),
                sign_in: found.sign_in,
                uploaded: found.uploaded,
                file_owner: Some(file_owner.clone()),
                scope: found.scope,
                created_at: found.created_at,
                expires_at: found.expires_at,
                modified_at: inventory::modified(metadata),
                ..Sighting::default()
            };
            part.sightings.push((path.to_owned(), owned(row, found.owner)));
        }
        for server in examined.servers {
            let row = McpServer {
                id: format!("host:{}{shown}#{}", self.name, server.name).into(),
                host: self.name.as_str().into(),
                path: shown.as_str().into(),
                client: server.client.to_owned(),
                name: server.name.into(),
                transport: server.transport.to_owned(),
                target: server.target.map(Untrusted::from),
                literals: i64::try_from(server.literals).unwrap_or(i64::MAX),
                reaches: (!server.reaches.is_empty()).then(|| server.reaches.join(" ").into()),
                runner: None,
                file_owner: Some(file_owner.clone()),
            };
            part.servers.push((path.to_owned(), row));
        }
    }

    /// One result out of all parts, in a stable order, with what only the whole can tell.
    fn join(&self, parts: Vec<Part>, left: Left, processes: Option<Vec<process::Process>>) -> Outcome {
        let mut result = Outcome { host: self.name.clone(), ..Outcome::default() };
        let (mut runners, mut sightings, mut servers) = (Vec::new(), Vec::new(), Vec::new());
        result.summary.left = left;
        for part in parts {
            result.summary.files += part.files;
            result.summary.bytes += part.bytes;
            result.summary.left.add(part.left);
            runners.extend(part.runners);
            sightings.extend(part.sightings);
            servers.extend(part.servers);
        }
        let shared = owners_by_fingerprint(&sightings);
        for (path, mut row) in sightings {
            row.runner = self.runner_of(&path, &runners, processes.as_deref());
            result.sightings.push(match shared.get(&row.fingerprint) {
                Some(known) if row.owner_kind.is_none() => {
                    owned(row, Some(Known { source: "same-token", ..known.clone() }))
                }
                _ => row,
            });
        }
        for (path, mut row) in servers {
            row.runner = self.runner_of(&path, &runners, processes.as_deref());
            result.servers.push(row);
        }
        for mut runner in runners {
            let runs = |process: &process::Process| process.runner.as_ref() == Some(&runner.directory);
            runner.row.running = processes.as_ref().map(|processes| processes.iter().any(runs));
            result.runners.push(runner.row);
        }
        result.sightings.sort_by(|a, b| (&a.path, a.line, &a.fingerprint).cmp(&(&b.path, b.line, &b.fingerprint)));
        result.servers.sort_by(|a, b| a.id.cmp(&b.id));
        result.runners.sort_by(|a, b| a.id.cmp(&b.id));
        result.summary.fill(&result.sightings, &result.servers, &result.runners);
        result
    }

    /// The runner that can read a file: it lies in its directory, in the home of its account, or is its environment.
    fn runner_of(
        &self,
        path: &Path,
        runners: &[inventory::Found],
        processes: Option<&[process::Process]>,
    ) -> Option<Untrusted> {
        let process = processes.and_then(|all| all.iter().find(|process| process.environment == path));
        let fits = |runner: &&inventory::Found| {
            let user = runner.row.service_user.as_ref().or(runner.row.file_owner.as_ref());
            path.starts_with(&runner.directory)
                || process.is_some_and(|process| process.runner.as_ref() == Some(&runner.directory))
                || user.is_some_and(|user| self.accounts.is_in_home(path, user.raw()))
        };
        runners
            .iter()
            .filter(fits)
            .max_by_key(|runner| path.starts_with(&runner.directory))
            .map(|runner| runner.row.id.clone())
    }
}

fn owned(row: Sighting, known: Option<Known>) -> Sighting {
    let Some(Known { owner, source, grade }) = known else { return row };
    Sighting {
        owner_kind: Some(owner.kind.to_owned()),
        owner_id: owner.id,
        owner_name: owner.name,
        owner_source: Some(source.to_owned()),
        grade: Some(grade.to_string()),
        ..row
    }
}

/// The same token lies in several places; one of them may say whose it is.
fn owners_by_fingerprint(sightings: &[(PathBuf, Sighting)]) -> BTreeMap<String, Known> {
    let mut owners: BTreeMap<String, Known> = BTreeMap::new();
    for (_, row) in sightings {
        let Some(known) = known_of(row) else { continue };
        let best = better(owners.remove(&row.fingerprint), Some(known));
        owners.extend(best.map(|best| (row.fingerprint.clone(), best)));
    }
    owners
}

fn known_of(row: &Sighting) -> Option<Known> {
    const KINDS: &[&str] = &[
        "github",
        "github-enterprise",
        "entra",
        "mail",
        "devops",
        "login",
        "application",
        "npm",
        "pypi",
        "docker",
        "aws-account",
        "slack",
        "sentry-organization",
        "ssh-comment",
    ];
    let kind = KINDS.iter().find(|kind| row.owner_kind.as_deref() == Some(kind))?;
    let owner = crate::token::owner::Owner { kind, id: row.owner_id.clone(), name: row.owner_name.clone() };
    Some(Known { owner, source: "same-token", grade: crate::model::Grade::parse(row.grade.as_deref()?)? })
}

const TABLES: &[&str] = &["runner", "sighting", "mcp_server"];

async fn write(writer: &Writer, result: &Outcome) -> Result<(), evidence::Error> {
    let scope = Scope {
        name: format!("host:{}", result.host).into(),
        person: None,
        needs: "read access to all files: run as root".into(),
    };
    let fill = async |rows: &mut evidence::Rows| {
        for row in &result.runners {
            rows.insert(row)?;
        }
        for row in &result.sightings {
            rows.insert(row)?;
        }
        for row in &result.servers {
            rows.insert(row)?;
        }
        for (why, (count, examples)) in &result.summary.left.unread {
            for table in TABLES {
                rows.gap(table, cause(*why, *count, examples));
            }
        }
        Ok(())
    };
    writer.dataset(TABLES, &scope, fill).await.map(drop)
}

fn cause(why: Unread, count: u64, examples: &[PathBuf]) -> Cause {
    let (kind, what) = match why {
        Unread::Denied => (GapKind::Denied, "could not be opened"),
        Unread::Missing => (GapKind::Failed, "does not exist"),
        Unread::TooLarge => (GapKind::Truncated, "was read only in part"),
        Unread::Malformed => (GapKind::Truncated, "is not of its format, so only known shapes were found in it"),
        Unread::Failed => (GapKind::Failed, "could not be read"),
    };
    let first = examples.first().map(|path| path.display().to_string()).unwrap_or_default();
    let others = count.saturating_sub(1);
    Cause::new(
        kind,
        if others == 0 { format!("{first} {what}") } else { format!("{first} {what}, and {others} others") },
    )
}

#[cfg(test)]
mod tests;
