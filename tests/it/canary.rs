//! Secrets in the places that names, addresses and commands are read from: none of them reaches the evidence, the terminal or
//! a log, whatever form it has, and none is an owner.

use std::path::Path;
use std::process::Command;

use crate::hosts::{base64, noise};

/// A secret that no table of tokens knows: hexadecimal, base 62, base 32, and with marks inside.
fn canaries(seed: u64) -> [String; 4] {
    let from = |alphabet: &str, length: usize, seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect::<String>()
    };
    [
        from("0123456789abcdef", 40, seed),
        noise(seed + 1, 36),
        from("abcdefghijklmnopqrstuvwxyz234567", 32, seed + 2),
        format!("{}-{}_{}", noise(seed + 3, 18), noise(seed + 4, 17), noise(seed + 5, 19)),
    ]
}

/// Path and text; `{T}` is the canary, `{B}` what is base64 of it with a colon and a word that says nothing.
const PLACES: &[(&str, &str)] = &[
    (".netrc", "machine git.contoso.com login {T} password x-oauth-basic\n"),
    (".netrc", "machine {T} login alice password q9w8e7r6t5\n"),
    ("x.sh", "git clone https://{T}:unused@git.contoso.com/a\n"),
    ("x.sh", "git clone https://{T}:x-oauth-basic@git.contoso.com/a\ncurl -u {T}: https://h.contoso.com\n"),
    ("x.sh", "curl 'https://{T}@h.contoso.com/x'; curl -u {T}:api_token https://h.contoso.com/\n"),
    (".git-credentials", "https://{T}:x-oauth-basic@github.com\nhttps://{T}:@git.contoso.com\n"),
    (".docker/config.json", r#"{"auths": {"r.contoso.com": {"auth": "{B}"}}}"#),
    (".docker/config.json", r#"{"auths": {"r.contoso.com": {"username": "{T}", "password": "x12345678"}}}"#),
    (".docker/config.json", r#"{"auths": {"https://{T}@r.contoso.com": {"username": "al", "password": "x12345678"}}}"#),
    (".pypirc", "[pypi]\nusername = {T}\npassword = unused\n"),
    (".pypirc", "[{T}]\nusername = alice\npassword = q9w8e7r6t5\n"),
    (".npmrc", "//r.contoso.com/:username={T}\n//r.contoso.com/:_password=cTl3OGU3cjZ0NQ==\n"),
    (".config/gh/hosts.yml", "github.com:\n  user: {T}\n  oauth_token: q9w8e7r6t5\n"),
    (
        ".aws/credentials",
        "[{T}]\naws_access_key_id = {T}\naws_secret_access_key = q9w8e7r6t5y4u3i2o1p0q9w8e7r6t5y4u3i2o1p0\n",
    ),
    (".kube/config", "users:\n- name: {T}\n  user: {username: \"{T}\", password: q9w8e7r6t5}\n"),
    ("settings.json", r#"{"user": "{T}", "password": "q9w8e7r6t5", "url": "https://{T}:q9w8e7r6t5@h.contoso.com"}"#),
    (".env", "USER_{T}_TOKEN=q9w8e7r6t5\nDB=postgres://{T}:q9w8e7r6t5@db.contoso.com/x\n"),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"url": "https://h.contoso.com/mcp?api_key={T}&profile=p"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"url": "https://h.contoso.com/api/mcp/s/{T}/mcp#{T}"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"url": "https://{T}:x@h.contoso.com/mcp"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"url": "https://{T}.contoso.com/mcp"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"{T}": {"command": "npx", "args": ["{T}"]}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"command": "npx -y foo --api-key {T}"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"command": "API_KEY={T} /opt/{T}/npx"}}}"#),
    (".cursor/mcp.json", r#"{"mcpServers": {"a": {"command": "{T}", "env": {"{T}": "x"}}}}"#),
    ("any.yaml", "mcpServers:\n  a:\n    url: https://h.contoso.com/{T}/sse\n"),
];

#[test]
fn no_secret_is_shown_as_a_name() {
    for (at, (path, text)) in PLACES.iter().enumerate() {
        for canary in canaries(100 * at as u64) {
            let text = text.replace("{T}", &canary).replace("{B}", &base64(&format!("{canary}:x12345678")));
            let directory = tempfile::tempdir().unwrap();
            let home = directory.path().join("home/runner");
            write(
                &home.join(".runner"),
                "{\"agentId\": 1, \"agentName\": \"r\", \"gitHubUrl\": \"https://github.com/contoso\"}",
            );
            write(&home.join(path), &text);
            let evidence = directory.path().join("scan.db");
            let output = Command::new(env!("CARGO_BIN_EXE_leaver"))
                .args(["scan", "--now", "2026-06-01T00:00:00Z", "--host", "h", "-o"])
                .args([evidence.as_path(), home.as_path()])
                .env_clear()
                .env("LEAVER_FINGERPRINT_KEY", "k".repeat(64))
                .output()
                .unwrap();
            let kept = std::fs::read(&evidence).unwrap();
            for (place, bytes) in [("evidence", &kept), ("stdout", &output.stdout), ("stderr", &output.stderr)] {
                // Not in parts either: a table may wrap a long word.
                let shown = canary.as_bytes().windows(14).any(|part| holds(bytes, part));
                assert!(!shown, "{place} of {path}: {text}");
            }
        }
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}
