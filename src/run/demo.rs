//! `leaver demo`: audits one leaver of a synthetic organisation that this program serves to itself over HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Config, Endpoint, Endpoints, Entra, GitHub, Logs};
use crate::demo::{Estate, Faults, Server, TOKEN};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::run::{Delivery, Intake, Subject, audit, scan};
use crate::source::github::Depth;

/// What sealing takes from the real environment.
const KEPT: [&str; 4] = ["LEAVER_KEY_PASSPHRASE", "AZURE_STORAGE_ACCOUNT", "AZURE_STORAGE_KEY", "TMPDIR"];

/// Serves the organisation, audits its leaver, stops serving. Of the configuration only signing and archive count.
///
/// # Errors
/// As an audit; and when no loopback port can be opened.
pub async fn demo(own: &Config, delivery: &Delivery, apply: bool, env: &Env) -> Result<Exit, Error> {
    let failed = |error: crate::demo::Error| Error::Service {
        service: "the synthetic organisation",
        what: "anything",
        message: error.to_string().into(),
        hint: "check that programs may listen on 127.0.0.1".into(),
    };
    let estate = Estate::load("contoso").map_err(failed)?;
    let subject = Subject {
        person: estate.person("alice").unwrap_or_default().to_owned(),
        last_day: Some(estate.last_day()),
        github: Some("alice-dev".to_owned()),
        depth: Depth::Full,
    };
    let env = surroundings(&estate, env);
    let server = Server::start(estate, Faults::none()).map_err(failed)?;
    let mut config = config(&server)?;
    (config.signing, config.archive) = (own.signing.clone(), own.archive.clone());
    (config.endpoints.vault, config.endpoints.storage) = (own.endpoints.vault.clone(), own.endpoints.storage.clone());
    env.console
        .note("A synthetic organisation on loopback; nothing here is real. Its leaver is alice@contoso.example.\n");
    match apply {
        true => super::demo_apply::run(&config, &subject, delivery, &env).await,
        false => audit(&config, &subject, &Intake::default(), delivery, &env).await,
    }
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
        logs: Logs { workspaces: estate.workspaces(), timezone: Some(estate.timezone().clone()), ..Logs::default() },
        endpoints: Endpoints {
            login: endpoint("login")?,
            graph: endpoint("graph")?,
            arm: endpoint("arm")?,
            github: endpoint("github")?,
            logs: endpoint("logs")?,
            ..Endpoints::default()
        },
        ..Config::default()
    })
}
