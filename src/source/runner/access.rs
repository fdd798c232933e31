//! Whether an account of a scanned host can read a file: owner, mode, groups, access lists, and the folders above it.
//! It asks for metadata only. What cannot be told is neither yes nor no.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::accounts::Account;

const READ: u32 = 4;
const ENTER: u32 = 1;

/// What has been asked of folders so far, for one account.
#[derive(Debug, Default)]
pub(super) struct Access {
    folders: HashMap<PathBuf, Option<bool>>,
}

impl Access {
    /// Whether `account` can read `path` on the host whose `/` is `root`; `None`: it cannot be told.
    pub(super) fn reads(&mut self, account: Option<&Account>, path: &Path, root: &Path) -> Option<bool> {
        if account.is_some_and(|account| account.is_root) {
            return Some(true);
        }
        let above = path.parent().filter(|above| *above != root && above.starts_with(root));
        let entered = above.map_or(Some(true), |above| self.enters(account, above, root));
        both(entered, allowed(account, path, READ))
    }

    fn enters(&mut self, account: Option<&Account>, folder: &Path, root: &Path) -> Option<bool> {
        if let Some(known) = self.folders.get(folder) {
            return *known;
        }
        let above = folder.parent().filter(|above| *above != root && above.starts_with(root));
        let entered = above.map_or(Some(true), |above| self.enters(account, above, root));
        let may = both(entered, allowed(account, folder, ENTER));
        self.folders.insert(folder.to_owned(), may);
        may
    }
}

/// One no is enough.
fn both(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn allowed(account: Option<&Account>, path: &Path, bit: u32) -> Option<bool> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let rights = Rights { user: metadata.uid(), group: metadata.gid(), mode: metadata.mode(), list: list(path)? };
    rights.allow(account, bit)
}

/// The access list of a file; the outer `None`: it could not be read.
fn list(path: &Path) -> Option<Option<Vec<Entry>>> {
    let mut buffer = [0u8; 4096];
    match rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut buffer[..]) {
        Ok(length) => entries(buffer.get(..length)?).map(Some),
        Err(Errno::NODATA | Errno::OPNOTSUPP) => Some(None),
        Err(_) => None,
    }
}

/// One line of an access list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Entry {
    tag: u16,
    rights: u32,
    id: u32,
}

const USER: u16 = 0x02;
const GROUP_OWNER: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;

/// Version 2, then eight bytes an entry: tag, rights, id.
///
/// <https://man7.org/linux/man-pages/man5/acl.5.html>
fn entries(bytes: &[u8]) -> Option<Vec<Entry>> {
    let (version, rest) = bytes.split_first_chunk::<4>()?;
    let (entries, []) = rest.as_chunks::<8>() else { return None };
    (u32::from_le_bytes(*version) == 2).then(|| {
        let entry = |&[a, b, c, d, e, f, g, h]: &[u8; 8]| Entry {
            tag: u16::from_le_bytes([a, b]),
            rights: u16::from_le_bytes([c, d]).into(),
            id: u32::from_le_bytes([e, f, g, h]),
        };
        entries.iter().map(entry).collect()
    })
}

struct Rights {
    user: u32,
    group: u32,
    mode: u32,
    list: Option<Vec<Entry>>,
}

