//! What the query service sends: tables of rows whose values may be written in more than one way. A part is never taken
//! for the whole. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

/// An answer with status 200, complete or not.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/api/response-format>
#[derive(Debug, Deserialize)]
pub(super) struct Body {
    tables: Vec<Table>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default)]
    permissions: Option<Value>,
}

/// The rows of an answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Table {
    columns: Vec<Named>,
    pub(super) rows: Vec<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
}

impl Body {
    /// The service stopped half-way: too many rows, too much data, an engine that failed.
    pub(super) fn is_partial(&self) -> bool {
        self.error.as_ref().is_some_and(|error| !error.is_null())
    }

    /// Whether the caller was denied a part of what was asked for.
    pub(super) fn is_filtered(&self) -> bool {
        self.permissions.as_ref().is_some_and(denies)
    }

    /// The result itself; the others are about how it came to be.
    pub(super) fn table(mut self) -> Result<Table, Cause> {
        let malformed = || Cause::new(GapKind::Failed, "malformed answer: it has no table");
        if self.tables.is_empty() { Err(malformed()) } else { Ok(self.tables.swap_remove(0)) }
    }
}

/// A list of denied tables, wherever the service puts it.
fn denies(permissions: &Value) -> bool {
    match permissions {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let denied =
                name.eq_ignore_ascii_case("denyTables") && value.as_array().is_some_and(|list| !list.is_empty());
            denied || denies(value)
        }),
        Value::Array(list) => list.iter().any(denies),
        _ => false,
    }
}

impl Table {
    /// The rows as `columns` asked for them, in that order.
    pub(super) fn project<const N: usize>(&self, columns: [&str; N]) -> Result<Vec<[&Value; N]>, Cause> {
        let mut places = [0; N];
        for (place, wanted) in places.iter_mut().zip(columns) {
            let found = self.columns.iter().position(|column| column.name == wanted);
            *place = found.ok_or_else(|| lacking(wanted))?;
        }
        let row = |row: &'_ Vec<Value>| -> Result<(), Cause> {
            if row.len() == self.columns.len() { Ok(()) } else { Err(lacking("of a row")) }
        };
        self.rows.iter().try_for_each(row)?;
        Ok(self.rows.iter().map(|row| places.map(|place| row.get(place).unwrap_or(&Value::Null))).collect())
    }
}

impl Table {
    /// The rows by the names of their columns, each of which has to be there.
    pub(super) fn objects(&self, columns: &[&'static str]) -> Result<Vec<BTreeMap<&'static str, Value>>, Cause> {
        let place = |wanted: &&'static str| {
            let found = self.columns.iter().position(|column| column.name == *wanted);
            found.map(|place| (*wanted, place)).ok_or_else(|| lacking(wanted))
        };
        let places: Vec<(&'static str, usize)> = columns.iter().map(place).collect::<Result<_, _>>()?;
        let row = |row: &Vec<Value>| {
            if row.len() != self.columns.len() {
                return Err(lacking("of a row"));
            }
            Ok(places.iter().filter_map(|(name, place)| Some((*name, row.get(*place)?.clone()))).collect())
        };
        self.rows.iter().map(row).collect()
    }
}

fn lacking(column: &str) -> Cause {
    Cause::new(GapKind::Failed, format!("malformed answer: the column {column} is missing"))
}

/// A text that is not empty.
pub(super) fn text(value: &Value) -> Option<Untrusted> {
    match value {
        Value::String(text) => crate::source::logs::record::field(text).map(Untrusted::from),
        Value::Number(number) => Some(number.to_string().into()),
        Value::Bool(truth) => Some(truth.to_string().into()),
        _ => None,
    }
}

/// A whole number, which the service may write as a text or with a fraction.
pub(super) fn number(value: &Value) -> Option<i64> {
    let real = match value {
        Value::Number(number) => return number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    whole(real)
}

/// What is beyond the numbers that a `f64` holds exactly is no count.
fn whole(real: f64) -> Option<i64> {
    let fits = real.is_finite() && real.abs() < 9_007_199_254_740_992.0;
    fits.then_some(real as i64)
}

/// An instant: without a zone it is none.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn body(value: Value) -> Body {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn values_may_be_written_as_texts() {
        assert_eq!([json!(200), json!("200"), json!(200.0), json!("200.0")].map(|v| number(&v)), [Some(200); 4]);
        assert_eq!([json!(null), json!(""), json!("many"), json!(true), json!("1e300")].map(|v| number(&v)), [None; 5]);
        assert_eq!(text(&json!("  ")), None);
        assert_eq!(text(&json!(true)), Some("true".into()));
        assert_eq!(instant(&json!("2026-05-01T02:00:00")), None);
        assert_eq!(instant(&json!("2026-05-01T02:00:00.1234567Z")).unwrap().as_second(), 1_777_600_800);
    }

    #[test]
    fn a_part_is_told_from_the_whole() {
        let tables = json!([{ "name": "PrimaryResult", "columns": [{ "name": "a" }], "rows": [[1]] }]);
        assert!(!body(json!({ "tables": tables, "error": null })).is_partial());
        assert!(body(json!({ "tables": tables, "error": { "code": "PartialError" } })).is_partial());
        let denied = json!({ "resources": [{ "dataSources": [{ "denyTables": ["T"] }] }] });
        assert!(body(json!({ "tables": tables, "permissions": denied })).is_filtered());
        let allowed = json!({ "resources": [{ "dataSources": [{ "denyTables": [] }] }] });
        assert!(!body(json!({ "tables": tables, "permissions": allowed })).is_filtered());
        assert!(body(json!({ "tables": [] })).table().is_err());
        assert!(serde_json::from_value::<Body>(json!({})).is_err());
    }

    #[test]
    fn a_column_that_is_missing_is_no_empty_one() {
        let table = body(json!({ "tables": [{ "columns": [{ "name": "a" }, { "name": "b" }], "rows": [[1, 2]] }] }));
        let table = table.table().unwrap();
        assert_eq!(table.project(["b", "a"]).unwrap(), [[&json!(2), &json!(1)]]);
        assert!(table.project(["c"]).is_err());
        let short = body(json!({ "tables": [{ "columns": [{ "name": "a" }], "rows": [[]] }] }));
        assert!(short.table().unwrap().project(["a"]).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let value = json!(text);
            let _ = (number(&value), instant(&value), super::text(&value));
        }
    }
}
