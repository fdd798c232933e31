//! MCP servers in the configurations of their clients: what they start, what they reach, which literals they carry. An entry
//! is known by its form, whatever the keys above it and the file are called. Of an address the host is kept, of a command the
//! name of the program: everything else can hold a secret.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use super::super::document::{self, Format, text};
use super::super::follow::{Holds, Reference};
use super::super::lead::Lead;
use super::Read;
use super::servers::Entry;
use crate::token::opaque::conceal;

/// One configured server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Server {
    pub(in super::super) client: &'static str,
    pub(in super::super) name: String,
    pub(in super::super) transport: &'static str,
    pub(in super::super) target: Option<String>,
    pub(in super::super) literals: usize,
    /// Roots and homes that a file system server serves.
    pub(in super::super) reaches: Vec<String>,
}

/// A folder that holds everything, or everything of everybody.
const ROOTS: &[&str] =
    &["/", "/home", "/root", "/etc", "/var", "/opt", "/srv", "/mnt", "/Users", "~", "$HOME", "${HOME}", "C:\\", "C:/"];

/// Deeper than any client nests its servers.
const DEPTH: usize = 16;

/// A file whose path says nothing is looked at up to this size.
const MOST: usize = 2 * 1024 * 1024;

/// What paths of clients hold, and the client; the first that fits.
const CLIENTS: &[(&str, &str)] = &[
    ("/.cursor", "cursor"),
    ("claude_desktop", "claude-desktop"),
    ("/claude/", "claude-desktop"),
    (".claude", "claude-code"),
    ("cline", "cline"),
    ("roo", "roo"),
    ("kiro", "kiro"),
    ("windsurf", "windsurf"),
    ("codeium", "windsurf"),
    ("/.continue", "continue"),
    ("/goose", "goose"),
    ("amazonq", "amazon-q"),
    ("librechat", "librechat"),
    ("opencode", "opencode"),
    ("lmstudio", "lm-studio"),
    ("lm studio", "lm-studio"),
    ("jetbrains", "jetbrains"),
    ("/.idea", "jetbrains"),
    ("/.junie", "jetbrains"),
    ("zed", "zed"),
    ("/.gemini", "gemini"),
    ("/.codex", "codex"),
    ("copilot", "copilot"),
    ("/code", "vscode"),
    ("vscod", "vscode"),
    ("devcontainer", "vscode"),
];

/// Adds the servers of one configuration of a client, and the literals in them.
pub(super) fn read(client: &'static str, document: &Value, read: &mut Read) {
    Search { client, read, known: true, names: HashMap::new() }.within(document, false, DEPTH);
}

/// The servers in a file whose path is no client's.
pub(super) fn anywhere(path: &Path, bytes: &[u8]) -> Read {
    let mut found = Read::default();
    if bytes.len() > MOST || !may_hold(path, bytes) {
        return found;
    }
    let shown = path.to_string_lossy().to_lowercase();
    let client = CLIENTS.iter().find(|(part, _)| shown.contains(part)).map_or("other", |(_, client)| client);
    let named = path.iter().rev().take(3).any(|part| part.to_string_lossy().to_lowercase().contains("mcp"));
    let mut search = Search { client, read: &mut found, known: named, names: HashMap::new() };
    for document in parsed(&String::from_utf8_lossy(bytes), &shown) {
        search.within(&document, named, DEPTH);
    }
    found
}

/// Told by a few words, so that no other file is parsed.
fn may_hold(path: &Path, bytes: &[u8]) -> bool {
    let has = |words: &[&str]| words.iter().any(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some());
    let end = path.extension().map(|end| end.to_string_lossy().to_lowercase()).unwrap_or_default();
    let is_program = ["py", "js", "ts", "tsx", "go", "rs", "java", "md", "html", "c", "h", "cpp", "rb", "log", "lock"];
    if is_program.contains(&end.as_str()) {
        return false;
    }
    let says_so = has(&["mcp", "Mcp", "MCP", "context_servers", "contextServers"]);
    let is_started = has(&["command", "cmd"])
        && (says_so || has(&["\"env", "env:", "env]", ".env", "env =", "envs", "environment"]));
    let is_called = has(&["://"]) && (says_so || has(&["eaders"])) && has(&["rl\"", "rl:", "rl =", "uri"]);
    is_started || is_called
}

