//! The texts that many records have in common: each is kept once, scrubbed once, and compared by a number.
//! It bounds what is kept; it does not know which field a text stood in.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use rusqlite::Statement;

use crate::evidence::row::{Clean, Column};

/// How many are kept before those that nothing holds any more are forgotten.
const KEPT: usize = 40_000;

/// A text that is kept. It has the same number as long as something holds it.
#[derive(Clone)]
pub(super) struct Name(Arc<Known>);

struct Known {
    number: u64,
    text: Arc<str>,
    clean: Clean,
}

impl Name {
    /// The text as it stood in the record.
    pub(super) fn text(&self) -> &str {
        &self.0.text
    }
}

impl Column for Name {
    fn bind(&self, statement: &mut Statement<'_>, index: usize) -> rusqlite::Result<()> {
        self.0.clean.bind(statement, index)
    }
}

/// What stands for a name in a key; 0: there is none.
pub(super) fn number(name: &Option<Name>) -> u64 {
    name.as_ref().map_or(0, |name| name.0.number)
}

/// The names that are kept.
pub(super) struct Names {
    by_text: HashMap<Arc<str>, Name, RandomState>,
    given: u64,
    most: usize,
}

impl Names {
    pub(super) fn new() -> Names {
        Names { by_text: HashMap::default(), given: 0, most: KEPT }
    }

    /// The name that a text is, whether it was met before or not.
    pub(super) fn find(&mut self, text: Option<&str>) -> Option<Name> {
        let text = text?;
        match self.by_text.get(text) {
            Some(name) => Some(name.clone()),
            None => Some(self.keep(text.into())),
        }
    }

    fn keep(&mut self, text: Arc<str>) -> Name {
        if self.by_text.len() >= self.most {
            self.by_text.retain(|_, name| Arc::strong_count(&name.0) > 1);
            self.most = KEPT.max(2 * self.by_text.len());
        }
        self.given += 1;
        let clean = Clean::from(&*text);
        let name = Name(Arc::new(Known { number: self.given, text: Arc::clone(&text), clean }));
        self.by_text.insert(text, name.clone());
        name
    }
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
        assert_eq!((number(&names.find(None)), names.find(Some("")).unwrap().text()), (0, ""));
    }
}
