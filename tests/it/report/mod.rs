//! One report from real evidence, in both of its formats: stable, harmless and valid against the published schema.

mod formats;
mod output;
mod redact;
mod sample;

use std::path::{Path, PathBuf};

use leaver::check::Judgement;
use leaver::model::{Severity, Status, Verdict};
use leaver::report::{Mode, Report, json, terminal};

use sample::{check, evidence, finding, judged, judgements, report, sample, times};

/// ANSI, bidirectional, HTML, workflow command, spreadsheet formula.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}]8;;http://evil\u{7}\u{202e}\u{200b}</script><b>\r\n::error::pwned\n=cmd|'/c calc'!A0";
const SCHEMA: &str = "docs/report.schema.json";

fn harmless(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || leaver::text::is_harmless(c))
}

#[tokio::test]
async fn a_report_reads_at_80_columns_without_colour() {
    let text = terminal::render(&sample().await, 80, false);
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    insta::assert_snapshot!("at_80_columns", text);
}

#[tokio::test]
async fn the_json_keeps_the_promised_names() {
    let mut report = sample().await;
    report.steps.retain(|step| step.step == "2-federation");
    report.steps[0].checks[0].findings.truncate(1);
    insta::assert_snapshot!(json::to_string(&report).unwrap(), @r#"
    {
      "schema": "leaver.report/1",
      "tool": {
        "name": "leaver",
        "version": "0.1.0"
      },
      "run": {
        "mode": "audit",
        "started_at": "2026-05-02T03:00:00Z",
        "finished_at": "2026-05-02T03:00:07Z",
        "now": "2026-05-02T03:00:00Z",
        "tenant": "contoso"
      },
      "verdict": "fail",
      "people": [
        {
          "id": "entra:user/11111111-0000-4000-8000-000000000001",
          "upn": "alice@contoso.com",
          "name": "Alice Liddell",
          "last_day": "2026-05-01",
          "ends_at": "2026-05-01T22:00:00Z",
          "rehearsal": false,
          "identities": [
            {
              "kind": "github",
              "id": "github:user/123",
              "name": "alice-dev",
              "source": "saml",
              "grade": "A"
            }
          ],
          "verdict": "fail",
          "hours_to_clean": null
        }
      ],
      "steps": [
        {
          "step": "2-federation",
          "title": "Pipeline identities",
          "verdict": "fail",
          "checks": [
            {
              "id": "2-federation/personal-account",
              "title": "A pipeline identity trusts a personal account",
              "why": "It outlives the account.",
              "fix": "Delete it, then look again.",
              "severity": "high",
              "verdict": "fail",
              "examined": 12,
              "tables": [
                "delegated_grant",
                "gateway"
              ],
              "gaps": [
                {
                  "kind": "denied",
                  "dataset": "delegated_grant",
                  "scope": "contoso",
                  "needs": "Directory.Read.All",
                  "detail": "HTTP 403",
                  "hint": "grant Directory.Read.All to the identity that runs leaver, then run again"
                }
              ],
              "findings": [
                {
                  "id": "hash-of-33",
                  "person": "entra:user/11111111-0000-4000-8000-000000000001",
                  "subject": "entra:application/a1/federated/f1",
                  "status": "fail",
                  "severity": "high",
                  "grade": "B",
                  "reason": "Alice Liddell",
                  "facts": {
                    "scope": "Alice Liddell"
                  },
                  "actor": "bob@contoso.com",
                  "seen_at": "2026-04-30T08:00:00Z",
                  "action": "revoke-grant",
                  "complete": true,
                  "controls": {}
                }
              ],
              "controls": {
                "nist": [
                  "PS-4"
                ]
              }
            }
          ]
        }
      ],
      "controls": [
        {
          "framework": "nist",
          "title": "NIST SP 800-53 Rev. 5",
          "controls": [
            {
              "control": "PS-4",
              "title": "Personnel Termination",
              "verdict": "fail",
              "checks": [
                "1-consents/grant",
                "1-consents/assignment",
                "2-federation/personal-account",
                "account/enabled"
              ]
            }
          ]
        }
      ],
      "coverage": [
        {
          "dataset": "delegated_grant",
          "scope": "contoso",
          "state": "incomplete",
          "gap": {
            "kind": "denied",
            "dataset": "delegated_grant",
            "scope": "contoso",
            "needs": "Directory.Read.All",
            "detail": "HTTP 403",
            "hint": "grant Directory.Read.All to the identity that runs leaver, then run again"
          },
          "requests": 1,
          "pages": 0,
          "objects": 0,
          "first_at": "2026-05-02T01:00:00Z",
          "last_at": "2026-05-02T01:00:00Z"
        },
        {
          "dataset": "identity",
          "scope": "contoso",
          "state": "complete",
          "requests": 1,
          "pages": 1,
          "objects": 1,
          "first_at": "2026-05-02T01:00:00Z",
          "last_at": "2026-05-02T01:00:00Z"
        },
        {
          "dataset": "last_day",
          "scope": "contoso",
          "state": "complete",
          "requests": 1,
          "pages": 1,
          "objects": 1,
          "first_at": "2026-05-02T01:00:00Z",
          "last_at": "2026-05-02T01:00:00Z"
        },
        {
          "dataset": "person",
          "scope": "contoso",
          "state": "complete",
          "requests": 1,
          "pages": 1,
          "objects": 1,
          "first_at": "2026-05-02T01:00:00Z",
          "last_at": "2026-05-02T01:00:00Z"
        }
      ],
      "evidence": {
        "sha256": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
      },
      "checks": {
        "sha256": "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
      }
    }
    "#);
}

#[tokio::test]
async fn the_json_is_valid_against_the_published_schema_and_reads_back() {
    let report = report(HOSTILE, "2026-05-02T03:00:00Z").await;
    let text = json::to_string(&report).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = std::fs::read_to_string(schema_file()).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);

    let mut other = value;
    other["schema"] = "leaver.report/2".into();
    assert!(!validator.is_valid(&other));
    assert!(serde_json::from_value::<Report>(other).is_err());
}

