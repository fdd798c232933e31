//! What comes back empty, cut, late, odd or not at all is never "no activity".

use leaver::demo::{Faults, RetryAfter};
use serde_json::{Value, json};

use super::{Collected, INCIDENT, WHOLE, collected, estate};

const RECORDS: [&str; 3] = ["tool_call", "tool_call_hour", "last_activity"];

fn answer(columns: &[&str], rows: Value) -> Value {
    let columns: Vec<Value> = columns.iter().map(|name| json!({ "name": name, "type": "string" })).collect();
    json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": rows }] })
}

#[tokio::test]
async fn nothing_at_all_is_not_the_same_as_no_record() {
    for faults in [Faults::none().empty("/query"), Faults::none().no_content("/query"), Faults::none().html("/query")] {
        let found = collected(faults).await;
        for table in RECORDS {
            assert_eq!(found.gaps(table).len(), 1, "{table}");
        }
    }
    let found = collected(Faults::none().no_content("/query")).await;
    assert!(found.gaps("tool_call")[0].contains("which is not the same as no record"), "{:?}", found.gaps("tool_call"));
    for query in ["bounds", "last-activity", "calls-by-hour", "#calls"] {
        let found = collected(Faults::none().empty(query)).await;
        assert!(RECORDS.iter().any(|table| !found.gaps(table).is_empty()), "{query}");
    }
}

#[tokio::test]
async fn a_denied_workspace_names_the_permission() {
    let found = collected(Faults::none().status("/query", 403, "InsufficientAccessError")).await;
    for table in RECORDS {
        let gap = &found.gaps(table)[0];
        assert!(gap.starts_with("denied:") && gap.contains("(InsufficientAccessError)"), "{gap}");
        assert!(
            gap.ends_with("| Data.Read of the Log Analytics API and Log Analytics Reader on the workspace"),
            "{gap}"
        );
    }
}

#[tokio::test]
async fn a_partial_result_is_asked_again_in_halves() {
    let whole = &*WHOLE;
    let found = collected(Faults::none().page_size("#calls", 300).page_size("#hourly-activity", 400)).await;
    for table in RECORDS.into_iter().chain(["log_silence"]) {
        assert_eq!(found.gaps(table), Vec::<String>::new(), "{table}");
    }
    for sql in [
        "SELECT concat_ws('|', principal, caller_name, at, server, tool, resource, item) FROM tool_call ORDER BY 1",
        "SELECT concat_ws('|', hour_at, principal, caller_name, server, tool, directory, calls) FROM tool_call_hour ORDER BY 1",
        "SELECT concat_ws('|', from_at, until_at) FROM log_silence",
    ] {
        assert!(found.texts(sql) == whole.texts(sql), "{sql}");
    }
    assert!(found.asked("/query") > whole.asked("/query") + 10);
}

#[tokio::test]
async fn what_never_fits_is_a_gap_with_its_dates() {
    let found = collected(Faults::none().page_size("#calls-by-hour", 1)).await;
    let gaps = found.gaps("tool_call_hour");
    assert!(gaps.iter().any(|gap| gap.starts_with("truncated: ") && gap.contains(" to ")), "{gaps:?}");
    assert!(!found.gaps("tool_call").is_empty());
    assert!(found.asked("/query") < 300, "{}", found.asked("/query"));
}

#[tokio::test]
async fn a_query_that_runs_out_of_time_is_asked_for_less() {
    let found = collected(Faults::none().status("#calls-by-hour", 504, "GatewayTimeout").times(5)).await;
    assert_eq!(found.gaps("tool_call_hour"), Vec::<String>::new());
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
    let never = collected(Faults::none().status("#calls-by-hour", 504, "GatewayTimeout")).await;
    assert!(never.gaps("tool_call_hour")[0].contains("2026-02-24T06:00:00Z to 2026-05-25T06:00:00Z"));
    assert!(never.asked("/query") < 100, "{}", never.asked("/query"));
}

#[tokio::test]
async fn throttled_queries_are_asked_again() {
    let found = collected(Faults::none().throttle("/logs/", 3, RetryAfter::Seconds(0))).await;
    assert_eq!(found.gaps("tool_call"), Vec::<String>::new());
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
}

#[tokio::test]
async fn an_answer_without_the_columns_that_were_asked_for_is_malformed() {
    let other = answer(&["Category", "count_"], json!([["Administrative", 20839]]));
    for (query, table) in [
        ("bounds", "log_table"),
        ("calls-by-hour", "tool_call_hour"),
        ("#calls", "tool_call"),
        ("last-activity", "last_activity"),
    ] {
        let found = collected(Faults::none().answer(query, other.clone())).await;
        assert!(found.gaps(table).iter().any(|gap| gap.contains("the column ")), "{query}: {:?}", found.gaps(table));
    }
}

