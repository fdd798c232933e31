//! How long ten million calls of one busy principal take to count and to judge, and how much memory. The budget is ten
//! seconds for judging and flat memory for counting. `cargo bench --bench activity [-- CALLS]`
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a bench that cannot be set up has to stop, and prints")]

use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use leaver::check::{Checks, Limits, judge};
use leaver::evidence::row::{Account, Identity, LastDay, LogTable, OrganizationTime, Person};
use leaver::evidence::{Evidence, Rows, Scope, Stop, Writer};
use leaver::source::logs::record::Record;
use leaver::source::logs::tally::Tally;
use leaver::text::Untrusted;

const CALLS: i64 = 10_000_000;
const SECONDS: i64 = 90 * 86_400;
const UNTIL: &str = "2026-05-25T06:00:00Z";
const TABLES: [&str; 10] = [
    "person",
    "last_day",
    "identity",
    "account",
    "organization_time",
    "log_table",
    "log_silence",
    "tool_call_hour",
    "tool_call",
    "last_activity",
];

fn record(n: i64, calls: i64, from: i64) -> Record {
    let (tool, scope) = match n % 5 {
        0 => ("list_directory", "mcp.tools.read"),
        1 => ("write_file", "mcp.tools.write"),
        _ => ("read_file", "mcp.tools.read"),
    };
    Record {
        at: Timestamp::from_second(from + n * SECONDS / calls).expect("a time"),
        principal: Some("sp".into()),
        server: Some("filesystem".into()),
        tool: Some(tool.into()),
        scope: Some(scope.into()),
        resource: Some(format!("/srv/{:02}/{}.md", n % 40, n % 5_000).into()),
        status: Some(if n % 5_000 == 0 { 403 } else { 200 }),
        latency_ms: Some(n % 400),
        request: Some(format!("request-{n}").into()),
        item: Some(format!("item-{n}").into()),
        ..Record::default()
    }
}

fn fill(rows: &mut Rows, calls: i64) -> Result<(), Stop> {
    let until: Timestamp = UNTIL.parse().expect("a time");
    let from = until.as_second() - SECONDS;
    let from_at = Timestamp::from_second(from).expect("a time");
    let ends_at = Timestamp::from_second(until.as_second() - 24 * 86_400).expect("a time");
    rows.insert(&Person { id: "p".into(), object_id: "sp".into(), ..Person::default() })?;
    rows.insert(&Identity {
        person: "p".into(),
        kind: "upn".into(),
        name: Some("a@b.example".into()),
        ..Identity::default()
    })?;
    rows.insert(&Account { id: "sp".into(), person: "p".into(), ..Account::default() })?;
    rows.insert(&LastDay { person: "p".into(), date: "2026-05-01".into(), ends_at, source: "flag".into() })?;
    rows.insert(&OrganizationTime { zone: "Europe/Berlin".into(), starts: "07:00".into(), ends: "20:00".into() })?;
    let source = "logs:bench/MCPAuditLog_CL";
    let log =
        LogTable { source: source.into(), shape: "documented".into(), from_at, until_at: until, ..LogTable::default() };
    rows.insert(&LogTable { last_at: Some(until), records: Some(calls), ..log })?;
    let mut tally = Tally::new(source);
    for n in 0..calls {
        tally.add(&record(n, calls, from).map(Untrusted::raw), rows)?;
    }
    tally.finish(rows)?.iter().try_for_each(|last| rows.insert(last))?;
    Ok(())
}

fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: not known here").to_owned()
}

fn counted(directory: &Path, calls: i64) -> Evidence {
    let writer = Writer::create(directory, &[("now", UNTIL.into())]).expect("an evidence file");
    let scope = Scope { name: "bench".into(), person: None, needs: String::new() };
    let done = writer.dataset(&TABLES, &scope, async |rows| fill(rows, calls));
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(done).expect("rows");
    writer.seal(Some(&directory.join("e.db"))).expect("a sealed file")
}

fn main() {
    let calls = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(CALLS);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let start = Instant::now();
    let evidence = counted(directory.path(), calls);
    println!("{calls} calls counted in {:.1?}, {}", start.elapsed(), peak());
    for table in ["tool_call_hour", "tool_call"] {
        let objects = evidence
            .coverage()
            .expect("coverage")
            .iter()
            .filter(|row| row.dataset == table)
            .map(|row| row.objects)
            .sum::<i64>();
        println!("{table}: {objects} rows");
    }
    let checks = Checks::load(&[]).expect("checks");
    let start = Instant::now();
    let judgements = judge(&evidence, &checks, Limits::default()).expect("judgements");
    println!("judged by all checks in {:.1?}, {}", start.elapsed(), peak());
    for judgement in judgements.iter().filter(|judgement| judgement.check.step == "4-activity") {
        let only =
            Checks::from_texts([(format!("{}.sql", judgement.check.id).as_str(), judgement.check.text.as_str())])
                .expect("a check");
        let start = Instant::now();
        judge(&evidence, &only, Limits::default()).expect("a judgement");
        let broken =
            judgement.gaps.iter().find(|gap| gap.dataset == judgement.check.id).and_then(|gap| gap.detail.clone());
        println!(
            "  {:<44} {:?}, {} found, {:.1?} {broken:?}",
            judgement.check.id,
            judgement.verdict,
            judgement.findings.len(),
            start.elapsed()
        );
    }
}
