//! Looks into compressed files and archives, known by their first bytes whatever they are called, and in what lies in them.
//! Depth, size and ratio are bounded; what is not read is told, never passed over.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use lzma_rust2::XzReader;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use zip::ZipArchive;

use super::content;

/// So much of a file tells what it is.
pub(super) const HEAD: usize = 512;
/// An archive in an archive, and so on.
const DEPTH: usize = 5;
/// The most that comes out of one file.
const MOST: u64 = 1024 * 1024 * 1024;
/// A file may grow by this when it is unpacked, and to [`LEAST`] in any case.
const RATIO: u64 = 1000;
const LEAST: u64 = 64 * 1024 * 1024;
/// An archive with a table at its end has to be held as a whole when it lies in another one.
const HELD: u64 = 32 * 1024 * 1024;
/// What a decoder may need.
const MEMORY: u64 = 64 * 1024 * 1024;
/// More entries than any archive of people has.
const ENTRIES: usize = 200_000;

/// What a file is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packed {
    Gzip,
    Bzip2,
    Xz,
    Zstd,
    Zip,
    Tar,
    Debian,
    /// A container that is not read.
    Closed,
}

/// The first bytes of containers.
const MARKS: &[(&[u8], Packed)] = &[
    (b"\x1f\x8b\x08", Packed::Gzip),
    (b"BZh", Packed::Bzip2),
    (b"\xfd7zXZ\0", Packed::Xz),
    (b"\x28\xb5\x2f\xfd", Packed::Zstd),
    (b"PK\x03\x04", Packed::Zip),
    (b"PK\x05\x06", Packed::Zip),
    (b"PK\x07\x08", Packed::Zip),
    (b"!<arch>\ndebian-binary", Packed::Debian),
    (b"7z\xbc\xaf\x27\x1c", Packed::Closed),
    (b"Rar!\x1a\x07", Packed::Closed),
    (b"MSCF\0\0\0\0", Packed::Closed),
    (b"MSWIM\0\0\0", Packed::Closed),
    (b"xar!\0", Packed::Closed),
    (b"\x04\x22\x4d\x18", Packed::Closed),
    (b"\x02\x21\x4c\x18", Packed::Closed),
    (b"\x1f\x9d", Packed::Closed),
    (b"\x1f\xa0", Packed::Closed),
    (b"LZIP", Packed::Closed),
    (b"\x89LZO\0", Packed::Closed),
    (b"\xff\x06\0\0sNaPpY", Packed::Closed),
    (b"\xed\xab\xee\xdb", Packed::Closed),
    (b"070701", Packed::Closed),
    (b"070702", Packed::Closed),
    (b"070707", Packed::Closed),
    (b"hsqs", Packed::Closed),
    (b"sqsh", Packed::Closed),
    (b"QFI\xfb", Packed::Closed),
    (b"KDMV", Packed::Closed),
    (b"vhdxfile", Packed::Closed),
    (b"PACK\0\0\0\x02", Packed::Closed),
    (b"PACK\0\0\0\x03", Packed::Closed),
    (b"# v2 git bundle\n", Packed::Closed),
    (b"# v3 git bundle\n", Packed::Closed),
    (b"ANDROID BACKUP\n", Packed::Closed),
];

/// What a file with these first bytes is packed with, if it is.
pub(super) fn of(head: &[u8]) -> Option<Packed> {
    let marked = MARKS.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, packed)| *packed);
    // Bzip2 and LZMA have short marks; what follows them is fixed, too.
    let marked = marked.filter(|packed| {
        *packed != Packed::Bzip2 || matches!(head.get(4..10), Some(b"1AY&SY" | b"\x17\x72\x45\x38\x50\x90"))
    });
    let skipped = || matches!(head, [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..]).then_some(Packed::Zstd);
    let lzma =
        || matches!(head, [0x5D, 0, 0, _, _, rest @ ..] if rest.starts_with(&[0xFF; 8])).then_some(Packed::Closed);
    marked.or_else(|| is_tar(head).then_some(Packed::Tar)).or_else(skipped).or_else(lzma)
}

/// Whether a file with these first bytes is a program or a script that an archive may have been put behind: such an archive
/// has its table at the end, as any zip has.
pub(super) fn may_hide_zip(head: &[u8]) -> bool {
    head.starts_with(b"#!") || head.starts_with(b"MZ") || head.starts_with(b"\x7fELF")
}

