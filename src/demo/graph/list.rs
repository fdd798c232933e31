//! A list as Graph gives it: conditions of the collection, filter, order, page and the link to the next one.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::super::faults::NextLink;
use super::super::filter::{Filter, Kind};
use super::super::http::{Ask, Reply};
use super::Call;
use super::catalog::{BETA_ONLY, Collection, Listing, SINGLE_ONLY};
use super::options::{Options, bad, unsupported};
use super::route::{self, Found, Item};
use super::shape;

const DEFAULT_PAGE: usize = 100;
const ANY_OBJECT: &[(&str, Kind)] = &[("id", Kind::Text), ("displayName", Kind::Text)];

/// The page of a list that was asked for. `of` is absent for directory objects of any kind.
pub(super) fn answer(
    call: &Call,
    options: &Options,
    items: Vec<Item>,
    of: Option<&'static Collection>,
) -> Result<Reply, Reply> {
    if let Some(of) = of {
        shape::check_selection(call, options, of)?;
        refuse_single_only(options, of)?;
    }
    let most = if is_log(of) { 1000 } else { 999 };
    if options.top.is_some_and(|top| !(1..=most).contains(&top)) {
        return Err(bad(&format!("Invalid page size specified. Must be between 1 and {most} inclusive.")));
    }
    let filter = filter(options, of)?;
    let mut items = available(call, options, items, of, filter.as_ref())?;
    if let Some(filter) = filter.filter(|_| of.is_none_or(|of| of.listing != Listing::Transitive)) {
        // To a caller who may not read it a property is null, in a filter too: nothing is found, and nothing is said.
        let hidden = call.faults.hidden().any(|property| filter.mentions(property));
        items.retain(|item| !hidden && filter.keeps(item.row, &|relation| count(call, *item, relation)));
    }
    order(options, of, &mut items)?;
    page(call, options, &items, of.is_none())
}

fn is_log(of: Option<&Collection>) -> bool {
    of.is_some_and(|of| matches!(of.listing, Listing::Log(_)))
}

fn refuse_single_only(options: &Options, of: &Collection) -> Result<(), Reply> {
    match options.select.iter().find(|name| of.file == "graph/users" && SINGLE_ONLY.contains(&name.as_str())) {
        Some(name) => Err(Reply::error(501, "NotImplemented", &format!("'{name}' is given for one user only."))),
        None => Ok(()),
    }
}

fn filter(options: &Options, of: Option<&'static Collection>) -> Result<Option<Filter>, Reply> {
    let Some(text) = &options.filter else { return Ok(None) };
    let allowed = of.map_or(ANY_OBJECT, |of| of.filters);
    let filter = Filter::parse(text, allowed).map_err(|reason| bad(&reason))?;
    if let Some(name) = BETA_ONLY.iter().find(|name| !options.beta && filter.mentions(name)) {
        return Err(bad(&format!("Could not find a property named '{name}'.")));
    }
    if filter.is_advanced() && !is_log(of) && !options.advanced {
        return Err(unsupported("This filter needs ConsistencyLevel: eventual and $count=true."));
    }
    Ok(Some(filter))
}

/// What the collection gives at all under these conditions.
fn available<'a>(
    call: &Call<'a>,
    options: &Options,
    mut items: Vec<Item<'a>>,
    of: Option<&'static Collection>,
    filter: Option<&Filter>,
) -> Result<Vec<Item<'a>>, Reply> {
    match of.map(|of| of.listing) {
        Some(Listing::NeedsFilter) if filter.is_none() => Err(bad("The required filter is missing.")),
        Some(Listing::Transitive) => transitive(call, options, filter, items),
        Some(Listing::Log(time)) => {
            let since = oldest(call)?;
            items.retain(|item| item.text(time).parse::<Timestamp>().is_ok_and(|at| at >= since));
            if !filter.is_some_and(|filter| filter.mentions("signInEventTypes")) {
                items.retain(|item| is_interactive(*item));
            }
            Ok(items)
        }
        _ => Ok(items),
    }
}

fn oldest(call: &Call) -> Result<Timestamp, Reply> {
    let days = call.faults.retention_days.unwrap_or(call.estate.retention_days());
    let span = SignedDuration::from_hours(i64::from(days) * 24);
    let out_of_range = |_| Reply::error(500, "InternalServerError", "The retention of the estate is out of range.");
    call.estate.now().checked_sub(span).map_err(out_of_range)
}

