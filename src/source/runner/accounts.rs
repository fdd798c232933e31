//! The accounts of a scanned host: its own `passwd`, groups and rights to become root. Those of the machine that scans are
//! used for nothing but the names of owners.

use std::collections::BTreeSet;
use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::content;
use crate::text::Untrusted;

/// Members of these can read every file: they are given root itself, a disk, or a daemon that acts as root.
const AS_GOOD_AS_ROOT: [&str; 8] = ["root", "docker", "lxd", "incus-admin", "disk", "sudo", "wheel", "admin"];

/// The hosts that the scanned paths belong to.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    hosts: Vec<Tree>,
    /// Of the machine that scans.
    own: Vec<User>,
    paths: Vec<PathBuf>,
}

/// One host, live or mounted.
#[derive(Debug)]
pub(super) struct Tree {
    /// Where its `/` is.
    pub(super) root: PathBuf,
    users: Vec<User>,
    groups: Vec<Group>,
    /// False: accounts or groups come from a directory service too.
    local: bool,
    sudoers: String,
}

#[derive(Debug, Clone)]
struct User {
    id: u32,
    group: u32,
    name: String,
    home: PathBuf,
}

#[derive(Debug)]
struct Group {
    id: u32,
    name: String,
    members: Vec<String>,
}

/// An account as far as files ask for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) id: u32,
    pub(super) groups: BTreeSet<u32>,
    /// Whether it may be in more groups than these.
    pub(super) in_others: bool,
    /// Whether it reads whatever there is.
    pub(super) is_root: bool,
}

impl Accounts {
    /// Those of the hosts whose `passwd` is in the scanned paths.
    pub(super) fn of(paths: &[PathBuf]) -> Accounts {
        let mut hosts: Vec<Tree> = Vec::new();
        for root in paths.iter().filter_map(|path| root_of(path)) {
            if !hosts.iter().any(|host| host.root == root) {
                hosts.extend(Tree::at(root));
            }
        }
        let own = content::small(Path::new("/etc/passwd")).map(|text| users(&text)).unwrap_or_default();
        Accounts { hosts, own, paths: paths.to_vec() }
    }

    /// The host that a path belongs to.
    pub(super) fn host(&self, path: &Path) -> Option<&Tree> {
        self.hosts.iter().filter(|host| path.starts_with(&host.root)).max_by_key(|host| host.root.as_os_str().len())
    }

    /// The owner of a file.
    pub(super) fn owner(&self, path: &Path, metadata: &Metadata) -> Untrusted {
        self.name(path, metadata.uid()).unwrap_or_else(|| format!("uid:{}", metadata.uid())).into()
    }

    /// What an account is called on the host of `path`.
    pub(super) fn name(&self, path: &Path, id: u32) -> Option<String> {
        let users = self.host(path).map_or(&self.own, |host| &host.users);
        users.iter().find(|user| user.id == id).map(|user| user.name.clone())
    }

    /// Whether everything below `path`, where it really is, was to be scanned. What is not there is scanned.
    pub(super) fn was_scanned(&self, path: &Path) -> bool {
        match path.canonicalize() {
            Ok(real) => self.is_below(&real),
            Err(gone) if gone.kind() == ErrorKind::NotFound => {
                // The nearest folder that is there would hold it, unless what is there is a link that leads nowhere.
                let there = path.ancestors().find(|path| path.symlink_metadata().is_ok());
                there.is_some_and(|there| there.canonicalize().is_ok_and(|real| real.is_dir() && self.is_below(&real)))
            }
            Err(_) => false,
        }
    }

    fn is_below(&self, real: &Path) -> bool {
        let below = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path.is_dir() && real.starts_with(path));
        self.paths.iter().any(below)
    }
}

/// Where `/` of the host is whose `passwd` is in this path.
fn root_of(path: &Path) -> Option<PathBuf> {
    if path.join("etc/passwd").is_file() {
        return Some(path.to_owned());
    }
    let above = match path.components().next_back()? {
        Component::Normal(name) if name == "etc" && path.join("passwd").is_file() => path.parent()?,
        Component::Normal(_) if path.ends_with("etc/passwd") && path.is_file() => path.parent()?.parent()?,
        _ => return None,
    };
    Some(if above == Path::new("") { PathBuf::from(".") } else { above.to_owned() })
}

impl Tree {
    fn at(root: PathBuf) -> Option<Tree> {
        let read = |name: &str| content::small(&root.join("etc").join(name));
        let users = users(&read("passwd")?);
        let switch = read("nsswitch.conf").unwrap_or_default();
        let groups = read("group");
        let local = groups.is_some() && ["passwd", "group"].iter().all(|database| is_local(&switch, database));
        let groups = groups.map(|text| self::groups(&text)).unwrap_or_default();
        Some(Tree { sudoers: sudoers(&root), users, groups, local, root })
    }

    /// The account of this name or number; `None`: this host does not say.
    pub(super) fn account(&self, name: &str) -> Option<Account> {
        if name == "root" || name == "0" {
            return Some(Account { id: 0, groups: [0].into(), in_others: false, is_root: true });
        }
        let user = self.users.iter().find(|user| user.name == name || user.id.to_string() == name)?;
        let member = |group: &&Group| group.id == user.group || group.members.contains(&user.name);
        let groups: Vec<&Group> = self.groups.iter().filter(member).collect();
        let mighty = |group: &&Group| AS_GOOD_AS_ROOT.contains(&group.name.as_str());
        Some(Account {
            id: user.id,
            is_root: user.id == 0 || groups.iter().any(mighty) || self.may_become_root(user, &groups),
            groups: groups.iter().map(|group| group.id).chain([user.group]).collect(),
            in_others: !self.local,
        })
    }

