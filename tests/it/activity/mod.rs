//! Step 4 from end to end on the synthetic organisation: its log records counted, judged and drawn.

mod params;
mod rules;
mod tally;
mod window;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use leaver::check::{self, Checks, Judgement, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use leaver::demo::{Estate, Faults, Server, TOKEN, log};
use leaver::env::{Console, Env};
use leaver::evidence::row::{LogTable, OrganizationTime};
use leaver::evidence::sandbox::Sandbox;
use leaver::evidence::{Evidence, Rows, Scope, Stop, Writer};
use leaver::model::{Finding, Status, Verdict, stamp};
use leaver::report::{Report, State, Times, terminal};
use leaver::run::{self, Subject};
use leaver::source::logs::record::Record;
use leaver::source::logs::tally::Tally;
use leaver::text::Untrusted;
use rusqlite::Connection;
use rusqlite::types::Value;

/// What step 4 adds to an inventory.
pub(crate) const TABLES: [&str; 6] =
    ["organization_time", "log_table", "log_silence", "tool_call_hour", "tool_call", "last_activity"];

const SOURCE: &str = "logs:demo/MCPAuditLog_CL";

/// The identity of the incident.
const INTRUDER: &str = "entra:service-principal/6b000000-0000-4000-8000-000000000001";

struct Audit {
    estate: Estate,
    evidence: Evidence,
    judgements: Vec<Judgement>,
}

impl Audit {
    async fn of(who: &str) -> Audit {
        Audit::with(Estate::load("contoso").unwrap(), who).await
    }

