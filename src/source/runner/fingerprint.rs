//! Keyed fingerprints: equal credentials can be joined, and without the key nobody can try values out.
//! The key never leaves this module.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::{hmac, rand};
use sha2::{Digest, Sha256};

use crate::text::Secret;

/// The fewest characters of a key that a person sets.
const SHORTEST: usize = 32;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The key file cannot be read or made.
    #[error("fingerprint key {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key could be guessed.
    #[error("the fingerprint key has fewer than {SHORTEST} characters")]
    Short,
}

/// The key of the organisation.
pub struct Key {
    key: hmac::Key,
    id: String,
    made: bool,
}

impl Key {
    /// A key from a setting.
    ///
    /// # Errors
    /// When it is too short.
    pub fn from_setting(value: &Secret) -> Result<Key, Error> {
        if value.expose().len() < SHORTEST {
            return Err(Error::Short);
        }
        Ok(Key::new(value.expose().as_bytes(), false))
    }

    /// The key in a file, which is made, readable by its owner only, if there is none.
    ///
    /// # Errors
    /// When it can neither be read nor made.
    pub fn from_file(path: &Path) -> Result<Key, Error> {
        let error = |source| Error::File { path: path.to_owned(), source };
        match crate::file::open(path) {
            Ok(file) => {
                let mut text = String::new();
                file.take(4096).read_to_string(&mut text).map_err(error)?;
                Key::from_setting(&Secret::new(&text))
            }
            Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Key::make(path).map_err(error),
            Err(source) => Err(error(source)),
        }
    }

    fn make(path: &Path) -> std::io::Result<Key> {
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory)?;
        }
        let mut bytes = [0u8; 32];
        rand::fill(&mut bytes).map_err(|_| std::io::Error::other("the system has no random numbers"))?;
        let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{text}")?;
        Ok(Key::new(text.as_bytes(), true))
    }

    fn new(bytes: &[u8], made: bool) -> Key {
        let id = Sha256::digest([b"leaver fingerprint key id:".as_slice(), bytes].concat());
        Key { key: hmac::Key::new(hmac::HMAC_SHA256, bytes), id: hex(&id[..4]), made }
    }

    /// Names the key without revealing it: fingerprints with the same id can be joined.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether the key was made just now: nothing older can be joined with it.
    pub fn is_new(&self) -> bool {
        self.made
    }

    pub(super) fn fingerprint(&self, value: &[u8]) -> String {
        hex(hmac::sign(&self.key, value).as_ref())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_file_is_made_once_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new/key");
        let first = Key::from_file(&path).unwrap();
        let second = Key::from_file(&path).unwrap();
        assert!(first.is_new() && !second.is_new());
        assert_eq!((first.id(), first.fingerprint(b"x")), (second.id(), second.fingerprint(b"x")));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_ne!(first.fingerprint(b"x"), first.fingerprint(b"y"));
    }

    #[test]
    fn a_short_key_and_an_unreadable_one_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(Key::from_setting(&Secret::new("short")), Err(Error::Short)));
        assert!(matches!(Key::from_file(directory.path()), Err(Error::File { .. })));
    }

    #[test]
    fn another_key_gives_another_fingerprint_and_another_id() {
        let key = |letter: &str| Key::from_setting(&Secret::new(&letter.repeat(40))).unwrap();
        assert_ne!(key("a").fingerprint(b"x"), key("b").fingerprint(b"x"));
        assert_ne!(key("a").id(), key("b").id());
    }
}
