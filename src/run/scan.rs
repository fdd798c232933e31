//! `leaver scan`: which credentials lie on a runner host, and taking such a scan into an audit.

use std::path::{Path, PathBuf};

use super::scanned;
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::report::{may_write, plain};
use crate::source::runner::{self, Error as ScanError, Globs, Issuers, Key, KeyError, Options};
use crate::text::{Secret, Untrusted};
use crate::token::{self, Kinds};

pub(super) const KEY: &str = "LEAVER_FINGERPRINT_KEY";

const HINT: &str = "set LEAVER_FINGERPRINT_KEY to 32 random bytes, such as `openssl rand -hex 32`, give --fingerprint-key FILE, \
                    or set XDG_CONFIG_HOME or HOME to a folder that can be written";

/// What the command line says of a scan.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Files and directories.
    pub paths: Vec<PathBuf>,
    /// Also the environment of running runners.
    pub processes: bool,
    /// Where the evidence goes.
    pub keep: Option<PathBuf>,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// What the host is called.
    pub host: Option<String>,
    /// The label of the runners that start from what is scanned.
    pub image_of: Option<String>,
    /// The key file of the fingerprints.
    pub key_file: Option<PathBuf>,
    /// Ask issuers for the owners of their tokens.
    pub identify: bool,
    /// Folders that may hold a further `tokens.toml`.
    pub checks: Vec<PathBuf>,
    /// Patterns of paths that are not looked at.
    pub exclude: Vec<String>,
    /// How the list is written, and where; none: for people, to stdout.
    pub outputs: Vec<scanned::Output>,
    /// A file of what somebody answers for.
    pub ignore: Option<PathBuf>,
    /// The list of an earlier scan: what is in it is not shown again.
    pub baseline: Option<PathBuf>,
    /// What makes the scan end with findings.
    pub fail_on: scanned::FailOn,
}

/// Scans and prints what was seen. Nothing is judged: that takes a person, hence an audit with `--include`.
///
/// # Errors
/// When nothing can be scanned, without a key, or when the evidence cannot be written.
pub async fn scan(request: &Request, config: impl FnOnce() -> Result<Config, Error>, env: &Env) -> Result<Exit, Error> {
    if let Some(path) = &request.keep {
        may_write(plain(path)?, request.force)?;
    }
    scanned::examine(&request.outputs, request.force)?;
    let exclude = Globs::new(&request.exclude).map_err(|what| {
        Error::usage(format!("--exclude {what}"), "write a pattern such as 'node_modules' or '**/*.min.js'")
    })?;
    let key = key(request.key_file.as_deref(), env)?;
    if key.is_new() {
        env.console.note(&format!("made a fingerprint key, id {}: joins with older evidence are impossible", key.id()));
    }
    let issuers = if request.identify { Some(issuers(&config()?)?) } else { None };
    let options = Options {
        paths: request.paths.clone(),
        processes: request.processes.then(|| PathBuf::from("/proc")),
        output: request.keep.clone(),
        host: request.host.clone(),
        image_of: request.image_of.clone(),
        kinds: kinds(&request.checks)?,
        issuers,
        threads: 0,
        exclude,
        key,
    };
    let taken = scanned::Taken::read(request.ignore.as_deref(), request.baseline.as_deref(), options.key.id())?;
    let mut scan = runner::scan(&options, env).await.map_err(of_scan)?;
    taken.apply(&mut scan.summary);
    let written = scanned::Written { summary: &scan.summary, options: &options, now: env.now };
    written.emit(&request.outputs, request.force, &env.console)?;
    env.console.note(&format!("fingerprints made with key {}", options.key.id()));
    if let Some(path) = &request.keep {
        env.console.note(&format!("{}  sha256:{}", path.display(), scan.evidence.sha256()));
    }
    Ok(match (request.fail_on.count(&scan.summary), scan.summary.is_complete()) {
        (1.., _) => Exit::Findings,
        (0, true) => Exit::Clean,
        (0, false) => Exit::Unknown,
    })
}

