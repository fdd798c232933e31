//! The first page: what happened, what to do first as a list to tick, and the picture of what is still within reach.

use maud::{Markup, html};

use super::foreign;
use crate::report::Report;
use crate::report::story::{self, Way};
use crate::report::words::{plural, questions};

/// In units of the picture.
const COLUMNS: [f64; 4] = [0.0, 190.0, 440.0, 660.0];
const WIDTHS: [f64; 4] = [150.0, 210.0, 180.0, 240.0];
const ROW: f64 = 46.0;
const BOX: f64 = 34.0;

pub(super) fn happened(report: &Report) -> Markup {
    let Some(story) = story::of(report) else { return html! {} };
    html! {
        section id="happened" aria-labelledby="happened-title" {
            h2 id="happened-title" { "What happened" }
            @for sentence in &story.sentences { p { (foreign(sentence)) } }
            ol class="timeline" { @for moment in &story.timeline { li { time { (foreign(&moment.at)) } " " (foreign(&moment.what)) } } }
        }
    }
}

/// What the reader could still tell.
pub(super) fn asked(report: &Report) -> Markup {
    let [person] = report.people.as_slice() else { return html! {} };
    html! { @for question in questions(person) { p class="note" { (question) } } }
}

/// What to do first, as `leaver plan` orders it. The ticks are kept by the browser, under the name of this file.
pub(super) fn first(report: &Report) -> Markup {
    html! {
        @if let Some(head) = &report.remediation {
            section id="first" aria-labelledby="first-title" {
                h2 id="first-title" { "Do these first" }
                p { (head.sentence()) ". " code { "leaver plan" } " writes all of them down, and what only people can do." }
                ol class="checklist" data-report=(foreign(&report.evidence.sha256)) {
                    @for (at, change) in head.first.iter().enumerate() { li {
                        label for=(format!("do-{at}")) {
                            input type="checkbox" id=(format!("do-{at}")) autocomplete="off";
                            span {
                                (change.title) @if change.closes > 1 { " (closes " (plural(change.closes, "finding")) ")" }
                                code { (foreign(change.subject.raw())) }
                            }
                        }
                        (portal(change.subject.raw()))
                    } }
                }
            }
        }
    }
}

/// Where an object is looked at by hand, for the kinds whose address is made of their id alone.
fn portal(subject: &str) -> Markup {
    let safe = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/'))
    };
    let address = if let Some(id) = subject.strip_prefix("entra:user/").filter(|id| safe(id) && !id.contains('/')) {
        format!(
            "https://entra.microsoft.com/#view/Microsoft_AAD_UsersAndTenants/UserProfileMenuBlade/~/overview/userId/{id}"
        )
    } else if let Some(id) = subject.strip_prefix("azure:").filter(|id| safe(id) && id.starts_with("/subscriptions/")) {
        format!("https://portal.azure.com/#resource{}", id.split("/federated/").next().unwrap_or(id))
    } else if let Some(rest) = subject.strip_prefix("github:repo/").filter(|rest| safe(rest)) {
        let name: Vec<&str> = rest.split('/').take(2).collect();
        format!("https://github.com/{}/settings", name.join("/"))
    } else if let Some(rest) = subject.strip_prefix("github:org/").filter(|rest| safe(rest)) {
        format!("https://github.com/organizations/{}/settings/profile", rest.split('/').next().unwrap_or(rest))
    } else {
        return html! {};
    };
    html! { " " a href=(address) rel="noreferrer" aria-label=(format!("open {subject}")) { "open" } }
}

/// Person, credential, identity, role: every way that a finding names.
pub(super) fn reach(report: &Report) -> Markup {
    let (ways, all) = story::reach(report);
    html! {
        @if !ways.is_empty() {
            section id="reach" aria-labelledby="reach-title" {
                h2 id="reach-title" { "What is still within reach" }
                (picture(report, &ways))
                ul class="plain ways" { @for way in &ways { li {
                    (foreign(&way.credential)) ", as " (foreign(&way.identity)) ": " (foreign(&way.role))
                } } }
                (super::more(all, ways.len(), "ways"))
            }
        }
    }
}

fn picture(report: &Report, ways: &[Way]) -> Markup {
    let person = match report.people.as_slice() {
        [person] => {
            person.name.as_ref().or(person.upn.as_ref()).map_or(person.id.clone(), |name| name.raw().to_owned())
        }
        people => format!("{} people", people.len()),
    };
    #[expect(clippy::cast_precision_loss, reason = "a picture has a dozen rows")]
    let height = 24.0 + ways.len() as f64 * ROW;
    let middle = 24.0 + (height - 24.0) / 2.0 - BOX / 2.0;
    html! {
        svg viewBox=(format!("0 0 900 {height}")) role="img" aria-labelledby="reach-picture" class="reach" {
            title id="reach-picture" { (ways.len()) " ways from " (foreign(&person)) " through a credential and an identity to a role; the list below says the same." }
            @for (name, x) in ["person", "credential", "identity", "role"].iter().zip(COLUMNS) { text x=(x) y="12" { (name) } }
            (boxed(0, middle, &person))
            @for (at, way) in ways.iter().enumerate() { (row(at, middle, way)) }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a picture has a dozen rows")]
fn row(at: usize, middle: f64, way: &Way) -> Markup {
    let y = 24.0 + at as f64 * ROW;
    let center = y + BOX / 2.0;
    html! {
        line x1=(COLUMNS[0] + WIDTHS[0]) y1=(middle + BOX / 2.0) x2=(COLUMNS[1]) y2=(center) {}
        line x1=(COLUMNS[1] + WIDTHS[1]) y1=(center) x2=(COLUMNS[2]) y2=(center) {}
        line x1=(COLUMNS[2] + WIDTHS[2]) y1=(center) x2=(COLUMNS[3]) y2=(center) {}
        (boxed(1, y, &way.credential)) (boxed(2, y, &way.identity)) (boxed(3, y, &way.role))
    }
}

fn boxed(column: usize, y: f64, text: &str) -> Markup {
    let (x, width) = (COLUMNS[column], WIDTHS[column]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a box has some dozen letters")]
    let letters = (width / 6.2) as usize;
    let text = crate::text::visible(text);
    let shown = if text.chars().count() > letters {
        format!("{}…", text.chars().take(letters.saturating_sub(1)).collect::<String>())
    } else {
        text
    };
    html! {
        rect x=(x) y=(y) width=(width) height=(BOX) rx="4" {}
        text class="in" x=(x + 8.0) y=(y + 21.0) { (foreign(&shown)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_is_made_of_anything_but_plain_ids() {
        for odd in ["entra:user/x\" onclick", "azure:javascript:x", "github:org/a b", "entra:user/../x/y", "host:x/y"] {
            assert_eq!(portal(odd).into_string(), "", "{odd}");
        }
        assert!(
            portal("github:repo/contoso/web/key/7").into_string().contains("https://github.com/contoso/web/settings")
        );
    }
}
