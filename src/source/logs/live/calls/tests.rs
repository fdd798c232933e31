//! Queries with hostile names, for the real parser: `tests/external/kql` reads what this prints.

use std::io::Write;

use serde_json::{Value, json};

use super::plan::Counts;
use super::*;
use crate::config::LogColumns;
use crate::evidence::row::ToolCallHour;

const HARMLESS: &str = "alice@contoso.com";

/// What has broken out of quotes somewhere before.
const HOSTILE: &[&str] = &[
    "\"",
    "\\",
    "\\\"",
    "'",
    "`",
    "```",
    "~~~",
    "\\u0022",
    "\\x22",
    "\") or true or (\"",
    "\" or 1==1 //",
    "//",
    "/*",
    "*/",
    "; drop",
    "| take 1",
    "@\"",
    "h\"",
    "{{table}}",
    "}}",
    "{{",
    "datetime(2020-01-01)",
    "\t",
    "\u{b}",
    "\u{c}",
    "\u{7f}",
    "\u{a0}",
    "\u{200b}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "ß",
    "İ",
    "漢",
    "😀",
    "\u{10ffff}",
    "\u{fffd}",
    "a b",
    " ",
    "$left",
    "%",
    "&",
    "\\n",
    "\\\\",
    "let x = 1;",
    "#EXT#",
    "o'connor",
    "-1",
    "null",
    "true",
    "*",
    "?",
    "[",
    "]",
    "(",
    ")",
    "<",
    ">",
    "|",
    ",",
];

fn names() -> impl Iterator<Item = String> {
    let mut dice = fastrand::Rng::with_seed(7);
    let mixed =
        (0..450).map(move |_| (0..dice.usize(1..6)).map(|_| HOSTILE[dice.usize(..HOSTILE.len())]).collect::<String>());
    HOSTILE.iter().map(|text| (*text).to_owned()).chain(mixed)
}

fn schemas() -> [Vec<(String, String)>; 3] {
    let of = |columns: &[(&str, &str)]| {
        columns.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
    };
    let time = ("TimeGenerated", "datetime");
    [
        of(&[
            time,
            ("caller_oid", "string"),
            ("caller_upn", "string"),
            ("mcp_server", "string"),
            ("tool_name", "string"),
            ("scope_used", "string"),
            ("resource_accessed", "string"),
            ("response_status", "long"),
            ("latency_ms", "long"),
            ("apim_request_id", "guid"),
            ("caller_oid_g", "string"),
            ("timestamp_t", "datetime"),
        ]),
        of(&[
            time,
            ("timestamp_t", "datetime"),
            ("caller_oid_g", "guid"),
            ("caller_upn_s", "string"),
            ("tool_name_s", "string"),
            ("resource_accessed_s", "string"),
            ("response_status_d", "real"),
            ("latency_ms_d", "real"),
        ]),
        of(&[
            time,
            ("timestamp", "string"),
            ("caller", "string"),
            ("tool", "string"),
            ("method", "string"),
            ("body", "string"),
        ]),
    ]
}

fn query(template: Template, columns: &Columns, name: &str) -> Option<Query> {
    let literal = [Kql::text(name)?];
    let mut counts = Counts::default();
    let window = Window { from: jiff::Timestamp::UNIX_EPOCH, until: jiff::Timestamp::from_second(7200).ok()? };
    let caller = Some(Untrusted::from(name));
    let busy = ToolCallHour { principal: caller.clone(), caller_name: caller, calls: 5000, ..ToolCallHour::default() };
    counts.add(&busy);
    let limit = Kql::binary(&Kql::of("| where TimeGenerated"), "<", &Kql::instant(window.until));
    Some(fill(template, "MCPAuditLog_CL", Some(columns), |placeholder| match placeholder {
        "window" => Some(limit.clone()),
        "callers" => Some(columns.callers(&literal, &literal)),
        "without" => counts.plan(window).first().map(|planned| Kql::lines(&planned.without)),
        _ => None,
    }))
}

#[test]
#[ignore = "prints what tests/external/kql gives to the parser"]
fn kql_queries() {
    let mut out = std::io::stdout();
    let mut print = |line: Value| writeln!(out, "{line}").unwrap();
    for schema in schemas() {
        let columns = Columns::find(&schema, &LogColumns::default()).unwrap();
        for template in Template::ALL.into_iter().filter(|template| !Template::KEPT.contains(template)) {
            let harmless = query(template, &columns, HARMLESS).unwrap();
            print(json!({ "schema": schema, "harmless": harmless.text() }));
            let named = matches!(template, Template::LastActivity | Template::CallsByHour | Template::Calls);
            for name in names().filter(|_| named) {
                let query = query(template, &columns, &name).unwrap();
                print(json!({ "name": name, "query": query.text() }));
            }
        }
    }
    for (template, table, schema) in kept() {
        let query = |name: &str| {
            fill(template, table, None, |placeholder| {
                (placeholder == "whose").then(|| Kql::list(&[Kql::text(name).unwrap()]))
            })
        };
        print(json!({ "schema": schema, "table": table, "harmless": query(HARMLESS).text() }));
        for name in names() {
            print(json!({ "name": name, "query": query(&name).text() }));
        }
    }
}

/// The tables that Azure Monitor fills, as far as they are asked.
///
/// <https://learn.microsoft.com/azure/azure-monitor/reference/tables-index>
/// A query, its table, and what stands for what in it.
type Kept = (Template, &'static str, Vec<(&'static str, &'static str)>);

fn kept() -> [Kept; 4] {
    let audits = ["Id", "ActivityDisplayName", "OperationName", "Result", "AADTenantId"];
    let sign_ins = ["Id", "UserId", "AppId", "AppDisplayName", "ResourceDisplayName", "ResultType", "AADTenantId"];
    let activity = [
        "EventDataId",
        "SubscriptionId",
        "OperationNameValue",
        "ActivityStatusValue",
        "Caller",
        "Claims",
        "_ResourceId",
        "ResourceId",
    ];
    let texts = |names: &[&'static str]| names.iter().map(|name| (*name, "string")).collect::<Vec<_>>();
    let with = |texts: Vec<(&'static str, &'static str)>, others: &[(&'static str, &'static str)]| {
        texts.into_iter().chain([("TimeGenerated", "datetime")]).chain(others.iter().copied()).collect::<Vec<_>>()
    };
    let dynamic = [("ActivityDateTime", "datetime"), ("InitiatedBy", "dynamic"), ("TargetResources", "dynamic")];
    let created = [("CreatedDateTime", "datetime")];
    [
        (Template::KeptAudits, "AuditLogs", with(texts(&audits), &dynamic)),
        (Template::KeptSignIns, "SigninLogs", with(texts(&sign_ins), &created)),
        (Template::KeptSignIns, "AADNonInteractiveUserSignInLogs", with(texts(&sign_ins), &created)),
        (Template::KeptActivity, "AzureActivity", with(texts(&activity), &[])),
    ]
}
