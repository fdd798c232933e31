//! What an import is given: a file or folder of this machine, or a container of Azure Blob Storage that a data export
//! fills. A blob is read as it comes and never kept; it needs a runtime beside the threads of the import.

use std::fmt;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;
use url::Url;

use crate::text::capped;
use crate::token;

/// The largest error text of a store that is kept.
const DETAIL: usize = 300;

/// One thing to import.
pub enum Input {
    /// A file, or a folder with all that lies below it.
    Path(PathBuf),
    /// The blobs of a container, or of one folder in it.
    Container(Container),
}

impl Input {
    /// As `log_table.source` names it.
    pub(super) fn source(&self) -> String {
        match self {
            Input::Path(path) => format!("file:{}", path.display()),
            Input::Container(container) => container.url.clone(),
        }
    }
}

/// The blobs of a container whose names begin alike.
pub struct Container {
    url: String,
    blobs: Vec<(Blob, u64)>,
}

impl Container {
    /// Lists what lies below `az://container/folder`; an empty container has no blobs.
    ///
    /// # Errors
    /// When the list cannot be read to its end.
    pub async fn list(url: &Url, store: Arc<dyn ObjectStore>) -> Result<Container, io::Error> {
        let folder = Path::from_url_path(url.path()).map_err(io::Error::other)?;
        let found: Vec<_> = store.list(Some(&folder)).try_collect().await.map_err(|error| plain(&error))?;
        let container = url.host_str().unwrap_or_default();
        let blob = |path: Path| {
            let name = format!("az://{container}/{path}");
            Blob { name, store: Arc::clone(&store), path, runtime: Handle::current() }
        };
        let mut blobs: Vec<_> = found.into_iter().map(|found| (blob(found.location), found.size)).collect();
        // A data export names them by the time, so this is the order of time.
        blobs.sort_by(|(a, _), (b, _)| a.path.cmp(&b.path));
        Ok(Container { url: format!("az://{container}/{folder}"), blobs })
    }

    /// Each with its size in bytes.
    pub(super) fn blobs(&self) -> impl Iterator<Item = (Blob, u64)> {
        self.blobs.iter().cloned()
    }
}

/// One blob.
#[derive(Clone)]
pub(super) struct Blob {
    name: String,
    store: Arc<dyn ObjectStore>,
    path: Path,
    runtime: Handle,
}

impl Blob {
    /// Asks for it. Only from a thread that is none of the runtime's.
    pub(super) fn open(&self) -> io::Result<impl Read + use<>> {
        let found = self.runtime.block_on(self.store.get(&self.path)).map_err(|error| plain(&error))?;
        Ok(Content { chunks: found.into_stream(), chunk: Cursor::default(), runtime: self.runtime.clone() })
    }
}

impl fmt::Display for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// A blob as it comes.
struct Content<C> {
    chunks: BoxStream<'static, object_store::Result<C>>,
    chunk: Cursor<Vec<u8>>,
    runtime: Handle,
}

impl<C: Into<Vec<u8>>> Read for Content<C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.chunk.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            match self.runtime.block_on(self.chunks.next()) {
                Some(chunk) => self.chunk = Cursor::new(chunk.map_err(|error| plain(&error))?.into()),
                None => return Ok(0),
            }
        }
    }
}

/// What a store says went wrong, without any credential.
fn plain(error: &object_store::Error) -> io::Error {
    io::Error::other(capped(&token::scrub(&error.to_string()), DETAIL).into_owned())
}
