//! An organisation or one of its repositories: where its lists are, what its things are called, and how a list is read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Organization;
use super::wire::Number;
use crate::api::{Ask, Error as Failure, Found, Paging, Query, ReadApi};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::source::{Collector, requests};
use crate::text::Untrusted;

/// Where something is.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) github: &'a Collector,
    pub(super) organization: &'a str,
    /// The number of the organisation.
    pub(super) owner: Number,
    pub(super) repository: Option<&'a str>,
}

impl<'a> Place<'a> {
    pub(super) fn of(organization: &'a Organization) -> Place<'a> {
        Place {
            github: &organization.github,
            organization: &organization.name,
            owner: organization.id,
            repository: None,
        }
    }

    pub(super) fn repository(&self, name: &'a str) -> Place<'a> {
        Place { repository: Some(name), ..*self }
    }

    /// `contoso` or `contoso/web`
    pub(super) fn name(&self) -> String {
        match self.repository {
            Some(repository) => format!("{}/{repository}", self.organization),
            None => self.organization.to_owned(),
        }
    }

    /// The typed id of something here: `github:repo/contoso/web/key/7`.
    pub(super) fn id(&self, what: &str) -> Untrusted {
        let kind = if self.repository.is_some() { "repo" } else { "org" };
        format!("github:{kind}/{}/{what}", self.name()).into()
    }

    pub(super) fn path(&self, rest: &str) -> String {
        match self.repository {
            Some(repository) => format!("/repos/{}/{}/{rest}", encoded(self.organization), encoded(repository)),
            None => format!("/orgs/{}/{rest}", encoded(self.organization)),
        }
    }

    pub(super) fn organization(&self) -> Untrusted {
        self.organization.into()
    }

    pub(super) fn repository_name(&self) -> Option<Untrusted> {
        self.repository.map(Untrusted::from)
    }

    /// The part of a data set that is `what` of this place.
    pub(super) fn scope(&self, what: &str, needs: &str) -> Scope {
        Scope { name: format!("{}: {what}", self.name()).into(), person: None, needs: needs.to_owned() }
    }

    /// Reads one list into `tables`.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        tables: &[&'static str],
        what: &List<'_>,
        mut keep: impl FnMut(&mut Rows, T) -> Result<(), Error>,
    ) -> Result<Option<Cause>, Error> {
        self.github
            .dataset(tables, &self.scope(what.what, what.needs), async |api, rows| {
                each(api, &self.path(what.path), what.paging, |item| Ok(keep(rows, item)?)).await
            })
            .await
    }

    /// Says that `tables` were not asked for.
    pub(super) async fn left_out(&self, tables: &[&'static str], what: &str, why: Cause) -> Result<(), Error> {
        self.github.dataset(tables, &self.scope(what, ""), async |_, _| Err(Stop::Gap(why))).await.map(drop)
    }
}

/// One of GitHub's lists.
pub(super) struct List<'a> {
    /// What a reader of the report calls it.
    pub(super) what: &'a str,
    /// Below the place.
    pub(super) path: &'a str,
    pub(super) paging: Paging,
    pub(super) needs: &'a str,
}

/// Reads a list to its end.
pub(super) async fn each<T: DeserializeOwned>(
    api: &ReadApi,
    path: &str,
    paging: Paging,
    mut keep: impl FnMut(T) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut pages = api.pages(ask(path), paging);
    while let Some(items) = pages.next::<T>().await.map_err(|error| of_list(api, path, &error))? {
        for item in items {
            keep(item)?;
        }
    }
    Ok(())
}

/// A list that a GitHub Enterprise Server has no route for is not offered: no permission would help.
fn of_list(api: &ReadApi, path: &str, error: &Failure) -> Stop {
    let is_absent = || requests::find("GET", path).is_some_and(|request| request.server == Some(false));
    match error {
        Failure::NotFound(_) if api.is_enterprise_server() && is_absent() => {
            Cause::new(GapKind::NotExposed, "GitHub Enterprise Server does not offer this list").into()
        }
        error => refused(error),
    }
}

/// Reads one object.
pub(super) async fn one<T: DeserializeOwned>(api: &ReadApi, path: &str) -> Result<T, Failure> {
    api.get(&ask(path)).await?.json()
}

/// Sends a query that cannot be made smaller; what takes GitHub too long once may well be quick the next time.
pub(super) async fn query<T: DeserializeOwned>(
    api: &ReadApi,
    query: Query,
    variables: &Value,
) -> Result<Found<T>, Failure> {
    const TRIES: usize = 4;
    for _ in 1..TRIES {
        match api.graphql(query, variables).await {
            Err(Failure::TooComplex(_)) => {}
            answered => return answered,
        }
    }
    api.graphql(query, variables).await
}

pub(super) fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}

/// GitHub says "not found" to whoever may not know that something is there.
///
/// <https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource>
pub(super) fn cause(error: &Failure) -> Cause {
    let cause = error.cause();
    match error {
        Failure::NotFound(_) => Cause { kind: GapKind::Denied, ..cause },
        Failure::UsedUp => super::skipped(),
        _ => cause,
    }
}

pub(super) fn refused(error: &Failure) -> Stop {
    Stop::Gap(cause(error))
}

/// A name as one segment of a path: it may hold anything.
pub(crate) fn encoded(name: &str) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    match name {
        // As they are they would be steps in the path.
        "." | ".." => name.replace('.', "%2E"),
        _ => utf8_percent_encode(name, &KEPT).to_string(),
    }
}
