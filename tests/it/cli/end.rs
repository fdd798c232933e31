//! How a run ends when the world does not play along: nothing half-written, nothing left behind, no panic.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use leaver::demo::Faults;

use super::{ALICE, Place, ran, serve};

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_nothing_is_half_written() {
    let place = Place::new();
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let output = place.command(&["demo", "-q"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.starts_with("error: cannot write stdout") && told.contains("make room"), "{told}");
    let device = place.run(&["demo", "-q", "--format", "json=/dev/full"]);
    assert_eq!((device.code, device.out.as_str()), (Some(1), ""));
    assert!(device.err.contains("/dev/full"), "{}", device.err);
    assert_eq!(place.files(), Vec::<String>::new());
}

/// Not even a superuser makes files in `/proc`.
#[cfg(target_os = "linux")]
#[test]
fn a_directory_that_takes_no_file_is_told_before_anybody_is_asked() {
    let server = serve(Faults::none());
    let place = Place::new();
    let collected = place.against(&server, &["collect", ALICE, "-o", "/proc/a.db"]);
    assert_eq!(collected.code, Some(1), "{}", collected.err);
    assert!(collected.err.contains("/proc") && collected.err.contains("hint: "), "{}", collected.err);
    assert!(server.requests().is_empty());
    let reported = place.run(&["demo", "-q", "--format", "json=/proc/a.json"]);
    assert_eq!(reported.code, Some(1), "{}", reported.err);
    assert!(reported.err.contains("/proc/a.json"), "{}", reported.err);
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_with_130_and_leaves_nothing_behind() {
    for signal in ["INT", "TERM"] {
        let server = serve(Faults::none().slow("/oauth2PermissionGrants", Duration::from_secs(60)));
        let place = Place::new();
        let mut child = place
            .signed_in(&server, &["audit", ALICE, "-vv", "-o", "a.db", "--format", "json=a.json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The second answer of the log comes after it is known which tenant this is.
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut asked = log.lines().map(|line| line.unwrap()).filter(|line| line.contains("asked"));
        assert!(asked.nth(1).is_some(), "{signal}");
        // Whoever stops reading ends the program by another way.
        let rest = std::thread::spawn(move || asked.count());
        let kill = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap();
        assert!(kill.success());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(130), "{signal}");
        rest.join().unwrap();
        // What was read until then is kept, and says of every table that it is not all.
        assert_eq!(place.files(), ["a.db.partial", "estate.toml"], "{signal}");
        let judged = place.run(&["check", "a.db.partial", "--now", super::NOW]);
        // Some of it is bad by itself; none of it is clean.
        assert!(matches!(judged.code, Some(3 | 5)) && !judged.out.contains("PASS "), "{}{}", judged.out, judged.err);
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let place = Place::new();
    let mut child = place.command(&["demo", "-q"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code().is_some_and(|code| code != 0 && code < 101), "{:?} {told}", output.status);
    assert!(!told.contains("panicked"), "{told}");
}

#[test]
fn nobody_signed_in_ends_with_4_and_says_how() {
    let server = serve(Faults::none().expire_after(0));
    let place = Place::new();
    let expired = place.against(&server, &["audit", ALICE]);
    assert_eq!(expired.code, Some(4), "{}", expired.err);
    assert!(expired.err.contains("az login") && expired.err.contains("LEAVER_AZURE_TOKEN"), "{}", expired.err);
    let page = place.against(&serve(Faults::none().html("")), &["audit", ALICE]);
    assert_eq!(page.code, Some(4), "{}", page.err);
    assert!(place.files() == ["estate.toml"], "{:?}", place.files());
}

#[test]
fn a_sign_in_that_ends_half_way_keeps_what_was_read() {
    let server = serve(Faults::none().expire_after(3));
    let place = Place::new();
    let half = place.against(&server, &["audit", ALICE, "-o", "a.db"]);
    assert_eq!(half.code, Some(3), "{}{}", half.out, half.err);
    assert!(half.out.contains("sign in again and repeat the run"), "{}", half.out);
    assert_eq!(place.run(&["check", "a.db"]).out, half.out);
}

#[test]
fn forbidden_from_the_start_names_the_permission() {
    let server = serve(Faults::none().forbid(""));
    let ran = Place::new().against(&server, &["audit", ALICE]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("hint: grant User.Read.All"), "{}", ran.err);
}

#[test]
fn a_gateway_list_that_is_refused_is_unknown_and_names_its_permission() {
    let server = serve(Faults::none().forbid("/oauth2PermissionGrants"));
    let ran = Place::new().against(&server, &["audit", "bob@contoso.example"]);
    assert!(matches!(ran.code, Some(3 | 5)), "{}", ran.err);
    assert!(ran.out.contains("denied: Directory.Read.All"), "{}", ran.out);
}

#[test]
fn notes_and_progress_never_mix_with_the_result() {
    let place = Place::new();
    let json = ran(&mut place.command(&["demo", "--format", "json=-", "--color", "always"]));
    let report: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(report["schema"], "leaver.report/1");
    assert!(json.err.contains("nothing here is real"), "{}", json.err);
    assert_eq!(place.run(&["demo", "-q"]).err, "");
}
