//! Synthetic runner hosts, written into a directory when a test runs. Every credential is made here with a valid
//! checksum, so that nothing in the repository has the shape of a token.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use leaver::token::checksum;

/// Text that looks random and is the same in every run.
pub(crate) fn noise(seed: u64, length: usize) -> String {
    let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

pub(crate) fn github(prefix: &str, seed: u64) -> String {
    let body = noise(seed, 30);
    format!("{prefix}{body}{}", String::from_utf8_lossy(&checksum::crc_base62(body.as_bytes())))
}

pub(crate) fn entra_secret(seed: u64) -> String {
    let body = format!("{}8Q~{}", noise(seed, 3), noise(seed + 1, 31));
    let sum = checksum::entra_sum(body.as_bytes());
    body + &String::from_utf8_lossy(&sum)
}

pub(crate) fn devops_pat(seed: u64) -> String {
    let body = format!("{}{}{}{}", noise(seed, 52), "JQQJ99BF", "AAAAAAAAAAAAAAAA", "AZDO");
    let sum = checksum::cask_sum(body.as_bytes()).unwrap();
    body + &String::from_utf8_lossy(&sum)
}

pub(crate) fn jwt(claims: &serde_json::Value) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(&claims.to_string()), noise(9, 86))
}

pub(crate) fn base64(text: &str) -> String {
    BASE64_STANDARD.encode(text)
}

/// One host below a directory.
pub(crate) struct Host {
    pub(crate) root: PathBuf,
}

impl Host {
    fn new(root: &Path) -> Host {
        Host { root: root.to_owned() }
    }

