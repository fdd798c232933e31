//! The log of the gateway: whether each workspace can be asked, for how long it keeps records, when the last one came.

use std::sync::Arc;

use super::{Item, Part, State};
use crate::api::{self, Api, Http, NoLog, Service};
use crate::config::Config;
use crate::env::Env;
use crate::model::{Cause, GapKind, stamp};
use crate::run::setup::Needs;
use crate::source::logs::live::{Standing, standing};
use crate::text::visible;

/// How far the checklist looks back.
const DAYS: i64 = 90;

pub(super) async fn part(http: &Http, needs: &Needs, config: &Config, env: &Env) -> Part {
    let mut part = Part { title: "Log of the MCP gateway", signed_in: http.host(Service::Logs), items: Vec::new() };
    let Some((permission, checks)) = needs.logs.iter().next() else { return part };
    let item = |state, detail: String| Item::new(*permission, state, detail).waiting(checks);
    if config.logs.workspaces.is_empty() {
        let next = "set [logs] workspaces, or give exported records with --log";
        part.items.push(item(State::Unknown, "no workspace is configured".to_owned()).next(next));
        return part;
    }
    let api = Api::new(http.clone(), api::tokens(http, env), Arc::new(NoLog), env);
    let (logs, arm) = (api.read(Service::Logs), api.read(Service::Arm));
    let mut worst = State::Granted;
    for workspace in &config.logs.workspaces {
        match standing(&logs, &arm, &config.logs, workspace).await {
            Ok(told) => part.items.extend(items(workspace, &told, config, env)),
            Err(cause) => {
                let state = if cause.kind == GapKind::Denied { State::Missing } else { State::Unknown };
                worst = worst.max(state);
                let hint = cause.kind.hint(cause.needs.as_deref());
                part.items
                    .push(Item::new(format!("workspace {}", visible(workspace)), state, detail(&cause)).next(hint));
            }
        }
    }
    let grant = "grant Data.Read and Log Analytics Reader: `leaver setup`";
    let all = item(worst, format!("{} configured", config.logs.workspaces.len()));
    part.items.insert(0, if worst == State::Granted { all } else { all.next(grant) });
    part
}

fn detail(cause: &Cause) -> String {
    cause.detail.as_ref().map_or_else(|| cause.kind.to_string(), crate::text::Untrusted::terminal)
}

fn items(workspace: &str, told: &Standing, config: &Config, env: &Env) -> Vec<Item> {
    let days = config.logs.days.map_or(DAYS, |days| i64::from(days.get()));
    let kept = match (told.retention_days, &told.unseen) {
        (Some(kept), _) if kept < days => {
            let detail = format!("{kept} days are kept, and {days} are looked at");
            Item::new(format!("retention of {}", told.table), State::Wrong, detail)
                .next(format!("keep {days} days or more: interactive retention of the table"))
        }
        (Some(kept), _) => Item::new(format!("retention of {}", told.table), State::Ok, format!("{kept} days")),
        (None, Some(cause)) => Item::new(format!("retention of {}", told.table), State::Unknown, detail(cause))
            .next("grant Reader on the subscription of the workspace"),
        (None, None) => Item::new(format!("retention of {}", told.table), State::Unknown, "the workspace does not say"),
    };
    let name = format!("last record of {}", told.table);
    let last = match told.records {
        Some((first, last)) => {
            let silent = env.now.duration_since(last).as_hours();
            let text = format!("{}; the first is of {}", stamp(last), stamp(first));
            match silent {
                ..48 => Item::new(name, State::Ok, text),
                hours => Item::new(name, State::Wrong, format!("{text}: nothing for {} days", hours / 24))
                    .next("look whether the gateway still writes its log"),
            }
        }
        None => {
            Item::new(name, State::Unknown, "no record was seen").next("look whether the gateway writes to this table")
        }
    };
    let mut place = Item::new(format!("workspace {}", visible(workspace)), State::Granted, "asked");
    place.checks = 0;
    vec![place, kept, last]
}
