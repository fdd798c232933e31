//! Which store a file is by what stands in it, for the formats that tools share or keep under names of their own: cheap looks
//! first, since every small file comes here.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::super::document::{self, Format, entries, text};
use super::super::lead::Lead;
use super::record::{self, Fields, USUAL};
use super::{Source, assistants, clouds, kubernetes, lines, registries};

/// Larger files are no stores.
const LARGEST: usize = 2 * 1024 * 1024;
/// So much of a file tells its format.
const HEAD: usize = 1024;

/// Whether a file is worth a look: the first bytes of a program or a picture, of a source or a record are none of these.
pub(super) fn may_be_store(text: &[u8]) -> bool {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let head = &text[start..text.len().min(start + HEAD)];
    let begins = |line: &[u8]| BEGINNINGS.iter().any(|word| line.starts_with(word.as_bytes()));
    text.len() <= LARGEST && !head.contains(&0) && head.split(|&byte| byte == b'\n').any(begins)
}

/// How a line begins in the first part of a store.
const BEGINNINGS: &[&str] = &["{", "[", "<", "apiVersion:", "kind:", "clusters:", "users:", "contexts:", "machine "];

/// What the store in a file holds; nothing where it is none.
pub(super) fn leads(source: &Source<'_>) -> Vec<Lead> {
    if source.text.len() > LARGEST {
        return Vec::new();
    }
    let begin = source.text.trim_start();
    match begin.as_bytes() {
        [b'{' | b'[', ..] if JSON.as_ref().is_some_and(|words| words.is_match(begin)) => {
            let documents = document::parse(Format::Json, begin).unwrap_or_default();
            documents.iter().flat_map(|document| of_json(source, document)).collect()
        }
        [b'<', ..] if has_any(begin, XML) => {
            let documents = document::parse(Format::Xml, begin).unwrap_or_default();
            let fields = Fields { kind: "stored-secret", ..USUAL };
            documents.iter().flat_map(|document| record::leads(source, document, &fields)).collect()
        }
        _ => of_text(source, head(begin)),
    }
}

/// Words that stand in the stores which are JSON.
static JSON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let words = [
        "\"auth\"",
        "\"auths\"",
        "\"HttpHeaders\"",
        "\"http-basic\"",
        "\"github-oauth\"",
        "\"gitlab-token\"",
        "\"gitlab-oauth\"",
        "\"bearer\"",
        "\"terraform_version\"",
        "\"Secret\"",
        "\"users\"",
        "\"endpointCredentials\"",
        "\"SecretAccessKey\"",
        "\"SessionToken\"",
        "efresh_token\"",
        "efreshToken\"",
        "ccess_token\"",
        "ccessToken\"",
        "lientSecret\"",
        "lient_secret\"",
        "\"id_token\"",
        "\"idToken\"",
        "\"RefreshToken\"",
    ];
    AhoCorasick::new(words).ok()
});
const XML: &[&str] = &["<packageSourceCredentials", "<servers"];

fn of_json(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let object = |key: &str| document.get(key).is_some_and(Value::is_object);
    let has = |keys: &[&str]| keys.iter().any(|key| object(key));
    if text(document, &["type"]) == Some("authorized_user") {
        return clouds::gcloud(source, document);
    }
    if text(document, &["type"]) == Some("service_account") {
        return Vec::new();
    }
    if has(&["claudeAiOauth", "mcpOAuth"]) {
        return assistants::claude(source, document);
    }
    if clouds::is_msal(document) {
        return clouds::msal(source, document);
    }
    if document.get("terraform_version").is_some() {
        return registries::terraform_state(source, document);
    }
    if has(&["http-basic", "github-oauth", "gitlab-token", "gitlab-oauth", "bearer"]) {
        let tables = &["githuboauth", "gitlabtoken", "gitlaboauth", "bearer"];
        return record::leads(source, document, &Fields { kind: "composer-secret", tables, ..USUAL });
    }
    if has(&["auths", "HttpHeaders"]) || is_oldest_docker(document) {
        return registries::docker(source, document);
    }
    if document.get("apiVersion").is_some() || kubernetes::is_client(document) {
        return kubernetes::manifest(source, document);
    }
    if document.get("endpointCredentials").is_some() {
        return record::leads(source, document, &Fields { kind: "nuget-secret", ..USUAL });
    }
    if let Some(leads) = clouds::of_application(document) {
        return leads;
    }
    signed_in(source, document)
}

/// Whether the value of a variable is a whole store: `DOCKER_AUTH_CONFIG`, `VSS_NUGET_EXTERNAL_FEED_ENDPOINTS`, or
/// `Username=…;Password=…` for one source of packages.
pub(super) fn is_embedded(name: &str, value: &str) -> bool {
    let object =
        value.len() > 8 && value.trim_start().starts_with(['{', '[']) && value.contains(':') && value.contains('"');
    object || is_source(name)
}

