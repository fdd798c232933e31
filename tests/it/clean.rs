//! An organisation that grants everything, and a leaver who left nothing behind: what an audit of her concludes, and what
//! each grant that is taken away changes. The estate is `northwind`: what its services forget is kept
//! in a workspace, and its runner host is scanned.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{AzureDevOps, Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::model::{GapKind, Verdict};
use leaver::report::{Report, Times};
use leaver::run::{self, Intake, Subject};

static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

/// The estate, clean as it is.
pub(crate) fn estate() -> Estate {
    Estate::load("northwind").unwrap()
}

/// An audit of the leaver of `estate` with everything granted but for `faults`.
pub(crate) async fn audit(estate: Estate, faults: Faults) -> Report {
    let server = Server::start(estate, faults).unwrap();
    let report = audit_of(&server).await;
    assert_eq!((server.unknown(), server.writes()), (vec![], vec![]));
    report
}

pub(crate) async fn audit_of(server: &Server) -> Report {
    audit_with(server, &included()).await
}

pub(crate) async fn audit_with(server: &Server, intake: &Intake) -> Report {
    try_audit(server, intake).await.unwrap()
}

/// The scans of all runner hosts of the estate.
pub(crate) fn included() -> Intake {
    static SCANS: LazyLock<(tempfile::TempDir, Vec<PathBuf>)> = LazyLock::new(|| {
        let (estate, folder) = (estate(), tempfile::tempdir().unwrap());
        let scans = std::thread::scope(|scope| {
            let made = scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(run::demo::scans(&estate, folder.path(), &env(&estate))).unwrap()
            });
            made.join().unwrap()
        });
        (folder, scans)
    });
    assert_eq!(SCANS.1.len(), 1);
    Intake { include: SCANS.1.clone(), ..Intake::default() }
}

