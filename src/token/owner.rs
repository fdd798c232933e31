//! Whose a token is as far as it says so itself, without asking anybody. A claim inside a token is a lead, not proof:
//! nobody checked its signature.

use jiff::Timestamp;
use jiff::civil::date;
use serde_json::Value;

use super::claims;
use super::kinds::{Holder, Kind};
use super::structure::{base64, jwt_part};
use crate::text::Untrusted;

/// What a token says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inside {
    /// The account.
    pub owner: Option<Owner>,
    /// Person, service or job, where the token knows better than its kind.
    pub holder: Option<Holder>,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// What it may do.
    pub scope: Option<Untrusted>,
}

/// An account in some system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The system and sort of account, in the words of `identity.kind` where there is one.
    pub kind: &'static str,
    /// The immutable id there.
    pub id: Option<Untrusted>,
    /// The name there.
    pub name: Option<Untrusted>,
}

/// What `token`, of this kind, says about itself.
pub fn inside(kind: &Kind, token: &[u8]) -> Inside {
    match kind.name.as_str() {
        "jwt" => jwt_part(token, 1).map(|claims| claims::inside(&claims)).unwrap_or_default(),
        "aws-access-key" | "aws-session-key" => owned("aws-account", aws_account(token), None),
        "pypi-token" => owned("pypi", macaroon_user(token), None),
        "slack-user" | "slack-session" => owned("slack", part(token, b'-', 2), None),
        "sentry-organization" => owned("sentry-organization", None, sentry_organization(token)),
        "private-key" => owned("ssh-comment", None, ssh_comment(token)),
        "azure-devops-pat" => Inside { created_at: cask_month(token), ..Inside::default() },
        _ => Inside::default(),
    }
}

pub(super) fn owned(kind: &'static str, id: Option<String>, name: Option<String>) -> Inside {
    let known = id.is_some() || name.is_some();
    let owner = Owner { kind, id: id.map(Untrusted::from), name: name.map(Untrusted::from) };
    Inside { owner: known.then_some(owner), ..Inside::default() }
}

/// Five bits a character; the account is in the 40 bits from the second one on. The oldest keys hold none.
fn aws_account(token: &[u8]) -> Option<String> {
    if matches!(token.get(4), None | Some(b'I' | b'J')) {
        return None;
    }
    let mut number = 0u64;
    for &character in token.get(4..14)? {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'2'..=b'7' => character - b'2' + 26,
            _ => return None,
        };
        number = (number << 5) | u64::from(value);
    }
    Some(format!("{:012}", ((number >> 2) & 0x7fff_ffff_ff80) >> 7))
}

/// A caveat of a PyPI macaroon is a JSON list; `[3, "<user id>"]` binds it to an account.
fn macaroon_user(token: &[u8]) -> Option<String> {
    let bytes = base64(token.strip_prefix(b"pypi-")?)?;
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'[').find_map(|(at, _)| {
        let end = at + bytes[at..].iter().position(|&byte| byte == b']')?;
        match serde_json::from_slice::<Vec<Value>>(&bytes[at..=end]).ok()?.as_slice() {
            [kind, Value::String(user)] if kind.as_i64() == Some(3) => Some(user.clone()),
            _ => None,
        }
    })
}

fn part(token: &[u8], separator: u8, index: usize) -> Option<String> {
    let part = token.split(|&byte| byte == separator).nth(index)?;
    Some(String::from_utf8_lossy(part).into_owned())
}

fn sentry_organization(token: &[u8]) -> Option<String> {
    let end = token.iter().rposition(|&byte| byte == b'_')?;
    let payload: Value = serde_json::from_slice(&base64(token.get(7..end)?)?).ok()?;
    Some(payload.get("org")?.as_str()?.to_owned())
}

/// Positions 58 and 59 of a Common Annotated Security Key: year (A is 2024) and month (A is January).
fn cask_month(token: &[u8]) -> Option<Timestamp> {
    (token.get(52..58) == Some(b"JQQJ99")).then_some(())?;
    let letter = |at: usize| token.get(at).filter(|byte| byte.is_ascii_uppercase()).map(|byte| i16::from(byte - b'A'));
    let (year, month) = (2024 + letter(58)?, 1 + letter(59)?);
    let first = jiff::civil::Date::new(year, i8::try_from(month).ok()?, 1).unwrap_or(date(1970, 1, 1));
    (first.year() >= 2024).then_some(())?;
    first.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
}

/// The comment of an OpenSSH key, mostly `user@host`, is the last string before the padding; encrypted keys hide it.
fn ssh_comment(pem: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(pem).ok()?;
    let body = text.strip_prefix("-----BEGIN OPENSSH PRIVATE KEY-----")?.split("-----").next()?;
    let plain: String = body.replace("\\n", "").split_whitespace().collect();
    let key = base64(plain.as_bytes())?;
    let mut rest = key.strip_prefix(b"openssh-key-v1\0")?;
    let cipher = string(&mut rest)?;
    string(&mut rest)?;
    string(&mut rest)?;
    rest = rest.get(4..)?;
    string(&mut rest)?;
    let mut private = string(&mut rest)?.get(8..)?;
    (cipher == b"none").then_some(())?;
    let mut comment = None;
    while let Some(next) = string(&mut private) {
        comment = Some(next);
    }
    String::from_utf8(comment?.to_vec()).ok().filter(|comment| !comment.is_empty())
}

/// A length in four bytes, then as many bytes.
fn string<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, after) = rest.split_first_chunk::<4>()?;
    let (value, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    *rest = after;
    Some(value)
}
