//! How the lines of one hour begin, laid over the next line: where it fits, time and caller are read off without a search.
//! It fits only where everything up to the caller is as it was in a line that somebody has looked at closely.

use super::raw::is_id;
use super::wanted::Beginnings;

/// How much of a line it covers at most.
const WIDTH: usize = 256;

/// So many bytes are compared at once. A shorter line than these never fits.
const STEP: usize = 32;

/// How long the beginning of a time is, down to the hour.
const HOUR: usize = 13;

/// In how many bytes behind the hour digits may stand.
const DIGITS: usize = 24;

/// How long an id is.
const ID: usize = 36;

/// The beginning of a line, byte by byte: as it was, a digit, or any character of an id.
pub(super) struct Stencil {
    /// From the first byte on.
    fixed: Vec<Fixed>,
    /// From behind the hour on.
    digits: [Digits; DIGITS / 8],
    /// Which bytes of which word of the line are those of an id.
    ids: Vec<(usize, u64)>,
    /// Where the hour ends.
    minute: usize,
    caller: usize,
    tells_caller: bool,
    name: Option<usize>,
    starts_at: i64,
    lines: u64,
    /// Minute and second as they are written, earliest and latest.
    span: (u64, u64),
}

/// Where in a line the texts begin that tell whose record it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    pub(super) time: usize,
    /// And whether no other column can say otherwise.
    pub(super) caller: (usize, bool),
    /// `None`: another column can say otherwise, or it does not matter.
    pub(super) name: Option<usize>,
}

/// The lines of one hour that were counted together: how many, and the seconds of the first and the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lines {
    pub(super) count: u64,
    pub(super) first: i64,
    pub(super) last: i64,
}

/// Bytes, and the bits in which they have to be as they were.
struct Fixed {
    text: [u64; STEP / 8],
    same: [u64; STEP / 8],
}

/// Eight bytes, the first of which is the lowest.
#[derive(Clone, Copy, Default)]
struct Digits {
    text: u64,
    /// What makes more than 15 of a digit that is too large.
    excess: u64,
    /// The bits that tell so.
    high: u64,
}

impl Stencil {
    /// Of a line in which these texts begin at these places. `None`: other lines cannot be told by its beginning.
    pub(super) fn of(line: &[u8], places: Places, starts_at: i64) -> Option<Stencil> {
        let Places { time, caller: (caller, tells_caller), name } = places;
        // Behind a caller that is no id the next text begins anywhere.
        let behind = line.get(caller..caller + ID).is_some_and(is_id).then_some(caller + ID);
        let name = name.filter(|name| behind.is_some_and(|behind| behind < *name) && *name <= WIDTH);
        let head = line.get(..name.unwrap_or(caller))?;
        let minute = time + HOUR;
        let is_plain = |byte: &u8| !matches!(byte, b'{' | b'[' | b'\\');
        let fits = head.len() <= WIDTH && minute <= caller && minute + DIGITS <= WIDTH;
        if !fits || !head.iter().skip(1).all(is_plain) {
            return None;
        }
        let (mut text, mut same, mut of_id) = ([0; WIDTH], [0; WIDTH], [0; WIDTH]);
        text[..head.len()].copy_from_slice(head);
        same[..head.len()].fill(0xFF);
        let mut digits = [Digits::default(); DIGITS / 8];
        for (at, byte) in head[minute..].iter().enumerate().take(of_time(&head[minute..])?) {
            let most = match (at, byte) {
                (1 | 4, b'0'..=b'5') => 5,
                (_, b'0'..=b'9') => 9,
                _ => continue,
            };
            (text[minute + at], same[minute + at]) = (b'0', 0xF0);
            digits[at / 8].is_digit(at % 8, most);
        }
        for id in ids(head) {
            same[id..id + ID].fill(0);
            of_id[id..id + ID].fill(0xFF);
        }
        for (word, text) in digits.iter_mut().zip(text[minute..].as_chunks().0) {
            word.text = u64::from_le_bytes(*text);
        }
        let steps = text.chunks(STEP).zip(same.chunks(STEP)).take(head.len().div_ceil(STEP));
        let fixed: Vec<Fixed> = steps.map(|(text, same)| Fixed { text: words(text), same: words(same) }).collect();
        let of_id = of_id.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let ids = of_id.enumerate().filter(|(_, bytes)| *bytes != 0).collect();
        Some(Stencil {
            fixed,
            digits,
            ids,
            minute,
            caller,
            tells_caller,
            name,
            starts_at,
            lines: 0,
            span: (u64::MAX, 0),
        })
    }

    /// When its hour starts.
    pub(super) fn starts_at(&self) -> i64 {
        self.starts_at
    }

