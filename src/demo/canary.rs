//! Puts a given text into every string of a body except ids, dates, enumerations and links, so that a test can ask
//! whether a value that a service sent comes out anywhere.

use jiff::Timestamp;
use serde_json::Value;

/// Strings that the services publish as closed lists, or that name a type, an address or an identity.
const CLOSED: &[&str] = &[
    "access_token",
    "activityDisplayName",
    "allowedMemberTypes",
    "appliesTo",
    "assignmentType",
    "attestationLevel",
    "authenticationRequirement",
    "builtInControls",
    "capabilityStatus",
    "category",
    "clientAppTypes",
    "code",
    "columns",
    "resultTruncated",
    "conditionalAccessStatus",
    "consentType",
    "creationType",
    "externalUserState",
    "groupTypes",
    "headers",
    "issuer",
    "loggedByService",
    "memberType",
    "membershipRuleProcessingState",
    "method",
    "operationType",
    "operator",
    "principalType",
    "provisioningStatus",
    "result",
    "riskDetail",
    "riskEventTypes",
    "riskLevelAggregated",
    "riskLevelDuringSignIn",
    "riskState",
    "servicePrincipalType",
    "signInAudience",
    "signInEventTypes",
    "state",
    "status",
    "tenantType",
    "tokenIssuerType",
    "token_type",
    "trustType",
    "type",
    "usage",
    "userType",
    "visibility",
];

/// Strings of GitHub that people write. Most others name something by which it is asked for again.
const WRITTEN: &[&str] = &[
    "authorized_credential_note",
    "authorized_credential_title",
    "description",
    "message",
    "reason",
    "runner_name",
    "title",
    "token_name",
    "user_programmatic_access_name",
    "value",
];

/// The same body of GitHub with `text` in every string that people write.
pub(super) fn overlay_written(value: &mut Value, text: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| overlay_written(item, text)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(string) if WRITTEN.contains(&key.as_str()) => mark(string, text),
                    field => overlay_written(field, text),
                }
            }
        }
        _ => {}
    }
}

/// Parts of Azure DevOps's answers in which every text is a value of somebody's: variables, tasks, environments of agents.
const VALUES: &[&str] =
    &["variables", "systemCapabilities", "userCapabilities", "deployPhases", "process", "parameters"];

/// Names there by which something is joined or asked for again.
const JOINED: &[&str] = &[
    "yamlFilename",
    "serviceprincipalid",
    "tenantid",
    "workloadIdentityFederationIssuer",
    "workloadIdentityFederationSubject",
    "VSO_AGENT_IGNORE",
];

/// The same body of Azure DevOps with `text` in every value of a variable, a task or an environment, and in every file.
pub(super) fn overlay_devops(value: &mut Value, text: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| overlay_devops(item, text)),
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    field if VALUES.contains(&key.as_str()) => mark_all(field, text),
                    // A comment, so that the file still says what it said.
                    Value::String(content) if key == "content" => content.push_str(&format!("\n# {text}\n")),
                    field => overlay_devops(field, text),
                }
            }
        }
        _ => {}
    }
}

fn mark_all(value: &mut Value, text: &str) {
    match value {
        Value::String(string) => {
            string.push(' ');
            string.push_str(text);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark_all(item, text)),
        Value::Object(fields) => {
            let open = |key: &str| !JOINED.iter().any(|name| name.eq_ignore_ascii_case(key));
            fields.iter_mut().filter(|(key, _)| open(key)).for_each(|(_, field)| mark_all(field, text));
        }
        _ => {}
    }
}

/// The same body with `text` in every open string.
pub(super) fn overlay(value: &mut Value, text: &str) {
    match value {
        Value::String(string) => mark(string, text),
        Value::Array(items) => items.iter_mut().for_each(|item| overlay(item, text)),
        Value::Object(fields) => {
            // In an audit record `displayName` is the name of the property that was changed.
            let is_change = fields.contains_key("newValue");
            let open = |key: &str, field: &Value| {
                let names_a_property = is_change && key == "displayName";
                // A closed name closes a string or a list of them; the `status` of a sign-in is an object of its own.
                !names_a_property && (!is_closed(key) || (field.is_object() && key != "headers"))
            };
            for (_, field) in fields.iter_mut().filter(|(key, field)| open(key, field)) {
                overlay(field, text);
            }
        }
        _ => {}
    }
}

fn is_closed(key: &str) -> bool {
    key.starts_with(['@', '$'])
        || key == "nextLink"
        || key == "id"
        || key.ends_with("Id")
        || key.ends_with("Ids")
        || key.ends_with("DateTime")
        || CLOSED.iter().any(|closed| closed.eq_ignore_ascii_case(key))
}

fn mark(string: &mut String, text: &str) {
    let is_truth = matches!(string.as_str(), "True" | "False");
    if is_truth || string.parse::<Timestamp>().is_ok() || is_guid(string) {
        return;
    }
    match serde_json::from_str::<Value>(string) {
        // Audit logs put JSON into strings: it must still decode, so the text goes to its innermost strings.
        Ok(mut inner @ (Value::Array(_) | Value::String(_) | Value::Object(_))) => {
            overlay(&mut inner, text);
            *string = inner.to_string();
        }
        _ if string.ends_with(']') => string.insert_str(string.len() - 1, &format!(" {text}")),
        _ => {
            string.push(' ');
            string.push_str(text);
        }
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            _ => c.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn marks_open_strings_and_leaves_closed_ones() {
        let mut body = json!({
            "id": "x", "appId": "x", "createdDateTime": "2026-05-01T00:00:00Z", "consentType": "Principal",
            "@odata.nextLink": "http://127.0.0.1/x", "displayName": "Alice", "nothing": null, "tags": ["a"],
            "groupTypes": ["Unified"], "status": { "failureReason": "bad" },
        });
        overlay(&mut body, "canary");
        assert_eq!(
            body,
            json!({
                "id": "x", "appId": "x", "createdDateTime": "2026-05-01T00:00:00Z", "consentType": "Principal",
                "@odata.nextLink": "http://127.0.0.1/x", "displayName": "Alice canary", "nothing": null,
                "tags": ["a canary"], "groupTypes": ["Unified"], "status": { "failureReason": "bad canary" },
            })
        );
    }

    #[test]
    fn of_github_only_what_people_write_is_marked() {
        let mut body =
            json!([{ "login": "alice-dev", "title": "key", "config": { "url": "https://h.example" }, "value": "v" }]);
        overlay_written(&mut body, "canary");
        let marked = json!([{ "login": "alice-dev", "title": "key canary", "config": { "url": "https://h.example" }, "value": "v canary" }]);
        assert_eq!(body, marked);
    }

    #[test]
    fn audit_records_still_decode() {
        let mut changes = json!([
            { "displayName": "KeyDescription", "oldValue": "[]", "newValue": "[\"[KeyIdentifier=1,DisplayName=x]\"]" },
            { "displayName": "IsAdminConsent", "oldValue": null, "newValue": "\"True\"" },
        ]);
        overlay(&mut changes, "canary");
        assert_eq!(
            changes,
            json!([
                { "displayName": "KeyDescription", "oldValue": "[]",
                  "newValue": "[\"[KeyIdentifier=1,DisplayName=x canary]\"]" },
                { "displayName": "IsAdminConsent", "oldValue": null, "newValue": "\"True\"" },
            ])
        );
    }
}
