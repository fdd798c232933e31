//! What can be verified in a token: a checksum, or a structure that random text has not.

use base64::Engine;
use base64::engine::general_purpose::GeneralPurposeConfig;
use base64::engine::{DecodePaddingMode, GeneralPurpose};
use serde::Deserialize;

use super::{checksum, opaque, placeholder};

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
    Drawn,
    Raw,
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
            Check::Jwt => is_signed(token),
            Check::Pem => has_key_material(token),
            Check::Drawn => is_drawn(token),
            Check::Raw => is_raw(token),
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

/// Whether base64 begins with text, as every object does.
pub(super) fn begins_with_text(text: &[u8]) -> bool {
    let head = base64(&text[..text.len().min(16) & !3]).unwrap_or_default();
    !head.is_empty() && head.iter().all(|&byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace())
}

/// The shortest signature there is, of 32 bytes.
const SIGNATURE: usize = 43;

/// A header that names an algorithm, and a signature as long as the shortest one; five parts are encrypted. What was published
/// to show the format opens nothing.
fn is_signed(token: &[u8]) -> bool {
    let parts: Vec<&[u8]> = token.split(|&byte| byte == b'.').collect();
    let Some(header) = jwt_part(token, 0) else { return false };
    let algorithm = header.get("alg").and_then(serde_json::Value::as_str);
    let is_encrypted = parts.len() == 5 && header.contains_key("enc");
    let is_signed = parts.get(2).is_some_and(|sum| sum.len() >= SIGNATURE && !placeholder::is_sample(sum, 0));
    let shows = jwt_part(token, 1).is_some_and(|claims| super::claims::is_published(&claims));
    algorithm.is_some_and(|name| !name.eq_ignore_ascii_case("none")) && (is_encrypted || (is_signed && !shows))
}

/// So many characters have the shortest keys: a seed of 32 bytes behind what says that it is one, or in a file of OpenSSH.
const SHORTEST_KEY: usize = 60;
/// From this length on a key need not show what it is: it may be encrypted, or of a format of its own.
const LONG_KEY: usize = 100;

/// The base64 of a private key without what stands around it.
pub(super) fn material(pem: &[u8]) -> Option<Vec<u8>> {
    let begins = pem.windows(3).position(|three| three == b"KEY").map(|at| at + 3)?;
    let body = pem[begins..].strip_prefix(b" BLOCK").unwrap_or(&pem[begins..]);
    let body = body.strip_prefix(b"-----").unwrap_or(body);
    let end = body.windows(5).position(|five| five == b"-----").unwrap_or(body.len());
    Some(key_material(&body[..end]))
}

/// Whether base64 of a key stands behind the beginning: a sample says `...`, and program text goes on with something else.
fn has_key_material(pem: &[u8]) -> bool {
    let Some(begins) = pem.windows(3).position(|three| three == b"KEY").map(|at| at + 3) else { return false };
    let label = &pem[..begins];
    let Some(material) = material(pem) else { return false };
    let mut seen = [false; 256];
    material.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    if material.len() < SHORTEST_KEY || seen.iter().filter(|seen| **seen).count() < 16 {
        return false;
    }
    if material.len() >= LONG_KEY {
        return true;
    }
    // A sequence that is as long as it says.
    let is_key = |key: Vec<u8>| matches!(key[..], [0x30, length, ..] if usize::from(length) + 2 == key.len());
    !label.windows(9).any(|word| word == b"ENCRYPTED") && base64(&material).is_some_and(is_key)
}

/// The base64 of a body, whatever it is written in: lines with quotes, marks and escapes around them, or one line with blanks.
fn key_material(body: &[u8]) -> Vec<u8> {
    let mut material = Vec::new();
    let text = String::from_utf8_lossy(body).replace("\\r", "\n").replace("\\n", "\n").replace("\\t", " ");
    for line in text.lines() {
        let line = line
            .trim_matches(|c: char| c.is_whitespace() || "\"'`,;|>*#\\".contains(c))
            .trim_end_matches(['+', ' ', '"', '\'']);
        // `Proc-Type: 4,ENCRYPTED`
        if line.contains(": ") || line.is_empty() {
            continue;
        }
        for word in line.split_whitespace() {
            let is_base64 = word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='));
            if !is_base64 {
                return material;
            }
            material.extend_from_slice(word.as_bytes());
        }
    }
    material
}

fn is_user_and_password(pair: &[u8]) -> bool {
    std::str::from_utf8(pair).is_ok_and(|pair| {
        pair.split_once(':').is_some_and(|(_, password)| !password.is_empty()) && !pair.chars().any(char::is_control)
    })
}

/// A word that nobody chose, which no user is called.
fn is_drawn(token: &[u8]) -> bool {
    std::str::from_utf8(token).is_ok_and(|text| {
        opaque::is_guid(text) || text.split(|c: char| !c.is_ascii_alphanumeric()).any(opaque::is_random)
    })
}

/// A password in an address that holds what ends one elsewhere: no port before a path, no name of a repository or an image.
fn is_raw(token: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(token) else { return false };
    let before = text.split(['/', '?', '#']).next().unwrap_or_default();
    let is_port = before.bytes().all(|byte| byte.is_ascii_digit());
    let names = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let drawn = || text.split(|c: char| !c.is_ascii_alphanumeric()).any(opaque::is_random);
    before.len() < text.len() && !is_port && !text.contains("//") && (!text.chars().all(names) || drawn())
}

/// Words have no digits, identifiers repeat themselves.
fn is_opaque(token: &[u8]) -> bool {
    let mut seen = [false; 256];
    token.iter().for_each(|&byte| seen[usize::from(byte)] = true);
    token.iter().any(u8::is_ascii_digit) && seen.iter().filter(|seen| **seen).count() >= 8
}