    /// Whether a line that fits tells if it is the record of somebody who is wanted.
    pub(super) fn tells_whose(&self, wanted: &Beginnings) -> bool {
        self.tells_caller && (self.name.is_some() || !wanted.has_names())
    }

    /// Counts a line in which no wanted caller stands, if it fits and names a caller where the first one did.
    #[inline]
    pub(super) fn count(&mut self, line: &[u8]) -> bool {
        self.time(line).is_some_and(|time| self.add(time))
    }

    /// Counts a line if it fits and is the record of nobody who is wanted. Where it gives the caller no name,
    /// `is_named_behind` says whether it could do so behind a place.
    #[inline]
    pub(super) fn count_foreign(
        &mut self,
        line: &[u8],
        wanted: &Beginnings,
        is_named_behind: impl Fn(usize) -> bool,
    ) -> bool {
        let Some(time) = self.time(line) else { return false };
        let begins = |at: usize| -> Option<&[u8; 8]> { line.get(at..)?.first_chunk() };
        let is_other = |begin: &[u8; 8]| is_alphanumeric(begin[0]) && !wanted.may_begin(begin);
        let is_named = |at: usize| match begins(at) {
            Some([b'"', ..]) => is_named_behind(at),
            begin => !begin.is_some_and(is_other),
        };
        let is_foreign = begins(self.caller).is_some_and(is_other) && !self.name.is_some_and(is_named);
        is_foreign && self.add(time)
    }

    #[inline]
    fn add(&mut self, time: u64) -> bool {
        self.lines += 1;
        self.span = (self.span.0.min(time), self.span.1.max(time));
        true
    }

    /// Minute and second as they are written: two such numbers compare as the times do.
    #[inline]
    fn time(&self, line: &[u8]) -> Option<u64> {
        let caller: &[u8; 8] = line.get(self.caller..)?.first_chunk()?;
        let time: &[u8; DIGITS] = line.get(self.minute..)?.first_chunk()?;
        let (mut odd, mut steps) = (0, line.as_chunks().0.iter());
        for fixed in &self.fixed {
            odd |= fixed.odd(steps.next()?);
        }
        for (at, digits) in self.digits.iter().enumerate() {
            odd |= digits.odd(bytes_at(time, at));
        }
        for (word, of_id) in &self.ids {
            let bytes = bytes_at(line, *word);
            odd |= (stands(b'"', bytes) | stands(b'\\', bytes)) & of_id;
        }
        // The nil id is nobody, and an empty one leaves it to the name.
        let names = is_alphanumeric(caller[0]) & (caller != b"00000000");
        let begin = u64::from_be_bytes(*time.first_chunk()?) >> 16;
        ((odd == 0) & names && line.last() == Some(&b'}')).then_some(begin)
    }

    /// The lines that were counted since the last time.
    pub(super) fn take(&mut self) -> Option<Lines> {
        let (first, last) = std::mem::replace(&mut self.span, (u64::MAX, 0));
        let count = std::mem::take(&mut self.lines);
        let second = |time: u64| self.starts_at + second_of(time);
        (count > 0).then(|| Lines { count, first: second(first), last: second(last) })
    }
}

impl Fixed {
    /// The bits that are not as they have to be.
    #[inline]
    fn odd(&self, bytes: &[u8; STEP]) -> u64 {
        let odd = |at: usize| (bytes_at(bytes, at) ^ self.text[at]) & self.same[at];
        (odd(0) | odd(1)) | (odd(2) | odd(3))
    }
}

impl Digits {
    fn is_digit(&mut self, at: usize, most: u8) {
        self.excess |= u64::from(0x0F - most) << (8 * at);
        self.high |= 0xF0 << (8 * at);
    }

    /// The bits that say that a digit is too large, where [`Fixed`] finds nothing. Only then does nothing carry over.
    #[inline]
    fn odd(&self, bytes: u64) -> u64 {
        (bytes ^ self.text).wrapping_add(self.excess) & self.high
    }
}

/// Where in a line ids begin that are all of a text.
fn ids(head: &[u8]) -> impl Iterator<Item = usize> {
    let texts = head.windows(ID + 2).enumerate().filter(|(_, text)| text[0] == b'"' && text[ID + 1] == b'"');
    texts.filter(|(_, text)| is_id(&text[1..=ID])).map(|(at, _)| at + 1)
}

/// A bit in each byte that is this one, and perhaps in some behind such a one.
#[inline]
pub(super) fn stands(byte: u8, bytes: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
    let other = bytes ^ (ONES * u64::from(byte));
    other.wrapping_sub(ONES) & !other & (ONES << 7)
}

/// Without a branch for each kind of letter: which of them begins an id is chance.
#[inline]
fn is_alphanumeric(byte: u8) -> bool {
    (byte.wrapping_sub(b'0') < 10) | ((byte | 0x20).wrapping_sub(b'a') < 26)
}

