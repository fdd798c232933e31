//! Build definitions: their variables, what their steps say in clear, when they run by themselves and as whom.

use serde_json::Value;

use super::files::Files;
use super::literal::{Lines, add_texts};
use super::people::{People, Whose};
use super::place::{InProject, List, VERSION, cause_of, one};
use super::variables::{Holder, keep, scan};
use super::wire::{Build, BuildRepository, Run};
use crate::api::ReadApi;
use crate::evidence::row::devops::Pipeline;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::text::{Untrusted, is_same};

pub(super) const NEEDS: &str = "vso.build";
const TABLES: [&str; 3] = ["devops_pipeline", "devops_variable", "devops_literal"];

/// A definition as far as its schedule goes.
pub(super) struct Definition {
    pub(super) number: String,
    name: Option<Untrusted>,
    enabled: Option<bool>,
    /// What it says itself; a file may say more.
    schedule: Vec<String>,
    pub(super) file: Option<String>,
    pub(super) repository: BuildRepository,
    author: Whose,
    runs: Vec<Run>,
}

pub(super) async fn collect(project: &InProject<'_>, people: &People) -> Result<Vec<Definition>, Error> {
    let query = format!("includeAllProperties=true&includeLatestBuilds=true&{VERSION}");
    let path = project.path(&format!("build/definitions?{query}"));
    let list =
        List { what: "build definitions", host: &project.place.hosts.core, path: &path, items: "value", needs: NEEDS };
    let mut all = Vec::new();
    project
        .list(&TABLES, &list, |rows, build: Build| {
            let author = people.whose(build.authored_by.as_ref(), "B");
            let holder = Holder {
                place: "build",
                id: format!("build/{}", build.id.0),
                name: build.name.as_ref(),
                vault: None,
                creator: None,
                changed: author.clone(),
                changed_at: build.created_date,
            };
            // One without any is sent without the field, so its steps have to be there.
            match (&build.variables, &build.process) {
                (None, Some(_)) => {}
                (variables, _) => keep(rows, project, &holder, variables.as_ref())?,
            }
            let mut lines = Lines::default();
            if let Some(process) = &build.process {
                add_texts(&mut lines, process, &format!("{}/process", holder.id), "process");
            }
            scan(rows, project, &holder, &lines)?;
            all.push(definition(build, author));
            Ok(())
        })
        .await?;
    Ok(all)
}

fn definition(build: Build, author: Whose) -> Definition {
    let file = build.process.as_ref().and_then(|process| process.get("yamlFilename")).and_then(Value::as_str);
    let is_off = |status: &Untrusted| is_same(status.raw(), "disabled");
    Definition {
        file: file.map(absolute),
        schedule: schedules(build.triggers.as_deref().unwrap_or_default()),
        number: build.id.0,
        name: build.name,
        enabled: build.queue_status.as_ref().map(|status| !is_off(status)),
        repository: build.repository.unwrap_or_default(),
        author,
        runs: build.latest_completed_build.into_iter().chain(build.latest_build).collect(),
    }
}

/// Paths in a repository begin with a slash; those in a definition may not.
pub(super) fn absolute(path: &str) -> String {
    format!("/{}", path.replace('\\', "/").trim_start_matches("./").trim_start_matches('/'))
}

/// When the triggers let something run by itself.
pub(super) fn schedules(triggers: &[Value]) -> Vec<String> {
    let is_schedule = |trigger: &&Value| {
        let kind = trigger.get("triggerType");
        kind.and_then(Value::as_str).is_some_and(|kind| is_same(kind, "schedule"))
            // Release definitions are also sent with the number of the kind.
            || kind.and_then(Value::as_i64) == Some(2) && trigger.get("schedule").is_some()
    };
    let each = |trigger: &Value| match (trigger.get("schedules"), trigger.get("schedule")) {
        (Some(Value::Array(several)), _) if !several.is_empty() => several.iter().map(told).collect(),
        (_, Some(one)) => vec![told(one)],
        _ => vec!["at times that it does not tell".to_owned()],
    };
    triggers.iter().filter(is_schedule).flat_map(each).collect()
}

/// `monday, friday 02:00 UTC`
pub(super) fn told(schedule: &Value) -> String {
    let days = schedule.get("daysToBuild").or_else(|| schedule.get("daysToRelease"));
    let days = days.map(|days| days.as_str().map_or_else(|| days.to_string(), str::to_owned)).unwrap_or_default();
    let number = |name: &str| schedule.get(name).and_then(Value::as_i64).unwrap_or(0);
    let zone = schedule.get("timeZoneId").and_then(Value::as_str).unwrap_or_default();
    format!("{days} {:02}:{:02} {zone}", number("startHours"), number("startMinutes")).trim().to_owned()
}

