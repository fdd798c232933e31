//! Visits every regular file below some roots with all cores. Symbolic links are not followed, and what is neither a file
//! nor a directory is never opened. It counts what it leaves out and keeps what it could not read; it never reads contents.

use std::collections::{BTreeMap, HashSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Kernel interfaces: endless files, and nothing that anybody wrote.
const PSEUDO: &[&str] = &["/proc", "/sys", "/dev", "/run/udev"];
/// More waiting work than this is done at once by whoever finds it.
const WAITING: usize = 8 * 1024;
/// Examples kept of what could not be read.
const EXAMPLES: usize = 5;

/// What a walk left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left {
    /// Links, pipes, sockets and devices, by sort.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What could not be read, by reason: how much, and the first few.
    pub unread: BTreeMap<Unread, (u64, Vec<PathBuf>)>,
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unread {
    /// A permission is missing.
    Denied,
    /// It is not there.
    Missing,
    /// Only its beginning was read.
    TooLarge,
    /// It is not of the format that its name promises; the byte scan saw it all the same.
    Malformed,
    /// A file that was read names it, and it lies outside of what was to be scanned.
    Outside,
    /// The system gave another error.
    Failed,
}

impl Left {
    /// Notes one thing that could not be read.
    pub(super) fn unread(&mut self, why: Unread, path: &Path) {
        let (count, examples) = self.unread.entry(why).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(path.to_owned());
        }
    }

    pub(super) fn failed(&mut self, error: &std::io::Error, path: &Path) {
        let why = match error.kind() {
            std::io::ErrorKind::PermissionDenied => Unread::Denied,
            std::io::ErrorKind::NotFound => Unread::Missing,
            _ => Unread::Failed,
        };
        self.unread(why, path);
    }

    pub(super) fn add(&mut self, other: Left) {
        for (sort, count) in other.skipped {
            *self.skipped.entry(sort).or_default() += count;
        }
        for (why, (count, paths)) in other.unread {
            let (sum, examples) = self.unread.entry(why).or_default();
            *sum += count;
            examples.extend(paths);
            examples.sort();
            examples.truncate(EXAMPLES);
        }
    }
}

/// Visits every regular file below `roots`; each thread has a `T` of its own, all of which come back.
pub(super) fn walk<T: Default + Send>(
    roots: &[PathBuf],
    threads: usize,
    visit: impl Fn(&mut T, &Path, &Metadata) + Sync,
) -> (Vec<T>, Left) {
    let queue = Queue::new(roots);
    let worker = || {
        let (mut own, mut left) = (T::default(), Left::default());
        while let Some(path) = queue.next() {
            step(&queue, &path, &mut own, &mut left, &visit);
            queue.done();
        }
        (own, left)
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(worker)).collect();
        let (mut all, mut left) = (Vec::new(), Left::default());
        for worker in workers {
            match worker.join() {
                Ok((own, part)) => {
                    all.push(own);
                    left.add(part);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (all, left)
    })
}

fn step<T>(queue: &Queue, path: &Path, own: &mut T, left: &mut Left, visit: &impl Fn(&mut T, &Path, &Metadata)) {
    let metadata = match fs::symlink_metadata(path) {
        // A file that went away while the walk was under way is not there any more.
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound && !queue.is_root(path) => return,
        Err(error) => return left.failed(&error, path),
        Ok(metadata) if metadata.is_symlink() && queue.is_root(path) => match fs::metadata(path) {
            Ok(target) => target,
            Err(error) => return left.failed(&error, path),
        },
        Ok(metadata) => metadata,
    };
    let sort = metadata.file_type();
    if sort.is_file() {
        return visit(own, path, &metadata);
    }
    if !sort.is_dir() {
        let name = match () {
            () if sort.is_symlink() => "symbolic links",
            () if sort.is_fifo() => "pipes",
            () if sort.is_socket() => "sockets",
            () => "devices",
        };
        *left.skipped.entry(name).or_default() += 1;
        return;
    }
    if !queue.enter(path, &metadata) {
        *left.skipped.entry("directories seen before or of the kernel").or_default() += 1;
        return;
    }
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => return left.failed(&error, path),
    };
    for entry in entries {
        match entry {
            Err(error) => left.failed(&error, path),
            Ok(entry) => {
                let directory = entry.file_type().is_ok_and(|sort| sort.is_dir());
                if let Some(path) = queue.push(entry.path(), directory) {
                    step(queue, &path, own, left, visit);
                }
            }
        }
    }
}

/// Work that waits, and how many are still busy making more.
struct Queue<'a> {
    state: Mutex<State>,
    changed: Condvar,
    roots: &'a [PathBuf],
}

struct State {
    waiting: Vec<PathBuf>,
    busy: usize,
    entered: HashSet<(u64, u64)>,
}

impl Queue<'_> {
    fn new(roots: &[PathBuf]) -> Queue<'_> {
        let state = State { waiting: roots.to_vec(), busy: 0, entered: HashSet::new() };
        Queue { state: Mutex::new(state), changed: Condvar::new(), roots }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_root(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| root == path)
    }

    fn next(&self) -> Option<PathBuf> {
        let mut state = self.lock();
        loop {
            if let Some(path) = state.waiting.pop() {
                state.busy += 1;
                return Some(path);
            }
            if state.busy == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self) {
        let mut state = self.lock();
        state.busy -= 1;
        if state.busy == 0 && state.waiting.is_empty() {
            self.changed.notify_all();
        }
    }

    /// Directories always wait, so that no recursion grows; files come back when enough waits already.
    fn push(&self, path: PathBuf, directory: bool) -> Option<PathBuf> {
        let mut state = self.lock();
        if !directory && state.waiting.len() >= WAITING {
            return Some(path);
        }
        state.waiting.push(path);
        self.changed.notify_one();
        None
    }

    /// Whether a directory is entered for the first time: bind mounts can make a loop without a link.
    fn enter(&self, path: &Path, metadata: &Metadata) -> bool {
        let pseudo = PSEUDO.iter().any(|pseudo| path == Path::new(pseudo)) && !self.is_root(path);
        !pseudo && self.lock().entered.insert((metadata.dev(), metadata.ino()))
    }
}
