//! Every Microsoft Graph request of the Entra source, as path and OData query.
//! graph-rs-sdk builds them and never sends them: its pager would hand the token to any host.

use graph_rs_sdk::{GraphClient, ODataQuery};
use jiff::Timestamp;
use reqwest::Method;
use url::{Position, Url};

use crate::api::Ask;
use crate::model::stamp;

/// The properties of a user that are asked for; without `$select` Graph leaves `accountEnabled` out.
pub const USER_FIELDS: &[&str] = &[
    "id",
    "displayName",
    "userPrincipalName",
    "mail",
    "otherMails",
    "proxyAddresses",
    "employeeId",
    "userType",
    "externalUserState",
    "accountEnabled",
    "createdDateTime",
    "deletedDateTime",
    "onPremisesSyncEnabled",
    "signInSessionsValidFromDateTime",
    "employeeLeaveDateTime",
];
const APPLICATION_FIELDS: &[&str] =
    &["id", "appId", "displayName", "createdDateTime", "passwordCredentials", "keyCredentials"];
const PRINCIPAL_FIELDS: &[&str] =
    &["id", "appId", "displayName", "servicePrincipalType", "accountEnabled", "passwordCredentials", "keyCredentials"];
const GATEWAY_FIELDS: &[&str] = &["id", "appId", "displayName", "accountEnabled", "appRoleAssignmentRequired"];
const GROUP_FIELDS: &[&str] = &["id", "displayName", "membershipRule", "isAssignableToRole"];
const LARGEST_PAGE: &str = "999";

/// A string literal of OData: quoted, with quotes doubled. Percent-encoding comes with the URL.
///
/// <https://learn.microsoft.com/graph/api/user-get>
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Builds the requests. Holds no credential.
pub struct Routes {
    v1: GraphClient,
    beta: GraphClient,
}

impl Default for Routes {
    fn default() -> Routes {
        Routes::new()
    }
}

impl Routes {
    /// The routes of v1.0 and of beta.
    pub fn new() -> Routes {
        let v1 = GraphClient::new(String::new());
        let mut beta = v1.clone();
        beta.use_beta();
        Routes { v1, beta }
    }

    /// The user with this object id or user principal name.
    pub fn user(&self, key: &str) -> Ask {
        self.user_with(key, USER_FIELDS)
    }

    /// The last sign-ins of a user: a request of its own, since without AuditLog.Read.All Graph refuses it whole.
    pub fn sign_in_activity(&self, object_id: &str) -> Ask {
        self.user_with(object_id, &["id", "signInActivity"])
    }

    /// A UPN that begins with `$` is a function call to OData unless it stands in quotes; `custom` encodes the key.
    fn user_with(&self, key: &str, fields: &[&str]) -> Ask {
        if key.starts_with('$') {
            ask(self.get(&[&format!("users({})", literal(key))]).select(fields))
        } else {
            ask(self.get(&["users", key]).select(fields))
        }
    }

    /// Users for which `filter` holds.
    pub fn users(&self, filter: &str) -> Ask {
        ask(self.v1.users().list_user().filter(&[filter]).select(USER_FIELDS))
    }

    /// All users in the recycle bin.
    pub fn deleted_users(&self) -> Ask {
        let path = self.get(&["directory", "deletedItems", "microsoft.graph.user"]);
        ask(path.select(USER_FIELDS).top(LARGEST_PAGE))
    }

    /// One user in the recycle bin.
    pub fn deleted_user(&self, object_id: &str) -> Ask {
        ask(self.get(&["directory", "deletedItems", object_id]).select(USER_FIELDS))
    }

    /// The tenant.
    pub fn organization(&self) -> Ask {
        ask(self.v1.organizations().list_organization().select(&["id", "displayName"]))
    }

