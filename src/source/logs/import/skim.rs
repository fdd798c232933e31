//! Reads blocks of lines when few callers are wanted: one search over the whole block says which lines could be theirs.
//! All others are counted by their beginning, save some that are looked at closely to count other callers.

use memchr::memchr2_iter;

use super::glance::Sure;
use super::literal::{Literals, hides};
use super::place::LogFile;
use super::work::Worker;

/// So many lines of each part are looked at closely, and then one in [`EVERY`].
const FIRST: u64 = 128;
const EVERY: u64 = 256;

/// From so many lines on that do not begin like the one before, it is only now and then tried again.
const PATIENCE: u32 = 8;

impl Worker<'_> {
    /// Reads the lines of a block.
    pub(super) fn skim(&mut self, file: &LogFile, text: &[u8], literals: &Literals) {
        let mut places = std::mem::take(&mut self.places);
        literals.places(text, &mut places);
        let mut hits = places.iter().peekable();
        let (mut start, mut hidden) = (0, false);
        let last = text.last().filter(|&&byte| byte != b'\n').map(|_| text.len());
        for end in memchr2_iter(b'\n', b'\\', text).chain(last) {
            if text.get(end) == Some(&b'\\') {
                hidden |= hides(&text[end + 1..]);
                continue;
            }
            let mut wanted = std::mem::take(&mut hidden);
            while hits.next_if(|&&place| place < end).is_some() {
                wanted = true;
            }
            self.skim_line(file, &text[start..end], wanted);
            start = end + 1;
        }
        self.places = places;
    }

    fn skim_line(&mut self, file: &LogFile, line: &[u8], wanted: bool) {
        self.end.lines += 1;
        let closely = wanted || self.end.lines <= FIRST || self.end.lines.is_multiple_of(EVERY);
        let known = self.stencil.as_ref().filter(|_| !closely);
        if let Some(second) = known.and_then(|stencil| stencil.second(line.strip_suffix(b"\r").unwrap_or(line))) {
            self.misses = 0;
            self.seen[file.input].census.note_somebody(second);
            return;
        }
        let line = line.trim_ascii();
        if wanted {
            self.parse(file, line);
        } else if !line.is_empty() && self.line(file, line, Sure::default()) && !closely {
            self.learn(line);
        }
    }

    /// Learns how lines begin from one that was looked at.
    fn learn(&mut self, line: &[u8]) {
        self.misses = self.misses.saturating_add(1);
        if self.misses <= PATIENCE || self.misses.is_power_of_two() {
            self.stencil = self.glance.stencil(line);
        }
    }
}
