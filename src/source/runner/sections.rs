//! Turns files of sections (INI), of properties, of elements (XML) and of blocks (HCL) into the tree that [`super::document`]
//! makes of JSON. What stands twice is kept twice: a parser that keeps the last one would lose a credential. It decides nothing.

use std::str::Chars;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value};

/// Deeper nesting than any configuration has.
const DEPTH: usize = 100;

/// Adds an entry; what has the same name makes a list of both.
fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    match map.get_mut(key) {
        None => drop(map.insert(key.to_owned(), value)),
        Some(Value::Array(all)) => all.push(value),
        Some(one) => {
            let first = std::mem::take(one);
            *one = Value::Array(vec![first, value]);
        }
    }
}

/// `[section]`, `key = value` or `key: value`, comments behind `#` and `;`. What stands before the first section is a
/// section without a name. A line that is neither is passed over, as the tools do with options that have no value.
pub(super) fn ini(text: &str) -> Value {
    let (mut all, mut name, mut section) = (Map::new(), String::new(), Map::new());
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(next) = line.strip_prefix('[').and_then(|rest| rest.rsplit_once(']')) {
            put(&mut all, &name, Value::Object(std::mem::take(&mut section)));
            name = next.0.trim().to_owned();
        } else if let Some((key, value)) = setting(line) {
            put(&mut section, unquoted(key), Value::String(unquoted(without_comment(value)).to_owned()));
        }
    }
    put(&mut all, &name, Value::Object(section));
    Value::Object(all)
}

/// The first `=` or `:` divides; the colon of an address that is a key does not.
fn setting(line: &str) -> Option<(&str, &str)> {
    let divides = |at: &usize| !line[*at..].starts_with("://");
    let at = line.match_indices(['=', ':']).map(|(at, _)| at).find(divides)?;
    Some((line[..at].trim(), line[at + 1..].trim()))
}

/// A mark of a comment counts behind a blank only: it may be part of a password.
fn without_comment(value: &str) -> &str {
    if value.starts_with(['"', '\'']) {
        return value;
    }
    let mark = [" #", " ;", "\t#", "\t;"].iter().filter_map(|mark| value.find(mark)).min();
    mark.map_or(value, |at| value[..at].trim_end())
}

/// What stands between quotes, whatever follows them.
pub(super) fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split_once(quote)).map(|(inner, _)| inner);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

/// Properties of Java: `=`, `:` or a blank divides, a backslash escapes and goes on in the next line.
pub(super) fn properties(text: &str) -> Value {
    let mut all = Map::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let line = line.trim_start();
        if line.starts_with(['#', '!']) || line.is_empty() {
            continue;
        }
        let (mut whole, mut last) = (line.to_owned(), line);
        // The marks of the last line alone: those before it could be many.
        while goes_on(last) {
            whole.pop();
            let Some(next) = lines.next() else { break };
            last = next.trim_start();
            whole.push_str(last);
        }
        let (key, value) = property(&whole);
        put(&mut all, &key, Value::String(value));
    }
    Value::Object(all)
}

/// Whether an odd number of backslashes ends a line.
fn goes_on(line: &str) -> bool {
    (line.len() - line.trim_end_matches('\\').len()) % 2 == 1
}

fn property(line: &str) -> (String, String) {
    let mut escaped = false;
    let end = line.find(|c: char| {
        let divides = !escaped && (matches!(c, '=' | ':') || c.is_whitespace());
        escaped = c == '\\' && !escaped;
        divides
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start();
    (unescaped(key), unescaped(value.trim_end()))
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => plain.extend(escape(&mut rest)),
            c => plain.push(c),
        }
    }
    plain
}

fn escape(rest: &mut Chars<'_>) -> Option<char> {
    match rest.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'u' => {
            let digits: String = rest.clone().take(4).collect();
            let number = u32::from_str_radix(&digits, 16).ok()?;
            rest.by_ref().take(4).for_each(drop);
            char::from_u32(number)
        }
        c => Some(c),
    }
}

/// `name = "value"`, and blocks between braces with the words before them as their name. Expressions are passed over.
pub(super) fn blocks(text: &str) -> Value {
    let mut open = vec![(String::new(), Map::new())];
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '/'])) {
        let entry = line.split_once(['=', ':']).filter(|(key, _)| !key.contains('{'));
        if let Some(name) = line.strip_suffix(['{', '[']).filter(|_| open.len() <= DEPTH) {
            let name = name.trim().trim_end_matches(['=', ':', '(']).trim().replace('"', "");
            open.push((name, Map::new()));
        } else if line.starts_with(['}', ']']) {
            if let (true, Some((name, done))) = (open.len() > 1, open.pop())
                && let Some((_, map)) = open.last_mut()
            {
                put(map, &name, Value::Object(done));
            }
        } else if let (Some((key, value)), Some((_, map))) = (entry, open.last_mut()) {
            let value = value.trim().trim_end_matches(',');
            if value.starts_with('"') {
                put(map, unquoted(key), Value::String(unquoted(value).to_owned()));
            }
        }
    }
    while open.len() > 1 {
        if let (Some((name, done)), Some((_, map))) = (open.pop(), open.last_mut()) {
            put(map, &name, Value::Object(done));
        }
    }
    Value::Object(open.pop().map(|(_, map)| map).unwrap_or_default())
}

