//! Reads a list page by page, within its own service and never the same page twice.
//! A page that fails can be asked for again; only the last page ends the list.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Ask, Error, ReadApi};

/// How a list says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `value` and `@odata.nextLink`.
    OData,
    /// `value` and `nextLink`.
    Arm,
}

/// A list that is being read.
pub struct Pages {
    api: ReadApi,
    ask: Ask,
    paging: Paging,
    place: Place,
    seen: HashSet<[u8; 32]>,
}

/// Which page comes next.
enum Place {
    First,
    Link(Url),
    /// There is more, but its link must not be followed.
    Broken(Error),
    End,
}

/// One page. An absent `value` is an error: it is not an empty list.
#[derive(Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
struct Page<T> {
    value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    odata: Option<String>,
    #[serde(rename = "nextLink")]
    arm: Option<String>,
}

impl Pages {
    pub(super) fn new(api: ReadApi, ask: Ask, paging: Paging) -> Pages {
        Pages { api, ask, paging, place: Place::First, seen: HashSet::new() }
    }

    /// The next page, `None` after the last one. After an error, or when dropped half-way, the same page comes next.
    ///
    /// # Errors
    /// One per way in which there was no usable answer; the list is then incomplete.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<Vec<T>>, Error> {
        let (url, answer) = match &self.place {
            Place::First => (self.api.base().join(&self.ask.path)?, self.api.get(&self.ask).await?),
            Place::Link(url) => (url.clone(), self.api.fetch(url.clone(), &self.ask).await?),
            Place::Broken(error) => return Err(error.clone()),
            Place::End => return Ok(None),
        };
        let page: Page<T> = answer.json()?;
        self.seen.insert(digest(&url));
        // The rows of a page are good even where the way to the next one is not.
        self.place = self.after(&url, page.odata, page.arm).unwrap_or_else(Place::Broken);
        Ok(Some(page.value))
    }

    fn after(&self, url: &Url, odata: Option<String>, arm: Option<String>) -> Result<Place, Error> {
        let (link, other) = match self.paging {
            Paging::OData => (odata, arm),
            Paging::Arm => (arm, odata),
        };
        if other.is_some_and(|link| !link.is_empty()) {
            // Overlooked, it would make a part look like the whole.
            return Err(Error::at("a next link under another name"));
        }
        let Some(link) = link.filter(|link| !link.is_empty()) else { return Ok(Place::End) };
        let next = self.api.base().follow(url, &link)?;
        if self.seen.contains(&digest(&next)) {
            return Err(Error::RepeatedLink { host: self.api.base().host() });
        }
        Ok(Place::Link(next))
    }
}

fn digest(url: &Url) -> [u8; 32] {
    Sha256::digest(url.as_str()).into()
}
