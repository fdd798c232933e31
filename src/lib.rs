//! Proves what a departed developer, or anything still acting with that person's credentials, can reach.
//!
//! ```text
//!  source/*  ->  evidence.db  ->  checks/**/*.sql  ->  findings  ->  report
//!  read only     written once     in a sandbox
//! ```
//! Left of the evidence nothing judges; right of it nothing reads the network. So any saved evidence can be judged again.
//!
//! Where to look:
//!
//! | question | module |
//! |---|---|
//! | Who is meant, and since when are they gone? | [`person`] |
//! | How is a service asked, and what if it does not answer? | [`api`] |
//! | What is read from which system? | [`source`] |
//! | What does a row look like, and was everything read? | [`evidence`] |
//! | What is a finding? | [`check`], and `checks/` |
//! | How is it told? | [`report`] |
//! | How is it cleaned up? | [`action`]: plan, apply, undo |
//! | How is it proven later? | [`bundle`] (the files), [`seal`] (signatures, timestamps), [`archive`] |
//! | How do these come together in one run? | [`run`], and [`cli`] above it |
//!
//! Below all of them, pure and without I/O: [`model`] (the shared words), [`text`] (foreign text and its escapers),
//! [`token`] (what a credential looks like), [`subject`] (who can satisfy a federated credential),
//! [`posture`] (what rules, policies and queries of a fence mean). [`mod@env`] is the only way
//! in for clock, randomness and environment, [`error`] the only way out for what ends a command, [`config`] reads
//! `leaver.toml`, and [`demo`] is the synthetic organisation that demo and tests are run against.

pub mod action;
pub mod api;
pub mod archive;
pub mod bundle;
pub mod check;
pub mod cli;
pub mod config;
pub mod demo;
pub mod env;
pub mod error;
pub mod evidence;
pub mod file;
pub mod model;
pub mod partial;
pub mod person;
pub mod posture;
pub mod report;
pub mod run;
pub mod seal;
pub mod source;
pub mod subject;
pub mod text;
pub mod token;
