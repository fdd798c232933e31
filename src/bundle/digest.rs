//! Digests of files: each on its own thread, none of them in memory as a whole.

use std::io::{self, Read};
use std::path::Path;
use std::thread;

use aws_lc_rs::digest::{Context, SHA256};

use super::Digests;
use crate::file;
use crate::seal::hex;

const BUFFER: usize = 1 << 20;

/// The content of a file of at most `limit` bytes, and of nothing that a link leads to.
pub(super) fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    file::read_here(path, limit)
}

/// The digests of these files of a directory, or why one cannot be read.
pub(super) fn digests<'a>(directory: &Path, names: impl Iterator<Item = &'a str>) -> io::Result<Digests> {
    thread::scope(|scope| {
        let threads: Vec<_> = names.map(|name| (name, scope.spawn(move || digest(&directory.join(name))))).collect();
        let lost = || io::Error::other("a thread was lost");
        threads.into_iter().map(|(name, one)| Ok((name.to_owned(), one.join().map_err(|_| lost())??))).collect()
    })
}

fn digest(path: &Path) -> io::Result<String> {
    let mut file = file::open_here(path)?;
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; BUFFER];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(context.finish().as_ref())),
            n => context.update(&buffer[..n]),
        }
    }
}
