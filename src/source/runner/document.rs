//! Turns JSON (with comments), YAML, TOML and what [`sections`] reads into one tree. Aliases of YAML are not expanded: a small file could grow without end.

use std::rc::Rc;

use saphyr_parser::{Event, Parser};
use serde_json::{Map, Value};

use super::sections;

/// The formats of configuration files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Yaml,
    Toml,
    Ini,
    Properties,
    Xml,
    Blocks,
}

/// The documents of a file; `None` when it is not of that format.
pub(super) fn parse(format: Format, text: &str) -> Option<Vec<Value>> {
    match format {
        Format::Json => serde_json::from_str(text)
            .or_else(|_| serde_json::from_str(&without_comments(text)))
            .ok()
            .map(|one| vec![one]),
        Format::Toml => toml::from_str::<Value>(text).ok().map(|one| vec![one]),
        Format::Yaml => yaml(text),
        Format::Ini => Some(vec![sections::ini(text)]),
        Format::Properties => Some(vec![sections::properties(text)]),
        Format::Xml => sections::xml(text).map(|one| vec![one]),
        Format::Blocks => Some(vec![sections::blocks(text)]),
    }
}

/// Comments and trailing commas, as editors write them into JSON, become spaces; strings stay.
fn without_comments(text: &str) -> String {
    let mut out: Vec<u8> = Vec::with_capacity(text.len());
    let (mut rest, mut in_string) = (text.as_bytes(), false);
    while let Some((&byte, after)) = rest.split_first() {
        match (in_string, rest) {
            (true, [b'\\', escaped, ..]) => {
                out.extend([b'\\', *escaped]);
                rest = &rest[2..];
                continue;
            }
            (_, [b'"', ..]) => in_string = !in_string,
            (false, [b'/', b'/', ..]) => {
                rest = after_first(rest, b"\n");
                continue;
            }
            (false, [b'/', b'*', ..]) => {
                rest = after_first(&rest[2..], b"*/");
                continue;
            }
            (false, [b'}' | b']', ..]) => {
                let last = out.iter().rposition(|byte| !byte.is_ascii_whitespace());
                if let Some(comma) = last.filter(|&at| out[at] == b',') {
                    out[comma] = b' ';
                }
            }
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn after_first<'a>(text: &'a [u8], end: &[u8]) -> &'a [u8] {
    text.windows(end.len()).position(|window| window == end).map_or(&[], |at| &text[at + end.len()..])
}

/// A container that is being filled.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// Deeper nesting than any configuration has.
const DEPTH: usize = 100;

fn yaml(text: &str) -> Option<Vec<Value>> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let done = match event.ok()?.0 {
            Event::Scalar(text, ..) => Value::String(text.into_owned()),
            Event::Alias(_) => Value::Null,
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                (open.len() <= DEPTH).then_some(())?;
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Map(Map::new(), None));
                (open.len() <= DEPTH).then_some(())?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop()? {
                Open::List(items) => Value::Array(items),
                Open::Map(entries, _) => Value::Object(entries),
            },
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(done),
            Some(Open::List(items)) => items.push(done),
            Some(Open::Map(entries, key)) => match key.take() {
                None => *key = Some(done.as_str().unwrap_or_default().to_owned()),
                Some(key) => drop(entries.insert(key, done)),
            },
        }
    }
    Some(documents)
}

/// One value of a YAML file, and where it stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    /// Keys from the inside out; `#n` in a list.
    pub(super) path: Path,
    pub(super) value: String,
    /// The line where it begins, counted from 1.
    pub(super) line: u64,
}

/// The keys to a value. What is around several values is kept once: a key may be as long as a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Option<Rc<(String, Path)>>);

impl Path {
    fn with(&self, name: String) -> Path {
        Path(Some(Rc::new((name, self.clone()))))
    }

    /// The keys from the inside out.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::successors(self.0.as_deref(), |(_, around)| around.0.as_deref()).map(|(name, _)| name.as_str())
    }

    /// Whether the value stands under `name` in the same map as the one of `other`.
    pub(super) fn is_beside(&self, other: &Path, name: &str) -> bool {
        match (&self.0, &other.0) {
            (Some(own), Some(other)) => own.0 == name && own.1.is(&other.1),
            _ => false,
        }
    }

    /// Whether it is the same place, not one of the same name.
    fn is(&self, other: &Path) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Rc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }
}

/// A container that is being read, with the path to it: the next index, or the key whose value comes next.
struct Level {
    path: Path,
    next: Next,
}

enum Next {
    Index(usize),
    Key(Option<String>),
}

