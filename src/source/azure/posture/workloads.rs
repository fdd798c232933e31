//! Everything that runs containers: whether it is an MCP server by its tag or its looks, where it stands, who can reach it, and as
//! whom it acts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Fence, Listed, foreign, id, items, joined, lower, text, truth};
use crate::evidence::row::posture::{ContainerEnvironment, McpWorkload, WorkloadIdentity};
use crate::evidence::{Error, Rows};
use crate::posture::network::{Surroundings, reach};

const TABLES: [&str; 2] = ["mcp_workload", "workload_identity"];

const TAG: &str = "MCPServer";

/// <https://learn.microsoft.com/rest/api/container-instances/container-groups/list>,
/// <https://learn.microsoft.com/rest/api/resource-manager/containerapps/container-apps/list-by-subscription>
const KINDS: [(&str, Listed, &str); 3] = [
    (
        "container-group",
        Listed {
            what: "container groups",
            resource: "Microsoft.ContainerInstance/containerGroups",
            version: "2025-09-01",
        },
        "/properties/containers",
    ),
    (
        "container-app",
        Listed { what: "container apps", resource: "Microsoft.App/containerApps", version: "2025-01-01" },
        "/properties/template/containers",
    ),
    (
        "container-job",
        Listed { what: "container jobs", resource: "Microsoft.App/jobs", version: "2025-01-01" },
        "/properties/template/containers",
    ),
];

const ENVIRONMENTS: Listed = Listed {
    what: "environments of container apps",
    resource: "Microsoft.App/managedEnvironments",
    version: "2025-01-01",
};

/// What is known of environments, by id.
type Environments = BTreeMap<String, ContainerEnvironment>;

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let mut environments = Environments::new();
    fence
        .each(&["container_environment"], &ENVIRONMENTS, |rows, _, found| {
            for row in found {
                let Some(id) = id(&row, rows, &["container_environment"]) else { continue };
                let environment = environment(id.clone(), &row);
                rows.insert(&environment)?;
                environments.insert(id, environment);
            }
            Ok(())
        })
        .await?;
    for (kind, listed, containers) in &KINDS {
        fence
            .each(&TABLES, listed, |rows, subscription, found| {
                found.iter().try_for_each(|row| keep(rows, (kind, containers), subscription, row, &environments))
            })
            .await?;
    }
    Ok(())
}

fn environment(id: String, row: &Value) -> ContainerEnvironment {
    let has_properties = row.get("properties").is_some_and(Value::is_object);
    let internal = truth(row, "/properties/vnetConfiguration/internal").or(has_properties.then_some(false));
    let access = text(row, "/properties/publicNetworkAccess");
    let connections = items(row, "/properties/privateEndpointConnections").filter(|one| is_approved(one)).count();
    ContainerEnvironment {
        id,
        name: foreign(row, "/name"),
        internal,
        subnet: text(row, "/properties/vnetConfiguration/infrastructureSubnetId").map(|id| lower(&id)),
        public_network: access.map(|access| !access.eq_ignore_ascii_case("Disabled")),
        endpoints: row
            .pointer("/properties/privateEndpointConnections")
            .map(|_| i64::try_from(connections).unwrap_or(0)),
    }
}

fn is_approved(connection: &Value) -> bool {
    text(connection, "/properties/privateLinkServiceConnectionState/status")
        .is_some_and(|status| status.eq_ignore_ascii_case("Approved"))
}

fn keep(
    rows: &mut Rows,
    (kind, containers): (&str, &str),
    subscription: &str,
    row: &Value,
    environments: &Environments,
) -> Result<(), Error> {
    let Some(id) = id(row, rows, &TABLES) else { return Ok(()) };
    let tags = row.get("tags").and_then(Value::as_object);
    let tag = tags.and_then(|tags| tags.iter().find(|(name, _)| name.eq_ignore_ascii_case(TAG)));
    let tag = tag.map(|(_, value)| value.as_str().unwrap_or_default().to_owned());
    let looks = looks(row, containers);
    let environment = text(row, "/properties/environmentId").or_else(|| text(row, "/properties/managedEnvironmentId"));
    let environment = environment.map(|id| lower(&id));
    let around = environment.as_ref().and_then(|id| environments.get(id));
    let surroundings = surroundings(kind, row, around);
    let is_true = tag.as_ref().is_some_and(|tag| tag.eq_ignore_ascii_case("true"));
    let subnets = items(row, "/properties/subnetIds").filter_map(|subnet| text(subnet, "/id")).map(|id| lower(&id));
    let assigned = row.pointer("/identity/userAssignedIdentities").and_then(Value::as_object);
    let kinds = text(row, "/identity/type").unwrap_or_default().to_lowercase();
    rows.insert(&McpWorkload {
        id: id.clone(),
        kind: kind.to_owned(),
        name: foreign(row, "/name"),
        subscription: subscription.to_owned(),
        is_server: is_true || looks.is_some() || tag.is_some(),
        tag: tag.map(Into::into),
        looks,
        subnet: joined(subnets).or_else(|| around.and_then(|around| around.subnet.clone())),
        environment,
        reach: reach(&surroundings).map(|reach| reach.name().to_owned()),
        allowed: joined(surroundings.allowed).map(Into::into),
        certificate: foreign(row, "/properties/configuration/ingress/clientCertificateMode"),
        address: ["/properties/configuration/ingress/fqdn", "/properties/ipAddress/fqdn", "/properties/ipAddress/ip"]
            .into_iter()
            .find_map(|place| foreign(row, place)),
        own_identity: Some(
            kinds.contains("systemassigned") || row.pointer("/identity/principalId").is_some_and(Value::is_string),
        ),
        identities: Some(assigned.map_or(0, |all| i64::try_from(all.len()).unwrap_or(i64::MAX))),
    })?;
    for (identity, known) in assigned.into_iter().flatten() {
        let principal = foreign(known, "/principalId");
        rows.insert(&WorkloadIdentity { workload: id.clone(), identity: lower(identity), principal })?;
    }
    Ok(())
}

