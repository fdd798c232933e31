//! Cuts what a log file holds into blocks of whole lines, in constant memory. A part of a file owns the lines that begin
//! in it, so that several threads can read one file and every line is read once.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use memchr::{memchr, memrchr};

/// How much is looked at in one go; half of the second cache of a core.
pub(super) const BLOCK: usize = 256 * 1024;
/// No line is longer. An Event Hub holds at most one MiB in one event.
pub(super) const LONGEST: usize = 8 * 1024 * 1024;

/// A piece of the input.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Whole lines, each with its end save perhaps the last of the input.
    Lines(&'a [u8]),
    /// A line that is too long to be one; it was skipped.
    TooLong,
}

/// The lines of one input, block by block.
pub(super) struct Blocks<R> {
    input: R,
    buffer: Vec<u8>,
    /// What was handed out last.
    spent: usize,
    filled: usize,
    /// Where in the input the buffer begins.
    at: u64,
    /// Lines that begin here or later belong to somebody else.
    until: u64,
    /// The rest of the line is not ours, or too long.
    skipping: bool,
    size: usize,
    longest: usize,
}

impl<R: Read> Blocks<R> {
    /// All lines of a stream.
    pub(super) fn new(input: R) -> Blocks<R> {
        Blocks {
            input,
            buffer: Vec::new(),
            spent: 0,
            filled: 0,
            at: 0,
            until: u64::MAX,
            skipping: false,
            size: BLOCK,
            longest: LONGEST,
        }
    }

    #[cfg(test)]
    fn of_size(mut self, size: usize, longest: usize) -> Blocks<R> {
        (self.size, self.longest) = (size, longest);
        self
    }

    /// The next lines; `None`: that was all.
    ///
    /// # Errors
    /// What the input says. What came before it can still be had with [`Blocks::rest`].
    pub(super) fn next(&mut self) -> io::Result<Option<Piece<'_>>> {
        self.drop_spent();
        while self.at < self.until {
            let whole = self.whole();
            if self.skipping {
                if let Some(end) = memchr(b'\n', &self.buffer[..self.filled]) {
                    self.skipping = false;
                    self.drop(end + 1);
                    continue;
                }
                self.drop(self.filled);
            } else if whole > 0 {
                self.spent = whole;
                return Ok(Some(Piece::Lines(&self.buffer[..whole])));
            } else if self.filled >= self.longest {
                self.drop(self.filled);
                self.skipping = true;
                return Ok(Some(Piece::TooLong));
            }
            if self.fill()? == 0 {
                return Ok(self.last());
            }
        }
        Ok(None)
    }

    /// What was read before an error and not handed out: lines, the last of them cut short.
    pub(super) fn rest(&mut self) -> &[u8] {
        self.drop_spent();
        if self.skipping { &[] } else { &self.buffer[..self.filled] }
    }

    fn last(&mut self) -> Option<Piece<'_>> {
        self.spent = self.filled;
        (self.filled > 0 && !self.skipping).then(|| Piece::Lines(&self.buffer[..self.filled]))
    }

    /// How much of the buffer is whole lines of ours; none before the buffer is full.
    fn whole(&self) -> usize {
        let filled = &self.buffer[..self.filled];
        // The last line of ours holds the byte before `until`; it may end behind that.
        let ours = usize::try_from(self.until - self.at).unwrap_or(usize::MAX);
        let end = (self.filled >= ours).then(|| memchr(b'\n', &filled[ours - 1..])).flatten();
        match end {
            Some(end) => ours + end,
            None if self.filled < self.size.min(ours) => 0,
            None => memrchr(b'\n', filled).map_or(0, |end| end + 1),
        }
    }

    fn fill(&mut self) -> io::Result<usize> {
        let left = usize::try_from(self.until - self.at).unwrap_or(usize::MAX).saturating_sub(self.filled);
        // Behind our part only the rest of one line is needed.
        let want = match left {
            0 => 4096,
            left => left.min(self.size.saturating_sub(self.filled).max(self.size / 4)).max(1),
        };
        let end = self.filled + want;
        if self.buffer.len() < end {
            self.buffer.resize(end.max(self.size), 0);
        }
        let read = loop {
            match self.input.read(&mut self.buffer[self.filled..end]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled += read;
        Ok(read)
    }

    fn drop_spent(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        self.drop(spent);
        if self.filled < self.size && self.buffer.len() > 2 * self.size {
            self.buffer.truncate(self.size);
            self.buffer.shrink_to_fit();
        }
    }

    fn drop(&mut self, bytes: usize) {
        self.buffer.copy_within(bytes..self.filled, 0);
        self.filled -= bytes;
        self.at += bytes as u64;
    }
}

/// Reads a file from one place on, however many others read it elsewhere.
pub(super) struct From<'f> {
    file: &'f File,
    at: u64,
}

