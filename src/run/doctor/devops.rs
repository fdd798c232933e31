//! Azure DevOps: whether each organisation lets us in, and its audit log with it. Other rights show only at what they protect.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Item, Part, State, asked, at};
use crate::api::{self, Api, Http, NoLog, Service, SignIn};
use crate::config::Config;
use crate::env::Env;
use crate::run::setup::Needs;
use crate::source::github::encoded;
use crate::text::visible;

/// How a run signs in to Azure DevOps.
pub(in crate::run) fn how(env: &Env, managed_identity: bool) -> String {
    const PERSONAL: &str = "AZURE_DEVOPS_EXT_PAT";
    match env.variable(PERSONAL) {
        Some(_) => format!("the token in {PERSONAL}"),
        None => SignIn::of(env, managed_identity).to_string(),
    }
}

/// The list that takes this scope and no more, and where it is.
fn question(permission: &str) -> Option<(Service, &'static str)> {
    match permission.split_whitespace().next()? {
        "vso.profile" => Some((Service::DevOps, "_apis/connectionData?api-version=7.1-preview.1")),
        "vso.project" => Some((Service::DevOps, "_apis/projects?$top=1&api-version=7.1")),
        "vso.agentpools" => Some((Service::DevOps, "_apis/distributedtask/pools?api-version=7.1")),
        "vso.auditlog" => Some((Service::DevOpsAudit, "_apis/audit/auditlog?batchSize=1&api-version=7.1-preview.1")),
        "vso.graph" => Some((Service::DevOpsGraph, "_apis/graph/users?api-version=7.1-preview.1")),
        _ => None,
    }
}

pub(super) async fn part(http: &Http, needs: &Needs, config: &Config, env: &Env) -> Part {
    let who = how(env, http.settings().managed_identity);
    let mut part = Part { title: "Azure DevOps", signed_in: who, items: Vec::new() };
    if config.azure_devops.organizations.is_empty() {
        let next = "set [azure-devops] organizations where it is in use";
        part.items
            .push(Item::new("organisations", State::Absent, "none configured: its checks do not apply").next(next));
        return part;
    }
    let api = Api::new(http.clone(), api::tokens(http, env), Arc::new(NoLog), env);
    for organization in &config.azure_devops.organizations {
        for (permission, checks) in &needs.devops {
            part.items.push(one(&api, organization, permission, checks).await);
        }
    }
    part
}

async fn one(api: &Api, organization: &str, permission: &str, checks: &BTreeSet<String>) -> Item {
    let grant = "the rights that it takes: `leaver setup`";
    let item = match question(permission) {
        Some((service, path)) => {
            let (state, how) = asked(&api.read(service).get(&at(format!("/{}/{path}", encoded(organization)))).await);
            Item::new(permission, state, format!("{}: {how}", visible(organization)))
        }
        None => Item::new(
            permission,
            State::Unknown,
            format!("{}: it shows only at what it protects", visible(organization)),
        ),
    };
    item.next(grant).waiting(checks)
}
