//! Removes a person's own assignment to an enterprise application.

use super::tools::{get_gone, not_of_a_group, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo};
use crate::api::{Paging, Service};

const LIST: &str = "/v1.0/users/{principalId}/appRoleAssignments";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-app-role-assignment",
    does: "remove the assignment to the application",
    service: Service::Graph,
    subject: "entra:app-role-assignment/{assignment:key}",
    alias: None,
    needs: "AppRoleAssignment.ReadWrite.All",
    stage: Stage::Grants,
    disposition: Disposition::Safe,
    owner: Some("principalId"),
    see: See::Row { path: LIST, paging: Paging::OData, key: "/id", is: "{assignment}", others: None },
    back: Some(See::Row {
        path: LIST,
        paging: Paging::OData,
        key: "/principalId&/resourceId&/appRoleId",
        is: "{principalId}&{resourceId}&{appRoleId}",
        others: None,
    }),
    state: &[
        ("principalId", "/principalId"),
        ("principalType", "/principalType"),
        ("resourceId", "/resourceId"),
        ("appRoleId", "/appRoleId"),
    ],
    evidence: "SELECT 'entra:app-role-assignment/' || id, principal AS principalId, principal_kind AS principalType,
                      resource AS resourceId, role AS appRoleId
               FROM app_role_assignment",
    request: get_gone("/v1.0/users/{principalId}/appRoleAssignments/{assignment}"),
    after: After::Absent,
    undo: Undo::Request(send(
        "POST",
        LIST,
        r#"{"principalId": "{principalId}", "resourceId": "{resourceId}", "appRoleId": "{appRoleId}"}"#,
    )),
    guard: not_of_a_group,
    breaks: &["the person gets no more tokens for the application where it asks for an assignment"],
    depends: None,
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/Applications/userId/{principalId}",
}];
