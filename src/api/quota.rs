//! GitHub counts requests by the hour: one run uses no more than its share and leaves the rest to everybody else.
//! It decides about waiting only; it sends nothing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

/// Hours end within a moment of each other; a later end than this is another hour.
const SAME_HOUR: i64 = 60;

/// No hour is longer, whatever a clock says.
const LONGEST: Duration = Duration::from_secs(3660);

/// What GitHub counts by itself.
///
/// <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Resource {
    Core,
    GraphQl,
    AuditLog,
    Scim,
}

impl Resource {
    pub(super) fn of(url: &Url) -> Resource {
        let path = url.path();
        match () {
            () if path.ends_with("/graphql") => Resource::GraphQl,
            () if path.ends_with("/audit-log") => Resource::AuditLog,
            () if path.contains("/scim/v2/") => Resource::Scim,
            () => Resource::Core,
        }
    }
}

/// The hour as far as it is known, of every resource.
#[derive(Debug)]
pub(super) struct Quota {
    share: u64,
    hours: Mutex<HashMap<Resource, Hour>>,
}

#[derive(Debug, Default)]
struct Hour {
    /// Requests that everybody together may make; `None`: no answer told yet.
    limit: Option<u64>,
    ends: Option<Timestamp>,
    ours: u64,
}

impl Quota {
    /// At most `share` percent of each hour.
    pub(super) fn new(share: u8) -> Quota {
        Quota { share: u64::from(share.clamp(1, 100)), hours: Mutex::default() }
    }

    /// Counts one request, or says until when there must be none.
    pub(super) fn take(&self, resource: Resource, now: Timestamp) -> Result<(), Timestamp> {
        let mut hours = self.lock();
        let hour = hours.entry(resource).or_default();
        match (hour.limit, hour.ends) {
            (Some(limit), Some(ends)) if hour.ours >= self.share * limit / 100 && ends > now => Err(ends),
            (_, Some(ends)) if ends <= now => {
                *hour = Hour { ours: 1, ..Hour::default() };
                Ok(())
            }
            _ => {
                hour.ours += 1;
                Ok(())
            }
        }
    }

    /// Forgets the hour that was waited out. The clock of a run may stand still.
    pub(super) fn is_over(&self, resource: Resource, ends: Timestamp) {
        let mut hours = self.lock();
        if hours.get(&resource).is_some_and(|hour| hour.ends == Some(ends)) {
            hours.remove(&resource);
        }
    }

    /// Learns from an answer. One that says "not modified" is not counted.
    pub(super) fn learn(&self, resource: Resource, status: StatusCode, headers: &HeaderMap) {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<i64>().ok();
        let mut hours = self.lock();
        let hour = hours.entry(resource).or_default();
        if status == StatusCode::NOT_MODIFIED {
            hour.ours = hour.ours.saturating_sub(1);
        }
        let limit = number("x-ratelimit-limit").and_then(|limit| u64::try_from(limit).ok()).filter(|limit| *limit > 0);
        let ends = number("x-ratelimit-reset").and_then(|reset| Timestamp::from_second(reset).ok());
        let (Some(limit), Some(ends)) = (limit, ends) else { return };
        if hour.ends.is_some_and(|known| ends.as_second() >= known.as_second() + SAME_HOUR) {
            hour.ours = 1;
        }
        hour.limit = Some(limit);
        hour.ends = Some(ends);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Resource, Hour>> {
        self.hours.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long it is until `ends`.
pub(super) fn until(ends: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(ends.duration_since(now)).unwrap_or_default().min(LONGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn headers(limit: u64, reset: i64) -> HeaderMap {
        let pairs = [("x-ratelimit-limit", limit.to_string()), ("x-ratelimit-reset", reset.to_string())];
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn each_path_is_counted_where_github_counts_it() {
        for (path, resource) in [
            ("/orgs/o/audit-log?phrase=x", Resource::AuditLog),
            ("/graphql", Resource::GraphQl),
            ("/scim/v2/organizations/o/Users", Resource::Scim),
            ("/repos/o/audit-log/keys", Resource::Core),
        ] {
            assert_eq!(Resource::of(&Url::parse(&format!("https://h{path}")).unwrap()), resource, "{path}");
        }
    }

    #[test]
    fn what_was_not_modified_is_free_and_a_new_hour_starts_from_nothing() {
        let quota = Quota::new(50);
        quota.take(Resource::Core, NOW).unwrap();
        quota.learn(Resource::Core, StatusCode::OK, &headers(4, 3600));
        quota.take(Resource::Core, NOW).unwrap();
        assert_eq!(quota.take(Resource::Core, NOW), Err(at(3600)));
        assert_eq!(quota.take(Resource::GraphQl, NOW), Ok(()));
        quota.learn(Resource::Core, StatusCode::NOT_MODIFIED, &headers(4, 3601));
        assert_eq!(quota.take(Resource::Core, NOW), Ok(()));
        assert!(quota.take(Resource::Core, NOW).is_err());
        assert_eq!(quota.take(Resource::Core, at(3601)), Ok(()));
    }

    #[test]
    fn an_hour_that_was_waited_out_is_over_although_the_clock_stands_still() {
        let quota = Quota::new(100);
        quota.take(Resource::Core, NOW).unwrap();
        quota.learn(Resource::Core, StatusCode::OK, &headers(1, 9));
        assert_eq!(quota.take(Resource::Core, NOW), Err(at(9)));
        quota.is_over(Resource::Core, at(9));
        assert_eq!(quota.take(Resource::Core, NOW), Ok(()));
    }

    proptest! {
        #[test]
        fn a_run_never_takes_more_than_its_share(share in 1_u8..=100, limit in 1_u64..400, asks in 0_usize..900) {
            let quota = Quota::new(share);
            quota.learn(Resource::Core, StatusCode::OK, &headers(limit, 3600));
            let sent = (0..asks).filter(|_| quota.take(Resource::Core, NOW).is_ok()).count() as u64;
            prop_assert!(sent * 100 <= u64::from(share) * limit);
        }
    }
}
