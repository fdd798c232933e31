//! The list of leavers that HR exports: CSV with a header, or a JSON array of the same keys. It is read whole or not at all:
//! a line that is malformed, and two lines that contradict each other, are errors with their numbers.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::person::is_guid;
use crate::text::nearest;

const KEYS: [&str; 5] = ["upn", "employee-id", "object-id", "last-day", "github"];

/// One person of the list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The first line that names them.
    pub(crate) line: usize,
    pub(crate) upn: Option<String>,
    pub(crate) employee_id: Option<String>,
    /// Lower case, with dashes.
    pub(crate) object_id: Option<String>,
    pub(crate) last_day: Option<Date>,
    pub(crate) github: Option<String>,
}

/// Why a list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Counted from 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

fn fault<T>(line: usize, message: impl Into<String>) -> Result<T, Fault> {
    Err(Fault { line, message: message.into() })
}

/// Everybody on the list, each once.
pub(crate) fn parse(text: &str) -> Result<Vec<Listed>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rows = if text.trim_start().starts_with('[') { of_json(text)? } else { of_csv(text)? };
    let mut all: Vec<Option<Listed>> = Vec::new();
    let mut places: BTreeMap<(&'static str, String), usize> = BTreeMap::new();
    for row in rows {
        let mut listed = Listed::of(row)?;
        // A line can show that two lines before it are about one person.
        for key in listed.keys() {
            if let Some(known) = places.get(&key).and_then(|at| all.get_mut(*at)).and_then(Option::take) {
                listed = known.with(listed)?;
            }
        }
        places.extend(listed.keys().into_iter().map(|key| (key, all.len())));
        all.push(Some(listed));
    }
    let mut all: Vec<Listed> = all.into_iter().flatten().collect();
    all.sort_by_key(|listed| listed.line);
    Ok(all)
}

/// A line, and what stands in it by key.
type Line = (usize, BTreeMap<&'static str, String>);

fn key(name: &str, line: usize) -> Result<&'static str, Fault> {
    let plain = name.trim().to_ascii_lowercase().replace('_', "-");
    KEYS.into_iter().find(|key| *key == plain).ok_or_else(|| {
        let near = nearest(&plain, KEYS).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        Fault { line, message: format!("there is no column `{}`{near} Columns: {}", shown(name), KEYS.join(", ")) }
    })
}

fn of_csv(text: &str) -> Result<Vec<Line>, Fault> {
    let head = text.lines().next().unwrap_or_default();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|one| head.bytes().filter(|byte| byte == one).count());
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let (mut keys, mut lines) = (Vec::new(), Vec::new());
    let mut count = Lines { text, at: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = count.of(error.position());
            let message = match error.kind() {
                csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    format!("it has {len} fields, and the header has {expected_len}")
                }
                _ => "it is no line of a CSV file".to_owned(),
            };
            Fault { line, message }
        })?;
        let line = count.of(record.position());
        if keys.is_empty() {
            keys = record.iter().map(|name| key(name, line)).collect::<Result<Vec<_>, _>>()?;
            header(&keys, line)?;
        } else {
            let cells = keys.iter().copied().zip(record.iter().map(str::to_owned));
            lines.push((line, cells.filter(|(_, cell)| !cell.is_empty()).collect()));
        }
    }
    if keys.is_empty() {
        fault(1, format!("the list is empty: it needs a header, with {}", KEYS.join(", ")))
    } else {
        Ok(lines)
    }
}

/// Counts lines up to places that come in order. The reader's own number is that of the end of the line before, blank
/// lines and the second half of CRLF left out.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, place: Option<&csv::Position>) -> usize {
        let bytes = self.text.as_bytes();
        let byte = place.map_or(0, |place| usize::try_from(place.byte()).unwrap_or(usize::MAX)).min(bytes.len());
        let begins = byte + bytes.iter().skip(byte).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = bytes.iter().take(begins).skip(self.at);
        self.line += passed.filter(|byte| **byte == b'\n').count();
        self.at = self.at.max(begins);
        self.line
    }
}

