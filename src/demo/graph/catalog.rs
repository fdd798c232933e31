//! What Microsoft Graph has, as data: the collections with their paths, keys, default properties and filters, and the
//! relations between them. No request is answered here.

use super::super::filter::Kind::{self, Bool, Date, Guid, Number, Text};

/// Objects of one kind, and how they can be asked for.
#[derive(Debug)]
pub(super) struct Collection {
    /// Where it is listed; empty when it is only reached through a relation.
    pub(super) path: &'static str,
    pub(super) file: &'static str,
    pub(super) kind: &'static str,
    /// Properties that a key in the path may be.
    pub(super) keys: &'static [&'static str],
    /// What comes without `$select`; empty: everything.
    pub(super) default: &'static [&'static str],
    pub(super) filters: &'static [(&'static str, Kind)],
    pub(super) listing: Listing,
}

/// On what condition a collection is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listing {
    Open,
    Never,
    NeedsFilter,
    /// Beta, one principal at a time, eventual consistency; the rows of its groups count as its own.
    Transitive,
    /// A log that forgets; the property is the time of an entry.
    Log(&'static str),
}

/// How objects lead to other objects.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relation {
    /// Rows of a file whose property is this id.
    Having(&'static str, &'static str),
    /// Objects that this one lists under a link.
    Linked(&'static str),
    /// Objects that list this one under a link.
    Linking(&'static str),
    /// Rows of a file whose `@parent` is this one.
    Contained(&'static str),
    /// The one object of a file whose id is in this property; any directory object when the file is empty.
    Refers(&'static str, &'static str),
    /// Assignments of a user and of the groups that it is a direct member of.
    Assignments,
    /// Groups and roles, through other groups too.
    Transitive,
}

const BASE: Collection = Collection {
    path: "",
    file: "",
    kind: "",
    keys: &["id"],
    default: &[],
    filters: &[("id", Text)],
    listing: Listing::Open,
};

const USER_DEFAULT: &[&str] = &[
    "businessPhones",
    "deletedDateTime",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// Properties of a user that Graph gives for one user and answers 501 for in a list.
pub(super) const SINGLE_ONLY: &[&str] = &[
    "aboutMe",
    "birthday",
    "hireDate",
    "interests",
    "mySite",
    "pastProjects",
    "responsibilities",
    "schools",
    "skills",
];

/// Properties that v1.0 does not have.
pub(super) const BETA_ONLY: &[&str] = &["claimsMatchingExpression", "signInEventTypes"];

const ROLE_FILTERS: &[(&str, Kind)] =
    &[("id", Text), ("principalId", Text), ("roleDefinitionId", Text), ("directoryScopeId", Text)];

pub(super) const COLLECTIONS: &[Collection] = &[
    Collection {
        path: "users",
        file: "graph/users",
        kind: "#microsoft.graph.user",
        keys: &["id", "userPrincipalName"],
        default: USER_DEFAULT,
        filters: &[
            ("id", Text),
            ("displayName", Text),
            ("givenName", Text),
            ("surname", Text),
            ("mail", Text),
            ("otherMails", Text),
            ("proxyAddresses", Text),
            ("userPrincipalName", Text),
            ("employeeId", Text),
            ("userType", Text),
            ("accountEnabled", Bool),
            ("createdDateTime", Date),
            ("employeeLeaveDateTime", Date),
        ],
        ..BASE
    },
    Collection {
        path: "directory/deletedItems/microsoft.graph.user",
        file: "graph/deletedUsers",
        kind: "#microsoft.graph.user",
        default: USER_DEFAULT,
        filters: &[("id", Text), ("displayName", Text), ("mail", Text), ("userPrincipalName", Text)],
        ..BASE
    },
    Collection {
        path: "directory/deletedItems",
        file: "graph/deletedUsers",
        kind: "#microsoft.graph.user",
        default: USER_DEFAULT,
        listing: Listing::Never,
        ..BASE
    },
    Collection {
        path: "groups",
        file: "graph/groups",
        kind: "#microsoft.graph.group",
        filters: &[("id", Text), ("displayName", Text), ("securityEnabled", Bool), ("isAssignableToRole", Bool)],
        ..BASE
    },
    Collection {
        path: "applications",
        file: "graph/applications",
        kind: "#microsoft.graph.application",
        keys: &["id", "appId"],
        filters: &[
            ("id", Text),
            ("appId", Text),
            ("displayName", Text),
            ("createdDateTime", Date),
            ("federatedIdentityCredentials/$count", Number),
            ("owners/$count", Number),
        ],
        ..BASE
    },
    Collection {
        path: "servicePrincipals",
        file: "graph/servicePrincipals",
        kind: "#microsoft.graph.servicePrincipal",
        keys: &["id", "appId"],
        filters: &[
            ("id", Text),
            ("appId", Text),
            ("displayName", Text),
            ("servicePrincipalType", Text),
            ("accountEnabled", Bool),
            ("owners/$count", Number),
        ],
        ..BASE
    },
    Collection {
        path: "devices",
        file: "graph/devices",
        kind: "#microsoft.graph.device",
        filters: &[("id", Text), ("deviceId", Text), ("displayName", Text), ("accountEnabled", Bool)],
        ..BASE
    },
    Collection {
        path: "directoryRoles",
        file: "graph/directoryRoles",
        kind: "#microsoft.graph.directoryRole",
        filters: &[("id", Text), ("displayName", Text), ("roleTemplateId", Text)],
        ..BASE
    },
    Collection { path: "organization", file: "graph/organization", kind: "#microsoft.graph.organization", ..BASE },
    Collection { path: "subscribedSkus", file: "graph/subscribedSkus", kind: "#microsoft.graph.subscribedSku", ..BASE },
    Collection {
        path: "oauth2PermissionGrants",
        file: "graph/oauth2PermissionGrants",
        kind: "#microsoft.graph.oAuth2PermissionGrant",
        filters: &[("clientId", Text), ("resourceId", Text), ("principalId", Text), ("consentType", Text)],
        ..BASE
    },
    Collection {
        file: "graph/appRoleAssignments",
        kind: "#microsoft.graph.appRoleAssignment",
        filters: &[("resourceId", Guid), ("principalId", Guid), ("principalType", Text)],
        ..BASE
    },
    Collection {
        file: "graph/federatedIdentityCredentials",
        kind: "#microsoft.graph.federatedIdentityCredential",
        keys: &["id", "name"],
        filters: &[("id", Text), ("name", Text), ("issuer", Text), ("subject", Text)],
        ..BASE
    },
    Collection { file: "graph/authenticationMethods", kind: "#microsoft.graph.authenticationMethod", ..BASE },
    Collection {
        path: "roleManagement/directory/roleAssignments",
        file: "graph/roleAssignments",
        kind: "#microsoft.graph.unifiedRoleAssignment",
        filters: ROLE_FILTERS,
        ..BASE
    },
    Collection {
        path: "roleManagement/directory/transitiveRoleAssignments",
        file: "graph/roleAssignments",
        kind: "#microsoft.graph.unifiedRoleAssignment",
        filters: ROLE_FILTERS,
        listing: Listing::Transitive,
        ..BASE
    },
    Collection {
        path: "roleManagement/directory/roleDefinitions",
        file: "graph/roleDefinitions",
        kind: "#microsoft.graph.unifiedRoleDefinition",
        filters: &[("id", Text), ("displayName", Text), ("isBuiltIn", Bool), ("templateId", Text)],
        ..BASE
    },
    Collection {
        path: "roleManagement/directory/roleEligibilityScheduleInstances",
        file: "graph/roleEligibilityScheduleInstances",
        kind: "#microsoft.graph.unifiedRoleEligibilityScheduleInstance",
        filters: ROLE_FILTERS,
        ..BASE
    },
    Collection {
        path: "roleManagement/directory/roleAssignmentScheduleInstances",
        file: "graph/roleAssignmentScheduleInstances",
        kind: "#microsoft.graph.unifiedRoleAssignmentScheduleInstance",
        filters: ROLE_FILTERS,
        ..BASE
    },
    Collection {
        path: "identityGovernance/privilegedAccess/group/eligibilityScheduleInstances",
        file: "graph/groupEligibilityScheduleInstances",
        kind: "#microsoft.graph.privilegedAccessGroupEligibilityScheduleInstance",
        filters: &[("principalId", Text), ("groupId", Text), ("accessId", Text)],
        listing: Listing::NeedsFilter,
        ..BASE
    },
    Collection {
        path: "identity/conditionalAccess/policies",
        file: "graph/conditionalAccessPolicies",
        kind: "#microsoft.graph.conditionalAccessPolicy",
        filters: &[("id", Text), ("displayName", Text), ("state", Text)],
        ..BASE
    },
    Collection {
        path: "auditLogs/directoryAudits",
        file: "graph/directoryAudits",
        kind: "#microsoft.graph.directoryAudit",
        filters: &[
            ("id", Text),
            ("activityDateTime", Date),
            ("activityDisplayName", Text),
            ("category", Text),
            ("correlationId", Text),
            ("loggedByService", Text),
            ("initiatedBy/user/id", Text),
            ("initiatedBy/user/displayName", Text),
            ("initiatedBy/user/userPrincipalName", Text),
            ("initiatedBy/app/appId", Text),
            ("initiatedBy/app/displayName", Text),
            ("targetResources/id", Text),
            ("targetResources/displayName", Text),
        ],
        listing: Listing::Log("activityDateTime"),
        ..BASE
    },
    Collection {
        path: "auditLogs/signIns",
        file: "graph/signIns",
        kind: "#microsoft.graph.signIn",
        filters: &[
            ("id", Text),
            ("createdDateTime", Date),
            ("userId", Text),
            ("userPrincipalName", Text),
            ("appId", Text),
            ("resourceId", Text),
            ("servicePrincipalId", Text),
            ("ipAddress", Text),
            ("correlationId", Text),
            ("status/errorCode", Number),
            ("signInEventTypes", Text),
        ],
        listing: Listing::Log("createdDateTime"),
        ..BASE
    },
];

/// `(file of the object, name of the relation, how)`.
const RELATIONS: &[(&str, &str, Relation)] = &[
    ("graph/users", "oauth2PermissionGrants", Relation::Having("graph/oauth2PermissionGrants", "principalId")),
    ("graph/users", "appRoleAssignments", Relation::Assignments),
    ("graph/users", "ownedObjects", Relation::Linking("@owners")),
    ("graph/users", "memberOf", Relation::Linking("@members")),
    ("graph/users", "transitiveMemberOf", Relation::Transitive),
    ("graph/users", "registeredDevices", Relation::Linking("@registeredUsers")),
    ("graph/users", "ownedDevices", Relation::Linking("@registeredOwners")),
    ("graph/users", "sponsorOf", Relation::Linking("@sponsors")),
    ("graph/users", "authentication/methods", Relation::Contained("graph/authenticationMethods")),
    ("graph/groups", "members", Relation::Linked("@members")),
    ("graph/groups", "owners", Relation::Linked("@owners")),
    ("graph/groups", "memberOf", Relation::Linking("@members")),
    ("graph/groups", "appRoleAssignments", Relation::Having("graph/appRoleAssignments", "principalId")),
    ("graph/directoryRoles", "members", Relation::Linked("@members")),
    ("graph/applications", "owners", Relation::Linked("@owners")),
    ("graph/applications", "sponsors", Relation::Linked("@sponsors")),
    ("graph/applications", "federatedIdentityCredentials", Relation::Contained("graph/federatedIdentityCredentials")),
    ("graph/servicePrincipals", "owners", Relation::Linked("@owners")),
    ("graph/servicePrincipals", "sponsors", Relation::Linked("@sponsors")),
    ("graph/servicePrincipals", "memberOf", Relation::Linking("@members")),
    ("graph/servicePrincipals", "ownedObjects", Relation::Linking("@owners")),
    ("graph/servicePrincipals", "oauth2PermissionGrants", Relation::Having("graph/oauth2PermissionGrants", "clientId")),
    ("graph/servicePrincipals", "appRoleAssignedTo", Relation::Having("graph/appRoleAssignments", "resourceId")),
    ("graph/servicePrincipals", "appRoleAssignments", Relation::Having("graph/appRoleAssignments", "principalId")),
    ("graph/roleAssignments", "roleDefinition", Relation::Refers("graph/roleDefinitions", "roleDefinitionId")),
    ("graph/roleAssignments", "principal", Relation::Refers("", "principalId")),
    (
        "graph/roleEligibilityScheduleInstances",
        "roleDefinition",
        Relation::Refers("graph/roleDefinitions", "roleDefinitionId"),
    ),
    (
        "graph/roleAssignmentScheduleInstances",
        "roleDefinition",
        Relation::Refers("graph/roleDefinitions", "roleDefinitionId"),
    ),
];

/// Kinds that are `directoryObject`s: they can be owners, members and answers of `getByIds`.
const OBJECTS: &[&str] = &[
    "graph/users",
    "graph/groups",
    "graph/applications",
    "graph/servicePrincipals",
    "graph/devices",
    "graph/directoryRoles",
];

impl Collection {
    pub(super) fn is_directory(&self) -> bool {
        OBJECTS.contains(&self.file)
    }

    pub(super) fn relation(&self, name: &str) -> Option<Relation> {
        RELATIONS.iter().find(|(file, relation, _)| *file == self.file && *relation == name).map(|(.., how)| *how)
    }
}

/// The collection of a file.
pub(super) fn of_file(file: &str) -> Option<&'static Collection> {
    COLLECTIONS.iter().find(|collection| collection.file == file)
}

pub(super) fn directory() -> impl Iterator<Item = &'static Collection> {
    OBJECTS.iter().filter_map(|file| of_file(file))
}

/// Kinds that are a special form of the kind of a collection, and live in it.
const DERIVED: &[(&str, &str)] = &[
    ("#microsoft.graph.agentIdentity", "#microsoft.graph.servicePrincipal"),
    ("#microsoft.graph.agentIdentityBlueprint", "#microsoft.graph.application"),
    ("#microsoft.graph.agentIdentityBlueprintPrincipal", "#microsoft.graph.servicePrincipal"),
];

fn base(kind: &str) -> Option<&'static str> {
    DERIVED.iter().find(|(derived, _)| derived.eq_ignore_ascii_case(kind)).map(|(_, base)| *base)
}

/// Whether an object of one kind also is what a cast in a path (`microsoft.graph.user`) names.
pub(super) fn is_a(kind: &str, cast: &str) -> bool {
    let is = |kind: &str| kind.trim_start_matches('#').eq_ignore_ascii_case(cast);
    is(kind) || base(kind).is_some_and(is)
}

/// The collection where the objects are that a cast names; nothing when there is no such kind.
pub(super) fn cast(name: &str) -> Option<&'static Collection> {
    let base = base(&format!("#{name}"));
    COLLECTIONS.iter().find(|of| is_a(of.kind, name) || base == Some(of.kind))
}
