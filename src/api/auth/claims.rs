//! What a token of Entra says of itself: whose it is, of which tenant, what it may do, until when. The token is not ours to
//! verify, so none of this is proof: it can only refuse a run, and name who read.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::text::{Secret, guid};

/// The claims of one token. Absent is "it does not say".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Claims {
    /// The tenant that issued it.
    pub tenant: Option<String>,
    /// The object id of who has it.
    pub object_id: Option<String>,
    /// The appId that asked for it.
    pub application: Option<String>,
    /// What the identity is called.
    pub name: Option<String>,
    /// Roles of an application, or scopes of a user.
    pub permissions: Option<BTreeSet<String>>,
    /// Whether a person is signed in, and no application for itself.
    pub is_user: Option<bool>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl Claims {
    /// Reads them. Nothing: the token has no claims that can be read.
    ///
    /// <https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>
    pub fn of(token: &Secret) -> Option<Claims> {
        let mut parts = token.expose().split('.');
        let payload = parts.nth(1)?;
        parts.next()?;
        let decoded = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
        let claims: Map<String, Value> = serde_json::from_slice(&decoded).ok()?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let first = |names: &[&str]| names.iter().find_map(|name| text(name)).map(str::to_owned);
        let roles = claims.get("roles").and_then(Value::as_array);
        let roles = roles.map(|roles| roles.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        let scopes = text("scp").map(|scp| scp.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>());
        let is_user = match (text("idtyp"), &scopes, &roles) {
            (Some(kind), ..) => Some(kind.eq_ignore_ascii_case("user")),
            (None, Some(_), _) => Some(true),
            (None, None, Some(_)) => Some(false),
            (None, None, None) => None,
        };
        Some(Claims {
            tenant: text("tid").and_then(guid),
            object_id: text("oid").and_then(guid),
            application: first(&["appid", "azp"]),
            name: first(&["upn", "preferred_username", "unique_name", "app_displayname"]),
            permissions: union(roles, scopes),
            is_user,
            expires_at: claims.get("exp").and_then(moment),
        })
    }
}

fn union(one: Option<BTreeSet<String>>, other: Option<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(&one | &other),
        (one, other) => one.or(other),
    }
}

/// Seconds since 1970, which some libraries write as a text.
fn moment(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    Timestamp::from_second(seconds).ok()
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    /// A token with these claims, made here and signed by nobody.
    pub(crate) fn token(claims: &Value) -> Secret {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        Secret::new(&[part(&json!({ "alg": "none" })), part(claims), "x".to_owned()].join("."))
    }

    #[test]
    fn a_token_says_whose_it_is_and_until_when() {
        let (oid, tid) = ("87d349ed-44d7-43e1-9a83-5f2406dee5bd", "84841066-274d-4ec0-a5c1-276be684bdd3");
        let claims = Claims::of(&token(&json!({
            "tid": tid.to_uppercase(), "oid": oid, "exp": 4_102_444_800_i64, "roles": ["User.Read.All"],
            "app_displayname": "auditor", "appid": "x",
        })))
        .unwrap();
        assert_eq!((claims.tenant.as_deref(), claims.object_id.as_deref()), (Some(tid), Some(oid)));
        assert_eq!((claims.name.as_deref(), claims.is_user), (Some("auditor"), Some(false)));
        assert_eq!(claims.permissions, Some(["User.Read.All".to_owned()].into()));
        assert_eq!(claims.expires_at.map(|at| at.to_string()).as_deref(), Some("2100-01-01T00:00:00Z"));
        let user = Claims::of(&token(&json!({ "scp": "a b", "upn": "e@x", "exp": "1" }))).unwrap();
        assert_eq!((user.is_user, user.permissions.map(|all| all.len())), (Some(true), Some(2)));
        assert!(user.expires_at.is_some() && user.tenant.is_none());
    }

    #[test]
    fn a_token_without_claims_says_nothing() {
        for text in ["", "demo", "a.b.c", "a.e30", "..", "a.W10.c"] {
            assert_eq!(Claims::of(&Secret::new(text)), None, "{text}");
        }
        assert_eq!(Claims::of(&Secret::new("a.e30.c")), Some(Claims::default()));
    }
}
