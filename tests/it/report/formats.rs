//! What every format owes: the same bytes for the same report, nothing that acts, nothing left out that was not seen, and
//! no statement about compliance. The official schemas are asked in `tests/external/formats`.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use leaver::check::Checks;
use leaver::check::control::frameworks;
use leaver::model::{Severity, Status, Verdict};
use leaver::report::{Format, Report};
use leaver::text::is_harmless;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::HOSTILE;
use super::sample::{finding, report, sample};

const NOW: &str = "2026-05-02T03:00:00Z";

pub(super) fn written(report: &Report, name: &str) -> String {
    let (_, format) = Format::ALL.iter().find(|(known, _)| *known == name).unwrap();
    let mut out = Vec::new();
    format.write(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn json(report: &Report, name: &str) -> Value {
    serde_json::from_str(&written(report, name)).unwrap()
}

fn events(report: &Report) -> Vec<Value> {
    written(report, "ocsf").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn table(report: &Report) -> Vec<Vec<String>> {
    let text = written(report, "csv");
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|line| line.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// Name, attributes and text.
type Element = (String, Vec<(String, String)>, String);

/// Name, attributes and text of every element, in the order of the document.
fn elements(report: &Report) -> Vec<Element> {
    use quick_xml::events::Event;
    let text = written(report, "junit");
    let mut reader = quick_xml::Reader::from_str(&text);
    let mut all: Vec<Element> = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                let plain = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let attributes = tag.attributes().map(|one| one.unwrap());
                let attributes = attributes.map(|one| (plain(one.key.as_ref()), plain(&one.value))).collect();
                all.push((plain(tag.name().as_ref()), attributes, String::new()));
            }
            Event::Text(text) => all.last_mut().into_iter().for_each(|last| last.2 += &text.decode().unwrap()),
            Event::Eof => return all,
            _ => {}
        }
    }
}

/// A report with so many findings in one check.
fn large(mut report: Report, findings: usize) -> Report {
    let check = report.steps.iter_mut().flat_map(|step| &mut step.checks).find(|check| check.verdict == Verdict::Fail);
    check.unwrap().findings = (0..findings)
        .map(|n| {
            let subject = format!("azure:/subscriptions/6a000000-0000-4000-8000-{n:012}/resourcegroups/rg-deploy/{n}");
            let mut finding =
                finding(&subject, "granted to a pipeline that the leaver controls", Severity::High, Status::Fail);
            finding.facts.insert("via".into(), subject.repeat(3).into());
            finding
        })
        .collect();
    report
}

#[tokio::test]
async fn the_same_report_gives_the_same_bytes() {
    let (one, other) = (sample().await, sample().await);
    for (name, _) in Format::ALL {
        assert_eq!(written(&one, name), written(&other, name), "{name}");
    }
}

#[tokio::test]
async fn no_format_lets_a_hostile_name_act() {
    for hostile in [HOSTILE.to_owned(), format!("{HOSTILE}\u{ffff}"), "A".repeat(1 << 20), "`|](x){0}]]>--><!--".into()]
    {
        let report = report(&hostile, NOW).await;
        for (name, _) in Format::ALL {
            let text = written(&report, name);
            // A spreadsheet is told the encoding by the mark before the first cell.
            let text = if *name == "csv-bom" { text.trim_start_matches('\u{feff}').to_owned() } else { text };
            assert!(text.chars().all(|c| matches!(c, '\n' | '\r') || is_harmless(c)), "{name}");
            assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "{name}");
            assert!(!text.contains("##vso[") && !text.contains("<img") && !text.contains("<b>\n"), "{name}");
        }
        assert!(elements(&report).iter().any(|(name, ..)| name == "failure"));
        assert!(!events(&report).is_empty() && json(&report, "sarif")["version"] == "2.1.0");
    }
}

#[tokio::test]
async fn no_cell_is_a_formula() {
    for hostile in ["=cmd|'/c calc'!A0", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "x;=1", "\"=1", "＝1"] {
        let report = report(hostile, NOW).await;
        for cell in table(&report).concat() {
            let begins = cell.split([';', ',', '|']).map(|part| part.trim_start_matches([' ', '"']));
            for part in begins {
                assert!(!part.starts_with(['=', '+', '-', '@', '＝']), "{hostile:?} gave {cell:?}");
            }
        }
    }
}

#[tokio::test]
async fn foreign_text_is_neither_a_link_nor_a_mention_nor_markup_in_a_ticket() {
    let text = written(&report("[x](http://evil) @everyone <b>#1</b> ![i](http://evil)", NOW).await, "md");
    // Outside of code spans there is nothing of it.
    let outside: String = text.lines().flat_map(|line| line.split('`').step_by(2)).collect();
    assert!(!outside.contains("evil") && !outside.contains('@') && !outside.contains("<b>"), "{outside}");
    assert!(text.contains("` [x](http://evil) @everyone <b>#1</b> ![i](http://evil) `"), "{text}");
    assert!(text.contains("- [ ] **critical**"), "{text}");
}

#[tokio::test]
async fn what_was_not_seen_is_in_every_format() {
    let report = sample().await;
    for (name, _) in Format::ALL {
        assert!(written(&report, name).contains("Directory.Read.All"), "{name}");
    }
    assert!(written(&report, "html").contains("id=\"gaps\""));
    let lines = table(&report);
    let gaps = lines.iter().filter(|line| line[0] == "gap" && line[4] == "unknown").count();
    let passed = lines.iter().filter(|line| line[0] == "check" && line[4] == "pass").count();
    assert_eq!((gaps, passed, lines.len()), (4, 1, 1 + 4 + 1 + 3));

    let names: Vec<String> = elements(&report).into_iter().map(|(name, ..)| name).collect();
    let of = |name: &str| names.iter().filter(|other| *other == name).count();
    assert_eq!((of("testcase"), of("failure"), of("error"), of("skipped")), (4, 1, 2, 0));

    let statuses: Vec<i64> =
        events(&report).iter().map(|event| event["compliance"]["status_id"].as_i64().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 1).count(), 1, "one check passed: {statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 2).count(), 5, "four gaps, one open: {statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 3).count(), 2, "{statuses:?}");
}