    /// The grants that one user gave.
    pub fn grants_of_user(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).oauth_2_permission_grants().list_oauth2_permission_grant())
    }

    /// The grants of one principal, which also answers for a deleted user.
    pub fn grants_of_principal(&self, object_id: &str) -> Ask {
        let filter = format!("principalId eq {}", literal(object_id));
        ask(self.v1.oauth2_permission_grants().list_oauth2_permission_grant().filter(&[&filter]))
    }

    /// The grants that an administrator gave for everybody.
    pub fn grants_for_all(&self) -> Ask {
        ask(self
            .v1
            .oauth2_permission_grants()
            .list_oauth2_permission_grant()
            .filter(&["consentType eq 'AllPrincipals'"]))
    }

    /// Assignments of a user and of the groups that the user is a direct member of.
    pub fn app_role_assignments(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).app_role_assignments().list_app_role_assignments().top(LARGEST_PAGE))
    }

    /// The service principal of an application.
    pub fn gateway(&self, app_id: &str) -> Ask {
        let path = self.get(&[&format!("servicePrincipals(appId={})", literal(app_id))]);
        ask(path.select(GATEWAY_FIELDS))
    }

    /// The registration of a gateway, with the clients that need no consent.
    pub fn gateway_registration(&self, app_id: &str) -> Ask {
        let path = self.get(&[&format!("applications(appId={})", literal(app_id))]);
        ask(path.select(&["id", "appId", "api"]))
    }

    /// Objects by id.
    pub fn by_ids(&self) -> Ask {
        ask(self.get(&["directoryObjects", "getByIds"]))
    }

    /// Groups and units that the user is in, directly.
    pub fn member_of(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).member_of().list_member_of().select(GROUP_FIELDS).top(LARGEST_PAGE))
    }

    /// Groups and units that the user is in, also through other groups.
    pub fn transitive_member_of(&self, object_id: &str) -> Ask {
        let path = self.v1.user(object_id).transitive_member_of().list_transitive_member_of();
        ask(path.select(GROUP_FIELDS).top(LARGEST_PAGE))
    }

    /// Directory roles held by the user directly.
    pub fn role_assignments(&self, object_id: &str) -> Ask {
        self.roles(&self.v1, "roleAssignments", object_id, false)
    }

    /// Directory roles held through groups too. Only in beta, only as an advanced query.
    ///
    /// <https://learn.microsoft.com/graph/api/rbacapplication-list-transitiveroleassignments>
    pub fn transitive_role_assignments(&self, object_id: &str) -> Ask {
        self.roles(&self.beta, "transitiveRoleAssignments", object_id, true)
    }

    /// Directory roles that the user could switch on.
    pub fn role_eligibility(&self, object_id: &str) -> Ask {
        self.roles(&self.v1, "roleEligibilityScheduleInstances", object_id, false)
    }

    /// Directory roles that the user has switched on or holds through PIM.
    pub fn role_schedules(&self, object_id: &str) -> Ask {
        self.roles(&self.v1, "roleAssignmentScheduleInstances", object_id, false)
    }

    /// Names of the directory roles.
    pub fn role_definitions(&self) -> Ask {
        ask(self.get(&["roleManagement", "directory", "roleDefinitions"]).select(&["id", "displayName"]))
    }

    fn roles(&self, client: &GraphClient, list: &str, object_id: &str, advanced: bool) -> Ask {
        let filter = format!("principalId eq {}", literal(object_id));
        let path = custom(client, &["roleManagement", "directory", list]).filter(&[&filter]);
        if advanced { eventual(path.count("true")) } else { ask(path) }
    }

    /// What the user owns.
    pub fn owned_objects(&self, object_id: &str) -> Ask {
        let path = self.v1.user(object_id).owned_objects().list_owned_objects();
        ask(path.select(&["id", "displayName"]).top(LARGEST_PAGE))
    }

    /// An application with its credentials.
    pub fn application(&self, object_id: &str) -> Ask {
        ask(self.v1.application(object_id).get_application().select(APPLICATION_FIELDS))
    }

    /// A service principal with its credentials.
    pub fn service_principal(&self, object_id: &str) -> Ask {
        ask(self.v1.service_principal(object_id).get_service_principal().select(PRINCIPAL_FIELDS))
    }

    /// The owners of an application or service principal; `collection` is the Graph collection of the object.
    pub fn owners(&self, collection: &str, object_id: &str) -> Ask {
        ask(self.get(&[collection, object_id, "owners"]).select(&["id", "displayName"]))
    }

    /// Federated credentials of an application. v1.0 hides the flexible ones, beta shows all.
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials>
    pub fn federated_credentials(&self, object_id: &str) -> Ask {
        ask(self.beta.application(object_id).list_federated_identity_credentials())
    }

    /// Agent identities that the user answers for.
    pub fn sponsor_of(&self, object_id: &str) -> Ask {
        ask(self.get(&["users", object_id, "sponsorOf"]))
    }

    /// The sponsors of an agent identity.
    pub fn sponsors(&self, collection: &str, object_id: &str) -> Ask {
        ask(self.get(&[collection, object_id, "sponsors"]))
    }

    /// Directory audit events that the user caused since `from`.
    pub fn directory_audits(&self, object_id: &str, from: Timestamp) -> Ask {
        let filter = format!("activityDateTime ge {} and initiatedBy/user/id eq {}", stamp(from), literal(object_id));
        ask(self.v1.audit_logs().list_directory_audits().filter(&[&filter]).top(LARGEST_PAGE))
    }

    /// Interactive sign-ins since `from`.
    pub fn sign_ins(&self, object_id: &str, from: Timestamp) -> Ask {
        let filter = format!("userId eq {} and createdDateTime ge {}", literal(object_id), stamp(from));
        ask(self.v1.audit_logs().list_sign_ins().filter(&[&filter]).top(LARGEST_PAGE))
    }

    /// Sign-ins with a refresh token since `from`. Only beta has them.
    ///
    /// <https://learn.microsoft.com/graph/api/signin-list?view=graph-rest-beta>
    pub fn silent_sign_ins(&self, object_id: &str, from: Timestamp) -> Ask {
        let filter = format!(
            "userId eq {} and createdDateTime ge {} and signInEventTypes/any(t: t eq 'nonInteractiveUser')",
            literal(object_id),
            stamp(from)
        );
        ask(self.beta.audit_logs().list_sign_ins().filter(&[&filter]).top(LARGEST_PAGE))
    }

    /// Ways in which the user can prove who they are.
    pub fn authentication_methods(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).authentication().list_methods())
    }

    /// Devices registered by the user.
    pub fn registered_devices(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).registered_devices().list_registered_devices())
    }

    /// Devices owned by the user.
    pub fn owned_devices(&self, object_id: &str) -> Ask {
        ask(self.v1.user(object_id).owned_devices().list_owned_devices())
    }

    fn get(&self, segments: &[&str]) -> impl ODataQuery + AsRef<Url> + use<> {
        custom(&self.v1, segments)
    }
}

