//! Exported logs: reads NDJSON and CSV files of any size in constant memory and keeps the calls of wanted callers.
//! It asks nobody over a network but the store that holds them. What it could not read, or what the files do not hold,
//! becomes a gap with its place.
//!
//! ```text
//!  files: which -> worker: threads -> format: what it is -> blocks: whole lines -> objects: every line is parsed
//!                                                      \-> table, documents                     |
//!                                                     liveness counts all; the caller filter keeps some
//!                                                                      dedup -> Tally -> rows  <-/
//! ```

mod blanks;
mod blocks;
mod caller;
mod column;
mod dedup;
mod fault;
mod files;
mod format;
mod hits;
mod input;
mod liveness;
mod objects;
mod parser;
mod table;
mod timestamp;
mod utf16;
mod worker;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::sync::mpsc::{self, Receiver};

use crate::config::LogColumns;
use crate::evidence::row::LogTable;
use crate::evidence::{self, Callers, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind};
pub use crate::source::logs::liveness::Window;
use crate::source::logs::liveness::{Hours, Silence};
use crate::source::logs::tally::Tally;
use crate::text::{Untrusted, visible};

use caller::CallerFilter;
use dedup::{Dedup, Delivery};
use fault::{Fault, Faults, Place};
use files::{Files, LogFile};
use hits::Hits;
pub use input::{Container, Input};
use worker::{End, Job, Message, Part, Sight};

/// The data sets that an import fills.
pub const TABLES: &[&str] = &["log_table", "log_silence", "tool_call_hour", "tool_call", "last_activity"];

/// Those of them that tell what wanted callers did.
const OF_CALLERS: [&str; 3] = ["tool_call_hour", "tool_call", "last_activity"];

/// The table of a gateway, unless the configuration says otherwise.
const TABLE: &str = "MCPAuditLog_CL";

/// More threads than this only wait for the disk.
const THREADS: usize = 8;

/// A silence at either end of an export that comes so often in a million takes no day from it.
const USUAL: i64 = 10_000;

/// How many messages of a thread may wait.
const WAITING: usize = 8;

/// What to import, and how.
pub struct Request<'a> {
    /// Files, folders and containers.
    pub inputs: &'a [Input],
    /// Whose records are wanted.
    pub callers: &'a Callers,
    /// Columns under other names than the documented ones.
    pub columns: &'a LogColumns,
    /// The table whose folder of a data export is read; `None`: the documented one.
    pub table: Option<&'a str>,
    /// The window that is asked.
    pub window: Window,
    /// The zone of times that bear none.
    pub zone: Option<TimeZone>,
    /// How many threads read; 0: one per core.
    pub threads: usize,
    /// Seeds the hashes.
    pub seed: u64,
    /// Is told how many bytes were read, and of how many.
    pub progress: &'a (dyn Fn(u64, u64) + Sync),
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Files read.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records of wanted callers, each counted once.
    pub records: u64,
    /// Records that had been delivered before and were left out.
    pub duplicates: u64,
    /// Tables of a data export that were not read, since another one was asked for.
    pub other_tables: Vec<String>,
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exported logs: {} records of those concerned in {} files", self.records, self.files)?;
        if self.duplicates > 0 {
            write!(f, "; {} more had been delivered twice and count once", self.duplicates)?;
        }
        if !self.other_tables.is_empty() {
            write!(f, "; not read: the tables {}", visible(&self.other_tables.join(", ")))?;
        }
        Ok(())
    }
}

/// Reads the files and writes what wanted callers did.
///
/// # Errors
/// Only what the evidence file itself refuses; everything else becomes a gap.
pub async fn import(writer: &Writer, request: Request<'_>) -> Result<Imported, evidence::Error> {
    let name = match request.inputs {
        [one] => one.source(),
        several => format!("{} exported logs", several.len()),
    };
    let scope = Scope { name: name.into(), person: None, needs: "read access to the exported log".into() };
    let mut imported = Imported::default();
    let fill = async |rows: &mut Rows| Ok(Import::start(&request).collect(rows, &mut imported).await?);
    writer.dataset(TABLES, &scope, fill).await?;
    Ok(imported)
}

/// A running import.
struct Import<'a> {
    request: &'a Request<'a>,
    job: Arc<Job>,
    queues: Vec<Receiver<Message>>,
    bytes: u64,
    faults: Faults,
    dedup: Dedup,
    /// By input.
    tallies: Vec<Tally>,
    sights: Vec<Sight>,
    other_tables: Vec<String>,
    unmarked: u64,
}

