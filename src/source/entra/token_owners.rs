//! Whether the owners of personal tokens on scanned hosts and in containers still have an account here.
//! It asks for nobody else, and what Entra cannot be asked stays "not known".

use super::routes::Routes;
use super::tenant;
use crate::api::ReadApi;
use crate::evidence::row::TokenOwner;
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind};
use crate::person::{self, Found, Query, Unresolved};
use crate::source::{Collector, Named, owners};
use crate::text::Untrusted;

/// Asks for every owner that is named by an object id or an address.
///
/// # Errors
/// Only what the evidence file itself refuses. Everything else becomes a gap.
pub(super) async fn collect(entra: &Collector, routes: &Routes) -> Result<(), Error> {
    let mut owners = owners::named(&entra.out)?;
    // GitHub tells its own.
    owners.retain(|owner| owner.kind != "github");
    let scope = tenant("owners of personal tokens", "token_owner");
    entra
        .dataset(&["token_owner"], &scope, async |api, rows| {
            for owner in &owners {
                let known = match query(owner) {
                    Some(query) => ask(api, routes, &query, rows).await,
                    None => Known::default(),
                };
                rows.insert(&TokenOwner {
                    kind: owner.kind.clone(),
                    id: owner.id.as_deref().map(Untrusted::from),
                    name: owner.name.as_deref().map(Untrusted::from),
                    account: known.account,
                    state: known.state.map(str::to_owned),
                })?;
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// What Entra said of one owner.
#[derive(Debug, Default, PartialEq, Eq)]
struct Known {
    account: Option<Untrusted>,
    state: Option<&'static str>,
}

/// An employee id never stands in a token, so text of that shape is a name of another system.
fn query(owner: &Named) -> Option<Query> {
    let id = owner.id.as_deref().filter(|_| owner.kind == "entra").and_then(|id| Query::parse(id).ok());
    let name = || owner.name.as_deref().filter(|_| matches!(&*owner.kind, "entra" | "mail"));
    let query = id
        .filter(|query| matches!(query, Query::ObjectId(_)))
        .or_else(|| name().and_then(|name| Query::parse(name).ok()));
    query.filter(|query| !matches!(query, Query::EmployeeId(_)))
}

async fn ask(api: &ReadApi, routes: &Routes, query: &Query, rows: &mut Rows) -> Known {
    let judged = match person::look_up(api, routes, query).await {
        Ok(found) => known(&found),
        Err(Unresolved::Api(error)) => Err(error.cause()),
        Err(_) => Err(Cause::new(GapKind::Failed, "Graph answered with another user than asked for")),
    };
    judged.unwrap_or_else(|cause| {
        rows.gap("token_owner", cause);
        Known::default()
    })
}

/// An address may be one person's today and have been another's: one enabled account is enough to be a member.
fn known(found: &Found) -> Result<Known, Cause> {
    let mut live = found.users.iter().filter(|(_, deleted)| !deleted).map(|(user, _)| user);
    let is = |user: &super::wire::User, state| Known { account: user.id.clone(), state: Some(state) };
    if let Some(user) = live.clone().find(|user| user.account_enabled == Some(true)) {
        return Ok(is(user, "active"));
    }
    if let Some(error) = found.errors.first() {
        return Err(error.cause());
    }
    if live.clone().any(|user| user.account_enabled.is_none()) {
        return Err(super::limited("the owner of a token"));
    }
    let gone = found.users.first().map(|(user, _)| is(user, "deleted"));
    let absent = Known { account: None, state: Some("absent") };
    Ok(live.next().map(|user| is(user, "disabled")).or(gone).unwrap_or(absent))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::entra::wire::User;

    fn user(enabled: Option<bool>) -> User {
        User { id: Some("1".into()), account_enabled: enabled, ..User::default() }
    }

    fn state(users: Vec<(User, bool)>) -> Result<Option<&'static str>, GapKind> {
        known(&Found { users, errors: Vec::new() }).map(|known| known.state).map_err(|cause| cause.kind)
    }

    #[test]
    fn one_enabled_account_makes_a_member_and_a_hidden_one_nothing() {
        let (on, off, hidden) = (user(Some(true)), user(Some(false)), user(None));
        assert_eq!(state(vec![(off.clone(), false), (on.clone(), false)]), Ok(Some("active")));
        assert_eq!(state(vec![(off.clone(), false)]), Ok(Some("disabled")));
        assert_eq!(state(vec![(on, true)]), Ok(Some("deleted")));
        assert_eq!(state(Vec::new()), Ok(Some("absent")));
        assert_eq!(state(vec![(off, false), (hidden, false)]), Err(GapKind::Denied));
    }

    #[test]
    fn only_what_entra_knows_is_asked_for() {
        let named = |kind: &str, id: Option<&str>, name: Option<&str>| Named {
            kind: kind.into(),
            id: id.map(str::to_owned),
            name: name.map(str::to_owned),
        };
        let oid = "11111111-2222-4333-8444-555555555555";
        assert!(matches!(query(&named("entra", Some(oid), None)), Some(Query::ObjectId(_))));
        assert!(matches!(query(&named("entra", Some("9.x"), Some("a@b.example"))), Some(Query::Address(_))));
        assert!(matches!(query(&named("mail", None, Some("a@b.example"))), Some(Query::Address(_))));
        assert!(query(&named("mail", None, Some("4711"))).is_none());
        assert!(query(&named("github", Some(oid), Some("alice@b.example"))).is_none());
    }
}
