//! The operators of a condition. Texts are compared without case, save by `match`.

use std::cmp::Ordering;

use serde_json::Value;

/// Whether `found` stands to `wanted` as the operator says. `found` is `None` where the field is not there.
pub(super) fn compare(operator: &str, found: Option<&Value>, wanted: &Value) -> Option<bool> {
    let found = found.filter(|found| !found.is_null());
    let operator = operator.to_lowercase();
    if let Some(positive) = operator.strip_prefix("not") {
        return compare(positive, found, wanted).map(|holds| !holds);
    }
    Some(match operator.as_str() {
        "exists" => found.is_some() == truth(wanted)?,
        "equals" => found.is_some_and(|found| same(found, wanted)),
        "in" => {
            let wanted = wanted.as_array()?;
            found.is_some_and(|found| wanted.iter().any(|one| same(found, one)))
        }
        "like" => found.and_then(text).is_some_and(|found| like(&found, &text(wanted).unwrap_or_default())),
        "contains" => match found {
            Some(Value::Array(all)) => all.iter().any(|one| same(one, wanted)),
            found => found.and_then(text).is_some_and(|found| {
                text(wanted).is_some_and(|wanted| found.to_lowercase().contains(&wanted.to_lowercase()))
            }),
        },
        "containskey" => {
            let wanted = text(wanted)?;
            found
                .and_then(Value::as_object)
                .is_some_and(|found| found.keys().any(|key| key.eq_ignore_ascii_case(&wanted)))
        }
        "match" => found.and_then(text).is_some_and(|found| matches(&found, &text(wanted).unwrap_or_default())),
        "matchinsensitively" => found
            .and_then(text)
            .is_some_and(|found| matches(&found.to_lowercase(), &text(wanted).unwrap_or_default().to_lowercase())),
        "less" => ordered(found, wanted)? == Ordering::Less,
        "lessorequals" => ordered(found, wanted)? != Ordering::Greater,
        "greater" => ordered(found, wanted)? == Ordering::Greater,
        "greaterorequals" => ordered(found, wanted)? != Ordering::Less,
        _ => return None,
    })
}

pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A single value as it is compared.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (text(one), text(other)) {
        (Some(one), Some(other)) => one.to_lowercase() == other.to_lowercase(),
        _ => one == other,
    }
}

/// A pattern has one star at most; more of them are taken as such too.
fn like(found: &str, pattern: &str) -> bool {
    let (found, pattern) = (found.to_lowercase(), pattern.to_lowercase());
    let parts: Vec<&str> = pattern.split('*').collect();
    let [first, .., last] = parts.as_slice() else { return found == pattern };
    let Some(rest) = found.strip_prefix(first).and_then(|rest| rest.strip_suffix(last)) else { return false };
    let mut rest = rest;
    parts[1..parts.len() - 1].iter().all(|part| match rest.split_once(part) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// `#` is a digit, `?` a letter, `.` any character, everything else itself.
fn matches(found: &str, pattern: &str) -> bool {
    found.chars().count() == pattern.chars().count()
        && found.chars().zip(pattern.chars()).all(|(found, pattern)| match pattern {
            '#' => found.is_ascii_digit(),
            '?' => found.is_alphabetic(),
            '.' => true,
            other => found == other,
        })
}

fn ordered(found: Option<&Value>, wanted: &Value) -> Option<Ordering> {
    match (found?, wanted) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.to_lowercase().cmp(&other.to_lowercase())),
        _ => None,
    }
}
