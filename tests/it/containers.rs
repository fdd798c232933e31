//! Container groups, container apps and container jobs: which tokens in their definitions are found, and what every way of
//! not reading them leaves open.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use leaver::api::Retry;
use leaver::check::{self, Checks, Judgement, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub};
use leaver::demo::{Estate, Faults, RetryAfter, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::evidence::Evidence;
use leaver::model::{Status, Verdict};
use leaver::run::{self, Subject};
use leaver::token::checksum::crc_base62;
use rusqlite::Connection;
use serde_json::{Value, json};

static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

const OF_LEAVER: &str = "of-leaver";
const OF_OUTSIDER: &str = "of-outsider";
const OF_UNKNOWN: &str = "of-unknown-owner";
const ALL: [&str; 3] = [OF_LEAVER, OF_OUTSIDER, OF_UNKNOWN];

const FIRST: &str = "6a000000-0000-4000-8000-000000000001";
const APP: &str = "/subscriptions/6a000000-0000-4000-8000-000000000001/resourcegroups/rg-build/providers/microsoft.app/containerapps/ca-mcp-filesystem";
const JOB: &str = "/subscriptions/6a000000-0000-4000-8000-000000000001/resourcegroups/rg-build/providers/microsoft.app/jobs/caj-github-runner";
const GROUP: &str = "/subscriptions/6a000000-0000-4000-8000-000000000002/resourcegroups/rg-dev/providers/microsoft.containerinstance/containergroups/ci-report-export";

/// The lists, and the action that each takes.
const LISTS: [(&str, &str); 3] = [
    ("/Microsoft.ContainerInstance/containerGroups?", "Microsoft.ContainerInstance/containerGroups/read"),
    ("/Microsoft.App/containerApps?", "Microsoft.App/containerApps/read"),
    ("/Microsoft.App/jobs?", "Microsoft.App/jobs/read"),
];
const REVISIONS: (&str, &str) = ("/revisions?", "Microsoft.App/containerApps/revisions/read");

struct Audit {
    server: Server,
    evidence: Evidence,
    judgements: Vec<Judgement>,
}

impl Audit {
    async fn of(estate: Estate, faults: Faults) -> Audit {
        Audit::keyed(estate, faults, Some("demodemodemodemodemodemodemodemo")).await
    }

    async fn keyed(estate: Estate, faults: Faults, key: Option<&str>) -> Audit {
        let server = Server::start(estate, faults).unwrap();
        let now = server.estate().now();
        let key = key.map(|key| ("LEAVER_FINGERPRINT_KEY".to_owned(), key.to_owned()));
        let env = Env {
            now,
            clock: Arc::new(move || now),
            seed: 1,
            variables: Arc::new(key.into_iter().chain([("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned())]).collect()),
            console: Console::new(std::io::sink(), std::io::sink()),
        };
        let subject = Subject {
            person: server.estate().person("alice").unwrap().to_owned(),
            github: Some("alice-dev".to_owned()),
            last_day: Some(server.estate().last_day()),
            ..Subject::default()
        };
        let evidence = run::collect(&config(&server), &subject, &run::Intake::default(), &env).await.unwrap();
        let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
        Audit { server, evidence, judgements }
    }

    fn judgement(&self, check: &str) -> &Judgement {
        let id = format!("3-tokens/azure-container-token-{check}");
        self.judgements.iter().find(|judgement| judgement.check.id == id).unwrap()
    }

    fn verdict(&self, check: &str) -> Verdict {
        self.judgement(check).verdict
    }

    fn subjects(&self, check: &str, status: Status) -> BTreeSet<String> {
        let findings = self.judgement(check).findings.iter().filter(|finding| finding.status == status);
        findings.map(|finding| finding.subject.raw().to_owned()).collect()
    }

    /// `kind needs: detail` of every gap in the credentials of containers.
    fn gaps(&self) -> Vec<String> {
        let coverage = self.evidence.coverage().unwrap();
        let gaps = coverage.iter().filter(|row| row.dataset == "azure_literal").filter_map(|row| row.gap.as_ref());
        let text = |gap: &leaver::model::Gap| {
            let detail = gap.detail.as_ref().map_or("", |detail| detail.raw());
            format!("{} {}: {detail}", gap.kind, gap.needs.as_deref().unwrap_or_default())
        };
        gaps.map(text).collect()
    }

    fn asked(&self, part: &str) -> usize {
        self.server.requests().iter().filter(|request| request.path.contains(part)).count()
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let connection = Connection::open(self.evidence.path()).unwrap();
        let mut query = connection.prepare(sql).unwrap();
        let found = query.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
        found.map(|text| text.unwrap().unwrap_or_else(|| "NULL".to_owned())).collect()
    }
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Endpoint::try_from(format!("{}/{service}", server.base_url())).ok();
    let tiny = Duration::from_millis(1);
    Config {
        entra: Entra { tenant: Some(server.estate().tenant().to_owned()), ..Entra::default() },
        github: GitHub { organizations: server.estate().organizations().to_vec(), ..GitHub::default() },
        endpoints: Endpoints {
            login: endpoint("login"),
            graph: endpoint("graph"),
            arm: endpoint("arm"),
            ..Endpoints::default()
        },
        retry: Retry { attempts: 3, base: tiny, longest: tiny, unnamed: tiny, ..Retry::default() },
        ..Config::default()
    }
}

fn estate() -> Estate {
    Estate::load("contoso").unwrap()
}

/// The same without the leaver's token.
fn innocent() -> Estate {
    let mut estate = estate();
    estate.rows_mut("arm/jobs").retain(|row| row["name"] == "caj-cleanup");
    estate
}

/// The first object of a collection, to change it.
fn first<'a>(estate: &'a mut Estate, collection: &str) -> &'a mut Value {
    &mut estate.rows_mut(collection)[0]
}

fn pat(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let body: String = (0..30).map(|_| random.alphanumeric()).collect();
    format!("ghp_{body}{}", String::from_utf8_lossy(&crc_base62(body.as_bytes())))
}

fn jwt(name: &str) -> String {
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "upn": name, "exp": 1_893_456_000 });
    format!("{}.{}.{}", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims), "c2lnbmF0dXJl".repeat(6))
}