fn is_source(name: &str) -> bool {
    name.get(..29).is_some_and(|start| start.eq_ignore_ascii_case("NuGetPackageSourceCredentials"))
}

/// What such a value holds.
pub(super) fn embedded(name: &str, value: &str) -> Vec<Lead> {
    let source = Source { path: std::path::Path::new(""), text: value, beside: &|_| None };
    if is_source(name) {
        let pairs = value.split(';').collect::<Vec<_>>().join("\n");
        let fields = Fields { kind: "nuget-secret", ..USUAL };
        let documents = document::parse(Format::Ini, &pairs).unwrap_or_default();
        return documents.iter().flat_map(|document| record::leads(&source, document, &fields)).collect();
    }
    let plain = value.replace("\\\"", "\"");
    let documents = document::parse(Format::Json, value).or_else(|| document::parse(Format::Json, &plain));
    documents.unwrap_or_default().iter().flat_map(|document| of_json(&source, document)).collect()
}

/// Every entry is a host with an authorization that is a pair.
fn is_oldest_docker(document: &Value) -> bool {
    let mut hosts = entries(document, &[]).peekable();
    let is_pair =
        |entry: &Value| text(entry, &["auth"]).is_some_and(|auth| registries::user_and_password(auth).is_some());
    hosts.peek().is_some() && hosts.all(|(_, entry)| is_pair(entry))
}

/// Tokens of a sign-in, by the names that the protocol gives them, whose values are opaque: a cache, wherever it lies. The
/// description of an interface and its samples have these names, too, but no such values.
fn signed_in(source: &Source<'_>, document: &Value) -> Vec<Lead> {
    let fields = Fields { kind: "cached-sign-in", sign_in: true, ..USUAL };
    if !holds_sign_in(document, 0) {
        return Vec::new();
    }
    let found = record::leads(source, document, &fields).into_iter();
    found.filter(|lead| is_opaque(lead.value.expose())).collect()
}

fn holds_sign_in(value: &Value, depth: usize) -> bool {
    let is_token = |key: &str| {
        matches!(
            record::plain(key).as_str(),
            "refreshtoken" | "accesstoken" | "idtoken" | "sessiontoken" | "secretaccesskey" | "clientsecret"
        )
    };
    match value {
        Value::Object(record) => {
            let own = record.iter().any(|(key, value)| is_token(key) && value.as_str().is_some_and(is_opaque));
            own || depth < 8 && record.values().any(|value| holds_sign_in(value, depth + 1))
        }
        Value::Array(all) => depth < 8 && all.iter().any(|value| holds_sign_in(value, depth + 1)),
        _ => false,
    }
}

/// Whether a value is one that nobody chose: long, of letters and digits, not made of words, and no identifier.
pub(super) fn is_opaque(value: &str) -> bool {
    let (mut digits, mut letters, mut seen) = (0, 0, [false; 128]);
    for byte in value.bytes() {
        digits += usize::from(byte.is_ascii_digit());
        letters += usize::from(byte.is_ascii_alphabetic());
        if let Some(seen) = seen.get_mut(usize::from(byte)) {
            *seen = true;
        }
    }
    let different = seen.iter().filter(|seen| **seen).count();
    value.len() >= 16
        && digits >= 2
        && letters >= 2
        && different >= 9
        && !value.contains("://")
        && !value.contains(char::is_whitespace)
}

/// YAML, sections and words.
fn of_text(source: &Source<'_>, head: &str) -> Vec<Lead> {
    let line = |words: &[&str]| head.lines().any(|line| words.iter().any(|word| line.starts_with(word)));
    let words: Vec<&str> = head.split_whitespace().take(2).collect();
    if line(&["apiVersion:", "kind:", "clusters:", "users:", "contexts:"])
        && has_any(source.text, &["Secret", "users:"])
    {
        return kubernetes::manifests(source);
    }
    if matches!(words[..], ["machine", _]) && source.text.contains("password") {
        return lines::netrc(source);
    }
    if line(&["["]) {
        if has_any(source.text, &["aws_secret_access_key", "aws_session_token"]) {
            return clouds::aws(source);
        }
        if line(&["[distutils]", "[pypi]"]) {
            return lines::pypi(source);
        }
        if line(&["[credential", "[http ", "[remote ", "[core]"])
            && has_any(source.text, &["extraheader", "extraHeader"])
        {
            return lines::git(source);
        }
    }
    Vec::new()
}

fn head(text: &str) -> &str {
    let end = (0..=HEAD.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    &text[..end]
}

fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some())
}
