//! The search itself: one pass for literals, a pattern only where a literal hit, then checksum, surroundings, placeholders.
//! It looks at most [`REACH`] bytes ahead of a literal, so hostile input costs no more than linear time.

use std::ops::Range;

use super::anchor::Begins;
use super::kinds::{Kind, Kinds, Place, Run};
use super::structure::{self, Check};
use super::{escaped, placeholder, run};
use crate::text::Secret;

/// No token is longer; a private key of 16,384 bits is not.
pub(crate) const REACH: usize = 16 * 1024;

/// One token.
#[derive(Debug, Clone)]
pub struct Hit<'k> {
    /// Its kind.
    pub kind: &'k Kind,
    /// Where it is in the searched bytes.
    pub span: Range<usize>,
    /// Whether its checksum or structure holds; `None`: the format has none.
    pub verified: Option<bool>,
    /// How sure it is that this is a token.
    pub confidence: Confidence,
    /// The token itself where it is written with escapes.
    decoded: Option<Secret>,
}

impl Hit<'_> {
    /// The token, out of the bytes that were searched.
    pub fn value<'a>(&'a self, bytes: &'a [u8]) -> &'a [u8] {
        match &self.decoded {
            Some(decoded) => decoded.expose().as_bytes(),
            None => &bytes[self.span.clone()],
        }
    }
}

/// How sure it is that something is a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The shape is right and the checksum is not.
    Low,
    /// The shape is right.
    Medium,
    /// The checksum or the structure holds.
    High,
}

impl Confidence {
    /// The word that evidence uses.
    pub fn name(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

impl Kinds {
    /// Every token in `bytes`, in order, none overlapping another. Placeholders and samples are not tokens.
    pub fn find(&self, bytes: &[u8]) -> Vec<Hit<'_>> {
        self.search(bytes, Depth { place: Place::Everywhere, samples: false })
    }

    /// As [`Kinds::find`], with the kinds that only hold tokens.
    pub fn find_with_surroundings(&self, bytes: &[u8]) -> Vec<Hit<'_>> {
        self.search(bytes, Depth { place: Place::Inside, samples: false })
    }

    /// Everything that must not stay in a text, samples included.
    pub(super) fn find_in_text(&self, bytes: &[u8]) -> Vec<Hit<'_>> {
        if !self.sieve.doubts(bytes) {
            return Vec::new();
        }
        self.search(bytes, Depth { place: Place::Text, samples: true })
    }

    fn search(&self, bytes: &[u8], depth: Depth) -> Vec<Hit<'_>> {
        let mut escapes = Vec::new();
        let mut hits = self.plain(bytes, depth, |escape| escapes.push(escape));
        for word in escaped::words(bytes, escapes) {
            // What surrounds a value is no part of the word, so only shapes can be told here.
            for hit in self.plain(&word.text, depth, |_| {}).into_iter().filter(|hit| !hit.kind.has_group) {
                let decoded = std::str::from_utf8(&word.text[hit.span.clone()]).ok().map(Secret::new);
                let span = word.hidden(&hit.span).filter(|_| decoded.is_some());
                hits.extend(span.map(|span| Hit { span, decoded, ..hit }));
            }
        }
        without_overlaps(hits)
    }

    fn plain(&self, bytes: &[u8], depth: Depth, mut escape: impl FnMut(usize)) -> Vec<Hit<'_>> {
        let mut hits = Vec::new();
        // By kind: its last hit. What begins inside of it would only be cut away again.
        let mut last = vec![0..0; self.kinds.len()];
        let mut heads = Heads::default();
        let mut found = |begins, start| match begins {
            Begins::Token(kind) if last[kind].contains(&start) => {}
            Begins::Token(kind) => {
                if let Some(hit) = examine(&self.kinds[kind], bytes, start, depth, &mut heads) {
                    last[kind] = start..hit.span.end;
                    hits.push(hit);
                }
            }
            Begins::Word { kind, length } => {
                hits.extend(announced(&self.kinds[kind], bytes, start..start + length, depth));
            }
            Begins::Escape => escape(start),
        };
        self.anchors.each(bytes, &mut found);
        if depth.place == Place::Text {
            self.anchors_in_text.each(bytes, &mut found);
        }
        for run in &self.runs {
            exact(run, bytes).for_each(|start| found(Begins::Token(run.kind), start));
        }
        hits
    }
}

/// What counts besides tokens that are worth reporting.
#[derive(Clone, Copy)]
struct Depth {
    place: Place,
    samples: bool,
}

/// The longest header of a web token; one with a chain of certificates is handed over in no file.
const LONGEST_HEADER: usize = 2048;

/// How far the word goes that a web token could begin in: looked at once, however often a token seems to begin in it.
#[derive(Default)]
struct Heads {
    word: Range<usize>,
}