/// A path that the SDK has no builder for, or whose key it would not percent-encode.
fn custom(client: &GraphClient, segments: &[&str]) -> impl ODataQuery + AsRef<Url> + use<> {
    client.custom(Method::GET, None).extend_path(segments)
}

/// What the SDK built, without its host. It writes a space as `+`; Graph wants `%20`, and a real plus is `%2B` already.
fn ask(request: impl AsRef<Url>) -> Ask {
    let url = request.as_ref();
    let path = url[Position::BeforePath..Position::AfterPath].to_owned();
    let query = url.query().map(|query| query.replace('+', "%20").replace("%24", "$")).unwrap_or_default();
    let separator = if query.is_empty() { "" } else { "?" };
    Ask { path: format!("{path}{separator}{query}"), headers: Vec::new() }
}

fn eventual(request: impl AsRef<Url>) -> Ask {
    let mut ask = ask(request);
    ask.headers.push(("ConsistencyLevel", "eventual".to_owned()));
    ask
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "$select=id%2CdisplayName%2CuserPrincipalName%2Cmail%2CotherMails%2CproxyAddresses%2CemployeeId%2C\
        userType%2CexternalUserState%2CaccountEnabled%2CcreatedDateTime%2CdeletedDateTime%2ConPremisesSyncEnabled%2C\
        signInSessionsValidFromDateTime%2CemployeeLeaveDateTime";
    const GROUP: &str = "$select=id%2CdisplayName%2CmembershipRule%2CisAssignableToRole&$top=999";

    #[track_caller]
    fn is(ask: &Ask, path: &str) {
        assert_eq!(ask.path, path.replace("{USER}", USER).replace("{GROUP}", GROUP));
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
            (r.organization(), "/v1.0/organization?$select=id%2CdisplayName"),
            (r.grants_for_all(), "/v1.0/oauth2PermissionGrants?$filter=consentType%20eq%20%27AllPrincipals%27"),
            (
                r.gateway("a"),
                "/v1.0/servicePrincipals(appId='a')?$select=id%2CappId%2CdisplayName%2CaccountEnabled%2CappRoleAssignmentRequired",
            ),
            (r.gateway_registration("a"), "/v1.0/applications(appId='a')?$select=id%2CappId%2Capi"),
            (r.by_ids(), "/v1.0/directoryObjects/getByIds"),
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
            (r.federated_credentials("1"), "/beta/applications/1/federatedIdentityCredentials"),
            (r.sponsors("servicePrincipals", "1"), "/v1.0/servicePrincipals/1/sponsors"),
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
}
