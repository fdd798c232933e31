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
const REGISTRATION_FIELDS: &[&str] = &["id", "appId", "displayName", "createdDateTime"];
const NAME_FIELDS: &[&str] = &["id", "appId", "displayName", "servicePrincipalType", "accountEnabled"];
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

    /// All live users.
    pub fn all_users(&self) -> Ask {
        ask(self.v1.users().list_user().select(USER_FIELDS).top(LARGEST_PAGE))
    }

    /// Events in which an account was disabled since `from`.
    pub fn disable_events(&self, from: Timestamp) -> Ask {
        let filter = format!("activityDateTime ge {} and activityDisplayName eq 'Disable account'", stamp(from));
        ask(self.v1.audit_logs().list_directory_audits().filter(&[&filter]).top(LARGEST_PAGE))
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
        ask(self.v1.organizations().list_organization().select(&["id", "displayName", "verifiedDomains"]))
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

    /// The registration of a gateway, with the scopes and roles that it publishes.
    pub fn gateway_scopes(&self, app_id: &str) -> Ask {
        let path = self.get(&[&format!("applications(appId={})", literal(app_id))]);
        ask(path.select(&["id", "appId", "api", "appRoles"]))
    }

    /// Every policy of Conditional Access.
    pub fn conditional_access(&self) -> Ask {
        ask(self.get(&["identity", "conditionalAccess", "policies"]))
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

    /// The service principal that an application acts as in this tenant.
    pub fn principal_of(&self, app_id: &str) -> Ask {
        let path = self.get(&[&format!("servicePrincipals(appId={})", literal(app_id))]);
        ask(path.select(NAME_FIELDS))
    }

    /// Applications that have federated credentials, with them: an advanced query.
    pub fn federated_applications(&self) -> Ask {
        let list = applications(&self.beta).filter(&["not(federatedIdentityCredentials/$count eq 0)"]);
        eventual(list.count("true"))
    }

    /// All applications with their federated credentials. Only beta shows flexible ones.
    ///
    /// <https://learn.microsoft.com/entra/workload-id/workload-identities-flexible-federated-identity-credentials>
    pub fn applications_with_federated(&self) -> Ask {
        ask(applications(&self.beta).top(LARGEST_PAGE))
    }

    /// Federated credentials of one application.
    pub fn federated_credentials(&self, object_id: &str, beta: bool) -> Ask {
        let client = if beta { &self.beta } else { &self.v1 };
        ask(client.application(object_id).list_federated_identity_credentials())
    }

    /// All applications with their federated credentials, as v1.0 shows them.
    pub fn applications_with_plain_federated(&self) -> Ask {
        ask(applications(&self.v1).top(LARGEST_PAGE))
    }

    /// Agents, and people, that the user answers for.
    pub fn sponsor_of(&self, object_id: &str) -> Ask {
        ask(self.get(&["users", object_id, "sponsorOf"]))
    }

    /// The sponsors of an agent. Only the derived types have any, so the path has to name the type.
    pub fn sponsors(&self, collection: &str, object_id: &str, cast: &str) -> Ask {
        ask(self.get(&[collection, object_id, cast, "sponsors"]))
    }

    /// Groups that the user can switch on.
    ///
    /// <https://learn.microsoft.com/graph/api/privilegedaccessgroup-list-eligibilityscheduleinstances>
    pub fn group_eligibility(&self, object_id: &str) -> Ask {
        let filter = format!("principalId eq {}", literal(object_id));
        let list = ["identityGovernance", "privilegedAccess", "group", "eligibilityScheduleInstances"];
        ask(self.get(&list).filter(&[&filter]))
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

fn applications(client: &GraphClient) -> impl ODataQuery + AsRef<Url> + use<> {
    client.applications().list_application().select(REGISTRATION_FIELDS).expand(&["federatedIdentityCredentials"])
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
mod tests;
