//! Where the records are in a JSON value: an object is one, or holds lists of them, as the envelope of an Event Hub and the
//! answers of query services do. Pure; it hands on each object and keeps none.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::column::{Column, Columns};
use super::parser::{Found, Raw, Scalar, is_of_caller};
use crate::source::logs::columns::Field;

/// How objects are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'c> {
    pub(super) columns: &'c Columns,
    /// Whether every column is read, or only what tells whose record it is. All are parsed in either case.
    pub(super) whole: bool,
}

/// Where an object was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// In the place of a record.
    Record,
    /// In a list of an object that may be an envelope.
    Listed,
    /// Elsewhere in such an object.
    Within,
}

/// Takes one object after the other.
type Each<'e> = &'e mut dyn FnMut(Raw<'_>);

/// What a part of a value was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    /// A list, however empty.
    list: bool,
    /// Records were in it.
    records: bool,
}

/// Reads one line: objects, one behind the other.
///
/// # Errors
/// When the line is not whole JSON objects, or no UTF-8; what could be read was handed on.
pub(super) fn line(text: &[u8], reading: Reading<'_>, each: Each<'_>) -> serde_json::Result<()> {
    let mut values = |text: &str| values(serde_json::Deserializer::from_str(text), reading, &mut *each);
    match str::from_utf8(text) {
        Ok(text) => values(text),
        // Whatever else it says is still worth knowing.
        Err(_) => values(&String::from_utf8_lossy(text)).and(Err(serde_json::Error::custom("not UTF-8"))),
    }
}

/// Reads all values of a document.
///
/// # Errors
/// As for [`line`].
pub(super) fn document(content: impl std::io::Read, reading: Reading<'_>, each: Each<'_>) -> serde_json::Result<()> {
    values(serde_json::Deserializer::from_reader(content), reading, each)
}

fn values<'de, R: serde_json::de::Read<'de>>(
    mut from: serde_json::Deserializer<R>,
    reading: Reading<'_>,
    each: Each<'_>,
) -> serde_json::Result<()> {
    loop {
        let level = Level::Record;
        Objects { reading, level, each: &mut *each }.deserialize(&mut from)?;
        match from.end() {
            Ok(()) => return Ok(()),
            // Another value follows.
            Err(error) if error.is_syntax() => {}
            Err(error) => return Err(error),
        }
    }
}

struct Objects<'c, 'e> {
    reading: Reading<'c>,
    level: Level,
    each: Each<'e>,
}

impl<'de> DeserializeSeed<'de> for Objects<'_, '_> {
    type Value = Held;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Held, D::Error> {
        from.deserialize_any(self)
    }
}

impl Objects<'_, '_> {
    /// A value that is neither a list nor an object, which is no record.
    fn scalar<E: serde::de::Error>(self) -> Result<Held, E> {
        match self.level {
            Level::Record => Err(E::custom("not an object")),
            Level::Listed | Level::Within => Ok(Held::default()),
        }
    }
}

