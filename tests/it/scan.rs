//! `scan` on synthetic hosts: every credential is found, attributed to the right person, and never shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Endpoints};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::evidence::row::{Identity, Person};
use leaver::evidence::{Evidence, Scope, Writer};
use leaver::model::{Status, Verdict};
use leaver::run::{Intake, Subject};
use leaver::source::runner::{Globs, Key, Options, Scan, include, scan};
use leaver::text::Secret;
use leaver::token;

use crate::hosts::{self, Host};

fn env() -> Env {
    let now: jiff::Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
    let console = Console::new(std::io::sink(), std::io::sink());
    Env { now, clock: Arc::new(move || now), seed: 1, variables: Arc::default(), console }
}

fn run(paths: Vec<PathBuf>, processes: Option<PathBuf>, output: &Path) -> Scan {
    let options = Options {
        paths,
        processes,
        output: Some(output.to_owned()),
        host: Some("ci-1".into()),
        image_of: None,
        key: Key::from_setting(&Secret::new(&"k".repeat(40))).unwrap(),
        kinds: token::kinds().clone(),
        issuers: None,
        threads: 2,
        exclude: Globs::default(),
    };
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(scan(&options, &env())).unwrap()
}

/// The rows of a query over a scan of this host, as text with the root taken out.
fn query(host: &Host, processes: Option<PathBuf>, sql: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("host.evidence.db");
    run(vec![host.root.clone()], processes, &output);
    let database = rusqlite::Connection::open(&output).unwrap();
    let mut statement = database.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..columns).map(|column| match row.get_ref(column).unwrap() {
            rusqlite::types::ValueRef::Null => "-".to_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            other => other.as_str().unwrap().to_owned(),
        });
        Ok(cells.collect::<Vec<_>>().join(" ").replace(&*host.root.to_string_lossy(), ""))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

const WHOSE: &str = "SELECT path, kind, holder, coalesce(owner_id, owner_name), owner_source, grade FROM sighting ORDER BY path, line, kind";

#[test]
fn the_incident_is_found_and_attributed() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::incident(directory.path());
    let oid = "11111111-2222-4333-8444-555555555555";
    assert_eq!(
        query(&host, None, WHOSE),
        [
            format!("/home/alice/.azure/msal_token_cache.json jwt person {oid} sign-in C"),
            format!("/home/alice/.azure/msal_token_cache.json msal-refresh-token person {oid} sign-in C"),
            "/home/alice/.claude/.credentials.json anthropic-oauth person alice@contoso.com sign-in C".to_owned(),
            "/home/alice/.claude/.credentials.json anthropic-refresh person alice@contoso.com sign-in C".to_owned(),
            "/home/alice/.config/gh/hosts.yml github-oauth person alice-dev sign-in C".to_owned(),
            "/home/alice/.cursor/mcp.json github-pat person - - -".to_owned(),
            "/home/alice/.git-credentials github-pat person alice-dev url D".to_owned(),
            "/home/alice/.ssh/id_ed25519 private-key either alice@laptop beside D".to_owned(),
            // The same token, so the same owner, although this file does not tell.
            "/home/alice/actions-runner/.env github-pat person alice-dev same-token D".to_owned(),
            "/home/alice/actions-runner/_work/deploy/deploy/.git/config github-installation job - - -".to_owned(),
        ]
    );
    let runner = "SELECT kind, name, server, service_user, last_job_at, running FROM runner";
    assert_eq!(
        query(&host, None, runner),
        ["github alice-box https://github.com/contoso/deploy alice 2026-05-21T02:00:00Z -"]
    );
    assert_eq!(
        query(&host, None, "SELECT client, name, transport, literals, reaches FROM mcp_server ORDER BY name"),
        ["cursor files stdio 0 /", "cursor fine http 0 -", "cursor github stdio 1 -"]
    );
    let unreached = "SELECT count(*) FROM sighting WHERE runner IS NULL";
    assert_eq!(query(&host, None, unreached), ["0"], "the runner can read all of its account's home");
    assert_eq!(query(&host, None, "SELECT name FROM sighting WHERE place = 'runner-env'"), ["DEPLOY_TOKEN"]);
}

#[test]
fn an_agent_uploads_its_environment_unless_told_not_to() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::agent(directory.path());
    assert_eq!(
        query(&host, None, "SELECT path, kind, name, uploaded, verified, created_at FROM sighting ORDER BY path, line"),
        [
            "/home/bob/.azure/service_principal_entries.json entra-client-secret client_secret 0 1 -",
            "/opt/agent/.env azure-devops-pat AZURE_DEVOPS_EXT_PAT 1 1 2025-06-01T00:00:00Z",
            "/opt/agent/.env azure-devops-pat HIDDEN_PAT 0 1 2025-06-01T00:00:00Z",
            "/opt/agent/_work/1/s/setup.ps1 azure-devops-pat PAT 0 1 2025-06-01T00:00:00Z",
        ]
    );
    assert_eq!(query(&host, None, "SELECT kind, pool, service_user FROM runner"), ["azure-devops Linux svc-agent"]);
}

