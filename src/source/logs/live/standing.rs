//! How a table stands before anybody is audited: for how long it keeps records, and when the last one came. It reads no
//! record of anybody.

use jiff::Timestamp;
use serde_json::json;

use super::answer::{Body, instant};
use super::workspace::Keeping;
use super::{Place, TABLE};
use crate::api::{Ask, ReadApi, ReadPost};
use crate::config::Logs;
use crate::model::{Cause, GapKind};
use crate::source::logs::kql::Kql;

/// What a workspace says of the table of the gateway.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    /// The name of the table.
    pub table: String,
    /// For how many days it keeps records; nothing: nobody says.
    pub retention_days: Option<i64>,
    /// Why nobody says.
    pub unseen: Option<Cause>,
    /// When the first and the last record came; nothing: there is none.
    pub records: Option<(Timestamp, Timestamp)>,
}

/// Asks a workspace.
///
/// # Errors
/// When the table is not there, or may not be read.
pub async fn standing(logs: &ReadApi, arm: &ReadApi, settings: &Logs, workspace: &str) -> Result<Standing, Cause> {
    let table = settings.table.as_ref().map_or(TABLE, |name| name.as_str());
    let place = Place { api: logs, workspace, table };
    let keeping = place.keeping(arm).await?;
    let mut standing = Standing { table: table.to_owned(), ..Standing::default() };
    match keeping {
        Ok(keeping) if keeping.is_searched() => {
            standing.retention_days = keeping.retention_days;
            standing.unseen = Some(searched(&keeping));
            return Ok(standing);
        }
        Ok(keeping) => standing.retention_days = keeping.retention_days,
        Err(cause) => standing.unseen = Some(cause),
    }
    standing.records = bounds(logs, workspace, table).await?;
    Ok(standing)
}

fn searched(keeping: &Keeping) -> Cause {
    let plan = keeping.plan.as_ref().map_or_else(String::new, crate::text::Untrusted::terminal);
    Cause::new(GapKind::NotExposed, format!("tables of the plan {plan} do not say when the last record came"))
}

async fn bounds(logs: &ReadApi, workspace: &str, table: &str) -> Result<Option<(Timestamp, Timestamp)>, Cause> {
    let wrong = || Cause::new(GapKind::NotConfigured, "no name of a table").needing("[logs] table");
    let names = Kql::table(table).ok_or_else(wrong)?;
    let query =
        Kql::lines(&[names, Kql::of("| summarize first_at = min(TimeGenerated), last_at = max(TimeGenerated)")]);
    let at = Ask { path: format!("/v1/workspaces/{workspace}/query"), headers: Vec::new() };
    let answer = logs.post(ReadPost::LogQuery, &at, &json!({ "query": query.as_str() })).await;
    let body: Body = answer.and_then(|answer| answer.json()).map_err(|error| error.cause())?;
    let told = body.table()?;
    let rows = told.project(["first_at", "last_at"])?;
    Ok(rows.first().and_then(|[first, last]| Some((instant(first)?, instant(last)?))))
}
