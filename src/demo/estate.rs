//! One synthetic organisation: a folder of JSON files, one per collection, and `estate.json` which says what is in it.
//! Keys that begin with `@` belong to the estate (links between objects) and are never served, except `@odata.type`.

use std::collections::BTreeMap;

use include_dir::{Dir, include_dir};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

static ESTATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/estates");

static FENCES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/fixtures/fences");

/// Why an estate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no folder of that name.
    #[error("there is no estate called {0}")]
    NoSuchEstate(String),
    /// A file is not what it should be.
    #[error("{file} of the estate: {reason}")]
    Malformed {
        /// The file within the estate.
        file: String,
        /// What the parser says.
        reason: String,
    },
    /// The loopback server could not be started.
    #[error("cannot listen on loopback: {0}")]
    Listen(#[from] std::io::Error),
}

/// Something that an audit of the estate must report.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planted {
    /// What is wrong, in the words of a check.
    pub idea: String,
    /// The check that finds it; absent while there is none.
    #[serde(default)]
    pub check: Option<String>,
    /// Whose it is: `entra:user/<object id>`.
    pub person: String,
    /// The typed id of the thing.
    pub subject: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct About {
    tenant: String,
    now: Timestamp,
    last_day: Date,
    #[serde(deserialize_with = "jiff::fmt::serde::tz::required::deserialize")]
    timezone: TimeZone,
    retention_days: u32,
    gateway_apps: Vec<String>,
    organizations: Vec<String>,
    #[serde(default)]
    azure_devops: Vec<String>,
    people: BTreeMap<String, String>,
    planted: Vec<Planted>,
    innocent: Vec<String>,
}

/// Other names for objects of an estate: attacks, which only tests serve.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renamed {
    of: String,
    /// By collection, id and property.
    texts: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
}

/// One synthetic organisation, in memory.
#[derive(Debug, Clone)]
pub struct Estate {
    about: About,
    collections: BTreeMap<String, Vec<Value>>,
}

impl Estate {
    /// Reads an estate that is part of the program: a folder, or a file with other names for what is in one.
    ///
    /// # Errors
    /// When there is none of that name, or one of its files is malformed.
    pub fn load(name: &str) -> Result<Estate, Error> {
        match ESTATES.get_file(format!("{name}.json")) {
            Some(file) => {
                let renamed: Renamed = parse(&format!("{name}.json"), file.contents())?;
                let mut estate = Estate::folder(&renamed.of)?;
                estate.rename(renamed);
                Ok(estate)
            }
            None => Estate::folder(name),
        }
    }

    fn folder(name: &str) -> Result<Estate, Error> {
        let folder = ESTATES.get_dir(name).ok_or_else(|| Error::NoSuchEstate(name.to_owned()))?;
        let about = ESTATES
            .get_file(format!("{name}/estate.json"))
            .ok_or_else(|| Error::Malformed { file: "estate.json".into(), reason: "missing".into() })?;
        let about = parse("estate.json", about.contents())?;
        let mut collections = BTreeMap::new();
        for service in folder.dirs() {
            for file in service.files() {
                let path = file.path().strip_prefix(name).unwrap_or(file.path()).with_extension("");
                let collection = path.to_string_lossy().replace('\\', "/");
                let rows = parse(&collection, file.contents())?;
                collections.insert(collection, rows);
            }
        }
        Ok(Estate { about, collections })
    }

    /// The same with another fence around its servers: `good`, `bad`, or `sample`.
    ///
    /// # Errors
    /// When there is none of that name, or its file is malformed.
    pub fn fenced(mut self, fence: &str) -> Result<Estate, Error> {
        let file = format!("{fence}.json");
        let found = FENCES.get_file(&file).ok_or_else(|| Error::NoSuchEstate(fence.to_owned()))?;
        let collections: BTreeMap<String, Vec<Value>> = parse(&file, found.contents())?;
        self.collections.extend(collections);
        Ok(self)
    }

