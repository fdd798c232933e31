//! Hostile input, through the same door as a real scan. What well-formed hosts hold is tested in `tests/it/scan.rs`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::*;
use crate::env::Console;
use crate::text::Secret;
use crate::token;

fn env() -> Env {
    let now: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let console = Console::new(std::io::sink(), std::io::sink());
    Env { now, clock: std::sync::Arc::new(move || now), seed: 1, variables: std::sync::Arc::default(), console }
}

fn pat() -> String {
    let body = "Zk3".repeat(10);
    format!("ghp_{body}{}", String::from_utf8_lossy(&token::checksum::crc_base62(body.as_bytes())))
}

fn run(paths: Vec<PathBuf>) -> Result<Scan, Error> {
    let options = Options {
        paths,
        processes: None,
        output: None,
        host: Some("h".into()),
        image_of: None,
        key: Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap(),
        kinds: token::kinds().clone(),
        issuers: None,
        threads: 2,
        exclude: Globs::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(scan(&options, &env()))
}

fn sightings(scan: &Scan) -> Vec<(String, Option<i64>)> {
    scan.evidence
        .rows("SELECT path, line FROM sighting ORDER BY path", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
}

#[test]
fn links_pipes_loops_and_odd_names_neither_stop_nor_hide_anything() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("a/b")).unwrap();
    std::os::unix::fs::symlink(root, root.join("a/b/loop")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", root.join("outside")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(root.join("a/.env")).status().unwrap().success());
    let odd = root.join(OsStr::from_bytes(b"a/\xff\xfe.txt"));
    fs::write(&odd, format!("x\ny={}\n", pat())).unwrap();
    let sparse = fs::File::create(root.join("sparse")).unwrap();
    sparse.set_len(content::WHOLE as u64 + 5_000_000).unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    assert_eq!(sightings(&done).iter().map(|(_, line)| *line).collect::<Vec<_>>(), [Some(2)]);
    assert_eq!(done.summary.left.skipped["symbolic links"], 2);
    assert_eq!(done.summary.left.skipped["pipes"], 1);
    assert_eq!(done.summary.files, 2);
    assert_eq!(done.summary.left.unread[&Unread::Linked].0, 1, "what a link out leads to was not looked at");
    assert!(!done.summary.is_complete());
}

#[test]
fn a_token_deep_in_a_large_file_is_found_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let mut text = "filler line\n".repeat(900_000);
    text.push_str(&pat());
    text.push_str(&"\nmore".repeat(1_000_000));
    fs::write(directory.path().join("big.log"), text).unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    assert_eq!(sightings(&done).iter().map(|(_, line)| *line).collect::<Vec<_>>(), [Some(900_001)]);
}

#[test]
fn one_line_without_an_end_is_read_in_pieces() {
    let directory = tempfile::tempdir().unwrap();
    let mut text = "x".repeat(content::WHOLE + 3_000_000);
    text.push_str(&format!(" {} {}", pat(), "y".repeat(3_000_000)));
    fs::write(directory.path().join("line.json"), text).unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    assert_eq!(sightings(&done).iter().map(|(_, line)| *line).collect::<Vec<_>>(), [Some(1)]);
    assert!(done.summary.is_complete());
}

#[test]
fn a_file_too_large_for_the_reader_of_its_format_is_a_gap_and_is_scanned_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".npmrc"), format!("{}\n{}", "#\n".repeat(content::WHOLE / 2), pat())).unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    assert_eq!(sightings(&done).len(), 1);
    assert_eq!(done.summary.left.unread[&Unread::TooLarge].0, 1);
}

#[test]
fn a_hook_of_a_runner_is_read_as_the_commands_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::write(root.join(".runner"), r#"{"agentId": 1}"#).unwrap();
    fs::write(root.join(".env"), "ACTIONS_RUNNER_HOOK_JOB_STARTED=./hook\n").unwrap();
    fs::write(root.join("hook"), "#!/bin/sh\nLOGIN_TOKEN=plain-literal-1 deploy --password plain-literal-2\n").unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    assert_eq!(sightings(&done), vec![(root.join("hook").display().to_string(), Some(2)); 2]);
}

