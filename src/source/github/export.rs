//! The audit log of GitHub as it was exported or streamed: JSON arrays or one object a line, plain or gzip. Every line is parsed;
//! one that cannot be is counted. It says which hours it holds; whether that is enough is for the caller.

use std::fmt;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};

use super::wire::Event;
use crate::model::{Cause, GapKind, stamp};
use crate::source::lenient::Lenient;
use crate::source::logs::liveness::{Hours, Window};

/// No event is longer.
const LONGEST: u64 = 4 << 20;

/// How deep folders are followed; a stream has one for each year, month, day and hour.
const DEEPEST: usize = 12;

const AGAIN: &str =
    "export the audit log again, from the first to the last day, and give every file with --github-audit";

/// What was heard of one organisation.
pub(super) struct Heard {
    hours: Hours,
    window: Window,
    first: Option<Timestamp>,
    faults: Vec<String>,
}

impl Heard {
    /// Nothing yet, of the time from `from` until `until`.
    pub(super) fn new(from: Timestamp, until: Timestamp) -> Heard {
        let window = Window { from, until };
        Heard { hours: Hours::new(window), window, first: None, faults: Vec::new() }
    }

    /// Notes that something happened then.
    pub(super) fn hear(&mut self, at: Timestamp) {
        self.hours.hear(at.as_second());
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
    }

    /// Reads every event of the files, and of the files in the folders.
    pub(super) fn read<E>(
        &mut self,
        paths: &[PathBuf],
        keep: &mut dyn FnMut(&mut Heard, Event) -> Result<(), E>,
    ) -> Result<(), E> {
        for path in paths {
            let mut files = Vec::new();
            if let Err(error) = find(path, 0, &mut files) {
                self.faults.push(format!("{}: {error}", path.display()));
            }
            for file in files {
                self.file(&file, keep)?;
            }
        }
        Ok(())
    }

    fn file<E>(&mut self, path: &Path, keep: &mut dyn FnMut(&mut Heard, Event) -> Result<(), E>) -> Result<(), E> {
        let (mut ended, mut unreadable) = (Ok(()), 0_u64);
        let mut each = |event: Option<Event>| match event {
            Some(event) if ended.is_ok() => ended = keep(self, event),
            Some(_) => {}
            None => unreadable += 1,
        };
        let read = open(path).and_then(|input| events(input, &mut each));
        ended?;
        if let Err(error) = read {
            self.faults.push(format!("{}: {error}", path.display()));
        }
        if unreadable > 0 {
            self.faults.push(format!("{}: {unreadable} events in it are no readable JSON", path.display()));
        }
        Ok(())
    }

    /// What could not be read.
    pub(super) fn faults(&self) -> impl Iterator<Item = Cause> {
        self.faults.iter().map(|what| Cause::new(GapKind::Truncated, what.as_str()).needing(AGAIN))
    }

    /// The days of the window that are not in it.
    pub(super) fn missing(&self) -> Vec<Cause> {
        let missing = |from: Timestamp, until: Timestamp, what: &str| {
            let detail = format!("the exported audit log {what}: {} to {} is not covered", stamp(from), stamp(until));
            Cause::new(GapKind::Retention, detail).needing(AGAIN)
        };
        let Window { from, until } = self.window;
        let Some(first) = self.first.filter(|first| *first < until) else {
            return vec![missing(from, until, "holds no event of this organisation")];
        };
        let holes = self.hours.silences().into_iter().filter(|silence| silence.is_hole());
        holes
            .map(|hole| match hole.window.from == from && first > from {
                true => missing(from, hole.window.until, "begins too late"),
                false => missing(hole.window.from, hole.window.until, "is silent"),
            })
            .collect()
    }
}

fn find(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if !fs::metadata(path)?.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    if depth == DEEPEST {
        return Err(io::Error::other("the folders in it are too deep"));
    }
    let mut inside: Vec<PathBuf> =
        fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| find(path, depth + 1, files))
}

/// The text of a file, unpacked where it is gzip.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut input = BufReader::new(crate::file::open(path)?);
    match input.fill_buf()? {
        [0x1f, 0x8b, ..] => Ok(Box::new(BufReader::new(MultiGzDecoder::new(input)))),
        _ => Ok(Box::new(input)),
    }
}

