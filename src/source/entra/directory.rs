//! Groups and directory roles of the person.

use std::collections::{BTreeMap, BTreeSet};

use super::wire::{GroupEligibility, Object, Role};
use super::{Question, deleted, each, limited, of};
use crate::api::{Ask, ReadApi};
use crate::evidence::row::{DirectoryRole, GroupMembership};
use crate::evidence::{Error, Rows, Stop, row};
use crate::model::GapKind;
use crate::person::Dossier;
use crate::source::Collector;
use crate::text::Untrusted;

pub(super) async fn collect(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    groups(entra, question, person).await?;
    eligible_groups(entra, question, person).await?;
    roles(entra, question, person).await
}

async fn groups(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let mut direct = BTreeSet::new();
    entra
        .dataset(&["group_membership"], &of(person, "direct groups", "group_membership"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            each(api, question.routes.member_of(&person.object_id), |group: Object| {
                direct.extend(group.id.as_ref().map(|id| id.raw().to_owned()));
                member(rows, person, group, true)
            })
            .await
        })
        .await?;
    entra
        .dataset(&["group_membership"], &of(person, "nested groups", "group_membership"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            each(api, question.routes.transitive_member_of(&person.object_id), |group: Object| {
                match group.id.as_ref().is_some_and(|id| direct.contains(id.raw())) {
                    true => Ok(()),
                    false => member(rows, person, group, false),
                }
            })
            .await
        })
        .await
        .map(drop)
}

/// A group that can be switched on shows in no list of members.
async fn eligible_groups(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let scope = of(person, "groups that can be switched on", "group_eligibility");
    entra
        .dataset(&["group_eligibility"], &scope, async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            let read = each(api, question.routes.group_eligibility(&person.object_id), |one: GroupEligibility| {
                Ok(rows.insert(&row::GroupEligibility {
                    id: one.id,
                    person: person.id.clone(),
                    group_id: one.group_id,
                    access: one.access_id,
                    ends_at: one.end_date_time,
                })?)
            });
            read.await.map_err(unsupported)
        })
        .await
        .map(drop)
}

/// Directory roles and administrative units come in the same list; only groups are kept.
fn member(rows: &mut Rows, person: &Dossier, group: Object, direct: bool) -> Result<(), Stop> {
    if group.kind().is_some_and(|kind| kind != "group") {
        return Ok(());
    }
    let Some(group_id) = group.id else {
        rows.gap("group_membership", limited("a group"));
        return Ok(());
    };
    if group.display_name.is_none() {
        rows.gap("group_membership", limited("a group"));
    }
    rows.insert(&GroupMembership {
        person: person.id.clone(),
        group_id,
        name: group.display_name,
        direct: Some(direct),
        dynamic: Some(group.membership_rule.is_some()),
        role_assignable: group.is_assignable_to_role,
    })?;
    Ok(())
}

/// The four lists overlap; each has a permission of its own, so each is a scope of its own.
async fn roles(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let (routes, id) = (question.routes, &person.object_id);
    let lists: [(&str, &str, &str, Ask); 4] = [
        ("direct roles", "assigned", "RoleManagement.Read.Directory", routes.role_assignments(id)),
        ("roles through groups", "assigned", "RoleManagement.Read.Directory", routes.transitive_role_assignments(id)),
        ("eligible roles", "eligible", "RoleEligibilitySchedule.Read.Directory", routes.role_eligibility(id)),
        ("activated roles", "activated", "RoleAssignmentSchedule.Read.Directory", routes.role_schedules(id)),
    ];
    let mut known = Known { held: BTreeSet::new(), names: None };
    for (what, state, needs, ask) in lists {
        let mut scope = of(person, what, "directory_role");
        scope.needs = needs.to_owned();
        entra
            .dataset(&["directory_role"], &scope, async |api, rows| {
                if person.deleted {
                    return Err(deleted());
                }
                let mut found = Vec::new();
                let ended = each(api, ask, |role: Role| {
                    found.push(role);
                    Ok(())
                })
                .await;
                known.keep(api, question, person, state, found, rows).await?;
                ended.map_err(unsupported)
            })
            .await?;
    }
    Ok(())
}

/// PIM and transitive roles are absent where the licence is.
fn unsupported(stop: Stop) -> Stop {
    match stop {
        Stop::Gap(cause) if cause.kind == GapKind::Failed => Stop::Gap(cause.needing("Microsoft Entra ID P2")),
        stop => stop,
    }
}

struct Known {
    held: BTreeSet<[String; 4]>,
    names: Option<BTreeMap<String, Untrusted>>,
}

impl Known {
    /// Inserts each role once per state: the transitive list repeats the direct one, PIM repeats what is assigned.
    async fn keep(
        &mut self,
        api: &ReadApi,
        question: &Question<'_>,
        person: &Dossier,
        state: &str,
        roles: Vec<Role>,
        rows: &mut Rows,
    ) -> Result<(), Stop> {
        for role in roles {
            let state = match role.assignment_type.as_ref().map(Untrusted::raw) {
                Some("Assigned") => "assigned",
                _ => state,
            };
            let text = |value: &Option<Untrusted>| value.as_ref().map_or("", Untrusted::raw).to_owned();
            let (holder, scope) = (text(&role.principal_id), text(&role.directory_scope_id));
            if !self.held.insert([role.role_definition_id.raw().to_owned(), holder, scope, state.to_owned()]) {
                continue;
            }
            let role_name = self.name(api, question, &role.role_definition_id).await;
            rows.insert(&DirectoryRole {
                id: role.id,
                person: person.id.clone(),
                principal: role.principal_id,
                role: role.role_definition_id,
                role_name,
                state: state.to_owned(),
                scope: role.directory_scope_id,
                ends_at: role.end_date_time,
            })?;
        }
        Ok(())
    }

    /// A role without a readable name keeps its id; that is no gap.
    async fn name(&mut self, api: &ReadApi, question: &Question<'_>, role: &Untrusted) -> Option<Untrusted> {
        if self.names.is_none() {
            let mut names = BTreeMap::new();
            let read = each(api, question.routes.role_definitions(), |definition: Object| {
                if let (Some(id), Some(name)) = (definition.id, definition.display_name) {
                    names.insert(id.raw().to_owned(), name);
                }
                Ok(())
            });
            let _ = read.await;
            self.names = Some(names);
        }
        self.names.as_ref()?.get(role.raw()).cloned()
    }
}
