//! NDJSON, packed or not, the layout of a data export, Event Hub envelopes, JSON documents, CSV of the portal.

use super::*;

/// What each of these contents holds of the runner.
fn calls(content: impl AsRef<[u8]>) -> Vec<String> {
    let read = Logs::of(content);
    assert_eq!(read.faults(), [""; 0]);
    read.calls()
}

const CALL: [&str; 1] = ["2026-05-01T02:03:04Z e - /srv/x/a 200"];

fn log() -> String {
    lines(&[record(AT, RUNNER, "", "/srv/x/a")])
}

#[test]
fn packed_logs_are_read_however_many_members_they_have() {
    assert_eq!(calls(packed(log())), CALL);
    let (first, rest) = log().split_once('\n').map(|(a, b)| (format!("{a}\n"), b.to_owned())).unwrap();
    assert_eq!(calls([packed(first), packed(rest)].concat()), CALL);
}

#[test]
fn line_ends_marks_and_spaces_do_not_matter() {
    assert_eq!(calls(log().replace('\n', "\r\n")), CALL);
    assert_eq!(calls(format!("\u{feff}{}", log())), CALL);
    assert_eq!(calls(log().trim_end()), CALL);
    assert_eq!(calls(log().replace("\":", "\": ").replace(",\"", ", \"")), CALL);
}

#[test]
fn envelopes_and_documents_hold_records_too() {
    let objects: Vec<String> = log().lines().map(str::to_owned).collect();
    let list = objects.join(",\n  ");
    assert_eq!(calls(format!("{{\"records\":[{}]}}\n", objects.join(","))), CALL);
    assert_eq!(calls(format!("{{\"records\":[{}]}}\n{}\n{}\n", objects[1], objects[0], objects[2])), CALL);
    assert_eq!(calls(format!("{{\n \"records\": [\n  {list}\n]}}\n")), CALL);
    assert_eq!(calls(format!("[\n  {list}\n]\n")), CALL);
    assert_eq!(calls(packed(format!("[{list}]"))), CALL);
    let cut = Logs::of(&format!("[\n  {list}\n]\n")[..700]);
    assert!(cut.faults()[0].starts_with("truncated: ends in the middle: log:"), "{:?}", cut.faults());
}

