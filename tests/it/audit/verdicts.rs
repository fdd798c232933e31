//! What an audit of the estate finds and does not find, person by person.

use std::collections::BTreeSet;

use leaver::demo::Faults;
use leaver::error::Exit;
use leaver::model::{Gap, GapKind, Verdict};

use super::{audit, estate, failed, id, leaver, serve, terminal, who};

/// The findings that the estate says an audit of `person` must have.
fn planted(person: &str) -> BTreeSet<(String, String, String)> {
    let person = format!("entra:user/{}", id(person));
    let of = |planted: &&leaver::demo::Planted| planted.person == person;
    let estate = estate();
    let found = estate
        .planted()
        .iter()
        .filter(of)
        .filter_map(|planted| Some((planted.check.clone()?, planted.person.clone(), planted.subject.clone())));
    found.collect()
}

/// The check whose subjects hold fingerprints.
const LITERAL: &str = "3-tokens/github-literal-token-of-leaver";

/// The check that finds the same for everybody.
const OPEN: &str = "3-tokens/github-runner-group-open-to-public";

/// The steps in which everything that is planted has a check.
pub(super) fn covered(found: BTreeSet<(String, String, String)>) -> BTreeSet<(String, String, String)> {
    const COVERED: [&str; 4] = ["account/", "1-consents/", "3-tokens/azure-", "3-tokens/github-"];
    let covered = |check: &str| COVERED.iter().any(|step| check.starts_with(step));
    // The subject of a credential in clear ends in its fingerprint, which no estate can know.
    found.into_iter().filter(|(check, ..)| covered(check) && check != LITERAL && check != OPEN).collect()
}

#[tokio::test]
async fn the_leaver_has_exactly_the_planted_findings() {
    let server = serve(Faults::none());
    let report = audit(&server, &leaver()).await;
    assert_eq!(covered(failed(&report)), covered(planted("alice")));
    for (check, person, subject) in failed(&report) {
        assert_eq!(person, format!("entra:user/{}", id("alice")), "{check}");
        assert!(estate().innocent().iter().all(|innocent| !subject.contains(innocent.as_str())), "{check} {subject}");
    }
    let workflow = "github:repo/contoso/nightly-sync/file/.github/workflows/sync.yml:";
    assert!(failed(&report).iter().any(|(check, _, subject)| check == LITERAL && subject.starts_with(workflow)));
    let open = report.checks().find(|check| check.id == OPEN).unwrap();
    let groups: Vec<&str> = open.findings.iter().map(|finding| finding.subject.raw()).collect();
    assert_eq!(groups, ["github:org/contoso/runner-group/1"]);
    assert_eq!(report.exit_code(), Exit::Findings);
}

#[tokio::test]
async fn looking_never_writes_and_asks_for_nothing_unknown() {
    let server = serve(Faults::none());
    for person in ["alice", "alicia", "oconnor", "dollar", "bob", "guest", "carol"] {
        audit(&server, &who(&id(person))).await;
    }
    assert!(server.requests().len() > 100);
    assert!(server.writes().is_empty(), "{:?}", server.writes());
    assert!(server.unknown().is_empty(), "{:?}", server.unknown());
}

/// What an enabled account of this tenant can use without anything of its own.
const OPEN_TO_EVERYBODY: &[(&str, &str)] = &[
    ("1-consents/gateway-consented-for-everybody", "grant-0010"),
    ("1-consents/gateway-open-to-all", "0e000000-0000-4000-8000-000000000001"),
    ("1-consents/gateway-preauthorized-client", "0d000000-0000-4000-8000-000000000021"),
];