impl Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl<'f> Blocks<From<'f>> {
    /// The lines that begin in one part of a file.
    pub(super) fn of_part(file: &'f File, part: Range<u64>) -> Blocks<From<'f>> {
        // The byte before tells whether a line begins with the part.
        let start = part.start.saturating_sub(1);
        let blocks = Blocks::new(From { file, at: start });
        Blocks { at: start, until: part.end, skipping: part.start > 0, ..blocks }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    /// The lines of all blocks, without their ends.
    fn lines<R: Read>(mut blocks: Blocks<R>) -> Vec<Option<Vec<u8>>> {
        let mut all = Vec::new();
        while let Some(piece) = blocks.next().unwrap() {
            match piece {
                Piece::TooLong => all.push(None),
                Piece::Lines(text) => {
                    all.extend(
                        text.split_inclusive(|&byte| byte == b'\n')
                            .map(|line| Some(line.strip_suffix(b"\n").unwrap_or(line).to_vec())),
                    );
                }
            }
        }
        all
    }

    fn expected(text: &[u8]) -> Vec<Option<Vec<u8>>> {
        let lines = text.split_inclusive(|&byte| byte == b'\n');
        lines.map(|line| Some(line.strip_suffix(b"\n").unwrap_or(line).to_vec())).collect()
    }

    /// Hands out its bytes in gulps of any size.
    struct Gulps<'a>(&'a [u8], usize);

    impl Read for Gulps<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let gulp = self.1.min(buffer.len()).min(self.0.len());
            buffer[..gulp].copy_from_slice(&self.0[..gulp]);
            self.0 = &self.0[gulp..];
            Ok(gulp)
        }
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![3 => Just(b'x'), 1 => Just(b'\n'), 1 => Just(b'{')], 0..200)
    }

    proptest! {
        #[test]
        fn any_block_size_gives_every_line_once(text in text(), size in 1_usize..40, gulp in 1_usize..40) {
            let blocks = Blocks::new(Gulps(&text, gulp)).of_size(size, 1000);
            prop_assert_eq!(lines(blocks), expected(&text));
        }

        #[test]
        fn the_parts_of_a_file_together_are_the_file(text in text(), part in 1_u64..50, size in 1_usize..40) {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&text).unwrap();
            let length = text.len() as u64;
            let starts = (0..length).step_by(part as usize);
            let all: Vec<_> = starts
                .flat_map(|start| lines(Blocks::of_part(&file, start..length.min(start + part)).of_size(size, 1000)))
                .collect();
            prop_assert_eq!(all, expected(&text));
        }
    }

    #[test]
    fn a_line_without_end_costs_no_memory_and_hides_no_other() {
        let text = [b"a\n".as_slice(), &[b'x'; 500], b"\nb\n"].concat();
        let blocks = Blocks::new(text.as_slice()).of_size(16, 64);
        assert_eq!(lines(blocks), [Some(b"a".to_vec()), None, Some(b"b".to_vec())]);
        let endless = Blocks::new(io::repeat(b'x').take(10_000)).of_size(16, 64);
        assert_eq!(lines(endless), [None]);
    }

    #[test]
    fn what_came_before_an_error_is_not_lost() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let mut blocks = Blocks::new(b"a\nhalf".chain(Broken));
        assert!(blocks.next().is_err());
        assert_eq!(blocks.rest(), b"a\nhalf");
    }
}
