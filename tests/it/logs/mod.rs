//! The log of the gateway: what is read from Log Analytics, and what every way of not reading it leaves open.

mod directory;
mod faults;
mod tables;

use std::sync::{Arc, LazyLock};

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Logs};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::evidence::Evidence;
use leaver::run::{self, Subject};
use tempfile::TempDir;

/// The service principal of the incident.
const RUNNER: &str = "6b000000-0000-4000-8000-000000000001";

/// What one collection left behind.
struct Collected {
    server: Server,
    folder: TempDir,
}

fn estate() -> Estate {
    Estate::load("contoso").unwrap()
}

/// What a run without any fault leaves behind.
static WHOLE: LazyLock<Collected> = LazyLock::new(|| {
    let run = || tokio::runtime::Runtime::new().unwrap().block_on(collected(Faults::none()));
    std::thread::spawn(run).join().unwrap()
});

async fn collected(faults: Faults) -> Collected {
    Collected::of(estate(), faults, |_| {}).await
}

impl Collected {
    async fn of(estate: Estate, faults: Faults, change: impl FnOnce(&mut Logs)) -> Collected {
        let server = Server::start(estate, faults).unwrap();
        let now = server.estate().now();
        let env = Env {
            now,
            clock: Arc::new(move || now),
            seed: 1,
            variables: Arc::new([("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned())].into()),
            console: Console::new(std::io::sink(), std::io::sink()),
        };
        let subject = Subject {
            person: server.estate().person("alice").unwrap().to_owned(),
            github: Some("alice-dev".to_owned()),
            last_day: Some(server.estate().last_day()),
            ..Subject::default()
        };
        let mut config = config(&server);
        change(&mut config.logs);
        let folder = tempfile::tempdir().unwrap();
        let intake = run::Intake { keep: Some(folder.path().join("e.db")), ..run::Intake::default() };
        run::collect(&config, &subject, &intake, &env).await.unwrap();
        Collected { server, folder }
    }

    fn evidence(&self) -> Evidence {
        Evidence::open(&self.folder.path().join("e.db")).unwrap()
    }

    fn open(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.folder.path().join("e.db")).unwrap()
    }

    /// The rows of a query of one text column.
    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = self.open();
        let mut query = connection.prepare(sql).unwrap();
        let found = query.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
        found.map(|text| text.unwrap().unwrap_or_else(|| "NULL".to_owned())).collect()
    }

    fn number(&self, sql: &str) -> i64 {
        self.open().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The gaps of a table, each as `kind: detail | needs`.
    fn gaps(&self, table: &str) -> Vec<String> {
        let gaps = self.evidence().coverage().unwrap().into_iter().filter(|row| row.dataset == table);
        gaps.filter_map(|row| row.gap)
            .map(|gap| {
                let detail = gap.detail.as_ref().map_or("", |detail| detail.raw());
                format!("{}: {detail} | {}", gap.kind, gap.needs.unwrap_or_default())
            })
            .collect()
    }

    /// How often the log was asked a query of this name.
    fn asked(&self, what: &str) -> usize {
        self.server.requests().iter().filter(|request| request.path.ends_with(what)).count()
    }
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let tiny = std::time::Duration::from_millis(1);
    Config {
        logs: Logs { workspaces: server.estate().workspaces(), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            logs: endpoint("logs"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 3, base: tiny, longest: tiny, ..Retry::default() },
        ..Config::default()
    }
}

/// What the incident left in the evidence: calls, directories, the first and the last.
const INCIDENT: &str =
    "SELECT printf('%d calls, %d directories, %s', sum(calls), count(DISTINCT directory), ifnull(caller_name, '-'))
     FROM tool_call_hour WHERE principal = '6b000000-0000-4000-8000-000000000001' AND hour_at = '2026-05-22T00:00:00Z'";

#[test]
fn the_incident_is_in_the_evidence_although_no_record_names_anybody() {
    let found = &*WHOLE;
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
    let single = format!(
        "SELECT count(DISTINCT resource) FROM tool_call WHERE principal = '{RUNNER}' AND at LIKE '2026-05-22T00%'"
    );
    assert_eq!(found.number(&single), 847);
    for table in ["log_table", "log_silence", "tool_call_hour", "tool_call", "last_activity"] {
        assert_eq!(found.gaps(table), Vec::<String>::new(), "{table}");
    }
    assert!(found.server.unknown().is_empty() && found.server.writes().is_empty());
}

#[test]
fn the_incident_is_judged_from_what_was_collected() {
    let judgements = check::judge(&WHOLE.evidence(), &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
    let found = judgements.iter().find(|judgement| judgement.check.id == "4-activity/activity-after-last-day").unwrap();
    let incident = found.findings.iter().find(|finding| finding.subject.raw().contains(RUNNER)).unwrap();
    for part in ["847 calls after the last day", "847 resources in 34 directories", "a principal without user name"] {
        assert!(incident.reason.raw().contains(part), "{}", incident.reason.raw());
    }
}

#[test]
fn every_call_is_counted_once_and_kept_once() {
    let found = &*WHOLE;
    let (counted, kept) = ("SELECT sum(calls) FROM tool_call_hour", "SELECT count(*) FROM tool_call");
    assert_eq!(found.number(counted), found.number(kept));
    assert_eq!(found.number(kept), found.number("SELECT count(DISTINCT item) FROM tool_call"));
    let differ = "SELECT count(*) FROM (
        SELECT principal, caller_name, hour_at AS hour, server, tool, scope, directory, status, sum(calls) FROM tool_call_hour
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        EXCEPT
        SELECT principal, caller_name, substr(at, 1, 13) || ':00:00Z', server, tool, scope, directory, status, count(*)
        FROM tool_call GROUP BY 1, 2, 3, 4, 5, 6, 7, 8)";
    assert_eq!(found.number(differ), 0);
}

#[test]
fn only_callers_in_reach_come_back_and_others_are_counted() {
    let found = &*WHOLE;
    let sent = found.texts("SELECT text FROM log_query WHERE name = 'calls-by-hour'");
    for principal in found.texts("SELECT DISTINCT principal FROM tool_call_hour") {
        assert!(sent[0].contains(&format!("\"{principal}\"")), "{principal} was not asked for");
    }
    let table = "SELECT printf('%s %s %d %s', source, shape, retention_days, plan) FROM log_table";
    assert_eq!(
        found.texts(table),
        ["logs:7a000000-0000-4000-8000-000000000001/MCPAuditLog_CL documented 180 Analytics"]
    );
    let (all, theirs) = ("SELECT records FROM log_table", "SELECT sum(calls) FROM tool_call_hour");
    assert!(found.number(all) > found.number(theirs) && found.number("SELECT callers FROM log_table") > 3);
}

#[test]
fn what_was_asked_is_kept_with_its_digests() {
    let found = &*WHOLE;
    let names = found.texts("SELECT DISTINCT name FROM log_query ORDER BY 1");
    assert_eq!(names, ["bounds", "calls", "calls-by-hour", "hourly-activity", "last-activity", "schema"]);
    assert_eq!(
        found.number("SELECT count(*) FROM log_query WHERE length(sha256) <> 64 OR length(result_sha256) <> 64"),
        0
    );
    let unseen = "SELECT count(*) FROM log_query WHERE result_sha256 NOT IN (SELECT body_sha256 FROM request)";
    assert_eq!(found.number(unseen), 0);
    assert_eq!(found.number("SELECT count(*) FROM log_query WHERE name = 'calls-by-hour'"), 1);
}

#[tokio::test]
async fn the_last_activity_looks_behind_the_window() {
    let found = Collected::of(estate(), Faults::none(), |logs| logs.days = 5.try_into().ok()).await;
    let alice = "SELECT max(last_at) FROM last_activity WHERE caller_name LIKE 'alice@%'";
    assert!(found.texts(alice)[0].starts_with("2026-05-01T"), "{:?}", found.texts(alice));
    assert_eq!(found.number("SELECT count(*) FROM tool_call WHERE at < '2026-05-20'"), 0);
    assert_eq!(found.texts(INCIDENT), ["847 calls, 34 directories, -"]);
}

#[tokio::test]
async fn two_runs_leave_the_same_rows() {
    let (one, other) = (&*WHOLE, collected(Faults::none()).await);
    for sql in [
        "SELECT concat_ws('|', principal, caller_name, hour_at, server, tool, scope, directory, status, calls, resources, first_at, last_at) FROM tool_call_hour",
        "SELECT concat_ws('|', principal, caller_name, at, resource, request, item) FROM tool_call",
        "SELECT concat_ws('|', name, text, sha256, result_sha256, rows) FROM log_query",
    ] {
        assert!(one.texts(sql) == other.texts(sql), "{sql}");
    }
}
