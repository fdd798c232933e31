//! GitHub's GraphQL, read-only: a [`Query`] cannot hold a mutation, so there is no way to send one.
//! Errors inside a success are told apart from data; what is too large says so and is not sent again as it was.

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::send::Call;
use super::{Code, Error, ReadApi, Service};

/// A query of this program. Its text never holds anything from outside: that goes into the variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    name: &'static str,
    text: &'static str,
}

impl Query {
    /// The query `name`, whose text starts with `query <name>`. In a `const`, any other text does not compile.
    pub const fn new(name: &'static str, text: &'static str) -> Query {
        assert!(
            starts_with(text, "query ", 0) && starts_with(text, name, 6),
            "the text starts with the name of the query"
        );
        assert!(!holds(text, "mutation") && !holds(text, "subscription"), "only queries are sent");
        Query { name, text }
    }
}

const fn starts_with(text: &str, prefix: &str, at: usize) -> bool {
    let (text, prefix) = (text.as_bytes(), prefix.as_bytes());
    let mut i = 0;
    while i < prefix.len() {
        if at + i >= text.len() || text[at + i] != prefix[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn holds(text: &str, word: &str) -> bool {
    let mut at = 0;
    while at < text.len() {
        if starts_with(text, word, at) {
            return true;
        }
        at += 1;
    }
    false
}

/// Data, and what is missing in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// What was asked for; fields that a problem names are null.
    pub data: T,
    /// What could not be told.
    pub problems: Vec<Problem>,
}

/// One error beside data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Such as `NOT_FOUND` or `FORBIDDEN`.
    pub code: Option<Code>,
    /// Names of fields and indices of lists, from the outside in.
    pub path: Vec<String>,
}

#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Body<T> {
    #[serde(default = "Option::default")]
    data: Option<T>,
    #[serde(default)]
    errors: Vec<Wrong>,
}

#[derive(Deserialize)]
struct Wrong {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    path: Vec<Value>,
}

/// Types by which GitHub says that a query takes too long or too much. An error without any type is one as well:
/// that is how a time-out inside a success looks.
///
/// <https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api>
const TOO_COMPLEX: [&str; 3] = ["RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"];

/// The type by which GitHub says, inside a success, that the hour's points are used up.
const USED_UP: [&str; 2] = ["RATE_LIMITED", "RATE_LIMIT"];

impl ReadApi {
    /// Sends one query to GitHub.
    ///
    /// # Errors
    /// [`Error::TooComplex`] when a smaller page may do, [`Error::Query`] when there is no data at all, and one per way
    /// in which there was no usable answer.
    pub async fn graphql<T: DeserializeOwned>(&self, query: Query, variables: &Value) -> Result<Found<T>, Error> {
        if self.service != Service::GitHub {
            return Err(Error::NotSent("a GraphQL query to a service that has none"));
        }
        let body = json!({ "operationName": query.name, "query": query.text, "variables": variables });
        let body = serde_json::to_vec(&body).map_err(|error| Error::of_json(&error))?;
        let url = self.shared.http.graphql().clone();
        let host = self.base().host();
        let call = Call { method: Method::POST, url, headers: HeaderMap::new(), body: Some(body), query: true };
        let answer: Body<T> = self.send(call).await?.json()?;
        let problems: Vec<Problem> = answer.errors.into_iter().map(Wrong::problem).collect();
        if problems.iter().any(Problem::is_too_complex) {
            return Err(Error::TooComplex(super::Reply::new(&host, 200, b"")));
        }
        match answer.data {
            Some(data) => Ok(Found { data, problems }),
            None => Err(Error::Query { host, code: problems.into_iter().find_map(|problem| problem.code) }),
        }
    }
}

impl Problem {
    fn is_too_complex(&self) -> bool {
        self.code.as_ref().is_none_or(|code| TOO_COMPLEX.contains(&code.text()))
    }
}

impl Wrong {
    fn problem(self) -> Problem {
        let step = |step: Value| step.as_str().map_or_else(|| step.to_string(), str::to_owned);
        let code = self.kind.map(|kind| Code::parse(&kind).unwrap_or_else(Code::unnamed));
        Problem { code, path: self.path.into_iter().map(step).collect() }
    }
}

/// Whether a success says that there were too many queries.
pub(super) fn is_used_up(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Only {
        #[serde(default)]
        errors: Vec<Wrong>,
    }
    // An answer that is not of this shape is told as such later on.
    let Ok(Only { errors }) = serde_json::from_slice(body) else { return false };
    errors.iter().any(|wrong| wrong.kind.as_deref().is_some_and(|kind| USED_UP.contains(&kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_query_can_be_made() {
        assert_eq!(Query::new("Viewer", "query Viewer { viewer { login } }").name, "Viewer");
        for (name, text) in [
            ("Viewer", "mutation Viewer { x }"),
            ("Viewer", "query Other { x }"),
            ("A", "query A { x } mutation B { y }"),
            ("A", "query A { x } subscription B { y }"),
            ("A", ""),
        ] {
            assert!(std::panic::catch_unwind(|| Query::new(name, text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_limit_inside_a_success_is_seen() {
        assert!(is_used_up(br#"{"data":null,"errors":[{"type":"RATE_LIMITED","message":"x"}]}"#));
        assert!(!is_used_up(br#"{"errors":[{"type":"NOT_FOUND"}]}"#));
        assert!(!is_used_up(b"[1"));
    }
}
