//! What a plan holds: one change per object, in order, nothing that is never done, whatever the findings.

use std::collections::BTreeSet;
use std::time::Instant;

use leaver::action::Disposition;
use leaver::action::plan::{parse, recompute};
use leaver::model::{Finding, Severity, Status};
use leaver::report::{Check, Report, Step, json};
use proptest::prelude::*;

use super::{ESTATE, PLAN, audited, planned, serve};

fn finding(number: usize, action: &str, subject: &str, person: Option<&str>, complete: bool) -> Finding {
    Finding {
        id: format!("{number:016x}"),
        person: person.map(str::to_owned),
        subject: subject.into(),
        status: Status::Fail,
        severity: Severity::High,
        grade: None,
        reason: "r".into(),
        facts: Default::default(),
        actor: None,
        seen_at: None,
        action: Some(action.to_owned()),
        complete,
        controls: Default::default(),
        waiver: None,
        drift: None,
    }
}

fn report(base: &Report, findings: Vec<Finding>) -> Report {
    let mut report = base.clone();
    let mut check = report.steps[0].checks[0].clone();
    check.findings = findings;
    let step = Step { checks: vec![Check { id: "x/y".to_owned(), ..check }], ..report.steps[0].clone() };
    report.steps = vec![step];
    report
}

/// A report of the estate, whose people and digests the others take.
fn base() -> &'static Report {
    static BASE: std::sync::LazyLock<Report> = std::sync::LazyLock::new(|| {
        std::thread::spawn(|| tokio::runtime::Runtime::new().unwrap().block_on(audited(&serve())).0).join().unwrap()
    });
    &BASE
}

