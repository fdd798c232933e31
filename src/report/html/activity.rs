//! The days of activity: a picture, and the same as a table for whoever cannot see it.

use maud::{Markup, html};

use crate::report::Report;

pub(super) fn section(_: &Report) -> Markup {
    html! {
        section id="activity" aria-labelledby="activity-title" {
            h2 id="activity-title" { "90 days of activity" }
            p { "Not collected: this report says nothing about what was done with the leaver's access." }
        }
    }
}
