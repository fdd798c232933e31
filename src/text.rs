//! `Untrusted` and `Secret`, and the one escaper per kind of output.
//! The only way for foreign text to leave the program. It must not decide what is shown, only how.

use std::borrow::Cow;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Text that somebody else wrote: a display name, a scope, an error of a service.
///
/// It has no `Display`: pick the escaper of the place where it goes.
/// [`crate::report::json`] escapes what serde writes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Untrusted(String);

impl Untrusted {
    /// The text as it came, for comparing and storing; never for printing.
    pub fn raw(&self) -> &str {
        &self.0
    }

    /// For a terminal, one line: controls, escapes, bidirectional and invisible marks become visible.
    pub fn terminal(&self) -> String {
        self.0.chars().fold(String::with_capacity(self.0.len()), |mut out, c| {
            if is_harmless(c) {
                out.push(c)
            } else {
                push_visible(&mut out, c)
            }
            out
        })
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
        | '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
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
