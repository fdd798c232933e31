//! What the query of an alert rule looks for, read by its structure: table, conditions, window, what is counted by whom, and above
//! which number. Pure. It runs no query, and what it does not understand is unknown.

mod expression;
mod read;
mod rule;
#[cfg(test)]
mod tests;

pub use read::{Reading, read};
pub use rule::{Alert, Finds, Purpose, finds};
