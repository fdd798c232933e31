//! Opens one file without being held up by it, and hands out its text: whole if it is small, else piece by piece.
//! It never keeps more of a file than [`WHOLE`] and two pieces.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::ops::Range;
use std::os::fd::BorrowedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

use super::walk::Place;
use crate::token;

/// Files up to this size are read whole, and by the readers of known formats.
pub(super) const WHOLE: usize = 8 * 1024 * 1024;
/// Most files are smaller.
const SMALLEST: usize = 64 * 1024;
/// The piece of a larger file that is looked at in one go.
const PIECE: usize = 2 * 1024 * 1024;
/// Nothing beyond this is looked at in one file; a file that is cut off here is counted.
pub(super) const LIMIT: u64 = 1024 * 1024 * 1024;

/// Opens for reading.
pub(super) fn open(path: &Path, follow: bool) -> io::Result<(File, Metadata)> {
    open_in(CWD, path.as_os_str(), follow)
}

/// Opens what the walk found.
pub(super) fn open_place(place: &Place<'_>) -> io::Result<(File, Metadata)> {
    match (place.folder, place.path.file_name()) {
        (Some(folder), Some(name)) => open_in(folder, name, false),
        _ => open(place.path, place.is_root),
    }
}

/// A pipe that took the place of a file would block, a link would lead elsewhere.
fn open_in(folder: BorrowedFd<'_>, name: &OsStr, follow: bool) -> io::Result<(File, Metadata)> {
    let link = if follow { OFlags::empty() } else { OFlags::NOFOLLOW };
    let file = File::from(openat(folder, name, OFlags::NONBLOCK | OFlags::CLOEXEC | link, Mode::empty())?);
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(io::ErrorKind::InvalidInput.into()) }
}

/// A small file as text, for what stands beside another file.
pub(super) fn small(path: &Path) -> Option<String> {
    text(path, false)
}

/// The same where a link is as good as the file.
pub(super) fn linked(path: &Path) -> Option<String> {
    text(path, true)
}

fn text(path: &Path, follow: bool) -> Option<String> {
    let mut bytes = Vec::new();
    open(path, follow).ok()?.0.take(WHOLE as u64).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&plain(&bytes, None)).into_owned())
}

/// How far a file was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) bytes: u64,
    pub(super) whole: bool,
}

/// Calls `see` with the text of a file and the number of its first line: once for a small file (`true`), else for each
/// piece. Pieces overlap by what a token can be long, so none is cut in two. `size` is what the system says of the file.
pub(super) fn pieces(
    mut file: impl Read,
    size: u64,
    limit: u64,
    buffer: &mut Vec<u8>,
    mut see: impl FnMut(&[u8], u64, bool),
) -> io::Result<Seen> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut filled = fill(&mut file, buffer, 0..size.min(WHOLE + 1), WHOLE + 1)?;
    let encoding = wide(&buffer[..filled]);
    if filled <= WHOLE {
        see(&plain(&buffer[..filled], encoding), 1, true);
        return Ok(Seen { bytes: filled as u64, whole: true });
    }
    let (mut line, mut seen) = (1, filled as u64);
    loop {
        see(&plain(&buffer[..filled], encoding), line, false);
        // An even number of bytes, so that two-byte characters stay together.
        let keep = filled.min(2 * token::REACH) & !1;
        let drop = (filled - keep) & !1;
        line += memchr::memchr_iter(b'\n', &buffer[..drop]).count() as u64;
        buffer.copy_within(drop..filled, 0);
        let rest = filled - drop;
        let room = usize::try_from(limit.saturating_sub(seen)).unwrap_or(PIECE).min(PIECE);
        filled = fill(&mut file, buffer, rest..rest + room, rest + room)?;
        seen += (filled - rest) as u64;
        if filled == rest {
            return Ok(Seen { bytes: seen, whole: room > 0 });
        }
    }
}

/// Reads from `wanted.start` on, in one go if the file ends at `wanted.end`, until it ends or `most` bytes are there.
fn fill(file: &mut impl Read, buffer: &mut Vec<u8>, wanted: Range<usize>, most: usize) -> io::Result<usize> {
    let mut filled = wanted.start;
    while filled < most {
        if filled == buffer.len() || buffer.len() < wanted.end {
            // One more byte than there should be tells whether a file has grown.
            buffer.resize((wanted.end + 1).max(2 * filled).max(SMALLEST).min(most), 0);
        }
        let end = buffer.len().min(most);
        match file.read(&mut buffer[filled..end]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if filled == wanted.end {
            break;
        }
    }
    Ok(filled)
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
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        return mixed(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned);
    };
    let unit = |pair: &[u8; 2]| match encoding {
        Wide::Little => u16::from_le_bytes(*pair),
        Wide::Big => u16::from_be_bytes(*pair),
    };
    let text = char::decode_utf16(bytes.as_chunks::<2>().0.iter().map(unit));
    let text: String = text.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(text.trim_start_matches('\u{feff}').as_bytes().to_vec())
}