#[test]
fn a_scale_set_keeps_personal_tokens_in_manifests() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::scale_set(directory.path());
    assert_eq!(
        query(&host, None, WHOSE),
        [
            "/home/ops/.docker/config.json github-pat person carol-dev beside D",
            "/srv/secret.yaml github-pat person - - -",
            "/srv/values.yaml github-pat person - - -",
        ]
    );
}

#[test]
fn a_clean_host_is_clean() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::clean(directory.path());
    assert_eq!(query(&host, None, "SELECT * FROM sighting"), Vec::<String>::new());
    assert_eq!(query(&host, None, "SELECT name FROM runner"), ["clean"]);
    assert_eq!(query(&host, None, "SELECT DISTINCT gap FROM coverage"), ["-"]);
}

#[test]
fn running_runners_and_what_they_started_show_their_environment() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::incident(&directory.path().join("host"));
    let proc = directory.path().join("proc");
    let process = |id: u32, parent: u32, command: &str, environment: &str| {
        let at = proc.join(id.to_string());
        std::fs::create_dir_all(&at).unwrap();
        std::fs::write(at.join("stat"), format!("{id} (a) b) S {parent} 1 1")).unwrap();
        std::fs::write(at.join("cmdline"), command.replace(' ', "\0")).unwrap();
        std::fs::write(at.join("environ"), environment).unwrap();
    };
    let listener = host.root.join("home/alice/actions-runner/bin/Runner.Listener");
    process(10, 1, &format!("{} run", listener.display()), "LANG=C\0");
    process(11, 10, "bash x.sh", &format!("A=b\0MY_PAT={}\0Z=1\0", hosts::github("ghp_", 50)));
    process(12, 1, "sshd", &format!("OTHER={}\0", hosts::github("ghp_", 51)));
    assert_eq!(
        query(
            &host,
            Some(proc.clone()),
            "SELECT name, kind, runner IS NOT NULL FROM sighting WHERE path LIKE '%environ'"
        ),
        ["MY_PAT github-pat 1"]
    );
    assert_eq!(query(&host, Some(proc), "SELECT running FROM runner"), ["1"]);
}

#[test]
fn neither_the_evidence_nor_the_table_holds_a_value() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::incident(&directory.path().join("host"));
    let output = directory.path().join("out.db");
    let done = run(vec![host.root.clone()], None, &output);
    let bytes = std::fs::read(&output).unwrap();
    let table = done.summary.render(None);
    for value in [
        hosts::github("gho_", 1),
        hosts::github("ghp_", 2),
        hosts::github("ghp_", 3),
        hosts::noise(5, 200),
        hosts::noise(6, 95),
    ] {
        let part = &value[value.len() - 12..];
        assert!(!bytes.windows(12).any(|window| window == part.as_bytes()));
        assert!(!table.contains(part));
    }
    assert!(table.contains("alice-dev") && table.contains("github-oauth"), "{table}");
}

