//! Proves what a departed developer, or anything still acting with that person's credentials, can reach.
//!
//! ```text
//!  sources (read only) -> evidence.db (sealed) -> checks in sandboxed SQL -> findings -> report
//! ```
//! Left of the evidence nothing judges; right of it nothing reads the network.

pub mod api;
pub mod check;
pub mod cli;
pub mod config;
pub mod demo;
pub mod env;
pub mod error;
pub mod evidence;
pub mod model;
pub mod person;
pub mod report;
pub mod run;
pub mod source;
pub mod subject;
pub mod text;
pub mod token;
