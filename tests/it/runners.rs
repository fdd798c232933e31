//! Registered runners against scanned ones: what may be called clean, and what may not. Everything else is complete and empty
//! here, so each verdict tells of the runners alone.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use leaver::check::{self, Checks, Judgement, Limits};
use leaver::env::{Console, Env};
use leaver::evidence::row::github::Runner as Listed;
use leaver::evidence::row::{self, Identity, Person};
use leaver::evidence::{Evidence, Rows, Scope, Stop, Writer};
use leaver::model::{Cause, GapKind, Verdict};
use leaver::source::runner::{Globs, Key, Lists, Options, TABLES, include, reconcile, scan};
use leaver::text::Secret;
use leaver::token;

use crate::hosts;

const NOW: &str = "2026-06-01T00:00:00Z";
static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

/// What rests on runner hosts: step 3, and everything that reads `reach`.
const RESTING: [&str; 11] = [
    "3-tokens/personal-token-on-runner",
    "3-tokens/cached-sign-in",
    "3-tokens/personal-token-of-outsider",
    "3-tokens/personal-token-of-unknown-owner",
    "3-tokens/runner-of-leaver",
    "3-tokens/token-uploaded-as-capability",
    "3-tokens/mcp-server-reaches-file-system-root",
    "3-tokens/mcp-server-with-literal-credential",
    "2-federation/role-within-reach",
    "4-activity/activity-after-last-day",
    "4-activity/identity-used-unlike-before",
];

fn env(now: &str) -> Env {
    let now: jiff::Timestamp = now.parse().unwrap();
    let console = Console::new(std::io::sink(), std::io::sink());
    Env { now, clock: Arc::new(move || now), seed: 1, variables: Arc::default(), console }
}

fn block<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// A host below a directory, with one runner whose service runs as `ci`.
struct Tree {
    directory: tempfile::TempDir,
}

impl Tree {
    fn new() -> Tree {
        let tree = Tree { directory: tempfile::tempdir().unwrap() };
        tree.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nci:x:54321:54321::/home/ci:/bin/sh\n");
        tree.file("etc/group", "root:x:0:\nci:x:54321:\n");
        tree
    }

    fn runner(number: u64, name: &str) -> Tree {
        let tree = Tree::new();
        tree.file("opt/runner/.runner", &settings(number, name));
        tree.file("opt/runner/.service", "ci.service");
        tree.file("etc/systemd/system/ci.service", "[Service]\nUser=ci\n");
        tree.process();
        tree
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join("host").join(path)
    }

