//! When two names or two ids are the same: whatever the letter case, in every script, composed or not, and a GUID in
//! whatever dress a service or a person writes it. Pure; it decides nothing about whose a name is.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use uuid::Uuid;

/// The one form that all spellings of a name have in common.
///
/// Letters that only look alike, and those that a language replaces by others (ß, ı), stay different: a wrong person is
/// worse than none.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(text.to_ascii_lowercase()),
            false => Cow::Borrowed(text),
        };
    }
    // Σ has two small forms, of which one stands at the end of words only.
    let small = text.chars().flat_map(char::to_lowercase).map(|c| if c == 'ς' { 'σ' } else { c });
    let small: String = small.collect();
    Cow::Owned(ComposingNormalizerBorrowed::new_nfc().normalize(&small).into_owned())
}

/// Whether two names are the same. White space around them is nobody's name.
pub fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    match one.is_ascii() && other.is_ascii() {
        true => one.eq_ignore_ascii_case(other),
        false => folded(one) == folded(other),
    }
}

/// A GUID in its usual dress: small letters, dashes, no braces. Nothing: it is none.
pub fn guid(text: &str) -> Option<String> {
    let text = text.trim();
    let bare = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(text);
    Uuid::try_parse(bare).ok().map(|id| id.hyphenated().to_string())
}

/// An id of a service as it is compared and kept: a GUID in its usual dress, anything else as it came.
pub fn id(text: &str) -> Cow<'_, str> {
    // Few ids are none, and most of those that are have their usual dress.
    guid(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_the_same_in_every_case_and_composition() {
        for (one, other) in [
            ("Alice@Contoso.com", "alice@contoso.COM"),
            ("JÜRGEN@contoso.com", "jürgen@contoso.com"),
            ("ju\u{308}rgen@contoso.com", "JÜRGEN@contoso.com"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("ИВАН", "иван"),
            (" alice ", "alice"),
        ] {
            assert!(is_same(one, other), "{one} {other}");
        }
        for (one, other) in [("straße", "strasse"), ("ısmail", "ismail"), ("jürgen", "jurgen"), ("alice", "аlice")]
        {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_guid_has_one_dress() {
        let usual = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";
        for dress in [
            usual.to_owned(),
            usual.to_uppercase(),
            usual.replace('-', ""),
            usual.replace('-', "").to_uppercase(),
            format!("{{{usual}}}"),
            format!("({})", usual.to_uppercase()),
            format!("urn:uuid:{usual}"),
            format!(" {usual}\n"),
        ] {
            assert_eq!(guid(&dress).as_deref(), Some(usual), "{dress}");
            assert_eq!(id(&dress), usual);
        }
        for other in ["", "alice", "87d349ed-44d7-43e1-9a83-5f2406dee5b", &format!("{usual}0"), &format!("x{usual}")] {
            assert_eq!(guid(other), None, "{other}");
            assert_eq!(id(other), other);
        }
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in any::<String>()) {
            let once = folded(&text).into_owned();
            prop_assert_eq!(folded(&once).into_owned(), once);
        }
    }
}
