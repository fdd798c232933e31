//! The posture of synthetic fences: a good one, the sample configuration as it was published, and one with a hole in every item;
//! what each list that cannot be read leaves open; that looking changes nothing and calls no server.

mod faults;
mod fences;
mod probe;
mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use leaver::api::Retry;
use leaver::check::{self, Checks, Limits};
use leaver::config::{Config, Endpoint, Endpoints, Entra, GitHub, Logs, Posture};
use leaver::demo::{Estate, Faults, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::model::{Status, Verdict};
use leaver::report::{Report, Times};
use leaver::run::{self, Intake, posture::Request};
use serde_json::json;

static CHECKS: LazyLock<Checks> = LazyLock::new(|| Checks::load(&[]).unwrap());

const SUBNET: &str = "/subscriptions/16000000-0000-4000-8000-000000000001/resourceGroups/rg-mcp/providers/Microsoft.Network/virtualNetworks/vnet-mcp/subnets/snet-mcp";

/// The estate with that fence. Of the gateway's scopes, the one for secrets is a role that only applications can have.
fn estate(fence: &str) -> Estate {
    let mut estate = Estate::load("northwind").unwrap().fenced(fence).unwrap();
    for row in estate.rows_mut("graph/applications") {
        if row["displayName"] == "mcp-gateway" {
            let scope = |value: &str| json!({ "id": format!("16000000-0000-4000-8000-00000000{:04}", value.len()), "value": value, "type": "Admin", "isEnabled": true });
            row["api"]["oauth2PermissionScopes"] =
                json!([scope("mcp.tools.read"), scope("mcp.tools.write"), scope("mcp.tools.admin")]);
            row["appRoles"] = json!([{ "id": "16000000-0000-4000-8000-000000009999", "value": "mcp.tools.secrets", "isEnabled": true, "allowedMemberTypes": ["Application"] }]);
        }
    }
    estate
}

fn config(server: &Server) -> Config {
    let endpoint = |service: &str| Some(Endpoint::try_from(format!("{}/{service}", server.base_url())).unwrap());
    let (estate, tiny) = (server.estate(), Duration::from_millis(1));
    Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        logs: Logs { workspaces: estate.workspaces(), timezone: Some(estate.timezone().clone()), ..Logs::default() },
        posture: Posture { subnets: vec![SUBNET.to_owned()], ..Posture::default() },
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

async fn looked_at(estate: Estate, faults: Faults) -> Report {
    let server = Server::start(estate, faults).unwrap();
    let now = server.estate().now();
    let evidence =
        run::posture::collect(&config(&server), &Request::default(), &Intake::default(), &env(server.estate()))
            .await
            .unwrap();
    assert_eq!((server.unknown(), server.writes()), (vec![], vec![]));
    let judgements = check::judge(&evidence, &CHECKS, Limits::default()).unwrap();
    Report::new(&evidence, &judgements, &CHECKS.sha256(), Times { started_at: now, finished_at: now }).unwrap()
}

fn items(report: &Report) -> BTreeMap<&str, Verdict> {
    report.checklist.iter().map(|item| (item.item.as_str(), item.verdict)).collect()
}

/// `check: reason` of everything that failed.
fn failed(report: &Report) -> BTreeSet<String> {
    let all = report.checks().flat_map(|check| check.findings.iter().map(move |finding| (check, finding)));
    all.filter(|(_, finding)| finding.status == Status::Fail)
        .map(|(check, finding)| format!("{}: {}", check.id, finding.reason.raw()))
        .collect()
}
