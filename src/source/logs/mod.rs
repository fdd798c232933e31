//! The audit logs of the MCP gateways: what a record is and how many of them become rows. Where they come from, live or
//! exported, is the business of the modules below. Nothing here judges.

pub mod columns;
mod gateway;
pub mod import;
pub mod kql;
pub mod live;
pub mod liveness;
pub mod record;
pub mod tally;

pub use self::gateway::GatewayLog;
