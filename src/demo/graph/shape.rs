//! How one object looks to this caller: selected or default properties, expansions, what is hidden, what v1.0 lacks.

use serde_json::{Map, Value};

use super::super::http::Reply;
use super::Call;
use super::catalog::{self, BETA_ONLY, COLLECTIONS, Collection, SINGLE_ONLY};
use super::options::{Options, bad};
use super::route::{self, Found, Item};

/// The object as JSON. A `typed` one says what it is: in lists of directory objects of any kind.
pub(super) fn object(call: &Call, options: &Options, item: Item, typed: bool) -> Result<Value, Reply> {
    if !typed {
        check_selection(call, options, item.of)?;
    }
    let mut fields = Map::new();
    if typed || call.effect.limited || item.row.get("@odata.type").is_some() {
        fields.insert("@odata.type".into(), item.kind().into());
    }
    for name in properties(options, item) {
        match item.row.get(name) {
            Some(value) => drop(fields.insert(name.to_owned(), value.clone())),
            None if !options.select.is_empty() && !typed => drop(fields.insert(name.to_owned(), Value::Null)),
            None => {}
        }
    }
    fields.retain(|name, _| options.beta || !BETA_ONLY.contains(&name.as_str()));
    for (name, value) in &mut fields {
        if call.faults.hidden().any(|hidden| hidden == name)
            || (call.effect.limited && name != "id" && !name.starts_with('@'))
        {
            *value = Value::Null;
        }
    }
    for name in &options.expand {
        let hidden = call.faults.hidden().any(|hidden| hidden == name);
        let value = if hidden { Value::Null } else { expanded(call, options, item, name)? };
        fields.insert(name.clone(), value);
    }
    Ok(Value::Object(fields))
}

/// `https://…/$metadata#users/$entity`
pub(super) fn context(call: &Call, suffix: &str) -> String {
    let version = call.ask.segments.get(1).map_or("v1.0", String::as_str);
    let rest = call.ask.segments.get(2..).unwrap_or_default().join("/");
    format!("{}/graph/{version}/$metadata#{}", call.base, [rest.as_str(), suffix].join("/").trim_end_matches('/'))
}

/// Refuses a property that the kind of object does not have: a typing error must not look like an empty value.
pub(super) fn check_selection(call: &Call, options: &Options, of: &Collection) -> Result<(), Reply> {
    let of_kind = COLLECTIONS.iter().filter(|other| other.kind == of.kind);
    let rows: Vec<&Value> = of_kind.flat_map(|other| call.estate.rows(other.file)).collect();
    let exists = |name: &str| {
        let single_only = of.file == "graph/users" && SINGLE_ONLY.contains(&name);
        let in_version = options.beta || !BETA_ONLY.contains(&name);
        in_version && (rows.is_empty() || single_only || rows.iter().any(|row| row.get(name).is_some()))
    };
    match options.select.iter().find(|name| !exists(name)) {
        Some(name) => Err(bad(&format!("Could not find a property named '{name}' on type '{}'.", of.kind))),
        None => Ok(()),
    }
}

fn properties<'a>(options: &'a Options, item: Item<'a>) -> Vec<&'a str> {
    if !options.select.is_empty() {
        return options.select.iter().map(String::as_str).collect();
    }
    if !item.of.default.is_empty() {
        return item.of.default.to_vec();
    }
    let names = item.row.as_object().into_iter().flat_map(Map::keys);
    names.map(String::as_str).filter(|name| !name.starts_with('@')).collect()
}

fn expanded(call: &Call, options: &Options, item: Item, name: &str) -> Result<Value, Reply> {
    let relation = item.of.relation(name).ok_or_else(|| bad(&format!("'{name}' cannot be expanded.")))?;
    let inner = Options { beta: options.beta, ..Options::default() };
    let Found::List { items, of } = route::related(call.estate, item, relation) else { return Ok(Value::Null) };
    let values: Result<Vec<Value>, Reply> =
        items.into_iter().map(|item| object(call, &inner, item, of.is_none())).collect();
    match relation {
        catalog::Relation::Refers(..) => Ok(values?.into_iter().next().unwrap_or(Value::Null)),
        _ => Ok(Value::Array(values?)),
    }
}
