//! Reads a list page by page, within its own service and never the same page twice.
//! A page that fails can be asked for again; only the last page ends the list, and only if as many items came as the
//! service says that there are, and no error beside them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use url::Url;

use super::{Answer, Ask, Error, ReadApi, devops, link};

/// How a list says that there is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paging {
    /// `value` and `@odata.nextLink`.
    OData,
    /// `value` and `nextLink`.
    Arm,
    /// A bare list and a `Link` header; without one, a full page is not taken for the last.
    Array,
    /// A list under this name, beside `total_count`, and a `Link` header; without one, the total says when to end. A list
    /// that does not tell its total is none.
    Items(&'static str),
    /// A bare list, and a `Link` header whose address nobody can work out.
    Cursor,
    /// A list under this name, and a token for the next page in a header or in the body: Azure DevOps.
    Continued(&'static str),
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
    /// The items themselves, by their digests, where there is a total: one that came twice stands for another.
    different: HashSet<[u8; 32]>,
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
struct Listed<'a> {
    items: Vec<&'a RawValue>,
    odata: Option<String>,
    arm: Option<String>,
    total: Option<usize>,
    /// Whether there is an error beside the items.
    flawed: bool,
}

/// One page. An absent `value` is an error: it is not an empty list.
#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    #[serde(rename = "@odata.nextLink")]
    odata: Option<String>,
    #[serde(rename = "nextLink")]
    arm: Option<String>,
    #[serde(rename = "@odata.count")]
    count: Option<usize>,
    error: Option<IgnoredAny>,
    errors: Option<IgnoredAny>,
}

impl Pages {
    pub(super) fn new(api: ReadApi, ask: Ask, paging: Paging) -> Pages {
        Pages {
            api,
            ask,
            paging,
            place: Place::First,
            seen: HashSet::new(),
            items: 0,
            total: None,
            different: HashSet::new(),
        }
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
        let page = listed(self.paging, &answer)?;
        let items = page.items.iter().map(|item| parsed(item)).collect::<Result<Vec<T>, Error>>()?;
        self.seen.insert(digest(url.as_str().as_bytes()));
        self.count(&page);
        let after = match self.paging {
            _ if page.flawed => Err(Error::Flawed { host: self.api.base().host() }),
            Paging::OData => self.after(&url, page.odata, page.arm),
            Paging::Arm => self.after(&url, page.arm, page.odata),
            Paging::Array | Paging::Items(_) | Paging::Cursor => self.linked(&url, &answer, items.len()),
            Paging::Continued(_) => self.continued(&url, &answer),
        };
        // The rows of a page are good even where the way to the next one is not.
        self.place = after.and_then(|place| self.held(place)).unwrap_or_else(Place::Broken);
        Ok(Some(items))
    }

    /// Of OData only the first page tells the total; of GitHub each, and the last is the newest.
    fn count(&mut self, page: &Listed<'_>) {
        self.total = page.total.or(self.total);
        match self.total {
            Some(_) => self.different.extend(page.items.iter().map(|item| digest(item.get().as_bytes()))),
            None => self.items += page.items.len(),
        }
        self.items = self.items.max(self.different.len());
    }

    /// A list that ends is held against its total.
    fn held(&self, place: Place) -> Result<Place, Error> {
        match place {
            Place::End if self.is_short() => Err(Error::ShortList { host: self.api.base().host() }),
            place => Ok(place),
        }
    }

    fn is_short(&self) -> bool {
        self.total.is_some_and(|total| self.items < total)
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
        if let Some(last) = links.and_then(link::last)
            && !self.seen.contains(&digest(self.api.base().follow(url, last)?.as_str().as_bytes()))
        {
            return Err(Error::ShortList { host: self.api.base().host() });
        }
        let short = self.is_short();
        match self.paging {
            Paging::Items(_) if short && count == 0 => Err(Error::ShortList { host: self.api.base().host() }),
            Paging::Items(_) if short => self.numbered(url, answer),
            Paging::Array if links.is_none() && count > 0 && count >= per_page(url) => self.numbered(url, answer),
            _ => Ok(Place::End),
        }
    }

    /// A token says that there is more. Whoever says so without one has not shown the rest.
    fn continued(&self, url: &Url, answer: &Answer) -> Result<Place, Error> {
        let fields: Fields<'_> = whole(answer)?;
        let field = |name: &str| fields.0.get(name).map(|value| value.get());
        let in_body = match field("continuationToken") {
            Some(text) => serde_json::from_str::<Option<String>>(text).map_err(|error| Error::of_json(&error))?,
            None => None,
        };
        let in_header = answer.header(devops::CONTINUATION).map(str::to_owned);
        let token = in_header.or(in_body).filter(|token| !token.is_empty());
        match (token, field("hasMore")) {
            // The audit log keeps a token beside its last page.
            (_, Some("false")) | (None, None) => Ok(Place::End),
            (Some(token), _) => self.at(devops::page(url, &token)),
            (None, Some(_)) => Err(Error::at("a list that says that there is more, and not where")),
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

fn listed(paging: Paging, answer: &Answer) -> Result<Listed<'_>, Error> {
    let of_items = |items, total, flawed| Listed { items, odata: None, arm: None, total, flawed };
    match paging {
        Paging::OData | Paging::Arm => {
            let Page { value, odata, arm, count, error, errors } = whole(answer)?;
            Ok(Listed { items: value, odata, arm, total: count, flawed: error.is_some() || errors.is_some() })
        }
        Paging::Array | Paging::Cursor => Ok(of_items(whole(answer)?, None, false)),
        Paging::Continued(name) => {
            let fields: Fields<'_> = whole(answer)?;
            let items = fields.0.get(name).copied().ok_or_else(|| Error::at("a list without its items"));
            let flawed = fields.0.contains_key("typeKey") || fields.0.contains_key("errorCode");
            Ok(of_items(items.and_then(parsed)?, None, flawed))
        }
        Paging::Items(name) => {
            let fields: Fields<'_> = whole(answer)?;
            let field = |name: &str| fields.0.get(name).copied();
            let items = field(name).ok_or_else(|| Error::at("a list without its items")).and_then(parsed)?;
            let total = field("total_count").ok_or_else(|| Error::at("a list without its total")).and_then(parsed)?;
            let flawed = |name: &str| field(name).is_some_and(|error| error.get() != "null");
            Ok(of_items(items, Some(total), flawed("error") || flawed("errors")))
        }
    }
}

fn whole<'a, T: Deserialize<'a>>(answer: &'a Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|error| Error::of_json(&error))
}

fn parsed<'a, T: Deserialize<'a>>(text: &'a RawValue) -> Result<T, Error> {
    serde_json::from_str(text.get()).map_err(|error| Error::of_json(&error))
}

/// The fields of an object, each of them once: of two with one name nobody could say which counts.
struct Fields<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Fields<'a>, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = BTreeMap<Cow<'de, str>, &'de RawValue>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = map.next_entry()? {
                    if fields.insert(name, value).is_some() {
                        return Err(serde::de::Error::custom("a field that is there twice"));
                    }
                }
                Ok(fields)
            }
        }
        from.deserialize_map(Once).map(Fields)
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
