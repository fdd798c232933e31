//! One entry of an MCP server: recognised by its form, and searched for every secret that it hands over: in its environment,
//! its headers, its arguments, its command line and its address.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::Lead;
use super::hosts;
use crate::token::named::{self, Says, is_drawn, is_literal, is_secret};
use crate::token::opaque::{conceal, is_guid, is_random};
use crate::token::placeholder;

/// How a transport is called, which nothing but such an entry says of itself.
const TRANSPORTS: &[&str] =
    &["stdio", "http", "sse", "streamable-http", "streamable_http", "streamablehttp", "local", "remote", "ws"];

/// What introduces a secret in the value of a header.
const SCHEMES: &[&str] =
    &["bearer", "basic", "token", "apikey", "api-key", "key", "bot", "splunk", "sso-key", "digest", "negotiate"];

/// Commands whose arguments hold a command line of their own are rarely nested.
const DEPTH: usize = 3;

/// No text grows beyond this by what its references stand for.
const LONGEST: usize = 64 * 1024;

/// How many names may stand before one value.
const NAMES: usize = 4;

/// Where such an entry has what.
pub(super) struct Entry {
    pub(super) url: Option<String>,
    /// The program and its arguments, with what they take from the environment of the entry.
    pub(super) words: Vec<String>,
    variables: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

impl Entry {
    /// An object with a command or an address; if nothing around it says that it is a server, with what only servers have.
    pub(super) fn of(value: &Value, named: bool) -> Option<Entry> {
        value.as_object()?;
        let url = ["url", "serverUrl", "server_url", "httpUrl", "http_url", "uri", "endpoint", "baseUrl", "sseUrl"]
            .into_iter()
            .find_map(|key| text(value, &[key]))
            .filter(|url| url.contains("://"));
        let command = ["command", "cmd"].into_iter().find_map(|key| value.get(key));
        let inner = command.filter(|command| command.is_object()).unwrap_or(value);
        let mut words = command.map(command_words).unwrap_or_default();
        words.extend(["args", "arguments"].into_iter().flat_map(|key| strings(inner.get(key))));
        let places = [inner, value];
        let variables: Vec<_> = places.iter().flat_map(|place| tables(place, VARIABLES)).collect();
        let requests =
            ["requestInit", "requestOptions", "transport", "options"].into_iter().filter_map(|key| value.get(key));
        let headers: Vec<_> = std::iter::once(value).chain(requests).flat_map(|place| tables(place, HEADERS)).collect();
        let transport = ["type", "transport", "transportType"].into_iter().find_map(|key| text(value, &[key]));
        let is_transport = transport.is_some_and(|kind| TRANSPORTS.contains(&kind.to_ascii_lowercase().as_str()));
        let is_other = ["image", "build", "label", "steps", "uses", "program", "containers"]
            .iter()
            .any(|key| value.get(key).is_some());
        let is_one = match named {
            true => url.is_some() || !words.is_empty(),
            false => {
                !is_other
                    && ((!words.is_empty()
                        && (is_transport || VARIABLES.iter().any(|key| inner.get(key).is_some_and(Value::is_object))))
                        || (url.is_some() && is_transport && !headers.is_empty()))
            }
        };
        let entry = Entry { url: url.map(str::to_owned), words, variables, headers };
        is_one.then(|| entry.expanded())
    }

    /// A reference to a variable of the same entry becomes its value.
    fn expanded(mut self) -> Entry {
        let variables: HashMap<String, String> = self.variables.iter().rev().cloned().collect();
        let expand = |text: &mut String| {
            if text.contains('$') {
                *text = expanded(text, &variables);
            }
        };
        self.words.iter_mut().for_each(expand);
        self.headers.iter_mut().for_each(|(_, value)| expand(value));
        self.url.iter_mut().for_each(expand);
        self
    }

    /// What cannot be a secret: the host, or the name of the program.
    pub(super) fn target(&self) -> Option<String> {
        let shown = match &self.url {
            Some(url) => host_of(url),
            None => program(&self.words),
        };
        shown.map(|shown| conceal(&shown).into_owned())
    }

