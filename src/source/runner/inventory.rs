//! The runners and agents themselves: whose organisation they serve, which account they run as, when they last had a job.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::accounts::{Accounts, Tree};
use super::content;
use super::document::{self, Format};
use crate::evidence::row::Runner;
use crate::text::Untrusted;

/// The files that hold the settings, the one that counts first, and whose they are.
const SETTINGS: [(&str, &[&str]); 2] =
    [("github", &[".runner_migrated", ".runner"]), ("azure-devops", &[".agent_migrated", ".agent"])];

/// What lies beside settings in the home of a runner or an agent.
const BESIDE: [&str; 9] = [
    ".credentials",
    ".credentials_migrated",
    ".credentials_rsaparams",
    ".service",
    ".env",
    "_diag",
    "config.sh",
    "run.sh",
    "bin/Runner.Listener",
];

/// Settings of these names are a runner's or an agent's.
const TELLING: [&str; 6] = ["agentId", "agentName", "poolId", "poolName", "serverUrl", "gitHubUrl"];

/// Where units are, the one that counts first.
const UNITS: [&str; 4] = ["etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];

/// A runner and the directory it lives in.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) directory: PathBuf,
    /// Where its jobs work.
    pub(super) work: PathBuf,
    /// The account that it runs as, as far as its unit, or without one its files, tell.
    pub(super) account: Option<String>,
    /// Its unit and what changes it.
    pub(super) units: Vec<PathBuf>,
    /// Whether its settings could be read.
    pub(super) is_readable: bool,
    pub(super) row: Runner,
}

/// The runner in whose home this file is, if it is one of those that mark a home.
pub(super) fn runner(file: &Path, host: &str, accounts: &Accounts) -> Option<Found> {
    let name = file.file_name()?.to_str()?;
    let directory = file.parent()?;
    let (kind, files) = match SETTINGS.iter().find(|(_, files)| files.contains(&name)) {
        Some(found) => found,
        // Settings behind a link are not come by themselves.
        None if BESIDE.contains(&name) => SETTINGS.iter().find(|(_, files)| {
            let link = |name: &&str| directory.join(name).symlink_metadata().is_ok_and(|found| found.is_symlink());
            files.iter().any(link)
        })?,
        None => return None,
    };
    let path = files.iter().map(|name| directory.join(name)).find(|path| path.exists())?;
    match settings(&path) {
        Some(settings) if TELLING.iter().any(|name| value(&settings, name).is_some()) => {
            Some(found(kind, directory, &path, host, accounts, Some(&settings)))
        }
        Some(_) => None,
        None => BESIDE
            .iter()
            .any(|name| directory.join(name).exists())
            .then(|| found(kind, directory, &path, host, accounts, None)),
    }
}

/// Whether a file lies in the home of a runner or an agent.
pub(super) fn is_home(file: &Path, beside: &dyn Fn(&str) -> Option<String>) -> bool {
    SETTINGS.iter().any(|(_, names)| lies_beside(file, names, beside))
}

/// Whether it lies in that of an agent.
pub(super) fn is_agent(file: &Path, beside: &dyn Fn(&str) -> Option<String>) -> bool {
    SETTINGS.iter().any(|(kind, names)| *kind == "azure-devops" && lies_beside(file, names, beside))
}

/// Settings behind a link count as well.
fn lies_beside(file: &Path, names: &[&str], beside: &dyn Fn(&str) -> Option<String>) -> bool {
    let link = |name: &str| file.parent().is_some_and(|folder| folder.join(name).is_symlink());
    names.iter().any(|name| beside(name).is_some() || link(name))
}

/// `None`: it is no object, or cannot be read.
fn settings(path: &Path) -> Option<Map<String, Value>> {
    match document::parse(Format::Json, &content::linked(path)?)?.pop()? {
        Value::Object(settings) => Some(settings),
        _ => None,
    }
}

