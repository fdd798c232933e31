//! Looks at a line of an exported log without parsing it: whose record it is, and when it was made.
//!
//! A parse of every line would cost ten times as much. In a flat JSON object a key and its opening quote stand for
//! themselves, so three keys found as literals tell enough to leave a line alone. Whatever does not look exactly as
//! expected (an escape, a nested object, a second key of that name, a missing one) is left to the parser.

use std::borrow::Cow;
use std::hash::{BuildHasher, Hasher};

use foldhash::fast::FixedState;
use jiff::Timestamp;
use memchr::{memchr, memchr_iter, memchr2, memmem};

use super::census::Census;
use super::column::{Columns, OTHER_NAME, STAMP};
use super::key::Key;
use super::literal::is_hiding;
use super::raw::is_id;
use super::stencil::{Places, Stencil, of_time};
use super::wanted::{Wanted, lower};
use crate::source::logs::record::NIL;

/// What one look tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Somebody else's record; it is counted.
    Foreign,
    /// A record of a wanted caller; it is not counted yet.
    Wanted,
    /// It takes a parser to tell.
    Unclear,
}

/// What is known of every line of a block before it is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sure {
    /// No line has a second `{`.
    flat: bool,
    /// No line names a caller twice.
    once: bool,
    /// No escape stands for a plain character.
    plain: bool,
}

/// Pairs of callers that are known, by a hash of what stands in the line. They fit the second cache of a core.
const PAIRS: usize = 1 << 13;

/// This bit of such a hash tells the foreign ones.
const FOREIGN: u64 = 1;

/// One look after another, each a little wiser.
pub(super) struct Glance<'a> {
    wanted: &'a Wanted,
    principal: Key,
    name: Key,
    /// What the article's policy calls the name.
    other_name: memmem::Finder<'static>,
    time: Key,
    /// What the gateway itself calls it; it counts where there is no other.
    stamp: Key,
    is_stamped: bool,
    clock: Clock,
    /// Where the name began in the line that was looked at last.
    named: usize,
    hashes: FixedState,
    known: Box<[[u64; 2]]>,
}

impl<'a> Glance<'a> {
    pub(super) fn new(columns: &Columns, wanted: &'a Wanted, seed: u64) -> Glance<'a> {
        Glance {
            wanted,
            principal: Key::new(columns.principal()),
            name: Key::new(columns.name()),
            other_name: memmem::Finder::new(&format!("\"{OTHER_NAME}")).into_owned(),
            time: Key::new(columns.time()),
            stamp: Key::new(STAMP),
            is_stamped: false,
            clock: Clock::default(),
            named: 0,
            hashes: FixedState::with_seed(seed),
            known: vec![[0; 2]; PAIRS].into(),
        }
    }

    /// What a search over a whole block tells of its lines, which end at these places.
    pub(super) fn sure(&self, block: &[u8], ends: &[usize]) -> Sure {
        Sure {
            flat: is_one_each(memchr_iter(b'{', block), ends),
            once: is_one_each(self.principal.finder.find_iter(block), ends)
                && is_one_each(self.name.finder.find_iter(block), ends),
            plain: !is_hiding(block),
        }
    }

    /// Looks at one line.
    pub(super) fn line(&mut self, line: &[u8], sure: Sure, census: &mut Census) -> Seen {
        self.look(line, sure, census).unwrap_or(Seen::Unclear)
    }

    /// How lines begin that are like this one, which is the one that was looked at last.
    pub(super) fn stencil(&self, line: &[u8]) -> Option<Stencil> {
        // A column with a suffix may be followed by the one without, which then counts.
        let name = (self.name.is_bare() && !self.wanted.names.is_empty()).then_some(self.named);
        let caller = (self.principal.distance, self.principal.is_bare());
        let time = if self.is_stamped { &self.stamp } else { &self.time };
        let places = Places { time: time.distance, caller, name };
        time.is_bare().then(|| Stencil::of(line, places))?
    }

    /// Whether a line with an empty name at this place could name its caller in another column, or hidden in escapes.
    pub(super) fn is_named_elsewhere(&self, line: &[u8], at: usize) -> bool {
        self.name.is_again(line, at) || self.has_other_name(line) || is_hiding(&line[at..])
    }

    /// Whether a line has a column for names that counts where the usual one is empty, such as `caller` or `caller_s`.
    fn has_other_name(&self, line: &[u8]) -> bool {
        let ends = |at: usize| matches!(line[at..], [b'"', ..] | [b'_', b's' | b'g' | b'd' | b't', b'"', ..]);
        self.other_name.find_iter(line).any(|at| ends(at + self.other_name.needle().len()))
    }

    fn look(&mut self, line: &[u8], sure: Sure, census: &mut Census) -> Option<Seen> {
        let is_object = line.first() == Some(&b'{') && line.last() == Some(&b'}');
        if !is_object || !(sure.flat || is_flat(line)) || (!sure.plain && is_hiding(line)) {
            return None;
        }
        let time = self.time.value(line, 0);
        self.is_stamped = time.is_none() && !self.time.is_again(line, 0);
        let time = if self.is_stamped { self.stamp.value(line, 0) } else { time }?;
        let second = self.clock.second(text(line, time)?)?;
        let begin = self.principal.value(line, 0)?;
        let principal = text(line, begin)?;
        let behind = begin + principal.len();
        let named = self.name.value(line, behind).or_else(|| self.name.value(line, 0))?;
        let name = text(line, named)?;
        if name.trim_ascii().is_empty() && self.has_other_name(line) {
            return None;
        }
        self.named = named;
        // A migrated table has two columns for a field, and the first of them may be the empty one.
        if !sure.once && (self.principal.is_again(line, begin) || self.name.is_again(line, named)) {
            return None;
        }
        let mut hasher = self.hashes.build_hasher();
        hasher.write(principal);
        hasher.write_usize(principal.len());
        hasher.write(name);
        // No place that is free looks like one of them.
        let foreign = hasher.finish() | 0b10 | FOREIGN;
        let pair = &mut self.known[foreign as usize >> 2 & (PAIRS - 1)];
        if pair.contains(&foreign) {
            census.note(second);
            return Some(Seen::Foreign);
        }
        if pair.contains(&(foreign ^ FOREIGN)) {
            return Some(Seen::Wanted);
        }
        let (principal, name) = callers(plain(principal)?, plain(name)?);
        if self.wanted.has(&principal, &name) {
            *pair = [foreign ^ FOREIGN, pair[0]];
            return Some(Seen::Wanted);
        }
        if census.note(second) {
            mark(&self.hashes, &principal, &name).into_iter().for_each(|mark| census.caller(mark));
            if !principal.is_empty() {
                *pair = [foreign, pair[0]];
            }
        }
        Some(Seen::Foreign)
    }
}

/// Whether every line, by its end, has exactly one of these places.
fn is_one_each(mut places: impl Iterator<Item = usize>, ends: &[usize]) -> bool {
    let mut start = 0;
    let each = ends.iter().all(|&end| {
        let line = std::mem::replace(&mut start, end)..end;
        places.next().is_some_and(|place| line.contains(&place))
    });
    each && places.next().is_none()
}

/// Id and name as a parser would tell them.
fn callers<'t>(principal: Cow<'t, str>, name: Cow<'t, str>) -> (Cow<'t, str>, Cow<'t, str>) {
    match &*principal {
        "" if is_id(name.as_bytes()) => (name, principal),
        NIL => (Cow::Borrowed(""), name),
        _ => (principal, name),
    }
}