    /// The home of an account, where it is in this tree.
    pub(super) fn home(&self, name: &str) -> Option<PathBuf> {
        let user = self.users.iter().find(|user| user.name == name || user.id.to_string() == name)?;
        user.home.is_absolute().then(|| self.place(&user.home))
    }

    /// Where a path of this host is in the tree.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        path.strip_prefix("/").map_or_else(|_| path.to_owned(), |below| self.root.join(below))
    }

    /// Whether nothing says that this is another machine than the one that scans.
    pub(super) fn may_be_this_machine(&self) -> bool {
        let name = content::small(&self.root.join("etc/hostname"));
        name.is_none_or(|name| name.trim().is_empty() || name.trim() == super::own_name())
    }

    /// A rule without password, for the account or one of its groups.
    fn may_become_root(&self, user: &User, groups: &[&Group]) -> bool {
        let whom = |word: &str| match word.strip_prefix('%') {
            Some(group) => groups.iter().any(|own| own.name == group),
            None => word == user.name || word == "ALL" || word == format!("#{}", user.id),
        };
        self.sudoers.lines().filter(|line| line.contains("NOPASSWD")).any(|line| {
            let first = line.split_whitespace().next().unwrap_or_default();
            first.split(',').any(whom)
        })
    }
}

fn users(text: &str) -> Vec<User> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let (name, id, group) = (fields.next()?, fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(User { id, group, name: name.to_owned(), home: fields.nth(1)?.into() })
    };
    text.lines().filter_map(user).collect()
}

fn groups(text: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut fields = line.split(':');
        let (name, id) = (fields.next()?, fields.nth(1)?.parse().ok()?);
        let members = fields.next().unwrap_or_default().split(',').map(|name| name.trim().to_owned()).collect();
        Some(Group { id, name: name.to_owned(), members })
    };
    text.lines().filter_map(group).collect()
}

/// Whether only files of the host answer for a database of `nsswitch.conf`.
fn is_local(switch: &str, database: &str) -> bool {
    let line = switch
        .lines()
        .filter_map(|line| line.trim().strip_prefix(database)?.trim_start().strip_prefix(':'))
        .next_back();
    let sources = line.unwrap_or("files").split('#').next().unwrap_or_default();
    sources
        .split_whitespace()
        .all(|source| matches!(source, "files" | "compat" | "systemd" | "db" | "altfiles") || source.starts_with('['))
}

fn sudoers(root: &Path) -> String {
    let mut text = content::small(&root.join("etc/sudoers")).unwrap_or_default();
    let folder = std::fs::read_dir(root.join("etc/sudoers.d")).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.path()).collect();
    files.sort();
    for file in files.iter().filter_map(|file| content::small(file)) {
        text.push('\n');
        text.push_str(&file);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Accounts) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let accounts = Accounts::of(&[directory.path().to_owned()]);
        (directory, accounts)
    }

    const PASSWD: &str = "root:x:0:0::/root:/bin/sh\nci:x:1001:1001::/srv/ci:/bin/sh\nodd line\n";

    #[test]
    fn an_account_has_its_groups_its_home_and_what_makes_it_root() {
        let group = "root:x:0:\nci:x:1001:\nbuild:x:50:ci,bob\ndocker:x:60:bob\n";
        let (directory, accounts) = tree(&[("etc/passwd", PASSWD), ("etc/group", group)]);
        let host = accounts.host(&directory.path().join("opt/x")).unwrap();
        let ci = host.account("ci").unwrap();
        assert_eq!((ci.id, ci.groups, ci.in_others, ci.is_root), (1001, [50, 1001].into(), false, false));
        assert_eq!(host.home("ci").unwrap(), directory.path().join("srv/ci"));
        assert!(host.account("root").unwrap().is_root && host.account("nobody").is_none());
        assert!(accounts.host(Path::new("/elsewhere")).is_none());
    }

    #[test]
    fn a_group_of_root_and_a_rule_without_password_are_as_good_as_root() {
        let docker = [("etc/passwd", PASSWD), ("etc/group", "docker:x:60:ci\n")];
        let (directory, accounts) = tree(&docker);
        assert!(accounts.host(directory.path()).unwrap().account("ci").unwrap().is_root);
        for (rule, is_root) in
            [("ci ALL=(ALL) NOPASSWD: ALL\n", true), ("bob ALL=(ALL) NOPASSWD: ALL\nci ALL=(ALL) ALL\n", false)]
        {
            let (directory, accounts) =
                tree(&[("etc/passwd", PASSWD), ("etc/group", "ci:x:1001:\n"), ("etc/sudoers.d/ci", rule)]);
            assert_eq!(accounts.host(directory.path()).unwrap().account("ci").unwrap().is_root, is_root);
        }
    }

    #[test]
    fn groups_of_a_directory_service_are_not_known() {
        assert!(is_local("passwd: files systemd\ngroup: files [SUCCESS=merge] systemd # local\n", "group"));
        assert!(!is_local("group: files sss\n", "group") && is_local("", "group"));
        let (directory, accounts) = tree(&[("etc/passwd", PASSWD)]);
        assert!(accounts.host(directory.path()).unwrap().account("ci").unwrap().in_others);
    }

    #[test]
    fn a_folder_counts_as_scanned_where_it_really_is() {
        let (directory, accounts) = tree(&[("etc/passwd", PASSWD), ("a/x", "")]);
        let outside = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        std::os::unix::fs::symlink(outside.path(), at("out")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("nothing"), at("dangling")).unwrap();
        assert!(accounts.was_scanned(&at("a")) && accounts.was_scanned(&at("not-there/at/all")));
        assert!(!accounts.was_scanned(&at("out")) && !accounts.was_scanned(&at("dangling")));
        assert!(!accounts.was_scanned(outside.path()));
    }
}
