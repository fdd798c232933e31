//! The first pass over bytes: where a token could begin. A literal is cut to its rarest four bytes, so that all literals
//! together fit into vectorised searches; the rest of one is compared where those hit. It knows nothing of patterns.

use std::collections::BTreeMap;

use aho_corasick::{AhoCorasick, Input, MatchKind};

/// What the vectorised search compares before it looks closer.
const WIDTH: usize = 4;
/// Escapes are short: the first of them are enough.
const ESCAPE: usize = 3;

/// The vectorised search takes so many at most.
const ANCHORS_PER_PASS: usize = 64;
/// Up to so many it sorts into eight groups, more into sixteen.
const FEW: usize = 32;

/// Literals, ready to be searched for.
#[derive(Debug, Clone)]
pub(super) struct Anchors {
    passes: Vec<Pass>,
}

#[derive(Debug, Clone)]
struct Pass {
    search: AhoCorasick,
    /// By anchor: the literals that hold it.
    literals: Vec<Vec<Anchored>>,
}

/// A literal, and how far into it its anchor stands.
#[derive(Debug, Clone)]
struct Anchored {
    literal: Literal,
    offset: usize,
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
    /// A word, this long, that announces a token of the kind with this index.
    Word { kind: usize, length: usize },
    /// An escape, inside a word that could hold a token.
    Escape,
}

impl Literal {
    fn width(&self) -> usize {
        match self.begins {
            Begins::Token(_) | Begins::Word { .. } => WIDTH,
            Begins::Escape => ESCAPE,
        }
    }

    /// Its rarest parts, which are equally rare.
    fn rarest(&self) -> Vec<&[u8]> {
        let parts = || self.text.windows(self.width().min(self.text.len()));
        let rarity = |part: &[u8]| part.iter().map(|&byte| rarity(byte)).sum::<u32>();
        let most = parts().map(rarity).max();
        parts().filter(|part| Some(rarity(part)) == most).collect()
    }

    /// It, with how far into it the first of `anchors` stands that is one of its rarest parts.
    fn anchored<'a>(self, anchors: &[&'a [u8]]) -> Option<(&'a [u8], Anchored)> {
        let rarest = self.rarest();
        let anchor = *anchors.iter().find(|anchor| rarest.contains(anchor))?;
        let offset = self.text.windows(anchor.len()).position(|part| part == anchor)?;
        Some((anchor, Anchored { literal: self, offset }))
    }
}

impl Anchored {
    /// The beginning of what has its anchor at `at`.
    fn start(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let begin = at.checked_sub(self.offset)?;
        bytes[begin..].starts_with(&self.literal.text).then_some(())?;
        begin.checked_sub(self.literal.lead)
    }
}

impl Anchors {
    pub(super) fn new(literals: impl IntoIterator<Item = Literal>) -> Result<Anchors, String> {
        let literals: Vec<Literal> = literals.into_iter().collect();
        let chosen: Vec<Vec<u8>> = cover(&literals).into_iter().map(<[u8]>::to_vec).collect();
        let chosen: Vec<&[u8]> = chosen.iter().map(Vec::as_slice).collect();
        // By length: a search is as selective as its shortest anchor.
        let mut anchors: BTreeMap<(usize, &[u8]), Vec<Anchored>> = BTreeMap::new();
        for (anchor, anchored) in literals.into_iter().filter_map(|literal| literal.anchored(&chosen)) {
            anchors.entry((anchor.len(), anchor)).or_default().push(anchored);
        }
        let anchors: Vec<_> = anchors.into_iter().map(|((_, anchor), literals)| (anchor, literals)).collect();
        let same_length = anchors.chunk_by(|(one, _), (other, _)| one.len() == other.len());
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
                    let start = literal.start(bytes, anchor.start());
                    start.into_iter().for_each(|start| found(literal.literal.begins, start));
                }
                from = anchor.start() + 1;
            }
        }
    }
}

impl Pass {
    fn new(anchors: &[(&[u8], Vec<Anchored>)]) -> Result<Pass, String> {
        let anchors: Vec<_> = dealt(anchors.len()).filter_map(|at| anchors.get(at)).collect();
        let search = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build(anchors.iter().map(|(anchor, _)| anchor))
            .map_err(|broken| broken.to_string())?;
        Ok(Pass { search, literals: anchors.into_iter().map(|(_, literals)| literals.clone()).collect() })
    }
}

