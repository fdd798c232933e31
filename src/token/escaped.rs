//! Tokens that are written with escapes: `%2D` in URLs, `\u002d` and `\/` in JSON.
//! Only the words that hold such an escape are decoded, and only what an escape had hidden is a find of this module.

use std::ops::Range;

use memchr::memmem;

use super::anchor::{Begins, Literal};

/// Escapes of the characters that tokens are made of besides letters and digits: `- . / + = _ ~`; and `\/`, which is too
/// short to be searched for together with these.
const MARKS: &[&str] = &[
    "%2B", "%2b", "%2D", "%2d", "%2E", "%2e", "%2F", "%2f", "%3D", "%3d", "%5F", "%5f", "%7E", "%7e", "\\u002",
    "\\u003d", "\\u003D", "\\u005f", "\\u005F", "\\u007e", "\\u007E", "&#1", "&#4", "&#5", "&#6", "&#7", "&#8", "&#9",
    "&#x", "&#X", "&lowbar;", "&hyphen;", "&dash;", "&equals;", "&sol;", "&period;", "&plus;", "&amp;",
];
const SLASH: &[u8] = b"\\/";

/// The most of a word that is decoded on either side of an escape.
const WIDEST: usize = 2 * 1024;

/// A word without its escapes.
pub(super) struct Word {
    pub(super) text: Vec<u8>,
    /// Where each byte of `text` begins in the searched bytes, and where the last one ends.
    places: Vec<usize>,
}

impl Word {
    /// The place of a part of the word in the searched bytes, if an escape hid it from a plain search.
    pub(super) fn hidden(&self, part: &Range<usize>) -> Option<Range<usize>> {
        let place = *self.places.get(part.start)?..*self.places.get(part.end)?;
        (place.len() > part.len()).then_some(place)
    }
}

/// What to search for, to know where escapes are.
pub(super) fn marks() -> impl Iterator<Item = Literal> {
    MARKS.iter().map(|mark| Literal { text: (*mark).into(), lead: 0, begins: Begins::Escape })
}

/// Every word with an escape, decoded; `marks` are the places of those that [`marks`] names.
pub(super) fn words(bytes: &[u8], mut marks: Vec<usize>) -> impl Iterator<Item = Word> {
    marks.extend(memmem::find_iter(bytes, SLASH));
    marks.sort_unstable();
    let mut done = 0;
    marks.into_iter().filter_map(move |mark| {
        if mark < done {
            return None;
        }
        let lowest = done.max(mark.saturating_sub(WIDEST));
        let highest = bytes.len().min(mark + WIDEST);
        let start = (lowest..mark).rev().find(|at| ends_word(bytes, *at)).map_or(lowest, |at| at + 1);
        let end = (mark..highest).find(|at| ends_word(bytes, *at)).unwrap_or(highest);
        done = end;
        Some(decode(bytes, start..end))
    })
}

fn ends_word(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b';' => !ends_entity(&bytes[at.saturating_sub(ENTITY)..at]),
        byte => byte.is_ascii_whitespace() || matches!(byte, 0 | b'"' | b'\'' | b'<' | b'>' | b',' | b'`'),
    }
}

/// Longer than the names in between `&` and `;`.
const ENTITY: usize = 9;

/// Whether what stands before a semicolon is the beginning of an entity.
fn ends_entity(before: &[u8]) -> bool {
    let name = before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
    name > 1 && before.len() > name && before[before.len() - name - 1] == b'&'
}

fn decode(bytes: &[u8], range: Range<usize>) -> Word {
    let mut word = Word { text: Vec::with_capacity(range.len()), places: Vec::with_capacity(range.len() + 1) };
    let mut at = range.start;
    while at < range.end {
        let (byte, length) = escape(&bytes[at..range.end]).unwrap_or((bytes[at], 1));
        word.text.push(byte);
        word.places.push(at);
        at += length;
    }
    word.places.push(at);
    word
}

/// The byte that an escape stands for, and how long the escape is.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    let hex = |digits: &[u8]| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    match text {
        [b'%', high, low, ..] if high.is_ascii_hexdigit() => Some((hex(&[*high, *low])?, 3)),
        [b'\\', b'u', b'0', b'0', high, low, ..] if high.is_ascii_hexdigit() => Some((hex(&[*high, *low])?, 6)),
        [b'&', ..] => entity(text),
        [b'\\', b'/', ..] => Some((b'/', 2)),
        [b'\\', b'n' | b'r' | b't', ..] => Some((b'\n', 2)),
        _ => None,
    }
}

