//! What a walk meets and a plain reading of files would miss: packed files, what links lead to, and the history of checkouts.
//! Whatever of it is not read is counted, so that nobody takes it for clean.

use std::fs::{File, Metadata};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::content;
use super::examine::{Examined, around};
use super::host::{Host, Part};
use super::links::{self, Leads};
use super::packed::{self, Packed, Unpacker};
use super::walk::{Left, Unread};

/// Counts checkouts: their history is not looked at.
pub(super) const HISTORY: &str = "histories of checkouts (git)";

impl Host<'_> {
    /// Looks into a file if it is packed.
    pub(super) fn unpack(&self, part: &mut Part, path: &Path, file: &File, metadata: &Metadata) -> bool {
        let Some(packed) = packed_with(file, metadata.len()) else { return false };
        let Ok(file) = file.try_clone() else { return false };
        let (examiner, mut found) = (self.examiner(&part.kinds), Vec::new());
        let mut see = |member: &Path, text: &[u8], line, whole| {
            let mut examined = match whole {
                true => examiner.file(member, text, &|_| None),
                false => Examined { place: "file", found: examiner.piece(text, line), ..Examined::default() },
            };
            // Other files are named from where it would lie, which is nowhere.
            examined.references.clear();
            if examined.malformed || !examined.found.is_empty() || !examined.servers.is_empty() {
                found.push((member.to_owned(), examined));
            }
        };
        let mut unpacker = Unpacker::new(metadata.len(), &mut see);
        unpacker.file(packed, path, file);
        let unread = std::mem::take(&mut unpacker.unread);
        unread.iter().for_each(|member| part.left.unread(Unread::Packed, member));
        for (member, examined) in found {
            if examined.malformed {
                part.left.unread(Unread::Malformed, &member);
            }
            self.keep(part, &member, metadata, examined);
        }
        part.files += 1;
        part.bytes += metadata.len();
        true
    }

    /// Looks at what links give a telling name to, and counts those that lead out of the scanned paths.
    pub(super) fn behind_links(&self, left: &mut Left) -> Part {
        let mut part = Part::new(&self.options.kinds);
        for link in std::mem::take(&mut left.links) {
            match links::resolve(&link, &self.options.paths) {
                Leads::Nowhere => {}
                Leads::Outside => part.left.unread(Unread::Linked, &link),
                Leads::Scanned(real) => {
                    for (name, real) in links::known(&link, &real) {
                        self.as_named(&mut part, &name, &real);
                    }
                }
            }
        }
        part
    }

    /// The walk has counted the file already, and found what has a shape.
    fn as_named(&self, part: &mut Part, name: &Path, real: &Path) {
        let mut examined = Examined { place: "file", ..Examined::default() };
        let seen = content::open(real, false).and_then(|(file, metadata)| {
            let mut buffer = std::mem::take(&mut part.buffer);
            let examiner = self.examiner(&part.kinds);
            let see = |text: &[u8], _, whole| {
                if whole {
                    examined = examiner.file(name, text, &around(name));
                }
            };
            let done = content::pieces(file, metadata.len(), content::WHOLE as u64, &mut buffer, see);
            part.buffer = buffer;
            done.map(|_| metadata)
        });
        match seen {
            Ok(metadata) if metadata.len() > content::WHOLE as u64 => part.left.unread(Unread::TooLarge, real),
            Ok(metadata) => {
                if examined.malformed {
                    part.left.unread(Unread::Malformed, real);
                }
                self.keep(part, real, &metadata, examined);
            }
            Err(error) => part.left.failed(&error, real),
        }
    }
}

/// By its first bytes, or by its last ones where a program stands before the archive.
fn packed_with(file: &File, size: u64) -> Option<Packed> {
    let mut head = [0; packed::HEAD];
    let filled = file.read_at(&mut head, 0).ok()?;
    let head = &head[..filled];
    let behind = || {
        let mut tail = [0; packed::ZIP_END];
        let at = size.checked_sub(tail.len() as u64).filter(|_| packed::may_hide_zip(head))?;
        file.read_exact_at(&mut tail, at).ok()?;
        packed::ends_as_zip(&tail).then_some(Packed::Zip)
    };
    packed::of(head).or_else(behind)
}

/// Whether a file is an object or a pack of a repository: all of them together are its history.
pub(super) fn is_history(path: &Path) -> bool {
    let Some(folder) = path.parent() else { return false };
    let (Some(name), Some(folder_name)) = (path.file_name(), folder.file_name()) else { return false };
    let is_hex = |text: &[u8], length| text.len() == length && text.iter().all(u8::is_ascii_hexdigit);
    let (name, folder_name) = (name.as_encoded_bytes(), folder_name.as_encoded_bytes());
    let loose = is_hex(folder_name, 2) && (is_hex(name, 38) || is_hex(name, 62));
    let packed = folder_name == b"pack" && name.starts_with(b"pack-");
    let objects = folder.parent().filter(|objects| (loose || packed) && objects.ends_with("objects"));
    objects.and_then(Path::parent).is_some_and(|repository| repository.join("HEAD").is_file())
}

/// Whether a file is the head of a repository.
pub(super) fn is_head(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "HEAD")
        && path.parent().is_some_and(|repository| repository.join("objects").is_dir())
}
