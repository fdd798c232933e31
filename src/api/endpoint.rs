//! Where each service is, which URLs may be sent at all, and how a URL is written down.
//! The only place that decides about origins; it sends nothing.

use serde::Deserialize;
use url::{Host, Position, Url, form_urlencoded};

use super::{Error, Service};

/// The base URL of each service, a path prefix allowed. The default is the public cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoints {
    /// Microsoft Entra sign-in.
    pub login: String,
    /// Microsoft Graph.
    pub graph: String,
    /// Azure Resource Manager.
    pub arm: String,
    /// Log Analytics.
    pub logs: String,
    /// GitHub, or `https://<host>/api/v3` of an Enterprise Server.
    pub github: String,
    /// Key Vault; absent: the host that a key's own URL names.
    pub vault: Option<String>,
    /// Azure Blob Storage; absent: the host of the archive's storage account.
    pub storage: Option<String>,
    /// Azure DevOps.
    pub devops: String,
    /// Azure DevOps users, groups and tokens.
    pub devops_graph: String,
    /// Azure DevOps release pipelines.
    pub devops_release: String,
    /// Azure DevOps audit log.
    pub devops_audit: String,
    /// Azure DevOps licences.
    pub devops_entitlements: String,
}

impl Default for Endpoints {
    fn default() -> Endpoints {
        Endpoints {
            login: "https://login.microsoftonline.com".into(),
            graph: "https://graph.microsoft.com".into(),
            arm: "https://management.azure.com".into(),
            logs: "https://api.loganalytics.azure.com".into(),
            github: "https://api.github.com".into(),
            vault: None,
            storage: None,
            devops: "https://dev.azure.com".into(),
            devops_graph: "https://vssps.dev.azure.com".into(),
            devops_release: "https://vsrm.dev.azure.com".into(),
            devops_audit: "https://auditservice.dev.azure.com".into(),
            devops_entitlements: "https://vsaex.dev.azure.com".into(),
        }
    }
}

/// The endpoints after every one of them was checked.
#[derive(Debug, Clone)]
pub(super) struct Bases {
    pub(super) login: Base,
    graph: Base,
    arm: Base,
    logs: Base,
    github: Base,
    /// GitHub's GraphQL.
    pub(super) graphql: Url,
    vault: Base,
    storage: Base,
    devops: [Base; 5],
}

impl Bases {
    pub(super) fn new(endpoints: &Endpoints) -> Result<Bases, Error> {
        let github = Base::new("github", &endpoints.github)?;
        Ok(Bases {
            login: Base::new("login", &endpoints.login)?,
            graph: Base::new("graph", &endpoints.graph)?,
            arm: Base::new("arm", &endpoints.arm)?,
            logs: Base::new("logs", &endpoints.logs)?,
            graphql: graphql(&github),
            github,
            vault: Base::new("vault", endpoints.vault.as_deref().unwrap_or("https://vault.azure.net"))?,
            storage: Base::new("storage", endpoints.storage.as_deref().unwrap_or("https://storage.azure.com"))?,
            devops: [
                Base::new("devops", &endpoints.devops)?,
                Base::new("devops-graph", &endpoints.devops_graph)?,
                Base::new("devops-release", &endpoints.devops_release)?,
                Base::new("devops-audit", &endpoints.devops_audit)?,
                Base::new("devops-entitlements", &endpoints.devops_entitlements)?,
            ],
        })
    }

    pub(super) fn of(&self, service: Service) -> &Base {
        match service {
            Service::Graph => &self.graph,
            Service::Arm => &self.arm,
            Service::Logs => &self.logs,
            Service::GitHub => &self.github,
            Service::Vault => &self.vault,
            Service::Storage => &self.storage,
            Service::DevOps => &self.devops[0],
            Service::DevOpsGraph => &self.devops[1],
            Service::DevOpsRelease => &self.devops[2],
            Service::DevOpsAudit => &self.devops[3],
            Service::DevOpsEntitlements => &self.devops[4],
        }
    }
}

/// A base URL: what is joined onto it, and what counts as still being the same service.
#[derive(Debug, Clone)]
pub(super) struct Base {
    url: Url,
}