#[test]
fn what_is_packed_is_looked_into_or_is_a_gap() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    let gz = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(root.join("log.1"), gz(&format!("x\n{}\n", pat()))).unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    assert_eq!(sightings(&done), [(root.join("log.1").display().to_string(), Some(2))]);
    assert!(done.summary.is_complete());
    let mut tar = tar::Builder::new(Vec::new());
    let netrc = "machine a.example login alice password q9w8e7r6t5y4u3\n";
    let mut header = tar::Header::new_gnu();
    header.set_size(netrc.len() as u64);
    header.set_cksum();
    tar.append_data(&mut header, "home/alice/.netrc", netrc.as_bytes()).unwrap();
    fs::write(root.join("backup"), tar.into_inner().unwrap()).unwrap();
    fs::write(root.join("notes"), b"7z\xbc\xaf\x27\x1c\0\x04").unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    let inner = root.join("backup!/home/alice/.netrc").display().to_string();
    assert!(sightings(&done).contains(&(inner, Some(1))));
    assert_eq!(done.summary.left.unread[&Unread::Packed], (1, vec![root.join("notes")]));
    assert_eq!(done.evidence.coverage().unwrap().iter().filter(|row| row.gap.is_some()).count(), TABLES.len());
}

#[test]
fn the_history_of_a_checkout_is_counted_and_is_no_gap() {
    let directory = tempfile::tempdir().unwrap();
    let git = directory.path().join("a/.git");
    fs::create_dir_all(git.join("objects/pack")).unwrap();
    fs::create_dir_all(git.join("objects/0a")).unwrap();
    fs::write(git.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(git.join("objects/pack/pack-0a.pack"), b"PACK\0\0\0\x02").unwrap();
    fs::write(git.join("objects/0a").join("b".repeat(38)), b"\x78\x01").unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    assert!(done.summary.is_complete());
    assert!(done.summary.render(None).contains("the history of 1 checkouts"));
    // A pack that belongs to no checkout is one more container.
    fs::write(directory.path().join("x"), b"PACK\0\0\0\x02").unwrap();
    assert!(!run(vec![directory.path().to_owned()]).unwrap().summary.is_complete());
}

#[test]
fn a_store_behind_a_link_is_read_as_what_the_link_says() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    fs::create_dir_all(root.join("dots")).unwrap();
    fs::create_dir_all(root.join("home/alice")).unwrap();
    fs::write(root.join("dots/pg"), "h:5432:*:alice:q9w8e7r6t5y4u3\n").unwrap();
    std::os::unix::fs::symlink("../../dots/pg", root.join("home/alice/.pgpass")).unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    assert_eq!(sightings(&done), [(root.join("dots/pg").display().to_string(), Some(1))]);
    assert!(done.summary.is_complete());
    // What a cluster mounts: the file lies in a folder with a time in its name, behind two links.
    let mounted = root.join("home/alice/.docker");
    fs::create_dir_all(mounted.join("..2026_06_01")).unwrap();
    let text = format!(r#"{{"auths": {{"a": {{"username": "alice", "password": "{}"}}}}}}"#, "q9w8e7r6t5y4u2");
    fs::write(mounted.join("..2026_06_01/config.json"), text).unwrap();
    std::os::unix::fs::symlink("..2026_06_01", mounted.join("..data")).unwrap();
    std::os::unix::fs::symlink("..data/config.json", mounted.join("config.json")).unwrap();
    let done = run(vec![root.to_owned()]).unwrap();
    assert_eq!(sightings(&done).len(), 2);
    assert!(done.summary.is_complete());
}

#[test]
fn a_missing_path_is_a_gap_unless_there_is_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    assert!(matches!(run(vec![missing.clone()]), Err(Error::Nothing(paths)) if paths == [missing.clone()]));
    let done = run(vec![directory.path().to_owned(), missing]).unwrap();
    assert!(!done.summary.is_complete());
    let coverage = done.evidence.coverage().unwrap();
    assert_eq!(coverage.iter().filter(|row| row.gap.is_some()).count(), TABLES.len(), "each table is incomplete");
}

