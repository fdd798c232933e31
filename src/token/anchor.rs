//! The first pass over bytes: where a token could begin. A literal is cut to its rarest four bytes, so that all literals
//! together fit into vectorised searches; the rest of one is compared where those hit. It knows nothing of patterns.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// What the vectorised search compares before it looks closer.
const WIDTH: usize = 4;

/// The vectorised search is fastest with so many.
const ANCHORS_PER_PASS: usize = 32;

/// Literals, ready to be searched for.
#[derive(Debug, Clone)]
pub(super) struct Anchors {
    passes: Vec<Pass>,
}

#[derive(Debug, Clone)]
struct Pass {
    search: AhoCorasick,
    /// By anchor: the literals that hold it.
    literals: Vec<Vec<Literal>>,
}

/// Bytes that begin something.
#[derive(Debug, Clone)]
pub(super) struct Literal {
    pub(super) text: Vec<u8>,
    /// How far into it they stand.
    pub(super) lead: usize,
    pub(super) begins: Begins,
}

/// What could begin at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Begins {
    /// A token of the kind with this index.
    Token(usize),
    /// An escape, inside a word that could hold a token.
    Escape,
}

impl Literal {
    /// Where the rarest part begins.
    fn rarest(&self) -> usize {
        let rarity = |at: &usize| self.text[*at..].iter().take(WIDTH).map(|&byte| rarity(byte)).sum::<u32>();
        // The first of equals.
        (0..=self.text.len().saturating_sub(WIDTH)).rev().max_by_key(rarity).unwrap_or(0)
    }

    fn anchor(&self) -> Vec<u8> {
        self.text[self.rarest()..].iter().copied().take(WIDTH).collect()
    }

    /// The beginning of what has its anchor at `at`.
    fn start(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let begin = at.checked_sub(self.rarest())?;
        bytes[begin..].starts_with(&self.text).then_some(())?;
        begin.checked_sub(self.lead)
    }
}

impl Anchors {
    pub(super) fn new(literals: impl IntoIterator<Item = Literal>) -> Result<Anchors, String> {
        let mut anchors: BTreeMap<(usize, Vec<u8>), Vec<Literal>> = BTreeMap::new();
        for literal in literals {
            let anchor = literal.anchor();
            anchors.entry((anchor.len(), anchor)).or_default().push(literal);
        }
        // By length: a search is as selective as its shortest anchor.
        let anchors: Vec<_> = anchors.into_iter().collect();
        let same_length = anchors.chunk_by(|((one, _), _), ((other, _), _)| one == other);
        let passes = same_length.flat_map(|anchors| anchors.chunks(even(anchors.len()))).map(Pass::new);
        Ok(Anchors { passes: passes.collect::<Result<_, _>>()? })
    }

    /// Every place where something could begin.
    pub(super) fn each(&self, bytes: &[u8], mut found: impl FnMut(Begins, usize)) {
        for pass in &self.passes {
            let mut from = 0;
            // From the next byte on: anchors may overlap.
            while let Some(anchor) = pass.search.find(Input::new(bytes).range(from..)) {
                for literal in &pass.literals[anchor.pattern().as_usize()] {
                    literal.start(bytes, anchor.start()).into_iter().for_each(|start| found(literal.begins, start));
                }
                from = anchor.start() + 1;
            }
        }
    }
}

/// An anchor with where it lies in its literals, and the literals.
type Anchored = ((usize, Vec<u8>), Vec<Literal>);

impl Pass {
    fn new(anchors: &[Anchored]) -> Result<Pass, String> {
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(anchors.iter().map(|((_, anchor), _)| anchor))
            .map_err(|broken| broken.to_string())?;
        Ok(Pass { search, literals: anchors.iter().map(|(_, literals)| literals.clone()).collect() })
    }
}

/// As few passes as possible, none much larger than another.
fn even(anchors: usize) -> usize {
    anchors.div_ceil(anchors.div_ceil(ANCHORS_PER_PASS).max(1)).max(1)
}

/// How seldom a byte is in code and text, roughly.
pub(super) fn rarity(byte: u8) -> u32 {
    match byte {
        b'A'..=b'Z' | b'~' | b'+' => 3,
        b'0'..=b'9' | b'_' => 2,
        b'a'..=b'z' => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn literal(text: &str, kind: usize) -> Literal {
        Literal { text: text.into(), lead: 0, begins: Begins::Token(kind) }
    }

    fn all(anchors: &Anchors, bytes: &[u8]) -> Vec<(usize, usize)> {
        let mut all = Vec::new();
        anchors.each(bytes, |begins, start| match begins {
            Begins::Token(kind) => all.push((kind, start)),
            Begins::Escape => unreachable!("no literal of these tests is one"),
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn a_literal_is_found_by_its_rarest_part_and_where_others_overlap() {
        assert_eq!(literal("-----BEGIN ", 0).anchor(), b"BEGI");
        assert_eq!(literal("hf_", 0).anchor(), b"hf_");
        let literals = [literal("npm_", 0), literal("pm_x", 1), literal("-----BEGIN ", 2), literal("m_x", 3)];
        let anchors = Anchors::new(literals).unwrap();
        assert_eq!(all(&anchors, b"npm_x -----BEGIN BEGIN "), [(0, 0), (1, 1), (2, 6), (3, 2)]);
        let late = Anchors::new([Literal { lead: 3, ..literal("8Q~", 0) }]).unwrap();
        assert_eq!(all(&late, b"ab8Q~abc8Q~"), [(0, 5)]);
    }

    proptest! {
        #[test]
        fn nothing_is_passed_over(text in "[ab_]{0,60}", literals in proptest::collection::btree_set("[ab_]{3,6}", 1..50)) {
            let literals: Vec<String> = literals.into_iter().collect();
            let anchors = Anchors::new(literals.iter().enumerate().map(|(kind, text)| literal(text, kind))).unwrap();
            let begins = |kind: usize, at: usize| text[at..].starts_with(&literals[kind]);
            let places = (0..literals.len()).flat_map(|kind| (0..text.len()).map(move |at| (kind, at)));
            prop_assert_eq!(all(&anchors, text.as_bytes()), places.filter(|(kind, at)| begins(*kind, *at)).collect::<Vec<_>>());
        }
    }
}