    fn file(&self, path: &str, text: &str) -> &Tree {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn mode(&self, path: &str, mode: u32) -> &Tree {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    /// The runner is running.
    fn process(&self) {
        let process = self.directory.path().join("proc/10");
        fs::create_dir_all(&process).unwrap();
        let listener = self.at("opt/runner/bin/Runner.Listener");
        fs::write(process.join("stat"), "10 (Runner.Listener) S 1 1 1").unwrap();
        fs::write(process.join("cmdline"), format!("{}\0run\0", listener.display())).unwrap();
        fs::write(process.join("environ"), "LANG=C\0").unwrap();
    }

    fn proc(&self) -> Option<PathBuf> {
        Some(self.directory.path().join("proc"))
    }

    /// Scans these paths of the host, and returns the evidence.
    fn scan(&self, paths: &[&str], processes: Option<PathBuf>, at: &str) -> PathBuf {
        self.scan_as(paths, processes, at, None)
    }

    fn scan_as(&self, paths: &[&str], processes: Option<PathBuf>, at: &str, image_of: Option<&str>) -> PathBuf {
        let output = self.directory.path().join(format!("{}.db", fastrand::u64(..)));
        let options = Options {
            paths: paths.iter().map(|path| self.at(path)).collect(),
            processes,
            output: Some(output.clone()),
            host: Some(format!("host-{}", fastrand::u64(..))),
            image_of: image_of.map(str::to_owned),
            key: Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap(),
            kinds: token::kinds().clone(),
            issuers: None,
            threads: 1,
            exclude: Globs::default(),
        };
        block(scan(&options, &env(at))).unwrap();
        output
    }

    fn whole(&self) -> PathBuf {
        self.scan(&[""], self.proc(), NOW)
    }
}

fn settings(number: u64, name: &str) -> String {
    format!(r#"{{"agentId": {number}, "agentName": "{name}", "gitHubUrl": "https://github.com/contoso"}}"#)
}

fn listed(number: u64, name: &str) -> Listed {
    Listed {
        id: format!("github:org/contoso/runner/{number}").into(),
        organization: "contoso".into(),
        runner_id: number.to_string().into(),
        name: Some(name.into()),
        status: Some("online".into()),
        labels: Some("self-hosted linux".into()),
        ephemeral: Some(false),
        ..Listed::default()
    }
}

fn denied() -> Cause {
    Cause::new(GapKind::Denied, "403").needing("organization_self_hosted_runners=read")
}

/// An audit of alice by which everything but the runners is complete.
fn audit(list: Result<Vec<Listed>, Cause>, scans: &[PathBuf]) -> Evidence {
    let writer = Writer::create(&std::env::temp_dir(), &[("now", NOW.to_owned())]).unwrap();
    let scope = |name: &str| Scope { name: name.into(), person: None, needs: String::new() };
    let reconciled = ["github_runner", "registered_runner", "runner_registration"];
    let others: Vec<&'static str> = row::tables()
        .map(|(name, _)| name)
        .filter(|name| !TABLES.contains(name) && !reconciled.contains(name))
        .collect();
    let person = "entra:user/11111111-2222-4333-8444-555555555555";
    let fill = async |rows: &mut Rows| {
        rows.insert(&Person { id: person.into(), object_id: person[11..].into(), ..Person::default() })?;
        for (kind, name) in [("upn", "alice@contoso.com"), ("github", "alice-dev")] {
            let (kind, name) = (kind.to_owned(), Some(name.into()));
            rows.insert(&Identity { person: person.into(), kind, name, ..Identity::default() })?;
        }
        Ok(())
    };
    block(writer.dataset(&others, &scope("everything"), fill)).unwrap();
    let listing = async |rows: &mut Rows| match list {
        Ok(runners) => Ok(runners.iter().try_for_each(|runner| rows.insert(runner))?),
        Err(cause) => Err(Stop::Gap(cause)),
    };
    block(writer.dataset(&["github_runner"], &scope("contoso: self-hosted runners"), listing)).unwrap();
    block(include(&writer, scans, &env(NOW))).unwrap();
    block(reconcile(&writer, Lists { github: "github.com", devops: &[] }, env(NOW).now)).unwrap();
    writer.seal(None).unwrap()
}

fn judged(evidence: &Evidence) -> Vec<Judgement> {
    check::judge(evidence, &CHECKS, Limits::default()).unwrap()
}

fn verdict(judged: &[Judgement], id: &str) -> Verdict {
    judged.iter().find(|one| one.check.id == id).unwrap_or_else(|| panic!("no check {id}")).verdict
}

/// What each check that rests on runners says, and which objects its gaps name.
fn resting(evidence: &Evidence) -> (Verdict, Vec<String>) {
    let judged = judged(evidence);
    let verdicts: Vec<Verdict> = RESTING.iter().map(|id| verdict(&judged, id)).collect();
    assert!(verdicts.iter().all(|one| *one == verdicts[0]), "{:?}", RESTING.iter().zip(&verdicts).collect::<Vec<_>>());
    let one = judged.iter().find(|one| one.check.id == RESTING[0]).unwrap();
    let mut scopes: Vec<String> = one.gaps.iter().map(|gap| gap.scope.raw().to_owned()).collect();
    scopes.dedup();
    (verdicts[0], scopes)
}

const REGISTERED: [&str; 7] = ["none", "one", "five", "ephemeral", "scale set", "offline", "denied"];
const SCANNED: [&str; 8] =
    ["none", "unrelated", "one", "all", "stale", "same name, other number", "without environment", "its folder only"];

fn registered(what: &str) -> Result<Vec<Listed>, Cause> {
    let pod = |number: u64| Listed {
        labels: Some("arc-set".into()),
        ephemeral: Some(true),
        ..listed(number, &format!("arc-set-x7k2v-runner-{number}"))
    };
    match what {
        "none" => Ok(vec![]),
        "one" => Ok(vec![listed(1, "r1")]),
        "five" => Ok((1..=5).map(|number| listed(number, &format!("r{number}"))).collect()),
        "ephemeral" => Ok(vec![Listed { ephemeral: Some(true), ..listed(1, "r1") }]),
        "scale set" => Ok(vec![pod(90), pod(91)]),
        "offline" => Ok(vec![Listed { status: Some("offline".into()), ..listed(1, "r1") }]),
        _ => Err(denied()),
    }
}

fn scanned(what: &str) -> Vec<PathBuf> {
    let one = Box::leak(Box::new(Tree::runner(1, "r1")));
    match what {
        "none" => vec![],
        "unrelated" => {
            let tree = Box::leak(Box::new(Tree { directory: tempfile::tempdir().unwrap() }));
            vec![tree.file("notes.txt", "nothing").scan(&[""], None, NOW)]
        }
        "one" => vec![one.whole()],
        "all" => {
            (1..=5).map(|number| Box::leak(Box::new(Tree::runner(number, &format!("r{number}")))).whole()).collect()
        }
        "stale" => vec![one.scan(&[""], one.proc(), "2026-05-20T00:00:00Z")],
        "same name, other number" => vec![Box::leak(Box::new(Tree::runner(7, "r1"))).whole()],
        "without environment" => vec![one.scan(&[""], None, NOW)],
        _ => vec![one.scan(&["opt/runner"], one.proc(), NOW)],
    }
}

#[test]
fn what_is_registered_and_what_was_scanned_decide_together() {
    let scans = SCANNED.map(|what| (what, scanned(what)));
    for of_list in REGISTERED {
        for (of_scan, scans) in &scans {
            let (found, scopes) = resting(&audit(registered(of_list), scans));
            let passes = match (of_list, *of_scan) {
                // An old scan says nothing of today, also where it need not have been given.
                (_, "stale") => false,
                ("none", _) => true,
                ("one" | "offline", "one" | "all") => true,
                ("five", "all") => true,
                _ => false,
            };
            let expected = if passes { Verdict::Pass } else { Verdict::Unknown };
            assert_eq!(found, expected, "{of_list} registered, {of_scan} scanned: {scopes:?}");
            let id = |number: u64| format!("github:org/contoso/runner/{number}");
            let named: Vec<String> = match (of_list, *of_scan) {
                ("none", _) => vec![],
                ("denied", _) => vec!["contoso: self-hosted runners".to_owned()],
                ("ephemeral", _) => vec!["github:org/contoso/ephemeral-runners/linux,self-hosted".to_owned()],
                ("scale set", _) => vec!["github:org/contoso/ephemeral-runners/arc-set".to_owned()],
                ("five", "all") | ("one" | "offline", "one" | "all") => vec![],
                ("five", "one") => (2..=5).map(id).collect(),
                ("five", _) => (1..=5).map(id).collect(),
                _ => vec![id(1)],
            };
            let of_hosts = scopes.iter().filter(|scope| scope.starts_with("host:")).count();
            assert_eq!(of_hosts, usize::from(*of_scan == "stale"), "{scopes:?}");
            let of_lists: Vec<String> = scopes.into_iter().filter(|scope| !scope.starts_with("host:")).collect();
            assert_eq!(of_lists, named, "{of_list} registered, {of_scan} scanned");
        }
    }
}

#[test]
fn every_gap_names_its_runner_and_a_step_that_closes_it() {
    let two = Tree::runner(2, "r2");
    let evidence = audit(registered("five"), &[two.scan(&["opt/runner"], None, NOW)]);
    let judged = judged(&evidence);
    let gaps = &judged.iter().find(|one| one.check.id == RESTING[0]).unwrap().gaps;
    let of = |number: u64| {
        let scope = format!("github:org/contoso/runner/{number}");
        gaps.iter().find(|gap| gap.scope.raw() == scope && gap.dataset == "sighting").unwrap()
    };
    assert!(of(1).detail.as_ref().unwrap().raw().contains("r1: no scan of its host"));
    let missed = of(2).detail.as_ref().unwrap().raw();
    assert!(missed.contains("r2: its scan did not look at the home of its account, its environment"), "{missed}");
    assert!(gaps.iter().all(|gap| gap.hint.contains("leaver scan / --proc")), "{gaps:?}");
    // And it does close it.
    let closed: Vec<PathBuf> =
        (1..=5).map(|number| Tree::runner(number, &format!("r{number}")).keep().whole()).collect();
    assert_eq!(resting(&audit(registered("five"), &closed)).0, Verdict::Pass);
}

impl Tree {
    /// The evidence lies beside the host and is read later.
    fn keep(self) -> &'static Tree {
        Box::leak(Box::new(self))
    }
}

#[test]
fn an_image_covers_the_runners_with_its_label_and_no_others() {
    let tree = Tree { directory: tempfile::tempdir().unwrap() };
    tree.file("template.yaml", "kind: AutoscalingRunnerSet\n");
    let image = |label: &str, at: &str| tree.scan_as(&[""], None, at, Some(label));
    assert_eq!(resting(&audit(registered("scale set"), &[image("arc-set", NOW)])).0, Verdict::Pass);
    for scan in [image("other-set", NOW), image("arc-set", "2026-05-01T00:00:00Z"), tree.scan(&[""], None, NOW)] {
        assert_eq!(resting(&audit(registered("scale set"), &[scan])).0, Verdict::Unknown);
    }
    // What every runner is called by itself is no label of an image.
    assert_eq!(resting(&audit(registered("ephemeral"), &[image("linux", NOW)])).0, Verdict::Unknown);
    assert_eq!(resting(&audit(registered("ephemeral"), &[image("linux,self-hosted", NOW)])).0, Verdict::Pass);
    tree.file("template.yaml", &format!("env:\n- name: TOKEN\n  value: {}\n", hosts::github("ghp_", 5)));
    let judged = judged(&audit(registered("scale set"), &[image("arc-set", NOW)]));
    assert_eq!(verdict(&judged, "3-tokens/personal-token-of-unknown-owner"), Verdict::Fail);
}

#[test]
fn a_scan_of_another_time_says_nothing_of_now() {
    let tree = Tree::runner(1, "r1");
    let dated = |at: &str| resting(&audit(registered("one"), &[tree.scan(&[""], tree.proc(), at)])).0;
    assert_eq!(dated("2027-06-01T00:00:00Z"), Verdict::Unknown, "the clock of next year");
    assert_eq!(dated("2026-05-24T23:00:00Z"), Verdict::Unknown);
    assert_eq!((dated("2026-06-01T00:10:00Z"), dated("2026-05-26T00:00:00Z")), (Verdict::Pass, Verdict::Pass));
    // A newer scan of the same host takes the place of the old one.
    let both = |host: &str| {
        let scans = ["2026-05-01T00:00:00Z", NOW].map(|at| {
            let path = tree.scan(&[""], tree.proc(), at);
            edit(&path, &format!("UPDATE meta SET value = '{host}' WHERE key = 'host'"));
            path
        });
        resting(&audit(registered("one"), &scans)).0
    };
    assert_eq!(both("ci"), Verdict::Pass);
}

fn edit(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

/// They call functions that only this program has.
fn drop_views(path: &Path) {
    let database = rusqlite::Connection::open(path).unwrap();
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'view'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    names.iter().for_each(|name| edit(path, &format!("DROP VIEW {name}")));
}

#[test]
fn an_older_scan_does_not_say_what_it_covered() {
    let tree = Tree::runner(1, "r1");
    let path = tree.whole();
    drop_views(&path);
    let columns = ["runner_id", "ephemeral", "scanned_at", "saw_root", "saw_work", "saw_home", "saw_environment"];
    columns.iter().for_each(|column| edit(&path, &format!("ALTER TABLE runner DROP COLUMN {column}")));
    edit(&path, "DROP TABLE runner_read; PRAGMA user_version = 5");
    let evidence = audit(registered("one"), &[path]);
    let (verdict_now, scopes) = resting(&evidence);
    assert_eq!((verdict_now, scopes[0].as_str()), (Verdict::Unknown, "github:org/contoso/runner/1"));
    // The file of another format is a gap of its own, by its name.
    assert!(scopes[1].starts_with("scan ") && scopes.len() == 2, "{scopes:?}");
    // Nor that its runner is in no list.
    assert_eq!(verdict(&judged(&evidence), "3-tokens/runner-forgotten"), Verdict::Unknown);
}

#[test]
fn a_runner_that_the_service_has_forgotten_is_said() {
    let tree = Tree::runner(7, "old");
    let forgotten = |list| verdict(&judged(&audit(list, &[tree.whole()])), "3-tokens/runner-forgotten");
    assert_eq!(forgotten(Ok(vec![])), Verdict::Fail);
    assert_eq!(forgotten(Ok(vec![listed(7, "old")])), Verdict::Pass);
    assert_eq!(forgotten(Ok(vec![listed(8, "old")])), Verdict::Fail);
    assert_eq!(forgotten(Err(denied())), Verdict::Unknown);
    tree.file("opt/runner/.runner", &settings(7, "old").replace("contoso", "elsewhere"));
    assert_eq!(forgotten(Ok(vec![listed(7, "old")])), Verdict::Unknown, "nobody asked that organisation");
}

#[test]
fn a_runner_is_told_by_what_the_host_says_of_itself() {
    let of = |text: &str| {
        let tree = Tree::runner(1, "r1");
        tree.file("opt/runner/.runner", text);
        resting(&audit(registered("one"), &[tree.whole()])).0
    };
    assert_eq!(of(r#"{"AgentId": "1", "AgentName": "R1", "GitHubUrl": "https://GitHub.com/Contoso/"}"#), Verdict::Pass);
    // One that is made just in time names only the service behind GitHub: then its name has to fit as well.
    let behind = "https://pipelinesghubeus2.actions.githubusercontent.com/x/";
    assert_eq!(of(&format!(r#"{{"AgentId": "1", "AgentName": "r1", "ServerUrl": "{behind}"}}"#)), Verdict::Pass);
    for other in [
        r#"{"agentId": 1, "agentName": "r2", "gitHubUrl": "https://github.com/contoso"}"#.to_owned(),
        r#"{"agentId": 1, "agentName": "r1", "gitHubUrl": "https://github.com/contoso/web"}"#.to_owned(),
        r#"{"agentId": 1, "agentName": "r1", "gitHubUrl": "https://git.example/contoso"}"#.to_owned(),
        r#"{"agentName": "r1", "gitHubUrl": "https://github.com/contoso"}"#.to_owned(),
        format!(r#"{{"AgentId": "1", "AgentName": "r9", "ServerUrl": "{behind}"}}"#),
        "{ cut".to_owned(),
    ] {
        assert_eq!(of(&other), Verdict::Unknown, "{other}");
    }
}

#[test]
fn each_part_of_a_runner_has_to_be_scanned() {
    let covered = |tree: &Tree| resting(&audit(registered("one"), &[tree.whole()])).0;
    assert_eq!(covered(&Tree::runner(1, "r1")), Verdict::Pass);
    let elsewhere = tempfile::tempdir().unwrap();
    let tree = Tree::runner(1, "r1");
    symlink(elsewhere.path(), tree.at("opt/runner/_work")).unwrap();
    assert_eq!(covered(&tree), Verdict::Unknown, "its work folder is on another disk");
    let tree = Tree::runner(1, "r1");
    fs::create_dir_all(tree.at("home")).unwrap();
    symlink(elsewhere.path(), tree.at("home/ci")).unwrap();
    assert_eq!(covered(&tree), Verdict::Unknown, "the home is on another disk");
    let tree = Tree::runner(1, "r1");
    tree.file("etc/passwd", "root:x:0:0::/root:/bin/sh\n");
    assert_eq!(covered(&tree), Verdict::Unknown, "its account is in no passwd");
    let tree = Tree::runner(1, "r1");
    fs::remove_file(tree.at("etc/systemd/system/ci.service")).unwrap();
    assert_eq!(covered(&tree), Verdict::Unknown, "nothing says as whom it runs");
    // It is online, and where it runs was not seen.
    let tree = Tree::runner(1, "r1");
    fs::remove_dir_all(tree.directory.path().join("proc/10")).unwrap();
    assert_eq!(covered(&tree), Verdict::Unknown);
    assert_eq!(
        resting(&audit(registered("offline"), &[tree.whole()])).0,
        Verdict::Pass,
        "nothing runs, so nothing is hidden"
    );
    tree.file("etc/hostname", "another-machine\n");
    assert_eq!(
        resting(&audit(registered("offline"), &[tree.whole()])).0,
        Verdict::Unknown,
        "a mounted disk has no processes"
    );
    // A second runner runs from a folder without settings.
    let tree = Tree::runner(1, "r1");
    let other = tree.directory.path().join("proc/11");
    fs::create_dir_all(&other).unwrap();
    fs::write(other.join("stat"), "11 (Runner.Listener) S 1 1 1").unwrap();
    fs::write(other.join("cmdline"), "/srv/other/bin/Runner.Listener\0run\0").unwrap();
    fs::write(other.join("environ"), "").unwrap();
    assert_eq!(covered(&tree), Verdict::Unknown);
}

/// What a job of the runner can read of a file with this mode.
fn reach_of(mode: u32, change: impl Fn(&Tree)) -> (Verdict, Verdict) {
    let tree = Tree::runner(1, "r1");
    tree.file("srv/data/deploy.txt", &format!("TOKEN={}\n", hosts::github("ghp_", 9)));
    tree.file(
        "srv/data/.mcp.json",
        r#"{"mcpServers": {"x": {"command": "npx", "args": ["server-filesystem", "/"], "env": {}}}}"#,
    );
    tree.mode("srv/data/deploy.txt", mode);
    change(&tree);
    let judged = judged(&audit(registered("one"), &[tree.whole()]));
    let of = |id: &str| verdict(&judged, &format!("3-tokens/{id}"));
    (of("personal-token-of-unknown-owner"), of("mcp-server-reaches-file-system-root"))
}

#[test]
fn jobs_reach_what_their_account_may_read_wherever_it_lies() {
    let nothing = |_: &Tree| {};
    assert_eq!(reach_of(0o644, nothing), (Verdict::Fail, Verdict::Fail));
    assert_eq!(reach_of(0o600, nothing).0, Verdict::Pass);
    assert_eq!(
        reach_of(0o644, |tree| {
            tree.mode("srv/data", 0o700);
        }),
        (Verdict::Pass, Verdict::Pass)
    );
    // Whoever may become root reads all of it.
    let docker = |tree: &Tree| {
        tree.file("etc/group", "docker:x:99:ci\n");
    };
    assert_eq!(reach_of(0o600, docker).0, Verdict::Fail);
    let sudo = |tree: &Tree| {
        tree.file("etc/sudoers.d/ci", "ci ALL=(ALL) NOPASSWD: ALL\n");
    };
    assert_eq!(reach_of(0o600, sudo).0, Verdict::Fail);
    let as_root = |tree: &Tree| {
        tree.file("etc/systemd/system/ci.service", "[Service]\nExecStart=/x\n");
    };
    assert_eq!(reach_of(0o600, as_root).0, Verdict::Fail);
    // What cannot be told is unknown: groups of a directory service, an account that nobody names.
    let directory = |tree: &Tree| {
        tree.file("etc/nsswitch.conf", "group: files sss\n");
    };
    assert_eq!(reach_of(0o640, directory).0, Verdict::Unknown);
    assert_eq!(reach_of(0o644, directory).0, Verdict::Fail);
    let nobody = |tree: &Tree| fs::remove_file(tree.at("etc/systemd/system/ci.service")).unwrap();
    assert_eq!(reach_of(0o600, nobody).0, Verdict::Unknown);
}

#[test]
fn a_file_that_the_unit_hands_over_is_within_reach_whoever_owns_it() {
    let given = |tree: &Tree| {
        tree.file("etc/systemd/system/ci.service", "[Service]\nUser=ci\nEnvironmentFile=/srv/data/deploy.txt\n");
    };
    assert_eq!(reach_of(0o600, given).0, Verdict::Fail);
}

#[test]
fn every_runner_that_can_read_a_credential_is_on_record() {
    let tree = Tree::runner(1, "r1");
    tree.file("home/alice/agent/.runner", &settings(2, "alice-box"));
    tree.file("home/alice/agent/.service", "alice.service");
    tree.file("etc/systemd/system/alice.service", "[Service]\nUser=alice\n");
    let passwd =
        "root:x:0:0::/root:/bin/sh\nci:x:54321:54321::/home/ci:/bin/sh\nalice:x:5432:5432::/home/alice:/bin/sh\n";
    tree.file("etc/passwd", passwd).file("opt/runner/.env", &format!("DEPLOY_TOKEN={}\n", hosts::github("ghp_", 4)));
    let evidence = tree.whole();
    let database = rusqlite::Connection::open(&evidence).unwrap();
    let sql = "SELECT count(*), count(DISTINCT sighting.runner) FROM runner_read JOIN sighting ON sighting.id = thing";
    let counts: (i64, i64) = database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(counts, (2, 1), "the other runner's account can read it as well");
}

#[test]
fn evidence_that_cannot_be_used_is_a_gap_of_its_host_and_names_the_file() {
    let tree = Tree::runner(1, "r1");
    let bytes = fs::read(tree.whole()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let made = |name: &str, content: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, content).unwrap();
        path
    };
    let edited = |name: &str, sql: &str| {
        let path = made(name, &bytes);
        drop_views(&path);
        edit(&path, sql);
        path
    };
    let broken = [
        made("empty.db", b""),
        made("cut.db", &bytes[..bytes.len() / 2]),
        made("short.db", &bytes[..50]),
        made("text.db", b"not a database at all, but long enough to look at"),
        directory.path().join("missing.db"),
        edited("newer.db", "PRAGMA user_version = 9999"),
        edited("audit.db", "UPDATE meta SET value = 'audit' WHERE key = 'mode'"),
        edited("no-host.db", "DELETE FROM meta WHERE key = 'host'"),
        edited("no-time.db", "UPDATE meta SET value = 'yesterday' WHERE key = 'now'"),
        edited("no-table.db", "PRAGMA foreign_keys = OFF; DROP TABLE sighting"),
        edited(
            "view.db",
            "DROP TABLE sighting; CREATE VIEW sighting AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS id FROM n",
        ),
        edited(
            "columns.db",
            "DROP TABLE mcp_server; CREATE TABLE mcp_server (id TEXT, host TEXT); INSERT INTO mcp_server VALUES ('a', 'h')",
        ),
        edited(
            "form.db",
            "DROP TABLE sighting; CREATE TABLE sighting AS SELECT id, host, path, line, place, kind, holder, 'x' AS fingerprint, confidence, 'yes' AS sign_in, 'no' AS uploaded FROM mcp_server, (SELECT 1 AS line, 'p' AS place, 'k' AS kind, 'person' AS holder, 'high' AS confidence); INSERT INTO sighting (id) VALUES ('only')",
        ),
    ];
    for path in broken {
        let evidence = audit(Ok(vec![]), std::slice::from_ref(&path));
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let gaps: Vec<_> = evidence.coverage().unwrap().into_iter().filter_map(|row| row.gap).collect();
        let names = |gap: &leaver::model::Gap| {
            gap.scope.raw().contains(&name) || gap.detail.as_ref().is_some_and(|detail| detail.raw().contains(&name))
        };
        assert!(gaps.iter().any(names), "{name}: {gaps:?}");
        let judged = judged(&evidence);
        assert!(RESTING.iter().any(|id| verdict(&judged, id) == Verdict::Unknown), "{name}");
        // The others are as good as ever.
        let other = Tree::runner(2, "r2").keep().whole();
        let coverage = audit(Ok(vec![listed(2, "r2")]), &[path, other]).coverage().unwrap();
        let own = coverage.iter().filter(|row| row.scope.raw() == "github:org/contoso/runner/2");
        assert_eq!(own.filter(|row| row.gap.is_none()).count(), TABLES.len(), "{name}");
    }
}

#[test]
fn hosts_of_one_name_are_not_mixed_up() {
    let scans = [1, 2].map(|number| {
        let path = Tree::runner(number, &format!("r{number}")).keep().whole();
        edit(&path, "UPDATE meta SET value = 'localhost' WHERE key = 'host'");
        path
    });
    let list = || Ok(vec![listed(1, "r1"), listed(2, "r2")]);
    let (found, scopes) = resting(&audit(list(), &scans));
    assert_eq!(found, Verdict::Unknown);
    assert!(scopes.iter().any(|scope| scope.starts_with("scan ")), "{scopes:?}");
    // The same file twice is one host.
    let twice = [scans[0].clone(), scans[0].clone()];
    assert_eq!(resting(&audit(registered("one"), &twice)).0, Verdict::Pass);
}
