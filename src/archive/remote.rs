//! An archive in an object store, which takes one file at a time: whoever writes the manifest of a number has it.
//! A run that broke off is fenced by a manifest that says so, and if it was only slow, it finds its number taken.

use std::fs;
use std::path::Path as Folder;
use std::time::Duration;

use futures_util::TryStreamExt;
use object_store::{PutMode, PutOptions};

use super::{Archive, Error};
use crate::bundle::{MANIFEST, REPORT};
use crate::file;
use crate::report::Place;

/// The manifest of a number whose run broke off.
pub(super) const BROKEN_OFF: &str = "# broken off\n";

/// How often is looked whether another run goes on, and how often it may not have before it counts as broken off.
const LOOK: Duration = if cfg!(test) { Duration::from_millis(1) } else { Duration::from_secs(2) };
const LOOKS: usize = 15;

impl Archive {
    /// Puts every file once, the manifest last.
    pub(super) async fn upload(&self, place: &Place, bundle: &Folder) -> Result<(), Error> {
        let unreadable = |error: std::io::Error| Error::Unusable(error.to_string().into());
        let entries = fs::read_dir(bundle).map_err(unreadable)?;
        let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let mut names = names.collect::<std::io::Result<Vec<String>>>().map_err(unreadable)?;
        // Whoever wants the same place starts with the same file, so only one of them gets past it.
        names.sort_by_key(|name| (name == MANIFEST, name != REPORT, name.clone()));
        for name in names {
            let content = file::read_here(&bundle.join(&name), u64::MAX - 1).map_err(unreadable)?;
            let to = self.folder(&place.organization, place.number).join(name);
            self.store.put_opts(&to, content.into(), PutOptions::from(PutMode::Create)).await?;
        }
        Ok(())
    }

    /// Waits until the run that writes this number is over, or has not written for long; then it is over, too.
    pub(super) async fn await_writer(&self, organization: &str, number: u32) -> Result<(), Error> {
        let folder = self.folder(organization, number);
        let (mut before, mut quiet) = (0, 0);
        loop {
            let objects: Vec<_> = self.store.list(Some(&folder)).try_collect().await?;
            if objects.iter().any(|object| object.location.filename() == Some(MANIFEST)) {
                return Ok(());
            }
            quiet = if objects.len() == before { quiet + 1 } else { 0 };
            before = objects.len();
            if quiet >= LOOKS {
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        let fence = folder.join(MANIFEST);
        match self.store.put_opts(&fence, BROKEN_OFF.into(), PutOptions::from(PutMode::Create)).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;
    use object_store::path::Path;

    use super::*;

    fn archive() -> Archive {
        Archive { store: Arc::new(InMemory::new()), prefix: Path::default(), immutability: "", directory: None }
    }

    fn bundle(text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in [REPORT, "report.html", MANIFEST] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[tokio::test]
    async fn a_number_whose_run_broke_off_is_passed_over() {
        let (archive, one) = (archive(), bundle("one"));
        let first = archive.next("contoso").await.unwrap();
        archive.put(&first, one.path()).await.unwrap();
        let slow = archive.next("contoso").await.unwrap();
        let report = archive.folder("contoso", slow.number).join(REPORT);
        archive.store.put(&report, "half".into()).await.unwrap();
        let next = archive.next("contoso").await.unwrap();
        assert_eq!((next.number, next.previous.as_ref().unwrap().number), (3, 1));
        archive.put(&next, bundle("two").path()).await.unwrap();
        // It was only slow, and finds its number taken.
        archive.store.delete(&report).await.unwrap();
        assert!(matches!(archive.put(&slow, one.path()).await, Err(Error::Taken(_))));
        assert_eq!(archive.manifest("contoso", 2).await.unwrap(), None);
    }

    #[tokio::test]
    async fn all_writers_land_one_after_another() {
        let archive = Arc::new(archive());
        let write = |archive: Arc<Archive>, text: String| async move {
            let bundle = bundle(&text);
            loop {
                let place = archive.next("contoso").await.unwrap();
                match archive.put(&place, bundle.path()).await {
                    Err(Error::Taken(_)) => tokio::task::yield_now().await,
                    other => return other.map(|()| place).unwrap(),
                }
            }
        };
        let all = (0..6).map(|at| tokio::spawn(write(Arc::clone(&archive), at.to_string()))).collect::<Vec<_>>();
        let mut places = Vec::new();
        for one in all {
            places.push(one.await.unwrap());
        }
        places.sort_by_key(|place| place.number);
        for (before, after) in places.iter().zip(&places[1..]) {
            assert_eq!((after.number, after.previous.as_ref().unwrap().number), (before.number + 1, before.number));
        }
        assert_eq!(places.len(), 6);
    }
}
