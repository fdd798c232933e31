//! A second corpus, put together without regard to how tokens are recognised: one checkout as people leave it, with the
//! shapes that vendors document, among all that looks like them. Everything that a terminal would show counts.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use fastrand::Rng;
use leaver::source::runner::{Key, look};
use leaver::text::Secret;
use leaver::token;

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &str = "0123456789";

fn pick(random: &mut Rng, alphabet: &str, length: usize) -> String {
    let alphabet = alphabet.as_bytes();
    (0..length).map(|_| char::from(alphabet[random.usize(..alphabet.len())])).collect()
}

fn word(random: &mut Rng, length: usize) -> String {
    pick(random, &format!("{DIGITS}{UPPER}{LOWER}"), length)
}

fn dashed(random: &mut Rng, length: usize) -> String {
    let inner = pick(random, &format!("{DIGITS}{UPPER}{LOWER}-_"), length - 1);
    inner + &word(random, 1)
}

fn hex(random: &mut Rng, length: usize) -> String {
    pick(random, "0123456789abcdef", length)
}

fn uuid(random: &mut Rng) -> String {
    [8, 4, 4, 4, 12].map(|length| hex(random, length)).join("-")
}

/// The last six characters: CRC32 of the body in base 62.
fn with_crc(prefix: &str, body: &str) -> String {
    let digits: Vec<char> = format!("{DIGITS}{UPPER}{LOWER}").chars().collect();
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut sum = Vec::new();
    for _ in 0..6 {
        sum.insert(0, digits[(rest % 62) as usize]);
        rest /= 62;
    }
    format!("{prefix}{body}{}", sum.into_iter().collect::<String>())
}

