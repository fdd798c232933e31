//! Microsoft Graph over the collections of an estate: relations, filters, selection and paging are computed, so every
//! route shows the same facts. It answers reads only.

mod batch;
mod catalog;
mod list;
mod options;
mod route;
mod shape;

use serde_json::Value;

use super::estate::Estate;
use super::faults::{Effect, Faults};
use super::http::{Ask, Reply};
use options::Options;
use route::Found;

/// One request, the world it is asked of, and what is made to go wrong with it.
pub(super) struct Call<'a> {
    pub(super) estate: &'a Estate,
    pub(super) faults: &'a Faults,
    pub(super) effect: &'a Effect,
    pub(super) ask: &'a Ask,
    /// `http://127.0.0.1:<port>`
    pub(super) base: &'a str,
}

/// Whether a request only reads: GET, and the two POSTs that Graph has for reading.
pub(super) fn is_read(ask: &Ask) -> bool {
    match ask.method.as_str() {
        "GET" => true,
        "POST" => is_batch(ask) || is_by_ids(ask),
        _ => false,
    }
}

fn is_batch(ask: &Ask) -> bool {
    ask.segments.get(2).is_some_and(|last| last == "$batch") && ask.segments.len() == 3
}

fn is_by_ids(ask: &Ask) -> bool {
    let rest: Vec<&str> = ask.segments.iter().skip(2).map(String::as_str).collect();
    matches!(rest[..], ["directoryObjects", "getByIds" | "microsoft.graph.getByIds"])
}

/// Answers one request; `again` answers the items of a batch.
pub(super) fn answer(call: &Call, again: &dyn Fn(&Ask) -> Reply) -> Reply {
    let beta = match call.ask.segments.get(1).map(String::as_str) {
        Some("v1.0") => false,
        Some("beta") => true,
        _ => return Reply::unknown(call.ask),
    };
    if call.ask.method == "POST" && is_batch(call.ask) {
        return batch::answer(call.ask, again);
    }
    read(call, beta).unwrap_or_else(|refusal| refusal)
}

fn read(call: &Call, beta: bool) -> Result<Reply, Reply> {
    if call.ask.method == "POST" {
        let options = Options::parse(call.ask, beta)?;
        return list::answer(call, &options, by_ids(call)?, None);
    }
    let found = route::resolve(call.estate, call.ask, beta)?;
    let options = Options::parse(call.ask, beta)?;
    match found {
        Found::List { items, of } => list::answer(call, &options, items, of),
        Found::One(item) => {
            let mut body = shape::object(call, &options, item, false)?;
            if let Value::Object(fields) = &mut body {
                fields.insert("@odata.context".into(), shape::context(call, "$entity").into());
            }
            Ok(Reply::json(body))
        }
    }
}

fn by_ids<'a>(call: &Call<'a>) -> Result<Vec<route::Item<'a>>, Reply> {
    let body: Value = serde_json::from_slice(&call.ask.body).map_err(|_| options::bad("The body is not JSON."))?;
    let ids = body.get("ids").and_then(Value::as_array).ok_or_else(|| options::bad("'ids' is required."))?;
    if ids.is_empty() || ids.len() > 1000 {
        return Err(options::bad("Between 1 and 1000 ids are allowed."));
    }
    let types = body.get("types").and_then(Value::as_array);
    let wanted = |item: &route::Item| {
        let of_type = |kind: &Value| {
            kind.as_str().is_some_and(|kind| catalog::is_a(item.kind(), &format!("microsoft.graph.{kind}")))
        };
        types.is_none_or(|types| types.iter().any(of_type))
            && ids.iter().filter_map(Value::as_str).any(|id| id.eq_ignore_ascii_case(item.text("id")))
    };
    Ok(route::objects(call.estate).filter(wanted).collect())
}
