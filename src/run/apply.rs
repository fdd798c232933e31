//! `leaver apply` and `leaver undo`: what is asked, which sign-in, and what a person is told.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::plan::contents;
use super::receipt::Receipt;
use super::{github, output, settings};
use crate::action::plan::{Change, Plan, Selection, parse, recompute};
use crate::action::{self, Apply, Made, Pace, Services, Undo, sign};
use crate::api::{Ask, Http, Service};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::seal::{PublicKey, Signer, sha256};
use crate::text::Untrusted;

/// What the command line says of an apply.
#[derive(Debug)]
pub struct Request {
    /// The plan.
    pub plan: PathBuf,
    /// Which changes.
    pub selection: Selection,
    /// Whether anything is changed at all.
    pub yes: bool,
    /// Whether what others may use is changed too.
    pub disruptive: bool,
    /// The largest selection that is taken.
    pub max: usize,
    /// The journal; `None`: beside the plan.
    pub journal: Option<PathBuf>,
    /// For how many seconds a change may take to show.
    pub patience: u64,
    /// Public keys whose signatures count as approvals.
    pub keys: Vec<PathBuf>,
    /// Whether a key that others can read signs too.
    pub insecure_key: bool,
    /// A bundle that plan, journal and signatures are added to.
    pub bundle: Option<PathBuf>,
    /// A later audit that shows what is gone; it goes into the bundle too.
    pub proof: Option<PathBuf>,
    /// Whether what another plan left in the bundle is replaced.
    pub force: bool,
}

/// What the command line says of an undo.
#[derive(Debug)]
pub struct Back {
    /// The journal of the apply.
    pub journal: PathBuf,
    /// Which changes.
    pub selection: Selection,
    /// Whether anything is changed at all.
    pub yes: bool,
    /// For how many seconds a change may take to show.
    pub patience: u64,
}

/// Applies a plan, or looks whether it could be applied.
///
/// # Errors
/// When the plan or its journal must not be used, or nothing can be written. Nothing is sent then.
pub async fn apply(request: &Request, config: &Config, env: &Env) -> Result<Exit, Error> {
    let bytes = contents(&request.plan)?;
    let plan = parse(&bytes).map_err(refused)?;
    recompute(&plan, env.now, config.remediation.hours()).map_err(refused)?;
    signed(request, &bytes, config, env).await?;
    let chosen = action::selected(&plan, &request.selection).len();
    if chosen > request.max {
        let hint = "choose with --only or --skip, or raise --max";
        return Err(Error::usage(format!("{chosen} changes are more than --max {}", request.max), hint));
    }
    let path = request.journal.clone().unwrap_or_else(|| action::journal_of(&request.plan));
    let receipt = request.bundle.as_deref().map(|bundle| Receipt {
        bundle,
        path: &request.plan,
        plan: &plan,
        journal: &path,
        proof: request.proof.as_deref(),
        force: request.force,
        insecure: request.insecure_key,
    });
    if let Some(receipt) = &receipt {
        receipt.examine()?;
    }
    let services = services(config, env)?;
    same_tenant(plan.tenant.as_deref(), config, env).await?;
    let pace = Pace::new(Duration::from_secs(request.patience));
    let exit = made(request, &plan, &sha256(&bytes), &path, &pace, &services, config, env).await?;
    if let Some(receipt) = receipt.filter(|_| request.yes) {
        receipt.add(config, env).await?;
    }
    Ok(exit)
}

#[expect(clippy::too_many_arguments, reason = "each is one thing that an apply needs, and the demo gives others")]
pub(super) async fn made(
    request: &Request,
    plan: &Plan,
    digest: &str,
    journal: &Path,
    pace: &Pace,
    services: &Services,
    config: &Config,
    env: &Env,
) -> Result<Exit, Error> {
    let apply = Apply {
        plan,
        sha256: digest,
        selection: &request.selection,
        disruptive: request.disruptive,
        yes: request.yes,
        journal,
        protected: &config.remediation.protected,
        pace,
        services,
        env,
    };
    let mut fault = None;
    let applied = action::apply(&apply, |change, made| {
        if let Err(error) = env.console.print(&line(change, made)) {
            fault.get_or_insert(error);
        }
    })
    .await?;
    let left = applied.changes.iter().filter(|made| made.left).count();
    let total = applied.changes.len();
    let text = match (request.yes, left) {
        (true, 0) => format!("all {total} changes are done and seen\n"),
        (true, left) => format!("{left} of {total} changes are left\n"),
        (false, 0) => format!("all {total} changes could be made; nothing was changed. --yes makes them\n"),
        (false, left) => format!("{left} of {total} changes could not be made; nothing was changed\n"),
    };
    env.console.print(&text).map_err(output)?;
    fault.map_or(Ok(()), |error| Err(output(error)))?;
    Ok(if left == 0 { Exit::Clean } else { Exit::Incomplete })
}

