//! The rules of Azure Policy over each subscription, and what they do to sample servers. Definitions are read one by one: only those
//! that are assigned count.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use super::{AT_ONCE, Fence, Listed, foreign, items, joined, lower, needing, open, path, text, unread};
use crate::api::ReadApi;
use crate::evidence::row::posture::PolicyEffect;
use crate::evidence::{Error, Rows};
use crate::model::Cause;
use crate::posture::policy::{Parameters, effect, holds, parameters, passed_on};
use crate::source::azure::{ask, of};

const TABLE: &str = "policy_effect";
const RESOURCE: &str = "Microsoft.Authorization/policyAssignments";
const VERSION: &str = "2023-04-01";

const ASSIGNMENTS: Listed = Listed { what: "policy assignments", resource: RESOURCE, version: VERSION };
const EXEMPTIONS: Listed = Listed {
    what: "policy exemptions",
    resource: "Microsoft.Authorization/policyExemptions",
    version: "2022-07-01-preview",
};

const APPROVED: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sample/providers/Microsoft.Network/virtualNetworks/sample/subnets/approved";
const OUTSIDE: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sample/providers/Microsoft.Network/virtualNetworks/sample/subnets/outside";

/// Definitions and initiatives by id; `None`: it could not be read.
type Definitions = BTreeMap<String, Option<Value>>;