#[tokio::test]
async fn sarif_tells_findings_from_what_is_open_and_where_it_is() {
    let mut report = report("x", NOW).await;
    let check = report.steps.iter_mut().flat_map(|step| &mut step.checks).find(|check| check.verdict == Verdict::Fail);
    let findings = &mut check.unwrap().findings;
    findings[0].subject = "host:runner-07/home/a b/.env:12#0123abcd".into();
    findings[1].facts.insert("path".into(), ".github/workflows/deploy.yml".into());
    findings[1].facts.insert("line".into(), "7".into());
    let log = json(&report, "sarif");
    let (run, results) = (&log["runs"][0], log["runs"][0]["results"].as_array().unwrap());
    let place = |n: usize| results[n]["locations"][0]["physicalLocation"].clone();
    assert_eq!(place(0)["artifactLocation"]["uri"], "file://runner-07/home/a%20b/.env");
    assert_eq!(place(0)["region"]["startLine"], 12);
    assert_eq!(
        (&place(1)["artifactLocation"]["uri"], &place(1)["region"]["startLine"]),
        (&Value::from(".github/workflows/deploy.yml"), &Value::from(7))
    );
    assert_eq!(
        (place(2), &results[2]["kind"], &results[2]["level"]),
        (Value::Null, &Value::from("open"), &Value::from("none"))
    );
    for result in results {
        let rule = &run["tool"]["driver"]["rules"][result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(result["partialFingerprints"]["leaverFinding/v1"].is_string());
    }
    assert_eq!(run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().len(), 4);
    assert_eq!(run["invocations"][0]["exitCode"], 3);
}

#[tokio::test]
async fn oscal_says_what_speaks_against_a_control_and_never_that_one_is_satisfied() {
    let document = json(&sample().await, "oscal");
    let result = &document["assessment-results"]["results"][0];
    let finding = &result["findings"][0];
    assert_eq!(
        (&finding["target"]["target-id"], &finding["target"]["status"]["state"]),
        (&Value::from("ps-4_obj"), &Value::from("not-satisfied"))
    );
    assert!(!document.to_string().contains("\"satisfied\""));
    let observations: BTreeSet<&str> =
        result["observations"].as_array().unwrap().iter().filter_map(|one| one["uuid"].as_str()).collect();
    assert_eq!(observations.len(), 4 + 3);
    for related in finding["related-observations"].as_array().unwrap() {
        assert!(observations.contains(related["observation-uuid"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn every_format_for_people_has_a_section_by_control_that_claims_no_compliance() {
    let report = sample().await;
    for name in ["html", "md"] {
        let text = written(&report, name);
        assert!(
            text.contains("Evidence for controls") && text.contains("PS-4") && text.contains("Personnel Termination"),
            "{name}"
        );
    }
    assert!(leaver::report::terminal::render(&report, 80, false).contains("EVIDENCE FOR CONTROLS"));
    for (name, _) in Format::ALL.iter().filter(|(name, _)| *name != "ocsf") {
        assert!(!written(&report, name).to_lowercase().contains("complian"), "{name}");
    }
}

#[test]
fn every_control_that_a_check_names_is_known_by_its_title() {
    let (checks, known) = (Checks::load(&[]).unwrap(), frameworks());
    for check in checks.iter().map(|entry| &entry.check) {
        for framework in ["nist", "iso27001", "soc2", "cis"] {
            assert!(check.controls.contains_key(framework), "{} names no control of {framework}", check.id);
        }
        for (framework, controls) in &check.controls {
            for control in controls {
                let titled = known[framework].controls.contains_key(control);
                assert!(titled, "{}: add {control} of {framework} to checks/controls.toml", check.id);
            }
        }
    }
}

#[tokio::test]
async fn the_page_lets_nothing_run_but_its_own_script() {
    let page = written(&report(HOSTILE, NOW).await, "html");
    let between = |open: &str, close: &str| page.split_once(open).unwrap().1.split_once(close).unwrap().0.to_owned();
    let policy = between("Content-Security-Policy\" content=\"", "\"");
    for part in [between("<style>", "</style>"), between("<script>", "</script>")] {
        let digest = STANDARD.encode(Sha256::digest(part.as_bytes()));
        assert!(policy.contains(&format!("'sha256-{digest}'")), "{policy}");
    }
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"));
    assert_eq!((page.matches("<script").count(), page.matches("<style").count()), (1, 1));
    let loads =
        ["src=", "href=\"http", "<link", "<img", "<iframe", "url(", "@import", " onload", " onclick", "style=\""];
    assert!(loads.iter().all(|load| !page.contains(load)));
}

#[tokio::test]
async fn ten_thousand_findings_are_a_page_that_can_be_opened() {
    let report = large(sample().await, 10_000);
    let page = written(&report, "html");
    assert!(page.len() < 5_000_000, "{} bytes", page.len());
    assert_eq!(page.matches("<tr class=\"high\"").count(), 10_000);
    let more = written(&large(sample().await, 30_000), "html");
    assert!(more.len() < 5_000_000 && more.contains("… and 18000 more findings of this check"), "{} bytes", more.len());
    let hostile = large(super::sample::report(&"<".repeat(5_000), NOW).await, 10_000);
    assert!(written(&hostile, "html").len() < 5_000_000);
}
