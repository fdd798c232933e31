//! Files in which some tool, known or not, keeps settings of its user: dot files, folders of settings in a home, and files
//! whose name says that they hold credentials. Only what is surely a secret counts there: a user stands beside it, or nobody
//! chose its value.

use std::path::Path;

use serde_json::Value;

use super::super::document::{self, Format};
use super::super::lead::Lead;
use super::by_content::is_opaque;
use super::record::{self, Fields, USUAL};
use super::{Source, is_literal};

/// Larger files are not settings of a user.
const LARGEST: usize = 256 * 1024;

/// Folders of projects, packages and caches: what lies there is no setting of a person.
const OTHERS: &[&str] = &[
    ".git",
    ".github",
    ".gitlab",
    ".vscode",
    ".vscode-server",
    ".cursor-server",
    ".idea",
    ".devcontainer",
    ".husky",
    ".changeset",
    ".storybook",
    ".cache",
    ".npm",
    ".nvm",
    ".pyenv",
    ".rbenv",
    ".asdf",
    ".sdkman",
    ".rustup",
    ".venv",
    ".tox",
    ".terraform",
    ".next",
    ".nuxt",
    ".yarn",
    ".pnpm-store",
    ".local/lib",
    "registry/src",
    "git/checkouts",
    ".nuget/packages",
    ".m2/repository",
    ".gradle/caches",
    "node_modules",
    "site-packages",
    "dist-packages",
    "vendor",
    "testdata",
    "fixtures",
    "test",
    "tests",
    "spec",
    "specs",
    "__tests__",
    "example",
    "examples",
    "samples",
    "docs",
    "doc",
    "locales",
    "i18n",
    "schemas",
    "templates",
];

/// Words in the name of a file that holds credentials.
const TELLING: &[&str] = &[
    "credential",
    "credentials",
    "creds",
    "auth",
    "authtoken",
    "token",
    "tokens",
    "secret",
    "secrets",
    "passwords",
    "login",
    "netrc",
];

/// Ends of names of programs, texts and records, which hold no settings.
const NO_SETTINGS: &[&str] = &[
    "rs", "py", "js", "mjs", "cjs", "ts", "tsx", "jsx", "go", "java", "kt", "cs", "c", "h", "cc", "cpp", "hpp", "rb",
    "php", "swift", "scala", "md", "rst", "txt", "html", "css", "scss", "svg", "log", "lock", "map", "sql", "po", "sh",
    "bash", "zsh", "fish", "ps1", "pub", "pem", "crt", "d", "m", "pl", "lua", "vim", "el", "ipynb", "csv", "tsv", "tf",
    "hcl", "snap", "patch", "diff", "service", "desktop",
];

/// What such a file holds; nothing where it is none.
pub(super) fn leads(source: &Source<'_>) -> Vec<Lead> {
    let Some(format) = format(source.text) else { return Vec::new() };
    let fields = Fields { kind: "stored-secret", ..USUAL };
    let documents = document::parse(format, source.text).unwrap_or_default();
    let found = documents.iter().flat_map(|document| record::leads(source, document, &fields));
    let is_sure = |lead: &Lead| {
        let value = lead.value.expose();
        is_literal(value) && (lead.owner.is_some() || is_opaque(value))
    };
    found.filter(is_sure).collect()
}

/// Whether a file is one of these, by its path and its first bytes.
pub(super) fn may_be(path: &Path, text: &[u8]) -> bool {
    text.len() <= LARGEST && is_own(path) && !text[..text.len().min(1024)].contains(&0)
}

fn is_own(path: &Path) -> bool {
    let Some(name) = path.file_name().map(|name| name.to_string_lossy().to_lowercase()) else { return false };
    // Variables have a reader of their own.
    if name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || name == ".envrc" {
        return false;
    }
    let end = name.rsplit_once('.').filter(|(start, _)| !start.is_empty());
    if end.is_some_and(|(_, end)| NO_SETTINGS.contains(&end)) {
        return false;
    }
    let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().to_lowercase()).collect();
    let folders = &parts[..parts.len() - 1];
    let is_other = OTHERS.iter().any(|other| {
        let other: Vec<&str> = other.split('/').collect();
        folders.windows(other.len()).any(|window| window.iter().zip(&other).all(|(part, other)| part == other))
    });
    let is_hidden = |part: &String| part.len() > 1 && part.starts_with('.') && !part.starts_with("..");
    let tells = || name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| TELLING.contains(&word));
    !is_other && (parts.iter().any(is_hidden) || folders.iter().any(|part| part == "appdata") || tells())
}

/// The format of a file, by how it begins.
fn format(text: &str) -> Option<Format> {
    let lines =
        || text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with(['#', ';', '!'])).take(40);
    let first = lines().next()?;
    let pairs = |mark: char| lines().filter(|line| line.split_once(mark).is_some_and(|(key, _)| is_key(key))).count();
    Some(match first.as_bytes() {
        [b'{', ..] => Format::Json,
        [b'[', ..] if serde_json::from_str::<Value>(text).is_ok() => Format::Json,
        [b'<', ..] => Format::Xml,
        _ if pairs(':') > pairs('=') => Format::Yaml,
        _ if pairs('=') == 0 => return None,
        _ if document::parse(Format::Toml, text).is_some() => Format::Toml,
        _ => Format::Ini,
    })
}

fn is_key(text: &str) -> bool {
    let text = text.trim().trim_matches('"');
    !text.is_empty()
        && text.len() < 60
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_people_are_told_from_projects() {
        for path in [
            "/home/al/.tool/config",
            "/h/.config/tool/hosts.yml",
            "/h/.toolrc",
            "/srv/x/credentials.json",
            "/c/Users/a/AppData/x.xml",
        ] {
            assert!(is_own(Path::new(path)), "{path}");
        }
        for path in [
            "/r/.github/x.yml",
            "/r/src/auth.rs",
            "/r/tests/.env.json",
            "/r/config.json",
            "/h/.cargo/registry/src/a/.x",
            "/r/node_modules/a/.rc",
        ] {
            assert!(!is_own(Path::new(path)), "{path}");
        }
    }
}
