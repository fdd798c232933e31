//! Readers of known file formats, by path. A reader adds what the byte scan cannot know: owners, names, values without a
//! known shape. It never decides whether something is bad.

mod assistants;
mod by_content;
mod certificate;
mod clouds;
mod gcloud;
mod hosts;
mod kubernetes;
mod lines;
mod mcp;
mod names;
mod own;
mod pipelines;
mod record;
mod registries;
mod servers;
mod shell;
mod stores;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde_json::Value;

use super::document::{self, Format, Scalar};
use super::follow::{Holds, Reference};
use super::lead::Lead;

pub(super) use mcp::Server;

/// One file, and a way to the small files around it.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    /// The text of a file by its path relative to this one's directory.
    pub(super) beside: &'a dyn Fn(&str) -> Option<String>,
}

/// What a reader made of a file.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) leads: Vec<Lead>,
    pub(super) servers: Vec<Server>,
    pub(super) references: Vec<Reference>,
}

/// The file is not of the format that its path promises.
#[derive(Debug)]
pub(super) struct Malformed;

/// How one sort of file is read.
pub(super) struct Reader {
    /// What the file is, in evidence.
    pub(super) place: &'static str,
    /// Ends of paths; `*` stands for any part of one name.
    paths: &'static [&'static str],
    how: How,
    /// The files that such a file names.
    names: Option<fn(&Source<'_>) -> Vec<Reference>>,
}

