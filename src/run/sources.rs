//! The sources of a run, one line each: what reads them, and their part of the configuration.

use super::github;
use super::progress::Progress;
use super::sign_in::Known;
use crate::api::{Api, Service};
use crate::config::Config;
use crate::env::Env;
use crate::error::Error;
use crate::evidence::Writer;
use crate::person::Dossier;
use crate::source::azure::Azure;
use crate::source::devops::{self, DevOps};
use crate::source::entra::routes::Routes;
use crate::source::entra::{self, Entra};
use crate::source::github::{Depth, Means};
use crate::source::logs::GatewayLog;
use crate::source::logs::import::{Imported, Input};
use crate::source::logs::live::longer::Longer;
use crate::source::runner::{Hosts, Key, Lists};
use crate::source::{Collector, Configured, Source};
use crate::text;

/// How many days of audit events and records are asked for, unless the configuration says otherwise.
const DAYS: i64 = 90;

/// What a run has before it reads anything.
pub(super) struct Run<'a> {
    pub(super) config: &'a Config,
    pub(super) api: &'a Api,
    pub(super) out: &'a Writer,
    pub(super) env: &'a Env,
    pub(super) routes: &'a Routes,
    pub(super) progress: &'a Progress,
    /// Who is signed in to each service of Microsoft.
    pub(super) signed_in: &'a Known,
    /// Signing in to GitHub.
    pub(super) means: &'a Means<'a>,
    pub(super) depth: Depth,
    /// Scans of runner hosts.
    pub(super) scans: &'a [std::path::PathBuf],
    pub(super) exported: &'a [Input],
    /// Exported audit logs of GitHub.
    pub(super) audit_logs: &'a [std::path::PathBuf],
    /// The workspaces that may keep what Entra and Azure forget.
    pub(super) longer: &'a Longer<'a>,
    /// The host of GitHub's pages.
    pub(super) web: &'a str,
    /// The key of the fingerprints, or why there is none.
    pub(super) key: &'a Result<Key, Error>,
    pub(super) progress_of_logs: &'a (dyn Fn(u64, u64) + Sync),
    pub(super) note: &'a dyn Fn(&Imported),
}

/// Signs in where that is still to be done, and says what there is to read about `people`.
///
/// # Errors
/// When a sign-in is refused. Nothing about anybody has been read then.
pub(super) async fn open<'a>(run: &Run<'a>, people: &'a [Dossier]) -> Result<Vec<Box<dyn Source + 'a>>, Error> {
    let graph = run.reader(Service::Graph);
    run.progress.say("signing in to GitHub");
    let key = run.key.as_ref().ok();
    let directory = (&graph.api, run.routes);
    let hub = github::open(run.config, people, run.depth, run.means, directory, key, run.audit_logs).await?;
    Ok(vec![
        Box::new(Configured { config: run.config, out: run.out }),
        Box::new(run.hosts()),
        Box::new(Entra { reader: graph, question: run.question(people) }),
        Box::new(run.azure(people)),
        Box::new(hub),
        Box::new(run.devops(people)),
        Box::new(run.log()),
    ])
}

impl<'a> Run<'a> {
    fn reader(&self, service: Service) -> Collector {
        Collector { api: self.api.read(service), out: self.out.clone() }
    }

    fn days(&self) -> i64 {
        self.config.logs.days.map_or(DAYS, |days| i64::from(days.get()))
    }

    fn question(&self, people: &'a [Dossier]) -> entra::Question<'a> {
        let gateways = self.config.entra.gateway_apps.iter().map(|app| text::id(app.trim()).into_owned()).collect();
        let (now, longer) = (self.env.now, self.longer);
        entra::Question { people, gateways, now, days: self.days(), longer, routes: self.routes }
    }

    fn azure(&self, people: &'a [Dossier]) -> Azure<'a> {
        Azure {
            reader: self.reader(Service::Arm),
            subscriptions: &self.config.azure.subscriptions,
            people,
            identity: self.signed_in.reader_of_azure(),
            longer: self.longer,
            key: self.key.as_ref().map_err(ToString::to_string),
            now: self.env.now,
        }
    }

    fn devops(&self, people: &'a [Dossier]) -> DevOps<'a> {
        let http = self.means.http;
        DevOps {
            hosts: devops::Hosts::new(self.api, self.out, http.host(Service::DevOps)),
            organizations: &self.config.azure_devops.organizations,
            people,
            now: self.env.now,
            key: self.key.as_ref().map_err(ToString::to_string),
            sign_in: super::doctor::devops(self.env, http.settings().managed_identity),
        }
    }

    fn hosts(&self) -> Hosts<'a> {
        let lists = Lists { github: self.web, devops: &self.config.azure_devops.organizations };
        Hosts { scans: self.scans, lists, out: self.out, env: self.env }
    }

    fn log(&self) -> GatewayLog<'a> {
        GatewayLog {
            reader: self.reader(Service::Logs),
            arm: self.api.read(Service::Arm),
            logs: &self.config.logs,
            days: self.days(),
            exported: self.exported,
            now: self.env.now,
            seed: self.env.seed,
            progress: self.progress_of_logs,
            note: self.note,
        }
    }
}
