//! Which other files a file names, and which file it is a copy of by its name. Nothing is opened here.

use serde_json::Value;

use super::super::document::{self, Format, text};
use super::super::follow::{Holds, Reference};
use super::Source;

/// Variables of the runner whose value is a script that every job runs
/// (<https://docs.github.com/actions/hosting-your-own-runners/managing-self-hosted-runners/running-scripts-before-or-after-a-job>).
const HOOKS: &[&str] =
    &["ACTIONS_RUNNER_HOOK_JOB_STARTED", "ACTIONS_RUNNER_HOOK_JOB_COMPLETED", "ACTIONS_RUNNER_CONTAINER_HOOKS"];

/// `EnvironmentFile=-/path`; the dash only says that it may be missing.
pub(super) fn of_units(source: &Source<'_>) -> Vec<Reference> {
    let paths = source.text.lines().filter_map(|line| line.trim().strip_prefix("EnvironmentFile="));
    let paths = paths.map(|path| path.trim().trim_matches('"').trim_start_matches('-'));
    paths.filter(|path| !path.is_empty()).map(with_variables).collect()
}

/// The hook scripts of a runner.
pub(super) fn of_runner(source: &Source<'_>) -> Vec<Reference> {
    let assigned = source.text.lines().filter_map(|line| line.split_once('='));
    assigned
        .filter(|(name, path)| HOOKS.contains(name) && !path.is_empty())
        .map(|(_, path)| Reference { path: path.to_owned(), holds: Holds::Commands })
        .collect()
}

/// `path = …` below `[include]` and `[includeIf "…"]`.
pub(super) fn of_git(source: &Source<'_>) -> Vec<Reference> {
    let (mut found, mut included) = (Vec::new(), false);
    for line in source.text.lines().map(str::trim) {
        if let Some(section) = line.strip_prefix('[') {
            included = section.to_lowercase().starts_with("include");
        } else if let Some((_, path)) = line.split_once('=').filter(|(key, _)| included && key.trim() == "path") {
            found.push(plain(path.trim().trim_matches('"')));
        }
    }
    found
}

/// Keys, certificates and tokens that a kubeconfig names instead of holding them.
pub(super) fn of_kubernetes(source: &Source<'_>) -> Vec<Reference> {
    let documents = document::parse(Format::Yaml, source.text).unwrap_or_default();
    let users = documents.iter().filter_map(|document| document.get("users")?.as_array()).flatten();
    let files = |user: &Value| {
        let keys = ["client-key", "client-certificate", "tokenFile"].into_iter();
        keys.filter_map(|key| text(user, &["user", key]).map(plain)).collect::<Vec<_>>()
    };
    users.flat_map(files).collect()
}

/// What editors, packagers and people put behind the name of a file that they keep a copy of.
const COPIES: &[&str] = &[
    ".bak",
    ".backup",
    ".bkp",
    ".bck",
    ".old",
    ".orig",
    ".original",
    ".save",
    ".saved",
    ".copy",
    ".tmp",
    ".temp",
    ".prev",
    ".previous",
    ".new",
    ".disabled",
    ".off",
    ".rpmsave",
    ".rpmnew",
    ".rpmorig",
    ".dpkg-old",
    ".dpkg-new",
    ".dpkg-dist",
    ".dpkg-bak",
    ".ucf-old",
    ".ucf-dist",
    ".pacsave",
    ".pacnew",
    ".swp",
    ".swo",
    ".lock",
    "~",
    "-bak",
    "-backup",
    "-old",
    "_bak",
    "_backup",
    "_old",
    " copy",
    " - copy",
    "-copy",
    "#",
    ".gz",
    ".bz2",
    ".xz",
    ".zst",
    ".1",
    ".txt",
];

/// The names that a file may be a copy of: without what stands behind or before the name for a copy, and without numbers
/// and times of copies.
pub(super) fn originals(name: &str) -> impl Iterator<Item = &str> {
    let mut rest = name.strip_prefix('#').unwrap_or(name);
    std::iter::from_fn(move || {
        rest = shorter(rest)?;
        Some(rest)
    })
    .take(4)
}

fn shorter(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    if let Some(end) = COPIES.iter().find(|end| lower.ends_with(**end)) {
        return Some(&name[..name.len() - end.len()]).filter(|rest| !rest.is_empty());
    }
    // `x.~1~`, `x.backup.1771535707586`, `x (1)`, `x.20260501-120000`
    let before = name
        .trim_end_matches([')', '~'])
        .trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | 'T' | 'Z' | ':'));
    let before = before.trim_end_matches(['(', '~', ' ', '.', '-', '_']);
    (before.len() < name.len() && !before.is_empty()).then_some(before)
}

fn with_variables(path: &str) -> Reference {
    Reference { path: path.to_owned(), holds: Holds::Variables }
}

fn plain(path: &str) -> Reference {
    Reference { path: path.to_owned(), holds: Holds::Anything }
}
