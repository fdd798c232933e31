//! Azure DevOps: what an audit of the estate finds of it, and what each answer that is missing or wrong changes.

mod budget;
mod faults;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{AzureDevOps, Config, Endpoint, Endpoints, Entra};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::evidence::Evidence;
use leaver::model::{Status, Verdict};
use leaver::report::{Check, Report, Times};
use leaver::run::{self, Intake, Subject};

static ESTATE: LazyLock<Estate> = LazyLock::new(|| Estate::load("contoso").unwrap());
static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

fn serve(faults: Faults) -> Server {
    Server::start(ESTATE.clone(), faults).unwrap()
}

fn env() -> Env {
    let now = ESTATE.now();
    let variables = [("LEAVER_AZURE_TOKEN", TOKEN), ("LEAVER_FINGERPRINT_KEY", "demodemodemodemodemodemodemodemo")];
    Env {
        now,
        clock: Arc::new(move || now),
        seed: 7,
        variables: Arc::new(variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into()),
        console: Console::new(std::io::sink(), std::io::sink()),
    }
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let tiny = Duration::from_millis(1);
    Config {
        entra: Entra { tenant: Some(ESTATE.tenant().to_owned()), gateway_apps: ESTATE.gateway_apps().to_vec() },
        azure_devops: AzureDevOps { organizations: server.estate().azure_devops().to_vec() },
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
        retry: Retry { attempts: 4, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

async fn collect(server: &Server, person: &str) -> Evidence {
    let person = ESTATE.person(person).unwrap().to_owned();
    let subject = Subject { person, last_day: Some(ESTATE.last_day()), ..Subject::default() };
    run::collect(&config(server), &subject, &Intake::default(), &env()).await.unwrap()
}

fn judge(evidence: &Evidence) -> Report {
    let judgements = check::judge(evidence, &CHECKS, Limits::default()).unwrap();
    let times = Times { started_at: ESTATE.now(), finished_at: ESTATE.now() };
    Report::new(evidence, &judgements, &CHECKS.sha256(), times).unwrap()
}

async fn audit(server: &Server, person: &str) -> Report {
    judge(&collect(server, person).await)
}

/// The checks of Azure DevOps.
fn own(report: &Report) -> impl Iterator<Item = &Check> {
    report.checks().filter(|check| check.id.split('/').next_back().is_some_and(|name| name.starts_with("devops-")))
}

/// Check and subject of everything that failed.
fn failed(report: &Report) -> BTreeSet<(String, String)> {
    let of = |check: &Check| {
        let fails = check.findings.iter().filter(|finding| finding.status == Status::Fail);
        fails.map(|finding| (check.id.clone(), finding.subject.raw().to_owned())).collect::<Vec<_>>()
    };
    own(report).flat_map(of).collect()
}

const WEB: &str = "7a000000-0000-4000-8000-000000000001";
const OPS: &str = "7a000000-0000-4000-8000-000000000002";

/// What the estate holds of the leaver; everything else in it is somebody else's, ended, or switched off.
fn planted() -> BTreeSet<(String, String)> {
    let project = |project: &str, rest: &str| format!("devops:contoso/{project}/{rest}");
    let organization = |rest: &str| format!("devops:contoso/{rest}");
    [
        ("account/devops-entitled", organization("user/aad.alice")),
        ("account/devops-group-member", organization("group/vssgp.contrib/member/aad.alice")),
        ("account/devops-group-member", organization("group/vssgp.ra/member/aad.alice")),
        ("account/devops-group-member", organization("group/vssgp.valid/member/aad.alice")),
        (
            "account/devops-permission-held",
            organization(&format!(
                "permission/49b48001-ca20-4adc-8111-5b60c903a50c/endpoints/{WEB}/7f000000-0000-4000-8000-000000000002/aad.alice"
            )),
        ),
        ("account/devops-approver", project(OPS, "release/21/32")),
        ("2-federation/devops-connection-of-leaver", project(WEB, "service-connection/7f000000-0000-4000-8000-000000000002")),
        ("3-tokens/devops-token-of-leaver", organization("pat/7c000000-0000-4000-8000-000000000001")),
        ("3-tokens/devops-token-of-leaver", organization("ssh-key/7c000000-0000-4000-8000-000000000004")),
        ("3-tokens/devops-secret-set-by-leaver", project(WEB, "variable-group/1/NPM_TOKEN")),
        ("3-tokens/devops-secret-not-rotated", project(OPS, "variable-group/4/OLD")),
        ("3-tokens/devops-literal-token-of-leaver", project(WEB, "variable-group/1/GH_PAT")),
        ("3-tokens/devops-literal-token-of-leaver", project(WEB, "variable-group/2/SIGN_IN")),
        ("3-tokens/devops-agent-token-of-leaver", organization("pool/7/agent/2/SIGN_IN")),
        ("3-tokens/devops-agent-registered-by-leaver", organization("pool/7/agent/2")),
        ("3-tokens/devops-agent-takes-jobs-of-leaver", organization("pool/7/agent/2")),
        ("3-tokens/devops-schedule-runs-as-leaver", project(WEB, "build/11")),
        ("3-tokens/devops-secure-file-of-leaver", project(OPS, "secure-file/7f000000-0000-4000-8000-000000000011")),
    ]
    .map(|(check, subject)| (check.to_owned(), subject))
    .into()
}

#[tokio::test]
async fn the_leaver_has_exactly_what_is_planted_and_nothing_is_written() {
    let server = serve(Faults::none());
    let report = audit(&server, "alice").await;
    assert_eq!(failed(&report), planted());
    let alice = format!("entra:user/{}", ESTATE.person("alice").unwrap());
    let whose = own(&report).flat_map(|check| &check.findings).filter(|finding| finding.status == Status::Fail);
    assert!(whose.into_iter().all(|finding| finding.person.as_deref() == Some(alice.as_str())));
    assert_eq!((server.writes(), server.unknown()), (vec![], vec![]));
}

#[tokio::test]
async fn everything_is_read_but_for_what_agents_do_not_upload() {
    let report = audit(&serve(Faults::none()), "alice").await;
    let gaps = report.coverage.iter().filter(|part| part.dataset.starts_with("devops_"));
    let gaps: BTreeSet<(&str, &str)> =
        gaps.filter(|part| part.gap.is_some()).map(|part| (part.dataset.as_str(), part.scope.raw())).collect();
    let blind = ["devops:contoso/pool/7/agent/1", "devops:contoso/pool/7/agent/2"];
    assert_eq!(gaps, blind.map(|agent| ("devops_agent_literal", agent)).into());
    let hidden = report.coverage.iter().filter_map(|part| part.gap.as_ref()?.detail.as_ref());
    assert!(hidden.into_iter().any(|detail| detail.raw().contains("1,024") && detail.raw().contains("AZDO_PAT")));
}

#[tokio::test]
async fn somebody_without_an_account_has_nothing_there() {
    let report = audit(&serve(Faults::none()), "frank").await;
    // What nobody in particular is behind is shown whoever is audited.
    let of_somebody = own(&report).flat_map(|check| &check.findings).filter(|finding| finding.person.is_some());
    assert_eq!(of_somebody.filter(|finding| finding.status == Status::Fail).count(), 0);
    let accounts = own(&report).filter(|check| check.id.starts_with("account/"));
    assert!(accounts.into_iter().all(|check| check.verdict == Verdict::Pass));
}

#[tokio::test]
async fn without_an_organisation_its_checks_do_not_apply_unless_something_points_to_one() {
    let mut estate = ESTATE.clone();
    let trusts = estate.rows_mut("graph/federatedIdentityCredentials");
    trusts.retain(|row| row["name"] != "devops");
    let server = Server::start(estate, Faults::none()).unwrap();
    let nobody = async |server: &Server| {
        let mut config = config(server);
        config.azure_devops.organizations.clear();
        let person = ESTATE.person("alice").unwrap().to_owned();
        let subject = Subject { person, last_day: Some(ESTATE.last_day()), ..Subject::default() };
        judge(&run::collect(&config, &subject, &Intake::default(), &env()).await.unwrap())
    };
    let report = nobody(&server).await;
    assert!(own(&report).count() > 15 && own(&report).all(|check| check.verdict == Verdict::NotApplicable));
    let asked = server.requests().into_iter().filter(|request| request.path.starts_with("/devops")).count();
    assert_eq!(asked, 0);
    let report = nobody(&serve(Faults::none())).await;
    let tokens = own(&report).find(|check| check.id == "3-tokens/devops-token-of-leaver").unwrap();
    assert_eq!(tokens.verdict, Verdict::Unknown);
}
