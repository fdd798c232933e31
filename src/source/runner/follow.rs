//! Files that other files name: environment files of units and containers, hook scripts, included configurations.
//! They are followed inside the scanned paths only; one that lies elsewhere is told, never read.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// A file that another one names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Reference {
    /// As it stands there: absolute, below a home, or relative to the file that names it; `*` stands for any part.
    pub(super) path: String,
    /// What it holds, whatever its own name says.
    pub(super) holds: Holds,
}

/// What a file that another one names is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Holds {
    /// Its own name says it.
    Anything,
    Variables,
    Commands,
}

/// Where a reference leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Inside(PathBuf),
    Outside(PathBuf),
}

/// Every file that a reference in `from` means; none where there is no such file.
pub(super) fn resolve(from: &Path, reference: &Reference, roots: &[PathBuf]) -> Vec<Target> {
    let Some(root) = roots.iter().filter(|root| from.starts_with(root)).max_by_key(|root| root.as_os_str().len())
    else {
        return Vec::new();
    };
    let Some(path) = absolute(from, &reference.path, root) else {
        return vec![Target::Outside(PathBuf::from(&reference.path))];
    };
    expand(&path).into_iter().filter_map(|path| target(path, roots)).collect()
}

/// A link may lead out of the roots, so the place counts where the file really is.
fn target(path: PathBuf, roots: &[PathBuf]) -> Option<Target> {
    match path.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Ok(real) if roots.iter().filter_map(|root| root.canonicalize().ok()).any(|root| real.starts_with(root)) => {
            Some(Target::Inside(path))
        }
        _ => Some(Target::Outside(path)),
    }
}

/// `None` for what only a running system can tell, such as `%i` and variables.
fn absolute(from: &Path, text: &str, root: &Path) -> Option<PathBuf> {
    let path = match text.strip_prefix("~/").or_else(|| text.strip_prefix("%h/")) {
        Some(below) => home(from)?.join(below),
        None if text.contains(['$', '%', '~']) => return None,
        None => PathBuf::from(text),
    };
    // What is absolute on a host that is mounted somewhere lies below that place.
    let of_host = root != Path::new("/") && root.join("etc").is_dir();
    let path = match path.strip_prefix("/") {
        Ok(below) if of_host && !path.starts_with(root) => root.join(below),
        _ => from.parent()?.join(path),
    };
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(plain.pop()),
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// The home that a file lies in, by the usual places of homes.
fn home(from: &Path) -> Option<&Path> {
    let is_home = |path: &&Path| {
        let below = path.parent().is_some_and(|parent| parent.ends_with("home") || parent.ends_with("Users"));
        below || path.ends_with("root")
    };
    from.ancestors().skip(1).find(is_home)
}

/// Names with `*` in the last part of a path.
fn expand(path: &Path) -> Vec<PathBuf> {
    let pattern = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Some((start, end)) = pattern.split_once('*') else { return vec![path.to_owned()] };
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let fits = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
    };
    entries.map(|entry| entry.path()).filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &str) -> Reference {
        Reference { path: path.into(), holds: Holds::Variables }
    }

    #[test]
    fn references_stay_inside_the_roots_or_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let (root, outside) = (directory.path().join("host"), directory.path().join("secrets"));
        for file in ["etc/app/a.conf", "etc/app/b.conf", "home/al/x.env", "srv/app/.env"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        fs::write(&outside, "").unwrap();
        std::os::unix::fs::symlink(&outside, root.join("srv/link")).unwrap();
        let roots = [root.clone()];
        let all = |from: &str, path: &str| {
            let mut found = resolve(&root.join(from), &names(path), &roots);
            found.sort_by_key(|target| format!("{target:?}"));
            found
        };
        let inside = |path: &str| Target::Inside(root.join(path));
        assert_eq!(all("etc/x.service", "/etc/app/a.conf"), [inside("etc/app/a.conf")]);
        assert_eq!(all("etc/x.service", "/etc/app/*.conf"), [inside("etc/app/a.conf"), inside("etc/app/b.conf")]);
        assert_eq!(all("srv/app/compose.yml", "./.env"), [inside("srv/app/.env")]);
        assert_eq!(all("home/al/.gitconfig", "~/x.env"), [inside("home/al/x.env")]);
        assert_eq!(all("etc/x.service", "/etc/missing"), []);
        assert_eq!(all("srv/app/compose.yml", "../link"), [Target::Outside(root.join("srv/link"))]);
        assert_eq!(all("srv/app/compose.yml", "../../../secrets"), [Target::Outside(outside)]);
        assert_eq!(all("etc/x.service", "/run/%i/env"), [Target::Outside("/run/%i/env".into())]);
    }
}
