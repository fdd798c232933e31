//! Typed reading of a TOML comment: every mistake is refused at its place in the file.
//! Knows TOML and positions, not what the keys mean.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::check::place::{Refused, Source, did_you_mean};

/// A comment of the file that holds TOML.
#[derive(Clone, Copy)]
pub(super) struct Block<'t> {
    pub(super) source: Source<'t>,
    /// Where its text starts in the file.
    pub(super) start: usize,
    pub(super) text: &'t str,
}

/// One TOML table, whose keys are taken one by one; [`Fields::end`] refuses the rest.
pub(super) struct Fields<'t> {
    block: Block<'t>,
    at: usize,
    entries: Vec<Field<'t>>,
    known: Vec<&'static str>,
}

/// A key with its value.
pub(super) struct Field<'t> {
    block: Block<'t>,
    pub(super) key: String,
    key_at: usize,
    at: usize,
    pub(super) value: DeValue<'t>,
}

impl<'t> Block<'t> {
    pub(super) fn refuse(&self, at: usize, what: impl Into<String>) -> Refused {
        self.source.refuse(self.start + at, what)
    }

    /// The whole comment as a table.
    pub(super) fn fields(self) -> Result<Fields<'t>, Refused> {
        match DeTable::parse(self.text) {
            Ok(table) => Ok(Fields::new(self, 0, table.into_inner())),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                Err(self.refuse(at, format!("this comment is not TOML: {}", error.message())))
            }
        }
    }
}

impl<'t> Fields<'t> {
    fn new(block: Block<'t>, at: usize, table: DeTable<'t>) -> Fields<'t> {
        let mut entries: Vec<Field<'t>> = table
            .into_iter()
            .map(|(key, value)| {
                let key_at = key.span().start;
                let Range { start, .. } = value.span();
                Field { block, key: key.into_inner().into_owned(), key_at, at: start, value: value.into_inner() }
            })
            .collect();
        // In the order of the file, so that the first mistake is the one that is told.
        entries.sort_by_key(|field| field.key_at);
        Fields { block, at, entries, known: Vec::new() }
    }

    pub(super) fn refuse(&self, what: impl Into<String>) -> Refused {
        self.block.refuse(self.at, what)
    }

    /// Where this table starts in the file.
    pub(super) fn offset(&self) -> usize {
        self.block.start + self.at
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<Field<'t>> {
        self.known.push(key);
        let index = self.entries.iter().position(|field| field.key == key)?;
        Some(self.entries.remove(index))
    }

    pub(super) fn need(&mut self, key: &'static str) -> Result<Field<'t>, Refused> {
        self.take(key).ok_or_else(|| self.refuse(format!("`{key}` is missing here")))
    }

    /// Everything that was not taken.
    pub(super) fn rest(self) -> Vec<Field<'t>> {
        self.entries
    }

    /// Refuses every key that was not taken.
    pub(super) fn end(self) -> Result<(), Refused> {
        match self.entries.first() {
            None => Ok(()),
            Some(field) => {
                let hint = did_you_mean(&field.key, self.known.iter().copied());
                Err(field.refuse_key(format!("unknown key `{}`{hint}", field.key)))
            }
        }
    }
}

impl<'t> Field<'t> {
    pub(super) fn refuse(&self, what: impl Into<String>) -> Refused {
        self.block.refuse(self.at, what)
    }

    pub(super) fn refuse_key(&self, what: impl Into<String>) -> Refused {
        self.block.refuse(self.key_at, what)
    }

    /// Where the key is in the file.
    pub(super) fn offset(&self) -> usize {
        self.block.start + self.key_at
    }

    fn must_be(&self, what: &str) -> Refused {
        self.refuse(format!("`{}` must be {what}, this is a TOML {}", self.key, self.value.type_str()))
    }

    /// A text that says something.
    pub(super) fn text(self) -> Result<String, Refused> {
        match &self.value {
            DeValue::String(text) if text.trim().is_empty() => {
                Err(self.refuse(format!("`{}` is empty; say it in words", self.key)))
            }
            DeValue::String(text) if !text.chars().all(|c| c == '\n' || crate::text::is_harmless(c)) => {
                Err(self.refuse(format!("`{}` has an invisible or control character", self.key)))
            }
            DeValue::String(text) => Ok(text.clone().into_owned()),
            _ => Err(self.must_be("a text")),
        }
    }

    /// A text or a TOML date that `read` understands; else `what` says what it must be.
    pub(super) fn word<T>(self, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Refused> {
        let found = match &self.value {
            DeValue::String(text) => Some(text.clone().into_owned()),
            DeValue::Datetime(at) => Some(at.to_string()),
            _ => None,
        };
        let value = found.as_deref().and_then(read);
        value.ok_or_else(|| match found {
            Some(text) => self.refuse(format!("`{}` must be {what}, not \"{text}\"", self.key)),
            None => self.must_be(what),
        })
    }

    pub(super) fn boolean(self) -> Result<bool, Refused> {
        self.value.as_bool().ok_or_else(|| self.must_be("true or false"))
    }

    pub(super) fn integer(self) -> Result<i64, Refused> {
        let number =
            self.value.as_integer().and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        number.ok_or_else(|| self.must_be("a whole number of 64 bits"))
    }

    pub(super) fn table(self) -> Result<Fields<'t>, Refused> {
        match self.value {
            DeValue::Table(table) => Ok(Fields::new(self.block, self.key_at, table)),
            _ => Err(self.must_be("a table")),
        }
    }

    /// The items of an array, each as a field of the same name.
    pub(super) fn array(self) -> Result<Vec<Field<'t>>, Refused> {
        let DeValue::Array(items) = self.value else { return Err(self.must_be("an array")) };
        let field = |item: Spanned<DeValue<'t>>| {
            let at = item.span().start;
            Field { block: self.block, key: self.key.clone(), key_at: at, at, value: item.into_inner() }
        };
        Ok(items.into_iter().map(field).collect())
    }

    pub(super) fn texts(self) -> Result<Vec<String>, Refused> {
        self.array()?.into_iter().map(Field::text).collect()
    }
}
