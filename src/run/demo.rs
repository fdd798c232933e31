//! `leaver demo`: audits one leaver of a synthetic organisation that this program serves to itself over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{AzureDevOps, Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use crate::demo::{Estate, Faults, Server, TOKEN};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::run::{Delivery, Intake, Subject, audit, scan};
use crate::source::github::Depth;
use crate::source::{requests, runner};
use crate::token;

/// What sealing takes from the real environment.
const KEPT: [&str; 4] = ["LEAVER_KEY_PASSPHRASE", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "TMPDIR"];

/// Which of the two organisations is shown, and what is done in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// A leaver who is still half inside.
    Leaver,
    /// The same, cleaned up and looked at again.
    CleanUp,
    /// A leaver of whom nothing is left, where everything is granted that it takes to prove that.
    Clean,
}

/// Serves the organisation, audits its leaver, stops serving. Of the configuration only signing and archive count.
///
/// # Errors
/// As an audit; and when no loopback port can be opened.
pub async fn demo(own: &Config, delivery: &Delivery, show: Show, env: &Env) -> Result<Exit, Error> {
    let failed = |error: crate::demo::Error| Error::Service {
        service: "the synthetic organisation",
        what: "anything",
        message: error.to_string().into(),
        hint: "check that programs may listen on 127.0.0.1".into(),
    };
    let (name, leaver, github) = match show {
        Show::Leaver | Show::CleanUp => ("contoso", "alice", Some("alice-dev")),
        Show::Clean => ("northwind", "dana", None),
    };
    let estate = Estate::load(name).map_err(failed)?;
    let subject = Subject {
        person: estate.person(leaver).unwrap_or_default().to_owned(),
        last_day: Some(estate.last_day()),
        github: github.map(str::to_owned),
        depth: Depth::Full,
    };
    let env = surroundings(&estate, env);
    let server = Server::start(estate, Faults::none()).map_err(failed)?;
    let mut config = config(&server)?;
    (config.signing, config.archive) = (own.signing.clone(), own.archive.clone());
    (config.endpoints.vault, config.endpoints.storage) = (own.endpoints.vault.clone(), own.endpoints.storage.clone());
    env.console.note(&format!(
        "A synthetic organisation on loopback; nothing here is real. Its leaver is {leaver}@{name}.example.\n"
    ));
    match show {
        Show::CleanUp => super::demo_apply::run(&config, &subject, delivery, &env).await,
        Show::Leaver => audit(&config, &subject, &Intake::default(), delivery, &env).await,
        Show::Clean => clean(&config, &subject, &server, delivery, &env).await,
    }
}

/// Scans the runner hosts, audits with the scans, and says what all of it took.
async fn clean(
    config: &Config,
    subject: &Subject,
    server: &Server,
    delivery: &Delivery,
    env: &Env,
) -> Result<Exit, Error> {
    let folder = tempfile::tempdir_in(env.beside(None)).map_err(super::output)?;
    let intake = Intake { include: scans(server.estate(), folder.path(), env).await?, ..Intake::default() };
    let exit = audit(config, subject, &intake, delivery, env).await?;
    env.console.note(&granted(&intake.include));
    Ok(exit)
}

/// The scans of all runner hosts of an estate, made below `folder`.
///
/// # Errors
/// When the hosts cannot be laid out or scanned.
pub async fn scans(estate: &Estate, folder: &Path, env: &Env) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for host in crate::demo::hosts(estate, folder).map_err(super::output)? {
        let path = folder.join(format!("{}.evidence.db", host.name));
        let options = runner::Options {
            paths: vec![host.root],
            processes: Some(host.processes),
            output: Some(path.clone()),
            host: Some(host.name),
            image_of: None,
            key: scan::key(None, env)?,
            kinds: token::kinds().clone(),
            issuers: None,
            threads: 1,
            exclude: runner::Globs::default(),
        };
        runner::scan(&options, env).await.map_err(scan::of_scan)?;
        all.push(path);
    }
    Ok(all)
}

/// What this run was given, and what a real one has to be given to come as far.
fn granted(scans: &[PathBuf]) -> String {
    let of = |service: &str| {
        let table = requests::tables().iter().find(|table| table.service == service);
        let needs = table.into_iter().flat_map(|table| &table.request).flat_map(|request| &request.needs);
        needs.map(String::as_str).filter(|need| *need != "any sign-in").collect::<BTreeSet<_>>()
    };
    let mut text = "\nWhat it took to prove this:\n".to_owned();
    for service in ["Microsoft Graph", "Azure Resource Manager", "Azure Monitor Logs", "GitHub"] {
        let needs: Vec<&str> = of(service).into_iter().collect();
        text.push_str(&format!("  {service}: {}\n", needs.join(", ")));
    }
    let hosts: Vec<_> = scans.iter().filter_map(|path| path.file_stem()?.to_str()?.split('.').next()).collect();
    text.push_str(&format!("  Runner hosts: a scan of each registered runner, with --proc: {}\n", hosts.join(", ")));
    text.push_str(
        "  Workspaces: AuditLogs, SigninLogs, AADNonInteractiveUserSignInLogs and AzureActivity, kept for as long as the leaver's \
         account exists; the gateway's table for 90 days\n",
    );
    text
}

/// The time of the organisation instead of ours, and nobody's sign-in but its own.
fn surroundings(estate: &Estate, env: &Env) -> Env {
    let now = estate.now();
    let mut variables: BTreeMap<_, _> = [
        ("LEAVER_AZURE_TOKEN".to_owned(), TOKEN.to_owned()),
        ("GH_TOKEN".to_owned(), TOKEN.to_owned()),
        (scan::KEY.to_owned(), TOKEN.repeat(8)),
    ]
    .into();
    let kept = env.variables.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
    variables.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    Env { now, clock: Arc::new(move || now), variables: Arc::new(variables), ..env.clone() }
}

fn config(server: &Server) -> Result<Config, Error> {
    let endpoint = |service: &str| {
        let url = format!("{}/{service}", server.base_url());
        Endpoint::try_from(url).map(Some).map_err(|why| Error::usage(why, "report this"))
    };
    let estate = server.estate();
    Ok(Config {
        entra: Entra { tenant: Some(estate.tenant().to_owned()), gateway_apps: estate.gateway_apps().to_vec() },
        github: GitHub { organizations: estate.organizations().to_vec(), ..GitHub::default() },
        azure_devops: AzureDevOps { organizations: estate.azure_devops().to_vec() },
        logs: Logs { workspaces: estate.workspaces(), timezone: Some(estate.timezone().clone()), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login")?,
            graph: endpoint("graph")?,
            arm: endpoint("arm")?,
            github: endpoint("github")?,
            logs: endpoint("logs")?,
            devops: endpoint("devops")?,
            devops_graph: endpoint("devops-graph")?,
            devops_release: endpoint("devops-release")?,
            devops_audit: endpoint("devops-audit")?,
            devops_entitlements: endpoint("devops-entitlements")?,
            ..Endpoints::default()
        },
        ..Config::default()
    })
}