/// Every event of a text: an array, or one a line.
fn events(mut input: Box<dyn BufRead>, keep: &mut dyn FnMut(Option<Event>)) -> io::Result<()> {
    loop {
        // A mark at the beginning says that it is UTF-8.
        let blank = match input.fill_buf()? {
            [] => return Ok(()),
            [b'\xef' | b'\xbb' | b'\xbf' | b' ' | b'\t' | b'\r' | b'\n', ..] => true,
            [b'[', ..] => return array(input, keep),
            _ => false,
        };
        match blank {
            true => input.consume(1),
            false => return lines(input, keep),
        }
    }
}

fn lines(mut input: Box<dyn BufRead>, keep: &mut dyn FnMut(Option<Event>)) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut input).take(LONGEST).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if !line.iter().all(u8::is_ascii_whitespace) {
            keep(serde_json::from_slice(&line).ok());
        }
    }
}

fn array(input: Box<dyn BufRead>, keep: &mut dyn FnMut(Option<Event>)) -> io::Result<()> {
    let mut from = serde_json::Deserializer::from_reader(input);
    Each(keep).deserialize(&mut from).map_err(io::Error::from)?;
    from.end().map_err(io::Error::from)
}

/// Hands over the items of an array one by one.
struct Each<'a>(&'a mut dyn FnMut(Option<Event>));

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(Lenient(event)) = items.next_element::<Lenient<Event>>()? {
            (self.0)(event);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn read(text: &[u8]) -> (Vec<Option<String>>, bool) {
        let mut all = Vec::new();
        let ended = events(Box::new(io::Cursor::new(text.to_vec())), &mut |event| {
            all.push(event.map(|event| event.action.map_or(String::new(), |action| action.raw().to_owned())));
        });
        (all, ended.is_ok())
    }

    #[test]
    fn an_array_and_lines_say_the_same_and_no_bytes_are_passed_over() {
        let some = |text: &str| Some(text.to_owned());
        let whole = (vec![some("a"), some("b")], true);
        assert_eq!(read(br#"[{"action":"a"}, {"action":"b"}]"#), whole);
        assert_eq!(read(b"\xef\xbb\xbf\n{\"action\":\"a\"}\r\n\n{\"action\":\"b\"}"), whole);
        assert_eq!(read(br#"[{"action":"a"}, {"action":"b""#), (vec![some("a")], false), "cut");
        assert_eq!(read(br#"[{"action":"a"}] {"action":"b"}"#), (vec![some("a")], false), "something behind it");
        assert_eq!(read(b"{\"action\":\"a\"}\n{\"action\":oops}\n{\"action\":\"b\"}").0, [some("a"), None, some("b")]);
        assert_eq!(read(br#"[{"action":"a"}, 7, {"action":"b"}]"#).0, [some("a"), None, some("b")]);
        assert_eq!(read(b"action,actor\na,b\n").0, [None, None], "a spreadsheet");
    }

    /// Something every hour from `from` to `until`, but for the days that are missing.
    fn heard(from: &str, until: &str, missing: &[&str]) -> Vec<String> {
        let mut heard = Heard::new(at("2026-03-01T00:00:00Z"), at("2026-06-01T00:00:00Z"));
        let mut now = at(from);
        while now < at(until) {
            if !missing.iter().any(|day| now.to_string().starts_with(day)) {
                heard.hear(now);
            }
            now += jiff::SignedDuration::from_hours(1);
        }
        heard.missing().iter().map(|cause| cause.detail.as_ref().unwrap().raw().to_owned()).collect()
    }

    #[test]
    fn days_that_are_not_in_it_are_missing_wherever_they_lie() {
        let (from, until) = ("2026-02-20T00:00:00Z", "2026-06-01T00:00:00Z");
        assert_eq!(heard(from, until, &[]), Vec::<String>::new());
        let middle = heard(from, until, &["2026-05-10", "2026-05-11"]);
        assert!(middle.len() == 1 && middle[0].contains("2026-05-10T00:00:00Z to 2026-05-12T00:00:00Z"), "{middle:?}");
        assert!(heard("2026-04-01T00:00:00Z", until, &[])[0].contains("begins too late"));
        assert!(heard(from, "2026-05-20T00:00:00Z", &[])[0].contains("2026-05-20T00:00:00Z to 2026-06-01"));
        assert!(heard(from, from, &[])[0].contains("no event"));
        assert!(heard("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", &[])[0].contains("is silent"), "it ended before");
    }
}
