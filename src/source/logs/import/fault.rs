//! What an import could not read, counted by kind, with the first place of each. A fault becomes a gap, never silence.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use crate::model::{Cause, GapKind, stamp};

/// So many hours of a fault are named.
const NAMED: usize = 5;

/// So many are told apart; a log with more faults is to be exported again as a whole.
const HOURS: usize = 2_000;

/// A way in which a part of a log says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A line that is not what its file consists of.
    Malformed,
    /// A line beyond all measure.
    TooLong,
    /// The file ends in the middle.
    CutShort,
    /// A record whose caller or columns may be read in more than one way.
    Ambiguous,
    /// A record with a list or an object in the place of a value.
    Nested,
    /// A record without a readable time.
    Undated,
    /// A record whose time bears no zone.
    Unzoned,
    /// A record of a time that has not come yet.
    Future,
    /// A record of somebody else without a time that is sure.
    Timeless,
    /// A record whose columns do not tell who called.
    Nameless,
    /// A record that may have been delivered, and counted, twice.
    Untold,
    /// The file is no log that is known here.
    Foreign,
    /// The file holds nothing.
    Empty,
    /// The file system refused.
    Unreadable,
}

/// Where a fault is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The file, as it is named to people.
    pub(super) file: String,
    /// Counted from 1.
    pub(super) line: Option<u64>,
    /// What there is to say about it.
    pub(super) what: Option<String>,
}

/// All faults of a part.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults(BTreeMap<Fault, Seen>);

/// All faults of one kind.
#[derive(Debug, Clone)]
struct Seen {
    count: u64,
    first: Place,
    /// When the records before each of them were made.
    hours: BTreeSet<i64>,
    /// Whether one of them stands before any record of its part.
    leading: bool,
}

impl Faults {
    /// Counts one fault.
    pub(super) fn saw(&mut self, fault: Fault, place: Place) {
        self.saw_behind(fault, None, place);
    }

    /// Counts one fault behind a record of this hour; `None`: there is none before it.
    pub(super) fn saw_behind(&mut self, fault: Fault, hour: Option<i64>, first: Place) {
        let new = || Seen { count: 0, first, hours: BTreeSet::new(), leading: false };
        let seen = self.0.entry(fault).or_insert_with(new);
        seen.count += 1;
        seen.leading |= hour.is_none();
        seen.hours.extend(hour);
        seen.bound();
    }

    /// Whether there is one of this kind.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.contains_key(&fault)
    }

    /// Adds the faults of a part in front of which its file has `lines` lines, the last of them of this hour.
    pub(super) fn add(&mut self, other: Faults, lines: u64, hour: Option<i64>) {
        for (fault, mut other) in other.0 {
            other.first.line = other.first.line.map(|line| line + lines);
            other.hours.extend(hour.filter(|_| other.leading));
            match self.0.get_mut(&fault) {
                Some(seen) => {
                    seen.count += other.count;
                    seen.hours.extend(other.hours);
                    seen.bound();
                }
                None => drop(self.0.insert(fault, other)),
            }
        }
    }

    /// Each kind of fault as a gap.
    pub(super) fn causes(&self) -> impl Iterator<Item = (Fault, Cause)> {
        self.0.iter().map(|(fault, seen)| {
            let hours = if fault.is_of_an_hour() { seen.hours() } else { String::new() };
            (*fault, fault.cause(seen.count, &format!("{}{hours}", seen.first)))
        })
    }
}

impl Seen {
    fn bound(&mut self) {
        while self.hours.len() > HOURS {
            self.hours.pop_last();
        }
    }

