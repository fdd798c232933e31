//! Each reader on the format that its tool writes; values are put together so that none has the shape of a token.

use super::super::lead::Lead;
use super::*;
use crate::text::Untrusted;
use proptest::prelude::*;

fn read_with(path: &str, text: &str, beside: &dyn Fn(&str) -> Option<String>) -> Read {
    let path = Path::new(path);
    Reader::of(path).unwrap().read(&Source { path, text, beside }).unwrap()
}

fn read(path: &str, text: &str) -> Vec<String> {
    read_with(path, text, &|_| None).leads.iter().map(line).collect()
}

/// `name=value kind owner`
fn line(lead: &Lead) -> String {
    let owner = lead.owner.as_ref().map(|known| {
        let text = |text: &Option<Untrusted>| text.as_ref().map(|text| text.raw().to_owned()).unwrap_or_default();
        format!(" {}:{}:{}:{}", known.grade, known.owner.kind, text(&known.owner.id), text(&known.owner.name))
    });
    format!(
        "{}={} {}{}",
        lead.name.as_deref().unwrap_or_default(),
        lead.value.expose(),
        lead.kind.unwrap_or_default(),
        owner.unwrap_or_default()
    )
}

#[test]
fn gh_names_the_login_of_every_token() {
    let text = "github.com:\n    users:\n        alice-dev:\n            oauth_token: t1\n        bob:\n    oauth_token: t1\n    user: alice-dev\n    git_protocol: https\nghe.contoso.com:\n    oauth_token: t2\n    user: al\n";
    assert_eq!(
        read("/home/a/.config/gh/hosts.yml", text),
        [
            "oauth_token=t2 gh-secret C:github-enterprise::al",
            "oauth_token=t1 gh-secret C:github::alice-dev",
            "oauth_token=t1 gh-secret C:github::alice-dev"
        ]
    );
}

#[test]
fn msal_secrets_are_joined_to_their_account() {
    let text = r#"{"Account": {"x": {"home_account_id": "oid-1.tid", "username": "alice@contoso.com"}},
        "RefreshToken": {"y": {"home_account_id": "oid-1.tid", "secret": "r1"}, "z": {"home_account_id": "oid-2.tid", "secret": "r2"}},
        "AccessToken": {"w": {"home_account_id": null, "client_id": "app", "secret": "a1"}}}"#;
    assert_eq!(
        read("/home/a/.azure/msal_token_cache.json", text),
        [
            "RefreshToken=r1 msal-refresh-token C:entra:oid-1:alice@contoso.com",
            "RefreshToken=r2 msal-refresh-token C:entra:oid-2:",
            "AccessToken=a1 msal-access-token D:application:app:"
        ]
    );
}

