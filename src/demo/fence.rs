//! What stands around the servers of an estate: gateway, policies, alerts, networks. One collection, `arm/fence`, of resources as
//! Resource Manager gives them; where a resource is listed follows from its id.

use serde_json::Value;

/// The types that are listed below a subscription.
const LISTED: [&str; 12] = [
    "microsoft.apimanagement/service",
    "microsoft.app/managedenvironments",
    "microsoft.authorization/policyassignments",
    "microsoft.authorization/policyexemptions",
    "microsoft.insights/scheduledqueryrules",
    "microsoft.insights/metricalerts",
    "microsoft.insights/actiongroups",
    "microsoft.network/virtualnetworks",
    "microsoft.network/privateendpoints",
    "microsoft.apicenter/services",
    "microsoft.consumption/budgets",
    "microsoft.insights/diagnosticsettings",
];

/// What a resource of API Management and of API Center has below it.
const BELOW: [&str; 8] =
    ["apis", "operations", "products", "policyfragments", "namedvalues", "backends", "loggers", "diagnosticsettings"];

/// What is asked for alone.
const ALONE: [&str; 4] = ["policies", "policyfragments", "policydefinitions", "policysetdefinitions"];

/// What a path asks for.
pub(super) enum Asked<'a> {
    /// A list of these.
    List(Vec<&'a Value>),
    /// One resource, which may not be there.
    One(Option<&'a Value>),
}

/// The resources that a path in lower case leads to; `None`: no such path is known.
pub(super) fn find<'a>(rows: &'a [Value], parts: &[&str]) -> Option<Asked<'a>> {
    let path = format!("/{}", parts.join("/"));
    let id = |row: &Value| row["id"].as_str().unwrap_or_default().to_ascii_lowercase();
    let list = |is: &dyn Fn(&str) -> bool| Asked::List(rows.iter().filter(|row| is(&id(row))).collect());
    match parts {
        ["subscriptions", subscription, "providers", provider, kind]
            if LISTED.contains(&format!("{provider}/{kind}").as_str()) =>
        {
            let (below, tail) = (format!("/subscriptions/{subscription}/"), format!("/providers/{provider}/{kind}/"));
            Some(list(&|id| {
                id.starts_with(&below) && id.rsplit_once(&tail).is_some_and(|(_, name)| !name.contains('/'))
            }))
        }
        [.., kind] if BELOW.contains(kind) => {
            let below = format!("{path}/");
            Some(list(&|id| id.strip_prefix(&below).is_some_and(|name| !name.contains('/'))))
        }
        [.., kind, _] if ALONE.contains(kind) => Some(Asked::One(rows.iter().find(|row| id(row) == path))),
        _ => None,
    }
}
