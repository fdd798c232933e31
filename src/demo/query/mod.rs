//! Log Analytics over the records of an estate. It understands the queries of `checks/4-activity` line by line and refuses
//! every other; what it filters and counts, it filters and counts itself.

mod kept;
mod read;
mod table;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::read::{Asked, Window};
use self::table::{Result as Rows, Served};
use super::estate::Estate;
use super::faults::{Effect, Faults};
use super::http::{Ask, Body, Reply};
use crate::source::logs::kql::Template;
use crate::source::logs::record::Record;

/// How the table of an estate calls its columns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogColumns {
    /// As documented.
    #[default]
    Documented,
    /// With the suffixes of older tables, and numbers as texts.
    Suffixed,
    /// Both: what was logged before the migration has suffixes.
    Migrated,
    /// Those of the gateway's policy.
    Policy,
}

/// One request, the estate it is asked of, its records, and what is made to go wrong.
pub(super) struct Call<'a> {
    pub(super) estate: &'a Estate,
    pub(super) records: &'a [Record],
    pub(super) faults: &'a Faults,
    pub(super) effect: &'a Effect,
    pub(super) ask: &'a Ask,
}

/// Which of our queries a request carries, for faults to aim at.
pub(super) fn template(ask: &Ask) -> Option<Template> {
    let text = text(ask)?;
    Template::ALL.into_iter().find(|template| text.starts_with(&format!("// leaver: {}\n", template.name())))
}

fn text(ask: &Ask) -> Option<String> {
    Some(serde_json::from_slice::<Value>(&ask.body).ok()?["query"].as_str()?.to_owned())
}

/// Whether a request only reads: the two queries and the description of the tables.
pub(super) fn is_read(ask: &Ask) -> bool {
    let last = ask.segments.last().map(String::as_str);
    match ask.method.as_str() {
        "GET" => last == Some("metadata"),
        "POST" => matches!(last, Some("query" | "search")),
        _ => false,
    }
}

/// Answers one request.
pub(super) fn answer(call: &Call) -> Reply {
    let ["logs", "v1", "workspaces", id, what] = call.ask.segments.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return Reply::unknown(call.ask);
    };
    let Some(workspace) = workspace(call.estate, id) else {
        return Reply::error(404, "WorkspaceNotFoundError", "The workspace could not be found.");
    };
    match what {
        "metadata" => metadata(call, workspace),
        "query" | "search" => query(call, workspace, what == "search"),
        _ => Reply::unknown(call.ask),
    }
}

fn workspace<'a>(estate: &'a Estate, id: &str) -> Option<&'a Value> {
    let is_it = |row: &&Value| row["properties"]["customerId"].as_str().is_some_and(|its| its.eq_ignore_ascii_case(id));
    estate.rows("arm/workspaces").iter().find(is_it)
}

fn tables<'a>(call: &Call<'a>, workspace: &'a Value) -> impl Iterator<Item = &'a Value> {
    call.estate.rows("arm/workspaceTables").iter().filter(|table| table["@parent"] == workspace["id"])
}

fn metadata(call: &Call, workspace: &Value) -> Reply {
    let tables: Vec<Value> = tables(call, workspace).map(|table| json!({ "name": table["name"] })).collect();
    Reply::json(json!({ "tables": tables }))
}

fn query(call: &Call, workspace: &Value, is_search: bool) -> Reply {
    // What the service does with a body that it does not understand as JSON.
    let Some(text) = text(call.ask) else { return Reply::new(200, Body::Empty) };
    let Some(mut asked) = Asked::read(&text) else { return refused("SyntaxError") };
    let Some(table) = tables(call, workspace).find(|table| table["name"] == asked.table) else {
        return refused("SemanticError");
    };
    if is_search != matches!(table["properties"]["plan"].as_str(), Some("Basic" | "Auxiliary")) {
        return refused("SemanticError");
    }
    if is_search {
        match (&asked.window, call.ask.option("timespan").and_then(Window::read)) {
            (None, Some(window)) => asked.window = Some(window),
            _ => return refused("BadArgumentError"),
        }
    }
    let kept = table["properties"]["retentionInDays"].as_i64().unwrap_or(30) * 24;
    let kept_from = call.estate.now() - jiff::SignedDuration::from_hours(kept);
    if kept::TABLES.contains(&asked.table.as_str()) {
        return Reply::json(part(call, kept::result_of(&asked, call.estate, kept_from)));
    }
    let records = if asked.table == "MCPAuditLog_CL" { call.records } else { &[] };
    Reply::json(body(call, &asked, records, kept_from))
}

fn body(call: &Call, asked: &Asked, records: &[Record], kept_from: Timestamp) -> Value {
    let served = Served { columns: call.faults.log_columns, kept_from };
    part(call, served.result(asked, records))
}

/// As much of a result as the service sends.
fn part(call: &Call, Rows { columns, mut rows }: Rows) -> Value {
    let most = call.effect.page_size.unwrap_or(500_000);
    let partial = rows.len() > most;
    rows.truncate(most);
    let table = json!({ "name": "PrimaryResult", "columns": columns, "rows": rows });
    match partial {
        false => json!({ "tables": [table] }),
        true => json!({ "tables": [table], "error": {
            "code": "PartialError", "message": "There were some errors when processing your query.",
            "details": [{ "code": "EngineError", "innererror": { "code": "-2133196797" } }],
        } }),
    }
}

fn refused(inner: &str) -> Reply {
    let error = json!({ "code": "BadArgumentError", "message": "The request had some invalid properties",
                        "innererror": { "code": inner } });
    Reply::new(400, Body::Json(json!({ "error": error })))
}