    /// Every secret that stands in the entry itself, each once.
    pub(super) fn literals(&self) -> Vec<Lead> {
        let mut leads = Vec::new();
        leads.extend(self.variables.iter().flat_map(|(name, value)| literal(name, value)));
        leads.extend(self.headers.iter().flat_map(|(name, value)| header(name, value)));
        leads.extend(in_words(&self.words, DEPTH));
        leads.extend(self.url.iter().flat_map(|url| in_url(url)));
        let mut seen = BTreeSet::new();
        leads.retain(|lead: &Lead| seen.insert(lead.value.expose().to_owned()));
        leads
    }
}

const VARIABLES: &[&str] = &["env", "environment", "envs", "envVars", "env_vars"];
const HEADERS: &[&str] = &["headers", "http_headers", "httpHeaders", "header", "extraHeaders"];

fn strings(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::String(text)) => hosts::words(text),
        _ => Vec::new(),
    }
}

/// A program, a whole command line, a list of words, or an object with a path.
fn command_words(command: &Value) -> Vec<String> {
    match command {
        Value::String(path) if std::path::Path::new(path).is_absolute() && !path.contains(" -") => vec![path.clone()],
        Value::Object(_) => {
            text(command, &["path"]).or(text(command, &["command"])).map(hosts::words).unwrap_or_default()
        }
        other => strings(Some(other)),
    }
}

/// Names with values, as a map, as `NAME=value`, as `Name: value` or as objects.
fn tables(place: &Value, keys: &[&str]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for key in keys {
        let map = entries(place, &[key]).filter_map(|(name, value)| Some((name.to_owned(), plain(value)?)));
        pairs.extend(map);
        for item in place.get(key).and_then(Value::as_array).into_iter().flatten() {
            let line = item.as_str().and_then(|line| line.split_once(['=', ':']));
            let named = || Some((text(item, &["name"]).or(text(item, &["key"]))?, text(item, &["value"])?));
            pairs.extend(line.or_else(named).map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
        }
        let lines = text(place, &[key]).into_iter().flat_map(str::lines).filter_map(|line| line.split_once([':', '=']));
        pairs.extend(lines.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())));
    }
    pairs
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Object(_) => text(value, &["value"]).map(str::to_owned),
        _ => None,
    }
}

/// `$NAME`, `${NAME}` and `${env:NAME}` with the values of `variables`; what is none of them stays, and nothing grows without end.
fn expanded(text: &str, variables: &HashMap<String, String>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let (name, length) = reference(&rest[at..]);
        let value = variables.get(name).filter(|value| out.len() + value.len() < LONGEST);
        out.push_str(value.map_or(&rest[at..at + length], String::as_str));
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    out
}

