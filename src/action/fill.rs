//! Takes typed ids apart and fills templates with their parts. An id never reaches a path but percent-encoded, and one that
//! is no id of its kind reaches none.

use std::sync::LazyLock;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use regex::Regex;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::known;
use super::route::{Hand, Request, Route, State, Template};

const SEGMENT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const WORD: AsciiSet = SEGMENT.remove(b'/').remove(b':').remove(b'@');
const PATH: AsciiSet = SEGMENT.remove(b'/').remove(b'(').remove(b')');

const GUID: &str = "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}";

/// What may stand for a `{name:kind}`.
fn class(kind: &str) -> &'static str {
    match kind {
        "guid" => GUID,
        "number" => "[0-9]{1,20}",
        "key" => "[A-Za-z0-9_.~-]{1,512}",
        "name" => "[A-Za-z0-9_.-]{1,128}",
        // What people called it; one segment.
        "text" => r"[^\x00-\x1f\x7f/\\]{1,256}",
        "all" => ".{1,4096}",
        // On a host.
        "place" => r"/[^\x00-\x1f\x7f]{1,4096}",
        // Of a repository, and of Azure: several segments.
        "tail" => r"[^\x00-\x20\\?#%]{1,1024}",
        _ => r"/[^\x00-\x20\\?#%]{1,1024}",
    }
}

/// The expression of a subject, and of its other way of being written.
struct Pattern {
    subject: Option<Regex>,
    alias: Option<Regex>,
}

static PATTERNS: LazyLock<Vec<(&'static Route, Pattern)>> = LazyLock::new(|| {
    let one = |route: &'static Route| {
        let pattern = Pattern {
            subject: compiled(route.subject),
            alias: route.alias.and_then(|(subject, ..)| compiled(subject)),
        };
        (route, pattern)
    };
    known::routes().map(one).collect()
});

static HANDS: LazyLock<Vec<(&'static Hand, Option<Regex>)>> =
    LazyLock::new(|| known::HANDS.iter().map(|hand| (hand, compiled(hand.subject))).collect());

/// What a person does about such a subject, and the parts of it.
pub(super) fn hand(check: &str, subject: &str) -> Option<(&'static Hand, State)> {
    let is = |wanted: &str| check == wanted || (wanted.ends_with('/') && check.starts_with(wanted));
    let mut hands = HANDS.iter().filter(|(hand, _)| hand.check.is_none_or(is));
    hands.find_map(|(hand, pattern)| Some((*hand, captured(pattern.as_ref()?, subject)?)))
}

fn compiled(pattern: &str) -> Option<Regex> {
    let mut out = String::from(r"\A");
    // Azure writes its ids in any letter case.
    if pattern.starts_with("azure:") {
        out.push_str("(?i)");
    }
    for (literal, place) in parts(pattern) {
        out.push_str(&regex::escape(literal));
        if let Some(place) = place {
            let (name, kind) = place.split_once(':').unwrap_or((place, "path"));
            out.push_str(&format!("(?P<{name}>{})", class(kind)));
        }
    }
    Regex::new(&format!(r"{out}\z")).ok()
}

/// The pieces of a template: text, then the name in the braces after it.
fn parts(template: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    template.split('}').map(|piece| match piece.split_once('{') {
        Some((literal, place)) => (literal, Some(place)),
        None => (piece, None),
    })
}

/// What a subject is for an action: the route, its parts, and how the subject is written in a plan.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) route: &'static Route,
    /// The parts of the subject.
    pub(super) ids: State,
    pub(super) subject: String,
    /// What is known of the object by the way it was written.
    pub(super) told: State,
}

/// The route for a subject of an action. `person` is the object id of whom the finding is about.
pub(super) fn target(action: &str, subject: &str, person: Option<&str>) -> Option<Target> {
    let mut routes = PATTERNS.iter().filter(|(route, _)| route.action == action);
    routes.find_map(|(route, pattern)| {
        if let Some(mut ids) = pattern.subject.as_ref().and_then(|regex| captured(regex, subject)) {
            if route.request.url.contains("{request_id}") {
                ids.insert("request_id".to_owned(), derived(subject).into());
            }
            return Some(Target { route, ids, subject: subject.to_owned(), told: State::new() });
        }
        let (_, part, told) = route.alias?;
        let mut ids = captured(pattern.alias.as_ref()?, subject)?;
        ids.insert(part.to_owned(), person?.into());
        let subject = filled_plain(route.subject, &ids)?;
        Some(Target { route, ids, subject, told: serde_json::from_str(told).unwrap_or_default() })
    })
}

