use proptest::prelude::*;
use serde_json::json;

use super::*;

const GROUP: &str = "Microsoft.ContainerInstance/containerGroups";

fn group(tags: Value, subnets: &[&str]) -> Value {
    let subnets: Vec<Value> = subnets.iter().map(|id| json!({ "id": id })).collect();
    json!({ "type": GROUP, "name": "mcp-files", "location": "westeurope", "tags": tags, "properties": {
        "subnetIds": subnets, "containers": [{ "name": "a", "properties": { "image": "x/mcp:1", "ports": [{ "port": 3000 }] } }] } })
}

fn met(condition: Value, resource: &Value) -> Option<bool> {
    holds(&json!({ "if": condition }), &Parameters::new(), resource)
}

#[test]
fn a_tag_is_there_in_any_way_of_writing_it() {
    let tagged = group(json!({ "mcpserver": "false" }), &[]);
    for field in ["tags['MCPServer']", "tags.MCPServer", "tags[MCPServer]", "[concat('tags[', 'MCPServer', ']')]"] {
        assert_eq!(met(json!({ "field": field, "exists": "true" }), &tagged), Some(true), "{field}");
        assert_eq!(met(json!({ "field": field, "exists": false }), &group(json!({}), &[])), Some(true), "{field}");
        assert_eq!(met(json!({ "field": field, "notEquals": "true" }), &tagged), Some(true), "{field}");
    }
}

#[test]
fn not_in_a_list_of_elements_means_none_of_them_is_in() {
    let alias = format!("{GROUP}/subnetIds[*].id");
    let outside = json!({ "field": alias, "notIn": ["/good"] });
    assert_eq!(met(outside.clone(), &group(json!({}), &["/bad"])), Some(true));
    assert_eq!(met(outside.clone(), &group(json!({}), &["/GOOD"])), Some(false));
    assert_eq!(met(outside.clone(), &group(json!({}), &["/good", "/bad"])), Some(false));
    assert_eq!(met(outside, &group(json!({}), &[])), Some(true));
    let any = json!({ "count": { "field": alias, "where": { "field": alias, "notIn": ["/good"] } }, "greater": 0 });
    assert_eq!(met(any.clone(), &group(json!({}), &["/good", "/bad"])), Some(true));
    assert_eq!(met(any.clone(), &group(json!({}), &["/good"])), Some(false));
    assert_eq!(met(any, &group(json!({}), &[])), Some(false));
}

#[test]
fn every_operator() {
    let it = group(json!({ "n": "12" }), &[]);
    for (condition, expected) in [
        (json!({ "field": "type", "equals": GROUP.to_lowercase() }), Some(true)),
        (json!({ "field": "name", "like": "mcp-*" }), Some(true)),
        (json!({ "field": "name", "notLike": "*files" }), Some(false)),
        (json!({ "field": "name", "match": "???-?????" }), Some(true)),
        (json!({ "field": "tags.n", "match": "##" }), Some(true)),
        (json!({ "field": "name", "matchInsensitively": "MCP-FILES" }), Some(true)),
        (json!({ "field": "name", "notMatch": "MCP-FILES" }), Some(true)),
        (json!({ "field": "name", "contains": "FILE" }), Some(true)),
        (json!({ "field": "name", "notContains": "x" }), Some(true)),
        (json!({ "field": "tags", "containsKey": "N" }), Some(true)),
        (json!({ "field": "location", "in": ["northeurope", "WestEurope"] }), Some(true)),
        (json!({ "value": "[length(field('name'))]", "greater": 8 }), Some(true)),
        (json!({ "value": 3, "lessOrEquals": 3 }), Some(true)),
        (json!({ "value": "[toLower('A')]", "equals": "a" }), Some(true)),
        (
            json!({ "count": { "field": format!("{GROUP}/containers[*]"), "where":
            { "field": format!("{GROUP}/containers[*].image"), "like": "*mcp*" } }, "equals": 1 }),
            Some(true),
        ),
        (
            json!({ "count": { "value": ["a", "b"], "name": "n", "where": { "value": "[current('n')]", "equals": "b" } }, "equals": 1 }),
            Some(true),
        ),
        (json!({ "field": "Microsoft.App/containerApps/x", "exists": true }), Some(false)),
        (json!({ "field": "name", "resembles": "x" }), None),
        (json!({ "value": "[dateTimeAdd('x','y')]", "equals": "x" }), None),
        (json!({ "field": "nonsense", "equals": "x" }), None),
        (json!({ "anyOf": [{ "field": "name", "resembles": "x" }, { "field": "type", "exists": true }] }), Some(true)),
        (json!({ "allOf": [{ "field": "name", "resembles": "x" }, { "field": "type", "exists": true }] }), None),
        (json!({ "not": { "allOf": [] } }), Some(false)),
    ] {
        assert_eq!(met(condition.clone(), &it), expected, "{condition}");
    }
}

#[test]
fn parameters_come_from_defaults_assignments_and_initiatives() {
    let definition = json!({ "effect": { "type": "String", "defaultValue": "Audit" }, "subnets": { "type": "Array" } });
    let rule = json!({ "if": { "field": "location", "in": "[parameters('Subnets')]" }, "then": { "effect": "[parameters('effect')]" } });
    let defaults = parameters(Some(&definition), None);
    assert_eq!(effect(&rule, &defaults).as_deref(), Some("audit"));
    assert_eq!(holds(&rule, &defaults, &group(json!({}), &[])), None);
    let outer = parameters(None, Some(&json!({ "all": { "value": ["westeurope"] }, "how": { "value": "Deny" } })));
    let mut inner = defaults;
    inner.extend(passed_on(
        Some(&json!({ "subnets": { "value": "[parameters('all')]" }, "effect": { "value": "[parameters('how')]" } })),
        &outer,
    ));
    assert_eq!(effect(&rule, &inner).as_deref(), Some("deny"));
    assert_eq!(holds(&rule, &inner, &group(json!({}), &[])), Some(true));
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        "\\[[a-z']{1,8}\\(('[a-z]{0,4}'){0,2}\\)\\]".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("allOf"),
        Just("not"),
        Just("field"),
        Just("equals"),
        Just("count"),
        Just("where"),
        Just("in"),
        Just("value")
    ];
    leaf.prop_recursive(5, 48, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_condition_is_answered_and_its_denial_is_the_opposite(condition in anything()) {
        let it = group(json!({ "a": "b" }), &["/x"]);
        let denied = met(json!({ "not": condition.clone() }), &it);
        prop_assert_eq!(met(condition, &it).map(|holds| !holds), denied);
    }

    #[test]
    fn a_star_stands_for_anything(before in "[a-z]{0,5}", middle in "[a-z]{0,5}", after in "[a-z]{0,5}") {
        let name = format!("{before}{middle}{after}");
        let resource = json!({ "type": GROUP, "name": name });
        let pattern = format!("{before}*{after}");
        prop_assert_eq!(met(json!({ "field": "name", "like": pattern }), &resource), Some(true));
    }
}
