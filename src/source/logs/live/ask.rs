//! Sends one query to one table and says how it ended. Which endpoint that takes depends on the plan of the table.

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::answer::{Body, Table};
use super::slice::Window;
use crate::api::{Answer, Ask, Error, ReadApi, ReadPost};
use crate::evidence::row::LogQuery;
use crate::model::{Cause, GapKind, stamp};
use crate::source::logs::kql::{Kql, Query};
use crate::text::Untrusted;

/// The query service may think for ten minutes, and shall say what it left out for lack of permission.
///
/// <https://learn.microsoft.com/azure/azure-monitor/logs/api/prefer-options>
const PREFER: &str = "wait=600, include-permissions=true";

/// A table of a workspace, and how it is asked.
#[derive(Clone)]
pub(super) struct Log<'a> {
    pub(super) api: &'a ReadApi,
    pub(super) workspace: &'a str,
    /// As `log_table` has it.
    pub(super) source: Untrusted,
    /// Tables of the Basic and Auxiliary plans have their own endpoint, which takes the time only in its address.
    pub(super) search: bool,
    /// How far back anything can be kept: what "everything" means to that endpoint.
    pub(super) kept_from: Timestamp,
    pub(super) until: Timestamp,
}

/// An answer and what is kept of the question.
#[derive(Debug, Default)]
pub(super) struct Answered {
    pub(super) table: Table,
    pub(super) filtered: bool,
    pub(super) log: LogQuery,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// Less may work: a part came back, or none in time.
    TooMuch(Cause),
    /// The service does not take the question: a table, a column, an operator that it does not have.
    Refused(Cause),
    /// Asking for less would not help.
    Other(Cause),
}

impl Failure {
    /// Why.
    pub(super) fn cause(self) -> Cause {
        match self {
            Failure::TooMuch(cause) | Failure::Refused(cause) | Failure::Other(cause) => cause,
        }
    }
}

impl Log<'_> {
    /// How many queries may run at the same time.
    ///
    /// <https://learn.microsoft.com/azure/azure-monitor/fundamentals/service-limits#log-queries-and-language>
    pub(super) fn at_once(&self) -> usize {
        if self.search { 2 } else { 4 }
    }

    /// The line of a query that limits it to a window. The other endpoint refuses any such line.
    pub(super) fn limit(&self, window: Option<Window>) -> Option<Kql> {
        let window = window.filter(|_| !self.search)?;
        let time = Kql::of("| where TimeGenerated");
        let from = Kql::binary(&time, ">=", &Kql::instant(window.from));
        let until = Kql::binary(&Kql::of("TimeGenerated"), "<", &Kql::instant(window.until));
        Some(Kql::all(&[from, until]))
    }

    /// Asks. `window` is what the query says already; without one it is about everything that is kept.
    pub(super) async fn ask(&self, query: &Query, window: Option<Window>) -> Result<Answered, Failure> {
        let answer = self.send(query, window).await.map_err(|error| failure(&error))?;
        let result = answer.sha256();
        let body: Body = answer.json().map_err(|error| failure(&error))?;
        if body.is_partial() {
            return Err(Failure::TooMuch(Cause::new(GapKind::Truncated, "the service returned a part of the result")));
        }
        let filtered = body.is_filtered();
        let table = body.table().map_err(Failure::Other)?;
        let log = LogQuery {
            source: self.source.clone(),
            name: query.template().name().to_owned(),
            text: query.text().into(),
            sha256: query.sha256(),
            result_sha256: result,
            rows: i64::try_from(table.rows.len()).unwrap_or(i64::MAX),
            from_at: window.map(|window| window.from),
            until_at: window.map(|window| window.until),
        };
        Ok(Answered { table, filtered, log })
    }

    async fn send(&self, query: &Query, window: Option<Window>) -> Result<Answer, Error> {
        let headers = vec![("prefer", PREFER.to_owned())];
        let (route, path) = match self.search {
            false => (ReadPost::LogQuery, format!("/v1/workspaces/{}/query", self.workspace)),
            true => {
                let window = window.unwrap_or(Window { from: self.kept_from, until: self.until });
                (ReadPost::LogSearch, format!("/v1/workspaces/{}/search?timespan={}", self.workspace, timespan(window)))
            }
        };
        self.api.post(route, &Ask { path, headers }, &json!({ "query": query.text() })).await
    }
}

/// The window as the service takes it. Nobody says whether its end is part of it, so it ends one tick before.
fn timespan(window: Window) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.');
    let last = Timestamp::from_second(window.until.as_second() - 1).unwrap_or(window.until);
    let span = format!("{}/{}", stamp(window.from), stamp(last).replace('Z', ".9999999Z"));
    utf8_percent_encode(&span, &KEPT).to_string()
}

fn failure(error: &Error) -> Failure {
    let cause = error.cause();
    match error {
        Error::TooLarge { .. } => Failure::TooMuch(cause),
        Error::NotFound(_) => {
            Failure::Other(Cause { kind: GapKind::NotConfigured, ..cause }.needing("[logs] workspaces"))
        }
        _ if error.is_out_of_time() => Failure::TooMuch(cause),
        Error::Refused(_) if error.status() == Some(400) => Failure::Refused(cause),
        Error::Empty(_) => Failure::Other(Cause {
            detail: Some(format!("{error}, which is not the same as no record").into()),
            ..cause
        }),
        _ => Failure::Other(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_the_address_ends_just_before_the_end() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let span = timespan(Window { from: at(0), until: at(3600) });
        assert_eq!(span, "1970-01-01T00%3A00%3A00Z%2F1970-01-01T00%3A59%3A59.9999999Z");
    }
}
