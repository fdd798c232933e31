//! The control frameworks that checks are evidence for, and what each control is called. Data: `checks/controls.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// A catalogue of controls.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Its name and edition.
    pub title: String,
    /// What each control is called, by its number.
    pub controls: BTreeMap<String, String>,
}

/// Every framework by the name that checks use.
pub fn frameworks() -> &'static BTreeMap<String, Framework> {
    // A test reads the file; a build with a broken one would refuse every check that names a framework.
    static ALL: LazyLock<BTreeMap<String, Framework>> =
        LazyLock::new(|| toml::from_str(include_str!("../../checks/controls.toml")).unwrap_or_default());
    &ALL
}

/// The order in which a reader expects control numbers: `AC-2` before `AC-12`.
pub fn in_order(control: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = control;
    while !rest.is_empty() {
        let (text, after) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
        let (number, after) = after.split_at(after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
        parts.push((text.to_owned(), number.parse().unwrap_or(u64::MAX)));
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_reads_and_has_every_framework() {
        let known: Vec<&str> = frameworks().keys().map(String::as_str).collect();
        assert_eq!(known, ["cis", "iso27001", "nist", "owasp-mcp", "owasp-nhi", "soc2"]);
        assert_eq!(frameworks()["nist"].controls["PS-4"], "Personnel Termination");
    }

    #[test]
    fn numbers_are_sorted_as_numbers() {
        let mut all = ["AC-12", "AC-2(12)", "AC-2", "AC-2(3)", "A.5.18", "A.5.9", "AU-6"];
        all.sort_by_key(|control| in_order(control));
        assert_eq!(all, ["A.5.9", "A.5.18", "AC-2", "AC-2(3)", "AC-2(12)", "AC-12", "AU-6"]);
    }
}