fn set<const N: usize>(texts: [String; N]) -> BTreeSet<String> {
    texts.into()
}

#[tokio::test]
async fn the_token_of_the_leaver_is_found_and_nothing_else() {
    let audit = Audit::of(estate(), Faults::none()).await;
    let at = format!("azure:{JOB}/template/containers/runner/env/GITHUB_PAT");
    assert_eq!(audit.subjects(OF_LEAVER, Status::Fail), set([at]));
    let finding = &audit.judgement(OF_LEAVER).findings[0];
    assert_eq!(finding.person.as_deref(), Some("entra:user/0a000000-0000-4000-8000-000000000001"));
    assert_eq!(finding.grade.map(|grade| grade.to_string()).as_deref(), Some("D"));
    assert_eq!(finding.facts["runs_as"].raw(), "uami-build-agents (0e000000-0000-4000-8000-000000000010)");
    assert!(finding.reason.raw().ends_with("of the container job caj-github-runner") && finding.complete);
    assert_eq!((audit.verdict(OF_OUTSIDER), audit.verdict(OF_UNKNOWN)), (Verdict::Pass, Verdict::Pass));
    assert_eq!(audit.gaps(), Vec::<String>::new());
    assert_eq!((audit.server.unknown(), audit.server.writes()), (vec![], vec![]));
    assert_eq!(audit.asked("Microsoft.App/jobs"), 2);
    assert_eq!(audit.asked("/revisions"), 1, "only an app that may run several revisions is asked for them");
    let containers =
        audit.texts("SELECT kind || ' ' || containers || ' ' || ifnull(runs_as, '-') FROM azure_container ORDER BY id");
    assert_eq!(
        containers,
        [
            "container-app 1 its own (6b000000-0000-4000-8000-000000000031)",
            "container-job 2 -",
            "container-job 1 uami-build-agents (0e000000-0000-4000-8000-000000000010)",
            "container-group 1 its own (6b000000-0000-4000-8000-000000000032)",
        ]
    );
}

