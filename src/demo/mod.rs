//! A synthetic organisation behind real HTTP on loopback: what `leaver demo` audits and what every collector is
//! tested against. It only answers reads; a write is refused and remembered. Nothing here judges anything.

mod arm;
mod canary;
mod estate;
mod faults;
mod filter;
mod github;
mod graph;
mod http;
pub mod log;
mod login;
mod planted;
mod query;
mod server;

pub use estate::{Error, Estate, Planted};
pub use faults::{Faults, RetryAfter};
pub use http::{Outcome, Recorded};
pub use query::LogColumns;
pub use server::Server;

/// The bearer token that a server accepts from its start; `/login` issues more.
pub const TOKEN: &str = "demo";
