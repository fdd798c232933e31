//! The values of a rule: literal, or a template expression in square brackets. Functions that are not here make a value unknown.
//!
//! <https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule#policy-functions>

use serde_json::{Value, json};

use super::compare::{same, text, truth};
use super::field::Place;
use super::{Scene, fields_of, member};

/// Calls deeper than this are not looked at.
const DEEPEST: usize = 32;

/// The value that is meant.
pub(super) fn evaluate(written: &Value, scene: &Scene<'_>) -> Option<Value> {
    match written {
        Value::String(text) if text.starts_with("[[") => Some(Value::from(&text[1..])),
        Value::String(text) if text.starts_with('[') && text.ends_with(']') && text.len() > 1 => {
            let mut reader = Reader { rest: text[1..text.len() - 1].trim(), depth: 0 };
            let value = reader.value(scene)?;
            reader.rest.trim().is_empty().then_some(value)
        }
        Value::Array(all) => all.iter().map(|one| evaluate(one, scene)).collect::<Option<Vec<_>>>().map(Value::from),
        other => Some(other.clone()),
    }
}

struct Reader<'t> {
    rest: &'t str,
    depth: usize,
}

impl Reader<'_> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, mark: char) -> bool {
        self.skip();
        let eaten = self.rest.strip_prefix(mark);
        self.rest = eaten.unwrap_or(self.rest);
        eaten.is_some()
    }

    fn value(&mut self, scene: &Scene<'_>) -> Option<Value> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        self.skip();
        let first = self.rest.chars().next()?;
        let mut value = match first {
            '\'' => Value::from(self.quoted()?),
            '0'..='9' | '-' => self.number()?,
            _ => self.call(scene)?,
        };
        loop {
            if self.eat('.') {
                let name = self.name()?;
                value = member(&value, &name)?.clone();
            } else if self.eat('[') {
                let index = self.value(scene)?;
                value = match (&value, &index) {
                    (Value::Array(all), Value::Number(at)) => all.get(usize::try_from(at.as_u64()?).ok()?)?.clone(),
                    (Value::Object(_), Value::String(name)) => member(&value, name)?.clone(),
                    _ => return None,
                };
                if !self.eat(']') {
                    return None;
                }
            } else {
                self.depth -= 1;
                return Some(value);
            }
        }
    }

    /// Two quotes inside stand for one.
    fn quoted(&mut self) -> Option<String> {
        let (mut text, mut rest) = (String::new(), self.rest.strip_prefix('\'')?);
        loop {
            let (before, after) = rest.split_once('\'')?;
            text.push_str(before);
            match after.strip_prefix('\'') {
                Some(more) => {
                    text.push('\'');
                    rest = more;
                }
                None => {
                    self.rest = after;
                    return Some(text);
                }
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(self.rest.len());
        let number: i64 = self.rest[..end].parse().ok()?;
        self.rest = &self.rest[end..];
        Some(Value::from(number))
    }

    fn name(&mut self) -> Option<String> {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let name = self.rest[..end].to_lowercase();
        self.rest = &self.rest[end..];
        (!name.is_empty()).then_some(name)
    }

    fn call(&mut self, scene: &Scene<'_>) -> Option<Value> {
        let name = self.name()?;
        if !self.eat('(') {
            return None;
        }
        let mut arguments = Vec::new();
        while !self.eat(')') {
            if !arguments.is_empty() && !self.eat(',') {
                return None;
            }
            arguments.push(self.value(scene)?);
        }
        function(&name, &arguments, scene)
    }
}

fn function(name: &str, arguments: &[Value], scene: &Scene<'_>) -> Option<Value> {
    let at = |index: usize| arguments.get(index);
    let word = |index: usize| at(index).and_then(text);
    Some(match (name, arguments.len()) {
        ("parameters", 1) => scene.parameters.get(&word(0)?.to_lowercase())?.clone(),
        ("field", 1) => match fields_of(&word(0)?, scene)? {
            Place::One(found) => found.unwrap_or_default(),
            Place::Each(found) => found.into_iter().map(Option::unwrap_or_default).collect(),
        },
        ("current", _) => current(word(0).as_deref(), scene)?,
        ("concat", _) => match at(0)? {
            Value::Array(_) => arguments.iter().filter_map(Value::as_array).flatten().cloned().collect(),
            _ => Value::from(arguments.iter().map(text).collect::<Option<Vec<_>>>()?.concat()),
        },
        ("tolower", 1) => Value::from(word(0)?.to_lowercase()),
        ("toupper", 1) => Value::from(word(0)?.to_uppercase()),
        ("string", 1) => Value::from(word(0)?),
        ("trim", 1) => Value::from(word(0)?.trim()),
        ("bool", 1) => Value::from(truth(at(0)?)?),
        ("int", 1) => Value::from(word(0)?.parse::<i64>().ok()?),
        ("replace", 3) => Value::from(word(0)?.replace(&word(1)?, &word(2)?)),
        ("split", 2) => word(0)?.split(&word(1)?).map(Value::from).collect(),
        ("startswith", 2) => Value::from(word(0)?.to_lowercase().starts_with(&word(1)?.to_lowercase())),
        ("endswith", 2) => Value::from(word(0)?.to_lowercase().ends_with(&word(1)?.to_lowercase())),
        ("contains", 2) => Value::from(match at(0)? {
            Value::Array(all) => {
                all.iter().any(|one| Some(one).is_some_and(|one| at(1).is_some_and(|wanted| same(one, wanted))))
            }
            Value::Object(_) => member(at(0)?, &word(1)?).is_some(),
            _ => word(0)?.contains(&word(1)?),
        }),
        ("empty", 1) => Value::from(match at(0)? {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(all) => all.is_empty(),
            Value::Object(all) => all.is_empty(),
            _ => return None,
        }),
        ("length", 1) => Value::from(match at(0)? {
            Value::String(text) => text.chars().count(),
            Value::Array(all) => all.len(),
            Value::Object(all) => all.len(),
            _ => return None,
        }),
        ("first", 1) => at(0)?.as_array()?.first()?.clone(),
        ("last", 1) => at(0)?.as_array()?.last()?.clone(),
        ("createarray", _) => Value::from(arguments.to_vec()),
        ("true", 0) => json!(true),
        ("false", 0) => json!(false),
        ("null", 0) => Value::Null,
        ("equals", 2) => Value::from(same(at(0)?, at(1)?)),
        ("greater", 2) => Value::from(at(0)?.as_f64()? > at(1)?.as_f64()?),
        ("greaterorequals", 2) => Value::from(at(0)?.as_f64()? >= at(1)?.as_f64()?),
        ("less", 2) => Value::from(at(0)?.as_f64()? < at(1)?.as_f64()?),
        ("lessorequals", 2) => Value::from(at(0)?.as_f64()? <= at(1)?.as_f64()?),
        ("not", 1) => Value::from(!truth(at(0)?)?),
        ("and", _) => Value::from(arguments.iter().map(truth).collect::<Option<Vec<_>>>()?.into_iter().all(|one| one)),
        ("or", _) => Value::from(arguments.iter().map(truth).collect::<Option<Vec<_>>>()?.into_iter().any(|one| one)),
        ("if", 3) => at(if truth(at(0)?)? { 1 } else { 2 })?.clone(),
        ("coalesce", _) => arguments.iter().find(|one| !one.is_null()).cloned().unwrap_or_default(),
        _ => return None,
    })
}

/// The element that the nearest count is at, or the count of that name, or a field of it.
fn current(name: Option<&str>, scene: &Scene<'_>) -> Option<Value> {
    let Some(name) = name else { return scene.current.last().map(|(_, element)| element.clone()) };
    match fields_of(name, scene)? {
        Place::One(found) => Some(found.unwrap_or_default()),
        Place::Each(_) => None,
    }
}
