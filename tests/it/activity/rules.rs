//! The three alert rules and the checks of the same name: the checks find all that the rules mean, and more at their edges.
//! The rules run in Kusto, so what they mean is told here once more, bins and all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use leaver::check::Checks;
use leaver::model::{Param, Status};
use leaver::source::logs::record::{Record, directory};
use leaver::text::Untrusted;
use proptest::prelude::*;

use super::{judged, read};

const READS: [&str; 7] = ["read", "get", "fetch", "download", "open", "view", "cat"];
const WRITES: [&str; 11] =
    ["write", "create", "update", "delete", "move", "rename", "edit", "put", "push", "merge", "upload"];

fn starts_with(record: &Record, verbs: &[&str]) -> bool {
    let tool = record.tool.as_ref().map_or("", Untrusted::raw).to_lowercase();
    verbs
        .iter()
        .any(|verb| tool.strip_prefix(verb).is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-', '.'])))
}

fn bins(records: &[Record], seconds: i64) -> impl Iterator<Item = Vec<&Record>> {
    let mut bins: BTreeMap<i64, Vec<&Record>> = BTreeMap::new();
    for record in records {
        bins.entry(record.at.as_second().div_euclid(seconds)).or_default().push(record);
    }
    bins.into_values()
}

fn mass_read(records: &[Record]) -> bool {
    bins(records, 3600).any(|bin| {
        let names: BTreeSet<&str> = bin.iter().filter_map(|record| Some(record.resource.as_ref()?.raw())).collect();
        let directories: BTreeSet<&str> = names.iter().map(|name| directory(name)).collect();
        bin.iter().filter(|record| starts_with(record, &READS)).count() > 100
            || directories.len() > 20
            || names.len() > 20
    })
}

fn refusals(records: &[Record]) -> bool {
    let refused: Vec<Record> = records.iter().filter(|record| record.status == Some(403)).cloned().collect();
    bins(&refused, 600).any(|bin| bin.len() > 5)
}

fn off_hours_write(records: &[Record]) -> bool {
    records.iter().any(|record| {
        let local = record.at.to_zoned(TimeZone::UTC);
        let off = matches!(local.weekday(), Weekday::Saturday | Weekday::Sunday) || !(7..20).contains(&local.hour());
        off && starts_with(record, &WRITES) && record.status.is_some_and(|status| status < 400)
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn rules_and_checks_have_the_same_thresholds() {
    let checks = Checks::load(&[]).unwrap();
    for name in ["mass-read", "refusals"] {
        let rule = fs::read_to_string(format!("checks/4-activity/rules/{name}.kql")).unwrap();
        let params = &checks.find(&format!("4-activity/{name}")).unwrap().check.params;
        assert!(!params.is_empty());
        for (param, value) in params {
            let Param::Integer(value) = value else { panic!("{param}") };
            assert!(rule.contains(&format!("let {param} = {value};")), "{name}: {param}");
        }
    }
    for name in ["mass-read", "refusals", "write-outside-working-hours"] {
        let rule = fs::read_to_string(format!("checks/4-activity/rules/{name}.kql")).unwrap();
        assert!(rule.contains(&format!("4-activity/{name}")) && rule.contains("UTC"), "{name}");
    }
}

#[tokio::test]
async fn a_burst_across_the_edge_of_a_bin_is_found_by_the_check_alone() {
    let reads: Vec<Record> = (0..102).map(|n| read(3_549 + n, "/a/1")).collect();
    assert!(!mass_read(&reads));
    assert_eq!(judged(&reads, "mass-read").await.0, Some(Status::Fail));
    let refused: Vec<Record> = (0..6).map(|n| Record { status: Some(403), ..read(597 + n, "/a/1") }).collect();
    assert!(!refusals(&refused));
    assert_eq!(judged(&refused, "refusals").await.0, Some(Status::Fail));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_checks_find_all_that_the_rules_find(
        plan in prop::collection::vec((0i64..200_000, 0usize..18, 0u8..30, 0u8..3, prop::bool::ANY), 1..200),
        squeeze in 1i64..40,
    ) {
        let record = |(second, verb, folder, file, refused): &(i64, usize, u8, u8, bool)| {
            let verb = READS.iter().chain(&WRITES).nth(*verb).unwrap();
            Record {
                tool: Some(format!("{verb}_file").into()),
                status: Some(if *refused { 403 } else { 200 }),
                ..read(second / squeeze, &format!("/{folder}/{file}"))
            }
        };
        let records: Vec<Record> = plan.iter().map(record).collect();
        let rules = [
            ("mass-read", mass_read(&records)),
            ("refusals", refusals(&records)),
            ("write-outside-working-hours", off_hours_write(&records)),
        ];
        for (check, fires) in rules {
            let (status, finding) = block_on(judged(&records, check));
            prop_assert!(!fires || status == Some(Status::Fail), "{} {:?}", check, finding);
            // Nothing of these depends on bins: there the two agree.
            prop_assert!(check != "write-outside-working-hours" || fires == (status == Some(Status::Fail)));
        }
    }
}
