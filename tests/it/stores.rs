//! The stores of tools: in each file stand two accounts, the second often with the secret before the user, and where the
//! format allows it a third secret without one. Every secret is found, is worth an exit of 3, and belongs to the user of its own
//! record or to nobody; what only resembles a store says nothing.

use std::collections::BTreeMap;
use std::path::Path;

use leaver::source::runner::{Key, look};
use leaver::text::Secret;
use leaver::token;

use crate::hosts::{base64, jwt, noise};

fn key() -> Key {
    Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap()
}

/// Owner and confidence by fingerprint.
fn seen(path: &str, text: &str) -> BTreeMap<String, (Option<String>, String)> {
    let rows = look("h", Path::new(path), text.as_bytes(), token::kinds(), &key());
    let owner = |row: &leaver::evidence::row::Sighting| {
        row.owner_name.as_ref().or(row.owner_id.as_ref()).map(|name| name.raw().to_owned())
    };
    rows.into_iter().map(|row| (row.fingerprint.clone(), (owner(&row), row.confidence))).collect()
}

/// What a value is known by.
fn print(value: &str) -> String {
    seen("/x/.vault-token", value).into_keys().next().unwrap()
}

/// A password that nobody's table of tokens knows.
fn secret(seed: u64) -> String {
    format!("{}7x", noise(seed, 26))
}