fn surroundings(kind: &str, row: &Value, around: Option<&ContainerEnvironment>) -> Surroundings {
    let properties = row.get("properties").filter(|properties| properties.is_object());
    match kind {
        "container-group" => Surroundings {
            ingress: properties.map(|of| of.get("ipAddress").is_some_and(Value::is_object)),
            external: text(row, "/properties/ipAddress/type").map(|kind| kind.eq_ignore_ascii_case("Public")),
            internal_environment: Some(false),
            ..Surroundings::default()
        },
        "container-app" => {
            let ingress =
                row.pointer("/properties/configuration").map(|of| of.get("ingress").is_some_and(Value::is_object));
            let mode = text(row, "/properties/configuration/ingress/clientCertificateMode");
            Surroundings {
                ingress,
                external: truth(row, "/properties/configuration/ingress/external")
                    .or(ingress.filter(|_| true).map(|_| false)),
                internal_environment: around.and_then(|around| around.internal),
                public_network: around.and_then(|around| around.public_network),
                allowed: items(row, "/properties/configuration/ingress/ipSecurityRestrictions")
                    .filter(|rule| text(rule, "/action").is_some_and(|action| action.eq_ignore_ascii_case("Allow")))
                    .filter_map(|rule| text(rule, "/ipAddressRange"))
                    .collect(),
                certificate: mode.is_some_and(|mode| mode.eq_ignore_ascii_case("require")),
            }
        }
        _ => Surroundings { ingress: Some(false), ..Surroundings::default() },
    }
}

/// Why something looks like an MCP server.
fn looks(row: &Value, containers: &str) -> Option<String> {
    let named = text(row, "/name").filter(|name| speaks_of_it(name)).map(|name| format!("its name is {name}"));
    let ingress = row.pointer("/properties/configuration/ingress/targetPort").and_then(Value::as_i64);
    named
        .or_else(|| items(row, containers).find_map(of_container))
        .or_else(|| (ingress == Some(3000)).then(|| "it listens on port 3000".to_owned()))
}

fn of_container(container: &Value) -> Option<String> {
    // Container groups wrap what containers of apps say at once.
    let of = container.get("properties").filter(|inner| inner.is_object()).unwrap_or(container);
    let image = text(of, "/image").filter(|image| speaks_of_it(image)).map(|image| format!("its image is {image}"));
    let words = items(of, "/command").chain(items(of, "/args")).filter_map(Value::as_str);
    let command = words.into_iter().any(speaks_of_it).then(|| "its command names MCP".to_owned());
    let name =
        text(container, "/name").filter(|name| speaks_of_it(name)).map(|name| format!("its container is {name}"));
    let variables = items(of, "/environmentVariables").chain(items(of, "/env")).filter_map(|one| text(one, "/name"));
    let variable = variables
        .into_iter()
        .find(|name| name.to_uppercase().starts_with("MCP_"))
        .map(|name| format!("it has the variable {name}"));
    let port = items(of, "/ports").any(|port| port.get("port").and_then(Value::as_i64) == Some(3000));
    image.or(command).or(name).or(variable).or(port.then(|| "it listens on port 3000".to_owned()))
}

/// `mcp` at the beginning of a word.
fn speaks_of_it(text: &str) -> bool {
    let lower = text.to_lowercase();
    let starts = |at: usize| !lower[..at].ends_with(char::is_alphabetic);
    lower.match_indices("mcp").any(|(at, _)| starts(at))
        || lower.contains("modelcontextprotocol")
        || lower.contains("model-context-protocol")
}
