//! `leaver posture`: is the fence standing that the checklist relies on? Nothing in it is about a person.

use std::path::PathBuf;

use super::{Delivery, Intake, Whom, beforehand, deliver, gather, judge, settings, sweep, tuned_checks, waive};
use crate::archive::{self, Archive};
use crate::bundle::ATTESTATION;
use crate::check::POSTURE;
use crate::config::{Config, Endpoint};
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::row::posture::{Departed, SealedReport};
use crate::evidence::{Evidence, Rows, Scope, Stop, Writer};
use crate::model::{Cause, GapKind, Status};
use crate::posture::hint::{Facts, hint};
use crate::report::Report;
use crate::source::entra::routes::Routes;
use crate::source::github::Depth;
use crate::source::probe::Prober;
use crate::source::{Collector, azure, entra};

/// The table that a gateway writes unless the configuration says otherwise.
const TABLE: &str = "MCPAuditLog_CL";

/// What is wanted besides a judgement.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Calls each server once, without a token.
    pub probe: bool,
    /// Writes beside each finding what would satisfy its item.
    pub fix_hints: bool,
    /// Who left: the list of HR; without it the directory tells.
    pub leavers: Option<PathBuf>,
}

/// Collects what no person is needed for, judges, reports.
///
/// # Errors
/// Whatever ends a run before there is a report.
pub async fn posture(
    config: &Config,
    request: &Request,
    intake: &Intake,
    delivery: &Delivery,
    env: &Env,
) -> Result<Exit, Error> {
    let checks = tuned_checks(&delivery.checks, config, env)?;
    let started_at = (env.clock)();
    let waivers = waive::read(delivery.waivers.as_deref())?;
    let (sealing, baseline) = beforehand(delivery, config, env).await?;
    let evidence = collect(config, request, intake, env).await?;
    let mut report = judge(&evidence, &checks, waivers.as_ref(), baseline.as_ref(), started_at, env)?;
    if request.fix_hints {
        hints(&mut report, config);
    }
    deliver::deliver(report, &evidence, delivery, sealing, env).await
}

/// The first half: reads everything into one sealed file.
///
/// # Errors
/// As [`super::collect`].
pub async fn collect(config: &Config, request: &Request, intake: &Intake, env: &Env) -> Result<Evidence, Error> {
    let list = request.leavers.as_deref().map(sweep::read).transpose()?;
    let whom = Whom { mode: POSTURE, depth: Depth::Full, posture: true, probe: request.probe };
    let find = async |entra: &Collector, routes: &Routes| {
        let (all, unasked) = sweep::who(config, None, list.as_deref(), (entra, routes), env).await?;
        departed(&entra.out, &all, unasked, config, env).await?;
        Ok(Vec::new())
    };
    gather(config, &whom, intake, env, find).await
}

/// Who left, and what the archive holds about them: whether the checklist is in force.
pub(super) async fn departed(
    out: &Writer,
    all: &sweep::Leavers,
    unasked: Option<Cause>,
    config: &Config,
    env: &Env,
) -> Result<(), Error> {
    let scope = |name: &str, needs: &str| Scope { name: name.into(), person: None, needs: needs.to_owned() };
    let fill = async |rows: &mut Rows| {
        for person in &all.found {
            let day = person.last_day.as_ref().map(|day| day.date);
            let said = || all.said.get(&person.id).into_iter().flatten().filter_map(|said| said.date).max();
            let day = day.or_else(said).map(|day| day.to_string());
            rows.insert(&Departed { person: person.id.clone(), day })?;
        }
        for lost in &all.lost {
            let cause = Cause::new(GapKind::Unresolved, lost.why.clone()).needing("an object id in the list");
            rows.gap("departed", cause);
        }
        unasked.into_iter().for_each(|cause| rows.gap("departed", cause));
        Ok(())
    };
    out.dataset(&["departed"], &scope("those who left", "AuditLog.Read.All"), fill).await?;
    let fill = async |rows: &mut Rows| archived(config, rows, env).await;
    out.dataset(&["sealed_report"], &scope("archive", "Storage Blob Data Reader"), fill).await?;
    Ok(())
}

