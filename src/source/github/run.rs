//! As whom scheduled workflows run, what the people started since their last day, and on which runners.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::audit::Events;
use super::place::{Place, each, encoded, one, refused};
use super::{Depth, Question, Repository, wire, workflow};
use crate::api::{Error as Failure, Paging, ReadApi};
use crate::evidence::row::github::{Job, Run, ScheduleActor, Workflow};
use crate::evidence::{Error, Rows, Scope, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::person::{Dossier, no_last_day};
use crate::text::Untrusted;

const ACTIONS: &str = "actions=read";

const WORKFLOW_TABLES: [&str; 3] = ["github_workflow", "github_schedule_actor", "github_job"];

/// GitHub returns no more than this many runs to one question.
///
/// <https://docs.github.com/rest/actions/workflow-runs#list-workflow-runs-for-a-repository>
const MOST: usize = 1000;

/// The jobs of so many of somebody's latest runs in a repository are read.
const LATEST: usize = 3;

/// Somebody whose runs can be asked for.
pub(super) struct Asked<'a> {
    person: &'a Dossier,
    login: &'a str,
    since: Timestamp,
}

/// Whose runs can be asked for, repository by repository. The others get their gap here.
pub(super) async fn whom<'a>(
    place: &Place<'_>,
    question: &'a Question<'_>,
    events: &Events,
) -> Result<Vec<Asked<'a>>, Error> {
    let mut all = Vec::new();
    for known in &question.accounts {
        let Some(person) = question.people.iter().find(|person| person.id == known.person) else { continue };
        let since = person.last_day.as_ref().map(|day| day.ends_at);
        let why = match (&known.login, since) {
            (None, _) => Some(super::person::unknown()),
            (_, None) => Some(no_last_day()),
            _ if question.depth == Depth::Quick => Some(super::skipped()),
            _ => None,
        };
        if let (Some(login), Some(since), None) = (&known.login, since, &why) {
            all.push(Asked { person, login, since });
        }
        // Where the log is whole, only the repositories that it names are asked; this stands for all others.
        if why.is_some() || events.complete {
            let scope = scope(place, person, "runs that the audit log names");
            let fill = async |_: &mut Rows| why.map_or(Ok(()), |why| Err(Stop::Gap(why)));
            place.github.out.dataset(&["github_run", "github_job"], &scope, fill).await?;
        }
    }
    Ok(all)
}

fn scope(place: &Place<'_>, person: &Dossier, what: &str) -> Scope {
    Scope {
        name: format!("{}: {what}", place.name()).into(),
        person: Some(person.id.clone()),
        needs: ACTIONS.to_owned(),
    }
}

