//! Variable groups, and what variables of any place become: secret ones by name, clear ones through the token scanner.

use super::literal::Lines;
use super::people::{People, Whose};
use super::place::{InProject, List, VERSION};
use super::wire::{VariableGroup, Variables};
use crate::evidence::row::Sighting;
use crate::evidence::row::devops::{Literal, Variable};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;
use jiff::Timestamp;

pub(super) const NEEDS: &str = "vso.variablegroups_read";
pub(super) const TABLES: [&str; 2] = ["devops_variable", "devops_literal"];

/// What holds variables: a group, a definition, a stage of one.
pub(super) struct Holder<'a> {
    pub(super) place: &'static str,
    /// Its typed id, without its organisation and project: `variable-group/7`.
    pub(super) id: String,
    pub(super) name: Option<&'a Untrusted>,
    pub(super) vault: Option<Untrusted>,
    pub(super) changed: Whose,
    pub(super) creator: Option<String>,
    pub(super) changed_at: Option<Timestamp>,
}

pub(super) async fn groups(project: &InProject<'_>, people: &People) -> Result<(), Error> {
    let path = project.path(&format!("distributedtask/variablegroups?{VERSION}"));
    let list =
        List { what: "variable groups", host: &project.place.hosts.core, path: &path, items: "value", needs: NEEDS };
    project
        .list(&TABLES, &list, |rows, group: VariableGroup| {
            let (changed, _) = match &group.modified_by {
                Some(changed) => (people.whose(Some(changed), "B"), ""),
                None => people.maker(group.created_by.as_ref(), None),
            };
            let is_vault = group.kind.as_ref().is_some_and(|kind| kind.raw().eq_ignore_ascii_case("AzureKeyVault"));
            let named = || group.provider_data.as_ref().and_then(|data| data.vault.clone());
            let holder = Holder {
                place: "variable-group",
                id: format!("variable-group/{}", group.id.0),
                name: group.name.as_ref(),
                vault: is_vault.then(|| named().unwrap_or_else(|| "not named".into())),
                changed,
                creator: people.whose(group.created_by.as_ref(), "B").person,
                changed_at: group.modified_on,
            };
            keep(rows, project, &holder, group.variables.as_ref())
        })
        .await
        .map(drop)
}

/// Keeps the variables of one holder. A holder that does not show them is not one without any.
pub(super) fn keep(
    rows: &mut Rows,
    project: &InProject<'_>,
    holder: &Holder<'_>,
    variables: Option<&Variables>,
) -> Result<(), Stop> {
    let Some(variables) = variables else {
        let what = format!("{} of {} came without its variables", holder.id, project.name());
        TABLES.iter().for_each(|table| rows.gap(table, Cause::new(GapKind::Truncated, what.as_str())));
        return Ok(());
    };
    let mut lines = Lines::default();
    for (name, variable) in variables {
        let variable = variable.clone().unwrap_or_default();
        let secret = variable.is_secret == Some(true) || holder.vault.is_some();
        let place = format!("{}/{name}", holder.id);
        match &variable.value {
            Some(value) if !value.is_null() => match value.as_str() {
                Some(text) => lines.add(name, text, &place),
                None => lines.add(name, &value.to_string(), &place),
            },
            _ if secret => {}
            _ => {
                let what = format!("a variable of {} in {} came without its value", holder.id, project.name());
                rows.gap(TABLES[1], Cause::new(GapKind::Truncated, what));
            }
        }
        rows.insert(&row(project, holder, name, secret, &place))?;
    }
    scan(rows, project, holder, &lines)
}

/// Looks into `lines` for credentials.
pub(super) fn scan(rows: &mut Rows, project: &InProject<'_>, holder: &Holder<'_>, lines: &Lines) -> Result<(), Stop> {
    let question = project.place.question;
    let Ok(key) = &question.key else { return Ok(()) };
    for (place, found) in lines.look(question.kinds, key) {
        rows.insert(&literal(project, holder, &place, found))?;
    }
    Ok(())
}

fn row(project: &InProject<'_>, holder: &Holder<'_>, name: &str, secret: bool, place: &str) -> Variable {
    Variable {
        id: project.id(place),
        organization: project.place.organization(),
        project: project.project(),
        project_name: Some(project.name().into()),
        place: holder.place.to_owned(),
        holder: holder.name.cloned(),
        name: name.into(),
        secret,
        vault: holder.vault.clone(),
        person: holder.changed.person.clone(),
        grade: holder.changed.grade.clone(),
        actor: holder.changed.actor.clone(),
        actor_name: holder.changed.actor_name.clone(),
        changed_at: holder.changed_at,
        creator: holder.creator.clone(),
    }
}

/// What the scanner saw, as a row of what Azure DevOps holds.
pub(super) fn literal(project: &InProject<'_>, holder: &Holder<'_>, place: &str, found: Sighting) -> Literal {
    let thing = project.id(place);
    Literal {
        id: format!("{}#{}", thing.raw(), &found.fingerprint[..8]).into(),
        organization: project.place.organization(),
        project: Some(project.project()),
        project_name: Some(project.name().into()),
        place: holder.place.to_owned(),
        thing,
        holder_name: holder.name.cloned(),
        path: None,
        line: None,
        kind: found.kind,
        holder: found.holder,
        name: found.name.or_else(|| place.rsplit('/').next().map(Untrusted::from)),
        shown: found.shown,
        fingerprint: found.fingerprint,
        verified: found.verified,
        confidence: found.confidence,
        owner_kind: found.owner_kind,
        owner_id: found.owner_id,
        owner_name: found.owner_name,
        owner_source: found.owner_source,
        grade: found.grade,
        expires_at: found.expires_at,
        person: holder.changed.person.clone(),
        actor_name: holder.changed.actor_name.clone(),
    }
}
