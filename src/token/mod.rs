//! Recognises tokens in bytes: what kind, where, whether the checksum holds, and whose as far as the token itself says.
//! Pure: no I/O, no network. The kinds are data, in `checks/tokens.toml`.

mod anchor;
pub mod checksum;
mod claims;
mod encoded;
mod escaped;
mod find;
mod kinds;
pub(crate) mod named;
pub(crate) mod opaque;
pub mod owner;
pub mod placeholder;
pub(crate) mod published;
mod run;
mod sieve;
mod structure;

use std::borrow::Cow;
use std::sync::{LazyLock, OnceLock};

pub(crate) use encoded::words as encoded_words;
pub(crate) use find::REACH;
pub use find::{Confidence, Hit};
pub use kinds::{Error, Holder, Issuer, Kind, Kinds};
pub(crate) use structure::base64;

/// What a table of private kinds is called.
pub(crate) const TABLE: &str = "tokens.toml";

/// The kinds that every leaver knows.
static EMBEDDED: LazyLock<Kinds> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "a test parses this embedded file, and without it no text could be scrubbed"
    )]
    Kinds::parse(include_str!("../../checks/tokens.toml"), "checks/tokens.toml").expect("the embedded table is valid")
});

/// The kinds of `checks/tokens.toml`, which is part of the program.
pub fn kinds() -> &'static Kinds {
    &EMBEDDED
}

/// The kinds of this run, if private ones belong to it.
static OF_RUN: OnceLock<Kinds> = OnceLock::new();

/// Makes these the kinds of the run, which [`scrub`] takes out, instead of the embedded ones only. The first call counts:
/// a run has one table.
pub fn scrub_also(kinds: &Kinds) {
    OF_RUN.get_or_init(|| kinds.clone());
}

/// The kinds of this run: the embedded ones, and private ones where they belong to it.
pub(crate) fn kinds_of_run() -> &'static Kinds {
    OF_RUN.get().unwrap_or(kinds())
}

/// How many tokens without a gap between them are told apart.
const GLUED: usize = 8;

/// The text with every token in it replaced by the name of its kind, as in `[github-pat]`.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let mut clean = scrub_once(text);
    // What was glued to a token stands alone when that is gone.
    for _ in 1..GLUED {
        match &clean {
            Cow::Owned(again) => match scrub_once(again) {
                Cow::Owned(cleaner) => clean = Cow::Owned(cleaner),
                Cow::Borrowed(_) => break,
            },
            Cow::Borrowed(_) => break,
        }
    }
    clean
}

fn scrub_once(text: &str) -> Cow<'_, str> {
    let hits = kinds_of_run().find_in_text(text.as_bytes());
    if hits.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    let mut rest = 0;
    for hit in hits {
        // Patterns match ASCII only at their ends, but a private table is foreign: never split a character.
        let (start, end) = (floor(text, hit.span.start), ceiling(text, hit.span.end));
        clean.push_str(text.get(rest..start).unwrap_or_default());
        clean.push('[');
        clean.push_str(&hit.kind.name);
        clean.push(']');
        rest = end;
    }
    clean.push_str(&text[rest..]);
    Cow::Owned(clean)
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

fn ceiling(text: &str, at: usize) -> usize {
    (at..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len())
}

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod tests;