/// Without a filter on the kind of sign-in only the interactive ones are listed.
fn is_interactive(item: Item) -> bool {
    match item.row.get("signInEventTypes").and_then(Value::as_array) {
        Some(kinds) => kinds.iter().any(|kind| kind == "interactiveUser"),
        None => true,
    }
}

fn transitive<'a>(
    call: &Call<'a>,
    options: &Options,
    filter: Option<&Filter>,
    items: Vec<Item<'a>>,
) -> Result<Vec<Item<'a>>, Reply> {
    if !call.ask.eventual {
        return Err(Reply::error(404, "ResourceNotFound", "ConsistencyLevel: eventual is required."));
    }
    let Some(principal) = filter.filter(|_| options.count).and_then(|filter| filter.sole_equality("principalId"))
    else {
        return Err(bad("$count=true and a filter on principalId are required."));
    };
    let mut holders = vec![principal];
    holders.extend(route::containers(call.estate, principal).iter().map(|group| group.text("id")));
    Ok(items.into_iter().filter(|item| holders.contains(&item.text("principalId"))).collect())
}

fn count(call: &Call, item: Item, relation: &str) -> usize {
    match item.of.relation(relation).map(|relation| route::related(call.estate, item, relation)) {
        Some(Found::List { items, .. }) => items.len(),
        _ => 0,
    }
}

fn order(options: &Options, of: Option<&'static Collection>, items: &mut [Item]) -> Result<(), Reply> {
    let Some(text) = &options.order_by else { return Ok(()) };
    let (property, descending) = match text.split_whitespace().collect::<Vec<_>>()[..] {
        [property] | [property, "asc"] => (property.to_owned(), false),
        [property, "desc"] => (property.to_owned(), true),
        _ => return Err(bad("The $orderby clause is not understood.")),
    };
    let directory = of.is_none_or(|of| of.is_directory() || of.file == "graph/deletedUsers");
    if directory && !options.advanced && (options.filter.is_some() || property == "deletedDateTime") {
        return Err(unsupported("Sorting this needs ConsistencyLevel: eventual and $count=true."));
    }
    items.sort_by(|left, right| {
        let order = left.text(&property).cmp(right.text(&property));
        if descending { order.reverse() } else { order }
    });
    Ok(())
}

fn page(call: &Call, options: &Options, items: &[Item], typed: bool) -> Result<Reply, Reply> {
    let start = match &options.skip_token {
        None => 0,
        Some(token) => offset(call.ask, token).ok_or_else(|| bad("The skip token is not valid."))?,
    };
    let size = options.top.unwrap_or(DEFAULT_PAGE).min(call.effect.page_size.unwrap_or(usize::MAX));
    let end = start.saturating_add(size).min(items.len());
    let rows = items.get(start..end).unwrap_or_default();
    let values: Result<Vec<Value>, Reply> =
        rows.iter().map(|item| shape::object(call, options, *item, typed)).collect();
    let mut body = Map::new();
    body.insert("@odata.context".into(), shape::context(call, "").into());
    if options.advanced && start == 0 {
        body.insert("@odata.count".into(), items.len().into());
    }
    let next = match &call.effect.next_link {
        Some(NextLink::Foreign(url)) => Some(url.clone()),
        Some(NextLink::Repeating) => Some(link(call, start)),
        None => (end < items.len()).then(|| link(call, end)),
    };
    if let Some(next) = next {
        body.insert("@odata.nextLink".into(), next.into());
    }
    body.insert("value".into(), Value::Array(values?));
    Ok(Reply::json(Value::Object(body)))
}

fn link(call: &Call, offset: usize) -> String {
    format!("{}{}", call.base, call.ask.target_with("$skiptoken", &token(call.ask, offset)))
}

/// Opaque, and of no use with any other query: a client can only follow the link as it came.
fn token(ask: &Ask, offset: usize) -> String {
    let rest: Vec<&(String, String)> = ask.query.iter().filter(|(name, _)| name != "$skiptoken").collect();
    let digest = Sha256::digest(format!("{} {rest:?} {offset}", ask.path()));
    let digest: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("{digest}{offset:08x}")
}

fn offset(ask: &Ask, given: &str) -> Option<usize> {
    let offset = usize::from_str_radix(given.get(24..)?, 16).ok()?;
    (token(ask, offset) == given).then_some(offset)
}