impl Rights {
    fn allow(&self, account: Option<&Account>, bit: u32) -> Option<bool> {
        let of_class = |shift: u32| (self.mode >> shift) & bit != 0;
        let (owner, group, other) = (of_class(6), of_class(3), of_class(0));
        let Some(account) = account else {
            // Whoever it is: with a list, the group's rights are the most that anybody named in it can have.
            return (owner && group && other && self.list.is_none()).then_some(true);
        };
        if account.id == self.user {
            return Some(owner);
        }
        let entries = self.list.as_deref().unwrap_or_default();
        let mask = entries.iter().find(|entry| entry.tag == MASK).map_or(u32::MAX, |entry| entry.rights);
        let grants = |entry: &Entry| entry.rights & mask & bit != 0;
        if let Some(own) = entries.iter().find(|entry| entry.tag == USER && entry.id == account.id) {
            return Some(grants(own));
        }
        // In a file with a list the mode shows the mask in place of the owning group's rights.
        let mut of_groups: Vec<(u32, bool)> = entries
            .iter()
            .filter(|entry| matches!(entry.tag, GROUP | GROUP_OWNER))
            .map(|entry| (if entry.tag == GROUP { entry.id } else { self.group }, grants(entry)))
            .collect();
        if entries.is_empty() {
            of_groups.push((self.group, group));
        }
        let own: Vec<bool> =
            of_groups.iter().filter(|(id, _)| account.groups.contains(id)).map(|(_, grants)| *grants).collect();
        let sure = if own.is_empty() { other } else { own.contains(&true) };
        // A group that nobody told of could only change the answer where the groups differ from it.
        let could_differ =
            account.in_others && !own.contains(&true) && of_groups.iter().any(|(_, grants)| *grants != sure);
        (!could_differ).then_some(sure)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(id: u32, groups: &[u32], in_others: bool) -> Account {
        Account { id, groups: groups.iter().copied().collect(), in_others, is_root: false }
    }

    fn read(mode: u32, list: Option<Vec<Entry>>, account: Option<&Account>) -> Option<bool> {
        Rights { user: 1, group: 10, mode, list }.allow(account, READ)
    }

    #[test]
    fn owner_group_and_others_by_the_first_class_that_fits() {
        let (owner, member, other) = (account(1, &[10], false), account(2, &[10], false), account(3, &[30], false));
        for (mode, expected) in
            [(0o400, [true, false, false]), (0o040, [false, true, false]), (0o004, [false, false, true])]
        {
            let found = [&owner, &member, &other].map(|who| read(mode, None, Some(who)).unwrap());
            assert_eq!(found, expected, "{mode:o}");
        }
    }

    #[test]
    fn what_is_not_known_of_an_account_leaves_only_what_holds_for_everybody() {
        let unsure = account(3, &[30], true);
        assert_eq!(read(0o640, None, Some(&unsure)), None, "it may be in the group");
        assert_eq!(read(0o644, None, Some(&unsure)), Some(true));
        assert_eq!(read(0o600, None, Some(&unsure)), Some(false));
        assert_eq!(read(0o604, None, Some(&unsure)), None);
        assert_eq!((read(0o644, None, None), read(0o600, None, None)), (Some(true), None));
    }

    #[test]
    fn an_access_list_names_users_and_groups_and_its_mask_bounds_them() {
        let entry = |tag, rights, id| Entry { tag, rights, id };
        let list = |mask| {
            Some(vec![
                entry(1, 6, 0),
                entry(USER, 4, 7),
                entry(GROUP_OWNER, 0, 0),
                entry(GROUP, 4, 20),
                entry(MASK, mask, 0),
                entry(0x20, 0, 0),
            ])
        };
        for (who, mask, expected) in [
            (account(7, &[70], false), 4, true),
            (account(7, &[70], false), 0, false),
            (account(8, &[20], false), 4, true),
            (account(8, &[10], false), 4, false),
            (account(8, &[80], false), 4, false),
        ] {
            assert_eq!(read(0o640, list(mask), Some(&who)), Some(expected), "{who:?} {mask}");
        }
        assert_eq!(read(0o640, list(4), Some(&account(8, &[80], true))), None);
        assert_eq!(read(0o644, list(4), None), None);
    }

    #[test]
    fn a_list_is_read_as_the_system_keeps_it() {
        let bytes = [2, 0, 0, 0, 2, 0, 4, 0, 0xe9, 3, 0, 0];
        assert_eq!(entries(&bytes), Some(vec![Entry { tag: USER, rights: 4, id: 1001 }]));
        assert_eq!((entries(&bytes[..11]), entries(&[1, 0, 0, 0])), (None, None));
    }

    #[test]
    fn a_folder_that_may_not_be_entered_hides_what_is_below() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("a/b/file");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        let mode = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let stranger = account(u32::MAX - 7, &[u32::MAX - 7], false);
        let reads = |account: &Account| Access::default().reads(Some(account), &file, directory.path());
        mode(&file, 0o644);
        mode(&directory.path().join("a"), 0o755);
        mode(&directory.path().join("a/b"), 0o755);
        assert_eq!(reads(&stranger), Some(true), "the folder that stands for / is entered by everybody");
        mode(&directory.path().join("a"), 0o700);
        assert_eq!(reads(&stranger), Some(false));
        assert_eq!(reads(&Account { is_root: true, ..stranger }), Some(true));
        assert_eq!(Access::default().reads(None, &directory.path().join("gone"), directory.path()), None);
    }
}
