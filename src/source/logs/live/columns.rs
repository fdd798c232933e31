//! Which columns of a table hold which field of a record. Tables of the older kind carry suffixes, a migrated table has
//! both, and a gateway that was set up from the policy alone writes other fields. Pure: it asks nothing.

use crate::config::LogColumns;
use crate::model::{Cause, GapKind};
use crate::source::logs::columns::{Field, LOGGED, POLICY, SUFFIXES};
use crate::source::logs::kql::{Kql, is_name};
use crate::text::nearest;

const NO_INSTANT: &str = "todatetime(\"\")";

/// Who wrote the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Documented,
    GatewayPolicy,
}

impl Shape {
    /// As evidence has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Shape::Documented => "documented",
            Shape::GatewayPolicy => "gateway-policy",
        }
    }
}

/// A column as the schema has it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Column {
    name: Kql,
    kind: String,
}

/// Where each field of a record is.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) shape: Shape,
    timestamp: Vec<Column>,
    fields: Vec<(&'static str, Vec<Column>)>,
}

impl Columns {
    /// Finds the fields in a `schema` of names and types.
    pub(super) fn find(schema: &[(String, String)], configured: &LogColumns) -> Result<Columns, Cause> {
        let schema: Vec<_> = schema.iter().filter(|(name, _)| is_name(name)).collect();
        let timestamp = named(&schema, Field::Time.column(), configured)?;
        let mut fields = Vec::new();
        for field in Field::of_record() {
            fields.push((field.name(), named(&schema, field.column(), configured)?));
        }
        let found = Columns { shape: Shape::Documented, timestamp, fields };
        if !schema.iter().any(|(name, _)| name == LOGGED) {
            return Err(unanswerable("it has no column TimeGenerated"));
        }
        if found.has("principal") || found.has("caller_name") {
            return Ok(found);
        }
        found.of_policy(&schema).ok_or_else(|| {
            let names: Vec<&str> = schema.iter().map(|(name, _)| name.as_str()).take(20).collect();
            unanswerable(&format!("no column says who called; it has {}", names.join(", ")))
        })
    }

    fn of_policy(mut self, schema: &[&(String, String)]) -> Option<Columns> {
        self.shape = Shape::GatewayPolicy;
        for (column, field) in POLICY {
            let found = suffixed(schema, column);
            let field = field.map(Field::name);
            self.fields
                .iter_mut()
                .filter(|(name, _)| Some(*name) == field)
                .for_each(|(_, columns)| *columns = found.clone());
        }
        (self.has("caller_name") && self.has("tool")).then_some(self)
    }

