//! The items of the hardening checklist, in its order: what checks of the step `posture` are about. It judges nothing.

/// Every item and what it asks for.
pub const ITEMS: &[(&str, &str)] = &[
    ("hardening/1", "No MCP server runs on a workstation"),
    ("hardening/2", "Servers have a subnet and an identity of their own"),
    ("hardening/3", "Every server carries the tag MCPServer"),
    ("hardening/4", "A policy demands the tag"),
    ("hardening/5", "A policy keeps servers in the approved subnets"),
    ("hardening/6", "The gateway validates the token of every call"),
    ("hardening/7", "Scopes are split by read, write, admin and secrets"),
    ("hardening/8", "People cannot use the secrets scope"),
    ("hardening/9", "Calls are limited for each principal"),
    ("hardening/10", "Pipelines sign in without a stored secret"),
    ("hardening/11", "Trusted subjects name a branch or an environment"),
    ("hardening/12", "The log holds what an audit needs"),
    ("hardening/13", "A rule alerts on mass reads"),
    ("hardening/14", "A rule alerts on changes outside working hours"),
    ("hardening/15", "A rule alerts on repeated refusals"),
    ("hardening/16", "The off-boarding checklist is in force"),
    ("isolation/ingress", "No server answers the internet"),
    ("isolation/addresses", "Only the gateway's addresses are let in"),
    ("isolation/network", "Servers stand in a virtual network"),
    ("isolation/private-endpoint", "Environments are reached through private endpoints"),
    ("isolation/header", "Servers demand what only the gateway sends"),
    ("production/tier", "The gateway has static addresses and a service level"),
    ("production/network", "The gateway stands in a virtual network"),
    ("production/alerts", "Failures at the gateway raise alerts"),
    ("production/inventory-roles", "Few can change the inventory of interfaces"),
    ("production/cost", "A budget watches the cost"),
];

/// The place of an item in the checklist, counted from 0.
pub fn place(item: &str) -> Option<usize> {
    ITEMS.iter().position(|(known, _)| *known == item)
}

/// What an item asks for.
pub fn title(item: &str) -> &str {
    place(item).and_then(|at| ITEMS.get(at)).map_or(item, |(_, title)| *title)
}
