//! What the table itself is: its columns, its first and last record, the hours without any, and whether it can answer
//! for the whole window at all. Nothing in it is about one person.

use jiff::{SignedDuration, Timestamp};

use super::answer::{Table, instant, number, text};
use super::ask::{Answered, Failure, Log};
use super::columns::{Columns, Shape};
use super::slice::{Sliced, Window, whole};
use super::{Part, Place, RECORDS, TABLES, days_before, fill, keep};
use crate::config::LogColumns;
use crate::evidence::row::LogTable;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::source::logs::kql::{Query, Template};
use crate::source::logs::liveness::{Hours, Window as Heard};
use crate::source::logs::tally::hour_of;

/// How much later than the window a log may begin that is known to be kept for as long: nobody may have worked then.
pub(super) const SLACK: SignedDuration = SignedDuration::from_hours(24);

/// Clocks differ by so much.
pub(super) const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Finds the fields of a record among the columns of the table.
pub(super) async fn columns(
    log: &Log<'_>,
    place: &Place<'_>,
    configured: &LogColumns,
    rows: &mut Rows,
) -> Result<Columns, Stop> {
    let answered = match log.ask(&schema(place), None).await {
        Ok(answered) => answered,
        Err(Failure::Refused(_)) => return Err(place.absent().await.into()),
        Err(failure) => return Err(failure.cause().into()),
    };
    keep(&answered.log, answered.filtered, rows)?;
    let schema = answered.table.project(["ColumnName", "ColumnType"])?;
    let known =
        |[name, kind]: [&serde_json::Value; 2]| Some((text(name)?.raw().to_owned(), text(kind)?.raw().to_owned()));
    let schema: Vec<(String, String)> = schema.into_iter().filter_map(known).collect();
    Ok(Columns::find(&schema, configured)?)
}

/// Whether the table is one of those that only the endpoint for searches takes questions about. Their plan tells that;
/// where nobody may see it, a question does: the other endpoint refuses it and this one does not.
pub(super) async fn is_searched(log: &Log<'_>, place: &Place<'_>) -> bool {
    let ask = async |search| Log { search, ..log.clone() }.ask(&schema(place), None).await;
    matches!(ask(false).await, Err(Failure::Refused(_))) && ask(true).await.is_ok()
}

fn schema(place: &Place<'_>) -> Query {
    fill(Template::Schema, place.table, None, |_| None)
}

/// What any caller left behind.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) first_at: Option<Timestamp>,
    last_at: Option<Timestamp>,
    records: i64,
    callers: i64,
}

/// Writes what the table is and says for which part of the window it cannot answer. False: there is nothing in it.
pub(super) async fn collect(
    part: &Part<'_>,
    columns: &Columns,
    unseen: Option<Cause>,
    rows: &mut Rows,
) -> Result<bool, Stop> {
    let query = |window| {
        let limit = part.log.limit(window);
        fill(Template::Bounds, part.name, Some(columns), |name| limit.clone().filter(|_| name == "window"))
    };
    let in_window = async |window| part.log.ask(&query(Some(window)), Some(window)).await;
    let sliced = whole(part.window, in_window).await;
    let found = bounds(&sliced, rows);
    let found = usable(found, &TABLES, rows)?.flatten();
    incomplete(&sliced, &TABLES, rows);
    let overall = match part.log.ask(&query(None), None).await {
        Ok(answered) => {
            let found = read(&answered, rows);
            usable(found, &RECORDS, rows)?.unwrap_or_default()
        }
        Err(Failure::Refused(_)) if found.is_none() => Bounds::default(),
        Err(failure) => {
            let cause = failure.cause();
            RECORDS.iter().for_each(|table| rows.gap(table, cause.clone()));
            Bounds::default()
        }
    };
    describe(part, columns, found, rows)?;
    limits(columns, rows);
    let Some(bounds) = found else { return Ok(true) };
    if let Some(first) = overall.first_at {
        retained(part, first, unseen, rows);
        silence(part, first, rows).await?;
    }
    future(part, overall.last_at, rows);
    if bounds.records == 0 {
        nothing(part, rows);
    }
    Ok(overall.first_at.is_some() || bounds.records > 0)
}

fn describe(part: &Part<'_>, columns: &Columns, found: Option<Bounds>, rows: &mut Rows) -> Result<(), Error> {
    let lacks = columns.lacking().join(" ");
    rows.insert(&LogTable {
        source: part.log.source.clone(),
        shape: columns.shape.name().to_owned(),
        plan: part.keeping.plan.clone(),
        retention_days: part.keeping.retention_days,
        lacks: (!lacks.is_empty()).then_some(lacks),
        from_at: part.asked_from,
        until_at: part.window.until,
        first_at: found.and_then(|found| found.first_at),
        last_at: found.and_then(|found| found.last_at),
        records: found.map(|found| found.records),
        callers: found.map(|found| found.callers),
    })
}

/// What this kind of table cannot say at all.
fn limits(columns: &Columns, rows: &mut Rows) {
    let lacking = columns.lacking();
    let detail = match columns.shape {
        Shape::GatewayPolicy => format!(
            "the table has the fields of the gateway's policy: no {}; a caller may be a name or an id",
            lacking.join(", ")
        ),
        Shape::Documented if lacking.contains(&"principal") => {
            "no column holds object ids: what acts without a user name cannot be told apart".to_owned()
        }
        Shape::Documented => return,
    };
    RECORDS.iter().for_each(|table| rows.gap(table, Cause::new(GapKind::NotExposed, detail.as_str())));
}