/// One token of every kind that is documented, with a valid checksum where the format has one.
fn tokens(random: &mut Rng) -> Vec<String> {
    let mut all: Vec<String> =
        ["ghp_", "gho_", "ghu_", "ghs_", "npm_"].iter().map(|prefix| with_crc(prefix, &word(random, 30))).collect();
    let lower = format!("{LOWER}{DIGITS}");
    let slack = |random: &mut Rng| [12, 12, 12].map(|length| pick(random, DIGITS, length)).join("-");
    let claims = format!(r#"{{"upn":"u{}@contoso.example","exp":1900000000}}"#, random.u32(..));
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let atlassian = format!("ATATT3{}=", dashed(random, 180));
    let fixed = [
        format!("github_pat_{}_{}", word(random, 22), word(random, 59)),
        format!("pypi-AgEIcHlwaS5vcmc{}", dashed(random, 130)),
        format!("glpat-{}", dashed(random, 20)),
        format!("xoxp-{}-{}", slack(random), hex(random, 32)),
        format!("xoxb-{}-{}-{}", pick(random, DIGITS, 12), pick(random, DIGITS, 13), word(random, 24)),
        format!("sk-ant-api03-{}AA", dashed(random, 93)),
        format!("sk-ant-oat01-{}AA", dashed(random, 93)),
        format!("sk-ant-ort01-{}AA", dashed(random, 93)),
        format!("sk-proj-{}T3BlbkFJ{}", dashed(random, 74), dashed(random, 74)),
        format!("sk-svcacct-{}T3BlbkFJ{}", dashed(random, 74), dashed(random, 74)),
        format!("hf_{}", pick(random, &format!("{UPPER}{LOWER}"), 34)),
        format!("dckr_pat_{}", dashed(random, 27)),
        format!("dckr_oat_{}", dashed(random, 32)),
        format!("{atlassian}{:08X}", crc32fast::hash(atlassian.as_bytes())),
        format!("AKIA{}", pick(random, &format!("{UPPER}234567"), 16)),
        format!("AIza{}", dashed(random, 35)),
        format!("1//0{}", dashed(random, 90)),
        format!("dapi{}", hex(random, 32)),
        format!("squ_{}", hex(random, 40)),
        format!("ntn_{}{}", pick(random, DIGITS, 11), word(random, 35)),
        format!("figd_{}", dashed(random, 40)),
        format!("lin_api_{}", pick(random, &lower, 40)),
        format!("sntryu_{}", hex(random, 64)),
        format!("vcp_{}", dashed(random, 56)),
        format!("{}.atlasv1.{}", pick(random, &lower, 14), dashed(random, 67)),
        format!("{}.{}.{}", encode(r#"{"alg":"RS256","kid":"x"}"#), encode(&claims), dashed(random, 342)),
    ];
    all.extend(fixed);
    all
}

/// What looks like a token to a careless eye: digests, identifiers, locks, images, samples, references.
fn decoys(random: &mut Rng) -> Vec<String> {
    let image: Vec<u8> = (0..600).map(|_| random.u8(..)).collect();
    let digest: Vec<u8> = (0..64).map(|_| random.u8(..)).collect();
    vec![
        format!("\"integrity\": \"sha512-{}\",", BASE64_STANDARD.encode(&digest)),
        format!("checksum = \"{}\"", hex(random, 64)),
        format!("commit {}\nAuthor: Al <al@contoso.example>", hex(random, 40)),
        format!("subscription-id: {}", uuid(random)),
        format!("background: url(data:image/png;base64,{})", BASE64_STANDARD.encode(&image)),
        format!(
            "!function(e,t){{var n={{{}:{},{}:\"{}\"}}}}(this);",
            word(random, 3),
            random.u32(..),
            word(random, 5),
            word(random, 44)
        ),
        format!("GITHUB_TOKEN=ghp_{}", "x".repeat(36)),
        format!("token: ghp_{}", word(random, 36)),
        format!("npm_{}", word(random, 36)),
        format!("//registry.contoso.example/:_authToken=${{NPM_{}}}", pick(random, UPPER, 6)),
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE".to_owned(),
        "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_owned(),
        format!("export SK=sk-{}", word(random, 12)),
        "Authorization: Bearer YOUR_API_TOKEN".to_owned(),
        "postgres://postgres:postgres@localhost:5432/test".to_owned(),
        "https://user:password@example.com/".to_owned(),
        "https://x-access-token:${{ secrets.PAT }}@github.com/a/b".to_owned(),
        format!("https://login:$({})@dev.azure.com/a", pick(random, UPPER, 8)),
        "xoxb-your-token-here".to_owned(),
        format!("glpat-{}", "x".repeat(20)),
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----".to_owned(),
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} al@host", word(random, 43)),
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----", BASE64_STANDARD.encode(&image)),
        format!("etag: W/\"{}\"", dashed(random, 43)),
        format!("go.sum h1:{}=", pick(random, &format!("{UPPER}{LOWER}{DIGITS}+/"), 43)),
        format!("{}.cloudfront.net/{}", pick(random, LOWER, 13), hex(random, 32)),
        format!("const id = '{}';", pick(random, &format!("{LOWER}{DIGITS}"), 52)),
        format!("dapi{}", hex(random, 12)),
        format!("eyJ{}", dashed(random, 60)),
        format!("class hf_{} {{}}", pick(random, LOWER, 12)),
    ]
}

/// The same text as files have it.
fn files(random: &mut Rng, line: &str, token: Option<&str>) -> Vec<(String, Vec<u8>)> {
    let noise = |random: &mut Rng| {
        (0..20).fold(String::new(), |mut text, _| {
            let length = random.usize(3..60);
            let _ = writeln!(text, "{} = {}", pick(random, LOWER, 8), pick(random, &format!("{LOWER}   "), length));
            text
        })
    };
    let around = |random: &mut Rng, line: &str| format!("{}{line}\n{}", noise(random), noise(random)).into_bytes();
    let mut all = vec![
        (format!("/c/src/{}.py", word(random, 6)), around(random, line)),
        (format!("/c/{}.md", word(random, 6)), around(random, &format!("> `{line}`"))),
    ];
    let Some(token) = token else { return all };
    let wide = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let pair = BASE64_STANDARD.encode(format!("{}:{token}", pick(random, LOWER, 6)));
    let percent = token.replace('-', "%2D").replace('_', "%5F").replace('=', "%3D").replace('/', "%2F");
    let json = token.replace('-', "\\u002d").replace('/', "\\/");
    all.extend([
        ("/c/bom.env".to_owned(), [b"\xEF\xBB\xBF".to_vec(), format!("T={token}\r\n").into_bytes()].concat()),
        ("/c/le.txt".to_owned(), wide(&format!("\u{feff}set T={token}\r\n"), false)),
        ("/c/be.txt".to_owned(), wide(&format!("\u{feff}set T={token}\r\n"), true)),
        ("/proc/7/environ".to_owned(), format!("HOME=/\0T={token}\0PATH=/bin\0").into_bytes()),
        ("/c/.docker/config.json".to_owned(), format!(r#"{{"auths":{{"ghcr.io":{{"auth":"{pair}"}}}}}}"#).into_bytes()),
        ("/c/.git/config".to_owned(), format!("[http]\n\textraheader = AUTHORIZATION: basic {pair}\n").into_bytes()),
        (
            "/c/secret.yaml".to_owned(),
            format!("kind: Secret\ndata:\n  t: {}\n", BASE64_STANDARD.encode(token)).into_bytes(),
        ),
        (
            "/c/.npmrc".to_owned(),
            format!("//r.example/:_password={}\n//r.example/:username=u\n", BASE64_STANDARD.encode(token)).into_bytes(),
        ),
        ("/c/access.log".to_owned(), format!("GET /x?access={percent}&y=1 HTTP/1.1\n").into_bytes()),
        ("/c/dump.json".to_owned(), format!("{{\"k\":\"{json}\"}}").into_bytes()),
        (
            "/c/.github/workflows/x.yml".to_owned(),
            format!("jobs:\n  a:\n    env:\n      T: ${{{{ secrets.T || '{token}' }}}}\n").into_bytes(),
        ),
        ("/c/run.sh".to_owned(), format!("T=${{T:-{token}}} ./x\n").into_bytes()),
        ("/c/last".to_owned(), token.as_bytes().to_vec()),
    ]);
    all
}

#[test]
fn recall_and_precision_on_a_corpus_of_its_own() {
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    let prints = |value: &str| look("h", Path::new("/v"), value.as_bytes(), token::kinds(), &key);
    let shown = |path: &str, bytes: &[u8]| {
        let rows = look("h", Path::new(path), bytes, token::kinds(), &key).into_iter();
        rows.filter(|row| row.confidence != "low").map(|row| (row.kind, row.fingerprint)).collect::<Vec<_>>()
    };
    let mut random = Rng::with_seed(20_260_601);
    let (mut planted, mut right, mut wrong) = (0u32, 0u32, 0u32);
    let mut failed: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..12 {
        for token in tokens(&mut random) {
            let own = prints(&token).first().map(|row| row.fingerprint.clone());
            let line = format!("api_value = \"{token}\"");
            for (path, bytes) in files(&mut random, &line, Some(&token)) {
                let found = shown(&path, &bytes);
                let hit = own.as_ref().is_some_and(|own| found.iter().any(|(_, print)| print == own));
                planted += 1;
                right += u32::from(hit);
                let others = found.iter().filter(|(_, print)| Some(print) != own.as_ref());
                for (kind, _) in others {
                    wrong += 1;
                    *failed.entry(format!("{kind} beside {} in {path}", &token[..6])).or_default() += 1;
                }
                if !hit {
                    *failed.entry(format!("missed {} in {path}", &token[..6])).or_default() += 1;
                }
            }
        }
        for decoy in decoys(&mut random) {
            for (path, bytes) in files(&mut random, &decoy, None) {
                for (kind, _) in shown(&path, &bytes) {
                    wrong += 1;
                    *failed.entry(format!("{kind} in decoy {}", &decoy[..decoy.len().min(30)])).or_default() += 1;
                }
            }
        }
    }
    let (recall, precision) = (f64::from(right) / f64::from(planted), f64::from(right) / f64::from(right + wrong));
    assert!(
        recall >= 0.98 && precision >= 0.97,
        "recall {recall:.4} of {planted}, precision {precision:.4}: {failed:#?}"
    );
}
