//! How the lines of a log begin, laid over the next line: where it fits, time and caller are read off without a search.
//! It fits only where everything up to the caller is as it was in a line that somebody has looked at closely.

use std::ops::Range;

use super::hours::{HOUR, Moment};
use super::raw::is_id;
use super::wanted::Beginnings;

/// How much of a line it covers at most.
const WIDTH: usize = 256;

/// So many bytes are compared at once.
const STEP: usize = 32;

/// How long an id is.
const ID: usize = 36;

/// The beginning of a line: what stands before its time and behind the seconds.
pub(super) struct Stencil {
    before: Run,
    time: Time,
    behind: Run,
    /// Where the caller begins, counted from where `behind` does.
    caller: usize,
    tells_caller: bool,
    /// And the name.
    name: Option<usize>,
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

/// Bytes, each as it was or any character of an id.
struct Run {
    length: usize,
    steps: Vec<Step>,
    /// Which bytes of which word are those of an id.
    ids: Vec<(usize, u64)>,
}

/// Bytes that are compared at once, and the bits in which they have to be as they were.
struct Step {
    text: [u64; STEP / 8],
    same: [u64; STEP / 8],
}

/// Minute, second and a fraction of so many digits, as in `:03:04.5`.
struct Time {
    length: usize,
    /// The bits in which the first bytes have to be as in [`TIME`].
    same: u64,
    /// The high bits of the bytes that have to be digits of the fraction.
    digits: [u64; 2],
}

/// The beginning of an hour.
const TIME: [u8; 8] = *b":00:00.0";

/// Where the texts of one line begin.
struct Fit<'l> {
    moment: Moment<'l>,
    caller: &'l [u8; 8],
    name: Option<usize>,
}

impl Stencil {
    /// Of a line in which these texts begin at these places. `None`: other lines cannot be told by its beginning.
    pub(super) fn of(line: &[u8], places: Places) -> Option<Stencil> {
        let Places { time, caller: (caller, tells_caller), name } = places;
        // Behind a caller that is no id the next text begins anywhere.
        let behind = line.get(caller..caller + ID).is_some_and(is_id).then_some(caller + ID);
        let name = name.filter(|name| behind.is_some_and(|behind| behind < *name) && *name <= WIDTH);
        let head = line.get(..name.unwrap_or(caller)).filter(|head| head.len() <= WIDTH)?;
        let is_plain = |byte: &u8| !matches!(byte, b'{' | b'[' | b'\\');
        let minute = time + HOUR;
        let time = Time::of(of_time(head.get(minute..)?)?.start);
        let zone = minute + time.length;
        // Whatever is compared has to be there in any case.
        if caller < zone || !head.iter().skip(1).all(is_plain) {
            return None;
        }
        Some(Stencil {
            before: Run::of(&head[..places.time]),
            time,
            behind: Run::of(&head[zone..]),
            caller: caller - zone,
            tells_caller,
            name: name.map(|name| name - zone),
        })
    }

    /// Whether a line that fits tells if it is the record of somebody who is wanted.
    pub(super) fn tells_whose(&self, wanted: &Beginnings) -> bool {
        self.tells_caller && (self.name.is_some() || !wanted.has_names())
    }

    /// When a line was made, if it fits and names a caller where the first one did.
    #[inline]
    pub(super) fn moment<'l>(&mut self, line: &'l [u8]) -> Option<Moment<'l>> {
        self.fit(line).map(|fit| fit.moment)
    }

    /// The same, if it is the record of nobody who is wanted. Where it gives the caller no name, `is_named_elsewhere`
    /// says whether it could do so in another way.
    #[inline]
    pub(super) fn moment_of_other<'l>(
        &mut self,
        line: &'l [u8],
        wanted: &Beginnings,
        is_named_elsewhere: impl Fn(usize) -> bool,
    ) -> Option<Moment<'l>> {
        let Fit { moment, caller, name } = self.fit(line)?;
        let is_other = |begin: &[u8; 8]| is_alphanumeric(begin[0]) && !wanted.may_begin(begin);
        let is_named = |at: usize| match line[at..].first_chunk() {
            Some(begin) if begin[0] == b'"' => is_named_elsewhere(at),
            begin => !begin.is_some_and(is_other),
        };
        (is_other(caller) && !name.is_some_and(is_named)).then_some(moment)
    }

    #[inline]
    fn fit<'l>(&mut self, line: &'l [u8]) -> Option<Fit<'l>> {
        if let Some(fit) = self.lay(line) {
            return Some(fit);
        }
        // Many leave out zeros at the end of a fraction.
        let zone = of_time(line.get(self.before.length + HOUR..)?)?.start;
        if zone == self.time.length {
            return None;
        }
        self.time = Time::of(zone);
        self.lay(line)
    }

    #[inline]
    fn lay<'l>(&self, line: &'l [u8]) -> Option<Fit<'l>> {
        let (hour, minute) = line.get(self.before.length..)?.split_first_chunk()?;
        let moment = Moment { hour, time: self.time.read(minute)? };
        let zone = self.before.length + HOUR + self.time.length;
        let behind = line.get(zone..)?;
        let caller: &[u8; 8] = behind.get(self.caller..)?.first_chunk()?;
        // The nil id is nobody, and an empty one leaves it to the name.
        let names = is_alphanumeric(caller[0]) & (caller != b"00000000");
        let odd = self.before.odd(line)? | self.behind.odd(behind)?;
        let name = self.name.map(|name| zone + name);
        ((odd == 0) & names && line.last() == Some(&b'}')).then_some(Fit { moment, caller, name })
    }
}

