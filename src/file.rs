//! Files by name: opened once, without waiting, known for what they are before a byte is read, and read to a bound.
//! Nothing else in this program opens a file for reading, so that neither a pipe nor a device is ever waited for.

use std::fs::{File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

/// The largest file of settings, of keys or of certificates.
pub const SMALL: u64 = 4 << 20;

/// Opens a regular file, also one that a link leads to.
///
/// # Errors
/// What the system says, or what is there instead of a file.
pub fn open(path: &Path) -> io::Result<File> {
    opened(path, 0)
}

/// Opens a regular file, and nothing that a link leads to.
///
/// # Errors
/// What the system says, or what is there instead of a file.
pub fn open_here(path: &Path) -> io::Result<File> {
    opened(path, libc::O_NOFOLLOW)
}

/// Opens a regular file to be read and written at its end; what is not there is made, for its owner only.
///
/// # Errors
/// What the system says, or what is there instead of a file.
pub fn append(path: &Path) -> io::Result<File> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened = OpenOptions::new().read(true).append(true).create(true).mode(0o600).custom_flags(flags).open(path);
    let file = opened.map_err(|error| explained(path, error))?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// A descriptor of no use, to see whether there is one left.
///
/// # Errors
/// When there is none.
pub fn spare() -> io::Result<File> {
    File::open("/dev/null")
}

/// Waits until the names in a directory are on the disk: a new file is only there once they are.
///
/// # Errors
/// What the system says.
pub fn settle(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// The content of a file of at most `limit` bytes.
///
/// # Errors
/// As for [`open`], and when the file is larger.
pub fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    content(open(path)?, limit)
}

/// As [`read`], of nothing that a link leads to.
///
/// # Errors
/// As for [`read`].
pub fn read_here(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    content(open_here(path)?, limit)
}

/// The text of a file of at most `limit` bytes. A mark at its beginning that says that it is UTF-8 is no part of it.
///
/// # Errors
/// As for [`read`], and when it is no UTF-8, with the encoding that it seems to have.
pub fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    text(read(path, limit)?)
}

/// The text in these bytes.
///
/// # Errors
/// As for [`read_text`].
pub fn text(bytes: Vec<u8>) -> io::Result<String> {
    let refused = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    if let Some(encoding) = wide(&bytes) {
        return Err(refused(&format!("it is {encoding}; save it as UTF-8")));
    }
    let mut text = String::from_utf8(bytes)
        .map_err(|error| refused(&format!("it is not UTF-8 from byte {} on", error.utf8_error().valid_up_to())))?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The encoding with several bytes for each letter, if it is one: by its mark, or by the zeros beside plain letters.
fn wide(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some("UTF-32"),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some("UTF-16"),
        [0, 1..=255, 0, 1..=255, ..] | [1..=255, 0, 1..=255, 0, ..] => Some("UTF-16 without a mark"),
        _ => None,
    }
}

/// What stands for itself in the address of a file.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.');

/// The address under which SQLite opens exactly the file of this name. `immutable`: nobody changes it, and neither a
/// journal nor a lock may appear beside it.
///
/// # Errors
/// When there is no working directory to begin at.
pub fn immutable(path: &Path) -> io::Result<String> {
    let absolute = std::path::absolute(path)?;
    Ok(format!("file://{}?immutable=1", percent_encode(absolute.as_os_str().as_bytes(), PLAIN)))
}

/// What stands there that is no file.
pub fn called(kind: FileType) -> &'static str {
    match kind {
        kind if kind.is_dir() => "a directory",
        kind if kind.is_fifo() => "a named pipe",
        kind if kind.is_socket() => "a socket",
        kind if kind.is_char_device() || kind.is_block_device() => "a device",
        kind if kind.is_symlink() => "a link",
        _ => "no regular file",
    }
}

fn opened(path: &Path, flags: i32) -> io::Result<File> {
    // A pipe would be waited for, and a terminal could become the one that controls this process.
    let flags = flags | libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(path);
    let file = opened.map_err(|error| explained(path, error))?;
    regular(&file.metadata()?)?;
    Ok(file)
}

/// What is open is what counts; what the name leads to later does not.
fn regular(metadata: &Metadata) -> io::Result<()> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind => Err(no_file(kind)),
    }
}

fn no_file(kind: FileType) -> io::Error {
    let what = called(kind);
    io::Error::new(ErrorKind::InvalidInput, format!("it is {what}, and this takes a regular file"))
}

/// A socket and a link are refused by the system with words that name neither.
fn explained(path: &Path, error: io::Error) -> io::Error {
    match path.symlink_metadata().map(|metadata| metadata.file_type()) {
        Ok(kind) if kind.is_socket() || kind.is_char_device() || kind.is_block_device() => no_file(kind),
        Ok(kind) if kind.is_symlink() && error.raw_os_error() == Some(libc::ELOOP) => no_file(kind),
        _ => error,
    }
}

/// The rest of an open file, of at most `limit` bytes.
///
/// # Errors
/// When it cannot be read, or is larger.
pub fn content(file: File, limit: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    match content.len() as u64 > limit {
        true => Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {limit} bytes"))),
        false => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn what_is_no_file_is_named_and_never_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let said = |path: &Path| read(path, SMALL).unwrap_err().to_string();
        rustix::fs::mknodat(rustix::fs::CWD, at("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        let _listening = UnixListener::bind(at("socket")).unwrap();
        symlink(at("pipe"), at("link")).unwrap();
        assert!(said(&at("pipe")).contains("named pipe") && said(&at("link")).contains("named pipe"));
        assert!(said(&at("socket")).contains("socket"), "{}", said(&at("socket")));
        assert!(said(Path::new("/dev/zero")).contains("device"));
        assert!(said(folder.path()).contains("directory"));
        assert_eq!(read(&at("absent"), SMALL).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_link_is_followed_only_where_it_may_be() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "text").unwrap();
        symlink(&path, &link).unwrap();
        assert_eq!(read(&link, 4).unwrap(), b"text");
        assert!(read_here(&link, 4).unwrap_err().to_string().contains("a link"));
        assert_eq!(read(&path, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn an_encoding_is_named() {
        let said = |bytes: &[u8]| text(bytes.to_vec()).unwrap_err().to_string();
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        assert!(said(&[&[0xff, 0xfe], wide("[a]").as_slice()].concat()).contains("UTF-16;"));
        assert!(said(&wide("[logs]")).contains("UTF-16 without a mark"));
        assert!(said(b"abc\xff").contains("from byte 3"));
        assert_eq!(text("\u{feff}[a]".into()).unwrap(), "[a]");
        assert_eq!(text(Vec::new()).unwrap(), "");
    }
}
