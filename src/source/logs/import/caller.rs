//! The caller filter: whose records are kept, and how ids and names are compared.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use crate::evidence::Callers;
use crate::text::Untrusted;

/// Whose records are kept: by object id, and by name where a person calls. All in lower case.
#[derive(Debug, Default)]
pub(super) struct CallerFilter {
    principals: HashSet<String, RandomState>,
    names: HashSet<String, RandomState>,
}

impl CallerFilter {
    pub(super) fn new(callers: &Callers) -> CallerFilter {
        let lower = |all: &[Untrusted]| {
            all.iter().map(|text| lower(text.raw().trim()).into_owned()).filter(|text| !text.is_empty()).collect()
        };
        CallerFilter { principals: lower(&callers.principals), names: lower(&callers.names) }
    }

    /// Whether one of these is wanted; both in lower case.
    pub(super) fn has(&self, principal: &str, name: &str) -> bool {
        self.principals.contains(principal) || self.names.contains(name)
    }
}

/// A text in lower case. One beyond ASCII stays beyond it: a Kelvin sign is no `k`.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    let lower = match text.is_ascii() {
        true if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => return Cow::Borrowed(text),
        true => text.to_ascii_lowercase(),
        false => text.to_lowercase(),
    };
    if lower.is_ascii() == text.is_ascii() { Cow::Owned(lower) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_look_alikes_do() {
        let callers =
            Callers { principals: vec![" AB-1 ".into(), "".into()], names: vec!["\u{c4}nne@X.example".into()] };
        let filter = CallerFilter::new(&callers);
        assert!(filter.has("ab-1", "") && filter.has("", "\u{e4}nne@x.example"));
        assert!(!filter.has("", "anne@x.example") && !filter.has("", ""));
        assert_eq!([lower("Kim"), lower("kim"), lower("\u{212a}im")], ["kim", "kim", "\u{212a}im"]);
    }
}
