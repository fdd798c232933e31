//! `$batch`: up to twenty reads in one call, each with its own status, answered in another order than asked.

use serde_json::{Map, Value, json};

use super::super::http::{Ask, Body, Reply};
use super::options::bad;

const MOST: usize = 20;

/// Answers a batch; `again` answers each of its items.
pub(super) fn answer(ask: &Ask, again: &dyn Fn(&Ask) -> Reply) -> Reply {
    match items(ask) {
        Ok(items) => {
            let mut responses: Vec<Value> = Vec::with_capacity(items.len());
            let mut delay = std::time::Duration::ZERO;
            for (id, item) in items {
                let reply = again(&item);
                delay = delay.max(reply.delay);
                responses.push(response(&id, reply));
            }
            shuffle(&mut responses);
            Reply { delay, ..Reply::json(json!({ "responses": responses })) }
        }
        Err(reason) => bad(&reason),
    }
}

fn items(ask: &Ask) -> Result<Vec<(String, Ask)>, String> {
    let body: Value = serde_json::from_slice(&ask.body).map_err(|_| "The body is not JSON.".to_owned())?;
    let requests = body.get("requests").and_then(Value::as_array).ok_or("'requests' is required.")?;
    if requests.is_empty() || requests.len() > MOST {
        return Err(format!("Between 1 and {MOST} requests are allowed."));
    }
    let mut items: Vec<(String, Ask)> = Vec::new();
    for request in requests {
        let (id, item) = item(ask, request)?;
        if items.iter().any(|(known, _)| *known == id) {
            return Err(format!("The id '{id}' is used twice."));
        }
        items.push((id, item));
    }
    Ok(items)
}

fn item(ask: &Ask, request: &Value) -> Result<(String, Ask), String> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let (Some(id), Some(method), Some(url)) = (text("id"), text("method"), text("url")) else {
        return Err("A request needs id, method and url.".into());
    };
    if url.contains("://") {
        return Err("The url of a request is relative.".into());
    }
    if request.get("dependsOn").is_some() {
        return Err("The estate does not order the requests of a batch.".into());
    }
    let version = ask.segments.get(1).map_or("v1.0", String::as_str);
    let mut item = Ask::new(&method.to_uppercase(), &format!("/graph/{version}/{}", url.trim_start_matches('/')));
    item.batched = true;
    item.eventual = header(request, "ConsistencyLevel").is_some_and(|value| value.eq_ignore_ascii_case("eventual"));
    if let Some(body) = request.get("body") {
        if header(request, "Content-Type").is_none() {
            return Err("A request with a body needs a Content-Type.".into());
        }
        item.body = body.to_string().into_bytes();
    }
    Ok((id.to_owned(), item))
}

fn header<'a>(request: &'a Value, name: &str) -> Option<&'a str> {
    let headers = request.get("headers")?.as_object()?;
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).and_then(|(_, value)| value.as_str())
}

fn response(id: &str, reply: Reply) -> Value {
    let mut headers: Map<String, Value> =
        reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let mut response = json!({ "id": id, "status": reply.status });
    let body = match reply.body {
        Body::Json(body) => Some(("application/json", body)),
        Body::Html(text) => Some(("text/html", Value::String(text))),
        Body::Empty => None,
    };
    if let Some((kind, body)) = body {
        headers.insert("Content-Type".into(), kind.into());
        response["body"] = body;
    }
    response["headers"] = Value::Object(headers);
    response
}

/// Any other order will do, as long as it is always the same one.
fn shuffle(responses: &mut [Value]) {
    responses.reverse();
    if responses.len() > 2 {
        responses.rotate_left(1);
    }
}
