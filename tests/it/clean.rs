//! An organisation that grants everything, and a leaver who left nothing behind: what an audit of her concludes, and what
//! each grant that is taken away changes. The estate is `northwind`: a contractor of three weeks, so that what the services
//! keep is longer than she was there.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::model::{GapKind, Verdict};
use leaver::report::{Report, Times};
use leaver::run::{self, Subject};

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

async fn audit_of(server: &Server) -> Report {
    let estate = server.estate();
    let now = estate.now();
    let variables = [
        ("LEAVER_AZURE_TOKEN", TOKEN),
        ("GH_TOKEN", TOKEN),
        ("LEAVER_FINGERPRINT_KEY", "demodemodemodemodemodemodemodemo"),
    ];
    let env = Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        console: Console::new(std::io::sink(), std::io::sink()),
    };
    let subject = Subject {
        person: estate.person("dana").unwrap().to_owned(),
        last_day: Some(estate.last_day()),
        ..Subject::default()
    };
    let evidence = run::collect(&config(server), &subject, &run::Intake::default(), &env).await.unwrap();
    let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
    Report::new(&evidence, &judgements, &CHECKS.sha256(), Times { started_at: now, finished_at: now }).unwrap()
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let (estate, tiny) = (server.estate(), Duration::from_millis(1));
    Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        logs: Logs { workspaces: estate.workspaces(), timezone: Some(estate.timezone().clone()), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            logs: endpoint("logs"),
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

/// What three weeks are too few for: what is usual is told from the days before the last thirty.
const WITHOUT_BASELINE: [&str; 3] = ["4-activity/new-places", "4-activity/unusual-hours", "4-activity/unusual-volume"];

/// Whether only a scan of hosts is missing, or days that nobody can add.
fn is_expected(check: &leaver::report::Check) -> bool {
    let hosts = check.gaps.iter().all(|gap| ["runner", "sighting", "mcp_server"].contains(&gap.dataset.as_str()));
    hosts && (check.findings.is_empty() || WITHOUT_BASELINE.contains(&check.id.as_str()))
}

#[tokio::test]
async fn a_clean_leaver_of_an_organisation_that_grants_everything_is_clean() {
    let report = audit(estate(), Faults::none()).await;
    let unexpected: Vec<String> = open(&report, |check| !is_expected(check));
    assert_eq!(unexpected, Vec::<String>::new());
    let is_read =
        |part: &&leaver::report::Coverage| !["runner", "sighting", "mcp_server"].contains(&part.dataset.as_str());
    let missing: Vec<_> = report.coverage.iter().filter(is_read).filter_map(|part| part.gap.as_ref()).collect();
    assert!(missing.is_empty(), "{missing:?}");
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
