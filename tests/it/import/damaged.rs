//! What is broken, cut, mixed, undated or no log at all: counted, named with its place, and everything else is read.

use super::*;

#[test]
fn lines_that_cannot_be_read_are_counted_and_the_first_is_named() {
    let good = record(AT, RUNNER, "", "/srv/x/a");
    let read = Logs::of(lines(&[
        good.clone(),
        "not json".to_owned(),
        good.replace("/a\"", "/b\"")[..180].to_owned(),
        String::new(),
        record("2026-05-01T02:03:05Z", RUNNER, "", "/srv/x/c"),
        "\0\0\0".to_owned(),
    ]));
    assert_eq!(read.calls().len(), 2);
    assert_eq!(
        read.faults(),
        [
            "truncated: could not be read: 3 lines, the first in log:3 (at column 2), in the hour from 2026-05-01T02:00:00Z"
        ]
    );
    assert!(read.gaps("log_silence")[0].ends_with("| export these hours again"));
}

#[test]
fn a_log_cut_off_in_the_middle_is_read_up_to_there() {
    let whole = lines(&[record(AT, RUNNER, "", "/srv/x/a")]);
    let read = Logs::of(&whole[..whole.len() - 20]);
    assert_eq!(read.calls().len(), 1);
    assert!(read.faults()[0].starts_with("truncated: could not be read: 1 line in log:3"), "{:?}", read.faults());

    let packed = packed(lines(&(0..5_000).map(|n| record(AT, RUNNER, "", &format!("/srv/{n}"))).collect::<Vec<_>>()));
    let read = Logs::of(&packed[..packed.len() * 3 / 4]);
    assert!(read.imported.records > 1_000, "{}", read.imported.records);
    assert!(
        read.faults().iter().any(|gap| gap.starts_with("truncated: ends in the middle: log:")),
        "{:?}",
        read.faults()
    );

    let mut damaged = packed;
    let half = damaged.len() / 2;
    damaged[half..half + 64].fill(0xFF);
    assert!(!Logs::of(damaged).faults().is_empty());
    assert!(!Logs::of([0x1F, 0x8B, 8, 0]).faults().is_empty());
}

#[test]
fn the_place_of_a_bad_line_is_right_however_many_threads_read() {
    let foreign = record(AT, OTHER, "bob@contoso.example", "/a");
    let mut all = vec![foreign; 50_000];
    all[31_000] = "{\"half".to_owned();
    all[42_000] = record("2026-05-01T02:03:05Z", RUNNER, "", "/srv/x/a");
    all[49_000] = "{}".to_owned();
    let text = lines(&all);
    assert!(text.len() > 9_000_000, "large enough to be cut into parts");
    for threads in [1, 2, 3] {
        let logs = Logs { threads, ..Logs::new() };
        logs.write("log", &text);
        let read = logs.import(&["log"]);
        assert_eq!(
            read.faults(),
            [
                "truncated: could not be read: 1 line in log:31002 (at column 6), in the hour from 2026-05-01T02:00:00Z",
                "truncated: does not tell who called: 1 record in log:49002",
            ]
        );
        assert_eq!(read.calls().len(), 1);
        assert_eq!(read.log(), ["documented 2026-05-01T00:10:00Z..2026-05-02T23:10:00Z records 50000 callers 2"]);
    }
}

#[test]
fn times_that_are_not_certain_leave_a_gap() {
    let read = Logs::of(lines(&[
        record("2026-05-01T02:03:04", RUNNER, "", "/srv/unzoned"),
        record("yesterday", RUNNER, "", "/srv/unreadable"),
        record("2026-05-04T02:03:04Z", RUNNER, "", "/srv/future"),
        record("2026-05-03T00:00:00Z", RUNNER, "", "/srv/future"),
    ]));
    assert_eq!(read.calls(), ["2026-05-01T02:03:04Z e - /srv/unzoned 200"]);
    assert_eq!(
        read.faults(),
        [
            "truncated: has a time without a zone, so it is a guess: 1 record in log:2",
            "truncated: has no readable time: 1 record in log:3",
            "truncated: is of a time to come: 2 records, the first in log:4",
        ]
    );
    let foreign = Logs::of(lines(&[record("yesterday", OTHER, "", "/x")]));
    assert_eq!(foreign.faults(), [""; 0], "what somebody else did is not in doubt");
    assert_eq!(foreign.gaps("log_silence").len(), 1);
}

