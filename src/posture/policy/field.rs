//! Where the fields of a condition are in a resource: its own properties, its tags, and the aliases of its type.

use serde_json::Value;

use super::member;

/// What a field leads to.
pub(in crate::posture) enum Place {
    /// One value, or nothing.
    One(Option<Value>),
    /// The elements of lists; the condition has to hold for each of them.
    Each(Vec<Option<Value>>),
}

/// The properties of every resource that have a name without a type before it.
const OWN: [&str; 7] = ["type", "name", "fullname", "kind", "location", "id", "tags"];

/// The field of that name; `None` where the name is not understood.
pub(super) fn fields(name: &str, resource: &Value) -> Option<Place> {
    let lower = name.to_lowercase();
    if let Some(tag) = tag(name) {
        let found = member(resource, "tags").and_then(|tags| member(tags, tag)).cloned();
        return Some(Place::One(found));
    }
    if OWN.contains(&lower.as_str()) {
        let key = if lower == "fullname" { "name" } else { lower.as_str() };
        return Some(Place::One(member(resource, key).cloned()));
    }
    if lower.starts_with("identity.") {
        return Some(below(resource, name));
    }
    let kind = member(resource, "type")?.as_str()?;
    let (of, path) = split(name)?;
    if !of.eq_ignore_ascii_case(kind) {
        // An alias of another type is not there.
        let is_list = path.contains("[*]");
        return Some(if is_list { Place::Each(Vec::new()) } else { Place::One(None) });
    }
    // One element by its number is no alias.
    if path.replace("[*]", "").contains('[') {
        return None;
    }
    Some(below(resource, &path.replace('/', ".")))
}

/// `tags.Name`, `tags[Name]`, `tags['Name']`
fn tag(name: &str) -> Option<&str> {
    let (tags, rest) = name.split_at_checked(4)?;
    if !tags.eq_ignore_ascii_case("tags") {
        return None;
    }
    if let Some(name) = rest.strip_prefix('.') {
        return Some(name);
    }
    Some(rest.strip_prefix('[')?.strip_suffix(']')?.trim_matches('\''))
}

/// `Microsoft.ContainerInstance/containerGroups/subnetIds[*].id` is the type, and what stands behind it.
fn split(alias: &str) -> Option<(&str, &str)> {
    let (provider, rest) = alias.split_once('/')?;
    if !provider.contains('.') {
        return None;
    }
    let (kind, path) = rest.split_once('/')?;
    Some((&alias[..provider.len() + 1 + kind.len()], path))
}

/// What a path leads to. Aliases leave the wrapper `properties` out, at the top and in the elements of lists.
pub(super) fn below(value: &Value, path: &str) -> Place {
    let mut found = vec![Some(value.clone())];
    let mut is_list = false;
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, each) = match part.strip_suffix("[*]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        found = found.into_iter().map(|one| step(one, name)).collect();
        if each {
            is_list = true;
            found = found.into_iter().flat_map(elements).collect();
        }
    }
    if is_list { Place::Each(found) } else { Place::One(found.pop().flatten()) }
}

fn step(value: Option<Value>, name: &str) -> Option<Value> {
    let value = value?;
    if name.is_empty() {
        return Some(value);
    }
    let inner = member(&value, "properties").and_then(|inner| member(inner, name));
    member(&value, name).or(inner).cloned()
}

fn elements(value: Option<Value>) -> Vec<Option<Value>> {
    match value {
        Some(Value::Array(all)) => all.into_iter().map(Some).collect(),
        _ => Vec::new(),
    }
}
