//! The ways in which an answer may be wrong, each as a change of one answer. A change that hides items without any trace (a
//! list that is shorter, and neither counted nor listed elsewhere) is none of them: nobody could notice it.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// An answer as it goes over the wire.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The connection ends before the body does.
    pub(super) cut: bool,
}

impl Answer {
    pub(super) fn json(body: &Value) -> Answer {
        Answer { status: 200, headers: Vec::new(), body: body.to_string().into_bytes(), cut: false }
    }

    /// As it came, with every address of the estate led through the proxy.
    pub(super) async fn of(response: reqwest::Response, from: &str, to: &str) -> Answer {
        let status = response.status().as_u16();
        let kept = |name: &str| !["content-length", "transfer-encoding", "connection", "date"].contains(&name);
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| kept(name.as_str()))
            .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap_or_default().replace(from, to)));
        let headers = headers.collect();
        let body = response.bytes().await.map(|body| body.to_vec());
        let (body, cut) = body.map_or((Vec::new(), true), |body| (body, false));
        let body =
            String::from_utf8(body).map_or_else(|body| body.into_bytes(), |text| text.replace(from, to).into_bytes());
        Answer { status, headers, body, cut }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
    }
}

/// One way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Cut,
    CutText,
    EmptyBody,
    EmptyObject,
    EmptyList,
    Null,
    Status(u16),
    Html,
    GzipOfTwo,
    GzipWithRest,
    GzipCut,
    CountedAndDropped,
    CountedAndRepeated,
    CountAbsent,
    CountNull,
    CountText,
    NullItems,
    EmptyItems,
    ItemsNull,
    ErrorBeside,
    NextForeign,
    NextMissing,
    NextRepeats,
    LastWithoutNext,
    TwiceTheField,
    UpperCase,
    Braces,
    FieldNull(String),
    FieldAbsent(String),
    FieldEmpty(String),
}

const WIRE: [Kind; 11] = [
    Kind::Cut,
    Kind::CutText,
    Kind::EmptyBody,
    Kind::Status(203),
    Kind::Status(206),
    Kind::Status(202),
    Kind::Html,
    Kind::GzipOfTwo,
    Kind::GzipWithRest,
    Kind::GzipCut,
    Kind::TwiceTheField,
];

const BODY: [Kind; 16] = [
    Kind::EmptyObject,
    Kind::EmptyList,
    Kind::Null,
    Kind::CountedAndDropped,
    Kind::CountedAndRepeated,
    Kind::CountAbsent,
    Kind::CountNull,
    Kind::CountText,
    Kind::NullItems,
    Kind::EmptyItems,
    Kind::ItemsNull,
    Kind::ErrorBeside,
    Kind::NextForeign,
    Kind::NextMissing,
    Kind::NextRepeats,
    Kind::LastWithoutNext,
];

const DRESS: [Kind; 2] = [Kind::UpperCase, Kind::Braces];

