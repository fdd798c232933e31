//! What the policies of API Management do to a call: read as they are written, resolved over their scopes, and read for their
//! meaning. Pure. What cannot be read makes the meaning unknown.
//!
//! <https://learn.microsoft.com/azure/api-management/api-management-howto-policies>

mod key;
mod meaning;
mod scopes;
#[cfg(test)]
mod tests;
mod xml;

pub use key::{Counted, counted};
pub use meaning::{Auth, Logged, Meaning, Rate, meaning};
pub use scopes::{Link, Settings, Step, resolve};
pub use xml::{Element, Unread, parse};
