//! Files and folders in the making: under a temporary name beside the final one, locked as long as their maker lives.
//! What a run that was killed has left is known by the missing lock, and removed by the next run that writes there.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use tempfile::{Builder, NamedTempFile, TempDir};

const PREFIX: &str = ".leaver-";
const SUFFIX: &str = ".partial";

/// How often a name is made again because somebody took it for one that was left behind.
const TRIES: usize = 5;

/// A file in the making in `directory`, readable by its owner only.
///
/// # Errors
/// When the directory is not there or takes no file.
pub fn file(directory: &Path) -> io::Result<NamedTempFile> {
    sweep(directory);
    for _ in 0..TRIES {
        let file = named().permissions(fs::Permissions::from_mode(0o600)).tempfile_in(directory)?;
        if is_ours(file.as_file(), file.path()) {
            return Ok(file);
        }
    }
    Err(ErrorKind::ResourceBusy.into())
}

/// A folder in the making, and what keeps it locked.
#[derive(Debug)]
pub struct Folder {
    folder: TempDir,
    _lock: File,
}

impl Folder {
    /// A folder in `directory`, for its owner only.
    ///
    /// # Errors
    /// When the directory is not there or takes no folder.
    pub fn new(directory: &Path) -> io::Result<Folder> {
        sweep(directory);
        for _ in 0..TRIES {
            let folder = named().permissions(fs::Permissions::from_mode(0o700)).tempdir_in(directory)?;
            let lock = File::options().read(true).open(folder.path())?;
            if is_ours(&lock, folder.path()) {
                return Ok(Folder { folder, _lock: lock });
            }
        }
        Err(ErrorKind::ResourceBusy.into())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets go of it: it has another name now, and stays.
    pub fn keep(self) {
        let _ = self.folder.keep();
    }
}

fn named() -> Builder<'static, 'static> {
    let mut named = Builder::new();
    named.prefix(PREFIX).suffix(SUFFIX);
    named
}

/// Locks what was made just now. Somebody who swept before it was locked may have removed it.
fn is_ours(file: &File, path: &Path) -> bool {
    let same = |one: &Metadata, other: &Metadata| (one.dev(), one.ino()) == (other.dev(), other.ino());
    // A file system without locks cannot be swept either.
    let _ = file.lock();
    matches!((file.metadata(), path.symlink_metadata()), (Ok(one), Ok(other)) if same(&one, &other))
}

/// Removes what runs have left in `directory` that were killed. What is locked has a maker who is alive.
pub fn sweep(directory: &Path) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type();
        if name.starts_with(PREFIX) && name.ends_with(SUFFIX) && kind.is_ok_and(|kind| kind.is_dir() || kind.is_file())
        {
            let _ = remove(&entry.path());
        }
    }
}

fn remove(path: &Path) -> io::Result<()> {
    let options = rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    let options = options | rustix::fs::OFlags::CLOEXEC;
    let left = File::from(rustix::fs::open(path, options, rustix::fs::Mode::empty())?);
    left.try_lock().map_err(io::Error::other)?;
    match left.metadata()?.is_dir() {
        true => fs::remove_dir_all(path),
        false => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_being_made_stays_and_what_was_left_goes() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let (file, folder) = (super::file(directory.path()).unwrap(), Folder::new(directory.path()).unwrap());
        fs::write(folder.path().join("x"), "x").unwrap();
        fs::write(at(".leaver-abc.partial"), "left").unwrap();
        fs::create_dir(at(".leaver-def.partial")).unwrap();
        fs::write(at(".leaver-def.partial/x"), "left").unwrap();
        fs::write(at(".leaver-abc.other"), "somebody else's").unwrap();
        fs::write(at("report.partial"), "somebody else's").unwrap();
        sweep(directory.path());
        assert!(file.path().exists() && folder.path().join("x").exists());
        assert!(!at(".leaver-abc.partial").exists() && !at(".leaver-def.partial").exists());
        drop((file, folder));
        let mut left: Vec<_> = fs::read_dir(directory.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        assert_eq!(left, [".leaver-abc.other", "report.partial"]);
    }
}
