//! The tools and their arguments. All of them only read.

use std::path::PathBuf;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

/// What one call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    Leavers,
    Status(String),
    Open(Option<String>),
    Closing(String),
    Explain(String),
    VerifyArchived { organization: String, number: u32 },
    VerifyBundle(PathBuf),
}

pub(super) fn all() -> Vec<Tool> {
    let person = json!({ "type": "string", "description": "User principal name, mail address, object id or name of one person" });
    let object = |properties: Value, required: Value| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let tools = [
        (
            "leavers",
            "Who left: everybody in the sealed reports, each with the newest verdict.",
            object(json!({}), json!([])),
        ),
        (
            "is_offboarded",
            "Whether one person is off-boarded: yes, no, or not proven.",
            object(json!({ "person": person }), json!(["person"])),
        ),
        (
            "open_findings",
            "What is open and since when, of one person or of everybody.",
            object(json!({ "person": person }), json!([])),
        ),
        (
            "what_would_close",
            "What would close the findings and the gaps of one person, and who does it.",
            object(json!({ "person": person }), json!(["person"])),
        ),
        (
            "explain_check",
            "One check: what it looks for, why, what to do, and its SQL.",
            object(
                json!({ "check": { "type": "string", "description": "Its id, such as 1-consents/gateway-grant" } }),
                json!(["check"]),
            ),
        ),
        (
            "verify_bundle",
            "Whether a sealed report holds: by organization and number in the archive, or by the path of a bundle.",
            object(
                json!({
                    "organization": { "type": "string" },
                    "number": { "type": "integer", "minimum": 1 },
                    "bundle": { "type": "string", "description": "A directory on this machine" },
                }),
                json!([]),
            ),
        ),
    ];
    tools.into_iter().map(|(name, what, schema)| tool(name, what, schema)).collect()
}

fn tool(name: &'static str, what: &'static str, schema: Value) -> Tool {
    let schema = match schema {
        Value::Object(schema) => schema,
        _ => JsonObject::new(),
    };
    let mut hints = ToolAnnotations::default();
    (hints.read_only_hint, hints.destructive_hint) = (Some(true), Some(false));
    (hints.idempotent_hint, hints.open_world_hint) = (Some(true), Some(false));
    let mut tool = Tool::new(name, what, schema);
    tool.annotations = Some(hints);
    tool
}

/// The call, if there is such a tool and its arguments fit.
pub(super) fn parse(name: &str, arguments: &JsonObject) -> Option<Asked> {
    let text =
        |key: &str| arguments.get(key).and_then(Value::as_str).map(str::to_owned).filter(|text| text.len() <= 1000);
    let known: &[&str] = match name {
        "leavers" => &[],
        "explain_check" => &["check"],
        "verify_bundle" => &["organization", "number", "bundle"],
        _ => &["person"],
    };
    if arguments.keys().any(|key| !known.contains(&key.as_str())) {
        return None;
    }
    match name {
        "leavers" => Some(Asked::Leavers),
        "is_offboarded" => text("person").map(Asked::Status),
        "open_findings" if arguments.is_empty() => Some(Asked::Open(None)),
        "open_findings" => text("person").map(|person| Asked::Open(Some(person))),
        "what_would_close" => text("person").map(Asked::Closing),
        "explain_check" => text("check").map(Asked::Explain),
        "verify_bundle" => {
            match (text("bundle"), text("organization"), arguments.get("number").and_then(Value::as_u64)) {
                (Some(path), None, None) => Some(Asked::VerifyBundle(path.into())),
                (None, Some(organization), Some(number)) => {
                    Some(Asked::VerifyArchived { organization, number: u32::try_from(number).ok()? })
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_only_reads_and_takes_what_it_says() {
        for tool in all() {
            let hints = tool.annotations.clone().unwrap_or_default();
            assert_eq!((hints.read_only_hint, hints.destructive_hint), (Some(true), Some(false)), "{}", tool.name);
            let mut arguments = JsonObject::new();
            arguments.insert("shell".to_owned(), json!("x"));
            assert_eq!(parse(&tool.name, &arguments), None, "{}", tool.name);
        }
        assert_eq!(parse("apply", &JsonObject::new()), None);
        assert_eq!(parse("is_offboarded", &JsonObject::new()), None);
        assert_eq!(parse("open_findings", &JsonObject::new()), Some(Asked::Open(None)));
    }
}