#[test]
fn what_is_no_log_is_told_with_what_it_holds() {
    let of = |content: &str| Logs::of(content).faults();
    assert_eq!(of(""), ["truncated: holds nothing: log"]);
    assert_eq!(of("\n\n"), ["truncated: holds nothing: log"]);
    assert_eq!(of("Name,Age\nAlice,7\n"), ["truncated: is no log that is known here: log (its columns are Name, Age)"]);
    assert_eq!(of("just some words\n"), ["truncated: is no log that is known here: log (text)"]);
    assert_eq!(
        of("{\"Computer\":\"x\",\"TimeGenerated\":\"2026-05-01T00:00:00Z\"}\n"),
        [
            "not-exposed: no record in it names a caller",
            "truncated: does not tell who called: 1 record in log:1 (its columns are Computer, TimeGenerated)",
        ]
    );
    assert_eq!(of("{\"a\":1}\n[1]\n").len(), 2);
}

#[test]
fn a_folder_without_a_log_is_no_proof_of_silence() {
    let logs = Logs::new();
    let gaps = logs.import(&[]).gaps("tool_call");
    assert!(gaps.iter().any(|gap| gap.starts_with("truncated: there is no file in it")), "{gaps:?}");
    logs.write("am-signinlogs/x.json", "{}");
    let gaps = logs.import(&[]).gaps("tool_call");
    assert!(gaps.iter().any(|gap| gap.contains("only of signinlogs | name the table")), "{gaps:?}");
    let gaps = logs.import(&["gone"]).gaps("tool_call");
    assert!(gaps.iter().any(|gap| gap.starts_with("failed: could not be opened: gone")), "{gaps:?}");
}

#[test]
fn a_log_in_which_nobody_is_named_cannot_answer() {
    let read = Logs::of(lines(&[]).replace(OTHER, "").replace("bob@contoso.example", ""));
    assert_eq!(read.faults(), ["not-exposed: no record in it names a caller"]);
}

#[test]
fn records_without_an_id_may_be_counted_twice_only_if_there_are_two_files() {
    let bare = |text: String| text.replace("_ItemId", "x").replace("apim_request_id", "y");
    let logs = Logs::new();
    logs.write("one", bare(lines(&[record(AT, RUNNER, "", "/srv/x/a")])));
    logs.write("two", bare(lines(&[record(AT, RUNNER, "", "/srv/x/a")])));
    assert_eq!(logs.import(&["one"]).faults(), [""; 0]);
    assert_eq!(
        logs.import(&["one", "two"]).faults(),
        ["truncated: 2 records bear no id, so those that are in two files are counted twice"]
    );
}

#[test]
fn a_line_that_is_no_json_counts_as_none_however_well_it_begins() {
    let good = record(AT, OTHER, "bob@contoso.example", "/a");
    let many = vec![good.clone(); 500];
    for broken in [
        good.replace("\"latency_ms\":12", "\"latency_ms\":oops"),
        good.replace("\"latency_ms\":12", "\"latency_ms\":01"),
        good.replace("\"/a\"", "\"/a\\q\""),
        good.replace('}', ",}"),
        format!("{good}x"),
    ] {
        let read = Logs::of(lines(&[many.clone(), vec![broken.clone()], many.clone()].concat()));
        let gaps = read.faults();
        assert!(gaps.len() == 1 && gaps[0].contains("could not be read: 1 line in log:502"), "{broken}: {gaps:?}");
        assert!(gaps[0].ends_with("in the hour from 2026-05-01T02:00:00Z"), "{gaps:?}");
    }
}

#[test]
fn a_caller_that_may_be_read_in_two_ways_is_a_gap() {
    let good = record(AT, OTHER, "bob@contoso.example", "/a");
    for odd in [
        good.replace('}', &format!(",\"caller_oid\":\"{ALICE}\"}}")),
        good.replace('{', &format!("{{\"caller_oid\":\"{ALICE}\",")),
        good.replace(&format!("\"{OTHER}\""), &format!("{{\"id\":\"{ALICE}\"}}")),
        good.replace(&format!("\"{OTHER}\""), &format!("[\"{ALICE}\"]")),
    ] {
        let gaps = Logs::of(lines(&[good.clone(), odd.clone()])).faults();
        assert!(gaps.len() == 1 && gaps[0].contains("has a column twice, or a list or an object"), "{odd}: {gaps:?}");
    }
    let nested = record(AT, RUNNER, "", "/a").replace("\"/a\"", "{\"path\":\"/a\"}");
    let read = Logs::of(lines(&[nested]));
    assert_eq!(read.calls(), ["2026-05-01T02:03:04Z e - - 200"]);
    assert!(read.faults()[0].contains("in the place of a value, which was left out: 1 record in log:2"));
}
