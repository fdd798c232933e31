//! The app registration of leaver in Entra: exactly the application permissions that the chosen checks need.

use super::known::Known;
use super::needs::Needs;
use super::{Block, Step};

/// The appId of Microsoft Graph, which is the same everywhere.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// The appId of the Log Analytics API.
const LOGS: &str = "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5";

pub(super) fn steps(needs: &Needs, known: &Known) -> Vec<Step> {
    let tenant = known.tenant.as_deref().unwrap_or("TENANT_ID");
    let permissions: Vec<&str> = needs.graph.keys().copied().collect();
    let logs = !needs.logs.is_empty();
    let register = Step {
        id: "entra-application",
        title: "Register the application that leaver signs in as".to_owned(),
        who: "Application Administrator or Cloud Application Administrator",
        why: format!(
            "{} application permissions of Microsoft Graph, all of them read-only: {}.",
            permissions.len(),
            permissions.join(", ")
        ),
        blocks: vec![
            Block::new("shell", "Azure CLI", register(tenant, &permissions, logs)),
            Block::new(
                "terraform",
                "Terraform, in place of the commands above and below",
                terraform(known, &permissions, logs),
            ),
        ],
    };
    let consent = Step {
        id: "entra-consent",
        title: "Consent for the tenant".to_owned(),
        who: "Privileged Role Administrator or Global Administrator",
        why: "Application permissions count only when an administrator has consented to them.".to_owned(),
        blocks: vec![
            Block::new("shell", "Azure CLI", "az ad app permission admin-consent --id \"$APP\"\n"),
            Block::new("shell", "Microsoft Graph, one permission at a time", consent(&known.graph, &permissions)),
        ],
    };
    let sign_in = Step {
        id: "entra-sign-in",
        title: "Let leaver sign in as it".to_owned(),
        who: "Application Administrator or Cloud Application Administrator",
        why: "Best without any secret: a federated credential for the pipeline that runs leaver, bound to one branch. A managed \
              identity needs none of this: give it the permissions above in place of $OBJECT."
            .to_owned(),
        blocks: vec![
            Block::new("shell", "A workflow of GitHub Actions", federated(known)),
            Block::new("shell", "A secret, where nothing else can be had", secret(tenant)),
        ],
    };
    vec![register, consent, sign_in]
}

fn register(tenant: &str, permissions: &[&str], logs: bool) -> String {
    let mut text = format!(
        "az login --tenant {tenant} --allow-no-subscriptions\n\
         APP=$(az ad app create --display-name leaver-auditor --sign-in-audience AzureADMyOrg --query appId -o tsv)\n\
         az ad sp create --id \"$APP\"\n\
         OBJECT=$(az ad sp show --id \"$APP\" --query id -o tsv)\n\
         for PERMISSION in {}; do\n  \
         ROLE=$(az ad sp show --id {GRAPH} --query \"appRoles[?value=='$PERMISSION'].id\" -o tsv)\n  \
         az ad app permission add --id \"$APP\" --api {GRAPH} --api-permissions \"$ROLE=Role\"\n\
         done\n",
        permissions.join(" ")
    );
    if logs {
        text.push_str(&format!(
            "ROLE=$(az ad sp show --id {LOGS} --query \"appRoles[?value=='Data.Read'].id\" -o tsv)\n\
             az ad app permission add --id \"$APP\" --api {LOGS} --api-permissions \"$ROLE=Role\"\n"
        ));
    }
    text
}

fn consent(graph: &str, permissions: &[&str]) -> String {
    format!(
        "RESOURCE=$(az ad sp show --id {GRAPH} --query id -o tsv)\n\
         for PERMISSION in {}; do\n  \
         ROLE=$(az ad sp show --id {GRAPH} --query \"appRoles[?value=='$PERMISSION'].id\" -o tsv)\n  \
         az rest --method POST --url \"{graph}/v1.0/servicePrincipals/$OBJECT/appRoleAssignments\" \\\n    \
         --headers Content-Type=application/json \\\n    \
         --body \"{{\\\"principalId\\\":\\\"$OBJECT\\\",\\\"resourceId\\\":\\\"$RESOURCE\\\",\\\"appRoleId\\\":\\\"$ROLE\\\"}}\"\n\
         done\n",
        permissions.join(" ")
    )
}

