//! Whose records are wanted, and how ids and names are compared.

use std::borrow::Cow;
use std::collections::HashSet;

use foldhash::fast::RandomState;

use super::stencil::stands;
use crate::evidence::Callers;
use crate::text::Untrusted;

/// Whose records are wanted: by object id, and by name where a person calls. All in lower case.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) principals: HashSet<String, RandomState>,
    pub(super) names: HashSet<String, RandomState>,
}

impl Wanted {
    pub(super) fn new(callers: &Callers) -> Wanted {
        let lower = |all: &[Untrusted]| {
            all.iter().map(|text| lower(text.raw().trim()).into_owned()).filter(|text| !text.is_empty()).collect()
        };
        Wanted { principals: lower(&callers.principals), names: lower(&callers.names) }
    }

    /// Whether one of these is wanted; both in lower case.
    pub(super) fn has(&self, principal: &str, name: &str) -> bool {
        self.principals.contains(principal) || self.names.contains(name)
    }
}

/// How the ids and names begin, to tell in one step that a text is none of them.
pub(super) struct Beginnings {
    /// By a hash of the first bytes. The fewer they are, the less of it there is to be kept at hand.
    some: Box<[u64]>,
    has_names: bool,
}

impl Beginnings {
    /// `None`: one of them is too short, or begins with more than plain characters.
    pub(super) fn new(wanted: &Wanted) -> Option<Beginnings> {
        let texts = wanted.principals.iter().chain(&wanted.names);
        let words = (16 * texts.clone().count()).next_power_of_two().clamp(16, 1 << 10);
        let mut some = vec![0; words].into_boxed_slice();
        for text in texts {
            let begin = text.as_bytes().first_chunk().filter(|begin| begin.is_ascii())?;
            let (word, bit) = place(u64::from_le_bytes(*begin));
            some[word & (words - 1)] |= bit;
        }
        Some(Beginnings { some, has_names: !wanted.names.is_empty() })
    }

    /// Whether any of them is a name.
    #[inline]
    pub(super) fn has_names(&self) -> bool {
        self.has_names
    }

    /// Whether a text that begins so in its JSON, whatever comes behind it, could be one of them.
    #[inline]
    pub(super) fn may_begin(&self, begin: &[u8; 8]) -> bool {
        let begin = u64::from_le_bytes(*begin);
        let hides = stands(b'\\', begin) | (begin & u64::from_ne_bytes([0x80; 8]));
        let (word, bit) = place(begin);
        // Its length is a power of two.
        let some = self.some.get(word & (self.some.len() - 1)).is_none_or(|some| some & bit != 0);
        hides != 0 || some
    }
}

/// Where the bit of such a beginning stands, in as many words as there are; that of upper case is the same.
#[inline]
fn place(begin: u64) -> (usize, u64) {
    let hash = (begin | u64::from_ne_bytes([0x20; 8])).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
    (hash as usize >> 6, 1 << (hash & 63))
}

/// A text in lower case. One beyond ASCII stays beyond it: a Kelvin sign is no `k`.
pub(super) fn lower(text: &str) -> Cow<'_, str> {
    let lower = match text.is_ascii() {
        true if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => return Cow::Borrowed(text),
        true => text.to_ascii_lowercase(),
        false => text.to_lowercase(),
    };
    if lower.is_ascii() == text.is_ascii() { Cow::Owned(lower) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_does_not_matter_and_look_alikes_do() {
        let callers =
            Callers { principals: vec![" AB-1 ".into(), "".into()], names: vec!["\u{c4}nne@X.example".into()] };
        let wanted = Wanted::new(&callers);
        assert!(wanted.has("ab-1", "") && wanted.has("", "\u{e4}nne@x.example"));
        assert!(!wanted.has("", "anne@x.example") && !wanted.has("", ""));
        let beginnings =
            Beginnings::new(&Wanted { principals: HashSet::from_iter(["abcdefgh-1".to_owned()]), ..Wanted::default() });
        assert!(Beginnings::new(&wanted).is_none());
        let may_begin = |text: &[u8; 8]| beginnings.as_ref().unwrap().may_begin(text);
        assert!([b"abcdefgh", b"aBCdefGH", b"abc\\u006", b"abcdef\xc3\xa4"].into_iter().all(may_begin));
        assert!(![b"abcdefg-", b"bbcdefgh", b"\"\"},\"abc"].into_iter().any(may_begin));
        assert_eq!([lower("Kim"), lower("kim"), lower("\u{212a}im")], ["kim", "kim", "\u{212a}im"]);
    }
}
