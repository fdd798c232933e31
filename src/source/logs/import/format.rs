//! What a file is, told by its first bytes and never by its name: packed or not, in which encoding, one object a line, a
//! table below a line with names wherever that stands, a document.

use std::io::{self, Cursor, Read};
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::blanks::Unblanked;
use super::column::Columns;
use super::files::At;
use super::utf16::{Order, Utf16};
use crate::source::logs::columns::Field;

/// How much of a file is looked at to tell what it is.
const HEAD: u64 = 64 * 1024;

/// So many of the first lines may be the one with the names of a table.
const PREAMBLE: usize = 64;

/// What may stand between the values of a table.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// What a file consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// One JSON object a line.
    Lines,
    /// One JSON value over many lines, with a list of objects.
    Document,
    /// Values below a line with names.
    Table(Layout),
    /// Nothing at all.
    Empty,
    /// Something else: what.
    Unknown(&'static str),
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) separator: u8,
    /// How many lines stand before the one with the names; they are not part of the content.
    pub(super) lines: u64,
    /// How many bytes these are.
    bytes: usize,
}

/// An opened file, unpacked and as UTF-8.
pub(super) struct Opened<'a> {
    pub(super) format: Format,
    /// Whether its content is what lies in the file.
    pub(super) plain: bool,
    pub(super) content: Box<dyn Read + 'a>,
}

impl<'a> Opened<'a> {
    /// Opens a file and looks at its beginning. What is read of it is counted in `read`.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub(super) fn open(at: &At, columns: &Columns, read: &'a AtomicU64) -> io::Result<Opened<'a>> {
        let mut file = Counted { file: at.open()?, read };
        let mut magic = Vec::new();
        file.by_ref().take(2).read_to_end(&mut magic)?;
        let packed = magic == [0x1F, 0x8B];
        let whole = Cursor::new(magic).chain(file);
        let content: Box<dyn Read + 'a> = if packed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) };
        let (mut head, mut content) = headed(content);
        let order = Order::of(&head);
        if let Some(order) = order {
            (head, content) = headed(Box::new(Utf16::new(Cursor::new(head).chain(content), order)));
        }
        if head.starts_with(b"\xEF\xBB\xBF") {
            head.drain(..3);
        }
        let format = of(&head, columns);
        let content: Box<dyn Read + 'a> = match format {
            Format::Table(Layout { separator, bytes, .. }) => {
                head.drain(..bytes);
                Box::new(Unblanked::new(Cursor::new(head).chain(content), separator))
            }
            _ => Box::new(Cursor::new(head).chain(content)),
        };
        Ok(Opened { format, plain: !packed && order.is_none(), content })
    }
}

/// The beginning of a content, and what is behind it.
fn headed<'a>(mut content: Box<dyn Read + 'a>) -> (Vec<u8>, Box<dyn Read + 'a>) {
    let mut head = Vec::new();
    match content.by_ref().take(HEAD).read_to_end(&mut head) {
        Ok(_) => (head, content),
        Err(error) => (head, Box::new(Broken(error.kind()))),
    }
}

/// Tells what a file with this beginning is.
fn of(head: &[u8], columns: &Columns) -> Format {
    match head {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => return Format::Unknown("UTF-32; write it as UTF-8"),
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
        Some(_) if head.contains(&0) => Format::Unknown("binary"),
        Some(_) => match table(head, columns) {
            Some(layout) => Format::Table(layout),
            // One damaged line in front does not make a table of a log.
            None if text.split(|&byte| byte == b'\n').any(|line| line.starts_with(b"{\"")) => Format::Lines,
            None => unnamed(first).map_or(Format::Unknown("text"), Format::Table),
        },
    }
}

/// Whether a JSON value goes on behind this line, and the line was not merely cut off.
fn is_open(line: &[u8]) -> bool {
    let ended = serde_json::from_slice::<serde::de::IgnoredAny>(line);
    ended.is_err_and(|error| error.is_eof()) && matches!(line.last(), Some(b'{' | b'[' | b',' | b':'))
}

