//! Sign-ins of coding assistants and of their MCP bridge: their own, and those to the servers that they reach.

use serde_json::Value;

use super::super::document::{self, Format, text};
use super::super::lead::{Lead, account};
use super::Source;
use super::record::{self, Fields, USUAL};
use crate::token::owner::Owner;

/// The sign-in to the assistant and those to MCP servers (`mcpOAuth`); the account stands in `~/.claude.json`.
pub(super) fn claude(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    const PLACES: &[&str] = &["../.claude.json", ".claude.json", ".config.json"];
    let owner = PLACES.iter().find_map(|file| account_in(source, file, &["oauthAccount", "emailAddress"]));
    all(source, document, "claude-secret", owner)
}

/// The identity token names the account; the others are opaque.
pub(super) fn codex(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["tokens", "id_token"]).and_then(record::claims);
    all(source, document, "codex-secret", owner)
}

pub(super) fn gemini(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["id_token"])
        .and_then(record::claims)
        .or_else(|| account_in(source, "google_accounts.json", &["active"]));
    all(source, document, "gemini-secret", owner)
}

/// One folder per version of the bridge: the tokens of older versions stay behind, and what it is registered with.
pub(super) fn mcp_remote(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let owner = text(document, &["id_token"]).or(text(document, &["access_token"])).and_then(record::claims);
    all(source, document, "mcp-remote-secret", owner)
}

/// What any assistant or editor keeps of sign-ins.
pub(super) fn any(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    all(source, document, "assistant-secret", None)
}

/// Every secret of a store that one person's assistant keeps: of its own record, else of that person, else of whose home it is.
fn all(source: &Source<'_>, document: &Value, kind: &'static str, owner: Option<Owner>) -> Vec<Lead> {
    let fields = Fields { kind, sign_in: true, ..USUAL };
    let found = record::leads(source, document, &fields).into_iter();
    found
        .map(|lead| match (&owner, lead.is_told()) {
            (Some(owner), false) => lead.signed_in(Some(owner.clone())),
            _ => lead,
        })
        .collect()
}

fn account_in(source: &Source<'_>, file: &str, path: &[&str]) -> Option<Owner> {
    let documents = document::parse(Format::Json, &(source.beside)(file)?)?;
    account("mail", text(documents.first()?, path)?)
}
