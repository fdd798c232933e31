//! The copy without personal data: nobody is named in any format, the same one has the same pseudonym, and it says which
//! report it is a copy of.

use std::io;

use leaver::env::Console;
use leaver::model::{Severity, Status};
use leaver::report::{Format, Output, Report, Target, emit, json};
use sha2::{Digest, Sha256};

use super::formats::written;
use super::sample::{finding, sample};

/// A report in which the leaver and others are named in many ways.
async fn named() -> Report {
    let mut report = sample().await;
    let texts = [
        ("host:runner-07/home/alice/.config/gh/hosts.yml:3#0123abcd", "token of ALICE-DEV in /home/carol/x"),
        (
            "entra:user/11111111-0000-4000-8000-000000000001/method/2",
            "Liddell's key, added by 22222222-0000-4000-8000-000000000002",
        ),
        ("github:repo/alice-dev/tools", "repo:Alice-Dev/tools:ref:refs/heads/main, asked dave@home.example"),
    ];
    for (subject, reason) in texts {
        let mut finding = finding(subject, reason, Severity::High, Status::Fail);
        finding.id = "0123456789abcdef".into();
        finding.facts.insert("owner".into(), "Zelda Example".into());
        finding.facts.insert("path".into(), r"C:\Users\frank\.azure, seen by Zelda Example".into());
        report.steps[2].checks[0].findings.push(finding);
    }
    report.steps[2].checks[0].gaps[0].scope = "alice@contoso.com".into();
    report
}

#[tokio::test]
async fn nobody_is_named_in_any_format() {
    let redacted = named().await.redacted().unwrap();
    let personal = [
        "alice",
        "liddell",
        "bob@",
        "carol",
        "dave",
        "zelda",
        "frank",
        "github:user/123",
        "11111111-0000-4000",
        "22222222-0000-4000",
        "0123456789abcdef",
    ];
    for (name, _) in Format::ALL {
        let text = written(&redacted, name).to_lowercase();
        for text_of in personal {
            assert!(!text.contains(text_of), "{text_of} is in {name}");
        }
    }
    let terminal = leaver::report::terminal::render(&redacted, 80, false).to_lowercase();
    assert!(personal.iter().all(|text| !terminal.contains(text)), "{terminal}");
}

#[tokio::test]
async fn the_same_one_has_the_same_pseudonym_and_everything_else_stays() {
    let original = named().await;
    let redacted = original.redacted().unwrap();
    let person = redacted.people[0].id.clone();
    assert_eq!((person.as_str(), redacted.people[0].upn.as_ref().unwrap().raw()), ("person-1", "person-1"));
    let findings = &redacted.steps[2].checks[0].findings;
    assert!(findings.iter().all(|finding| finding.person.as_ref() == Some(&person)));
    assert_eq!(findings[3].subject.raw(), "host:runner-07/home/person-1/.config/gh/hosts.yml:3#0123abcd");
    assert_eq!(findings[4].subject.raw(), "person-1/method/2");
    assert!(findings[5].reason.raw().starts_with("repo:person-1/tools:ref:refs/heads/main, asked address-"));
    assert!(findings[3].facts["path"].raw().contains(findings[3].facts["owner"].raw()));

    assert_eq!(
        (redacted.verdict, &redacted.controls, &redacted.evidence),
        (original.verdict, &original.controls, &original.evidence)
    );
    let checks = |report: &Report| {
        report.checks().map(|check| (check.id.clone(), check.title.clone(), check.verdict)).collect::<Vec<_>>()
    };
    assert_eq!(checks(&redacted), checks(&original));
    assert_eq!(json::to_string(&redacted).unwrap(), json::to_string(&original.redacted().unwrap()).unwrap());
}

#[tokio::test]
async fn a_copy_names_its_original_by_digest_in_every_format() {
    let original = sample().await;
    let text = json::to_string(&original).unwrap();
    let digest: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let redacted = original.redacted().unwrap();
    for (name, _) in Format::ALL {
        assert!(written(&redacted, name).contains(&digest), "{name}");
        assert!(!written(&original, name).contains(&digest), "{name}");
    }
}

#[tokio::test]
async fn one_run_writes_the_original_and_the_copy() {
    let (report, directory) = (sample().await, tempfile::tempdir().unwrap());
    let path = |name: &str| directory.path().join(name);
    let to = |name: &str, redacted| Output { format: Format::Json, target: Target::File(path(name)), redacted };
    emit(&report, &[to("a.json", false), to("b.json", true)], false, &Console::new(io::sink(), io::sink())).unwrap();
    let read = |name: &str| serde_json::from_str::<Report>(&std::fs::read_to_string(path(name)).unwrap()).unwrap();
    assert_eq!((read("a.json"), read("b.json")), (report.clone(), report.redacted().unwrap()));
}
