//! How often and how long an ask is tried again, and how many asks a host gets at a time.
//! It decides about waiting only; it sends nothing.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// When to give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// How often one ask is sent at most.
    pub attempts: u32,
    /// How long one ask waits in total at most, not counting the answers themselves.
    pub total_wait: Duration,
    /// The first wait where the service names none; it doubles each time.
    pub base: Duration,
    /// The longest single wait where the service names none.
    pub longest: Duration,
    /// How long one ask waits in total for GitHub, which counts by the hour.
    pub hour: Duration,
    /// The least wait where GitHub says that there were too many requests, but not for how long.
    ///
    /// <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>
    pub unnamed: Duration,
}

impl Default for Retry {
    fn default() -> Retry {
        Retry {
            attempts: 6,
            total_wait: Duration::from_secs(120),
            base: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            hour: Duration::from_secs(3900),
            unnamed: Duration::from_secs(60),
        }
    }
}

/// What one ask has used up of its [`Retry`].
#[derive(Debug)]
pub(super) struct Budget {
    retry: Retry,
    attempts: u32,
    /// How often GitHub named a limit. Time bounds these, and this many of them for each attempt.
    limits: u32,
    waited: Duration,
}

/// See [`Budget::limits`]: a client with several asks in flight meets the same limit with each of them.
const LIMITS: u32 = 10;

impl Budget {
    pub(super) fn new(retry: &Retry) -> Budget {
        Budget { retry: retry.clone(), attempts: 0, limits: 0, waited: Duration::ZERO }
    }

    /// For a service that counts by the hour.
    pub(super) fn hourly(retry: &Retry) -> Budget {
        Budget::new(&Retry { total_wait: retry.total_wait.max(retry.hour), ..retry.clone() })
    }

    /// The least wait after a limit that names none; it doubles each time.
    pub(super) fn unnamed(&self) -> Duration {
        self.retry.unnamed.saturating_mul(2_u32.saturating_pow(self.limits))
    }

    /// Counts one limit of a service that counts by the hour; false when it was the last.
    pub(super) fn again_after_limit(&mut self) -> bool {
        self.limits += 1;
        self.limits < self.retry.attempts.saturating_mul(LIMITS)
    }

    /// Counts one attempt that failed; false when it was the last.
    pub(super) fn again(&mut self) -> bool {
        self.attempts += 1;
        self.attempts < self.retry.attempts
    }

    /// Whether `wait` is within what is left of the total.
    pub(super) fn fits(&self, wait: Duration) -> bool {
        self.waited.saturating_add(wait) <= self.retry.total_wait
    }

    /// Takes `wait` from the total, if it fits.
    pub(super) fn take(&mut self, wait: Duration) -> bool {
        let fits = self.fits(wait);
        if fits {
            self.waited += wait;
        }
        fits
    }

    /// Exponential with full jitter; what the service asks for is the least.
    pub(super) fn delay(&self, asked: Option<Duration>, random: f64) -> Duration {
        let doubled = self.retry.base.saturating_mul(2_u32.saturating_pow(self.attempts.saturating_sub(1)));
        let jittered = doubled.min(self.retry.longest).mul_f64(random.clamp(0.0, 1.0));
        asked.map_or(jittered, |asked| asked.max(jittered))
    }
}

/// Whether the service says that there were too many requests. GitHub says so with a 403 too.
pub(super) fn is_throttled(status: StatusCode, headers: &HeaderMap) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS
        || (status == StatusCode::FORBIDDEN && (headers.contains_key(RETRY_AFTER) || is_used_up(headers)))
}

/// Whether GitHub says in words that there were too many requests: its secondary limits have no header of their own.
///
/// <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit>
pub(super) fn is_secondary_limit(status: StatusCode, body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Told {
        #[serde(default)]
        message: String,
        #[serde(default)]
        documentation_url: String,
    }
    let told = || serde_json::from_slice::<Told>(body).ok();
    status == StatusCode::FORBIDDEN
        && told().is_some_and(|told| {
            told.documentation_url.contains("secondary-rate-limits")
                || told.message.to_lowercase().contains("rate limit")
        })
}

/// Whether the same ask may well be answered a little later.
pub(super) fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// How long the service asks us to wait: `Retry-After` in seconds or as a date, else GitHub's reset time.
pub(super) fn asked_wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if let Some(text) = text(headers, RETRY_AFTER.as_str()) {
        return text.parse().ok().map(Duration::from_secs).or_else(|| until(date(text)?, now));
    }
    let reset = text(headers, "x-ratelimit-reset").filter(|_| is_used_up(headers))?;
    until(Timestamp::from_second(reset.parse().ok()?).ok()?, now)
}

