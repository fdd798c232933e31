//! The accounts of the people in one organisation, joined by the Entra object id that the service gives; their licences.
//! A descriptor is looked up and never computed.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::people::{Account, People};
use super::place::{PREVIEW, Place, VERSION, cause_of, each, encoded, one, refused};
use super::wire::{Entitlement as Sent, Identity as Known, Keyed, User as Found};
use crate::api::ReadApi;
use crate::evidence::row::Identity;
use crate::evidence::row::devops::{Entitlement, User};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::{Untrusted, is_same};

const TABLE: &str = "devops_user";
pub(super) const USERS: &str = "vso.graph";
const IDENTITIES: &str = "vso.identity";
pub(super) const ENTITLEMENTS: &str = "vso.memberentitlementmanagement";

/// So many descriptors fit into one address.
const AT_ONCE: usize = 40;

/// What the list of users says of the people.
#[derive(Default)]
struct Seen {
    users: Vec<(String, Found)>,
    /// Names of the people that somebody else in the organisation has.
    taken: HashSet<String>,
    others: HashSet<String>,
    /// Accounts of a name of theirs that are joined with no account of Entra.
    doubtful: BTreeMap<String, BTreeSet<String>>,
}

/// Finds the accounts.
pub(super) async fn collect(place: &Place<'_>) -> Result<People, Error> {
    let mut seen = Seen::default();
    let mut accounts = Vec::new();
    place
        .hosts
        .graph
        .dataset(&[TABLE], &place.scope("accounts", USERS), async |api, rows| {
            let path = place.path(&format!("graph/users?{PREVIEW}"));
            let ended = each(api, rows, &[TABLE], &path, "value", |_, user: Found| {
                sort(place, user, &mut seen);
                Ok(())
            })
            .await;
            accounts = known(place, api, rows, &seen.users).await;
            for ((_, user), account) in seen.users.iter().zip(&accounts) {
                rows.insert(&row(place, user, account))?;
            }
            ended
        })
        .await?;
    names(place, &accounts).await?;
    for (person, names) in &seen.doubtful {
        let names = names.iter().cloned().collect::<Vec<_>>().join(", ");
        let what = format!(
            "{names} is an account that Azure DevOps joins with no account of Entra: whose it is is not certain"
        );
        let cause =
            Cause::new(GapKind::Unresolved, what).needing("say whose it is, or remove it from the organisation");
        let scope = place.scope_of(person, "accounts", USERS);
        place.hosts.graph.dataset(&[TABLE], &scope, async |_, _| Err(Stop::Gap(cause))).await?;
    }
    Ok(People::new(accounts, place.question.people, &seen.taken, seen.others))
}

fn sort(place: &Place<'_>, user: Found, seen: &mut Seen) {
    let people = place.question.people;
    let from_entra = user.origin.as_ref().is_some_and(|origin| is_same(origin.raw(), "aad"));
    let origin = user.origin_id.as_ref().filter(|_| from_entra);
    if let Some(person) = origin.and_then(|id| people.iter().find(|one| is_same(&one.object_id, id.raw()))) {
        seen.users.push((person.id.clone(), user));
        return;
    }
    let names: Vec<String> = [&user.principal_name, &user.mail_address]
        .into_iter()
        .flatten()
        .map(|name| name.raw().to_lowercase())
        .collect();
    let whose = people.iter().find(|one| one.names().any(|own| names.iter().any(|name| is_same(name, own))));
    if let (Some(person), None) = (whose, origin)
        && names.iter().any(|name| name.contains('@'))
    {
        seen.doubtful.entry(person.id.clone()).or_default().extend(names.first().cloned());
    }
    seen.taken.extend(names);
    seen.others.insert(user.descriptor.raw().to_lowercase());
}

