//! Scans a runner host or a checkout: which credentials lie there, whose they are, which runners can read them.
//! It reads files only: no network, no sign-in, and no value of a credential leaves this module.

mod access;
mod accounts;
mod beside;
mod content;
mod document;
mod examine;
mod exclude;
mod fingerprint;
mod follow;
mod host;
mod hosts;
mod identify;
mod include;
mod inventory;
mod lead;
mod links;
mod listing;
mod members;
mod packed;
mod printable;
mod process;
mod reach;
mod read;
mod registered;
mod samples;
mod sections;
mod summary;
mod walk;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::env::Env;
use crate::evidence::row::{Runner, RunnerRead, Sighting};
use crate::evidence::{self, Evidence, Scope, Writer};
use crate::model::{Cause, GapKind, stamp};
use crate::text::Untrusted;
use crate::token::Kinds;

use accounts::Accounts;
use examine::{Examined, Examiner};
use host::{Host, Outcome};
use walk::Unread;

pub use exclude::Globs;
pub use fingerprint::{Error as KeyError, Key};
pub use hosts::Hosts;
pub use identify::{Error as IssuerError, Issuers};
pub use include::include;
pub use listing::{Credential, Holder as Whose, Place as Lies};
pub use registered::{Lists, reconcile};
pub use summary::{Summary, reason};
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
    /// The label of the runners that start from what is scanned: a pod template, the root of an image.
    pub image_of: Option<String>,
    /// The key of the fingerprints.
    pub key: Key,
    /// The kinds of token.
    pub kinds: Kinds,
    /// Whom to ask for the owners of tokens; `None`: nobody, and nothing leaves the host.
    pub issuers: Option<Issuers>,
    /// How many threads read; 0: one per core.
    pub threads: usize,
    /// Files and folders that are not looked at.
    pub exclude: Globs,
}

/// What a sighting is called whose value is known to everybody: a key that was published with some program's tests.
pub const PUBLISHED: &str = "published-key";

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
    let name = options.host.clone().unwrap_or_else(own_name);
    let meta = [
        ("mode", "scan".to_owned()),
        ("now", stamp(env.now)),
        ("host", name.clone()),
        ("tool", env!("CARGO_PKG_VERSION").to_owned()),
        ("fingerprint_key", options.key.id().to_owned()),
    ];
    let writer = Writer::create(&env.beside(options.output.as_deref()), &meta)?;
    let mut result = Host { name: &name, accounts: Accounts::of(&options.paths), options }.look();
    if let Some(label) = &options.image_of {
        image(&mut result, &name, label);
    }
    if let Some(issuers) = &options.issuers {
        identify(issuers, &mut result, &writer, env).await?;
    }
    let credentials = listing::of(&result.sightings, &options.kinds, env.now);
    result.summary.fill(credentials, &result.servers, &result.runners);
    write(&writer, &name, &result, env.now).await?;
    let evidence = writer.seal(options.output.as_deref())?;
    Ok(Scan { evidence, summary: result.summary })
}

/// Jobs of runners that start from what was scanned can read all of it.
fn image(result: &mut Outcome, host: &str, label: &str) {
    let id = Untrusted::from(format!("host:{host}/image-of/{label}"));
    let things = result.sightings.iter().map(|row| &row.id).chain(result.servers.iter().map(|row| &row.id));
    result.reads.extend(things.map(|thing| RunnerRead { runner: id.clone(), thing: thing.clone() }));
    result.sightings.iter_mut().for_each(|row| {
        row.runner.get_or_insert_with(|| id.clone());
    });
    result.servers.iter_mut().for_each(|row| {
        row.runner.get_or_insert_with(|| id.clone());
    });
    result.runners.push(Runner {
        id,
        host: host.into(),
        kind: registered::TEMPLATE.to_owned(),
        name: Some(label.into()),
        ephemeral: Some(true),
        saw_root: Some(true),
        saw_work: Some(true),
        saw_home: Some(true),
        saw_environment: Some(true),
        ..Runner::default()
    });
}

