//! Where records are found, and what is none.

use proptest::prelude::*;

use super::super::parser::Odd;
use super::super::timestamp::Calendar;
use super::*;
use crate::config::LogColumns;
use crate::source::logs::record::Record;
use crate::text::Untrusted;

fn records(text: &str) -> Result<Vec<Record>, String> {
    let columns = Columns::new(&LogColumns::default());
    let mut all = Vec::new();
    let owned = |raw: Raw<'_>| raw.record(&Calendar::default()).0.map(|text| Untrusted::from(&**text));
    let reading = Reading { columns: &columns, whole: true };
    line(text.as_bytes(), reading, &mut |raw| all.push(owned(raw))).map_err(|error| error.to_string())?;
    Ok(all)
}

const ID: &str = "11111111-2222-4333-8444-5555555555AA";

#[test]
fn numbers_and_escapes_are_read_however_they_are_written() {
    let text = format!(
        r#"{{"TimeGenerated":"2026-05-01T02:03:04.1234567Z","caller_oid_g":"{ID}","caller\u005fupn":"\u0061lice@x",
            "response_status_d":403.0,"latency_ms":"17","resource_accessed":{{"a":[1]}},"other":[{{}}]}}"#
    );
    let record = &records(&text).unwrap()[0];
    assert_eq!(record.principal.as_ref().unwrap().raw(), ID.to_lowercase());
    assert_eq!(record.caller_name.as_ref().unwrap().raw(), "alice@x");
    assert_eq!((record.status, record.latency_ms, &record.resource), (Some(403), Some(17), &None));
    assert_eq!(record.at.to_string(), "2026-05-01T02:03:04.1234567Z");
}

