//! One JSON object of an exported log, turned into a record. Pure. Every value is parsed to its end; texts stay borrowed from
//! the line wherever JSON lets them. Where records lie in a document is the business of [`super::objects`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::column::{Column, FIELDS, Schema};
use super::timestamp::{Calendar, Dated};
use crate::source::logs::columns::Field;
use crate::source::logs::record::{Record, field, principal};

/// How many columns a fault names.
pub(super) const SHOWN: usize = 12;

/// The fields of one object, before anybody knows whether it is a record.
#[derive(Debug, Default)]
pub(super) struct Raw<'a> {
    values: [Option<(u8, Scalar<'a>)>; FIELDS],
    pub(super) schema: Schema,
    odd: Odd,
}

/// What keeps an object from being a record that can be trusted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Odd {
    #[default]
    Nothing,
    /// A list or an object stands where a value of the call belongs.
    Nested,
    /// The same for its caller or its time: nobody can say whose record it is.
    NestedCaller,
    /// A column stands in it twice: readers differ in which of them they take.
    Twice,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(i64),
}

/// The value of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Found<'a> {
    /// Null, or not read.
    Nothing,
    Scalar(Scalar<'a>),
    /// A list or an object.
    Nested,
}

/// The fields that tell whose record it is, and when it was made.
pub(super) fn is_of_caller(field: Option<Field>) -> bool {
    matches!(field, Some(Field::Time | Field::Principal | Field::Name))
}

impl<'a> Raw<'a> {
    /// Takes the value of one column. Of several columns for a field the first that is not empty counts.
    pub(super) fn set(&mut self, column: Column, value: Found<'a>) {
        if !self.schema.saw(column) {
            self.odd = self.odd.max(Odd::Twice);
        }
        let Some(field) = column.field else { return };
        let value = match value {
            Found::Nothing => return,
            Found::Nested => {
                let odd = if is_of_caller(column.field) { Odd::NestedCaller } else { Odd::Nested };
                self.odd = self.odd.max(odd);
                return;
            }
            Found::Scalar(value) => value,
        };
        let value = match value {
            Scalar::Number(number) if !field.is_number() => Scalar::Text(number.to_string().into()),
            value => value,
        };
        let place = &mut self.values[field as usize];
        let is_empty = |value: &Scalar<'_>| matches!(value, Scalar::Text(text) if text.trim().is_empty());
        let better = match place {
            None => true,
            Some((rank, known)) => is_empty(known) || (column.rank < *rank && !is_empty(&value)),
        };
        if better {
            *place = Some((column.rank, value));
        }
    }

    pub(super) fn odd(&self) -> Odd {
        self.odd
    }

    /// How well its time is known.
    pub(super) fn dated(&self, calendar: &Calendar) -> Dated {
        self.text(Field::Time).map_or(Dated::Missing, |text| calendar.read(text))
    }

    /// Object id and name of its caller.
    pub(super) fn caller(&self) -> (Option<Cow<'_, str>>, Option<&str>) {
        let name = self.text(Field::Name);
        // The policy of the article has one column for whatever calls.
        let caller = self.text(Field::Principal).or_else(|| name.filter(|name| is_id(name.as_bytes())));
        (caller.and_then(principal), name.filter(|name| !is_id(name.as_bytes())))
    }

    /// The record, and how well its time is known. A record without a time has none that matters.
    pub(super) fn record(&self, calendar: &Calendar) -> (Record<Cow<'_, str>>, Dated) {
        let text = |of: Field| self.text(of).map(Cow::Borrowed);
        let dated = self.dated(calendar);
        let (principal, name) = self.caller();
        let record = Record {
            at: dated.at().unwrap_or_default(),
            principal,
            caller_name: name.map(Cow::Borrowed),
            server: text(Field::Server),
            tool: text(Field::Tool),
            scope: text(Field::Scope),
            resource: text(Field::Resource),
            status: self.number(Field::Status),
            latency_ms: self.number(Field::Latency),
            request: text(Field::Request),
            item: text(Field::Item),
        };
        (record, dated)
    }

    fn text(&self, of: Field) -> Option<&str> {
        match &self.values[of as usize] {
            Some((_, Scalar::Text(text))) => field(text),
            _ => None,
        }
    }

    /// Exports write numbers as numbers, as texts and with a fraction of nothing.
    fn number(&self, field: Field) -> Option<i64> {
        match &self.values[field as usize] {
            Some((_, Scalar::Number(number))) => Some(*number),
            Some((_, Scalar::Text(text))) => whole(text.trim()),
            None => None,
        }
    }
}

fn whole(text: &str) -> Option<i64> {
    text.parse()
        .ok()
        .or_else(|| text.parse().ok().filter(|real: &f64| real.is_finite()).map(|real| real.round() as i64))
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`
pub(super) fn is_id(text: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, &u8)| if dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.iter().enumerate().all(fits)
}

/// The first names in an object, for somebody who wonders what it is.
pub(super) fn names(text: &[u8]) -> Option<String> {
    let object: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    let names: Vec<&str> = object.keys().take(SHOWN).map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}
