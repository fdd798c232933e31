//! The records of the callers in question: counted by the hour in Kusto, call by call where they are few, and when each
//! was last seen. Where the table cannot count, its records are counted here.

mod plan;
mod read;

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};

use self::plan::{Counts, Planned};
use self::read::{Unreadable, hours, last, records};
use super::ask::{Answered, Failure};
use super::columns::Columns;
use super::slice::{Window, whole};
use super::table::incomplete;
use super::{Part, RECORDS, fill, keep};
use crate::evidence::{Callers, Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::logs::kql::{Kql, Query, Template};
use crate::source::logs::record::directory;
use crate::source::logs::tally::{self, Tally};
use crate::text::Untrusted;

/// How many callers one query names.
const CALLERS: usize = 300;

/// Callers that are asked for together.
struct Batch<'a> {
    part: &'a Part<'a>,
    columns: &'a Columns,
    callers: Kql,
    /// Whose records another batch brings.
    known: BTreeSet<&'a str>,
}

/// Reads the records of everybody.
pub(super) async fn collect(part: &Part<'_>, columns: &Columns, rows: &mut Rows) -> Result<(), Stop> {
    let Callers { principals, names } = part.question.callers;
    let (ids, names) = (literals(principals, rows), literals(names, rows));
    let mut unreadable = Unreadable::new(part.window.until);
    for batch in batches(part, columns, &ids, &names) {
        batch.collect(&mut unreadable, rows).await?;
    }
    unreadable.gaps().for_each(|cause| RECORDS.iter().for_each(|table| rows.gap(table, cause.clone())));
    Ok(())
}

/// Names as they stand in a query.
fn literals(texts: &[Untrusted], rows: &mut Rows) -> Vec<Kql> {
    let found: Vec<Kql> = texts.iter().filter_map(|text| Kql::text(text.raw())).collect();
    if found.len() < texts.len() {
        let cause = Cause::new(GapKind::Unresolved, "a name with a line break in it was not asked for");
        RECORDS.iter().for_each(|table| rows.gap(table, cause.clone()));
    }
    found
}

/// One batch where that is possible. Otherwise a record that an id brings must not come again by its name.
fn batches<'a>(part: &'a Part<'a>, columns: &'a Columns, ids: &[Kql], names: &[Kql]) -> Vec<Batch<'a>> {
    let batch =
        |ids: &[Kql], names: &[Kql], known| Batch { part, columns, callers: columns.callers(ids, names), known };
    if ids.len() + names.len() <= CALLERS {
        return vec![batch(ids, names, BTreeSet::new())];
    }
    let known: BTreeSet<&str> = part.question.callers.principals.iter().map(Untrusted::raw).collect();
    let by_id = ids.chunks(CALLERS).map(|ids| batch(ids, &[], BTreeSet::new()));
    by_id.chain(names.chunks(CALLERS).map(|names| batch(&[], names, known.clone()))).collect()
}

impl Batch<'_> {
    async fn collect(&self, unreadable: &mut Unreadable, rows: &mut Rows) -> Result<(), Stop> {
        let seen = self.last_activity(rows).await?;
        let sliced = whole(self.part.window, async |window| self.ask(Template::CallsByHour, window, None).await).await;
        if sliced.refused.is_some() {
            return self.count_here(seen, unreadable, rows).await;
        }
        incomplete(&sliced, &["tool_call_hour", "tool_call"], rows);
        let mut all = Vec::new();
        for answered in &sliced.answers {
            keep(&answered.log, answered.filtered, rows)?;
            match hours(self, &answered.table, unreadable) {
                Ok(found) => all.extend(found),
                Err(cause) => {
                    rows.gap("tool_call_hour", cause);
                    return self.count_here(seen, unreadable, rows).await;
                }
            }
        }
        let mut counts = Counts::default();
        for row in &all {
            counts.add(row);
            rows.insert(row)?;
        }
        self.single_calls(&counts, unreadable, rows).await
    }

    /// Single calls of all hours that are not too busy, in as many queries as that takes.
    async fn single_calls(&self, counts: &Counts, unreadable: &mut Unreadable, rows: &mut Rows) -> Result<(), Stop> {
        let ask = async |planned: &Planned| {
            let without = (!planned.without.is_empty()).then(|| Kql::lines(&planned.without));
            whole(planned.window, async |window| self.ask(Template::Calls, window, without.clone()).await).await
        };
        let plan = counts.plan(self.part.window);
        let mut parts = stream::iter(&plan).map(ask).buffered(self.part.log.at_once());
        while let Some(sliced) = parts.next().await {
            incomplete(&sliced, &["tool_call"], rows);
            for answered in &sliced.answers {
                keep(&answered.log, answered.filtered, rows)?;
                for record in records(self, &answered.table, unreadable)? {
                    let place = record.resource.as_ref().map(|resource| directory(resource.raw()));
                    rows.insert(&tally::call(&self.part.log.source, &record, place))?;
                }
            }
        }
        Ok(())
    }

    /// The table does not count by the hour: fetch every record and count here.
    async fn count_here(&self, seen: bool, unreadable: &mut Unreadable, rows: &mut Rows) -> Result<(), Stop> {
        let sliced = whole(self.part.window, async |window| self.ask(Template::Calls, window, None).await).await;
        incomplete(&sliced, &["tool_call_hour", "tool_call"], rows);
        let mut tally = Tally::new(self.part.log.source.clone());
        for answered in &sliced.answers {
            keep(&answered.log, answered.filtered, rows)?;
            for record in records(self, &answered.table, unreadable)? {
                tally.add(&record.map(Untrusted::raw), rows)?;
            }
        }
        let last = tally.finish(rows)?;
        if !seen {
            last.iter().try_for_each(|row| rows.insert(row))?;
        }
        Ok(())
    }

    /// When the callers were last seen, however long ago. False: nobody could say.
    async fn last_activity(&self, rows: &mut Rows) -> Result<bool, Error> {
        let answered = match self.part.log.ask(&self.query(Template::LastActivity, None, None), None).await {
            Ok(answered) => answered,
            Err(failure) => {
                rows.gap("last_activity", failure.cause());
                return Ok(false);
            }
        };
        keep(&answered.log, answered.filtered, rows)?;
        let found = last(self, &answered.table);
        match found {
            Ok(found) => found.iter().try_for_each(|row| rows.insert(row))?,
            Err(cause) => rows.gap("last_activity", cause),
        }
        Ok(true)
    }

    async fn ask(&self, template: Template, window: Window, without: Option<Kql>) -> Result<Answered, Failure> {
        self.part.log.ask(&self.query(template, Some(window), without), Some(window)).await
    }

    fn query(&self, template: Template, window: Option<Window>, without: Option<Kql>) -> Query {
        fill(template, self.part.name, Some(self.columns), |placeholder| match placeholder {
            "window" => self.part.log.limit(window),
            "callers" => Some(self.callers.clone()),
            "without" => without.clone(),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests;
