//! `Untrusted` and `Secret`, and the one escaper per kind of output.
//! The only way for foreign text to leave the program. It must not decide what is shown, only how.

pub mod escape;
mod sameness;

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::sameness::{folded, guid, id, is_same};

/// Text that somebody else wrote: a display name, a scope, an error of a service.
///
/// It has no `Display`: pick the escaper of the place where it goes.
/// [`crate::report::json`] escapes what serde writes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(description = "Text that somebody else wrote: a display name, a scope, an error of a service. Escape it.")]
pub struct Untrusted(String);

impl Untrusted {
    /// The text as it came, for comparing and storing; never for printing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// For a terminal, one line: controls, escapes, bidirectional and invisible marks become visible.
    pub fn terminal(&self) -> String {
        visible(&self.0)
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.terminal())
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Untrusted {
        Untrusted(text)
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Untrusted {
        Untrusted(text.to_owned())
    }
}

impl From<Cow<'_, str>> for Untrusted {
    fn from(text: Cow<'_, str>) -> Untrusted {
        Untrusted(text.into_owned())
    }
}

/// A value that must never be printed, logged or stored. Wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value, without the white space that files and pipes put around it.
    pub fn new(value: &str) -> Secret {
        Secret(Zeroizing::new(value.trim().to_owned()))
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// [`Untrusted::terminal`] for text that has no type of its own, such as the message of an error.
pub fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if is_harmless(c) {
            out.push(c)
        } else {
            push_visible(&mut out, c)
        }
        out
    })
}

/// Whether a character shows as itself and moves nothing else on a screen.
pub fn is_harmless(c: char) -> bool {
    !(c.is_control() || is_invisible(c))
}

/// Bidirectional controls, zero-width characters, tags, line separators, byte order marks.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

fn push_visible(out: &mut String, c: char) {
    use fmt::Write;
    // Writing into a String cannot fail.
    let _ = write!(out, "\\u{{{:x}}}", c as u32);
}

/// The text cut to at most `limit` bytes at a character boundary, with a mark where it was cut.
pub fn capped(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let end = (0..=limit).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
    Cow::Owned(format!("{}… [{} bytes]", &text[..end], text.len()))
}

/// The candidate that somebody who wrote `word` most likely meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let scored = candidates.into_iter().map(|known| (strsim::jaro_winkler(&word, &known.to_lowercase()), known));
    // On equal scores the first candidate stays, so that the answer does not depend on the order of equals.
    let best = scored.fold(None, |best: Option<(f64, &str)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        _ => Some(next),
    });
    best.filter(|(score, _)| *score > 0.8).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written from Unicode's own lists (Cc, Bidi_Control, Default_Ignorable_Code_Point), apart from `is_invisible`.
    const FORBIDDEN: &[(u32, u32)] = &[
        (0x00, 0x1F),
        (0x7F, 0x9F),
        (0xAD, 0xAD),
        (0x34F, 0x34F),
        (0x61C, 0x61C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x2028, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFF8),
        (0x1BCA0, 0x1BCA3),
        (0x1D173, 0x1D17A),
        (0xE0000, 0xE0FFF),
    ];

    fn forbidden(c: char) -> bool {
        FORBIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&u32::from(c)))
    }

    fn hostile() -> impl Strategy<Value = String> {
        let forbidden = prop::sample::select(FORBIDDEN).prop_flat_map(|(first, last)| first..=last);
        let one = prop_oneof![any::<char>(), forbidden.prop_filter_map("not a surrogate", char::from_u32)];
        prop::collection::vec(one, 0..40).prop_map(|all| all.into_iter().collect())
    }

    proptest! {
        #[test]
        fn a_terminal_never_gets_a_character_that_acts_or_hides(text in hostile()) {
            prop_assert!(!Untrusted::from(text).terminal().chars().any(forbidden));
        }

        #[test]
        fn harmless_text_is_shown_as_it_is(text in "[a-zA-Z0-9 äöü漢字.@/-]{0,40}") {
            prop_assert_eq!(Untrusted::from(text.as_str()).terminal(), text);
        }
    }

    #[test]
    fn every_forbidden_character_is_made_visible() {
        for c in FORBIDDEN.iter().flat_map(|(first, last)| *first..=*last).filter_map(char::from_u32) {
            assert!(!is_harmless(c), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn the_nearest_word_is_offered_only_when_it_is_near() {
        let known = ["organizations", "enterprise", "app-id"];
        assert_eq!(nearest("organisations", known), Some("organizations"));
        assert_eq!(nearest("App_ID", known), Some("app-id"));
        assert_eq!(nearest("colour", known), None);
    }
}
