//! Agent pools and their agents: what each uploads goes through the token scanner agent by agent and no further.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use serde_json::value::RawValue;

use super::build::read_run;
use super::literal::Lines;
use super::people::{People, Whose};
use super::place::{PREVIEW, Place, VERSION, ask, each, encoded, refused};
use super::wire::{Agent as Sent, Capabilities, ElasticPool, Job, Pool as Found, Project};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::Sighting;
use crate::evidence::row::devops::{Agent, AgentJob, AgentLiteral, Pool};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::lenient::lost;
use crate::text::{Untrusted, is_same};

pub(super) const NEEDS: &str = "vso.agentpools";
const TABLES: [&str; 4] = ["devops_pool", "devops_agent", "devops_agent_literal", JOB];
const AGENT_TABLES: [&str; 3] = ["devops_agent", "devops_agent_literal", JOB];
const JOB: &str = "devops_agent_job";

/// Names in it are left out of what an agent uploads.
///
/// <https://learn.microsoft.com/azure/devops/pipelines/agents/agents>
const HIDES: &str = "VSO_AGENT_IGNORE";

/// So many jobs of a pool are looked through where its agents do not tell their last one.
const JOBS: usize = 200;

/// What is known of the projects.
pub(super) struct Projects<'a> {
    pub(super) all: &'a [Project],
    /// Which project a build definition is of, by its number.
    pub(super) of_definition: BTreeMap<String, String>,
}

pub(super) async fn collect(place: &Place<'_>, people: &People, projects: &Projects<'_>) -> Result<(), Error> {
    let mut pools: BTreeMap<String, Found> = BTreeMap::new();
    let core = &place.hosts.core;
    let mut elastic = BTreeSet::new();
    core.dataset(&TABLES, &place.scope("agent pools", NEEDS), async |api, rows| {
        let path = place.path(&format!("distributedtask/elasticpools?{VERSION}"));
        each(api, rows, &TABLES, &path, "value", |_, pool: ElasticPool| {
            elastic.insert(pool.pool_id.0);
            Ok(())
        })
        .await?;
        for kind in ["automation", "deployment"] {
            let path = place.path(&format!("distributedtask/pools?poolType={kind}&{VERSION}"));
            each(api, rows, &TABLES, &path, "value", |_, pool: Found| {
                pools.insert(pool.id.0.clone(), pool);
                Ok(())
            })
            .await?;
        }
        pools.values().try_for_each(|pool| {
            rows.insert(&Pool {
                id: place.id(&format!("pool/{}", pool.id.0)),
                organization: place.organization(),
                pool_id: pool.id.0.as_str().into(),
                name: pool.name.clone(),
                kind: pool.pool_type.clone(),
                hosted: pool.is_hosted,
                elastic: Some(elastic.contains(&pool.id.0)),
            })
        })?;
        Ok(())
    })
    .await?;
    for pool in pools.values().filter(|pool| pool.is_hosted != Some(true)) {
        let reading = Reading { place, people, projects, pool, elastic: elastic.contains(&pool.id.0) };
        let name = pool.name.as_ref().map_or(pool.id.0.as_str(), Untrusted::raw);
        let scope = place.scope(&format!("agents of pool {name}"), NEEDS);
        core.dataset(&AGENT_TABLES, &scope, async |api, rows| reading.agents(api, rows).await).await?;
    }
    Ok(())
}

struct Reading<'a> {
    place: &'a Place<'a>,
    people: &'a People,
    projects: &'a Projects<'a>,
    pool: &'a Found,
    elastic: bool,
}

