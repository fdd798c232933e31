//! Counting: the same numbers whatever the order and the memory, single calls wherever they are few.

use std::collections::{BTreeMap, BTreeSet};

use leaver::evidence::Evidence;
use leaver::source::logs::record::{Record, directory};
use leaver::source::logs::tally::{CALLS_PER_HOUR, Tally, hour_of};
use leaver::text::Untrusted;
use proptest::prelude::*;
use rusqlite::Connection;

use super::{fill, read};

/// The rows that a tally of these records leaves.
async fn tallied(records: &[Record]) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.db");
    fill(&path, async |rows| {
        let mut tally = Tally::new("l");
        records.iter().try_for_each(|record| tally.add(&record.map(Untrusted::raw), rows))?;
        tally.finish(rows)?.iter().try_for_each(|last| rows.insert(last))?;
        Ok(())
    })
    .await;
    Evidence::open(&path).unwrap();
    let connection = Connection::open(&path).unwrap();
    (folder, connection)
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_busy_hour_is_counted_and_a_quiet_one_is_kept() {
    let busy = (0..CALLS_PER_HOUR as i64 + 1).map(|n| read(n, &format!("/a/{}", n % 7)));
    let quiet = (0..CALLS_PER_HOUR as i64).map(|n| read(3600 + n, "/b/1"));
    let mut records: Vec<Record> = busy.chain(quiet).collect();
    records[5].status = Some(403);
    let (_folder, rows) = tallied(&records).await;
    assert_eq!(one::<i64>(&rows, "SELECT sum(calls) FROM tool_call_hour"), 2 * CALLS_PER_HOUR as i64 + 1);
    assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM tool_call WHERE directory = '/b'"), CALLS_PER_HOUR as i64);
    assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM tool_call WHERE directory = '/a'"), 1, "the refusal");
    assert_eq!(one::<i64>(&rows, "SELECT max(resources) FROM tool_call_hour"), 7);
    assert_eq!(one::<i64>(&rows, "SELECT calls FROM last_activity"), 2 * CALLS_PER_HOUR as i64 + 1);
}

#[tokio::test]
async fn callers_without_id_and_empty_fields_are_kept_apart() {
    let mut records = vec![read(0, "/a/1"), read(1, "/a/1"), read(2, "/a/1"), read(3, "/a/1")];
    records[1].principal = None;
    records[2].principal = None;
    records[2].caller_name = Some("alice@contoso.com".into());
    records[3].resource = None;
    let (_folder, rows) = tallied(&records).await;
    assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM tool_call_hour"), 4);
    assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM tool_call_hour WHERE directory IS NULL AND resources = 0"), 1);
    assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM last_activity WHERE principal IS NULL"), 2);
}

type Key = (String, Option<i64>, String);

fn model(records: &[Record]) -> BTreeMap<Key, (i64, i64)> {
    let mut groups: BTreeMap<Key, (i64, BTreeSet<&str>)> = BTreeMap::new();
    for record in records {
        let resource = record.resource.as_ref().map_or("", Untrusted::raw);
        let key = (leaver::model::stamp(hour_of(record.at)), record.status, directory(resource).to_owned());
        let group = groups.entry(key).or_default();
        group.0 += 1;
        group.1.insert(resource);
    }
    groups.into_iter().map(|(key, (calls, resources))| (key, (calls, resources.len() as i64))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_order_changes_no_number(mut plan in prop::collection::vec((0i64..20_000, 0u8..4, 0u8..6, prop::bool::ANY), 1..300), seed in any::<u64>()) {
        let record = |(second, folder, file, refused): &(i64, u8, u8, bool)| {
            let mut record = read(*second, &format!("/{folder}/{file}"));
            record.status = Some(if *refused { 403 } else { 200 });
            record
        };
        let records: Vec<Record> = plan.iter().map(record).collect();
        let expected = model(&records);
        fastrand::Rng::with_seed(seed).shuffle(&mut plan);
        let shuffled: Vec<Record> = plan.iter().map(record).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (_folder, rows) = runtime.block_on(tallied(&shuffled));
        let mut query = rows.prepare("SELECT hour_at, status, directory, sum(calls), sum(resources) FROM tool_call_hour GROUP BY 1, 2, 3").unwrap();
        let found: BTreeMap<Key, (i64, i64)> = query
            .query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), (row.get(3)?, row.get(4)?))))
            .unwrap().map(Result::unwrap).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(one::<i64>(&rows, "SELECT count(*) FROM tool_call"), records.len() as i64);
    }
}
