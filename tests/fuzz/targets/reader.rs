//! Any bytes as a file of every known format: nothing panics, and no row holds a value that the file held as a secret.
#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use leaver::source::runner::{Key, look};
use leaver::text::Secret;
use leaver::token::kinds;
use libfuzzer_sys::fuzz_target;

/// One path for every reader.
const PATHS: &[&str] = &[
    "/h/.config/gh/hosts.yml", "/h/.azure/msal_token_cache.json", "/h/.azure/service_principal_entries.json",
    "/h/application_default_credentials.json", "/h/.aws/credentials", "/h/.claude/.credentials.json", "/h/.claude.json",
    "/h/.vscode/mcp.json", "/h/.codex/config.toml", "/h/.codex/auth.json", "/h/.gemini/oauth_creds.json",
    "/h/.mcp-auth/v/a_tokens.json", "/h/.docker/config.json", "/h/.npmrc", "/h/.pypirc", "/h/.netrc",
    "/h/.cargo/credentials.toml", "/h/.terraform.d/credentials.tfrc.json", "/h/.kube/config", "/h/.credentials",
    "/etc/systemd/system/x.service", "/etc/crontab", "/h/.bash_history", "/h/.env", "/h/.bashrc", "/proc/1/environ", "/h/x.yaml",
    "/r/.github/workflows/a.yml", "/r/compose.yml", "/h/.gitconfig", "/h/.azd/auth/cred1.json", "/etc/environment",
];

static KEY: LazyLock<Key> = LazyLock::new(|| Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap());

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let path = PATHS[usize::from(choice) % PATHS.len()];
    for row in look("h", Path::new(path), bytes, kinds(), &KEY) {
        assert_eq!(row.fingerprint.len(), 64);
        assert!(row.line.is_none_or(|line| line >= 1));
    }
});
