//! That the SDK builds exactly the requests that are meant.

use super::*;

const USER: &str = "$select=id%2CdisplayName%2CuserPrincipalName%2Cmail%2CotherMails%2CproxyAddresses%2CemployeeId%2C\
    userType%2CexternalUserState%2CaccountEnabled%2CcreatedDateTime%2CdeletedDateTime%2ConPremisesSyncEnabled%2C\
    signInSessionsValidFromDateTime%2CemployeeLeaveDateTime";
const REGISTRATION: &str = "$select=id%2CappId%2CdisplayName%2CcreatedDateTime&$expand=federatedIdentityCredentials";
const GROUP: &str = "$select=id%2CdisplayName%2CmembershipRule%2CisAssignableToRole&$top=999";

#[track_caller]
fn is(ask: &Ask, path: &str) {
    assert_eq!(
        ask.path,
        path.replace("{USER}", USER).replace("{GROUP}", GROUP).replace("{REGISTRATION}", REGISTRATION)
    );
}

#[test]
fn users_are_addressed_safely_whatever_their_name() {
    let routes = Routes::new();
    for (key, path) in [
        ("O'Connor@contoso.com", "/v1.0/users/O'Connor@contoso.com?{USER}"),
        ("bob_x#EXT#@contoso.onmicrosoft.com", "/v1.0/users/bob_x%23EXT%23@contoso.onmicrosoft.com?{USER}"),
        ("$ales@contoso.com", "/v1.0/users('$ales@contoso.com')?{USER}"),
        ("$o'c@contoso.com", "/v1.0/users('$o''c@contoso.com')?{USER}"),
        ("a/b?c@contoso.com", "/v1.0/users/a%2Fb%3Fc@contoso.com?{USER}"),
        ("a+b%c@contoso.com", "/v1.0/users/a+b%25c@contoso.com?{USER}"),
    ] {
        is(&routes.user(key), path);
    }
    let filter = format!("mail eq {}", literal("o'c+x#y&z@contoso.com"));
    is(&routes.users(&filter), "/v1.0/users?$filter=mail%20eq%20%27o%27%27c%2Bx%23y%26z%40contoso.com%27&{USER}");
}

#[test]
fn every_route_of_the_person() {
    let (r, at) = (Routes::new(), "2026-05-01T00:00:00Z".parse().unwrap());
    for (ask, path) in [
        (r.sign_in_activity("1"), "/v1.0/users/1?$select=id%2CsignInActivity"),
        (r.deleted_users(), "/v1.0/directory/deletedItems/microsoft.graph.user?{USER}&$top=999"),
        (r.deleted_user("1"), "/v1.0/directory/deletedItems/1?{USER}"),
        (r.grants_of_user("1"), "/v1.0/users/1/oauth2PermissionGrants"),
        (r.grants_of_principal("1"), "/v1.0/oauth2PermissionGrants?$filter=principalId%20eq%20%271%27"),
        (r.app_role_assignments("1"), "/v1.0/users/1/appRoleAssignments?$top=999"),
        (r.member_of("1"), "/v1.0/users/1/memberOf?{GROUP}"),
        (r.transitive_member_of("1"), "/v1.0/users/1/transitiveMemberOf?{GROUP}"),
        (r.owned_objects("1"), "/v1.0/users/1/ownedObjects?$select=id%2CdisplayName&$top=999"),
        (r.sponsor_of("1"), "/v1.0/users/1/sponsorOf"),
        (r.authentication_methods("1"), "/v1.0/users/1/authentication/methods"),
        (r.registered_devices("1"), "/v1.0/users/1/registeredDevices"),
        (r.owned_devices("1"), "/v1.0/users/1/ownedDevices"),
        (
            r.directory_audits("1", at),
            "/v1.0/auditLogs/directoryAudits?$filter=activityDateTime%20ge%202026-05-01T00%3A00%3A00Z%20and%20\
             initiatedBy%2Fuser%2Fid%20eq%20%271%27&$top=999",
        ),
        (
            r.sign_ins("1", at),
            "/v1.0/auditLogs/signIns?$filter=userId%20eq%20%271%27%20and%20createdDateTime%20ge%20\
             2026-05-01T00%3A00%3A00Z&$top=999",
        ),
        (
            r.silent_sign_ins("1", at),
            "/beta/auditLogs/signIns?$filter=userId%20eq%20%271%27%20and%20createdDateTime%20ge%20\
             2026-05-01T00%3A00%3A00Z%20and%20signInEventTypes%2Fany%28t%3A%20t%20eq%20%27nonInteractiveUser%27%29&$top=999",
        ),
    ] {
        is(&ask, path);
    }
}

