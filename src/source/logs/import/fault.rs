//! What an import could not read, counted by kind, with the first place of each. A fault becomes a gap, never silence.

use std::collections::BTreeMap;
use std::fmt;

use crate::model::{Cause, GapKind};

/// A way in which a part of a log says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A line that is not what its file consists of.
    Malformed,
    /// A line beyond all measure.
    TooLong,
    /// The file ends in the middle.
    CutShort,
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
pub(super) struct Faults(BTreeMap<Fault, (u64, Place)>);

impl Faults {
    /// Counts one fault.
    pub(super) fn saw(&mut self, fault: Fault, place: Place) {
        self.saw_many(fault, 1, || place);
    }

    /// Counts faults of which only the first place is of interest.
    pub(super) fn saw_many(&mut self, fault: Fault, count: u64, place: impl FnOnce() -> Place) {
        if count > 0 {
            self.0.entry(fault).or_insert_with(|| (0, place())).0 += count;
        }
    }

    /// Whether there is one of this kind.
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.0.contains_key(&fault)
    }

    /// Adds the faults of a part in front of which its file has `lines` lines.
    pub(super) fn add(&mut self, other: Faults, lines: u64) {
        for (fault, (count, place)) in other.0 {
            let line = place.line.map(|line| line + lines);
            self.saw_many(fault, count, || Place { line, ..place });
        }
    }

    /// Each kind of fault as a gap.
    pub(super) fn causes(&self) -> impl Iterator<Item = (Fault, Cause)> {
        self.0.iter().map(|(fault, (count, place))| (*fault, fault.cause(*count, &place.to_string())))
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
        all.add(part.clone(), 100);
        all.add(part, 200);
        let causes: Vec<_> = all.causes().map(|(_, cause)| cause.detail.unwrap().raw().to_owned()).collect();
        assert_eq!(causes, ["could not be read: 4 lines, the first in a.json:103"]);
    }
}
