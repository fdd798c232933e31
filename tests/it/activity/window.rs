//! Sliding windows: what the checks count against a model that looks at every window there is.

use std::collections::BTreeSet;

use leaver::model::Status;
use leaver::source::logs::record::{Record, directory};
use leaver::text::Untrusted;
use proptest::prelude::*;

use super::{judged, read};

/// The most that any window of `length` seconds, both ends included, holds of what `count` counts.
fn most(records: &[Record], length: i64, count: impl Fn(&[&Record]) -> usize) -> usize {
    let window = |end: &Record| {
        let end = end.at.as_second();
        let inside: Vec<&Record> =
            records.iter().filter(|record| (end - length..=end).contains(&record.at.as_second())).collect();
        count(&inside)
    };
    records.iter().map(window).max().unwrap_or(0)
}

fn distinct(records: &[&Record], of: fn(&str) -> &str) -> usize {
    let names: BTreeSet<&str> =
        records.iter().filter_map(|record| record.resource.as_ref()).map(Untrusted::raw).map(of).collect();
    names.len()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[tokio::test]
async fn reads_around_the_full_hour_add_up() {
    let half = |from: i64| (from..from + 51).map(|second| read(second, "/a/1"));
    let close: Vec<Record> = half(3500).chain(half(3600)).collect();
    assert_eq!(judged(&close, "mass-read").await.0, Some(Status::Fail));
    let apart: Vec<Record> = half(0).chain(half(3652)).collect();
    assert_eq!(judged(&apart, "mass-read").await.0, None);
}

#[tokio::test]
async fn a_busy_hour_beside_another_is_unknown_where_single_calls_decide() {
    // More than 1,000 calls of which few read: its single calls are not kept.
    let write = |second: i64| Record { tool: Some("write_file".into()), ..read(second, "/a/1") };
    let busy = (0..1_200).map(|n| write(n * 2)).chain((0..60).map(|n| read(3_000 + n, "/a/1")));
    let next = (0..60).map(|n| read(3_700 + n, "/a/1"));
    let (status, finding) = judged(&busy.chain(next).collect::<Vec<_>>(), "mass-read").await;
    assert_eq!(status, Some(Status::Unknown), "{finding:?}");
    let alone: Vec<Record> = (0..1_200).map(|n| write(n * 2)).collect();
    assert_eq!(judged(&alone, "mass-read").await.0, None);
}

#[tokio::test]
async fn a_busy_hour_that_reads_enough_by_itself_is_found() {
    let records: Vec<Record> = (0..1_500).map(|n| read(n * 2, &format!("/a/{n}"))).collect();
    let (status, finding) = judged(&records, "mass-read").await;
    assert_eq!(status, Some(Status::Fail));
    let facts = finding.unwrap().facts;
    assert_eq!((facts["reads"].raw(), facts["resources"].raw(), facts["directories"].raw()), ("1500", "1500", "1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn the_check_counts_what_the_model_counts(
        plan in prop::collection::vec((0i64..12_000, 0u8..30, 0u8..3), 1..240),
        squeeze in 1i64..6,
    ) {
        let records: Vec<Record> =
            plan.iter().map(|(second, folder, file)| read(second / squeeze, &format!("/{folder}/{file}"))).collect();
        let reads = most(&records, 3600, |inside| inside.len());
        let directories = most(&records, 3600, |inside| distinct(inside, directory));
        let resources = most(&records, 3600, |inside| distinct(inside, |name| name));
        let bad = reads > 100 || directories > 20 || resources > 20;
        let (status, finding) = block_on(judged(&records, "mass-read"));
        prop_assert_eq!(status, bad.then_some(Status::Fail), "{} {} {} {:?}", reads, directories, resources, finding);
        if let Some(finding) = finding {
            prop_assert_eq!(finding.facts["directories"].raw(), directories.to_string());
        }
    }

    #[test]
    fn refusals_are_counted_in_every_ten_minutes(plan in prop::collection::vec(0i64..4_000, 1..40)) {
        let records: Vec<Record> =
            plan.iter().map(|second| Record { status: Some(403), ..read(*second, "/a/1") }).collect();
        let refused = most(&records, 600, |inside| inside.len());
        let (status, finding) = block_on(judged(&records, "refusals"));
        prop_assert_eq!(status, (refused > 5).then_some(Status::Fail), "{} {:?}", refused, finding);
    }
}
