//! From the configuration file to the settings of the transport.

use crate::api::{Endpoints, Settings};
use crate::config::{Config, Endpoint};

/// The transport settings that `config` asks for; what it leaves out is the public cloud.
pub(super) fn of(config: &Config) -> Settings {
    let mut endpoints = Endpoints::default();
    let from = &config.endpoints;
    for (to, from) in [
        (&mut endpoints.login, &from.login),
        (&mut endpoints.graph, &from.graph),
        (&mut endpoints.arm, &from.arm),
        (&mut endpoints.logs, &from.logs),
        (&mut endpoints.github, &from.github),
        (&mut endpoints.devops, &from.devops),
        (&mut endpoints.devops_graph, &from.devops_graph),
        (&mut endpoints.devops_release, &from.devops_release),
        (&mut endpoints.devops_audit, &from.devops_audit),
        (&mut endpoints.devops_entitlements, &from.devops_entitlements),
    ] {
        if let Some(endpoint) = from {
            *to = text(endpoint);
        }
    }
    endpoints.vault = from.vault.as_ref().map(text);
    endpoints.storage = from.storage.as_ref().map(text);
    Settings { endpoints, retry: config.retry.clone(), ..Settings::default() }
}

fn text(endpoint: &Endpoint) -> String {
    endpoint.url().as_str().to_owned()
}
