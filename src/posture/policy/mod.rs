//! The language of Azure Policy: whether a rule's condition holds for a resource, and which effect it then has. Pure.
//! Three-valued: a function, an operator or a field that is not understood makes only that part unknown.
//!
//! <https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule>

mod compare;
mod expression;
mod field;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::Value;

use self::compare::compare;
use self::expression::evaluate;
use self::field::{Place, fields};

/// Values of parameters by their names in lower case: the language does not tell letters by their case.
pub type Parameters = BTreeMap<String, Value>;

/// What conditions deeper than this mean is not looked at.
const DEEPEST: usize = 64;

/// What a condition is held against.
#[derive(Clone)]
pub(super) struct Scene<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) resource: &'a Value,
    /// The elements that the counts around a condition are at: alias or name in lower case, and the element.
    pub(super) current: Vec<(String, Value)>,
    depth: usize,
}

/// The values that a definition is used with: its own defaults, replaced by what an assignment or initiative says.
pub fn parameters(definition: Option<&Value>, assigned: Option<&Value>) -> Parameters {
    let entries = |value: Option<&Value>, key: &str| -> Vec<(String, Value)> {
        let all = value.and_then(Value::as_object).into_iter().flatten();
        all.filter_map(|(name, given)| Some((name.to_lowercase(), given.get(key)?.clone()))).collect()
    };
    let mut all: Parameters = entries(definition, "defaultValue").into_iter().collect();
    all.extend(entries(assigned, "value"));
    all
}

/// The same with the values of an initiative put in where its own parameters pass them on.
pub fn passed_on(given: Option<&Value>, outer: &Parameters) -> Parameters {
    let nothing = Value::Null;
    let scene = Scene { parameters: outer, resource: &nothing, current: Vec::new(), depth: 0 };
    let all = given.and_then(Value::as_object).into_iter().flatten();
    let one = |(name, given): (&String, &Value)| Some((name.to_lowercase(), evaluate(given.get("value")?, &scene)?));
    all.filter_map(one).collect()
}

/// Whether the condition of a rule holds for a resource.
pub fn holds(rule: &Value, parameters: &Parameters, resource: &Value) -> Option<bool> {
    let scene = Scene { parameters, resource, current: Vec::new(), depth: 0 };
    condition(member(rule, "if")?, &scene)
}

/// The effect of a rule, in lower case.
pub fn effect(rule: &Value, parameters: &Parameters) -> Option<String> {
    let nothing = Value::Null;
    let scene = Scene { parameters, resource: &nothing, current: Vec::new(), depth: 0 };
    let effect = evaluate(member(member(rule, "then")?, "effect")?, &scene)?;
    effect.as_str().map(str::to_lowercase)
}

pub(super) fn condition(written: &Value, scene: &Scene<'_>) -> Option<bool> {
    let fields = written.as_object()?;
    if scene.depth > DEEPEST {
        return None;
    }
    let scene = &Scene { depth: scene.depth + 1, ..scene.clone() };
    if let Some(all) = member(written, "allOf") {
        return every(all.as_array()?.iter().map(|one| condition(one, scene)));
    }
    if let Some(any) = member(written, "anyOf") {
        return every(any.as_array()?.iter().map(|one| condition(one, scene).map(|holds| !holds))).map(|none| !none);
    }
    if let Some(not) = member(written, "not") {
        return condition(not, scene).map(|holds| !holds);
    }
    let (operator, wanted) = fields
        .iter()
        .find(|(name, _)| !["field", "value", "count", "source"].contains(&name.to_lowercase().as_str()))?;
    if fields.len() != 2 {
        return None;
    }
    let wanted = &evaluate(wanted, scene)?;
    if let Some(count) = member(written, "count") {
        return compare(operator, Some(&Value::from(counted(count, scene)?)), wanted);
    }
    if let Some(value) = member(written, "value") {
        return compare(operator, Some(&evaluate(value, scene)?), wanted);
    }
    let name = evaluate(member(written, "field")?, scene)?;
    match fields_of(name.as_str()?, scene)? {
        Place::One(found) => compare(operator, found.as_ref(), wanted),
        // Whether a list without elements has one that exists is not written down anywhere.
        Place::Each(found) if found.is_empty() && operator.eq_ignore_ascii_case("exists") => None,
        Place::Each(found) => every(found.iter().map(|one| compare(operator, one.as_ref(), wanted))),
    }
}

/// What a field is here; inside a count it may be of the element at hand.
pub(super) fn fields_of(name: &str, scene: &Scene<'_>) -> Option<Place> {
    let lower = name.to_lowercase();
    for (alias, element) in scene.current.iter().rev() {
        // `n` of a count is no beginning of `name`.
        if let Some(rest) = lower.strip_prefix(alias.as_str())
            && (rest.is_empty() || rest.starts_with('.'))
        {
            return Some(field::below(element, name.get(name.len() - rest.len()..)?.trim_start_matches('.')));
        }
    }
    fields(name, scene.resource)
}

/// How many elements there are, of those for which the condition of the count holds.
fn counted(count: &Value, scene: &Scene<'_>) -> Option<i64> {
    let (name, elements) = match (member(count, "field"), member(count, "value")) {
        (Some(alias), None) => {
            let alias = evaluate(alias, scene)?.as_str()?.to_owned();
            let Place::Each(found) = fields_of(&alias, scene)? else { return None };
            (alias.to_lowercase(), found.into_iter().flatten().collect::<Vec<_>>())
        }
        (None, Some(value)) => {
            let name = member(count, "name").and_then(Value::as_str).unwrap_or_default().to_lowercase();
            (name, evaluate(value, scene)?.as_array()?.clone())
        }
        _ => return None,
    };
    let Some(filter) = member(count, "where") else { return i64::try_from(elements.len()).ok() };
    let mut number = 0;
    for element in elements {
        let mut inner = scene.clone();
        inner.current.push((name.clone(), element));
        number += i64::from(condition(filter, &inner)?);
    }
    Some(number)
}

/// Whether all of them hold: one that does not decides, whatever is unknown beside it.
fn every(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = Some(true);
    for one in all {
        match one {
            Some(false) => return Some(false),
            Some(true) => {}
            None => known = None,
        }
    }
    known
}

/// A member of an object; names are not told by their case.
pub(super) fn member<'v>(object: &'v Value, name: &str) -> Option<&'v Value> {
    object.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
