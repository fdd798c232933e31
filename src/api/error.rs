//! Why an answer could not be had, and what that means for the data set that was being read.
//! No variant can hold text that a service sent, except a checked error code and the host of a refused link.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};
use serde::Deserialize;

use crate::evidence::Stop;
use crate::model::{Cause, GapKind};
use crate::token;

/// Codes by which Microsoft says that the tenant lacks a licence, whatever the status is.
const LICENCE_CODES: [&str; 2] = ["Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired"];

/// Codes by which GraphQL says that something is not shown, whether it is there or not.
const QUERY_DENIED: [&str; 3] = ["FORBIDDEN", "INSUFFICIENT_SCOPES", "NOT_FOUND"];

/// What is said of a service that stayed silent.
pub(super) const OUT_OF_TIME: &str = "no answer in time";

/// The longest error code that is kept.
const CODE_LIMIT: usize = 64;

/// Why an answer could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An endpoint that must not be used, by its name in the configuration.
    #[error("endpoint `{name}`: {why}")]
    Endpoint {
        /// Its name below `[endpoints]`.
        name: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The HTTP client cannot start: no trust store, no TLS.
    #[error("the HTTP client cannot start: {0}")]
    Client(&'static str),
    /// A request that this client does not send. A bug in a source.
    #[error("not sent: {0}")]
    NotSent(&'static str),
    /// The requests that this part of a run may make are used up.
    #[error("no more requests are made for this")]
    UsedUp,
    /// No token could be had.
    #[error("{how} gave no token{}", suffix(.code.as_ref()))]
    NoToken {
        /// The sign-in that was tried.
        how: &'static str,
        /// What the identity service called the problem.
        code: Option<Code>,
    },
    /// The token that was given has run out.
    #[error("{how} expired at {at}")]
    Expired {
        /// The sign-in that was tried.
        how: &'static str,
        /// When, by the token's own word.
        at: Timestamp,
    },
    /// An environment variable that the chosen sign-in takes is missing.
    #[error("{how} needs the environment variable {name}")]
    NoVariable {
        /// The sign-in.
        how: &'static str,
        /// The variable.
        name: &'static str,
    },
    /// The service does not take our token, not even a fresh one, or answered with a page to sign in.
    #[error("{0}: not signed in")]
    SignIn(Reply),
    /// Signed in, but not allowed.
    #[error("{0}: denied")]
    Denied(Reply),
    /// The tenant has no licence for this.
    #[error("{0}: a licence is missing")]
    Unlicensed(Reply),
    /// 404. Data only where the caller's endpoint says so.
    #[error("{0}: not found")]
    NotFound(Reply),
    /// Any other status that is not an answer.
    #[error("{0}: refused")]
    Refused(Reply),
    /// Throttled for longer than we wait.
    #[error("{0}: throttled")]
    Throttled(Reply),
    /// The service failed, again and again.
    #[error("{0}: the service fails")]
    Unavailable(Reply),
    /// No whole answer arrived, again and again.
    #[error("{host}: {why}")]
    Unreachable {
        /// The host.
        host: String,
        /// The last thing that went wrong.
        why: &'static str,
    },
    /// A success without a body: never an empty list.
    #[error("{0}: an empty answer")]
    Empty(Reply),
    /// The body is larger than the limit.
    #[error("{host}: the answer is larger than {limit} bytes")]
    TooLarge {
        /// The host.
        host: String,
        /// The limit.
        limit: u64,
    },
    /// Not the expected shape.
    #[error("malformed answer: {place}")]
    Malformed {
        /// Where, never what.
        place: String,
    },
    /// A next link or redirect leads away from the service; it was not followed.
    #[error("a link to {host} was not followed")]
    ForeignLink {
        /// The host that it names.
        host: String,
    },
    /// A list ended before the number of items that it announced.
    #[error("{host}: the list ended early")]
    ShortList {
        /// The host.
        host: String,
    },
    /// Items came, and beside them an error: they are not all.
    #[error("{host}: the list came with an error")]
    Flawed {
        /// The host.
        host: String,
    },
    /// A query asks for more at once than the service works out in time. A smaller page may do.
    #[error("{0}: the query is too large")]
    TooComplex(Reply),
    /// A query was answered with errors instead of data.
    #[error("{host}: the query failed{}", suffix(.code.as_ref()))]
    Query {
        /// The host.
        host: String,
        /// What the service calls the problem.
        code: Option<Code>,
    },
    /// A list points back to a page that was read already.
    #[error("{host}: the list repeats itself")]
    RepeatedLink {
        /// The host.
        host: String,
    },
}

impl Error {
    /// What this means for the data set that was being read.
    pub fn cause(&self) -> Cause {
        let cause = Cause::new(self.kind(), self.to_string());
        match self {
            Error::Unlicensed(_) => cause.needing("Microsoft Entra ID P1 or P2"),
            Error::NoVariable { name, .. } => cause.needing(*name),
            _ => match self.reply().and_then(|reply| reply.needs.as_deref()) {
                Some(needs) => cause.needing(needs),
                None => cause,
            },
        }
    }

    fn kind(&self) -> GapKind {
        match self {
            Error::NoToken { .. } | Error::Expired { .. } | Error::NoVariable { .. } | Error::SignIn(_) => {
                GapKind::SignIn
            }
            Error::Denied(_) => GapKind::Denied,
            Error::Query { code: Some(code), .. } if QUERY_DENIED.contains(&code.text()) => GapKind::Denied,
            Error::Unlicensed(_) => GapKind::Unlicensed,
            Error::UsedUp => GapKind::NotCollected,
            Error::Throttled(_) | Error::ShortList { .. } | Error::Flawed { .. } => GapKind::Truncated,
            _ => GapKind::Failed,
        }
    }

    /// The status of the last answer, where there was one.
    pub fn status(&self) -> Option<u16> {
        self.reply().map(|reply| reply.status)
    }

    /// The service's own code for the error, where it sent a plain one.
    pub fn code(&self) -> Option<&str> {
        match self {
            Error::NoToken { code, .. } | Error::Query { code, .. } => code.as_ref(),
            _ => self.reply()?.code.as_ref(),
        }
        .map(|code| code.0.as_str())
    }

    /// How far the clock of the service is ahead of `now`, where its last answer told the time.
    pub fn ahead(&self, now: Timestamp) -> Option<SignedDuration> {
        Some(self.reply()?.date?.duration_since(now))
    }

    /// Whether the service says that the object does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::NotFound(_))
    }

    /// Whether the service needed longer than it may.
    pub fn is_out_of_time(&self) -> bool {
        self.status() == Some(504) || matches!(self, Error::Unreachable { why: OUT_OF_TIME, .. })
    }

    fn reply(&self) -> Option<&Reply> {
        match self {
            Error::SignIn(reply)
            | Error::Denied(reply)
            | Error::Unlicensed(reply)
            | Error::NotFound(reply)
            | Error::Refused(reply)
            | Error::Throttled(reply)
            | Error::Unavailable(reply)
            | Error::Empty(reply)
            | Error::TooComplex(reply) => Some(reply),
            _ => None,
        }
    }

    /// The error that a final status other than a success stands for.
    pub(super) fn of_status(reply: Reply) -> Error {
        if reply.code.as_ref().is_some_and(|code| LICENCE_CODES.contains(&code.0.as_str())) {
            return Error::Unlicensed(reply);
        }
        match reply.status {
            401 | 403 => Error::Denied(reply),
            404 => Error::NotFound(reply),
            429 => Error::Throttled(reply),
            500..=599 => Error::Unavailable(reply),
            _ => Error::Refused(reply),
        }
    }

    pub(super) fn of_json(error: &serde_json::Error) -> Error {
        Error::Malformed { place: format!("line {} column {}", error.line(), error.column()) }
    }

    /// A list holds rows without what they are known by.
    pub fn unreadable_rows() -> Error {
        Error::at("rows without what they are known by")
    }

    pub(super) fn at(place: &str) -> Error {
        Error::Malformed { place: place.to_owned() }
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Gap(error.cause())
    }
}

/// What is kept of an answer that was not usable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    host: String,
    status: u16,
    code: Option<Code>,
    /// The permission that the service says it takes.
    needs: Option<String>,
    date: Option<Timestamp>,
}