/// An id for a request that has to bring its own: the same for the same object, and another for every other.
fn derived(subject: &str) -> String {
    let name = format!("urn:leaver:request:{}", subject.to_lowercase());
    Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).to_string()
}

/// Whether any action of this name is known.
pub(super) fn is_known(action: &str) -> bool {
    PATTERNS.iter().any(|(route, _)| route.action == action)
}

fn captured(regex: &Regex, subject: &str) -> Option<State> {
    let found = regex.captures(subject)?;
    let mut ids = State::new();
    for name in regex.capture_names().flatten() {
        let value = found.name(name)?.as_str();
        if value.split('/').any(|segment| matches!(segment, "." | "..")) || value.contains("//") {
            return None;
        }
        ids.insert(name.to_owned(), value.into());
        // A workflow goes by the name of its file.
        if name == "path" {
            ids.insert("path_file".to_owned(), value.rsplit('/').next().unwrap_or(value).into());
        }
    }
    Some(ids)
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// A template of a path, with values percent-encoded; `None` where one is missing.
pub(super) fn filled(template: &str, values: &State) -> Option<String> {
    let mut out = String::new();
    for (literal, place) in parts(template) {
        out.push_str(literal);
        if let Some(place) = place {
            let value = plain(values.get(place)?)?;
            if value.split('/').any(|segment| matches!(segment, "." | "..")) {
                return None;
            }
            let set = if value.starts_with('/') { &PATH } else { &SEGMENT };
            out.extend(utf8_percent_encode(&value, set));
        }
    }
    Some(out)
}

/// A template of a text, with values as they are.
pub(super) fn filled_plain(template: &str, values: &State) -> Option<String> {
    let mut out = String::new();
    for (literal, place) in parts(template) {
        out.push_str(literal);
        if let Some(place) = place {
            let name = place.split_once(':').map_or(place, |(name, _)| name);
            out.push_str(&plain(values.get(name)?)?);
        }
    }
    Some(out)
}

/// The command that a template makes: `<name>` keeps a path, `<name%>` is one segment of one, `<name!>` is one word of a shell.
pub(super) fn command(template: &str, values: &State) -> Option<String> {
    let mut out = String::new();
    for piece in template.split('>') {
        let Some((literal, place)) = piece.split_once('<') else {
            out.push_str(piece);
            continue;
        };
        out.push_str(literal);
        let name = place.trim_end_matches(['%', '!']);
        let value = plain(values.get(name)?)?;
        match place.strip_prefix(name) {
            Some("!") => out.push_str(&quoted(&value)),
            Some("%") => out.extend(utf8_percent_encode(&value, &SEGMENT)),
            _ => out.extend(utf8_percent_encode(&value, &WORD)),
        }
    }
    Some(out)
}

/// One word for a shell, without a control character that a terminal would obey.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().filter(|letter| !letter.is_control()).collect();
    format!("'{}'", shown.replace('\'', r"'\''"))
}

/// The request that a template makes; `None` where a value is missing that it cannot do without.
pub(super) fn request(template: &Template, values: &State) -> Option<Request> {
    let body = match template.body {
        None => None,
        Some(text) => substituted(&serde_json::from_str(text).ok()?, values)?,
    };
    Some(Request { method: template.method.to_owned(), url: filled(template.url, values)?, body })
}

/// The value with its places filled: `None` where one is missing, `Some(None)` where it may be (`{name?}`).
fn substituted(value: &Value, values: &State) -> Option<Option<Value>> {
    match value {
        Value::String(text) => {
            match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).filter(|name| !name.contains('{')) {
                // A part of a subject that the service takes as a number only.
                Some(place) if place.ends_with('#') => {
                    let number = plain(values.get(place.trim_end_matches('#'))?)?.parse::<u64>().ok()?;
                    Some(Some(number.into()))
                }
                Some(place) => {
                    let name = place.strip_suffix('?');
                    let found = values.get(name.unwrap_or(place)).filter(|value| !value.is_null()).cloned();
                    if found.is_none() && name.is_none() { None } else { Some(found) }
                }
                None => filled_plain(text, values).map(|text| Some(text.into())),
            }
        }
        Value::Object(fields) => {
            let mut filled = Map::new();
            for (name, value) in fields {
                if let Some(value) = substituted(value, values)? {
                    filled.insert(name.clone(), value);
                }
            }
            Some(Some(Value::Object(filled)))
        }
        Value::Array(items) => {
            let filled: Option<Vec<Option<Value>>> = items.iter().map(|item| substituted(item, values)).collect();
            Some(Some(Value::Array(filled?.into_iter().flatten().collect())))
        }
        other => Some(Some(other.clone())),
    }
}

