//! Takes a person out of a group. The reference is removed, never what it refers to: the path ends with `/$ref`.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Keep, Route, See, Stage, State, Undo, is};
use crate::api::{Paging, Service};

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-group-member",
    does: "take the person out of the group",
    service: Service::Graph,
    subject: "entra:group/{group:guid}/member/{user:guid}",
    alias: None,
    needs: "GroupMember.ReadWrite.All",
    stage: Stage::Memberships,
    disposition: Disposition::Safe,
    owner: Some("user"),
    see: See::Row {
        path: "/v1.0/users/{user}/memberOf?$select=id,membershipRule,isAssignableToRole,onPremisesSyncEnabled",
        paging: Paging::OData,
        key: "/id",
        is: "{group}",
        others: None,
    },
    back: None,
    state: &[
        ("dynamic", "/membershipRule#present"),
        ("isAssignableToRole", "/isAssignableToRole"),
        ("onPremisesSyncEnabled", "/onPremisesSyncEnabled"),
    ],
    evidence: "SELECT printf('entra:group/%s/member/%s', membership.group_id, account.id), dynamic AS \"dynamic?\",
                      role_assignable AS \"isAssignableToRole?\", direct = 0 AS \"_indirect?\"
               FROM group_membership AS membership JOIN account ON account.person = membership.person",
    request: get_gone("/v1.0/groups/{group}/members/{user}/$ref"),
    after: After::Absent,
    undo: Undo::Request(send(
        "POST",
        "/v1.0/groups/{group}/members/$ref",
        r#"{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/{user}"}"#,
    )),
    guard: plain,
    breaks: &["licences and a shared mailbox that the group gives go too: convert the mailbox, or place a hold, first"],
    depends: Some(
        "SELECT printf('entra:group/%s/member/%s', held.group_id, account.id),
                printf('the group opens %s', ifnull(assigned.resource_name, assigned.resource))
         FROM group_membership AS held JOIN account ON account.person = held.person
         JOIN app_role_assignment AS assigned ON assigned.principal = held.group_id COLLATE NOCASE AND assigned.person = held.person",
    ),
    first: None,
    portal: "https://entra.microsoft.com/#view/Microsoft_AAD_IAM/GroupDetailsMenuBlade/~/Members/groupId/{group}",
}];

const RULE: &str = "az rest --method get --url 'https://graph.microsoft.com/v1.0/groups/<group>?$select=displayName,membershipRule'";
const REMOVE: &str = "az rest --method delete --url 'https://graph.microsoft.com/v1.0/groups/<group>/members/<user>/$ref'";
const NESTED: &str = "az rest --method get --url 'https://graph.microsoft.com/v1.0/groups/<group>/members?$select=id,displayName'";

fn plain(state: &State) -> Option<Keep> {
    let (why, command) = if is(state, "dynamic") {
        ("the membership follows a rule: change the property that the rule asks for, or the rule", RULE)
    } else if is(state, "onPremisesSyncEnabled") {
        return Some(Keep::ByHand("the group is mastered on premises: take the person out there".to_owned()));
    } else if is(state, "isAssignableToRole") {
        ("the group can hold directory roles, so only a Privileged Role Administrator may change it", REMOVE)
    } else if is(state, "_indirect") {
        ("the person is in the group through another group: take the person out of that one", NESTED)
    } else {
        return None;
    };
    Some(Keep::ByCommand(why.to_owned(), command))
}
