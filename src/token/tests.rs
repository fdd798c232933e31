//! No literal here has the shape of a token: every one is put together at run time.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;
use crate::text::Untrusted;

const ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Text that looks random and is the same in every run.
fn noise(seed: u64, length: usize) -> String {
    digits(seed, ALPHABET, length)
}

fn digits(seed: u64, alphabet: &str, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let alphabet: Vec<char> = alphabet.chars().collect();
    (0..length).map(|_| alphabet[random.usize(..alphabet.len())]).collect()
}

fn with_crc(prefix: &str, seed: u64) -> String {
    let body = noise(seed, 30);
    format!("{prefix}{body}{}", String::from_utf8_lossy(&checksum::crc_base62(body.as_bytes())))
}

fn entra_secret(seed: u64) -> String {
    let body = format!("{}8Q~{}", noise(seed, 3), noise(seed + 1, 31));
    let sum = checksum::entra_sum(body.as_bytes());
    body + &String::from_utf8_lossy(&sum)
}

fn devops_pat(seed: u64) -> String {
    let body = format!("{}{}{}{}", noise(seed, 52), "JQQJ99BF", "AAAAAAAAAAAAAAAA", "AZDO");
    let sum = checksum::cask_sum(body.as_bytes()).unwrap();
    body + &String::from_utf8_lossy(&sum)
}

fn old_devops_pat(seed: u64) -> String {
    let mut bytes = [0u8; 32];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    let mark = (checksum::azure_devops_sum(&bytes) ^ 0xE0B9_692D).to_le_bytes();
    [bytes[22], bytes[8], bytes[7], bytes[2]] = mark;
    // 32 bytes are 51 characters and one bit.
    let mut bits: Vec<bool> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1 == 1)).collect();
    bits.resize(260, false);
    let value = |five: &[bool]| five.iter().fold(0usize, |value, &bit| value * 2 + usize::from(bit));
    bits.chunks(5).map(|five| char::from(b"abcdefghijklmnopqrstuvwxyz234567"[value(five)])).collect()
}

fn jwt(claims: &serde_json::Value) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(&claims.to_string()), noise(9, 86))
}

fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----")
}

