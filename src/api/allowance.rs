//! How many requests a part of a run may still make. It only counts; what was left out is for the source to say.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A number of requests that several lists share.
#[derive(Debug)]
pub struct Allowance(AtomicU64);

impl Allowance {
    /// So many requests.
    pub fn of(requests: u64) -> Arc<Allowance> {
        Arc::new(Allowance(AtomicU64::new(requests)))
    }

    /// Takes one, if there is one left.
    pub(super) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_up_stays_so() {
        let allowance = Allowance::of(2);
        assert_eq!([(); 4].map(|()| allowance.take()), [true, true, false, false]);
    }
}