impl Reply {
    /// Of `status` and the error code in `body`, if it has a plain one.
    pub(super) fn new(host: &str, status: u16, body: &[u8]) -> Reply {
        Reply { host: host.to_owned(), status, code: Code::in_body(body), needs: None, date: None }
    }

    /// With what the headers add: the time there, and the permission that would have been enough.
    pub(super) fn with(mut self, headers: &HeaderMap) -> Reply {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let date = text(DATE.as_str()).and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        self.date = date.map(|date| date.timestamp());
        let permission = text("x-accepted-github-permissions").map(str::to_owned);
        let scope = || text("x-accepted-oauth-scopes").map(|scopes| format!("the scope {scopes}"));
        self.needs =
            permission.filter(|text| is_permission(text)).or_else(|| scope().filter(|text| is_permission(text)));
        self
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}{}", self.host, self.status, suffix(self.code.as_ref()))
    }
}

/// A service's own code for an error: short, plain, and no token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code(String);

impl Code {
    /// `text` as a code, unless it could be anything else.
    pub fn parse(text: &str) -> Option<Code> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        let fits = !text.is_empty() && text.len() <= CODE_LIMIT && text.chars().all(plain);
        (fits && token::scrub(text) == text).then(|| Code(text.to_owned()))
    }

    /// For a code that is not plain.
    pub(super) fn unnamed() -> Code {
        Code("unnamed".to_owned())
    }

    /// The code as text.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// `error.code`, as Graph, Resource Manager and Log Analytics have it; `typeKey`, as Azure DevOps has it.
    fn in_body(body: &[u8]) -> Option<Code> {
        #[derive(Deserialize)]
        struct Body {
            error: Option<Inner>,
            #[serde(rename = "typeKey")]
            type_key: Option<String>,
        }
        #[derive(Deserialize)]
        struct Inner {
            code: String,
        }
        let body: Body = serde_json::from_slice(body).ok()?;
        Code::parse(&body.error.map(|error| error.code).or(body.type_key)?)
    }
}

