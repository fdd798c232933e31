//! Everything that makes one run differ from another: clock, randomness, environment, the console.
//! `main` builds it once; nothing else may ask the system for any of these.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

/// The surroundings of one run. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// The moment that this run judges by: `--now`, or the time at the start.
    pub now: Timestamp,
    /// Reads the real clock, for request times and token expiry. Tests give a fixed one.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Seeds jitter.
    pub seed: u64,
    /// The environment variables.
    pub variables: Arc<BTreeMap<String, String>>,
    /// Where results, progress and notes go.
    pub console: Console,
}

impl Env {
    /// An environment variable; an empty one counts as absent.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Where a file goes that `path` will name once it is whole: beside it, so that naming it is one step.
    /// Without a path: where temporary files go.
    pub fn beside(&self, path: Option<&Path>) -> PathBuf {
        match path.map(Path::parent) {
            Some(Some(parent)) if parent != Path::new("") => parent.to_owned(),
            Some(_) => PathBuf::from("."),
            None => PathBuf::from(self.variable("TMPDIR").unwrap_or("/tmp")),
        }
    }
}

/// The two output streams of the process.
#[derive(Clone)]
pub struct Console {
    out: Arc<Mutex<dyn Write + Send>>,
    err: Arc<Mutex<dyn Write + Send>>,
    quiet: bool,
    /// Columns of the terminal.
    pub width: u16,
    /// Whether stdout takes colours.
    pub color: bool,
    /// Whether stdout is a terminal, so that lines are broken for people.
    pub terminal: bool,
    /// Whether stderr is a terminal that can show progress.
    pub interactive: bool,
    /// Whether a report on the terminal lists everything, with all that is known of it.
    pub details: bool,
}

impl Console {
    /// A console over two streams, without colour and progress.
    pub fn new(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Console {
        Console {
            out: Arc::new(Mutex::new(out)),
            err: Arc::new(Mutex::new(err)),
            quiet: false,
            width: 100,
            color: false,
            terminal: false,
            interactive: false,
            details: false,
        }
    }

    /// The same console without notes; errors are still written.
    #[must_use]
    pub fn quiet(mut self) -> Console {
        self.quiet = true;
        self
    }

    /// Writes a result to stdout.
    ///
    /// # Errors
    /// When stdout is closed or full.
    pub fn print(&self, text: &str) -> std::io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a note to stderr, unless notes are unwanted.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.complain(text);
        }
    }

    /// Writes an error to stderr. Nobody can be told when that fails.
    pub fn complain(&self, text: &str) {
        let mut err = self.err.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = writeln!(err, "{text}");
    }
}
