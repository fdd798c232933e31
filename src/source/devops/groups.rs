//! The groups of the people, directly and through other groups, and the permissions that name their accounts.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{Account, People};
use super::place::{PREVIEW, Place, VERSION, cause_of, each, encoded, one};
use super::wire::{AccessControlList, Group, Membership as Sent, Namespace};
use crate::api::ReadApi;
use crate::evidence::row::devops::{Membership, Permission};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::{Untrusted, is_same};

pub(super) const GROUPS: &str = "vso.graph";
pub(super) const PERMISSIONS: &str = "vso.security_manage";

/// Reads the groups: each that somebody is in is asked once whose member it is itself.
pub(super) async fn collect(place: &Place<'_>, people: &People) -> Result<(), Error> {
    const TABLE: &str = "devops_membership";
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        if people.accounts.is_empty() {
            return Ok(());
        }
        let mut names = groups(place, api, rows, TABLE).await?;
        let mut above: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for account in &people.accounts {
            let (mut reached, mut next) = (BTreeMap::new(), vec![(account.descriptor.clone(), true)]);
            while let Some((member, direct)) = next.pop() {
                if !above.contains_key(&member) {
                    above.insert(member.clone(), containers(place, api, rows, TABLE, &member).await?);
                }
                for group in above.get(&member).into_iter().flatten() {
                    if reached.get(group).is_none_or(|was: &bool| direct && !*was) {
                        reached.insert(group.clone(), direct);
                        next.push((group.clone(), false));
                    }
                }
            }
            for (group, direct) in reached {
                let named = name(place, api, rows, TABLE, &mut names, &group).await?;
                rows.insert(&membership(place, account, &group, named, direct))?;
            }
        }
        Ok(())
    };
    place.hosts.graph.dataset(&[TABLE], &place.scope("groups", GROUPS), fill).await.map(drop)
}

async fn groups(
    place: &Place<'_>,
    api: &ReadApi,
    rows: &mut Rows,
    table: &'static str,
) -> Result<BTreeMap<String, Option<Group>>, Stop> {
    let mut names = BTreeMap::new();
    let path = place.path(&format!("graph/groups?{PREVIEW}"));
    each(api, rows, &[table], &path, "value", |_, group: Group| {
        names.insert(group.descriptor.raw().to_owned(), Some(group));
        Ok(())
    })
    .await?;
    Ok(names)
}

async fn containers(
    place: &Place<'_>,
    api: &ReadApi,
    rows: &mut Rows,
    table: &'static str,
    member: &str,
) -> Result<Vec<String>, Stop> {
    let path = place.path(&format!("graph/memberships/{}?direction=up&{PREVIEW}", encoded(member)));
    let mut all = Vec::new();
    each(api, rows, &[table], &path, "value", |_, found: Sent| {
        all.push(found.container_descriptor.raw().to_owned());
        Ok(())
    })
    .await?;
    Ok(all)
}

/// The name of a group; one that is not in the list is asked for.
async fn name<'n>(
    place: &Place<'_>,
    api: &ReadApi,
    rows: &mut Rows,
    table: &'static str,
    names: &'n mut BTreeMap<String, Option<Group>>,
    group: &str,
) -> Result<Option<&'n Group>, Stop> {
    if !names.contains_key(group) {
        let path = place.path(&format!("graph/groups/{}?{PREVIEW}", encoded(group)));
        let found = match one::<Group>(api, &path).await {
            Ok(found) => Some(found),
            Err(error) => {
                rows.gap(table, cause_of("a group", &error, GROUPS));
                None
            }
        };
        names.insert(group.to_owned(), found);
    }
    Ok(names.get(group).and_then(Option::as_ref))
}

fn membership(place: &Place<'_>, account: &Account, group: &str, named: Option<&Group>, direct: bool) -> Membership {
    let name = named.and_then(|group| group.principal_name.clone().or_else(|| group.display_name.clone()));
    let bare = name.as_ref().map(|name| name.raw().rsplit('\\').next().unwrap_or_default().to_lowercase());
    Membership {
        id: place.id(&format!("group/{group}/member/{}", account.descriptor)),
        person: account.person.clone(),
        organization: place.organization(),
        name,
        direct,
        // The service's own groups of those who may change permissions end so, in every project.
        administers: bare.map(|name| name.ends_with("administrators") || name.ends_with("service accounts")),
    }
}

