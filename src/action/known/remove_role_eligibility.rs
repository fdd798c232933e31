//! Takes a directory role away that the person could switch on through Privileged Identity Management.

use super::tools::{not_of_a_group, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo};
use crate::api::{Paging, Service};

const LIST: &str =
    "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances?$filter=principalId%20eq%20'{principalId}'";
const REQUESTS: &str = "/v1.0/roleManagement/directory/roleEligibilityScheduleRequests";

pub(super) static ROUTES: &[Route] = &[Route {
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
        key: "/roleDefinitionId",
        is: "{roleDefinitionId}",
        others: None,
    }),
    state: &[
        ("principalId", "/principalId"),
        ("roleDefinitionId", "/roleDefinitionId"),
        ("directoryScopeId", "/directoryScopeId"),
    ],
    evidence: "SELECT 'entra:role-eligibility/' || id, principal AS principalId, role AS roleDefinitionId,
                      scope AS directoryScopeId,
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
            "scheduleInfo": {"expiration": {"type": "noExpiration"}}}"#,
    )),
    guard: not_of_a_group,
    breaks: &["the person cannot switch the role on any more; what is switched on now ends by itself"],
    portal: "https://entra.microsoft.com/#view/Microsoft_Azure_PIMCommon/CommonMenuBlade/~/quickStart",
}];
