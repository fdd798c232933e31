//! `leaver doctor`: which configuration and which sign-in are used, and what that identity may read.
//! It asks for a token and looks at its claims; it reads nothing about anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{asked, output, settings};
use crate::api::{self, Http, Service, SignIn};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::source::{azure, devops as azure_devops, entra, github, logs::live};
use crate::text::{Secret, visible};

/// Prints what a run would use. Findings of its own are the missing permissions.
///
/// # Errors
/// When nobody can sign in, or when stdout is closed.
pub async fn doctor(config: &Config, env: &Env) -> Result<Exit, Error> {
    let http = Http::new(settings::of(config)).map_err(|error| asked(&error, "how to reach it"))?;
    let mut text = String::new();
    let _ = writeln!(text, "sign-in          {}", SignIn::of(env, false));
    let _ = writeln!(text, "Microsoft Graph  {}", http.settings().endpoints.graph);
    let hub = super::github::how(config, env)?.map(|how| how.to_string());
    let none =
        "no sign-in: the checks that need GitHub stay unknown; set GH_TOKEN, or [github] app-id and private-key-file";
    let _ = writeln!(text, "GitHub           {}", visible(hub.as_deref().unwrap_or(none)));
    let organizations = match config.azure_devops.organizations.as_slice() {
        [] => "no organisation configured: its checks do not apply; set [azure-devops] organizations".to_owned(),
        names => format!("{}, by {}", names.join(", "), devops(env, http.settings().managed_identity)),
    };
    let _ = writeln!(text, "Azure DevOps     {}", visible(&organizations));
    let gateways = match config.entra.gateway_apps.as_slice() {
        [] => "none configured: the gateway checks stay unknown; set [entra] gateway-apps".to_owned(),
        gateways => gateways.join(", "),
    };
    let _ = writeln!(text, "MCP gateways     {}", visible(&gateways));
    let workspaces = match config.logs.workspaces.as_slice() {
        [] => "none configured: the checks of the log stay unknown; set [logs] workspaces".to_owned(),
        workspaces => workspaces.join(", "),
    };
    let _ = writeln!(text, "log workspaces   {}", visible(&workspaces));
    let token =
        api::tokens(&http, env).token(Service::Graph, false).await.map_err(|error| asked(&error, "who we are"))?;
    let missing = permissions(&mut text, &claims(&token));
    env.console.print(&text).map_err(output)?;
    Ok(if missing { Exit::Unknown } else { Exit::Clean })
}

/// How a run signs in to Azure DevOps.
pub(super) fn devops(env: &Env, managed_identity: bool) -> String {
    const PERSONAL: &str = "AZURE_DEVOPS_EXT_PAT";
    match env.variable(PERSONAL) {
        Some(_) => format!("the token in {PERSONAL}"),
        None => SignIn::of(env, managed_identity).to_string(),
    }
}

/// The claims of a Graph token that say what it may do. Graph tokens are not ours to verify; this is a lead, not a proof.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Claims {
    app_displayname: Option<String>,
    upn: Option<String>,
    roles: Option<BTreeSet<String>>,
    scp: Option<String>,
}

fn claims(token: &Secret) -> Option<Claims> {
    let payload = token.expose().split('.').nth(1)?;
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
}

/// Lists every permission with what it is for; true when one is missing or nobody can tell.
fn permissions(text: &mut String, claims: &Option<Claims>) -> bool {
    let granted: Option<BTreeSet<String>> = claims.as_ref().map(|claims| {
        let scopes = claims.scp.iter().flat_map(|scp| scp.split_whitespace()).map(str::to_owned);
        claims.roles.iter().flatten().cloned().chain(scopes).collect()
    });
    let who = claims.as_ref().and_then(|claims| claims.app_displayname.clone().or(claims.upn.clone()));
    let _ = writeln!(text, "signed in as     {}\n", visible(who.as_deref().unwrap_or("the token does not say")));
    let mut missing = false;
    for (permission, tables) in by_permission(entra::PERMISSIONS) {
        let state = match &granted {
            Some(granted) if granted.contains(permission) => "granted",
            Some(_) => "missing",
            None => "unknown",
        };
        missing |= state != "granted";
        let _ = writeln!(text, "{state:<9}{permission:<40}{}", tables.join(", "));
    }
    for (permission, tables) in by_permission(entra::posture::PERMISSIONS) {
        let _ = writeln!(text, "{:<9}{permission:<40}{} (leaver posture)", "optional", tables.join(", "));
    }
    // No token says which roles its identity has in Azure.
    let fence = by_permission(azure::posture::PERMISSIONS);
    for (role, tables) in
        by_permission(azure::PERMISSIONS).into_iter().chain(by_permission(live::PERMISSIONS)).chain(fence)
    {
        let _ = writeln!(text, "{:<9}{role:<40}{}", "in Azure", tables.join(", "));
    }
    // GitHub says what an endpoint takes only when it refuses.
    for (permission, tables) in by_permission(github::PERMISSIONS) {
        let _ = writeln!(text, "{:<9}{permission:<40}{}", "GitHub", tables.join(", "));
    }
    // Nor does Azure DevOps, where a right stands beside the scope.
    for (permission, tables) in by_permission(azure_devops::PERMISSIONS) {
        let _ = writeln!(text, "{:<9}{permission:<40}{}", "DevOps", tables.join(", "));
    }
    missing
}

fn by_permission(list: &[(&'static str, &'static str)]) -> BTreeMap<&'static str, Vec<&'static str>> {
    let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (table, permission) in list {
        all.entry(*permission).or_default().push(*table);
    }
    all
}
