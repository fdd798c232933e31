//! The README is held to the program: its table of permissions, its exit codes, its commands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;

use leaver::check::Checks;
use leaver::source::{azure, entra, github};

const FROM: &str = "<!-- permissions: written by `cargo test --test it readme::write -- --ignored` -->\n";
const TO: &str = "<!-- /permissions -->";

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

/// A row a permission, with the checks that read a table which takes it.
fn table() -> String {
    let checks = Checks::load(&[]).unwrap();
    let mut needed: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for entry in checks.iter() {
        for (table, permission) in entra::PERMISSIONS.iter().chain(azure::PERMISSIONS).chain(github::PERMISSIONS) {
            if entry.tables.iter().any(|read| read == table) {
                needed.entry(permission).or_default().insert(&entry.check.id);
            }
        }
    }
    let mut text = "| permission | checks that need it |\n|---|---|\n".to_owned();
    for (permission, checks) in needed {
        let checks: Vec<String> = checks.iter().map(|id| format!("`{id}`")).collect();
        writeln!(text, "| `{permission}` | {} |", checks.join(", ")).unwrap();
    }
    text
}

fn with_table(readme: &str) -> String {
    let (before, rest) = readme.split_once(FROM).unwrap();
    let (_, after) = rest.split_once(TO).unwrap();
    format!("{before}{FROM}{}{TO}{after}", table())
}

#[test]
fn the_table_of_permissions_is_current() {
    let readme = readme();
    assert!(
        with_table(&readme) == readme,
        "README.md is out of date: run `cargo test --test it readme::write -- --ignored`"
    );
}

#[test]
#[ignore = "writes README.md"]
fn write() {
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md"), with_table(&readme())).unwrap();
}
