//! From a path to objects: collections, keys, casts and relations, in the order in which the path names them.

use serde_json::Value;

use super::super::estate::Estate;
use super::super::http::{Ask, Reply};
use super::catalog::{self, COLLECTIONS, Collection, Listing, Relation};

/// One object and what it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) of: &'static Collection,
    pub(super) row: &'a Value,
}

impl<'a> Item<'a> {
    pub(super) fn text(&self, property: &str) -> &'a str {
        self.row.get(property).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn kind(&self) -> &'a str {
        self.row.get("@odata.type").and_then(Value::as_str).unwrap_or(self.of.kind)
    }

    fn links_to(&self, link: &str, id: &str) -> bool {
        self.row.get(link).and_then(Value::as_array).is_some_and(|ids| ids.iter().any(|linked| linked == id))
    }
}

/// Where a path leads.
#[derive(Debug)]
pub(super) enum Found<'a> {
    One(Item<'a>),
    /// `of` is absent for directory objects of any kind.
    List {
        items: Vec<Item<'a>>,
        of: Option<&'static Collection>,
    },
}

enum Part {
    Name(String),
    Key(Option<String>, String),
}

/// Follows the path below `/graph/{version}`.
pub(super) fn resolve<'a>(estate: &'a Estate, ask: &Ask, beta: bool) -> Result<Found<'a>, Reply> {
    let parts: Vec<Part> = ask.segments.iter().skip(2).flat_map(|segment| split(segment)).collect();
    let names: Vec<&str> = parts.iter().map_while(Part::name).collect();
    let starts = |collection: &&Collection| {
        let path: Vec<&str> = collection.path.split('/').collect();
        !collection.path.is_empty() && names.starts_with(&path) && (beta || collection.listing != Listing::Transitive)
    };
    let longest = COLLECTIONS.iter().filter(starts).max_by_key(|collection| collection.path.len());
    let Some(of) = longest else { return Err(Reply::unknown(ask)) };
    let rest = &parts[of.path.split('/').count()..];
    if rest.is_empty() && of.listing == Listing::Never {
        return Err(Reply::error(400, "Request_BadRequest", "A cast to the type of the deleted objects is required."));
    }
    let start = Found::List { items: all(estate, of), of: Some(of) };
    follow(estate, ask, start, rest)
}

fn follow<'a>(estate: &'a Estate, ask: &Ask, start: Found<'a>, parts: &[Part]) -> Result<Found<'a>, Reply> {
    let Some((part, rest)) = parts.split_first() else { return Ok(start) };
    let (next, rest) = match (start, part) {
        (Found::List { items, .. }, Part::Name(name)) if name.starts_with("microsoft.graph.") => {
            let of = catalog::cast(name).ok_or_else(|| Reply::unknown(ask))?;
            let items = items.into_iter().filter(|item| catalog::is_a(item.kind(), name)).collect();
            (Found::List { items, of: Some(of) }, rest)
        }
        (Found::List { items, of: Some(of) }, part) => (by_key(&items, of, part)?, rest),
        (Found::List { .. }, _) => return Err(Reply::unknown(ask)),
        (Found::One(item), Part::Name(name)) if name.starts_with("microsoft.graph.") => {
            if !catalog::is_a(item.kind(), name) {
                return Err(not_found(item.text("id")));
            }
            (Found::One(item), rest)
        }
        // Only the derived types have sponsors, so the path has to name one.
        (Found::One(item), Part::Name(name))
            if name == "sponsors" && !ask.segments.iter().any(|part| part.starts_with("microsoft.graph.agent")) =>
        {
            return Err(Reply::error(400, "BadRequest", &format!("'{}' has no property 'sponsors'.", item.of.kind)));
        }
        (Found::One(item), Part::Name(name)) => {
            let two = rest.first().and_then(Part::name).map(|second| format!("{name}/{second}"));
            match (item.of.relation(name), two.and_then(|two| item.of.relation(&two))) {
                (Some(relation), _) => (related(estate, item, relation), rest),
                (None, Some(relation)) => (related(estate, item, relation), &rest[1..]),
                (None, None) => return Err(Reply::unknown(ask)),
            }
        }
        (Found::One(_), Part::Key(..)) => return Err(Reply::unknown(ask)),
    };
    follow(estate, ask, next, rest)
}