    fn rename(&mut self, renamed: Renamed) {
        for (collection, objects) in renamed.texts {
            for row in self.rows_mut(&collection) {
                let id = row.get("id").and_then(Value::as_str).map(str::to_owned);
                let texts = id.and_then(|id| objects.get(&id));
                for (property, text) in texts.into_iter().flatten() {
                    row[property.as_str()] = json!(text);
                }
            }
        }
    }

    /// The names of all estates.
    pub fn names() -> Vec<String> {
        ESTATES.dirs().map(|folder| folder.path().to_string_lossy().into_owned()).collect()
    }

    /// The moment at which the estate stands still: the `--now` of an audit of it.
    pub fn now(&self) -> Timestamp {
        self.about.now
    }

    /// The last day of its leaver.
    pub fn last_day(&self) -> Date {
        self.about.last_day
    }

    /// Where its people work.
    pub fn timezone(&self) -> &TimeZone {
        &self.about.timezone
    }

    /// The tenant id.
    pub fn tenant(&self) -> &str {
        &self.about.tenant
    }

    /// For how many days its Entra logs reach back.
    pub fn retention_days(&self) -> u32 {
        self.about.retention_days
    }

    /// The application ids of its MCP gateways.
    pub fn gateway_apps(&self) -> &[String] {
        &self.about.gateway_apps
    }

    /// The GitHub organisations that are its own.
    pub fn organizations(&self) -> &[String] {
        &self.about.organizations
    }

    /// The organisations of Azure DevOps that are its own.
    pub fn azure_devops(&self) -> &[String] {
        &self.about.azure_devops
    }

    /// The ids of its Log Analytics workspaces.
    pub fn workspaces(&self) -> Vec<String> {
        let id = |row: &Value| row["properties"]["customerId"].as_str().map(str::to_owned);
        self.rows("arm/workspaces").iter().filter_map(id).collect()
    }

    /// The object id of a person by short name, such as `alice`.
    pub fn person(&self, name: &str) -> Option<&str> {
        self.about.people.get(name).map(String::as_str)
    }

    /// What an audit of the estate must report.
    pub fn planted(&self) -> &[Planted] {
        &self.about.planted
    }

    /// Ids of people and things that no finding may be about.
    pub fn innocent(&self) -> &[String] {
        &self.about.innocent
    }

    /// The names of all collections, such as `graph/users`.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.collections.keys().map(String::as_str)
    }

    /// The objects of a collection; none when the estate has no such collection.
    pub fn rows(&self, collection: &str) -> &[Value] {
        self.collections.get(collection).map_or(&[], Vec::as_slice)
    }

    /// Lets it stand still at another moment: what was served then is older, and nothing new has happened.
    pub fn stand_at(&mut self, now: Timestamp) {
        self.about.now = now;
    }

    /// Adds so many empty repositories to its first organisation of GitHub, for measuring.
    pub fn inflate(&mut self, repositories: usize) {
        let Some(organization) = self.about.organizations.first().cloned() else { return };
        let rows = self.rows_mut("github/repositories");
        rows.extend((0..repositories).map(|number| {
            let name = format!("bulk-{number:05}");
            json!({
                "@in": format!("orgs/{organization}/repos"), "@at": format!("repos/{organization}/{name}"),
                "id": 90_000_000 + number, "name": name, "full_name": format!("{organization}/{name}"),
                "owner": { "login": organization, "type": "Organization" }, "visibility": "private", "archived": false,
                "default_branch": "main", "created_at": "2024-01-01T00:00:00Z", "pushed_at": "2026-05-01T00:00:00Z",
            })
        }));
    }

    /// The same, to change the estate before it is served.
    pub fn rows_mut(&mut self, collection: &str) -> &mut Vec<Value> {
        self.collections.entry(collection.to_owned()).or_default()
    }
}

fn parse<T: serde::de::DeserializeOwned>(file: &str, bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Malformed { file: file.to_owned(), reason: error.to_string() })
}
