//! Sign-ins of coding assistants and of their MCP bridge.

use serde_json::Value;

use super::super::document::{self, Format, text};
use super::super::lead::{Lead, account};
use super::Source;
use crate::token::owner::Owner;

/// `claudeAiOauth`; the account stands in `~/.claude.json`.
pub(super) fn claude(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = account_in(source, "../.claude.json", &["oauthAccount", "emailAddress"]);
    secrets(document, &["claudeAiOauth"], &["accessToken", "refreshToken"], "claude-secret", owner)
}

/// The identity token names the account; the others are opaque.
pub(super) fn codex(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["tokens", "id_token"]).and_then(claims_of);
    let mut leads =
        secrets(document, &["tokens"], &["id_token", "access_token", "refresh_token"], "codex-secret", owner.clone());
    leads.extend(secrets(document, &[], &["OPENAI_API_KEY"], "codex-secret", owner));
    leads
}

pub(super) fn gemini(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["id_token"])
        .and_then(claims_of)
        .or_else(|| account_in(source, "google_accounts.json", &["active"]));
    secrets(document, &[], &["access_token", "refresh_token", "id_token"], "gemini-secret", owner)
}

/// One folder per version of the bridge: the tokens of older versions stay behind.
pub(super) fn mcp_remote(_: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["id_token"]).or(text(document, &["access_token"])).and_then(claims_of);
    secrets(document, &[], &["access_token", "refresh_token", "id_token"], "mcp-remote-secret", owner)
}

fn secrets(document: &Value, below: &[&str], names: &[&str], kind: &'static str, owner: Option<Owner>) -> Vec<Lead> {
    let found = names.iter().filter_map(|name| {
        let path: Vec<&str> = below.iter().chain([name]).copied().collect();
        Some(Lead::new(text(document, &path)?).of_kind(kind).named(*name).signed_in(owner.clone()))
    });
    found.collect()
}

fn account_in(source: &Source<'_>, file: &str, path: &[&str]) -> Option<Owner> {
    let documents = document::parse(Format::Json, &(source.beside)(file)?)?;
    account("mail", text(documents.first()?, path)?)
}

fn claims_of(token: &str) -> Option<Owner> {
    crate::token::owner::inside(crate::token::kinds().named("jwt")?, token.as_bytes()).owner
}