/// The colleague with the similar name: her own things, and the credential of an application that both own.
const ALICIA: &[(&str, &str)] = &[
    ("1-consents/credential-added-by-leaver", "2a000000-0000-4000-8000-000000000003"),
    ("1-consents/credential-added-by-leaver", "2a000000-0000-4000-8000-000000000005"),
    ("1-consents/credential-of-unknown-origin", "2a000000-0000-4000-8000-000000000002"),
    ("1-consents/gateway-assignment-through-group", "0a000000-0000-4000-8000-000000000002"),
    ("1-consents/gateway-grant", "grant-0020"),
    ("1-consents/owner-of-pipeline-application", "0a000000-0000-4000-8000-000000000002"),
    ("1-consents/sole-owner-of-application", "0c000000-0000-4000-8000-000000000004"),
    ("1-consents/sole-owner-of-application", "0e000000-0000-4000-8000-000000000004"),
    ("3-tokens/github-schedule-runs-as-leaver", "report.yml"),
    ("3-tokens/github-secret-named-after-leaver", "ALICIA_PAT"),
    ("3-tokens/github-token-granted", "75000003"),
    ("account/authentication-method-left", "28000000-0000-4000-8000-000000000004"),
    ("account/device-left", "0f000000-0000-4000-8000-000000000002"),
    ("account/github-branch-allowance", "70000002"),
    ("account/github-code-owner", "CODEOWNERS:1"),
    ("account/github-environment-reviewer", "70000002"),
    ("account/github-member", "70000002"),
    ("account/github-organization-role", "70000002"),
    ("account/github-repository-access", "70000002"),
    ("account/group-membership-left", "0a000000-0000-4000-8000-000000000002"),
];

#[tokio::test]
async fn nobody_gets_the_findings_of_somebody_else() {
    let server = serve(Faults::none());
    let member = "account/group-membership-left";
    for (person, own) in [
        ("alicia", ALICIA),
        ("oconnor", &[(member, "0a000000-0000-4000-8000-000000000003")]),
        ("dollar", &[]),
        ("guest", &[(member, "0a000000-0000-4000-8000-000000000008")]),
    ] {
        let id = id(person);
        let report = audit(&server, &who(&id)).await;
        let enabled = ("account/still-enabled", id.as_str());
        let expected: BTreeSet<(&str, &str)> = OPEN_TO_EVERYBODY.iter().chain(own).copied().chain([enabled]).collect();
        let found = failed(&report);
        assert!(found.iter().all(|(_, whose, _)| *whose == format!("entra:user/{id}")), "{person}: {found:?}");
        // The last part of a subject is the thing itself, or the person in its place.
        let last = |subject: &'_ str| subject.rsplit('/').next().unwrap_or_default().to_owned();
        let found: BTreeSet<(String, String)> =
            covered(found).into_iter().map(|(check, _, subject)| (check, last(&subject))).collect();
        let found: BTreeSet<(&str, &str)> =
            found.iter().map(|(check, thing)| (check.as_str(), thing.as_str())).collect();
        assert_eq!(found, expected, "{person}");
    }
}

#[tokio::test]
async fn a_clean_leaver_has_no_finding_and_only_the_retention_is_open() {
    let server = serve(Faults::none());
    let report = audit(&server, &who("bob@contoso.example")).await;
    assert!(covered(failed(&report)).is_empty(), "{:?}", failed(&report));
    // Step 2 finds doors that are open to anybody, whoever is audited.
    assert_eq!(report.exit_code(), Exit::Findings);
    for check in report
        .steps
        .iter()
        .filter(|step| ["account", "1-consents"].contains(&step.step.as_str()))
        .flat_map(|step| &step.checks)
    {
        // Something trusts Azure DevOps here, and these tests configure no organisation of it.
        let is_open = |gap: &Gap| gap.kind == GapKind::Retention || gap.dataset.starts_with("devops_");
        assert!(check.gaps.iter().all(is_open), "{}: {:?}", check.id, check.gaps);
    }
    let shown = terminal(&report);
    let flowing = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flowing.contains("to a Log Analytics workspace"), "{shown}");
}

#[tokio::test]
async fn a_deleted_leaver_is_found_under_the_old_name_with_what_a_restore_brings_back() {
    let server = serve(Faults::none());
    let report = audit(&server, &who("carol@contoso.example")).await;
    let found = covered(failed(&report));
    assert!(planted("carol").is_subset(&found), "{found:?}");
    assert_eq!(report.people[0].upn.as_ref().unwrap().raw(), "carol@contoso.example");
    let restorable = report.checks().find(|check| check.id == "account/restorable").unwrap();
    assert_eq!(restorable.verdict, Verdict::Fail);
    // What the recycle bin does not show is unknown, not clean.
    let groups = report.checks().find(|check| check.id == "account/group-membership-left").unwrap();
    assert_eq!((groups.verdict, groups.gaps[0].kind), (Verdict::Unknown, GapKind::NotExposed));
}
