//! The search phrase of the audit log, and ranges of time as GitHub's searches write them.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::text;

/// What is asked of the audit log. Qualifiers of one kind are alternatives.
pub(super) struct Phrase {
    terms: Vec<(String, String)>,
    since: Timestamp,
}

impl Phrase {
    /// Without `created:` the log answers for three months.
    pub(super) fn parse(phrase: &str, now: Timestamp) -> Phrase {
        let term = |word: &str| word.split_once(':').map(|(name, value)| (name.to_owned(), value.to_lowercase()));
        let terms: Vec<(String, String)> = phrase.split_whitespace().filter_map(term).collect();
        let days = if terms.iter().any(|(name, _)| name == "created") { 180 } else { 90 };
        Phrase { terms, since: now - SignedDuration::from_hours(24 * days) }
    }

    pub(super) fn fits(&self, event: &Value) -> bool {
        let at = event["created_at"].as_i64().and_then(|at| Timestamp::from_millisecond(at).ok());
        let Some(at) = at.filter(|at| *at >= self.since) else { return false };
        ["action", "actor", "user", "repo", "created"].into_iter().all(|name| {
            let mut wanted = self.terms.iter().filter(|(term, _)| term == name).peekable();
            let is = |value: &str| match name {
                "action" => {
                    let action = text(event, "action");
                    action == value || action.split('.').next() == Some(value)
                }
                "created" => within(&at.to_string(), value),
                name => text(event, name).eq_ignore_ascii_case(value),
            };
            wanted.peek().is_none() || wanted.any(|(_, value)| is(value))
        })
    }
}

/// Whether a time is in `>=A`, `>A`, `<=B`, `<B`, `A..B` or on the day `A`. Text compares as time does.
pub(super) fn within(at: &str, range: &str) -> bool {
    let at = at.to_uppercase();
    let range = range.to_uppercase();
    let from = |from: &str| from == "*" || at.as_str() >= from;
    let to = |to: &str| to == "*" || at.as_str() <= to || at.starts_with(to);
    match range.split_once("..") {
        Some((first, last)) => from(first) && to(last),
        None => match range.as_bytes() {
            [b'>', b'=', ..] => from(&range[2..]),
            [b'<', b'=', ..] => to(&range[2..]),
            [b'>', ..] => at.as_str() > &range[1..],
            [b'<', ..] => at.as_str() < &range[1..],
            _ => at.starts_with(&range),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ranges_of_time() {
        let at = "2026-05-03T02:00:00Z";
        for range in [
            ">=2026-05-01",
            "2026-05-01..2026-05-04",
            "2026-05-03",
            "2026-05-01..2026-05-03",
            "*..2026-06-01",
            "<=2026-05-03",
        ] {
            assert!(within(at, range), "{range}");
        }
        for range in [">=2026-05-04", "2026-05-04..2026-05-05", "<2026-05-03", "2026-05-01..2026-05-02"] {
            assert!(!within(at, range), "{range}");
        }
    }

    #[test]
    fn qualifiers_of_one_kind_are_alternatives_and_an_old_event_has_to_be_asked_for() {
        let now: Timestamp = "2026-05-25T06:00:00Z".parse().unwrap();
        let ago = |days: i64| (now - SignedDuration::from_hours(24 * days)).as_millisecond();
        let event = |days| json!({ "action": "hook.create", "actor": "Alice-Dev", "created_at": ago(days) });
        let fits = |phrase: &str, days| Phrase::parse(phrase, now).fits(&event(days));
        assert!(fits("action:hook actor:alice-dev", 3) && fits("action:hook.create action:repo.create", 3));
        assert!(!fits("action:hook.destroy", 3) && !fits("actor:bob", 3));
        assert!(!fits("action:hook", 100) && fits("action:hook created:>=2025-12-01", 100));
        assert!(!fits("created:>=2020-01-01", 200));
    }
}