/// The table whose names stand in one of the first lines: in the one that knows most of them.
fn table(head: &[u8], columns: &Columns) -> Option<Layout> {
    let (mut best, mut bytes) = (None, 0);
    for (lines, line) in (0..).zip(head.split_inclusive(|&byte| byte == b'\n').take(PREAMBLE)) {
        for separator in SEPARATORS {
            let known = known(line, separator, columns);
            if known > best.as_ref().map_or(0, |(most, _)| *most) {
                best = Some((known, Layout { separator, lines, bytes }));
            }
        }
        bytes += line.len();
    }
    best.map(|(_, layout)| layout)
}

/// How many columns a line names, if it is one with names; a table has a column for whoever called.
fn known(line: &[u8], separator: u8, columns: &Columns) -> usize {
    if !line.contains(&separator) {
        return 0;
    }
    let names = names(line, separator).unwrap_or_default();
    let found = names.iter().filter_map(|name| columns.of(bare(name).0)).filter_map(|column| column.field);
    let is_caller = |field: &Field| matches!(field, Field::Principal | Field::Name);
    if found.clone().any(|field| is_caller(&field)) { found.count() } else { 0 }
}

/// The names in the first line of a table.
fn names(line: impl Read, separator: u8) -> Option<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(Unblanked::new(line, separator));
    let names = reader.byte_headers().ok()?;
    Some(names.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

/// The name of a column, and what stands in brackets behind it.
pub(super) fn bare(name: &str) -> (&str, Option<&str>) {
    let name = name.trim_start_matches('\u{feff}').trim();
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, zone)) => (name.trim(), Some(zone)),
        None => (name, None),
    }
}

/// A table none of whose lines names a caller, as far as it looks like one.
fn unnamed(line: &[u8]) -> Option<Layout> {
    let count = |mark: &u8| line.iter().filter(|byte| *byte == mark).count();
    let separator = SEPARATORS.into_iter().rev().max_by_key(count)?;
    (count(&separator) > 0 && str::from_utf8(line).is_ok()).then_some(Layout { separator, lines: 0, bytes: 0 })
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
    use crate::config::LogColumns;

    fn table(separator: u8, lines: u64, bytes: usize) -> Format {
        Format::Table(Layout { separator, lines, bytes })
    }

    #[test]
    fn a_file_is_told_by_its_beginning() {
        let columns = Columns::new(&LogColumns::default());
        for (head, format) in [
            ("{\"a\":1}\n{\"a\":2}\n", Format::Lines),
            ("\u{feff}{\"a\":1}", Format::Lines),
            ("{\"a\":\"cut of\n{\"a\":2}\n", Format::Lines),
            ("{\"records\":[{}]}\n", Format::Lines),
            ("{\n  \"records\": [\n", Format::Document),
            ("{ \"records\": [\n{}]}", Format::Document),
            ("\n[{\"a\":1},\n{\"a\":2}]", Format::Document),
            ("TimeGenerated [UTC],caller_oid\n", table(b',', 0, 0)),
            ("\"a\";\"b,c\";d\n", table(b';', 0, 0)),
            ("sep=;\r\nTimeGenerated;caller_oid\r\n", table(b';', 1, 7)),
            ("#TYPE Selected.X\n\"TimeGenerated\", \"caller_oid\"\n", table(b',', 1, 17)),
            ("Report, made today\n\nfor,caller_oid\nTimeGenerated\tcaller_oid\ttool_name\n", table(b'\t', 3, 35)),
            ("TimeGenerated|caller_upn\n", table(b'|', 0, 0)),
            ("some words, cut\n{\"a\":1}\n", Format::Lines),
            ("some words\n", Format::Unknown("text")),
            ("", Format::Empty),
            (" \n\n", Format::Empty),
            ("PK\u{3}\u{4}", Format::Unknown("a zip archive; unpack it")),
            ("a\0b", Format::Unknown("binary")),
        ] {
            assert_eq!(of(head.as_bytes(), &columns), format, "{head}");
        }
    }
}
