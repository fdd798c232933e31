//! A synthetic organisation behind real HTTP on loopback: what `leaver demo` audits and what every collector is
//! tested against. It answers reads, and obeys the writes that actions send; every other write is refused. Nothing here judges.

mod arm;
mod canary;
mod devops;
mod estate;
mod faults;
mod fence;
mod filter;
mod github;
mod graph;
mod host;
mod http;
pub mod log;
mod login;
mod planted;
mod query;
mod server;
mod write;

pub use estate::{Error, Estate, Planted};
pub use faults::{Faults, RetryAfter, WriteFault};
pub use host::{Host, hosts};
pub use http::{Outcome, Recorded};
pub use query::LogColumns;
pub use server::Server;

/// The bearer token that a server accepts from its start; `/login` issues more.
pub const TOKEN: &str = "demo";