/// A setting as text. The programs read names in any letter case, and numbers and truth values as text too.
fn value(settings: &Map<String, Value>, name: &str) -> Option<String> {
    let found = settings
        .get(name)
        .or_else(|| settings.iter().rfind(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))?;
    let text = match found {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn found(
    kind: &str,
    directory: &Path,
    file: &Path,
    host: &str,
    accounts: &Accounts,
    settings: Option<&Map<String, Value>>,
) -> Found {
    let told = |name: &str| settings.and_then(|settings| value(settings, name));
    let field = |names: &[&str]| names.iter().find_map(|name| told(name)).map(Untrusted::from);
    let tree = accounts.host(directory);
    let unit = Unit::of(directory, tree);
    let file_owner = fs::symlink_metadata(file).ok().map(|metadata| accounts.owner(directory, &metadata));
    let modified = |name: &str| modified(&fs::symlink_metadata(directory.join(name)).ok()?);
    let number = |text: String| text.parse::<u64>().map_or(text, |number| number.to_string());
    let row = Runner {
        id: format!("host:{host}{}", directory.display()).into(),
        host: host.into(),
        kind: kind.to_owned(),
        name: field(&["agentName"]),
        server: field(&["gitHubUrl", "serverUrl", "serverUrlV2"]),
        pool: field(&["poolName", "deploymentGroupName", "environmentName"]),
        service_user: unit.user.clone().map(Untrusted::from),
        service: unit.name.map(Untrusted::from),
        file_owner: file_owner.clone(),
        registered_at: [".credentials", ".runner", ".agent"].iter().find_map(|name| modified(name)),
        last_job_at: last_job(&directory.join("_diag")),
        running: None,
        runner_id: told("agentId").map(number).map(Untrusted::from),
        ephemeral: told("ephemeral").map(|text| text.eq_ignore_ascii_case("true") || text == "1"),
        ..Runner::default()
    };
    let work = PathBuf::from(told("workFolder").unwrap_or_else(|| "_work".to_owned()));
    let work = match (work.is_absolute(), tree) {
        (true, Some(tree)) if !work.starts_with(&tree.root) => tree.place(&work),
        _ => directory.join(work),
    };
    let by_hand = || file_owner.map(|owner| owner.raw().trim_start_matches("uid:").to_owned());
    Found {
        directory: directory.to_owned(),
        work,
        account: if unit.is_installed { unit.user } else { by_hand() },
        units: unit.files,
        is_readable: settings.is_some(),
        row,
    }
}

/// The service of a runner.
#[derive(Debug, Default)]
struct Unit {
    name: Option<String>,
    /// Whether there is one, be it known or not.
    is_installed: bool,
    user: Option<String>,
    files: Vec<PathBuf>,
}

impl Unit {
    /// The unit that `.service` names, or else the one that starts what is in the directory.
    fn of(directory: &Path, tree: Option<&Tree>) -> Unit {
        let named = content::small(&directory.join(".service")).map(|name| name.trim().to_owned());
        let name = named.filter(|name| !name.is_empty());
        let file = match &name {
            Some(name) if name.contains('/') => None,
            Some(name) => match tree {
                Some(tree) => place(&tree.root, name),
                None => directory.ancestors().find_map(|root| place(root, name)),
            },
            None => tree.and_then(|tree| starting(directory, tree)),
        };
        let Some(file) = file else { return Unit { is_installed: name.is_some(), name, ..Unit::default() } };
        let shown = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let files = with_drop_ins(file);
        // The last one counts; without any it is root, and a variable is known to nobody but systemd.
        let text: String = files.iter().filter_map(|file| content::linked(file)).map(|text| text + "\n").collect();
        let user = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("User")?.trim_start().strip_prefix('='))
            .next_back();
        let user = user.map_or("root", str::trim);
        let user = if user.is_empty() { "root" } else { user };
        Unit {
            name: name.or(shown),
            is_installed: true,
            user: (!user.contains(['%', '$'])).then(|| user.to_owned()),
            files,
        }
    }
}

fn place(root: &Path, name: &str) -> Option<PathBuf> {
    UNITS.iter().map(|folder| root.join(folder).join(name)).find(|path| path.is_file())
}

/// `UNIT.d/*.conf`, in the order in which they count.
fn with_drop_ins(file: PathBuf) -> Vec<PathBuf> {
    let mut folder = file.clone().into_os_string();
    folder.push(".d");
    let mut files: Vec<PathBuf> =
        fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "conf"));
    files.sort();
    files.insert(0, file);
    files
}

