//! Secrets in every field that a service returns come out nowhere, and foreign names do nothing to whoever reads them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use leaver::demo::{Estate, Faults, Server};
use leaver::text::is_harmless;
use leaver::token::checksum::{crc_base62, entra_sum};
use serde_json::{Value, json};

use super::{ALICE, Place, files, serve};

/// Text that looks random and is the same in every run; no literal of this file looks like a token.
fn noise(seed: u64, length: usize) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| random.alphanumeric()).collect()
}

/// What is planted, and the part of it that must be nowhere.
fn canaries() -> Vec<(&'static str, String, String)> {
    let body = noise(1, 30);
    let pat = format!("ghp_{body}{}", String::from_utf8_lossy(&crc_base62(body.as_bytes())));
    let secret = format!("{}8Q~{}", noise(2, 3), noise(3, 31));
    let secret = format!("{secret}{}", String::from_utf8_lossy(&entra_sum(secret.as_bytes())));
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let signature = noise(4, 86);
    let claims = json!({ "sub": noise(5, 8), "aud": "api" }).to_string();
    let jwt = format!("{}.{}.{signature}", part(r#"{"alg":"RS256","typ":"JWT"}"#), part(&claims));
    let key = noise(6, 300);
    let pem = format!("-----BEGIN {0}-----\n{key}\n-----END {0}-----", "PRIVATE KEY");
    let account = format!("{}+ASt{}A==", noise(7, 76), noise(8, 5));
    let connection =
        format!("DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey={account};EndpointSuffix=x");
    vec![
        ("GitHub token", pat.clone(), pat[8..28].to_owned()),
        ("Entra secret", secret.clone(), secret[6..30].to_owned()),
        ("JWT", jwt, signature[10..50].to_owned()),
        ("private key", pem, key[100..160].to_owned()),
        ("connection string", connection, account[10..50].to_owned()),
    ]
}

/// The estate with values where a real service has none: secrets of credentials.
fn careless(secret: &str) -> Estate {
    let mut estate = Estate::load("contoso").unwrap();
    for file in ["graph/applications", "graph/servicePrincipals"] {
        let lists = estate.rows_mut(file).iter_mut().flat_map(|row| {
            let fields = row.as_object_mut().unwrap().iter_mut();
            fields.filter(|(name, _)| ["passwordCredentials", "keyCredentials"].contains(&name.as_str()))
        });
        for credential in lists.filter_map(|(_, list)| list.as_array_mut()).flatten().filter_map(Value::as_object_mut) {
            credential.insert("secretText".into(), secret.into());
            credential.insert("key".into(), secret.into());
        }
    }
    estate
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    let wide: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let has = |needle: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    has(needle.as_bytes()) || has(&wide)
}

#[test]
fn no_secret_of_any_field_is_in_any_output_log_or_file() {
    for (what, planted, needle) in canaries() {
        let server = Server::start(careless(&planted), Faults::none().canary(&planted)).unwrap();
        for log in ["text", "json"] {
            let place = Place::new();
            let args = ["audit", ALICE, "-vv", "--log-format", log, "-o", "a.db", "--format", "json=a.json"];
            let ran = place.against(&server, &[&args[..], &["--last-day", "2026-05-01"]].concat());
            assert_eq!(ran.code, Some(3), "{what}: {}", ran.err);
            assert!(!holds(ran.out.as_bytes(), &needle), "{what} on stdout");
            assert!(!holds(ran.err.as_bytes(), &needle), "{what} on stderr, {log}");
            assert!(ran.err.contains("oauth2PermissionGrants"), "the log has each request: {}", ran.err);
            for file in files(place.folder.path()) {
                assert!(!holds(&std::fs::read(&file).unwrap(), &needle), "{what} in {}", file.display());
            }
            let mut names = place.files();
            names.retain(|name| name != "estate.toml");
            assert_eq!(names, ["a.db", "a.json"], "{what}");
        }
    }
}

#[test]
fn a_private_kind_of_token_is_in_no_output_either() {
    let needle = noise(9, 24).to_lowercase();
    let planted = format!("ours_{needle}");
    let table = "[[kind]]\nname = \"ours\"\ntitle = \"x\"\nholder = \"person\"\nliterals = [\"ours_\"]\npattern = 'ours_[a-z0-9]{24}'\n";
    let held = |args: &[&str]| {
        let server = Server::start(careless(&planted), Faults::none().canary(&planted)).unwrap();
        let place = Place::new();
        place.write("mine/tokens.toml", table);
        let args =
            ["audit", ALICE, "-vv", "-o", "a.db", "--format", "json=a.json"].into_iter().chain(args.iter().copied());
        let ran = place.against(&server, &args.collect::<Vec<_>>());
        assert_eq!(ran.code, Some(3), "{}", ran.err);
        let written = ["a.db", "a.json"].map(|name| std::fs::read(place.path(name)).unwrap());
        let [evidence, report] = written.map(|bytes| holds(&bytes, &needle));
        [evidence, report, holds(ran.out.as_bytes(), &needle), holds(ran.err.as_bytes(), &needle)]
    };
    assert!(held(&[])[0], "nobody else knows the kind");
    assert_eq!(held(&["--checks", "mine"]), [false; 4]);
    let collected = |args: &[&str]| {
        let server = Server::start(careless(&planted), Faults::none().canary(&planted)).unwrap();
        let place = Place::new();
        place.write("mine/tokens.toml", table);
        let ran = place.against(&server, &[&["collect", ALICE, "-o", "a.db"], args].concat());
        assert!(ran.code == Some(0) || ran.code == Some(5), "{}", ran.err);
        holds(&std::fs::read(place.path("a.db")).unwrap(), &needle)
    };
    assert!(collected(&[]));
    assert!(!collected(&["--checks", "mine"]));
}

#[test]
fn no_secret_of_an_error_is_in_any_output() {
    for (what, planted, needle) in canaries() {
        for faults in [Faults::none().forbid(""), Faults::none().missing(""), Faults::none().html("")] {
            let server = serve(faults.canary(&planted));
            let ran = Place::new().against(&server, &["audit", ALICE, "-vv"]);
            assert!(matches!(ran.code, Some(1..=4)), "{what}: {:?}", ran.code);
            assert!(!holds(ran.err.as_bytes(), &needle) && !holds(ran.out.as_bytes(), &needle), "{what}: {}", ran.err);
        }
    }
}

#[test]
fn hostile_names_are_harmless_on_the_terminal_and_in_json() {
    let place = Place::new();
    let server = super::hostile();
    let ran = place.against(&server, &["audit", ALICE, "-vv", "--format", "json=a.json"]);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    let json = std::fs::read_to_string(place.path("a.json")).unwrap();
    for (what, text) in [("stdout", &ran.out), ("stderr", &ran.err), ("JSON", &json)] {
        let bad: Vec<char> = text.chars().filter(|c| *c != '\n' && !is_harmless(*c)).collect();
        assert!(bad.is_empty(), "{what}: {bad:?}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{what} speaks to a pipeline");
    }
    assert!(ran.out.lines().all(|line| line.chars().count() <= 110), "a line is too long");
    // What is harmless to print is still the whole value for a machine.
    let report: Value = serde_json::from_str(&json).unwrap();
    let names = report.to_string();
    assert!(names.contains("\\u001b[") || names.contains("\\u0000"), "names are escaped, not cleaned");
}
