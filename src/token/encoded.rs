//! Words of base64 that hold text: secrets of clusters, authorizations of registries, files inside of files. What merely
//! looks like base64, such as digests and images, is told by its first bytes and not decoded.

use std::ops::Range;

use super::run;
use super::structure::base64;

/// Shorter words hold no token that is worth a look.
const LEAST: usize = 34;
/// So much of a word tells whether it is text.
const HEAD: usize = 20;

/// Every word of base64 that holds text: where it stands, and the text.
pub(crate) fn words(bytes: &[u8]) -> impl Iterator<Item = (Range<usize>, Vec<u8>)> {
    run::runs(&is_base64, LEAST, bytes).filter_map(|word| {
        let head = base64(&bytes[word.start..word.start + HEAD])?;
        head.iter().all(|&byte| is_text(byte)).then_some(())?;
        // One character too many encodes nothing.
        let whole = word.start..word.end - usize::from(word.len() % 4 == 1);
        base64(&bytes[whole]).map(|text| (word, text))
    })
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
