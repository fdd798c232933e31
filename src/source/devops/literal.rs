//! Looks for credentials in what variables, definitions and agents say in clear. The text goes through the token scanner and
//! no further.

use std::path::Path;

use serde_json::Value;

use crate::evidence::row::Sighting;
use crate::source::runner::{Key, look};
use crate::token::Kinds;

/// Names and values, as lines of a file of variables: a name says what a value without a known shape is.
#[derive(Default)]
pub(super) struct Lines {
    text: String,
    /// The line on which each name begins.
    begins: Vec<(usize, String)>,
    line: usize,
}

impl Lines {
    /// Adds `name` with its value. `place` is what a finding calls it.
    pub(super) fn add(&mut self, name: &str, value: &str, place: &str) {
        self.begins.push((self.line, place.to_owned()));
        // A name ends where a value begins.
        self.text.extend(name.chars().map(|c| if c == '=' || c.is_control() { '_' } else { c }));
        self.text.push('=');
        self.text.push_str(value);
        self.text.push('\n');
        self.line += 1 + value.matches('\n').count();
    }

    /// What is found in them, each with its place.
    pub(super) fn look(&self, kinds: &Kinds, key: &Key) -> Vec<(String, Sighting)> {
        if self.text.is_empty() {
            return Vec::new();
        }
        let found = look("", Path::new("etc/environment"), self.text.as_bytes(), kinds, key);
        found.into_iter().map(|found| (self.place(found.line).to_owned(), found)).collect()
    }

    fn place(&self, line: Option<i64>) -> &str {
        let line = line.and_then(|line| usize::try_from(line).ok()).unwrap_or(1).saturating_sub(1);
        let at = self.begins.partition_point(|(begin, _)| *begin <= line).saturating_sub(1);
        self.begins.get(at).map_or("", |(_, place)| place)
    }
}

/// Every text in a part of a definition, under its path.
pub(super) fn add_texts(lines: &mut Lines, value: &Value, path: &str, name: &str) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
    match value {
        Value::String(text) => lines.add(name, text, path),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| add_texts(lines, item, &below(&at.to_string()), name));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, field)| {
            // What a variable says stands under `value`; what it is called stands above.
            let name = if key == "value" { name } else { key };
            add_texts(lines, field, &below(key), name);
        }),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_of_the_name_that_begins_before_it() {
        let mut lines = Lines::default();
        lines.add("A", "1", "a");
        lines.add("B=x\n", "2\n3\n4", "b");
        lines.add("C", "5", "c");
        let places: Vec<&str> = (1..=5).map(|line| lines.place(Some(line))).collect();
        assert_eq!(places, ["a", "b", "b", "b", "c"]);
        assert!(lines.text.starts_with("A=1\nB_x_=2\n"));
    }

    #[test]
    fn a_value_has_the_name_above_it() {
        let mut lines = Lines::default();
        let part = serde_json::json!({ "variables": { "KEY": { "value": "v" } }, "steps": [{ "script": "s" }] });
        add_texts(&mut lines, &part, "process", "process");
        assert!(lines.text.contains("KEY=v\n") && lines.text.contains("script=s\n"));
        assert!(lines.begins.iter().any(|(_, place)| place == "process/variables/KEY/value"));
    }
}
