//! What checks need: the permissions of the data sets that they read, and which checks wait for each.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Checks, Entry};
use crate::error::Error;
use crate::source::{azure, devops, entra, github, logs::live};
use crate::text::nearest;

/// What every run reads: who the person is.
const ALWAYS: [&str; 4] = ["person", "identity", "account", "last_day"];

/// A permission, and the checks that wait for it.
pub(in crate::run) type Waiting = BTreeMap<&'static str, BTreeSet<String>>;

/// What the chosen checks need, by service.
#[derive(Debug, Default)]
pub(in crate::run) struct Needs {
    /// Application permissions of Microsoft Graph.
    pub(in crate::run) graph: Waiting,
    /// Roles in Azure.
    pub(in crate::run) azure: Waiting,
    /// What the log takes.
    pub(in crate::run) logs: Waiting,
    /// Permissions of a GitHub App, such as `members=read`.
    pub(in crate::run) github: Waiting,
    /// Rights and scopes in Azure DevOps.
    pub(in crate::run) devops: Waiting,
    /// Every check that is asked for, with the data sets that it reads.
    pub(in crate::run) checks: BTreeMap<String, Vec<String>>,
}

impl Needs {
    pub(in crate::run) fn of(checks: &[&Entry]) -> Needs {
        let mut needs = Needs::default();
        for entry in checks {
            needs.checks.insert(entry.check.id.clone(), entry.tables.clone());
        }
        let Needs { graph, azure, logs, github, devops: at_devops, checks } = &mut needs;
        for (id, tables) in checks {
            let reads = |table: &str| ALWAYS.contains(&table) || tables.iter().any(|read| read == table);
            for (all, list) in [
                (&mut *graph, [entra::PERMISSIONS, entra::posture::PERMISSIONS].concat()),
                (&mut *azure, [azure::PERMISSIONS, azure::posture::PERMISSIONS].concat()),
                (&mut *logs, live::PERMISSIONS.to_vec()),
                (&mut *github, github::PERMISSIONS.to_vec()),
                (&mut *at_devops, devops::PERMISSIONS.to_vec()),
            ] {
                for (_, permission) in list.iter().filter(|(table, _)| reads(table)) {
                    all.entry(permission).or_default().insert(id.clone());
                }
            }
        }
        needs
    }

    /// `members` to `write`: of several levels of one permission the highest, which holds the others.
    pub(in crate::run) fn github_levels(&self) -> BTreeMap<&'static str, &'static str> {
        let mut levels = BTreeMap::new();
        for (name, level) in self.github.keys().filter_map(|permission| permission.split_once('=')) {
            let known = levels.entry(name).or_insert(level);
            if level == "write" {
                *known = level;
            }
        }
        levels
    }
}

/// The checks with these ids or of these steps; none named: all.
///
/// # Errors
/// For a name that is neither.
pub(in crate::run) fn chosen<'c>(checks: &'c Checks, only: &[String]) -> Result<Vec<&'c Entry>, Error> {
    let named = |entry: &Entry, name: &str| entry.check.id == name || entry.check.step == name;
    for name in only {
        if checks.iter().any(|entry| named(entry, name)) {
            continue;
        }
        let names = checks.iter().flat_map(|entry| [entry.check.id.as_str(), entry.check.step.as_str()]);
        let hint = match nearest(name, names) {
            Some(near) => format!("did you mean {near}?"),
            None => "`leaver checks list` shows all checks; the part before the slash is the step".to_owned(),
        };
        return Err(Error::usage(format!("there is no check and no step `{name}`"), hint));
    }
    let wanted = |entry: &&Entry| only.is_empty() || only.iter().any(|name| named(entry, name));
    Ok(checks.iter().filter(wanted).collect())
}
