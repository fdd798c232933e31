//! The audit log of the MCP gateways in Log Analytics: what the table is, whether it lives, and the records of everybody
//! in reach. Filtering and counting happen there, where the data is. It reports what it saw; it never judges.

mod answer;
mod ask;
mod calls;
mod columns;
pub mod longer;
mod slice;
mod standing;
mod table;
mod workspace;

use jiff::{Timestamp, ToSpan};

use self::ask::Log;
use self::columns::Columns;
use self::slice::Window;
pub use self::standing::{Standing, standing};
use self::workspace::Keeping;
use super::kql::{Kql, Query, Template};
use crate::api::ReadApi;
use crate::config::Logs;
use crate::evidence::row::LogQuery;
use crate::evidence::{Callers, Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::source::Collector;

/// The table of the documented gateway.
const TABLE: &str = "MCPAuditLog_CL";

/// How many days are asked for, unless the configuration says otherwise.
const DAYS: i64 = 90;

/// The tables of evidence that this source fills.
const TABLES: [&str; 6] = ["log_table", "log_query", "log_silence", "tool_call_hour", "tool_call", "last_activity"];

/// Those of them that hold records of the callers.
const RECORDS: [&str; 3] = ["tool_call_hour", "tool_call", "last_activity"];

/// The permission that each data set of this source takes, by its exact name.
pub const PERMISSIONS: &[(&str, &str)] = &[
    ("log_table", READER),
    ("log_silence", READER),
    ("tool_call_hour", READER),
    ("tool_call", READER),
    ("last_activity", READER),
];

const READER: &str = "Data.Read of the Log Analytics API and Log Analytics Reader on the workspace";

/// What is asked of the logs.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Where, and how its columns are called.
    pub logs: &'a Logs,
    /// Whose records are wanted.
    pub callers: &'a Callers,
    /// The end of the window.
    pub now: Timestamp,
}

/// One table of one workspace in the making.
struct Part<'a> {
    question: Question<'a>,
    log: Log<'a>,
    name: &'a str,
    /// The window that was asked for, and what of it can be asked at all.
    asked_from: Timestamp,
    window: Window,
    keeping: Keeping,
}

/// Reads every configured workspace.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub async fn collect(logs: &Collector, arm: &ReadApi, question: &Question<'_>) -> Result<(), Error> {
    if question.logs.workspaces.is_empty() {
        return unasked(logs).await;
    }
    let table = question.logs.table.as_ref().map_or(TABLE, |name| name.as_str());
    for workspace in &question.logs.workspaces {
        let source = format!("logs:{workspace}/{table}");
        let scope = Scope { name: source.as_str().into(), person: None, needs: READER.to_owned() };
        logs.dataset(&TABLES, &scope, async |api, rows| {
            let arm = arm.counting(rows.tally());
            one(api, &arm, question, workspace, table, rows).await
        })
        .await?;
    }
    Ok(())
}

async fn unasked(logs: &Collector) -> Result<(), Error> {
    let scope = Scope { name: "Log Analytics".into(), person: None, needs: READER.to_owned() };
    logs.dataset(&TABLES, &scope, async |_, _| {
        let needs = "[logs] workspaces, or give exported records with --log,";
        Err(Stop::from(Cause::new(GapKind::NotConfigured, "no workspace").needing(needs)))
    })
    .await
    .map(drop)
}

async fn one(
    api: &ReadApi,
    arm: &ReadApi,
    question: &Question<'_>,
    workspace: &str,
    table: &str,
    rows: &mut Rows,
) -> Result<(), Stop> {
    if !is_workspace(workspace) {
        let wrong = format!("{workspace} is no workspace id");
        return Err(Cause::new(GapKind::NotConfigured, wrong).needing("[logs] workspaces").into());
    }
    let place = Place { api, workspace, table };
    let keeping = place.keeping(arm).await?;
    let (from, until) = window(question);
    let kept_from = keeping.as_ref().ok().and_then(|keeping| days_before(until, keeping.retention_days?));
    let mut log = Log {
        api,
        workspace,
        source: format!("logs:{workspace}/{table}").into(),
        search: keeping.as_ref().is_ok_and(Keeping::is_searched),
        kept_from: kept_from.unwrap_or(from).min(until),
        until,
    };
    if keeping.is_err() {
        // What it keeps is not known either; it refuses to look beyond that, so the least is asked for.
        log.kept_from = days_before(until, workspace::SEARCHED_DAYS).map_or(from, |least| least.max(from));
        log.search = table::is_searched(&log, &place).await;
    }
    let columns = table::columns(&log, &place, &question.logs.columns, rows).await?;
    let unseen = keeping.as_ref().err().cloned();
    let part = Part {
        question: *question,
        name: table,
        asked_from: from,
        // That endpoint refuses to look beyond what the table keeps.
        window: Window { from: if log.search { from.max(log.kept_from) } else { from }, until },
        log,
        keeping: keeping.unwrap_or_default(),
    };
    let alive = table::collect(&part, &columns, unseen, rows).await?;
    if alive {
        calls::collect(&part, &columns, rows).await?;
    }
    Ok(())
}

/// Whether this can be the id of a workspace: it becomes a part of an address.
fn is_workspace(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// From the configured number of days before now until now.
fn window(question: &Question<'_>) -> (Timestamp, Timestamp) {
    let days = question.logs.days.map_or(DAYS, |days| i64::from(days.get()));
    (days_before(question.now, days).unwrap_or(Timestamp::MIN), question.now)
}

fn days_before(at: Timestamp, days: i64) -> Option<Timestamp> {
    at.checked_sub(days.checked_mul(24)?.hours()).ok()
}

/// A table that may not exist, in a workspace that may not.
struct Place<'a> {
    api: &'a ReadApi,
    workspace: &'a str,
    table: &'a str,
}

impl Place<'_> {
    /// How the table is kept. The inner error only leaves that open; the outer one ends the matter.
    async fn keeping(&self, arm: &ReadApi) -> Result<Result<Keeping, Cause>, Cause> {
        let id = match workspace::find(arm, self.workspace).await {
            Ok(Some(id)) => id,
            Ok(None) => return Ok(Err(workspace::unseen())),
            Err(cause) => return Ok(Err(cause)),
        };
        match workspace::keeping(arm, &id, self.table).await {
            Ok(Some(keeping)) => Ok(Ok(keeping)),
            Ok(None) => Err(self.absent().await),
            Err(cause) => Ok(Err(cause)),
        }
    }

    /// There is no such table: which others are there?
    async fn absent(&self) -> Cause {
        let near = match workspace::similar(self.api, self.workspace, self.table).await {
            near if near.is_empty() => String::new(),
            near => format!("; it has {}", near.join(", ")),
        };
        let detail = format!("the workspace has no table {}{near}", self.table);
        Cause::new(GapKind::NotConfigured, detail).needing("[logs] table")
    }
}

/// Keeps what was asked.
fn keep(log: &LogQuery, filtered: bool, rows: &mut Rows) -> Result<(), Error> {
    if filtered {
        let cause = Cause::new(GapKind::Denied, "the service left out what the caller may not read").needing(READER);
        TABLES.iter().for_each(|table| rows.gap(table, cause.clone()));
    }
    rows.insert(log)
}

/// A query with the expressions of its columns; `more` fills what is not one.
fn fill(template: Template, table: &str, columns: Option<&Columns>, more: impl Fn(&str) -> Option<Kql>) -> Query {
    template.fill(|placeholder| match placeholder {
        "table" => Kql::table(table),
        _ => more(placeholder).or_else(|| columns?.expression(placeholder)),
    })
}
