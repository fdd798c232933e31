//! One struct per table of `posture.sql`, in its order. Nothing else.

use jiff::Timestamp;
use rusqlite::Statement;

use super::Need::One;
use super::{Column, Need, Row, Table, key};
use crate::text::Untrusted;

rows! {
    /// What the configuration approves.
    PostureSetting in posture_setting { kind: String, value: String }
    /// A subscription that was looked into.
    AzureSubscription in azure_subscription needs [One("id")] { id: String }
    /// Something that runs containers.
    McpWorkload in mcp_workload needs [One("id")] {
        id: String, kind: String, name: Option<Untrusted>, subscription: String, tag: Option<Untrusted>, looks: Option<String>,
        is_server: bool, subnet: Option<String>, environment: Option<String>, reach: Option<String>, allowed: Option<Untrusted>,
        certificate: Option<Untrusted>, address: Option<Untrusted>, own_identity: Option<bool>, identities: Option<i64>,
    }
    /// A user-assigned identity of it.
    WorkloadIdentity in workload_identity needs [One("workload"), One("identity")] {
        workload: String, identity: String, principal: Option<Untrusted>,
    }
    /// An environment of container apps.
    ContainerEnvironment in container_environment needs [One("id")] {
        id: String, name: Option<Untrusted>, internal: Option<bool>, subnet: Option<String>, public_network: Option<bool>,
        endpoints: Option<i64>,
    }
    /// A subnet.
    Subnet in subnet needs [One("id")] { id: String, prefix: Option<Untrusted>, security_group: Option<String> }
    /// An API Management service.
    ApiGateway in api_gateway needs [One("id")] {
        id: String, name: Option<Untrusted>, sku: Option<Untrusted>, network: Option<String>, reachable: Option<bool>,
        addresses: Option<Untrusted>, stable: Option<bool>, servers: Option<i64>,
    }
    /// An operation and what becomes of a call of it.
    GatewayCall in gateway_call needs [One("id"), One("gateway")] {
        id: String, gateway: String, interface: Untrusted, operation: Option<Untrusted>, product: Option<Untrusted>, open: bool,
        understood: bool, backend: Option<Untrusted>, auth: Option<String>, issuer: Option<bool>, audience: Option<bool>,
        scopes: Option<bool>, strict: Option<bool>, code: Option<i64>, first: Option<bool>, cut: Option<String>,
        limited: Option<i64>, limited_by: Option<String>, limit_sure: Option<bool>, filter: Option<Untrusted>,
        header: Option<Untrusted>, proof: Option<bool>, shield: Option<String>, logs: Option<Untrusted>, logs_body: Option<bool>,
    }
    /// Where a gateway writes to.
    GatewayLogger in gateway_logger needs [One("id")] { id: String, gateway: String, kind: Option<Untrusted> }
    /// A rule that is assigned.
    PolicyEffect in policy_effect needs [One("id"), One("subscription")] {
        id: String, subscription: String, definition: String, name: Option<Untrusted>, level: String, enforced: bool,
        effect: Option<String>, excluded: Option<Untrusted>, exempted: Option<Untrusted>, untagged_group: Option<bool>,
        untagged_app: Option<bool>, false_tag: Option<bool>, outside_group: Option<bool>, partly_outside: Option<bool>,
        without_subnet: Option<bool>, outside_app: Option<bool>, proper: Option<bool>,
    }
    /// A rule that alerts.
    AlertRule in alert_rule needs [One("id")] {
        id: String, name: Option<Untrusted>, kind: String, enabled: bool, actions: Option<Untrusted>, metric: Option<Untrusted>,
    }
    /// What it is for.
    AlertPurpose in alert_purpose { rule: String, purpose: String, enough: Option<bool>, why: Option<String> }
    /// Who is told.
    ActionGroup in action_group needs [One("id")] { id: String, name: Option<Untrusted>, enabled: bool, receivers: i64 }
    /// A private endpoint.
    PrivateEndpoint in private_endpoint needs [One("id")] { id: String, target: Option<String>, state: Option<Untrusted> }
    /// What a resource writes down about itself.
    DiagnosticSetting in diagnostic_setting needs [One("id")] {
        id: String, resource: String, logs: Option<Untrusted>, workspace: Option<Untrusted>,
    }
    /// The table of the gateway.
    LogStore in log_store needs [One("id")] {
        id: String, workspace: String, plan: Option<Untrusted>, retention_days: Option<i64>, total_days: Option<i64>,
        columns: Option<String>,
    }
    /// An interface of the inventory.
    RegisteredApi in registered_api needs [One("id")] {
        id: String, name: Option<Untrusted>, title: Option<Untrusted>, kind: Option<Untrusted>, center: String,
    }
    /// A budget.
    Budget in budget needs [One("id")] { id: String, subscription: String, amount: Option<i64>, notifies: i64 }
    /// A scope or role of a gateway.
    GatewayScope in gateway_scope needs [One("value")] {
        gateway: String, value: Untrusted, kind: String, enabled: bool, people: Option<bool>,
    }
    /// A policy of Conditional Access.
    ConditionalAccess in conditional_access needs [One("id")] {
        id: Untrusted, name: Option<Untrusted>, enabled: bool, gateway: Option<String>, context: Option<Untrusted>, everybody: bool,
        blocks: bool, excluded: Option<Untrusted>,
    }
    /// A report about somebody who left.
    SealedReport in sealed_report needs [One("person")] { person: String, at: Timestamp, signed: bool }
    /// Somebody who left.
    Departed in departed needs [One("person")] { person: String, day: Option<String> }
    /// A call without a token.
    Probe in probe needs [One("workload")] { workload: String, address: Untrusted, outcome: String }
}
