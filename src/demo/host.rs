//! The runner hosts of an estate, as they would be scanned: one folder for each runner that its GitHub lists, with nothing on it
//! that is anybody's. A demo and tests scan it as `leaver scan / --proc` scans a real one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::estate::Estate;

/// A host that was laid out below a folder.
pub struct Host {
    /// What it is called.
    pub name: String,
    /// Its root.
    pub root: PathBuf,
    /// Its process file system.
    pub processes: PathBuf,
}

/// Lays out the hosts of all runners of the organisations below `folder`.
///
/// # Errors
/// When a file cannot be written.
pub fn hosts(estate: &Estate, folder: &Path) -> io::Result<Vec<Host>> {
    let all = estate.rows("github/runners").iter();
    all.filter_map(|runner| Some((organization(runner)?, runner)))
        .map(|(organization, runner)| host(organization, runner, folder))
        .collect()
}

fn organization(runner: &Value) -> Option<&str> {
    runner["@in"].as_str()?.strip_prefix("orgs/")?.strip_suffix("/actions/runners")
}

fn host(organization: &str, runner: &Value, folder: &Path) -> io::Result<Host> {
    let name = runner["name"].as_str().unwrap_or_default().to_owned();
    let (root, processes) = (folder.join(&name).join("host"), folder.join(&name).join("proc"));
    let settings = json!({
        "agentId": runner["id"], "agentName": name, "gitHubUrl": format!("https://github.com/{organization}"), "workFolder": "_work",
    });
    let files = [
        ("etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:54321:54321::/home/ci:/bin/sh\n".to_owned()),
        ("etc/group", "root:x:0:\nci:x:54321:\n".to_owned()),
        ("etc/systemd/system/runner.service", "[Service]\nUser=ci\n".to_owned()),
        ("home/ci/.profile", "umask 077\n".to_owned()),
        ("opt/runner/.runner", settings.to_string()),
        ("opt/runner/.service", "runner.service".to_owned()),
    ];
    files.iter().try_for_each(|(path, text)| write(&root.join(path), text))?;
    let listener = root.join("opt/runner/bin/Runner.Listener");
    write(&processes.join("10/stat"), "10 (Runner.Listener) S 1 1 1")?;
    write(&processes.join("10/cmdline"), &format!("{}\0run\0", listener.display()))?;
    write(&processes.join("10/environ"), "LANG=C.UTF-8\0")?;
    Ok(Host { name, root, processes })
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)
}
