//! Where symbolic links lead: to what is scanned anyway, perhaps under a name that tells less than that of the link, or out
//! of what was to be scanned. Nothing is read here.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::read::Reader;

/// Where a link leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Leads {
    /// To what is scanned, or to nothing that anybody could have written.
    Scanned(PathBuf),
    Nowhere,
    Outside,
}

/// What the kernel and the packages of the system made: links to there are everywhere, and nobody keeps a credential there.
const SYSTEM: &[&str] = &[
    "/proc",
    "/sys",
    "/dev",
    "/run/systemd",
    "/run/resolvconf",
    "/run/lock",
    "/run/shm",
    "/usr/bin",
    "/usr/sbin",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/share",
    "/usr/include",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix/store",
    "/snap",
    "/etc/alternatives",
    "/etc/ssl/certs",
    "/etc/pki",
];

/// Files below a folder that a link names, at most so many and so deep.
const FILES: usize = 2_000;
const DEPTH: usize = 4;

/// Where `link` leads, seen from the scanned paths.
pub(super) fn resolve(link: &Path, roots: &[PathBuf]) -> Leads {
    let Ok(told) = fs::read_link(link) else { return Leads::Nowhere };
    let mounted = roots
        .iter()
        .find(|root| root.as_path() != Path::new("/") && link.starts_with(root) && root.join("etc").is_dir());
    // What is absolute on a host that is mounted somewhere lies below that place.
    let on_host = mounted.filter(|root| told.is_absolute() && !told.starts_with(root));
    let path = match (on_host, told.strip_prefix("/")) {
        (Some(root), Ok(below)) => root.join(below),
        _ => link.parent().unwrap_or(link).join(&told),
    };
    let is_system = SYSTEM.iter().any(|system| told.starts_with(system)) && Reader::of(link).is_none();
    match path.canonicalize() {
        Ok(real) if below(&real, roots) => Leads::Scanned(real),
        Ok(real) if Reader::of(link).is_none() && SYSTEM.iter().any(|system| real.starts_with(system)) => {
            Leads::Nowhere
        }
        // A lock is a link that names its holder, and other broken ones among what is scanned lead nowhere, too.
        Err(error) if error.kind() == ErrorKind::NotFound && (is_system || below(&plain(&path), roots)) => {
            Leads::Nowhere
        }
        Err(error) if error.raw_os_error() == Some(libc::ELOOP) => Leads::Nowhere,
        _ => Leads::Outside,
    }
}

fn below(path: &Path, roots: &[PathBuf]) -> bool {
    roots.iter().any(|root| path.starts_with(root) || root.canonicalize().is_ok_and(|root| path.starts_with(root)))
}

/// A path without `.` and `..`, as far as its text tells.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain
}

/// The files behind a link that are of a known format by the name that the link gives them, and by their own are not:
/// the name, and the real place.
pub(super) fn known(link: &Path, real: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    let mut waiting = vec![(link.to_owned(), real.to_owned(), 0)];
    let mut seen = 0;
    while let Some((name, real, depth)) = waiting.pop() {
        seen += 1;
        let Ok(metadata) = fs::symlink_metadata(&real) else { continue };
        if metadata.is_file() && tells_more(&name, &real) {
            found.push((name, real));
        } else if metadata.is_dir() && depth < DEPTH && seen < FILES {
            let entries = fs::read_dir(&real).into_iter().flatten().flatten().take(FILES);
            waiting.extend(entries.map(|entry| (name.join(entry.file_name()), entry.path(), depth + 1)));
        }
    }
    found
}

fn tells_more(name: &Path, real: &Path) -> bool {
    match (Reader::of(name), Reader::of(real)) {
        (Some(by_link), Some(own)) => !std::ptr::eq(by_link, own),
        (by_link, _) => by_link.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_lead_inside_nowhere_or_out() {
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("host"), directory.path().join("data"));
        fs::create_dir_all(root.join("a")).unwrap();
        fs::create_dir_all(&outside).unwrap();
        fs::write(root.join("a/f"), "").unwrap();
        let leads = |name: &str, to: &Path| {
            let link = root.join(name);
            symlink(to, &link).unwrap();
            resolve(&link, std::slice::from_ref(&root))
        };
        assert_eq!(leads("1", Path::new("a/f")), Leads::Scanned(root.join("a/f").canonicalize().unwrap()));
        assert_eq!(leads("2", &outside), Leads::Outside);
        assert_eq!(leads("3", Path::new("/usr/bin/env")), Leads::Nowhere);
        assert_eq!(leads("4", Path::new("/dev/null")), Leads::Nowhere);
        assert_eq!(leads("5", Path::new("al@host.123:456")), Leads::Nowhere);
        assert_eq!(leads("6", Path::new("6")), Leads::Nowhere);
        assert_eq!(leads("7", &outside.join("missing")), Leads::Outside, "a disk that is not there now");
        assert_eq!(leads(".netrc", Path::new("/usr/share/x")), Leads::Outside);
        fs::create_dir_all(root.join("etc")).unwrap();
        assert_eq!(leads("8", Path::new("/a/f")), Leads::Scanned(root.join("a/f").canonicalize().unwrap()));
        assert_eq!(leads("9", Path::new("/usr/lib/none")), Leads::Nowhere);
        assert_eq!(leads("10", Path::new("/proc/self/mounts")), Leads::Nowhere);
    }

    #[test]
    fn the_name_of_a_link_tells_what_is_behind_it() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("dots/github")).unwrap();
        fs::write(root.join("dots/github/hosts.yml"), "").unwrap();
        fs::write(root.join("dots/netrc"), "").unwrap();
        let found = known(&root.join("home/.config/gh"), &root.join("dots/github"));
        assert_eq!(found, [(root.join("home/.config/gh/hosts.yml"), root.join("dots/github/hosts.yml"))]);
        assert_eq!(known(&root.join("home/.netrc"), &root.join("dots/netrc")).len(), 1);
        assert_eq!(known(&root.join("home/x"), &root.join("dots/netrc")), []);
    }
}