#[test]
fn every_flavour_of_the_table_is_understood_also_in_one_export() {
    let classic = format!(
        r#"{{"TimeGenerated":"{AT}","timestamp_t":"{AT}","caller_oid_g":"{RUNNER}","caller_upn_s":"","mcp_server_s":"files","tool_name_s":"read_file","resource_accessed_s":"/srv/x/a","response_status_d":200.0,"latency_ms_d":3.0,"apim_request_id_g":"r1"}}"#
    );
    let migrated = record("2026-05-01T02:03:05Z", "", "", "/srv/x/b").replacen(
        '{',
        &format!(r#"{{"caller_oid_g":"{RUNNER}","#),
        1,
    );
    let reversed = record("2026-05-01T02:03:07Z", "", "", "/srv/x/c")
        .replace(r#""mcp_server""#, &format!(r#""caller_oid_g":"{RUNNER}","mcp_server""#));
    let policy = r#"{"timestamp":"2026-05-01T02:03:06Z","caller":"alice@contoso.example","tool":"read_file","method":"tools/call","body":"{\"params\":{}}"}"#;
    let read = Logs::of(lines(&[classic, migrated, policy.to_owned(), reversed]));
    assert_eq!(
        read.calls(),
        [
            "2026-05-01T02:03:04Z e - /srv/x/a 200",
            "2026-05-01T02:03:05Z e - /srv/x/b 200",
            "2026-05-01T02:03:06Z - alice@contoso.example - -",
            "2026-05-01T02:03:07Z e - /srv/x/c 200",
        ]
    );
    assert_eq!(read.faults(), [""; 0]);
}

#[test]
fn a_log_of_the_policy_alone_says_what_it_lacks() {
    let of = |at: &str, caller: &str| {
        format!(r#"{{"timestamp":"{at}","caller":"{caller}","tool":"read_file","method":"m","body":"b"}}"#)
    };
    let all = [of("2026-05-01T00:00:00Z", "bob"), of(AT, "alice@contoso.example"), of("2026-05-02T23:00:00Z", "bob")];
    let read = Logs::of(all.join("\n"));
    assert_eq!(read.calls(), ["2026-05-01T02:03:04Z - alice@contoso.example - -"]);
    assert_eq!(read.log(), ["gateway-policy 2026-05-01T00:00:00Z..2026-05-02T23:00:00Z records 3 callers 2"]);
    assert_eq!(
        read.texts("SELECT lacks FROM log_table"),
        ["principal server scope resource status latency_ms request item"]
    );
}

#[test]
fn renamed_columns_are_read_where_the_configuration_names_them() {
    let columns = LogColumns { caller_oid: Some("who".to_owned().try_into().unwrap()), ..LogColumns::default() };
    let logs = Logs { columns, ..Logs::new() };
    logs.write("log", log().replace("caller_oid", "who"));
    assert_eq!(logs.import(&["log"]).calls(), CALL);
}

#[test]
fn a_data_export_is_read_by_its_layout() {
    let logs = Logs::new();
    let path = |table: &str, hour: &str, file: &str| {
        let workspace = "WorkspaceResourceId=/subscriptions/s/resourcegroups/r/providers/microsoft.operationalinsights/workspaces/w";
        format!("am-{table}/{workspace}/y=2026/m=05/d=01/h={hour}/m=05/{file}")
    };
    let mine = "mcpauditlog_cl";
    logs.write(&path(mine, "00", "PT05M.json"), record("2026-05-01T00:01:00Z", OTHER, "", "/a"));
    logs.write(&path(mine, "02", "PT05M.json"), record(AT, RUNNER, "", "/srv/x/a"));
    logs.write(&path(mine, "02", "PT05M_1.json"), "");
    logs.write(&path(mine, "14", "PT05M.json.gz"), packed(record(AT, RUNNER, "", "/srv/x/a")));
    logs.write(&path(mine, "23", "PT05M.json"), record("2026-05-02T23:01:00Z", OTHER, "", "/a"));
    logs.write(&path("signinlogs", "02", "PT05M.json"), record(AT, RUNNER, "", "/not/ours"));
    let read = logs.import(&[]);
    assert_eq!(read.calls(), CALL);
    assert_eq!(read.faults(), [""; 0]);
    assert_eq!((read.imported.files, read.imported.duplicates), (5, 1));
    assert_eq!(read.imported.other_tables, ["signinlogs"]);
}

#[test]
fn the_portal_writes_tables_with_zones_behind_names() {
    let header =
        "\u{feff}\"TimeGenerated [UTC]\",caller_oid,caller_upn,resource_accessed,response_status,apim_request_id\n";
    let rows = |times: [&str; 3]| {
        let [a, b, c] = times.map(|time| format!("\"{time}\""));
        format!("{header}{a},{OTHER},,/a,200,r1\n{b},{RUNNER},,/srv/x/a,200,r2\n{c},{OTHER},,\"a, \"\"b\"\"\",200,r3\n")
    };
    let iso = rows(["2026-05-01T00:00:00.000Z", "2026-05-01T02:03:04.1234567Z", "2026-05-02T00:00:00Z"]);
    assert_eq!(calls(&iso), CALL);
    assert_eq!(calls(packed(&iso)), CALL);
    assert_eq!(calls(iso.replace(',', ";")), ["2026-05-01T02:03:04Z e - /srv/x/a 200"]);
    let american = rows(["4/30/2026, 12:00:00.000 AM", "5/1/2026, 2:03:04.123\u{202f}AM", "5/2/2026, 12:00:00 AM"]);
    assert_eq!(calls(american), CALL);
    let told = rows(["1/5/2026, 0:00:00", "01/05/2026 02:03:04.030", "13/05/2025 00:00:00"]);
    assert_eq!(calls(told), CALL);
}

#[test]
fn a_table_with_times_that_mean_two_days_or_no_zone_leaves_a_gap() {
    let table = |header: &str, time: &str| {
        format!(
            "{header},caller_oid,resource_accessed,response_status\n\"{time}\",{RUNNER},/srv/x/a,200\n{time},short\n"
        )
    };
    let read = Logs::of(table("TimeGenerated [UTC]", "05/01/2026 02:03:04"));
    assert_eq!(read.calls(), [""; 0]);
    assert_eq!(
        read.faults(),
        ["truncated: could not be read: 1 line in log:3", "truncated: has no readable time: 1 record in log:2"]
    );
    let logs = Logs { zone: Some("Europe/Berlin"), ..Logs::new() };
    logs.write("log", table("TimeGenerated [Local Time]", "2026-05-01 04:03:04.000"));
    let read = logs.import(&["log"]);
    assert_eq!(read.calls(), CALL);
    assert!(read.faults().iter().any(|gap| gap.contains("without a zone")), "{:?}", read.faults());
}

#[test]
fn lines_before_the_header_and_blanks_behind_separators_do_not_matter() {
    let header =
        r#""TimeGenerated [UTC]","caller_oid","caller_upn","resource_accessed","response_status","apim_request_id""#;
    let row = format!(r#""5/13/2026, 2:03:04.120 AM","{OTHER}","","/b, c","200","r0""#);
    let call = format!(r#""5/1/2026, 2:03:04.120 AM","{RUNNER}","","/srv/x/a","200","r1""#);
    let table = format!("{header}\r\n{row}\r\n{call}\r\n");
    let none: [&str; 0] = [];
    for before in
        ["", "sep=,\r\n", "#TYPE Selected.PSCustomObject\r\n", "Audit log, all of it\r\n\r\nof May\r\n", "\r\n"]
    {
        assert_eq!(calls(format!("{before}{table}")), CALL, "{before}");
        assert_eq!(calls(format!("\u{feff}{before}{table}")), CALL, "{before}");
        assert_eq!(calls(format!("{before}{}", table.replace("\",\"", "\", \""))), CALL, "{before}");
        for separator in ["\";\"", "\"\t\"", "\"|\""] {
            assert_eq!(calls(format!("{before}{}", table.replace("\",\"", separator))), CALL, "{before}{separator}");
        }
    }
    let read = Logs::of("sep=,\r\nName,Age\r\n");
    assert!(read.faults()[0].contains("is no log that is known here"));
    assert_eq!(read.calls(), none);
}

#[test]
fn text_of_two_bytes_a_character_is_read_with_and_without_a_mark() {
    let wide = |text: &str, little: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    };
    let pretty = format!("[\n{}\n]", log().trim().replace('\n', ",\n"));
    for text in [
        log(),
        pretty,
        format!("TimeGenerated,caller_oid,resource_accessed,response_status\n{AT},{RUNNER},/srv/x/a,200\n"),
    ] {
        for little in [true, false] {
            assert_eq!(calls(wide(&text, little)), CALL);
            assert_eq!(calls(wide(&format!("\u{feff}{text}"), little)), CALL);
            assert_eq!(calls(packed(wide(&text, little))), CALL);
        }
    }
    let cut = Logs::of(&wide(&log(), true)[..1501]);
    assert!(cut.faults().iter().any(|gap| gap.contains("ends in the middle")), "{:?}", cut.faults());
}

#[test]
fn several_values_on_a_line_and_answers_of_the_query_service_hold_records() {
    let objects: Vec<String> = log().lines().map(str::to_owned).collect();
    assert_eq!(calls(objects.concat()), CALL);
    assert_eq!(calls(objects.join(" ")), CALL);
    assert_eq!(calls(objects.iter().map(|object| object.replace(",\"", ",\n \"")).collect::<String>()), CALL);
    let answer = format!(
        r#"{{"tables":[{{"name":"PrimaryResult","columns":[{{"name":"TimeGenerated","type":"datetime"}},{{"name":"caller_oid"}},
            {{"name":"resource_accessed"}},{{"name":"response_status","type":"long"}},{{"name":"other"}}],
            "rows":[["2026-05-01T00:10:00Z","{OTHER}","/a",200,null],["{AT}","{RUNNER}","/srv/x/a",200,{{"a":1}}]]}}]}}"#
    );
    assert_eq!(calls(&answer), CALL);
    assert_eq!(calls(answer.replace('\n', "")), CALL);
    let odd = answer.replace(r#""/srv/x/a",200,"#, r#""/srv/x/a","#);
    assert!(Logs::of(odd).faults().iter().any(|gap| gap.contains("could not be read")));
}