fn line(change: &Change, made: &Made) -> String {
    let word = made.outcome.map_or("plan", |outcome| outcome.name());
    let word = if made.outcome.is_none() && made.left { "left" } else { word };
    let subject = Untrusted::from(change.subject.as_str()).terminal();
    let why = if made.why.is_empty() {
        String::new()
    } else {
        format!("  ({})", Untrusted::from(made.why.as_str()).terminal())
    };
    format!("{word:<8} {}  {subject}{why}\n", change.does)
}

/// Takes back what a journal says was done.
///
/// # Errors
/// As for an apply.
pub async fn undo(request: &Back, config: &Config, env: &Env) -> Result<Exit, Error> {
    let tenant = action::tenant(&request.journal)?;
    let services = services(config, env)?;
    same_tenant(tenant.as_deref(), config, env).await?;
    let pace = Pace::new(Duration::from_secs(request.patience));
    taken_back(request, &pace, &services, env).await
}

pub(super) async fn taken_back(request: &Back, pace: &Pace, services: &Services, env: &Env) -> Result<Exit, Error> {
    let undo = Undo { journal: &request.journal, selection: &request.selection, yes: request.yes, pace, services, env };
    let mut fault = None;
    let backs = action::undo(&undo, |back| {
        let word = back.outcome.map_or(if back.left { "left" } else { "plan" }, |outcome| outcome.name());
        let [subject, why] = [&back.subject, &back.why].map(|text| Untrusted::from(text.as_str()).terminal());
        let line = format!("{word:<8} undo: {}  {subject}  ({why})\n", back.does);
        if let Err(error) = env.console.print(&line) {
            fault.get_or_insert(error);
        }
    })
    .await?;
    fault.map_or(Ok(()), |error| Err(output(error)))?;
    let left = backs.iter().filter(|back| back.left).count();
    let nothing = if request.yes { "" } else { "; nothing was changed" };
    env.console.print(&format!("{left} of {} changes are left as they are{nothing}\n", backs.len())).map_err(output)?;
    Ok(if left == 0 { Exit::Clean } else { Exit::Incomplete })
}

fn refused(fault: action::plan::Fault) -> Error {
    Error::Refused { what: format!("the plan: {fault}").into() }
}

/// Checks who signed it.
async fn signed(request: &Request, bytes: &[u8], config: &Config, env: &Env) -> Result<(), Error> {
    let own = match &config.signing.key {
        Some(key) => Some(Signer::open(key, request.insecure_key, settings::of(config), env).await?.public().clone()),
        None => None,
    };
    let files = config.remediation.approvers.iter().chain(&request.keys);
    let approvers = files.map(|path| PublicKey::read(path)).collect::<Result<Vec<_>, _>>()?;
    sign::check(&request.plan, bytes, own.as_ref(), config.remediation.approvals.unwrap_or(0), &approvers)
}

/// The services of the configuration.
pub(super) fn services(config: &Config, env: &Env) -> Result<Services, Error> {
    let http = Http::new(settings::of(config)).map_err(|error| super::asked(&error, "how to reach it"))?;
    Ok(Services::new(http, github::how(config, env)?, env))
}

/// A plan of one tenant is not applied in another.
async fn same_tenant(plan: Option<&str>, config: &Config, env: &Env) -> Result<(), Error> {
    let other = |tenant: &str| Error::Refused { what: format!("it belongs to the tenant {tenant}").into() };
    match (plan, config.entra.tenant.as_deref()) {
        (None, _) => Ok(()),
        (Some(plan), Some(ours)) if plan.eq_ignore_ascii_case(ours) => Ok(()),
        (Some(plan), Some(_)) => Err(other(plan)),
        (Some(plan), None) => {
            let http = Http::new(settings::of(config)).map_err(|error| super::asked(&error, "how to reach it"))?;
            let api = crate::api::Api::new(
                http.clone(),
                crate::api::tokens(&http, env),
                std::sync::Arc::new(crate::api::NoLog),
                env,
            );
            let ask = Ask { path: "/v1.0/organization?$select=id,verifiedDomains".to_owned(), headers: Vec::new() };
            let answer = api.read(Service::Graph).get(&ask).await.and_then(|answer| answer.json::<Value>());
            let body = answer.map_err(|_| {
                Error::usage(
                    "the configuration names no tenant, and the directory does not say which it is",
                    "set [entra] tenant",
                )
            })?;
            let is = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(plan));
            let mut rows = body["value"].as_array().into_iter().flatten();
            let ours = rows.any(|row| {
                is(&row["id"])
                    || row["verifiedDomains"].as_array().into_iter().flatten().any(|domain| is(&domain["name"]))
            });
            if ours { Ok(()) } else { Err(other(plan)) }
        }
    }
}