fn header(keys: &[&'static str], line: usize) -> Result<(), Fault> {
    if let Some(twice) = KEYS.into_iter().find(|key| keys.iter().filter(|one| *one == key).count() > 1) {
        return fault(line, format!("the column `{twice}` is there twice"));
    }
    match keys.iter().any(|key| KEYS[..3].contains(key)) {
        true => Ok(()),
        false => fault(line, "the header has none of `upn`, `employee-id`, `object-id`: nobody can be found"),
    }
}

fn of_json(text: &str) -> Result<Vec<Line>, Fault> {
    let wrong = |error: serde_json::Error| Fault {
        line: error.line().max(1),
        message: "the list is no JSON array of objects".to_owned(),
    };
    let all: Vec<&RawValue> = serde_json::from_str(text).map_err(wrong)?;
    let line = |raw: &str| {
        let at = (raw.as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    };
    let entry = |raw: &&RawValue| {
        let at = line(raw.get());
        let Ok(Value::Object(fields)) = serde_json::from_str(raw.get()) else {
            return fault(at, "an entry is no object");
        };
        let mut cells = BTreeMap::new();
        for (name, value) in fields {
            let name = key(&name, at)?;
            match value {
                Value::String(text) if !text.trim().is_empty() => drop(cells.insert(name, text.trim().to_owned())),
                Value::Number(number) => drop(cells.insert(name, number.to_string())),
                Value::Null | Value::String(_) => {}
                _ => return fault(at, format!("`{name}` is no text")),
            }
        }
        Ok((at, cells))
    };
    all.iter().map(entry).collect()
}

impl Listed {
    fn of((line, mut cells): Line) -> Result<Listed, Fault> {
        let mut take = |key: &str| cells.remove(key);
        let listed = Listed {
            line,
            upn: take("upn").map(|text| address(&text, line)).transpose()?,
            employee_id: take("employee-id").map(|text| employee(&text, line)).transpose()?,
            object_id: take("object-id").map(|text| object_id(&text, line)).transpose()?,
            last_day: take("last-day").map(|text| date(&text, line)).transpose()?,
            github: take("github").map(|text| login(&text, line)).transpose()?,
        };
        match (&listed.upn, &listed.employee_id, &listed.object_id) {
            (None, None, None) => fault(line, "it names nobody: one of `upn`, `employee-id`, `object-id` is needed"),
            _ => Ok(listed),
        }
    }

    /// By what another line is about the same person.
    fn keys(&self) -> Vec<(&'static str, String)> {
        let keys = [("upn", &self.upn), ("object-id", &self.object_id), ("employee-id", &self.employee_id)];
        keys.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?.to_lowercase()))).collect()
    }

    /// The same, with what a later line says.
    fn with(mut self, other: Listed) -> Result<Listed, Fault> {
        self.merge(other)?;
        Ok(self)
    }

    /// Adds what another line says of the same person.
    fn merge(&mut self, other: Listed) -> Result<(), Fault> {
        let (first, last) = (self.line.min(other.line), self.line.max(other.line));
        self.line = first;
        let lines = format!("the lines {first} and {last} are about one person and contradict each other");
        let differ = |key: &str| fault(last, format!("{lines}: `{key}`"));
        let texts = [
            ("upn", &mut self.upn, other.upn),
            ("employee-id", &mut self.employee_id, other.employee_id),
            ("object-id", &mut self.object_id, other.object_id),
            ("github", &mut self.github, other.github),
        ];
        for (key, have, more) in texts {
            match (&have, more) {
                (Some(have), Some(more)) if have.to_lowercase() != more.to_lowercase() => return differ(key),
                (None, more) => *have = more,
                _ => {}
            }
        }
        match (self.last_day, other.last_day) {
            (Some(have), Some(more)) if have != more => differ("last-day"),
            (have, more) => {
                self.last_day = have.or(more);
                Ok(())
            }
        }
    }
}

fn shown(text: &str) -> String {
    crate::text::visible(&crate::text::capped(text, 64))
}

fn address(text: &str, line: usize) -> Result<String, Fault> {
    let whole = matches!(text.split_once('@'), Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@'));
    if whole && !text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        Ok(text.to_owned())
    } else {
        fault(line, format!("`{}` is no user principal name", shown(text)))
    }
}