/// The unit of somebody's own making that starts a program of this directory.
fn starting(directory: &Path, tree: &Tree) -> Option<PathBuf> {
    let inside = format!("/{}/", directory.strip_prefix(&tree.root).ok()?.display());
    let starts = |path: &PathBuf| {
        let text = content::small(path).unwrap_or_default();
        path.extension().is_some_and(|extension| extension == "service")
            && text.lines().any(|line| line.trim().starts_with("Exec") && line.contains(&inside))
    };
    UNITS.iter().find_map(|folder| {
        let entries = fs::read_dir(tree.root.join(folder)).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(starts).min()
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)], mark: &str) -> Option<Found> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let accounts = Accounts::of(&[directory.path().to_owned()]);
        runner(&directory.path().join(mark), "h", &accounts)
    }

    const PASSWD: (&str, &str) = ("etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:1001:1001::/srv/ci:/bin/sh\n");

    #[test]
    fn settings_in_every_spelling_that_the_programs_accept() {
        for text in [
            r#"{"agentId": 5, "agentName": "r1", "ephemeral": true, "gitHubUrl": "https://github.com/contoso"}"#,
            r#"{"AgentId": "5", "AgentName": "r1", "Ephemeral": "True", "GitHubUrl": "https://github.com/contoso"}"#,
            "\u{feff}{\n// jit\n\"AGENTID\": \"05\", \"agentname\": \" r1 \", \"EPHEMERAL\": \"true\", \"githuburl\": \"https://github.com/contoso\",\n}",
        ] {
            for name in [".runner", ".runner_migrated", ".agent", ".agent_migrated"] {
                let path = format!("opt/r/{name}");
                let row = of(&[(&path, text)], &path).unwrap().row;
                let raw = |value: &Option<Untrusted>| value.as_ref().unwrap().raw().to_owned();
                assert_eq!(
                    (raw(&row.runner_id).as_str(), raw(&row.name).as_str(), row.ephemeral),
                    ("5", "r1", Some(true))
                );
                assert_eq!(raw(&row.server), "https://github.com/contoso");
                assert_eq!(row.kind, if name.starts_with(".runner") { "github" } else { "azure-devops" });
            }
        }
    }

    #[test]
    fn settings_that_cannot_be_read_still_mark_the_home_of_a_runner() {
        let found = of(&[("opt/r/.runner", "{\"AgentId\": "), ("opt/r/.credentials", "{}")], "opt/r/.runner").unwrap();
        assert!(!found.is_readable && found.row.runner_id.is_none());
        assert!(of(&[("opt/r/.runner", "notes")], "opt/r/.runner").is_none());
        assert!(of(&[("opt/r/.runner", "{\"token\": 1}"), ("opt/r/.env", "")], "opt/r/.runner").is_none());
        assert!(of(&[("opt/r/.env", "A=b")], "opt/r/.env").is_none());
    }

    #[test]
    fn a_link_to_the_settings_marks_a_home_as_well() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("settings.json"), r#"{"AgentId": "7"}"#).unwrap();
        fs::write(at(".credentials"), "{}").unwrap();
        std::os::unix::fs::symlink("settings.json", at(".runner")).unwrap();
        let found = runner(&at(".credentials"), "h", &Accounts::default()).unwrap();
        assert_eq!(found.row.runner_id.unwrap().raw(), "7");
    }

    #[test]
    fn the_account_is_that_of_the_unit_with_its_drop_ins_or_of_the_files() {
        let settings = ("opt/r/.runner", r#"{"agentId": 1}"#);
        let account = |files: &[(&str, &str)]| {
            let all: Vec<_> = [settings, PASSWD].into_iter().chain(files.iter().copied()).collect();
            of(&all, "opt/r/.runner").unwrap().account
        };
        let unit = "etc/systemd/system/x.service";
        let service = ("opt/r/.service", "x.service\n");
        let owner = account(&[]);
        assert!(owner.is_some());
        assert_eq!(account(&[service]), None, "there is a service, and nothing tells as whom");
        assert_eq!(account(&[service, (unit, "[Service]\nUser=ci\n")]).as_deref(), Some("ci"));
        assert_eq!(account(&[service, (unit, "[Service]\nExecStart=/x\n")]).as_deref(), Some("root"));
        assert_eq!(account(&[service, (unit, "[Service]\nUser=%i\n")]), None);
        let drop_in = ("etc/systemd/system/x.service.d/override.conf", "[Service]\nUser = alice\n");
        assert_eq!(account(&[service, (unit, "[Service]\nUser=ci\n"), drop_in]).as_deref(), Some("alice"));
        let own = ("etc/systemd/system/own.service", "[Service]\nUser=ci\nExecStart=/opt/r/run.sh\n");
        assert_eq!(account(&[own]).as_deref(), Some("ci"));
        let vendor = ("usr/lib/systemd/system/x.service", "[Service]\nUser=ci\n");
        assert_eq!(account(&[service, vendor]).as_deref(), Some("ci"));
    }

    #[test]
    fn where_jobs_work_is_a_place_on_the_host() {
        let work = |folder: &str| {
            let directory = tempfile::tempdir().unwrap();
            let at = |name: &str| directory.path().join(name);
            fs::create_dir_all(at("opt/r")).unwrap();
            fs::create_dir_all(at("etc")).unwrap();
            fs::write(at(PASSWD.0), PASSWD.1).unwrap();
            fs::write(at("opt/r/.runner"), format!(r#"{{"AgentId": 1{folder}}}"#)).unwrap();
            let found = runner(&at("opt/r/.runner"), "h", &Accounts::of(&[directory.path().to_owned()])).unwrap();
            found.work.strip_prefix(directory.path()).unwrap().display().to_string()
        };
        assert_eq!(work(""), "opt/r/_work");
        assert_eq!(work(r#", "WorkFolder": "jobs""#), "opt/r/jobs");
        assert_eq!(work(r#", "workFolder": "/data/jobs""#), "data/jobs");
    }
}