    fn file(&self, path: &str, text: impl AsRef<[u8]>) -> &Host {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn passwd(&self, users: &[&str]) -> &Host {
        let mut text = String::from("root:x:0:0:root:/root:/bin/bash\n");
        for (index, user) in users.iter().enumerate() {
            text += &format!("{user}:x:{0}:{0}::/home/{user}:/bin/bash\n", 2000 + index);
        }
        self.file("etc/passwd", text)
    }
}

/// The incident: alice left, her runner goes on as her account with all that she had signed in to.
pub(crate) fn incident(root: &Path) -> Host {
    let host = Host::new(root);
    let (oauth, pat, mcp) = (github("gho_", 1), github("ghp_", 2), github("ghp_", 3));
    let runner = "home/alice/actions-runner";
    host.passwd(&["alice", "build"])
        .file(
            &format!("{runner}/.runner"),
            "\u{feff}{\n  \"agentId\": 7,\n  \"agentName\": \"alice-box\",\n  \"poolName\": \"Default\",\n  \"gitHubUrl\": \"https://github.com/contoso/deploy\"\n}",
        )
        .file(&format!("{runner}/.credentials"), "\u{feff}{\"scheme\":\"OAuth\",\"data\":{\"clientId\":\"6e7f0000-0000-4000-8000-000000000001\"}}")
        .file(&format!("{runner}/.service"), "actions.runner.contoso-deploy.alice-box.service\n")
        .file("etc/systemd/system/actions.runner.contoso-deploy.alice-box.service", format!("[Service]\nExecStart=/{runner}/runsvc.sh\nUser=alice\n"))
        .file(&format!("{runner}/.env"), format!("LANG=C.UTF-8\nDEPLOY_TOKEN={pat}\n"))
        .file(&format!("{runner}/_diag/Worker_20260520-020000-utc.log"), "job\n")
        .file(&format!("{runner}/_diag/Worker_20260521-020000-utc.log"), "job\n")
        .file(
            &format!("{runner}/_work/deploy/deploy/.git/config"),
            format!("[http \"https://github.com/\"]\n\textraheader = AUTHORIZATION: basic {}\n", base64(&format!("x-access-token:{}", github("ghs_", 4)))),
        )
        .file(
            "home/alice/.config/gh/hosts.yml",
            format!("github.com:\n    users:\n        alice-dev:\n            oauth_token: {oauth}\n    oauth_token: {oauth}\n    user: alice-dev\n"),
        )
        .file("home/alice/.git-credentials", format!("https://alice-dev:{pat}@github.com\n"))
        .file(
            "home/alice/.azure/msal_token_cache.json",
            serde_json::json!({
                "Account": {"a": {"home_account_id": "11111111-2222-4333-8444-555555555555.tid", "username": "alice@contoso.com"}},
                "RefreshToken": {"r": {"home_account_id": "11111111-2222-4333-8444-555555555555.tid", "secret": format!("1.AX{}", noise(5, 200))}},
                "AccessToken": {"t": {"home_account_id": "11111111-2222-4333-8444-555555555555.tid", "secret":
                    jwt(&serde_json::json!({"oid": "11111111-2222-4333-8444-555555555555", "upn": "alice@contoso.com", "scp": "mcp.tools.read", "exp": 1_780_000_000}))}},
            })
            .to_string(),
        )
        .file("home/alice/.ssh/id_ed25519", format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n", noise(8, 300)))
        .file("home/alice/.ssh/id_ed25519.pub", format!("ssh-ed25519 {} alice@laptop\n", noise(9, 68)))
        .file("home/alice/.claude.json", r#"{"oauthAccount": {"emailAddress": "alice@contoso.com"}}"#)
        .file(
            "home/alice/.claude/.credentials.json",
            format!(r#"{{"claudeAiOauth": {{"accessToken": "sk-ant-oat01-{}", "refreshToken": "sk-ant-ort01-{}"}}}}"#, noise(6, 95), noise(7, 95)),
        )
        .file(
            "home/alice/.cursor/mcp.json",
            serde_json::json!({"mcpServers": {
                "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/"]},
                "github": {"command": "docker", "args": ["run", "-i", "mcp/github"], "env": {"GITHUB_PERSONAL_ACCESS_TOKEN": mcp}},
                "fine": {"url": "https://mcp.contoso.com/", "headers": {"Authorization": "Bearer ${env:TOKEN}"}},
            }})
            .to_string(),
        );
    host
}

/// An Azure Pipelines agent whose environment file is uploaded as capabilities, with UTF-16 and proxy leftovers.
pub(crate) fn agent(root: &Path) -> Host {
    let host = Host::new(root);
    let wide: Vec<u8> = std::iter::once(0xFEFF)
        .chain(format!("$env:PAT = '{}'\r\n", devops_pat(20)).encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    host.passwd(&["bob", "svc-agent"])
        .file("opt/agent/.agent", "\u{feff}{\"agentId\": 3, \"agentName\": \"pool-1\", \"poolName\": \"Linux\", \"serverUrl\": \"https://dev.azure.com/contoso/\"}")
        .file("opt/agent/.service", "vsts.agent.contoso.Linux.pool%2D1.service")
        .file("etc/systemd/system/vsts.agent.contoso.Linux.pool%2D1.service", "[Service]\nUser=svc-agent\n")
        .file("opt/agent/.env", format!("LANG=C\nAZURE_DEVOPS_EXT_PAT={}\nHIDDEN_PAT={}\nVSO_AGENT_IGNORE=HIDDEN_PAT,X\n", devops_pat(21), devops_pat(22)))
        .file("opt/agent/_work/1/s/setup.ps1", wide)
        .file("home/bob/.azure/service_principal_entries.json", format!(r#"[{{"client_id": "app-1", "tenant": "t", "client_secret": "{}"}}]"#, entra_secret(23)));
    host
}

/// A node of a runner scale set: literals in manifests and values, one of them a person's.
pub(crate) fn scale_set(root: &Path) -> Host {
    let host = Host::new(root);
    host.passwd(&["ops"])
        .file(
            "srv/values.yaml",
            format!(
                "githubConfigUrl: https://github.com/contoso\ngithubConfigSecret:\n  github_token: \"{}\"\n",
                github("ghp_", 30)
            ),
        )
        .file(
            "srv/secret.yaml",
            format!(
                "apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\ndata:\n  github_token: {}\n",
                base64(&github("ghp_", 31))
            ),
        )
        .file(
            "srv/sample.yaml",
            format!("# github_token: \"ghp_{}\"\ngithubConfigSecret: pre-defined\n", "sample".repeat(6)),
        )
        .file(
            "home/ops/.docker/config.json",
            format!(
                r#"{{"auths": {{"ghcr.io": {{"auth": "{}"}}}}}}"#,
                base64(&format!("carol-dev:{}", github("ghp_", 32)))
            ),
        );
    host
}

/// A runner with nothing of a person on it, and everything that looks like it.
pub(crate) fn clean(root: &Path) -> Host {
    let host = Host::new(root);
    host.passwd(&["runner"])
        .file(
            "opt/runner/.runner",
            "{\"agentId\": 1, \"agentName\": \"clean\", \"gitHubUrl\": \"https://github.com/contoso\"}",
        )
        .file("opt/runner/.env", "LANG=C.UTF-8\nTOKEN=${TOKEN}\n")
        .file(
            "opt/runner/_work/a/a/README.md",
            format!("Set GITHUB_TOKEN=ghp_{} and npm_{}\n", "x".repeat(36), noise(40, 36)),
        )
        .file(
            "opt/runner/_work/a/a/.github/workflows/ci.yml",
            "env:\n  TOKEN: ${{ secrets.PAT }}\n  URL: https://x:${{ secrets.PAT }}@github.com\n",
        )
        .file(
            "opt/runner/_work/a/a/digest.txt",
            format!("sha256:{}\n{}\n", "0123456789abcdef".repeat(4), "a".repeat(52)),
        );
    host
}

/// A shared runner with one personal token of each of these people, named by the URL that it stands in.
pub(crate) fn shared(root: &Path, users: &[&str]) -> Host {
    let host = Host::new(root);
    let url = |(seed, user): (u64, &&str)| {
        format!("https://{}:glpat-{}@gitlab.example.org\n", user.replace('@', "%40"), noise(300 + seed, 20))
    };
    host.passwd(&["build"])
        .file(
            "home/build/runner/.runner",
            "{\"agentId\": 1, \"agentName\": \"shared\", \"gitHubUrl\": \"https://github.com/contoso\"}",
        )
        .file("home/build/runner/_work/_temp/.git-credentials", (0..).zip(users).map(url).collect::<String>());
    host
}