#[test]
fn every_route_of_the_tenant() {
    let r = Routes::new();
    for (ask, path) in [
        (r.organization(), "/v1.0/organization?$select=id%2CdisplayName%2CverifiedDomains"),
        (r.grants_for_all(), "/v1.0/oauth2PermissionGrants?$filter=consentType%20eq%20%27AllPrincipals%27"),
        (
            r.gateway("a"),
            "/v1.0/servicePrincipals(appId='a')?$select=id%2CappId%2CdisplayName%2CaccountEnabled%2CappRoleAssignmentRequired",
        ),
        (r.gateway_registration("a"), "/v1.0/applications(appId='a')?$select=id%2CappId%2Capi"),
        (r.by_ids(), "/v1.0/directoryObjects/getByIds"),
        (r.federated_credentials("1", true), "/beta/applications/1/federatedIdentityCredentials"),
        (r.federated_credentials("1", false), "/v1.0/applications/1/federatedIdentityCredentials"),
        (
            r.application("1"),
            "/v1.0/applications/1?$select=id%2CappId%2CdisplayName%2CcreatedDateTime%2CpasswordCredentials%2CkeyCredentials",
        ),
        (
            r.service_principal("1"),
            "/v1.0/servicePrincipals/1?$select=id%2CappId%2CdisplayName%2CservicePrincipalType%2CaccountEnabled%2C\
             passwordCredentials%2CkeyCredentials",
        ),
        (r.owners("applications", "1"), "/v1.0/applications/1/owners?$select=id%2CdisplayName"),
        (
            r.federated_applications(),
            "/beta/applications?{REGISTRATION}&$filter=not%28federatedIdentityCredentials%2F$count%20eq%200%29&$count=true",
        ),
        (r.applications_with_federated(), "/beta/applications?{REGISTRATION}&$top=999"),
        (r.applications_with_plain_federated(), "/v1.0/applications?{REGISTRATION}&$top=999"),
        (
            r.principal_of("a"),
            "/v1.0/servicePrincipals(appId='a')?$select=id%2CappId%2CdisplayName%2CservicePrincipalType%2CaccountEnabled",
        ),
        (
            r.sponsors("servicePrincipals", "1", "microsoft.graph.agentIdentity"),
            "/v1.0/servicePrincipals/1/microsoft.graph.agentIdentity/sponsors",
        ),
        (r.role_definitions(), "/v1.0/roleManagement/directory/roleDefinitions?$select=id%2CdisplayName"),
    ] {
        is(&ask, path);
    }
}

#[test]
fn directory_roles_and_the_one_advanced_query() {
    let r = Routes::new();
    let filter = "$filter=principalId%20eq%20%271%27";
    let list = |name: &str| format!("/v1.0/roleManagement/directory/{name}?{filter}");
    is(&r.role_assignments("1"), &list("roleAssignments"));
    is(&r.role_eligibility("1"), &list("roleEligibilityScheduleInstances"));
    is(&r.role_schedules("1"), &list("roleAssignmentScheduleInstances"));
    let transitive = r.transitive_role_assignments("1");
    is(&transitive, &format!("/beta/roleManagement/directory/transitiveRoleAssignments?{filter}&$count=true"));
    assert_eq!(transitive.headers, [("ConsistencyLevel", "eventual".to_owned())]);
}
