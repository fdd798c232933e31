//! JSON in which no character acts on a terminal or in HTML: such characters are written as `\uXXXX`.
//! A reader gets the same data back; nothing is left out.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};

use crate::text::is_harmless;

/// Writes a value, with a line break at the end.
///
/// # Errors
/// When `out` refuses.
pub fn write(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Harmless(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// Writes a value on one line.
///
/// # Errors
/// When `out` refuses.
pub fn write_line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, Harmless(CompactFormatter)))?;
    out.write_all(b"\n")
}

/// A value as text, with a line break at the end.
///
/// # Errors
/// When the value cannot be written as JSON, such as a map whose keys are not text.
pub fn to_string(value: &impl Serialize) -> io::Result<String> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    String::from_utf8(out).map_err(io::Error::other)
}

struct Harmless<F>(F);

macro_rules! forward {
    ($($name:ident($($argument:ident: $type:ty)?)),+ $(,)?) => {$(
        fn $name<W: ?Sized + Write>(&mut self, out: &mut W $(, $argument: $type)?) -> io::Result<()> {
            self.0.$name(out $(, $argument)?)
        }
    )+};
}

impl<F: Formatter> Formatter for Harmless<F> {
    forward! {
        begin_array(), end_array(), begin_array_value(first: bool), end_array_value(),
        begin_object(), end_object(), begin_object_key(first: bool), begin_object_value(), end_object_value(),
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(acts) {
            out.write_all(&rest.as_bytes()[..at])?;
            let mut after = rest[at..].chars();
            for unit in after.next().iter().flat_map(|c| c.encode_utf16(&mut [0; 2]).to_vec()) {
                write!(out, "\\u{unit:04x}")?;
            }
            rest = after.as_str();
        }
        out.write_all(rest.as_bytes())
    }
}

fn acts(c: char) -> bool {
    matches!(c, '<' | '>' | '&') || !is_harmless(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    proptest! {
        #[test]
        fn a_reader_gets_the_same_data(text in any::<String>(), key in any::<String>(), raw in any::<Vec<char>>()) {
            let value = json!({ key: [text, raw.into_iter().collect::<String>(), null, 1, {}], "": [] });
            let written = to_string(&value).unwrap();
            prop_assert!(written.chars().all(|c| c == '\n' || !acts(c)));
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        }
    }

    #[test]
    fn what_acts_is_written_as_a_number() {
        let hostile = "</script>&\u{1b}[2J\u{9b}\u{202e}\u{200b}\u{2028}\u{e0041}\u{7f}\"\\\n";
        insta::assert_snapshot!(to_string(&json!({ "a": [hostile] })).unwrap(), @r#"
        {
          "a": [
            "\u003c/script\u003e\u0026\u001b[2J\u009b\u202e\u200b\u2028\udb40\udc41\u007f\"\\\n"
          ]
        }
        "#);
    }
}
