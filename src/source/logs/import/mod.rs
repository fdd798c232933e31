//! Exported logs: reads NDJSON and CSV files of any size in constant memory and keeps the calls of wanted callers.
//! It asks nobody over a network. What it could not read, or what the files do not hold, becomes a gap with its place.
//!
//! ```text
//!  place: which files -> work: threads -> blocks: whole lines -> glance: whose line is it?
//!                                                                 |            \ not wanted: census counts it
//!                                                                 +-> raw: parse -> once -> Tally -> rows
//! ```

mod blocks;
mod census;
mod column;
mod fault;
mod format;
mod glance;
mod moment;
mod once;
mod place;
mod raw;
mod table;
mod work;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use tokio::sync::mpsc::{self, Receiver};

use crate::config::LogColumns;
use crate::evidence::row::{LogSilence, LogTable};
use crate::evidence::{self, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind, stamp};
use crate::source::logs::record::Record;
use crate::source::logs::tally::Tally;
use crate::text::Untrusted;

pub use census::Window;
use fault::{Fault, Faults, Place};
use once::{Delivery, Once};
use place::Files;
use work::{Hit, Job, Message, Part, Sight};

/// The data sets that an import fills.
pub const TABLES: &[&str] = &["log_table", "log_silence", "tool_call_hour", "tool_call", "last_activity"];

/// Those of them that tell what wanted callers did.
const OF_CALLERS: [&str; 3] = ["tool_call_hour", "tool_call", "last_activity"];

/// The table of a gateway, unless the configuration says otherwise.
const TABLE: &str = "MCPAuditLog_CL";

/// More threads than this only wait for the disk.
const THREADS: usize = 8;

/// How many messages of a thread may wait.
const WAITING: usize = 8;

/// Whose records are wanted: by object id, and by name where a person calls.
#[derive(Debug, Clone, Default)]
pub struct Callers {
    principals: HashSet<String>,
    names: HashSet<String>,
}

impl Callers {
    /// Principals by object id, people by user principal name and mail address. Case does not matter.
    pub fn new(
        principals: impl IntoIterator<Item = String>,
        names: impl IntoIterator<Item = String>,
    ) -> Callers {
        let lower = |all: &mut dyn Iterator<Item = String>| {
            all.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty()).collect()
        };
        Callers { principals: lower(&mut principals.into_iter()), names: lower(&mut names.into_iter()) }
    }

    /// Whether one of these is wanted; both in lower case.
    fn want(&self, principal: &str, name: &str) -> bool {
        self.principals.contains(principal) || self.names.contains(name)
    }

    fn want_record(&self, record: &Record) -> bool {
        let text = |text: &Option<Untrusted>| text.as_ref().map_or(String::new(), |text| text.raw().to_lowercase());
        self.want(&text(&record.principal), &text(&record.caller_name))
    }
}

/// What to import, and how.
pub struct Request<'a> {
    /// Files and folders.
    pub inputs: &'a [PathBuf],
    /// Whose records are wanted.
    pub callers: Callers,
    /// Columns under other names than the documented ones.
    pub columns: &'a LogColumns,
    /// The table whose folder of a data export is read; `None`: the documented one.
    pub table: Option<&'a str>,
    /// The window that is asked.
    pub window: Window,
    /// The zone of times that bear none.
    pub zone: Option<TimeZone>,
    /// Parse every line, also of those who are not wanted.
    pub full_parse: bool,
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

/// Reads the files and writes what wanted callers did.
///
/// # Errors
/// Only what the evidence file itself refuses; everything else becomes a gap.
pub async fn import(writer: &Writer, request: Request<'_>) -> Result<Imported, evidence::Error> {
    let name = match request.inputs {
        [one] => source(one),
        several => format!("{} exported logs", several.len()),
    };
    let scope = Scope { name: name.into(), person: None, needs: "read access to the exported log".into() };
    let mut imported = Imported::default();
    let fill = async |rows: &mut Rows| Ok(Import::start(&request).collect(rows, &mut imported).await?);
    writer.dataset(TABLES, &scope, fill).await?;
    Ok(imported)
}

/// As `log_table.source` names an input.
fn source(input: &Path) -> String {
    format!("file:{}", input.display())
}

/// A running import.
struct Import<'a> {
    request: &'a Request<'a>,
    job: Arc<Job>,
    queues: Vec<Receiver<Message>>,
    bytes: u64,
    faults: Faults,
    once: Once,
    /// By input.
    tallies: Vec<Tally>,
    sights: Vec<Sight>,
    other_tables: Vec<String>,
    unmarked: u64,
}

impl<'a> Import<'a> {
    fn start(request: &'a Request<'a>) -> Import<'a> {
        let Files { all, faults, other_tables } = Files::find(request.inputs, request.table.unwrap_or(TABLE));
        let job = Arc::new(Job {
            parts: Part::plan(&all),
            inputs: request.inputs.len(),
            columns: column::Columns::new(request.columns),
            callers: request.callers.clone(),
            window: request.window,
            zone: request.zone.clone(),
            full_parse: request.full_parse,
            seed: request.seed,
            read: AtomicU64::new(0),
            files: all,
        });
        let threads = match request.threads {
            0 => std::thread::available_parallelism().map_or(1, Into::into).min(THREADS),
            threads => threads,
        };
        let queues = (0..threads.min(job.parts.len().max(1))).collect::<Vec<_>>();
        let step = queues.len();
        let queues = queues.into_iter().map(|first| {
            let (sender, receiver) = mpsc::channel(WAITING);
            let job = Arc::clone(&job);
            std::thread::spawn(move || job.run(first, step, &sender));
            receiver
        });
        Import {
            queues: queues.collect(),
            bytes: job.files.iter().map(|file| file.bytes).sum(),
            tallies: request.inputs.iter().map(|input| Tally::new(source(input))).collect(),
            sights: Vec::new(),
            once: Once::new(),
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
        for queue in &mut self.queues {
            if let Some(Message::Done(seen)) = queue.recv().await {
                self.saw(seen);
            }
        }
        for (input, tally) in std::mem::take(&mut self.tallies).into_iter().enumerate() {
            tally.finish(rows)?.iter().try_for_each(|row| rows.insert(row))?;
            self.describe(input, rows)?;
        }
        self.report(rows);
        imported.other_tables = self.other_tables;
        Ok(())
    }
}
