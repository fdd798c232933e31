//! What follows from action, subject and state alone: request, state after, undo, whom it may surprise. So that a plan can be
//! checked by computing it again.

use serde_json::{Value, json};

use super::{Person, Undone};
use crate::action::fill::{self, Target, all, filled_plain, quoted};
use crate::action::route::{After, Disposition, Request, Route, State, Undo, text};
use crate::api::Service;

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::action) struct Composed {
    pub(in crate::action) service: &'static str,
    pub(in crate::action) request: Request,
    pub(in crate::action) after: Value,
    pub(in crate::action) undo: Option<Undone>,
    pub(in crate::action) disposition: Disposition,
    pub(in crate::action) breaks: Vec<String>,
    pub(in crate::action) command: String,
    pub(in crate::action) portal: String,
}

/// All that follows for a target in a state; `None` where the state lacks what the request needs.
pub(in crate::action) fn compose(target: &Target, before: &State, person: Option<&Person>) -> Option<Composed> {
    let route = target.route;
    let values = all(&target.ids, before);
    let request = fill::request(&route.request, &values)?;
    Some(Composed {
        service: service(route.service),
        after: match route.after {
            After::Absent => "absent".into(),
            After::Holds(text) => serde_json::from_str(text).ok()?,
            After::Later(name) => json!({ name: "later" }),
        },
        undo: undo(route, &values),
        disposition: match person.is_some_and(|person| is_own(route, &values, person) == Some(true)) {
            true => route.disposition,
            false => Disposition::Disruptive,
        },
        breaks: route.breaks.iter().map(ToString::to_string).collect(),
        command: command(route.service, &request),
        portal: filled_plain(route.portal, &values).unwrap_or_default(),
        request,
    })
}

/// How a change is undone, as far as the state tells.
pub(in crate::action) fn undo(route: &Route, values: &State) -> Option<Undone> {
    match route.undo {
        Undo::Nothing => None,
        Undo::Manual(manual) => Some(Undone::Manual { manual: manual.to_owned() }),
        Undo::Request(template) => match fill::request(&template, values) {
            Some(request) => Some(Undone::Request(request)),
            None => {
                let manual = "the evidence does not hold all of it; `leaver apply` reads the rest and writes the request into its journal";
                Some(Undone::Manual { manual: manual.to_owned() })
            }
        },
    }
}

/// Whether the object is this person's own; `None`: the state does not say.
pub(in crate::action) fn is_own(route: &Route, values: &State, person: &Person) -> Option<bool> {
    let Some(part) = route.owner else { return Some(true) };
    let owner = match values.get(part)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(match route.service {
        Service::GitHub => person.accounts.iter().any(|id| id.strip_prefix("github:user/") == Some(owner.as_str())),
        _ => person.object_id().is_some_and(|id| id.eq_ignore_ascii_case(&owner)),
    })
}

/// What a plan calls a service.
pub(in crate::action) fn service(service: Service) -> &'static str {
    match service {
        Service::Graph => "graph",
        Service::Arm => "arm",
        other => other.source(),
    }
}

/// Whose token Azure DevOps takes.
const DEVOPS: &str = " --resource 499b84ac-1321-427f-aa17-267ca6975798";

/// The same request as a command of the service's own tool.
fn command(service: Service, request: &Request) -> String {
    let method = &request.method;
    let body = request.body.as_ref().map(|body| quoted(&body.to_string()));
    match service {
        Service::GitHub => match body {
            None => format!("gh api --method {method} {}", quoted(&request.url)),
            Some(body) => format!("printf '%s' {body} | gh api --method {method} {} --input -", quoted(&request.url)),
        },
        _ => {
            let (host, audience) = match service {
                Service::Graph => ("https://graph.microsoft.com", ""),
                Service::DevOps => ("https://dev.azure.com", DEVOPS),
                Service::DevOpsGraph => ("https://vssps.dev.azure.com", DEVOPS),
                Service::DevOpsEntitlements => ("https://vsaex.dev.azure.com", DEVOPS),
                _ => ("https://management.azure.com", ""),
            };
            let body = body.map(|body| format!(" --headers Content-Type=application/json --body {body}"));
            let url = quoted(&format!("{host}{}", request.url));
            format!("az rest --method {}{audience} --url {url}{}", method.to_lowercase(), body.unwrap_or_default())
        }
    }
}

/// Whose login stands in the path of a request, by number: GitHub may give a login to somebody else.
pub(in crate::action) fn account(target: &Target, before: &State) -> Option<(String, String)> {
    let values = all(&target.ids, before);
    let named = target.route.request.url.contains("{login}");
    Some((text(&values, "account")?.to_owned(), text(&values, "login")?.to_owned())).filter(|_| named)
}
