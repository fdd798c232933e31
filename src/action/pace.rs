//! How long is waited, how often is looked, and where a test lets the program die.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::error::Error;

/// How patiently changes are made.
#[derive(Debug)]
pub struct Pace {
    /// For how long a change may take to show.
    pub patience: Duration,
    /// How far apart two equal answers have to be.
    pub apart: Duration,
    /// The longest that a busy service is waited for.
    pub longest: Duration,
    steps: AtomicI64,
}

impl Pace {
    /// As the services need it: they are eventually consistent.
    pub fn new(patience: Duration) -> Pace {
        Pace {
            patience,
            apart: Duration::from_secs(2),
            longest: Duration::from_secs(600),
            steps: AtomicI64::new(i64::MAX),
        }
    }

    /// Without waiting, for a service that is known to answer at once.
    pub fn at_once() -> Pace {
        let short = Duration::from_millis(5);
        Pace { patience: Duration::from_secs(5), apart: short, ..Pace::new(short) }
    }

    /// As patient as this.
    #[must_use]
    pub fn patient(self, patience: Duration) -> Pace {
        Pace { patience, ..self }
    }

    /// Ends as if killed after so many steps: each line of the journal and each request is two.
    #[must_use]
    pub fn dying_after(self, steps: i64) -> Pace {
        self.steps.store(steps, Ordering::Relaxed);
        self
    }

    /// One step of those that a process may be killed at.
    pub(super) fn step(&self) -> Result<(), Error> {
        match self.steps.fetch_sub(1, Ordering::Relaxed) {
            left if left > 0 => Ok(()),
            _ => Err(Error::Cancelled),
        }
    }
}
