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
        let read = |name: &str| file::read(&root.join(id.to_string()).join(name), file::SMALL).unwrap_or_default();
        parents.insert(id, parent(&String::from_utf8_lossy(&read("stat"))));
        if let Some(program) =
            read("cmdline").split(|&byte| byte == 0).next().and_then(|first| std::str::from_utf8(first).ok())
        {
            let program = Path::new(program);
            if program.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known)) {
                // `<runner>/bin/Runner.Listener`
                runners.insert(id, program.parent().and_then(Path::parent).map(Path::to_owned));
            }
        }
    }
    let process = |&id: &u32| {
        let runner = lineage(id, &parents).into_iter().find_map(|id| runners.get(&id))?;
        Some(Process { environment: root.join(id.to_string()).join("environ"), runner: runner.clone() })
    };
    parents.keys().filter_map(process).collect()
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
