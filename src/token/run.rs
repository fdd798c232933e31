//! Long runs of an alphabet in bytes, found by looking at a few bytes in every run's length.

use std::collections::BTreeSet;
use std::ops::Range;

/// What is looked at to tell whether a run could be there; no run may be shorter.
pub(super) const PROBE: usize = 16;

/// Bytes that a run is made of.
pub(super) trait Set {
    fn holds(&self, byte: u8) -> bool;

    /// Without a branch: half of what a text has is in any alphabet.
    #[inline]
    fn holds_all(&self, bytes: &[u8; PROBE]) -> bool {
        bytes.iter().fold(true, |all, byte| all & self.holds(*byte))
    }
}

impl<F: Fn(u8) -> bool> Set for F {
    #[inline]
    fn holds(&self, byte: u8) -> bool {
        self(byte)
    }
}

/// A set that is only known when the program runs.
#[derive(Debug, Clone)]
pub(super) struct Alphabet {
    /// The first byte of each range, and how many follow it.
    ranges: Vec<(u8, u8)>,
}

impl Alphabet {
    pub(super) fn new(text: &str) -> Alphabet {
        let bytes: BTreeSet<u8> = text.bytes().collect();
        let mut ranges: Vec<(u8, u8)> = Vec::new();
        for byte in bytes {
            match ranges.last_mut().filter(|(first, more)| first + more + 1 == byte) {
                Some((_, more)) => *more += 1,
                None => ranges.push((byte, 0)),
            }
        }
        Alphabet { ranges }
    }
}

impl Set for Alphabet {
    #[inline]
    fn holds(&self, byte: u8) -> bool {
        self.ranges.iter().any(|(first, more)| byte.wrapping_sub(*first) <= *more)
    }

    /// Range by range, so that all bytes are compared at once.
    #[inline]
    fn holds_all(&self, bytes: &[u8; PROBE]) -> bool {
        let mut inside = [false; PROBE];
        for (first, more) in &self.ranges {
            let mut at = 0;
            while at < PROBE {
                inside[at] |= bytes[at].wrapping_sub(*first) <= *more;
                at += 1;
            }
        }
        inside.iter().fold(true, |all, inside| all & inside)
    }
}

/// Every run of at least `least` bytes.
pub(super) fn runs(set: &impl Set, least: usize, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        // A run cannot hide between two such places.
        while let Some(probe) = bytes.get(at..).and_then(<[u8]>::first_chunk::<PROBE>) {
            if !set.holds_all(probe) {
                at += least + 1 - PROBE;
                continue;
            }
            let mut all = at + PROBE;
            while bytes[all..].first_chunk::<PROBE>().is_some_and(|next| set.holds_all(next)) {
                all += PROBE;
            }
            let end = bytes[all..].iter().position(|byte| !set.holds(*byte)).map_or(bytes.len(), |gap| all + gap);
            let start = bytes[..at].iter().rposition(|byte| !set.holds(*byte)).map_or(0, |gap| gap + 1);
            at = end + 1;
            if end - start >= least {
                return Some(start..end);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_run_hides(text in "[ab ]{0,20}[ab]{0,40}[ab ]{0,30}[ab]{10,40}[ ab]{0,20}", least in PROBE..40) {
            let found: Vec<_> = runs(&Alphabet::new("ab"), least, text.as_bytes()).map(|run| &text[run]).collect();
            let expected: Vec<_> = text.split(' ').filter(|run| run.len() >= least).collect();
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn an_alphabet_holds_its_letters_only(letters in "[ -~]{1,40}", bytes in any::<[u8; PROBE]>()) {
            let alphabet = Alphabet::new(&letters);
            let known = |byte: u8| letters.as_bytes().contains(&byte);
            prop_assert!((0..=u8::MAX).all(|byte| alphabet.holds(byte) == known(byte)));
            prop_assert_eq!(alphabet.holds_all(&bytes), bytes.iter().all(|byte| known(*byte)));
            let inside: Vec<u8> = letters.bytes().cycle().take(PROBE).collect();
            prop_assert!(alphabet.holds_all(&inside.try_into().unwrap()));
        }
    }
}
