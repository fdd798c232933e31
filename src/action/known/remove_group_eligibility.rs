//! Takes the membership or ownership of a group away that the person could switch on through Privileged Identity Management.

use super::tools::send;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const BASE: &str = "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleRequests";
const LIST: &str =
    "/v1.0/identityGovernance/privilegedAccess/group/eligibilityScheduleInstances?$filter=principalId%20eq%20'{principalId}'";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-group-eligibility",
    does: "take the eligibility for the group away",
    service: Service::Graph,
    subject: "entra:group-eligibility/{eligibility:key}",
    alias: None,
    needs: "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup",
    stage: Stage::Trust,
    disposition: Disposition::Safe,
    owner: Some("principalId"),
    see: See::Row { path: LIST, paging: Paging::OData, key: "/id", is: "{eligibility}", others: None },
    back: Some(See::Row {
        path: LIST,
        paging: Paging::OData,
        key: "/groupId&/accessId",
        is: "{groupId}&{accessId}",
        others: None,
    }),
    state: &[
        ("principalId", "/principalId"),
        ("groupId", "/groupId"),
        ("accessId", "/accessId"),
        ("endDateTime", "/endDateTime"),
        ("expiration", "/endDateTime#expiration"),
    ],
    evidence: "SELECT 'entra:group-eligibility/' || eligible.id, account.id AS principalId, eligible.group_id AS groupId,
                      eligible.access AS accessId, eligible.ends_at AS endDateTime,
                      iif(eligible.ends_at IS NULL, 'noExpiration', 'afterDateTime') AS expiration
               FROM group_eligibility AS eligible JOIN account ON account.person = eligible.person",
    request: send(
        "POST",
        BASE,
        r#"{"action": "adminRemove", "accessId": "{accessId}", "principalId": "{principalId}", "groupId": "{groupId}",
            "justification": "The person has left."}"#,
    ),
    after: After::Absent,
    undo: Undo::Request(send(
        "POST",
        BASE,
        r#"{"action": "adminAssign", "accessId": "{accessId}", "principalId": "{principalId}", "groupId": "{groupId}",
            "justification": "Undone.",
            "scheduleInfo": {"expiration": {"type": "{expiration}", "endDateTime": "{endDateTime?}"}}}"#,
    )),
    guard: free,
    breaks: &["the person cannot switch the membership on any more; one that is switched on ends by itself, or is a change of its own"],
    depends: None,
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/GroupDetailsMenuBlade/~/PrivilegedAccess/groupId/{groupId}",
}];
