//! The threads of an import: each reads its share of the files and hands on the records of wanted callers, in order.
//!
//! Thread `t` of `n` takes the parts `t`, `t + n`, …, and has a short queue of its own; whoever collects empties the
//! queues in turn. So memory is bounded, the records come in one order whatever the timing, and a file is read by all cores.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;
use memchr::memchr_iter;
use serde::de::DeserializeSeed;
use tokio::sync::mpsc::Sender;

use super::blocks::{Blocks, Piece};
use super::census::{Census, Window};
use super::column::{Columns, Schema};
use super::fault::{Fault, Faults, Place};
use super::format::{Format, Opened};
use super::glance::{self, Glance, Seen, Sure};
use super::hits::Hits;
use super::hours::Hours;
use super::literal::Literals;
use super::moment::{Calendar, Dated};
use super::place::{At, LogFile};
use super::raw::{self, Objects, Raw};
use super::stencil::Stencil;
use super::wanted::{Beginnings, Wanted, lower};

/// Larger files are cut into parts of this size.
const PART: u64 = 4 * 1024 * 1024;

/// What all threads share.
pub(super) struct Job {
    pub(super) files: Vec<LogFile>,
    pub(super) parts: Vec<Part>,
    pub(super) inputs: usize,
    pub(super) columns: Columns,
    pub(super) wanted: Wanted,
    /// `None`: they cannot be searched for.
    pub(super) literals: Option<Literals>,
    /// `None`: how they begin does not tell them from others.
    pub(super) beginnings: Option<Beginnings>,
    pub(super) window: Window,
    /// The zone of times without one.
    pub(super) zone: Option<jiff::tz::TimeZone>,
    pub(super) full_parse: bool,
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
}

/// What any caller left in one input.
#[derive(Clone)]
pub(super) struct Sight {
    pub(super) census: Census,
    pub(super) schema: Schema,
}

/// Nobody wants to hear more.
pub(super) struct Gone;