    /// The inventory through the collectors, the log records as a collector would leave them.
    async fn with(estate: Estate, who: &str) -> Audit {
        let directory = tempfile::tempdir().unwrap();
        let server = Server::start(estate, Faults::none()).unwrap();
        let (inventory, calls) = (directory.path().join("inventory.db"), directory.path().join("calls.db"));
        collect(&server, who, &inventory).await;
        let sought = sought(&Evidence::open(&inventory).unwrap());
        let estate = server.estate().clone();
        let records: Vec<Record> = log::records(&estate).unwrap().collect();
        log_evidence(&calls, &estate, &records, &sought).await;
        join(&inventory, &calls);
        let evidence = Evidence::open(&inventory).unwrap();
        let judgements = check::judge(&evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
        // The file is gone with its directory; the open connection still reads it.
        Audit { estate, evidence, judgements }
    }

    fn judgement(&self, check: &str) -> &Judgement {
        let id = format!("4-activity/{check}");
        self.judgements.iter().find(|judgement| judgement.check.id == id).unwrap()
    }

    fn found(&self, check: &str) -> Vec<&Finding> {
        self.judgement(check).findings.iter().filter(|finding| finding.status == Status::Fail).collect()
    }

    fn subjects(&self, check: &str) -> BTreeSet<&str> {
        self.found(check).into_iter().map(|finding| finding.subject.raw()).collect()
    }

    fn report(&self) -> Report {
        let at = self.estate.now();
        Report::new(&self.evidence, &self.judgements, "", Times { started_at: at, finished_at: at }).unwrap()
    }
}

async fn collect(server: &Server, who: &str, keep: &Path) {
    let estate = server.estate();
    let now = estate.now();
    let endpoint = |service: &str| Endpoint::try_from(format!("{}/{service}", server.base_url())).ok();
    let config = Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        logs: Logs { timezone: Some(estate.timezone().clone()), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            ..Endpoints::default()
        },
        ..Config::default()
    };
    let env = Env {
        now,
        clock: Arc::new(move || now),
        seed: 1,
        variables: Arc::new([("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned())].into()),
        console: Console::new(std::io::sink(), std::io::sink()),
    };
    let subject = Subject {
        person: estate.person(who).unwrap().to_owned(),
        github: Some(if who == "alice" { "alice-dev" } else { "nobody-else" }.to_owned()),
        last_day: Some(estate.last_day()),
        ..Subject::default()
    };
    let intake = run::Intake { keep: Some(keep.to_owned()), ..run::Intake::default() };
    run::collect(&config, &subject, &intake, &env).await.unwrap();
}

/// The object ids in reach and the names of the people, lower case: what a collector asks the log for.
fn sought(evidence: &Evidence) -> BTreeSet<String> {
    let sandbox = Sandbox::on(evidence, Limits::default()).unwrap();
    let sql = "SELECT lower(principal) FROM reach
               UNION SELECT lower(name) FROM identity WHERE kind IN ('upn', 'mail')";
    let rows = sandbox.prepare(sql).unwrap().run(&[]).unwrap().rows;
    let text = |row: &Vec<Value>| match &row[0] {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    rows.iter().filter_map(text).collect()
}

async fn log_evidence(path: &Path, estate: &Estate, records: &[Record], sought: &BTreeSet<String>) {
    let from_at = estate.now().checked_sub(SignedDuration::from_hours(90 * 24)).unwrap();
    let window: Vec<&Record> = records.iter().filter(|record| record.at >= from_at).collect();
    let is_sought = |record: &Record| {
        let known = |text: &Option<leaver::text::Untrusted>| {
            text.as_ref().is_some_and(|text| sought.contains(&text.raw().to_lowercase()))
        };
        known(&record.principal) || known(&record.caller_name)
    };
    fill(path, async |rows| {
        rows.insert(&OrganizationTime {
            zone: estate.timezone().iana_name().unwrap().to_owned(),
            starts: "07:00".into(),
            ends: "20:00".into(),
        })?;
        rows.insert(&LogTable {
            source: SOURCE.into(),
            shape: "documented".into(),
            retention_days: Some(90),
            from_at,
            until_at: estate.now(),
            first_at: window.first().map(|record| record.at),
            last_at: window.last().map(|record| record.at),
            records: i64::try_from(window.len()).ok(),
            callers: Some(9),
            ..LogTable::default()
        })?;
        let mut tally = Tally::new(SOURCE);
        for record in window.iter().filter(|record| is_sought(record)) {
            tally.add(&record.map(Untrusted::raw), rows)?;
        }
        tally.finish(rows)?.iter().try_for_each(|last| rows.insert(last))?;
        Ok(())
    })
    .await;
}

/// An evidence file with nothing but the tables of step 4, all of them complete.
async fn fill(path: &Path, write: impl AsyncFnOnce(&mut Rows) -> Result<(), Stop>) {
    let writer = Writer::create(path.parent().unwrap(), &[("now", "2026-05-25T06:00:00Z".into())]).unwrap();
    let scope = Scope { name: "log".into(), person: None, needs: String::new() };
    assert_eq!(writer.dataset(&TABLES, &scope, write).await.unwrap(), None);
    writer.seal(Some(path)).unwrap();
}

/// Takes the tables of step 4 from one file into another.
fn join(inventory: &Path, calls: &Path) {
    let connection = Connection::open(inventory).unwrap();
    connection.execute("ATTACH ? AS calls", [calls.display().to_string()]).unwrap();
    for table in TABLES {
        let sql = format!(
            "DELETE FROM main.{table}; DELETE FROM main.coverage WHERE dataset = '{table}';
             INSERT INTO main.{table} SELECT * FROM calls.{table};
             INSERT INTO main.coverage SELECT * FROM calls.coverage WHERE dataset = '{table}';"
        );
        connection.execute_batch(&sql).unwrap();
    }
}

#[tokio::test]
async fn the_incident_is_found_and_explained_although_nobody_is_named() {
    let audit = Audit::of("alice").await;
    let found = audit.found("activity-after-last-day");
    let incident = found.iter().find(|finding| finding.subject.raw() == INTRUDER).unwrap();
    let fact = |name: &str| incident.facts[name].raw();
    assert_eq!((fact("calls"), fact("resources"), fact("directories")), ("847", "847", "34"));
    assert_eq!((fact("last_day_over"), incident.severity.to_string().as_str()), ("2026-05-01T22:00:00Z", "critical"));
    let reason = incident.reason.raw();
    for part in [
        "a principal without user name",
        "847 calls after the last day, 2026-05-01",
        "847 resources in 34 directories",
        "2026-05-22T00:00:00Z",
        "federated credential that they satisfy",
        "/federated/alice-deploy",
    ] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    let night = audit.found("identity-used-unlike-before");
    assert_eq!(night.len(), 1, "{night:?}");
    assert_eq!(night[0].subject.raw(), INTRUDER);
    assert!(night[0].reason.raw().contains("between 02:00 and 02:40 local time"), "{}", night[0].reason.raw());
    assert_eq!(audit.subjects("mass-read"), BTreeSet::from([INTRUDER]));
    assert!(incident.complete && incident.action.is_none());
}

#[tokio::test]
async fn decoys_are_not_found() {
    let audit = Audit::of("alice").await;
    // A pipeline with a secret that the leaver added still runs: found, but not as an incident.
    let late = audit.found("activity-after-last-day");
    let nightly: Vec<_> =
        late.iter().filter(|finding| finding.subject.raw().ends_with("0e000000-0000-4000-8000-000000000002")).collect();
    assert_eq!(nightly.len(), 1);
    let all: Vec<&str> = audit
        .judgements
        .iter()
        .filter(|judgement| judgement.check.step == "4-activity")
        .flat_map(|judgement| &judgement.findings)
        .map(|finding| finding.subject.raw())
        .collect();
    for innocent in audit.estate.innocent() {
        assert!(!all.iter().any(|subject| subject.contains(innocent.as_str())), "{innocent}: {all:?}");
    }
    for check in ["refusals", "secrets-read-by-human", "unusual-volume", "unusual-hours", "write-outside-working-hours"]
    {
        assert_eq!(audit.found(check), Vec::<&Finding>::new(), "{check}");
    }
}

#[tokio::test]
async fn without_the_path_it_is_no_lucky_hit() {
    let mut estate = Estate::load("contoso").unwrap();
    estate.rows_mut("arm/federatedIdentityCredentials").retain(|row| row["name"] != "alice-deploy");
    let audit = Audit::with(estate, "alice").await;
    for judgement in audit.judgements.iter().filter(|judgement| judgement.check.step == "4-activity") {
        let hit = judgement.findings.iter().find(|finding| finding.subject.raw().contains("6b000000"));
        assert_eq!(hit, None, "{}", judgement.check.id);
    }
    let judged = audit.judgement("identity-used-unlike-before");
    assert_eq!(judged.verdict, Verdict::Unknown, "nobody knows which runners there are, so another path may exist");
    assert!(
        judged.gaps.iter().any(|gap| {
            let detail = gap.detail.as_ref().map_or("", leaver::text::Untrusted::raw);
            gap.dataset == "sighting" && detail.contains("which runners there are is not known")
        }),
        "{:?}",
        judged.gaps
    );
}

#[tokio::test]
async fn a_clean_leaver_is_found_nothing_of() {
    let audit = Audit::of("bob").await;
    for judgement in audit.judgements.iter().filter(|judgement| judgement.check.step == "4-activity") {
        assert_eq!(judgement.findings, [], "{}", judgement.check.id);
        assert!(judgement.verdict != Verdict::Fail, "{}", judgement.check.id);
        // Only what leads to other principals was not read to its end; the log was.
        let of_log = judgement.gaps.iter().filter(|gap| TABLES.contains(&gap.dataset.as_str()));
        assert_eq!(of_log.count(), 0, "{:?}", judgement.gaps);
    }
    assert!(audit.judgement("last-activity").passed > 0);
    assert!(audit.judgement("mass-read").passed > 0);
}

#[tokio::test]
async fn the_picture_shows_each_day_and_the_last_one() {
    let audit = Audit::of("alice").await;
    let report = audit.report();
    let [picture] = &report.activity[..] else { panic!("{:?}", report.activity) };
    assert_eq!((picture.timezone.as_str(), picture.days.len()), ("Europe/Berlin", 91));
    let day = |date: &str| picture.days.iter().find(|day| day.date == date).unwrap();
    let night = day("2026-05-22");
    assert!(night.after_last_day && night.own == 0 && night.others > 847, "{night:?}");
    assert!(day("2026-04-30").own > 20 && !day("2026-05-01").after_last_day);
    assert_eq!((day("2026-04-26").own, day("2026-04-26").state), (0, State::Complete));
    assert_eq!(day(&picture.days[0].date).state, State::Incomplete, "the window begins within that day");
    let page = terminal::render(&report, 120, false);
    assert!(page.contains("ACTIVITY") && page.contains("Europe/Berlin"), "{page}");
    assert!(!page.contains('\u{1b}'), "{page}");
    let page = terminal::render(&report, 120, true);
    let red = |run: &str| run.split("\u{1b}[0m").next().is_some_and(|run| run.contains('\u{2587}'));
    assert!(page.split("\u{1b}[1;31m").skip(1).any(red), "{page:?}");
}

/// Whole seconds, as evidence stores them.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_747_700_000 - 1_747_700_000 % 3600 + second).unwrap()
}

/// One read of a file.
fn read(second: i64, file: &str) -> Record {
    Record {
        at: at(second),
        principal: Some("sp".into()),
        server: Some("fs".into()),
        tool: Some("read_file".into()),
        resource: Some(file.into()),
        status: Some(200),
        ..Record::default()
    }
}

/// What `check` says of the principal `sp`, which belongs to somebody, over these records.
async fn judged(records: &[Record], check: &str) -> (Option<Status>, Option<Finding>) {
    judged_by(records, check, &Checks::load(&[]).unwrap()).await
}

async fn judged_by(records: &[Record], check: &str, checks: &Checks) -> (Option<Status>, Option<Finding>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("e.db");
    fill(&path, async |rows| {
        rows.insert(&OrganizationTime { zone: "UTC".into(), starts: "07:00".into(), ends: "20:00".into() })?;
        let mut tally = Tally::new(SOURCE);
        records.iter().try_for_each(|record| tally.add(&record.map(Untrusted::raw), rows))?;
        tally.finish(rows).map(drop)?;
        Ok(())
    })
    .await;
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch("INSERT INTO account (id, person) VALUES ('sp', 'p'); INSERT INTO person (id, object_id) VALUES ('p', 'sp');")
        .unwrap();
    drop(connection);
    let evidence = Evidence::open(&path).unwrap();
    let judgements = check::judge(&evidence, checks, Limits::default()).unwrap();
    let judgement =
        judgements.into_iter().find(|judgement| judgement.check.id == format!("4-activity/{check}")).unwrap();
    let broken: Vec<_> = judgement.gaps.iter().filter(|gap| gap.dataset == judgement.check.id).collect();
    assert!(broken.is_empty(), "{broken:?}");
    let finding = judgement.findings.into_iter().next();
    (finding.as_ref().map(|finding| finding.status), finding)
}

#[test]
fn times_are_as_evidence_stores_them() {
    assert!(stamp(at(0)).ends_with(":00:00Z"));
}