/// How the table of a zip ends, where nobody wrote a comment behind it.
pub(super) const ZIP_END: usize = 22;

/// Whether the last bytes of a file are those of a zip.
pub(super) fn ends_as_zip(tail: &[u8]) -> bool {
    tail.len() == ZIP_END && tail.starts_with(b"PK\x05\x06") && tail.ends_with(&[0, 0])
}

/// The sum of a header stands in it, also in archives that are older than their mark.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.first_chunk::<512>() else { return false };
    let digits = std::str::from_utf8(&header[148..156]).unwrap_or_default().trim_matches(['\0', ' ']);
    let Ok(told) = u64::from_str_radix(digits, 8) else { return false };
    let sum = |range: &[u8]| range.iter().map(|&byte| u64::from(byte)).sum::<u64>();
    header[0] != 0 && told == sum(&header[..148]) + 8 * u64::from(b' ') + sum(&header[156..])
}

/// Takes the text of a member: its path, the text, the number of its first line, and whether that is all of it.
pub(super) type See<'a> = dyn FnMut(&Path, &[u8], u64, bool) + 'a;

/// Goes through everything that is packed in one file.
pub(super) struct Unpacker<'a> {
    see: &'a mut See<'a>,
    budget: Rc<Budget>,
    buffer: Vec<u8>,
    /// What was not read, or not to its end.
    pub(super) unread: Vec<PathBuf>,
}

impl<'a> Unpacker<'a> {
    /// For a file of this size.
    pub(super) fn new(size: u64, see: &'a mut See<'a>) -> Unpacker<'a> {
        let most = size.saturating_mul(RATIO).clamp(LEAST, MOST);
        let budget = Budget { rest: Cell::new(most), broken: Cell::new(false) };
        Unpacker { see, budget: Rc::new(budget), buffer: Vec::new(), unread: Vec::new() }
    }

    /// Looks into a packed file.
    pub(super) fn file(&mut self, packed: Packed, path: &Path, file: File) {
        match packed {
            Packed::Zip => self.zip(path, BufReader::new(file), 0),
            packed => self.stream(packed, path, &mut BufReader::new(file), 0),
        }
    }

    fn stream(&mut self, packed: Packed, path: &Path, input: &mut dyn Read, depth: usize) {
        if depth >= DEPTH {
            return self.unread.push(path.to_owned());
        }
        match packed {
            Packed::Gzip => self.one(path, MultiGzDecoder::new(BufReader::new(input)), depth),
            Packed::Bzip2 => self.one(path, MultiBzDecoder::new(BufReader::new(input)), depth),
            Packed::Xz => self.one(path, XzReader::new_mem_limit(input, true, (MEMORY / 1024) as u32), depth),
            Packed::Zstd => self.one(path, Frames::Between(BufReader::new(input)), depth),
            Packed::Tar => self.tar(path, input, depth),
            Packed::Debian => self.debian(path, input, depth),
            Packed::Zip => {
                let mut held = Vec::new();
                match input.take(HELD + 1).read_to_end(&mut held) {
                    Ok(read) if read as u64 <= HELD => self.zip(path, Cursor::new(held), depth),
                    _ => self.unread.push(path.to_owned()),
                }
            }
            Packed::Closed => self.unread.push(path.to_owned()),
        }
    }

    /// One compressed file: its path stays the one that it has, since nothing in it has another.
    fn one(&mut self, path: &Path, decoder: impl Read, depth: usize) {
        self.member(path, decoder, 0, depth);
    }

    fn member(&mut self, path: &Path, input: impl Read, size: u64, depth: usize) {
        let mut input = Bounded { inner: input, budget: Rc::clone(&self.budget) };
        let mut head = [0; HEAD];
        let filled = fill(&mut input, &mut head);
        let mut whole = head[..filled].chain(&mut input);
        match of(&head[..filled]) {
            Some(packed) => self.stream(packed, path, &mut whole, depth + 1),
            None => {
                let mut buffer = std::mem::take(&mut self.buffer);
                let see = |text: &[u8], line, whole| (self.see)(path, text, line, whole);
                let done = content::pieces(whole, size, content::LIMIT, &mut buffer, see);
                self.buffer = buffer;
                if !done.is_ok_and(|seen| seen.whole) {
                    self.unread.push(path.to_owned());
                }
            }
        }
        if self.budget.broken.take() {
            self.unread.push(path.to_owned());
        }
    }

    fn tar(&mut self, path: &Path, input: &mut dyn Read, depth: usize) {
        let mut archive = tar::Archive::new(input);
        let Ok(entries) = archive.entries() else { return self.unread.push(path.to_owned()) };
        for (entry, at) in entries.zip(0..) {
            match entry {
                Ok(entry) if at < ENTRIES => {
                    if entry.header().entry_type().is_file() || entry.header().entry_type().is_contiguous() {
                        let inner = below(path, &String::from_utf8_lossy(&entry.path_bytes()));
                        let size = entry.size();
                        self.member(&inner, entry, size, depth);
                    }
                }
                _ => return self.unread.push(path.to_owned()),
            }
        }
    }

    fn debian(&mut self, path: &Path, input: &mut dyn Read, depth: usize) {
        let mut archive = ar::Archive::new(input);
        while let Some(entry) = archive.next_entry() {
            let Ok(entry) = entry else { return self.unread.push(path.to_owned()) };
            let inner = below(path, &String::from_utf8_lossy(entry.header().identifier()));
            let size = entry.header().size();
            self.member(&inner, entry, size, depth);
        }
    }

    fn zip(&mut self, path: &Path, input: impl Read + Seek, depth: usize) {
        let Ok(mut archive) = ZipArchive::new(input) else { return self.unread.push(path.to_owned()) };
        for at in 0..archive.len() {
            let name = archive.name_for_index(at).unwrap_or_default().to_owned();
            let inner = below(path, &name);
            match archive.by_index(at) {
                Ok(entry) if at < ENTRIES => {
                    let size = entry.size();
                    if !entry.is_dir() {
                        self.member(&inner, entry, size, depth);
                    }
                }
                // With a password, or packed in a way that nobody reads here.
                _ => self.unread.push(inner),
            }
        }
    }
}

