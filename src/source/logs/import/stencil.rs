//! How the lines of one hour begin, laid over the next line: where it fits, hour, minute and second are read off without a
//! search. It fits only where everything up to the caller is as it was in a line that somebody has looked at closely.

/// How much of a line it covers at most; a shorter line never fits.
const WIDTH: usize = 128;

/// So many bytes are compared at once.
const STEP: usize = 8;

/// How long the beginning of a time is, down to the hour.
const HOUR: usize = 13;

/// The beginning of a line, byte by byte: as it was, or a digit.
pub(super) struct Stencil {
    words: Vec<Word>,
    /// When its hour starts.
    starts_at: i64,
    /// Where the colon before the minute is.
    minute: usize,
    /// Where the caller begins.
    caller: usize,
}

/// Some bytes, which are compared at once: the first is the lowest.
#[derive(Default)]
struct Word {
    text: u64,
    /// The bits in which a byte has to be as it was.
    same: u64,
    /// What makes more than 15 of a digit that is too large.
    excess: u64,
    /// The bits that tell so.
    digit: u64,
}

impl Stencil {
    /// Of a line in which the text of the time and that of the caller begin at these places. `None`: other lines cannot
    /// be told by its beginning.
    pub(super) fn of(line: &[u8], time: usize, caller: usize, starts_at: i64) -> Option<Stencil> {
        let head = line.get(..caller)?;
        let is_plain = |byte: &u8| !matches!(byte, b'{' | b'[' | b'\\');
        if line.len() < WIDTH || caller > WIDTH || time + HOUR > caller || !head.iter().skip(1).all(is_plain) {
            return None;
        }
        let minute = time + HOUR;
        let mut words: Vec<Word> = head.chunks(STEP).map(Word::of).collect();
        let length = of_time(&head[minute..])?;
        for (at, byte) in head.iter().enumerate().skip(minute).take(length) {
            let word = &mut words[at / STEP];
            match (at - minute, byte) {
                (1 | 4, b'0'..=b'5') => word.is_digit(at % STEP, 5),
                (_, b'0'..=b'9') => word.is_digit(at % STEP, 9),
                _ => {}
            }
        }
        Some(Stencil { words, starts_at, minute, caller })
    }

    /// When the record of this line was made, by the second; `None`: it begins in another way, or names no caller here.
    pub(super) fn second(&self, line: &[u8]) -> Option<i64> {
        let head: &[u8; WIDTH] = line.first_chunk()?;
        let (words, _) = head.as_chunks();
        let mut odd = 0;
        for (at, word) in self.words.iter().enumerate() {
            odd |= word.odd(u64::from_le_bytes(words[at]));
        }
        let caller = line.get(self.caller..)?;
        // The nil id is nobody, and an empty one leaves it to the name.
        let names = caller.first()?.is_ascii_alphanumeric() && caller.first_chunk() != Some(b"00000000");
        if odd != 0 || !names || line.last() != Some(&b'}') {
            return None;
        }
        // Two decimal digits, by value: `11 * b'0'` is what both zeros add up to.
        let two = |at: usize| i64::from(head[at]) * 10 + i64::from(head[at + 1]) - 11 * i64::from(b'0');
        Some(self.starts_at + two(self.minute + 1) * 60 + two(self.minute + 4))
    }
}

impl Word {
    fn of(text: &[u8]) -> Word {
        let word = |byte: fn(u8) -> u8| text.iter().rev().fold(0, |word, &at| word << 8 | u64::from(byte(at)));
        Word { text: word(|byte| byte), same: word(|_| 0xFF), ..Word::default() }
    }

    fn is_digit(&mut self, at: usize, most: u8) {
        let put = |word: u64, byte: u8| word & !(0xFF << (8 * at)) | u64::from(byte) << (8 * at);
        (self.text, self.same) = (put(self.text, b'0'), put(self.same, 0xF0));
        (self.digit, self.excess) = (put(self.digit, 0xF0), put(self.excess, 0x0F - most));
    }

    /// The bits that are not as they have to be. Only a byte that is not can carry into the next one.
    fn odd(&self, bytes: u64) -> u64 {
        let other = bytes ^ self.text;
        (other & self.same) | (other.wrapping_add(self.excess) & self.digit)
    }
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
        Stencil::of(line.as_bytes(), line.find("2026")?, line.find("caller_oid")? + 13, 7_200)
    }

    #[test]
    fn lines_of_the_same_hour_fit() {
        let stencil = stencil(&line("2026-05-01T02:03:04.5Z", "abc")).unwrap();
        let second = |line: String| stencil.second(line.as_bytes());
        assert_eq!(second(line("2026-05-01T02:03:04.5Z", "xyz")), Some(7_200 + 184));
        assert_eq!(second(line("2026-05-01T02:59:59.0Z", "1")), Some(7_200 + 3_599));
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
            assert_eq!(second(line(time, caller)), None, "{time} {caller}");
        }
        assert_eq!(second(line("2026-05-01T02:03:04.5Z", "a").replace("TenantId", "tenantId")), None);
        assert_eq!(second(line("2026-05-01T02:03:04.5Z", "a").replace("caller_oid", "caller_upn")), None);
        let cut = line("2026-05-01T02:03:04.5Z", "a");
        assert_eq!(stencil.second(&cut.as_bytes()[..cut.len() - 1]), None);
        assert_eq!(stencil.second(&cut.as_bytes()[..60]), None);
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
            good.replace("\"t\"", &format!("\"{:99}\"", "")),
            line("2026-05-01T02:03:04.Z", "a"),
            line("2026-05-01T02:03:04.1234567890Z", "a"),
            r#"{"TimeGenerated":"2026-05-01T02:03:04Z","caller_oid":"a"}"#.to_owned(),
        ] {
            assert!(stencil(&bad).is_none(), "{bad}");
        }
    }
}
