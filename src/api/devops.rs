//! The rules of Azure DevOps: how it says that nobody is signed in, that it wants to be asked more slowly, and that a list
//! goes on. It sends nothing.

use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use url::Url;

use super::Retry;
use super::retry::asked_wait;

/// The window in which it counts, and a moment: no wait that it asks for is longer.
///
/// <https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits>
const WINDOW: Duration = Duration::from_secs(330);

/// The header that names the next page of a list.
pub(super) const CONTINUATION: &str = "x-ms-continuationtoken";

/// The query parameter that asks for it.
const PARAMETER: &str = "continuationToken";

/// Instead of a 401 it shows the page to sign in: with 203, or behind a redirect. None of its reads is redirected otherwise.
pub(super) fn is_sign_in(status: StatusCode) -> bool {
    matches!(status.as_u16(), 203 | 301 | 302 | 303 | 307 | 308)
}

/// How long to wait before the next request, although this one was answered: it sends `Retry-After` with a 200 too.
pub(super) fn delay(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    asked_wait(headers, now).filter(|wait| !wait.is_zero()).map(|wait| wait.min(WINDOW))
}

/// One ask may have to wait for a whole window, and for those who wait with it.
pub(super) fn patience(retry: &Retry) -> Retry {
    Retry { total_wait: retry.total_wait.max(WINDOW * 3), ..retry.clone() }
}

/// The agents of a pool come in one answer, with all their variables.
pub(super) fn body_limit(usual: u64) -> u64 {
    usual.saturating_mul(8)
}

/// The address of the page that `token` stands for.
pub(super) fn page(url: &Url, token: &str) -> Url {
    let same = |pair: &&str| {
        !pair.is_empty() && !pair.split('=').next().is_some_and(|name| name.eq_ignore_ascii_case(PARAMETER))
    };
    let mut query: Vec<String> = url.query().unwrap_or_default().split('&').filter(same).map(str::to_owned).collect();
    query.push(format!("{PARAMETER}={}", utf8_percent_encode(token, NON_ALPHANUMERIC)));
    let mut next = url.clone();
    next.set_query(Some(&query.join("&")));
    next
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_question_and_replaces_the_token() {
        let url = Url::parse("https://h.example/o/_apis/projects?$top=2&continuationToken=a&x=y%20z").unwrap();
        let next = page(&url, "b&c=d/+");
        assert_eq!(
            next.as_str(),
            "https://h.example/o/_apis/projects?$top=2&x=y%20z&continuationToken=b%26c%3Dd%2F%2B"
        );
        assert_eq!(page(&next, "e").query(), Some("$top=2&x=y%20z&continuationToken=e"));
    }

    #[test]
    fn a_delay_is_never_longer_than_a_window() {
        let headers =
            |text: &str| [(reqwest::header::RETRY_AFTER, text.parse().unwrap())].into_iter().collect::<HeaderMap>();
        let wait = |text: &str| delay(&headers(text), Timestamp::UNIX_EPOCH);
        assert_eq!(wait("7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("86400"), Some(WINDOW));
        assert_eq!((wait("0"), wait("soon")), (None, None));
        assert_eq!(delay(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }
}
