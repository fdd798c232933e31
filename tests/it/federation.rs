//! Step 2 from end to end against the synthetic organisation: everything planted is found, nothing innocent is, and
//! what could not be read is never clean.

mod faults;

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leaver::check::{self, Checks, Judgement, Limits};
use leaver::config::{Azure, Config, Endpoint, Endpoints, Entra, GitHub};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::evidence::Evidence;
use leaver::model::{Status, Verdict};
use leaver::run::{self, Subject};
use serde_json::json;

const STEP: &str = "2-federation/";

/// The key of fingerprints, the same as in the demo.
const FINGERPRINTS: &str = "demodemodemodemodemodemodemodemo";

/// Which check finds what is planted.
const CHECKS: &[(&str, &str)] = &[
    ("trust in the leaver's own account", "leaver-account-trusted"),
    ("flexible trust that the leaver's repositories satisfy", "flexible-trust-within-reach"),
    ("flexible trust that anybody satisfies", "flexible-trust-within-reach"),
    ("login that can be taken over", "login-can-be-taken-over"),
    ("branch of the leaver", "leaver-named"),
    ("actor of the leaver", "leaver-named"),
    ("environment of the leaver", "leaver-named"),
    ("trust in a whole organisation", "unscoped-trust"),
    ("trust in any pull request", "unscoped-trust"),
    ("trust in a foreign organisation", "owner-outside-organizations"),
    ("federated credential added by the leaver", "credential-added-by-leaver"),
    ("Azure role held", "azure-role-held"),
    ("Azure role held through a group", "azure-role-held"),
    ("Azure role within reach", "role-within-reach"),
    ("Azure role granted by the leaver", "azure-role-granted-by-leaver"),
    ("Azure role left behind", "azure-role-orphaned"),
    ("Azure role that can be switched on", "azure-role-eligible"),
    ("trust in an account that does not exist", "github-owner-gone"),
    ("identity tokens without their repository", "github-template-without-repository"),
];

/// One audit of somebody in an organisation with these faults.
struct Audit {
    server: Server,
    evidence: Evidence,
    judgements: Vec<Judgement>,
}

impl Audit {
    async fn of(faults: Faults) -> Audit {
        Audit::with(estate(), faults, "alice", &[]).await
    }

    async fn with(estate: Estate, faults: Faults, who: &str, subscriptions: &[&str]) -> Audit {
        Audit::signed_in(estate, faults, who, subscriptions, TOKEN).await
    }

    /// As somebody whose token says who it is, and who is seen to be a reader of both subscriptions.
    async fn as_reader(faults: Faults) -> Audit {
        let mut estate = estate();
        let erin = estate.person("erin").unwrap().to_owned();
        for (number, subscription) in
            ["6a000000-0000-4000-8000-000000000001", "6a000000-0000-4000-8000-000000000002"].iter().enumerate()
        {
            let name = format!("6f000000-0000-4000-8000-0000000000a{number}");
            let scope = format!("/subscriptions/{subscription}");
            let kind = "Microsoft.Authorization/roleAssignments";
            estate.rows_mut("arm/roleAssignments").push(json!({
                "id": format!("{scope}/providers/{kind}/{name}"), "name": name, "type": kind,
                "properties": { "principalId": erin, "principalType": "User", "scope": scope, "createdBy": erin, "createdOn": "2024-01-01T00:00:00Z",
                    "roleDefinitionId": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7") },
            }));
        }
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "tid": estate.tenant(), "oid": erin, "exp": 4_102_444_800_i64 });
        let token = [part(json!({ "alg": "none" })), part(claims), "x".to_owned()].join(".");
        Audit::signed_in(estate, faults, "alice", &[], &token).await
    }

    async fn signed_in(estate: Estate, faults: Faults, who: &str, subscriptions: &[&str], token: &str) -> Audit {
        let server = Server::start(estate, faults).unwrap();
        server.accept(token);
        let now = server.estate().now();
        let env = Env {
            now,
            clock: Arc::new(move || now),
            seed: 1,
            variables: Arc::new(
                [("LEAVER_AZURE_TOKEN", token), ("GH_TOKEN", TOKEN), ("LEAVER_FINGERPRINT_KEY", FINGERPRINTS)]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
            ),
            console: Console::new(std::io::sink(), std::io::sink()),
        };
        let subject = Subject {
            person: server.estate().person(who).unwrap().to_owned(),
            github: Some(if who == "alice" { "alice-dev" } else { "nobody-else" }.to_owned()),
            last_day: Some(server.estate().last_day()),
            ..Subject::default()
        };
        let evidence =
            run::collect(&config(&server, subscriptions), &subject, &run::Intake::default(), &env).await.unwrap();
        let judgements = check::judge(&evidence, &Checks::load(&[]).unwrap(), Limits::default()).unwrap();
        Audit { server, evidence, judgements }
    }

    fn judgement(&self, check: &str) -> &Judgement {
        let id = format!("{STEP}{check}");
        self.judgements.iter().find(|judgement| judgement.check.id == id).unwrap()
    }

    fn verdict(&self, check: &str) -> Verdict {
        self.judgement(check).verdict
    }

    fn subjects(&self, check: &str, status: Status) -> BTreeSet<String> {
        let findings = self.judgement(check).findings.iter().filter(|finding| finding.status == status);
        findings.map(|finding| finding.subject.raw().to_owned()).collect()
    }

    /// What the gaps of a table say, whoever reads it.
    fn gaps(&self, table: &str) -> Vec<String> {
        let coverage = self.evidence.coverage().unwrap();
        let gaps = coverage.iter().filter(|row| row.dataset == table).filter_map(|row| row.gap.as_ref());
        gaps.map(|gap| format!("{} {}", gap.kind, gap.detail.as_ref().map_or("", |detail| detail.raw()))).collect()
    }

    fn asked(&self, part: &str) -> usize {
        self.server.requests().iter().filter(|request| request.path.contains(part)).count()
    }
}

