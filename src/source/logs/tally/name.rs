//! The texts that many records have in common: each is kept once, scrubbed once, and compared by its number.
//! It bounds what is kept; it does not know which field a text stood in.

use std::collections::HashMap;
use std::num::NonZeroU64;

use foldhash::fast::RandomState;

use super::hour::surplus;
use crate::evidence::row::Clean;

/// How many are kept before those that nothing holds any more are forgotten; a long one counts for several.
const KEPT: usize = 40_000;

/// A text that is kept, if there is one. It has the same number as long as something holds it.
pub(super) type Name = Option<Clean>;

/// What stands for a name in a key.
pub(super) fn number(name: &Name) -> Option<NonZeroU64> {
    name.as_ref().map(Clean::number)
}

/// The names that are kept, by the text as it stood in a record.
pub(super) struct Names {
    by_text: HashMap<Box<str>, Clean, RandomState>,
    kept: usize,
    most: usize,
}

impl Names {
    pub(super) fn new() -> Names {
        Names { by_text: HashMap::default(), kept: 0, most: KEPT }
    }

    /// The name that a text is, whether it was met before or not.
    pub(super) fn find(&mut self, text: Option<&str>) -> Name {
        let text = text?;
        match self.by_text.get(text) {
            Some(name) => Some(name.clone()),
            None => Some(self.keep(text)),
        }
    }

    fn keep(&mut self, text: &str) -> Clean {
        if self.kept >= self.most {
            self.by_text.retain(|_, name| name.is_shared());
            self.kept = self.by_text.keys().map(|text| size(text)).sum();
            self.most = KEPT.max(2 * self.kept);
        }
        self.kept += size(text);
        let name = Clean::from(text);
        self.by_text.insert(text.into(), name.clone());
        name
    }
}

/// What a text takes of [`KEPT`].
fn size(text: &str) -> usize {
    1 + surplus(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_name_as_long_as_something_holds_it() {
        let mut names = Names { most: 2, ..Names::new() };
        let first = names.find(Some("a"));
        assert_eq!(number(&names.find(Some("a"))), number(&first));
        for text in ["b", "c", "d", "e"] {
            assert_ne!(number(&names.find(Some(text))), number(&first));
            names.most = 2;
        }
        assert_eq!(number(&names.find(Some("a"))), number(&first));
        assert!(names.by_text.len() <= 3);
        names.find(Some(&"x".repeat(1 << 20)));
        assert_eq!(names.kept, names.by_text.len() + 1024);
        assert_eq!((number(&names.find(None)), names.find(Some("")).is_some()), (None, true));
    }
}
