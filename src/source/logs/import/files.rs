//! Which files an import reads: a file, a blob, or a folder, perhaps one laid out as a data export lays out its container:
//! <https://learn.microsoft.com/azure/azure-monitor/logs/logs-data-export#storage-account>. It opens none of them.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::fault::{Fault, Faults, Place};
use super::input::{Blob, Input};

/// How deep folders are followed; a data export has fifteen levels.
const DEEPEST: usize = 40;

/// A file to read.
pub(super) struct LogFile {
    pub(super) at: At,
    pub(super) bytes: u64,
    /// Which of the inputs named it.
    pub(super) input: usize,
}

/// Where a file is.
pub(super) enum At {
    Path(PathBuf),
    Blob(Blob),
}

impl At {
    /// # Errors
    /// When it cannot be opened.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read>> {
        Ok(match self {
            At::Path(path) => Box::new(crate::file::open(path)?),
            At::Blob(blob) => Box::new(blob.open()?),
        })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Path(path) => path.display().fmt(f),
            At::Blob(blob) => blob.fmt(f),
        }
    }
}

/// Everything that the inputs name.
#[derive(Default)]
pub(super) struct Files {
    /// In the order of time, where the layout tells it.
    pub(super) all: Vec<LogFile>,
    pub(super) faults: Faults,
    /// Tables of a data export that were left alone, since they are not the table asked for.
    pub(super) other_tables: Vec<String>,
}

impl Files {
    /// Finds the files of `inputs`. In a data export only the folder of `table` is read.
    pub(super) fn find(inputs: &[Input], table: &str) -> Files {
        let mut files = Files::default();
        for (input, given) in inputs.iter().enumerate() {
            match given {
                Input::Path(path) => files.path(path, input, table),
                Input::Container(container) => {
                    let file = |(blob, bytes)| LogFile { at: At::Blob(blob), bytes, input };
                    files.all.extend(container.blobs().map(file));
                }
            }
        }
        files.other_tables.sort();
        files.other_tables.dedup();
        files
    }

    fn path(&mut self, path: &Path, input: usize, table: &str) {
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => self.folder(path, input, table, 0),
            Ok(found) => self.all.push(LogFile { at: At::Path(path.to_owned()), bytes: found.len(), input }),
            Err(error) => self.unreadable(path, &error),
        }
    }

    fn folder(&mut self, folder: &Path, input: usize, table: &str, depth: usize) {
        let entries = fs::read_dir(folder).and_then(|entries| entries.collect::<io::Result<Vec<_>>>());
        let mut entries = match entries {
            Ok(entries) if depth < DEEPEST => entries,
            Ok(_) => return self.unreadable(folder, &io::ErrorKind::InvalidInput.into()),
            Err(error) => return self.unreadable(folder, &error),
        };
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().to_ascii_lowercase();
            let of_table = name.strip_prefix("am-");
            // A link to a folder could lead round in circles; a link to a file is a file.
            match (entry.file_type(), fs::metadata(&path)) {
                (Ok(kind), _) if kind.is_dir() => match of_table.filter(|other| *other != table.to_ascii_lowercase()) {
                    Some(other) => self.other_tables.push(other.to_owned()),
                    None => self.folder(&path, input, table, depth + 1),
                },
                (_, Ok(found)) if found.is_file() => {
                    self.all.push(LogFile { at: At::Path(path), bytes: found.len(), input });
                }
                (_, Ok(_)) => {}
                (_, Err(error)) => self.unreadable(&path, &error),
            }
        }
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let place = Place { file: path.display().to_string(), line: None, what: Some(error.to_string()) };
        self.faults.saw(Fault::Unreadable, place);
    }
}
