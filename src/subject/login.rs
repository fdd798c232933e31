//! What a GitHub login may look like, and where one stands in a text as a whole word.

/// The longest login that GitHub gives.
pub const LONGEST: usize = 39;

/// Whether somebody could register this login today: letters, digits and single hyphens inside.
pub fn is_registrable(login: &str) -> bool {
    let hyphens = login.starts_with('-') || login.ends_with('-') || login.contains("--");
    (1..=LONGEST).contains(&login.len())
        && !hyphens
        && login.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether an account of this login may exist: old accounts break the hyphen rules, managed ones end in `_shortcode`.
pub fn is_possible(login: &str) -> bool {
    let fits = |byte: u8| is_login_byte(byte) || byte == b'_';
    (1..=LONGEST).contains(&login.len()) && login.bytes().all(fits)
}

/// Whether the text holds the login as a whole word, in any case: `alice` is in `alice/fix`, not in `alice-dev`.
pub fn names(text: &str, login: &str) -> bool {
    let (text, login) = (text.as_bytes(), login.as_bytes());
    let bounded = |at: usize| {
        let end = at + login.len();
        let before = at.checked_sub(1).is_none_or(|i| !is_login_byte(text[i]));
        before && text.get(end).is_none_or(|byte| !is_login_byte(*byte))
    };
    !login.is_empty()
        && text.windows(login.len()).enumerate().any(|(at, part)| part.eq_ignore_ascii_case(login) && bounded(at))
}

/// Every stretch of the text that could be a whole login.
/// Underscores bound an ordinary login and belong to a managed one.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let belongs = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split(move |c| !belongs(c)).filter(|run| !run.is_empty()).flat_map(|run| {
        let edges: Vec<usize> = std::iter::once(0)
            .chain(run.match_indices('_').flat_map(|(at, _)| [at, at + 1]))
            .chain(std::iter::once(run.len()))
            .collect();
        // At most one underscore is part of a login, so a word spans one piece or two.
        let spans: Vec<(usize, usize)> = (0..edges.len())
            .step_by(2)
            .flat_map(|i| [(i, i + 1), (i, i + 3)])
            .filter_map(|(from, to)| Some((edges[from], *edges.get(to)?)))
            .collect();
        spans.into_iter().map(|(from, to)| &run[from..to]).filter(|word| !word.is_empty())
    })
}

fn is_login_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_login_counts_only_as_a_whole_word() {
        for (text, login) in [
            ("alice/fix", "alice"),
            ("refs/heads/alice", "alice"),
            ("ALICE.dev", "alice"),
            ("by_alice_today", "alice"),
            ("alice-dev", "alice-dev"),
            ("x alice_contoso y", "alice_contoso"),
        ] {
            assert!(names(text, login), "{login} in {text}");
        }
        for (text, login) in [
            ("malice-tools", "alice"),
            ("alice-dev", "alice"),
            ("alice-developer", "alice-dev"),
            ("alice2", "alice"),
            ("-alice", "alice"),
            ("", "alice"),
            ("alice", ""),
        ] {
            assert!(!names(text, login), "{login} not in {text}");
        }
    }

    #[test]
    fn registrable_is_stricter_than_possible() {
        for login in ["a", "alice-dev", "A1", &"x".repeat(39)] {
            assert!(is_registrable(login) && is_possible(login), "{login}");
        }
        for login in ["alice-", "a--b", "alice_contoso"] {
            assert!(!is_registrable(login) && is_possible(login), "{login}");
        }
        for login in ["", "a.b", "a/b", "é", &"x".repeat(40)] {
            assert!(!is_registrable(login) && !is_possible(login), "{login}");
        }
    }

    proptest! {
        #[test]
        fn the_words_of_a_text_are_what_it_names(text in "[ab_/.-]{0,14}", login in "[ab-]{1,3}(_[ab]{1,2})?") {
            prop_assert_eq!(words(&text).any(|word| word == login), names(&text, &login));
        }
    }
}
