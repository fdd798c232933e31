//! Long runs of an alphabet in bytes, found by looking at a few bytes in every run's length.

use std::ops::Range;

/// What is looked at to tell whether a run could be there; no run may be shorter.
pub(super) const PROBE: usize = 16;

/// Every run of at least `least` bytes.
pub(super) fn runs(inside: impl Fn(u8) -> bool, least: usize, bytes: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        // A run cannot hide between two such places.
        while let Some(probe) = bytes.get(at..).and_then(<[u8]>::first_chunk::<PROBE>) {
            // All of them without a branch: half of what a text has is in any alphabet.
            if !probe.iter().fold(true, |all, byte| all & inside(*byte)) {
                at += least + 1 - PROBE;
                continue;
            }
            let end = bytes[at..].iter().position(|byte| !inside(*byte)).map_or(bytes.len(), |gap| at + gap);
            let start = bytes[..at].iter().rposition(|byte| !inside(*byte)).map_or(0, |gap| gap + 1);
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
            let found: Vec<_> = runs(|byte| b"ab".contains(&byte), least, text.as_bytes()).map(|run| &text[run]).collect();
            let expected: Vec<_> = text.split(' ').filter(|run| run.len() >= least).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
