//! Federated subjects: their grammar, the expressions that match them, and who can satisfy a credential.
//! Pure: no I/O, no clock, no network. It answers; whether an answer is a finding is for the checks.
//!
//! ```text
//!  issuer, subject or expression -> Trust --accepts(token)----> yes | no | why unknown
//!                                         --reachable_by(who)-> yes + witness | no | why unknown
//!                     all leavers -> Leavers::judge(trust) --> whom it names, where, how alike; what they reach
//! ```

mod control;
mod expression;
mod github;
mod glob;
mod grammar;
mod issuer;
mod leavers;
pub mod login;
mod mint;
mod piece;
mod trust;

pub use control::{Account, Control};
pub use expression::{Clause, Expression, NotUnderstood, Operator};
pub use github::GitHub;
pub use glob::Glob;
pub use grammar::{Connection, GitLab, Subject, Terraform};
pub use issuer::{GitHubHost, Issuer};
pub use leavers::{Judgement, Leavers, Likeness, Place};
pub use trust::{Answer, Condition, Doubt, Token, Trust, subject_matches};
