//! Where in a check file something is, and what is refused there. Knows positions and spelling, no meaning.

use crate::text::Untrusted;

/// A check file, or what stands at one place of it, that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct Refused {
    /// The file, as it may be printed.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
    /// What is wrong and what to do, as it may be printed.
    pub what: String,
}

/// The text of a check file under its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
}

impl Source<'_> {
    /// Refuses what stands at a byte of the file.
    pub(super) fn refuse(&self, at: usize, what: impl Into<String>) -> Refused {
        let (line, column) = self.position(at);
        Refused { file: shown(self.file), line, column, what: shown(&what.into()) }
    }

    /// The line of a byte of the file, counted from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.position(at).0
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let at = (0..=at.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

/// Foreign text for a message: what a terminal must not see is made visible.
pub(super) fn shown(text: &str) -> String {
    Untrusted::from(text).terminal()
}

/// `; did you mean …?`, if one of the names is near.
pub(super) fn did_you_mean<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> String {
    nearest(wrong, names).first().map_or(String::new(), |name| format!("; did you mean `{name}`?"))
}

/// The names that look like `wrong`, nearest first.
pub(super) fn nearest<'n>(wrong: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    // One slip of a finger counts as near even in a short word.
    let likeness = |name: &str| match strsim::damerau_levenshtein(wrong, name) {
        0 | 1 => 1.0,
        _ => strsim::jaro_winkler(wrong, name),
    };
    let mut near: Vec<(f64, &str)> = names.into_iter().map(|name| (likeness(name), name)).collect();
    near.retain(|(likeness, _)| *likeness > 0.75);
    near.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    near.into_iter().map(|(_, name)| name).collect()
}
