//! Words of base64 that hold text: secrets of clusters, authorizations of registries, files inside of files. What merely
//! looks like base64, such as digests and images, is told by its first bytes and not decoded.

use std::ops::Range;

use super::run;
use super::structure::base64;

/// Shorter words hold no token that is worth a look.
const LEAST: usize = 34;
/// So much of a word tells whether it is text.
const HEAD: usize = 20;

/// So long lines are, at least, that one word is broken into.
const LINE: usize = 56;

/// Every word of base64 that holds text: where it stands, and the text. One that is broken into lines is one word.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, Vec<u8>)> {
    let mut done = 0;
    run::runs(&is_base64, LEAST, bytes).filter_map(move |word| {
        if word.start < done {
            return None;
        }
        let head = base64(&bytes[word.start..word.start + HEAD])?;
        head.iter().all(|&byte| is_text(byte)).then_some(())?;
        if let Some((end, broken)) = lines(bytes, &word) {
            done = end;
            return base64(&broken).map(|text| (word.start..end, text));
        }
        // One character too many encodes nothing.
        let whole = word.start..word.end - usize::from(word.len() % 4 == 1);
        base64(&bytes[whole]).map(|text| (word, text))
    })
}

/// A word that goes on in the next lines, which are as long as its first one, but for the last. Where it ends, and the whole.
fn lines(bytes: &[u8], first: &Range<usize>) -> Option<(usize, Vec<u8>)> {
    let begins = bytes[..first.start].iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
    if first.len() < LINE || !matches!(begins, None | Some(b'\n' | b'"' | b'\'' | b'=' | b':' | b'|')) {
        return None;
    }
    let (mut whole, mut end) = (bytes[first.clone()].to_vec(), first.end);
    loop {
        let gap = bytes[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ' | b'\t')).count();
        let is_break = memchr::memchr_iter(b'\n', &bytes[end..end + gap]).count() == 1;
        let start = end + gap;
        let length = bytes[start..].iter().take(first.len() + 1).take_while(|byte| is_base64(**byte)).count();
        let ends = bytes.get(start + length).is_none_or(|byte| b"\r\n=\"' \t,".contains(byte));
        if !is_break || length == 0 || length > first.len() || !ends {
            break;
        }
        whole.extend_from_slice(&bytes[start..start + length]);
        end = start + length;
        if length < first.len() {
            break;
        }
    }
    // Not a further word that encodes nothing.
    (end > first.end && whole.len() % 4 != 1).then_some((end, whole))
}

/// Either alphabet, without a branch and without a table.
#[inline]
fn is_base64(byte: u8) -> bool {
    let (letter, digit) = ((byte | 0x20).wrapping_sub(b'a') < 26, byte.wrapping_sub(b'0') < 10);
    letter | digit | (byte == b'+') | (byte == b'/') | (byte == b'-') | (byte == b'_')
}

fn is_text(byte: u8) -> bool {
    byte.is_ascii_graphic() || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<String> {
        words(text.as_bytes()).map(|(_, text)| String::from_utf8_lossy(&text).into_owned()).collect()
    }

    #[test]
    fn text_is_decoded_and_noise_is_not() {
        let text = "someone:and what else >>> stands there???";
        for encoded in [BASE64_STANDARD.encode(text), BASE64_URL_SAFE_NO_PAD.encode(text)] {
            assert_eq!(all(&format!("x = \"{encoded}\"")), [text]);
            assert_eq!(all(&format!("key: {encoded}\nsha512-{}", "nW".repeat(43))), [text]);
        }
        assert_eq!(all(&"digest 0123456789abcdef".repeat(9)), Vec::<String>::new());
        assert_eq!(all("aGVsbG8="), Vec::<String>::new());
    }

    #[test]
    fn a_word_that_is_broken_into_lines_is_one() {
        let text = "someone:and what else >>> stands there???\n".repeat(5);
        let encoded = BASE64_STANDARD.encode(&text);
        for width in [60, 64, 76] {
            let broken: Vec<&str> =
                (0..encoded.len()).step_by(width).map(|at| &encoded[at..encoded.len().min(at + width)]).collect();
            for (before, between) in [("", "\n"), ("data: |\n    ", "\n    "), ("x: y\r\n\r\n", "\r\n")] {
                assert_eq!(
                    all(&format!("{before}{}\n\nmore", broken.join(between))),
                    std::slice::from_ref(&text),
                    "{width}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_back(text in "[ -~]{60,200}", before in "[ -~]{0,60} ") {
            let file = before + &BASE64_STANDARD.encode(&text);
            prop_assert!(all(&file).contains(&text));
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(words(&bytes).all(|(word, _)| word.end <= bytes.len()));
        }
    }
}
