//! Deletes a federated credential of an application or a managed identity, by its id there.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const BREAKS: &[&str] =
    &["jobs whose identity token matches it get no more tokens, whoever runs them; other credentials of the identity stay"];

const APPLICATION: &str = "/v1.0/applications/{object}/federatedIdentityCredentials/{credential}";
const LIST: &str = "{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}\
                    /federatedIdentityCredentials?api-version=2025-05-31-preview";
const OBJECT: &str = "{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}\
                      /federatedIdentityCredentials/{credential}?api-version=2024-11-30";
// Older versions know no expression.
const AGAIN: &str = "{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}\
                     /federatedIdentityCredentials/{credential}?api-version=2025-05-31-preview";
/// Who else depends on the same identity: its other credentials.
const OTHERS: &str = "SELECT trusted.subject, printf('%s is shared: %d other federated credentials of it stay, %s among them',
                             trusted.object_name, count(*), min(other.trusts))
                      FROM trusted JOIN trusted AS other
                        ON other.object = trusted.object COLLATE NOCASE AND other.subject <> trusted.subject
                      GROUP BY trusted.subject";

pub(super) static ROUTES: &[Route] = &[
    Route {
        action: "delete-federated-credential",
        does: "delete the federated credential",
        service: Service::Graph,
        subject: "entra:application/{object:guid}/federated/{credential:key}",
        alias: None,
        needs: "Application.ReadWrite.All",
        stage: Stage::Trust,
        disposition: Disposition::Disruptive,
        owner: None,
        see: See::One {
            path: "/beta/applications/{object}/federatedIdentityCredentials/{credential}",
            witness: None,
        },
        back: Some(See::Row {
            path: "/beta/applications/{object}/federatedIdentityCredentials",
            paging: Paging::OData,
            key: "/name",
            is: "{name}",
            others: None,
        }),
        state: &[
            ("name", "/name"),
            ("issuer", "/issuer"),
            ("subject", "/subject"),
            ("expression", "/claimsMatchingExpression"),
            ("audiences", "/audiences"),
        ],
        evidence: "SELECT printf('entra:application/%s/federated/%s', object, id), name, issuer, subject,
                          json_array(audience) AS \"audiences[]\"
                   FROM federated_credential WHERE object_kind = 'application'",
        request: get_gone(APPLICATION),
        after: After::Absent,
        undo: Undo::Request(send(
            "POST",
            "/beta/applications/{object}/federatedIdentityCredentials",
            r#"{"name": "{name}", "issuer": "{issuer}", "subject": "{subject?}",
                "claimsMatchingExpression": "{expression?}", "audiences": "{audiences}"}"#,
        )),
        guard: free,
        breaks: BREAKS,
        depends: Some(OTHERS),
        first: None,
        portal: "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
    },
    Route {
        action: "delete-federated-credential",
        does: "delete the federated credential",
        service: Service::Arm,
        subject: "azure:{scope:path}/providers/microsoft.managedidentity/userassignedidentities/{identity:name}/federated/{credential:name}",
        alias: None,
        needs: "Managed Identity Contributor on the identity",
        stage: Stage::Trust,
        disposition: Disposition::Disruptive,
        owner: None,
        // Only a preview version shows credentials with an expression.
        see: See::Row { path: LIST, paging: Paging::Arm, key: "/name", is: "{credential}", others: None },
        back: None,
        state: &[
            ("issuer", "/properties/issuer"),
            ("subject", "/properties/subject"),
            ("expression", "/properties/claimsMatchingExpression"),
            ("audiences", "/properties/audiences"),
        ],
        evidence: "SELECT printf('azure:%s/federated/%s', object, ifnull(name, id)), issuer, subject,
                          CASE WHEN expression IS NOT NULL THEN json_object('value', expression) END AS \"expression[]\",
                          json_array(audience) AS \"audiences[]\"
                   FROM federated_credential WHERE object_kind = 'managed-identity'",
        request: get_gone(OBJECT),
        after: After::Absent,
        undo: Undo::Request(send(
            "PUT",
            AGAIN,
            r#"{"properties": {"issuer": "{issuer}", "subject": "{subject?}", "claimsMatchingExpression": "{expression?}",
                "audiences": "{audiences}"}}"#,
        )),
        guard: free,
        breaks: BREAKS,
        depends: Some(OTHERS),
        first: None,
        portal: "https://portal.azure.com/#resource{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}/federatedcredentials",
    },
];
