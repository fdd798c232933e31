//! Workflows, pipelines and compose files: variables, inputs and scripts that carry a literal, and files that they name.

use super::super::document::Scalar;
use super::super::follow::{Holds, Reference};
use super::super::lead::Lead;
use super::{Source, by_content, hosts, shell};

/// Maps and lists whose entries are variables or inputs.
const VARIABLES: &[&str] =
    &["env", "environment", "variables", "with", "secrets", "credentials", "args", "build_args", "inputs"];
/// Keys whose text a shell runs.
const SCRIPTS: &[&str] = &[
    "run",
    "script",
    "bash",
    "pwsh",
    "powershell",
    "inlineScript",
    "before_script",
    "after_script",
    "command",
    "entrypoint",
];

/// What stands in `env:`, `with:`, `variables:`, `environment:`, `credentials:` and in scripts.
pub(super) fn literals(_: &Source<'_>, scalars: &[Scalar]) -> Vec<Lead> {
    let mut leads = Vec::new();
    for (at, scalar) in scalars.iter().enumerate() {
        let names: Vec<&str> = scalar.path.names().collect();
        let found = match names[..] {
            // `- name: X` and `value: Y`; parameters have a `default`.
            ["value" | "default", ..] => named(scalars, at).and_then(|name| hosts::variable(name, &scalar.value)),
            [item, table, ..] if item.starts_with('#') && VARIABLES.contains(&table) => {
                scalar.value.split_once('=').and_then(|(name, value)| hosts::variable(name, value))
            }
            [name, table, ..] if VARIABLES.contains(&table) => hosts::variable(name, &scalar.value),
            _ => None,
        };
        leads.extend(found.map(|lead| lead.at(scalar.line)));
        if let Some(name) = names.first().filter(|name| by_content::is_embedded(name, &scalar.value)) {
            leads.extend(by_content::embedded(name, &scalar.value).into_iter().map(|lead| lead.at(scalar.line)));
        }
        if names.iter().take(2).any(|name| SCRIPTS.contains(name)) {
            leads.extend(shell::script(&scalar.value).into_iter().map(|lead| lead.at(scalar.line)));
        }
    }
    leads
}

/// `env_file`: a path, a list of paths, or a list of maps with a `path`.
pub(super) fn env_files(_: &Source<'_>, scalars: &[Scalar]) -> Vec<Reference> {
    let is_path = |scalar: &&Scalar| {
        let names: Vec<&str> = scalar.path.names().collect();
        match names[..] {
            ["env_file", ..] | ["path", _, "env_file", ..] => true,
            [item, "env_file", ..] => item.starts_with('#'),
            _ => false,
        }
    };
    let found = scalars.iter().filter(is_path);
    found.map(|scalar| Reference { path: scalar.value.clone(), holds: Holds::Variables }).collect()
}

/// The `name` beside a value; the two stand in one map, hence near each other.
fn named(scalars: &[Scalar], at: usize) -> Option<&str> {
    let near = &scalars[at.saturating_sub(8)..scalars.len().min(at + 8)];
    let is_name = |other: &&Scalar| other.path.is_beside(&scalars[at].path, "name");
    near.iter().find(is_name).map(|name| name.value.as_str())
}
