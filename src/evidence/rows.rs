//! The rows of one data set while it is being read: added one by one, many at once, or while reading goes on.
//! What becomes of its counts and gaps is up to the writer.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::CachedStatement;

use super::row::{Column, Row};
use super::{Error, Tally, Writer, key};
use crate::model::{Cause, GapKind};

/// The rows of one data set while it is being read.
pub struct Rows {
    writer: Writer,
    pub(super) tally: Arc<Tally>,
    pub(super) objects: BTreeMap<&'static str, i64>,
    pub(super) gaps: Vec<(&'static str, Cause)>,
    beside: Option<JoinHandle<Result<Rows, Error>>>,
}

/// Adds rows of one table, one after the other.
pub struct Insert<'c, R> {
    statement: CachedStatement<'c>,
    /// The texts that are still bound from the row before.
    bound: Vec<Option<NonZeroU64>>,
    count: i64,
    /// What rows lacked that checks join them or judge by.
    lacking: BTreeSet<String>,
    row: PhantomData<R>,
}

impl Rows {
    pub(super) fn new(writer: &Writer, tables: &[&'static str]) -> Rows {
        let objects = tables.iter().map(|table| (*table, 0)).collect();
        Rows { writer: writer.clone(), tally: Arc::default(), objects, gaps: Vec::new(), beside: None }
    }

    /// Adds one row; a row whose primary key is already there is counted and kept as it is.
    ///
    /// # Errors
    /// Only what the evidence file itself refuses, such as a full disk.
    pub fn insert<R: Row>(&mut self, row: &R) -> Result<(), Error> {
        self.insert_many(|insert| insert.row(row))
    }

    /// Adds as many rows of one table as `add` hands on, as [`Rows::insert`] does, but at less cost for each.
    ///
    /// # Errors
    /// As for [`Rows::insert`].
    pub fn insert_many<R: Row>(
        &mut self,
        add: impl FnOnce(&mut Insert<'_, R>) -> rusqlite::Result<()>,
    ) -> Result<(), Error> {
        self.settle()?;
        let (mut count, mut lacking) = (0, BTreeSet::new());
        self.writer.run(|connection| {
            let (statement, bound) = (connection.prepare_cached(R::INSERT)?, vec![None; R::COLUMNS.len()]);
            let mut insert = Insert { statement, bound, count: 0, lacking: BTreeSet::new(), row: PhantomData };
            add(&mut insert)?;
            (count, lacking) = (insert.count, std::mem::take(&mut insert.lacking));
            Ok(())
        })?;
        *self.objects.entry(R::TABLE).or_default() += count;
        lacking.into_iter().for_each(|what| self.gap(R::TABLE, keyless(&what)));
        Ok(())
    }

    /// Lets `add` add rows while reading goes on. Rows that are added later wait for these, so their order is certain.
    ///
    /// # Errors
    /// As for [`Rows::insert`], for the rows that were added so before.
    pub fn insert_beside(
        &mut self,
        add: impl FnOnce(&mut Rows) -> Result<(), Error> + Send + 'static,
    ) -> Result<(), Error> {
        self.settle()?;
        let mut rows = Rows::new(&self.writer, &[]);
        self.beside = Some(thread::spawn(move || {
            add(&mut rows)?;
            rows.settle()?;
            Ok(rows)
        }));
        Ok(())
    }

    /// Waits until all rows are added.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        let Some(beside) = self.beside.take() else { return Ok(()) };
        let added = beside.join().unwrap_or_else(|panic| resume_unwind(panic))?;
        added.objects.into_iter().for_each(|(table, count)| *self.objects.entry(table).or_default() += count);
        added.gaps.into_iter().for_each(|(table, cause)| self.gap(table, cause));
        Ok(())
    }

    /// Says that `table` is incomplete although reading goes on.
    pub fn gap(&mut self, table: &'static str, cause: Cause) {
        if !self.gaps.iter().any(|gap| gap == &(table, cause.clone())) {
            self.gaps.push((table, cause));
        }
    }

    /// The counters for the requests of this data set.
    pub fn tally(&self) -> &Arc<Tally> {
        &self.tally
    }
}

impl<R: Row> Insert<'_, R> {
    /// Adds one row.
    ///
    /// # Errors
    /// What SQLite says of it, such as of a full disk.
    pub fn row(&mut self, row: &R) -> rusqlite::Result<()> {
        self.lacking.extend(key::missing(R::NEEDS, &|name| row.column(name)));
        row.bind(&mut self.statement)?;
        self.bound.fill(None);
        self.execute()
    }

    /// Adds one row of which every column is already somewhere: their values, in the order of the columns.
    ///
    /// # Errors
    /// As for [`Insert::row`].
    pub fn values<const N: usize>(&mut self, values: [&dyn Column; N]) -> rusqlite::Result<()> {
        const { assert!(N == R::COLUMNS.len(), "one value for each column") };
        let column = |name: &str| R::COLUMNS.iter().position(|column| *column == name).map(|index| values[index]);
        self.lacking.extend(key::missing(R::NEEDS, &column));
        for ((index, value), bound) in (1..).zip(values).zip(&mut self.bound) {
            let number = value.number();
            if number.is_none() || number != *bound {
                value.bind(&mut self.statement, index)?;
                *bound = number;
            }
        }
        self.execute()
    }

    fn execute(&mut self) -> rusqlite::Result<()> {
        self.statement.raw_execute()?;
        self.count += 1;
        Ok(())
    }
}

/// Such a row falls out of every join: it may be anybody's.
fn keyless(what: &str) -> Cause {
    Cause::new(GapKind::Truncated, format!("an item of this list {what}"))
}