/// The name that a text beginning with `$` refers to, and how long the reference is.
fn reference(text: &str) -> (&str, usize) {
    if let Some(inner) = text.strip_prefix("${") {
        let Some(end) = inner.bytes().take(256).position(|byte| byte == b'}') else { return ("", 2) };
        let name = &inner[..end];
        return (name.strip_prefix("env:").unwrap_or(name), end + 3);
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = text[1..].split(|c| !is_word(c)).next().unwrap_or_default();
    (name, 1 + name.len())
}

fn lead(name: &str, value: &str) -> Lead {
    Lead::new(value).named(name).of_kind("mcp-secret")
}

fn has_shape(value: &str) -> bool {
    !crate::token::kinds_of_run().find(value.as_bytes()).is_empty()
}

/// A value under a secret name, behind `Bearer` or `Basic` or alone; also headers and addresses that a variable holds.
fn literal(name: &str, value: &str) -> Vec<Lead> {
    named_literal(name, value, NAMES)
}

fn named_literal(name: &str, value: &str, names: usize) -> Vec<Lead> {
    let default = placeholder::default(value.as_bytes()).map(String::from_utf8_lossy);
    let value = default.as_deref().unwrap_or(value).trim();
    if let Ok(Value::Object(inner)) = serde_json::from_str::<Value>(value) {
        let inner = inner.iter().filter(|_| names > 0);
        return inner
            .filter_map(|(name, value)| Some(named_literal(name, value.as_str()?, names - 1)))
            .flatten()
            .collect();
    }
    let parts = parts(value);
    if !parts.is_empty() {
        return parts;
    }
    if value.contains("://") {
        return in_url(value);
    }
    let header = value.split_once(':').filter(|(header, _)| names > 0 && named::says(header) > Says::Nothing);
    if let Some((header, rest)) = header {
        return named_literal(header.trim(), rest, names - 1);
    }
    let (scheme, bare) = scheme(value);
    let announced = scheme && is_literal(bare);
    if announced || has_shape(bare) || is_secret(name, bare) { vec![lead(name, bare)] } else { Vec::new() }
}

/// A header: whatever it is called, what looks drawn at random is there to let somebody in.
fn header(name: &str, value: &str) -> Vec<Lead> {
    let (found, value) = (literal(name, value), value.trim());
    let is_value = value.len() >= 20 && is_random(value) && !is_guid(value) && is_literal(value);
    if found.is_empty() && is_value { vec![lead(name, value)] } else { found }
}

/// `Server=h;User Id=u;Password=p`, as databases and brokers are addressed; nothing where no part of it says that it is secret.
fn parts(text: &str) -> Vec<Lead> {
    let pairs = || text.split(';').filter_map(|pair| pair.split_once('='));
    if pairs().nth(1).is_none() {
        return Vec::new();
    }
    let secret = |(name, value): (&str, &str)| {
        let (name, value) = (name.trim(), value.trim().trim_matches(['"', '\'']));
        is_secret(name, value).then(|| lead(name, value))
    };
    pairs().filter_map(secret).collect()
}

/// `Bearer value`: whether there is such a word, and what stands behind it.
fn scheme(value: &str) -> (bool, &str) {
    match value.split_once(char::is_whitespace) {
        Some((scheme, rest)) if SCHEMES.contains(&scheme.to_ascii_lowercase().as_str()) => (true, rest.trim()),
        _ => (false, value),
    }
}

/// A command line, word by word: `--api-key=T`, `--token T`, `--header "K: V"`, `-e K=V`, `K=V`, addresses, and command
/// lines inside of it.
fn in_words(words: &[String], depth: usize) -> Vec<Lead> {
    let mut leads = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        at += 1;
        let (option, joined) = match word.split_once('=') {
            Some((option, value)) if word.starts_with('-') => (option, Some(value)),
            _ => (word.as_str(), None),
        };
        if is_header(option) {
            let (line, taken) = header_line(joined, &words[at..]);
            at += taken;
            if let Some((name, value)) = line.split_once([':', '=']) {
                leads.extend(header(name.trim(), value));
            }
            continue;
        }
        let next = words.get(at).map(String::as_str).filter(|next| !next.starts_with("--"));
        leads.extend(match (option, joined, next) {
            ("-e" | "--env" | "--set-env", None, Some(next)) => {
                at += 1;
                assigned(next)
            }
            ("-e" | "--env" | "--set-env", Some(pair), _) => assigned(pair),
            (option, Some(value), _) => literal(option.trim_start_matches('-'), value),
            (option, None, Some(next)) if option.starts_with('-') && !is_short_pair(option) => {
                let found = after(option, next);
                at += usize::from(!found.is_empty());
                found
            }
            _ => alone(word, depth),
        });
    }
    leads
}

fn is_header(option: &str) -> bool {
    let name = option.trim_start_matches('-').to_ascii_lowercase();
    option.starts_with('-') && (option == "-H" || name.ends_with("header") || name.ends_with("headers"))
}