impl Base {
    /// Checks an endpoint. The error does not repeat it: it may hold a password.
    pub(super) fn new(name: &'static str, text: &str) -> Result<Base, Error> {
        let refused = |why| Error::Endpoint { name, why };
        let mut url = Url::parse(text).map_err(|_| refused("not a URL"))?;
        if !is_protected(&url) {
            return Err(refused("must be https; plain http is for loopback addresses only"));
        }
        if has_user(&url) {
            return Err(refused("must not hold a user name or password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("must end with the path"));
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Base { url })
    }

    /// `path` (with its query) below this base, exactly as it is encoded.
    pub(super) fn join(&self, path: &str) -> Result<Url, Error> {
        let joined = format!("{}{path}", self.url.as_str().trim_end_matches('/'));
        let url = Url::parse(&joined).map_err(|_| Error::NotSent("a path that makes no URL"))?;
        let asked = path.split('?').next().unwrap_or_default();
        // A parser that had to change anything has removed dots or a fragment, or found a raw character.
        let verbatim = url.path() == format!("{}{asked}", self.prefix());
        if !path.starts_with('/') || url.fragment().is_some() || !verbatim || !self.admits(&url) {
            return Err(Error::NotSent("a path that is not in its encoded form"));
        }
        Ok(url)
    }

    /// `link`, which may be relative to `from`, if it stays with this service.
    pub(super) fn follow(&self, from: &Url, link: &str) -> Result<Url, Error> {
        let mut url = from.join(link).map_err(|_| Error::at("a link that is no URL"))?;
        if !self.admits(&url) {
            return Err(Error::ForeignLink { host: host(&url) });
        }
        url.set_fragment(None);
        Ok(url)
    }

    /// Same scheme, host and port, and below the same path.
    pub(super) fn admits(&self, url: &Url) -> bool {
        let below = url.path().strip_prefix(self.prefix()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        url.origin() == self.url.origin() && below && !has_user(url) && is_protected(url)
    }

    /// The host, with the port where it is not the usual one.
    pub(super) fn host(&self) -> String {
        host(&self.url)
    }

    /// Scheme, host and port, where the service is reached over TLS.
    pub(super) fn secure_origin(&self) -> Option<String> {
        (self.url.scheme() == "https").then(|| self.url.origin().ascii_serialization())
    }

    /// Whether it is where a GitHub Enterprise Server has its API.
    pub(super) fn is_enterprise_server(&self) -> bool {
        self.prefix().ends_with("/api/v3")
    }

    fn prefix(&self) -> &str {
        self.url.path().trim_end_matches('/')
    }
}

/// Beside `/api/v3` on an Enterprise Server, below the base everywhere else.
///
/// <https://docs.github.com/enterprise-server/graphql/guides/forming-calls-with-graphql>
fn graphql(github: &Base) -> Url {
    let mut url = github.url.clone();
    let prefix = github
        .prefix()
        .strip_suffix("/api/v3")
        .map_or_else(|| github.prefix().to_owned(), |host| format!("{host}/api"));
    url.set_path(&format!("{prefix}/graphql"));
    url
}

/// TLS, or plain http that never leaves this machine.
pub(super) fn is_protected(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or("no host");
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// Query parameters whose values are written down. All others may be secrets: `sig`, `code`, `$skiptoken` …
const SHOWN: [&str; 29] = [
    "$count",
    "$expand",
    "$filter",
    "$format",
    "$orderby",
    "$search",
    "$select",
    "$skip",
    "$top",
    "actor",
    "affiliation",
    "api-version",
    "count",
    "created",
    "event",
    "filter",
    "format",
    "include",
    "includes_parents",
    "login",
    "owner[]",
    "page",
    "per_page",
    "phrase",
    "role",
    "startindex",
    "team_type",
    "timespan",
    "type",
];

/// The URL as logs and evidence may keep it: no user, no fragment, no value that could be a secret.
pub(super) fn redacted(url: &Url) -> String {
    let mut out = format!("{}://{}{}", url.scheme(), host(url), &url[Position::BeforePath..Position::AfterPath]);
    for (index, pair) in url.query().into_iter().flat_map(|query| query.split('&')).enumerate() {
        out.push(if index == 0 { '?' } else { '&' });
        out.push_str(&redacted_pair(pair));
    }
    out
}

fn redacted_pair(pair: &str) -> String {
    let Some((name, _)) = pair.split_once('=') else { return "***".to_owned() };
    let known = form_urlencoded::parse(pair.as_bytes())
        .next()
        .is_some_and(|(name, _)| SHOWN.contains(&name.to_ascii_lowercase().as_str()));
    if known { pair.to_owned() } else { format!("{name}=***") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(text: &str) -> Base {
        Base::new("graph", text).unwrap()
    }

    #[test]
    fn the_public_cloud_is_accepted() {
        assert!(Bases::new(&Endpoints::default()).is_ok());
    }

    #[test]
    fn graphql_is_beside_the_api_of_a_server_and_below_that_of_the_cloud() {
        for (github, expected) in [
            ("https://api.github.com", "https://api.github.com/graphql"),
            ("https://api.contoso.ghe.com/", "https://api.contoso.ghe.com/graphql"),
            ("https://ghe.example/api/v3", "https://ghe.example/api/graphql"),
            ("https://proxy.example/ghe/api/v3/", "https://proxy.example/ghe/api/graphql"),
            ("http://127.0.0.1:1/github", "http://127.0.0.1:1/github/graphql"),
        ] {
            assert_eq!(graphql(&base(github)).as_str(), expected);
        }
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        for good in
            ["http://127.0.0.1:8098", "http://[::1]:1/graph", "http://localhost:1", "https://graph.microsoft.us"]
        {
            assert!(Base::new("graph", good).is_ok(), "{good}");
        }
        let bad = [
            "http://graph.microsoft.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "http://0.0.0.0",
            "http://10.0.0.1",
            "https://user:pass@graph.microsoft.com",
            "https://graph.microsoft.com/?a=b",
            "https://graph.microsoft.com/#x",
            "file:///etc/passwd",
            "graph.microsoft.com",
            "",
        ];
        for bad in bad {
            assert!(Base::new("graph", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_joined_verbatim_below_the_prefix() {
        let base = base("http://127.0.0.1:8098/graph/");
        let url = base.join("/v1.0/users/a%23EXT%23%40b?$select=id&$filter=a%20eq%20'b'").unwrap();
        assert_eq!(url.path(), "/graph/v1.0/users/a%23EXT%23%40b");
        assert!(url.query().unwrap().starts_with("$select=id&$filter=a%20eq%20"));
        for bad in ["v1.0", "/../login", "/a/%2e%2e/%2e%2e/x", "/a#b", "/a b", "/a\\b", "@evil.example/", ""] {
            assert!(base.join(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_same_origin_below_the_same_prefix_is_followed() {
        let base = base("https://proxy.example/graph");
        let from = base.join("/v1.0/users").unwrap();
        for good in [
            "https://proxy.example/graph/v1.0/users?$skiptoken=x",
            "https://PROXY.example:443/graph/a",
            "/graph/b",
            "?p=2",
        ] {
            assert!(base.follow(&from, good).is_ok(), "{good}");
        }
        let bad = [
            "https://evil.example/graph/v1.0",
            "http://proxy.example/graph/v1.0",
            "https://proxy.example:8443/graph/a",
            "https://proxy.example/graphx/a",
            "https://proxy.example/other",
            "//evil.example/graph/a",
            "/graph/../other",
            "https://user@proxy.example/graph/a",
            "https://proxy.example.evil.example/graph/a",
            "javascript:alert(1)",
        ];
        for bad in bad {
            assert!(matches!(base.follow(&from, bad), Err(Error::ForeignLink { .. })), "{bad}");
        }
    }

    #[test]
    fn a_url_is_written_down_without_secrets() {
        let url =
            Url::parse("https://u:pass@h.example:8443/a/b?$select=id&sig=CANARY&%24skiptoken=CANARY&CANARY#CANARY")
                .unwrap();
        assert_eq!(redacted(&url), "https://h.example:8443/a/b?$select=id&sig=***&%24skiptoken=***&***");
    }

    proptest! {
        #[test]
        fn no_unknown_value_is_written_down(name in "[a-z_]{1,12}", value in "[A-Z0-9]{12,40}") {
            prop_assume!(!SHOWN.contains(&name.as_str()));
            let url = Url::parse(&format!("https://h.example/p?{name}={value}&x={value}")).unwrap();
            prop_assert!(!redacted(&url).contains(&value));
        }

        #[test]
        fn a_joined_path_never_leaves_the_base(path in "/[ -~]{0,60}") {
            let base = base("https://h.example/prefix");
            if let Ok(url) = base.join(&path) {
                prop_assert!(url.as_str().starts_with("https://h.example/prefix/"));
            }
        }

        #[test]
        fn a_followed_link_never_leaves_the_base(link in "[ -~]{0,60}") {
            let base = base("https://h.example/prefix");
            let from = base.join("/a").unwrap();
            if let Ok(url) = base.follow(&from, &link) {
                prop_assert!(url.as_str().starts_with("https://h.example/prefix"));
            }
        }
    }
}
