//! One object of an exported log, read with serde and turned into a record. Pure.
//! Texts stay borrowed from the line wherever JSON lets them; columns that mean nothing are skipped unread.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::{Column, Columns, FIELDS, Field, Schema};
use super::moment::{Calendar, Dated};
use crate::source::logs::record::{Record, field, principal};

/// How many columns a fault names.
pub(super) const SHOWN: usize = 12;

/// The fields of one object, before anybody knows whether it is a record.
#[derive(Debug, Default)]
pub(super) struct Raw<'a> {
    values: [Option<(u8, Scalar<'a>)>; FIELDS],
    pub(super) schema: Schema,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    Text(Cow<'a, str>),
    Number(i64),
}

impl<'a> Raw<'a> {
    /// Takes the value of one column. Of several columns for a field the first that is not empty counts.
    pub(super) fn set(&mut self, column: Column, value: Option<Scalar<'a>>) {
        self.schema.saw(column);
        let (Some(field), Some(value)) = (column.field, value) else { return };
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

    /// The record, and how well its time is known. A record without a time has none that matters.
    pub(super) fn record(&self, calendar: &Calendar) -> (Record<Cow<'_, str>>, Dated) {
        let text = |of: Field| self.text(of).map(Cow::Borrowed);
        let dated = self.text(Field::Time).map_or(Dated::Missing, |text| calendar.read(text));
        let name = self.text(Field::Name);
        // The policy of the article has one column for whatever calls.
        let caller = self.text(Field::Principal).or_else(|| name.filter(|name| is_id(name.as_bytes())));
        let record = Record {
            at: dated.at().unwrap_or_default(),
            principal: caller.and_then(principal),
            caller_name: name.filter(|name| !is_id(name.as_bytes())).map(Cow::Borrowed),
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
    text.parse().ok().or_else(|| text.parse().ok().map(|number: f64| number.round() as i64))
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`
pub(super) fn is_id(text: &[u8]) -> bool {
    let dash = |at: usize| matches!(at, 8 | 13 | 18 | 23);
    let fits = |(at, byte): (usize, &u8)| if dash(at) { *byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.iter().enumerate().all(fits)
}

/// Reads an object, or several in the envelope that an Event Hub puts around them, and hands on each.
pub(super) struct Objects<'c, 'de> {
    pub(super) columns: &'c Columns,
    pub(super) each: &'c mut dyn FnMut(Raw<'de>),
}

impl<'de> DeserializeSeed<'de> for Objects<'_, 'de> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Objects<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Objects { columns: self.columns, each: &mut *self.each })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut raw = Raw::default();
        let mut is_envelope = false;
        while let Some(key) = map.next_key_seed(Key)? {
            match self.columns.of(&key) {
                Some(column) => raw.set(column, map.next_value_seed(Value)?),
                // A record of its own may have a field of that name.
                None if key == "records" && raw.schema == Schema::default() => {
                    is_envelope = true;
                    map.next_value_seed(Records(Objects { columns: self.columns, each: &mut *self.each }))?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if !is_envelope {
            (self.each)(raw);
        }
        Ok(())
    }
}

/// The list in an envelope. Whatever else has that name is no list of records.
struct Records<S>(S);

impl<'de> DeserializeSeed<'de> for Records<Objects<'_, 'de>> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self.0)
    }
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Cow<'de, str>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(text.to_owned()))
    }
}

struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Option<Scalar<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Option<Scalar<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Owned(text.to_owned()))))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(number)))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Self::Value, E> {
        i64::try_from(number).map(|number| Some(Scalar::Number(number))).map_err(|_| E::custom("too large a number"))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Number(number.round() as i64)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Scalar::Text(Cow::Borrowed(if value { "true" } else { "false" }))))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// Reads one line: an object, or an envelope with objects.
///
/// # Errors
/// When the line is not one whole JSON object.
pub(super) fn line<'a>(text: &'a [u8], columns: &Columns, mut each: impl FnMut(Raw<'a>)) -> serde_json::Result<()> {
    if text.first() != Some(&b'{') {
        return Err(serde_json::Error::custom("not an object"));
    }
    match str::from_utf8(text) {
        // Then it need not be looked at again for each text in it.
        Ok(text) => objects(serde_json::Deserializer::from_str(text), columns, &mut each),
        Err(_) => objects(serde_json::Deserializer::from_slice(text), columns, &mut each),
    }
}

fn objects<'a, R: serde_json::de::Read<'a>>(
    mut from: serde_json::Deserializer<R>,
    columns: &Columns,
    each: &mut dyn FnMut(Raw<'a>),
) -> serde_json::Result<()> {
    Objects { columns, each }.deserialize(&mut from)?;
    from.end()
}

/// The first names in an object, for somebody who wonders what it is.
pub(super) fn names(text: &[u8]) -> Option<String> {
    let object: BTreeMap<String, IgnoredAny> = serde_json::from_slice(text).ok()?;
    let names: Vec<&str> = object.keys().take(SHOWN).map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogColumns;
    use crate::text::Untrusted;

    fn records(text: &str) -> Result<Vec<Record>, String> {
        let columns = Columns::new(&LogColumns::default());
        let mut all = Vec::new();
        let owned = |raw: Raw<'_>| raw.record(&Calendar::default()).0.map(|text| Untrusted::from(&**text));
        line(text.as_bytes(), &columns, |raw| all.push(owned(raw))).map_err(|error| error.to_string())?;
        Ok(all)
    }

    const ID: &str = "11111111-2222-4333-8444-5555555555AA";

    #[test]
    fn numbers_and_escapes_are_read_however_they_are_written() {
        let text = format!(
            r#"{{"TimeGenerated":"2026-05-01T02:03:04.1234567Z","caller_oid_g":"{ID}","caller\u005fupn":"\u0061lice@x",
                "response_status_d":403.0,"latency_ms":"17","resource_accessed":{{"a":[1]}},"other":[{{}}]}}"#
        );
        let record = &records(&text).unwrap()[0];
        assert_eq!(record.principal.as_ref().unwrap().raw(), ID.to_lowercase());
        assert_eq!(record.caller_name.as_ref().unwrap().raw(), "alice@x");
        assert_eq!((record.status, record.latency_ms, &record.resource), (Some(403), Some(17), &None));
        assert_eq!(record.at.to_string(), "2026-05-01T02:03:04.1234567Z");
    }

    #[test]
    fn the_column_that_is_filled_wins_in_either_order() {
        for text in [
            format!(r#"{{"caller_oid":"","caller_oid_g":"{ID}"}}"#),
            format!(r#"{{"caller_oid_g":"{ID}","caller_oid":null}}"#),
            format!(r#"{{"caller_oid_s":"other","caller_oid":"{ID}"}}"#),
        ] {
            assert_eq!(records(&text).unwrap()[0].principal.as_ref().unwrap().raw(), ID.to_lowercase(), "{text}");
        }
    }

    #[test]
    fn an_envelope_holds_several_records() {
        let all = records(r#"{"records":[{"caller_oid":"a"},{"caller_oid":"b"}]}"#).unwrap();
        assert_eq!(all.iter().map(|record| record.principal.as_ref().unwrap().raw()).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn one_column_for_every_caller_is_an_id_or_a_name() {
        let of = |caller: &str| records(&format!(r#"{{"caller":"{caller}","tool":"t"}}"#)).unwrap().remove(0);
        assert_eq!((of(ID).principal.is_some(), of(ID).caller_name), (true, None));
        assert_eq!((of("a@x").principal, of("a@x").caller_name), (None, Some("a@x".into())));
    }

    #[test]
    fn what_is_no_whole_object_is_refused() {
        for text in ["", "[]", "{", r#"{"a":1"#, "{} {}", r#"{"caller_oid":"a"}}"#, "null", r#"{"records":7}"#, "7"] {
            assert!(records(text).is_err(), "{text}");
        }
    }
}