/// The host of GitHub's pages, which settings of runners name. A server on this machine stands for the public one.
pub(super) fn web(endpoint: &str) -> String {
    const PUBLIC: &str = "github.com";
    let Ok(url) = url::Url::parse(endpoint) else { return PUBLIC.to_owned() };
    let host = url.host_str().unwrap_or(PUBLIC).to_lowercase();
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    match host.strip_prefix("api.") {
        Some(rest) if rest == PUBLIC || rest.ends_with(".ghe.com") => rest.to_owned(),
        // Plain HTTP is for loopback only.
        _ if url.scheme() == "http" || host == "localhost" => PUBLIC.to_owned(),
        _ => format!("{host}{port}"),
    }
}

pub(super) fn key(file: Option<&Path>, env: &Env) -> Result<Key, Error> {
    let refused = |error: KeyError| match error {
        KeyError::File { path, source } => Error::Input { path: path.display().to_string().into(), source },
        KeyError::Short => Error::usage(error.to_string(), "use 32 random bytes, such as `openssl rand -hex 32`"),
    };
    match (file, env.variable(KEY)) {
        (Some(file), _) => Key::from_file(file).map_err(refused),
        (None, Some(value)) => Key::from_setting(&Secret::new(value)).map_err(refused),
        (None, None) => {
            let path = default_key_file(env)?;
            Key::from_file(&path).map_err(|error| Error::usage(format!("the key of the fingerprints: {error}"), HINT))
        }
    }
}

fn default_key_file(env: &Env) -> Result<PathBuf, Error> {
    let home = || env.variable("HOME").map(|home| Path::new(home).join(".config"));
    let folder = env.variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(home);
    folder
        .map(|folder| folder.join("leaver/fingerprint.key"))
        .ok_or_else(|| Error::usage("there is no home for the key of the fingerprints", HINT))
}

/// The kinds of token with those of the `tokens.toml` in `folders`; from now on no text shows one of either.
///
/// # Errors
/// When such a file is not usable: file, line, kind.
pub(super) fn kinds(folders: &[PathBuf]) -> Result<Kinds, Error> {
    let mut kinds = token::kinds().clone();
    for file in folders.iter().map(|folder| folder.join(token::TABLE)).filter(|file| file.exists()) {
        let name = file.display().to_string();
        let text = crate::file::read_text(&file, crate::file::SMALL)
            .map_err(|source| Error::Input { path: name.as_str().into(), source })?;
        kinds = kinds
            .with(&text, &name)
            .map_err(|error| Error::Check { place: name.as_str().into(), message: error.to_string().into() })?;
    }
    token::scrub_also(&kinds);
    Ok(kinds)
}

fn issuers(config: &Config) -> Result<Issuers, Error> {
    let endpoints = super::settings::of(config).endpoints;
    let organizations = config.azure_devops.organizations.clone();
    Issuers::new(&endpoints.github, &endpoints.devops, organizations)
        .map_err(|error| Error::usage(error.to_string(), "correct [endpoints] in the configuration"))
}

pub(super) fn of_scan(error: ScanError) -> Error {
    match error {
        ScanError::Evidence(error) => Error::Evidence(error),
        nothing @ ScanError::Nothing(_) => {
            Error::usage(Untrusted::from(nothing.to_string()), "check the paths, and that this user may read them")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runners_name_the_host_of_the_pages() {
        for (endpoint, host) in [
            ("https://api.github.com", "github.com"),
            ("https://api.octo.ghe.com", "octo.ghe.com"),
            ("https://Git.contoso.example/api/v3", "git.contoso.example"),
            ("https://api.contoso.example:8443/api/v3", "api.contoso.example:8443"),
            ("http://127.0.0.1:4000/github", "github.com"),
        ] {
            assert_eq!(web(endpoint), host);
        }
    }
}
