//! The ids that can be known: from the configuration, else from whoever is signed in. A service that does not answer
//! leaves a note; its ids then stand as names in capitals that the reader fills in.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::api::{self, Api, Ask, Http, NoLog, ReadPost, Retry, Service};
use crate::config::{Config, Key};
use crate::env::Env;
use crate::run::settings;
use crate::text::{Untrusted, guid};

/// How long one service is waited for: these are only ids.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is known of the organisation. Every text here is an id or a plain name, fit to stand in a command.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) tenant: Option<String>,
    pub(super) gateways: Vec<String>,
    pub(super) subscriptions: Vec<String>,
    /// Workspace ids, and their resource ids where somebody could say.
    pub(super) workspaces: Vec<(String, Option<String>)>,
    pub(super) organizations: Vec<String>,
    pub(super) enterprise: Option<String>,
    pub(super) devops: Vec<String>,
    /// Where GitHub is opened in a browser.
    pub(super) github: String,
    pub(super) graph: String,
    pub(super) vault: Option<String>,
    pub(super) archive: Option<String>,
    /// What could not be filled in.
    pub(super) notes: Vec<String>,
}

/// What the configuration says, and what the services add.
pub(super) async fn ask(config: &Config, env: &Env) -> Known {
    let mut known = of_config(config);
    let retry = Retry { attempts: 1, ..Retry::default() };
    match Http::new(settings::of(&Config { retry, ..config.clone() })) {
        Ok(http) => {
            let tokens = api::tokens(&http, env);
            let api = Api::new(http, tokens, Arc::new(NoLog), env);
            if tokio::time::timeout(PATIENCE, services(&api, &mut known)).await.is_err() {
                known.notes.push("The services did not answer in time.".to_owned());
            }
        }
        Err(error) => known.notes.push(format!("Nobody was asked: {error}.")),
    }
    if known.organizations.is_empty() {
        let note = "No GitHub organisation is configured: ORGANISATION stands for it. Set [github] organizations.";
        known.notes.push(note.to_owned());
    }
    known
}

fn of_config(config: &Config) -> Known {
    let names = |all: &[String]| all.iter().filter(|name| is_plain(name)).cloned().collect();
    let base = |endpoint: &Option<crate::config::Endpoint>, cloud: &str| {
        endpoint.as_ref().map_or(cloud.to_owned(), |base| base.url().as_str().trim_end_matches('/').to_owned())
    };
    let github = base(&config.endpoints.github, "https://api.github.com");
    let github = match github.strip_suffix("/api/v3") {
        Some(server) => server.to_owned(),
        None => github.replacen("://api.", "://", 1),
    };
    Known {
        tenant: config.entra.tenant.clone().filter(|tenant| is_plain(tenant)),
        gateways: names(&config.entra.gateway_apps),
        subscriptions: names(&config.azure.subscriptions),
        workspaces: config.logs.workspaces.iter().filter(|id| is_plain(id)).map(|id| (id.clone(), None)).collect(),
        organizations: names(&config.github.organizations),
        enterprise: config.github.enterprise.clone().filter(|name| is_plain(name)),
        devops: names(&config.azure_devops.organizations),
        github,
        graph: base(&config.endpoints.graph, "https://graph.microsoft.com"),
        vault: match &config.signing.key {
            Some(Key::Vault(url)) => url.host_str().and_then(|host| host.split('.').next()).map(str::to_owned),
            _ => None,
        },
        archive: config.archive.url.as_ref().map(|url| url.url().as_str().to_owned()).filter(|url| is_address(url)),
        notes: Vec::new(),
    }
}

#[derive(Deserialize)]
struct Listed<T> {
    value: Vec<T>,
}

#[derive(Deserialize)]
struct Organization {
    id: Untrusted,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    subscription_id: Untrusted,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Workspace>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    id: Untrusted,
    customer_id: Untrusted,
}

async fn services(api: &Api, known: &mut Known) {
    let graph = api.read(Service::Graph);
    match graph.get(&at("/v1.0/organization?$select=id")).await {
        Ok(answer) => {
            let told: Option<Listed<Organization>> = answer.json().ok();
            let id = told.and_then(|told| guid(told.value.first()?.id.raw()));
            known.tenant = known.tenant.take().or(id);
        }
        Err(error @ (api::Error::NoToken { .. } | api::Error::NoVariable { .. } | api::Error::Expired { .. })) => {
            let note = "Nobody is signed in to Microsoft, so ids in capitals are yours to fill in; after `az login`";
            known.notes.push(format!("{note} they are filled in ({error})."));
            return;
        }
        Err(error) => known.notes.push(format!("Microsoft Graph did not say which tenant this is: {error}.")),
    }
    let arm = api.read(Service::Arm);
    if known.subscriptions.is_empty() {
        match arm.get(&at("/subscriptions?api-version=2022-12-01")).await.and_then(|answer| answer.json()) {
            Ok(Listed::<Subscription> { value }) => {
                known.subscriptions = value.iter().filter_map(|one| guid(one.subscription_id.raw())).collect();
            }
            Err(error) => known.notes.push(format!("Azure did not list the subscriptions: {error}.")),
        }
    }
    workspaces(&arm, known).await;
}

/// Where the configured workspaces lie, or which there are.
async fn workspaces(arm: &api::ReadApi, known: &mut Known) {
    let query = "resources | where type =~ 'microsoft.operationalinsights/workspaces' \
                 | project id, customerId = tostring(properties.customerId) | order by id asc";
    let body = json!({ "query": query, "options": { "$top": 1000, "resultFormat": "objectArray" } });
    let resources = at("/providers/Microsoft.ResourceGraph/resources?api-version=2021-03-01");
    let told = arm.post(ReadPost::ResourceGraph, &resources, &body).await;
    let Ok(Found { data }) = told.and_then(|answer| answer.json()) else { return };
    let found = data.iter().filter_map(|one| Some((guid(one.customer_id.raw())?, one.id.raw()))).collect::<Vec<_>>();
    let is_fit = |id: &str| id.starts_with("/subscriptions/") && is_address(id);
    match known.workspaces.as_mut_slice() {
        [] => {
            let all = found.into_iter().filter(|(_, id)| is_fit(id));
            known.workspaces = all.map(|(workspace, id)| (workspace, Some(id.to_owned()))).collect();
        }
        configured => {
            for (workspace, place) in configured {
                let its = found.iter().find(|(id, _)| id.eq_ignore_ascii_case(workspace));
                *place = its.map(|(_, id)| (*id).to_owned()).filter(|id| is_fit(id));
            }
        }
    }
}

fn at(path: &str) -> Ask {
    Ask { path: path.to_owned(), headers: Vec::new() }
}

/// A name that means nothing but itself to a shell, in an address and in a file of settings.
fn is_plain(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 100 && text.chars().all(plain) && !text.starts_with('-')
}

/// The same for a resource id or an address.
fn is_address(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | ':');
    !text.is_empty() && text.len() <= 400 && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_shell_would_act_on_gets_into_a_command() {
        for odd in ["", "-x", "a b", "$(id)", "a;b", "a'b", "a\"b", "a\nb", "a`b`", "a&b", "a|b"] {
            assert!(!is_plain(odd), "{odd}");
        }
        assert!(is_plain("contoso-eu_1.example") && !is_address("/subscriptions/$(id)"));
    }
}
