//! What a read-only client may send: the POST routes that only read, and the headers that change nothing.
//! Everything else is refused before it is sent.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

use super::{Error, Service};

/// The POST routes that only read. There is no other way to send a POST through a [`super::ReadApi`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadPost {
    /// `/v1.0/$batch` with GET items only.
    GraphBatch,
    /// `/v1.0/directoryObjects/getByIds`.
    GraphByIds,
    /// `/providers/Microsoft.ResourceGraph/resources`.
    ResourceGraph,
    /// `/v1/workspaces/{id}/query`.
    LogQuery,
    /// `/v1/workspaces/{id}/search`, the same for tables of the Basic and Auxiliary plans.
    LogSearch,
    /// `/app/installations/{id}/access_tokens`: how an App signs in.
    InstallationToken,
    /// `/keys/{name}/{version}/sign` of a vault: it makes a signature and changes nothing.
    VaultSign,
}

impl ReadPost {
    /// Whether `path` is this route on `service` and `body` only reads.
    pub(super) fn check(self, service: Service, path: &str, body: &Value) -> Result<(), Error> {
        let route = path.split('?').next().unwrap_or_default();
        let (owner, matches) = match self {
            ReadPost::GraphBatch => (Service::Graph, matches!(route, "/v1.0/$batch" | "/beta/$batch")),
            ReadPost::GraphByIds => {
                (Service::Graph, matches!(route, "/v1.0/directoryObjects/getByIds" | "/beta/directoryObjects/getByIds"))
            }
            ReadPost::ResourceGraph => (Service::Arm, route == "/providers/Microsoft.ResourceGraph/resources"),
            ReadPost::LogQuery => (Service::Logs, is_of_workspace(route, "/query")),
            ReadPost::LogSearch => (Service::Logs, is_of_workspace(route, "/search")),
            ReadPost::InstallationToken => (Service::GitHub, is_installation_token(route)),
            ReadPost::VaultSign => (Service::Vault, is_sign(route)),
        };
        if service != owner || !matches {
            return Err(Error::NotSent("a POST to a path that is not its route"));
        }
        if self == ReadPost::GraphBatch && !only_gets(body) {
            return Err(Error::NotSent("a batch with something else than GET"));
        }
        Ok(())
    }
}

fn is_of_workspace(route: &str, what: &str) -> bool {
    let workspace = route.strip_prefix("/v1/workspaces/").and_then(|rest| rest.strip_suffix(what));
    workspace.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
}

