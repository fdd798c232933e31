//! Rules that alert and whom they tell. A rule over the log of the gateway is read for what it finds.

use jiff::Span;
use serde_json::Value;

use super::{Fence, Listed, foreign, id, items, joined, lower, text, truth};
use crate::evidence::row::posture::{ActionGroup, AlertPurpose, AlertRule};
use crate::evidence::{Error, Rows};
use crate::posture::query::{Alert, finds};

const TABLES: [&str; 2] = ["alert_rule", "alert_purpose"];

const RULES: Listed =
    Listed { what: "scheduled query rules", resource: "Microsoft.Insights/scheduledQueryRules", version: "2021-08-01" };
const METRICS: Listed =
    Listed { what: "metric alerts", resource: "Microsoft.Insights/metricAlerts", version: "2018-03-01" };
const GROUPS: Listed =
    Listed { what: "action groups", resource: "Microsoft.Insights/actionGroups", version: "2023-01-01" };

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let table = fence.question.table.to_lowercase();
    let is_ours = |name: &str| {
        let name = name.to_lowercase();
        name == table || name.contains("mcp")
    };
    fence.each(&TABLES, &RULES, |rows, _, found| found.iter().try_for_each(|row| rule(rows, row, &is_ours))).await?;
    fence.each(&["alert_rule"], &METRICS, |rows, _, found| found.iter().try_for_each(|row| metric(rows, row))).await?;
    fence.each(&["action_group"], &GROUPS, |rows, _, found| found.iter().try_for_each(|row| group(rows, row))).await
}

fn rule(rows: &mut Rows, row: &Value, is_ours: &dyn Fn(&str) -> bool) -> Result<(), Error> {
    let Some(id) = id(row, rows, &TABLES) else { return Ok(()) };
    let groups = items(row, "/properties/actions/actionGroups").filter_map(Value::as_str).map(lower);
    let older = items(row, "/properties/actions").filter_map(|one| text(one, "/actionGroupId")).map(|id| lower(&id));
    rows.insert(&AlertRule {
        id: id.clone(),
        name: foreign(row, "/properties/displayName").or_else(|| foreign(row, "/name")),
        kind: "log".to_owned(),
        // What is left out is on.
        enabled: truth(row, "/properties/enabled") != Some(false),
        actions: joined(groups.chain(older)).map(Into::into),
        metric: None,
    })?;
    let criteria: Vec<&Value> = items(row, "/properties/criteria/allOf").collect();
    for criterion in &criteria {
        for found in finds(&alert(row, criterion), is_ours) {
            // Several criteria have to hold together: each alone says too much.
            let enough = found.enough.filter(|enough| !enough || criteria.len() == 1);
            let why = (!found.why.is_empty()).then_some(found.why);
            rows.insert(&AlertPurpose { rule: id.clone(), purpose: found.purpose.name().to_owned(), enough, why })?;
        }
    }
    Ok(())
}

fn alert(row: &Value, criterion: &Value) -> Alert {
    let span = |place: &str| text(row, place).and_then(|text| seconds(&text));
    let splits = items(criterion, "/dimensions").filter_map(|one| text(one, "/name"));
    Alert {
        query: text(criterion, "/query").unwrap_or_default(),
        window: span("/properties/overrideQueryTimeRange").or_else(|| span("/properties/windowSize")),
        frequency: span("/properties/evaluationFrequency"),
        aggregation: text(criterion, "/timeAggregation").unwrap_or_default(),
        measure: text(criterion, "/metricMeasureColumn"),
        operator: text(criterion, "/operator").unwrap_or_default(),
        threshold: criterion.pointer("/threshold").and_then(Value::as_f64),
        dimensions: splits.collect(),
        periods: criterion.pointer("/failingPeriods/minFailingPeriodsToAlert").and_then(Value::as_i64),
    }
}

/// `PT1H`, `P1D`
#[expect(clippy::cast_precision_loss, reason = "a span of an alert is a few days at most")]
fn seconds(text: &str) -> Option<f64> {
    let span: Span = text.parse().ok()?;
    let days = i64::from(span.get_days()) + 7 * i64::from(span.get_weeks());
    Some((((days * 24 + i64::from(span.get_hours())) * 60 + span.get_minutes()) * 60 + span.get_seconds()) as f64)
}

fn metric(rows: &mut Rows, row: &Value) -> Result<(), Error> {
    let Some(id) = id(row, rows, &["alert_rule"]) else { return Ok(()) };
    let groups = items(row, "/properties/actions").filter_map(|one| text(one, "/actionGroupId")).map(|id| lower(&id));
    let watched = items(row, "/properties/criteria/allOf").map(|one| {
        let values =
            items(one, "/dimensions").flat_map(|dimension| items(dimension, "/values")).filter_map(Value::as_str);
        let name = text(one, "/metricName").unwrap_or_default();
        std::iter::once(name).chain(values.map(str::to_owned)).collect::<Vec<_>>().join(" ")
    });
    let over = items(row, "/properties/scopes").filter_map(Value::as_str).map(lower);
    let watched = watched.chain(over).collect::<Vec<_>>().join(" ");
    rows.insert(&AlertRule {
        id,
        name: foreign(row, "/name"),
        kind: "metric".to_owned(),
        enabled: truth(row, "/properties/enabled") != Some(false),
        actions: joined(groups).map(Into::into),
        metric: Some(watched.into()),
    })
}

/// Everything that a group can tell. A mail address that was unsubscribed is told nothing.
const RECEIVERS: [&str; 11] = [
    "emailReceivers",
    "smsReceivers",
    "voiceReceivers",
    "webhookReceivers",
    "armRoleReceivers",
    "azureAppPushReceivers",
    "itsmReceivers",
    "logicAppReceivers",
    "azureFunctionReceivers",
    "automationRunbookReceivers",
    "eventHubReceivers",
];

fn group(rows: &mut Rows, row: &Value) -> Result<(), Error> {
    let Some(id) = id(row, rows, &["action_group"]) else { return Ok(()) };
    let all = RECEIVERS.iter().flat_map(|kind| items(row, &format!("/properties/{kind}")).collect::<Vec<_>>());
    let reached =
        all.filter(|one| text(one, "/status").is_none_or(|status| !status.eq_ignore_ascii_case("Disabled"))).count();
    rows.insert(&ActionGroup {
        id,
        name: foreign(row, "/name"),
        enabled: truth(row, "/properties/enabled") != Some(false),
        receivers: i64::try_from(reached).unwrap_or(i64::MAX),
    })
}
