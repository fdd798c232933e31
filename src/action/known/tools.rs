//! What several actions say in the same words.

use crate::action::route::{Keep, State, Template, is, text};

pub(super) const fn get_gone(url: &'static str) -> Template {
    Template { method: "DELETE", url, body: None }
}

pub(super) const fn send(method: &'static str, url: &'static str, body: &'static str) -> Template {
    Template { method, url, body: Some(body) }
}

/// A role, an assignment or a grant that a group holds is everybody's in the group.
pub(super) fn not_of_a_group(state: &State) -> Option<Keep> {
    let group =
        is(state, "_group") || text(state, "principalType").is_some_and(|kind| kind.eq_ignore_ascii_case("Group"));
    let why = "a group holds it, so taking it away would hit everybody in the group: take the person out of the group";
    let command = "az ad group member remove --group <principalId> --member-id <person>";
    group.then(|| Keep::ByCommand(why.to_owned(), command))
}
