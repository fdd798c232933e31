//! What a file is, told by its first bytes and never by its name: packed or not, one object a line, a table, a document.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::place::At;

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 64 * 1024;

/// What a file consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a line.
    Lines,
    /// One JSON value over many lines, with a list of objects.
    Document,
    /// Values with this byte between them, below a line with names.
    Table(u8),
    /// Nothing at all.
    Empty,
    /// Something else: what.
    Unknown(&'static str),
}

/// An opened file, unpacked.
pub(super) struct Opened<'a> {
    pub(super) format: Format,
    pub(super) packed: bool,
    pub(super) content: Box<dyn Read + 'a>,
}

impl<'a> Opened<'a> {
    /// Opens a file and looks at its beginning. What is read of it is counted in `read`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn open(at: &At, read: &'a AtomicU64) -> io::Result<Opened<'a>> {
        let mut file = Counted { file: at.open()?, read };
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic)?;
        let packed = magic == [0x1F, 0x8B];
        let whole = Cursor::new(magic).chain(file);
        let mut content: Box<dyn Read + 'a> =
            if packed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let mut head = Vec::new();
        let broken = content.by_ref().take(HEAD).read_to_end(&mut head).err();
        let format = if broken.is_some() && head.is_empty() { Format::Lines } else { of(&head) };
        let content: Box<dyn Read + 'a> = match broken {
            Some(error) => Box::new(Cursor::new(head).chain(Broken(error.kind()))),
            None => Box::new(Cursor::new(head).chain(content)),
        };
        Ok(Opened { format, packed, content })
    }
}

/// Tells what a file with this beginning is.
fn of(head: &[u8]) -> Format {
    match head {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => return Format::Unknown("UTF-16; write it as UTF-8"),
        [b'P', b'K', 3, 4, ..] => return Format::Unknown("a zip archive; unpack it"),
        _ => {}
    }
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let first = text.split(|&byte| byte == b'\n').next().unwrap_or(text).trim_ascii();
    match text.first() {
        None => Format::Empty,
        Some(b'[') => Format::Document,
        Some(b'{') if is_open(first) && first.len() < text.len() => Format::Document,
        Some(b'{') => Format::Lines,
        // One damaged line in front does not make a table of a log.
        Some(_) if text.split(|&byte| byte == b'\n').any(|line| line.starts_with(b"{\"")) => Format::Lines,
        Some(_) if head.contains(&0) => Format::Unknown("binary"),
        Some(_) => separator(first).map_or(Format::Unknown("text"), Format::Table),
    }
}

/// Whether a JSON value goes on behind this line, and the line was not merely cut off.
fn is_open(line: &[u8]) -> bool {
    let ended = serde_json::from_slice::<serde::de::IgnoredAny>(line);
    ended.is_err_and(|error| error.is_eof()) && matches!(line.last(), Some(b'{' | b'[' | b',' | b':'))
}

/// What stands between the names of a table's first line.
fn separator(line: &[u8]) -> Option<u8> {
    let count = |mark: &u8| line.iter().filter(|byte| *byte == mark).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(count)?;
    (count(&most) > 0 && str::from_utf8(line).is_ok()).then_some(most)
}

/// Counts what is read of a file.
struct Counted<'a> {
    file: Box<dyn Read>,
    read: &'a AtomicU64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// An input that ended with an error, which its reader has to be told.
struct Broken(io::ErrorKind);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_told_by_its_beginning() {
        for (head, format) in [
            ("{\"a\":1}\n{\"a\":2}\n", Format::Lines),
            ("\u{feff}{\"a\":1}", Format::Lines),
            ("{\"a\":\"cut of\n{\"a\":2}\n", Format::Lines),
            ("{\"records\":[{}]}\n", Format::Lines),
            ("{\n  \"records\": [\n", Format::Document),
            ("{ \"records\": [\n{}]}", Format::Document),
            ("\n[{\"a\":1},\n{\"a\":2}]", Format::Document),
            ("TimeGenerated [UTC],caller_oid\n", Format::Table(b',')),
            ("\"a\";\"b,c\";d\n", Format::Table(b';')),
            ("some words, cut\n{\"a\":1}\n", Format::Lines),
            ("some words\n", Format::Unknown("text")),
            ("", Format::Empty),
            (" \n\n", Format::Empty),
            ("PK\u{3}\u{4}", Format::Unknown("a zip archive; unpack it")),
            ("a\0b", Format::Unknown("binary")),
        ] {
            assert_eq!(of(head.as_bytes()), format, "{head}");
        }
    }
}