/// Every value of a YAML file; `None` when it is none.
pub(super) fn scalars(text: &str) -> Option<Vec<Scalar>> {
    let (mut found, mut levels): (Vec<Scalar>, Vec<Level>) = (Vec::new(), Vec::new());
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        match event {
            Event::Scalar(text, ..) => match levels.last_mut() {
                Some(Level { next: Next::Key(key @ None), .. }) => *key = Some(text.into_owned()),
                _ => {
                    let path = inside(&mut levels);
                    found.push(Scalar { path, value: text.into_owned(), line: span.start.line() as u64 });
                    settle(&mut levels);
                }
            },
            Event::Alias(_) => settle(&mut levels),
            Event::SequenceStart(..) => {
                let path = inside(&mut levels);
                levels.push(Level { path, next: Next::Index(0) });
            }
            Event::MappingStart(..) => {
                let path = inside(&mut levels);
                levels.push(Level { path, next: Next::Key(None) });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                levels.pop()?;
                settle(&mut levels);
            }
            _ => {}
        }
        (levels.len() <= DEPTH).then_some(())?;
    }
    Some(found)
}

/// The path to what comes next. A key is needed once: its value may be a container, and then it stands in the path of that.
fn inside(levels: &mut [Level]) -> Path {
    let Some(level) = levels.last_mut() else { return Path::default() };
    let name = match &mut level.next {
        Next::Index(index) => format!("#{index}"),
        Next::Key(key) => key.as_mut().map(std::mem::take).unwrap_or_default(),
    };
    level.path.with(name)
}

/// A key or a value is complete; a key that is no text has no name.
fn settle(levels: &mut [Level]) {
    match levels.last_mut().map(|level| &mut level.next) {
        Some(Next::Index(index)) => *index += 1,
        Some(Next::Key(key @ None)) => *key = Some(String::new()),
        Some(Next::Key(key)) => *key = None,
        None => {}
    }
}

/// The text at a path of keys.
pub(super) fn text<'v>(value: &'v Value, path: &[&str]) -> Option<&'v str> {
    path.iter().try_fold(value, |value, key| value.get(key))?.as_str().filter(|text| !text.is_empty())
}

/// The entries of the object at a path of keys.
pub(super) fn entries<'v>(value: &'v Value, path: &[&str]) -> impl Iterator<Item = (&'v str, &'v Value)> + use<'v> {
    let object = path.iter().try_fold(value, |value, key| value.get(key)).and_then(Value::as_object);
    object.into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn comments_and_trailing_commas_are_not_json_but_are_read() {
        let text = "{ // a\n \"a\": \"http://x/*y*/\", /* b */ \"c\": [1, 2,], }";
        assert_eq!(parse(Format::Json, text).unwrap()[0], serde_json::json!({"a": "http://x/*y*/", "c": [1, 2]}));
        assert_eq!(parse(Format::Json, "{"), None);
    }

    #[test]
    fn yaml_keeps_documents_and_does_not_expand_aliases() {
        let documents = parse(Format::Yaml, "a: &x [1, {b: c}]\nd: *x\n---\n- e\n").unwrap();
        assert_eq!(documents[0], serde_json::json!({"a": ["1", {"b": "c"}], "d": null}));
        assert_eq!(documents[1], serde_json::json!(["e"]));
        assert_eq!(parse(Format::Yaml, "a: [1"), None);
        assert_eq!(parse(Format::Yaml, &"[".repeat(10_000)), None);
    }

    #[test]
    fn every_value_of_yaml_has_its_path_and_its_line() {
        let path = |one: &Scalar| one.path.names().collect::<Vec<_>>().join("/");
        let all =
            scalars("a:\n  - b: x\n    c: |\n      one\n      two\n  - y\n? [k]\n: z\n---\nd: &x e\nf: *x\n").unwrap();
        let all: Vec<String> = all.iter().map(|one| format!("{}={:?}@{}", path(one), one.value, one.line)).collect();
        assert_eq!(all[..3], ["b/#0/a=\"x\"@2", "c/#0/a=\"one\\ntwo\\n\"@4", "#1/a=\"y\"@6"]);
        assert_eq!(scalars("a: [1"), None);
        assert_eq!(scalars(&"[".repeat(10_000)), None);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in ".{0,200}") {
            for format in [Format::Json, Format::Yaml, Format::Toml] {
                let _ = parse(format, &text);
            }
            let _ = scalars(&text);
        }

        #[test]
        fn json_survives_the_removal_of_comments(value in "[a-z/*\\\\\", ]{0,30}") {
            let json = serde_json::json!({ "k": [value] });
            prop_assert_eq!(serde_json::from_str::<Value>(&without_comments(&json.to_string())).unwrap(), json);
        }
    }
}