#[tokio::test]
async fn a_token_is_found_wherever_it_stands_in_a_definition_and_its_value_goes_nowhere() {
    let mut estate = innocent();
    let leaver = |seed: u64| format!("https://alice-dev:{}@github.com/contoso/x", pat(seed));
    let group = first(&mut estate, "arm/containerGroups");
    group["tags"] = json!({ "origin": leaver(1) });
    group["properties"]["volumes"] = json!([{ "name": "code", "gitRepo": { "repository": leaver(2) } }]);
    let container = &mut group["properties"]["containers"][0]["properties"];
    container["command"] = json!(["git", "clone", leaver(3)]);
    container["environmentVariables"] =
        json!([{ "name": "A", "value": "one\ntwo" }, { "name": "ORIGIN", "value": leaver(4) }]);
    container["livenessProbe"] = json!({ "httpGet": { "port": 80, "httpHeaders": [{ "name": "Authorization", "value": format!("Bearer {}", jwt("alice@contoso.example")) }] } });
    let job = first(&mut estate, "arm/jobs");
    job["properties"]["template"]["initContainers"][0]["args"] =
        json!(["-c", format!("X=1 run --token {}", jwt("alice@contoso.example"))]);
    job["properties"]["configuration"]["eventTriggerConfig"] =
        json!({ "scale": { "rules": [{ "name": "r", "metadata": { "url": leaver(5) } }] } });
    let audit = Audit::of(estate, Faults::none()).await;
    let cleanup = JOB.replace("caj-github-runner", "caj-cleanup");
    assert_eq!(
        audit.subjects(OF_LEAVER, Status::Fail),
        set([
            format!("azure:{GROUP}/tags/origin"),
            format!("azure:{GROUP}/volumes/code/gitRepo/repository"),
            format!("azure:{GROUP}/containers/export/command"),
            format!("azure:{GROUP}/containers/export/environmentVariables/ORIGIN"),
            format!("azure:{GROUP}/containers/export/livenessProbe/httpGet/httpHeaders/Authorization"),
            format!("azure:{cleanup}/template/initContainers/wait/args"),
            format!("azure:{cleanup}/configuration/eventTriggerConfig/scale/rules/r/metadata/url"),
        ])
    );
    let bytes = std::fs::read(audit.evidence.path()).unwrap();
    for value in (1..6).map(pat).chain([jwt("alice@contoso.example")]) {
        assert!(!bytes.windows(20).any(|window| window == &value.as_bytes()[8..28]), "a value is in the evidence");
    }
}

#[tokio::test]
async fn a_personal_token_is_judged_by_whose_it_is() {
    let mut estate = innocent();
    let env = &mut first(&mut estate, "arm/jobs")["properties"]["template"]["containers"][0]["env"];
    *env = json!([
        { "name": "UNKNOWN", "value": pat(1) },
        { "name": "DISABLED", "value": jwt("bob@contoso.example") },
        { "name": "ABSENT", "value": jwt("nobody@contoso.example") },
        { "name": "MEMBER", "value": jwt("frank@contoso.example") },
        { "name": "ELSEWHERE", "value": format!("https://bob-dev:{}@github.com/x", pat(2)) },
        { "name": "REFERENCE", "value": "$(GITHUB_PAT)" },
        { "name": "SECRET", "secretRef": "github-pat" },
    ]);
    let audit = Audit::of(estate, Faults::none()).await;
    let at = |name: &str| {
        format!("azure:{}/template/containers/cleanup/env/{name}", JOB.replace("caj-github-runner", "caj-cleanup"))
    };
    assert_eq!(audit.subjects(OF_LEAVER, Status::Fail), BTreeSet::new());
    assert_eq!(audit.subjects(OF_UNKNOWN, Status::Fail), set([at("UNKNOWN")]));
    assert_eq!(audit.subjects(OF_OUTSIDER, Status::Fail), set([at("DISABLED"), at("ABSENT")]));
    // Nobody is signed in to GitHub, so nobody can say who that is.
    assert_eq!(audit.subjects(OF_OUTSIDER, Status::Unknown), set([at("ELSEWHERE")]));
}

#[tokio::test]
async fn an_older_revision_that_still_runs_counts_and_one_that_does_not_run_is_left_alone() {
    let with = |active: Value, mode: &str| {
        let mut estate = innocent();
        first(&mut estate, "arm/containerApps")["properties"]["configuration"]["activeRevisionsMode"] = json!(mode);
        let old =
            estate.rows_mut("arm/revisions").iter_mut().find(|row| row["name"] == "ca-mcp-filesystem--v1").unwrap();
        old["properties"]["active"] = active;
        old["properties"]["template"]["containers"][0]["env"] =
            json!([{ "name": "T", "value": jwt("alice@contoso.example") }]);
        estate
    };
    let at = format!("azure:{APP}/revisions/ca-mcp-filesystem--v1/template/containers/server/env/T");
    for (active, mode, found) in [
        (json!(true), "Multiple", true),
        (json!(null), "Labels", true),
        (json!(false), "Multiple", false),
        (json!(true), "Single", false),
    ] {
        let audit = Audit::of(with(active, mode), Faults::none()).await;
        assert_eq!(audit.subjects(OF_LEAVER, Status::Fail).contains(&at), found, "{mode}");
        assert_eq!(audit.asked("/revisions"), usize::from(mode != "Single"), "{mode}");
    }
}

#[tokio::test]
async fn without_faults_an_innocent_organisation_passes_and_pages_change_nothing() {
    for faults in [
        Faults::none(),
        Faults::none().page_size("/arm/", 1),
        Faults::none().throttle("/arm/", 3, RetryAfter::Seconds(0)),
    ] {
        let audit = Audit::of(innocent(), faults).await;
        assert_eq!(audit.gaps(), Vec::<String>::new());
        ALL.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Pass, "{check}"));
    }
}

