//! The documents are held to the program: the page of permissions is written from what the sources state.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use leaver::source::{azure, devops, entra, github, logs::live};

const HEAD: &str = "# Permissions

What to grant to the identity that runs `leaver`, and what is read with it. Everything is read-only but one: GitHub shows who may
bypass a ruleset only to those who may change it. Each permission that is missing leaves the checks that read its data sets
unknown, and everything else as it is. `leaver explain CHECK` names the data sets of a check, `leaver doctor` what is granted.

Written by `cargo test --test it readme::write -- --ignored`.
";

const SOURCES: &[(&str, &[(&str, &str)])] = &[
    ("Application permissions of Microsoft Graph", entra::PERMISSIONS),
    ("Roles in Azure", azure::PERMISSIONS),
    ("The fence in Microsoft Graph, for `leaver posture`", entra::posture::PERMISSIONS),
    ("The fence in Azure, for `leaver posture`", azure::posture::PERMISSIONS),
    ("The log of the gateway", live::PERMISSIONS),
    ("Permissions of the GitHub App", github::PERMISSIONS),
    ("Scopes of Azure DevOps, and the right beside one where a scope is not enough", devops::PERMISSIONS),
];

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/permissions.md")
}

fn page() -> String {
    let mut text = HEAD.to_owned();
    for (title, permissions) in SOURCES {
        let mut needed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (table, permission) in *permissions {
            needed.entry(permission).or_default().insert(table);
        }
        write!(text, "\n## {title}\n\n| permission | data sets |\n|---|---|\n").unwrap();
        for (permission, tables) in needed {
            let tables: Vec<String> = tables.iter().map(|table| format!("`{table}`")).collect();
            writeln!(text, "| `{permission}` | {} |", tables.join(", ")).unwrap();
        }
    }
    text
}

#[test]
fn the_page_of_permissions_is_current() {
    let current = fs::read_to_string(path()).unwrap() == page();
    assert!(current, "docs/permissions.md is out of date: run `cargo test --test it readme::write -- --ignored`");
}

#[test]
#[ignore = "writes docs/permissions.md"]
fn write() {
    fs::write(path(), page()).unwrap();
}
