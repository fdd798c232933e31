//! The threads of an import: each reads its share of the files and hands on the records of wanted callers, in order.
//!
//! Thread `t` of `n` takes the parts `t`, `t + n`, …, and has a short queue of its own; whoever collects empties the
//! queues in turn. So memory is bounded, the records come in one order whatever the timing, and a file is read by all cores.

use std::hash::BuildHasher;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;
use memchr::memchr_iter;
use tokio::sync::mpsc::Sender;

use super::blocks::{Blocks, Piece};
use super::caller::{CallerFilter, lower};
use super::column::{Columns, Schema};
use super::fault::{Fault, Faults, Place};
use super::files::{At, LogFile};
use super::format::{Format, Opened};
use super::hits::Hits;
use super::liveness::Liveness;
use super::objects::{self, Reading};
use super::parser::{self, Odd, Raw};
use super::timestamp::{Calendar, Dated};
use crate::source::logs::liveness::Window;

/// Larger files are cut into parts of this size.
const PART: u64 = 4 * 1024 * 1024;

/// What all threads share.
pub(super) struct Job {
    pub(super) files: Vec<LogFile>,
    pub(super) parts: Vec<Part>,
    pub(super) inputs: usize,
    pub(super) columns: Columns,
    pub(super) callers: CallerFilter,
    pub(super) window: Window,
    /// The zone of times without one.
    pub(super) zone: Option<jiff::tz::TimeZone>,
    pub(super) seed: u64,
    /// Bytes read so far.
    pub(super) read: AtomicU64,
}

/// What one thread reads in one go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) file: usize,
    /// `None`: all of it, and it is not known yet what it is.
    pub(super) range: Option<Range<u64>>,
}

/// What a thread says.
pub(super) enum Message {
    /// Records of wanted callers.
    Hits(Hits),
    /// The part is read.
    End(End),
    /// All parts are read: what was seen, by input.
    Done(Vec<Sight>),
}

/// The end of a part.
#[derive(Default)]
pub(super) struct End {
    pub(super) lines: u64,
    /// With lines counted from the beginning of the part.
    pub(super) faults: Faults,
    /// The hour of its last record.
    pub(super) hour: Option<i64>,
}

/// What any caller left in one input.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) liveness: Liveness,
    pub(super) schema: Schema,
}

/// Nobody wants to hear more.
pub(super) struct Gone;

impl Part {
    /// Cuts files into parts. Only a plain file of lines that is here can be cut, and only a large one is
    /// worth it.
    pub(super) fn plan(files: &[LogFile], columns: &Columns) -> Vec<Part> {
        let unread = AtomicU64::new(0);
        let mut parts = Vec::new();
        for (file, LogFile { at, bytes, .. }) in files.iter().enumerate() {
            let is_plain = |opened: Opened<'_>| opened.format == Format::Lines && opened.plain;
            let is_here = matches!(at, At::Path(_));
            let starts = match is_here && *bytes > 2 * PART && Opened::open(at, columns, &unread).is_ok_and(is_plain) {
                true => (0..*bytes).step_by(PART as usize),
                false => (0..0).step_by(1),
            };
            let before = parts.len();
            parts.extend(starts.map(|start| Part { file, range: Some(start..(start + PART).min(*bytes)) }));
            if parts.len() == before {
                parts.push(Part { file, range: None });
            }
        }
        parts
    }
}

impl Job {
    /// Reads every `step`th part from `first` on. It ends early when nobody listens any more.
    pub(super) fn run(self: Arc<Job>, first: usize, step: usize, out: &Sender<Message>) {
        let sight = Sight { liveness: Liveness::new(self.window, self.seed), schema: Schema::default() };
        let mut worker = Worker {
            job: &self,
            seen: vec![sight; self.inputs],
            out,
            hits: Hits::default(),
            end: End::default(),
            hashes: FixedState::with_seed(self.seed),
            gone: false,
        };
        for part in self.parts.iter().skip(first).step_by(step) {
            if worker.part(part).is_err() {
                return;
            }
        }
        let _ = out.blocking_send(Message::Done(worker.seen));
    }
}

/// One thread.
pub(super) struct Worker<'j> {
    pub(super) job: &'j Job,
    seen: Vec<Sight>,
    out: &'j Sender<Message>,
    hits: Hits,
    end: End,
    hashes: FixedState,
    gone: bool,
}

