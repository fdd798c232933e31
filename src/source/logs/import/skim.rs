//! Reads blocks of lines of which most are of no interest, by their beginnings: those that begin like the one before are
//! counted, save some that are looked at closely to count other callers. Where the beginning does not tell whose record
//! it is, one search over the whole block says which lines could be a wanted caller's.

use memchr::{memchr, memchr2, memchr2_iter};

use super::glance::Sure;
use super::literal::{Literals, hides};
use super::place::LogFile;
use super::wanted::Beginnings;
use super::work::Worker;

/// So many lines of each part are looked at closely, and then one in [`EVERY`].
const FIRST: u64 = 128;
const EVERY: u64 = 256;

/// From so many lines on that do not begin like the one before, it is only now and then tried again.
const PATIENCE: u32 = 8;

/// From so many lines of a part on that hold an object inside, beginnings no longer tell enough.
const NESTED: u32 = 16;

impl<'j> Worker<'j> {
    /// What wanted callers begin with, if lines that begin like the one before tell so whose they are.
    pub(super) fn beginnings(&self) -> Option<&'j Beginnings> {
        let stencil = self.stencil.as_ref().filter(|_| self.nested < NESTED)?;
        self.job.beginnings.as_ref().filter(|wanted| stencil.tells_whose(wanted))
    }

    /// Reads the lines of a block whose beginnings tell whose they are.
    pub(super) fn lay(&mut self, file: &LogFile, text: &[u8], wanted: &Beginnings) {
        let mut start = 0;
        while start < text.len() {
            let (length, nested) = first_line(&text[start..]);
            let line = &text[start..start + length];
            start += length + 1;
            self.nested += u32::from(nested);
            if !self.lay_line(file, line, wanted, nested) && self.beginnings().is_none() {
                self.lines(file, text.get(start..).unwrap_or_default());
                break;
            }
        }
    }

    /// Reads one line; true if its beginning was enough.
    fn lay_line(&mut self, file: &LogFile, line: &[u8], wanted: &Beginnings, nested: bool) -> bool {
        let closely = self.next_closely() || nested;
        let head = line.strip_suffix(b"\r").unwrap_or(line);
        let is_named_elsewhere = |at| self.glance.is_named_elsewhere(head, at);
        if let Some(stencil) = self.stencil.as_mut().filter(|_| !closely)
            && let Some(moment) = stencil.moment_of_other(head, wanted, is_named_elsewhere)
            && self.hours.count(moment)
        {
            self.misses = 0;
            return true;
        }
        self.look(file, line, closely);
        false
    }

    /// Reads the lines of a block in which wanted callers are searched for.
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
        let closely = self.next_closely();
        if wanted {
            self.parse(file, line.trim_ascii());
        } else if let Some(stencil) = self.stencil.as_mut().filter(|_| !closely)
            && let Some(moment) = stencil.moment(line.strip_suffix(b"\r").unwrap_or(line))
            && self.hours.count(moment)
        {
            self.misses = 0;
        } else {
            self.look(file, line, closely);
        }
    }

    /// Counts one more line; true if it is one of those that are looked at whatever they are.
    fn next_closely(&mut self) -> bool {
        self.end.lines += 1;
        self.end.lines <= FIRST || self.end.lines.is_multiple_of(EVERY)
    }

    /// Looks at a line. If it is only there for how it begins, others may begin so, too.
    fn look(&mut self, file: &LogFile, line: &[u8], closely: bool) {
        let line = line.trim_ascii();
        if !line.is_empty() && self.line(file, line, Sure::default()) && !closely {
            self.learn(line);
        }
    }

    /// Learns how lines begin from one that was just looked at.
    pub(super) fn learn(&mut self, line: &[u8]) {
        self.misses = self.misses.saturating_add(1);
        if self.misses <= PATIENCE || self.misses.is_power_of_two() {
            self.stencil = self.glance.stencil(line);
        }
    }
}

/// How long the first line of a text is, and whether it holds a brace that does not begin it.
fn first_line(text: &[u8]) -> (usize, bool) {
    let Some((b'{', rest)) = text.split_first() else { return (memchr(b'\n', text).unwrap_or(text.len()), true) };
    match memchr2(b'\n', b'{', rest) {
        None => (text.len(), false),
        Some(at) if rest[at] == b'\n' => (at + 1, false),
        Some(at) => (memchr(b'\n', &rest[at..]).map_or(text.len(), |end| at + 1 + end), true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_at_its_end_and_its_braces_are_seen() {
        for (text, expected) in [
            ("{a}\n{b}", (3, false)),
            ("{a}", (3, false)),
            ("{\n", (1, false)),
            ("{a{\n}\n", (3, true)),
            ("{{}}", (4, true)),
            ("\n{a}", (0, true)),
            ("a\n", (1, true)),
        ] {
            assert_eq!(first_line(text.as_bytes()), expected, "{text}");
        }
    }
}
