//! A row of a list that may be unreadable alone: the others are kept, and how many are lost is for the caller to say.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::model::{Cause, GapKind};

/// A row as it was meant, or nothing where it lacks what it is known by.
#[derive(Debug, Clone)]
pub struct Lenient<T>(pub Option<T>);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Lenient<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Lenient<T>, D::Error> {
        let row = Box::<RawValue>::deserialize(from)?;
        Ok(Lenient(serde_json::from_str(row.get()).ok()))
    }
}

/// That so many rows of a list say nothing that could be kept.
pub(super) fn lost(rows: usize) -> Cause {
    let what = if rows == 1 { "1 row of the list" } else { &format!("{rows} rows of the list") };
    Cause::new(GapKind::Truncated, format!("{what} came without what it takes to know it by"))
        .needing("look at the list by hand; the service leaves out what the identity may not read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Row {
        id: String,
    }

    #[test]
    fn one_unreadable_row_does_not_take_the_others_with_it() {
        let rows: Vec<Lenient<Row>> = serde_json::from_str(r#"[{"id":"a"}, {}, null, {"id":7}, {"id":"b"}]"#).unwrap();
        let kept: Vec<String> = rows.into_iter().filter_map(|row| row.0).map(|row| row.id).collect();
        assert_eq!(kept, ["a", "b"]);
    }
}