/// An audit of alice that includes the scan in `path`.
fn audit(path: &Path, now: &str) -> Evidence {
    let env = Env { now: now.parse().unwrap(), ..env() };
    let writer = Writer::create(&std::env::temp_dir(), &[("now", now.to_owned())]).unwrap();
    let scope = Scope { name: "t".into(), person: None, needs: String::new() };
    let person = "entra:user/11111111-2222-4333-8444-555555555555";
    let identity = |kind: &str, id: &str, name: &str| Identity {
        person: person.into(),
        kind: kind.into(),
        id: Some(id.into()),
        name: Some(name.into()),
        ..Identity::default()
    };
    let fill = async |rows: &mut leaver::evidence::Rows| {
        rows.insert(&Person { id: person.into(), object_id: person[11..].into(), ..Person::default() })?;
        rows.insert(&identity("entra", &person[11..], "Alice"))?;
        rows.insert(&identity("upn", &person[11..], "alice@contoso.com"))?;
        rows.insert(&identity("github", "123", "alice-dev"))?;
        Ok(())
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(writer.dataset(&["person", "identity", "token_owner"], &scope, fill)).unwrap();
    runtime.block_on(include(&writer, &[path.to_owned()], &env)).unwrap();
    runtime.block_on(writer.dataset(&["runner_registration"], &scope, async |_| Ok(()))).unwrap();
    writer.seal(None).unwrap()
}

fn verdicts(evidence: &Evidence) -> Vec<(String, Verdict, usize)> {
    let judged = check::judge(evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
    // A scan says nothing of what services hold.
    let elsewhere = |id: &str| {
        ["github-", "azure-", "devops-", "runner-forgotten"]
            .iter()
            .any(|start| id["3-tokens/".len()..].starts_with(start))
    };
    let of_host = |id: &str| id.starts_with("3-tokens/") && !elsewhere(id);
    let tokens = judged.into_iter().filter(|judgement| of_host(&judgement.check.id));
    tokens.map(|one| (one.check.id.replace("3-tokens/", ""), one.verdict, one.findings.len())).collect()
}

#[test]
fn an_audit_that_includes_the_incident_host_finds_the_leaver_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::incident(&directory.path().join("host"));
    let output = directory.path().join("out.db");
    run(vec![host.root], None, &output);
    let expected = [
        // The access token has ended; the refresh token has not.
        ("cached-sign-in", Verdict::Fail, 4),
        ("mcp-server-reaches-file-system-root", Verdict::Fail, 1),
        ("mcp-server-with-literal-credential", Verdict::Fail, 1),
        // All owners are alice: the next but one speaks of them.
        ("personal-token-of-outsider", Verdict::Pass, 0),
        ("personal-token-of-unknown-owner", Verdict::Fail, 1),
        ("personal-token-on-runner", Verdict::Fail, 3),
        ("runner-of-leaver", Verdict::Fail, 1),
        ("token-uploaded-as-capability", Verdict::Pass, 0),
    ];
    assert_eq!(
        verdicts(&audit(&output, "2026-06-01T00:00:00Z")),
        expected.map(|(id, verdict, count)| (id.to_owned(), verdict, count))
    );
}

#[test]
fn a_clean_host_passes_only_while_the_scan_is_fresh() {
    let directory = tempfile::tempdir().unwrap();
    let host = hosts::clean(&directory.path().join("host"));
    let output = directory.path().join("out.db");
    run(vec![host.root], None, &output);
    let all =
        |now: &str, verdict: Verdict| verdicts(&audit(&output, now)).iter().all(|(_, found, _)| *found == verdict);
    assert!(all("2026-06-01T00:00:00Z", Verdict::Pass), "{:?}", verdicts(&audit(&output, "2026-06-01T00:00:00Z")));
    assert!(all("2026-07-01T00:00:00Z", Verdict::Unknown));
}

/// The findings of one check in an audit of the synthetic organisation that includes the scan in `path`.
fn drift(path: &Path, faults: Faults) -> (Verdict, Vec<(String, Status)>) {
    let server = Server::start(Estate::load("contoso").unwrap(), faults).unwrap();
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let tiny = std::time::Duration::from_millis(1);
    let config = Config {
        endpoints: Endpoints { login: endpoint("login"), graph: endpoint("graph"), ..Endpoints::default() },
        retry: Retry { attempts: 2, base: tiny, longest: tiny, ..Retry::default() },
        ..Config::default()
    };
    let now = server.estate().now();
    let variables = Arc::new([("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned())].into());
    let env = Env { now, clock: Arc::new(move || now), variables, ..env() };
    let subject = Subject { person: "alice@contoso.example".into(), ..Subject::default() };
    let intake = Intake { include: vec![path.to_owned()], ..Intake::default() };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let evidence = runtime.block_on(leaver::run::collect(&config, &subject, &intake, &env)).unwrap();
    let judged = check::judge(&evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
    let one = judged.into_iter().find(|one| one.check.id == "3-tokens/personal-token-of-outsider").unwrap();
    let found = one.findings.iter().map(|found| {
        let line = found.subject.raw().rsplit_once('#').unwrap().0.rsplit_once(':').unwrap().1;
        (line.to_owned(), found.status)
    });
    (one.verdict, found.collect())
}

#[test]
fn owners_of_tokens_on_a_shared_runner_are_looked_up() {
    let directory = tempfile::tempdir().unwrap();
    // A member, one who is disabled, one in the recycle bin, nobody's, the leaver, and one of another system.
    let people = ["erin", "bob", "carol", "nobody", "alice"].map(|name| format!("{name}@contoso.example"));
    let mut people: Vec<&str> = people.iter().map(String::as_str).collect();
    people.push("somebody-dev");
    let host = hosts::shared(&directory.path().join("host"), &people);
    let output = directory.path().join("out.db");
    run(vec![host.root], None, &output);
    let (verdict, mut found) = drift(&output, Faults::none());
    found.sort();
    let fail = |line: &str| (line.to_owned(), Status::Fail);
    assert_eq!(found, [fail("2"), fail("3"), fail("4"), ("6".to_owned(), Status::Unknown)]);
    assert_eq!(verdict, Verdict::Fail);
}