impl Kind {
    /// Every way in which this answer can be changed.
    pub(super) fn all(sample: &Answer) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = WIRE.into_iter().chain(BODY).chain(DRESS).collect();
        for path in fields(sample) {
            kinds.extend([Kind::FieldNull(path.clone()), Kind::FieldAbsent(path.clone()), Kind::FieldEmpty(path)]);
        }
        kinds.retain(|kind| kind.apply(&mut sample.clone(), "http://127.0.0.1:1"));
        kinds
    }

    /// What it is called in a count.
    pub(super) fn family(&self) -> String {
        match self {
            Kind::FieldNull(_) => "FieldNull".to_owned(),
            Kind::FieldAbsent(_) => "FieldAbsent".to_owned(),
            Kind::FieldEmpty(_) => "FieldEmpty".to_owned(),
            other => format!("{other:?}"),
        }
    }

    pub(super) fn is_of_wire(&self) -> bool {
        WIRE.contains(self)
    }

    /// Changes the answer; `false` where there is nothing to change.
    pub(super) fn apply(&self, answer: &mut Answer, trap: &str) -> bool {
        let before = answer.clone();
        let Ok(mut body) = serde_json::from_slice::<Value>(&answer.body) else { return false };
        match self {
            Kind::Cut => {
                answer.body.truncate(answer.body.len() / 2);
                answer.cut = true;
            }
            Kind::CutText => answer.body.truncate(answer.body.len() * 2 / 3),
            Kind::EmptyBody => answer.body.clear(),
            Kind::Status(status) => answer.status = *status,
            Kind::Html => {
                answer.set("content-type", "text/html");
                answer.body = b"<!DOCTYPE html><title>Sign in</title>".to_vec();
            }
            Kind::GzipOfTwo => {
                self.packed(answer, &[&before.body[..before.body.len() / 2], &before.body[before.body.len() / 2..]])
            }
            Kind::GzipWithRest => {
                // A client that stops after the first member has a whole list without anything in it.
                if lists(&mut body, &mut |items| items.clear()) == 0 {
                    return false;
                }
                self.packed(answer, &[body.to_string().as_bytes(), &before.body]);
            }
            Kind::GzipCut => {
                self.packed(answer, &[&before.body]);
                answer.body.truncate(answer.body.len() - 12);
            }
            Kind::TwiceTheField => return twice(answer, &body),
            Kind::NextForeign | Kind::NextMissing | Kind::NextRepeats | Kind::LastWithoutNext => {
                return self.linked(answer, body, trap);
            }
            _ => {
                if !self.change(&mut body) {
                    return false;
                }
                answer.body = body.to_string().into_bytes();
            }
        }
        *answer != before
    }

    fn packed(&self, answer: &mut Answer, members: &[&[u8]]) {
        answer.set("content-encoding", "gzip");
        answer.body = members
            .iter()
            .flat_map(|member| {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
                encoder.write_all(member).unwrap();
                encoder.finish().unwrap()
            })
            .collect();
    }

    fn change(&self, body: &mut Value) -> bool {
        match self {
            Kind::EmptyObject => *body = json!({}),
            // A bare list that is empty is a shorter list without any trace.
            Kind::EmptyList if body.is_array() => return false,
            Kind::EmptyList => *body = json!([]),
            Kind::Null => *body = Value::Null,
            Kind::CountedAndDropped => {
                return counts(body, &mut |_| {}) > 0 && lists(body, &mut |items| items.clear()) > 0;
            }
            Kind::CountedAndRepeated => {
                return counts(body, &mut |_| {}) > 0
                    && lists(body, &mut |items| {
                        let last = items.len() - 1;
                        let one = items[last].clone();
                        items.iter_mut().for_each(|item| *item = one.clone());
                    }) > 0;
            }
            Kind::CountAbsent => {
                return counts(body, &mut |count| *count = json!("@absent")) > 0 && without_marked(body);
            }
            Kind::CountNull => {
                return counts(body, &mut |count| *count = Value::Null) > 0
                    && lists(body, &mut |items| items.clear()) > 0;
            }
            Kind::CountText => {
                return counts(body, &mut |count| *count = json!("many")) > 0
                    && lists(body, &mut |items| items.clear()) > 0;
            }
            Kind::NullItems => {
                return lists(body, &mut |items| items.iter_mut().for_each(|item| *item = Value::Null)) > 0;
            }
            Kind::EmptyItems => {
                return lists(body, &mut |items| {
                    items.iter_mut().filter(|item| item.is_object()).for_each(|item| *item = json!({}))
                }) > 0;
            }
            Kind::ItemsNull => return named_lists(body, &mut |items| *items = Value::Null) > 0,
            Kind::ErrorBeside => {
                if !body.is_object() || lists(body, &mut |items| items.clear()) == 0 {
                    return false;
                }
                let error = json!({ "code": "UnknownError", "message": "x", "type": "SERVICE_UNAVAILABLE" });
                let (name, error) = if body.get("data").is_some_and(Value::is_object) {
                    ("errors", json!([error]))
                } else {
                    ("error", error)
                };
                body[name] = error;
            }
            Kind::UpperCase => texts(body, "", &mut |name, text| match is_guid(text) || name == "login" {
                true => text.to_uppercase(),
                false => text.to_owned(),
            }),
            Kind::Braces => {
                texts(body, "", &mut |_, text| if is_guid(text) { format!("{{{text}}}") } else { text.to_owned() })
            }
            Kind::FieldNull(path) => each_item(body, &mut |item| at(item, path, &mut |field| *field = Value::Null)),
            Kind::FieldAbsent(path) => {
                each_item(body, &mut |item| at(item, path, &mut |field| *field = json!("@absent")));
                without_marked(body);
            }
            Kind::FieldEmpty(path) => each_item(body, &mut |item| {
                at(item, path, &mut |field| match field {
                    Value::String(text) => text.clear(),
                    Value::Object(fields) => fields.clear(),
                    // A list within an item that is empty leaves no trace.
                    _ => {}
                })
            }),
            _ => return false,
        }
        true
    }

    /// The items are on a page that cannot be had.
    fn linked(&self, answer: &mut Answer, mut body: Value, trap: &str) -> bool {
        let graphql = body.get("data").is_some_and(Value::is_object) || body.get("tables").is_some();
        if graphql || lists(&mut body, &mut |items| items.clear()) == 0 {
            return false;
        }
        let to = match self {
            Kind::NextForeign => trap.to_owned(),
            Kind::NextRepeats => "?".to_owned(),
            _ => "missing-page".to_owned(),
        };
        if body.get("value").is_some() {
            if *self == Kind::LastWithoutNext {
                return false;
            }
            let name = if answer.headers.iter().any(|(name, _)| name == "odata-version")
                || body.get("@odata.context").is_some()
            {
                "@odata.nextLink"
            } else {
                "nextLink"
            };
            body[name] = to.into();
        } else {
            let relation = if *self == Kind::LastWithoutNext { "last" } else { "next" };
            answer.set("link", &format!("<{to}>; rel=\"{relation}\""));
        }
        answer.body = body.to_string().into_bytes();
        true
    }
}