/// One token of every kind that a scan reports.
fn every_kind() -> Vec<(&'static str, String)> {
    let hex = |seed, length| digits(seed, "0123456789abcdef", length);
    let atlassian = |prefix: &str, length, joint: &str| {
        let body = format!("{prefix}{}{joint}", noise(31, length));
        format!("{body}{:08X}", crc32fast::hash(body.as_bytes()))
    };
    let grafana = format!("glsa_{}", noise(40, 32));
    let grafana = format!("{grafana}_{:08x}", crc32fast::hash(grafana.as_bytes()).swap_bytes());
    vec![
        ("github-pat", with_crc("ghp_", 1)),
        ("github-oauth", with_crc("gho_", 2)),
        ("github-app-user", with_crc("ghu_", 3)),
        ("github-refresh", format!("ghr_{}", noise(4, 76))),
        ("github-installation", format!("ghs_{}", noise(5, 36))),
        ("github-fine-grained-pat", format!("github_pat_{}_{}", noise(6, 22), noise(7, 59))),
        ("npm-token", with_crc("npm_", 8)),
        ("pypi-token", format!("pypi-AgEIcHlwaS5vcmc{}", noise(9, 120))),
        ("gitlab-pat", format!("glpat-{}", noise(10, 20))),
        ("gitlab-pat", format!("glpat-{}.01.{}", noise(10, 40), digits(3, "0123456789abcdef", 9))),
        ("gitlab-deploy-token", format!("gldt-{}", noise(11, 20))),
        ("gitlab-job-token", format!("glcbt-64_{}", noise(12, 20))),
        ("slack-user", format!("xoxp-{}-{}-{}-{}", "1".repeat(11), "2".repeat(11), "3".repeat(11), noise(13, 32))),
        ("slack-bot", format!("xoxb-{}-{}-{}", "1".repeat(11), "2".repeat(11), noise(14, 24))),
        ("anthropic-api", format!("sk-ant-api03-{}AA", noise(15, 93))),
        ("anthropic-admin", format!("sk-ant-admin01-{}AA", noise(16, 93))),
        ("anthropic-oauth", format!("sk-ant-oat01-{}", noise(17, 95))),
        ("anthropic-refresh", format!("sk-ant-ort01-{}", noise(18, 95))),
        ("openai-project", format!("sk-proj-{}T3BlbkFJ{}", noise(19, 74), noise(20, 74))),
        ("openai-service", format!("sk-svcacct-{}T3BlbkFJ{}", noise(21, 74), noise(22, 74))),
        ("openai-admin", format!("sk-admin-{}T3BlbkFJ{}", noise(23, 58), noise(24, 58))),
        ("openai-user", format!("sk-{}T3BlbkFJ{}", noise(25, 20), noise(26, 20))),
        ("huggingface", format!("hf_{}", noise(27, 34))),
        ("docker-pat", format!("dckr_pat_{}", noise(28, 27))),
        ("docker-organization", format!("dckr_oat_{}", noise(29, 32))),
        ("atlassian-api", atlassian("ATATT3", 177, "=")),
        ("bitbucket-access-token", atlassian("ATCTT3", 177, "=")),
        ("bitbucket-app-password", atlassian("ATBB", 24, "")),
        ("grafana-service", grafana),
        ("azure-devops-pat", devops_pat(41)),
        ("azure-devops-pat-legacy", old_devops_pat(42)),
        ("entra-client-secret", entra_secret(43)),
        ("azure-storage-key", format!("{}+ASt{}A==", noise(44, 76), noise(45, 5))),
        ("aws-access-key", format!("AKIA{}", digits(46, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))),
        ("aws-session-key", format!("ASIA{}", digits(47, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16))),
        ("google-api-key", format!("AIza{}", noise(48, 35))),
        ("google-refresh", format!("1//0{}", noise(49, 60))),
        ("google-access", format!("ya29.{}", noise(50, 120))),
        ("databricks", format!("dapi{}-2", hex(51, 32))),
        ("sonar-user", format!("squ_{}", hex(52, 40))),
        ("sonar-project", format!("sqp_{}", hex(53, 40))),
        ("notion", format!("ntn_{}{}", digits(54, "0123456789", 11), noise(55, 35))),
        ("figma", format!("figd_{}", noise(56, 40))),
        ("linear", format!("lin_api_{}", noise(57, 40))),
        ("sentry-user", format!("sntryu_{}", hex(58, 64))),
        (
            "sentry-organization",
            format!("sntrys_{}_{}", BASE64_STANDARD.encode(r#"{"iat":1.5,"org":"contoso"}"#), noise(59, 43)),
        ),
        ("vercel", format!("vcp_{}", noise(60, 56))),
        ("terraform", format!("{}.atlasv1.{}", noise(61, 14), noise(62, 67))),
        ("jwt", jwt(&serde_json::json!({"sub": "x", "name": "y"}))),
        ("private-key", pem("OPENSSH PRIVATE KEY", &noise(63, 300))),
    ]
}

fn found(text: &str) -> Vec<(String, String)> {
    let hits = kinds().find(text.as_bytes());
    hits.into_iter().map(|hit| (hit.kind.name.clone(), text[hit.span].to_owned())).collect()
}

#[test]
fn every_kind_is_found_wherever_a_value_may_end() {
    for (kind, token) in every_kind() {
        for (before, after) in [
            ("", ""),
            ("TOKEN=", "\n"),
            ("A='", "'"),
            ("\"", "\","),
            ("x: ", " # note"),
            ("\0P=", "\0Q=1"),
            ("\\n", "\\n"),
            ("{\\\"t\\\":\\\"", "\\\"}"),
            ("?t=", "&u=1"),
            ("k=", ";l"),
            ("%3D", "%26"),
            ("\u{feff}", "\r\n"),
            ("<v>", "</v>"),
        ] {
            let text = format!("{before}{token}{after}");
            assert_eq!(found(&text), [(kind.to_owned(), token.clone())], "{text}");
        }
    }
}

#[test]
fn every_kind_of_the_table_has_an_example_here() {
    let shown: std::collections::BTreeSet<&str> = every_kind().into_iter().map(|(kind, _)| kind).collect();
    let surroundings = [
        "azure-connection-key",
        "azure-sas",
        "snyk",
        "vercel-legacy",
        "aws-secret-key",
        "url-password",
        "url-user",
        "bearer",
        "basic",
        "password",
    ];
    // What has neither checksum nor structure is drawn from its pattern in the tests of the corpus.
    let built = |kind: &&kinds::Kind| {
        !matches!(kind.check, None | Some(structure::Check::Opaque | structure::Check::Drawn | structure::Check::Raw))
    };
    for kind in kinds().iter().filter(built) {
        assert!(shown.contains(kind.name.as_str()) || surroundings.contains(&kind.name.as_str()), "{}", kind.name);
    }
}

#[test]
fn a_checksum_that_fails_lowers_or_drops() {
    let spoil = |mut token: String| {
        let last = if token.pop() == Some('0') { '1' } else { '0' };
        token.push(last);
        token
    };
    let confidence = |text: &str| kinds().find(text.as_bytes()).first().map(|hit| hit.confidence);
    assert_eq!(confidence(&with_crc("ghp_", 1)), Some(Confidence::High));
    assert_eq!(confidence(&spoil(with_crc("ghp_", 1))), Some(Confidence::Low));
    assert_eq!(confidence(&spoil(devops_pat(1))), Some(Confidence::Low));
    assert_eq!(confidence(&spoil(entra_secret(1))), Some(Confidence::Low));
    assert_eq!(confidence(&spoil(with_crc("npm_", 1))), None);
    assert_eq!(confidence(&"a".repeat(52)), None);
    assert_eq!(confidence(&format!("github_pat_{}_{}", noise(6, 22), noise(7, 59))), Some(Confidence::Medium));
}

#[test]
fn placeholders_and_samples_are_not_tokens() {
    let sample = |prefix: &str, word: &str| format!("{prefix}{}", word.repeat(8).chars().take(36).collect::<String>());
    for text in [
        sample("ghp_", "sample"),
        sample("ghp_", "xxxx"),
        sample("ghp_", "0000"),
        sample("npm_", "a"),
        format!("AKIA{}", "IOSFODNN7EXAMPLE"),
        "https://x:${{ secrets.T }}@h".into(),
        "https://x:$(T)@h".into(),
        "https://x:${T}@h".into(),
        "https://x:%T%@h".into(),
        "https://x:{{ t }}@h".into(),
        "https://x:<token>@h".into(),
        "https://x:***@h".into(),
        "https://user:password@h".into(),
        pem("PRIVATE KEY", "..."),
        format!("ghp_{}", noise(1, 40)),
        format!("hf_{}_a", noise(1, 33)),
    ] {
        assert_eq!(found(&text), [], "{text}");
    }
    // `_` and `-` join a name to a value.
    assert_eq!(found(&format!("x_{}_y-{}", with_crc("ghp_", 1), with_crc("ghp_", 2))).len(), 2);
    let default = format!("https://x:${{T:-{}}}@h", with_crc("ghp_", 1));
    assert_eq!(found(&default).len(), 1, "a default is a literal");
}

#[test]
fn some_kinds_are_known_by_their_name_only() {
    let uuid = "9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11";
    for (text, kind) in [
        (format!("SNYK_TOKEN={uuid}"), "snyk"),
        (format!("SNYK_TOKEN: \"{uuid}\""), "snyk"),
        (format!("export VERCEL_TOKEN='{}'", noise(1, 24)), "vercel-legacy"),
        (format!("aws_secret_access_key = {}", noise(2, 40)), "aws-secret-key"),
        (format!("{{\"SecretAccessKey\": \"{}\"}}", noise(3, 40)), "aws-secret-key"),
    ] {
        assert_eq!(found(&text).iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(), [kind], "{text}");
    }
    assert_eq!(found(&format!("id={uuid} VERCEL_TOKEN={}", noise(1, 23))), []);
}

#[test]
fn scrub_takes_the_token_and_leaves_the_rest() {
    let pat = with_crc("ghp_", 1);
    for (text, clean) in [
        (format!("https://alice:{pat}@github.com/a"), "https://alice:[github-pat]@github.com/a"),
        ("postgres://app:s3cr@t!x@db:5432/x?y=1".into(), "postgres://app:[url-password]@db:5432/x?y=1"),
        (format!("Authorization: Bearer {}", noise(1, 40)), "Authorization: Bearer [bearer]"),
        (format!("Authorization: Bearer {}", jwt(&serde_json::json!({}))), "Authorization: Bearer [jwt]"),
        (format!("AUTHORIZATION: basic {}", BASE64_STANDARD.encode("u:pw-1")), "AUTHORIZATION: basic [basic]"),
        (
            format!("AccountName=a;AccountKey={}==;E=x", noise(2, 86)),
            "AccountName=a;AccountKey=[azure-account-key];E=x",
        ),
        (format!("SharedAccessKey={}=;", noise(2, 43)), "SharedAccessKey=[azure-connection-key];"),
        (format!("/b?sv=1&sig={}%3D&se=2", noise(3, 43)), "/b?sv=1&sig=[azure-sas]&se=2"),
        ("Server=x;Password=Tr0ub4dor;Db=y".into(), "Server=x;Password=[connection-password];Db=y"),
        (r#"{"client_secret": "abc", "b": 1}"#.into(), r#"{"client_secret": "[password]", "b": 1}"#),
        ("a=1&refresh_token=0.AbcD&b=2".into(), "a=1&refresh_token=[password]&b=2"),
        (format!("é{pat} ü"), "é[github-pat] ü"),
        (pem("EC PRIVATE KEY", &noise(4, 200)) + " after", "[private-key] after"),
        (format!("{pat}\n{pat}"), "[github-pat]\n[github-pat]"),
        (format!("ghs_12345_{}", jwt(&serde_json::json!({}))), "[github-installation]"),
    ] {
        assert_eq!(scrub(&text), clean, "{text}");
        assert_eq!(scrub(clean), clean, "scrubbing twice changes nothing");
    }
}

#[test]
fn a_template_in_an_address_is_no_password_and_the_real_one_beside_it_is() {
    for hole in [
        "{token}",
        "{0}",
        "{}",
        "{self.token}",
        "%s",
        "%(password)s",
        "#{token}",
        "\\(token)",
        "$env:TOKEN",
        "$TOKEN",
        "${TOKEN}",
        "$(TOKEN)",
        "$[token]",
        "${env:TOKEN}",
        "$obj.token",
        "$this->token",
        "$config[token]",
        "%TOKEN%",
        "!TOKEN!",
        "__TOKEN__",
        "@TOKEN@",
        "@@TOKEN@@",
        "#TOKEN#",
        "##TOKEN##",
        "{{token}}",
        "{%token%}",
        "[token]",
        "[REDACTED]",
        "****",
        "••••••",
        "%2A%2A%2A%2A",
        "%7Btoken%7D",
        "%3Ctoken%3E",
        "%24%7BTOKEN%7D",
        "YOUR_PASSWORD",
        "PASSWORD",
        "your-token",
        "TOKEN_HERE",
        "xxxxxxxx",
        "...",
        "$1",
        "{a}{b}",
        "~TOKEN~",
    ] {
        assert_eq!(found(&format!("u = \"https://user:{hole}@git.contoso.com/a\"")), [], "{hole}");
    }
    for password in ["Tr0ub4dor&3", "{q9w8E7r6T5y4}", "$ecret-Pass!9", "100%sure-Pass", "pa__ss__w0rd9", "x[3]q9w8e7r6"]
    {
        assert_eq!(found(&format!("https://user:{password}@git.contoso.com/a")).len(), 1, "{password}");
    }
}

#[test]
fn a_password_in_an_address_may_hold_what_should_be_encoded() {
    let kinds_in = |text: &str| -> Vec<(String, String)> { found(text) };
    for password in ["Zt7/kQ2#w9", "p#Zt7kQ2w9", "Zt7?kQ2!w9", "a@b#Zt7kQ2"] {
        for text in [
            format!("postgres://al:{password}@db.contoso.com:5432/x"),
            format!("url = \"amqp://al:{password}@queue/x\"\n"),
            format!("redis://:{password}@cache.contoso.com"),
        ] {
            let all = kinds_in(&text);
            assert!(all.iter().any(|(_, value)| value == password), "{text}: {all:?}");
        }
    }
    for text in [
        "http://localhost:8080/path#a@b.c",
        "https://host:443/#/people/al@contoso.com",
        "ssh://github.com:owner/repo@v1",
        "docker://registry:group/image@sha256:abc",
        "http://h:3000/?mail=a@b.c",
    ] {
        assert_eq!(kinds_in(text), [], "{text}");
    }
}

#[test]
fn a_token_as_the_user_of_an_address_is_found_and_scrubbed() {
    let hex = digits(5, "0123456789abcdef", 40);
    for (token, password) in
        [(&hex, ":x-oauth-basic"), (&hex, ":unused"), (&hex, ":"), (&hex, ""), (&noise(6, 32), ":api_token")]
    {
        let text = format!("git clone https://{token}{password}@git.contoso.com/a");
        assert_eq!(found(&text), [("url-user".to_owned(), token.clone())], "{text}");
        assert!(!scrub(&text).contains(token.as_str()));
    }
    assert_eq!(found("https://renovate-bot-of-platform-team@git.contoso.com/a"), []);
}

#[test]
fn scrub_leaves_identifiers_alone() {
    let base64url =
        |seed, length| digits(seed, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", length);
    let sha256 = digits(1, "0123456789abcdef", 64);
    let mut samples: Vec<String> = [
        "9f4b8a52-6d0c-4c3b-9d0e-2f1d8f0f7a11", "alice@contoso.com", "alice_gmail.com#EXT#@contoso.onmicrosoft.com",
        "/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/resourceGroups/rg-1/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id",
        "repo:contoso/deploy:ref:refs/heads/main", "repo:contoso@12/deploy@34:environment:prod", "/eid1/c/pub/t/abc/a/def/sc/ghi",
        "https://login.microsoftonline.com/contoso.com/v2.0", "https://github.com:443/login?x=a@b#c:d@e", "ssh://git@github.com/a/b.git",
        "https://alice@dev.azure.com/contoso/_git/x", "api://contoso/mcp.tools.read", "claims['sub'] matches 'repo:contoso/*'",
        "Bearer authentication is required", "Basic authentication", "password reset by admin", "Reset password: done", "secrets: inherit",
        "npm_config_registry", "hf_home", "eyJ is how it starts", "sig=short", "-----BEGIN CERTIFICATE-----", "a:b@c", "xoxo-1",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "CN=Alice, OU=People", "",
    ].map(str::to_owned).to_vec();
    samples.extend((0..300).flat_map(|seed| [base64url(seed, 43), base64url(seed, 64), base64url(seed, 27)]));
    samples.extend([sha256.clone(), format!("sha256:{sha256}"), sha256.to_uppercase()]);
    for text in samples {
        assert!(matches!(scrub(&text), Cow::Borrowed(same) if same == text), "{text}");
    }
}

#[test]
fn owners_are_read_where_the_token_names_them() {
    let inside = |token: &str| {
        let hits = kinds().find(token.as_bytes());
        owner::inside(hits[0].kind, token.as_bytes())
    };
    let named = |token: &str| inside(token).owner.map(|owner| (owner.kind, owner.id, owner.name));
    let text = |text: &str| Some(Untrusted::from(text));
    let person =
        jwt(&serde_json::json!({"oid": "o-1", "upn": "alice@contoso.com", "exp": 1_800_000_000, "scp": "a b"}));
    assert_eq!(named(&person), Some(("entra", text("o-1"), text("alice@contoso.com"))));
    assert_eq!(inside(&person).holder, Some(Holder::Person));
    assert_eq!(inside(&person).expires_at, jiff::Timestamp::from_second(1_800_000_000).ok());
    let application = jwt(&serde_json::json!({"oid": "o-2", "appid": "a-1", "idtyp": "app"}));
    assert_eq!(named(&application), Some(("application", text("a-1"), None)));
    assert_eq!(inside(&application).holder, Some(Holder::Service));
    // The example of the published analysis of the format.
    let aws = ["ASIA", "QNZGKIQY56JQ7WML"].concat();
    assert_eq!(named(&aws), Some(("aws-account", text("029608264753"), None)));
    let sentry = every_kind().into_iter().find(|(kind, _)| *kind == "sentry-organization").unwrap().1;
    assert_eq!(named(&sentry), Some(("sentry-organization", None, text("contoso"))));
    assert_eq!(inside(&devops_pat(3)).created_at.unwrap().to_string(), "2025-06-01T00:00:00Z");
    assert_eq!(named(&with_crc("ghp_", 1)), None);
}

#[test]
fn an_ssh_key_names_its_comment_unless_it_is_encrypted() {
    let string = |text: &[u8]| [&u32::try_from(text.len()).unwrap().to_be_bytes(), text].concat();
    let key = |cipher: &str| {
        let private = [
            vec![7; 8],
            string(b"ssh-ed25519"),
            string(&[1; 32]),
            string(&[2; 64]),
            string(b"alice@laptop"),
            vec![1, 2, 3],
        ];
        let parts = [
            string(cipher.as_bytes()),
            string(b"none"),
            string(b""),
            vec![0, 0, 0, 1],
            string(&[3; 51]),
            string(&private.concat()),
        ];
        pem("OPENSSH PRIVATE KEY", &BASE64_STANDARD.encode([b"openssh-key-v1\0".to_vec(), parts.concat()].concat()))
    };
    let comment = |pem: &str| owner::inside(kinds().named("private-key").unwrap(), pem.as_bytes()).owner;
    assert_eq!(comment(&key("none")).unwrap().name, Some(Untrusted::from("alice@laptop")));
    assert_eq!(comment(&key("aes256-ctr")), None);
}

#[test]
fn a_broken_table_names_file_line_and_kind() {
    let error = |toml: &str| Kinds::parse(toml, "tokens.toml").unwrap_err().to_string();
    let kind = |rest: &str| format!("\n[[kind]]\nname = \"mine\"\ntitle = \"t\"\nholder = \"person\"\n{rest}");
    let errors = [
        error("[[kind]\n"),
        error(&kind("pattern = 'abc'\n")),
        error(&kind("pattern = 'a{'\nliterals = ['abc']\n")),
        error(&kind("pattern = 'abc'\nliterals = ['ab']\n")),
        error(&kind("pattern = 'abc'\nliterals = ['abc']\ncolour = 1\n")),
        error(&format!(
            "{}{}",
            kind("pattern = 'abc'\nliterals = ['abc']\n"),
            kind("pattern = 'abc'\nliterals = ['abc']\n")
        )),
        error(&kind("pattern = 'abc'\nrun = { alphabet = 'abc', length = 40 }\n")),
    ];
    assert!(errors.iter().all(|text| text.starts_with("tokens.toml:")), "{errors:#?}");
    assert!(errors[1].contains("kind `mine`: a pattern needs `literals`"), "{}", errors[1]);
    assert!(errors[2].starts_with("tokens.toml:2: kind `mine`: "), "{}", errors[2]);
    assert!(errors[5].contains("already defined in line 2"), "{}", errors[5]);
}

#[test]
fn a_private_table_adds_and_replaces() {
    let more =
        "[[kind]]\nname = 'contoso'\ntitle = 't'\nholder = 'service'\nliterals = ['cto_']\npattern = 'cto_[0-9]{8}'\n";
    let all = kinds().with(more, "mine.toml").unwrap();
    assert_eq!(all.find(b"x=cto_73519284").len(), 1);
    assert_eq!(all.find(with_crc("ghp_", 1).as_bytes()).len(), 1);
    assert_eq!(kinds().find(b"x=cto_73519284").len(), 0);
}

#[test]
fn hostile_input_costs_linear_time() {
    let begins = "-----BEGIN PRIVATE KEY-----\n".repeat(2_000);
    assert!(kinds().find(begins.as_bytes()).is_empty());
    assert!(scrub(&"a".repeat(1 << 20)).len() == 1 << 20);
    scrub(&"://a:".repeat(50_000));
}

proptest! {
    #[test]
    fn any_text_is_survived(text in ".{0,400}", bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        kinds().find(&bytes);
        let clean = scrub(&text).into_owned();
        prop_assert_eq!(scrub(&clean).into_owned(), clean);
    }

    #[test]
    fn no_token_survives_in_any_surroundings(before in "[^0-9A-Za-z_%\\\\]{0,40}", after in "[^0-9A-Za-z_]{0,40}", index in 0usize..50) {
        let all = every_kind();
        let (_, token) = &all[index % all.len()];
        let clean = scrub(&format!("{before}{token}{after}")).into_owned();
        prop_assert!(!clean.contains(token.as_str()), "{}", clean);
    }

    #[test]
    fn hits_are_ordered_and_disjoint(parts in proptest::collection::vec((0usize..50, "[ a:/@=]{0,6}"), 0..6)) {
        let all = every_kind();
        let text: String = parts.iter().map(|(index, glue)| format!("{}{glue}", all[index % all.len()].1)).collect();
        prop_assert!(kinds().find(text.as_bytes()).windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
    }
}
