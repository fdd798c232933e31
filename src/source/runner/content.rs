//! Opens one file without being held up by it, and hands out its text: whole if it is small, else piece by piece.
//! It never keeps more of a file than [`WHOLE`] and two pieces.

use std::borrow::Cow;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::token;

/// Files up to this size are read whole, and by the readers of known formats.
pub(super) const WHOLE: usize = 8 * 1024 * 1024;
/// The piece of a larger file that is looked at in one go.
const PIECE: usize = 2 * 1024 * 1024;
/// Nothing beyond this is looked at in one file; a file that is cut off here is counted.
pub(super) const LIMIT: u64 = 1024 * 1024 * 1024;

/// Opens for reading. A pipe that took the place of a file would block, a link would lead elsewhere.
pub(super) fn open(path: &Path, follow: bool) -> io::Result<File> {
    let link = if follow { 0 } else { libc::O_NOFOLLOW };
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | link).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// A small file as text, for what stands beside another file.
pub(super) fn small(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    open(path, false).ok()?.take(WHOLE as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&plain(&bytes, None)).into_owned())
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) bytes: u64,
    pub(super) whole: bool,
}

/// Calls `see` with the text of a file and the number of its first line: once for a small file (`true`), else for each
/// piece. Pieces overlap by what a token can be long, so none is cut in two.
pub(super) fn pieces(
    mut file: impl Read,
    limit: u64,
    buffer: &mut Vec<u8>,
    mut see: impl FnMut(&[u8], u64, bool),
) -> io::Result<Seen> {
    buffer.clear();
    let mut seen = file.by_ref().take(WHOLE as u64 + 1).read_to_end(buffer)? as u64;
    let encoding = wide(buffer);
    if buffer.len() <= WHOLE {
        see(&plain(buffer, encoding), 1, true);
        return Ok(Seen { bytes: seen, whole: true });
    }
    let mut line = 1;
    loop {
        see(&plain(buffer, encoding), line, false);
        // An even number of bytes, so that two-byte characters stay together.
        let keep = buffer.len().min(2 * token::REACH) & !1;
        let drop = (buffer.len() - keep) & !1;
        line += buffer[..drop].iter().filter(|&&byte| byte == b'\n').count() as u64;
        buffer.drain(..drop);
        let room = (PIECE as u64).min(limit.saturating_sub(seen));
        let read = file.by_ref().take(room).read_to_end(buffer)? as u64;
        seen += read;
        if read == 0 {
            return Ok(Seen { bytes: seen, whole: room > 0 });
        }
    }
}

/// Two bytes a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wide {
    Little,
    Big,
}

/// UTF-16 by its mark, or by a zero in every second byte of the beginning.
fn wide(bytes: &[u8]) -> Option<Wide> {
    match bytes {
        [0xFF, 0xFE, ..] => return Some(Wide::Little),
        [0xFE, 0xFF, ..] => return Some(Wide::Big),
        _ => {}
    }
    let (pairs, _) = bytes[..bytes.len().min(512)].as_chunks::<2>();
    let zeros = |half: usize| pairs.iter().filter(|pair| pair[half] == 0 && pair[1 - half] != 0).count();
    match pairs.len() {
        0..4 => None,
        many if zeros(1) * 10 >= many * 9 => Some(Wide::Little),
        many if zeros(0) * 10 >= many * 9 => Some(Wide::Big),
        _ => None,
    }
}

/// UTF-8 without a byte order mark, whatever it was.
fn plain(bytes: &[u8], encoding: Option<Wide>) -> Cow<'_, [u8]> {
    let Some(encoding) = encoding.or_else(|| wide(bytes)) else {
        return Cow::Borrowed(bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes));
    };
    let unit = |pair: &[u8; 2]| match encoding {
        Wide::Little => u16::from_le_bytes(*pair),
        Wide::Big => u16::from_be_bytes(*pair),
    };
    let text = char::decode_utf16(bytes.as_chunks::<2>().0.iter().map(unit));
    let text: String = text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<(Vec<u8>, u64, bool)> {
        let mut seen = Vec::new();
        pieces(bytes, LIMIT, &mut Vec::new(), |text, line, whole| seen.push((text.to_vec(), line, whole))).unwrap();
        seen
    }

    #[test]
    fn every_encoding_becomes_plain_text() {
        let text = "TOKEN=value\n";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat(),
            little.clone(),
            big.clone(),
            [b"\xFF\xFE".as_slice(), &little].concat(),
            [b"\xFE\xFF".as_slice(), &big].concat(),
        ] {
            assert_eq!(all(&bytes), [(text.as_bytes().to_vec(), 1, true)], "{bytes:?}");
        }
    }

    #[test]
    fn a_large_file_comes_in_overlapping_pieces_with_the_right_lines() {
        let mut bytes = vec![b'x'; WHOLE + 3 * PIECE];
        bytes[5] = b'\n';
        let mark = WHOLE + PIECE - 7;
        bytes[mark..mark + 14].copy_from_slice(b"\nsplit-marker\n");
        let seen = all(&bytes);
        let with_mark: Vec<_> =
            seen.iter().filter(|(text, ..)| text.windows(12).any(|window| window == b"split-marker")).collect();
        assert!(seen.len() > 2 && !with_mark.is_empty());
        let (text, line, _) = with_mark[0];
        let at = text.windows(12).position(|window| window == b"split-marker").unwrap();
        assert_eq!(line + text[..at].iter().filter(|&&byte| byte == b'\n').count() as u64, 3);
    }

    #[test]
    fn an_endless_file_is_cut_off() {
        let limit = (WHOLE + PIECE) as u64 + 100;
        let seen = pieces(io::repeat(b'a'), limit, &mut Vec::new(), |_, _, _| {}).unwrap();
        assert_eq!(seen, Seen { bytes: limit, whole: false });
    }

    #[test]
    fn what_is_not_a_file_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", directory.path().join("link")).unwrap();
        assert!(open(directory.path(), false).is_err());
        assert!(open(&directory.path().join("link"), false).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            all(&bytes);
        }
    }
}
