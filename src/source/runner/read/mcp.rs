//! MCP servers in the configurations of their clients: what they start, what they reach, which literals they carry.

use serde_json::Value;

use super::super::document::{entries, text};
use super::super::lead::Lead;
use super::{Read, is_literal, is_secret_name};

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

/// Where clients keep their servers: Claude Code also per project, VS Code under other names, Codex in TOML.
const TABLES: &[&[&str]] = &[
    &["mcpServers"],
    &["servers"],
    &["mcp_servers"],
    &["mcp", "servers"],
    &["customizations", "vscode", "mcp", "servers"],
];

/// A folder that holds everything, or everything of everybody.
const ROOTS: &[&str] =
    &["/", "/home", "/root", "/etc", "/var", "/opt", "/srv", "/mnt", "/Users", "~", "$HOME", "${HOME}", "C:\\", "C:/"];

/// Adds the servers of one configuration, and the literals in them.
pub(super) fn read(client: &'static str, document: &Value, read: &mut Read) {
    let projects = entries(document, &["projects"]).map(|(_, project)| project);
    for place in std::iter::once(document).chain(projects) {
        for table in TABLES {
            for (name, entry) in entries(place, table) {
                server(client, name, entry, read);
            }
        }
    }
}

fn server(client: &'static str, name: &str, entry: &Value, read: &mut Read) {
    let url = ["url", "serverUrl", "httpUrl"].into_iter().find_map(|key| text(entry, &[key]));
    let arguments: Vec<&str> =
        entry.get("args").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let mut leads = Vec::new();
    for table in ["env", "headers", "http_headers"] {
        let values = entries(entry, &[table]).filter_map(|(key, value)| Some((key, value.as_str()?)));
        leads.extend(values.filter_map(|(key, value)| literal(key, value)));
    }
    leads.extend(in_arguments(&arguments));
    // A password or a key in the URL is found by its shape, and counts here too.
    let shaped = url
        .into_iter()
        .chain(arguments.iter().copied())
        .filter(|text| !crate::token::kinds_of_run().find(text.as_bytes()).is_empty());
    let shaped = shaped.filter(|text| !leads.iter().any(|lead| text.contains(lead.value.expose()))).count();
    read.servers.push(Server {
        client,
        name: name.to_owned(),
        transport: if url.is_some() { "http" } else { "stdio" },
        target: url.or(text(entry, &["command"])).map(str::to_owned),
        literals: leads.len() + shaped,
        reaches: reaches(text(entry, &["command"]).unwrap_or_default(), &arguments),
    });
    read.leads.extend(leads);
}

/// A value under a secret name, behind `Bearer` or `Basic` or alone.
fn literal(name: &str, value: &str) -> Option<Lead> {
    let value = crate::token::placeholder::default(value.as_bytes()).map_or(value.into(), String::from_utf8_lossy);
    let bare = value.split_once(' ').filter(|(scheme, _)| scheme.len() <= 6).map_or(&*value, |(_, bare)| bare);
    let known = !crate::token::kinds_of_run().find(bare.as_bytes()).is_empty();
    (known || (is_secret_name(name) && is_literal(bare))).then(|| Lead::new(bare).named(name).of_kind("mcp-secret"))
}

/// `--api-key=T`, `--token T`, `--header "K: V"` and `-e K=V`.
fn in_arguments(arguments: &[&str]) -> Vec<Lead> {
    let mut leads = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        let next = arguments.get(index + 1).copied().unwrap_or_default();
        let (name, value) = match *argument {
            "--header" | "-H" => next.split_once(':').unwrap_or_default(),
            "-e" | "--env" => next.split_once('=').unwrap_or_default(),
            option if option.starts_with("--") => option.split_once('=').unwrap_or((option, next)),
            _ => continue,
        };
        leads.extend(literal(name.trim_start_matches('-'), value.trim()));
    }
    leads
}

/// The roots among the folders that a file system server is given, also through a container's mounts.
fn reaches(command: &str, arguments: &[&str]) -> Vec<String> {
    let serves_files = std::iter::once(&command).chain(arguments).any(|word| {
        let word = word.to_lowercase();
        word.contains("filesystem") || word.contains("server-fs") || word.contains("file-system")
    });
    if !serves_files {
        return Vec::new();
    }
    let folder = |argument: &&str| -> String {
        let mounted = argument.split(',').find_map(|part| part.strip_prefix("src=").or(part.strip_prefix("source=")));
        let folder = mounted
            .unwrap_or_else(|| argument.split(':').next().filter(|part| part.starts_with('/')).unwrap_or(argument));
        if folder.len() > 3 { folder.trim_end_matches('/').to_owned() } else { folder.to_owned() }
    };
    arguments.iter().map(folder).filter(|folder| is_root(folder)).collect()
}

/// A root, or one person's whole home.
fn is_root(folder: &str) -> bool {
    let home = ["/home/", "/Users/"].into_iter().find_map(|homes| folder.strip_prefix(homes));
    ROOTS.contains(&folder) || home.is_some_and(|rest| !rest.is_empty() && !rest.contains('/'))
}
