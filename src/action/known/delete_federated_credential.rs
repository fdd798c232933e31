//! Deletes a federated credential of an application or a managed identity, by its id there.

use super::tools::{get_gone, send};
use crate::action::route::{After, Disposition, Route, See, Stage, Undo, free};
use crate::api::{Paging, Service};

const BREAKS: &[&str] =
    &["jobs whose identity token matches it get no more tokens, whoever runs them; other credentials of the identity stay"];

const APPLICATION: &str = "/v1.0/applications/{object}/federatedIdentityCredentials/{credential}";
const PLAIN: &str = "{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}\
                     /federatedIdentityCredentials/{credential}?api-version=2024-11-30";
const FLEXIBLE: &str = "{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}\
                        /flexibleFederatedIdentityCredentials/{credential}?api-version=2025-05-31-preview";

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
        see: See::One { path: PLAIN, witness: None },
        back: None,
        state: &[
            ("issuer", "/properties/issuer"),
            ("subject", "/properties/subject"),
            ("audiences", "/properties/audiences"),
        ],
        evidence: "SELECT printf('azure:%s/federated/%s', object, ifnull(name, id)), issuer, subject,
                          json_array(audience) AS \"audiences[]\"
                   FROM federated_credential WHERE object_kind = 'managed-identity' AND expression IS NULL",
        request: get_gone(PLAIN),
        after: After::Absent,
        undo: Undo::Request(send(
            "PUT",
            PLAIN,
            r#"{"properties": {"issuer": "{issuer}", "subject": "{subject}", "audiences": "{audiences}"}}"#,
        )),
        guard: free,
        breaks: BREAKS,
        portal: "https://portal.azure.com/#resource{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}/federatedcredentials",
    },
    Route {
        action: "delete-federated-credential",
        does: "delete the flexible federated credential",
        service: Service::Arm,
        subject: "azure:{scope:path}/providers/microsoft.managedidentity/userassignedidentities/{identity:name}/flexible/{credential:name}",
        alias: None,
        needs: "Managed Identity Contributor on the identity",
        stage: Stage::Trust,
        disposition: Disposition::Disruptive,
        owner: None,
        see: See::One { path: FLEXIBLE, witness: None },
        back: None,
        state: &[
            ("issuer", "/properties/issuer"),
            ("expression", "/properties/claimsMatchingExpression/value"),
            ("language", "/properties/claimsMatchingExpression/languageVersion"),
            ("audiences", "/properties/audiences"),
        ],
        evidence: "SELECT printf('azure:%s/flexible/%s', object, ifnull(name, id)), issuer, expression,
                          json_array(audience) AS \"audiences[]\"
                   FROM federated_credential WHERE object_kind = 'managed-identity' AND expression IS NOT NULL",
        request: get_gone(FLEXIBLE),
        after: After::Absent,
        undo: Undo::Request(send(
            "PUT",
            FLEXIBLE,
            r#"{"properties": {"issuer": "{issuer}", "audiences": "{audiences}", "claimsMatchingExpression":
                {"value": "{expression}", "languageVersion": "{language}"}}}"#,
        )),
        guard: free,
        breaks: BREAKS,
        portal: "https://portal.azure.com/#resource{scope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}/federatedcredentials",
    },
];