impl Time {
    /// As long as this, as [`of_time`] tells it.
    fn of(length: usize) -> Time {
        let digits = |from: usize| {
            let is_digit = |at: usize| if (7..length).contains(&(from + at)) { 0x80 } else { 0 };
            u64::from_le_bytes(std::array::from_fn(is_digit))
        };
        let dot = if length > 6 { 0xFF } else { 0 };
        let same = u64::from_le_bytes([0xFF, 0xF0, 0xF0, 0xFF, 0xF0, 0xF0, dot, 0]);
        Time { length, same, digits: [digits(7), digits(15)] }
    }

    /// Minute and second of a text that begins with such a time, in a number that compares as the time does.
    #[inline]
    fn read(&self, text: &[u8]) -> Option<u64> {
        let text: &[u8; 23] = text.first_chunk()?;
        let begin = word(text, 0);
        let other = begin ^ u64::from_le_bytes(TIME);
        // What makes more than 15 of a digit that is too large. Only a byte that is odd anyway carries into the next.
        let excess = u64::from_le_bytes([0, 0x0A, 0x06, 0, 0x0A, 0x06, 0, 0]);
        let odd = (other | other.wrapping_add(excess)) & self.same;
        let fraction =
            (no_digits(word(&text[7..], 0)) & self.digits[0]) | (no_digits(word(&text[7..], 1)) & self.digits[1]);
        (odd | fraction == 0).then_some(begin.swap_bytes() >> 16)
    }
}

/// A high bit in each byte that is no digit, and perhaps in some behind such a one.
#[inline]
fn no_digits(bytes: u64) -> u64 {
    let value = bytes ^ u64::from_ne_bytes([b'0'; 8]);
    value | value.wrapping_add(u64::from_ne_bytes([0x76; 8]))
}

impl Run {
    fn of(bytes: &[u8]) -> Run {
        let (mut text, mut same, mut of_id) = ([0; WIDTH], [0; WIDTH], [0; WIDTH]);
        text[..bytes.len()].copy_from_slice(bytes);
        same[..bytes.len()].fill(0xFF);
        for (at, length) in ids(bytes) {
            same[at..at + length].fill(0);
            of_id[at..at + length].fill(0xFF);
        }
        let words = |text: &[u8]| std::array::from_fn(|at| word(text, at));
        let steps = text.chunks(STEP).zip(same.chunks(STEP)).take(bytes.len().div_ceil(STEP));
        let of_id = (0..WIDTH / 8).map(|at| (at, word(&of_id, at)));
        Run {
            length: bytes.len(),
            steps: steps.map(|(text, same)| Step { text: words(text), same: words(same) }).collect(),
            ids: of_id.filter(|(_, bytes)| *bytes != 0).collect(),
        }
    }

    /// The bits of a text that are not as they have to be. `None`: it is shorter than what is compared at once.
    #[inline]
    fn odd(&self, text: &[u8]) -> Option<u64> {
        let (mut odd, mut steps) = (0, text.as_chunks().0.iter());
        for step in &self.steps {
            odd |= step.odd(steps.next()?);
        }
        for (at, of_id) in &self.ids {
            let bytes = word(text, *at);
            odd |= (stands(b'"', bytes) | stands(b'\\', bytes)) & of_id;
        }
        Some(odd)
    }
}

impl Step {
    #[inline]
    fn odd(&self, bytes: &[u8; STEP]) -> u64 {
        let odd = |at: usize| (word(bytes, at) ^ self.text[at]) & self.same[at];
        (odd(0) | odd(1)) | (odd(2) | odd(3))
    }
}