/// `organization_secrets=read; repository_hooks=read`, `the scope admin:org, repo`.
fn is_permission(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '=' | ';' | ',' | ':' | '-' | ' ');
    let named = text.trim().strip_prefix("the scope").unwrap_or(text).chars().any(|c| c.is_ascii_alphabetic());
    named && text.len() <= 4 * CODE_LIMIT && text.chars().all(plain) && token::scrub(text) == text
}

fn suffix(code: Option<&Code>) -> String {
    code.map(|code| format!(" ({})", code.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn error(status: u16, code: &str) -> Error {
        let body = serde_json::json!({ "error": { "code": code, "message": "do not keep me" } }).to_string();
        Error::of_status(Reply::new("graph.example", status, body.as_bytes()))
    }

    #[test]
    fn each_status_becomes_the_gap_that_it_means() {
        let kinds = [
            (400, GapKind::Failed),
            (401, GapKind::Denied),
            (403, GapKind::Denied),
            (404, GapKind::Failed),
            (429, GapKind::Truncated),
            (500, GapKind::Failed),
        ];
        for (status, kind) in kinds {
            assert_eq!(error(status, "SomeCode").cause().kind, kind, "{status}");
        }
        assert!(error(404, "Request_ResourceNotFound").is_not_found());
        assert_eq!(error(400, "Request_UnsupportedQuery").code(), Some("Request_UnsupportedQuery"));
    }

    #[test]
    fn a_missing_licence_is_told_from_a_missing_permission() {
        for (status, code) in [(403, LICENCE_CODES[0]), (400, LICENCE_CODES[1])] {
            let cause = error(status, code).cause();
            assert_eq!(cause.kind, GapKind::Unlicensed);
            assert_eq!(cause.needs.as_deref(), Some("Microsoft Entra ID P1 or P2"));
        }
        // This one says that the signed-in user lacks a directory role; no licence would help.
        assert_eq!(error(403, "Authentication_RequestFromUnsupportedUserRole").cause().kind, GapKind::Denied);
    }

    #[test]
    fn nothing_of_the_message_is_kept() {
        let error = error(403, "Authorization_RequestDenied");
        assert!(!format!("{error} {error:?} {:?}", error.cause()).contains("do not keep me"));
        assert_eq!(error.to_string(), "graph.example answered 403 (Authorization_RequestDenied): denied");
    }

    proptest! {
        #[test]
        fn a_code_is_plain_or_not_kept(text in ".{0,80}") {
            if let Some(code) = Code::parse(&text) {
                prop_assert!(code.0.len() <= CODE_LIMIT && code.0.is_ascii());
                prop_assert!(!code.0.contains(|c: char| c.is_ascii_control() || c == ' '));
            }
        }

        #[test]
        fn any_error_body_is_survived(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Reply::new("h", 400, &body);
        }
    }
}
