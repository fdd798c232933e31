//! Every request that this program sends to look at something, as data: what it takes, and what an empty answer proves.
//! The tables stand beside the sources that send them; this reads them. A test holds them against what an audit sends, another
//! writes `docs/requests.md` from them, and `tests/external/requests` holds them against the vendors' descriptions.

use std::sync::LazyLock;

use serde::Deserialize;

/// One table, in the order in which they are shown.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// What a reader calls the service.
    pub service: String,
    /// The version of its interface, where one is named with every request.
    pub version: Option<String>,
    /// What a refusal of any of them looks like where that is not one of the usual ways.
    pub refusal: Option<String>,
    /// Its requests.
    pub request: Vec<Request>,
}

/// One kind of request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// GET, or POST where the service reads so.
    pub method: String,
    /// Below the base URL, with `{names}` where anything may stand.
    pub path: String,
    /// The version, where it is another than the table's.
    pub version: Option<String>,
    /// The query parameters that are sent.
    #[serde(default)]
    pub query: Vec<String>,
    /// The name of the query, where they share a path.
    pub operation: Option<String>,
    /// The least permission by its exact name; several: each of them.
    pub needs: Vec<String>,
    /// What nothing in the answer proves.
    pub empty: String,
    /// Of GitHub: whether an Enterprise Server has it; absent: yes.
    pub server: Option<bool>,
}

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    const TEXTS: [&str; 6] = [
        include_str!("sign_in.requests.toml"),
        include_str!("entra/requests.toml"),
        include_str!("azure/requests.toml"),
        include_str!("logs/requests.toml"),
        include_str!("github/requests.toml"),
        include_str!("devops/requests.toml"),
    ];
    // A test reads each of them; one that cannot be read has no requests.
    TEXTS.iter().filter_map(|text| toml::from_str(text).ok()).collect()
});

/// All tables.
pub fn tables() -> &'static [Table] {
    &TABLES
}

/// The request that this one is, whatever its names are.
pub fn find(method: &str, path: &str) -> Option<&'static Request> {
    let path = path.split('?').next().unwrap_or(path);
    let of = |request: &&Request| request.method == method && request.is(path);
    tables().iter().flat_map(|table| &table.request).find(of)
}

impl Request {
    /// Whether a path is one of this kind. What stands in braces is one segment, or a part of one.
    pub fn is(&self, path: &str) -> bool {
        let (mut ours, mut theirs) = (self.path.split('/'), path.split('/'));
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(our), Some(their)) if segment(our, their) => {}
                _ => return false,
            }
        }
    }
}

/// `applications(appId='{app}')` is one segment with a name in it. Azure does not tell letters by their case.
fn segment(pattern: &str, text: &str) -> bool {
    match pattern.split_once('{').zip(pattern.rsplit_once('}')) {
        Some(((before, _), (_, after))) => {
            let text = text.to_ascii_lowercase();
            let (before, after) = (before.to_ascii_lowercase(), after.to_ascii_lowercase());
            text.len() > before.len() + after.len() && text.starts_with(&before) && text.ends_with(&after)
        }
        None => pattern.eq_ignore_ascii_case(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_can_be_read() {
        assert_eq!(tables().len(), 6);
    }

    #[test]
    fn a_path_is_told_by_its_segments() {
        let of = |path: &str| find("GET", path).map(|request| request.path.as_str());
        assert_eq!(of("/orgs/contoso/members?role=admin&per_page=100"), Some("/orgs/{org}/members"));
        assert_eq!(of("/repos/contoso/web/keys"), Some("/repos/{owner}/{repo}/keys"));
        assert_eq!(of("/v1.0/applications(appId='x')"), Some("/v1.0/applications(appId='{app}')"));
        assert_eq!(of("/orgs/contoso"), Some("/orgs/{org}"));
        assert_eq!(of("/orgs/contoso/nothing"), None);
    }
}