#[test]
fn the_column_that_is_filled_wins_in_either_order() {
    for text in [
        format!(r#"{{"caller_oid":"","caller_oid_g":"{ID}"}}"#),
        format!(r#"{{"caller_oid_g":"{ID}","caller_oid":null}}"#),
        format!(r#"{{"caller_oid_s":"other","caller_oid":"{ID}"}}"#),
    ] {
        assert_eq!(records(&text).unwrap()[0].principal.as_ref().unwrap().raw(), ID.to_lowercase(), "{text}");
    }
}

#[test]
fn an_envelope_holds_several_records() {
    let all = records(r#"{"records":[{"caller_oid":"a"},{"caller_oid":"b"}]}"#).unwrap();
    assert_eq!(all.iter().map(|record| record.principal.as_ref().unwrap().raw()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn one_column_for_every_caller_is_an_id_or_a_name() {
    let of = |caller: &str| records(&format!(r#"{{"caller":"{caller}","tool":"t"}}"#)).unwrap().remove(0);
    assert_eq!((of(ID).principal.is_some(), of(ID).caller_name), (true, None));
    assert_eq!((of("a@x").principal, of("a@x").caller_name), (None, Some("a@x".into())));
}

/// Who called, in each of the records.
fn callers(text: &str) -> Result<Vec<String>, String> {
    let name = |record: Record| record.principal.map_or("-".to_owned(), |id| id.raw().to_owned());
    Ok(records(text)?.into_iter().map(name).collect())
}

#[test]
fn what_is_no_whole_object_is_refused() {
    for text in ["", "[1]", "{", r#"{"a":1"#, "{} {", r#"{"caller_oid":"a"}}"#, "null", r#"{"records":7}"#, "7", "{}x"]
    {
        assert!(records(text).is_err(), "{text}");
    }
    for text in [r#"{"x":oops}"#, r#"{"x":01}"#, r#"{"x":"\q"}"#, r#"{"x":"\u00zz"}"#, "{\"x\":\"\u{1}\"}"] {
        assert!(records(text).is_err(), "{text}");
    }
}

#[test]
fn several_values_may_share_a_line() {
    assert_eq!(callers(r#"{"caller_oid":"a"}{"caller_oid":"b"} [{"caller_oid":"c"}]"#).unwrap(), ["a", "b", "c"]);
    assert_eq!(callers("[]").unwrap(), [""; 0]);
}

#[test]
fn records_are_found_however_deep_their_list_lies() {
    for text in [
        r#"{"value":[{"caller_oid":"a"},{"caller_oid":"b"}],"nextLink":"x"}"#,
        r#"{"took":7,"hits":{"total":2,"hits":[{"id":"1","source":{"caller_oid":"a"}},{"source":{"caller_oid":"b"}}]}}"#,
        r#"{"tables":[{"name":"P","columns":[{"name":"caller_oid","type":"string"},{"name":"x"}],"rows":[["a",1],["b",[2]]]}]}"#,
        r#"{"Tables":[{"TableName":"T","Columns":[{"ColumnName":"caller_oid"}],"Rows":[["a"],["b"]]}]}"#,
        r#"{"responses":[{"id":"1","body":{"tables":[{"columns":["caller_oid"],"rows":[["a"],["b"]]}]}}]}"#,
    ] {
        assert_eq!(callers(text).unwrap(), ["a", "b"], "{text}");
    }
    // What a record has inside is its own.
    assert_eq!(callers(r#"{"caller_oid":"a","body":{"caller_oid":"b"},"list":[{"caller_oid":"c"}]}"#).unwrap(), ["a"]);
    for text in
        [r#"{"records":[]}"#, r#"{"value":[]}"#, r#"{"tables":[{"columns":[{"name":"caller_oid"}],"rows":[]}]}"#]
    {
        assert_eq!(callers(text).unwrap(), [""; 0], "{text}");
    }
    for text in [r#"{"Computer":"x","tags":[]}"#, r#"{"list":[{"TimeGenerated":"x"}]}"#] {
        assert_eq!(callers(text).unwrap(), ["-"], "{text}");
    }
    let short = r#"{"tables":[{"columns":[{"name":"caller_oid"},{"name":"x"}],"rows":[["a"]]}]}"#;
    assert!(callers(short).is_err() && callers(&short.replace(r#""a""#, r#""a",1,2"#)).is_err());
}

#[test]
fn a_caller_that_is_ambiguous_is_noticed_however_little_is_read() {
    let columns = Columns::new(&LogColumns::default());
    for (text, odd) in [
        (r#"{"caller_oid":"a","caller_oid_g":"b"}"#, Odd::Nothing),
        (r#"{"caller_oid":"a","caller_oid":"a"}"#, Odd::Twice),
        (r#"{"caller_oid":"a","tool_name":"t","tool_name":"u"}"#, Odd::Twice),
        (r#"{"caller_oid":{"id":"a"}}"#, Odd::NestedCaller),
        (r#"{"caller_upn":["a"],"caller_oid":"a"}"#, Odd::NestedCaller),
        (r#"{"caller_oid":"a","x":{"caller_oid":"b"}}"#, Odd::Nothing),
    ] {
        for whole in [true, false] {
            let mut found = Vec::new();
            line(text.as_bytes(), Reading { columns: &columns, whole }, &mut |raw| found.push(raw.odd())).unwrap();
            assert_eq!(found, [odd], "{text}");
        }
    }
}

/// Pieces of lines, in any order.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        r#""caller_oid":"a""#,
        r#""caller_upn":"#,
        r#""x":"#,
        r#""a""#,
        "1",
        "null",
        r#""records":["#,
        r#""columns":["caller_oid"]"#,
        r#""rows":[["a"]]"#,
        r#""TimeGenerated":"2026-05-01T00:00:00Z""#,
        "oops",
        r#""tool_name":"t""#,
        "1e999",
    ];
    proptest::collection::vec(prop::sample::select(pieces), 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// What the two ways of reading a line tell of its callers is the same, and so is whether the line is whole.
    #[test]
    fn reading_less_tells_the_same(text in prop_oneof![any::<String>(), r#"[{}\[\]:,"a-z0-9 ]{0,40}"#, fragments()]) {
        let columns = Columns::new(&LogColumns::default());
        let read = |whole| {
            let mut found = Vec::new();
            let read = line(text.as_bytes(), Reading { columns: &columns, whole }, &mut |raw| {
                let (principal, name) = raw.caller();
                let odd = if raw.odd() == Odd::Nested { Odd::Nothing } else { raw.odd() };
                let dated = raw.dated(&Calendar::default());
                found.push((principal.map(Cow::into_owned), name.map(str::to_owned), dated, odd));
            });
            (found, read.is_ok())
        };
        prop_assert_eq!(read(true), read(false));
    }
}
