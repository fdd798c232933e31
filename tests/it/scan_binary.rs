//! `leaver scan` as its users run it: exit codes, what goes where, what a broken surrounding does, and never a value.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::hosts::{self, github, noise};

const PROGRAM: &str = env!("CARGO_BIN_EXE_leaver");

/// A place for a home, an output and a host.
struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        Place { directory: tempfile::tempdir().unwrap() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", self.at("home"));
        command.env("LEAVER_FINGERPRINT_KEY", "k".repeat(40)).current_dir(self.directory.path());
        command
    }

    fn scan(&self, arguments: &[&str]) -> Output {
        self.command(PROGRAM).arg("scan").args(arguments).output().unwrap()
    }

    /// Names of evidence files, finished or not.
    fn evidence(&self) -> Vec<String> {
        let names = fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let names = names.map(|name| name.into_string().unwrap());
        names.filter(|name| name.contains("leaver") || name.ends_with(".db")).collect()
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn exit_codes_tell_clean_found_unknown_and_unusable() {
    let place = Place::new();
    hosts::clean(&place.at("clean"));
    hosts::incident(&place.at("incident"));
    let code = |arguments: &[&str]| place.scan(arguments).status.code();
    assert_eq!(code(&["clean"]), Some(0));
    assert_eq!(code(&["incident"]), Some(3));
    assert_eq!(code(&["clean", "missing"]), Some(5));
    assert_eq!(code(&["incident", "missing"]), Some(3), "findings win over unknown");
    assert_eq!(code(&["missing"]), Some(2));
    assert_eq!(code(&[]), Some(2));
}

#[test]
fn the_table_is_on_stdout_the_notes_on_stderr_and_no_value_anywhere() {
    let place = Place::new();
    hosts::incident(&place.at("incident"));
    let output = place.scan(&["incident", "-o", "host.evidence.db"]);
    assert!(stdout(&output).contains("alice-dev") && stdout(&output).contains("CREDENTIAL"), "{}", stdout(&output));
    assert!(stderr(&output).contains("fingerprints made with key") && !stderr(&output).contains("CREDENTIAL"));
    assert_eq!(place.evidence(), ["host.evidence.db"], "nothing unfinished stays");
    let evidence = fs::read(place.at("host.evidence.db")).unwrap();
    let values = [github("gho_", 1), github("ghp_", 2), github("ghp_", 3), noise(5, 200), noise(6, 95), noise(7, 95)];
    for value in values {
        for part in [&value[8..20], &value[value.len() - 12..]] {
            for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr), ("evidence", &evidence)] {
                assert!(!bytes.windows(12).any(|window| window == part.as_bytes()), "a value is in {name}");
            }
        }
    }
}

#[test]
fn a_broken_table_of_kinds_is_refused_by_file_line_and_kind() {
    let place = Place::new();
    hosts::clean(&place.at("clean"));
    fs::create_dir(place.at("checks")).unwrap();
    let kind = |literals: &str, pattern: &str| {
        format!(
            "# ours\n[[kind]]\nname = \"ours\"\ntitle = \"x\"\nholder = \"person\"\n{literals}pattern = '{pattern}'\n"
        )
    };
    for (table, expected) in [
        (kind("", "our_[a-z]{20}"), "tokens.toml:2: kind `ours`: a pattern needs `literals`"),
        (kind("literals = [\"o\"]\n", "our_[a-z]{20}"), "tokens.toml:2: kind `ours`: a literal needs three bytes"),
        (kind("literals = [\"our_\"]\n", "our_[a-z"), "tokens.toml:2: kind `ours`: "),
        (kind("literal = [\"our_\"]\n", "our_"), "tokens.toml:6: "),
        ("[[kind]\n".to_owned(), "tokens.toml:1: "),
    ] {
        fs::write(place.at("checks/tokens.toml"), table).unwrap();
        let output = place.scan(&["clean", "--checks", "checks"]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains(expected), "{}", stderr(&output));
        assert!(stdout(&output).is_empty());
    }
    fs::write(place.at("checks/tokens.toml"), kind("literals = [\"our_\"]\n", "our_[a-z]{20}")).unwrap();
    fs::write(place.at("clean/opt/note"), format!("our_{}\n", "qwertyuiopasdfghjklz")).unwrap();
    let output = place.scan(&["clean", "--checks", "checks"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stdout(&output).contains("ours"), "{}", stdout(&output));
}

#[test]
fn a_lost_fingerprint_key_is_told() {
    let place = Place::new();
    hosts::clean(&place.at("clean"));
    let run = || {
        let mut command = place.command(PROGRAM);
        stderr(&command.env_remove("LEAVER_FINGERPRINT_KEY").args(["scan", "clean"]).output().unwrap())
    };
    let lost = "joins with older evidence are impossible";
    assert!(run().contains(lost));
    let key = place.at("home/.config/leaver/fingerprint.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!run().contains(lost));
    fs::remove_file(&key).unwrap();
    assert!(run().contains(lost));
    fs::write(&key, "short").unwrap();
    assert!(run().contains("fewer than 32 characters"));
}

#[test]
fn a_full_disk_leaves_nothing_half_written() {
    let place = Place::new();
    hosts::incident(&place.at("incident"));
    // A limit on the size of files stands for a disk without room; the signal is ignored as a disk sends none.
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{PROGRAM}' scan incident -o host.evidence.db");
    let output = place.command("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("free space"), "{}", stderr(&output));
    assert_eq!(place.evidence(), Vec::<String>::new());
}

#[test]
fn what_an_ordinary_user_cannot_read_is_a_gap() {
    let place = Place::new();
    hosts::clean(&place.at("clean"));
    let secret = place.at("clean/opt/runner/secret");
    fs::write(&secret, "x").unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o000)).unwrap();
    let everybody = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    everybody(place.directory.path());
    let mut command = match fs::read(&secret) {
        Err(_) => place.command(PROGRAM),
        // Root reads everything, so another user runs the program, from where that user can find it.
        Ok(_) => {
            let program = place.at("program");
            fs::hard_link(PROGRAM, &program).or_else(|_| fs::copy(PROGRAM, &program).map(drop)).unwrap();
            let mut command = place.command("setpriv");
            command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(program);
            command
        }
    };
    let output = command.args(["scan", "clean", "-o", "host.evidence.db"]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    assert!(stdout(&output).contains("not looked at: 1 without permission"), "{}", stdout(&output));
    let database = rusqlite::Connection::open(place.at("host.evidence.db")).unwrap();
    let gaps = database.query_row("SELECT count(*) FROM coverage WHERE gap = 'denied'", [], |row| row.get::<_, i64>(0));
    assert_eq!(gaps.unwrap(), 3);
}
