//! The token endpoint of the estate: it gives a token to everybody who names the right tenant and asks properly.

use serde_json::json;

use super::http::{Ask, Body, Reply};

/// Answers `/login/{tenant}/oauth2/v2.0/token`.
pub(super) fn answer(ask: &Ask, tenant: &str, issue: impl FnOnce() -> String) -> Reply {
    let segments: Vec<&str> = ask.segments.iter().map(String::as_str).collect();
    let ["login", asked, "oauth2", "v2.0", "token"] = segments[..] else { return Reply::unknown(ask) };
    if ask.method != "POST" {
        return Reply::error(405, "MethodNotAllowed", "Tokens are asked for with POST.");
    }
    if !asked.eq_ignore_ascii_case(tenant) {
        return refusal("invalid_request", "AADSTS90002: Tenant not found.");
    }
    let form = |name: &str| url::form_urlencoded::parse(&ask.body).find(|(key, _)| key == name).map(|(_, value)| value);
    match (form("grant_type").as_deref(), form("scope").as_deref()) {
        (Some("client_credentials"), Some(scope)) if scope.ends_with("/.default") => Reply::json(json!({
            "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": issue(),
        })),
        (Some("client_credentials"), _) => refusal("invalid_scope", "AADSTS1002012: The scope is not valid."),
        _ => refusal("unsupported_grant_type", "AADSTS70003: The grant type is not supported."),
    }
}

fn refusal(error: &str, description: &str) -> Reply {
    Reply::new(400, Body::Json(json!({ "error": error, "error_description": description })))
}
