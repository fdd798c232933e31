//! `leaver doctor`, which is `leaver setup --check`: which configuration and sign-in are used, and what that identity may
//! read, tested by asking each service for one row. It keeps nothing and changes nothing.

mod azure;
mod devops;
mod github;
mod graph;
mod local;
mod logs;
mod show;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Serialize;

use super::setup::{Needs, chosen};
use super::{output, settings};
use crate::api::{self, Answer, Http, Retry};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};

pub(super) use self::devops::how as devops;

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Checks or steps; none: all.
    pub only: Vec<String>,
    /// Folders with further checks.
    pub checks: Vec<PathBuf>,
    /// Whether the answer is for machines.
    pub json: bool,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It works as it is.
    Ok,
    /// The service said so when it was asked, or whoever grants says so.
    Granted,
    /// Granted, and no check needs it.
    MoreThanNeeded,
    /// Nobody could tell.
    Unknown,
    /// Not granted.
    Missing,
    /// There, and not fit for use.
    Wrong,
    /// Not configured.
    Absent,
}

/// One permission, setting or thing that a run depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Item {
    name: String,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// How many of the chosen checks need it.
    checks: usize,
}

impl Item {
    fn new(name: impl Into<String>, state: State, detail: impl Into<String>) -> Item {
        let detail = Some(detail.into()).filter(|text: &String| !text.is_empty());
        Item { name: name.into(), state, detail, next: None, checks: 0 }
    }

    fn next(mut self, next: impl Into<String>) -> Item {
        self.next = Some(next.into());
        self
    }

    fn waiting(mut self, checks: &BTreeSet<String>) -> Item {
        self.checks = checks.len();
        self
    }
}

/// What was found out about one service.
#[derive(Debug, Default, Serialize)]
struct Part {
    title: &'static str,
    /// Who is signed in there, and how.
    signed_in: String,
    items: Vec<Item>,
}

/// One check and what it waits for.
#[derive(Debug, Serialize)]
struct Ready {
    id: String,
    ready: bool,
    waits_for: Vec<String>,
}

/// Everything that was found out.
#[derive(Debug, Serialize)]
struct Checkup {
    schema: &'static str,
    verdict: &'static str,
    sentence: String,
    parts: Vec<Part>,
    checks: Vec<Ready>,
}

/// Asks every service, and prints what is granted, missing, or more than needed.
///
/// # Errors
/// For a check that does not exist, or when stdout is closed.
pub async fn doctor(request: &Request, config: &Config, env: &Env) -> Result<Exit, Error> {
    let checks = super::load_checks(&request.checks, env)?;
    let needs = Needs::of(&chosen(&checks, &request.only)?);
    // Nobody waits for a service that does not answer, and nobody is asked for a passphrase in the middle.
    let retry = Retry { attempts: 2, ..config.retry.clone() };
    let config = Config { retry, ..config.clone() };
    let mut env = env.clone();
    env.console.interactive = false;
    let (parts, signed_in) = parts(&needs, &config, &env).await;
    let checkup = conclude(parts, &needs, &config);
    let text = match request.json {
        true => serde_json::to_string_pretty(&checkup).map(|text| text + "\n").map_err(|error| output(error.into()))?,
        false => show::text(&checkup, env.console.color),
    };
    env.console.print(&text).map_err(output)?;
    Ok(match (checkup.verdict, signed_in) {
        ("ready", _) => Exit::Clean,
        (_, true) => Exit::Unknown,
        (_, false) => Exit::SignIn,
    })
}

/// Every service, whatever the others say; and whether anybody is signed in to Microsoft.
async fn parts(needs: &Needs, config: &Config, env: &Env) -> (Vec<Part>, bool) {
    let http = super::surroundings::examine(env)
        .map_err(|error| error.render(false))
        .and_then(|()| Http::new(settings::of(config)).map_err(|error| error.to_string()));
    let http = match http {
        Ok(http) => http,
        Err(why) => {
            let item = Item::new("connections", State::Wrong, why).next("correct it; no service can be asked before");
            let part = Part { title: "Connections", signed_in: String::new(), items: vec![item] };
            return (vec![part, local::part(config, env).await], false);
        }
    };
    let graph = graph::part(&http, needs, config, env).await;
    let signed_in = graph.claims.is_ok();
    let mut parts = vec![graph.part];
    parts.push(azure::part(&http, needs, config, graph.claims.as_ref().ok(), env).await);
    parts.push(logs::part(&http, needs, config, env).await);
    parts.push(github::part(&http, needs, config, env).await);
    parts.push(devops::part(&http, needs, config, env).await);
    parts.push(local::clock(graph.ahead));
    let mut local = local::part(config, env).await;
    if let Some(clock) = parts.pop() {
        local.items.splice(0..0, clock.items);
    }
    parts.push(local);
    (parts, signed_in)
}

