//! Splits a check file into its three parts without understanding any of them: comment, SELECT, comment.

use std::ops::Range;

use crate::check::place::{Refused, Source};

/// The three parts, as bytes of the file. The comments without their marks.
pub(super) struct Parts {
    pub(super) metadata: Range<usize>,
    pub(super) sql: Range<usize>,
    pub(super) cases: Option<Range<usize>>,
}

const SHAPE: &str = "a check is /* TOML */, one SELECT that ends in `;`, /* TOML */";

pub(super) fn split(source: Source<'_>) -> Result<Parts, Refused> {
    refuse_bytes(source)?;
    let text = source.text;
    let start = skip_space(text, 0);
    if !text[start..].starts_with("/*") {
        return Err(source.refuse(start, format!("the metadata comment is missing; {SHAPE}")));
    }
    let metadata = comment(source, start)?;
    let sql_start = skip_space(text, metadata.end + 2);
    let sql = sql_start..statement_end(source, sql_start)?;
    let after = skip_space(text, sql.end);
    if after == text.len() {
        return Ok(Parts { metadata, sql, cases: None });
    }
    if !text[after..].starts_with("/*") {
        return Err(source.refuse(after, format!("nothing but the cases may follow the first `;`; {SHAPE}")));
    }
    let cases = comment(source, after)?;
    let end = skip_space(text, cases.end + 2);
    if end != text.len() {
        return Err(source.refuse(end, "nothing may follow the cases"));
    }
    Ok(Parts { metadata, sql, cases: Some(cases) })
}

/// Characters with which a file reads otherwise than it looks, or differs from one machine to the next.
fn refuse_bytes(source: Source<'_>) -> Result<(), Refused> {
    if source.text.starts_with('\u{feff}') {
        return Err(source.refuse(0, "the file starts with a byte order mark; save it as UTF-8 without one"));
    }
    let odd = |c: char| c != '\n' && c != '\t' && !crate::text::is_harmless(c);
    let Some((at, c)) = source.text.char_indices().find(|&(_, c)| odd(c)) else { return Ok(()) };
    Err(source.refuse(
        at,
        match c {
            '\r' => "this line ends in CR LF; save the file with LF line ends".to_owned(),
            '\0' => "a NUL byte; remove it".to_owned(),
            c => format!("an invisible or control character, U+{:04X}; remove it", u32::from(c)),
        },
    ))
}

fn skip_space(text: &str, from: usize) -> usize {
    text.len() - text[from..].trim_start().len()
}

/// The inside of the comment that starts at `start`.
fn comment(source: Source<'_>, start: usize) -> Result<Range<usize>, Refused> {
    match source.text[start + 2..].find("*/") {
        Some(length) => Ok(start + 2..start + 2 + length),
        None => Err(source.refuse(start, "this comment never ends; close it with */")),
    }
}

/// Just behind the first `;` that is neither in a text, nor in a name, nor in a comment.
fn statement_end(source: Source<'_>, start: usize) -> Result<usize, Refused> {
    let text = source.text;
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        at = match c {
            ';' => return Ok(at + 1),
            '\'' | '"' | '`' => closing(source, at, c)?,
            '[' => closing(source, at, ']')?,
            '-' if text[at..].starts_with("--") => text[at..].find('\n').map_or(text.len(), |length| at + length),
            '/' if text[at..].starts_with("/*") => comment(source, at)?.end + 2,
            c => at + c.len_utf8(),
        };
    }
    Err(source.refuse(start, format!("this SELECT never ends; {SHAPE}")))
}

/// Behind the mark that closes what opens at `open`. A doubled mark reopens at once, which comes to the same.
fn closing(source: Source<'_>, open: usize, mark: char) -> Result<usize, Refused> {
    match source.text[open + 1..].find(mark) {
        Some(length) => Ok(open + 1 + length + 1),
        None => Err(source.refuse(open, format!("this never ends; close it with {mark}"))),
    }
}