#[tokio::test]
async fn a_list_that_is_denied_is_unknown_and_names_the_action() {
    for (on, action) in LISTS.into_iter().chain([REVISIONS]) {
        let audit = Audit::of(innocent(), Faults::none().forbid(on)).await;
        let named = format!("denied {action} (part of Reader on the subscription): ");
        assert!(audit.gaps().iter().all(|gap| gap.starts_with(&named)), "{on}: {:?}", audit.gaps());
        assert!(!audit.gaps().is_empty(), "{on}");
        for check in ALL {
            assert_eq!(audit.verdict(check), Verdict::Unknown, "{check} without {on}");
        }
        // What was read elsewhere is still found.
        let audit = Audit::of(estate(), Faults::none().forbid(on)).await;
        assert_eq!(audit.subjects(OF_LEAVER, Status::Fail).len(), usize::from(!on.contains("jobs")), "{on}");
    }
}

#[tokio::test]
async fn whatever_is_no_whole_list_is_no_empty_list() {
    for on in LISTS.map(|(on, _)| on).into_iter().chain([REVISIONS.0]) {
        let malformed = || Faults::none().answer(on, json!({ "value": [{ "name": "without an id" }] }));
        let faults = [
            ("401", Faults::none().status(on, 401, "InvalidAuthenticationToken")),
            ("404", Faults::none().missing(on)),
            ("no such kind", Faults::none().status(on, 404, "InvalidResourceType")),
            ("no such version", Faults::none().status(on, 400, "NoRegisteredProviderFound")),
            ("429", Faults::none().throttle(on, 1, RetryAfter::Seconds(0))),
            ("500", Faults::none().status(on, 500, "InternalServerError")),
            ("cut", Faults::none().cut(on)),
            ("sign-in page", Faults::none().html(on)),
            ("empty 200", Faults::none().empty(on)),
            ("204", Faults::none().no_content(on)),
            ("no list", Faults::none().answer(on, json!({}))),
            ("malformed", malformed()),
            ("repeated", Faults::none().repeating_next_link(on)),
            ("leads away", Faults::none().foreign_next_link(on, "http://127.0.0.2:9/x")),
        ];
        for (name, faults) in faults {
            let audit = Audit::of(innocent(), faults).await;
            assert!(!audit.gaps().is_empty(), "{name} of {on}");
            ALL.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}: {name} of {on}"));
        }
    }
}

#[tokio::test]
async fn a_subscription_that_uses_nothing_of_the_provider_has_none_of_it() {
    for (on, _) in LISTS {
        let unused = Faults::none().status(on, 409, "MissingSubscriptionRegistration");
        let audit = Audit::of(innocent(), unused).await;
        assert_eq!(audit.gaps(), Vec::<String>::new(), "{on}");
        ALL.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Pass, "{check}: {on}"));
    }
    // The same answer to the second page of a list contradicts the first.
    let second = Faults::none().page_size("Microsoft.App/jobs?", 1).status(
        "$skiptoken=1",
        409,
        "MissingSubscriptionRegistration",
    );
    let audit = Audit::of(estate(), second).await;
    assert!(audit.gaps().iter().any(|gap| gap.contains(FIRST)), "{:?}", audit.gaps());
}

#[tokio::test]
async fn a_definition_without_its_containers_is_not_one_without_tokens() {
    for (collection, hide) in [
        ("arm/containerGroups", json!({ "properties": { "osType": "Linux" } })),
        ("arm/containerApps", json!({ "properties": { "template": null } })),
        ("arm/jobs", json!({ "properties": { "template": { "containers": null } } })),
        ("arm/jobs", json!({ "properties": null })),
        ("arm/revisions", json!({ "properties": { "active": true } })),
    ] {
        let mut estate = innocent();
        for row in estate.rows_mut(collection).iter_mut().filter(|row| row["name"] != "ca-mcp-filesystem--v2") {
            row["properties"] = hide["properties"].clone();
        }
        let audit = Audit::of(estate, Faults::none()).await;
        assert!(audit.gaps()[0].ends_with("came back without its containers"), "{collection}: {:?}", audit.gaps());
        ALL.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}: {collection}"));
    }
}

#[tokio::test]
async fn without_a_key_for_fingerprints_the_run_goes_on_and_says_so() {
    for key in [None, Some("short")] {
        let audit = Audit::keyed(estate(), Faults::none(), key).await;
        assert!(audit.gaps()[0].contains("set LEAVER_FINGERPRINT_KEY"), "{:?}", audit.gaps());
        ALL.iter().for_each(|check| assert_eq!(audit.verdict(check), Verdict::Unknown, "{check}"));
        assert_eq!(audit.asked("Microsoft.App"), 0);
    }
}