/// The days before the first record are not covered, unless the table is known to keep them.
fn retained(part: &Part<'_>, first: Timestamp, unseen: Option<Cause>, rows: &mut Rows) {
    let from = part.asked_from;
    let kept = part.keeping.retention_days.and_then(|days| days_before(part.window.until, days));
    let is_kept = kept.is_some_and(|kept| kept <= from);
    if first <= from || (is_kept && first.duration_since(from) <= SLACK) {
        return;
    }
    let days = part.window.until.duration_since(from).as_hours() / 24;
    let keeps = match part.keeping.retention_days {
        Some(days) => format!("it keeps {days}"),
        None => "for how long it keeps them is not known".to_owned(),
    };
    let detail = format!("the log begins at {}: {} to {} is not covered", stamp(first), stamp(from), stamp(first));
    let cause = Cause::new(GapKind::Retention, detail).needing(format!("{days} days for {}, {keeps}", part.name));
    ["tool_call_hour", "tool_call"].iter().for_each(|table| rows.gap(table, cause.clone()));
    if let Some(cause) = unseen {
        rows.gap("log_table", cause);
    }
}

fn future(part: &Part<'_>, last: Option<Timestamp>, rows: &mut Rows) {
    let Some(last) = last.filter(|last| last.duration_since(part.window.until) > SKEW) else { return };
    let detail = format!("the log holds records from the future, up to {}: a clock is wrong", stamp(last));
    RECORDS.iter().for_each(|table| rows.gap(table, Cause::new(GapKind::Failed, detail.as_str())));
}

fn nothing(part: &Part<'_>, rows: &mut Rows) {
    let (from, until) = (stamp(part.window.from), stamp(part.window.until));
    let detail = format!("no caller at all left a record from {from} to {until}");
    let needs = "[logs] table to the one that the gateway writes, or its diagnostic setting,";
    let cause = Cause::new(GapKind::NotConfigured, detail).needing(needs);
    RECORDS.iter().for_each(|table| rows.gap(table, cause.clone()));
}

/// Hours in which nobody left anything.
async fn silence(part: &Part<'_>, first: Timestamp, rows: &mut Rows) -> Result<(), Stop> {
    let ask = async |window: Window| {
        let limit = part.log.limit(Some(window));
        let query = fill(Template::HourlyActivity, part.name, None, |name| limit.clone().filter(|_| name == "window"));
        part.log.ask(&query, Some(window)).await
    };
    let sliced = whole(part.window, ask).await;
    let window = Heard { from: part.window.from.max(first), until: part.window.until };
    let mut hours = Hours::new(window);
    for answered in &sliced.answers {
        keep(&answered.log, answered.filtered, rows)?;
        let found = answered.table.project(["hour_at"]).map_err(Stop::from);
        let Some(active) = usable(found, &["log_silence"], rows)? else { return Ok(()) };
        active.into_iter().filter_map(|[hour]| instant(hour)).for_each(|hour| hours.hear(hour_of(hour).as_second()));
    }
    incomplete(&sliced, &["log_silence"], rows);
    if sliced.failed.is_empty() && sliced.refused.is_none() {
        hours.silences().iter().try_for_each(|silence| rows.insert(&silence.row(&part.log.source)))?;
    }
    Ok(())
}

/// An answer that is not what was asked for leaves its tables open; the records are still asked for.
fn usable<T>(found: Result<T, Stop>, tables: &[&'static str], rows: &mut Rows) -> Result<Option<T>, Stop> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(Stop::Gap(cause)) => {
            tables.iter().for_each(|table| rows.gap(table, cause.clone()));
            Ok(None)
        }
        Err(stop) => Err(stop),
    }
}

/// The bounds of all parts together; nothing where none of them was answered.
fn bounds(sliced: &Sliced, rows: &mut Rows) -> Result<Option<Bounds>, Stop> {
    let mut all: Option<Bounds> = None;
    for answered in &sliced.answers {
        let part = read(answered, rows)?;
        let known = all.unwrap_or(part);
        all = Some(Bounds {
            first_at: known.first_at.into_iter().chain(part.first_at).min(),
            last_at: known.last_at.into_iter().chain(part.last_at).max(),
            records: if all.is_some() { known.records + part.records } else { part.records },
            callers: known.callers.max(part.callers),
        });
    }
    Ok(all)
}

fn read(answered: &Answered, rows: &mut Rows) -> Result<Bounds, Stop> {
    keep(&answered.log, answered.filtered, rows)?;
    one_row(&answered.table)
}

pub(super) fn one_row(table: &Table) -> Result<Bounds, Stop> {
    let found = table.project(["first_at", "last_at", "records", "callers"])?;
    let malformed = || Cause::new(GapKind::Failed, "malformed answer: the first and the last record are missing");
    let [first, last, records, callers] = *found.first().ok_or_else(malformed)?;
    Ok(Bounds {
        first_at: instant(first),
        last_at: instant(last),
        records: number(records).ok_or_else(malformed)?,
        callers: number(callers).ok_or_else(malformed)?,
    })
}

/// Notes what could not be asked.
pub(super) fn incomplete(sliced: &Sliced, tables: &[&'static str], rows: &mut Rows) {
    for cause in sliced.gaps().chain(sliced.refused.clone()) {
        tables.iter().for_each(|table| rows.gap(table, cause.clone()));
    }
}
