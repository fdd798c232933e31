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
    let tables = i64::try_from(leaver::source::runner::TABLES.len()).unwrap();
    assert_eq!(gaps.unwrap(), tables, "a gap in each table of a scan");
}

/// Two files of one account, a test with a token of no checksum, and a job's token.
fn listed(place: &Place) {
    let token = github("ghp_", 71);
    for (name, text) in [
        ("r/a.env", format!("X={token}\n")),
        ("r/b/.git-credentials", format!("https://alice-dev:{token}@github.com\n")),
        ("r/c.txt", format!("glpat-{}\n", noise(72, 20))),
        ("r/job.txt", format!("ghs_{}\n", noise(73, 36))),
        ("r/tests/key.txt", format!("postgres://al:{}@db.contoso.com/x\n", noise(74, 20))),
    ] {
        fs::create_dir_all(place.at(name).parent().unwrap()).unwrap();
        fs::write(place.at(name), text).unwrap();
    }
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|broken| panic!("{broken}: {}", stdout(output)))
}

#[test]
fn a_list_has_one_entry_a_value_and_what_is_personal_first() {
    let place = Place::new();
    listed(&place);
    let output = place.scan(&["r", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let list = json(&output);
    assert_eq!(list["schema"], "leaver.scan/1");
    let all = list["credentials"].as_array().unwrap();
    let states: Vec<_> =
        all.iter().map(|one| (one["kind"].as_str().unwrap(), one["state"].as_str().unwrap())).collect();
    assert_eq!(
        states,
        [
            ("github-pat", "personal"),
            ("gitlab-pat", "personal"),
            ("github-installation", "job"),
            ("url-password", "doubtful")
        ]
    );
    assert_eq!(all[0]["owner"]["name"], "alice-dev");
    let places: Vec<_> =
        all[0]["places"].as_array().unwrap().iter().map(|place| place["path"].as_str().unwrap()).collect();
    assert_eq!(places, ["r/a.env", "r/b/.git-credentials"]);
    // For people, in one line each, and unbroken where it goes into a pipe.
    let text = stdout(&place.scan(&["r"]));
    let line = text.lines().find(|line| line.contains("github-pat")).unwrap();
    assert!(line.contains("alice-dev") && line.contains("r/a.env:1 and 1 more"), "{text}");
    assert!(
        text.find("github-pat") < text.find("github-installation") && text.contains("2 of them personal"),
        "{text}"
    );
    assert!(text.contains("1 doubtful"), "{text}");
}

#[test]
fn a_list_for_code_scanning_and_for_a_spreadsheet_has_places() {
    let place = Place::new();
    listed(&place);
    let output = place.scan(&["r", "--format", "sarif=out.sarif", "--format", "csv"]);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    let table = stdout(&output);
    assert_eq!(table.lines().count(), 1 + 5, "{table}");
    assert!(table.contains("\"alice-dev\"") && table.contains("\"r/b/.git-credentials\""), "{table}");
    let log: serde_json::Value = serde_json::from_slice(&fs::read(place.at("out.sarif")).unwrap()).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        let physical = &result["locations"][0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        assert!(!uri.starts_with('/') && place.at("r").join(uri).is_file(), "{uri}");
        assert_eq!(physical["region"]["startLine"], 1);
        let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    }
    let again = place.scan(&["r", "--format", "sarif=out.sarif"]);
    assert_eq!(again.status.code(), Some(2), "what is there already stays: {}", stderr(&again));
    assert_eq!(place.scan(&["r", "--format", "sarif=out.sarif", "--force"]).status.code(), Some(3));
    assert_eq!(place.scan(&["r", "--format", "xml"]).status.code(), Some(2));
}

#[test]
fn what_somebody_answers_for_or_knew_is_counted_and_not_listed() {
    let place = Place::new();
    listed(&place);
    assert_eq!(place.scan(&["r", "--format", "json=old.json", "-q"]).status.code(), Some(3));
    let same = place.scan(&["r", "--baseline", "old.json"]);
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    assert!(stdout(&same).contains("not shown: 4 that the baseline has"), "{}", stdout(&same));
    // A known value in a new place is new.
    fs::write(place.at("r/new.txt"), format!("{}\n", github("ghp_", 71))).unwrap();
    let list = json(&place.scan(&["r", "--baseline", "old.json", "--format", "json"]));
    assert_eq!(list["credentials"].as_array().unwrap().len(), 1);
    let other = place
        .command(PROGRAM)
        .env("LEAVER_FINGERPRINT_KEY", "z".repeat(40))
        .args(["scan", "r", "--baseline", "old.json"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2), "another key would make everything new: {}", stderr(&other));
    fs::write(place.at("mine"), "# of the team\nkind github-pat\n*.txt\n").unwrap();
    let ignored = place.scan(&["r", "--ignore", "mine"]);
    assert_eq!(ignored.status.code(), Some(0), "{}", stdout(&ignored));
    assert!(stdout(&ignored).contains("not shown: 4 that the file of --ignore names"), "{}", stdout(&ignored));
    assert_eq!(place.scan(&["r", "--ignore", "missing"]).status.code(), Some(2));
}

#[test]
fn what_is_excluded_is_said_and_is_a_gap_of_the_evidence() {
    let place = Place::new();
    listed(&place);
    let output = place.scan(&["r", "--exclude", "b", "--exclude", "*.txt", "--exclude", "*.env", "-o", "x.db"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert!(stdout(&output).contains("left out: 5 files and folders that --exclude names"), "{}", stdout(&output));
    let database = rusqlite::Connection::open(place.at("x.db")).unwrap();
    let gaps =
        database.query_row("SELECT count(*) FROM coverage WHERE gap = 'not-collected'", [], |row| row.get::<_, i64>(0));
    assert_eq!(gaps.unwrap(), i64::try_from(leaver::source::runner::TABLES.len()).unwrap());
    assert_eq!(place.scan(&["r", "--exclude", "a["]).status.code(), Some(2));
}

#[test]
fn what_ends_a_scan_with_findings_can_be_chosen() {
    let place = Place::new();
    fs::create_dir_all(place.at("r")).unwrap();
    fs::write(place.at("r/job.txt"), format!("ghs_{}\n", noise(73, 36))).unwrap();
    let code = |what: &str| place.scan(&["r", "--fail-on", what]).status.code();
    assert_eq!([code("personal"), code("any"), code("doubtful"), code("never")], [Some(0), Some(3), Some(3), Some(0)]);
}