/// Where texts that are ids begin, and how long they are.
fn ids(text: &[u8]) -> impl Iterator<Item = (usize, usize)> {
    let is_plain = |text: &[u8]| text.len() == 32 && text.iter().all(u8::is_ascii_hexdigit);
    let of = move |length: usize, is: fn(&[u8]) -> bool| {
        let quoted = text.windows(length + 2).enumerate();
        let quoted = quoted.filter(move |(_, text)| text[0] == b'"' && text[length + 1] == b'"');
        quoted.filter(move |(_, text)| is(&text[1..=length])).map(move |(at, _)| (at + 1, length))
    };
    of(ID, is_id).chain(of(32, is_plain))
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

#[inline]
fn word(text: &[u8], at: usize) -> u64 {
    text.as_chunks().0.get(at).map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Where in a text that begins with minutes, as in `:03:04.5Z"`, the zone stands. `None`: it is another zone than UTC.
pub(super) fn of_time(text: &[u8]) -> Option<Range<usize>> {
    let [b':', b'0'..=b'5', b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9', rest @ ..] = text else { return None };
    let digits = match rest {
        [b'.', fraction @ ..] => 1 + fraction.iter().take_while(|byte| byte.is_ascii_digit()).count(),
        _ => 0,
    };
    let zone = ["Z", "+00:00"].into_iter().find(|zone| rest[digits..].starts_with(zone.as_bytes()))?;
    (!matches!(digits, 1 | 11..)).then_some(6 + digits..6 + digits + zone.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(time: &str, caller: &str) -> String {
        format!(r#"{{"TenantId":"t","TimeGenerated":"{time}","caller_oid":"{caller}","x":"{:80}"}}"#, "")
    }

    fn stencil(line: &str) -> Option<Stencil> {
        let places = Places { time: line.find("2026")?, caller: (line.find("caller_oid")? + 13, true), name: None };
        Stencil::of(line.as_bytes(), places)
    }

    #[test]
    fn lines_that_begin_alike_tell_their_time() {
        let mut stencil = stencil(&line("2026-05-01T02:03:04.5Z", "abc")).unwrap();
        let mut told = |line: &str| {
            let Moment { hour, time } = stencil.moment(line.as_bytes())?;
            Some(format!("{}{}", str::from_utf8(hour).unwrap(), str::from_utf8(&time.to_be_bytes()[2..]).unwrap()))
        };
        for (time, expected) in [
            ("2026-05-01T02:03:04.5Z", "2026-05-01T02:03:04"),
            ("2026-06-03T04:59:59.0Z", "2026-06-03T04:59:59"),
            ("2026-05-01T02:03:04Z", "2026-05-01T02:03:04"),
            ("2026-05-01T02:03:05.12345678Z", "2026-05-01T02:03:05"),
            ("2026-05-01T02:03:05.123456789Z", "2026-05-01T02:03:05"),
        ] {
            assert_eq!(told(&line(time, "xyz")).as_deref(), Some(expected));
        }
        for (time, caller) in [
            ("2026-05-01T02:60:04.5Z", "a"),
            ("2026-05-01T02:0:004.5Z", "a"),
            ("2026-05-01T02:03:04.xZ", "a"),
            ("2026-05-01T02:03:04.Z", "a"),
            ("2026-05-01T02:03:04.1234567890Z", "a"),
            ("2026-05-01T02:03:04.12345678xZ", "a"),
            ("2026-05-01T02:03:04+00:00", "a"),
            ("2026-05-01T02:03:04.5z", "a"),
            ("2026-05-01T02:03:04.5Z", ""),
            ("2026-05-01T02:03:04.5Z", " a"),
            ("2026-05-01T02:03:04.5Z", "00000000-0000-0000-0000-000000000000"),
        ] {
            assert_eq!(told(&line(time, caller)), None, "{time} {caller}");
        }
        let good = line("2026-05-01T02:03:04.5Z", "a");
        let bad = [good.replace("TenantId", "tenantId"), good.replace("caller_oid", "caller_upn")];
        let cut = [good[..good.len() - 1].to_owned(), good[..60].to_owned()];
        assert!(bad.iter().chain(&cut).all(|line| told(line).is_none()));
    }

    #[test]
    fn only_a_plain_beginning_makes_a_stencil() {
        let good = line("2026-05-01T02:03:04Z", "a");
        assert!(stencil(&good).is_some());
        for bad in [
            good.replace("\"t\"", "{}"),
            good.replace("\"t\"", "[]"),
            good.replace("\"t\"", r#""\t""#),
            good.replace(":04Z", ":04+01:00"),
            good.replace("\"t\"", &format!("\"{:199}\"", "")),
            line("2026-05-01T02:03:04.Z", "a"),
            line("2026-05-01T02:03:04.1234567890Z", "a"),
        ] {
            assert!(stencil(&bad).is_none(), "{bad}");
        }
        // Shorter than what is compared at once.
        let short = r#"{"TimeGenerated":"2026-05-01T02:03:04Z","caller_oid":"a"}"#;
        assert!(stencil(short).unwrap().moment(short.as_bytes()).is_none());
    }
}