/// `&#45;`, `&#x2d;`, `&hyphen;`
fn entity(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().take(ENTITY + 1).position(|&byte| byte == b';')?;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u8::from_str_radix(hex, 16),
        None => digits.parse(),
    });
    let byte = match (number, name) {
        (Some(number), _) => number.ok().filter(u8::is_ascii)?,
        (None, "lowbar") => b'_',
        (None, "hyphen" | "dash") => b'-',
        (None, "equals") => b'=',
        (None, "sol") => b'/',
        (None, "period") => b'.',
        (None, "plus") => b'+',
        (None, "amp") => b'&',
        _ => return None,
    };
    Some((byte, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::anchor::Anchors;
    use crate::token::{kinds, scrub};
    use proptest::prelude::*;

    fn noise(seed: u64, length: usize) -> String {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..length).map(|_| random.alphanumeric()).collect()
    }

    fn found(bytes: &[u8]) -> impl Iterator<Item = Word> {
        let mut places = Vec::new();
        Anchors::new(marks()).unwrap().each(bytes, |_, at| places.push(at));
        words(bytes, places)
    }

    fn all(text: &str) -> Vec<String> {
        found(text.as_bytes()).map(|word| String::from_utf8_lossy(&word.text).into_owned()).collect()
    }

    #[test]
    fn only_words_with_an_escape_are_decoded() {
        assert_eq!(all(r#"plain "a\u002db" x=c%2Dd%zz "#), ["a-b", "x=c-d%zz"]);
        assert_eq!(all(r#"{"k":"1\/\/0a","l":"m"}"#), ["1//0a"]);
        assert_eq!(all("nothing 100% here"), Vec::<String>::new());
        assert_eq!(all("<a>b&#45;c&#x5F;d&hyphen;e;f</a>"), ["b-c_d-e"]);
    }

    #[test]
    fn a_part_is_hidden_only_by_an_escape_of_its_own() {
        let word = found(b"  ab%2Dcd-ef").next().unwrap();
        assert_eq!(word.text, b"ab-cd-ef");
        assert_eq!(word.hidden(&(0..5)), Some(2..9));
        assert_eq!(word.hidden(&(3..8)), None);
    }

    #[test]
    fn escaped_tokens_are_found_decoded_and_scrubbed() {
        let gitlab = format!("glpat-{}", noise(70, 20));
        let secret = format!("1//0{}", noise(71, 40));
        for (text, value) in [
            (format!("?t={}&x=1", gitlab.replace('-', "%2D")), &gitlab),
            (format!("<td>{}</td>", gitlab.replace('-', "&#45;")), &gitlab),
            (format!("<td title=\"{}\">", gitlab.replace("gl", "&#103;&#x6c;")), &gitlab),
            (format!("{{\"t\":\"{}\"}}", gitlab.replace('-', "\\u002d")), &gitlab),
            (format!("t=%22{}%22", gitlab.replace('-', "%2d")), &gitlab),
            (format!("{{\"t\":\"{}\"}}", secret.replace('/', "\\/")), &secret),
            (format!("a=b&refresh_token={}", secret.replace('/', "%2F")), &secret),
        ] {
            let hits = kinds().find(text.as_bytes());
            assert_eq!(hits.len(), 1, "{text}");
            assert_eq!(hits[0].value(text.as_bytes()), value.as_bytes());
            assert!(!scrub(&text).contains(&value[value.len() - 12..]), "{}", scrub(&text));
        }
        // An escape beside a token changes nothing.
        let text = format!("a%2Fb={gitlab}");
        assert_eq!(kinds().find(text.as_bytes())[0].value(text.as_bytes()), gitlab.as_bytes());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_places_fit(bytes in proptest::collection::vec(prop_oneof![Just(b'%'), Just(b'\\'), Just(b'2'), Just(b'D'), Just(b'/'), any::<u8>()], 0..200)) {
            for word in found(&bytes) {
                prop_assert_eq!(word.places.len(), word.text.len() + 1);
                prop_assert!(word.places.is_sorted() && *word.places.last().unwrap() <= bytes.len());
            }
        }
    }
}