enum How {
    Document(Format, fn(&Source<'_>, &Value) -> Vec<Lead>),
    Records(Format, record::Fields),
    Text(fn(&Source<'_>) -> Vec<Lead>),
    Servers(Format, &'static str),
    Scalars,
}

/// The first entry that fits is used.
static READERS: &[Reader] = &[
    document("gh", &[".config/gh/hosts.yml", "gh/hosts.yml", "GitHub CLI/hosts.yml"], Format::Yaml, clouds::gh),
    document(
        "azure-cli",
        &["msal_token_cache.json", "msal*.json", "*msal_cache.json", "msal.cache"],
        Format::Json,
        clouds::msal,
    ),
    document("azure-cli", &["service_principal_entries.json"], Format::Json, clouds::service_principals),
    document("azd", &[".azd/auth/cache*.json"], Format::Json, clouds::msal),
    document(
        "gcloud",
        &["application_default_credentials.json", "legacy_credentials/*/adc.json"],
        Format::Json,
        clouds::gcloud,
    ),
    text("gcloud", &["gcloud/credentials.db"], gcloud::credentials),
    document("azure-cli", &[".azure/accessTokens.json", "accessTokens.json"], Format::Json, clouds::adal),
    text("aws", &[".aws/credentials", ".aws/config"], clouds::aws),
    document("aws", &[".aws/cli/cache/*.json", ".aws/sso/cache/*.json"], Format::Json, clouds::aws_cache),
    document("claude-code", &[".claude/.credentials.json"], Format::Json, assistants::claude),
    servers("claude-code", &[".claude.json", ".mcp.json", "managed-mcp.json"], Format::Json, "claude-code"),
    servers("claude-desktop", &["claude_desktop_config.json"], Format::Json, "claude-desktop"),
    servers("cursor", &[".cursor/mcp.json"], Format::Json, "cursor"),
    servers(
        "vscode",
        &[".vscode/mcp.json", "Code/User/mcp.json", "Code/User/profiles/*/mcp.json"],
        Format::Json,
        "vscode",
    ),
    servers("vscode", &["devcontainer.json"], Format::Json, "vscode"),
    servers("copilot", &[".copilot/mcp-config.json"], Format::Json, "copilot"),
    servers("windsurf", &[".codeium/windsurf/mcp_config.json"], Format::Json, "windsurf"),
    servers("gemini", &[".gemini/settings.json"], Format::Json, "gemini"),
    servers("codex", &[".codex/config.toml"], Format::Toml, "codex"),
    document("codex", &[".codex/auth.json"], Format::Json, assistants::codex),
    document("gemini", &[".gemini/oauth_creds.json"], Format::Json, assistants::gemini),
    document("gemini", &[".gemini/mcp-oauth-tokens*.json"], Format::Json, assistants::any),
    document(
        "mcp-remote",
        &[".mcp-auth/*/*_tokens.json", ".mcp-auth/*/*_client_info.json", ".mcp-auth/*.json"],
        Format::Json,
        assistants::mcp_remote,
    ),
    document(
        "assistant",
        &["opencode/auth.json", "opencode/mcp-auth.json", "amp/secrets.json", "goose/secrets.json", "crush/*.json"],
        Format::Json,
        assistants::any,
    ),
    document(
        "docker",
        &[
            ".docker/config.json",
            "containers/auth.json",
            ".dockercfg",
            "kubelet/config.json",
            "helm/registry/config.json",
        ],
        Format::Json,
        registries::docker,
    ),
    text("npm", &[".npmrc", "npmrc", "pnpm/rc", "pnpm/auth.ini"], registries::npm),
    document("cargo", &[".cargo/credentials.toml", ".cargo/credentials"], Format::Toml, registries::cargo),
    document("terraform", &[".terraform.d/credentials.tfrc.json"], Format::Json, registries::terraform),
    document("azd", &[".azd/auth/cred*.json"], Format::Json, clouds::azd),
    naming(
        document("kubernetes", &[".kube/config", "kubeconfig"], Format::Yaml, kubernetes::client),
        names::of_kubernetes,
    ),
    document("agent", &[".credentials"], Format::Json, hosts::agent_credentials),
    document("agent", &[".credential_store"], Format::Json, hosts::agent_store),
    naming(text("systemd", &["systemd/*/*.service", "systemd/*/*.service.d/*.conf"], hosts::commands), names::of_units),
    naming(
        text(
            "git",
            &[".gitconfig", ".git/config", "git/config", "etc/gitconfig", "git-credentials-*.config"],
            lines::git,
        ),
        names::of_git,
    ),
    text("crontab", &["crontab", "cron.d/*", "cron/crontabs/*", "spool/cron/*"], hosts::commands),
    text(
        "history",
        &[
            ".bash_history",
            ".zsh_history",
            ".sh_history",
            ".ash_history",
            ".histfile",
            ".history",
            "fish/fish_history",
            "ConsoleHost_history.txt",
        ],
        hosts::commands,
    ),
    naming(text("environment", &[".env", "*.env", ".env.*"], hosts::environment), names::of_runner),
    text("system", &["etc/environment"], hosts::environment),
    text(
        "shell",
        &[
            ".bashrc",
            ".profile",
            ".bash_profile",
            ".bash_login",
            ".bash_aliases",
            ".zshrc",
            ".zshenv",
            ".zprofile",
            ".envrc",
            "etc/profile",
            "profile.d/*.sh",
            "fish/config.fish",
            "*profile.ps1",
        ],
        hosts::commands,
    ),
    text("process", &["environ"], hosts::environment),
    pipeline(
        "pipeline",
        &[
            ".github/workflows/*.yml",
            ".github/workflows/*.yaml",
            "action.yml",
            "action.yaml",
            "azure-pipelines*.yml",
            "azure-pipelines*.yaml",
            ".azure-pipelines/*.yml",
            ".azuredevops/*.yml",
            "pipelines/*.yml",
            ".gitlab-ci.yml",
        ],
    ),
    pipeline("compose", &["docker-compose*.yml", "docker-compose*.yaml", "compose*.yml", "compose*.yaml"]),
    text("manifest", &["*.yaml", "*.yml"], kubernetes::manifests),
    text(
        SCRIPT,
        &[
            "*.sh",
            "*.bash",
            "*.zsh",
            "*.ksh",
            "*.bat",
            "*.cmd",
            "*.ps1",
            "*Dockerfile",
            "Dockerfile.*",
            "*Containerfile",
            "*Makefile",
            "*.mk",
            "Jenkinsfile*",
            "*.groovy",
            "justfile",
            "Vagrantfile",
        ],
        hosts::commands,
    ),
];

/// Programs of a shell: whoever reads only a part of one has missed commands, and no store.
const SCRIPT: &str = "script";

/// Those of one tool come before those of more.
fn readers() -> impl Iterator<Item = &'static Reader> {
    stores::all().chain(READERS)
}

/// One of the paths of a reader, with what its last part has to be.
struct End {
    name: (&'static str, Option<&'static str>),
    path: &'static str,
    reader: &'static Reader,
}

/// All of them, in the order of the readers.
static ENDS: LazyLock<Vec<End>> = LazyLock::new(|| {
    let ends = readers().flat_map(|reader| reader.paths.iter().map(move |path| (reader, *path)));
    ends.map(|(reader, path)| End { name: pattern(path.rsplit('/').next().unwrap_or(path)), path, reader }).collect()
});

const fn document(
    place: &'static str,
    paths: &'static [&'static str],
    format: Format,
    read: fn(&Source<'_>, &Value) -> Vec<Lead>,
) -> Reader {
    Reader { place, paths, how: How::Document(format, read), names: None }
}

const fn text(place: &'static str, paths: &'static [&'static str], read: fn(&Source<'_>) -> Vec<Lead>) -> Reader {
    Reader { place, paths, how: How::Text(read), names: None }
}

const fn servers(place: &'static str, paths: &'static [&'static str], format: Format, client: &'static str) -> Reader {
    Reader { place, paths, how: How::Servers(format, client), names: None }
}

const fn pipeline(place: &'static str, paths: &'static [&'static str]) -> Reader {
    Reader { place, paths, how: How::Scalars, names: None }
}

const fn naming(reader: Reader, names: fn(&Source<'_>) -> Vec<Reference>) -> Reader {
    Reader { place: reader.place, paths: reader.paths, how: reader.how, names: Some(names) }
}

/// What stands in a file, by what another one says it holds.
pub(super) fn named(source: &Source<'_>, holds: Holds) -> Vec<Lead> {
    match holds {
        Holds::Anything => Vec::new(),
        Holds::Variables => hosts::environment(source),
        Holds::Commands => hosts::commands(source),
    }
}

impl Reader {
    /// The reader for a path.
    pub(super) fn of(path: &Path) -> Option<&'static Reader> {
        // Nearly every file is none of these, which its name alone tells.
        let name = path.file_name()?.to_string_lossy();
        let of = |name: &str| {
            let is = |end: &&End| fits(name, end.name) && ends_with(path, name, end.path);
            ENDS.iter().find(is).map(|end| end.reader)
        };
        of(&name)
            .filter(|reader| !reader.is_general())
            .or_else(|| names::originals(&name).find_map(of))
            .or_else(|| of(&name))
    }

    /// Whether such a file starts programs in a way of its own.
    pub(super) fn starts_programs(&self) -> bool {
        matches!(self.how, How::Scalars)
    }

    /// Whether any file with such an end is read so: what it is a copy of tells more.
    fn is_general(&self) -> bool {
        self.place == SCRIPT || self.paths.iter().all(|path| path.starts_with('*') || *path == ".env.*")
    }

    /// Whether a part of such a file tells nothing of the rest: a store, and no program.
    pub(super) fn needs_all(&self) -> bool {
        self.place != SCRIPT
    }

    /// Reads one file.
    pub(super) fn read(&self, source: &Source<'_>) -> Result<Read, Malformed> {
        let parse = |format| document::parse(format, source.text).ok_or(Malformed);
        let mut read = Read::default();
        match &self.how {
            How::Text(leads) => read.leads = leads(source),
            How::Document(format, leads) => {
                read.leads = parse(*format)?.iter().flat_map(|document| leads(source, document)).collect();
            }
            How::Records(format, fields) => {
                let documents = parse(*format)?;
                read.leads = documents.iter().flat_map(|document| record::leads(source, document, fields)).collect();
            }
            How::Servers(format, client) => {
                for document in parse(*format)? {
                    mcp::read(client, &document, &mut read);
                }
            }
            How::Scalars => {
                let scalars: Vec<Scalar> = document::scalars(source.text).ok_or(Malformed)?;
                read.leads = pipelines::literals(source, &scalars);
                read.references = pipelines::env_files(source, &scalars);
            }
        }
        read.references.extend(self.names.into_iter().flat_map(|names| names(source)));
        Ok(read)
    }
}

/// A path for every pattern of every reader.
pub(super) fn examples() -> impl Iterator<Item = PathBuf> {
    readers().flat_map(|reader| reader.paths).map(|path| Path::new("/h").join(path.replace('*', "x")))
}

/// Folders that clusters put between a mounted folder and its files, `..data` and `..<time>`, do not count.
fn ends_with(path: &Path, name: &str, end: &str) -> bool {
    let above = path.components().rev().skip(1).map(|name| name.as_os_str().to_string_lossy());
    let above = above.filter(|name| !name.starts_with("..") || name == "..");
    let mut names = std::iter::once(name.into()).chain(above);
    end.rsplit('/').all(|part| names.next().is_some_and(|name| fits(&name, pattern(part))))
}

/// What stands before its `*`, and what after it if it has one.
fn pattern(part: &str) -> (&str, Option<&str>) {
    part.split_once('*').map_or((part, None), |(start, end)| (start, Some(end)))
}

/// In any letter case: the systems that these names come from do not tell.
fn fits(name: &str, (start, end): (&str, Option<&str>)) -> bool {
    let (name, start) = (name.as_bytes(), start.as_bytes());
    match end.map(str::as_bytes) {
        None => name.eq_ignore_ascii_case(start),
        Some(end) => {
            let longer = name.len() >= start.len() + end.len();
            longer
                && name[..start.len()].eq_ignore_ascii_case(start)
                && name[name.len() - end.len()..].eq_ignore_ascii_case(end)
        }
    }
}

/// The credentials of commands in a text that is no script.
pub(super) fn commands_anywhere(text: &[u8]) -> Vec<Lead> {
    shell::anywhere(text)
}

/// Whether a file of variables was written to show which there are.
pub(super) fn shows_variables(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        matches!(word, "example" | "examples" | "sample" | "template" | "tmpl" | "dist" | "defaults" | "test")
    })
}

/// What the variables hold whose value is a whole store.
pub(super) fn stores_in_variables(text: &str) -> Vec<Lead> {
    hosts::stores(text)
}

/// The MCP servers in a file that is no known client's.
pub(super) fn servers_anywhere(path: &Path, text: &[u8]) -> Read {
    mcp::anywhere(path, text)
}

/// What the store in a file holds whose path says nothing; most files are none, which their first bytes tell.
pub(super) fn by_content(path: &Path, text: &[u8], beside: &dyn Fn(&str) -> Option<String>) -> Vec<Lead> {
    let (shared, own) = (by_content::may_be_store(text), own::may_be(path, text));
    if !shared && !own {
        return Vec::new();
    }
    let source = Source { path, text: &String::from_utf8_lossy(text), beside };
    let leads = if shared { by_content::leads(&source) } else { Vec::new() };
    if own && leads.is_empty() { own::leads(&source) } else { leads }
}

/// Whether something under this name is meant to be secret.
fn is_secret_name(name: &str) -> bool {
    crate::token::named::says(name) == crate::token::named::Says::Secret
}

/// Whether a value stands for itself: not empty, no reference, no path, long enough to be a secret.
fn is_literal(value: &str) -> bool {
    crate::token::named::is_literal(value)
}

#[cfg(test)]
mod tests;
