//! Removes a role assignment in the directory or in Azure.

use super::tools::{get_gone, not_of_a_group, send};
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, text};
use crate::api::{Paging, Service};

const DIRECTORY: &str = "/v1.0/roleManagement/directory/roleAssignments/{assignment}";
const AZURE: &str = "{scope}/providers/Microsoft.Authorization/roleAssignments/{assignment}?api-version=2022-04-01";

const DEACTIVATE: &str = "az rest --method post \
    --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignmentScheduleRequests \
    --headers Content-Type=application/json --body '{\"action\": \"adminRemove\", \"principalId\": \"<principalId>\", \
    \"roleDefinitionId\": \"<roleDefinitionId>\", \"directoryScopeId\": \"/\", \"justification\": \"The person has left.\"}'";

pub(super) static ROUTES: &[Route] = &[
    Route {
        action: "remove-role-assignment",
        does: "remove the directory role",
        service: Service::Graph,
        subject: "entra:role-assignment/{assignment:key}",
        alias: None,
        needs: "RoleManagement.ReadWrite.Directory",
        stage: Stage::Trust,
        disposition: Disposition::Safe,
        owner: Some("principalId"),
        see: See::One { path: DIRECTORY, witness: None },
        back: Some(See::Row {
            path: "/v1.0/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{principalId}'",
            paging: Paging::OData,
            key: "/roleDefinitionId&/directoryScopeId",
            is: "{roleDefinitionId}&{directoryScopeId}",
            others: None,
        }),
        state: &[
            ("principalId", "/principalId"),
            ("roleDefinitionId", "/roleDefinitionId"),
            ("directoryScopeId", "/directoryScopeId"),
        ],
        evidence: "SELECT 'entra:role-assignment/' || id, principal AS principalId, role AS roleDefinitionId,
                          scope AS directoryScopeId, state AS _state,
                          EXISTS (SELECT 1 FROM group_membership AS held WHERE held.group_id = principal COLLATE NOCASE) AS \"_group?\"
                   FROM directory_role WHERE state IN ('assigned', 'activated') AND id IS NOT NULL",
        request: get_gone(DIRECTORY),
        after: After::Absent,
        undo: Undo::Request(send(
            "POST",
            "/v1.0/roleManagement/directory/roleAssignments",
            r##"{"@odata.type": "#microsoft.graph.unifiedRoleAssignment", "principalId": "{principalId}",
                "roleDefinitionId": "{roleDefinitionId}", "directoryScopeId": "{directoryScopeId}"}"##,
        )),
        guard: standing,
        breaks: &["whatever the person still administers needs somebody else; a sole Global Administrator needs a successor first"],
        depends: None,
        first: None,
        portal: "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles",
    },
    Route {
        action: "remove-role-assignment",
        does: "remove the Azure role",
        service: Service::Arm,
        subject: "azure:{scope:path}/providers/microsoft.authorization/roleassignments/{assignment:guid}",
        alias: None,
        needs: "User Access Administrator or Role Based Access Control Administrator on the scope",
        stage: Stage::Trust,
        disposition: Disposition::Safe,
        owner: Some("principalId"),
        see: See::One { path: AZURE, witness: None },
        back: None,
        state: &[
            ("principalId", "/properties/principalId"),
            ("principalType", "/properties/principalType"),
            ("role", "/properties/roleDefinitionId#last"),
            ("condition", "/properties/condition"),
            ("conditionVersion", "/properties/conditionVersion"),
        ],
        evidence: "SELECT 'azure:' || id, principal AS principalId, principal_kind AS principalType, role, condition
                   FROM role_assignment",
        request: get_gone(AZURE),
        after: After::Absent,
        undo: Undo::Request(send(
            "PUT",
            AZURE,
            r#"{"properties": {"principalId": "{principalId}", "principalType": "{principalType}",
                "roleDefinitionId": "{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "condition": "{condition?}", "conditionVersion": "{conditionVersion?}"}}"#,
        )),
        guard: not_of_a_group,
        breaks: &["what this principal does in Azure under the scope stops within minutes"],
        depends: None,
        first: None,
        portal: "https://portal.azure.com/#resource{scope}/users",
    },
];

fn standing(state: &State) -> Option<Keep> {
    let why = "the role was switched on through Privileged Identity Management: end the activation there, and take the eligibility away";
    let activated = text(state, "_state") == Some("activated");
    not_of_a_group(state).or_else(|| activated.then(|| Keep::ByCommand(why.to_owned(), DEACTIVATE)))
}
