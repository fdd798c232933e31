//! Visits every regular file below some roots with all cores. Symbolic links are not followed, and what is neither a file
//! nor a directory is never opened. It counts what it leaves out and keeps what it could not read; it never reads contents.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use rustix::fs::{Dir, FileType, Mode, OFlags};

use super::exclude::{EXCLUDED, Globs};

/// Kernel interfaces: endless files, and nothing that anybody wrote.
const PSEUDO: &[&str] = &["/dev", "/run/udev"];
/// Files that one thread takes at a time.
const BATCH: usize = 64;
/// More waiting work than this is done at once by whoever finds it.
const WAITING: usize = 1024;
/// Examples kept of what could not be read.
const EXAMPLES: usize = 5;

/// What a walk left out.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Left {
    /// Links, pipes, sockets and devices, by sort.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What could not be read, by reason: how much, and the first few.
    pub unread: BTreeMap<Unread, (u64, Vec<PathBuf>)>,
    /// Symbolic links: only whoever knows the whole can tell where they lead.
    pub(super) links: Vec<PathBuf>,
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
    /// It is packed in a way that is not read, broken, or deeper or larger than is looked into.
    Packed,
    /// A link leads there, out of what was to be scanned.
    Linked,
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

    /// Counts one thing that is not looked at because of what it is.
    pub(super) fn skip(&mut self, sort: &'static str) {
        *self.skipped.entry(sort).or_default() += 1;
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
        self.links.extend(other.links);
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

/// One regular file.
pub(super) struct Place<'a> {
    pub(super) path: &'a Path,
    /// Its directory, where that is open: what lies deep is found faster from there.
    pub(super) folder: Option<BorrowedFd<'a>>,
    /// Whether it was named itself rather than found.
    pub(super) is_root: bool,
}

/// Visits every regular file below `roots`; each thread has a `T` of its own, all of which come back.
pub(super) fn walk<T: Send>(
    roots: &[PathBuf],
    threads: usize,
    start: impl Fn() -> T + Sync,
    visit: impl Fn(&mut T, &Place<'_>) + Sync,
    exclude: &Globs,
) -> (Vec<T>, Left) {
    let queue = Queue::new(roots);
    let worker = || {
        let mut worker = Worker { queue: &queue, visit: &visit, own: start(), left: Left::default(), exclude };
        while let Some(work) = queue.next() {
            worker.work(work);
            queue.done();
        }
        (worker.own, worker.left)
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

/// One thread.
struct Worker<'a, T, V> {
    queue: &'a Queue<'a>,
    visit: &'a V,
    own: T,
    left: Left,
    exclude: &'a Globs,
}

impl<T, V: Fn(&mut T, &Place<'_>)> Worker<'_, T, V> {
    fn work(&mut self, work: Work) {
        match work {
            Work::Unknown(path) => self.unknown(&path),
            Work::Folder(path) => self.folder(&path, OFlags::NOFOLLOW),
            Work::Files(files) => self.files(&files, None),
        }
    }

    fn files(&mut self, files: &[PathBuf], folder: Option<BorrowedFd<'_>>) {
        files.iter().for_each(|path| (self.visit)(&mut self.own, &Place { path, folder, is_root: false }));
    }

    fn unknown(&mut self, path: &Path) {
        let is_root = self.queue.is_root(path);
        let metadata = match fs::symlink_metadata(path) {
            // A directory that went away while the walk was under way is not there any more.
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound && !is_root => return,
            Err(error) => return self.left.failed(&error, path),
            Ok(metadata) if metadata.is_symlink() && is_root => match fs::metadata(path) {
                Ok(target) => target,
                Err(error) => return self.left.failed(&error, path),
            },
            Ok(metadata) => metadata,
        };
        if metadata.is_symlink() {
            self.left.links.push(path.to_owned());
        }
        match metadata.file_type() {
            sort if sort.is_file() => (self.visit)(&mut self.own, &Place { path, folder: None, is_root }),
            sort if sort.is_dir() => self.folder(path, OFlags::empty()),
            _ => self.skip(name(FileType::from_raw_mode(metadata.mode()))),
        }
    }

    fn skip(&mut self, sort: &'static str) {
        self.left.skip(sort);
    }

    /// Bind mounts can make a loop without a link, so a directory is told by what is open, not by its name.
    fn folder(&mut self, path: &Path, link: OFlags) {
        let opened = rustix::fs::open(path, OFlags::DIRECTORY | OFlags::CLOEXEC | link, Mode::empty())
            .and_then(Dir::new)
            .and_then(|folder| Ok((folder.stat()?, folder)));
        match opened.map_err(std::io::Error::from) {
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound && !self.queue.is_root(path) => {}
            Err(error) => self.left.failed(&error, path),
            Ok((_, folder)) if !self.queue.is_root(path) && is_of_kernel(&folder) => self.skip(KERNEL),
            Ok((stat, folder)) if self.queue.enter(path, (stat.st_dev, stat.st_ino)) => self.entries(path, folder),
            Ok(_) => self.skip(KERNEL),
        }
    }

    /// What an entry is stands in the directory itself: only files are opened, and none is asked about before.
    fn entries(&mut self, path: &Path, mut folder: Dir) {
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        while let Some(entry) = folder.read() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.left.failed(&error.into(), path);
                    continue;
                }
            };
            let inside = || path.join(OsStr::from_bytes(entry.file_name().to_bytes()));
            match entry.file_type() {
                _ if matches!(entry.file_name().to_bytes(), b"." | b"..") => {}
                _ if !self.exclude.is_empty() && self.exclude.names(&inside()) => self.skip(EXCLUDED),
                FileType::RegularFile => files.push(inside()),
                FileType::Directory => folders.push(Work::Folder(inside())),
                FileType::Unknown => folders.push(Work::Unknown(inside())),
                sort => {
                    if sort == FileType::Symlink {
                        self.left.links.push(inside());
                    }
                    self.skip(name(sort));
                }
            }
            if files.len() == BATCH {
                let batch = Work::Files(std::mem::take(&mut files));
                self.queue.push(batch).into_iter().for_each(|work| self.work(work));
            }
        }
        self.queue.extend(folders);
        self.files(&files, folder.fd().ok());
    }
}

