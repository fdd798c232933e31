//! Looks for a few wanted callers in a whole block at once: where none of their ids and names stands, in whatever case,
//! no line can be theirs. What could hide one from such a search is known here too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aho_corasick::Span;
use aho_corasick::packed::{Config, Searcher};
use memchr::memmem;

use super::wanted::Wanted;

/// How much of an id or a name is searched for; the rest is compared where that stands.
const WIDTH: usize = 4;

/// So few parts are found sooner one after the other than all at once.
const FEW: usize = 3;

/// More parts than this, each in every case, are not searched for faster than the lines are looked at one by one.
const MOST: usize = 64;

/// Ids and names, ready to be searched for.
pub(super) struct Literals {
    search: Search,
    /// By part: where it lies in which texts.
    texts: Vec<Vec<Text>>,
}

enum Search {
    Each(Vec<memmem::Finder<'static>>),
    Together(Searcher),
}

#[derive(Clone)]
struct Text {
    text: Box<[u8]>,
    /// How far into it the part stands.
    lead: usize,
}

impl Literals {
    /// `None`: they are too many, or one of them could stand in a line otherwise than letter by letter.
    pub(super) fn new(wanted: &Wanted) -> Option<Literals> {
        let mut texts: BTreeMap<Vec<u8>, Vec<Text>> = BTreeMap::new();
        for text in wanted.principals.iter().chain(&wanted.names) {
            let lead = lead(text)?;
            let text = Text { text: text.as_bytes().into(), lead };
            for part in cases(&text.text[lead..lead + WIDTH]) {
                texts.entry(part).or_default().push(text.clone());
            }
        }
        let search = match texts.len() {
            1..=FEW => Search::Each(texts.keys().map(|part| memmem::Finder::new(part).into_owned()).collect()),
            0..=MOST => Search::Together(Config::new().builder().extend(texts.keys()).build()?),
            _ => return None,
        };
        Some(Literals { search, texts: texts.into_values().collect() })
    }

    /// Every place in a block where one of them stands, in order.
    pub(super) fn places(&self, block: &[u8], places: &mut Vec<usize>) {
        places.clear();
        match &self.search {
            Search::Each(parts) => {
                for (index, part) in parts.iter().enumerate() {
                    part.find_iter(block).for_each(|at| self.stands(block, index, at, places));
                }
            }
            Search::Together(parts) => {
                let mut rest = Span::from(0..block.len());
                // From the next byte on: parts may overlap.
                while let Some(part) = parts.find_in(block, rest) {
                    self.stands(block, part.pattern().as_usize(), part.start(), places);
                    rest.start = part.start() + 1;
                }
            }
        }
        places.sort_unstable();
        places.dedup();
    }

    fn stands(&self, block: &[u8], part: usize, at: usize, places: &mut Vec<usize>) {
        let begins = |Text { text, lead }: &Text| {
            let begin = at.checked_sub(*lead)?;
            block.get(begin..begin + text.len())?.eq_ignore_ascii_case(text).then_some(begin)
        };
        places.extend(self.texts[part].iter().filter_map(begins));
    }
}

/// Whether a backslash with this behind it stands for a character of which an id or a name consists.
pub(super) fn hides(escape: &[u8]) -> bool {
    let [b'u', b'0', b'0', high, low, ..] = escape else { return false };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    digit(high).zip(digit(low)).is_some_and(|(high, low)| u8::try_from(high << 4 | low).is_ok_and(is_literal))
}

/// Whether there is such an escape.
pub(super) fn is_hiding(text: &[u8]) -> bool {
    static ESCAPE: LazyLock<memmem::Finder<'static>> = LazyLock::new(|| memmem::Finder::new(br"\u00"));
    ESCAPE.find_iter(text).any(|at| hides(&text[at + 1..]))
}

/// What an encoder writes as it is, or as a number behind `\u00`.
fn is_literal(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@' | b'#')
}

/// Where the part begins that is searched for: the one with the fewest letters, since each has two cases. `None`: the text
/// can be written in another way than letter by letter, or is too short.
fn lead(text: &str) -> Option<usize> {
    // A number has many spellings.
    if !text.bytes().all(is_literal) || text.parse::<f64>().is_ok() {
        return None;
    }
    let cost = |part: &[u8]| {
        let letters = part.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
        let common = part.iter().enumerate().filter(|(at, byte)| **byte == b'-' || part[..*at].contains(byte)).count();
        (letters, common)
    };
    (0..(text.len() + 1).checked_sub(WIDTH)?).min_by_key(|&at| cost(&text.as_bytes()[at..at + WIDTH]))
}

/// A part in every case.
fn cases(part: &[u8]) -> Vec<Vec<u8>> {
    part.iter().fold(vec![Vec::new()], |all, byte| {
        let mut cases = vec![byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        cases.dedup();
        let longer =
            |before: &Vec<u8>| cases.iter().map(|byte| [before.as_slice(), &[*byte]].concat()).collect::<Vec<_>>();
        all.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(principals: &[&str], names: &[&str]) -> Wanted {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Wanted { principals: all(principals), names: all(names) }
    }

    fn places(wanted: &Wanted, block: &str) -> Vec<usize> {
        let mut places = Vec::new();
        Literals::new(wanted).unwrap().places(block.as_bytes(), &mut places);
        places
    }

    #[test]
    fn the_part_with_the_fewest_letters_is_searched_for() {
        assert_eq!(lead("abcdef01-2345-4bcd-8000-00000000000a"), Some(9));
        assert_eq!(lead("alice@contoso.com"), Some(2));
        assert_eq!(cases(b"e@1c").len(), 4);
    }

    #[test]
    fn what_can_be_written_in_other_ways_is_not_searched_for() {
        for text in ["", "abc", "12345", "1.5e3", "a/bcde", "älice@x.example", "o'neil@x.example", "a b c d"] {
            assert!(Literals::new(&wanted(&[text, "abcdef"], &[])).is_none(), "{text}");
        }
        assert!(Literals::new(&wanted(&[], &[])).is_none());
        let many: Vec<String> = (0..1_000).map(|n| format!("id-{n:04}")).collect();
        assert!(Literals::new(&wanted(&many.iter().map(String::as_str).collect::<Vec<_>>(), &[])).is_none());
    }

    #[test]
    fn only_escapes_of_plain_characters_hide_anything() {
        for escape in ["u0061", "u002D\"", "u0040x", "u005f"] {
            assert!(hides(escape.as_bytes()), "{escape}");
        }
        for escape in ["u003c", "u00e4", "u0161", "\"", "n", "u00", "u00zz", "\\u0020"] {
            assert!(!hides(escape.as_bytes()), "{escape}");
        }
    }

    proptest! {
        #[test]
        fn nothing_is_passed_over(block in "[abAB1@]{0,80}", ids in prop::collection::btree_set("[ab1]{4,6}", 1..4), name in "[ab]{1,2}@[ab]{2,3}") {
            prop_assume!(ids.iter().all(|id| id.parse::<f64>().is_err()));
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let all: Vec<&str> = ids.iter().copied().chain([name.as_str()]).collect();
            let lower = block.to_lowercase();
            let expected: Vec<usize> = (0..block.len()).filter(|&at| all.iter().any(|text| lower[at..].starts_with(text))).collect();
            let found = places(&wanted(&ids, &[&name]), &block);
            prop_assert_eq!(found, expected);
            let one: Vec<usize> = (0..block.len()).filter(|&at| lower[at..].starts_with(&name)).collect();
            prop_assert_eq!(places(&wanted(&[], &[&name]), &block), one);
        }
    }
}