fn federated(known: &Known) -> String {
    let organization = known.organizations.first().map_or("ORGANISATION", String::as_str);
    format!(
        "cat > credential.json <<'JSON'\n\
         {{ \"name\": \"leaver-sweep\", \"issuer\": \"https://token.actions.githubusercontent.com\",\n  \
         \"subject\": \"repo:{organization}/REPOSITORY:ref:refs/heads/main\", \"audiences\": [\"api://AzureADTokenExchange\"] }}\n\
         JSON\n\
         az ad app federated-credential create --id \"$APP\" --parameters credential.json\n"
    )
}

fn secret(tenant: &str) -> String {
    format!(
        "export AZURE_TENANT_ID={tenant} AZURE_CLIENT_ID=\"$APP\"\n\
         export AZURE_CLIENT_SECRET=$(az ad app credential reset --id \"$APP\" --display-name leaver --years 1 --query password -o tsv)\n"
    )
}

fn terraform(known: &Known, permissions: &[&str], logs: bool) -> String {
    let list = |all: &[&str]| all.iter().map(|one| format!("    \"{one}\",\n")).collect::<String>();
    let mut apis = vec![("graph", GRAPH, list(permissions))];
    if logs {
        apis.push(("logs", LOGS, list(&["Data.Read"])));
    }
    let mut text = provider(known);
    for (name, id, roles) in &apis {
        text.push_str(&format!(
            "data \"azuread_service_principal\" \"{name}\" {{\n  client_id = \"{id}\"\n}}\n\n\
             locals {{\n  {name}_permissions = toset([\n{roles}  ])\n}}\n\n"
        ));
    }
    text.push_str("resource \"azuread_application\" \"leaver\" {\n  display_name     = \"leaver-auditor\"\n");
    text.push_str("  sign_in_audience = \"AzureADMyOrg\"\n");
    for (name, ..) in &apis {
        text.push_str(&format!(
            "\n  required_resource_access {{\n    resource_app_id = data.azuread_service_principal.{name}.client_id\n    \
             dynamic \"resource_access\" {{\n      for_each = local.{name}_permissions\n      content {{\n        \
             id   = data.azuread_service_principal.{name}.app_role_ids[resource_access.value]\n        \
             type = \"Role\"\n      }}\n    }}\n  }}\n"
        ));
    }
    text.push_str("}\n\nresource \"azuread_service_principal\" \"leaver\" {\n  client_id = azuread_application.leaver.client_id\n}\n");
    for (name, ..) in &apis {
        text.push_str(&format!(
            "\n# The consent of an administrator.\nresource \"azuread_app_role_assignment\" \"{name}\" {{\n  \
             for_each            = local.{name}_permissions\n  \
             app_role_id         = data.azuread_service_principal.{name}.app_role_ids[each.value]\n  \
             principal_object_id = azuread_service_principal.leaver.object_id\n  \
             resource_object_id  = data.azuread_service_principal.{name}.object_id\n}}\n"
        ));
    }
    text.push_str(&super::azure::terraform(known, logs));
    text
}

fn provider(known: &Known) -> String {
    let tenant = known.tenant.as_deref().unwrap_or("TENANT_ID");
    let subscription = known.subscriptions.first().map_or("SUBSCRIPTION_ID", String::as_str);
    format!(
        "terraform {{\n  required_providers {{\n    azuread = {{ source = \"hashicorp/azuread\" }}\n    \
         azurerm = {{ source = \"hashicorp/azurerm\" }}\n  }}\n}}\n\n\
         provider \"azuread\" {{\n  tenant_id = \"{tenant}\"\n}}\n\n\
         provider \"azurerm\" {{\n  features {{}}\n  subscription_id = \"{subscription}\"\n}}\n\n"
    )
}