impl Part {
    /// Cuts files into parts. Only a plain file of lines that is here can be cut, and only a large one is
    /// worth it.
    pub(super) fn plan(files: &[LogFile]) -> Vec<Part> {
        let unread = AtomicU64::new(0);
        let mut parts = Vec::new();
        for (file, LogFile { at, bytes, .. }) in files.iter().enumerate() {
            let is_plain = |opened: Opened<'_>| opened.format == Format::Lines && !opened.packed;
            let is_here = matches!(at, At::Path(_));
            let starts = match is_here && *bytes > 2 * PART && Opened::open(at, &unread).is_ok_and(is_plain) {
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
        let sight = Sight { census: Census::new(self.window), schema: Schema::default() };
        let mut worker = Worker {
            job: &self,
            glance: Glance::new(&self.columns, &self.wanted, self.seed),
            seen: vec![sight; self.inputs],
            out,
            hits: Hits::default(),
            end: End::default(),
            ends: Vec::new(),
            places: Vec::new(),
            stencil: None,
            hours: Hours::new(self.window, self.seed),
            misses: 0,
            nested: 0,
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
    pub(super) glance: Glance<'j>,
    pub(super) seen: Vec<Sight>,
    out: &'j Sender<Message>,
    hits: Hits,
    pub(super) end: End,
    /// Where the lines of a block end.
    ends: Vec<usize>,
    /// Where in a block a wanted caller stands.
    pub(super) places: Vec<usize>,
    /// How lines begin.
    pub(super) stencil: Option<Stencil>,
    /// Of this part's lines that begin so.
    pub(super) hours: Hours,
    /// How many lines in a row began otherwise.
    pub(super) misses: u32,
    /// How many lines of this part hold an object inside.
    pub(super) nested: u32,
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
        self.nested = 0;
        self.hours.tell(&mut self.seen[file.input].census);
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
        let opened = Opened::open(&file.at, &job.read)?;
        match opened.format {
            Format::Lines => self.blocks(file, Blocks::new(opened.content))?,
            Format::Document => self.document(file, opened.content),
            Format::Table(separator) => self.table(file, separator, opened.content)?,
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

    /// Reads whole lines in the cheapest way that misses nothing.
    pub(super) fn lines(&mut self, file: &LogFile, text: &[u8]) {
        match (self.beginnings(), &self.job.literals) {
            _ if self.job.full_parse => self.each(file, text),
            (Some(wanted), _) => self.lay(file, text, wanted),
            (None, Some(literals)) => self.skim(file, text, literals),
            (None, None) => self.each(file, text),
        }
    }

    fn each(&mut self, file: &LogFile, text: &[u8]) {
        let mut ends = std::mem::take(&mut self.ends);
        ends.clear();
        ends.extend(memchr_iter(b'\n', text));
        if text.last().is_some_and(|&byte| byte != b'\n') {
            ends.push(text.len());
        }
        let starts = std::iter::once(0).chain(ends.iter().map(|end| end + 1)).take(ends.len());
        let sure = if self.job.full_parse { Sure::default() } else { self.glance.sure(text, &ends) };
        let mut last = None;
        for (start, end) in starts.zip(&ends) {
            self.end.lines += 1;
            let line = text[start..*end].trim_ascii();
            if !line.is_empty() {
                last = Some(line).filter(|line| self.line(file, line, sure));
            }
        }
        self.ends = ends;
        last.into_iter().for_each(|line| self.learn(line));
    }

    /// Reads one line; true if a look at it was enough.
    pub(super) fn line(&mut self, file: &LogFile, line: &[u8], sure: Sure) -> bool {
        let census = &mut self.seen[file.input].census;
        // The first line of each part tells which columns there are, whoever called.
        let parse = self.job.full_parse || self.end.lines == 1;
        if !parse && self.glance.line(line, sure, census) == Seen::Foreign {
            return true;
        }
        self.parse(file, line);
        false
    }

    pub(super) fn parse(&mut self, file: &LogFile, line: &[u8]) {
        let line = line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line);
        let job = self.job;
        let mut nameless = false;
        let parsed = raw::line(line, &job.columns, |raw| nameless |= !self.record(file, &raw, &Calendar::default()));
        if nameless {
            let columns = if self.end.faults.has(Fault::Nameless) { None } else { raw::names(line) };
            self.fault(file, Fault::Nameless, columns.map(|names| format!("its columns are {names}")));
        }
        if let Err(error) = parsed {
            // The text of a line belongs to somebody; where it breaks is enough.
            let at = Some(error.column()).filter(|column| *column > 0);
            self.fault(file, Fault::Malformed, at.map(|column| format!("at column {column}")));
        }
    }

    /// Reads one JSON value that holds a list of objects, without ever holding the list.
    fn document(&mut self, file: &LogFile, content: impl io::Read) {
        let job = self.job;
        let mut from = serde_json::Deserializer::from_reader(io::BufReader::with_capacity(1 << 16, content));
        let mut each = |raw: Raw<'_>| {
            if !self.record(file, &raw, &Calendar::default()) {
                self.fault(file, Fault::Nameless, None);
            }
        };
        let read = Objects { columns: &job.columns, each: &mut each }.deserialize(&mut from).and_then(|()| from.end());
        if let Err(error) = read {
            self.end.lines = error.line() as u64;
            let fault = if error.is_eof() || error.is_io() { Fault::CutShort } else { Fault::Malformed };
            self.fault(file, fault, Some(format!("at column {}; nothing behind it was read", error.column())));
        }
    }

    /// Counts one record, and keeps it if its caller is wanted; false if it has no column for a caller.
    pub(super) fn record(&mut self, file: &LogFile, raw: &Raw<'_>, calendar: &Calendar) -> bool {
        let (record, dated) = raw.record(calendar);
        let (principal, name) = (known(&record.principal), known(&record.caller_name));
        let wanted = self.job.wanted.has(&principal, &name);
        let sight = &mut self.seen[file.input];
        sight.schema.add(raw.schema);
        if let Some(at) = dated.at()
            && sight.census.note(at.as_second())
        {
            glance::mark(&self.hashes, &principal, &name).into_iter().for_each(|mark| sight.census.caller(mark));
        }
        if !raw.schema.names_caller() {
            return false;
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
        if wanted && dated.at().is_some_and(|at| at < self.job.window.until) {
            let mark = record.item.as_deref().or(record.request.as_deref()).map(|id| self.hashes.hash_one(id));
            self.hits.push(&record, mark);
            if self.hits.is_full() {
                self.gone |= self.flush().is_err();
            }
        }
        true
    }

    /// Notes a fault at the line that is being read.
    pub(super) fn fault(&mut self, file: &LogFile, fault: Fault, what: Option<String>) {
        let line = (self.end.lines > 0).then_some(self.end.lines);
        self.end.faults.saw(fault, Place { file: file.at.to_string(), line, what });
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

/// A name as it is compared; nobody has none.
fn known<'t>(text: &'t Option<Cow<'_, str>>) -> Cow<'t, str> {
    text.as_deref().map_or(Cow::Borrowed(""), lower)
}
