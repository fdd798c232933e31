//! Which column of an exported log holds which field of a record, in every flavour that such tables have. Pure.
//! The suffixes are those of the retired Data Collector API:
//! <https://learn.microsoft.com/azure/azure-monitor/logs/data-collector-api#record-type-and-properties>.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use crate::config::LogColumns;

/// A field that an import reads, in the order of [`Raw`](super::raw::Raw).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Time,
    Principal,
    Name,
    Server,
    Tool,
    Scope,
    Resource,
    Status,
    Latency,
    Request,
    Item,
}

impl Field {
    /// Whether it holds a number; all others hold texts.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Field::Status | Field::Latency)
    }
}

/// How many there are.
pub(super) const FIELDS: usize = 11;

/// Suffixes in the order in which a value is looked for: a migrated table has the bare column and the old one.
const FLAVOURS: [&str; 5] = ["", "_s", "_g", "_d", "_t"];

/// The column of the time as documented; the one that every table has is better known.
pub(super) const STAMP: &str = "timestamp";

/// The column of the name in the policy of the article.
pub(super) const OTHER_NAME: &str = "caller";

/// Columns that only the policy of the article writes. It knows no object id and no resource.
const OF_POLICY: [(&str, Option<Field>); 4] =
    [(OTHER_NAME, Some(Field::Name)), ("tool", Some(Field::Tool)), ("method", None), ("body", None)];

/// What a column stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Column {
    /// `None`: it only tells which schema this is.
    pub(super) field: Option<Field>,
    /// Among several columns for a field the lowest rank that is not empty wins.
    pub(super) rank: u8,
    pub(super) of_policy: bool,
}

/// All columns that mean something.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    by_name: HashMap<Box<str>, Column, FixedState>,
    principal: Box<str>,
    name: Box<str>,
    time: Box<str>,
}

impl Columns {
    /// The columns as documented, save those that the configuration renames.
    pub(super) fn new(renamed: &LogColumns) -> Columns {
        let text = |name: &Option<crate::config::ColumnName>, usual: &str| -> Box<str> {
            name.as_ref().map_or(usual, |name| name.as_str()).into()
        };
        let mut columns = Columns {
            by_name: HashMap::default(),
            principal: text(&renamed.caller_oid, "caller_oid"),
            name: text(&renamed.caller_upn, "caller_upn"),
            time: text(&renamed.timestamp, "TimeGenerated"),
        };
        columns.add(Field::Time, &columns.time.clone(), 0);
        columns.add(Field::Time, STAMP, FLAVOURS.len());
        let (principal, name) = (columns.principal.clone(), columns.name.clone());
        for (field, name) in [
            (Field::Principal, principal),
            (Field::Name, name),
            (Field::Server, text(&renamed.mcp_server, "mcp_server")),
            (Field::Tool, text(&renamed.tool_name, "tool_name")),
            (Field::Scope, text(&renamed.scope_used, "scope_used")),
            (Field::Resource, text(&renamed.resource_accessed, "resource_accessed")),
            (Field::Status, text(&renamed.response_status, "response_status")),
            (Field::Latency, text(&renamed.latency_ms, "latency_ms")),
            (Field::Request, text(&renamed.apim_request_id, "apim_request_id")),
            (Field::Item, "_ItemId".into()),
        ] {
            columns.add(field, &name, 0);
        }
        for (name, field) in OF_POLICY {
            for (flavour, rank) in FLAVOURS.iter().zip(FLAVOURS.len()..) {
                let column = Column { field, rank: rank as u8, of_policy: true };
                columns.by_name.entry(format!("{name}{flavour}").into()).or_insert(column);
            }
        }
        columns
    }

    fn add(&mut self, field: Field, name: &str, first: usize) {
        for (flavour, rank) in FLAVOURS.iter().zip(first..) {
            let column = Column { field: Some(field), rank: rank as u8, of_policy: false };
            self.by_name.entry(format!("{name}{flavour}").into()).or_insert(column);
        }
    }

    /// What the column of this name stands for; `None`: nothing that is read.
    pub(super) fn of(&self, name: &str) -> Option<Column> {
        self.by_name.get(name).copied()
    }

    /// The name of the column with the caller's object id, without a suffix.
    pub(super) fn principal(&self) -> &str {
        &self.principal
    }

    /// The name of the column with the caller's name, without a suffix.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name of the column by which records are ordered, without a suffix.
    pub(super) fn time(&self) -> &str {
        &self.time
    }
}

/// Which columns the records of a log had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Schema {
    fields: u16,
    of_policy: u8,
}

impl Schema {
    pub(super) fn saw(&mut self, column: Column) {
        match column {
            Column { of_policy: true, field, .. } => {
                self.of_policy |= 1 << u8::from(field != Some(Field::Name));
                // Its caller is a name, and so is its tool.
                self.fields |= field.map_or(0, |field| 1 << field as u16);
            }
            Column { field, .. } => self.fields |= field.map_or(0, |field| 1 << field as u16),
        }
    }

    pub(super) fn add(&mut self, other: Schema) {
        self.fields |= other.fields;
        self.of_policy |= other.of_policy;
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
        const NAMES: [(Field, &str); 10] = [
            (Field::Principal, "principal"),
            (Field::Name, "caller_name"),
            (Field::Server, "server"),
            (Field::Tool, "tool"),
            (Field::Scope, "scope"),
            (Field::Resource, "resource"),
            (Field::Status, "status"),
            (Field::Latency, "latency_ms"),
            (Field::Request, "request"),
            (Field::Item, "item"),
        ];
        let lacking: Vec<&str> = NAMES.iter().filter(|(field, _)| !self.has(*field)).map(|(_, name)| *name).collect();
        (!lacking.is_empty()).then(|| lacking.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(names: &[&str]) -> Schema {
        let columns = Columns::new(&LogColumns::default());
        let mut schema = Schema::default();
        names.iter().filter_map(|name| columns.of(name)).for_each(|column| schema.saw(column));
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
