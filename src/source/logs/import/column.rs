//! Which column of an exported log holds which field of a record, by its name. Pure.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::config::LogColumns;
use crate::source::logs::columns::{Field, LOGGED, POLICY, SUFFIXES, lacking};

/// How many fields there are.
pub(super) const FIELDS: usize = Field::ALL.len();

/// What a column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// `None`: it only tells which schema this is.
    pub(super) field: Option<Field>,
    /// Among several columns for a field the lowest rank that is not empty wins.
    pub(super) rank: u8,
    pub(super) of_policy: bool,
    /// Stands for its name alone.
    number: u8,
}

/// All columns that mean something.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    by_name: HashMap<Box<str>, Column, FixedState>,
}

impl Columns {
    /// The columns as documented, save those that the configuration renames.
    pub(super) fn new(renamed: &LogColumns) -> Columns {
        let mut columns = Columns { by_name: HashMap::default() };
        columns.add(Some(Field::Time), renamed.of(Field::Time.column()).unwrap_or(LOGGED), 0, false);
        columns.add(Some(Field::Time), Field::Time.column(), SUFFIXES.len(), false);
        for field in Field::of_record() {
            columns.add(Some(field), renamed.of(field.column()).unwrap_or(field.column()), 0, false);
        }
        POLICY.into_iter().for_each(|(name, field)| columns.add(field, name, SUFFIXES.len(), true));
        columns
    }

    fn add(&mut self, field: Option<Field>, name: &str, first: usize, of_policy: bool) {
        for (suffix, rank) in SUFFIXES.iter().zip(first..) {
            let number = self.by_name.len() as u8;
            let column = Column { field, rank: rank as u8, of_policy, number };
            self.by_name.entry(format!("{name}{suffix}").into()).or_insert(column);
        }
    }

    /// What the column of this name stands for; `None`: nothing that is read.
    pub(super) fn of(&self, name: &str) -> Option<Column> {
        self.by_name.get(name).copied()
    }
}

/// Which columns the records of a log had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Schema {
    fields: u16,
    of_policy: u8,
    names: u128,
}

impl Schema {
    /// Notes a column; false if it was noted before.
    pub(super) fn saw(&mut self, column: Column) -> bool {
        if column.of_policy {
            self.of_policy |= 1 << u8::from(column.field != Some(Field::Name));
        }
        self.fields |= column.field.map_or(0, |field| 1 << field as u16);
        let name = 1 << (column.number & 127);
        let is_new = self.names & name == 0;
        self.names |= name;
        is_new
    }

    pub(super) fn add(&mut self, other: Schema) {
        self.fields |= other.fields;
        self.of_policy |= other.of_policy;
        self.names |= other.names;
    }

    pub(super) fn is_empty(self) -> bool {
        self.names == 0
    }

    pub(super) fn has(self, field: Field) -> bool {
        self.fields & (1 << field as u16) != 0
    }

    /// Whether a record tells at all who called.
    pub(super) fn names_caller(self) -> bool {
        self.has(Field::Principal) || self.has(Field::Name)
    }

    /// As `log_table.shape` has it.
    pub(super) fn shape(self) -> &'static str {
        match () {
            () if self.has(Field::Principal) => "documented",
            () if self.of_policy == 0b11 && self.has(Field::Name) => "gateway-policy",
            () if self.has(Field::Name) => "documented",
            () => "unknown",
        }
    }

    /// As `log_table.lacks` has it.
    pub(super) fn lacks(self) -> Option<String> {
        lacking(|field| self.has(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str]) -> Schema {
        let columns = Columns::new(&LogColumns::default());
        let mut schema = Schema::default();
        names.iter().filter_map(|name| columns.of(name)).for_each(|column| assert!(schema.saw(column)));
        schema
    }

    #[test]
    fn every_flavour_of_a_column_is_the_same_field() {
        let columns = Columns::new(&LogColumns::default());
        for name in ["caller_oid", "caller_oid_s", "caller_oid_g"] {
            assert_eq!(columns.of(name).unwrap().field, Some(Field::Principal), "{name}");
        }
        assert_eq!(columns.of("response_status_d").unwrap().field, Some(Field::Status));
        assert_eq!(columns.of("timestamp_t").unwrap().field, Some(Field::Time));
        assert!(columns.of("TimeGenerated").unwrap().rank < columns.of("timestamp").unwrap().rank);
        assert!(columns.of("caller_oid_hash").is_none());
        assert!(columns.by_name.len() <= 128, "each name has a bit of its own");
    }

    #[test]
    fn a_column_that_comes_again_is_noticed() {
        let columns = Columns::new(&LogColumns::default());
        let mut schema = schema(&["caller_oid", "caller_oid_g", "caller_upn"]);
        assert!(!schema.saw(columns.of("caller_oid").unwrap()));
        assert!(schema.saw(columns.of("caller_oid_s").unwrap()));
    }

    #[test]
    fn a_renamed_column_takes_the_place_of_the_documented_one() {
        let renamed = LogColumns { caller_oid: Some("who".to_owned().try_into().unwrap()), ..LogColumns::default() };
        let columns = Columns::new(&renamed);
        assert_eq!(columns.of("who").unwrap().field, Some(Field::Principal));
        assert_eq!(columns.of("caller_oid"), None);
    }

    #[test]
    fn a_schema_is_told_by_its_columns() {
        assert_eq!(schema(&["TimeGenerated", "caller_oid_g", "caller_upn_s"]).shape(), "documented");
        assert_eq!(schema(&["timestamp", "caller", "tool", "method", "body"]).shape(), "gateway-policy");
        assert_eq!(schema(&["TimeGenerated", "Computer"]).shape(), "unknown");
        assert_eq!(schema(&["caller_oid", "caller_upn", "tool", "method"]).shape(), "documented");
        let lacks = schema(&["timestamp", "caller", "tool"]).lacks().unwrap();
        assert_eq!(lacks, "principal server scope resource status latency_ms request item");
    }
}