/// A number that stands for one caller, whichever way it was read; `None`: nobody is named.
pub(super) fn mark(hashes: &FixedState, principal: &str, name: &str) -> Option<u64> {
    let known = if principal.is_empty() { name } else { principal };
    (!known.is_empty()).then(|| hashes.hash_one(known))
}

/// Whether an object has no object inside. `{` in a text is followed by an escaped quote at most.
fn is_flat(line: &[u8]) -> bool {
    let mut at = 1;
    while let Some(next) = memchr(b'{', &line[at..]) {
        at += next + 1;
        let inner = line[at..].iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(inner, Some(b'"') | None) {
            return false;
        }
    }
    true
}

/// The text that begins at `at`, if it has no escape.
fn text(line: &[u8], at: usize) -> Option<&[u8]> {
    let rest = &line[at..];
    let end = memchr2(b'"', b'\\', rest)?;
    (rest[end] == b'"').then(|| &rest[..end])
}

/// Lower case, without white space around it. Only ASCII is so simple that nothing can hide behind its case.
fn plain(text: &[u8]) -> Option<Cow<'_, str>> {
    let text = str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    Some(lower(text.trim()))
}

/// Reads times of the form `2026-05-01T02:03:04.5Z`, also with `+00:00`; the hour is looked up once.
#[derive(Default)]
struct Clock {
    hour: [u8; 13],
    starts_at: i64,
}

impl Clock {
    fn second(&mut self, text: &[u8]) -> Option<i64> {
        if of_time(text.get(13..)?)?.end != text.len() - 13 {
            return None;
        }
        if text[..13] != self.hour {
            let hour = str::from_utf8(&text[..13]).ok()?;
            let starts_at: Timestamp = format!("{hour}:00:00Z").parse().ok()?;
            self.hour.copy_from_slice(&text[..13]);
            self.starts_at = starts_at.as_second();
        }
        let [_, m1, m2, _, s1, s2, ..] = *text.get(13..)? else { return None };
        // Two decimal digits, by value: `11 * b'0'` is what both zeros add up to.
        let two = |tens: u8, ones: u8| i64::from(tens) * 10 + i64::from(ones) - 11 * i64::from(b'0');
        Some(self.starts_at + two(m1, m2) * 60 + two(s1, s2))
    }
}

#[cfg(test)]
mod tests {
    use super::super::census::Window;
    use super::*;
    use crate::config::LogColumns;
    use crate::evidence::Callers;

    const ALICE: &str = "aaaaaaaa-0000-4000-8000-00000000000a";
    const OTHER: &str = "bbbbbbbb-0000-4000-8000-00000000000b";

