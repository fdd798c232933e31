//! `--identify`: only the issuer is asked, only for the owner, and silence is not a refusal.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use leaver::env::{Console, Env};
use leaver::source::runner::{Globs, Issuers, Key, Options, scan};
use leaver::text::Secret;
use leaver::token;

use crate::hosts::{base64, devops_pat, github};

/// An issuer on loopback: path and authorization of every request, and one answer per path.
struct Issuer {
    base: String,
    asked: Arc<Mutex<Vec<(String, String)>>>,
}

type Respond = fn(path: &str, authorization: &str) -> (u16, &'static str, &'static str);

fn issuer(respond: Respond) -> Issuer {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines: Vec<String> = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok)
                .take_while(|line| !line.is_empty())
                .collect();
            let path = lines[0].split(' ').nth(1).unwrap().to_owned();
            let header =
                lines.iter().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default().to_owned();
            let (status, headers, body) = respond(&path, &header);
            log.lock().unwrap().push((path, header));
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
                body.len()
            );
        }
    });
    Issuer { base, asked }
}

fn rows(root: &Path, issuers: Issuers, sql: &str) -> Vec<String> {
    let now: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let console = Console::new(std::io::sink(), std::io::sink());
    let env = Env { now, clock: Arc::new(move || now), seed: 1, variables: Arc::default(), console };
    let directory = tempfile::tempdir().unwrap();
    let output: PathBuf = directory.path().join("out.db");
    let options = Options {
        paths: vec![root.to_owned()],
        processes: None,
        output: Some(output.clone()),
        host: Some("h".into()),
        image_of: None,
        key: Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap(),
        kinds: token::kinds().clone(),
        issuers: Some(issuers),
        exclude: Globs::default(),
        threads: 1,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(scan(&options, &env)).unwrap();
    let database = rusqlite::Connection::open(&output).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    found.map(|cell| cell.unwrap().unwrap_or_default()).collect()
}

const SAID: &str =
    "SELECT concat_ws(' ', kind, issuer_says, owner_kind, owner_id, owner_name, grade, scope, expires_at)
                    FROM sighting ORDER BY path, line";

#[test]
fn each_issuer_names_the_owner_of_its_own_tokens() {
    let issuer = issuer(|path, _| match path {
        "/user" => (
            200,
            "x-oauth-scopes: repo, workflow\r\ngithub-authentication-token-expiration: 2026-08-01 00:00:00 UTC\r\n",
            r#"{"login": "alice-dev", "id": 123, "email": "x"}"#,
        ),
        "/contoso/_apis/connectionData" => (
            200,
            "",
            r#"{"authenticatedUser": {"id": "u-1", "properties": {"Account": {"$value": "alice@contoso.com"}}}}"#,
        ),
        "/npm/-/whoami" => (200, "", r#"{"username": "alice-npm"}"#),
        _ => (404, "", ""),
    });
    let root = tempfile::tempdir().unwrap();
    let (pat, devops, npm) = (github("ghp_", 1), devops_pat(2), github("npm_", 3));
    std::fs::write(root.path().join("a.txt"), format!("{pat}\n{devops}\n")).unwrap();
    std::fs::write(root.path().join("b.txt"), format!("again {pat}\nghs={}\n", github("ghs_", 5))).unwrap();
    let registry = issuer.base.replace("http:", "");
    std::fs::write(root.path().join(".npmrc"), format!("{registry}/npm/:_authToken={npm}\n")).unwrap();
    let issuers = Issuers::new(&issuer.base, &issuer.base, vec!["contoso".into()]).unwrap();
    assert_eq!(
        rows(root.path(), issuers, SAID),
        [
            "npm-token valid npm alice-npm A",
            "github-pat valid github 123 alice-dev A repo, workflow 2026-08-01T00:00:00Z",
            "azure-devops-pat valid mail u-1 alice@contoso.com A",
            "github-pat valid github 123 alice-dev A repo, workflow 2026-08-01T00:00:00Z",
            "github-installation",
        ]
    );
    let mut asked = issuer.asked.lock().unwrap().clone();
    asked.sort();
    let expected = [
        ("/contoso/_apis/connectionData".to_owned(), format!("Basic {}", base64(&format!(":{devops}")))),
        ("/npm/-/whoami".to_owned(), format!("Bearer {npm}")),
        ("/user".to_owned(), format!("Bearer {pat}")),
    ];
    assert_eq!(asked, expected, "one question per token, and none about what has no owner");
}

#[test]
fn a_refusal_is_invalid_and_anything_else_is_unavailable() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a.txt"), format!("{}\n{}\n", github("ghp_", 1), devops_pat(2))).unwrap();
    let ask = |respond: Respond| {
        let issuer = issuer(respond);
        let issuers = Issuers::new(&issuer.base, &issuer.base, vec!["contoso".into()]).unwrap();
        rows(root.path(), issuers, "SELECT issuer_says FROM sighting ORDER BY line")
    };
    assert_eq!(ask(|_, _| (401, "", "{}")), ["invalid", "unavailable"]);
    assert_eq!(ask(|_, _| (503, "", "")), ["unavailable", "unavailable"]);
    assert_eq!(ask(|_, _| (302, "location: http://127.0.0.1:1/\r\n", "")), ["unavailable", "unavailable"]);
    assert_eq!(ask(|_, _| (200, "", "not json")), ["unavailable", "unavailable"]);
    assert_eq!(
        ask(|_, _| (
            200,
            "",
            r#"{"authenticatedUser": {"id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", "providerDisplayName": "Anonymous"}}"#
        )),
        ["unavailable", "unavailable"]
    );
    let nobody = Issuers::new("http://127.0.0.1:1", "http://127.0.0.1:1", vec![]).unwrap();
    assert_eq!(
        rows(root.path(), nobody, "SELECT issuer_says FROM sighting ORDER BY line"),
        ["unavailable", "unavailable"]
    );
}

#[test]
fn the_log_of_requests_names_issuers_and_no_token() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a.txt"), github("ghp_", 1)).unwrap();
    let issuer = issuer(|_, _| (401, "", "{}"));
    let issuers = Issuers::new(&issuer.base, &issuer.base, vec![]).unwrap();
    let logged = rows(root.path(), issuers, "SELECT concat_ws(' ', source, method, url, status) FROM request");
    assert_eq!(logged, [format!("runner GET {}/user 401", issuer.base)]);
}

#[test]
fn a_token_is_never_sent_in_clear() {
    for base in ["http://example.com", "https://u:p@example.com", "ftp://127.0.0.1", "nothing"] {
        assert!(Issuers::new(base, "https://dev.azure.com", vec![]).is_err(), "{base}");
        assert!(Issuers::new("https://api.github.com", base, vec![]).is_err(), "{base}");
    }
}