/// So much of a file without a zero makes it text.
const TEXT: usize = 512;
/// So many characters of two bytes in a row are no accident.
const PAIRS: usize = 8;

/// Text to which something has been appended that writes two bytes a character: those become one. `None`: there are none.
fn mixed(bytes: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr(0, bytes).filter(|first| *first > 0)?;
    if memchr::memchr(0, &bytes[..bytes.len().min(TEXT)]).is_some() && wide(&bytes[first - 1..]).is_none() {
        return None;
    }
    let (mut plain, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(zero) = memchr::memchr(0, &bytes[at..]).map(|zero| at + zero) {
        let is_plain = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
        let little = |start: usize| {
            bytes[start..].as_chunks::<2>().0.iter().take_while(|pair| pair[1] == 0 && is_plain(pair[0])).count()
        };
        let big = |start: usize| {
            bytes[start..].as_chunks::<2>().0.iter().take_while(|pair| pair[0] == 0 && is_plain(pair[1])).count()
        };
        let begin = zero.saturating_sub(1).max(at);
        let (start, pairs, half) = match (little(begin), big(zero)) {
            (pairs, _) if pairs >= PAIRS => (begin, pairs, 0),
            (_, pairs) if pairs >= PAIRS => (zero, pairs, 1),
            _ => (zero + 1, 0, 0),
        };
        plain.extend_from_slice(&bytes[at..start]);
        plain.extend(bytes[start..start + 2 * pairs].as_chunks::<2>().0.iter().map(|pair| pair[half]));
        at = start + 2 * pairs;
    }
    plain.extend_from_slice(&bytes[at..]);
    (plain.len() < bytes.len()).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(bytes: &[u8]) -> Vec<(Vec<u8>, u64, bool)> {
        let mut seen = Vec::new();
        pieces(bytes, bytes.len() as u64, LIMIT, &mut Vec::new(), |text, line, whole| {
            seen.push((text.to_vec(), line, whole))
        })
        .unwrap();
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
    fn what_was_appended_in_two_bytes_a_character_is_read_too() {
        let (first, second) = ("A=b # a line of plain text\n".repeat(40), "TOKEN=value-and-more\nX=1\n");
        let little: Vec<u8> = second.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = second.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (appended, mark) in [(&little, &b""[..]), (&big, b""), (&little, b"\xFF\xFE"), (&big, b"\xFE\xFF")] {
            let bytes = [first.as_bytes(), mark, appended, b"end\n"].concat();
            let text = all(&bytes).remove(0).0;
            let text = String::from_utf8_lossy(&text).replace('\u{fffd}', "");
            assert_eq!(text, format!("{first}{second}end\n"));
        }
        let short = ["x=1 and more text\n".as_bytes(), &little].concat();
        assert_eq!(all(&short)[0].0, format!("x=1 and more text\n{second}").into_bytes());
        let binary = [b"\x7fELF\0\0\0".as_slice(), &[1, 0, 2, 0, 3].repeat(300)].concat();
        assert_eq!(all(&binary)[0].0, binary);
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
        let seen = pieces(io::repeat(b'a'), 0, limit, &mut Vec::new(), |_, _, _| {}).unwrap();
        assert_eq!(seen, Seen { bytes: limit, whole: false });
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_ends_where_it_ends() {
        let text = vec![b'a'; 3 * SMALLEST];
        for told in [0, 10, text.len() - 1, text.len() + 9, WHOLE * 3] {
            let mut held = Vec::new();
            let seen =
                pieces(&text[..], told as u64, LIMIT, &mut vec![b'z'; 7], |text, _, _| held.extend(text)).unwrap();
            assert_eq!((seen.whole, &held), (true, &text), "{told}");
        }
        let broken = io::Read::chain(&text[..], Broken);
        assert!(pieces(broken, WHOLE as u64, LIMIT, &mut Vec::new(), |_, _, _| {}).is_err());
    }

    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::Other.into())
        }
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
