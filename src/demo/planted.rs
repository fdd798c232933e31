//! Credentials that stand in clear in an estate. The files hold marks in their place, for there must be no credential
//! in this repository: `@@github-pat@@` and `@@jwt:NAME@@` become synthetic ones that look real and belong to nobody.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::token::checksum::crc_base62;

/// The same value with credentials where its texts have marks.
pub(super) fn filled(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains("@@") => replaced(&text).into(),
        Value::Array(items) => items.into_iter().map(filled).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, field)| (name, filled(field))).collect(),
        other => other,
    }
}

fn replaced(text: &str) -> String {
    let mut parts = text.split("@@");
    let mut out = parts.next().unwrap_or_default().to_owned();
    while let (Some(mark), Some(rest)) = (parts.next(), parts.next()) {
        match mark.strip_prefix("jwt:") {
            Some(name) => out.push_str(&jwt(name)),
            None => out.push_str(&personal()),
        }
        out.push_str(rest);
    }
    out
}

fn noise(seed: &str, length: usize) -> String {
    Sha256::digest(seed).iter().map(|byte| format!("{byte:02x}")).collect::<String>().chars().take(length).collect()
}

fn personal() -> String {
    let body = noise("personal", 30);
    format!("ghp_{body}{}", String::from_utf8_lossy(&crc_base62(body.as_bytes())))
}

fn jwt(name: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "iss": "https://login.contoso.example", "upn": name, "exp": 1_893_456_000 });
    format!("{}.{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims), noise(name, 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token;

    #[test]
    fn a_mark_becomes_a_token_that_is_recognised() {
        for (mark, kind) in [("@@github-pat@@", "github-pat"), ("@@jwt:alice@contoso.example@@", "jwt")] {
            let row = filled(json!({ "list": [{ "text": format!("A: {mark}\nB: 1\n"), "name": "x@y" }] }));
            let text = row["list"][0]["text"].as_str().unwrap();
            assert!(text.starts_with("A: ") && text.ends_with("\nB: 1\n") && row["list"][0]["name"] == "x@y");
            assert!(token::scrub(text).contains(kind) || token::scrub(text) != text, "{kind}");
        }
    }
}