fn by_key<'a>(items: &[Item<'a>], of: &'static Collection, part: &Part) -> Result<Found<'a>, Reply> {
    let (keys, value): (Vec<&str>, &str) = match part {
        Part::Key(Some(name), value) if of.keys.contains(&name.as_str()) => (vec![name.as_str()], value),
        Part::Key(Some(name), _) => {
            return Err(Reply::error(400, "BadRequest", &format!("'{name}' is not a key.")));
        }
        Part::Key(None, value) => (of.keys.to_vec(), value),
        // In a path segment of its own, a leading dollar sign is a reserved word.
        Part::Name(value) if value.starts_with('$') => {
            return Err(Reply::error(400, "BadRequest", &format!("Resource not found for the segment '{value}'.")));
        }
        Part::Name(value) => (of.keys.iter().copied().filter(|key| *key != "appId").collect(), value),
    };
    let is_it = |item: &&Item| keys.iter().any(|key| item.text(key).eq_ignore_ascii_case(value));
    items.iter().find(is_it).map(|item| Found::One(*item)).ok_or_else(|| not_found(value))
}

fn not_found(id: &str) -> Reply {
    let message =
        format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
    Reply::error(404, "Request_ResourceNotFound", &message)
}

pub(super) fn all<'a>(estate: &'a Estate, of: &'static Collection) -> Vec<Item<'a>> {
    estate.rows(of.file).iter().map(|row| Item { of, row }).collect()
}

/// Every directory object, of whatever kind.
pub(super) fn objects(estate: &Estate) -> impl Iterator<Item = Item<'_>> {
    catalog::directory().flat_map(|of| all(estate, of))
}

/// What an object leads to.
pub(super) fn related<'a>(estate: &'a Estate, item: Item<'a>, relation: Relation) -> Found<'a> {
    let id = item.text("id");
    let rows = |file: &str, is: &dyn Fn(&Item) -> bool| match catalog::of_file(file) {
        Some(of) => Found::List { items: all(estate, of).into_iter().filter(|row| is(row)).collect(), of: Some(of) },
        None => Found::List { items: Vec::new(), of: None },
    };
    match relation {
        Relation::Having(file, property) => rows(file, &|row| row.text(property) == id),
        Relation::Contained(file) => rows(file, &|row| row.text("@parent") == id),
        Relation::Linked(link) => mixed(objects(estate).filter(|other| item.links_to(link, other.text("id")))),
        Relation::Linking(link) => mixed(objects(estate).filter(|other| other.links_to(link, id))),
        Relation::Transitive => mixed(containers(estate, id).into_iter()),
        Relation::Refers("", property) => {
            mixed(objects(estate).filter(|other| other.text("id") == item.text(property)))
        }
        Relation::Refers(file, property) => rows(file, &|row| row.text("id") == item.text(property)),
        Relation::Assignments => {
            let groups: Vec<&str> =
                objects(estate).filter(|other| other.links_to("@members", id)).map(|group| group.text("id")).collect();
            rows("graph/appRoleAssignments", &|row| {
                row.text("principalId") == id || groups.contains(&row.text("principalId"))
            })
        }
    }
}

fn mixed<'a>(items: impl Iterator<Item = Item<'a>>) -> Found<'a> {
    Found::List { items: items.collect(), of: None }
}

/// Groups and roles that contain an object, directly or through other groups.
pub(super) fn containers<'a>(estate: &'a Estate, id: &str) -> Vec<Item<'a>> {
    let mut found: Vec<Item> = Vec::new();
    let mut inside = vec![id.to_owned()];
    while let Some(member) = inside.pop() {
        for group in objects(estate).filter(|other| other.links_to("@members", &member)) {
            if found.iter().all(|known| known.text("id") != group.text("id")) {
                inside.push(group.text("id").to_owned());
                found.push(group);
            }
        }
    }
    found
}

impl Part {
    fn name(&self) -> Option<&str> {
        match self {
            Part::Name(name) => Some(name),
            Part::Key(..) => None,
        }
    }
}

/// `users('x')` and `applications(appId='x')` are a name and a key.
fn split(segment: &str) -> Vec<Part> {
    let keyed = segment.strip_suffix("')").and_then(|inner| inner.split_once('('));
    let Some((name, key)) = keyed.and_then(|(name, inner)| Some((name, inner.split_once('\'')?))) else {
        return vec![Part::Name(segment.to_owned())];
    };
    let property = key.0.strip_suffix('=').map(str::to_owned);
    vec![Part::Name(name.to_owned()), Part::Key(property, key.1.replace("''", "'"))]
}