pub(super) async fn collect(
    place: &Place<'_>,
    question: &Question<'_>,
    repository: &Repository,
    events: &Events,
    asked: &[Asked<'_>],
) -> Result<(), Error> {
    let runs_as =
        if repository.workflows.is_empty() { Vec::new() } else { workflows(place, question, repository).await? };
    for one in asked.iter().filter(|one| one.since < question.now) {
        let pointed_to = events.touched(&repository.name, "workflows.") || runs_as.contains(&one.person.id);
        if !events.complete || pointed_to {
            since_last_day(place, question, one).await?;
        }
    }
    Ok(())
}

/// Writes the workflows down; returns as whom of the people one of them runs.
async fn workflows(place: &Place<'_>, question: &Question<'_>, repository: &Repository) -> Result<Vec<String>, Error> {
    let mut people = Vec::new();
    place
        .github
        .dataset(&WORKFLOW_TABLES, &place.scope("workflows", ACTIONS), async |api, rows| {
            let quick = question.depth == Depth::Quick;
            let mut latest =
                if quick && repository.is_scheduled() { latest(api, place).await } else { BTreeMap::new() };
            for file in &repository.workflows {
                let mut row = row(place, file);
                if file.is_scheduled() {
                    let last = if quick { Ok(latest.remove(&file.path)) } else { actor(api, place, file).await };
                    match last {
                        Ok(last) => {
                            if let Some(person) = scheduled(api, place, question, rows, &mut row, last).await? {
                                people.push(person);
                            }
                        }
                        Err(error) => rows.gap("github_schedule_actor", super::place::cause(&error)),
                    }
                }
                rows.insert(&row)?;
            }
            if quick {
                ["github_schedule_actor", "github_job"].iter().for_each(|table| rows.gap(table, super::skipped()));
            }
            Ok(())
        })
        .await?;
    Ok(people)
}

fn row(place: &Place<'_>, file: &workflow::File) -> Workflow {
    let says = file.says.as_ref();
    let joined = |words: Vec<&str>, by: &str| Untrusted::from(words.join(by));
    Workflow {
        id: place.id(&format!("workflow/{}", file.path)),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        workflow_id: None,
        path: file.path.as_str().into(),
        name: says.and_then(|says| says.name.as_deref()).map(Untrusted::from),
        state: None,
        scheduled: says.map(|says| !says.schedule.is_empty()),
        schedule: says.map(|says| joined(says.schedule.iter().map(String::as_str).collect(), "; ")),
        runs_on: says.map(|says| joined(says.runs_on.iter().map(String::as_str).collect(), " ")),
        self_hosted: says.and_then(|says| says.self_hosted),
        id_token: says.map(|says| says.id_token),
        secrets: says.map(|says| joined(says.secrets.iter().map(String::as_str).collect(), " ")),
        parsed: Some(if says.is_some() { "yaml" } else { "none" }.to_owned()),
    }
}

/// The last scheduled run; nothing: there was none.
async fn actor(api: &ReadApi, place: &Place<'_>, file: &workflow::File) -> Result<Option<wire::Run>, Failure> {
    let path = format!("actions/workflows/{}/runs?event=schedule&per_page=1", encoded(file.name()));
    let runs: wire::Runs = one(api, &place.path(&path)).await?;
    Ok(runs.workflow_runs.into_iter().next())
}

/// The latest scheduled run of each workflow, as far as one question tells.
async fn latest(api: &ReadApi, place: &Place<'_>) -> BTreeMap<String, wire::Run> {
    let path = place.path("actions/runs?event=schedule&per_page=100");
    // What cannot be told in a quick run is a gap in any case.
    let runs = one::<wire::Runs>(api, &path).await.map(|runs| runs.workflow_runs).unwrap_or_default();
    let named = runs.into_iter().rev().filter_map(|run| {
        let path = run.path.as_ref()?.raw().split('@').next()?.to_owned();
        Some((path, run))
    });
    named.collect()
}

/// Writes down as whom a workflow runs; if it is one of the people, also whether it is switched on and where it ran.
async fn scheduled(
    api: &ReadApi,
    place: &Place<'_>,
    question: &Question<'_>,
    rows: &mut Rows,
    workflow: &mut Workflow,
    last: Option<wire::Run>,
) -> Result<Option<String>, Stop> {
    let actor = last.as_ref().and_then(|run| run.actor.clone()).unwrap_or_default();
    let owner = question.owner(&actor);
    if let (Some(_), Some(run), Depth::Full) = (owner, &last, question.depth) {
        let name = workflow.path.raw().rsplit('/').next().unwrap_or_default().to_owned();
        let told: Result<wire::Workflow, Failure> =
            one(api, &place.path(&format!("actions/workflows/{}", encoded(&name)))).await;
        match told {
            Ok(told) => workflow.state = told.state,
            Err(error) => rows.gap("github_workflow", super::place::cause(&error)),
        }
        jobs(api, place, rows, run).await?;
    }
    workflow.workflow_id = last.as_ref().and_then(|run| run.workflow_id).map(Untrusted::from);
    rows.insert(&ScheduleActor {
        workflow: workflow.id.clone(),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        user_id: actor.number(),
        login: actor.login.clone(),
        run_id: last.as_ref().map(|run| run.id.into()),
        last_run_at: last.and_then(|run| run.created_at),
    })?;
    Ok(owner.map(|known| known.person.clone()))
}

async fn jobs(api: &ReadApi, place: &Place<'_>, rows: &mut Rows, run: &wire::Run) -> Result<(), Stop> {
    let path = place.path(&format!("actions/runs/{}/jobs?per_page=100", run.id.0));
    let actor = run.actor.clone().unwrap_or_default();
    let read = each(api, &path, Paging::Items("jobs"), |job: wire::Job| {
        // Zero is a runner of GitHub's; a job that waits has neither.
        if job.runner_id.is_none() && job.runner_name.as_ref().is_some_and(|name| !name.raw().is_empty()) {
            rows.gap("github_job", Cause::new(GapKind::Truncated, "a job names its runner without the number"));
        }
        Ok(rows.insert(&Job {
            id: job.id.into(),
            organization: place.organization(),
            repository: place.repository.unwrap_or_default().into(),
            run_id: run.id.into(),
            user_id: actor.number(),
            login: actor.login.clone(),
            path: run.path.clone(),
            runner_id: job.runner_id.filter(|id| id.0 != 0).map(Untrusted::from),
            runner: job.runner_name.filter(|name| !name.raw().is_empty()),
            runner_group: job.runner_group_id.map(Untrusted::from),
            at: job.started_at,
        })?)
    })
    .await;
    super::organization::note(rows, "github_job", &format!("run {}", run.id.0), read)
}

async fn since_last_day(place: &Place<'_>, question: &Question<'_>, asked: &Asked<'_>) -> Result<(), Error> {
    let scope = scope(place, asked.person, &format!("runs of {}", asked.login));
    place
        .github
        .dataset(&["github_run", "github_job"], &scope, async |api, rows| {
            let mut found = BTreeMap::new();
            let ended = between(api, place, asked.login, asked.since, question.now, &mut found).await;
            for run in found.values() {
                match run.created_at {
                    Some(at) => rows.insert(&row_of_run(place, run, at))?,
                    None => rows.gap("github_run", Cause::new(GapKind::Truncated, "a run came without its time")),
                }
            }
            for run in found.values().rev().take(LATEST) {
                jobs(api, place, rows, run).await?;
            }
            ended
        })
        .await
        .map(drop)
}

/// Every run between two times, by its number; what is too much for one question is asked in halves.
async fn between(
    api: &ReadApi,
    place: &Place<'_>,
    login: &str,
    from: Timestamp,
    to: Timestamp,
    found: &mut BTreeMap<u64, wire::Run>,
) -> Result<(), Stop> {
    let mut open = vec![(from, to)];
    while let Some((from, to)) = open.pop() {
        if from >= to {
            continue;
        }
        let created = format!("{}..{}", stamp(from), stamp(to));
        let created = utf8_percent_encode(&created, NON_ALPHANUMERIC);
        let path = format!("actions/runs?actor={}&created={created}&per_page=100", encoded(login));
        let mut pages = api.pages(super::place::ask(&place.path(&path)), Paging::Items("workflow_runs"));
        let half = from.checked_add((to.duration_since(from).as_secs() / 2).seconds()).unwrap_or(to);
        while let Some(runs) = pages.next::<wire::Run>().await.map_err(|error| refused(&error))? {
            if pages.total().is_some_and(|total| total >= MOST) && from < half && half < to {
                open.extend([(from, half), (half, to)]);
                break;
            }
            found.extend(runs.into_iter().map(|run| (run.id.0, run)));
        }
    }
    Ok(())
}

fn row_of_run(place: &Place<'_>, run: &wire::Run, at: Timestamp) -> Run {
    let (actor, trigger) = (run.actor.clone().unwrap_or_default(), run.triggering_actor.clone().unwrap_or_default());
    Run {
        id: place.id(&format!("run/{}", run.id.0)),
        organization: place.organization(),
        repository: place.repository.unwrap_or_default().into(),
        user_id: actor.number(),
        login: actor.login,
        triggered_by_id: trigger.number(),
        triggered_by: trigger.login,
        path: run.path.clone(),
        event: run.event.clone(),
        status: run.status.clone(),
        conclusion: run.conclusion.clone(),
        at,
    }
}