fn is_installation_token(route: &str) -> bool {
    let id = route.strip_prefix("/app/installations/").and_then(|rest| rest.strip_suffix("/access_tokens"));
    id.is_some_and(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_sign(route: &str) -> bool {
    let key = route.strip_prefix("/keys/").and_then(|rest| rest.strip_suffix("/sign"));
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    key.and_then(|key| key.split_once('/')).is_some_and(|(name, version)| plain(name) && plain(version))
}

fn only_gets(batch: &Value) -> bool {
    let is_get = |item: &Value| item["method"] == "GET" && item.get("body").is_none() && has_plain_headers(item);
    batch["requests"].as_array().is_some_and(|items| items.iter().all(is_get))
}

fn has_plain_headers(item: &Value) -> bool {
    match item.get("headers") {
        None => true,
        Some(headers) => headers.as_object().is_some_and(|headers| headers.keys().all(|name| is_plain(name))),
    }
}

/// Headers that say how to answer. None of them can carry a credential or turn a GET into something else.
const HEADERS: [&str; 4] = ["accept", "consistencylevel", "prefer", "x-github-api-version"];

fn is_plain(name: &str) -> bool {
    HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// The headers of an ask.
pub(super) fn headers(asked: &[(&'static str, String)]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in asked {
        if !is_plain(name) {
            return Err(Error::NotSent("a header that a read does not take"));
        }
        let value = HeaderValue::from_str(value).map_err(|_| Error::NotSent("a header with control characters"))?;
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Error::NotSent("a header without a name"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_post_goes_only_to_its_own_route() {
        let batch = json!({ "requests": [{ "id": "0", "method": "GET", "url": "/users" }] });
        let ok = [
            (ReadPost::GraphBatch, Service::Graph, "/v1.0/$batch"),
            (ReadPost::GraphByIds, Service::Graph, "/v1.0/directoryObjects/getByIds"),
            (
                ReadPost::ResourceGraph,
                Service::Arm,
                "/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01",
            ),
            (ReadPost::LogQuery, Service::Logs, "/v1/workspaces/0b5e-1/query"),
            (ReadPost::LogSearch, Service::Logs, "/v1/workspaces/0b5e-1/search?timespan=P1D"),
            (ReadPost::InstallationToken, Service::GitHub, "/app/installations/7/access_tokens"),
            (ReadPost::VaultSign, Service::Vault, "/keys/leaver/0a1b/sign?api-version=7.4"),
        ];
        for (route, service, path) in ok {
            assert!(route.check(service, path, &batch).is_ok(), "{path}");
        }
        let bad = [
            (ReadPost::GraphBatch, Service::Arm, "/v1.0/$batch"),
            (ReadPost::GraphBatch, Service::Graph, "/v1.0/users/x/revokeSignInSessions"),
            (ReadPost::GraphByIds, Service::Graph, "/v1.0/oauth2PermissionGrants"),
            (ReadPost::GraphByIds, Service::Graph, "/v1.0/users?/v1.0/directoryObjects/getByIds"),
            (ReadPost::ResourceGraph, Service::Arm, "/subscriptions/x/resources"),
            (ReadPost::LogQuery, Service::Logs, "/v1/workspaces/../purge/query"),
            (ReadPost::LogQuery, Service::Logs, "/v1/workspaces//query"),
            (ReadPost::LogSearch, Service::Logs, "/v1/workspaces/0b5e-1/query"),
            (ReadPost::InstallationToken, Service::GitHub, "/app/installations/7/suspended"),
            (ReadPost::InstallationToken, Service::GitHub, "/app/installations//access_tokens"),
            (ReadPost::InstallationToken, Service::Graph, "/app/installations/7/access_tokens"),
            (ReadPost::VaultSign, Service::Vault, "/keys/leaver/sign"),
            (ReadPost::VaultSign, Service::Vault, "/keys/leaver/0a1b/decrypt"),
            (ReadPost::VaultSign, Service::Graph, "/keys/leaver/0a1b/sign"),
        ];
        for (route, service, path) in bad {
            assert!(matches!(route.check(service, path, &batch), Err(Error::NotSent(_))), "{path}");
        }
    }

    #[test]
    fn a_batch_can_only_get() {
        let check =
            |item: Value| ReadPost::GraphBatch.check(Service::Graph, "/v1.0/$batch", &json!({ "requests": [item] }));
        assert!(
            check(json!({ "method": "GET", "url": "/users", "headers": { "ConsistencyLevel": "eventual" } })).is_ok()
        );
        for bad in [
            json!({ "method": "DELETE", "url": "/users/x" }),
            json!({ "method": "get", "url": "/users/x" }),
            json!({ "url": "/users/x" }),
            json!({ "method": "GET", "url": "/users/x", "body": {} }),
            json!({ "method": "GET", "url": "/users/x", "headers": { "X-HTTP-Method-Override": "DELETE" } }),
        ] {
            assert!(check(bad.clone()).is_err(), "{bad}");
        }
        assert!(ReadPost::GraphBatch.check(Service::Graph, "/v1.0/$batch", &json!({})).is_err());
    }

    #[test]
    fn a_header_can_neither_carry_a_credential_nor_change_the_method() {
        assert_eq!(headers(&[("ConsistencyLevel", "eventual".into())]).unwrap()["consistencylevel"], "eventual");
        for bad in ["Authorization", "Cookie", "X-HTTP-Method-Override", "Host", "Content-Type"] {
            assert!(headers(&[(bad, "x".into())]).is_err(), "{bad}");
        }
        assert!(headers(&[("Prefer", "a\r\nAuthorization: x".into())]).is_err());
    }
}
