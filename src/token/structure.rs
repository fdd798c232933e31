//! What can be verified in a token: a checksum, or a structure that random text has not.

use base64::Engine;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use serde::Deserialize;

use super::checksum;

/// Base64 as files have it: with or without padding, and whatever the last bits are.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);

/// The verification that a kind names in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Check {
    Github,
    Npm,
    Atlassian,
    Grafana,
    Entra,
    Cask,
    AzureDevopsLegacy,
    AzureStorage,
    Jwt,
    Pem,
    Basic,
    Opaque,
}

impl Check {
    /// Whether it holds; `None` when this form of the token carries nothing to verify.
    pub(super) fn verify(self, token: &[u8]) -> Option<bool> {
        match self {
            Check::Github | Check::Npm => checksum::github(token),
            Check::Atlassian => checksum::atlassian(token),
            Check::Grafana => checksum::grafana(token),
            Check::Entra => checksum::entra(token),
            Check::Cask => checksum::cask(token),
            Check::AzureDevopsLegacy => checksum::azure_devops_legacy(token),
            Check::AzureStorage => checksum::azure_storage(token),
            structure => Some(structure.holds(token)),
        }
    }

    fn holds(self, token: &[u8]) -> bool {
        match self {
            Check::Jwt => jwt_part(token, 0).is_some_and(|header| header.get("alg").is_some()),
            Check::Pem => has_key_material(token),
            Check::Basic => base64(token).is_some_and(|pair| is_user_and_password(&pair)),
            _ => is_opaque(token),
        }
    }
}

/// Decodes either alphabet of base64, padded or not.
pub(crate) fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    if url_safe { URL_SAFE.decode(text).ok() } else { STANDARD.decode(text).ok() }
}

/// One part of a JSON Web Token as an object.
pub(super) fn jwt_part(token: &[u8], part: usize) -> Option<serde_json::Map<String, serde_json::Value>> {
    let part = token.split(|&byte| byte == b'.').nth(part)?;
    serde_json::from_slice(&base64(part)?).ok()
}

/// A sample says `...` where a key has base64; 48 bytes are the shortest key there is.
fn has_key_material(pem: &[u8]) -> bool {
    let body = pem.splitn(3, |&byte| byte == b' ').nth(2).unwrap_or_default();
    body.iter().filter(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')).count() >= 100
}

fn is_user_and_password(pair: &[u8]) -> bool {
    std::str::from_utf8(pair).is_ok_and(|pair| {
        pair.split_once(':').is_some_and(|(_, password)| !password.is_empty()) && !pair.chars().any(char::is_control)
    })
}

/// Words have no digits, identifiers repeat themselves.
fn is_opaque(token: &[u8]) -> bool {
    let mut seen = [false; 256];
    token.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    token.iter().any(u8::is_ascii_digit) && seen.iter().filter(|seen| **seen).count() >= 8
}