/// `{"value":[…],"value":[]}`
fn twice(answer: &mut Answer, body: &Value) -> bool {
    let mut empty = body.clone();
    let mut names = Vec::new();
    for (name, value) in empty.as_object_mut().into_iter().flatten() {
        if value.as_array().is_some_and(|items| !items.is_empty()) {
            names.push(name.clone());
        }
    }
    let Some(name) = names.first() else { return false };
    let text = body.to_string();
    let counted = if body.get("total_count").is_some() { ",\"total_count\":0" } else { "" };
    answer.body = format!("{},\"{name}\":[]{counted}}}", &text[..text.len() - 1]).into_bytes();
    true
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.matches('-').count() == 4
        && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// Does something with every list that is not empty, and says how many there are.
fn lists(body: &mut Value, then: &mut dyn FnMut(&mut Vec<Value>)) -> usize {
    if let Value::Array(items) = body {
        if !items.is_empty() {
            then(items);
            return 1;
        }
        return 0;
    }
    named_lists(body, &mut |items| {
        if let Value::Array(items) = items {
            then(items)
        }
    })
}

/// The same for lists that have a name.
fn named_lists(body: &mut Value, then: &mut dyn FnMut(&mut Value)) -> usize {
    let is_wrapped = body.get("total_count").is_some();
    let is_graphql = body.get("data").is_some_and(Value::is_object);
    let mut found = 0;
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        let is_list = is_wrapped || ["value", "Resources", "data", "tables"].contains(&name.as_str());
        if name == "tables" {
            for table in value.as_array_mut().into_iter().flatten() {
                if table["rows"].as_array().is_some_and(|rows| !rows.is_empty()) {
                    then(&mut table["rows"]);
                    found += 1;
                }
            }
        } else if is_graphql && name == "data" {
            found += connections(value, then);
        } else if is_list && value.as_array().is_some_and(|items| !items.is_empty()) {
            then(value);
            found += 1;
        }
    }
    found
}

/// The outermost lists of a query's answer.
fn connections(value: &mut Value, then: &mut dyn FnMut(&mut Value)) -> usize {
    let mut found = 0;
    for (name, inner) in value.as_object_mut().into_iter().flatten() {
        if ["nodes", "entries"].contains(&name.as_str()) && inner.as_array().is_some_and(|items| !items.is_empty()) {
            then(inner);
            found += 1;
        } else {
            found += connections(inner, then);
        }
    }
    found
}

fn counts(body: &mut Value, then: &mut dyn FnMut(&mut Value)) -> usize {
    const NAMES: [&str; 6] = ["total_count", "@odata.count", "totalCount", "totalResults", "totalRecords", "count"];
    let mut found = 0;
    for (name, value) in body.as_object_mut().into_iter().flatten() {
        match value {
            count @ Value::Number(_) if NAMES.contains(&name.as_str()) => {
                then(count);
                found += 1;
            }
            Value::Object(_) => found += counts(value, then),
            _ => {}
        }
    }
    found
}

fn each_item(body: &mut Value, then: &mut dyn FnMut(&mut Value)) {
    let is_log = body.get("tables").is_some();
    if !is_log && lists(body, &mut |items| items.iter_mut().for_each(&mut *then)) == 0 && body.is_object() {
        then(body);
    }
}

/// The fields of the items, two levels deep: `owner`, `owner.login`, `reviewers[].id`.
fn fields(sample: &Answer) -> Vec<String> {
    let Ok(mut body) = serde_json::from_slice::<Value>(&sample.body) else { return Vec::new() };
    let mut found = Vec::new();
    each_item(&mut body, &mut |item| below(item, "", 3, &mut found));
    found.sort();
    found.dedup();
    found
}

fn below(item: &Value, prefix: &str, depth: usize, found: &mut Vec<String>) {
    let Some(fields) = item.as_object().filter(|_| depth > 0) else { return };
    for (name, value) in fields {
        let path = format!("{prefix}{name}");
        found.push(path.clone());
        match value {
            Value::Array(items) => {
                items.iter().for_each(|item| below(item, &format!("{path}[]/"), depth - 1, found));
            }
            value => below(value, &format!("{path}/"), depth - 1, found),
        }
    }
}

fn at(item: &mut Value, path: &str, then: &mut dyn FnMut(&mut Value)) {
    let (name, rest) = path.split_once('/').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let (name, many) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    let Some(field) = item.get_mut(name) else { return };
    match (rest, many) {
        (None, _) => then(field),
        (Some(rest), true) => field.as_array_mut().into_iter().flatten().for_each(|item| at(item, rest, then)),
        (Some(rest), false) => at(field, rest, then),
    }
}

/// Takes away what was marked.
fn without_marked(value: &mut Value) -> bool {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| value != "@absent");
            for value in fields.values_mut() {
                without_marked(value);
            }
        }
        Value::Array(items) => {
            for value in items {
                without_marked(value);
            }
        }
        _ => {}
    }
    true
}

fn texts(value: &mut Value, name: &str, then: &mut dyn FnMut(&str, &str) -> String) {
    match value {
        Value::String(text) => *text = then(name, text),
        Value::Array(items) => items.iter_mut().for_each(|value| texts(value, name, then)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| texts(value, name, then)),
        _ => {}
    }
}