impl Heads {
    /// Whether the header of a web token begins here: base64 of an object, and a dot behind it.
    fn begins(&mut self, bytes: &[u8], start: usize) -> bool {
        if !self.word.contains(&start) {
            let length = bytes[start..].iter().position(|&byte| !is_word(byte) && byte != b'-');
            self.word = start..start + length.unwrap_or(bytes.len() - start);
        }
        let end = self.word.end;
        let padding = bytes[end..].iter().take(2).take_while(|&&byte| byte == b'=').count();
        let is_glued = start > 0 && bytes[start - 1].is_ascii_alphanumeric() && !ends_with_escape(&bytes[..start]);
        !is_glued
            && end - start <= LONGEST_HEADER
            && bytes.get(end + padding) == Some(&b'.')
            && structure::begins_with_text(&bytes[start..end])
    }
}

fn examine<'k>(kind: &'k Kind, bytes: &[u8], start: usize, depth: Depth, heads: &mut Heads) -> Option<Hit<'k>> {
    if kind.place > depth.place {
        return None;
    }
    // What cannot stand here is not searched for: a file may repeat the beginning of a token without end.
    if kind.check.is_none() && !kind.has_group && !begins_alone(&bytes[..start]) {
        return None;
    }
    if kind.check == Some(Check::Jwt) && !heads.begins(bytes, start) {
        return None;
    }
    let window = &bytes[start..bytes.len().min(start + REACH)];
    let mut found = kind.pattern.find(window)?.range();
    if kind.has_group {
        found = kind.pattern.captures(window)?.name("secret")?.range();
    }
    let span = start + found.start..start + found.end;
    let token = &bytes[span.clone()];
    let verified = kind.check.and_then(|check| check.verify(token));
    if verified == Some(false) && kind.drops_mismatch {
        return None;
    }
    // A checksum that holds is proof enough wherever the bytes stand.
    if verified != Some(true) && !kind.has_group && !stands_alone(bytes, &span) {
        return None;
    }
    // Looking opaque proves nothing: the secrets in vendors' documentation do too.
    let proven = verified == Some(true) && !matches!(kind.check, Some(Check::Opaque | Check::Drawn | Check::Raw));
    // What is only told by its surroundings may be what a template has there.
    if kind.has_group && !depth.samples && std::str::from_utf8(token).is_ok_and(placeholder::is_template) {
        return None;
    }
    if placeholder::is_reference(token) || (!depth.samples && !proven && placeholder::is_sample(token, kind.shown)) {
        return None;
    }
    let confidence = match verified {
        Some(true) if kind.check == Some(Check::Raw) => Confidence::Medium,
        Some(true) => Confidence::High,
        Some(false) => Confidence::Low,
        None => Confidence::Medium,
    };
    Some(Hit { kind, span, verified, confidence, decoded: None })
}

/// How far behind a word a token may begin that the word announces, and how long such a token is at most.
const AHEAD: usize = 48;
const LONGEST_ANNOUNCED: usize = 4096;

/// The token that a word announces: the first that stands behind it where a value stands.
fn announced<'k>(kind: &'k Kind, bytes: &[u8], word: Range<usize>, depth: Depth) -> Option<Hit<'k>> {
    if kind.place > depth.place || !begins_name(&bytes[..word.start], bytes[word.start]) {
        return None;
    }
    let window = &bytes[..bytes.len().min(word.end + AHEAD + LONGEST_ANNOUNCED)];
    let mut at = word.end;
    loop {
        let span = kind.pattern.find_at(window, at)?.range();
        if span.start > word.end + AHEAD {
            return None;
        }
        let goes_on = bytes.get(span.end).is_some_and(|byte| b"+/=".contains(byte));
        if stands_alone(bytes, &span) && !goes_on && is_value_of(&bytes[word.end..span.start]) {
            return settled(kind, &bytes[span.clone()], depth).then_some(Hit {
                kind,
                span,
                verified: None,
                confidence: Confidence::Medium,
                decoded: None,
            });
        }
        // Not again inside of the same run.
        at = span.start + bytes[span.start..].iter().take_while(|byte| is_word(**byte)).count().max(1);
        if at >= window.len() {
            return None;
        }
    }
}

fn settled(kind: &Kind, token: &[u8], depth: Depth) -> bool {
    let looks = kind.check.is_none_or(|check| check.verify(token) != Some(false) || is_random(token));
    looks && !placeholder::is_reference(token) && (depth.samples || !placeholder::is_sample(token, 0))
}

/// Whether the letters and digits of a token are random together: `-` and `_` belong to the alphabet of many.
fn is_random(token: &[u8]) -> bool {
    let joined: String =
        token.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(|byte| char::from(*byte)).collect();
    super::opaque::is_random(&joined)
}

/// Whether a word begins a name or a part of one: `SONAR_TOKEN`, `MY_SONAR_TOKEN`, `mySonarToken`; no letter of the same
/// case stands before it.
fn begins_name(before: &[u8], first: u8) -> bool {
    match before.last() {
        Some(last) if last.is_ascii_alphabetic() => {
            (first.is_ascii_uppercase() && last.is_ascii_lowercase()) || ends_with_escape(before)
        }
        _ => true,
    }
}