pub(super) async fn collect(fence: &Fence<'_>) -> Result<(), Error> {
    let approved = fence.question.subnets.first().map_or(APPROVED, String::as_str);
    fence
        .azure
        .dataset(&[TABLE], &needing("policies", RESOURCE), async |api, rows| {
            let assignments = fence.lists(api, &ASSIGNMENTS).await;
            let exemptions = fence.lists(api, &EXEMPTIONS).await;
            let exempted: Vec<Value> = exemptions.iter().flat_map(|(_, (found, _))| found.iter().cloned()).collect();
            for (subscription, (found, ended)) in exemptions {
                unread(rows, &[TABLE], subscription, &found, ended);
            }
            let all: Vec<&Value> = assignments.iter().flat_map(|(_, (found, _))| found).collect();
            let definitions = definitions(api, rows, &all).await;
            for (subscription, (found, ended)) in assignments {
                unread(rows, &[TABLE], subscription, &found, ended);
                for assignment in &found {
                    keep(rows, subscription, assignment, &definitions, &exempted, approved)?;
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// Every definition that is assigned, through initiatives too.
async fn definitions(api: &ReadApi, rows: &mut Rows, assignments: &[&Value]) -> Definitions {
    let named = |row: &&Value| text(row, "/properties/policyDefinitionId").map(|id| (lower(&id), id));
    let mut wanted: BTreeMap<String, String> = assignments.iter().filter_map(named).collect();
    let mut known = Definitions::new();
    // Initiatives name definitions, and nothing more.
    for _ in 0..2 {
        let missing: Vec<(String, String)> = wanted
            .iter()
            .filter(|(id, _)| !known.contains_key(*id))
            .map(|(id, as_written)| (id.clone(), as_written.clone()))
            .collect();
        let one = async |(id, written): (String, String)| {
            (id, api.get(&ask(&format!("{}?api-version={VERSION}", path(&written)))).await)
        };
        let answers: Vec<_> = stream::iter(missing).map(one).buffered(AT_ONCE).collect().await;
        for (id, answer) in answers {
            let found = match answer.and_then(|answer| answer.json::<Value>()) {
                Ok(found) => Some(found),
                Err(error) => {
                    rows.gap(TABLE, of(&id, &error));
                    None
                }
            };
            let inner = found.iter().flat_map(|found| items(found, "/properties/policyDefinitions"));
            wanted.extend(inner.filter_map(|one| text(one, "/policyDefinitionId")).map(|id| (lower(&id), id)));
            known.insert(id, found);
        }
    }
    known
}

/// What an assignment says of all its rules.
struct Assigned<'a> {
    id: String,
    subscription: &'a str,
    row: &'a Value,
    exempted: Option<String>,
    approved: &'a str,
}

fn keep(
    rows: &mut Rows,
    subscription: &str,
    row: &Value,
    definitions: &Definitions,
    exempted: &[Value],
    approved: &str,
) -> Result<(), Error> {
    let Some(id) = super::id(row, rows, &[TABLE]) else { return Ok(()) };
    let Some(definition) = text(row, "/properties/policyDefinitionId").map(|id| lower(&id)) else {
        open(
            rows,
            &[TABLE],
            &Cause::new(crate::model::GapKind::Truncated, format!("{id} came without its definition")),
        );
        return Ok(());
    };
    let of_it =
        exempted.iter().filter(|one| text(one, "/properties/policyAssignmentId").is_some_and(|of| lower(&of) == id));
    let exempted = joined(of_it.filter_map(|one| text(one, "/id")).map(|id| lower(&id)));
    let assigned = Assigned { id, subscription, row, exempted, approved };
    let given = row.pointer("/properties/parameters");
    let Some(Some(found)) = definitions.get(&definition) else {
        return rows.insert(&effect_of(&assigned, &definition, None, &Parameters::new(), None));
    };
    let own = parameters(found.pointer("/properties/parameters"), given);
    if found.pointer("/properties/policyDefinitions").is_none() {
        return rows.insert(&effect_of(&assigned, &definition, found.pointer("/properties/policyRule"), &own, None));
    }
    let mut seen = BTreeSet::new();
    for member in items(found, "/properties/policyDefinitions") {
        let Some(id) = text(member, "/policyDefinitionId").map(|id| lower(&id)) else { continue };
        let reference = text(member, "/policyDefinitionReferenceId");
        if !seen.insert((id.clone(), reference.clone())) {
            continue;
        }
        let rule = definitions.get(&id).and_then(Option::as_ref);
        let mut values = parameters(rule.and_then(|rule| rule.pointer("/properties/parameters")), None);
        values.extend(passed_on(member.get("parameters"), &own));
        rows.insert(&effect_of(
            &assigned,
            &id,
            rule.and_then(|rule| rule.pointer("/properties/policyRule")),
            &values,
            reference.as_deref(),
        ))?;
    }
    Ok(())
}

fn effect_of(
    assigned: &Assigned<'_>,
    definition: &str,
    rule: Option<&Value>,
    parameters: &Parameters,
    reference: Option<&str>,
) -> PolicyEffect {
    let Assigned { id, subscription, row, exempted, approved } = assigned;
    let scope = text(row, "/properties/scope").map_or_else(|| scope_of(id), |scope| lower(&scope));
    let meets = |sample: Value| rule.and_then(|rule| holds(rule, parameters, &sample));
    let excluded = items(row, "/properties/notScopes").filter_map(Value::as_str).map(lower);
    let selected = items(row, "/properties/resourceSelectors")
        .map(|one| format!("resources-not-selected-by:{}", text(one, "/name").unwrap_or_default()));
    let outside = [meets(environment(OUTSIDE)), meets(app(&json!({ "MCPServer": "true" })))];
    PolicyEffect {
        id: id.clone(),
        subscription: (*subscription).to_owned(),
        definition: definition.to_owned(),
        name: foreign(row, "/properties/displayName").or_else(|| foreign(row, "/name")),
        level: level(&scope).to_owned(),
        enforced: text(row, "/properties/enforcementMode").is_none_or(|mode| mode.eq_ignore_ascii_case("Default")),
        effect: overridden(row, reference).or_else(|| rule.and_then(|rule| effect(rule, parameters))),
        excluded: joined(excluded.chain(selected)).map(Into::into),
        exempted: exempted.clone().map(Into::into),
        untagged_group: meets(group(&json!({}), &[approved])),
        untagged_app: meets(app(&json!({}))),
        false_tag: meets(group(&json!({ "MCPServer": "false" }), &[approved])),
        outside_group: meets(group(&json!({ "MCPServer": "true" }), &[OUTSIDE])),
        partly_outside: meets(group(&json!({ "MCPServer": "true" }), &[approved, OUTSIDE])),
        without_subnet: meets(group(&json!({ "MCPServer": "true" }), &[])),
        outside_app: if outside.contains(&Some(true)) {
            Some(true)
        } else if outside.contains(&None) {
            None
        } else {
            Some(false)
        },
        proper: meets(group(&json!({ "MCPServer": "true" }), &[approved])),
    }
}

/// An assignment may replace the effect of all its rules, or of those that it names.
fn overridden(row: &Value, reference: Option<&str>) -> Option<String> {
    let all = items(row, "/properties/overrides")
        .filter(|one| text(one, "/kind").is_some_and(|kind| kind.eq_ignore_ascii_case("policyEffect")));
    let named = |one: &&Value| {
        let mut selectors = items(one, "/selectors")
            .filter(|one| {
                text(one, "/kind").is_some_and(|kind| kind.eq_ignore_ascii_case("policyDefinitionReferenceId"))
            })
            .peekable();
        selectors.peek().is_none()
            || selectors.any(|one| {
                items(one, "/in")
                    .filter_map(Value::as_str)
                    .any(|name| reference.is_some_and(|reference| reference.eq_ignore_ascii_case(name)))
            })
    };
    all.filter(named).find_map(|one| text(one, "/value")).map(|effect| effect.to_lowercase())
}

/// `…/providers/Microsoft.Authorization/policyAssignments/x` stands below its scope.
fn scope_of(id: &str) -> String {
    id.split("/providers/microsoft.authorization/").next().unwrap_or(id).to_owned()
}

fn level(scope: &str) -> &'static str {
    let parts: Vec<&str> = scope.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["providers", "microsoft.management", "managementgroups", _] | [""] => "management-group",
        ["subscriptions", _] => "subscription",
        ["subscriptions", _, "resourcegroups", _] => "resource-group",
        _ => "resource",
    }
}

fn group(tags: &Value, subnets: &[&str]) -> Value {
    let subnet_ids: Vec<Value> = subnets.iter().map(|id| json!({ "id": id })).collect();
    let kind = if subnets.is_empty() { "Public" } else { "Private" };
    json!({
        "type": "Microsoft.ContainerInstance/containerGroups", "name": "mcp-filesystem", "location": "westeurope", "tags": tags,
        "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sample/providers/Microsoft.ContainerInstance/containerGroups/mcp-filesystem",
        "identity": { "type": "UserAssigned" },
        "properties": {
            "osType": "Linux", "subnetIds": subnet_ids, "ipAddress": { "type": kind, "ports": [{ "port": 3000, "protocol": "TCP" }] },
            "containers": [{ "name": "mcp-filesystem", "properties": { "image": "mcp/filesystem:1", "command": ["mcp-server"], "ports": [{ "port": 3000 }] } }],
        },
    })
}

fn app(tags: &Value) -> Value {
    json!({
        "type": "Microsoft.App/containerApps", "name": "mcp-filesystem", "location": "westeurope", "tags": tags,
        "id": "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/sample/providers/Microsoft.App/containerApps/mcp-filesystem",
        "identity": { "type": "UserAssigned" },
        "properties": {
            "configuration": { "ingress": { "external": true, "targetPort": 3000 } },
            "template": { "containers": [{ "name": "mcp-filesystem", "image": "mcp/filesystem:1" }] },
        },
    })
}

fn environment(subnet: &str) -> Value {
    json!({
        "type": "Microsoft.App/managedEnvironments", "name": "mcp", "location": "westeurope", "tags": { "MCPServer": "true" },
        "properties": { "vnetConfiguration": { "infrastructureSubnetId": subnet, "internal": false } },
    })
}