    /// Which hours have to be exported again.
    fn hours(&self) -> String {
        let named = self.hours.iter().take(NAMED).filter_map(|hour| Timestamp::from_second(*hour).ok());
        let named: Vec<String> = named.map(stamp).collect();
        match self.hours.len().saturating_sub(named.len()) {
            _ if named.is_empty() => String::new(),
            0 if named.len() == 1 => format!(", in the hour from {}", named.concat()),
            0 => format!(", in the hours from {}", named.join(", ")),
            more => format!(", in the hours from {} and {more} more", named.join(", ")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))?;
        self.what.as_ref().map_or(Ok(()), |what| write!(f, " ({what})"))
    }
}

impl Fault {
    /// Whether it leaves open what the wanted callers did, or only what any caller did.
    pub(super) fn concerns_calls(self) -> bool {
        self != Fault::Timeless
    }

    /// Whether what is missing is missing from an hour.
    fn is_of_an_hour(self) -> bool {
        matches!(self, Fault::Malformed | Fault::TooLong | Fault::CutShort | Fault::Ambiguous)
    }

    fn cause(self, count: u64, first: &str) -> Cause {
        let all = |things: &str| match count {
            1 => format!("1 {things} in {first}"),
            _ => format!("{count} {things}s, the first in {first}"),
        };
        let files = match count {
            1 => first.to_owned(),
            _ => format!("{first}, and {} more", count - 1),
        };
        let (detail, next) = match self {
            Fault::Malformed => (format!("could not be read: {}", all("line")), "export these hours again"),
            Fault::TooLong => {
                (format!("longer than 8 MiB: {}", all("line")), "export these hours again, one record a line")
            }
            Fault::CutShort => (format!("ends in the middle: {files}"), "copy the file again"),
            Fault::Ambiguous => (
                format!("has a column twice, or a list or an object for its caller or time: {}", all("record")),
                "export these hours again, each column once and as text",
            ),
            Fault::Nested => (
                format!("has a list or an object in the place of a value, which was left out: {}", all("record")),
                "export every column as text or number",
            ),
            Fault::Undated => {
                (format!("has no readable time: {}", all("record")), "export with times in UTC, as RFC 3339")
            }
            Fault::Unzoned => {
                (format!("has a time without a zone, so it is a guess: {}", all("record")), "export with times in UTC")
            }
            Fault::Future => {
                (format!("is of a time to come: {}", all("record")), "check the clock of the gateway, and --now")
            }
            Fault::Timeless => {
                (format!("of somebody else has no sure time: {}", all("record")), "export with times in UTC")
            }
            Fault::Nameless => (
                format!("does not tell who called: {}", all("record")),
                "name the columns in [logs.columns], or export with them",
            ),
            Fault::Untold => (
                format!("is too far out of order to tell whether it was delivered twice: {}", all("record")),
                "give the files in the order of time, or sort them",
            ),
            Fault::Foreign => (
                format!("is no log that is known here: {files}"),
                "name the columns in [logs.columns], or leave it out",
            ),
            Fault::Empty => (format!("holds nothing: {files}"), "export again"),
            Fault::Unreadable => (format!("could not be opened: {files}"), "let this user read it"),
        };
        let kind = if self == Fault::Unreadable { GapKind::Failed } else { GapKind::Truncated };
        Cause::new(kind, detail).needing(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(file: &str, line: u64) -> Place {
        Place { file: file.to_owned(), line: Some(line), what: None }
    }

    #[test]
    fn faults_are_counted_and_the_first_is_named_with_its_line_in_the_whole_file() {
        let (mut all, mut part) = (Faults::default(), Faults::default());
        part.saw(Fault::Malformed, place("a.json", 3));
        part.saw(Fault::Malformed, place("a.json", 4));
        all.add(part.clone(), 100, Some(3_600));
        all.add(part, 200, Some(0));
        let causes: Vec<_> = all.causes().map(|(_, cause)| cause.detail.unwrap().raw().to_owned()).collect();
        assert_eq!(
            causes,
            [
                "could not be read: 4 lines, the first in a.json:103, in the hours from 1970-01-01T00:00:00Z, 1970-01-01T01:00:00Z"
            ]
        );
    }
}