/// The order in which anchors are handed to the search. It deals them out to its groups one by one, and is the more selective
/// the more alike those of one group are: neighbours in the order of the alphabet come into the same one.
fn dealt(anchors: usize) -> impl Iterator<Item = usize> {
    let groups = if anchors <= FEW { FEW / 4 } else { FEW / 2 };
    let (rows, more) = (anchors / groups, anchors % groups);
    let row =
        move |row| (0..if row < rows { groups } else { more }).map(move |group| group * rows + group.min(more) + row);
    (0..=rows).flat_map(row)
}

/// Few anchors that stand in all literals: always the one next that most of the remaining share, of equals the first.
fn cover(literals: &[Literal]) -> Vec<&[u8]> {
    let mut open: Vec<Vec<&[u8]>> = literals.iter().map(Literal::rarest).collect();
    let mut chosen = Vec::new();
    loop {
        let mut shared: BTreeMap<&[u8], usize> = BTreeMap::new();
        open.iter().flatten().for_each(|part| *shared.entry(part).or_default() += 1);
        let most = shared.values().copied().max();
        let first = open.iter().flatten().copied().find(|part| shared.get(part).copied() == most);
        let Some(next) = first else { return chosen };
        open.retain(|parts| !parts.contains(&next));
        chosen.push(next);
    }
}

/// As few passes as possible, none much larger than another.
fn even(anchors: usize) -> usize {
    anchors.div_ceil(anchors.div_ceil(ANCHORS_PER_PASS).max(1)).max(1)
}

/// How seldom a byte is in code and text, roughly.
pub(super) fn rarity(byte: u8) -> u32 {
    match byte {
        b'\\' => 4,
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
            Begins::Escape | Begins::Word { .. } => unreachable!("no literal of these tests is one"),
        });
        all.sort_unstable();
        all
    }

    #[test]
    fn a_literal_is_found_by_its_rarest_part_and_where_others_overlap() {
        assert_eq!(literal("-----BEGIN ", 0).rarest(), [b"BEGI", b"EGIN"]);
        assert_eq!(literal("hf_", 0).rarest(), [b"hf_"]);
        let literals = [literal("npm_", 0), literal("pm_x", 1), literal("-----BEGIN ", 2), literal("m_x", 3)];
        let anchors = Anchors::new(literals).unwrap();
        assert_eq!(all(&anchors, b"npm_x -----BEGIN BEGIN "), [(0, 0), (1, 1), (2, 6), (3, 2)]);
        let late = Anchors::new([Literal { lead: 3, ..literal("8Q~", 0) }]).unwrap();
        assert_eq!(all(&late, b"ab8Q~abc8Q~"), [(0, 5)]);
    }

    #[test]
    fn neighbours_are_dealt_to_one_group_and_none_is_lost() {
        assert_eq!(dealt(19).collect::<Vec<_>>()[..10], [0, 3, 6, 9, 11, 13, 15, 17, 1, 4]);
        for anchors in 0..200 {
            let mut all: Vec<_> = dealt(anchors).collect();
            all.sort_unstable();
            assert_eq!(all, (0..anchors).collect::<Vec<_>>());
        }
    }

    #[test]
    fn literals_share_what_they_can() {
        let literals = ["SharedAccessKey=", "SecretAccessKey", "AccountKey="].map(|text| literal(text, 0));
        assert_eq!(cover(&literals), [b"Acce", b"Acco"]);
        let of_program = crate::token::kinds().anchors.passes.len();
        assert!(of_program <= 8, "seven passes of the rarest anchors, one of the short ones, not {of_program}");
    }

    proptest! {
        #[test]
        fn nothing_is_passed_over(text in "[ab_]{0,60}", literals in proptest::collection::btree_set("[ab_]{3,6}", 1..150)) {
            let literals: Vec<String> = literals.into_iter().collect();
            let anchors = Anchors::new(literals.iter().enumerate().map(|(kind, text)| literal(text, kind))).unwrap();
            let begins = |kind: usize, at: usize| text[at..].starts_with(&literals[kind]);
            let places = (0..literals.len()).flat_map(|kind| (0..text.len()).map(move |at| (kind, at)));
            prop_assert_eq!(all(&anchors, text.as_bytes()), places.filter(|(kind, at)| begins(*kind, *at)).collect::<Vec<_>>());
        }
    }
}
