//! The fault campaign in small; `tests/full` runs it in full. Whatever ends a run, at any moment, nothing is half-written
//! under its final name, the next run removes what is left, and the archive verifies.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use leaver::demo::Faults;

use super::{ALICE, Place, serve};

fn archived(place: &Place) {
    std::fs::create_dir(place.path("archive")).unwrap();
    assert_eq!(place.run(&["key", "new", "-o", "k.pem"]).code, Some(0));
    let archive = place.path("archive");
    place.write(
        "leaver.toml",
        &format!("[signing]\nkey = \"k.pem\"\n[archive]\nurl = \"file://{}\"\n", archive.display()),
    );
}

fn temporary(place: &Place) -> Vec<String> {
    place.files().into_iter().filter(|name| name.starts_with(".leaver-") || name.contains(".partial")).collect()
}

#[test]
fn runs_that_are_killed_leave_nothing_that_the_next_one_cannot_pass() {
    let place = Place::new();
    archived(&place);
    let mut random = fastrand::Rng::with_seed(7);
    for at in 0..4 {
        let bundle = format!("b{at}");
        let mut child = place.command(&["demo", "-q", "--bundle", &bundle]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(random.u64(50..6000)));
        child.kill().unwrap();
        child.wait().unwrap();
        if place.path(&bundle).exists() {
            assert_eq!(place.run(&["verify", &bundle, "--key", "k.pub"]).code, Some(0), "{bundle}");
        }
    }
    let last = place.run(&["demo", "-q", "--bundle", "last"]);
    assert_eq!(last.code, Some(3), "{}", last.err);
    assert_eq!(temporary(&place), Vec::<String>::new());
    let verified = place.run(&["archive", "verify", "--key", "k.pub"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

#[test]
fn the_newest_report_is_missed_by_who_kept_its_head() {
    let place = Place::new();
    archived(&place);
    let first = place.run(&["demo", "--bundle", "a"]);
    assert!(first.err.contains("archive verify --head "), "{}", first.err);
    let head = first.err.split("--head ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let verify = |args: &[&str]| place.run(&[&["archive", "verify", "--key", "k.pub"], args].concat());
    assert_eq!(verify(&["--head", &head, "--at-least", "1"]).code, Some(0));
    assert_eq!(verify(&["--head", &"0".repeat(64)]).code, Some(7));
    let late = verify(&["--at-least", "2"]);
    assert!(late.code == Some(7) && late.out.contains("number 2 has to be there"), "{}", late.out);
}

/// An audit against a server that takes long over `slow`, with so many seconds until its deadline.
fn late(slow: &str, deadline: u64) -> super::Ran {
    let server = serve(Faults::none().slow(slow, Duration::from_secs(120)));
    let place = Place::new();
    let settings = super::settings(&server);
    let config = place.write("late.toml", &format!("{settings}\n[run]\ndeadline = \"{deadline}s\"\n"));
    let started = Instant::now();
    let mut command = place.command(&["audit", ALICE, "-q", "--now", super::NOW, "--config"]);
    let ran = super::ran(command.arg(config).env("LEAVER_AZURE_TOKEN", leaver::demo::TOKEN));
    assert!(started.elapsed() < Duration::from_secs(deadline + 60), "{:?}", started.elapsed());
    assert!(place.files() == ["late.toml"], "{:?}", place.files());
    ran
}

/// How long it takes until somebody is found depends on the machine: the deadline grows until there is something to judge.
#[test]
fn a_run_ends_at_its_deadline_and_judges_what_it_has() {
    let mut seconds = 4;
    let ran = loop {
        let ran = late("/oauth2PermissionGrants", seconds);
        assert!(
            format!("{}{}", ran.out, ran.err).contains(&format!("reached its deadline of {seconds} s")),
            "{}",
            ran.err
        );
        match ran.code {
            Some(1 | 4) if seconds < 120 => seconds *= 3,
            _ => break ran,
        }
    };
    assert!(ran.out.contains(&format!("the run reached its deadline of {seconds} s")), "{}{}", ran.out, ran.err);
    assert!([Some(3), Some(5)].contains(&ran.code), "{:?} {}", ran.code, ran.err);
}

/// Before anybody has said which tenant this is, or who the person is, there is nothing to judge.
#[test]
fn a_deadline_before_the_first_answer_is_no_sign_in_and_says_so() {
    let unknown = late("/organization", 2);
    assert_eq!((unknown.code, unknown.out.as_str()), (Some(4), ""), "{}", unknown.err);
    let words = "cannot sign in to Microsoft Graph: the run reached its deadline of 2 s before anybody said which tenant this is";
    assert!(unknown.err.contains(words) && unknown.err.contains("raise [run] deadline"), "{}", unknown.err);
}

#[test]
fn what_is_there_is_not_replaced() {
    let place = Place::new();
    place.write("kept.db", "kept");
    place.write("kept.json", "kept");
    for args in [
        ["collect", ALICE, "-o", "kept.db"].as_slice(),
        &["demo", "-q", "--format", "json=kept.json"],
        &["scan", "tmp", "-o", "kept.db", "--fingerprint-key", "f.key"],
    ] {
        let ran = place.run(args);
        assert!(ran.code == Some(2) && ran.err.contains("is there already"), "{args:?}: {}", ran.err);
    }
    for name in ["kept.db", "kept.json"] {
        assert_eq!(std::fs::read_to_string(place.path(name)).unwrap(), "kept");
    }
    for odd in [["demo", "--format", "json=-,html=-"], ["demo", "--format", "json=--quiet"]] {
        assert_eq!(place.run(&odd).code, Some(2), "{odd:?}");
    }
    assert_eq!(place.files(), ["kept.db", "kept.json"]);
}

#[test]
fn what_is_wrong_with_a_variable_is_told_by_its_name() {
    let place = Place::new();
    let told = |name: &str, value: &str, args: &[&str]| {
        let ran = super::ran(place.command(args).env("LEAVER_AZURE_TOKEN", "x").env(name, value));
        assert!(ran.code == Some(2) && ran.err.contains(name), "{name}={value}: {:?} {}", ran.code, ran.err);
        ran.err
    };
    let audit = ["audit", ALICE];
    assert!(told("SSL_CERT_FILE", "/nonexistent.pem", &audit).contains("/nonexistent.pem"));
    told("SSL_CERT_FILE", "/dev/null", &audit);
    told("SSL_CERT_DIR", "/nonexistent", &audit);
    told("TMPDIR", "/nonexistent", &audit);
    let value = ["ftp://user", ":", "word", "@proxy.example"].concat();
    assert!(!told("HTTPS_PROXY", &value, &audit).contains("word"));
    let nobody = super::ran(place.command(&["scan", "tmp"]).env("HOME", "/proc"));
    assert!(nobody.code == Some(2) && nobody.err.contains("LEAVER_FINGERPRINT_KEY"), "{}", nobody.err);
    let wide: Vec<u8> = "\u{feff}[logs]\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(place.path("leaver.toml"), wide).unwrap();
    let encoded = place.run(&["explain", "account/still-enabled"]);
    assert!(encoded.code == Some(2) && encoded.err.contains("UTF-16"), "{}", encoded.err);
    place.write("leaver.toml", "[signing]\nkey = \"C:\\keys\\new.pem\"\n");
    let windows = place.run(&["explain", "account/still-enabled"]);
    assert!(windows.code == Some(2) && windows.err.contains("single quotes"), "{}", windows.err);
}

#[cfg(target_os = "linux")]
#[test]
fn too_few_files_end_the_run_with_what_to_do() {
    let place = Place::new();
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &format!("ulimit -n 32; exec '{}' demo -q", env!("CARGO_BIN_EXE_leaver"))]);
    command.current_dir(place.path("")).env_clear().env("TMPDIR", place.path("tmp"));
    let ran = super::ran(&mut command);
    assert!(ran.code.is_some_and(|code| code != 0) && ran.err.contains("ulimit -n"), "{:?} {}", ran.code, ran.err);
}
