//! The commented `leaver.toml`: what is known stands there, what is not stands as a comment that says what it is.

use super::known::Known;
use crate::config::{Config, Key};

/// The text of the file. It reads back as a configuration.
pub(super) fn text(known: &Known, config: &Config) -> String {
    let mut text =
        String::from("# leaver.toml: what leaver has to know of this organisation. No secret belongs in it.\n");
    let mut section = |name: &str, lines: &[String]| text.push_str(&format!("\n[{name}]\n{}\n", lines.join("\n")));
    section(
        "entra",
        &[
            one("tenant", known.tenant.as_deref(), "TENANT_ID", "a run against any other tenant is refused"),
            many(
                "gateway-apps",
                &known.gateways,
                "APP_ID",
                "the appId of each MCP gateway; without it its checks stay unknown",
            ),
        ],
    );
    section(
        "azure",
        &[many("subscriptions", &known.subscriptions, "SUBSCRIPTION_ID", "without it all that can be seen")],
    );
    let app = config.github.app_id.map_or_else(|| "# app-id = 1".to_owned(), |id| format!("app-id = {id}"));
    let key = config.github.private_key_file.as_ref().and_then(|path| path.to_str());
    section(
        "github",
        &[
            many("organizations", &known.organizations, "ORGANISATION", "which are read; names of their pages"),
            one("enterprise", known.enterprise.as_deref(), "ENTERPRISE", "only where there is one"),
            format!("{app:<44} # the App of `leaver setup`; without it GH_TOKEN in the environment"),
            one(
                "private-key-file",
                key.filter(|path| is_path(path)),
                "app.pem",
                "its key; a file that only leaver may read",
            ),
        ],
    );
    section("azure-devops", &[many("organizations", &known.devops, "DEVOPS_ORGANISATION", "only where it is in use")]);
    let workspaces: Vec<String> = known.workspaces.iter().map(|(id, _)| id.clone()).collect();
    let zone = config.logs.timezone.as_ref().and_then(|zone| zone.iana_name());
    let table = config.logs.table.as_ref().map(|table| table.as_str());
    section(
        "logs",
        &[
            many(
                "workspaces",
                &workspaces,
                "WORKSPACE_ID",
                "where the gateway logs; without it its checks stay unknown",
            ),
            one("table", table, "MCPAuditLog_CL", "the table that the gateway writes"),
            one("timezone", zone, "Europe/Berlin", "when a last day is over, and when it is night"),
            "# workday = \"07:00-20:00\"".to_owned(),
        ],
    );
    let signing = match &config.signing.key {
        Some(Key::Vault(url)) => Some(url.as_str()),
        Some(Key::File(path)) => path.to_str(),
        None => None,
    };
    section(
        "signing",
        &[
            one("key", signing.filter(|key| is_path(key)), "leaver.pem", "a file, or one version of a key in a vault"),
            "# timestamp-url = \"https://timestamp.example\" # and timestamp-root: who else says when".to_owned(),
        ],
    );
    section(
        "archive",
        &[one("url", known.archive.as_deref(), "az://leaver/reports", "or file:///directory; with account for az://")],
    );
    let endpoints = endpoints(config);
    if !endpoints.is_empty() {
        text.push_str(&format!(
            "\n# Where the services are, since they are not those of the public cloud.\n[endpoints]\n{}",
            endpoints.concat()
        ));
    }
    text.push_str("\n# What is known of single people.\n[people]\n");
    text.push_str("# \"alice@contoso.com\" = { github = \"alice-dev\", last-day = 2026-05-01 }\n");
    text
}

/// The addresses that the configuration sets already.
fn endpoints(config: &Config) -> Vec<String> {
    let from = &config.endpoints;
    [
        ("login", &from.login),
        ("graph", &from.graph),
        ("arm", &from.arm),
        ("logs", &from.logs),
        ("github", &from.github),
        ("vault", &from.vault),
        ("storage", &from.storage),
        ("devops", &from.devops),
        ("devops-graph", &from.devops_graph),
        ("devops-release", &from.devops_release),
        ("devops-audit", &from.devops_audit),
        ("devops-entitlements", &from.devops_entitlements),
    ]
    .into_iter()
    .filter_map(|(name, endpoint)| {
        Some(format!("{name} = \"{}\"\n", endpoint.as_ref()?.url().as_str().trim_end_matches('/')))
    })
    .collect()
}

/// A path without anything that a quoted text would read otherwise.
fn is_path(text: &str) -> bool {
    !text.contains(['"', '\\']) && text.chars().all(|c| !c.is_control())
}

fn one(name: &str, value: Option<&str>, example: &str, what: &str) -> String {
    match value {
        Some(value) => format!("{:<44} # {what}", format!("{name} = \"{value}\"")),
        None => format!("{:<44} # {what}", format!("# {name} = \"{example}\"")),
    }
}

fn many(name: &str, values: &[String], example: &str, what: &str) -> String {
    let list = |all: &[&str]| all.iter().map(|one| format!("\"{one}\"")).collect::<Vec<_>>().join(", ");
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    match values.is_empty() {
        false => format!("{:<44} # {what}", format!("{name} = [{}]", list(&values))),
        true => format!("{:<44} # {what}", format!("# {name} = [{}]", list(&[example]))),
    }
}