impl<'a> Import<'a> {
    fn start(request: &'a Request<'a>) -> Import<'a> {
        let Files { all, faults, other_tables } = Files::find(request.inputs, request.table.unwrap_or(TABLE));
        let columns = column::Columns::new(request.columns);
        let job = Arc::new(Job {
            parts: Part::plan(&all, &columns),
            inputs: request.inputs.len(),
            columns,
            callers: CallerFilter::new(request.callers),
            window: request.window,
            zone: request.zone.clone(),
            seed: request.seed,
            read: AtomicU64::new(0),
            files: all,
        });
        let is_far = request.inputs.iter().any(|input| matches!(input, Input::Container(_)));
        let threads = match request.threads {
            // Whoever waits for a store needs no core for it.
            0 if is_far => THREADS,
            0 => std::thread::available_parallelism().map_or(1, Into::into).min(THREADS),
            threads => threads,
        };
        let threads = threads.min(job.parts.len().max(1));
        let queues = (0..threads).map(|first| {
            let (sender, receiver) = mpsc::channel(WAITING);
            let job = Arc::clone(&job);
            std::thread::spawn(move || job.run(first, threads, &sender));
            receiver
        });
        Import {
            queues: queues.collect(),
            bytes: job.files.iter().map(|file| file.bytes).sum(),
            tallies: request.inputs.iter().map(|input| Tally::new(input.source())).collect(),
            sights: Vec::new(),
            dedup: Dedup::new(),
            unmarked: 0,
            request,
            job,
            faults,
            other_tables,
        }
    }

    async fn collect(mut self, rows: &mut Rows, imported: &mut Imported) -> Result<(), Stop> {
        imported.files = self.job.files.len() as u64;
        imported.bytes = self.bytes;
        self.parts(rows, imported).await?;
        for mut queue in std::mem::take(&mut self.queues) {
            if let Some(Message::Done(seen)) = queue.recv().await {
                self.saw(seen);
            }
        }
        for (input, tally) in std::mem::take(&mut self.tallies).into_iter().enumerate() {
            tally.finish(rows)?.iter().try_for_each(|row| rows.insert(row))?;
            self.describe(input, rows)?;
        }
        let silences = self.silences();
        if let Some(first) = self.request.inputs.first() {
            let source = Untrusted::from(first.source());
            silences.iter().try_for_each(|silence| rows.insert(&silence.row(&source)))?;
        }
        self.report(&silences, rows);
        imported.other_tables = self.other_tables;
        Ok(())
    }

    /// Takes the parts in their order, each from the queue of the thread that reads it.
    async fn parts(&mut self, rows: &mut Rows, imported: &mut Imported) -> Result<(), evidence::Error> {
        let job = Arc::clone(&self.job);
        let (mut file, mut lines, mut hour) = (usize::MAX, 0, None);
        let threads = self.queues.len().max(1);
        for (index, part) in job.parts.iter().enumerate() {
            if file != part.file {
                (file, lines, hour) = (part.file, 0, None);
            }
            let end = loop {
                match self.queues[index % threads].recv().await {
                    Some(Message::Hits(hits)) => self.count(&job.files[file], &hits, rows, imported)?,
                    Some(Message::End(end)) => break end,
                    // It would take a bug to end a thread, and even that must not look like the end of a file.
                    Some(Message::Done(_)) | None => break stopped(&job.files[file]),
                }
            };
            self.faults.add(end.faults, lines, hour);
            lines += end.lines;
            hour = end.hour.or(hour);
            (self.request.progress)(job.read.load(Ordering::Relaxed), self.bytes);
        }
        Ok(())
    }

    fn count(
        &mut self,
        file: &LogFile,
        hits: &Hits,
        rows: &mut Rows,
        imported: &mut Imported,
    ) -> Result<(), evidence::Error> {
        for (record, mark) in hits.iter() {
            match mark.map(|mark| self.dedup.deliver(record.at, mark)) {
                Some(Delivery::First) => {}
                Some(Delivery::Again) => {
                    imported.duplicates += 1;
                    continue;
                }
                Some(Delivery::Untold) => self.faults.saw(Fault::Untold, place_of(file)),
                None => self.unmarked += 1,
            }
            imported.records += 1;
            let tally = &mut self.tallies[file.input];
            if record.at >= self.request.window.from { tally.add(&record, rows)? } else { tally.remember(&record) }
        }
        Ok(())
    }

    fn saw(&mut self, seen: Vec<Sight>) {
        if self.sights.is_empty() {
            self.sights = seen;
            return;
        }
        for (sight, other) in self.sights.iter_mut().zip(seen) {
            sight.liveness.add(other.liveness);
            sight.schema.add(other.schema);
        }
    }

    /// The rows about one input as a whole.
    fn describe(&self, input: usize, rows: &mut Rows) -> Result<(), evidence::Error> {
        let Some((given, Sight { liveness, schema })) = self.request.inputs.get(input).zip(self.sights.get(input))
        else {
            return Ok(());
        };
        let (first_at, last_at) = liveness.span().unzip();
        rows.insert(&LogTable {
            source: given.source().into(),
            shape: schema.shape().to_owned(),
            plan: None,
            retention_days: None,
            lacks: schema.lacks(),
            from_at: self.request.window.from,
            until_at: self.request.window.until,
            first_at,
            last_at,
            records: i64::try_from(liveness.records).ok(),
            callers: liveness.callers(),
        })
    }

    /// When no input holds a record of anybody. One may go on where another ends, so it is said of all of them together.
    fn silences(&self) -> Vec<Silence> {
        let mut hours = Hours::new(self.request.window);
        self.sights.iter().for_each(|sight| hours.add(&sight.liveness.hours));
        hours.silences()
    }

    /// Everything that the files do not tell.
    fn report(&self, silences: &[Silence], rows: &mut Rows) {
        for (fault, cause) in self.faults.causes() {
            let concerned = if fault.concerns_calls() { TABLES } else { &TABLES[..2] };
            concerned.iter().for_each(|table| rows.gap(table, cause.clone()));
        }
        let gaps = [self.nothing(), self.nobody(), self.uncovered(silences), self.unmarked()];
        for cause in gaps.into_iter().flatten() {
            OF_CALLERS.iter().for_each(|table| rows.gap(table, cause.clone()));
        }
    }

    fn nothing(&self) -> Option<Cause> {
        if !self.job.files.is_empty() {
            return None;
        }
        let table = self.request.table.unwrap_or(TABLE);
        let others = self.other_tables.join(", ");
        let (what, next) = match self.other_tables.is_empty() {
            true => ("there is no file in it".to_owned(), "check the path"),
            false => {
                (format!("it holds no folder of the table {table}, only of {others}"), "name the table in [logs] table")
            }
        };
        Some(Cause::new(GapKind::Truncated, what).needing(next))
    }

    fn nobody(&self) -> Option<Cause> {
        let cause = Cause::new(GapKind::NotExposed, "no record in it names a caller");
        self.sights.iter().any(|sight| sight.liveness.is_nameless()).then_some(cause)
    }

    /// The days of the window that lie before the first or behind the last record of every input.
    fn uncovered(&self, silences: &[Silence]) -> Option<Cause> {
        let spans: Vec<(Date, Date)> = self
            .sights
            .iter()
            .filter_map(|sight| sight.liveness.span())
            .map(|(first, last)| (day(first), day(last)))
            .collect();
        let Window { from, until } = self.request.window;
        let days = day(from).series(1.day()).take_while(|date| Some(*date) <= last_day(until));
        // Whoever exports on a Sunday holds everything, if nobody ever works then.
        let rests = |silence: &&Silence| silence.per_million.is_some_and(|usual| usual >= USUAL);
        let usual: Vec<&Silence> = silences.iter().filter(rests).collect();
        let is_open = |date: &Date| !usual.iter().any(|silence| holds(silence, *date, self.request.window));
        let missing: Vec<Date> = days
            .filter(|date| !spans.iter().any(|(first, last)| (first..=last).contains(&date)))
            .filter(is_open)
            .collect();
        let first = missing.first()?;
        let detail = format!("holds no record of any caller of {}", runs(&missing).join(", "));
        Some(Cause::new(GapKind::Retention, detail).needing(format!("an export from {first} on")))
    }

    fn unmarked(&self) -> Option<Cause> {
        let what = format!("{} records bear no id, so those that are in two files are counted twice", self.unmarked);
        let cause = Cause::new(GapKind::Truncated, what).needing("export with the columns _ItemId or apim_request_id");
        (self.unmarked > 0 && self.job.files.len() > 1).then_some(cause)
    }
}