/// Asks for every token once, and writes down what its issuer said at every place where it lies.
async fn identify(issuers: &Issuers, result: &mut Outcome, writer: &Writer, env: &Env) -> Result<(), evidence::Error> {
    let agents = result.runners.iter().filter(|runner| runner.kind == "azure-devops");
    let organizations: BTreeSet<String> =
        agents.filter_map(|agent| organization(agent.server.as_ref()?.raw())).collect();
    let organizations: Vec<String> = organizations.into_iter().collect();
    for (fingerprint, question) in std::mem::take(&mut result.questions) {
        let mut log = Vec::new();
        let answer = issuers.ask(&question, &organizations, env, &mut log).await;
        log.iter().try_for_each(|exchange| writer.request(exchange))?;
        for row in result.sightings.iter_mut().filter(|row| row.fingerprint == fingerprint) {
            host::answered(row, &answer);
        }
    }
    Ok(())
}

/// `https://dev.azure.com/<organisation>/`
fn organization(server: &str) -> Option<String> {
    let url = url::Url::parse(server).ok().filter(|url| url.host_str() == Some("dev.azure.com"))?;
    url.path_segments()?.next().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn own_name() -> String {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| crate::file::read_text(Path::new(path), 4096).ok());
    name.map_or_else(|| "localhost".to_owned(), |name| name.trim().to_owned())
}

/// Looks at a text that is no file of this host, such as a pipeline definition that a service holds.
pub fn look(host: &str, name: &Path, bytes: &[u8], kinds: &Kinds, key: &Key) -> Vec<Sighting> {
    let mut rows = Vec::new();
    let examiner = Examiner { kinds, key, asks: false };
    // A slice can be read without an error.
    let _ = content::pieces(bytes, bytes.len() as u64, content::LIMIT, &mut Vec::new(), |text, line, whole| {
        let examined = match whole {
            true => examiner.file(name, text, &|_| None),
            false => Examined { place: "file", found: examiner.piece(text, line), ..Examined::default() },
        };
        let shown = name.display().to_string();
        rows.extend(examined.found.into_iter().map(|found| host::sighting(host, &shown, examined.place, found)));
    });
    rows
}

/// A path for every file format that is read by more than its bytes; `*` of a pattern is `x`.
pub fn known_files() -> impl Iterator<Item = PathBuf> {
    read::examples()
}

/// The data sets that a scan fills.
pub const TABLES: &[&str] = &["runner", "sighting", "mcp_server", "runner_read"];

async fn write(writer: &Writer, host: &str, result: &Outcome, now: Timestamp) -> Result<(), evidence::Error> {
    let scope = Scope {
        name: format!("host:{host}").into(),
        person: None,
        needs: "read access to all files: run as root".into(),
    };
    let fill = async |rows: &mut evidence::Rows| {
        for row in &result.runners {
            rows.insert(&Runner { scanned_at: Some(now), ..row.clone() })?;
        }
        for row in &result.reads {
            rows.insert(row)?;
        }
        for (table, cause) in &result.gaps {
            rows.gap(table, cause.clone());
        }
        for row in &result.sightings {
            rows.insert(row)?;
        }
        for row in &result.servers {
            rows.insert(row)?;
        }
        if let Some(count) = result.summary.left.skipped.get(exclude::EXCLUDED) {
            for table in TABLES {
                let what = format!("{count} files and folders were excluded by whoever started the scan");
                rows.gap(table, Cause::new(GapKind::NotCollected, what));
            }
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
        Unread::Packed => (GapKind::NotCollected, "is packed, and not all of what is in it was read"),
        Unread::Linked => {
            (GapKind::NotCollected, "is a link that leads out of the scanned paths: scan where it leads, too")
        }
        Unread::Outside => {
            (GapKind::NotCollected, "is named by a file that was read, and lies outside of the scanned paths")
        }
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
