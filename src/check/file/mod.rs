//! Reads one check file: metadata, one SELECT, cases. Pure: no file, no database; what the SQL means is not known here.

mod fields;
mod split;

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::types::Value;
use toml::de::DeValue;

use self::fields::{Block, Field, Fields};
use super::Check;
use super::control::frameworks;
use super::place::{Refused, Source, did_you_mean};
use crate::model::{Param, Severity, Status, stamp};
use crate::text::is_harmless;

/// The time of a case that does not say its own.
const CASE_NOW: &str = "2026-06-01T00:00:00Z";

/// A check file that reads well.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The check.
    pub check: Check,
    /// Its own tests.
    pub cases: Vec<Case>,
    /// Where the SELECT starts in the file, in bytes.
    pub sql_at: usize,
}

/// One test of a check: rows in, statuses out.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What it shows.
    pub name: String,
    /// Where it starts in the file, in bytes.
    pub at: usize,
    /// The time that the check is told.
    pub now: String,
    /// The tables that count as not completely collected, with their place in the file.
    pub incomplete: Vec<(String, usize)>,
    /// The rows.
    pub rows: Vec<CaseRow>,
    /// What must come out.
    pub expect: Expect,
}

/// One row that a case puts into a table.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseRow {
    /// The table.
    pub table: String,
    /// Where the row starts in the file, in bytes.
    pub at: usize,
    /// Column, its place in the file, value.
    pub values: Vec<(String, usize, Value)>,
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    /// The verdict of the whole check.
    Verdict(Status),
    /// The status of each subject; no other subject may fail or be unknown.
    Subjects(BTreeMap<String, Status>),
}

/// Reads the text of `file`, which lies at `path` (`1-consents/gateway-grant.sql`) below its folder of checks.
///
/// # Errors
/// The first thing that is wrong, with its place in the file and what to do.
pub fn parse(file: &str, path: &str, text: &str) -> Result<Parsed, Refused> {
    let source = Source { file, text };
    let (id, step) = identity(source, path)?;
    let parts = split::split(source)?;
    let block = |range: std::ops::Range<usize>| Block { source, start: range.start, text: &text[range] };
    let sql = &text[parts.sql.clone()];
    let first = sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    if !["SELECT", "WITH"].iter().any(|word| word.eq_ignore_ascii_case(first)) {
        return Err(source.refuse(parts.sql.start, "a check is one SELECT, or WITH … SELECT"));
    }
    let mut check = metadata(block(parts.metadata).fields()?)?;
    (check.id, check.step, check.sql, check.text) = (id, step, sql.to_owned(), text.to_owned());
    let cases = match parts.cases {
        Some(range) => cases(block(range))?,
        None => Vec::new(),
    };
    Ok(Parsed { check, cases, sql_at: parts.sql.start })
}

fn identity(source: Source<'_>, path: &str) -> Result<(String, String), Refused> {
    let id = path.strip_suffix(".sql").unwrap_or_default();
    if !id.split('/').all(is_name) {
        let what = "the path of a check is lower-case letters, digits and hyphens, and ends in .sql; rename it";
        return Err(source.refuse(0, what));
    }
    match id.split_once('/') {
        Some((step, _)) => Ok((id.to_owned(), step.to_owned())),
        None => Err(source.refuse(0, "a check lies in the folder of its step, such as 1-consents/; move it there")),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-'))
}

fn metadata(mut fields: Fields<'_>) -> Result<Check, Refused> {
    let check = Check {
        id: String::new(),
        step: String::new(),
        title: fields.need("title")?.word("one line that names the bad state and has no leading \"Ensure\"", title)?,
        proven: fields
            .take("proven")
            .map(|field| field.word("one line that says what a pass proves", title))
            .transpose()?,
        severity: fields.need("severity")?.word("info, low, medium, high or critical", Severity::parse)?,
        why: fields.need("why")?.text()?,
        fix: fields.need("fix")?.text()?,
        item: fields.take("item").map(item).transpose()?,
        action: fields.take("action").map(action).transpose()?,
        monotone: fields.take("monotone").map(Field::boolean).transpose()?.unwrap_or(false),
        applies: fields.take("applies").map(Field::text).transpose()?,
        unseen: fields.take("unseen").map(Field::boolean).transpose()?.unwrap_or(false),
        controls: fields.take("controls").map(controls).transpose()?.unwrap_or_default(),
        params: fields.take("params").map(params).transpose()?.unwrap_or_default(),
        sql: String::new(),
        text: String::new(),
    };
    fields.end()?;
    Ok(check)
}

fn title(text: &str) -> Option<String> {
    let first = text.split_whitespace().next()?;
    (!first.eq_ignore_ascii_case("ensure") && text.chars().all(is_harmless)).then(|| text.to_owned())
}

fn item(field: Field<'_>) -> Result<String, Refused> {
    field.word("an item of the hardening checklist, such as hardening/4 or isolation/ingress", |name| {
        crate::check::item::place(name).map(|_| name.to_owned())
    })
}

fn action(field: Field<'_>) -> Result<String, Refused> {
    field.word("the name of a remediation: lower-case letters, digits and hyphens", |name| {
        is_name(name).then(|| name.to_owned())
    })
}

fn controls(field: Field<'_>) -> Result<BTreeMap<String, Vec<String>>, Refused> {
    let known = || frameworks().keys().map(String::as_str);
    let one = |field: Field<'_>| match frameworks().contains_key(&field.key) {
        true => Ok((field.key.clone(), field.texts()?)),
        false => {
            let hint = did_you_mean(&field.key, known());
            let all = known().collect::<Vec<_>>().join(", ");
            Err(field.refuse_key(format!("no control framework `{}`{hint}; known are {all}", field.key)))
        }
    };
    field.table()?.rest().into_iter().map(one).collect()
}