/// A header that clients cut at blanks: in the option itself, in the next word, or over several.
fn header_line(joined: Option<&str>, rest: &[String]) -> (String, usize) {
    let mut line = joined.unwrap_or_default().to_owned();
    let mut taken = 0;
    for word in rest.iter().take(3) {
        let is_open = line.is_empty() || line.trim_end().ends_with([':', '=']) || {
            let value = line.split_once([':', '=']).map_or("", |(_, value)| value.trim());
            SCHEMES.contains(&value.to_ascii_lowercase().as_str())
        };
        if !is_open || (taken > 0 && word.starts_with("--")) {
            break;
        }
        line = if line.is_empty() { word.clone() } else { format!("{line} {word}") };
        taken += 1;
    }
    (line, taken)
}

/// `-eNAME=value`
fn is_short_pair(option: &str) -> bool {
    option.len() > 2 && !option.starts_with("--") && option.starts_with("-e") && option.contains('=')
}

/// `NAME=value` or `Name: value`.
fn assigned(pair: &str) -> Vec<Lead> {
    pair.split_once('=').map(|(name, value)| literal(name.trim(), value.trim_matches(['"', '\'']))).unwrap_or_default()
}

/// The word behind an option; one letter says too little, so there the value must look like a secret.
fn after(option: &str, next: &str) -> Vec<Lead> {
    let name = option.trim_start_matches('-');
    if name.len() > 1 {
        let tells = named::says(name) > Says::Nothing || has_shape(next) || next.starts_with('{');
        return if tells { literal(name, next) } else { Vec::new() };
    }
    let is_value = is_literal(next) && is_drawn(next) && !next.contains(['/', ':', '@']);
    if is_value { vec![lead(option, next)] } else { Vec::new() }
}

/// A word without an option before it.
fn alone(word: &str, depth: usize) -> Vec<Lead> {
    if word.starts_with('{') {
        return literal("", word);
    }
    let parts = parts(word);
    if !parts.is_empty() {
        return parts;
    }
    if word.contains(char::is_whitespace) && depth > 0 {
        let inner = hosts::words(word);
        return if inner.len() > 1 { in_words(&inner, depth - 1) } else { Vec::new() };
    }
    if word.contains("://") {
        return in_url(word.split_once('=').filter(|(name, _)| !name.contains("://")).map_or(word, |(_, url)| url));
    }
    let word = word.strip_prefix("-e").filter(|_| is_short_pair(word)).unwrap_or(word);
    if let Some((name, value)) = word.split_once('=') {
        return literal(name, value.trim_matches(['"', '\'']));
    }
    if let Some((name, value)) = word.split_once(':').filter(|(name, _)| named::says(name) > Says::Nothing) {
        return literal(name, value);
    }
    let is_value = word.len() >= 20 && is_random(word) && is_literal(word);
    if is_value || has_shape(word) { vec![lead("argument", word)] } else { Vec::new() }
}