/// An element is an entry of the one around it; attributes are entries of their element, and one that has a name (or key)
/// and a value is an entry by that name.
pub(super) fn xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<Element> = vec![Element::default()];
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                open.push(Element::of(&start)?);
                (open.len() <= DEPTH).then_some(())?;
            }
            Event::Empty(start) => Element::of(&start)?.close(open.last_mut()?),
            Event::End(_) if open.len() > 1 => open.pop()?.close(open.last_mut()?),
            Event::Text(part) => open.last_mut()?.text.push_str(&part.xml10_content().ok()?),
            Event::CData(part) => open.last_mut()?.text.push_str(&part.decode().ok()?),
            Event::GeneralRef(name) => {
                let entity = format!("&{};", name.decode().ok()?);
                let plain = quick_xml::escape::unescape(&entity).map_or_else(|_| entity.clone(), Into::into);
                open.last_mut()?.text.push_str(&plain);
            }
            Event::Eof => break,
            _ => {}
        }
    }
    while open.len() > 1 {
        open.pop()?.close(open.last_mut()?);
    }
    open.pop().map(|root| Value::Object(root.entries))
}

#[derive(Default)]
struct Element {
    name: String,
    entries: Map<String, Value>,
    text: String,
}

impl Element {
    fn of(start: &BytesStart<'_>) -> Option<Element> {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        let mut element = Element { name, ..Element::default() };
        for attribute in start.attributes().with_checks(false).flatten() {
            let key = String::from_utf8_lossy(attribute.key.local_name().as_ref()).into_owned();
            let raw = String::from_utf8_lossy(&attribute.value).into_owned();
            let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), Into::into);
            put(&mut element.entries, &key, Value::String(value));
        }
        Some(element)
    }

    fn close(mut self, around: &mut Element) {
        let text = self.text.trim();
        let named = ["key", "name", "Name"].iter().find_map(|key| self.entries.get(*key)?.as_str());
        let value = ["value", "Value"].iter().find_map(|key| self.entries.get(*key)?.as_str());
        match (named, value) {
            (Some(name), Some(value)) => put(&mut around.entries, name, Value::String(value.to_owned())),
            (Some(name), None) if !text.is_empty() => put(&mut around.entries, name, Value::String(text.to_owned())),
            _ if self.entries.is_empty() => put(&mut around.entries, &self.name, Value::String(text.to_owned())),
            _ => {
                if !text.is_empty() {
                    put(&mut self.entries, "", Value::String(text.to_owned()));
                }
                put(&mut around.entries, &self.name, Value::Object(self.entries));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn sections_keep_what_is_theirs() {
        let text = "top = 1\n# c\n[a]\nuser = \"al\" ; x\npassword: p#1 # note\nskip-this\n[b \"https://x\"]\n\turl = https://y:1\n[a]\nuser=bo\n";
        assert_eq!(
            ini(text),
            json!({"": {"top": "1"}, "a": [{"user": "al", "password": "p#1"}, {"user": "bo"}], "b \"https://x\"": {"url": "https://y:1"}})
        );
    }

    #[test]
    fn properties_have_escapes_and_go_on() {
        let text = "! c\na.b=x\\\n   y\nc\\:d : e\\u0041\nf g\nh=\n";
        assert_eq!(properties(text), json!({"a.b": "xy", "c:d": "eA", "f": "g", "h": ""}));
    }

    #[test]
    fn blocks_are_records() {
        let text = "a = \"x\"\ncredentials \"h\" {\n  token = \"t\"\n}\nn = {\n user = \"al\",\n}\ne = var.x\n";
        assert_eq!(blocks(text), json!({"a": "x", "credentials h": {"token": "t"}, "n": {"user": "al"}}));
    }

    #[test]
    fn elements_and_attributes_are_entries() {
        let text = "<?xml version=\"1.0\"?><s><!-- c --><server><id>a</id><password>p&amp;q</password></server>\
                    <server><id>b</id></server><r><add key=\"User\" value=\"al\"/><add key='P' value='x&lt;y'/></r></s>";
        assert_eq!(
            xml(text).unwrap(),
            json!({"s": {"server": [{"id": "a", "password": "p&q"}, {"id": "b"}], "r": {"User": "al", "P": "x<y"}}})
        );
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[ -~\n\\t]{0,200}") {
            let _ = (ini(&text), properties(&text), blocks(&text), xml(&text));
        }
    }
}
