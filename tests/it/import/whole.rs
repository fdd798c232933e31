//! Any log is read as a plain parse of line after line would read it, by however many threads, and an exported log alone
//! answers step 4.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use leaver::config::{Config, Endpoint, Endpoints};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::run::{self, Intake, Subject};
use leaver::source::logs::record::Record;
use leaver::text::Untrusted;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Parts of lines that a log may have, in orders and spellings that no exporter would think of.
fn any_line() -> impl Strategy<Value = String> {
    let principal = prop::sample::select(vec![ALICE, OTHER, RUNNER, "", "x", "AAAAAAAA-0000-4000-8000-00000000000A"]);
    let name = prop::sample::select(vec![
        "",
        "bob",
        "alice@contoso.example",
        "ALICE@contoso.example",
        r"\u0061lice@contoso.example",
        "ä",
    ]);
    let time = prop::sample::select(vec![
        "2026-05-01T10:00:00Z",
        "2026-05-02T23:59:59.9999999Z",
        "2026-05-01 10:00:00",
        "2026-04-01T00:00:00Z",
        "x",
    ]);
    let suffix = prop::sample::select(vec!["", "_s", "_g", "_x"]);
    let space = prop::sample::select(vec!["", " "]);
    let body = prop::sample::select(vec![
        r#""{\"a\":1}""#.to_owned(),
        format!(r#"{{"caller_oid":"{OTHER}"}}"#),
        "[{}]".to_owned(),
        "1".to_owned(),
        format!("\"{ALICE}\""),
    ]);
    let order = Just([0, 1, 2, 3]).prop_shuffle();
    (principal, name, time, suffix, space, body, order, 0_u8..20).prop_map(
        |(principal, name, time, suffix, space, body, order, cut)| {
            let parts = [
                format!(r#""TimeGenerated":{space}"{time}""#),
                format!(r#""caller_oid{suffix}"{space}:"{principal}""#),
                format!(r#""caller_upn":{space}"{name}""#),
                format!(r#""resource_accessed":"/a","body":{body}"#),
            ];
            let line = format!("{{{}}}", order.map(|at| parts[at].clone()).join(&format!(",{space}")));
            if cut == 0 { line.chars().take(line.len() / 2).collect() } else { line }
        },
    )
}

/// A line like most others of its hour.
fn usual(second: usize) -> String {
    let at = format!("2026-05-01T10:{:02}:{:02}.1234567Z", second / 60 % 60, second % 60);
    record(&at, OTHER, "bob@contoso.example", "/srv/finance/some/file.pdf")
}

/// A line that is like all others but for one thing.
fn almost_usual() -> impl Strategy<Value = String> {
    let first = r#""TimeGenerated":"2026-05-01T10:00:00.1234567Z","#;
    let changes = [
        (OTHER, ALICE.to_owned()),
        (OTHER, RUNNER.to_uppercase()),
        (OTHER, "00000000-0000-0000-0000-000000000000".to_owned()),
        (OTHER, String::new()),
        (OTHER, format!("  {OTHER}")),
        ("bob@", "Alice@".to_owned()),
        ("bob@", r"\u0061lice@".to_owned()),
        ("bob@", r"ali\u0063e@".to_owned()),
        ("bob@", "\u{212a}ob@".to_owned()),
        ("bob@contoso.example", String::new()),
        (r#"bob@contoso.example""#, r#"","caller_upn_s":"alice@contoso.example""#.to_owned()),
        (r#"bob@contoso.example""#, r#"","caller\u005fupn_s":"alice@contoso.example""#.to_owned()),
        (r#"bob@contoso.example""#, r#"","caller":"alice@contoso.example""#.to_owned()),
        (r#""caller_upn":"bob@contoso.example""#, r#""caller_s":"alice@contoso.example","caller_upn":"""#.to_owned()),
        ("}", format!(r#","caller_oid":"{ALICE}","caller_upn":"alice@contoso.example"}}"#)),
        ("}", format!(r#"}}{{"TimeGenerated":"2026-05-01T10:00:00Z","caller_oid":"{ALICE}"}}"#)),
        ("-4000-8000-", r"-4000\u002d8000-".to_owned()),
        ("}", r#","caller_upn_s":"alice@contoso.example"}"#.to_owned()),
        ("}", r#","caller\u005fupn_s":"alice@contoso.example"}"#.to_owned()),
        ("}", format!(r#","records":[{{"caller_oid":"{ALICE}"}}]}}"#)),
        ("}", r#","body":{"caller_upn":"alice@contoso.example"}}"#.to_owned()),
        ("}", r#","body":"{\"a\":\"\\u0061 \u003c\"}"}"#.to_owned()),
        ("}", String::new()),
        ("10:00:00.", "11:00:00.".to_owned()),
        ("10:00:00.", "10:59:59.".to_owned()),
        ("10:00:00.", "10:60:00.".to_owned()),
        ("4567Z", "4567".to_owned()),
        ("4567Z", "456Z".to_owned()),
        ("4567Z", "4567+00:00".to_owned()),
        ("4567Z", "4567+02:00".to_owned()),
        (".1234567Z", "Z".to_owned()),
        ("4567Z", "456xZ".to_owned()),
        ("2026-05", "2026-04".to_owned()),
        ("2026-05", "2027-05".to_owned()),
        (first, String::new()),
        (first, format!(r#"{first}"TimeGenerated":"2026-05-02T00:00:00Z","#)),
        (r#""caller_oid""#, r#""x":1,"caller_oid_g""#.to_owned()),
        (r#""caller_oid""#, r#""caller""#.to_owned()),
    ];
    let of = move |(from, to): (&str, String)| usual(0).replacen(from, &to, 1);
    prop::sample::select(changes.to_vec()).prop_map(of)
}

/// Lines one of which is odd here and there, in any order, with so many usual ones that those are told by their beginning, of
/// the first block and of the next, perhaps behind an id of their own.
fn any_log() -> impl Strategy<Value = String> {
    let odd = prop_oneof![any_line(), almost_usual(), (0_usize..4000).prop_map(usual)];
    let envelope = format!(r#"{{"records":[{},{}]}}"#, usual(1), usual(2).replace(OTHER, RUNNER));
    let odd = prop::collection::vec(odd, 1..60);
    let end = prop::sample::select(vec!["\n", "\r\n"]);
    (odd, prop_oneof![0_usize..400, 800_usize..1000], end, any::<bool>(), any::<bool>()).prop_map(
        move |(odd, before, end, with_id, stamped)| {
            let usual_ones = (0..before).map(usual).chain([envelope.clone()]);
            let mixed = odd.into_iter().enumerate().flat_map(|(n, odd)| [usual(n * 7), odd]);
            let begin = |n: usize| match with_id {
                true => format!(r#"{{"TenantId":"{n:08x}-0000-4000-8000-{n:012}","TimeGenerated""#),
                false => r#"{"TimeGenerated""#.to_owned(),
            };
            let lines = usual_ones.chain(mixed).enumerate();
            let lines = lines.map(|(n, line)| line.replacen(r#"{"TimeGenerated""#, &begin(n), 1));
            let text = lines.collect::<Vec<_>>().join(end);
            if stamped { text.replace("TimeGenerated", "timestamp") } else { text }
        },
    )
}

/// Everything that an import tells.
fn told(read: &Read) -> Vec<Vec<String>> {
    let rows =
        |table: &str, columns: &str| read.texts(&format!("SELECT json_array({columns}) FROM {table} ORDER BY 1"));
    vec![
        read.calls(),
        rows("log_table", "shape, first_at, last_at, records, callers"),
        rows("tool_call_hour", "principal, caller_name, hour_at, directory, calls, first_at, last_at"),
        rows("last_activity", "principal, caller_name, last_at, calls"),
        rows("log_silence", "from_at, until_at"),
        read.gaps("tool_call"),
        read.gaps("log_silence"),
    ]
}

/// An object with all its pairs, also those that come twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> serde::Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Pairs, D::Error> {
        struct All;
        impl<'de> serde::de::Visitor<'de> for All {
            type Value = Pairs;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut all = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    all.push(pair);
                }
                Ok(Pairs(all))
            }
        }
        from.deserialize_map(All)
    }
}

/// What a plain parse of line after line tells: broken lines, ambiguous ones, and who called when of those concerned.
fn plainly(text: &str, by_name: bool) -> (usize, usize, BTreeSet<String>) {
    let (mut broken, mut ambiguous, mut calls) = (0, 0, BTreeSet::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut values = serde_json::Deserializer::from_str(line).into_iter::<Pairs>();
        for value in values.by_ref() {
            let Ok(Pairs(pairs)) = value else {
                broken += 1;
                break;
            };
            match pairs.first() {
                Some((name, Value::Array(records))) if name == "records" => {
                    for record in records {
                        let pairs = record.as_object().unwrap().clone().into_iter().collect();
                        one(pairs, by_name, &mut ambiguous, &mut calls);
                    }
                }
                _ => one(pairs, by_name, &mut ambiguous, &mut calls),
            }
        }
    }
    (broken, ambiguous, calls)
}

fn one(pairs: Vec<(String, Value)>, by_name: bool, ambiguous: &mut usize, calls: &mut BTreeSet<String>) {
    let known: Vec<&str> = ["TimeGenerated", "timestamp", "caller_oid", "caller_upn", "caller", "resource_accessed"]
        .into_iter()
        .chain([
            "mcp_server",
            "tool_name",
            "scope_used",
            "latency_ms",
            "response_status",
            "apim_request_id",
            "_ItemId",
            "body",
        ])
        .collect();
    let is = |name: &str, known: &str| {
        name.strip_prefix(known).is_some_and(|suffix| ["", "_s", "_g", "_d", "_t"].contains(&suffix))
    };
    let mut names: Vec<&str> =
        pairs.iter().map(|(name, _)| &**name).filter(|name| known.iter().any(|known| is(name, known))).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        *ambiguous += 1;
        return;
    }
    let of = |columns: [&str; 2]| {
        let names =
            columns.into_iter().flat_map(|column| ["", "_s", "_g", "_d", "_t"].map(|end| format!("{column}{end}")));
        let values = names.filter_map(|name| pairs.iter().find(|(known, _)| *known == name)?.1.as_str());
        values.map(str::trim).find(|text| !text.is_empty()).unwrap_or_default().to_owned()
    };
    let (time, mut principal, mut name) = (
        of(["TimeGenerated", "timestamp"]),
        of(["caller_oid", "caller_oid"]).to_lowercase(),
        of(["caller_upn", "caller"]),
    );
    if principal.is_empty() && name.len() == 36 {
        principal = std::mem::take(&mut name).to_lowercase();
    }
    let is_wanted =
        [ALICE, RUNNER].contains(&&*principal) || (by_name && name.to_lowercase() == "alice@contoso.example");
    let at = time.parse::<Timestamp>().ok().or_else(|| format!("{}Z", time.replace(' ', "T")).parse().ok());
    let window = ["2026-05-01T00:00:00Z", "2026-05-03T00:00:00Z"].map(|at| at.parse::<Timestamp>().unwrap());
    if let Some(at) = at.filter(|at| is_wanted && *at >= window[0] && *at < window[1]) {
        calls.insert(format!("{} {principal} {name}", at.as_second()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_log_tells_what_a_plain_parse_of_its_lines_tells(text in any_log(), by_name in any::<bool>(), threads in 1_usize..4) {
        // Without their ids no record is taken for another one that came twice.
        let text = text.replace("_ItemId", "an_id").replace("apim_request_id", "another_id");
        let (broken, ambiguous, calls) = plainly(&text, by_name);
        let logs = Logs { threads, by_name, ..Logs::new() };
        logs.write("log", &text);
        let read = logs.import(&["log"]);
        let counted = |what: &str| {
            let found = read.faults().into_iter().find_map(|gap| {
                gap.split_once(what)?.1.split_once(' ').and_then(|(count, _)| count.parse::<usize>().ok())
            });
            found.unwrap_or(0)
        };
        prop_assert_eq!(counted("could not be read: "), broken, "{}", text);
        prop_assert_eq!(counted("for its caller or time: "), ambiguous, "{}", text);
        let kept = read.texts(
            "SELECT DISTINCT printf('%d %s %s', unixepoch(at), ifnull(principal, ''), ifnull(caller_name, '')) FROM tool_call",
        );
        prop_assert_eq!(kept.into_iter().collect::<BTreeSet<_>>(), calls, "{}", text);
    }
}

#[test]
fn many_threads_and_one_leave_the_same_rows() {
    let callers = [OTHER, RUNNER, ALICE, "cccccccc-0000-4000-8000-00000000000c"];
    let at = |n: usize| format!("2026-05-01T{:02}:{:02}:{:02}.5Z", n / 3600 % 24, n / 60 % 60, n % 60);
    let all: Vec<String> =
        (0..40_000).map(|n| record(&at(n * 2), callers[n % 4], "", &format!("/srv/{}/{n}", n % 50))).collect();
    let text = lines(&all);
    let of = |threads| {
        let logs = Logs { threads, ..Logs::new() };
        logs.write("log", &text);
        told(&logs.import(&["log"]))
    };
    let one = of(1);
    assert_eq!(one[1], [r#"["documented","2026-05-01T00:00:00Z","2026-05-02T23:10:00Z",40002,4]"#]);
    assert!(one == of(3));
}

/// A record as a data export writes it; whatever it lacks is empty.
fn exported(record: &Record) -> String {
    let text = |text: &Option<Untrusted>| text.as_ref().map_or(String::new(), |text| text.raw().to_owned());
    serde_json::json!({
        "TimeGenerated": record.at.to_string(),
        "caller_oid": text(&record.principal),
        "caller_upn": text(&record.caller_name),
        "mcp_server": text(&record.server),
        "tool_name": text(&record.tool),
        "scope_used": text(&record.scope),
        "resource_accessed": text(&record.resource),
        "latency_ms": record.latency_ms,
        "response_status": record.status,
        "apim_request_id": text(&record.request),
        "_ItemId": text(&record.item),
    })
    .to_string()
}

#[tokio::test]
async fn an_exported_log_alone_tells_the_incident() {
    let estate = Estate::load("contoso").unwrap();
    let logs = Logs::new();
    let all: Vec<String> = leaver::demo::log::records(&estate).unwrap().map(|record| exported(&record)).collect();
    let path = logs.write("export.ndjson.gz", packed(all.join("\n")));
    let server = Server::start(estate, Faults::none()).unwrap();
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let config = Config {
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            ..Endpoints::default()
        },
        ..Config::default()
    };
    let now = server.estate().now();
    let env = Env {
        now,
        clock: Arc::new(move || now),
        seed: 1,
        variables: Arc::new([("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned())].into()),
        console: Console::new(std::io::sink(), std::io::sink()),
    };
    let subject = Subject {
        person: "alice@contoso.example".into(),
        github: Some("alice-dev".into()),
        last_day: Some(date(2026, 5, 1)),
        ..Subject::default()
    };
    let intake = Intake { logs: vec![path], ..Intake::default() };
    let evidence = run::collect(&config, &subject, &intake, &env).await.unwrap();
    let read = Read { imported: Imported::default(), evidence, _output: tempfile::tempdir().unwrap() };
    assert_eq!(
        read.texts(
            "SELECT printf('%d calls, %d directories, %s', sum(calls), count(DISTINCT directory), ifnull(caller_name, '-'))
             FROM tool_call_hour WHERE principal = '6b000000-0000-4000-8000-000000000001' AND hour_at = '2026-05-22T00:00:00Z'"
        ),
        ["847 calls, 34 directories, -"]
    );
    assert_eq!(read.faults(), [""; 0]);
    assert!(read.texts("SELECT source FROM log_table")[0].starts_with("file:"));
}