/// Subject and state as one: the parts of the subject win.
pub(super) fn all(ids: &State, state: &State) -> State {
    let mut all = state.clone();
    all.extend(ids.clone());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_and_body_of_a_route_can_be_read() {
        for (route, pattern) in PATTERNS.iter() {
            assert!(pattern.subject.is_some(), "{}", route.subject);
            assert_eq!(pattern.alias.is_some(), route.alias.is_some(), "{}", route.subject);
            for body in [route.request.body].into_iter().flatten() {
                assert!(serde_json::from_str::<Value>(body).is_ok(), "{body}");
            }
        }
    }

    #[test]
    fn every_command_of_a_hand_can_be_filled() {
        for (hand, pattern) in HANDS.iter() {
            let pattern = pattern.as_ref().expect(hand.subject);
            let mut values: State =
                pattern.capture_names().flatten().map(|name| (name.to_owned(), "x".into())).collect();
            values.extend([("kind", "phone"), ("person", "p")].map(|(name, value)| (name.to_owned(), value.into())));
            assert!(command(hand.command, &values).is_some(), "{}", hand.command);
            assert!(filled_plain(hand.portal, &values).is_some(), "{}", hand.portal);
        }
    }

    #[test]
    fn what_people_called_it_is_one_word() {
        let values = [("a".to_owned(), Value::from("it's $(x)\u{1b} `y`"))].into_iter().collect();
        assert_eq!(
            command("gh x <a!> /<a%>", &values).unwrap(),
            r"gh x 'it'\''s $(x) `y`' /it%27s%20%24%28x%29%1B%20%60y%60"
        );
        assert_eq!(command("gh x <b>", &values), None);
    }

    #[test]
    fn a_body_is_whole_or_there_is_none() {
        let body = r#"{"a": "{a}", "b": "{b?}", "c": {"d": "x/{a}"}}"#;
        let template = Template { method: "POST", url: "/x", body: Some(body) };
        let of = |values: Value| request(&template, values.as_object().unwrap()).map(|request| request.body.unwrap());
        assert_eq!(of(serde_json::json!({ "b": true })), None);
        assert_eq!(of(serde_json::json!({ "a": "1" })), Some(serde_json::json!({ "a": "1", "c": { "d": "x/1" } })));
        let both = serde_json::json!({ "a": "1", "b": ["y"], "c": { "d": "x/1" } });
        assert_eq!(of(serde_json::json!({ "a": "1", "b": ["y"] })), Some(both));
    }

    #[test]
    fn a_name_or_a_path_that_leads_elsewhere_is_no_id() {
        for (action, subject) in [
            ("disable-account", "entra:user/alice@contoso.example"),
            ("disable-account", "entra:user/../groups/0a000000-0000-4000-8000-000000000001"),
            ("remove-github-member", "github:org/contoso/member/alice-dev"),
            ("revoke-grant", "entra:grant/a/b"),
            ("revoke-grant", "entra:grant/.."),
            ("delete-github-hook", "github:repo/contoso/../hook/1"),
            (
                "delete-federated-credential",
                "azure:/subscriptions/a/../b/providers/microsoft.managedidentity/userassignedidentities/x/federated/y",
            ),
        ] {
            assert!(target(action, subject, None).is_none(), "{subject}");
        }
        let found = target(
            "remove-group-member",
            "entra:group/0b000000-0000-4000-8000-000000000001/member/0a000000-0000-4000-8000-000000000001",
            None,
        )
        .unwrap();
        let url = filled(found.route.request.url, &found.ids).unwrap();
        assert!(url.ends_with("/members/0a000000-0000-4000-8000-000000000001/$ref"), "{url}");
    }
}