fn env(estate: &Estate) -> Env {
    let now = estate.now();
    let variables = [
        ("LEAVER_AZURE_TOKEN", TOKEN),
        ("GH_TOKEN", TOKEN),
        ("LEAVER_FINGERPRINT_KEY", "demodemodemodemodemodemodemodemo"),
    ];
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

pub(crate) async fn try_audit(server: &Server, intake: &Intake) -> Result<Report, leaver::error::Error> {
    let estate = server.estate();
    let (now, env) = (estate.now(), env(estate));
    let subject = Subject {
        person: estate.person("dana").unwrap().to_owned(),
        last_day: Some(estate.last_day()),
        ..Subject::default()
    };
    let evidence = run::collect(&config(server), &subject, intake, &env).await?;
    let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
    Ok(Report::new(&evidence, &judgements, &CHECKS.sha256(), Times { started_at: now, finished_at: now }).unwrap())
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let (estate, tiny) = (server.estate(), Duration::from_millis(1));
    Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        azure_devops: AzureDevOps { organizations: estate.azure_devops().to_vec() },
        logs: Logs { workspaces: estate.workspaces(), timezone: Some(estate.timezone().clone()), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            logs: endpoint("logs"),
            devops: endpoint("devops"),
            devops_graph: endpoint("devops-graph"),
            devops_release: endpoint("devops-release"),
            devops_audit: endpoint("devops-audit"),
            devops_entitlements: endpoint("devops-entitlements"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 2, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

/// The checks that are not passed, with what they lack.
fn open(report: &Report, kept: impl Fn(&leaver::report::Check) -> bool) -> Vec<String> {
    let shown = |check: &leaver::report::Check| {
        let gaps =
            check.gaps.iter().map(|gap| format!("{}/{}: {} {:?}", gap.dataset, gap.scope.raw(), gap.kind, gap.detail));
        let findings = check.findings.iter().map(|finding| format!("{:?} {}", finding.status, finding.reason.raw()));
        format!("{} {}\n  {}", check.id, check.verdict, gaps.chain(findings).collect::<Vec<_>>().join("\n  "))
    };
    let is_open = |check: &&leaver::report::Check| !matches!(check.verdict, Verdict::Pass | Verdict::NotApplicable);
    report.checks().filter(is_open).filter(|check| kept(check)).map(shown).collect()
}

#[tokio::test]
async fn a_clean_leaver_of_an_organisation_that_grants_everything_is_clean() {
    let report = audit(estate(), Faults::none()).await;
    assert_eq!(open(&report, |_| true), Vec::<String>::new());
    assert_eq!(report.exit_code().code(), 0);
    let missing: Vec<_> = report.coverage.iter().filter_map(|part| part.gap.as_ref()).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(report.checks().count() > 80);
}

#[tokio::test]
async fn without_a_scan_of_its_runner_host_it_is_not() {
    let server = Server::start(estate(), Faults::none()).unwrap();
    let report = audit_with(&server, &Intake::default()).await;
    assert_eq!(report.exit_code().code(), 5);
    for check in report.checks().filter(|check| check.verdict == Verdict::Unknown) {
        let named = check.gaps.iter().all(|gap| gap.scope.raw() == "github:org/northwind/runner/170000031");
        assert!(named && !check.gaps.is_empty(), "{}: {:?}", check.id, check.gaps);
    }
}

/// What is asked for a name, or in two ways: without it everything is known all the same.
const SPARE: [&str; 7] = [
    // For how long a table is kept: its first record is old enough as well.
    "/tables/",
    "=/github/user",
    "/providers/Microsoft.ResourceGraph/resources",
    "/roleDefinitions",
    "/metadata",
    "/logs/v1/workspaces",
    "/github/users/northwind",
];

/// The tables with a gap.
fn incomplete(report: &Report) -> BTreeSet<&str> {
    report.coverage.iter().filter(|part| part.gap.is_some()).map(|part| part.dataset.as_str()).collect()
}

/// Every address that an audit asks is refused in turn: exactly the checks that read what it brings are unknown then.
#[tokio::test]
#[ignore = "takes minutes: tests/full grants"]
async fn each_request_that_is_refused_leaves_exactly_its_checks_unknown() {
    let server = Server::start(estate(), Faults::none()).unwrap();
    let whole = audit_of(&server).await;
    let asked: BTreeSet<String> = server.requests().into_iter().map(|request| request.path).collect();
    assert!(asked.len() > 60, "{}", asked.len());
    let mut wrong = Vec::new();
    for path in asked.iter().filter(|path| !path.ends_with("/$batch")) {
        let server = Server::start(estate(), Faults::none().forbid(&format!("={path}"))).unwrap();
        // Without the answer to who that is, or to which organisation this is, there is no report at all.
        let Ok(report) = try_audit(&server, &included()).await else { continue };
        let gaps = incomplete(&report);
        let mut changed = false;
        for (before, after) in whole.checks().zip(report.checks()) {
            let reads = after.tables.iter().any(|table| gaps.contains(table.as_str()));
            // The check that asks for how long a log is kept says of it itself that nobody told.
            let says_so = after.findings.iter().any(|finding| finding.verdict() == Verdict::Unknown);
            let expected = if reads || says_so { Verdict::Unknown } else { before.verdict };
            changed |= after.verdict != before.verdict;
            if after.verdict != expected {
                wrong.push(format!(
                    "{path}: {} is {} and reads {:?} of {gaps:?}",
                    after.id, after.verdict, after.tables
                ));
            }
        }
        let spare = SPARE.iter().any(|part| format!("={path}").contains(part));
        let code = report.exit_code().code();
        if code != if changed { 5 } else { 0 } || !(changed || spare || !gaps.is_empty()) {
            wrong.push(format!("{path}: exit {code}, gaps {gaps:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What of Microsoft each grant reads: how a fault names the request, and the tables that are incomplete without it.
const GRANTS: &[(&str, &[&str])] = &[
    ("=/graph/v1.0/oauth2PermissionGrants", &["delegated_grant"]),
    ("/appRoleAssignments", &["app_role_assignment"]),
    ("/memberOf", &["group_membership"]),
    ("/transitiveMemberOf", &["group_membership"]),
    ("/privilegedAccess/group/", &["group_eligibility"]),
    ("=/graph/v1.0/roleManagement/directory/roleAssignments", &["directory_role"]),
    ("/roleEligibilityScheduleInstances?$filter", &["directory_role"]),
    ("/roleAssignmentScheduleInstances", &["directory_role"]),
    ("/ownedObjects", &["ownership", "credential", "application"]),
    ("/sponsorOf", &["sponsorship"]),
    ("/directoryAudits", &["directory_event", "credential_event", "federated_event", "consent_event"]),
    ("/auditLogs/signIns", &["sign_in"]),
    ("signInActivity", &["sign_in_activity"]),
    ("/authentication/methods", &["authentication_method"]),
    ("/registeredDevices", &["device"]),
    ("/applications?", &["federated_credential", "application"]),
    (
        "/arm/subscriptions/16000000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleAssignments?",
        &["role_assignment"],
    ),
    ("/roleEligibilityScheduleInstances?api-version", &["role_eligibility"]),
    ("/eventtypes/", &["federated_event"]),
    ("Microsoft.ContainerInstance", &["azure_container", "azure_literal"]),
];

#[tokio::test]
async fn each_grant_that_is_taken_away_leaves_exactly_its_checks_unknown() {
    let whole = audit(estate(), Faults::none()).await;
    for (on, tables) in GRANTS {
        let report = audit(estate(), Faults::none().forbid(on)).await;
        assert_eq!(report.exit_code().code(), 5, "{on}");
        for (before, after) in whole.checks().zip(report.checks()) {
            let reads: BTreeSet<&str> =
                tables.iter().copied().filter(|table| after.tables.iter().any(|read| read == table)).collect();
            let expected = if reads.is_empty() { before.verdict } else { Verdict::Unknown };
            assert_eq!(after.verdict, expected, "{on}: {} reads {reads:?}", after.id);
            let denied =
                after.gaps.iter().any(|gap| gap.kind == GapKind::Denied && reads.contains(gap.dataset.as_str()));
            assert!(reads.is_empty() || denied, "{on}: {} {:?}", after.id, after.gaps);
        }
    }
}