fn words(text: &[u8]) -> [u64; STEP / 8] {
    std::array::from_fn(|at| bytes_at(text, at))
}

#[inline]
fn bytes_at(text: &[u8], word: usize) -> u64 {
    text.as_chunks().0.get(word).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The second of an hour that `:MM:SS` stands for.
fn second_of(time: u64) -> i64 {
    let digit = |at: u32| (time >> (8 * at) & 0x0F) as i64;
    (digit(4) * 10 + digit(3)) * 60 + digit(1) * 10 + digit(0)
}

/// How long the rest of a time is that begins with this, as in `:03:04.5Z"`.
pub(super) fn of_time(text: &[u8]) -> Option<usize> {
    let [b':', b'0'..=b'5', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] = text else { return None };
    let digits = match rest {
        [b'.', fraction @ ..] => 1 + fraction.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    (rest.get(digits) == Some(&b'Z') && !matches!(digits, 1 | 11..)).then_some(7 + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: &str, caller: &str) -> String {
        format!(r#"{{"TenantId":"t","TimeGenerated":"{time}","caller_oid":"{caller}","x":"{:80}"}}"#, "")
    }

    fn stencil(line: &str) -> Option<Stencil> {
        let places = Places { time: line.find("2026")?, caller: (line.find("caller_oid")? + 13, true), name: None };
        Stencil::of(line.as_bytes(), places, 7_200)
    }

    #[test]
    fn lines_of_the_same_hour_fit() {
        let mut stencil = stencil(&line("2026-05-01T02:03:04.5Z", "abc")).unwrap();
        let mut counts = |line: String| stencil.count(line.as_bytes()).then(|| stencil.take().unwrap());
        let at = |second: i64| Some(Lines { count: 1, first: 7_200 + second, last: 7_200 + second });
        assert_eq!(counts(line("2026-05-01T02:03:04.5Z", "xyz")), at(184));
        assert_eq!(counts(line("2026-05-01T02:59:59.0Z", "1")), at(3_599));
        for (time, caller) in [
            ("2026-05-01T03:03:04.5Z", "a"),
            ("2026-05-02T02:03:04.5Z", "a"),
            ("2026-05-01T02:60:04.5Z", "a"),
            ("2026-05-01T02:0:004.5Z", "a"),
            ("2026-05-01T02:03:04.xZ", "a"),
            ("2026-05-01T02:03:04.55Z", "a"),
            ("2026-05-01T02:03:04Z", "a"),
            ("2026-05-01T02:03:04.5z", "a"),
            ("2026-05-01T02:03:04.5Z", ""),
            ("2026-05-01T02:03:04.5Z", " a"),
            ("2026-05-01T02:03:04.5Z", "00000000-0000-0000-0000-000000000000"),
        ] {
            assert_eq!(counts(line(time, caller)), None, "{time} {caller}");
        }
        assert_eq!(counts(line("2026-05-01T02:03:04.5Z", "a").replace("TenantId", "tenantId")), None);
        assert_eq!(counts(line("2026-05-01T02:03:04.5Z", "a").replace("caller_oid", "caller_upn")), None);
        let cut = line("2026-05-01T02:03:04.5Z", "a");
        assert!(!stencil.count(&cut.as_bytes()[..cut.len() - 1]) && !stencil.count(&cut.as_bytes()[..60]));
    }

    #[test]
    fn lines_are_counted_together_whatever_their_order() {
        let mut stencil = stencil(&line("2026-05-01T02:03:04Z", "abc")).unwrap();
        for second in ["30:00", "00:09", "59:08", "08:59"] {
            assert!(stencil.count(line(&format!("2026-05-01T02:{second}Z"), "abc").as_bytes()));
        }
        assert_eq!(stencil.take(), Some(Lines { count: 4, first: 7_209, last: 7_200 + 59 * 60 + 8 }));
        assert_eq!(stencil.take(), None);
    }

    #[test]
    fn only_a_plain_beginning_makes_a_stencil() {
        let good = line("2026-05-01T02:03:04Z", "a");
        assert!(stencil(&good).is_some());
        for bad in [
            good.replace("\"t\"", "{}"),
            good.replace("\"t\"", "[]"),
            good.replace("\"t\"", r#""\t""#),
            good.replace(":04Z", ":04+00:00"),
            good.replace("\"t\"", &format!("\"{:199}\"", "")),
            line("2026-05-01T02:03:04.Z", "a"),
            line("2026-05-01T02:03:04.1234567890Z", "a"),
        ] {
            assert!(stencil(&bad).is_none(), "{bad}");
        }
        // Shorter than what is compared at once.
        let short = r#"{"TimeGenerated":"2026-05-01T02:03:04Z","caller_oid":"a"}"#;
        assert!(!stencil(short).unwrap().count(short.as_bytes()));
    }
}