/// Path, text with `{A}`, `{B}` and `{C}` for the secrets, and whose the first two are; the third is nobody's.
type Store = (&'static str, &'static str, [&'static str; 2]);

const STORES: &[Store] = &[
    (
        "/h/.netrc",
        "machine a.example\n login alice\n password {A}\nmachine b.example password {B} login bob\nmachine c.example password {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.netrc",
        "machine a.example login \"alice\" password \"{A}\"\nmacdef init\nlogin mallory\n\nmachine b.example\n password {B}\n login bob%40contoso.com\ndefault password {C}\n",
        ["alice", "bob@contoso.com"],
    ),
    (
        "/h/.authinfo",
        "machine a.example port 993 login alice password {A}\nmachine b.example password {B} login bob port 25\n",
        ["alice", "bob"],
    ),
    (
        "/h/anything",
        "machine a.example login alice password {A}\nmachine b.example password {B} login bob\n",
        ["alice", "bob"],
    ),
    (
        "/h/.pypirc",
        "[distutils]\nindex-servers =\n  a\n  b\n[a]\nusername = alice\npassword = {A}\n[b]\npassword: {B}\nusername: 'bob'\n[c]\npassword = {C}\n",
        ["alice", "bob"],
    ),
    ("/h/.pgpass", "db\\:1:5432:*:alice:{A}\n# c\ndb2:5432:app:bob:{B}\nx:*:*:*:{C}\n", ["alice", "bob"]),
    (
        "/h/.pg_service.conf",
        "[a]\nuser=alice\npassword={A}\n[b]\npassword={B}\nuser=bob\n[c]\npassword={C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.my.cnf",
        "[mysqld]\nskip-networking\n[client]\nuser = \"alice\"\npassword = \"{A}\"\n[clientprod]\npassword={B}\nuser=bob\n[mysqldump]\npassword={C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.git-credentials",
        "https://alice:{A}@a.example\nhttps://bob%40contoso.com:{B}@b.example/x\n",
        ["alice", "bob@contoso.com"],
    ),
    (
        "/h/.m2/settings.xml",
        "<settings><servers><server><id>a</id><username>alice</username><password>{A}</password></server>\n<server><password>{B}</password><id>b</id><username>bob</username></server><server><id>c</id><password>{C}</password></server></servers></settings>",
        ["alice", "bob"],
    ),
    (
        "/h/.gradle/gradle.properties",
        "nexusUser=alice\nnexusPassword={A}\ngpr.token={B}\ngpr.user=bob\nsigning.password={C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.nuget/NuGet/NuGet.Config",
        "<?xml version=\"1.0\"?><configuration><packageSourceCredentials><A><add key=\"Username\" value=\"alice\" /><add key=\"ClearTextPassword\" value=\"{A}\" /></A><B><add key=\"ClearTextPassword\" value=\"{B}\" /><add key=\"Username\" value=\"bob\" /></B></packageSourceCredentials><apikeys><add key=\"https://n\" value=\"x\"/></apikeys></configuration>",
        ["alice", "bob"],
    ),
    (
        "/h/.composer/auth.json",
        r#"{"http-basic": {"a.example": {"username": "alice", "password": "{A}"}, "b.example": {"password": "{B}", "username": "bob"}}, "github-oauth": {"github.com": "{C}"}}"#,
        ["alice", "bob"],
    ),
    (
        "/h/.yarnrc.yml",
        "npmScopes:\n  a:\n    npmAuthToken: {A}\n    username: alice\n  b:\n    npmAuthToken: \"{B}\"\n    user: bob\n  c:\n    npmAuthToken: {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.npmrc",
        "//a.example/:_authToken=\"{A}\"\n//a.example/:username=alice\n//b.example/:username=bob\n//b.example/:_authToken={B}\n//c.example/:_authToken={C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/pypoetry/auth.toml",
        "[http-basic.a]\nusername = \"alice\"\npassword = \"{A}\"\n[http-basic.b]\npassword = \"{B}\"\nusername = \"bob\"\n[pypi-token]\npypi = \"{C}\"\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/helm/repositories.yaml",
        "apiVersion: \"\"\nrepositories:\n- name: a\n  username: alice\n  password: {A}\n- password: {B}\n  name: b\n  username: bob\n- name: c\n  password: {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.bundle/config",
        "---\nBUNDLE_GEMS__A__EXAMPLE: \"alice:{A}\"\nBUNDLE_GEMS__B__EXAMPLE: \"bob:{B}\"\nBUNDLE_GEMS__C__EXAMPLE: \"{C}\"\nBUNDLE_PATH: \"vendor/x\"\n",
        ["alice", "bob"],
    ),
    ("/h/.ivy2/.credentials", "realm=R\nhost=a.example\nuser=alice\npassword={A}\n", ["alice", ""]),
    (
        "/h/.sbt/1.0/credentials.sbt",
        "credentials += Credentials(\"R\", \"a\", \"alice\", \"{A}\")\ncredentials += Credentials(\"R\", \"b\",\n \"bob\", \"{B}\")\n",
        ["alice", "bob"],
    ),
    (
        "/h/.conan2/credentials.json",
        r#"{"credentials": [{"remote": "a", "user": "alice", "password": "{A}"}, {"password": "{B}", "user": "bob"}, {"password": "{C}"}]}"#,
        ["alice", "bob"],
    ),
    (
        "/h/.jfrog/jfrog-cli.conf.v6",
        r#"{"servers": [{"url": "https://a", "user": "alice", "password": "{A}"}, {"accessToken": "{B}", "user": "bob"}, {"accessToken": "{C}"}], "version": "6"}"#,
        ["alice", "bob"],
    ),
    (
        "/h/.databrickscfg",
        "[a]\nhost = https://a\nusername = alice\npassword = {A}\n[b]\ntoken = {B}\nusername = bob\n[c]\ntoken = {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.snowsql/config",
        "[connections.a]\nusername = alice\npassword = \"{A}\"\n[connections.b]\npassword = {B}\nusername = bob\n[connections.c]\naccountname = acme\npassword = {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.snowflake/connections.toml",
        "[a]\nuser = \"alice\"\npassword = \"{A}\"\n[b]\npassword = \"{B}\"\nuser = \"bob\"\n[c]\naccount = \"x\"\ntoken = \"{C}\"\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/rclone/rclone.conf",
        "[a]\ntype = sftp\nuser = alice\npass = {A}\n[b]\npass = {B}\nuser = bob\n[c]\npass = {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/openstack/clouds.yaml",
        "clouds:\n  a:\n    auth:\n      username: alice\n      password: {A}\n  b:\n    auth:\n      password: {B}\n      username: bob\n  c:\n    auth:\n      password: {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/glab-cli/config.yml",
        "hosts:\n    a.example:\n        user: alice\n        token: {A}\n    b.example:\n        token: {B}\n        user: bob\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/hub",
        "a.example:\n- user: alice\n  oauth_token: {A}\n- oauth_token: {B}\n  user: bob\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/gh/hosts.yml",
        "a.example:\n    oauth_token: {A}\n    user: alice\nb.example:\n    user: bob\n    oauth_token: {B}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.pulumi/credentials.json",
        r#"{"accounts": {"https://a": {"accessToken": "{A}", "username": "alice"}, "https://b": {"username": "bob", "accessToken": "{B}"}}, "accessTokens": {"https://c": "{C}"}}"#,
        ["alice", "bob"],
    ),
    (
        "/h/.config/netlify/config.json",
        r#"{"users": {"1": {"id": "1", "email": "alice@contoso.com", "auth": {"token": "{A}"}}, "2": {"auth": {"token": "{B}"}, "email": "bob@contoso.com"}, "3": {"auth": {"token": "{C}"}}}}"#,
        ["alice@contoso.com", "bob@contoso.com"],
    ),
    (
        "/h/.config/argocd/config",
        "users:\n- name: a\n  auth-token: {A}\n  username: alice\n- refresh-token: {B}\n  username: bob\n",
        ["alice", "bob"],
    ),
    (
        "/h/inventory/hosts",
        "[web]\nh1 ansible_user=alice ansible_password='{A}'\nh2 ansible_ssh_pass={B} ansible_user=bob\n[all:vars]\nansible_become_password={C}\n",
        ["alice", "bob"],
    ),
    ("/h/.subversion/auth/svn.simple/0a", "K 8\npassword\nV 28\n{A}\nK 8\nusername\nV 5\nalice\nEND\n", ["alice", ""]),
    (
        "/h/.gcm/store/git/https/a.example/alice.credential",
        "{A}\nservice=https://a.example\naccount=alice\n",
        ["alice", ""],
    ),
    (
        "/h/.config/filezilla/sitemanager.xml",
        "<FileZilla3><Servers><Server><User>alice</User><Pass>{A}</Pass></Server><Server><Pass>{B}</Pass><User>bob</User></Server></Servers></FileZilla3>",
        ["alice", "bob"],
    ),
    (
        "/h/.msmtprc",
        "account a\nhost a.example\nuser alice\npassword {A}\n\naccount b\npassword {B}\nuser bob\n",
        ["alice", "bob"],
    ),
    (
        "/h/.terraformrc",
        "credentials \"a.example\" {\n  token = \"{A}\"\n  username = \"alice\"\n}\ncredentials \"b.example\" {\n  user = \"bob\"\n  token = \"{B}\"\n}\ncredentials \"c\" {\n  token = \"{C}\"\n}\n",
        ["alice", "bob"],
    ),
    (
        "/r/prod.tfvars",
        "db_user = \"alice\"\ndb_password = \"{A}\"\napi = {\n  token = \"{B}\"\n  user = \"bob\"\n}\nroot_password = \"{C}\"\n",
        ["alice", "bob"],
    ),
    (
        "/h/.git/config",
        "[remote \"origin\"]\n\turl = https://a.example/x\n[http \"https://a.example/\"]\n\textraheader = AUTHORIZATION: basic {alice:A}\n[http \"https://b.example/\"]\n\textraHeader = Authorization: Basic {bob:B}\n",
        ["alice", "bob"],
    ),
    (
        "/h/cloud",
        "[core]\n\tbare = false\n[http \"https://a.example/\"]\n\textraheader = AUTHORIZATION: basic {alice:A}\n[http \"https://b.example/\"]\n\textraheader = Authorization: Bearer {C}\n",
        ["alice", ""],
    ),
    (
        "/h/.docker/config.json",
        r#"{"auths": {"a": {"auth": "{alice:A}"}, "b": {"auth": "{bob:B}"}, "c": {"identitytoken": "{C}"}}}"#,
        ["alice", "bob"],
    ),
    (
        "/run/containers/0/auth.json",
        r#"{"auths": {"a": {"auth": "{alice:A}"}, "b": {"username": "bob", "password": "{B}"}}}"#,
        ["alice", "bob"],
    ),
    (
        "/var/lib/kubelet/config.json",
        r#"{"HttpHeaders": {"Authorization": "Basic {alice:A}"}, "auths": {"b": {"auth": "{bob:B}"}}}"#,
        ["alice", "bob"],
    ),
    (
        "/h/pull-secret",
        r#"{"a": {"auth": "{alice:A}", "email": "x@contoso.com"}, "b": {"auth": "{bob:B}"}}"#,
        ["alice", "bob"],
    ),
    (
        "/etc/kubernetes/cluster.cfg",
        "kind: Config\napiVersion: v1\nclusters: []\nusers:\n- name: alice@contoso.com\n  user:\n    token: {A}\n- name: b\n  user:\n    password: {B}\n    username: bob\n- name: dev\n  user:\n    token: {C}\n",
        ["alice@contoso.com", "bob"],
    ),
    (
        "/h/.kube/config",
        "apiVersion: v1\nkind: Config\nusers:\n- name: alice/api.contoso.com:6443\n  user:\n    token: {A}\n- name: bob@contoso.com\n  user:\n    exec:\n      command: kubectl\n      args: [oidc-login, get-token, --oidc-client-secret, {B}, --oidc-issuer-url=https://x]\n- name: c\n  user:\n    exec:\n      env:\n      - name: X_CLIENT_SECRET\n        value: {C}\n",
        ["alice", "bob@contoso.com"],
    ),
    (
        "/h/c.json",
        r#"{"kind": "Config", "apiVersion": "v1", "users": [{"name": "a", "user": {"auth-provider": {"config": {"id-token": "{alice@contoso.com}", "refresh-token": "{A}"}}}}, {"name": "bob@contoso.com", "user": {"token": "{B}"}}]}"#,
        ["alice@contoso.com", "bob@contoso.com"],
    ),
    (
        "/h/.kube/cache/oidc-login/0a",
        r#"{"id_token": "{alice@contoso.com}", "refresh_token": "{A}"}"#,
        ["alice@contoso.com", ""],
    ),
    (
        "/h/cache.bin",
        r#"[{"account": {"email": "bob@contoso.com"}, "tokens": {"refreshToken": "{B}"}}, {"idToken": "{alice@contoso.com}", "refreshToken": "{A}"}, {"refreshToken": "{C}"}]"#,
        ["alice@contoso.com", "bob@contoso.com"],
    ),
    (
        "/k/x.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  stringData:\n    username: alice\n    password: {A}\n- kind: Secret\n  stringData:\n    value: {B}\n    user: bob\n- kind: Secret\n  stringData:\n    api: {C}\n",
        ["alice", "bob"],
    ),
    (
        "/k/x.json",
        r#"{"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Secret\",\"stringData\":{\"username\":\"bob\",\"password\":\"{B}\"}}"}}, "data": {"username": "{base64:alice}", "password": "{base64:A}"}}"#,
        ["alice", "bob"],
    ),
    (
        "/h/.azure/accessTokens.json",
        r#"[{"userId": "alice@contoso.com", "refreshToken": "{A}"}, {"refreshToken": "{B}", "userId": "bob@contoso.com"}]"#,
        ["alice@contoso.com", "bob@contoso.com"],
    ),
    (
        "/h/.IdentityService/msalV2.cache.bin3",
        r#"{"Account": {"a": {"home_account_id": "o1.t", "username": "alice@contoso.com"}, "b": {"home_account_id": "o2.t", "username": "bob@contoso.com"}}, "RefreshToken": {"x": {"home_account_id": "o1.t", "secret": "{A}"}, "y": {"home_account_id": "o2.t", "secret": "{B}"}}}"#,
        ["alice@contoso.com", "bob@contoso.com"],
    ),
    (
        "/h/runner/.env",
        "A=b\nVSS_NUGET_EXTERNAL_FEED_ENDPOINTS={\"endpointCredentials\": [{\"endpoint\": \"https://a\", \"username\": \"alice\", \"password\": \"{A}\"}, {\"password\": \"{B}\", \"username\": \"bob\"}]}\n",
        ["alice", "bob"],
    ),
    (
        "/proc/7/environ",
        "A=b\0DOCKER_AUTH_CONFIG={\"auths\": {\"a\": {\"auth\": \"{alice:A}\"}}}\0NuGetPackageSourceCredentials_x=Username=bob;Password={B}\0",
        ["alice", "bob"],
    ),
    (
        "/r/.github/workflows/x.yml",
        "env:\n  COMPOSER_AUTH: '{\"http-basic\": {\"a\": {\"username\": \"alice\", \"password\": \"{A}\"}}}'\n  Y: '{\"auths\": {\"b\": {\"auth\": \"{bob:B}\"}}}'\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/sometool/hosts.yml",
        "hosts:\n  a:\n    user: alice\n    api_token: {A}\n  b:\n    api_token: {B}\n    user: bob\n  c:\n    api_token: {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.sometoolrc",
        "[a]\nlogin = alice\npassword = {A}\n[b]\npassword = {B}\nlogin = bob\n[c]\npassword = {C}\n",
        ["alice", "bob"],
    ),
    (
        "/h/.config/sometool/credentials.json",
        r#"{"profiles": {"a": {"user": "alice", "secret": "{A}"}, "b": {"secret": "{B}", "user": "bob"}, "c": {"secret": "{C}"}}}"#,
        ["alice", "bob"],
    ),
];

const OTHERS: &[Store] = &[
    ("/h/.curlrc", "# c\nuser = \"alice:{A}\"\n--proxy-user bob:{B}\n", ["alice", "bob"]),
    ("/h/.wgetrc", "user = alice\npassword = {A}\nftp_user = bob\nftp_password = {B}\n", ["alice", "bob"]),
    ("/h/.odbc.ini", "[a]\nUID = alice\nPWD = {A}\n[b]\nPWD = {B}\nUID = bob\n[c]\nPWD = {C}\n", ["alice", "bob"]),
    (
        "/r/ivysettings.xml",
        "<ivysettings><credentials host=\"a\" username=\"alice\" passwd=\"{A}\"/><credentials passwd=\"{B}\" username=\"bob\"/></ivysettings>",
        ["alice", "bob"],
    ),
    (
        "/etc/tomcat/tomcat-users.xml",
        "<tomcat-users><user username=\"alice\" password=\"{A}\" roles=\"x\"/><user password=\"{B}\" username=\"bob\"/></tomcat-users>",
        ["alice", "bob"],
    ),
    ("/h/.s3cfg", "[default]\nsecret_key = {C}\nhost_base = a.example\n", ["", ""]),
];

/// The text with its secrets in it, and what is expected of each.
fn filled(seed: u64, (_, text, owners): &Store) -> (String, Vec<(String, String, Option<String>)>) {
    let secrets = ["A", "B", "C"].into_iter().zip(0..).map(|(name, at)| (name, secret(seed * 10 + at)));
    let (mut text, mut expected) = ((*text).to_owned(), Vec::new());
    for (name, value) in secrets {
        let before = text.clone();
        for user in ["alice", "bob"] {
            text = text.replace(&format!("{{{user}:{name}}}"), &base64(&format!("{user}:{value}")));
        }
        text = text.replace(&format!("{{base64:{name}}}"), &base64(&value)).replace(&format!("{{{name}}}"), &value);
        if text != before {
            let owner = ["A", "B"].iter().position(|one| *one == name).map(|at| owners[at].to_owned());
            expected.push((name.to_owned(), value, owner));
        }
    }
    for (mark, claims) in [("{alice@contoso.com}", "alice@contoso.com"), ("{base64:alice}", "")] {
        let filled = if claims.is_empty() {
            base64("alice")
        } else {
            jwt(&serde_json::json!({"email": claims, "exp": 1_700_000_000}))
        };
        text = text.replace(mark, &filled);
    }
    (text, expected)
}

#[test]
fn every_store_shows_its_secrets_and_whose_they_are() {
    let mut wrong = Vec::new();
    for (seed, store) in (1..).zip(STORES.iter().chain(OTHERS)) {
        let (text, expected) = filled(seed, store);
        for path in [store.0.to_owned(), format!("{}.bak", store.0), format!("{}~", store.0)] {
            let seen = seen(&path, &text);
            for (name, value, owner) in &expected {
                match seen.get(&print(value)) {
                    None => wrong.push(format!("{path}: {name} is not seen")),
                    Some((_, confidence)) if confidence == "low" => wrong.push(format!("{path}: {name} is low")),
                    Some((known, _)) if known != owner => {
                        wrong.push(format!("{path}: {name} is of {known:?}, not {owner:?}"))
                    }
                    Some(_) => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_account_of_an_assistant_owns_each_of_its_sign_ins() {
    let [a, b, c, d] = [1, 2, 3, 4].map(|at| secret(900 + at));
    let text = serde_json::json!({
        "claudeAiOauth": {"accessToken": a},
        "mcpOAuth": {"x|0a": {"serverName": "x", "accessToken": b, "refreshToken": c, "clientSecret": d, "clientId": "some-client"}},
    })
    .to_string();
    for path in ["/home/alice/.claude/.credentials.json", "/m/home/alice/backup/credentials.old"] {
        let seen = seen(path, &text);
        for value in [&a, &b, &c, &d] {
            assert_eq!(seen.get(&print(value)), Some(&(Some("alice".to_owned()), "medium".to_owned())), "{path}");
        }
        assert_eq!(seen.len(), 4, "{path}");
    }
    for path in
        ["/home/runner/.mcp-auth/mcp-remote-1/0a_client_info.json", "/root/.mcp-auth/mcp-remote-1/0a_tokens.json"]
    {
        let seen =
            seen(path, &serde_json::json!({"client_id": "x", "client_secret": a, "access_token": b}).to_string());
        assert_eq!(seen.values().map(|(owner, _)| owner.clone()).collect::<Vec<_>>(), [None, None], "{path}");
    }
}

#[test]
fn what_only_resembles_a_store_says_nothing() {
    let opaque = secret(1000);
    for (path, text) in [
        ("/h/.netrc", "machine a login alice\n# password {A}\nmachine b login bob password ${PASSWORD}\n".to_owned()),
        ("/h/.netrc", "macdef x\npassword {A}\n\nmachine a login alice\n".to_owned()),
        ("/h/.pypirc", "[a]\nusername = alice\npassword = %(PASSWORD)s\n".replace("%(PASSWORD)s", "${PASSWORD}")),
        ("/h/.m2/settings.xml", "<settings><servers><server><username>alice</username><password>${env.P}</password></server></servers></settings>".to_owned()),
        ("/h/.gradle/gradle.properties", "org.gradle.daemon=true\nandroid.useAndroidX=true\nkotlin.incremental.useClasspathSnapshot=true\n".to_owned()),
        ("/h/.nuget/NuGet/NuGet.Config", "<configuration><packageSources><add key=\"nuget.org\" value=\"https://api.nuget.org/v3/index.json\" /></packageSources></configuration>".to_owned()),
        ("/h/.docker/config.json", r#"{"auths": {"a.example": {}}, "credsStore": "desktop", "credHelpers": {"b.example": "ecr-login"}}"#.to_owned()),
        ("/h/.docker/config.json", "{\"HttpHeaders\": {\"User-Agent\": \"Docker-Client/19.03.12 (linux) {A}\"}}".to_owned()),
        ("/h/.kube/config", "kind: Config\nusers:\n- name: alice@contoso.com\n  user:\n    exec:\n      command: kubelogin\n      args: [get-token, --login, devicecode, --client-id, \"{A}\"]\n".to_owned()),
        ("/k/x.yaml", "kind: Secret\nstringData:\n  tls.crt: plain\n  host: \"{A}\"\n  namespace: default\n".to_owned()),
        ("/r/openapi.json", r#"{"properties": {"refresh_token": {"type": "string"}, "access_token": {"example": "token"}}, "x": {"refresh_token": "string"}}"#.to_owned()),
        ("/r/package-lock.json", r#"{"packages": {"a": {"integrity": "sha512-{A}", "resolved": "https://r/a.tgz"}}}"#.to_owned()),
        ("/r/src/config.json", r#"{"user": "alice", "api": {"tokens": 5}, "passwordPolicy": "{A}"}"#.to_owned()),
        ("/r/en.json", r#"{"login": {"password": "Password", "username": "User name", "token": "Your token is {A}"}}"#.to_owned()),
        ("/h/.config/sometool/config.json", r#"{"token_type": "Bearer", "tokenUrl": "https://x/{A}", "passwordFile": "/run/secrets/{A}", "user": "alice", "use_password": "true"}"#.to_owned()),
        ("/h/.config/sometool/config.toml", "[a]\nuser = \"alice\"\nauthenticator = \"externalbrowser\"\nprivate_key = \"~/.ssh/id_rsa\"\n".to_owned()),
        ("/r/.terraform.lock.hcl", "provider \"x\" {\n  version = \"1.2.3\"\n  hashes = [\n    \"h1:{A}=\",\n  ]\n}\n".to_owned()),
        ("/r/x.tfvars", "name = \"{A}\"\npassword = var.password\nsecret_name = \"projects/x\"\n".to_owned()),
    ] {
        let seen = seen(path, &text.replace("{A}", &opaque));
        let shown: Vec<_> = seen.values().filter(|(_, confidence)| confidence != "low").collect();
        assert!(shown.is_empty(), "{path}: {text}: {shown:?}");
    }
}
