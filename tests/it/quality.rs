//! How well tokens are told from what looks like them: a planted corpus with valid checksums and as many decoys.

use std::collections::BTreeMap;
use std::path::Path;

use leaver::source::runner::{Key, look};
use leaver::text::Secret;
use leaver::token::{self, checksum};

use crate::hosts::{base64, devops_pat, entra_secret, github, jwt, noise};

fn hex(seed: u64, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| char::from(b"0123456789abcdef"[random.usize(..16)])).collect()
}

fn of(alphabet: &str, seed: u64, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let alphabet = alphabet.as_bytes();
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

const BASE32: &str = "abcdefghijklmnopqrstuvwxyz234567";
const BASE64URL: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// A 52-character personal token of Azure DevOps.
fn old_devops_pat(seed: u64) -> String {
    let mut bytes = [0u8; 32];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    [bytes[22], bytes[8], bytes[7], bytes[2]] = (checksum::azure_devops_sum(&bytes) ^ 0xE0B9_692D).to_le_bytes();
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let letter = |five: usize| (0..5).fold(0, |value, at| value * 2 + usize::from(bit(five * 5 + at)));
    (0..52).map(|five| char::from(BASE32.as_bytes()[letter(five)])).collect()
}

fn tokens(seed: u64) -> Vec<(&'static str, String)> {
    let atlassian = format!("ATATT3{}=", of(BASE64URL, seed, 177));
    let grafana = format!("glsa_{}", noise(seed, 32));
    vec![
        ("github-pat", github("ghp_", seed)),
        ("github-oauth", github("gho_", seed)),
        ("github-fine-grained-pat", format!("github_pat_{}_{}", noise(seed, 22), noise(seed + 1, 59))),
        ("npm-token", github("npm_", seed)),
        ("gitlab-pat", format!("glpat-{}", of(BASE64URL, seed, 20))),
        ("anthropic-oauth", format!("sk-ant-oat01-{}", of(BASE64URL, seed, 95))),
        ("anthropic-api", format!("sk-ant-api03-{}AA", of(BASE64URL, seed, 93))),
        ("openai-project", format!("sk-proj-{}T3BlbkFJ{}", of(BASE64URL, seed, 74), of(BASE64URL, seed + 1, 74))),
        ("huggingface", format!("hf_{}", of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", seed, 34))),
        ("docker-pat", format!("dckr_pat_{}", of(BASE64URL, seed, 27))),
        ("azure-devops-pat", devops_pat(seed)),
        ("azure-devops-pat-legacy", old_devops_pat(seed)),
        ("entra-client-secret", entra_secret(seed)),
        ("atlassian-api", format!("{atlassian}{:08X}", crc32fast::hash(atlassian.as_bytes()))),
        ("grafana-service", format!("{grafana}_{:08x}", crc32fast::hash(grafana.as_bytes()).swap_bytes())),
        ("aws-access-key", format!("AKIA{}", of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", seed, 16))),
        ("databricks", format!("dapi{}", hex(seed, 32))),
        ("sonar-user", format!("squ_{}", hex(seed, 40))),
        ("figma", format!("figd_{}", of(BASE64URL, seed, 40))),
        ("linear", format!("lin_api_{}", noise(seed, 40))),
        ("jwt", jwt(&serde_json::json!({"sub": noise(seed, 8), "exp": 1_790_000_000}))),
    ]
}

/// The files in which a value may stand, by path; in files of variables under this name.
fn files(token: &str, name: &str) -> Vec<(&'static str, Vec<u8>)> {
    let wide = |text: String| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    vec![
        ("/a/.env", format!("A=b\nX_{name}={token}\nZ=1\n").into_bytes()),
        ("/a/x.json", format!("{{\"name\":\"v\",\"value\":\"{token}\"}}").into_bytes()),
        ("/a/x.log", format!("{{\\\"token\\\":\\\"{token}\\\",\\n}}").into_bytes()),
        ("/a/x.yml", format!("a:\n  - b: '{token}' # c\n").into_bytes()),
        ("/a/x.sh", format!("curl -H \"Authorization: Bearer {token}\" https://h/\n").into_bytes()),
        ("/proc/9/environ", format!("A=b\0{name}={token}\0C=d\0").into_bytes()),
        ("/a/x.ps1", wide(format!("$t = '{token}'\r\n"))),
        ("/a/.git/config", format!("url = https://someone:{token}@h.example/x\n").into_bytes()),
        (
            "/a/c.config",
            format!("extraheader = AUTHORIZATION: basic {}\n", base64(&format!("x-access-token:{token}"))).into_bytes(),
        ),
        (
            "/a/.docker/config.json",
            format!(r#"{{"auths":{{"r":{{"auth":"{}"}}}}}}"#, base64(&format!("u1:{token}"))).into_bytes(),
        ),
        ("/a/s.yaml", format!("kind: Secret\ndata:\n  t: {}\n", base64(token)).into_bytes()),
        ("/a/x.url", format!("https://h/?access={token}&x=1").into_bytes()),
        ("/a/compose.yaml", format!("environment:\n  T: ${{T:-{token}}}\n").into_bytes()),
    ]
}

fn spoil(token: &str) -> String {
    let (start, last) = token.split_at(token.len() - 1);
    format!("{start}{}", if last == "0" { "1" } else { "0" })
}

/// What looks like a token and is none.
fn decoys(seed: u64) -> Vec<String> {
    let uuid = format!(
        "{}-{}-4{}-a{}-{}",
        hex(seed, 8),
        hex(seed + 1, 4),
        hex(seed + 2, 3),
        hex(seed + 3, 3),
        hex(seed + 4, 12)
    );
    vec![
        spoil(&github("ghp_", seed)),
        spoil(&github("npm_", seed)),
        format!("ghp_{}", noise(seed, 39)),
        format!("ghp_{}", "sample".repeat(6)),
        format!("glpat-{}", "x".repeat(20)),
        format!("sk-ant-api03-{}", noise(seed, 20)),
        spoil(&devops_pat(seed)),
        spoil(&old_devops_pat(seed)),
        of(BASE32, seed, 52),
        spoil(&entra_secret(seed)),
        format!("AKIA{}EXAMPLE", of("ABCDEFGHIJKLMNOPQRSTUVWXYZ", seed, 9)),
        uuid,
        hex(seed, 40),
        hex(seed, 64),
        format!("sha512-{}==", base64(&noise(seed, 64))),
        of(BASE64URL, seed, 43),
        "${{ secrets.TOKEN }}".to_owned(),
        "$(TOKEN)".to_owned(),
        "<your-token>".to_owned(),
        format!("eyJ{}.{}.{}", noise(seed, 20), noise(seed, 30), noise(seed, 40)),
        format!("dapi{}", hex(seed, 20)),
    ]
}

#[test]
fn recall_and_precision_on_a_planted_corpus() {
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    let sure = |path: &str, bytes: &[u8]| {
        let rows = look("h", Path::new(path), bytes, token::kinds(), &key);
        let rows = rows.into_iter().filter(|row| row.confidence != "low" && row.kind != "url-password");
        rows.map(|row| row.kind).collect::<Vec<_>>()
    };
    let (mut planted, mut found, mut wrong) = (0, 0, 0);
    let mut missed: BTreeMap<(String, &str), u32> = BTreeMap::new();
    for seed in (1..200).step_by(7) {
        for (kind, token) in tokens(seed * 1000) {
            for (path, bytes) in files(&token, "TOKEN") {
                let kinds = sure(path, &bytes);
                planted += 1;
                found += usize::from(kinds.iter().any(|found| found == kind));
                wrong += kinds.iter().filter(|found| *found != kind).count();
                if !kinds.iter().any(|found| found == kind) {
                    *missed.entry((kind.to_owned(), path)).or_default() += 1;
                }
            }
        }
        for decoy in decoys(seed * 1000) {
            // What stands behind `Authorization: Bearer` is named a secret, whatever it looks like.
            for (path, bytes) in files(&decoy, "BUILD").into_iter().filter(|(path, _)| *path != "/a/x.sh") {
                let kinds = sure(path, &bytes);
                // A password is a password whatever it looks like: some files say what stands in them.
                let told = ["docker-secret", "bearer", "kubernetes-secret"];
                let kinds = kinds.iter().filter(|kind| !told.contains(&kind.as_str())).count();
                wrong += kinds;
                if kinds > 0 {
                    *missed.entry((format!("decoy {decoy}"), path)).or_default() += 1;
                }
            }
        }
    }
    let (recall, precision) = (found as f64 / planted as f64, found as f64 / (found + wrong) as f64);
    assert!(recall >= 0.98 && precision >= 0.999, "recall {recall:.3}, precision {precision:.3}, wrong on {missed:#?}");
}

/// What a runner's variable holds is a secret if its name says so, and whatever a digest looks like it is none if it does not.
#[test]
fn a_name_says_of_a_digest_whether_it_opens_something() {
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    for value in [hex(1, 40), hex(2, 64), of(BASE64URL, 3, 43)] {
        for (name, is_secret) in [
            ("DEPLOY_TOKEN", true),
            ("NEXUS_PASSWORD", true),
            ("BUILD_SHA", false),
            ("TRACE_ID", false),
            ("GREETING", false),
            ("TOKEN_URL", false),
        ] {
            let text = format!("A=b\0{name}={value}\0C=d\0");
            let rows = look("h", Path::new("/proc/9/environ"), text.as_bytes(), token::kinds(), &key);
            let sure = rows.iter().any(|row| row.confidence != "low");
            assert_eq!(sure, is_secret, "{name}={value}: {rows:#?}");
        }
    }
}