impl<'de> Visitor<'de> for Objects<'_, '_> {
    type Value = Held;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Held, A::Error> {
        let mut held = Held { list: true, records: false };
        let level = if self.level == Level::Record { Level::Record } else { Level::Listed };
        while let Some(one) = list.next_element_seed(Objects { reading: self.reading, level, each: &mut *self.each })? {
            held.records |= one.records;
        }
        Ok(held)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Held, A::Error> {
        let Objects { reading, level, each } = self;
        let mut raw = Raw::default();
        let (mut is_envelope, mut header) = (false, None);
        while let Some(name) = map.next_key_seed(Key(reading.columns))? {
            let name = match name {
                Named::Column(column) if is_of_caller(column.field) || (reading.whole && column.field.is_some()) => {
                    raw.set(column, map.next_value_seed(Value)?);
                    continue;
                }
                // What batches call the answer, the policy calls the text of a call.
                Named::Column(column) if column.field.is_none() && raw.schema.is_empty() => {
                    let level = Level::Within;
                    is_envelope |= map.next_value_seed(Objects { reading, level, each: &mut *each })?.records;
                    raw.set(column, Found::Nothing);
                    continue;
                }
                Named::Column(column) => {
                    map.next_value::<IgnoredAny>()?;
                    raw.set(column, Found::Nothing);
                    continue;
                }
                // A record of its own may have lists and objects in it.
                Named::Other(_) if !raw.schema.is_empty() => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Named::Other(name) => name,
            };
            match (&*name, header.take()) {
                ("columns" | "Columns", _) => header = map.next_value_seed(Header(reading.columns))?,
                ("rows" | "Rows", Some(header)) => {
                    map.next_value_seed(Rows { header: &header, reading, each: &mut *each })?;
                    is_envelope = true;
                }
                (_, before) => {
                    header = before;
                    let inner = if name == "records" { Level::Record } else { Level::Within };
                    let held = map.next_value_seed(Objects { reading, level: inner, each: &mut *each })?;
                    // An envelope may be empty, and a query may find nothing.
                    is_envelope |= held.records || (held.list && matches!(&*name, "records" | "value" | "tables"));
                }
            }
        }
        let is_record = match level {
            _ if is_envelope && !raw.schema.names_caller() => false,
            Level::Record => true,
            Level::Listed => raw.schema.names_caller() || raw.schema.has(Field::Time),
            Level::Within => raw.schema.names_caller(),
        };
        if is_record {
            each(raw);
        }
        Ok(Held { list: false, records: is_record || is_envelope })
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Held, E> {
        self.scalar()
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Held, E> {
        self.scalar()
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Held, E> {
        self.scalar()
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Held, E> {
        self.scalar()
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Held, E> {
        self.scalar()
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Held, E> {
        self.scalar()
    }
}

/// The name of a column, or of something else.
enum Named<'de> {
    Column(Column),
    Other(Cow<'de, str>),
}

struct Key<'c>(&'c Columns);

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Named<'de>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Named<'de>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'_> {
    type Value = Named<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Named<'de>, E> {
        Ok(self.0.of(text).map_or(Named::Other(Cow::Borrowed(text)), Named::Column))
    }

    fn visit_str<E>(self, text: &str) -> Result<Named<'de>, E> {
        Ok(self.0.of(text).map_or_else(|| Named::Other(Cow::Owned(text.to_owned())), Named::Column))
    }
}

/// The columns of a query's answer: `[{"name": …}, …]`. `None`: it is something else.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format>
struct Header<'c>(&'c Columns);

impl<'de> DeserializeSeed<'de> for Header<'_> {
    type Value = Option<Vec<Option<Column>>>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        let value: serde_json::Value = serde::Deserialize::deserialize(from)?;
        let name = |one: &serde_json::Value| {
            let name = ["name", "ColumnName", "columnName"].iter().find_map(|key| one.get(key)).unwrap_or(one);
            name.as_str().map(|name| self.0.of(name))
        };
        Ok(value.as_array().and_then(|all| all.iter().map(name).collect()))
    }
}

/// The rows below such columns.
struct Rows<'c, 'e> {
    header: &'c [Option<Column>],
    reading: Reading<'c>,
    each: Each<'e>,
}

impl<'de> DeserializeSeed<'de> for Rows<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Rows<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<(), A::Error> {
        while let Some(raw) = rows.next_element_seed(Row { header: self.header, reading: self.reading })? {
            (self.each)(raw);
        }
        Ok(())
    }
}

/// One of them.
struct Row<'c> {
    header: &'c [Option<Column>],
    reading: Reading<'c>,
}

impl<'de> DeserializeSeed<'de> for Row<'_> {
    type Value = Raw<'de>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Raw<'de>, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut row: A) -> Result<Raw<'de>, A::Error> {
        let mut raw = Raw::default();
        for column in self.header {
            let value = match column {
                Some(column) if self.reading.whole || is_of_caller(column.field) => row.next_element_seed(Value)?,
                _ => row.next_element::<IgnoredAny>()?.map(|_| Found::Nothing),
            };
            let value = value.ok_or_else(|| A::Error::custom("a row is shorter than its columns"))?;
            if let Some(column) = column {
                raw.set(*column, value);
            }
        }
        match row.next_element::<IgnoredAny>()? {
            Some(_) => Err(A::Error::custom("a row is longer than its columns")),
            None => Ok(raw),
        }
    }
}

struct Value;

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Found<'de>;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Found<'de>, D::Error> {
        from.deserialize_any(self)
    }
}

fn text<'de>(text: Cow<'de, str>) -> Found<'de> {
    Found::Scalar(Scalar::Text(text))
}

fn number<'de>(number: i64) -> Found<'de> {
    Found::Scalar(Scalar::Number(number))
}

impl<'de> Visitor<'de> for Value {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, found: &'de str) -> Result<Found<'de>, E> {
        Ok(text(Cow::Borrowed(found)))
    }

    fn visit_str<E>(self, found: &str) -> Result<Found<'de>, E> {
        Ok(text(Cow::Owned(found.to_owned())))
    }

    fn visit_i64<E>(self, found: i64) -> Result<Found<'de>, E> {
        Ok(number(found))
    }

    fn visit_u64<E>(self, found: u64) -> Result<Found<'de>, E> {
        Ok(i64::try_from(found).map_or_else(|_| text(found.to_string().into()), number))
    }

    fn visit_f64<E>(self, found: f64) -> Result<Found<'de>, E> {
        Ok(number(found.round() as i64))
    }

    fn visit_bool<E>(self, found: bool) -> Result<Found<'de>, E> {
        Ok(text(Cow::Borrowed(if found { "true" } else { "false" })))
    }

    fn visit_unit<E>(self) -> Result<Found<'de>, E> {
        Ok(Found::Nothing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Found<'de>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Found::Nested)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Found::Nested)
    }
}

#[cfg(test)]
mod tests;
