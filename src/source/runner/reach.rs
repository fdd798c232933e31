//! What the jobs of each runner on a host can read, and what of that a scan has looked at. Who may read what is told by
//! `access`, whose account it is by `accounts`; this joins them for runners.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::access::Access;
use super::accounts::{Account, Accounts};
use super::inventory::Found;
use super::process::Process;
use crate::evidence::row::RunnerRead;
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

/// What would tell more.
const STEP: &str = "run `leaver scan / --proc` as root on the host of each runner, then audit with --include";

/// The runners of a host, and who can read what.
pub(super) struct Reach<'a> {
    accounts: &'a Accounts,
    processes: Option<&'a [Process]>,
    /// The files that others name, by those that name them.
    named: &'a BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    runners: Vec<Reader>,
    pub(super) reads: Vec<RunnerRead>,
    doubts: BTreeMap<(&'static str, usize), (u64, PathBuf)>,
}

struct Reader {
    found: Found,
    /// Its directory without links, as processes see it.
    directory: PathBuf,
    account: Option<Account>,
    home: Option<PathBuf>,
    access: Access,
}

impl<'a> Reach<'a> {
    pub(super) fn new(
        mut runners: Vec<Found>,
        accounts: &'a Accounts,
        processes: Option<&'a [Process]>,
        named: &'a BTreeMap<PathBuf, BTreeSet<PathBuf>>,
    ) -> Reach<'a> {
        runners.sort_by(|one, other| one.row.id.cmp(&other.row.id));
        // Several files mark one home, and a file may be named itself and lie below another path too.
        runners.dedup_by(|one, other| one.row.id == other.row.id);
        let reader = |mut found: Found| {
            let directory = found.directory.canonicalize().unwrap_or_else(|_| found.directory.clone());
            let own = processes.into_iter().flatten().filter(|process| process.runner.as_ref() == Some(&directory));
            if let Some(user) = own.clone().find_map(|process| process.user) {
                found.account = Some(accounts.name(&found.directory, user).unwrap_or_else(|| user.to_string()));
            }
            found.row.running = processes.map(|_| own.count() > 0);
            let (name, tree) = (found.account.as_deref(), accounts.host(&found.directory));
            let account = name.and_then(|name| tree?.account(name));
            let home = name.and_then(|name| tree?.home(name));
            Reader { account: account.or_else(|| root(name)), home, access: Access::default(), directory, found }
        };
        let runners = runners.into_iter().map(reader).collect();
        Reach { accounts, processes, named, runners, reads: Vec::new(), doubts: BTreeMap::new() }
    }

    /// Notes which runners can read the `thing` of a table in this file; returns the one that is nearest to it.
    /// What does not count anyway leaves no doubt.
    pub(super) fn of(
        &mut self,
        table: &'static str,
        thing: &Untrusted,
        path: &Path,
        counts: bool,
    ) -> Option<Untrusted> {
        let mut nearest: Option<(bool, Untrusted)> = None;
        for index in 0..self.runners.len() {
            match self.reads(index, path) {
                Some(true) => {
                    let found = &self.runners[index].found;
                    let (id, is_inside) = (found.row.id.clone(), path.starts_with(&found.directory));
                    self.reads.push(RunnerRead { runner: id.clone(), thing: thing.clone() });
                    if nearest.as_ref().is_none_or(|(inside, _)| is_inside && !inside) {
                        nearest = Some((is_inside, id));
                    }
                }
                Some(false) => {}
                None if !counts => {}
                None => self.doubts.entry((table, index)).or_insert_with(|| (0, path.to_owned())).0 += 1,
            }
        }
        nearest.map(|(_, id)| id)
    }

    fn reads(&mut self, index: usize, path: &Path) -> Option<bool> {
        let process = self.processes.and_then(|all| all.iter().find(|process| process.environment == path));
        let root = self.accounts.host(path).map(|tree| tree.root.as_path());
        let Reader { found, directory, account, home, access } = &mut self.runners[index];
        if let Some(process) = process {
            return Some(process.runner.as_ref() == Some(&*directory));
        }
        // What a unit and the files that it names hold is handed to the runner, whoever may read them.
        let is_given = |path: &Path| found.units.iter().any(|unit| unit == path);
        let given = is_given(path) || self.named.get(path).is_some_and(|by| by.iter().any(|by| is_given(by)));
        let own = [Some(&found.directory), Some(&found.work), home.as_ref()];
        let is_own = own.into_iter().flatten().any(|folder| path.starts_with(folder))
            || (home.is_none() && found.account.as_deref().is_some_and(|name| is_in_usual_home(path, name)));
        if given || is_own {
            return Some(true);
        }
        access.reads(account.as_ref(), path, root.unwrap_or(Path::new("/")))
    }

    /// The runners with what of them was looked at, and the gaps that remain.
    pub(super) fn finish(self) -> (Vec<Found>, Vec<RunnerRead>, Vec<(&'static str, Cause)>) {
        let mut gaps: Vec<_> =
            self.doubts.iter().map(|((table, index), doubt)| (*table, self.doubt(*index, doubt))).collect();
        for process in self.processes.into_iter().flatten() {
            let known = |reader: &Reader| process.runner.as_ref() == Some(&reader.directory);
            if !self.runners.iter().any(known) {
                let place = process
                    .runner
                    .as_ref()
                    .map_or("a place that it does not tell".to_owned(), |at| at.display().to_string());
                let what = format!("a runner is running from {place}, and no settings of a runner were scanned there");
                let cause = Cause::new(GapKind::NotCollected, what).needing(STEP);
                gaps.extend(super::TABLES.iter().map(|table| (*table, cause.clone())));
            }
        }
        let (accounts, processes) = (self.accounts, self.processes);
        let runners = self.runners.into_iter().map(|reader| covered(reader, accounts, processes));
        (runners.collect(), self.reads, gaps)
    }

    fn doubt(&self, index: usize, (count, first): &(u64, PathBuf)) -> Cause {
        let found = &self.runners[index].found;
        let name = found.row.name.as_ref().map_or("a runner", Untrusted::raw);
        let more = if *count > 1 { format!(" and {} others", count - 1) } else { String::new() };
        let what = format!("it cannot be told whether the account of {name} may read {}{more}", first.display());
        Cause::new(GapKind::NotCollected, what).needing(STEP)
    }
}

/// Root is root on every host.
fn root(name: Option<&str>) -> Option<Account> {
    (matches!(name, Some("root" | "0"))).then(|| Account { id: 0, groups: [0].into(), in_others: false, is_root: true })
}

/// By the usual places of homes, where no `passwd` tells.
fn is_in_usual_home(path: &Path, user: &str) -> bool {
    let home = if user == "root" { PathBuf::from("root") } else { Path::new("home").join(user) };
    let (home, parts): (Vec<_>, Vec<_>) = (home.components().collect(), path.components().collect());
    parts.windows(home.len()).any(|window| window == home)
}

fn covered(reader: Reader, accounts: &Accounts, processes: Option<&[Process]>) -> Found {
    let Reader { mut found, home, .. } = reader;
    found.row.saw_root = Some(accounts.was_scanned(&found.directory));
    found.row.saw_work = Some(accounts.was_scanned(&found.work));
    found.row.saw_home = Some(home.is_some_and(|home| accounts.was_scanned(&home)));
    // The processes of this machine say nothing of a host that is only mounted here.
    let here = || accounts.host(&found.directory).is_none_or(super::accounts::Tree::may_be_this_machine);
    found.row.saw_environment = Some(processes.is_some() && (found.row.running == Some(true) || here()));
    found
}