fn subjects(number: u32) -> Vec<(&'static str, String)> {
    let guid = |kind: u32| format!("{kind:08x}-0000-4000-8000-{number:012x}");
    let azure = format!("azure:/subscriptions/{}/resourcegroups/rg/providers/microsoft", guid(9));
    vec![
        ("disable-account", format!("entra:user/{}", guid(1))),
        ("revoke-sessions", format!("entra:user/{}", guid(1))),
        ("revoke-grant", format!("entra:grant/grant-{number}")),
        ("remove-app-role-assignment", format!("entra:app-role-assignment/assignment-{number}")),
        ("remove-group-member", format!("entra:group/{}/member/{}", guid(2), guid(1))),
        ("remove-owner", format!("entra:application/{}", guid(3))),
        ("remove-owner", format!("entra:application/{}/owner/{}", guid(3), guid(1))),
        ("remove-credential", format!("entra:application/{}/credential/{}", guid(3), guid(4))),
        ("delete-federated-credential", format!("entra:application/{}/federated/{}", guid(3), guid(5))),
        (
            "delete-federated-credential",
            format!("{azure}.managedidentity/userassignedidentities/i{number}/federated/f"),
        ),
        ("remove-role-assignment", format!("{azure}.authorization/roleassignments/{}", guid(6))),
        ("remove-role-assignment", format!("entra:role-assignment/role-{number}")),
        ("delete-github-deploy-key", format!("github:repo/contoso/r{number}/key/{number}")),
        ("delete-github-hook", format!("github:org/contoso/hook/{number}")),
        ("remove-github-runner", format!("github:org/contoso/runner/{number}")),
        ("disable-github-workflow", format!("github:repo/contoso/r{number}/workflow/.github/workflows/a.yml")),
        ("remove-github-member", format!("github:org/o{number}/member/70000001")),
        ("remove-github-team-member", format!("github:org/o{number}/team/t/member/70000001")),
        ("remove-github-member", format!("github:org/o{number}/member/alice-dev")),
        ("revoke-grant", "entra:grant/../users".to_owned()),
        ("no-such-action", format!("entra:user/{}", guid(1))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_refused_class_no_duplicate_and_an_order_that_works(
        picks in proptest::collection::vec((0_u32..6, 0_usize..21, any::<bool>(), 0_u8..8), 0..60),
    ) {
        let person = format!("entra:user/{}", ESTATE.person("alice").unwrap());
        let made = picks.iter().enumerate().map(|(number, (seed, which, nobodys, doubt))| {
            let (action, subject) = subjects(*seed + 1).swap_remove(*which);
            finding(number, action, &subject, (!nobodys).then_some(person.as_str()), *doubt > 0)
        });
        let report = report(base(), made.collect());
        let plan = planned(&report, None, &[]);
        let ids: BTreeSet<&str> = plan.changes.iter().map(|change| change.id.as_str()).collect();
        prop_assert_eq!(ids.len(), plan.changes.len());
        let objects: BTreeSet<(&str, &str)> =
            plan.changes.iter().map(|change| (change.action.as_str(), change.subject.as_str())).collect();
        prop_assert_eq!(objects.len(), plan.changes.len());
        // Every finding is somewhere, and once.
        let mut all: Vec<&str> = plan.changes.iter().flat_map(|change| &change.findings).map(String::as_str).collect();
        all.extend(plan.manual.iter().map(|step| step.finding.as_str()));
        all.extend(plan.refused.iter().map(|step| step.finding.as_str()));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        prop_assert_eq!((all.len(), count), (picks.len(), picks.len()));
        for change in &plan.changes {
            prop_assert!(!change.subject.contains("..") && !change.subject.ends_with("/alice-dev"));
            let deletes_whole = ["/users/", "/groups/", "/applications/", "/servicePrincipals/", "/repos/"].iter().any(|kind| {
                let rest = change.request.url.split(kind).nth(1).unwrap_or("x/y/z/w");
                change.request.method == "DELETE" && rest.split('/').count() < 2
            });
            prop_assert!(!deletes_whole, "{}", change.request.url);
            if change.request.url.contains("/members/") || change.request.url.contains("/owners/") {
                prop_assert!(change.request.url.ends_with("/$ref"));
            }
            if change.person.is_none() {
                prop_assert_eq!(change.disposition, Disposition::Disruptive);
            }
        }
        // A member is taken out of teams before out of the organisation; owners come last.
        let place = |part: &str| plan.changes.iter().rposition(|change| change.action == part);
        let first = |part: &str| plan.changes.iter().position(|change| change.action == part);
        if let (Some(team), Some(member)) = (place("remove-github-team-member"), first("remove-github-member")) {
            prop_assert!(team < member);
        }
        if let (Some(account), Some(sessions)) = (place("disable-account"), first("revoke-sessions")) {
            prop_assert!(account < sessions);
        }
        // What cannot be undone has what can before it.
        let off = plan.changes.iter().filter(|change| change.action == "deactivate-github-hook").count();
        prop_assert_eq!(off, plan.changes.iter().filter(|change| change.action == "delete-github-hook").count());
        // And it is what this program writes.
        let text = json::to_string(&plan).unwrap();
        let read = parse(text.as_bytes()).unwrap();
        prop_assert_eq!(recompute(&read, ESTATE.now(), 24), Ok(()));
    }
}

#[test]
fn five_checks_of_one_object_are_one_change() {
    let plan = &*PLAN;
    let trust = plan.changes.iter().find(|change| change.subject.ends_with("/federated/alice-deploy")).unwrap();
    assert!(trust.findings.len() >= 4, "{trust:?}");
    // A check without an action is closed by it all the same, and needs nobody any more.
    assert!(trust.closes.checks.contains(&"2-federation/owner-outside-organizations".to_owned()), "{trust:?}");
    assert!(plan.manual.iter().all(|step| step.subject.raw() != trust.subject));
    assert_eq!((trust.disposition, trust.request.method.as_str()), (Disposition::Disruptive, "DELETE"));
    assert_eq!(plan.changes[0].action, "disable-account");
    assert_eq!(plan.changes[1].action, "revoke-sessions");
}

#[test]
fn what_must_not_be_done_is_told_with_its_reason() {
    let plan = &*PLAN;
    let sole = plan.refused.iter().find(|refused| refused.check == "1-consents/sole-owner-of-application").unwrap();
    assert!(sole.why.contains("successor"), "{sole:?}");
    assert!(plan.changes.iter().all(|change| change.action != "remove-owner"));
    let manual = |check: &str, part: &str| {
        assert!(
            plan.manual.iter().any(|step| step.check == check && step.why.contains(part)),
            "{check}: {:#?}",
            plan.manual
        );
    };
    manual("2-federation/github-owner-gone", "not visible");
    manual("account/directory-role-held", "group");
    manual("account/group-membership-left", "rule");
    manual("account/group-membership-left", "directory roles");
    assert!(
        plan.manual
            .iter()
            .any(|step| step.command.as_deref().is_some_and(|text| text.starts_with("gh secret set 'SYNC_KEY'")))
    );
}

#[test]
fn a_protected_account_is_refused() {
    let upn = base().people[0].upn.clone().unwrap().raw().to_uppercase();
    let plan = planned(base(), None, &[upn]);
    assert!(plan.changes.iter().all(|change| change.person.is_none()), "{:?}", plan.changes);
    assert!(plan.refused.iter().any(|refused| refused.why.contains("protected")));
}

#[test]
fn a_plan_that_was_changed_is_refused() {
    let plan = &*PLAN;
    let check = |change: &dyn Fn(&mut leaver::action::plan::Plan)| {
        let mut plan = plan.clone();
        change(&mut plan);
        recompute(&plan, ESTATE.now(), 24)
    };
    assert_eq!(check(&|_| ()), Ok(()));
    assert!(check(&|plan| plan.changes[0].request.url.push('x')).is_err());
    assert!(check(&|plan| plan.changes[0].does = "nothing at all".to_owned()).is_err());
    assert!(check(&|plan| plan.changes[0].portal = "https://elsewhere.example".to_owned()).is_err());
    assert!(check(&|plan| plan.changes[0].breaks.clear()).is_err());
    assert!(check(&|plan| plan.changes.swap(0, 1)).is_err());
    assert!(check(&|plan| plan.changes.push(plan.changes[0].clone())).is_err());
    assert!(check(&|plan| plan.changes[0].disposition = Disposition::Disruptive).is_err());
    assert!(
        check(&|plan| plan.changes[0].subject = "entra:user/0a000000-0000-4000-8000-000000000002".to_owned()).is_err()
    );
    assert!(check(&|plan| plan.expires_at = "2030-01-01T00:00:00Z".to_owned()).is_err());
    assert!(recompute(plan, ESTATE.now() + jiff::SignedDuration::from_hours(25), 24).is_err());
    let text = json::to_string(plan).unwrap();
    assert!(parse(text.replace("leaver.plan/1", "leaver.plan/2").as_bytes()).is_err());
    let newer = text.replacen(&format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION")), "\"version\": \"99.0.0\"", 1);
    assert!(parse(newer.as_bytes()).unwrap_err().to_string().contains("newer"));
    assert!(parse(b"{}").is_err());
}

#[test]
fn a_thousand_changes_from_many_findings_take_a_moment() {
    let person = format!("entra:user/{}", ESTATE.person("alice").unwrap());
    let made = (0..28_000).map(|number| {
        let subject = format!("entra:grant/grant-{}", number % 1000);
        finding(number, "revoke-grant", &subject, Some(&person), true)
    });
    let report = report(base(), made.collect());
    let begin = Instant::now();
    let plan = planned(&report, None, &[]);
    let took = begin.elapsed();
    assert_eq!((plan.changes.len(), plan.changes[0].findings.len()), (1000, 28));
    assert!(took.as_secs() < 20, "{took:?} in a build that is not optimised");
}

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/plan.schema.json");

fn schema() -> String {
    json::to_string(&leaver::action::plan::Plan::json_schema()).unwrap()
}

/// `cargo test --test it action::plan::write_the_schema -- --ignored`
#[test]
#[ignore = "writes docs/plan.schema.json"]
fn write_the_schema() {
    std::fs::write(SCHEMA, schema()).unwrap();
}

#[test]
fn the_published_schema_is_this_one_and_a_plan_keeps_to_it() {
    let published = std::fs::read_to_string(SCHEMA).unwrap();
    assert_eq!(published, schema(), "run: cargo test --test it action::plan::write_the_schema -- --ignored");
    let validator = jsonschema::validator_for(&serde_json::from_str(&published).unwrap()).unwrap();
    let plan = serde_json::to_value(&*PLAN).unwrap();
    let faults: Vec<String> = validator.iter_errors(&plan).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}");
}
