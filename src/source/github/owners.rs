//! Whether the GitHub accounts to which tokens on runner hosts and in containers belong are members of the organisations.
//! Asks nothing new: the lists of members are in the evidence already.

use crate::evidence::row::TokenOwner;
use crate::evidence::{Error, Rows, Scope, Writer};
use crate::model::{Cause, GapKind};
use crate::source::{Named, owners};
use crate::text::Untrusted;

/// Writes down the owners that are accounts of GitHub.
///
/// # Errors
/// Only what the evidence file itself refuses.
pub(super) async fn token_owners(out: &Writer) -> Result<(), Error> {
    let mut owners = owners::named(out)?;
    owners.retain(|owner| owner.kind == "github");
    let members = out.pairs("SELECT DISTINCT login, user_id FROM github_membership WHERE login IS NOT NULL")?;
    let gaps = out.pairs("SELECT scope, gap FROM coverage WHERE dataset = 'github_membership' AND gap IS NOT NULL")?;
    let scope = Scope {
        name: "accounts of GitHub that own personal tokens".into(),
        person: None,
        needs: "members=read".to_owned(),
    };
    out.dataset(&["token_owner"], &scope, async |rows: &mut Rows| {
        for owner in &owners {
            let state = state(owner, &members, gaps.is_empty());
            if state.is_none() {
                rows.gap(
                    "token_owner",
                    Cause::new(GapKind::Truncated, "not all members of the organisations were listed"),
                );
            }
            rows.insert(&TokenOwner {
                kind: owner.kind.clone(),
                id: owner.id.as_deref().map(Untrusted::from),
                name: owner.name.as_deref().map(Untrusted::from),
                account: None,
                state: state.map(str::to_owned),
            })?;
        }
        Ok(())
    })
    .await
    .map(drop)
}

/// By number where the token has one, since a login can be given away again.
fn state(owner: &Named, members: &[(String, Option<String>)], complete: bool) -> Option<&'static str> {
    let is = |(login, number): &(String, Option<String>)| match (&owner.id, number) {
        (Some(one), Some(other)) => one == other,
        _ => owner.name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(login)),
    };
    match (members.iter().any(is), complete) {
        (true, _) => Some("active"),
        (false, true) => Some("absent"),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_list_makes_an_outsider() {
        let owner = |id: Option<&str>, name: &str| Named {
            kind: "github".into(),
            id: id.map(str::to_owned),
            name: Some(name.to_owned()),
        };
        let members = [("alice-dev".to_owned(), Some("7".to_owned()))];
        assert_eq!(state(&owner(None, "Alice-Dev"), &members, false), Some("active"));
        assert_eq!(state(&owner(Some("8"), "alice-dev"), &members, true), Some("absent"));
        assert_eq!(state(&owner(None, "bob"), &members, true), Some("absent"));
        assert_eq!(state(&owner(None, "bob"), &members, false), None);
    }
}
