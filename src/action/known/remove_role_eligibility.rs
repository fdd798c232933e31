//! Takes a role away that the person could switch on through Privileged Identity Management, in the directory or in Azure.

use super::tools::{not_of_a_group, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo};
use crate::api::{Paging, Service};

const LIST: &str =
    "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$filter=principalId%20eq%20'{principalId}'";
const REQUESTS: &str = "/v1.0/roleManagement/directory/roleEligibilityScheduleRequests";
const AZURE: &str =
    "{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{eligibility}?api-version=2020-10-01";
const AZURE_LIST: &str =
    "{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances?api-version=2020-10-01";
const BREAKS: &[&str] = &["the person cannot switch the role on any more; what is switched on now ends by itself"];
const PORTAL: &str = "https://entra.microsoft.com/#view/Microsoft_Azure_PIMCommon/CommonMenuBlade/~/quickStart";

pub(super) static ROUTES: &[Route] = &[
    Route {
        action: "remove-role-eligibility",
        does: "take the eligibility for the directory role away",
        service: Service::Graph,
        subject: "entra:role-eligibility/{eligibility:key}",
        alias: None,
        needs: "RoleEligibilitySchedule.ReadWrite.Directory",
        stage: Stage::Trust,
        disposition: Disposition::Safe,
        owner: Some("principalId"),
        see: See::Row { path: LIST, paging: Paging::OData, key: "/id", is: "{eligibility}", others: None },
        back: Some(See::Row {
            path: LIST,
            paging: Paging::OData,
            key: "/roleDefinitionId&/directoryScopeId",
            is: "{roleDefinitionId}&{directoryScopeId}",
            others: None,
        }),
        state: &[
            ("principalId", "/principalId"),
            ("roleDefinitionId", "/roleDefinitionId"),
            ("directoryScopeId", "/directoryScopeId"),
            ("endDateTime", "/endDateTime"),
            ("expiration", "/endDateTime#expiration"),
        ],
        evidence: "SELECT 'entra:role-eligibility/' || id, principal AS principalId, role AS roleDefinitionId,
                          scope AS directoryScopeId, ends_at AS endDateTime,
                          iif(ends_at IS NULL, 'noExpiration', 'afterDateTime') AS expiration,
                          EXISTS (SELECT 1 FROM group_membership AS held WHERE held.group_id = principal COLLATE NOCASE) AS \"_group?\"
                   FROM directory_role WHERE state = 'eligible' AND id IS NOT NULL",
        request: send(
            "POST",
            REQUESTS,
            r#"{"action": "adminRemove", "principalId": "{principalId}", "roleDefinitionId": "{roleDefinitionId}",
                "directoryScopeId": "{directoryScopeId}", "justification": "The person has left."}"#,
        ),
        after: After::Absent,
        undo: Undo::Request(send(
            "POST",
            REQUESTS,
            r#"{"action": "adminAssign", "principalId": "{principalId}", "roleDefinitionId": "{roleDefinitionId}",
                "directoryScopeId": "{directoryScopeId}", "justification": "Undone.",
                "scheduleInfo": {"expiration": {"type": "{expiration}", "endDateTime": "{endDateTime?}"}}}"#,
        )),
        guard: not_of_a_group,
        breaks: BREAKS,
        depends: None,
        first: None,
        portal: PORTAL,
    },
    Route {
        action: "remove-role-eligibility",
        does: "take the eligibility for the Azure role away",
        service: Service::Arm,
        subject: "azure:{scope:path}/providers/microsoft.authorization/roleeligibilityscheduleinstances/{eligibility:name}",
        alias: None,
        needs: "User Access Administrator or Role Based Access Control Administrator on the scope",
        stage: Stage::Trust,
        disposition: Disposition::Safe,
        owner: Some("principalId"),
        see: See::One { path: AZURE, witness: Some(AZURE_LIST) },
        back: None,
        state: &[
            ("principalId", "/properties/principalId"),
            ("principalType", "/properties/principalType"),
            ("role", "/properties/roleDefinitionId#last"),
            ("endDateTime", "/properties/endDateTime"),
        ],
        evidence: "SELECT 'azure:' || id, principal AS principalId, principal_kind AS principalType, role, ends_at AS endDateTime
                   FROM role_eligibility",
        request: send(
            "PUT",
            "{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/{request_id}?api-version=2020-10-01",
            r#"{"properties": {"requestType": "AdminRemove", "principalId": "{principalId}",
                "roleDefinitionId": "{scope}/providers/Microsoft.Authorization/roleDefinitions/{role}",
                "justification": "The person has left."}}"#,
        ),
        after: After::Absent,
        undo: Undo::Manual(
            "make the person eligible again in Privileged Identity Management, for the role, scope and end that the plan names",
        ),
        guard: not_of_a_group,
        breaks: BREAKS,
        depends: None,
        first: None,
        portal: "https://portal.azure.com/#view/Microsoft_Azure_PIMCommon/CommonMenuBlade/~/quickStart",
    },
];
