//! An archive in a directory: an entry is made under a temporary name and gets its number as a whole, or not at all.

use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use super::Error;
use crate::bundle::MANIFEST;
use crate::file;
use crate::partial::Folder;
use crate::report::Place;

/// Puts the files of `bundle` to their place below `archive`, readable by their owner only.
pub(super) fn put(archive: &Path, place: &Place, bundle: &Path) -> Result<(), Error> {
    let unusable = |error: io::Error| Error::Unusable(error.to_string().into());
    let organization = archive.join(&place.organization);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&organization).map_err(unusable)?;
    let made = Folder::new(&organization).map_err(unusable)?;
    fill(made.path(), bundle).map_err(unusable)?;
    let to = organization.join(format!("{:06}", place.number));
    // A rename takes the place of an empty folder, and of nothing else.
    match fs::rename(made.path(), &to) {
        Ok(()) => made.keep(),
        Err(_) if to.symlink_metadata().is_ok() => {
            return Err(Error::Taken(format!("{}/{:06}", place.organization, place.number).into()));
        }
        Err(error) => return Err(unusable(error)),
    }
    sync(&organization).and_then(|()| sync(archive)).map_err(unusable)
}

fn fill(folder: &Path, bundle: &Path) -> io::Result<()> {
    let mut names = fs::read_dir(bundle)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?;
    names.sort_by_key(|name| (name == MANIFEST, name.clone()));
    for name in names {
        let mut from = file::open_here(&bundle.join(&name))?;
        let mut to = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(&name))?;
        io::copy(&mut from, &mut to)?;
        to.set_permissions(Permissions::from_mode(0o600))?;
        to.sync_all()?;
    }
    sync(folder)
}

fn sync(directory: &Path) -> io::Result<()> {
    fs::File::options().read(true).open(directory)?.sync_all()
}
