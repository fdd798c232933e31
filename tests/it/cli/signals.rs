//! Whoever asks a run to end is heard, whatever it is doing: a polite signal within five seconds, a second one at once.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Place;

/// What a signal may take. The program itself takes five seconds at most; the machine may be busy.
const POLITE: Duration = Duration::from_secs(12);
const AT_ONCE: Duration = Duration::from_secs(4);

fn kill(child: &Child, signal: &str) {
    assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap().success());
}

fn start(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until it is busy, asks it to end with `signals`, and says what it ended with.
fn ended(mut child: Child, signals: &[&str], most: Duration) -> Option<i32> {
    thread::sleep(Duration::from_millis(1500));
    assert!(child.try_wait().unwrap().is_none(), "it has ended by itself");
    let started = Instant::now();
    for (at, signal) in signals.iter().enumerate() {
        if at > 0 {
            thread::sleep(Duration::from_millis(100));
        }
        kill(&child, signal);
    }
    while started.elapsed() < most + POLITE {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(started.elapsed() < most, "{signals:?}: {:?}", started.elapsed());
            return status.code();
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("{signals:?} does not end it");
}

/// A server that begins an answer and then sends a byte a second.
fn dripping() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n");
                while stream.write_all(b" ").is_ok() {
                    thread::sleep(Duration::from_secs(1));
                }
            });
        }
    });
    base
}

fn audit(place: &Place, base: &str) -> Command {
    let tenant = "84841066-274d-4ec0-a5c1-276be684bdd3";
    let config = place.write(
        "slow.toml",
        &format!("[entra]\ntenant = \"{tenant}\"\n[endpoints]\nlogin = \"{base}\"\ngraph = \"{base}/graph\"\narm = \"{base}/arm\"\n"),
    );
    let mut command = place.command(&["audit", super::ALICE, "-q", "--config"]);
    command.arg(config);
    command
}

#[test]
fn a_run_ends_while_it_signs_in_and_while_a_byte_a_second_comes() {
    let base = dripping();
    let place = Place::new();
    let sign_in = || {
        let mut command = audit(&place, &base);
        command.env("AZURE_TENANT_ID", "84841066-274d-4ec0-a5c1-276be684bdd3").env("AZURE_CLIENT_ID", "c");
        command.env("AZURE_CLIENT_SECRET", "not one").env("AZURE_AUTHORITY_HOST", &base);
        start(&mut command)
    };
    let first_question = || start(audit(&place, &base).env("LEAVER_AZURE_TOKEN", leaver::demo::TOKEN));
    for (signals, most) in
        [(&["TERM"][..], POLITE), (&["INT"], POLITE), (&["TERM", "TERM"], AT_ONCE), (&["INT", "INT"], AT_ONCE)]
    {
        assert_eq!(ended(first_question(), signals, most), Some(130), "{signals:?}");
    }
    assert_eq!(ended(sign_in(), &["TERM"], POLITE), Some(130));
    assert_eq!(place.files(), ["slow.toml"]);
}

/// Long files, of which none is read to its end.
fn endless(place: &Place) {
    std::fs::create_dir(place.path("tree")).unwrap();
    for n in 0..8 {
        let file = std::fs::File::create(place.path(&format!("tree/{n}.txt"))).unwrap();
        file.set_len(1 << 36).unwrap();
    }
}

#[test]
fn a_scan_of_endless_files_ends() {
    let place = Place::new();
    endless(&place);
    let scan = || start(&mut place.command(&["scan", "-q", "tree", "-o", "s.db", "--fingerprint-key", "f.key"]));
    for (signals, most) in [(&["TERM"][..], POLITE), (&["TERM", "TERM"], AT_ONCE), (&["INT", "INT"], AT_ONCE)] {
        assert_eq!(ended(scan(), signals, most), Some(130), "{signals:?}");
    }
    assert!(!place.path("s.db").exists());
}

/// A bundle whose evidence never ends, and evidence that says to be as large as it is.
#[test]
fn looking_at_evidence_without_end_ends() {
    let place = Place::new();
    let made = place.run(&["demo", "-q", "--bundle", "b"]);
    assert_eq!(made.code, Some(3), "{}", made.err);
    let grown = place.path("big.db");
    std::fs::copy(place.path("b/evidence.db"), &grown).unwrap();
    grow(&grown, 15 << 20);
    grow(&place.path("b/evidence.db"), 15 << 20);
    let look = |args: &[&str]| start(&mut place.command(args));
    for (signals, most) in [(&["TERM"][..], POLITE), (&["INT", "INT"], AT_ONCE)] {
        assert_eq!(ended(look(&["verify", "b"]), signals, most), Some(130), "{signals:?}");
    }
    // What cannot be as large as it says is not even read.
    let refused = place.run(&["check", "big.db"]);
    assert!(matches!(refused.code, Some(1 | 2)) && refused.err.contains("damaged"), "{}", refused.err);
}

/// Makes a database of so many pages without any room for them.
fn grow(path: &Path, pages: u64) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().write(true).read(true).open(path).unwrap();
    let mut page = [0; 2];
    file.read_exact_at(&mut page, 16).unwrap();
    let size = u64::from(u16::from_be_bytes(page)).max(512);
    file.write_all_at(&u32::try_from(pages).unwrap().to_be_bytes(), 28).unwrap();
    file.set_len(size * pages).unwrap();
}