const KERNEL: &str = "directories seen before or of the kernel";

/// Whether a directory is an interface of the kernel, wherever it is mounted: told by the type of its file system.
#[cfg(target_os = "linux")]
fn is_of_kernel(folder: &Dir) -> bool {
    // proc, sysfs, debugfs, tracefs, securityfs, cgroup, cgroup2, bpf, configfs, pstore, devpts.
    const TYPES: [u64; 11] = [
        0x9fa0,
        0x6265_6572,
        0x6462_6720,
        0x7472_6163,
        0x7363_6673,
        0x0027_e0eb,
        0x6367_7270,
        0xcafe_4a11,
        0x6265_6570,
        0x6165_676c,
        0x1cd1,
    ];
    let found = folder.fd().ok().and_then(|folder| rustix::fs::fstatfs(folder).ok());
    found.is_some_and(|found| u64::try_from(found.f_type).is_ok_and(|kind| TYPES.contains(&(kind & 0xffff_ffff))))
}

#[cfg(not(target_os = "linux"))]
fn is_of_kernel(_: &Dir) -> bool {
    false
}

fn name(sort: FileType) -> &'static str {
    match sort {
        FileType::Symlink => "symbolic links",
        FileType::Fifo => "pipes",
        FileType::Socket => "sockets",
        _ => "devices",
    }
}

/// Something to do.
enum Work {
    /// A root, or what a directory does not tell the sort of.
    Unknown(PathBuf),
    Folder(PathBuf),
    Files(Vec<PathBuf>),
}

/// Work that waits, and how many are still busy making more.
struct Queue<'a> {
    state: Mutex<State>,
    changed: Condvar,
    roots: &'a [PathBuf],
}

struct State {
    waiting: Vec<Work>,
    busy: usize,
    idle: usize,
    entered: HashSet<(u64, u64)>,
}

impl Queue<'_> {
    fn new(roots: &[PathBuf]) -> Queue<'_> {
        let waiting = roots.iter().cloned().map(Work::Unknown).collect();
        let state = State { waiting, busy: 0, idle: 0, entered: HashSet::new() };
        Queue { state: Mutex::new(state), changed: Condvar::new(), roots }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_root(&self, path: &Path) -> bool {
        self.roots.iter().any(|root| root == path)
    }

    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(work) = state.waiting.pop() {
                state.busy += 1;
                return Some(work);
            }
            if state.busy == 0 {
                return None;
            }
            state.idle += 1;
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle -= 1;
        }
    }

    fn done(&self) {
        let mut state = self.lock();
        state.busy -= 1;
        if state.busy == 0 && state.waiting.is_empty() {
            self.changed.notify_all();
        }
    }

    /// The work comes back when enough waits already.
    fn push(&self, work: Work) -> Option<Work> {
        let mut state = self.lock();
        if state.waiting.len() >= WAITING {
            return Some(work);
        }
        state.waiting.push(work);
        self.wake(&state);
        None
    }

    /// Directories always wait, so that no recursion grows.
    fn extend(&self, folders: Vec<Work>) {
        if !folders.is_empty() {
            let mut state = self.lock();
            state.waiting.extend(folders);
            self.wake(&state);
        }
    }

    /// Waking is a call of the system, so only who sleeps is woken.
    fn wake(&self, state: &State) {
        if state.idle > 0 {
            self.changed.notify_all();
        }
    }

    /// Whether a directory, known by its device and number, is entered for the first time.
    fn enter(&self, path: &Path, identity: (u64, u64)) -> bool {
        let pseudo = PSEUDO.iter().any(|pseudo| path == Path::new(pseudo)) && !self.is_root(path);
        !pseudo && self.lock().entered.insert(identity)
    }
}
