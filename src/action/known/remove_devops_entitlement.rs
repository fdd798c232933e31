//! Takes the licence of an account away, and with it its access to an organisation of Azure DevOps. The account in Entra stays.

use super::tools::get_gone;
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::Service;

const ENTITLEMENT: &str = "/{org}/_apis/userentitlements/{user}?api-version=7.1";

pub(super) static ROUTES: &[Route] = &[Route {
    action: "remove-devops-entitlement",
    does: "take the access to the organisation away",
    service: Service::DevOpsEntitlements,
    subject: "devops:{org:name}/user/{descriptor:key}",
    alias: None,
    needs: "vso.memberentitlementmanagement_write, as a Project Collection Administrator",
    stage: Stage::Organization,
    disposition: Disposition::Safe,
    owner: Some("origin"),
    see: See::One {
        path: ENTITLEMENT,
        witness: Some("/{org}/_apis/userentitlements?api-version=7.1"),
    },
    back: None,
    state: &[("origin", "/user/originId"), ("licence", "/accessLevel/accountLicenseType")],
    evidence: "SELECT account.id, account.user_id AS user, entitlement.licence AS licence
               FROM devops_user AS account LEFT JOIN devops_entitlement AS entitlement ON entitlement.id = account.id
               WHERE account.user_id IS NOT NULL",
    request: get_gone(ENTITLEMENT),
    after: After::Absent,
    undo: Undo::Manual("add the account to the organisation again, with the licence that the plan names; its groups have to be given again"),
    guard: free,
    breaks: &[
        "its groups and permissions go with it; pipelines that run as it stop",
        "service connections, variable groups, secure files and agents stay: they have findings of their own",
    ],
    depends: None,
    first: None,
    portal: "https://dev.azure.com/{org}/_settings/users",
}];