fn estate() -> Estate {
    Estate::load("contoso").unwrap()
}

fn config(server: &Server, subscriptions: &[&str]) -> Config {
    let endpoint = |service: &str| Endpoint::try_from(format!("{}/{service}", server.base_url())).ok();
    let estate = server.estate();
    Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        azure: Azure { subscriptions: subscriptions.iter().map(ToString::to_string).collect() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            github: endpoint("github"),
            ..Endpoints::default()
        },
        ..Config::default()
    }
}

fn planted(estate: &Estate, check: &str, person: &str) -> BTreeSet<String> {
    let id = format!("entra:user/{}", estate.person(person).unwrap());
    let of_check = |idea: &str| CHECKS.iter().any(|(known, by)| *known == idea && *by == check);
    let planted = estate.planted().iter().filter(|planted| planted.person == id && of_check(&planted.idea));
    planted.map(|planted| planted.subject.clone()).collect()
}

#[tokio::test]
async fn everything_planted_is_found_and_nothing_innocent() {
    let audit = Audit::of(Faults::none()).await;
    let estate = audit.server.estate();
    for (_, check) in CHECKS {
        let found = audit.subjects(check, Status::Fail);
        let planted = planted(estate, check, "alice");
        assert!(planted.is_subset(&found), "{check}: {:?} not found", planted.difference(&found));
        assert_eq!(audit.subjects(check, Status::Unknown), BTreeSet::new(), "{check}");
    }
    let step = audit.judgements.iter().filter(|judgement| judgement.check.id.starts_with(STEP));
    let found: Vec<&str> =
        step.flat_map(|judgement| &judgement.findings).map(|finding| finding.subject.raw()).collect();
    let all: BTreeSet<&str> = estate.planted().iter().map(|planted| planted.subject.as_str()).collect();
    for subject in found {
        assert!(all.contains(subject), "{subject} is not planted");
        assert!(!estate.innocent().iter().any(|id| subject.ends_with(id.as_str())), "{subject} is innocent");
    }
    assert_eq!((audit.server.unknown(), audit.server.writes()), (vec![], vec![]));
    for table in ["federated_credential", "managed_identity", "role_assignment", "configured_organization"] {
        assert_eq!(audit.gaps(table), Vec::<String>::new(), "{table}");
    }
}

#[tokio::test]
async fn a_finding_says_what_the_identity_can_do_and_who_could_satisfy_it() {
    let audit = Audit::of(Faults::none()).await;
    let of = |check: &str, end: &str| {
        let findings = &audit.judgement(check).findings;
        findings.iter().find(|finding| finding.subject.raw().ends_with(end)).unwrap().clone()
    };
    let own = of("leaver-account-trusted", "/federated/alice-deploy");
    assert!(own.facts["can"].raw().contains("Owner on /subscriptions/"), "{:?}", own.facts);
    assert_eq!(own.severity.to_string(), "critical");
    let near = of("leaver-account-trusted", "5a000000-0000-4000-8000-000000000002");
    assert!(near.reason.raw().contains("in another case") && near.severity.to_string() == "high");
    let open = of("flexible-trust-within-reach", "/federated/any-contoso");
    assert_eq!((open.person.as_deref(), open.facts["satisfied_by"].raw()), (None, "anybody"));
    assert!(open.facts["token_subject"].raw().starts_with("repo:contoso"));
    let none = of("unscoped-trust", "5a000000-0000-4000-8000-000000000009");
    assert_eq!(none.facts["can"].raw(), "no Azure role assignment was seen");
}

#[tokio::test]
async fn a_deleted_person_leaves_roles_behind() {
    let audit = Audit::with(estate(), Faults::none(), "carol", &[]).await;
    let found = audit.subjects("azure-role-orphaned", Status::Fail);
    assert_eq!(found, planted(audit.server.estate(), "azure-role-orphaned", "carol"));
    assert_eq!(audit.subjects("azure-role-held", Status::Fail), BTreeSet::new());
    assert_eq!(audit.subjects("leaver-account-trusted", Status::Fail), BTreeSet::new());
}

#[tokio::test]
async fn pages_change_nothing() {
    let whole = Audit::as_reader(Faults::none()).await;
    let paged = Audit::as_reader(Faults::none().page_size("", 1)).await;
    for (_, check) in CHECKS {
        assert_eq!(paged.judgement(check).findings, whole.judgement(check).findings, "{check}");
    }
    assert!(paged.asked("ResourceGraph") > whole.asked("ResourceGraph"));
    assert_eq!(whole.asked("/beta/applications"), 1);
}

#[tokio::test]
async fn every_leaver_is_judged_from_one_reading_and_the_order_of_answers_changes_nothing() {
    let slow = Faults::none().slow("uami-build-agents", std::time::Duration::from_millis(60));
    let (first, second) = (Audit::of(slow).await, Audit::of(Faults::none()).await);
    let rows = |audit: &Audit| {
        let file = rusqlite::Connection::open(audit.evidence.path()).unwrap();
        let mut query = file.prepare("SELECT id FROM federated_credential ORDER BY rowid").unwrap();
        query.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap).collect::<Vec<_>>()
    };
    assert_eq!(rows(&first), rows(&second));
    assert!(rows(&first).len() > 15);
}
