//! Rights in Azure DevOps, which has no application permissions: leaver's identity becomes a member of each organisation.

use super::known::Known;
use super::needs::Needs;
use super::{Block, Step};

pub(super) fn steps(needs: &Needs, known: &Known) -> Vec<Step> {
    if needs.devops.is_empty() {
        return Vec::new();
    }
    let organizations: Vec<&str> = match known.devops.as_slice() {
        [] => vec!["DEVOPS_ORGANISATION"],
        all => all.iter().map(String::as_str).collect(),
    };
    let optional = if known.devops.is_empty() { "Only where Azure DevOps is in use. " } else { "" };
    organizations.into_iter().map(|name| of(name, optional, needs)).collect()
}

fn of(organization: &str, optional: &str, needs: &Needs) -> Step {
    let entitle = format!(
        "az rest --method POST --resource 499b84ac-1321-427f-aa17-267ca6975798 \\\n  \
         --url \"https://vsaex.dev.azure.com/{organization}/_apis/serviceprincipalentitlements?api-version=7.1-preview.1\" \\\n  \
         --headers Content-Type=application/json --body \"{{\\\"accessLevel\\\":{{\\\"accountLicenseType\\\":\\\"express\\\"}},\
         \\\"servicePrincipal\\\":{{\\\"origin\\\":\\\"aad\\\",\\\"originId\\\":\\\"$OBJECT\\\",\\\"subjectKind\\\":\\\"servicePrincipal\\\"}}}}\"\n"
    );
    let rights = format!(
        "Project settings of each project, Permissions:  Readers\n\
         Pipelines, Library, Security:                   Reader\n\
         Project settings, Service connections, Security: Reader\n\
         Organisation settings, Agent pools, Security:   Reader\n\
         Organisation settings, Permissions:             View audit log: Allow\n\
         Organisation settings, Policies:                Log Audit Events: on\n\
         https://dev.azure.com/{organization}/_settings/groups\n"
    );
    Step {
        id: "devops",
        title: format!("Azure DevOps: {organization}"),
        who: "Project Collection Administrator",
        why: format!(
            "{optional}Personal access tokens of others are shown to Project Collection Administrators alone: without that, tokens \
             stay unknown, and nothing else does."
        ),
        blocks: vec![
            Block::new("shell", "Make the identity a member, with the access level Basic", entitle),
            Block::new("text", "Rights, in the browser", rights),
            Block::new(
                "text",
                "What is read with them; a personal token in place of the identity needs these scopes",
                scopes(needs),
            ),
        ],
    }
}

fn scopes(needs: &Needs) -> String {
    needs.devops.keys().map(|scope| format!("{scope}\n")).collect()
}
