//! How an object is now. Not found is an answer only where the service does not say so of what it hides as well.

use jiff::Timestamp;
use serde_json::Value;

use super::fill::Target;
use super::fill::{all, filled, filled_plain};
use super::route::{After, Route, See, State, text};
use crate::api::{Ask, Error, Paging, ReadApi, Service};

/// How an object is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Seen {
    /// It is not there.
    Absent,
    /// It is there, with this state.
    There(State),
}

/// Looks once.
pub(super) async fn look(api: &ReadApi, target: &Target, known: &State, see: &See) -> Result<Seen, Error> {
    let (route, values) = (target.route, all(&target.ids, known));
    match see {
        See::One { path, witness } => match api.get(&ask(path, &values)?).await {
            Ok(answer) => Ok(Seen::There(state(route, &answer.json()?))),
            Err(error) if error.is_not_found() => match witness {
                // A service that hides what it does not show says the same of both.
                Some(list) => api.get(&ask(list, &values)?).await.map(|_| Seen::Absent).map_err(|_| error),
                None => Ok(Seen::Absent),
            },
            Err(error) => Err(error),
        },
        See::Row { path, paging, key, is, others } => {
            let wanted = wanted(key, is, &values)?;
            row(api, route, ask(path, &values)?, *paging, (&wanted, *others)).await
        }
        See::Within { path, lists, key, is } => {
            let wanted = wanted(key, is, &values)?;
            let body: Value = match api.get(&ask(path, &values)?).await {
                Ok(answer) => answer.json()?,
                Err(error) if error.is_not_found() => return Ok(Seen::Absent),
                Err(error) => return Err(error),
            };
            let mut complete = false;
            for (list, kind) in *lists {
                let Some(items) = body.pointer(list).and_then(Value::as_array) else { continue };
                complete = true;
                if let Some(item) = items.iter().find(|item| is_it(item, &wanted)) {
                    let mut found = state(route, item);
                    found.insert("kind".to_owned(), (*kind).into());
                    return Ok(Seen::There(found));
                }
            }
            // An object that does not show its lists says nothing.
            if complete { Ok(Seen::Absent) } else { Err(Error::NotSent("the object does not show its lists")) }
        }
    }
}

async fn row(
    api: &ReadApi,
    route: &Route,
    ask: Ask,
    paging: Paging,
    (wanted, others): (&[(&str, String)], Option<&'static str>),
) -> Result<Seen, Error> {
    let mut pages = api.pages(ask, paging);
    let (mut found, mut rest) = (None, 0_i64);
    loop {
        let page = match pages.next::<Value>().await {
            Ok(Some(page)) => page,
            Ok(None) => break,
            // What the list belongs to is gone; GitHub and Azure DevOps say so as well of what they hide.
            Err(error) if error.is_not_found() && matches!(route.service, Service::Graph | Service::Arm) => {
                return Ok(Seen::Absent);
            }
            Err(error) => return Err(error),
        };
        for item in page {
            if is_it(&item, wanted) {
                found = Some(item);
            } else {
                rest += 1;
            }
        }
        if found.is_some() && others.is_none() {
            break;
        }
    }
    let Some(item) = found else { return Ok(Seen::Absent) };
    let mut state = state(route, &item);
    if let Some(name) = others {
        state.insert(name.to_owned(), rest.into());
    }
    Ok(Seen::There(state))
}

fn ask(path: &str, values: &State) -> Result<Ask, Error> {
    let path = filled(path, values).ok_or(Error::NotSent("a part of a path is missing"))?;
    Ok(Ask { path, headers: Vec::new() })
}

/// What an item has to have where, by which it is known: `/a&/b` is `{a}&{b}`.
fn wanted<'a>(key: &'a str, is: &str, values: &State) -> Result<Vec<(&'a str, String)>, Error> {
    let missing = || Error::NotSent("a part of an id is missing");
    key.split('&')
        .zip(is.split('&'))
        .map(|(key, is)| Ok((key, filled_plain(is, values).ok_or_else(missing)?)))
        .collect()
}