fn employee(text: &str, line: usize) -> Result<String, Fault> {
    match text.len() <= 16 && !text.contains(char::is_control) {
        true => Ok(text.to_owned()),
        false => fault(line, format!("`{}` is no employee id: it has at most 16 characters", shown(text))),
    }
}

fn object_id(text: &str, line: usize) -> Result<String, Fault> {
    let plain = text.trim_start_matches('{').trim_end_matches('}').to_ascii_lowercase();
    match is_guid(&plain) {
        true => Ok(plain),
        false => fault(line, format!("`{}` is no object id", shown(text))),
    }
}

fn date(text: &str, line: usize) -> Result<Date, Fault> {
    text.parse().or_else(|_| fault(line, format!("`{}` is no date: write it as 2026-05-01", shown(text))))
}

fn login(text: &str, line: usize) -> Result<String, Fault> {
    match text.len() <= 100 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        true => Ok(text.to_owned()),
        false => fault(line, format!("`{}` is no GitHub login", shown(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a000000-0000-4000-8000-000000000001";

    #[test]
    fn csv_and_json_say_the_same() {
        let csv = format!("\u{feff}upn;object-id;last-day\r\nA@x.example;{{{}}};2026-05-01\r\n", ID.to_uppercase());
        let json = format!("[\n {{\"upn\": \"A@x.example\", \"object-id\": \"{ID}\", \"last-day\": \"2026-05-01\"}}]");
        let (csv, json) = (parse(&csv).unwrap(), parse(&json).unwrap());
        assert_eq!(csv, json);
        assert_eq!((csv[0].line, csv[0].object_id.as_deref()), (2, Some(ID)));
    }

    #[test]
    fn a_bad_line_is_named() {
        let cases = [
            ("", 1, "header"),
            ("name\nx\n", 1, "no column `name`"),
            ("upn,last_dya\na@b,x\n", 1, "did you mean `last-day`"),
            ("last-day,github\n2026-05-01,x\n", 1, "nobody can be found"),
            ("upn,upn\na@b,a@b\n", 1, "twice"),
            ("upn\na@b\n\nno-address\n", 4, "no user principal name"),
            ("upn,last-day\na@b,01.05.2026\n", 2, "write it as 2026-05-01"),
            ("upn,last-day\na@b,2026-05-01,x\n", 2, "3 fields"),
            ("object-id\n1234\n", 2, "no object id"),
            ("upn,github\na@b,-a b\n", 2, "no GitHub login"),
            ("upn,github\n,alice\n", 2, "names nobody"),
            ("upn,last-day\na@b,2026-05-01\nc@d,2026-05-02\nA@B,2026-05-03\n", 4, "lines 2 and 4"),
            ("[{\"upn\": \"a@b\"},\n{\"upn\": 1}]", 2, "no user principal name"),
            ("[{\"upn\": \"a@b\"},\n3]", 2, "no object"),
            ("[{\"upn\": \"a@b\"},\n", 2, "no JSON array"),
        ];
        for (text, line, says) in cases {
            let fault = parse(text).unwrap_err();
            assert!(fault.line == line && fault.message.contains(says), "{text:?}: {fault:?}");
        }
    }

    #[test]
    fn lines_about_one_person_that_agree_are_one() {
        let all = parse("upn,employee-id,last-day\na@b,7,\nA@B,,2026-05-01\nc@d,8,\n").unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].employee_id.as_deref(), all[0].last_day.is_some()), (Some("7"), true));
        // The third line says that the two before it are one person, who cannot have two last days.
        let text = "upn,employee-id,last-day\na@b,,2026-05-01\n,7,2026-05-02\na@b,7,\n";
        assert!(parse(text).unwrap_err().message.contains("`last-day`"));
        let text = "upn,employee-id,last-day\na@b,,2026-05-01\n,7,\na@b,7,\nc@d,,\n";
        assert_eq!(parse(text).unwrap().iter().map(|one| one.line).collect::<Vec<_>>(), [2, 5]);
    }
}
