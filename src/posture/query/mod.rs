//! What the query of an alert rule looks for, read by its structure: table, conditions, window, what is counted by whom, and above
//! which number. Pure. It runs no query, and what it does not understand is unknown.

mod condition;
mod expression;
mod read;
mod rule;
mod seen;
#[cfg(test)]
mod tests;
mod words;

pub use read::{Reading, read};
pub use rule::{Alert, Finds, Purpose, finds};
