//! Texts of mail: quoted-printable writes some characters as `=XX` and breaks lines with a `=` at their end, also in the middle
//! of a token. Pure.

use memchr::memmem;

/// A text as it was before it was written for mail, and where its lines ended.
pub(super) struct Printable {
    pub(super) text: Vec<u8>,
    /// For every line of the mail, how many bytes of `text` had been before its end.
    ends: Vec<usize>,
}

impl Printable {
    /// The line of the mail, counted from 0, in which a byte of the text stands.
    pub(super) fn line(&self, at: usize) -> u64 {
        self.ends.partition_point(|end| *end <= at) as u64
    }
}

/// Whether a file says that it, or a part of it, is written so.
pub(super) fn is(text: &[u8]) -> bool {
    let said = |at: usize| text[at..].get(..16).is_some_and(|word| word.eq_ignore_ascii_case(b"quoted-printable"));
    memmem::find_iter(text, b"uoted-").any(|at| at > 0 && said(at - 1))
        || memmem::find_iter(text, b"UOTED-").any(|at| at > 0 && said(at - 1))
}

/// Takes the writing back.
pub(super) fn decode(mail: &[u8]) -> Printable {
    let mut plain = Printable { text: Vec::with_capacity(mail.len()), ends: Vec::new() };
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut at = 0;
    while at < mail.len() {
        match mail[at..] {
            [b'=', b'\n', ..] => {
                plain.ends.push(plain.text.len());
                at += 2;
            }
            [b'=', b'\r', b'\n', ..] => {
                plain.ends.push(plain.text.len());
                at += 3;
            }
            [b'=', high, low, ..] if hex(high).is_some() && hex(low).is_some() => {
                plain.text.push(hex(high).unwrap_or_default() << 4 | hex(low).unwrap_or_default());
                at += 3;
            }
            [byte, ..] => {
                plain.text.push(byte);
                at += 1;
                if byte == b'\n' {
                    plain.ends.push(plain.text.len());
                }
            }
            [] => break,
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_and_broken_lines_are_taken_back_with_their_lines() {
        let mail = b"Content-Transfer-Encoding: Quoted-Printable\n\na=3Db and so=\n on\r\nend =\r\nx";
        assert!(is(mail) && !is(b"quoted text"));
        let plain = decode(mail);
        let text = String::from_utf8(plain.text.clone()).unwrap();
        assert!(text.ends_with("\n\na=b and so on\r\nend x"), "{text}");
        let line = |word: &str| plain.line(text.find(word).unwrap());
        assert_eq!([line("a=b"), line(" on"), line("end"), line("x")], [2, 3, 4, 5]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(prop_oneof![Just(b'='), Just(b'\n'), Just(b'3'), any::<u8>()], 0..200)) {
            let plain = decode(&bytes);
            prop_assert!(plain.text.len() <= bytes.len() && plain.ends.is_sorted());
        }
    }
}