/// What an address hands over: in its query, its path, and as the user.
fn in_url(url: &str) -> Vec<Lead> {
    let Some((_, rest)) = url.split_once("://") else { return Vec::new() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let mut leads = Vec::new();
    if let Some((user, password)) =
        authority.rsplit_once('@').map(|(user, _)| user.split_once(':').unwrap_or((user, "")))
    {
        let is_user_secret = placeholder::is_filler(password.as_bytes()) && user.len() >= 16
            || user.split(['-', '_', '.']).any(is_random);
        if is_user_secret && !placeholder::is_template(user) {
            leads.push(lead("user", user));
        }
        if !placeholder::is_filler(password.as_bytes()) && !is_reference(password) {
            leads.push(lead("password", password));
        }
    }
    let (path, query) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    for segment in path.split('/').map(decoded) {
        let is_value = segment.len() >= 16 && is_drawn(&segment) && !is_guid(&segment) && is_literal(&segment);
        if (is_value && segment.split(['-', '_', '.', '~']).any(is_random)) || has_shape(&segment) {
            leads.push(lead("path", &segment));
        }
        leads.extend(
            segment
                .split(';')
                .skip(1)
                .filter_map(|pair| pair.split_once('='))
                .filter(|(name, value)| is_secret(name, value))
                .map(|(name, value)| lead(name, value)),
        );
    }
    for (name, value) in query.split(['?', '&', '#', ';']).filter_map(|pair| pair.split_once('=')) {
        let value = decoded(value);
        let is_value = value.len() >= 20 && value.split(['-', '_', '.', '~']).any(is_random) && is_literal(&value);
        if is_secret(name, &value) || is_value || has_shape(&value) {
            leads.push(lead(name, &value));
        }
    }
    leads
}

fn is_reference(value: &str) -> bool {
    placeholder::is_reference(value.as_bytes()) || placeholder::is_template(value)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The scheme, the host and the port of an address.
fn host_of(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let is_plain = scheme.len() <= 12 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+');
    is_plain.then(|| format!("{scheme}://{host}"))
}

/// The name of the program that a command line starts: behind assignments, without its folder.
fn program(words: &[String]) -> Option<String> {
    let word =
        words.iter().find(|word| word.split_once('=').is_none_or(|(name, _)| name.contains(['/', '\\', ' '])))?;
    let first = word.split_whitespace().next()?;
    first.rsplit(['/', '\\']).next().filter(|name| !name.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const VALUE: &str = "q9w8E7r6T5y4u3I2o1P0a9s8Z7x6C5v4B3n2M1k0";

    fn literals(entry: Value) -> Vec<String> {
        let entry = Entry::of(&entry, true).unwrap();
        entry.literals().iter().map(|lead| lead.value.expose().to_owned()).collect()
    }

    #[test]
    fn a_secret_is_seen_in_every_way_to_hand_it_over() {
        let v = VALUE;
        let remote = ["mcp-remote", "https://x.contoso.com/mcp"];
        let args = |more: &[&str]| json!({"command": "npx", "args": ([&remote[..], more].concat())});
        for entry in [
            json!({"command": "npx", "args": [remote[0], remote[1], "--header", "Authorization:${AUTH_HEADER}"], "env": {"AUTH_HEADER": format!("Bearer {v}")}}),
            json!({"command": "npx", "args": [remote[0], "--header", "X-Custom:${HDR}"], "env": {"HDR": format!("Bearer {v}")}}),
            args(&["--header", "Authorization:", "Bearer", v]),
            args(&["--header", "Authorization:", v]),
            args(&["--header", &format!("Authorization: Bearer {v}")]),
            args(&[&format!("--header=Authorization: Bearer {v}")]),
            args(&["-H", &format!("X-Api-Key: {v}")]),
            args(&["--api-key", v]),
            args(&[&format!("--api-key={v}")]),
            args(&["-token", v]),
            args(&["-k", v]),
            args(&[v]),
            json!({"command": "docker", "args": ["run", "-i", "--rm", format!("--env=SONAR_TOKEN={v}"), "img"]}),
            json!({"command": "docker", "args": ["run", "-e", format!("SONAR_TOKEN={v}"), "img"]}),
            json!({"command": "docker", "args": ["run", format!("-eSONAR_TOKEN={v}"), "img"]}),
            json!({"command": "sh", "args": ["-c", format!("API_TOKEN={v} npx foo")]}),
            json!({"command": "sh", "args": ["-c", format!("npx foo --api-key '{v}'")]}),
            json!({"command": "cmd", "args": ["/c", format!("npx foo --api-key={v}")]}),
            json!({"command": format!("npx -y foo --api-key {v}")}),
            json!({"command": format!("API_KEY={v} npx foo")}),
            json!({"command": ["npx", "foo", "--token", v]}),
            json!({"command": {"path": "npx", "args": ["--token", v]}}),
            json!({"command": "npx", "env": {"OPENAPI_MCP_HEADERS": format!("{{\"Authorization\": \"Bearer {v}\"}}")}}),
            json!({"command": "npx", "env": [{"name": "API_TOKEN", "value": v}]}),
            json!({"command": "npx", "env": [format!("API_TOKEN={v}")]}),
            json!({"cmd": "npx", "envs": {"API_TOKEN": v}}),
            json!({"command": "npx", "env": {"DATABASE_URL": format!("postgres://u:{v}@db.contoso.com/x")}}),
            json!({"url": format!("https://h.contoso.com/mcp?api_key={v}&profile=p")}),
            json!({"url": format!("https://h.contoso.com/mcp?profile={v}")}),
            json!({"url": format!("https://h.contoso.com/api/mcp/s/{v}/mcp")}),
            json!({"url": format!("https://{v}@h.contoso.com/mcp")}),
            json!({"url": format!("https://{v}:x@h.contoso.com/mcp")}),
            json!({"url": "https://h.contoso.com/mcp", "headers": {"Authorization": format!("Bearer {v}")}}),
            json!({"url": "https://h.contoso.com/mcp", "headers": [format!("Authorization: Bearer {v}")]}),
            json!({"url": "https://h.contoso.com/mcp", "requestOptions": {"headers": {"X-Api-Key": v}}}),
            json!({"url": "https://h.contoso.com/mcp", "headers": {"Authorization": format!("${{T:-{v}}}")}}),
            json!({"url": "https://h.contoso.com/mcp", "headers": {"X-Contoso": v}}),
            args(&["--header", &format!("X-Contoso: {v}")]),
            json!({"url": format!("https://h.contoso.com/mcp;key={v}")}),
            json!({"command": "npx", "args": [format!("Server=db.contoso.com;User Id=app;Password={v};")]}),
            json!({"command": "npx", "env": {"DB": format!("Data Source=db.contoso.com;Uid=app;Pwd={v}")}}),
        ] {
            assert_eq!(literals(entry.clone()), [v], "{entry}");
            let target = Entry::of(&entry, true).unwrap().target().unwrap();
            assert!(["npx", "docker", "sh", "cmd", "https://h.contoso.com"].contains(&target.as_str()), "{target}");
        }
    }

    #[test]
    fn references_and_settings_are_no_literals() {
        for entry in [
            json!({"command": "npx", "args": ["mcp-remote", "https://x.contoso.com/mcp", "--header", "Authorization: Bearer ${T}"]}),
            json!({"command": "npx", "args": ["--token", "${env:T}", "--api-key", "$API_KEY"], "env": {"API_KEY": "${input:key}"}}),
            json!({"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem@2025.8.21", "/srv/app", "--port", "8080"]}),
            json!({"command": "uvx", "args": ["--from", "git+https://github.com/contoso/mcp", "mcp"], "env": {"LOG_LEVEL": "debug", "TOKEN_FILE": "/run/t"}}),
            json!({"url": "https://h.contoso.com/tenants/9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11/mcp", "headers": {"Accept": "application/json"}}),
            json!({"command": "docker", "args": ["run", "-i", "-e", "GITHUB_TOKEN", "ghcr.io/github/github-mcp-server"], "env": {"GITHUB_TOKEN": "${T}"}}),
            json!({"url": "https://h.contoso.com/mcp", "headers": {"X-Tenant": "9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11", "Accept": "application/json, text/event-stream"}}),
            json!({"command": "npx", "args": ["Server=db.contoso.com;Integrated Security=true;Password=${PW};"]}),
        ] {
            assert_eq!(literals(entry.clone()), [""; 0], "{entry}");
        }
    }

    #[test]
    fn only_what_has_the_form_of_a_server_is_one() {
        let is = |value: Value| Entry::of(&value, false).is_some();
        assert!(is(json!({"command": "npx", "args": ["x"], "env": {"A": "b"}})));
        assert!(is(json!({"type": "http", "url": "https://h/mcp", "headers": {"A": "b"}})));
        assert!(is(json!({"type": "stdio", "command": "npx"})));
        assert!(!is(json!({"command": "rust-analyzer", "args": []})));
        assert!(!is(json!({"label": "build", "type": "shell", "command": "make", "env": {}})));
        assert!(!is(json!({"image": "x", "command": ["run"], "environment": {"A": "b"}})));
        assert!(!is(json!({"url": "https://h/mcp"})));
        assert!(!is(json!("npx")));
    }
}