/// Permissions that name the accounts, in every namespace that the organisation has.
pub(super) async fn permissions(place: &Place<'_>, people: &People) -> Result<(), Error> {
    const TABLE: &str = "devops_permission";
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        if people.accounts.is_empty() {
            return Ok(());
        }
        let named: Vec<&Account> = people.accounts.iter().filter(|account| account.legacy.is_some()).collect();
        if named.len() < people.accounts.len() {
            let what = "the name under which permissions name an account is not known";
            rows.gap(TABLE, Cause::new(GapKind::Unresolved, what).needing("vso.identity"));
        }
        let mut namespaces = Vec::new();
        let path = place.path(&format!("securitynamespaces?{VERSION}"));
        each(api, rows, &[TABLE], &path, "value", |_, found: Namespace| {
            namespaces.push(found);
            Ok(())
        })
        .await?;
        let descriptors: Vec<String> = named.iter().filter_map(|one| one.legacy.as_deref().map(encoded)).collect();
        for namespace in namespaces.iter().filter(|_| !descriptors.is_empty()) {
            let id = encoded(namespace.namespace_id.raw());
            let query = format!("descriptors={}&recurse=true&{VERSION}", descriptors.join(","));
            let path = place.path(&format!("accesscontrollists/{id}?{query}"));
            each(api, rows, &[TABLE], &path, "value", |rows, list: AccessControlList| {
                for account in &named {
                    if let Some(row) = permission(place, account, namespace, &list) {
                        rows.insert(&row)?;
                    }
                }
                Ok(())
            })
            .await?;
        }
        Ok(())
    };
    place.hosts.core.dataset(&[TABLE], &place.scope("permissions", PERMISSIONS), fill).await.map(drop)
}

fn permission(
    place: &Place<'_>,
    account: &Account,
    namespace: &Namespace,
    list: &AccessControlList,
) -> Option<Permission> {
    let legacy = account.legacy.as_deref()?;
    let (_, entry) = list.aces_dictionary.iter().find(|(descriptor, _)| is_same(descriptor, legacy))?;
    let namespace_id = namespace.namespace_id.raw();
    Some(Permission {
        id: place.id(&format!("permission/{namespace_id}/{}/{}", list.token.raw(), account.descriptor)),
        person: account.person.clone(),
        organization: place.organization(),
        namespace: namespace.name.clone(),
        token: list.token.clone(),
        allowed: actions(namespace, entry.allow),
        denied: actions(namespace, entry.deny),
    })
}

/// The names of the bits; a bit without a name is written as it is.
fn actions(namespace: &Namespace, bits: i64) -> Option<Untrusted> {
    let known: i64 = namespace.actions.iter().fold(0, |all, action| all | action.bit);
    let name = |action: &super::wire::Action| {
        let name = action.name.as_ref().map(|name| name.raw().replace(' ', ""));
        name.unwrap_or_else(|| action.bit.to_string())
    };
    let set = namespace.actions.iter().filter(|action| action.bit != 0 && bits & action.bit == action.bit).map(name);
    let rest = Some(bits & !known).filter(|rest| *rest != 0).map(|rest| rest.to_string());
    let all: BTreeSet<String> = set.chain(rest).collect();
    (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(" ").into())
}

#[cfg(test)]
mod tests {
    use super::super::wire::Action;
    use super::*;

    #[test]
    fn bits_are_told_by_name_and_none_is_lost() {
        let action = |bit, name: &str| Action { bit, name: Some(name.into()) };
        let namespace = Namespace {
            namespace_id: "n".into(),
            name: None,
            actions: vec![action(1, "View"), action(2, "Use Endpoint")],
        };
        let text = |bits| actions(&namespace, bits).map(|text| text.raw().to_owned());
        assert_eq!(text(3).as_deref(), Some("UseEndpoint View"));
        assert_eq!(text(9).as_deref(), Some("8 View"));
        assert_eq!(text(0), None);
    }
}
