//! The environment of the running runners and agents and of everything they started, from the process file system.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::walk::Left;
use crate::file;

/// The listener waits for jobs, the worker runs one.
const NAMES: &[&str] = &["Runner.Listener", "Runner.Worker", "Agent.Listener", "Agent.Worker"];

/// One process of a runner's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) environment: PathBuf,
    /// The directory of the runner that it belongs to, if the command names it.
    pub(super) runner: Option<PathBuf>,
    /// The number of the account that the runner runs as.
    pub(super) user: Option<u32>,
}

/// All processes of runners and agents below the process file system `root`.
pub(super) fn of_runners(root: &Path, left: &mut Left) -> Vec<Process> {
    let mut parents = BTreeMap::new();
    let mut runners = BTreeMap::new();
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) => {
            left.failed(&error, root);
            return Vec::new();
        }
    };
    for id in entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok()) {
        let at = root.join(id.to_string());
        let text = |name: &str| {
            String::from_utf8_lossy(&file::read(&at.join(name), file::SMALL).unwrap_or_default()).into_owned()
        };
        parents.insert(id, parent(&text("stat")));
        if let Some(program) = program(&at, &text("cmdline")) {
            // `<runner>/bin/Runner.Listener`
            let directory = program.parent().and_then(Path::parent);
            let directory = directory.map(|at| at.canonicalize().unwrap_or_else(|_| at.to_owned()));
            runners.insert(id, (directory, user(&text("status"))));
        }
    }
    let process = |&id: &u32| {
        let (runner, user) = lineage(id, &parents).into_iter().find_map(|id| runners.get(&id))?.clone();
        Some(Process { environment: root.join(id.to_string()).join("environ"), runner, user })
    };
    parents.keys().filter_map(process).collect()
}

/// The program of a runner that a process runs. Its own link says where it is, also where the command is relative.
fn program(process: &Path, command: &str) -> Option<PathBuf> {
    let is_known = |program: &Path| program.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known));
    let started = PathBuf::from(command.split('\0').next().unwrap_or_default());
    match fs::read_link(process.join("exe")) {
        Ok(real) if is_known(&real) => Some(real),
        _ if !is_known(&started) => None,
        _ if started.is_absolute() => Some(started),
        _ => Some(fs::read_link(process.join("cwd")).map_or(started.clone(), |folder| folder.join(&started))),
    }
}

/// The effective one of the four ids in the line `Uid:` of `status`.
fn user(status: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix("Uid:"))?.split_whitespace().nth(1)?.parse().ok()
}

/// The fourth field of `stat`; the second is the name in parentheses and may hold anything.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn lineage(id: u32, parents: &BTreeMap<u32, Option<u32>>) -> BTreeSet<u32> {
    let mut line = BTreeSet::new();
    let mut next = Some(id);
    while let Some(id) = next.filter(|id| line.insert(*id)) {
        next = parents.get(&id).copied().flatten();
    }
    line
}