fn is_it(item: &Value, wanted: &[(&str, String)]) -> bool {
    wanted.iter().all(|(key, wanted)| match item.pointer(key) {
        Some(Value::String(text)) => text.eq_ignore_ascii_case(wanted),
        Some(Value::Number(number)) => number.to_string() == *wanted,
        _ => false,
    })
}

/// The properties that count. No other leaves the answer: it may hold secrets.
fn state(route: &Route, body: &Value) -> State {
    let one = |(name, place): &(&str, &str)| {
        let (pointer, how) = place.split_once('#').map_or((*place, None), |(pointer, how)| (pointer, Some(how)));
        let value = body.pointer(pointer).filter(|value| !value.is_null());
        let value = match (how, value) {
            (Some("present"), value) => Some(Value::Bool(value.is_some())),
            (Some("expiration"), value) => Some(if value.is_some() { "afterDateTime" } else { "noExpiration" }.into()),
            (Some("origin"), Some(value)) => Some(origin(value.as_str()?).into()),
            (Some("last"), Some(value)) => value.as_str()?.rsplit('/').next().map(Value::from),
            (_, value) => value.cloned(),
        };
        Some(((*name).to_owned(), value?))
    };
    route.state.iter().filter_map(one).collect()
}

/// Scheme and host of an address: the rest can hold a secret.
fn origin(address: &str) -> String {
    match url::Url::parse(address) {
        Ok(url) => format!("{}://{}", url.scheme(), url.host_str().unwrap_or_default()),
        Err(_) => String::new(),
    }
}

/// The first property that is not as it was; `None`: all are.
pub(super) fn changed<'a>(route: &Route, before: &'a State, now: &State) -> Option<&'a str> {
    let counts = |name: &str| route.state.iter().any(|(known, _)| *known == name) || name == "kind";
    let mut counted = before.iter().filter(|(name, _)| counts(name));
    counted.find(|(name, value)| !equal(name, value, now.get(*name))).map(|(name, _)| name.as_str())
}

/// What is compared to the letter: everything that means something else in another case.
const EXACT: [&str; 6] = ["subject", "value", "scope", "name", "title", "displayName"];

fn equal(name: &str, before: &Value, now: Option<&Value>) -> bool {
    match (before, now) {
        // Services leave out what is not so.
        (Value::Bool(false) | Value::Null, None) => true,
        (Value::String(text), None) => text.trim().is_empty(),
        (Value::String(before), Some(Value::String(now))) => same_text(name, before.trim(), now.trim()),
        (Value::Array(before), Some(Value::Array(now))) => before.iter().all(|item| now.contains(item)),
        (Value::String(text), Some(Value::Number(number))) | (Value::Number(number), Some(Value::String(text))) => {
            *text == number.to_string()
        }
        // Evidence may hold less of it.
        (Value::Object(before), Some(Value::Object(now))) => {
            before.iter().all(|(name, value)| equal(name, value, now.get(name)))
        }
        (before, Some(now)) => before == now,
        (_, None) => false,
    }
}

fn same_text(name: &str, before: &str, now: &str) -> bool {
    if before == now || (!EXACT.contains(&name) && before.eq_ignore_ascii_case(now)) {
        return true;
    }
    // Evidence keeps whole seconds.
    match (before.parse::<Timestamp>(), now.parse::<Timestamp>()) {
        (Ok(before), Ok(now)) => before.as_second() == now.as_second(),
        _ => false,
    }
}

/// Whether the object is as it is after the change. What is not there any more needs no change either.
pub(super) fn is_after(route: &Route, before: &State, seen: &Seen) -> bool {
    let Seen::There(now) = seen else { return true };
    match route.after {
        After::Absent => false,
        After::Holds(text) => {
            let wanted: State = serde_json::from_str(text).unwrap_or_default();
            wanted.iter().all(|(name, value)| now.get(name) == Some(value))
        }
        After::Later(name) => {
            let time = |state: &State| text(state, name).and_then(|text| text.parse::<Timestamp>().ok());
            match (time(before), time(now)) {
                (Some(before), Some(now)) => now.as_second() > before.as_second(),
                _ => false,
            }
        }
    }
}
