//! What only a person can do: the reason, the command with every id filled in, and the place. First match wins.

use crate::action::route::Hand;

const SECRET: &str = "a secret is never deleted: whoever uses it needs the new one first";
const VARIABLE: &str = "a variable is never deleted: look at what it says, and set it anew";
const REPLACES: &str =
    "saving it replaces all of its rules at once, and what somebody else saves meanwhile would be lost";
const FILE: &str = "it lives in a repository, and changes there by a reviewed commit";
const HOST: &str = "it lies on a host: take an image of the host as evidence before anything is wiped";
const TEMPLATE: &str = "it stands in a template or a pipeline that would write it again";
const HISTORY: &str = "it tells what happened, and that does not change: close what made it possible, and look into it";

const fn hand(subject: &'static str, why: &'static str, command: &'static str, portal: &'static str) -> Hand {
    Hand { check: None, subject, why, command, portal }
}

const fn of(check: &'static str, hand: Hand) -> Hand {
    Hand { check: Some(check), ..hand }
}

const REVIEWER: &str = "gh api '/repos/<org>/<repo>/environments/<environment%>' --jq '\
    def rule(t): [.protection_rules[] | select(.type == t)] | first; \
    {wait_timer: (rule(\"wait_timer\").wait_timer // 0), \
    prevent_self_review: (rule(\"required_reviewers\").prevent_self_review // false), \
    reviewers: [rule(\"required_reviewers\").reviewers[]? | {type, id: .reviewer.id} | select((.type == \"User\" and .id == <account>) | not)], \
    deployment_branch_policy}' \
    | gh api --method PUT '/repos/<org>/<repo>/environments/<environment%>' --input -";

const ORG_BYPASS: &str = "gh api '/orgs/<org>/rulesets/<ruleset>' --jq '\
    {name, target, enforcement, conditions, rules, \
    bypass_actors: [.bypass_actors[] | select((.actor_type == \"User\" and .actor_id == <account>) | not)]}' \
    | gh api --method PUT '/orgs/<org>/rulesets/<ruleset>' --input -";

const REPO_BYPASS: &str = "gh api '/repos/<org>/<repo>/rulesets/<ruleset>' --jq '\
    {name, target, enforcement, conditions, rules, \
    bypass_actors: [.bypass_actors[] | select((.actor_type == \"User\" and .actor_id == <account>) | not)]}' \
    | gh api --method PUT '/repos/<org>/<repo>/rulesets/<ruleset>' --input -";

const USER: &str =
    "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{user}";
const APPS: &str = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade";
const ENTERPRISE: &str =
    "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview";