#[test]
fn a_broken_file_of_a_known_format_is_a_gap_and_is_scanned_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join(".config/gh")).unwrap();
    fs::write(directory.path().join(".config/gh/hosts.yml"), format!("github.com: [\n  oauth_token: {}\n", pat()))
        .unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    assert_eq!(sightings(&done).len(), 1);
    assert_eq!(done.summary.left.unread[&Unread::Malformed].0, 1);
}

#[test]
fn the_value_of_a_credential_is_nowhere_in_the_evidence() {
    let directory = tempfile::tempdir().unwrap();
    let odd = directory.path().join(format!("name-{}", pat()));
    fs::write(&odd, format!("{}=1\nhttps://{}:{}@h/\n", pat(), "u", pat())).unwrap();
    let done = run(vec![directory.path().to_owned()]).unwrap();
    let bytes = fs::read(done.evidence.path()).unwrap();
    let value = pat();
    assert!(!bytes.windows(12).any(|window| window == &value.as_bytes()[4..16]));
    assert!(!done.summary.render(None).contains(&value));
}

#[test]
fn a_permission_that_is_missing_is_told_apart() {
    let mut left = Left::default();
    left.failed(&std::io::ErrorKind::PermissionDenied.into(), Path::new("/a"));
    left.failed(&std::io::ErrorKind::PermissionDenied.into(), Path::new("/b"));
    let (count, examples) = &left.unread[&Unread::Denied];
    let cause = cause(Unread::Denied, *count, examples);
    assert_eq!((cause.kind, cause.detail.unwrap().raw()), (GapKind::Denied, "/a could not be opened, and 1 others"));
}

#[test]
fn named_files_are_followed_inside_the_paths_and_told_outside() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("host");
    fs::create_dir_all(root.join("etc/systemd/system")).unwrap();
    fs::write(root.join("etc/app"), "DEPLOY_TOKEN=plain-literal-1\n").unwrap();
    fs::write(directory.path().join("elsewhere"), "DEPLOY_TOKEN=plain-literal-2\n").unwrap();
    let unit =
        "[Service]\nEnvironmentFile=/etc/app\nEnvironmentFile=../../../../elsewhere\nEnvironmentFile=-/etc/none\n";
    fs::write(root.join("etc/systemd/system/a.service"), unit).unwrap();
    let done = run(vec![root.clone()]).unwrap();
    let found = sightings(&done);
    assert_eq!(found, [(root.join("etc/app").display().to_string(), Some(1))]);
    assert_eq!(done.summary.left.unread[&Unread::Outside].0, 1);
    assert!(!done.summary.is_complete());
}

#[test]
fn what_a_token_says_of_itself_counts_in_every_file() {
    let claims = r#"{"upn":"al@contoso.example","oid":"0a0a","exp":1900000000}"#;
    let [head, body] = [r#"{"alg":"RS256"}"#, claims].map(|text| BASE64_URL_SAFE_NO_PAD.encode(text));
    let jwt = format!("{head}.{body}.{}", "c2lnbmF0dXJl".repeat(4));
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    for text in [jwt.clone(), format!("x: https://bo:{jwt}@contoso.example/\n"), format!("user=bo\ntoken={jwt}\n")] {
        let rows = look("h", Path::new("/c/notes.md"), text.as_bytes(), token::kinds(), &key);
        let owners: Vec<_> = rows.iter().map(|row| row.owner_id.as_ref().map(|id| id.raw())).collect();
        assert_eq!(owners, [Some("0a0a")], "{text}");
    }
    let rows =
        look("h", Path::new("/c/notes.md"), format!("AKIA{}", "QYLPMN5HHHFPZAM2").as_bytes(), token::kinds(), &key);
    assert_eq!(rows[0].owner_kind.as_deref(), Some("aws-account"));
}

#[test]
fn base64_in_the_settings_of_a_large_file_is_decoded_too() {
    let encoded = base64::prelude::BASE64_STANDARD.encode(format!("token for all of us: {}", pat()));
    let text = format!("{}\nkey: {encoded}\n", "#\n".repeat(content::WHOLE / 2));
    let key = Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap();
    let rows = look("h", Path::new("/c/values.json"), text.as_bytes(), token::kinds(), &key);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [Some(content::WHOLE as i64 / 2 + 2)]);
}
