//! `leaver sweep`: every leaver in one run. Each system is collected once, and the same checks judge everybody.

mod list;
mod people;

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use jiff::tz::TimeZone;

pub(super) use self::list::Listed;
pub(super) use self::people::Leavers;
use self::people::{Directory, Lost, since};
use super::{Delivery, Intake, Whom, asked, beforehand, deliver, gather, judge, posture, tuned_checks, waive};
use crate::config::Config;
use crate::env::Env;
use crate::error::{Error, Exit};
use crate::evidence::row::{self, LeaverSource};
use crate::evidence::{Evidence, Rows, Scope, Writer};
use crate::model::{Cause, GapKind};
use crate::person::LastDay;
use crate::source::Collector;
use crate::source::entra::leavers;
use crate::source::entra::routes::Routes;
use crate::source::github::Depth;

/// Which leavers, and how closely.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The list of HR.
    pub leavers: Option<PathBuf>,
    /// Since when the directory is asked who left.
    pub since: Option<Date>,
    /// How much of GitHub is read.
    pub depth: Depth,
    /// Whether the fence itself is looked at too.
    pub posture: bool,
}

/// Collects once, judges everybody, reports.
///
/// # Errors
/// A list that cannot be used ends the run before anything is read; else as an audit.
pub async fn sweep(
    config: &Config,
    request: &Request,
    intake: &Intake,
    delivery: &Delivery,
    env: &Env,
) -> Result<Exit, Error> {
    let list = request.leavers.as_deref().map(read).transpose()?;
    let checks = tuned_checks(&delivery.checks, config, env)?;
    let started_at = (env.clock)();
    let waivers = waive::read(delivery.waivers.as_deref())?;
    let (sealing, baseline) = beforehand(delivery, config, env).await?;
    let evidence = collect(config, request, list.as_deref(), intake, env).await?;
    let report = judge(&evidence, &checks, waivers.as_ref(), baseline.as_ref(), started_at, env)?;
    deliver::deliver(report, &evidence, delivery, sealing, env).await
}

/// The list of HR.
pub(super) fn read(path: &Path) -> Result<Vec<Listed>, Error> {
    let text = waive::contents(path)?;
    list::parse(&text).map_err(|fault| Error::Config {
        file: path.display().to_string().into(),
        line: fault.line,
        column: 1,
        message: fault.message.into(),
        hint: Some("correct the list and run again; nothing was read".into()),
    })
}

async fn collect(
    config: &Config,
    request: &Request,
    list: Option<&[Listed]>,
    intake: &Intake,
    env: &Env,
) -> Result<Evidence, Error> {
    let find = async |entra: &Collector, routes: &Routes| {
        let zone = config.logs.timezone.clone().unwrap_or(TimeZone::UTC);
        let (all, unasked) = who(config, request.since, list, (entra, routes), env).await?;
        if request.posture {
            posture::departed(&entra.out, &all, unasked.clone(), config, env).await?;
        }
        write(&entra.out, &all, unasked, &zone).await?;
        Ok(all.found)
    };
    let whom = Whom { mode: "sweep", depth: request.depth, posture: request.posture, probe: false };
    gather(config, &whom, intake, env, find).await
}

/// Who left, by the list and by the directory, and what the directory could not be asked.
pub(super) async fn who(
    config: &Config,
    from: Option<Date>,
    list: Option<&[Listed]>,
    (entra, routes): (&Collector, &Routes),
    env: &Env,
) -> Result<(Leavers, Option<Cause>), Error> {
    let zone = config.logs.timezone.clone().unwrap_or(TimeZone::UTC);
    let everybody = leavers::everybody(&entra.api, routes).await;
    let directory = Directory::new(everybody.map_err(|error| asked(&error, "who there is"))?);
    let mut all = Leavers::default();
    all.listed(list.unwrap_or_default(), &directory, &zone);
    // A list that stands alone says all; `--since` asks the directory too.
    let mut unasked = None;
    if list.is_none() || from.is_some() {
        let since = since(from, env.now, &zone);
        let disabled = leavers::disabled(&entra.api, routes, since).await.unwrap_or_else(|cause| {
            unasked = Some(cause);
            Default::default()
        });
        all.known(&directory, &disabled, since, env.now, &zone);
    }
    Ok((all, unasked))
}

/// Writes down who says that somebody left, and those whom nobody knows.
async fn write(out: &Writer, all: &Leavers, unasked: Option<Cause>, zone: &TimeZone) -> Result<(), Error> {
    let scope = Scope { name: "leavers".into(), person: None, needs: "AuditLog.Read.All".to_owned() };
    let fill = async |rows: &mut Rows| {
        for (person, said) in &all.said {
            for said in said {
                rows.insert(&LeaverSource {
                    person: person.clone(),
                    source: said.source.to_owned(),
                    date: said.date.map(|date| date.to_string()),
                    detail: said.detail.clone(),
                })?;
            }
        }
        unasked.into_iter().for_each(|cause| rows.gap("leaver_source", cause));
        Ok(())
    };
    out.dataset(&["leaver_source"], &scope, fill).await?;
    for lost in &all.lost {
        unresolved(out, lost, zone).await?;
    }
    Ok(())
}

/// A person about whom the list is all that is known: names are looked for everywhere, and nothing is proven.
async fn unresolved(out: &Writer, lost: &Lost, zone: &TimeZone) -> Result<(), Error> {
    let Lost { id, listed, why } = lost;
    let name = format!("line {} of the list", listed.line);
    let scope = Scope { name: name.into(), person: Some(id.clone()), needs: String::new() };
    let fill = async |rows: &mut Rows| {
        rows.insert(&row::Person {
            id: id.clone(),
            object_id: listed.object_id.clone().unwrap_or_default(),
            upn: listed.upn.as_deref().map(Into::into),
            employee_id: listed.employee_id.as_deref().map(Into::into),
            asked: listed.upn.as_deref().map(Into::into),
            ..row::Person::default()
        })?;
        let names = [("upn", &listed.upn), ("github", &listed.github)];
        for (kind, name) in names.into_iter().filter_map(|(kind, name)| Some((kind, name.as_deref()?))) {
            rows.insert(&row::Identity {
                person: id.clone(),
                kind: kind.to_owned(),
                name: Some(name.into()),
                source: Some("list".to_owned()),
                grade: Some("D".to_owned()),
                ..row::Identity::default()
            })?;
        }
        if let Some(day) = listed.last_day.and_then(|date| LastDay::of_date(date, zone, "list")) {
            rows.insert(&row::LastDay {
                person: id.clone(),
                date: day.date.to_string(),
                ends_at: day.ends_at,
                source: day.source.to_owned(),
            })?;
        }
        let next = "an object id or the user principal name of today in the list, or a waiver for this person";
        let cause = Cause::new(GapKind::Unresolved, why.clone()).needing(next);
        ["person", "identity"].into_iter().for_each(|table| rows.gap(table, cause.clone()));
        Ok(())
    };
    out.dataset(&["person", "identity", "last_day"], &scope, fill).await?;
    Ok(())
}