/// `archive.zip!/folder/file`, without what would lead out of it.
fn below(path: &Path, name: &str) -> PathBuf {
    let mut shown = path.as_os_str().to_owned();
    shown.push("!");
    let mut shown = PathBuf::from(shown);
    shown.extend(name.split(['/', '\\']).filter(|part| !part.is_empty() && !matches!(*part, "." | "..")));
    shown
}

fn fill(input: &mut impl Read, head: &mut [u8]) -> usize {
    let mut filled = 0;
    while filled < head.len() {
        match input.read(&mut head[filled..]) {
            Ok(0) | Err(_) => break,
            Ok(read) => filled += read,
        }
    }
    filled
}

/// What may still come out of a file.
struct Budget {
    rest: Cell<u64>,
    broken: Cell<bool>,
}

/// A reader that ends where the budget does, or where its input is broken; what came before has been seen.
struct Bounded<R> {
    inner: R,
    budget: Rc<Budget>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(into) {
            Ok(read) if read as u64 <= self.budget.rest.get() => {
                self.budget.rest.set(self.budget.rest.get() - read as u64);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            _ => {
                self.budget.broken.set(true);
                Ok(0)
            }
        }
    }
}

/// The frames of a file, one after the other, those without data between them.
enum Frames<R: Read> {
    Between(BufReader<R>),
    Inside(Box<StreamingDecoder<BufReader<R>, FrameDecoder>>),
    Ended,
}

impl<R: Read> Frames<R> {
    /// The next frame; `Ended` at the end of the file.
    fn next(mut input: BufReader<R>) -> io::Result<Frames<R>> {
        let broken = || io::Error::from(io::ErrorKind::InvalidData);
        loop {
            let head = input.fill_buf()?;
            if head.is_empty() {
                return Ok(Frames::Ended);
            }
            if !matches!(head, [0x50..=0x5F, ..]) {
                let decoder = StreamingDecoder::new_with_max_window_size(input, MEMORY).map_err(|_| broken())?;
                return Ok(Frames::Inside(Box::new(decoder)));
            }
            let mut skipped = [0; 8];
            input.read_exact(&mut skipped)?;
            let [_, _, _, _, length @ ..] = skipped;
            let length = u64::from(u32::from_le_bytes(length));
            let passed = io::copy(&mut input.by_ref().take(length), &mut io::sink())?;
            (passed == length).then_some(()).ok_or_else(broken)?;
        }
    }
}