    /// The fields that this table has no column for.
    pub(super) fn lacking(&self) -> Vec<&'static str> {
        self.fields.iter().filter(|(_, columns)| columns.is_empty()).map(|(name, _)| *name).collect()
    }

    fn has(&self, field: &str) -> bool {
        !self.of(field).is_empty()
    }

    fn of(&self, field: &str) -> &[Column] {
        self.fields.iter().find(|(name, _)| *name == field).map_or(&[], |(_, columns)| columns)
    }

    /// The expression for a placeholder of a query, where it names a field.
    pub(super) fn expression(&self, placeholder: &str) -> Option<Kql> {
        match placeholder {
            "at" => Some(self.at()),
            "caller" => {
                Some(Kql::call("strcat", &[self.text("principal"), Kql::of("\" \""), self.text("caller_name")]))
            }
            "principal" => Some(Kql::call("tolower", &[self.trimmed("principal")])),
            "resource" => Some(self.trimmed("resource")),
            "status" => Some(Kql::call(
                "toint",
                &[Kql::call("extract", &[Kql::of(r#"@"^\s*(\d{3})\b""#), Kql::of("1"), self.text("status")])],
            )),
            "latency_ms" => Some(Kql::call("tolong", &[Kql::call("todouble", &[self.text("latency_ms")])])),
            _ => self.fields.iter().any(|(name, _)| *name == placeholder).then(|| self.text(placeholder)),
        }
    }

    /// Which records are of the callers: by object id, and by name.
    pub(super) fn callers(&self, principals: &[Kql], names: &[Kql]) -> Kql {
        let is_in = |column: &Column, values: &[Kql]| {
            (!values.is_empty()).then(|| Kql::binary(&column.text(), "in~", &Kql::list(values)))
        };
        let both = [principals, names].concat();
        let names = if self.shape == Shape::GatewayPolicy { &both } else { names };
        let by_id = self.of("principal").iter().filter_map(|column| is_in(column, principals));
        let by_name = self.of("caller_name").iter().filter_map(|column| is_in(column, names));
        Kql::any(&by_id.chain(by_name).collect::<Vec<_>>())
    }

    /// When the call was made: by its own time, and by that of the log where it has none. A time that is written as text
    /// without its zone is no instant.
    fn at(&self) -> Kql {
        let (instants, texts): (Vec<&Column>, Vec<&Column>) =
            self.timestamp.iter().partition(|column| column.kind == "datetime");
        match texts.first() {
            Some(text) if instants.is_empty() => written(&text.text()),
            _ => {
                let logged = Kql::of(LOGGED);
                first(&instants.iter().map(|column| column.read()).chain([logged]).collect::<Vec<_>>(), NO_INSTANT)
            }
        }
    }

    fn text(&self, field: &str) -> Kql {
        first(&self.of(field).iter().map(Column::text).collect::<Vec<_>>(), "\"\"")
    }

    fn trimmed(&self, field: &str) -> Kql {
        Kql::call("trim", &[Kql::of(r#"@"\s+""#), self.text(field)])
    }
}

impl Column {
    /// The column by its name as a literal, so that a name can be a word of the language.
    fn read(&self) -> Kql {
        let absent = match self.kind.as_str() {
            "string" => "\"\"",
            "datetime" => NO_INSTANT,
            "guid" => "guid(null)",
            "int" | "long" => "long(null)",
            "real" | "decimal" => "real(null)",
            _ => "dynamic(null)",
        };
        Kql::call("column_ifexists", &[self.name.clone(), Kql::of(absent)])
    }

    fn text(&self) -> Kql {
        if self.kind == "string" { self.read() } else { Kql::call("tostring", &[self.read()]) }
    }
}

/// The instant that a text tells; none for one without its zone.
fn written(text: &Kql) -> Kql {
    let zoned = Kql::of(r#"@"([zZ]|[+-]\d\d:?\d\d)\s*$""#);
    let is_instant = Kql::binary(text, "matches regex", &zoned);
    let is_empty = Kql::call("isempty", std::slice::from_ref(text));
    let otherwise = Kql::call("iff", &[is_empty, Kql::of(LOGGED), Kql::of(NO_INSTANT)]);
    Kql::call("iff", &[is_instant, Kql::call("todatetime", std::slice::from_ref(text)), otherwise])
}

/// The first that is not empty.
fn first(all: &[Kql], absent: &'static str) -> Kql {
    match all {
        [] => Kql::of(absent),
        [only] => only.clone(),
        _ => Kql::call("coalesce", all),
    }
}

/// The columns of a documented one: the configured, or all that are called like it.
fn named(schema: &[&(String, String)], documented: &str, configured: &LogColumns) -> Result<Vec<Column>, Cause> {
    let Some(wanted) = configured.of(documented) else { return Ok(suffixed(schema, documented)) };
    match schema.iter().find(|(name, _)| name == wanted) {
        Some((name, kind)) => Ok(column(name, kind).into_iter().collect()),
        None => {
            let near = nearest(wanted, schema.iter().map(|(name, _)| name.as_str()));
            let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
            let key = documented.replace('_', "-");
            Err(Cause::new(GapKind::NotConfigured, format!("the table has no column {wanted}{near}"))
                .needing(format!("[logs.columns] {key}")))
        }
    }
}

fn suffixed(schema: &[&(String, String)], name: &str) -> Vec<Column> {
    let is = |suffix: &str, found: &str| found.strip_prefix(name) == Some(suffix);
    let found = |suffix: &&str| schema.iter().find(|(found, _)| is(suffix, found));
    SUFFIXES.iter().filter_map(found).filter_map(|(name, kind)| column(name, kind)).collect()
}

fn column(name: &str, kind: &str) -> Option<Column> {
    Some(Column { name: Kql::text(name)?, kind: kind.to_owned() })
}

fn unanswerable(why: &str) -> Cause {
    Cause::new(GapKind::NotConfigured, format!("the table cannot answer the question: {why}"))
        .needing("[logs] table, or [logs.columns] caller-oid,")
}

#[cfg(test)]
mod tests;