/// In whichever format it is, by its beginning.
fn parsed(text: &str, path: &str) -> Vec<Value> {
    let begins = text.trim_start();
    let formats: &[Format] = if begins.starts_with(['{', '/']) || (begins.starts_with('[') && path.contains("json")) {
        &[Format::Json]
    } else if path.contains(".toml") || begins.starts_with('[') {
        &[Format::Toml]
    } else {
        &[Format::Yaml, Format::Toml, Format::Json]
    };
    formats.iter().find_map(|format| document::parse(*format, text)).unwrap_or_default()
}

/// A walk through one document.
struct Search<'a> {
    client: &'static str,
    read: &'a mut Read,
    /// The file is a client's, so that a plain `servers` means these.
    known: bool,
    /// How many servers have a name so far.
    names: HashMap<String, usize>,
}

impl Search<'_> {
    /// `named`: a key above, or the file, says that here are servers.
    fn within(&mut self, value: &Value, named: bool, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        match value {
            Value::Object(entries) => {
                for (key, value) in entries {
                    let lower = key.to_lowercase();
                    let says_so = lower.contains("mcp") || matches!(&*lower, "context_servers" | "contextservers");
                    let named = named || says_so || (self.known && lower == "servers");
                    self.one(key, value, named, depth);
                }
            }
            Value::Array(items) => {
                for item in items {
                    // Lists of containers and tasks have entries of the same form.
                    let name = ["name", "id", "title"].into_iter().find_map(|key| text(item, &[key]));
                    self.one(name.unwrap_or("server"), item, named, depth);
                }
            }
            _ => {}
        }
    }

    fn one(&mut self, name: &str, value: &Value, named: bool, depth: usize) {
        match Entry::of(value, named) {
            Some(entry) => self.server(name, value, &entry),
            None => self.within(value, named, depth),
        }
    }

    fn server(&mut self, name: &str, value: &Value, entry: &Entry) {
        let leads: Vec<Lead> = entry.literals();
        let name = conceal(name).into_owned();
        let same = self.names.entry(name.clone()).or_default();
        *same += 1;
        self.read.servers.push(Server {
            client: self.client,
            name: if *same == 1 { name } else { format!("{name} ({same})") },
            transport: if entry.url.is_some() { "http" } else { "stdio" },
            target: entry.target(),
            literals: leads.len(),
            reaches: reaches(&entry.words),
        });
        self.read.leads.extend(leads);
        let files = ["envFile", "env_file"].into_iter().filter_map(|key| text(value, &[key]));
        self.read.references.extend(
            files.map(|file| Reference { path: file.replace("${workspaceFolder}", ".."), holds: Holds::Variables }),
        );
    }
}

/// The roots among the folders that a file system server is given, also through a container's mounts.
fn reaches(words: &[String]) -> Vec<String> {
    let serves_files = words.iter().any(|word| {
        let word = word.to_lowercase();
        word.contains("filesystem") || word.contains("server-fs") || word.contains("file-system")
    });
    if !serves_files {
        return Vec::new();
    }
    let folder = |argument: &String| -> String {
        let mounted = argument.split(',').find_map(|part| part.strip_prefix("src=").or(part.strip_prefix("source=")));
        let folder = mounted
            .unwrap_or_else(|| argument.split(':').next().filter(|part| part.starts_with('/')).unwrap_or(argument));
        if folder.len() > 3 { folder.trim_end_matches('/').to_owned() } else { folder.to_owned() }
    };
    let folders = words.iter().skip(1).map(folder).filter(|folder| is_root(folder));
    folders.map(|folder| conceal(&folder).into_owned()).collect()
}

/// A root, or one person's whole home.
fn is_root(folder: &str) -> bool {
    let home = ["/home/", "/Users/"].into_iter().find_map(|homes| folder.strip_prefix(homes));
    ROOTS.contains(&folder) || home.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_by_its_folder() {
        for (path, client) in [
            ("/h/.config/zed/settings.json", "zed"),
            ("/h/.vscode-server/data/User/mcp.json", "vscode"),
            ("/x/y.json", "other"),
        ] {
            let found = anywhere(Path::new(path), br#"{"mcpServers": {"a": {"command": "npx"}}}"#);
            assert_eq!(found.servers[0].client, client, "{path}");
        }
    }
}