#[tokio::test]
async fn where_the_log_does_not_count_its_records_are_counted_here() {
    let whole = &*WHOLE;
    let faults = Faults::none().status("#calls-by-hour", 400, "BadArgumentError").page_size("#calls", 300);
    let found = collected(faults.status("last-activity", 400, "BadArgumentError")).await;
    let rows =
        "SELECT concat_ws('|', principal, caller_name, hour_at, server, tool, directory, status, calls, resources)
                FROM tool_call_hour ORDER BY 1";
    assert!(found.texts(rows) == whole.texts(rows));
    assert_eq!(found.gaps("tool_call_hour"), Vec::<String>::new());
    assert!(found.gaps("last_activity")[0].contains("(BadArgumentError)"));
    assert!(found.number("SELECT count(*) FROM last_activity") > 0);
}

#[tokio::test]
async fn times_without_a_zone_and_from_the_future_are_counted_not_placed() {
    let columns = [
        "at",
        "principal",
        "caller_name",
        "server",
        "tool",
        "scope",
        "resource",
        "status",
        "latency_ms",
        "request",
        "item",
    ];
    let row = |at: Value| json!([at, "x", "", "s", "t", "", "/a/b", "200", "7", "", ""]);
    let rows = json!([
        row(json!("2026-05-01T10:00:00")),
        row(Value::Null),
        row(json!("2027-01-01T00:00:00Z")),
        row(json!("2026-05-01T10:00:00.1234567Z"))
    ]);
    let found = collected(
        Faults::none().status("#calls-by-hour", 400, "BadArgumentError").answer("#calls", answer(&columns, rows)),
    )
    .await;
    let gaps = found.gaps("tool_call");
    assert!(gaps.iter().any(|gap| gap.contains("2 times a record had no readable time")), "{gaps:?}");
    assert!(gaps.iter().any(|gap| gap.contains("1 times a record had a time in the future")), "{gaps:?}");
    assert_eq!(
        found.texts("SELECT concat_ws(' ', at, status, latency_ms) FROM tool_call"),
        ["2026-05-01T10:00:00Z 200 7"]
    );
}

#[tokio::test]
async fn a_log_that_begins_late_does_not_cover_what_was_before() {
    let mut estate = estate();
    estate.rows_mut("arm/workspaceTables")[0]["properties"]["retentionInDays"] = json!(40);
    let found = Collected::of(estate, Faults::none(), |_| {}).await;
    for table in ["tool_call", "tool_call_hour"] {
        let gaps = found.gaps(table);
        assert!(gaps.len() == 1 && gaps[0].contains("90 days for MCPAuditLog_CL, it keeps 40"), "{gaps:?}");
    }
    assert_eq!(found.gaps("log_table"), Vec::<String>::new());
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
}

#[tokio::test]
async fn without_resource_manager_the_records_themselves_prove_the_window() {
    let found = collected(Faults::none().forbid("OperationalInsights").forbid("ResourceGraph")).await;
    for table in ["log_table", "tool_call", "tool_call_hour"] {
        assert_eq!(found.gaps(table), Vec::<String>::new(), "{table}");
    }
    assert_eq!(found.texts("SELECT ifnull(plan, 'unknown') FROM log_table"), ["unknown"]);
    let mut estate = estate();
    estate.rows_mut("arm/workspaceTables")[0]["properties"]["retentionInDays"] = json!(40);
    let found = Collected::of(
        estate,
        Faults::none().forbid("/OperationalInsights/").forbid("ResourceGraph").forbid("/tables/"),
        |_| {},
    )
    .await;
    assert!(
        found.gaps("tool_call")[0].contains("for how long it keeps them is not known"),
        "{:?}",
        found.gaps("tool_call")
    );
    assert!(found.gaps("log_table")[0].starts_with("denied"), "{:?}", found.gaps("log_table"));
}

#[tokio::test]
async fn hours_without_any_record_are_told() {
    let mut estate = estate();
    estate.rows_mut("logs/habits").retain(|habit| habit["days"] == "working");
    let found = Collected::of(estate, Faults::none(), |_| {}).await;
    let weekend = "SELECT count(*) FROM log_silence WHERE from_at <= '2026-05-16T00:00:00Z' AND until_at >= '2026-05-18T00:00:00Z'";
    assert_eq!(found.number(weekend), 1);
}

#[tokio::test]
async fn what_the_service_leaves_out_for_lack_of_permission_is_a_gap() {
    let mut body = answer(&["hour_at", "records"], json!([]));
    body["permissions"] =
        json!({ "resources": [{ "resourceId": "x", "dataSources": [{ "denyTables": ["MCPAuditLog_CL"] }] }] });
    let found = collected(Faults::none().answer("#hourly-activity", body)).await;
    assert!(found.gaps("tool_call")[0].starts_with("denied: the service left out"), "{:?}", found.gaps("tool_call"));
}
