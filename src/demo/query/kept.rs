//! The tables into which a tenant sends what Entra and Azure forget: the rows of `logs/kept`, each with the name of its table in
//! `@table`. A row with `@every-hours` stands for many, from `@from` until `@until`: what everybody else does.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::estate::Estate;
use super::read::Asked;
use super::table::{Result, result, time};
use crate::source::logs::kql::Template;
use crate::source::logs::tally::hour_of;

/// The tables that are answered from those rows.
pub(super) const TABLES: [&str; 4] = ["AuditLogs", "SigninLogs", "AADNonInteractiveUserSignInLogs", "AzureActivity"];

/// What a query calls its columns, and what the table calls them.
type Names = &'static [(&'static str, &'static str)];

const AUDITS: Names = &[
    ("id", "Id"),
    ("activityDateTime", "TimeGenerated"),
    ("activityDisplayName", "ActivityDisplayName"),
    ("result", "Result"),
    ("initiatedBy", "InitiatedBy"),
    ("targetResources", "TargetResources"),
];

const SIGN_INS: Names = &[
    ("id", "Id"),
    ("createdDateTime", "TimeGenerated"),
    ("appId", "AppId"),
    ("appDisplayName", "AppDisplayName"),
    ("resourceDisplayName", "ResourceDisplayName"),
    ("resultType", "ResultType"),
];

const ACTIVITY: Names = &[
    ("eventDataId", "EventDataId"),
    ("eventTimestamp", "TimeGenerated"),
    ("operationName", "OperationNameValue"),
    ("status", "ActivityStatusValue"),
    ("caller", "Caller"),
    ("claims", "Claims"),
    ("resourceId", "_ResourceId"),
];

/// What a query about these rows gets.
fn answer(asked: &Asked, rows: &[(Timestamp, Value)]) -> Result {
    let theirs = || rows.iter().filter(|(_, row)| asked.whose.as_deref().is_some_and(|whose| is_of(row, whose)));
    let project = |names: Names| {
        let row = |(_, row): &(Timestamp, Value)| names.iter().map(|(_, column)| text(&row[*column])).collect();
        let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
        result(&names, theirs().map(row).collect())
    };
    match asked.template {
        Template::KeptAudits => project(AUDITS),
        Template::KeptSignIns => project(SIGN_INS),
        Template::KeptActivity => project(ACTIVITY),
        Template::HourlyActivity => {
            let mut hours: Vec<Timestamp> = rows.iter().map(|(at, _)| hour_of(*at)).collect();
            hours.dedup();
            result(&["hour_at", "records"], hours.into_iter().map(|hour| vec![json!(time(hour)), json!(1)]).collect())
        }
        _ => {
            let [first, last] = [rows.first(), rows.last()].map(|row| row.map(|(at, _)| time(*at)));
            let row = vec![json!(first), json!(last), json!(rows.len()), json!(1)];
            result(&["first_at", "last_at", "records", "callers"], vec![row])
        }
    }
}

/// What a query about one of these tables gets.
pub(super) fn result_of(asked: &Asked, estate: &Estate, kept_from: Timestamp) -> Result {
    let within = |row: &Value| {
        let is = |(column, values): &(String, Vec<String>)| {
            let found = row[column.as_str()].as_str().unwrap_or_default();
            values.iter().any(|value| value.eq_ignore_ascii_case(found))
        };
        asked.callers.iter().all(is)
    };
    let mut rows: Vec<(Timestamp, Value)> = estate
        .rows("logs/kept")
        .iter()
        .filter(|row| row["@table"] == asked.table.as_str() && within(row))
        .flat_map(|row| instants(row).into_iter().map(|at| (at, dated(row, at))))
        .filter(|(at, _)| *at >= kept_from && *at < estate.now() && asked.window.is_none_or(|window| window.holds(*at)))
        .collect();
    rows.sort_by_key(|(at, _)| *at);
    answer(asked, &rows)
}

fn instants(row: &Value) -> Vec<Timestamp> {
    let at = |key: &str| row[key].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    let Some(hours) = row["@every-hours"].as_i64().filter(|hours| *hours > 0) else {
        return at("TimeGenerated").into_iter().collect();
    };
    let (Some(from), Some(until)) = (at("@from"), at("@until")) else { return Vec::new() };
    let step = SignedDuration::from_hours(hours);
    std::iter::successors(Some(from), |at| at.checked_add(step).ok()).take_while(|at| *at < until).collect()
}

fn dated(row: &Value, at: Timestamp) -> Value {
    let mut row = row.clone();
    row["TimeGenerated"] = json!(time(at));
    row
}

/// As the columns say that a query looks at.
fn is_of(row: &Value, whose: &str) -> bool {
    let initiator = row["InitiatedBy"]["user"]["id"].as_str();
    let any = [initiator, row["UserId"].as_str(), row["SubscriptionId"].as_str()];
    any.into_iter().flatten().any(|found| found.eq_ignore_ascii_case(whose))
}

/// The service sends what is no plain value as a text.
fn text(value: &Value) -> Value {
    match value {
        Value::Object(_) | Value::Array(_) => json!(value.to_string()),
        plain => plain.clone(),
    }
}
