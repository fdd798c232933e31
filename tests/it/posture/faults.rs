//! What each list that is denied, throttled, cut or malformed leaves open: never a pass.

use super::*;
use leaver::demo::RetryAfter;

/// A part of the path of each list, the data set, the permission that it takes, and an item that rests on it.
const LISTS: [(&str, &str, &str, &str); 14] = [
    (
        "/Microsoft.ContainerInstance/containerGroups?",
        "mcp_workload",
        "Microsoft.ContainerInstance/containerGroups/read",
        "hardening/3",
    ),
    ("/Microsoft.App/containerApps?", "mcp_workload", "Microsoft.App/containerApps/read", "hardening/3"),
    (
        "/Microsoft.App/managedEnvironments?",
        "container_environment",
        "Microsoft.App/managedEnvironments/read",
        "isolation/network",
    ),
    ("/policyAssignments?", "policy_effect", "Microsoft.Authorization/policyAssignments/read", "hardening/4"),
    ("/policyExemptions?", "policy_effect", "Microsoft.Authorization/policyAssignments/read", "hardening/5"),
    ("/Microsoft.ApiManagement/service?", "api_gateway", "Microsoft.ApiManagement/service/read", "production/tier"),
    ("/apis?", "gateway_call", "Microsoft.ApiManagement/service/apis/policies/read", "hardening/6"),
    ("/operations?", "gateway_call", "Microsoft.ApiManagement/service/apis/policies/read", "hardening/9"),
    ("/policies/policy?", "gateway_call", "Microsoft.ApiManagement/service/apis/policies/read", "hardening/6"),
    ("/scheduledQueryRules?", "alert_purpose", "Microsoft.Insights/scheduledQueryRules/read", "hardening/13"),
    ("/actionGroups?", "action_group", "Microsoft.Insights/actionGroups/read", "hardening/14"),
    ("/tables/MCPAuditLog_CL?", "log_store", "Microsoft.OperationalInsights/workspaces/tables/read", "hardening/12"),
    (
        "/Microsoft.ApiCenter/services?",
        "registered_api",
        "Microsoft.ApiCenter/services/read",
        "production/inventory-roles",
    ),
    ("/budgets?", "budget", "Microsoft.Consumption/budgets/read", "production/cost"),
];

#[tokio::test]
async fn each_list_that_is_denied_is_unknown_and_names_its_permission() {
    for (on, table, needs, item) in LISTS {
        let report = looked_at(estate("good"), Faults::none().forbid(on)).await;
        let gaps: Vec<_> =
            report.coverage.iter().filter(|part| part.dataset == table).filter_map(|part| part.gap.as_ref()).collect();
        let named = gaps.iter().any(|gap| gap.needs.as_deref().is_some_and(|text| text.starts_with(needs)));
        assert!(named, "{on}: {gaps:?}");
        assert_ne!(items(&report)[item], Verdict::Pass, "{item} without {on}");
    }
    let report = looked_at(estate("good"), Faults::none().forbid("/identity/conditionalAccess/policies")).await;
    let gap = report
        .coverage
        .iter()
        .find(|part| part.dataset == "conditional_access")
        .and_then(|part| part.gap.as_ref())
        .unwrap();
    assert_eq!((gap.needs.as_deref(), items(&report)["hardening/8"]), (Some("Policy.Read.All"), Verdict::Unknown));
}

#[tokio::test]
async fn whatever_is_no_whole_list_is_no_empty_list() {
    for (on, _, _, item) in [LISTS[0], LISTS[3], LISTS[6], LISTS[9]] {
        let malformed = json!({ "value": [{ "name": "without an id" }] });
        for (name, faults) in [
            ("429", Faults::none().throttle(on, 1, RetryAfter::Seconds(0))),
            ("500", Faults::none().status(on, 500, "InternalServerError")),
            ("cut", Faults::none().cut(on)),
            ("empty 200", Faults::none().empty(on)),
            ("no list", Faults::none().answer(on, json!({}))),
            ("malformed", Faults::none().answer(on, malformed)),
        ] {
            let report = looked_at(estate("good"), faults).await;
            assert_ne!(items(&report)[item], Verdict::Pass, "{name} of {on}: {item}");
        }
    }
}

#[tokio::test]
async fn pages_and_an_unregistered_provider_change_nothing() {
    let whole = looked_at(estate("good"), Faults::none()).await;
    let paged = looked_at(estate("good"), Faults::none().page_size("/arm/", 1)).await;
    assert_eq!(items(&whole), items(&paged));
    let unused = Faults::none().status("/Microsoft.App/jobs?", 409, "MissingSubscriptionRegistration");
    assert_eq!(items(&whole), items(&looked_at(estate("good"), unused).await));
}