fn is_used_up(headers: &HeaderMap) -> bool {
    text(headers, "x-ratelimit-remaining") == Some("0")
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn date(text: &str) -> Option<Timestamp> {
    jiff::fmt::rfc2822::parse(text).ok().map(|at| at.timestamp())
}

/// From `now` to `at`; nothing for a date in the past.
fn until(at: Timestamp, now: Timestamp) -> Option<Duration> {
    at.duration_since(now).max(SignedDuration::ZERO).try_into().ok()
}

/// The entrance to one host: so many asks at a time, and none while it asks for a pause.
#[derive(Debug)]
pub(super) struct Gate {
    slots: Semaphore,
    until: Mutex<Option<Instant>>,
}

impl Gate {
    pub(super) fn new(slots: usize) -> Gate {
        Gate { slots: Semaphore::new(slots), until: Mutex::new(None) }
    }

    /// Keeps everybody out for `wait`, or longer if somebody asked for longer.
    pub(super) fn pause(&self, wait: Duration) {
        let Some(until) = Instant::now().checked_add(wait) else { return };
        let mut guard = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        *guard = (*guard).max(Some(until));
    }

    /// Waits for the end of a pause and for a free slot; `None` when the pause is longer than `budget` allows.
    pub(super) async fn enter(&self, budget: &mut Budget) -> Option<SemaphorePermit<'_>> {
        loop {
            while let Some(left) = self.left() {
                if !budget.take(left) {
                    return None;
                }
                tokio::time::sleep(left).await;
            }
            let permit = self.slots.acquire().await.ok()?;
            if self.left().is_none() {
                return Some(permit);
            }
        }
    }

    fn left(&self) -> Option<Duration> {
        let until = (*self.until.lock().unwrap_or_else(PoisonError::into_inner))?;
        Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
    }

    fn budget(retry: Retry) -> Budget {
        Budget::new(&retry)
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let wait = |value: &str| asked_wait(&headers(&[("retry-after", value)]), NOW);
        assert_eq!(wait("17"), Some(Duration::from_secs(17)));
        assert_eq!(wait("Thu, 01 Jan 1970 00:01:30 GMT"), Some(Duration::from_secs(90)));
        assert_eq!(wait("Wed, 31 Dec 1969 23:00:00 GMT"), Some(Duration::ZERO));
        for nonsense in ["", "soon", "-3", "1.5", "99999999999999999999999"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
        assert_eq!(asked_wait(&HeaderMap::new(), NOW), None);
    }

    #[test]
    fn githubs_limit_is_known_by_its_own_headers() {
        let limited = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "60")]);
        assert!(is_throttled(StatusCode::FORBIDDEN, &limited));
        assert_eq!(asked_wait(&limited, NOW), Some(Duration::from_secs(60)));
        let plenty = headers(&[("x-ratelimit-remaining", "4000"), ("x-ratelimit-reset", "60")]);
        assert!(!is_throttled(StatusCode::FORBIDDEN, &plenty));
        assert_eq!(asked_wait(&plenty, NOW), None);
    }

    #[test]
    fn waiting_is_capped_in_count_and_in_total() {
        let mut few = budget(Retry { attempts: 3, ..Retry::default() });
        assert_eq!([few.again(), few.again(), few.again()], [true, true, false]);
        let mut short = budget(Retry { total_wait: Duration::from_secs(10), ..Retry::default() });
        assert!(short.take(Duration::from_secs(9)));
        assert!(!short.take(Duration::from_secs(2)));
        assert!(short.take(Duration::from_secs(1)));
    }

    #[tokio::test]
    async fn a_pause_holds_everybody_and_counts_for_each() {
        let gate = Gate::new(2);
        gate.pause(Duration::from_millis(60));
        gate.pause(Duration::from_millis(10));
        let begun = Instant::now();
        let mut patient = budget(Retry { total_wait: Duration::from_secs(60), ..Retry::default() });
        assert!(gate.enter(&mut patient).await.is_some());
        assert!(begun.elapsed() >= Duration::from_millis(50));
        assert!(!patient.fits(Duration::from_secs(60)));
        gate.pause(Duration::from_secs(3600));
        assert!(gate.enter(&mut patient).await.is_none());
    }

    proptest! {
        #[test]
        fn a_delay_is_at_least_what_was_asked_and_never_longer_than_the_longest(asked in 0_u64..200, random in 0.0_f64..1.0, attempts in 0_u32..60) {
            let retry = Retry::default();
            let budget = Budget { retry: retry.clone(), attempts, limits: 0, waited: Duration::ZERO };
            let asked = Duration::from_secs(asked);
            prop_assert!(budget.delay(Some(asked), random) >= asked);
            prop_assert!(budget.delay(None, random) <= retry.longest);
        }

        #[test]
        fn any_header_is_survived(value in "[ -~]{0,40}") {
            let _ = asked_wait(&headers(&[("retry-after", &value)]), NOW);
        }
    }
}