pub(in crate::action) static HANDS: &[Hand] = &[
    // What a log tells, whatever it is about.
    of("4-activity/", hand("{what:all}", HISTORY, "", "")),
    // GitHub: reviewers, exceptions, code owners.
    hand(
        "github:repo/{org:name}/{repo:name}/environment/{environment:text}/reviewer/{account:number}",
        REPLACES,
        REVIEWER,
        "https://github.com/{org}/{repo}/settings/environments",
    ),
    hand(
        "github:org/{org:name}/ruleset/{ruleset:number}/bypass/{account:number}",
        REPLACES,
        ORG_BYPASS,
        "https://github.com/organizations/{org}/settings/rules/{ruleset}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/ruleset/{ruleset:number}/bypass/{account:number}",
        REPLACES,
        REPO_BYPASS,
        "https://github.com/{org}/{repo}/settings/rules/{ruleset}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/branch-rule/{rest:tail}",
        REPLACES,
        "gh browse --settings --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings/branches",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/file/{path:tail}#{mark:name}",
        FILE,
        "gh browse <path> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/blob/HEAD/{path}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/variable/{variable:name}#{mark:name}",
        "a credential does not belong into a variable: whoever uses it needs a secret first",
        "gh secret set <variable!> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings/variables/actions",
    ),
    hand(
        "github:org/{org:name}/variable/{variable:name}#{mark:name}",
        "a credential does not belong into a variable: whoever uses it needs a secret first",
        "gh secret set <variable!> --org <org!>",
        "https://github.com/organizations/{org}/settings/variables/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/runner/{runner:number}",
        "its host has to be looked at first: take an image of it as evidence",
        "gh api /repos/<org>/<repo>/actions/runners/<runner>",
        "https://github.com/{org}/{repo}/settings/actions/runners",
    ),
    hand(
        "github:org/{org:name}/runner/{runner:number}",
        "its host has to be looked at first: take an image of it as evidence",
        "gh api /orgs/<org>/actions/runners/<runner>",
        "https://github.com/organizations/{org}/settings/actions/runners",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/secrets",
        SECRET,
        "gh secret list --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings/secrets/actions",
    ),
    hand(
        "github:org/{org:name}/secrets",
        SECRET,
        "gh secret list --org <org!>",
        "https://github.com/organizations/{org}/settings/secrets/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/file/{path:tail}",
        FILE,
        "gh browse <path> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/blob/HEAD/{path}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/workflow/{path:tail}",
        FILE,
        "gh browse <path> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/blob/HEAD/{path}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/oidc-template",
        "the federated credentials for the old subject stop matching: the new ones come first",
        "gh api /repos/<org>/<repo>/actions/oidc/customization/sub",
        "https://github.com/{org}/{repo}/settings/actions",
    ),
    // GitHub: secrets and variables.
    hand(
        "github:org/{org:name}/secret/{secret:name}",
        SECRET,
        "gh secret set <secret!> --org <org!>",
        "https://github.com/organizations/{org}/settings/secrets/actions",
    ),
    hand(
        "github:org/{org:name}/dependabot-secret/{secret:name}",
        SECRET,
        "gh secret set <secret!> --org <org!> --app dependabot",
        "https://github.com/organizations/{org}/settings/secrets/dependabot",
    ),
    hand(
        "github:org/{org:name}/variable/{variable:name}",
        VARIABLE,
        "gh variable set <variable!> --org <org!>",
        "https://github.com/organizations/{org}/settings/variables/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/secret/{secret:name}",
        SECRET,
        "gh secret set <secret!> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings/secrets/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/dependabot-secret/{secret:name}",
        SECRET,
        "gh secret set <secret!> --repo <org>/<repo> --app dependabot",
        "https://github.com/{org}/{repo}/settings/secrets/dependabot",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/environment/{environment:text}/secret/{secret:name}",
        SECRET,
        "gh secret set <secret!> --repo <org>/<repo> --env <environment!>",
        "https://github.com/{org}/{repo}/settings/environments",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/variable/{variable:name}",
        VARIABLE,
        "gh variable set <variable!> --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings/variables/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/environment/{environment:text}/variable/{variable:name}",
        VARIABLE,
        "gh variable set <variable!> --repo <org>/<repo> --env <environment!>",
        "https://github.com/{org}/{repo}/settings/environments",
    ),
    // GitHub: apps, runner groups, runs.
    hand(
        "github:org/{org:name}/installation/{installation:number}",
        "others may work with the app: see that it belongs to the organisation before its keys are renewed",
        "gh api /orgs/<org>/installations --jq '.installations[] | select(.id == <installation>)'",
        "https://github.com/organizations/{org}/settings/installations/{installation}",
    ),
    hand(
        "github:org/{org:name}/runner-group/{group:number}",
        "repositories outside may need the group: look which ones use it",
        "gh api --method PATCH /orgs/<org>/actions/runner-groups/<group> -F allows_public_repositories=false",
        "https://github.com/organizations/{org}/settings/actions/runner-groups/{group}",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/runs/{rest:tail}",
        HISTORY,
        "gh run list --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/actions",
    ),
    hand(
        "github:repo/{org:name}/{repo:name}/{rest:tail}",
        FILE,
        "gh browse --repo <org>/<repo>",
        "https://github.com/{org}/{repo}/settings",
    ),
    hand("github:org/{org:name}/{rest:tail}", TEMPLATE, "", "https://github.com/organizations/{org}/settings/profile"),
    // Entra.
    hand(
        "entra:user/{user:guid}/method/{method:key}",
        "a method that is gone cannot come back, and one that is removed while the account is open is registered anew: disable the account first",
        "az rest --method delete --url https://graph.microsoft.com/v1.0/users/<user>/authentication/<kind>Methods/<method>",
        USER,
    ),
    of(
        "account/restorable",
        hand(
            "entra:user/{user:guid}",
            "deleting for good cannot be undone: see first that no legal hold is on it",
            "az rest --method get --url https://graph.microsoft.com/v1.0/directory/deletedItems/<user>",
            "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserManagementMenuBlade/~/DeletedUsers",
        ),
    ),
    hand(
        "entra:user/{user:guid}/{rest:tail}",
        HISTORY,
        "az rest --method get --url https://graph.microsoft.com/v1.0/users/<user>",
        USER,
    ),
    hand(
        "entra:user/{user:guid}",
        HISTORY,
        "az rest --method get --url https://graph.microsoft.com/v1.0/users/<user>",
        USER,
    ),
    hand(
        "entra:application/{object:guid}/credential/{key:guid}",
        "who knows it is not known: give its users another one before it is removed",
        "az ad app credential list --id <object>",
        APPS,
    ),
    hand(
        "entra:service-principal/{object:guid}/credential/{key:guid}",
        "who knows it is not known: give its users another one before it is removed",
        "az ad sp credential list --id <object>",
        ENTERPRISE,
    ),
    hand(
        "entra:application/{application:key}/preauthorized/{client:key}",
        "everybody who uses the client has to consent then",
        "az ad app show --id <application> --query api.preAuthorizedApplications",
        APPS,
    ),
    hand(
        "entra:application/{object:guid}/federated/{credential:key}",
        "what it should trust instead is for its owner to say",
        "az ad app federated-credential show --id <object> --federated-credential-id <credential>",
        APPS,
    ),
    hand(
        "entra:application/{object:key}",
        "others may use it: its owner has to say",
        "az ad app show --id <object>",
        APPS,
    ),
    of(
        "1-consents/gateway-open-to-all",
        hand(
            "entra:service-principal/{object:guid}",
            "everybody without an assignment is locked out: assign those who need it first",
            "az ad sp update --id <object> --set appRoleAssignmentRequired=true",
            ENTERPRISE,
        ),
    ),
    hand(
        "entra:service-principal/{object:guid}",
        "others may use it: its owner has to say",
        "az ad sp show --id <object>",
        ENTERPRISE,
    ),
    hand(
        "entra:agent-identity/{object:guid}",
        "it needs a sponsor who is still there",
        "az rest --method get --url https://graph.microsoft.com/beta/servicePrincipals/<object>/microsoft.graph.agentIdentity/sponsors",
        ENTERPRISE,
    ),
    hand(
        "entra:grant/{grant:key}",
        "the consent is everybody's",
        "az rest --method get --url https://graph.microsoft.com/v1.0/oauth2PermissionGrants/<grant>",
        ENTERPRISE,
    ),
    hand(
        "entra:group/{group:guid}/member/{user:guid}",
        "its owner has to say",
        "az rest --method get --url https://graph.microsoft.com/v1.0/groups/<group>",
        "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/GroupDetailsMenuBlade/~/Members/groupId/{group}",
    ),
    // Azure.
    hand(
        "azure:{scope:path}/providers/microsoft.authorization/roleassignments/{assignment:guid}",
        "whoever holds the role may still need it: ask its owner first",
        "az role assignment delete --ids <scope>/providers/Microsoft.Authorization/roleAssignments/<assignment>",
        "https://portal.azure.com/#resource{scope}/users",
    ),
    hand(
        "azure:/subscriptions/{subscription:guid}/resourcegroups/{group:text}/providers/microsoft.managedidentity/userassignedidentities/{identity:name}/federated/{credential:name}",
        "what it should trust instead is for its owner to say",
        "az identity federated-credential show --subscription <subscription> --resource-group <group!> --identity-name <identity> --name <credential>",
        "https://portal.azure.com/#resource/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}/federatedcredentials",
    ),
    hand(
        "azure:/subscriptions/{subscription:guid}/resourcegroups/{group:text}/providers/microsoft.app/containerapps/{app:name}/template/{rest:tail}",
        TEMPLATE,
        "az containerapp show --subscription <subscription> --resource-group <group!> --name <app> --query properties.template",
        "https://portal.azure.com/#resource/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App/containerApps/{app}",
    ),
    hand(
        "azure:/subscriptions/{subscription:guid}/resourcegroups/{group:text}/providers/microsoft.app/jobs/{job:name}/template/{rest:tail}",
        TEMPLATE,
        "az containerapp job show --subscription <subscription> --resource-group <group!> --name <job> --query properties.template",
        "https://portal.azure.com/#resource/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.App/jobs/{job}",
    ),
    hand(
        "azure:/subscriptions/{subscription:guid}/resourcegroups/{group:text}/providers/microsoft.containerinstance/containergroups/{name:name}/{rest:tail}",
        TEMPLATE,
        "az container show --subscription <subscription> --resource-group <group!> --name <name>",
        "https://portal.azure.com/#resource/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.ContainerInstance/containerGroups/{name}",
    ),
    hand(
        "azure:{resource:path}",
        TEMPLATE,
        "az resource show --ids <resource>",
        "https://portal.azure.com/#resource{resource}",
    ),
    // Azure DevOps.
    hand(
        "devops:{org:name}/{project:guid}/variable-group/{group:number}/{name:text}",
        SECRET,
        "az pipelines variable-group variable update --org https://dev.azure.com/<org> --project <project> --group-id <group> \
         --name <name!> --secret true --prompt-value true",
        "https://dev.azure.com/{org}/{project}/_library?itemType=VariableGroups&view=VariableGroupView&variableGroupId={group}",
    ),
    hand(
        "devops:{org:name}/{project:guid}/build/{definition:number}/{name:text}",
        SECRET,
        "az pipelines variable update --org https://dev.azure.com/<org> --project <project> --pipeline-id <definition> \
         --name <name!> --secret true --prompt-value true",
        "https://dev.azure.com/{org}/{project}/_build?definitionId={definition}",
    ),
    hand(
        "devops:{org:name}/{project:guid}/build/{definition:number}",
        "whoever saves it next is whom its schedule runs as",
        "az pipelines show --org https://dev.azure.com/<org> --project <project> --id <definition>",
        "https://dev.azure.com/{org}/{project}/_build?definitionId={definition}",
    ),
    hand(
        "devops:{org:name}/{project:guid}/release/{definition:number}/{rest:tail}",
        REPLACES,
        "az pipelines release definition show --org https://dev.azure.com/<org> --project <project> --id <definition>",
        "https://dev.azure.com/{org}/{project}/_release?definitionId={definition}",
    ),
    hand(
        "devops:{org:name}/{project:guid}/service-connection/{connection:guid}",
        "pipelines sign in with it: they need another one first",
        "az devops service-endpoint show --org https://dev.azure.com/<org> --project <project> --id <connection>",
        "https://dev.azure.com/{org}/{project}/_settings/adminservices?resourceId={connection}",
    ),
    hand(
        "devops:{org:name}/{project:guid}/secure-file/{file:guid}",
        "pipelines name it: upload the new one first",
        "",
        "https://dev.azure.com/{org}/{project}/_library?itemType=SecureFiles",
    ),
    hand(
        "devops:{org:name}/{project:guid}/repo/{repo:guid}{path:place}",
        FILE,
        "az repos show --org https://dev.azure.com/<org> --project <project> --repository <repo>",
        "https://dev.azure.com/{org}/{project}/_git/{repo}",
    ),
    hand(
        "devops:{org:name}/pool/{pool:number}/agent/{agent:number}",
        HOST,
        "az pipelines agent show --org https://dev.azure.com/<org> --pool-id <pool> --id <agent>",
        "https://dev.azure.com/{org}/_settings/agentpools?poolId={pool}&view=agents",
    ),
    hand(
        "devops:{org:name}/group/{group:name}/member/{member:name}",
        "the rights of the group go too: name who takes over what only this person administers",
        "az devops security group membership remove --org https://dev.azure.com/<org> --group-id <group> --member-id <member>",
        "https://dev.azure.com/{org}/_settings/groups",
    ),
    hand("devops:{org:name}{rest:place}", REPLACES, "", "https://dev.azure.com/{org}/_settings/"),
    // Hosts.
    hand("host:{host:text}{path:place}", HOST, "", ""),
];