impl Worker<'_> {
    fn part(&mut self, part: &Part) -> Result<(), Gone> {
        let file = &self.job.files[part.file];
        let read = match &part.range {
            Some(range) => self.range(file, range.clone()),
            None => self.whole(file),
        };
        if let Err(error) = read {
            let fault = match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                    Fault::CutShort
                }
                _ => Fault::Unreadable,
            };
            self.fault(file, fault, Some(error.to_string()));
        }
        self.flush()?;
        let end = std::mem::take(&mut self.end);
        self.send(Message::End(end))
    }

    fn range(&mut self, file: &LogFile, range: Range<u64>) -> io::Result<()> {
        let bytes = range.end - range.start;
        let At::Path(path) = &file.at else { return Err(io::ErrorKind::Unsupported.into()) };
        let opened = crate::file::open(path)?;
        self.blocks(file, Blocks::of_part(&opened, range))?;
        self.job.read.fetch_add(bytes, Ordering::Relaxed);
        Ok(())
    }

    fn whole(&mut self, file: &LogFile) -> io::Result<()> {
        let job = self.job;
        let opened = Opened::open(&file.at, &job.columns, &job.read)?;
        match opened.format {
            Format::Lines => self.blocks(file, Blocks::new(opened.content))?,
            Format::Document => self.document(file, opened.content),
            Format::Table(layout) => self.table(file, layout, opened.content)?,
            // An export makes a file for every five minutes, so an empty one in a folder is nothing to wonder about.
            Format::Empty if job.files.len() > 1 => {}
            Format::Empty => self.fault(file, Fault::Empty, None),
            Format::Unknown(what) => self.fault(file, Fault::Foreign, Some(what.to_owned())),
        }
        Ok(())
    }

    fn blocks<R: io::Read>(&mut self, file: &LogFile, mut blocks: Blocks<R>) -> io::Result<()> {
        loop {
            match blocks.next() {
                Ok(Some(Piece::Lines(text))) => self.lines(file, text),
                Ok(Some(Piece::TooLong)) => {
                    self.end.lines += 1;
                    self.fault(file, Fault::TooLong, None);
                }
                Ok(None) => return Ok(()),
                Err(error) => {
                    self.lines(file, blocks.rest());
                    return Err(error);
                }
            }
            if self.gone {
                return Ok(());
            }
        }
    }

    fn lines(&mut self, file: &LogFile, text: &[u8]) {
        let mut start = 0;
        let last = text.last().filter(|byte| **byte != b'\n').map(|_| text.len());
        for end in memchr_iter(b'\n', text).chain(last) {
            self.end.lines += 1;
            let line = text[start..end].trim_ascii();
            if !line.is_empty() {
                self.line(file, line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line));
            }
            start = end + 1;
        }
    }

    /// Parses one line to its end, and once more for the rest of its columns if its caller is wanted.
    fn line(&mut self, file: &LogFile, line: &[u8]) {
        let job = self.job;
        let calendar = Calendar::default();
        let (mut kept, mut nameless) = (false, false);
        let reading = Reading { columns: &job.columns, whole: false };
        let mut parsed = objects::line(line, reading, &mut |raw| match self.count(file, &raw, &calendar) {
            Counted::Kept => kept = true,
            Counted::Nameless => nameless = true,
            Counted::Foreign => {}
        });
        if kept {
            let reading = Reading { whole: true, ..reading };
            parsed = parsed.and(objects::line(line, reading, &mut |raw| self.keep(file, &raw, &calendar)));
        }
        if nameless {
            let columns = if self.end.faults.has(Fault::Nameless) { None } else { parser::names(line) };
            self.fault(file, Fault::Nameless, columns.map(|names| format!("its columns are {names}")));
        }
        if let Err(error) = parsed {
            // The text of a line belongs to somebody; where it breaks is enough.
            let at = Some(error.column()).filter(|column| *column > 0);
            self.fault(file, Fault::Malformed, at.map(|column| format!("at column {column}")));
        }
    }

    /// Reads JSON values that hold lists of objects, without ever holding a list.
    fn document(&mut self, file: &LogFile, content: impl io::Read) {
        let job = self.job;
        let reading = Reading { columns: &job.columns, whole: true };
        let content = io::BufReader::with_capacity(1 << 16, content);
        let read = objects::document(content, reading, &mut |raw| self.record(file, &raw, &Calendar::default()));
        if let Err(error) = read {
            self.end.lines = error.line() as u64;
            let fault = if error.is_eof() || error.is_io() { Fault::CutShort } else { Fault::Malformed };
            self.fault(file, fault, Some(format!("at column {}; nothing behind it was read", error.column())));
        }
    }

    /// Counts one record, and keeps it if its caller is wanted.
    pub(super) fn record(&mut self, file: &LogFile, raw: &Raw<'_>, calendar: &Calendar) {
        match self.count(file, raw, calendar) {
            Counted::Kept => self.keep(file, raw, calendar),
            Counted::Nameless => self.fault(file, Fault::Nameless, None),
            Counted::Foreign => {}
        }
    }

    /// Counts one record as part of the log, and says whose it is.
    fn count(&mut self, file: &LogFile, raw: &Raw<'_>, calendar: &Calendar) -> Counted {
        if matches!(raw.odd(), Odd::NestedCaller | Odd::Twice) {
            self.fault(file, Fault::Ambiguous, None);
            return Counted::Foreign;
        }
        let dated = raw.dated(calendar);
        let wanted = self.note(file, raw, dated);
        if !raw.schema.names_caller() {
            return Counted::Nameless;
        }
        match (dated, wanted) {
            (Dated::At(at) | Dated::Unzoned(at), true) if at >= self.job.window.until => {
                self.fault(file, Fault::Future, None)
            }
            (Dated::At(_), _) => {}
            (Dated::Unzoned(_), true) => self.fault(file, Fault::Unzoned, None),
            (Dated::Unreadable | Dated::Missing, true) => self.fault(file, Fault::Undated, None),
            (_, false) => self.fault(file, Fault::Timeless, None),
        }
        let in_time = dated.at().is_some_and(|at| at < self.job.window.until);
        if wanted && in_time { Counted::Kept } else { Counted::Foreign }
    }

    /// Notes what any caller leaves; true if this one is wanted.
    fn note(&mut self, file: &LogFile, raw: &Raw<'_>, dated: Dated) -> bool {
        let (principal, name) = raw.caller();
        let (principal, name) = (principal.unwrap_or_default(), name.unwrap_or_default());
        let (principal, name) = (lower(&principal), lower(name));
        let sight = &mut self.seen[file.input];
        sight.schema.add(raw.schema);
        if let Some(at) = dated.at() {
            let second = at.as_second();
            self.end.hour = Some(second - second.rem_euclid(3_600));
            let known = if principal.is_empty() { &name } else { &principal };
            if sight.liveness.note(second) && !known.is_empty() {
                sight.liveness.caller(self.hashes.hash_one(&**known));
            }
        }
        self.job.callers.has(&principal, &name)
    }

    /// Hands on a record that was counted, if its caller is wanted.
    fn keep(&mut self, file: &LogFile, raw: &Raw<'_>, calendar: &Calendar) {
        let (record, dated) = raw.record(calendar);
        let (principal, name) = (lower(text(&record.principal)), lower(text(&record.caller_name)));
        let is_wanted = self.job.callers.has(&principal, &name) && raw.odd() <= Odd::Nested;
        if !is_wanted || dated.at().is_none_or(|at| at >= self.job.window.until) {
            return;
        }
        if raw.odd() == Odd::Nested {
            self.fault(file, Fault::Nested, None);
        }
        let mark = record.item.as_deref().or(record.request.as_deref()).map(|id| self.hashes.hash_one(id));
        self.hits.push(&record, mark);
        if self.hits.is_full() {
            self.gone |= self.flush().is_err();
        }
    }

    /// Notes a fault at the line that is being read, and in the hour of the record before it.
    pub(super) fn fault(&mut self, file: &LogFile, fault: Fault, what: Option<String>) {
        let line = (self.end.lines > 0).then_some(self.end.lines);
        let place = Place { file: file.at.to_string(), line, what };
        self.end.faults.saw_behind(fault, self.end.hour, place);
    }

    pub(super) fn next_line(&mut self, line: u64) {
        self.end.lines = line;
    }

    fn flush(&mut self) -> Result<(), Gone> {
        if self.hits.is_empty() {
            return Ok(());
        }
        let hits = self.hits.leave();
        self.send(Message::Hits(hits))
    }

    fn send(&self, message: Message) -> Result<(), Gone> {
        self.out.blocking_send(message).map_err(|_| Gone)
    }
}

/// What became of a record when it was counted.
enum Counted {
    /// Its caller is wanted, and its time is known.
    Kept,
    /// It is somebody else's, or not to be placed in time.
    Foreign,
    /// It has no column for a caller.
    Nameless,
}

fn text<'t>(text: &'t Option<std::borrow::Cow<'_, str>>) -> &'t str {
    text.as_deref().unwrap_or_default()
}
