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
            match whole(project, api, release).await {
                Ok(release) => self::keep_release(rows, project, people, &release)?,
                Err(cause) => TABLES.iter().for_each(|table| rows.gap(table, cause.clone())),
            }
        }
        Ok(())
    };
    host.dataset(&TABLES, &project.scope("each release definition", NEEDS), fill).await.map(drop)
}

/// A list may leave out what the single definition has.
async fn whole(project: &InProject<'_>, api: &ReadApi, release: Release) -> Result<Release, crate::model::Cause> {
    let is_whole = |stage: &Stage| stage.variables.is_some() && stage.pre_deploy_approvals.is_some();
    let stages = release.environments.as_ref().is_some_and(|stages| !stages.is_empty() && stages.iter().all(is_whole));
    if release.variables.is_some() && stages {
        return Ok(release);
    }
    let path = project.path(&format!("release/definitions/{}?{VERSION}", encoded(&release.id.0)));
    let what = format!("the release definition {}", release.id.0);
    match one::<Release>(api, &path).await {
        Ok(found) if found.id == release.id => Ok(found),
        Ok(_) => {
            Err(crate::model::Cause::new(crate::model::GapKind::Failed, format!("{what} came back as another one")))
        }
        Err(error) => Err(cause_of(&what, &error, NEEDS)),
    }
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