fn conclude(parts: Vec<Part>, needs: &Needs, config: &Config) -> Checkup {
    let open = |item: &&Item| matches!(item.state, State::Missing | State::Unknown);
    let missing: BTreeSet<&str> =
        parts.iter().flat_map(|part| &part.items).filter(open).map(|item| item.name.as_str()).collect();
    let waits = waits(needs, config, &missing);
    let checks: Vec<Ready> = needs
        .checks
        .keys()
        .map(|id| {
            let waits_for: Vec<String> = waits.get(id.as_str()).into_iter().flatten().cloned().collect();
            Ready { id: id.clone(), ready: waits_for.is_empty(), waits_for }
        })
        .collect();
    let (all, ready) = (checks.len(), checks.iter().filter(|check| check.ready).count());
    let wrong = parts.iter().flat_map(|part| &part.items).filter(|item| item.state == State::Wrong).count();
    let (verdict, sentence) = match (all - ready, wrong) {
        (0, 0) => ("ready", format!("{all} of {all} checks may read everything that they look at")),
        (0, wrong) => (
            "not-ready",
            format!("every check may read what it looks at, but {wrong} of the things above cannot be used"),
        ),
        (_, _) if ready == 0 => {
            ("not-ready", format!("none of {all} checks could come to a pass; `leaver setup` says what to grant"))
        }
        _ => (
            "partly",
            format!(
                "{ready} of {all} checks may read everything that they look at; `leaver setup` says what to grant for the rest"
            ),
        ),
    };
    Checkup { schema: "leaver.doctor/1", verdict, sentence, parts, checks }
}

/// What each check waits for: permissions, and settings without which nobody knows where to look.
fn waits<'n>(needs: &'n Needs, config: &Config, missing: &BTreeSet<&str>) -> BTreeMap<&'n str, BTreeSet<String>> {
    let mut waits: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (permission, checks) in
        [&needs.graph, &needs.azure, &needs.logs, &needs.github, &needs.devops].into_iter().flatten()
    {
        if missing.contains(permission) {
            for id in checks {
                waits.entry(id).or_default().insert((*permission).to_owned());
            }
        }
    }
    let unset = [
        ("gateway", config.entra.gateway_apps.is_empty(), "[entra] gateway-apps"),
        ("log_table", config.logs.workspaces.is_empty(), "[logs] workspaces"),
        ("tool_call", config.logs.workspaces.is_empty(), "[logs] workspaces"),
        ("tool_call_hour", config.logs.workspaces.is_empty(), "[logs] workspaces"),
        ("organization_time", config.logs.timezone.is_none(), "[logs] timezone"),
        ("configured_organization", config.github.organizations.is_empty(), "[github] organizations"),
    ];
    for (id, tables) in &needs.checks {
        for (table, _, setting) in unset.iter().filter(|(_, is_unset, _)| *is_unset) {
            if tables.iter().any(|read| read == table) {
                waits.entry(id).or_default().insert((*setting).to_owned());
            }
        }
    }
    waits
}

/// What an answer, or its absence, says about a permission.
fn asked(result: &Result<Answer, api::Error>) -> (State, String) {
    use api::Error;
    match result {
        Ok(_) => (State::Granted, "asked".to_owned()),
        Err(Error::Denied(_) | Error::Unlicensed(_)) => {
            let needs = result.as_ref().err().and_then(|error| error.cause().needs);
            let needs = needs.map_or_else(String::new, |needs| format!("; it takes {needs}"));
            (State::Missing, format!("{}{needs}", said(result)))
        }
        Err(_) => (State::Unknown, said(result)),
    }
}

fn said(result: &Result<Answer, api::Error>) -> String {
    result.as_ref().err().map_or_else(String::new, ToString::to_string)
}

/// Whether asking anything more of the same service is of no use.
fn is_gone(result: &Result<Answer, api::Error>) -> bool {
    use api::Error;
    matches!(
        result,
        Err(Error::Unreachable { .. }
            | Error::NoToken { .. }
            | Error::NoVariable { .. }
            | Error::Expired { .. }
            | Error::SignIn(_))
    )
}

fn at(path: impl Into<String>) -> api::Ask {
    api::Ask { path: path.into(), headers: Vec::new() }
}
