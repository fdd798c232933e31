//! What is no file in the place of every file that a command names: told at once by its name, never waited for.

use std::path::Path;
use std::time::{Duration, Instant};

use super::Place;

/// Each command with the place of one file, which is `FILE`.
const COMMANDS: &[&[&str]] = &[
    &["check", "FILE"],
    &["check", "b/evidence.db", "--waivers", "FILE"],
    &["check", "b/evidence.db", "--baseline", "FILE"],
    &["verify", "FILE"],
    &["verify", "b", "--key", "FILE"],
    &["verify", "b", "--tsa-root", "FILE"],
    &["verify", "b", "--previous", "FILE"],
    &["sign", "FILE", "--key", "k.pem"],
    &["sign", "b", "--key", "FILE"],
    &["plan", "FILE", "-o", "x.json"],
    &["plan", "b", "--evidence", "FILE", "-o", "x.json"],
    &["apply", "FILE"],
    &["apply", "plan.json", "--journal", "FILE"],
    &["apply", "plan.json", "--key", "FILE"],
    &["undo", "FILE"],
    &["scan", "tmp", "--fingerprint-key", "FILE"],
    &["audit", "a@contoso.example", "--config", "FILE"],
    &["audit", "a@contoso.example", "--waivers", "FILE"],
    &["audit", "a@contoso.example", "--baseline", "FILE"],
    &["sweep", "--leavers", "FILE"],
    &["explain", "account/still-enabled", "--config", "FILE"],
    &["archive", "verify", "--key", "FILE"],
    &["demo", "-q", "--format", "json=FILE"],
    &["demo", "-q", "--bundle", "FILE"],
    &["key", "new", "-o", "FILE"],
];

fn pipe(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_no_file_is_never_waited_for() {
    let place = Place::new();
    pipe(&place.path("pipe"));
    std::os::unix::fs::symlink("pipe", place.path("link")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", place.path("endless")).unwrap();
    std::fs::create_dir(place.path("folder")).unwrap();
    pipe(&place.path("folder/report.json"));
    assert_eq!(place.run(&["demo", "-q", "--bundle", "b"]).code, Some(3));
    assert_eq!(place.run(&["plan", "b", "-o", "plan.json"]).code, Some(0));
    assert_eq!(place.run(&["key", "new", "-o", "k.pem"]).code, Some(0));
    for (at, command) in COMMANDS.iter().enumerate() {
        for odd in ["pipe", "endless", ["link", "/dev/zero", "folder"][at % 3]] {
            let named: Vec<String> = command.iter().map(|word| word.replace("FILE", odd)).collect();
            let args: Vec<&str> = named.iter().map(String::as_str).collect();
            let mut command = place.command(&args);
            let started = Instant::now();
            let mut child =
                command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
            let code = loop {
                match child.try_wait().unwrap() {
                    Some(status) => break status.code(),
                    None if started.elapsed() > Duration::from_secs(60) => {
                        child.kill().unwrap();
                        child.wait().unwrap();
                        panic!("{args:?} waits");
                    }
                    None => std::thread::sleep(Duration::from_millis(10)),
                }
            };
            assert!(matches!(code, Some(1 | 2 | 7)), "{args:?}: {code:?}");
        }
    }
}