impl<R: Read> Read for Frames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            *self = match std::mem::replace(self, Frames::Ended) {
                Frames::Ended => return Ok(0),
                Frames::Between(input) => Frames::next(input)?,
                Frames::Inside(mut decoder) => match decoder.read(into)? {
                    0 if !into.is_empty() => Frames::Between(decoder.into_inner()),
                    read => {
                        *self = Frames::Inside(decoder);
                        return Ok(read);
                    }
                },
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use proptest::prelude::*;

    /// Every member with its text, and what was not read.
    fn all(bytes: &[u8]) -> (Vec<(String, String)>, Vec<String>) {
        let file = tempfile::tempfile().unwrap();
        (&file).write_all(bytes).unwrap();
        (&file).seek(io::SeekFrom::Start(0)).unwrap();
        let mut seen = Vec::new();
        let mut see = |path: &Path, text: &[u8], _: u64, _: bool| {
            seen.push((path.display().to_string(), String::from_utf8_lossy(text).into_owned()));
        };
        let mut unpacker = Unpacker::new(bytes.len() as u64, &mut see);
        let Some(packed) = of(&bytes[..bytes.len().min(HEAD)]) else { return (Vec::new(), vec!["plain".into()]) };
        unpacker.file(packed, Path::new("/f"), file);
        let unread = unpacker.unread.iter().map(|path| path.display().to_string()).collect();
        (seen, unread)
    }

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn tarred(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_cksum();
        builder.append_data(&mut header, name, bytes).unwrap();
        builder.into_inner().unwrap()
    }

    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn seen(path: &str) -> (Vec<(String, String)>, Vec<String>) {
        (vec![(path.to_owned(), "text".to_owned())], Vec::new())
    }

    #[test]
    fn every_container_is_looked_into() {
        let text = b"text".as_slice();
        let mut bz = Vec::new();
        bzip2::read::BzEncoder::new(text, bzip2::Compression::fast()).read_to_end(&mut bz).unwrap();
        let zstd = ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest);
        for (bytes, path) in [
            (gz(text), "/f"),
            (bz, "/f"),
            (zstd, "/f"),
            (tarred("a/b", text), "/f!/a/b"),
            (zipped("a/b", text), "/f!/a/b"),
            (gz(&tarred("a", text)), "/f!/a"),
            (zipped("x.tgz", &gz(&tarred("a", text))), "/f!/x.tgz!/a"),
            (tarred("x.jar", &zipped("../a", text)), "/f!/x.jar!/a"),
        ] {
            assert_eq!(all(&bytes), seen(path), "{path}");
        }
        let two = [gz(b"te"), gz(b"xt")].concat();
        assert_eq!(all(&two), seen("/f"));
        let frames = ["te", "xt"].map(|part| {
            ruzstd::encoding::compress_to_vec(part.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
        });
        let skipped = [0x50, 0x2A, 0x4D, 0x18, 2, 0, 0, 0, 9, 9];
        assert_eq!(all(&[&frames[0][..], &skipped, &frames[1]].concat()), seen("/f"));
    }

    #[test]
    fn what_is_not_read_is_told() {
        let text = vec![b'x'; 5000];
        let whole = gz(&text);
        let (found, unread) = all(&whole[..whole.len() - 9]);
        assert_eq!((found.len(), unread), (1, vec!["/f".to_owned()]), "cut off: what came before is seen");
        for closed in [&b"7z\xbc\xaf\x27\x1c"[..], b"Rar!\x1a\x07\x01\0", b"PACK\0\0\0\x02", b"PK\x03\x04 and no more"]
        {
            assert_eq!(all(closed).1, ["/f"]);
        }
        let mut deep = b"text".to_vec();
        for _ in 0..DEPTH + 2 {
            deep = gz(&deep);
        }
        assert_eq!(all(&deep), (Vec::new(), vec!["/f".to_owned()]));
        let mut see = |_: &Path, _: &[u8], _: u64, _: bool| {};
        let mut unpacker = Unpacker::new(1, &mut see);
        unpacker.budget.rest.set(4999);
        unpacker.stream(Packed::Gzip, Path::new("/f"), &mut &whole[..], 0);
        assert_eq!(unpacker.unread, [Path::new("/f")], "more comes out than may");
    }

    #[test]
    fn text_is_no_container() {
        for text in [&b"BZhang"[..], b"PK", b"", b"MSCFx", &[b'0'; 512], &[0; 512], b"hash\n"] {
            assert_eq!(of(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(mark in 0usize..MARKS.len(), bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            all(&[MARKS[mark].0, &bytes].concat());
        }
    }
}
