//! Roles in Azure: Reader on each subscription, Log Analytics Reader on each workspace.

use super::known::Known;
use super::needs::Needs;
use super::{Block, Step};

const ASSIGN: &str =
    "az role assignment create --assignee-object-id \"$OBJECT\" --assignee-principal-type ServicePrincipal";

pub(super) fn steps(needs: &Needs, known: &Known) -> Vec<Step> {
    let mut steps = Vec::new();
    if !needs.azure.is_empty() {
        steps.push(Step {
            id: "azure-reader",
            title: "Reader on the subscriptions".to_owned(),
            who: "Owner or User Access Administrator of each subscription",
            why: format!(
                "{} checks look at managed identities, whom they trust, roles and containers. A subscription that is left out \
                 is not looked at.",
                waiting(&needs.azure)
            ),
            blocks: vec![Block::new("shell", "Azure CLI", readers(known))],
        });
    }
    if !needs.logs.is_empty() {
        steps.push(Step {
            id: "azure-logs",
            title: "Log Analytics Reader on the workspaces".to_owned(),
            who: "Owner or User Access Administrator of each workspace",
            why: format!("{} checks read the log of the MCP gateway.", waiting(&needs.logs)),
            blocks: vec![Block::new("shell", "Azure CLI", workspaces(known))],
        });
    }
    steps
}

/// How many checks wait for any of these.
pub(super) fn waiting(needs: &super::needs::Waiting) -> usize {
    needs.values().flatten().collect::<std::collections::BTreeSet<_>>().len()
}

fn subscriptions(known: &Known) -> Vec<&str> {
    match known.subscriptions.as_slice() {
        [] => vec!["SUBSCRIPTION_ID"],
        all => all.iter().map(String::as_str).collect(),
    }
}

fn readers(known: &Known) -> String {
    let line = |id: &str| format!("{ASSIGN} \\\n  --role Reader --scope /subscriptions/{id}\n");
    subscriptions(known).into_iter().map(line).collect()
}

fn workspaces(known: &Known) -> String {
    let role = "--role \"Log Analytics Reader\" --scope";
    if known.workspaces.is_empty() {
        let list =
            "az monitor log-analytics workspace list --query \"[].{name:name, id:customerId, scope:id}\" -o table\n";
        return format!("{list}{ASSIGN} \\\n  {role} WORKSPACE_RESOURCE_ID\n");
    }
    let line = |(workspace, place): &(String, Option<String>)| match place {
        Some(place) => format!("{ASSIGN} \\\n  {role} {place}\n"),
        None => format!(
            "WORKSPACE=$(az monitor log-analytics workspace list --query \"[?customerId=='{workspace}'].id\" -o tsv)\n\
             {ASSIGN} \\\n  {role} \"$WORKSPACE\"\n"
        ),
    };
    known.workspaces.iter().map(line).collect()
}

/// The same in the language of Terraform.
pub(super) fn terraform(known: &Known, logs: bool) -> String {
    let list = |all: Vec<&str>| all.into_iter().map(|one| format!("    \"{one}\",\n")).collect::<String>();
    let role = |name: &str, role: &str, scopes: &str| {
        format!(
            "\nresource \"azurerm_role_assignment\" \"{name}\" {{\n  for_each = toset([\n{scopes}  ])\n  \
             scope                = each.value\n  role_definition_name = \"{role}\"\n  \
             principal_id         = azuread_service_principal.leaver.object_id\n}}\n"
        )
    };
    let scopes: Vec<String> = subscriptions(known).into_iter().map(|id| format!("/subscriptions/{id}")).collect();
    let mut text = role("reader", "Reader", &list(scopes.iter().map(String::as_str).collect()));
    if logs {
        let places = known.workspaces.iter().filter_map(|(_, place)| place.as_deref()).collect::<Vec<_>>();
        let places = if places.is_empty() { vec!["WORKSPACE_RESOURCE_ID"] } else { places };
        text.push_str(&role("logs", "Log Analytics Reader", &list(places)));
    }
    text
}