/// What no secret is called: of such a name the value is known to others.
const OPEN: &[&str] = &[
    "h1",
    "sha",
    "sha1",
    "sha256",
    "sha512",
    "md5",
    "hash",
    "digest",
    "checksum",
    "commit",
    "revision",
    "rev",
    "etag",
    "uuid",
    "guid",
    "id",
    "integrity",
    "ref",
    "version",
    "fingerprint",
    "thumbprint",
    "build",
    "image",
    "tag",
    "oid",
    "tree",
    "parent",
    "object",
    "blob",
    "head",
    "base",
    "before",
    "after",
    "sum",
    "resolved",
    "project",
    "app",
    "site",
    "org",
    "team",
    "client",
];

/// Whether what stands between a word and a token lets the token be a value: not too many lines, a mark that divides, and no
/// name that says what else it is.
fn is_value_of(between: &[u8]) -> bool {
    let divides = between.last().is_some_and(|byte| b"\"'`=: \t\r\n>(,{[|".contains(byte)) || ends_with_escape(between);
    let lines = memchr::memchr_iter(b'\n', between).count();
    let name = between.iter().rposition(u8::is_ascii_alphanumeric).map_or(&[][..], |end| &between[..=end]);
    let start = name.iter().rposition(|byte| !byte.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let last = String::from_utf8_lossy(&name[start..]).to_ascii_lowercase();
    let camel = name[start..].ends_with(b"Id") || name[start..].ends_with(b"Sha");
    divides && lines <= 3 && !camel && !OPEN.contains(&last.as_str())
}

/// The beginning of every run of exactly the length of a kind's tokens.
fn exact<'a>(run: &'a Run, bytes: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    run::runs(&run.alphabet, run.length, bytes).filter_map(|found| {
        // In `\nvalue` the `n` belongs to the escape, not to the run.
        let first = found.end - run.length;
        (first == found.start || ends_with_escape(&bytes[..first])).then_some(first)
    })
}

/// Whether the bytes around a token do not belong to a longer word: `_` and `-` join names to values. `\n`, `\u0022`, `%3D` and a change of colour end a word.
fn stands_alone(bytes: &[u8], span: &Range<usize>) -> bool {
    begins_alone(&bytes[..span.start]) && bytes.get(span.end).is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

fn begins_alone(before: &[u8]) -> bool {
    match before.last() {
        None => true,
        Some(byte) if !byte.is_ascii_alphanumeric() => true,
        Some(_) => ends_with_escape(before),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn ends_with_escape(before: &[u8]) -> bool {
    let tail = |mark: &str, digits: usize| {
        let at = before.len().checked_sub(mark.len() + digits)?;
        before[at..].strip_prefix(mark.as_bytes())
    };
    let hex = |mark, digits| tail(mark, digits).is_some_and(|tail| tail.iter().all(u8::is_ascii_hexdigit));
    matches!(before, [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'0'])
        || hex("%", 2)
        || hex("\\u", 4)
        || hex("\\x", 2)
        || ends_with_colour(before)
}

/// `ESC [1;32m`, whatever the escape character is written as.
fn ends_with_colour(before: &[u8]) -> bool {
    let parameters = before.strip_suffix(b"m").unwrap_or_default().iter().rev().take(12);
    parameters.into_iter().find(|byte| !byte.is_ascii_digit() && **byte != b';') == Some(&b'[')
}

/// The more specific kind wins over one that only knows its surroundings, then the earlier and the longer one.
fn without_overlaps(mut hits: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    if hits.len() < 2 {
        return hits;
    }
    hits.sort_by_key(|hit| (hit.kind.has_group, hit.span.start, std::cmp::Reverse(hit.span.end)));
    let specific = hits.partition_point(|hit| !hit.kind.has_group);
    let mut around = disjoint(hits.split_off(specific));
    let mut kept = disjoint(hits);
    around.retain(|hit| {
        let at = kept.partition_point(|other| other.span.end <= hit.span.start);
        kept.get(at).is_none_or(|other| other.span.start >= hit.span.end)
    });
    kept.extend(around);
    kept.sort_by_key(|hit| hit.span.start);
    kept
}

fn disjoint(sorted: Vec<Hit<'_>>) -> Vec<Hit<'_>> {
    let mut kept: Vec<Hit<'_>> = Vec::with_capacity(sorted.len());
    for hit in sorted {
        if kept.last().is_none_or(|last| last.span.end <= hit.span.start) {
            kept.push(hit);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use crate::token::{checksum, scrub};

    #[test]
    fn what_is_glued_to_a_token_is_taken_out_too() {
        let body = "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7aC0eF3hJ".get(..34).unwrap();
        let first = format!("abc8Q~{}", &body[..31]);
        let sum = String::from_utf8_lossy(&checksum::entra_sum(first.as_bytes())).into_owned();
        let clean = scrub(&format!("{first}{sum}xyz8Q~{body}")).into_owned();
        assert!(!clean.contains("8Q~"), "{clean}");
        assert_eq!(scrub(&clean), clean);
    }
}
