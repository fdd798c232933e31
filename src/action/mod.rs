//! Changes what a finding names, and only that: a plan that people review, its requests one object at a time, a journal, an undo.
//! What an action does is data in `known`, one file each; everything that keeps it safe is here, once, for all of them.
//!
//! ```text
//!  report, evidence -> plan -> review, signatures -> apply: observe = before? -> journal -> send once -> observe = after?
//!                                                      undo:  the same, backwards, from the journal
//! ```
//! Nothing outside this module can send a write: only `write` can, and its constructor takes a route of `known`.

mod apply;
mod fill;
mod head;
mod journal;
mod known;
mod observe;
mod one;
mod pace;
pub mod plan;
mod route;
mod services;
pub mod sign;
mod undo;
mod write;

pub use apply::{Applied, Apply, Made, apply, journal_of, selected};
pub use head::{First, Head, head};
pub use journal::{Outcome, outcomes};
pub use pace::Pace;
pub use route::{Disposition, Request, State};
pub use services::Services;
pub use undo::{Back, Undo, beside as undo_journal, tenant, undo};
pub use write::Permit;