fn params(field: Field<'_>) -> Result<BTreeMap<String, Param>, Refused> {
    let one = |field: Field<'_>| {
        let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if !field.key.starts_with(|c: char| c.is_ascii_lowercase()) || !field.key.chars().all(word) {
            return Err(field.refuse_key("a parameter is lower-case letters, digits and underscores"));
        }
        if field.key == "now" {
            return Err(field.refuse_key("`:now` is the time of the evidence; choose another name"));
        }
        let name = field.key.clone();
        let value = match &field.value {
            DeValue::String(_) => Param::Text(field.text()?),
            _ => Param::Integer(field.integer()?),
        };
        Ok((name, value))
    };
    field.table()?.rest().into_iter().map(one).collect()
}

fn cases(block: Block<'_>) -> Result<Vec<Case>, Refused> {
    let mut fields = block.fields()?;
    let cases = match fields.take("case") {
        Some(field) => field.array()?.into_iter().map(|field| case(field.table()?)).collect::<Result<_, _>>()?,
        None => Vec::new(),
    };
    fields.end()?;
    Ok(cases)
}

fn case(mut fields: Fields<'_>) -> Result<Case, Refused> {
    let at = fields.offset();
    let name = fields.need("name")?.text()?;
    let expect = expect(fields.need("expect")?)?;
    let now = fields.take("now").map(|field| field.word("a time such as 2026-06-01T00:00:00Z", time)).transpose()?;
    let mut incomplete = Vec::new();
    for field in fields.take("incomplete").map(Field::array).transpose()?.unwrap_or_default() {
        let at = field.offset();
        incomplete.push((field.text()?, at));
    }
    let mut rows = Vec::new();
    for table in fields.rest() {
        // A key that is no array of rows is more likely a misspelt key than a table.
        if !table.value.is_array() {
            let hint = did_you_mean(&table.key, ["name", "expect", "now", "incomplete"]);
            return Err(table.refuse_key(format!("`{}` must be the rows of a table: [{{ … }}]{hint}", table.key)));
        }
        let name = table.key.clone();
        for item in table.array()? {
            rows.push(row(&name, item)?);
        }
    }
    Ok(Case { name, at, now: now.unwrap_or_else(|| CASE_NOW.to_owned()), incomplete, rows, expect })
}

fn expect(field: Field<'_>) -> Result<Expect, Refused> {
    let status = |field: Field<'_>| field.word("\"pass\", \"fail\" or \"unknown\"", Status::parse);
    if !field.value.is_table() {
        return status(field).map(Expect::Verdict);
    }
    let subjects: BTreeMap<_, _> = {
        let empty = field.refuse("`expect` names no subject; say \"pass\" if nothing must be found");
        let subjects = field.table()?.rest();
        if subjects.is_empty() {
            return Err(empty);
        }
        subjects.into_iter().map(|field| Ok((field.key.clone(), status(field)?))).collect::<Result<_, _>>()?
    };
    Ok(Expect::Subjects(subjects))
}

fn row(table: &str, field: Field<'_>) -> Result<CaseRow, Refused> {
    let at = field.offset();
    let mut values = Vec::new();
    for column in field.table()?.rest() {
        values.push((column.key.clone(), column.offset(), value(column)?));
    }
    Ok(CaseRow { table: table.to_owned(), at, values })
}

/// A TOML value as a column holds it: times in UTC, truth as a number.
fn value(field: Field<'_>) -> Result<Value, Refused> {
    let is_time = field.key.ends_with("_at") || field.key == "at";
    match &field.value {
        DeValue::Boolean(truth) => Ok(Value::Integer(i64::from(*truth))),
        DeValue::Integer(_) => field.integer().map(Value::Integer),
        DeValue::String(text) if !is_time => Ok(Value::Text(text.clone().into_owned())),
        DeValue::Datetime(at) if !is_time => Ok(Value::Text(at.to_string())),
        DeValue::String(_) | DeValue::Datetime(_) => {
            field.word("a time such as 2026-06-01T00:00:00Z, or a date", time).map(Value::Text)
        }
        _ => Err(field.refuse(format!("`{}` must be a text, a number, a truth value, or a time", field.key))),
    }
}

/// A time as evidence stores it. A date is its first second in UTC.
fn time(text: &str) -> Option<String> {
    let instant = text.parse::<Timestamp>().ok();
    let date = || text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == 10);
    let at = instant.or_else(|| Some(date()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp()))?;
    Some(stamp(at))
}

#[cfg(test)]
mod tests;