#[test]
fn the_published_schema_is_the_one_of_the_types() {
    let published = std::fs::read_to_string(schema_file()).unwrap();
    assert_eq!(
        published,
        json::to_string(&Report::json_schema()).unwrap(),
        "to update it: cargo test --test it report::write_the_schema -- --ignored"
    );
}

#[test]
#[ignore = "writes the published schema"]
fn write_the_schema() {
    std::fs::write(schema_file(), json::to_string(&Report::json_schema()).unwrap()).unwrap();
}

fn schema_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(SCHEMA)
}

#[tokio::test]
async fn hostile_names_act_nowhere() {
    for name in [HOSTILE.to_owned(), "A".repeat(10_000), "\u{202e}".repeat(3_000), "e\u{301}".repeat(3_000)] {
        let report = report(&name, "2026-05-02T03:00:00Z").await;
        for width in [20, 80, 400] {
            let text = terminal::render(&report, width, false);
            assert!(harmless(&text), "{text:?}");
            assert!(text.len() < 40_000 && !text.lines().any(|line| line.starts_with("::")), "{text}");
        }
        let text = json::to_string(&report).unwrap();
        assert!(harmless(&text) && !text.contains(['<', '>', '&']), "{text:?}");
    }
}

#[tokio::test]
async fn colour_only_adds_to_the_words() {
    let report = sample().await;
    let (plain, colored) = (terminal::render(&report, 80, false), terminal::render(&report, 80, true));
    assert!(!plain.contains('\u{1b}') && colored.contains("\u{1b}[1;31mFAIL\u{1b}[0m"));
    for word in ["FAIL", "UNKNOWN", "PASS"] {
        assert!(plain.contains(word), "{word}");
    }
}

#[tokio::test]
async fn one_permission_is_one_entry_however_many_checks_wait_for_it() {
    let text = terminal::render(&sample().await, 80, false);
    assert_eq!(text.matches("denied: Directory.Read.All").count(), 1, "{text}");
    assert!(text.contains("keeps unknown: 1-consents/assignment, 1-consents/grant"), "{text}");
    assert!(text.contains("could hide more in: 2-federation/personal-account"), "{text}");
}

#[tokio::test]
async fn a_check_that_is_unknown_for_no_stated_reason_is_still_shown() {
    let evidence = evidence("Alice", "2026-05-02T03:00:00Z").await;
    let silent = judged(check("4-activity/calls", "Calls were made", Severity::Low), Verdict::Unknown, vec![], vec![]);
    let report = Report::new(&evidence, &[silent], "c", times()).unwrap();
    let text = terminal::render(&report, 80, false);
    assert!(text.contains("1 thing could not be checked") && text.contains("4-activity/calls"), "{text}");
}

#[tokio::test]
async fn a_long_list_is_cut_and_says_so() {
    let evidence = evidence("Alice", "2026-05-02T03:00:00Z").await;
    let one = |n: usize| finding(&format!("entra:grant/{n:03}"), "granted", Severity::Low, Status::Fail);
    let grant = check("1-consents/grant", "A consent lets the leaver act", Severity::Low);
    let judgement = judged(grant, Verdict::Fail, vec![], (0..500).map(one).collect());
    let report = Report::new(&evidence, &[judgement], "c", times()).unwrap();
    let text = terminal::render(&report, 80, false);
    assert!(text.contains("… and 460 objects more with 460 findings: --details shows them"), "{text}");
    assert!(text.contains("500 findings") && !text.contains("entra:grant/040"), "{text}");
    let all = terminal::show(&report, terminal::Shown { width: 80, color: false, details: true });
    assert!(
        (0..500).all(|n| all.contains(&format!("entra:grant/{n:03}"))) && !all.contains("more with"),
        "{}",
        all.len()
    );
    assert_eq!(report.steps[0].checks[0].findings.len(), 500);
}

#[tokio::test]
async fn before_the_last_day_it_is_a_rehearsal() {
    let report = report("Alice", "2026-05-01T21:59:59Z").await;
    assert_eq!((report.run.mode, report.people[0].rehearsal), (Mode::Rehearsal, true));
    assert!(terminal::render(&report, 80, false).contains("has to be gone by 2026-05-01"));
    let after = sample::report("Alice", "2026-05-01T22:00:00Z").await;
    assert_eq!((after.run.mode, after.people[0].rehearsal), (Mode::Audit, false));
}

#[tokio::test]
async fn findings_win_over_unknown_and_nothing_checked_is_not_clean() {
    let evidence = evidence("Alice", "2026-05-02T03:00:00Z").await;
    let exit = |judgements: &[Judgement]| {
        let report = Report::new(&evidence, judgements, "c", times()).unwrap();
        (report.verdict, report.exit_code().code())
    };
    let all = judgements("x");
    assert_eq!(exit(&all), (Verdict::Fail, 3));
    assert_eq!(exit(&all[..2]), (Verdict::Unknown, 5));
    assert_eq!(exit(&all[3..]), (Verdict::Pass, 0));
    assert_eq!(exit(&[]), (Verdict::NotApplicable, 5));
}

#[tokio::test]
async fn evidence_that_does_not_say_its_moment_is_refused() {
    let error = Report::new(&evidence("Alice", "yesterday").await, &[], "c", times()).expect_err("must be refused");
    assert!(error.to_string().contains("meta.now is no time"), "{error}");
}
