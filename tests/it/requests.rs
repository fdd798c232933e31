//! The tables of requests: everything that an audit sends is in them, and `docs/requests.md` is written from them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use leaver::api::Retry;
use leaver::config::{AzureDevOps, Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use leaver::demo::{Estate, Faults, Outcome, Server, TOKEN};
use leaver::env::{Console, Env};
use leaver::run::{self, Intake, Subject};
use leaver::source::requests;
use leaver::source::requests::{Request, Table};

const SERVICES: [(&str, &str); 10] = [
    ("/graph", "Microsoft Graph"),
    ("/arm", "Azure Resource Manager"),
    ("/logs", "Azure Monitor Logs"),
    ("/github", "GitHub"),
    ("/login", "Sign-in"),
    ("/devops-graph", "Azure DevOps"),
    ("/devops-release", "Azure DevOps"),
    ("/devops-audit", "Azure DevOps"),
    ("/devops-entitlements", "Azure DevOps"),
    ("/devops", "Azure DevOps"),
];

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

/// What is wrong with one request against the tables.
fn unlisted(method: &str, path: &str, query: &str) -> Option<String> {
    let (service, rest) = SERVICES.iter().find_map(|(prefix, service)| Some((service, path.strip_prefix(prefix)?)))?;
    let table = requests::tables().iter().find(|table| table.service == *service)?;
    let same: Vec<&Request> =
        table.request.iter().filter(|request| request.method == method && request.is(rest)).collect();
    if same.is_empty() {
        return Some(format!("{service}: {method} {rest} ? {query}"));
    }
    let names = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split('=').next().unwrap_or(pair));
    let unknown: BTreeSet<&str> = names
        .filter(|name| !["$skiptoken", "api-version"].contains(name))
        .filter(|name| !same.iter().any(|request| request.query.iter().any(|known| known == name)))
        .collect();
    (!unknown.is_empty()).then(|| format!("{service}: {method} {rest}: {unknown:?}"))
}

#[tokio::test]
async fn everything_that_an_audit_sends_is_in_the_tables() {
    let estate = Estate::load("contoso").unwrap();
    let server = Server::start(estate.clone(), Faults::none()).unwrap();
    let person = estate.person("alice").unwrap().to_owned();
    let subject = Subject { person, last_day: Some(estate.last_day()), github: None, ..Subject::default() };
    run::collect(&config(&server), &subject, &Intake::default(), &env(&estate)).await.unwrap();
    let sent = server.requests();
    assert!(sent.len() > 200, "{}", sent.len());
    let read = sent.iter().filter(|request| request.outcome == Outcome::Read);
    let wrong: BTreeSet<String> =
        read.filter_map(|request| unlisted(&request.method, &request.path, &request.query)).collect();
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn each_request_is_told_once_and_whole() {
    let mut seen = BTreeSet::new();
    for (table, request) in
        requests::tables().iter().flat_map(|table| table.request.iter().map(move |one| (table, one)))
    {
        let key = (&table.service, &request.method, &request.path, &request.operation);
        assert!(seen.insert(key), "{key:?} twice");
        assert!(request.path.starts_with('/') && !request.empty.is_empty(), "{key:?}");
        assert!(["GET", "POST"].contains(&request.method.as_str()), "{key:?}");
    }
    assert!(seen.len() > 100, "{}", seen.len());
}

fn page() -> String {
    let mut text = "# Every request that an audit sends\n\n\
        Written by `cargo test --test it requests::write_page -- --ignored` from the tables beside the sources. Nothing here changes \
        anything. \"An empty answer proves\" says what the program concludes when a request succeeds and shows nothing; whatever \
        is refused, cut short, contradicts its own count or lacks what checks judge by is a gap, never an absence.\n"
        .to_owned();
    for table in requests::tables() {
        section(&mut text, table);
    }
    text
}

fn section(text: &mut String, table: &Table) {
    let version = table.version.as_ref().map_or_else(String::new, |version| format!(", version `{version}`"));
    write!(text, "\n## {}{version}\n\n", table.service).unwrap();
    if let Some(refusal) = &table.refusal {
        write!(text, "{refusal}\n\n").unwrap();
    }
    text.push_str("| request | parameters | needs | an empty answer proves |\n|---|---|---|---|\n");
    for request in &table.request {
        let code = |words: &[String]| words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" ");
        let name = request.operation.as_ref().map_or_else(String::new, |name| format!(" {name}"));
        let version = request.version.as_ref().map_or_else(String::new, |version| format!(" ({version})"));
        let server = if request.server == Some(false) { "; not offered by an Enterprise Server" } else { "" };
        let needs = if request.needs.is_empty() { "any sign-in".to_owned() } else { code(&request.needs) };
        let what = format!("`{} {}`{name}{version}", request.method, request.path);
        writeln!(text, "| {what} | {} | {needs} | {}{server} |", code(&request.query), request.empty).unwrap();
    }
}

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/requests.md")
}

#[test]
fn the_page_of_requests_is_current() {
    let is_current = fs::read_to_string(file()).is_ok_and(|text| text == page());
    assert!(
        is_current,
        "docs/requests.md is out of date: run `cargo test --test it requests::write_page -- --ignored`"
    );
}

#[test]
#[ignore = "writes docs/requests.md"]
fn write_page() {
    fs::write(file(), page()).unwrap();
}