/// Every whole report of the archive, by the people whom it is about.
async fn archived(config: &Config, rows: &mut Rows, env: &Env) -> Result<(), Stop> {
    if config.archive.url.is_none() {
        return Err(Cause::new(GapKind::NotConfigured, "no archive is configured").needing("[archive] url").into());
    }
    let failed = |error: archive::Error| Cause::new(GapKind::Failed, error.to_string()).needing(error.hint());
    let archive = Archive::open(&config.archive, settings::of(config), env).map_err(failed)?;
    for entry in archive.entries().await.map_err(failed)? {
        let Some(bytes) = archive.report(&entry).await.map_err(failed)? else { continue };
        let Ok(report) = serde_json::from_slice::<Report>(&bytes) else {
            let what = format!("report {} of {} cannot be read", entry.number, entry.organization);
            rows.gap("sealed_report", Cause::new(GapKind::Failed, what));
            continue;
        };
        let Ok(at) = report.run.now.parse() else { continue };
        let signed = entry.files.contains_key(ATTESTATION);
        for person in &report.people {
            rows.insert(&SealedReport { person: person.id.clone(), at, signed })?;
        }
    }
    Ok(())
}

/// Calls each server that the evidence names.
pub(super) async fn probe(config: &Config, writer: &Writer, env: &Env) -> Result<(), Error> {
    let instead = config.endpoints.probe.as_ref().map(Endpoint::url);
    Ok(Prober { out: writer, instead, now: env.now }.collect().await?)
}

/// Writes beside each check that found something what would satisfy its item.
fn hints(report: &mut Report, config: &Config) {
    let tenant = report.run.tenant.as_ref().map(|tenant| tenant.raw().to_owned());
    for check in report.steps.iter_mut().flat_map(|step| &mut step.checks) {
        let mut failed = check.findings.iter().filter(|finding| finding.status == Status::Fail).peekable();
        let Some(first) = failed.peek() else { continue };
        let fact = |name: &str| first.facts.get(name).map(|fact| fact.raw().to_owned());
        let server = first.subject.raw().strip_prefix("azure:").map(str::to_owned);
        let of_subscription = |id: &String| id.split('/').nth(2).map(str::to_owned);
        let facts = Facts {
            tenant: tenant.clone(),
            subscription: fact("subscription").or_else(|| server.as_ref().and_then(of_subscription)),
            subnets: config.posture.subnets.clone(),
            gateway_app: config.entra.gateway_apps.first().cloned(),
            gateway: config.posture.gateways.first().cloned(),
            action_group: fact("action_groups"),
            workspace: None,
            table: config.logs.table.as_ref().map_or(TABLE, |table| table.as_str()).to_owned(),
            server,
        };
        check.fix_hint = hint(&check.id, &facts).map(Into::into);
    }
}

/// Reads the fence itself.
pub(super) async fn fence(
    config: &Config,
    (entra, azure): (&Collector, &Collector),
    routes: &Routes,
    writer: &Writer,
) -> Result<(), Error> {
    writer.note(POSTURE, "1")?;
    let settings = &config.posture;
    let question = azure::posture::Question {
        subscriptions: config.azure.subscriptions.clone(),
        subnets: settings.subnets.clone(),
        gateways: settings.gateways.clone(),
        addresses: settings.addresses.clone(),
        offboarding_days: settings.days(),
        has_archive: config.archive.url.is_some(),
        workspaces: config.logs.workspaces.clone(),
        table: config.logs.table.as_ref().map_or(TABLE, |table| table.as_str()).to_owned(),
    };
    azure::posture::collect(azure, &question).await?;
    let gateways: Vec<String> =
        config.entra.gateway_apps.iter().map(|app| crate::text::id(app.trim()).into_owned()).collect();
    Ok(entra::posture::collect(entra, routes, &gateways).await?)
}