impl Reading<'_> {
    fn path(&self, rest: &str) -> String {
        self.place.path(&format!("distributedtask/pools/{}/{rest}", encoded(&self.pool.id.0)))
    }

    /// One agent is taken apart at a time: a pool can have thousands, with hundreds of variables each.
    async fn agents(&self, api: &ReadApi, rows: &mut Rows) -> Result<(), Stop> {
        let query = "includeCapabilities=true&includeAssignedRequest=true&includeLastCompletedRequest=true";
        let path = self.path(&format!("agents?{query}&{VERSION}"));
        let mut pages = api.pages(ask(&path), Paging::Continued("value"));
        let (mut found, mut unreadable) = (Vec::new(), 0);
        let ended = loop {
            match pages.next::<Box<RawValue>>().await {
                Ok(Some(page)) => {
                    for raw in page {
                        match self.agent(rows, &raw)? {
                            Some(agent) => found.push(agent),
                            None => unreadable += 1,
                        }
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(refused(&error)),
            }
        };
        if unreadable > 0 {
            AGENT_TABLES.iter().for_each(|table| rows.gap(table, lost(unreadable)));
        }
        self.jobs(api, rows, found).await?;
        ended
    }

    /// The agent with what it uploads looked at; nothing: it has no id.
    fn agent(&self, rows: &mut Rows, raw: &RawValue) -> Result<Option<(Agent, Option<Job>)>, Stop> {
        let Ok(sent) = serde_json::from_str::<Sent>(raw.get()) else { return Ok(None) };
        let uploaded = serde_json::from_str::<Capabilities>(raw.get()).ok();
        let mut agent = self.row(&sent);
        let system = uploaded.as_ref().and_then(|all| all.system_capabilities.as_ref());
        if let Some(system) = system {
            agent.variables = Some(i64::try_from(system.len()).unwrap_or(i64::MAX));
            let hidden = system.iter().find(|(name, _)| name.eq_ignore_ascii_case(HIDES));
            agent.hidden =
                hidden.and_then(|(_, names)| names.as_str()).filter(|names| !names.is_empty()).map(Into::into);
        } else {
            let what = format!("the agent {} came without what it uploads", sent.id.0);
            rows.gap("devops_agent_literal", Cause::new(GapKind::Truncated, what));
        }
        let mut lines = Lines::default();
        let written = uploaded.as_ref().and_then(|all| all.user_capabilities.as_ref());
        for (name, value) in system.into_iter().chain(written).flatten() {
            if let Value::String(text) = value {
                lines.add(name, text, name);
            }
        }
        if let Ok(key) = &self.place.question.key {
            for (name, found) in lines.look(self.place.question.kinds, key) {
                rows.insert(&literal(self.place, &agent, &name, found))?;
            }
        }
        Ok(Some((agent, sent.last_completed_request.or(sent.assigned_request))))
    }

    fn row(&self, sent: &Sent) -> Agent {
        Agent {
            id: self.place.id(&format!("pool/{}/agent/{}", self.pool.id.0, sent.id.0)),
            organization: self.place.organization(),
            pool_id: self.pool.id.0.as_str().into(),
            pool: self.pool.name.clone(),
            agent_id: sent.id.0.as_str().into(),
            name: sent.name.clone(),
            online: sent.status.as_ref().map(|status| is_same(status.raw(), "online")),
            enabled: sent.enabled,
            created_at: sent.created_on,
            elastic: Some(self.elastic),
            ..Agent::default()
        }
    }

    /// Adds the last job of each, and for whom it ran.
    async fn jobs(&self, api: &ReadApi, rows: &mut Rows, mut found: Vec<(Agent, Option<Job>)>) -> Result<(), Stop> {
        if found.iter().any(|(_, job)| job.is_none()) {
            let mut newest = self.newest(api, rows).await?;
            for (agent, job) in found.iter_mut().filter(|(_, job)| job.is_none()) {
                *job = newest.remove(agent.agent_id.raw());
            }
        }
        let mut known: BTreeMap<String, Whose> = BTreeMap::new();
        for (agent, job) in found {
            rows.insert(&agent)?;
            if let Some(job) = job {
                let row = self.of_job(api, rows, &agent, &job, &mut known).await;
                rows.insert(&row)?;
            }
        }
        Ok(())
    }

    /// The newest job of each agent of the pool.
    async fn newest(&self, api: &ReadApi, rows: &mut Rows) -> Result<BTreeMap<String, Job>, Stop> {
        let path = self.path(&format!("jobrequests?$top={JOBS}&{PREVIEW}"));
        let mut newest: BTreeMap<String, Job> = BTreeMap::new();
        let at = |job: &Job| job.finish_time.or(job.receive_time).or(job.assign_time);
        let ended = each(api, rows, &[JOB], &path, "value", |_, job: Job| {
            let agent = job.reserved_agent.as_ref().and_then(|agent| agent.id.clone());
            if let Some(agent) = agent
                && newest.get(&agent.0).is_none_or(|was| at(was) < at(&job))
            {
                newest.insert(agent.0, job);
            }
            Ok(())
        })
        .await;
        match ended {
            Err(Stop::Gap(cause)) => rows.gap(JOB, cause),
            other => other?,
        }
        Ok(newest)
    }

    /// A job belongs to a run, and only the run tells for whom it was. Jobs of releases have no such run.
    async fn of_job(
        &self,
        api: &ReadApi,
        rows: &mut Rows,
        agent: &Agent,
        job: &Job,
        known: &mut BTreeMap<String, Whose>,
    ) -> AgentJob {
        let mut row = AgentJob {
            agent: agent.id.clone(),
            organization: self.place.organization(),
            at: job.finish_time.or(job.receive_time).or(job.assign_time),
            ..AgentJob::default()
        };
        let by_definition = || {
            let definition = job.definition.as_ref()?.id.as_ref()?;
            self.projects.of_definition.get(&definition.0).cloned()
        };
        let project = job.scope_id.as_ref().map(|id| id.raw().to_lowercase()).or_else(by_definition);
        let project = project.and_then(|id| self.projects.all.iter().find(|one| is_same(one.id.raw(), &id)));
        row.project = project.map(|project| self.place.of(project).project());
        let is_build = job.plan_type.as_ref().is_none_or(|kind| is_same(kind.raw(), "build"));
        let Some(run) = job.owner.as_ref().and_then(|owner| owner.id.clone()).filter(|_| is_build) else { return row };
        let Some(project) = project else {
            let what = format!("the project of the last job of the agent {} is not known", agent.agent_id.raw());
            rows.gap(JOB, Cause::new(GapKind::Unresolved, what));
            return row;
        };
        if !known.contains_key(&run.0) {
            match read_run(&self.place.of(project), api, &run.0).await {
                Ok(read) => drop(known.insert(run.0.clone(), self.people.whose(read.requested_for.as_ref(), "A"))),
                Err(cause) => rows.gap(JOB, cause),
            }
        }
        if let Some(whose) = known.get(&run.0).cloned() {
            row.build = Some(run.0.into());
            (row.person, row.grade, row.actor, row.actor_name) =
                (whose.person, whose.grade, whose.actor, whose.actor_name);
        }
        row
    }
}

/// What the scanner saw, as a row of what an agent uploads.
fn literal(place: &Place<'_>, agent: &Agent, name: &str, found: Sighting) -> AgentLiteral {
    let thing = format!("{}/{name}", agent.id.raw());
    AgentLiteral {
        id: format!("{thing}#{}", &found.fingerprint[..8]).into(),
        organization: place.organization(),
        agent: agent.id.clone(),
        thing: thing.into(),
        pool: agent.pool.clone(),
        agent_name: agent.name.clone(),
        kind: found.kind,
        holder: found.holder,
        name: found.name.or_else(|| Some(name.into())),
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
    }
}
