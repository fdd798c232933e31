//! Release definitions: variables at every level, what their tasks say in clear, schedules, and whom their stages wait for.

use super::build::{schedules, told};
use super::literal::{Lines, add_texts};
use super::people::People;
use super::place::{InProject, List, VERSION, cause_of, encoded, one};
use super::variables::{Holder, keep, scan};
use super::wire::{Approvals, Release, Stage};
use crate::api::ReadApi;
use crate::evidence::row::devops::{Approver, Pipeline};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::Untrusted;

pub(super) const NEEDS: &str = "vso.release";
const TABLES: [&str; 4] = ["devops_pipeline", "devops_variable", "devops_literal", "devops_approver"];

pub(super) async fn collect(project: &InProject<'_>, people: &People) -> Result<(), Error> {
    let path = project.path(&format!("release/definitions?$expand=environments,variables,triggers&{VERSION}"));
    let host = &project.place.hosts.release;
    let list = List { what: "release definitions", host, path: &path, items: "value", needs: NEEDS };
    let mut found: Vec<Release> = Vec::new();
    project
        .list(&TABLES, &list, |_, release| {
            found.push(release);
            Ok(())
        })
        .await?;
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        for release in found {
            let (release, lacks) = whole(project, api, release).await;
            if let Some((tables, cause)) = lacks {
                tables.iter().for_each(|table| rows.gap(table, cause.clone()));
            }
            keep_release(rows, project, people, &release)?;
        }
        Ok(())
    };
    host.dataset(&TABLES, &project.scope("each release definition", NEEDS), fill).await.map(drop)
}

/// A list may leave out what the single definition has. Where that cannot be had, what the list says is kept, and the tables
/// that are short of something are named.
async fn whole(
    project: &InProject<'_>,
    api: &ReadApi,
    release: Release,
) -> (Release, Option<(&'static [&'static str], Cause)>) {
    let stages = release.environments.as_deref().unwrap_or_default();
    let variables =
        release.variables.is_some() && !stages.is_empty() && stages.iter().all(|one| one.variables.is_some());
    if variables && stages.iter().all(|one| one.pre_deploy_approvals.is_some()) {
        return (release, None);
    }
    let path = project.path(&format!("release/definitions/{}?{VERSION}", encoded(&release.id.0)));
    let what = format!("the release definition {}", release.id.0);
    let cause = match one::<Release>(api, &path).await {
        Ok(found) if found.id == release.id => return (found, None),
        Ok(_) => Cause::new(GapKind::Failed, format!("{what} came back as another one")),
        Err(error) => cause_of(&what, &error, NEEDS),
    };
    let short: &'static [&'static str] = if variables { &TABLES[3..] } else { &TABLES };
    (release, Some((short, cause)))
}

fn keep_release(rows: &mut Rows, project: &InProject<'_>, people: &People, release: &Release) -> Result<(), Stop> {
    let (whose, _) = people.maker(release.created_by.as_ref(), release.modified_by.as_ref());
    let changed = people.whose(release.modified_by.as_ref().or(release.created_by.as_ref()), "B");
    let creator = people.whose(release.created_by.as_ref(), "B").person;
    let holder = |id: String| Holder {
        place: "release",
        id,
        name: release.name.as_ref(),
        vault: None,
        changed: changed.clone(),
        creator: creator.clone(),
        changed_at: release.modified_on,
    };
    let number = &release.id.0;
    keep(rows, project, &holder(format!("release/{number}")), release.variables.as_ref())?;
    let stages = release.environments.as_deref().unwrap_or_default();
    let mut schedule = schedules(release.triggers.as_deref().unwrap_or_default());
    for stage in stages {
        let own = holder(format!("release/{number}/{}", stage.id.0));
        keep(rows, project, &own, stage.variables.as_ref())?;
        let mut lines = Lines::default();
        if let Some(phases) = &stage.deploy_phases {
            add_texts(&mut lines, phases, &format!("{}/tasks", own.id), "tasks");
        }
        scan(rows, project, &own, &lines)?;
        schedule.extend(stage.schedules.iter().flatten().map(told));
        approvers(rows, project, people, release, stage)?;
    }
    rows.insert(&Pipeline {
        id: project.id(&format!("release/{number}")),
        organization: project.place.organization(),
        project: project.project(),
        project_name: Some(project.name().into()),
        kind: "release".to_owned(),
        number: number.as_str().into(),
        name: release.name.clone(),
        enabled: release.is_disabled.map(|off| !off),
        file: None,
        schedule: (!schedule.is_empty()).then(|| schedule.join("; ").into()),
        person: whose.person,
        grade: whose.grade,
        actor: whose.actor,
        actor_name: whose.actor_name,
        last_run_at: None,
    })?;
    Ok(())
}

fn approvers(
    rows: &mut Rows,
    project: &InProject<'_>,
    people: &People,
    release: &Release,
    stage: &Stage,
) -> Result<(), Stop> {
    let all = [("before", &stage.pre_deploy_approvals), ("after", &stage.post_deploy_approvals)];
    for (moment, approvals) in all {
        let Some(Approvals { approvals }) = approvals else { continue };
        let people_of: Vec<_> = approvals
            .iter()
            .filter(|one| one.is_automated != Some(true))
            .filter_map(|one| one.approver.as_ref())
            .filter(|who| who.is_container != Some(true))
            .collect();
        for who in &people_of {
            let whose = people.whose(Some(who), "A");
            rows.insert(&Approver {
                id: project.id(&format!("release/{}/{}", release.id.0, stage.id.0)),
                organization: project.place.organization(),
                project: project.project(),
                project_name: Some(project.name().into()),
                pipeline: release.name.clone(),
                stage: stage.name.clone().or_else(|| Some(Untrusted::from(stage.id.0.as_str()))),
                moment: moment.to_owned(),
                others: Some(i64::try_from(people_of.len().saturating_sub(1)).unwrap_or(i64::MAX)),
                person: whose.person,
                grade: whose.grade,
                actor: whose.actor,
                actor_name: whose.actor_name,
            })?;
        }
    }
    Ok(())
}
