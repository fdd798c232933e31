//! Tells of short texts, such as an id or a name, that no token can begin in them, without a search.
//! It may doubt a text that holds none; it must never let one pass that does.

use super::anchor::{Literal, rarity};
use super::kinds::Run;

/// How much of a literal is looked for; none is shorter.
const WIDTH: usize = 3;

/// Longer texts would be doubted by chance alone.
const LONGEST: usize = 128;

/// So many places for marks that hardly any is taken, and that they stay in the first cache of a core.
const BITS: u32 = 17;

/// What texts with a token have in common.
#[derive(Debug, Clone)]
pub(super) struct Sieve {
    /// A mark for the rarest part of each literal.
    marks: Box<[u64]>,
    /// From this length on a text could be a run.
    run: usize,
    /// Whether no literal is made of nothing but what ids are made of.
    ids_are_clean: bool,
}

impl Sieve {
    pub(super) fn new<'l>(literals: impl IntoIterator<Item = &'l Literal>, runs: &[Run]) -> Sieve {
        let mut marks = vec![0; 1 << (BITS - 6)].into_boxed_slice();
        let mut ids_are_clean = true;
        for literal in literals {
            let rare = |part: &&[u8]| part.iter().map(|&byte| rarity(byte)).sum::<u32>();
            let part = literal.text.windows(WIDTH).max_by_key(rare).unwrap_or_default();
            let place = place(part.iter().fold(0, |window, &byte| next(window, byte)));
            marks[place / 64] |= 1 << (place % 64);
            ids_are_clean &= !is_id(&literal.text);
        }
        Sieve { marks, run: runs.iter().map(|run| run.length).min().unwrap_or(usize::MAX), ids_are_clean }
    }

    /// Whether something could begin in this text.
    pub(super) fn doubts(&self, text: &[u8]) -> bool {
        if text.len() > LONGEST || text.len() >= self.run {
            return true;
        }
        if self.ids_are_clean && is_id(text) {
            return false;
        }
        let mut window = 0;
        let mut found = 0;
        for (at, &byte) in text.iter().enumerate() {
            window = next(window, byte);
            let place = place(window);
            found |= u64::from(at + 1 >= WIDTH) & (self.marks[place / 64] >> (place % 64));
            // What is behind an escape has to be decoded first.
            found |= u64::from(byte == b'\\');
        }
        found != 0
    }
}

/// Whether a text is made of hexadecimal digits and dashes, as most texts of a log are. Without an early end it takes the
/// vectors of a core, and hardly any time.
fn is_id(text: &[u8]) -> bool {
    text.iter().fold(true, |is, byte| is & matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'))
}

/// The last [`WIDTH`] bytes.
fn next(window: u32, byte: u8) -> u32 {
    (window << 8 | u32::from(byte)) & 0x00FF_FFFF
}

fn place(window: u32) -> usize {
    (window.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::anchor::Begins;
    use super::*;

    fn sieve(literals: &[String]) -> Sieve {
        let literal = |text: &String| Literal { text: text.as_bytes().into(), lead: 0, begins: Begins::Token(0) };
        Sieve::new(&literals.iter().map(literal).collect::<Vec<_>>(), &[])
    }

    #[test]
    fn ids_and_paths_are_let_pass() {
        let sieve = sieve(&["ghp_".to_owned(), "npm_".to_owned(), "-----BEGIN ".to_owned()]);
        for text in ["", "a", "aaaaaaaa-0000-4000-8000-00000000000a", "/srv/finance/a.pdf", "mcp.tools.read"] {
            assert!(!sieve.doubts(text.as_bytes()), "{text}");
        }
        assert!(sieve.doubts(br"a\/b"));
        assert!(sieve.doubts(&[b'a'; LONGEST + 1]));
        let run = Run { alphabet: super::super::run::Alphabet::new("a"), length: 20, kind: 0 };
        assert!(Sieve::new(&[], &[run]).doubts(&[b'a'; 20]));
    }

    #[test]
    fn an_id_is_let_pass_unless_a_token_can_begin_like_one() {
        assert!(!sieve(&["ab1x".to_owned()]).doubts(b"0ab1-e"));
        assert!(sieve(&["ab1x".to_owned(), "ab1".to_owned()]).doubts(b"0ab1-e"));
        assert!(crate::token::kinds().sieve.ids_are_clean);
    }

    proptest! {
        #[test]
        fn no_literal_passes(literals in proptest::collection::vec("[a-zA-Z0-9_%-]{3,12}|[a-f0-9-]{3,6}", 1..40), at in any::<prop::sample::Index>(), before in ".{0,20}|[a-f0-9-]{0,9}", behind in ".{0,20}|[a-f0-9-]{0,9}") {
            let text = format!("{before}{}{behind}", at.get(&literals));
            prop_assert!(sieve(&literals).doubts(text.as_bytes()));
        }
    }
}