/// Whether a silence holds all of a day, as far as that lies in the window.
fn holds(silence: &Silence, date: Date, window: Window) -> bool {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).map(|at| at.timestamp());
    let (Ok(from), Ok(until)) = (midnight(date), date.tomorrow().and_then(midnight)) else { return false };
    silence.window.from <= from.max(window.from) && silence.window.until >= until.min(window.until)
}

fn stopped(file: &LogFile) -> End {
    let mut end = End::default();
    end.faults.saw(Fault::Unreadable, Place { what: Some("its reader stopped".to_owned()), ..place_of(file) });
    end
}

fn place_of(file: &LogFile) -> Place {
    Place { file: file.at.to_string(), ..Place::default() }
}

fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The last day of which something lies before `until`.
fn last_day(until: Timestamp) -> Option<Date> {
    until.checked_sub(1.nanosecond()).ok().map(day)
}

/// Days as spans: `2026-03-01 to 2026-03-28`.
fn runs(days: &[Date]) -> Vec<String> {
    let follows = |a: &Date, b: &Date| a.tomorrow().is_ok_and(|next| next == *b);
    let spans = days.chunk_by(follows).filter_map(|run| Some((run.first()?, run.last()?)));
    spans.map(|(first, last)| if first == last { first.to_string() } else { format!("{first} to {last}") }).collect()
}
