//! The kinds of table that there are, and those that cannot answer.

use super::*;

fn schema(columns: &[(&str, &str)]) -> Vec<(String, String)> {
    let own = [("TenantId", "string"), ("TimeGenerated", "datetime"), ("Type", "string")];
    own.iter().chain(columns).map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

fn find(columns: &[(&str, &str)]) -> Result<Columns, Cause> {
    Columns::find(&schema(columns), &LogColumns::default())
}

fn of(columns: &[(&str, &str)], placeholder: &str) -> String {
    find(columns).unwrap().expression(placeholder).unwrap().as_str().to_owned()
}

const NEW: [(&str, &str); 4] =
    [("caller_oid", "string"), ("caller_upn", "string"), ("response_status", "long"), ("resource_accessed", "string")];

const OLD: [(&str, &str); 5] = [
    ("timestamp_t", "datetime"),
    ("caller_oid_g", "string"),
    ("caller_upn_s", "string"),
    ("response_status_d", "real"),
    ("latency_ms_d", "real"),
];

#[test]
fn a_new_table_has_bare_columns() {
    assert_eq!(of(&NEW, "caller_name"), r#"column_ifexists("caller_upn", "")"#);
    assert_eq!(of(&NEW, "at"), "TimeGenerated");
    assert_eq!(find(&NEW).unwrap().lacking(), ["server", "tool", "scope", "latency_ms", "request", "item"]);
    assert_eq!(of(&NEW, "server"), "\"\"");
}

#[test]
fn an_old_table_has_suffixes_and_guids_are_texts() {
    assert_eq!(of(&OLD, "principal"), r#"tolower(trim(@"\s+", column_ifexists("caller_oid_g", "")))"#);
    assert_eq!(of(&OLD, "at"), r#"coalesce(column_ifexists("timestamp_t", todatetime("")), TimeGenerated)"#);
    assert_eq!(
        of(&OLD, "status"),
        r#"toint(extract(@"^\s*(\d{3})\b", 1, tostring(column_ifexists("response_status_d", real(null)))))"#
    );
}

#[test]
fn a_migrated_table_has_both_and_either_may_hold_the_value() {
    let both = [&NEW[..], &OLD[..]].concat();
    assert_eq!(
        of(&both, "caller_name"),
        r#"coalesce(column_ifexists("caller_upn", ""), column_ifexists("caller_upn_s", ""))"#
    );
    let ids = [Kql::text("a").unwrap(), Kql::text("b").unwrap()];
    assert_eq!(
        find(&both).unwrap().callers(&ids, &ids[..1]).as_str(),
        r#"column_ifexists("caller_oid", "") in~ ("a", "b") or column_ifexists("caller_oid_g", "") in~ ("a", "b") or column_ifexists("caller_upn", "") in~ ("a") or column_ifexists("caller_upn_s", "") in~ ("a")"#
    );
}

#[test]
fn without_names_no_record_without_a_name_is_asked_for() {
    let ids = [Kql::text("a").unwrap()];
    assert_eq!(find(&NEW).unwrap().callers(&ids, &[]).as_str(), r#"column_ifexists("caller_oid", "") in~ ("a")"#);
    assert_eq!(find(&NEW).unwrap().callers(&[], &[]).as_str(), "false");
}

#[test]
fn the_table_of_the_policy_is_told_from_the_documented_one() {
    let policy =
        [("timestamp", "string"), ("caller", "string"), ("tool", "string"), ("method", "string"), ("body", "string")];
    let found = find(&policy).unwrap();
    assert_eq!(found.shape, Shape::GatewayPolicy);
    assert!(found.lacking().contains(&"principal") && found.lacking().contains(&"resource"));
    let (ids, names) = ([Kql::text("a").unwrap()], [Kql::text("b").unwrap()]);
    assert_eq!(found.callers(&ids, &names).as_str(), r#"column_ifexists("caller", "") in~ ("a", "b")"#);
    let at = found.expression("at").unwrap();
    assert!(at.as_str().starts_with(r#"iff(column_ifexists("timestamp", "") matches regex"#), "{at:?}");
}

#[test]
fn what_cannot_answer_is_refused_with_what_there_is() {
    for columns in [&[("Computer", "string")][..], &[("caller_oid", "string")][..]] {
        let mut schema = schema(columns);
        schema.retain(|(name, _)| columns.len() > 1 || columns[0].0 == "Computer" || name != "TimeGenerated");
        let cause = Columns::find(&schema, &LogColumns::default()).unwrap_err();
        assert_eq!(cause.kind, GapKind::NotConfigured);
    }
}

#[test]
fn a_configured_column_has_to_exist() {
    let configured: LogColumns = toml::from_str("caller-oid = \"who\"").unwrap();
    let found = Columns::find(&schema(&[("who", "guid")]), &configured).unwrap();
    let expression = found.expression("principal").unwrap();
    assert!(expression.as_str().contains(r#"tostring(column_ifexists("who", guid(null)))"#));
    let configured: LogColumns = toml::from_str("caller-oid = \"caller_id\"").unwrap();
    let cause = Columns::find(&schema(&NEW), &configured).unwrap_err();
    assert_eq!(cause.needs.as_deref(), Some("[logs.columns] caller-oid"));
    assert!(cause.detail.unwrap().raw().contains("did you mean caller_oid?"));
}
