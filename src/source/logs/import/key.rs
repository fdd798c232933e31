//! Finds the text of one column in a line of flat JSON without parsing it. A key and its opening quote stand for themselves;
//! whatever does not look exactly so is not found.

use memchr::memmem;

/// A key, and where it stood last.
pub(super) struct Key {
    /// With its opening quote, without a suffix.
    pub(super) finder: memmem::Finder<'static>,
    /// From before the key to behind the quote that opens its value, as it stood last.
    lead: Box<[u8]>,
    /// How far behind the place to look from the value began.
    pub(super) distance: usize,
}

impl Key {
    pub(super) fn new(name: &str) -> Key {
        let finder = memmem::Finder::new(&format!("\"{name}")).into_owned();
        Key { finder, lead: Box::default(), distance: 0 }
    }

    /// Whether it was the column without a suffix.
    pub(super) fn is_bare(&self) -> bool {
        self.lead.get(1 + self.finder.needle().len()) == Some(&b'"')
    }

    /// Whether the key stands once more behind its value.
    pub(super) fn is_again(&self, line: &[u8], value: usize) -> bool {
        self.finder.find(&line[value..]).is_some()
    }

    /// Where the text begins that is the value of this key, in the part of the line behind `from`.
    pub(super) fn value(&mut self, line: &[u8], from: usize) -> Option<usize> {
        let begin = from + self.distance;
        let lead = begin.checked_sub(self.lead.len()).and_then(|start| line.get(start..begin));
        if !self.lead.is_empty() && lead == Some(&*self.lead) {
            return Some(begin);
        }
        let key = from + self.finder.find(&line[from..])?;
        // A quote that is escaped begins no key.
        if !matches!(line.get(key.checked_sub(1)?), Some(b',' | b'{' | b' ' | b'\t')) {
            return None;
        }
        let begin = opening(line, key + self.finder.needle().len())?;
        (self.lead, self.distance) = (line[key - 1..begin].into(), begin - from);
        Some(begin)
    }
}

/// From behind the bare name of a column to behind the quote that opens its text.
fn opening(line: &[u8], mut at: usize) -> Option<usize> {
    at += match line.get(at..)? {
        [b'"', ..] => 1,
        [b'_', b's' | b'g' | b't', b'"', ..] => 3,
        _ => return None,
    };
    for mark in [b':', b'"'] {
        at += line[at..].iter().position(|byte| !matches!(byte, b' ' | b'\t'))?;
        (line[at] == mark).then_some(())?;
        at += 1;
    }
    Some(at)
}