    /// What a look at each of these lines tells, one after the other.
    fn looks(lines: &[String]) -> (Vec<Seen>, Census) {
        let window =
            Window { from: "2026-03-01T00:00:00Z".parse().unwrap(), until: "2026-06-01T00:00:00Z".parse().unwrap() };
        let wanted =
            Wanted::new(&Callers { principals: vec![ALICE.into()], names: vec!["alice@contoso.example".into()] });
        let columns = Columns::new(&LogColumns::default());
        let (mut glance, mut census) = (Glance::new(&columns, &wanted, 7), Census::new(window));
        let seen = lines.iter().map(|line| glance.line(line.as_bytes(), Sure::default(), &mut census)).collect();
        (seen, census)
    }

    fn line(principal: &str, name: &str, rest: &str) -> String {
        format!(
            r#"{{"TimeGenerated":"2026-05-01T02:03:04.0000000Z","caller_oid":"{principal}","caller_upn":"{name}","x":"{rest}"}}"#
        )
    }

    #[test]
    fn a_caller_is_found_by_id_and_by_name_in_any_case() {
        let lines = [
            line(OTHER, "", ""),
            line(ALICE, "", ""),
            line(&ALICE.to_uppercase(), "", ""),
            line(OTHER, "", ""),
            line("", "Alice@Contoso.Example", ""),
            line(OTHER, "ALICE@contoso.example", ""),
            line(OTHER, "alicia@contoso.example", ALICE),
        ];
        let (seen, census) = looks(&lines);
        use Seen::{Foreign, Wanted};
        assert_eq!(seen, [Foreign, Wanted, Wanted, Foreign, Wanted, Wanted, Foreign]);
        assert_eq!((census.records, census.callers()), (3, Some(1)));
    }

    #[test]
    fn whatever_could_hide_a_caller_is_left_to_the_parser() {
        let nested = format!(r#""caller_oid":"{OTHER}","caller_upn":"""#);
        let time = r#""TimeGenerated":"2026-05-01T02:03:04Z""#;
        for hiding in [
            line("", r"\u0061lice@contoso.example", ""),
            line("", "älice@contoso.example", ""),
            format!(r#"{{{time},"body":{{{nested}}},"caller_upn":"alice@contoso.example"}}"#),
            format!(r#"{{{time},"list":[ {{ {nested}}}],"caller_oid":"{ALICE}","caller_upn":""}}"#),
            format!(r#"{{{time},"caller_oid":"{OTHER}","caller\u005fupn":"alice@contoso.example"}}"#),
            format!(r#"{{{time},"caller_oid":null,"caller_upn":"alice@contoso.example"}}"#),
            format!(r#"{{{time},"caller_oid_x":"{OTHER}","caller_upn":""}}"#),
            format!(r#"{{{time},"x\"caller_oid":"{OTHER}","caller_upn":""}}"#),
            format!(r#"{{"TimeGenerated":"2026-05-01 02:03:04","caller_oid":"{OTHER}","caller_upn":""}}"#),
            format!(r#"{{{time},"caller_oid":"{OTHER}","caller_upn":"#),
            "not json at all".to_owned(),
            String::new(),
        ] {
            let (seen, census) = looks(&[line(OTHER, "", ""), hiding.clone()]);
            assert_eq!(seen, [Seen::Foreign, Seen::Unclear], "{hiding}");
            assert_eq!(census.records, 1);
        }
    }

    #[test]
    fn columns_are_found_wherever_they_stand() {
        let time = r#""TimeGenerated": "2026-05-01T02:03:04Z""#;
        let lines = [
            line(OTHER, "", "{\\\"a\\\":1}"),
            format!(r#"{{"caller_upn_s": "x", "caller_oid_g": "{ALICE}", {time}}}"#),
            format!(
                r#"{{"x": "some", {time}, "caller_oid" : "{OTHER}", "y": 1, "caller_upn": "alice@contoso.example"}}"#
            ),
            format!(r#"{{"x": "other text", {time}, "caller_oid" : "{OTHER}", "y": 1, "caller_upn": "bob"}}"#),
            line(ALICE, "", ""),
        ];
        use Seen::{Foreign, Wanted};
        assert_eq!(looks(&lines).0, [Foreign, Wanted, Wanted, Foreign, Wanted]);
    }

    #[test]
    fn a_clock_reads_whole_times_only() {
        let mut clock = Clock::default();
        let mut second = |text: &str| clock.second(text.as_bytes());
        let expected = "2026-05-01T02:03:04Z".parse::<Timestamp>().unwrap().as_second();
        assert_eq!(second("2026-05-01T02:03:04.9999999Z"), Some(expected));
        assert_eq!(second("2026-05-01T02:03:05Z"), Some(expected + 1));
        assert_eq!(second("2026-05-01T02:03:06.5+00:00"), Some(expected + 2));
        for bad in
            ["2026-05-01T02:60:04Z", "2026-05-01T02:03:04", "2026-13-01T02:03:04Z", "2026-05-01T02:03:04+02:00Z", ""]
        {
            assert_eq!(second(bad), None, "{bad}");
        }
    }
}
