//! The runners and agents themselves: whose organisation they serve, which account they run as, when they last had a job.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;

use super::content;
use super::document::{self, Format, text};
use crate::evidence::row::Runner;
use crate::text::Untrusted;

/// The accounts of a host, from its `passwd`.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    names: Vec<(u32, String, PathBuf)>,
}

impl Accounts {
    /// Those of a mounted host below `roots`, or else of this one.
    pub(super) fn of(roots: &[PathBuf]) -> Accounts {
        let mounted = roots.iter().map(|root| root.join("etc/passwd")).chain([PathBuf::from("/etc/passwd")]);
        let text = mounted.into_iter().find_map(|path| content::small(&path)).unwrap_or_default();
        let names = text.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let (name, id, home) = (fields.next()?, fields.nth(1)?.parse().ok()?, fields.nth(2)?);
            Some((id, name.to_owned(), PathBuf::from(home)))
        });
        Accounts { names: names.collect() }
    }

    /// The owner of a file.
    pub(super) fn owner(&self, metadata: &Metadata) -> Untrusted {
        let name = self.names.iter().find(|(id, ..)| *id == metadata.uid()).map(|(_, name, _)| name.clone());
        name.unwrap_or_else(|| format!("uid:{}", metadata.uid())).into()
    }

    /// Whether `path`, below any root, is in the home of `user`.
    pub(super) fn is_in_home(&self, path: &Path, user: &str) -> bool {
        let told = self.names.iter().find(|(_, name, _)| name == user).map(|(.., home)| home.clone());
        let home = told.unwrap_or_else(|| Path::new("/home").join(user));
        let home: Vec<_> = home.components().skip(1).collect();
        let parts: Vec<_> = path.components().collect();
        !home.is_empty() && parts.windows(home.len()).any(|window| window == home)
    }
}

/// A runner and the directory it lives in.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) directory: PathBuf,
    pub(super) row: Runner,
}

/// The runner whose registration file this is.
pub(super) fn runner(file: &Path, host: &str, accounts: &Accounts) -> Option<Found> {
    let kind = match file.file_name()?.to_str()? {
        ".runner" => "github",
        ".agent" => "azure-devops",
        _ => return None,
    };
    let directory = file.parent()?;
    let document = document::parse(Format::Json, &content::small(file)?)?.pop()?;
    document.get("agentId").or(document.get("agentName"))?;
    let field = |names: &[&str]| names.iter().find_map(|name| text(&document, &[name])).map(Untrusted::from);
    let service = content::small(&directory.join(".service")).map(|name| name.trim().to_owned());
    let metadata = fs::symlink_metadata(file).ok()?;
    let modified = |name: &str| modified(&fs::symlink_metadata(directory.join(name)).ok()?);
    Some(Found {
        directory: directory.to_owned(),
        row: Runner {
            id: format!("host:{host}{}", directory.display()).into(),
            host: host.into(),
            kind: kind.to_owned(),
            name: field(&["agentName"]),
            server: field(&["gitHubUrl", "serverUrl"]),
            pool: field(&["poolName", "deploymentGroupName", "environmentName"]),
            service_user: service.as_deref().and_then(|unit| service_user(directory, unit)).map(Untrusted::from),
            service: service.map(Untrusted::from),
            file_owner: Some(accounts.owner(&metadata)),
            registered_at: modified(".credentials").or_else(|| modified(".runner")).or_else(|| modified(".agent")),
            last_job_at: last_job(&directory.join("_diag")),
            running: None,
        },
    })
}

/// `User=` of the unit, which lies in `etc/systemd/system` of the host that the directory belongs to.
fn service_user(directory: &Path, unit: &str) -> Option<String> {
    if unit.contains('/') {
        return None;
    }
    let text = directory.ancestors().find_map(|root| content::small(&root.join("etc/systemd/system").join(unit)))?;
    text.lines().find_map(|line| line.trim().strip_prefix("User=")).map(|user| user.trim().to_owned())
}

/// One log per job: `Worker_20260501-020000-utc.log`.
fn last_job(logs: &Path) -> Option<Timestamp> {
    let names = fs::read_dir(logs).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let times = names.filter_map(|name| {
        let time = name.strip_prefix("Worker_")?.strip_suffix("-utc.log")?;
        let at = DateTime::strptime("%Y%m%d-%H%M%S", time).ok()?;
        Some(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    });
    times.max()
}

/// When a file was last changed.
pub(super) fn modified(metadata: &Metadata) -> Option<Timestamp> {
    Timestamp::from_second(metadata.mtime()).ok()
}