/// Writes down the definitions, with what their files say of schedules, and as whom the scheduled ones run.
pub(super) async fn pipelines(
    project: &InProject<'_>,
    people: &People,
    definitions: &[Definition],
    files: &Files,
) -> Result<(), Error> {
    let core = &project.place.hosts.core;
    for definition in definitions {
        let unread = files.unread(definition);
        let fill = async |api: &ReadApi, rows: &mut Rows| {
            let said = files.schedules(definition);
            let schedule: Vec<String> = definition.schedule.iter().chain(said).cloned().collect();
            let (whose, at) = match schedule.is_empty() {
                true => (definition.author.clone(), None),
                false => runs_as(project, people, api, rows, definition).await?,
            };
            rows.insert(&row(project, definition, &schedule, whose, at))?;
            match unread {
                Some(cause) => Err(Stop::Gap(cause)),
                None => Ok(()),
            }
        };
        let name = definition.name.as_ref().map_or("", Untrusted::raw);
        let what = format!("pipeline {} {name}", definition.number);
        core.dataset(&["devops_pipeline"], &project.scope(what.trim(), NEEDS), fill).await?;
        if let Some(cause) = files.unread(definition) {
            let fill = async |_: &ReadApi, _: &mut Rows| Err(Stop::Gap(cause));
            let tables = ["devops_literal", "devops_connection_use"];
            core.dataset(&tables, &project.scope(what.trim(), super::files::NEEDS), fill).await?;
        }
    }
    Ok(())
}

/// The last scheduled run says as whom; without one it is whoever last saved the definition.
async fn runs_as(
    project: &InProject<'_>,
    people: &People,
    api: &ReadApi,
    rows: &mut Rows,
    definition: &Definition,
) -> Result<(Whose, Option<jiff::Timestamp>), Stop> {
    for run in &definition.runs {
        let run = match (&run.reason, &run.requested_for) {
            (Some(_), Some(_)) => run.clone(),
            _ => match read_run(project, api, &run.id.0).await {
                Ok(run) => run,
                Err(cause) => {
                    rows.gap("devops_pipeline", cause);
                    continue;
                }
            },
        };
        if run.reason.as_ref().is_some_and(|reason| is_same(reason.raw(), "schedule")) {
            let at = run.start_time.or(run.queue_time);
            return Ok((people.whose(run.requested_for.as_ref(), "A"), at));
        }
    }
    Ok((definition.author.clone(), None))
}

/// One run, by its number.
pub(super) async fn read_run(project: &InProject<'_>, api: &ReadApi, number: &str) -> Result<Run, Cause> {
    let path = project.path(&format!("build/builds/{}?{VERSION}", super::place::encoded(number)));
    match one::<Run>(api, &path).await {
        Ok(run) if run.id.0 == number => Ok(run),
        Ok(_) => Err(Cause::new(GapKind::Failed, format!("the run {number} came back as another one"))),
        Err(error) => Err(cause_of(&format!("the run {number}"), &error, NEEDS)),
    }
}

fn row(
    project: &InProject<'_>,
    definition: &Definition,
    schedule: &[String],
    whose: Whose,
    at: Option<jiff::Timestamp>,
) -> Pipeline {
    Pipeline {
        id: project.id(&format!("build/{}", definition.number)),
        organization: project.place.organization(),
        project: project.project(),
        project_name: Some(project.name().into()),
        kind: "build".to_owned(),
        number: definition.number.as_str().into(),
        name: definition.name.clone(),
        enabled: definition.enabled,
        file: definition.file.as_deref().map(Untrusted::from),
        schedule: (!schedule.is_empty()).then(|| schedule.join("; ").into()),
        person: whose.person,
        grade: whose.grade,
        actor: whose.actor,
        actor_name: whose.actor_name,
        last_run_at: at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_told_from_other_triggers() {
        let triggers = serde_json::json!([
            { "triggerType": "continuousIntegration" },
            { "triggerType": "schedule", "schedules": [
                { "daysToBuild": "monday, friday", "startHours": 2, "startMinutes": 5, "timeZoneId": "UTC" } ] },
            { "triggerType": 2, "schedule": { "daysToRelease": 31, "startHours": 3 } },
            { "triggerType": "Schedule" },
        ]);
        let all = schedules(triggers.as_array().unwrap());
        assert_eq!(all, ["monday, friday 02:05 UTC", "31 03:00", "at times that it does not tell"]);
    }

    #[test]
    fn paths_begin_with_one_slash() {
        for path in ["a/b.yml", "/a/b.yml", "./a/b.yml", "\\a\\b.yml"] {
            assert_eq!(absolute(path), "/a/b.yml");
        }
    }
}