/// The accounts with the ids that other answers name them by.
async fn known(place: &Place<'_>, api: &ReadApi, rows: &mut Rows, users: &[(String, Found)]) -> Vec<Account> {
    let mut accounts: Vec<Account> = users
        .iter()
        .map(|(person, user)| Account {
            person: person.clone(),
            descriptor: user.descriptor.raw().to_owned(),
            name: user.principal_name.as_ref().map(|name| name.raw().to_owned()),
            ..Account::default()
        })
        .collect();
    for some in accounts.chunks_mut(AT_ONCE) {
        let all: Vec<String> = some.iter().map(|account| encoded(&account.descriptor)).collect();
        let path = place.path(&format!("identities?subjectDescriptors={}&{VERSION}", all.join(",")));
        let ended = each(api, rows, &[TABLE], &path, "value", |_, found: Known| {
            let descriptor = found.subject_descriptor.as_ref().map_or("", Untrusted::raw);
            if let Some(account) = some.iter_mut().find(|account| is_same(&account.descriptor, descriptor)) {
                account.user_id = Some(found.id.raw().to_lowercase());
                account.legacy = found.descriptor.map(|text| text.raw().to_owned());
            }
            Ok(())
        })
        .await;
        if let Err(Stop::Gap(cause)) = ended {
            let needs = cause.needs.clone().or_else(|| (cause.kind == GapKind::Denied).then(|| IDENTITIES.to_owned()));
            rows.gap(TABLE, Cause { needs, ..cause });
        }
        for account in some.iter_mut().filter(|account| account.user_id.is_none()) {
            let path = place.path(&format!("graph/storagekeys/{}?{PREVIEW}", encoded(&account.descriptor)));
            match one::<Keyed>(api, &path).await {
                Ok(key) => account.user_id = Some(key.value.raw().to_lowercase()),
                Err(error) => rows.gap(TABLE, cause_of("the id of an account", &error, USERS)),
            }
        }
    }
    accounts
}

fn row(place: &Place<'_>, user: &Found, account: &Account) -> User {
    User {
        id: place.id(&format!("user/{}", account.descriptor)),
        person: account.person.clone(),
        organization: place.organization(),
        descriptor: account.descriptor.as_str().into(),
        user_id: account.user_id.as_deref().map(Untrusted::from),
        name: user.principal_name.clone(),
        mail: user.mail_address.clone(),
        kind: user.meta_type.clone(),
    }
}

/// The names go where the names of all systems are.
async fn names(place: &Place<'_>, accounts: &[Account]) -> Result<(), Error> {
    let fill = async |_: &ReadApi, rows: &mut Rows| {
        for account in accounts {
            rows.insert(&Identity {
                person: account.person.clone(),
                kind: "devops".to_owned(),
                id: Some(place.id(&format!("user/{}", account.descriptor))),
                name: account.name.as_deref().map(Untrusted::from),
                source: Some("azure-devops".to_owned()),
                grade: Some("A".to_owned()),
            })?;
        }
        Ok(())
    };
    place.hosts.graph.dataset(&["identity"], &place.scope("names of accounts", USERS), fill).await.map(drop)
}

/// Licences and last use.
pub(super) async fn entitlements(place: &Place<'_>, people: &People) -> Result<(), Error> {
    const TABLE: &str = "devops_entitlement";
    let scope = place.scope("licences", ENTITLEMENTS);
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        for account in &people.accounts {
            match entitlement(place, api, rows, account).await? {
                Some(found) => rows.insert(&licence(place, account, found))?,
                None => rows.gap(TABLE, Cause::new(GapKind::Failed, "the licence of an account was not found")),
            }
        }
        Ok(())
    };
    place.hosts.entitlements.dataset(&[TABLE], &scope, fill).await.map(drop)
}

/// The one of this very account: by its id, and where another comes back, by its name.
async fn entitlement(
    place: &Place<'_>,
    api: &ReadApi,
    rows: &mut Rows,
    account: &Account,
) -> Result<Option<Sent>, Stop> {
    let is_it = |sent: &Sent| {
        let by_descriptor = sent.user.as_ref().is_some_and(|user| is_same(user.descriptor.raw(), &account.descriptor));
        by_descriptor || account.user_id.as_deref().is_some_and(|id| is_same(sent.id.raw(), id))
    };
    if let Some(id) = &account.user_id {
        let path = place.path(&format!("userentitlements/{}?{VERSION}", encoded(id)));
        match one::<Sent>(api, &path).await {
            Ok(sent) if is_it(&sent) => return Ok(Some(sent)),
            Ok(_) | Err(crate::api::Error::NotFound(_) | crate::api::Error::Malformed { .. }) => {}
            Err(error) => return Err(refused(&error)),
        }
    }
    let Some(name) = &account.name else { return Ok(None) };
    let filter = encoded(&format!("name eq '{}'", name.replace('\'', "''")));
    let path = place.path(&format!("userentitlements?$filter={filter}&{VERSION}"));
    let mut found = None;
    each(api, rows, &["devops_entitlement"], &path, "members", |_, sent: Sent| {
        if is_it(&sent) {
            found = Some(sent);
        }
        Ok(())
    })
    .await?;
    Ok(found)
}

fn licence(place: &Place<'_>, account: &Account, sent: Sent) -> Entitlement {
    let level = sent.access_level.unwrap_or_default();
    Entitlement {
        id: place.id(&format!("user/{}", account.descriptor)),
        person: account.person.clone(),
        organization: place.organization(),
        licence: level.license_display_name.or(level.account_license_type),
        status: level.status,
        last_access_at: sent.last_accessed_date,
    }
}
