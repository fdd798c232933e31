//! Reads a list page by page, within its own service and never the same page twice.
//! A page that fails can be asked for again; only the last page ends the list.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Answer, Ask, Error, ReadApi, link};

/// How a list says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `value` and `@odata.nextLink`.
    OData,
    /// `value` and `nextLink`.
    Arm,
    /// A bare list and a `Link` header; without one, a full page is not taken for the last.
    Array,
    /// A list under this name, beside `total_count`, and a `Link` header; without one, the total says when to end.
    Items(&'static str),
    /// A bare list, and a `Link` header whose address nobody can work out.
    Cursor,
}

/// A list that is being read.
pub struct Pages {
    api: ReadApi,
    ask: Ask,
    paging: Paging,
    place: Place,
    seen: HashSet<[u8; 32]>,
    /// How many items came so far, and how many there are by what the last page says.
    items: usize,
    total: Option<usize>,
}

/// Which page comes next.
enum Place {
    First,
    Link(Url),
    /// There is more, but its link must not be followed.
    Broken(Error),
    End,
}

/// The items of one page and what it says about the next.
struct Listed<T> {
    items: Vec<T>,
    odata: Option<String>,
    arm: Option<String>,
    total: Option<usize>,
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
        Pages { api, ask, paging, place: Place::First, seen: HashSet::new(), items: 0, total: None }
    }

    /// How many items the list has, where the service says so.
    pub fn total(&self) -> Option<usize> {
        self.total
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
        let page = listed::<T>(self.paging, &answer)?;
        self.seen.insert(digest(url.as_str().as_bytes()));
        self.items += page.items.len();
        self.total = page.total;
        let after = match self.paging {
            Paging::OData => self.after(&url, page.odata, page.arm),
            Paging::Arm => self.after(&url, page.arm, page.odata),
            Paging::Array | Paging::Items(_) | Paging::Cursor => self.linked(&url, &answer, page.items.len()),
        };
        // The rows of a page are good even where the way to the next one is not.
        self.place = after.unwrap_or_else(Place::Broken);
        Ok(Some(page.items))
    }

    fn after(&self, url: &Url, link: Option<String>, other: Option<String>) -> Result<Place, Error> {
        if other.is_some_and(|link| !link.is_empty()) {
            // Overlooked, it would make a part look like the whole.
            return Err(Error::at("a next link under another name"));
        }
        match link.filter(|link| !link.is_empty()) {
            Some(link) => self.at(self.api.base().follow(url, &link)?),
            None => Ok(Place::End),
        }
    }

    /// GitHub's lists. Some come without any link although there is more.
    ///
    /// <https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api>
    fn linked(&mut self, url: &Url, answer: &Answer, count: usize) -> Result<Place, Error> {
        let links = answer.header("link");
        if let Some(link) = links.and_then(link::next) {
            return self.at(self.api.base().follow(url, link)?);
        }
        let short = self.total.is_some_and(|total| self.items < total);
        match self.paging {
            Paging::Items(_) if short && count == 0 => Err(Error::ShortList { host: self.api.base().host() }),
            Paging::Items(_) if short => self.numbered(url, answer),
            Paging::Array if links.is_none() && count > 0 && count >= per_page(url) => self.numbered(url, answer),
            _ => Ok(Place::End),
        }
    }

    /// The next page by its number; a service that ignores the number would send the same page for ever.
    fn numbered(&mut self, url: &Url, answer: &Answer) -> Result<Place, Error> {
        if !self.seen.insert(digest(&answer.body)) {
            return Err(Error::RepeatedLink { host: self.api.base().host() });
        }
        let page = number(url, "page").unwrap_or(1) + 1;
        let others =
            url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("page="));
        let query: Vec<&str> = others.collect();
        let mut next = url.clone();
        next.set_query(Some(&[query.join("&"), format!("page={page}")].join("&")));
        self.at(next)
    }

    fn at(&self, next: Url) -> Result<Place, Error> {
        match self.seen.contains(&digest(next.as_str().as_bytes())) {
            true => Err(Error::RepeatedLink { host: self.api.base().host() }),
            false => Ok(Place::Link(next)),
        }
    }
}

fn listed<T: DeserializeOwned>(paging: Paging, answer: &Answer) -> Result<Listed<T>, Error> {
    let of_items = |items, total| Listed { items, odata: None, arm: None, total };
    match paging {
        Paging::OData | Paging::Arm => {
            let Page { value, odata, arm } = answer.json()?;
            Ok(Listed { items: value, odata, arm, total: None })
        }
        Paging::Array | Paging::Cursor => Ok(of_items(answer.json()?, None)),
        Paging::Items(name) => {
            let mut fields: BTreeMap<String, &RawValue> =
                serde_json::from_slice(&answer.body).map_err(|error| Error::of_json(&error))?;
            let field = |text: &RawValue| serde_json::from_str(text.get()).map_err(|error| Error::of_json(&error));
            let items = fields.remove(name).ok_or_else(|| Error::at("a list without its items")).and_then(field)?;
            let total = fields.get("total_count").and_then(|total| serde_json::from_str(total.get()).ok());
            Ok(of_items(items, total))
        }
    }
}

/// GitHub sends 30 items unless asked for another number.
fn per_page(url: &Url) -> usize {
    number(url, "per_page").unwrap_or(30)
}

fn number(url: &Url, name: &str) -> Option<usize> {
    url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse().ok())
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
