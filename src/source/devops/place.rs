//! An organisation or one of its projects: where its lists are, what its things are called, and how a list is read.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;

use super::wire::Project;
use super::{Hosts, Question};
use crate::api::{Ask, Error as Failure, Paging, ReadApi};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind};
use crate::source::Collector;
use crate::source::lenient::{Lenient, lost};
use crate::text::Untrusted;

/// The version of most requests, and of those that are a preview still.
pub(super) const VERSION: &str = "api-version=7.1";
pub(super) const PREVIEW: &str = "api-version=7.1-preview.1";

/// An organisation.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) hosts: &'a Hosts,
    pub(super) question: &'a Question<'a>,
    pub(super) organization: &'a str,
}

/// A project of it.
#[derive(Clone, Copy)]
pub(super) struct InProject<'a> {
    pub(super) place: Place<'a>,
    pub(super) project: &'a Project,
}

/// One list.
pub(super) struct List<'a> {
    /// What a reader of the report calls it.
    pub(super) what: &'a str,
    pub(super) host: &'a Collector,
    /// The whole path and query.
    pub(super) path: &'a str,
    /// The field that holds the rows.
    pub(super) items: &'static str,
    pub(super) needs: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn organization(&self) -> Untrusted {
        self.organization.into()
    }

    /// `devops:contoso/pool/7`
    pub(super) fn id(&self, what: &str) -> Untrusted {
        format!("devops:{}/{what}", self.organization).into()
    }

    /// `/contoso/_apis/projects`
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/{}/_apis/{rest}", encoded(self.organization))
    }

    /// The part of a data set that is `what` of this organisation.
    pub(super) fn scope(&self, what: &str, needs: &str) -> Scope {
        Scope { name: format!("{}: {what}", self.organization).into(), person: None, needs: needs.to_owned() }
    }

    /// The same of one person.
    pub(super) fn scope_of(&self, person: &str, what: &str, needs: &str) -> Scope {
        let name = format!("{}: {what} of {person}", self.organization).into();
        Scope { name, person: Some(person.to_owned()), needs: needs.to_owned() }
    }

    pub(super) fn of(self, project: &'a Project) -> InProject<'a> {
        InProject { place: self, project }
    }
}

impl InProject<'_> {
    pub(super) fn name(&self) -> &str {
        self.project.name.as_ref().unwrap_or(&self.project.id).raw()
    }

    pub(super) fn project(&self) -> Untrusted {
        self.project.id.raw().to_ascii_lowercase().into()
    }

    /// `devops:contoso/<project>/build/7`
    pub(super) fn id(&self, what: &str) -> Untrusted {
        self.place.id(&format!("{}/{what}", self.project().raw()))
    }

    /// `/contoso/<project>/_apis/build/definitions`
    pub(super) fn path(&self, rest: &str) -> String {
        format!("/{}/{}/_apis/{rest}", encoded(self.place.organization), encoded(self.project.id.raw()))
    }

    pub(super) fn scope(&self, what: &str, needs: &str) -> Scope {
        let name = format!("{}/{}: {what}", self.place.organization, self.name()).into();
        Scope { name, person: None, needs: needs.to_owned() }
    }

    /// Reads one list into `tables`; a row that cannot be read is a gap of all of them.
    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        tables: &[&'static str],
        list: &List<'_>,
        mut keep: impl FnMut(&mut Rows, T) -> Result<(), Stop>,
    ) -> Result<Option<Cause>, Error> {
        list.host
            .dataset(tables, &self.scope(list.what, list.needs), async |api, rows| {
                each(api, rows, tables, list.path, list.items, &mut keep).await
            })
            .await
    }
}

/// Reads a list to its end. What cannot be read of it is a gap of `tables`, and the rest is kept.
pub(super) async fn each<T: DeserializeOwned>(
    api: &ReadApi,
    rows: &mut Rows,
    tables: &[&'static str],
    path: &str,
    items: &'static str,
    mut keep: impl FnMut(&mut Rows, T) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut pages = api.pages(ask(path), Paging::Continued(items));
    let mut unreadable = 0;
    while let Some(page) = pages.next::<Lenient<T>>().await.map_err(|error| refused(&error))? {
        for row in page {
            match row.0 {
                Some(row) => keep(rows, row)?,
                None => unreadable += 1,
            }
        }
    }
    if unreadable > 0 {
        tables.iter().for_each(|table| rows.gap(table, lost(unreadable)));
    }
    Ok(())
}

/// Reads one object.
pub(super) async fn one<T: DeserializeOwned>(api: &ReadApi, path: &str) -> Result<T, Failure> {
    api.get(&ask(path)).await?.json()
}

pub(super) fn ask(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}

/// What it means that a list was not read. Azure DevOps says 404 to whoever may not know that something is there.
pub(super) fn refused(error: &Failure) -> Stop {
    Stop::Gap(cause(error))
}

pub(super) fn cause(error: &Failure) -> Cause {
    match error {
        Failure::NotFound(_) => Cause::new(GapKind::Denied, error.to_string()),
        error => error.cause(),
    }
}

/// As [`cause`], for one of many, with the permission that reading it takes.
pub(super) fn cause_of(what: &str, error: &Failure, needs: &str) -> Cause {
    let cause = cause(error);
    let detail = format!("{what}: {error}");
    let needs =
        if cause.kind == GapKind::Denied { cause.needs.or_else(|| Some(needs.to_owned())) } else { cause.needs };
    Cause { detail: Some(detail.into()), needs, ..cause }
}

/// A name or an id as one segment of a path or as a value of a query.
pub(super) fn encoded(text: &str) -> String {
    const KEPT: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    let text = utf8_percent_encode(text, &KEPT).to_string();
    // A segment of dots alone would lead elsewhere.
    if text.bytes().all(|byte| byte == b'.') { text.replace('.', "%2E") } else { text }
}