#[test]
fn assistants_name_their_account_beside_the_sign_in() {
    let beside = |name: &str| match name {
        "../.claude.json" => Some(r#"{"oauthAccount": {"emailAddress": "alice@contoso.com"}}"#.to_owned()),
        "google_accounts.json" => Some(r#"{"active": "alice@contoso.com"}"#.to_owned()),
        _ => None,
    };
    let lines = |path: &str, text: &str| read_with(path, text, &beside).leads.iter().map(line).collect::<Vec<_>>();
    assert_eq!(
        lines("/h/.claude/.credentials.json", r#"{"claudeAiOauth": {"accessToken": "a", "refreshToken": "r"}}"#),
        [
            "accessToken=a claude-secret C:mail::alice@contoso.com",
            "refreshToken=r claude-secret C:mail::alice@contoso.com"
        ]
    );
    assert_eq!(
        lines("/h/.gemini/oauth_creds.json", r#"{"refresh_token": "r"}"#),
        ["refresh_token=r gemini-secret C:mail::alice@contoso.com"]
    );
    assert_eq!(
        lines("/h/.mcp-auth/mcp-remote-0.1.2/0a_tokens.json", r#"{"access_token": "a"}"#),
        ["access_token=a mcp-remote-secret"]
    );
}

#[test]
fn registries_and_hosts_name_the_user_beside_the_secret() {
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
    let docker = format!(
        r#"{{"auths": {{"ghcr.io": {{"auth": "{}"}}, "r.io": {{"auth": "{}"}}}}}}"#,
        encode("alice-dev:s1"),
        encode("oauth2accesstoken:s2")
    );
    assert_eq!(
        read("/h/.docker/config.json", &docker),
        ["ghcr.io=s1 docker-secret D:github::alice-dev", "r.io=s2 docker-secret"]
    );
    let npm = format!(
        "//r.io/:_authToken=t1\n//q.io/:_authToken=${{NPM}}\n//p.io/:username=alice\n//p.io/:_password={}\n",
        encode("pw")
    );
    assert_eq!(
        read("/h/.npmrc", &npm),
        ["//r.io/:_authToken=t1 npm-secret", "//p.io/:_password=pw npm-secret D:npm::alice"]
    );
    let netrc = "machine github.com\n  login alice-dev\n  password p1\nmachine x login y password p2";
    assert_eq!(
        read("/h/.netrc", netrc),
        ["github.com=p1 netrc-secret D:github::alice-dev", "x=p2 netrc-secret D:login::y"]
    );
    assert_eq!(
        read("/h/.cargo/credentials.toml", "[registry]\ntoken = 'c1'\n[registries.x]\ntoken = 'c2'\n"),
        ["registry=c1 cargo-secret", "x=c2 cargo-secret"]
    );
    assert_eq!(
        read("/h/.aws/credentials", "[default]\naws_secret_access_key = k1\n"),
        ["aws_secret_access_key=k1 aws-secret-key"]
    );
}

#[test]
fn secrets_of_manifests_are_decoded_and_references_are_not_secrets() {
    let text = "apiVersion: v1\nkind: Secret\ndata:\n  github_token: YWJjZGVmZzEyMw==\n  colour: Ymx1ZQ==\n---\ngithubConfigSecret:\n  github_token: zzyyxxwwvv9\n---\ngithubConfigSecret: name-only\n";
    assert_eq!(
        read("/k/values.yaml", text),
        ["colour=blue ", "github_token=abcdefg123 kubernetes-secret", "github_token=zzyyxxwwvv9 kubernetes-secret"]
    );
}

#[test]
fn commands_and_environments_give_up_their_secrets() {
    let unit = "[Service]\nEnvironment=\"API_TOKEN=q9w8e7r6t5\" \"COLOUR=blue\"\nExecStart=/run.sh --pat q1w2e3r4t5\n";
    assert_eq!(
        read("/etc/systemd/system/x.service", unit),
        ["API_TOKEN=q9w8e7r6t5 environment-secret", "--pat=q1w2e3r4t5 argument-secret"]
    );
    assert_eq!(
        read("/h/.env", "X_TOKEN=${OTHER}\nY_TOKEN=${Z:-q9w8e7r6t5}\nZ_TOKEN=\"q9w8e7r6t4\"\nPATH=/usr/bin\n"),
        ["Y_TOKEN=q9w8e7r6t5 environment-secret", "Z_TOKEN=q9w8e7r6t4 environment-secret"]
    );
    assert_eq!(read("/proc/1/environ", "A=b\0X_TOKEN=q9w8e7r6t5\0"), ["X_TOKEN=q9w8e7r6t5 environment-secret"]);
}

#[test]
fn an_agent_keeps_what_it_was_registered_with() {
    let credentials = r#"{"scheme": "Alternate", "data": {"username": "alice@contoso.com", "password": "pw1"}}"#;
    assert_eq!(read("/opt/agent/.credentials", credentials), ["password=pw1 agent-secret D:mail::alice@contoso.com"]);
    let store = r#"{"proxy-1": {"userName": "alice", "password": "c2VjcmV0"}}"#;
    assert_eq!(read("/opt/agent/.credential_store", store), ["proxy-1=c2VjcmV0 agent-secret D:login::alice"]);
}

#[test]
fn jit_configurations_are_decoded_twice() {
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
    let outer = encode(&format!(r#"{{".runner": "{}"}}"#, encode("inner text")));
    assert_eq!(read("/h/.bash_history", &format!("./run.sh --jitconfig {outer}\n")), ["--jitconfig=inner text "]);
}

#[test]
fn mcp_servers_of_every_client_are_read() {
    let server = r#"{"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem", "/", "/srv/app"], "env": {"API_KEY": "q9w8e7r6t5", "OTHER_TOKEN": "${X}"}}"#;
    for (path, text) in [
        ("/r/.mcp.json", format!(r#"{{"mcpServers": {{"fs": {server}}}}}"#)),
        ("/h/.claude.json", format!(r#"{{"projects": {{"/w": {{"mcpServers": {{"fs": {server}}}}}}}}}"#)),
        ("/h/.cursor/mcp.json", format!(r#"{{"mcpServers": {{"fs": {server}}}}}"#)),
        ("/r/.vscode/mcp.json", format!("{{ // servers\n\"servers\": {{\"fs\": {server},}}}}")),
        (
            "/r/.devcontainer/devcontainer.json",
            format!(r#"{{"customizations": {{"vscode": {{"mcp": {{"servers": {{"fs": {server}}}}}}}}}}}"#),
        ),
        ("/h/.gemini/settings.json", format!(r#"{{"mcpServers": {{"fs": {server}}}}}"#)),
        ("/h/.codeium/windsurf/mcp_config.json", format!(r#"{{"mcpServers": {{"fs": {server}}}}}"#)),
        ("/h/.copilot/mcp-config.json", format!(r#"{{"mcpServers": {{"fs": {server}}}}}"#)),
    ] {
        let read = read_with(path, &text, &|_| None);
        assert_eq!(read.servers.len(), 1, "{path}");
        assert_eq!(
            (read.servers[0].literals, read.servers[0].reaches.as_slice()),
            (1, &["/".to_owned()][..]),
            "{path}"
        );
        assert_eq!(read.leads.iter().map(line).collect::<Vec<_>>(), ["API_KEY=q9w8e7r6t5 mcp-secret"], "{path}");
    }
    let codex = "[mcp_servers.x]\nurl = \"https://h/mcp\"\nbearer_token_env_var = \"T\"\nhttp_headers = { Authorization = \"Bearer q9w8e7r6t5\" }\n";
    let read = read_with("/h/.codex/config.toml", codex, &|_| None);
    assert_eq!((read.servers[0].transport, read.servers[0].literals), ("http", 1));
}

#[test]
fn arguments_of_mcp_servers_carry_literals_and_references() {
    let text = r#"{"mcpServers": {"a": {"command": "docker", "args": ["run", "-e", "GITHUB_TOKEN=q9w8e7r6t5", "-v", "/:/host", "mcp/filesystem", "--api-key=q9w8e7r6t4", "--header", "Authorization: Bearer ${T}", "--token", "${env:T}"]}}}"#;
    let read = read_with("/h/.cursor/mcp.json", text, &|_| None);
    assert_eq!(
        read.leads.iter().map(line).collect::<Vec<_>>(),
        ["GITHUB_TOKEN=q9w8e7r6t5 mcp-secret", "api-key=q9w8e7r6t4 mcp-secret"]
    );
    assert_eq!(read.servers[0].reaches, ["/"]);
}

fn names(path: &str, text: &str) -> Vec<String> {
    let read = read_with(path, text, &|_| None);
    read.references.into_iter().map(|one| format!("{} {:?}", one.path, one.holds)).collect()
}

#[test]
fn pipelines_show_their_literals_with_the_exact_line() {
    let lines = |path: &str, text: &str| {
        let leads = read_with(path, text, &|_| None).leads;
        leads.iter().map(|lead| format!("{} @{}", line(lead), lead.line.unwrap())).collect::<Vec<_>>()
    };
    let workflow = "env:\n  DEPLOY_TOKEN: literal-one-1\n  OTHER_TOKEN: ${{ secrets.X }}\njobs:\n  a:\n    container:\n      credentials:\n        password: literal-two-2\n    steps:\n      - run: |\n          cd x\n          API_TOKEN=literal-three-3 deploy --token literal-four-4\n      - uses: a/b@v1\n        with: {token: \"${{ secrets.X || 'literal-five-5' }}\"}\n";
    assert_eq!(
        lines("/r/.github/workflows/ci.yml", workflow),
        [
            "DEPLOY_TOKEN=literal-one-1 environment-secret @2",
            "password=literal-two-2 environment-secret @8",
            "API_TOKEN=literal-three-3 environment-secret @11",
            "--token=literal-four-4 argument-secret @11",
            "token=literal-five-5 environment-secret @14",
        ]
    );
    let azure = "variables:\n- name: API_TOKEN\n  value: literal-one-1\n- name: OTHER_TOKEN\n  value: $(X)\nparameters:\n- name: db-password\n  default: literal-two-2\nsteps:\n- bash: export A_SECRET=literal-three-3\n";
    assert_eq!(
        lines("/r/azure-pipelines.yml", azure),
        [
            "API_TOKEN=literal-one-1 environment-secret @3",
            "db-password=literal-two-2 environment-secret @8",
            "A_SECRET=literal-three-3 environment-secret @10",
        ]
    );
    let compose = "services:\n  a:\n    env_file: [./a.env, {path: b.env}]\n    environment:\n      - API_TOKEN=literal-one-1\n  b:\n    env_file: c.env\n    environment:\n      API_TOKEN: ${API_TOKEN:-literal-two-2}\n";
    assert_eq!(
        lines("/r/docker-compose.prod.yml", compose),
        ["API_TOKEN=literal-one-1 environment-secret @5", "API_TOKEN=literal-two-2 environment-secret @9"]
    );
    assert_eq!(names("/r/compose.yaml", compose), ["./a.env Variables", "b.env Variables", "c.env Variables"]);
    let broken = Reader::of(Path::new("/r/compose.yml")).unwrap();
    assert!(broken.read(&Source { path: Path::new("/r/compose.yml"), text: "a: [", beside: &|_| None }).is_err());
}

#[test]
fn files_name_other_files() {
    assert_eq!(
        names("/etc/systemd/system/a.service.d/x.conf", "[Service]\nEnvironmentFile=-/etc/default/a\nUser=x\n"),
        ["/etc/default/a Variables"]
    );
    assert_eq!(names("/r/.env", "A=b\nACTIONS_RUNNER_HOOK_JOB_STARTED=/opt/hook.sh\n"), ["/opt/hook.sh Commands"]);
    assert_eq!(
        names("/h/.gitconfig", "[user]\npath = no\n[include]\n\tpath = ~/a\n[includeIf \"gitdir:/x\"]\npath=\"/b\"\n"),
        ["~/a Anything", "/b Anything"]
    );
    assert_eq!(
        names("/w/.vscode/mcp.json", r#"{"servers": {"a": {"command": "x", "envFile": "${workspaceFolder}/a.env"}}}"#),
        ["../a.env Variables"]
    );
    assert_eq!(
        names("/h/.kube/config", "users:\n- name: a\n  user: {client-key: /k, client-certificate: c.crt}\n"),
        ["/k Anything", "c.crt Anything"]
    );
}

#[test]
fn the_registration_of_a_runner_is_unpacked_wherever_it_is_handed_over() {
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_STANDARD.encode(text);
    let files = format!(r#"{{".runner": "{}", ".credentials": "{}"}}"#, encode("{}"), encode(r#"{"token": "inner"}"#));
    let config = encode(&files);
    for (path, text) in [
        ("/etc/systemd/system/r.service", format!("[Service]\nExecStart=/r/run.sh --jitconfig {config}\n")),
        ("/h/.bash_history", format!("cd r\n./run.sh --jitconfig={config}\n")),
        ("/proc/9/environ", format!("A=b\0ACTIONS_RUNNER_INPUT_JITCONFIG={config}\0")),
    ] {
        let found: Vec<String> = read(path, &text).into_iter().filter(|lead| lead.contains("inner")).collect();
        assert_eq!(found.len(), 1, "{path}");
    }
    assert_eq!(read("/h/.bash_history", "./run.sh --jitconfig bm90IGpzb24="), Vec::<String>::new());
}

#[test]
fn azd_keeps_secrets_of_applications() {
    assert_eq!(
        read("/h/.azd/auth/cred0.json", r#"{"clientSecret": "s", "federatedAuth": {}}"#),
        ["clientSecret=s application-secret"]
    );
}

#[test]
fn no_reader_hides_another() {
    for reader in readers() {
        for path in reader.paths {
            let example = path.replace('*', "x");
            let found = Reader::of(&Path::new("/h").join(&example)).unwrap();
            assert_eq!((found.place, found.paths), (reader.place, reader.paths), "{example}");
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_survived_by_every_reader(text in "[ -~\n]{0,200}") {
        for reader in readers() {
            let path = Path::new("/x/y");
            let _ = reader.read(&Source { path, text: &text, beside: &|_| None });
        }
    }
}

#[test]
fn user_and_password_side_by_side_belong_together() {
    let apart =
        r#"{"auths": {"r.contoso.com": {"username": "al", "password": "p1"}, "s.contoso.com": {"username": "bo"}}}"#;
    assert_eq!(read("/h/.docker/config.json", apart), ["r.contoso.com=p1 docker-secret D:docker::al"]);
    let secret = "kind: Secret\ndata: {username: YWw=, password: bG9uZy1wYXNzdzByZA==}\n---\nkind: Secret\nstringData: {password: other-passw0rd}\n";
    assert_eq!(
        read("/c/x.yaml", secret),
        ["password=long-passw0rd kubernetes-secret D:login::al", "password=other-passw0rd kubernetes-secret"]
    );
    let login = "github.com:\n    user: al\n    oauth_token: t1\n";
    assert_eq!(read("/h/AppData/Roaming/GitHub CLI/hosts.yml", login), ["oauth_token=t1 gh-secret C:github::al"]);
}
