//! The audit log of an organisation: what the people did, what was done to them, who set what, and the runners that came
//! online when they registered one. It is the only place where GitHub says who set a secret or made a hook.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::export::Heard;
use super::organization::{ADMINISTRATION, unlicensed};
use super::place::{Place, ask, refused};
use super::{Depth, Known, Organization, Question, Repository, wire};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::github::Event;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::text::{Untrusted, is_same};

const TABLE: &str = "github_event";

/// Without a date GitHub goes back three months only.
///
/// <https://docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization>
const KEPT_DAYS: i64 = 180;

/// What ties a thing to whoever did it. A question by name misses what was done under a login of old; these come with
/// the number of the account.
const DEEDS: [&str; 21] = [
    "org.create_actions_secret",
    "org.update_actions_secret",
    "repo.create_actions_secret",
    "repo.update_actions_secret",
    "environment.create_actions_secret",
    "environment.update_actions_secret",
    "org.create_integration_secret",
    "org.update_integration_secret",
    "repo.create_integration_secret",
    "repo.update_integration_secret",
    "org.create_actions_variable",
    "org.update_actions_variable",
    "repo.create_actions_variable",
    "repo.update_actions_variable",
    "environment.create_actions_variable",
    "environment.update_actions_variable",
    "hook.create",
    "hook.config_changed",
    "hook.active_changed",
    "public_key.create",
    "integration_installation.create",
];

const LICENCE: &str = "GitHub Enterprise Cloud, which has an audit log for programs";

/// How long a runner may take from its registration until it first says that it is there.
const SOON: SignedDuration = SignedDuration::from_mins(15);

/// So many registrations are followed; nobody registers more runners by hand.
const REGISTRATIONS: usize = 20;

/// Who registered the runners that stay. Where runners come and go these are without number, so only the newest are read; a
/// runner about which they say nothing remains one that nobody can tell of.
const ANYBODY: [&str; 2] = ["org.register_self_hosted_runner", "repo.register_self_hosted_runner"];

/// A quick run follows so many.
const QUICK_REGISTRATIONS: usize = 3;

/// A quick run reads so many pages of one question.
const QUICK_PAGES: usize = 3;

/// What the log says about the people, as far as it points to repositories.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Whether everything that the log keeps was read.
    pub(super) complete: bool,
    actions: BTreeSet<(String, String)>,
}

impl Events {
    /// Whether one of the people did something in the repository that is called so, or begins so.
    pub(super) fn touched(&self, repository: &str, action: &str) -> bool {
        self.actions.iter().any(|(name, done)| name == repository && done.starts_with(action))
    }
}

/// What is being read.
struct Reading<'a> {
    api: &'a ReadApi,
    place: &'a Place<'a>,
    /// What the repositories are called today, by number: an event has the name of its time.
    names: BTreeMap<String, &'a str>,
    pages: usize,
    registrations: usize,
    seen: BTreeSet<String>,
    events: Events,
    registered: BTreeSet<(Timestamp, &'static str)>,
    /// Whether an event came that nobody can read: it may have been any.
    broken: bool,
}

/// What is older than the log is no gap in it: whether that matters is told by the age of what a check asks about.
pub(super) async fn collect(
    place: &Place<'_>,
    known: &Organization,
    question: &Question<'_>,
    repositories: &[Repository],
) -> Result<Events, Error> {
    let from = question.now.checked_sub((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let scope = place.scope(&format!("audit log since {}", stamp(from)), ADMINISTRATION);
    let quick = question.depth == Depth::Quick;
    let (mut events, mut broken) = (Events::default(), false);
    let ended = place
        .github
        .dataset(&[TABLE], &scope, async |api, rows| {
            let mut reading = Reading::new(api, place, repositories, quick);
            let mut read = reading.people(rows, &question.logins(), from).await;
            match quick {
                true => rows.gap(TABLE, super::skipped()),
                false if read.is_ok() => read = reading.deeds(rows, from).await,
                false => {}
            }
            let read = unlicensed(known, read, LICENCE);
            let read = if question.exports.is_empty() { read } else { reading.exported(rows, question, from, read)? };
            (events.actions, broken) = (std::mem::take(&mut reading.events.actions), reading.broken);
            read
        })
        .await?;
    events.complete = ended.is_none() && !broken && !quick && !question.logins().is_empty();
    Ok(events)
}

impl<'a> Reading<'a> {
    fn new(api: &'a ReadApi, place: &'a Place<'a>, repositories: &'a [Repository], quick: bool) -> Reading<'a> {
        Reading {
            api,
            place,
            names: repositories.iter().filter_map(|one| Some((one.id?.to_string(), one.name.as_str()))).collect(),
            pages: if quick { QUICK_PAGES } else { usize::MAX },
            registrations: if quick { QUICK_REGISTRATIONS } else { REGISTRATIONS },
            seen: BTreeSet::new(),
            events: Events::default(),
            registered: BTreeSet::new(),
            broken: false,
        }
    }

    async fn people(&mut self, rows: &mut Rows, logins: &BTreeSet<String>, from: Timestamp) -> Result<(), Stop> {
        for login in logins {
            for role in ["actor", "user"] {
                self.phrase(rows, &format!("{role}:{login} created:>={}", stamp(from))).await?;
            }
        }
        self.came_online(rows).await
    }

    /// The runners that came online when one was registered.
    async fn came_online(&mut self, rows: &mut Rows) -> Result<(), Stop> {
        for (at, level) in std::mem::take(&mut self.registered).into_iter().rev().take(self.registrations) {
            let until = at.checked_add(SOON).unwrap_or(at);
            let phrase = format!("action:{level}.self_hosted_runner_online created:{}..{}", stamp(at), stamp(until));
            self.phrase(rows, &phrase).await?;
        }
        Ok(())
    }

    async fn deeds(&mut self, rows: &mut Rows, from: Timestamp) -> Result<(), Stop> {
        for deed in DEEDS {
            self.phrase(rows, &format!("action:{deed} created:>={}", stamp(from))).await?;
        }
        for action in ANYBODY {
            self.pages(rows, &format!("action:{action} created:>={}", stamp(from)), QUICK_PAGES).await?;
        }
        self.came_online(rows).await
    }

    /// Adds what was exported. It stands for the log itself where GitHub does not give that, as far as it reaches.
    fn exported(
        &mut self,
        rows: &mut Rows,
        question: &Question<'_>,
        from: Timestamp,
        read: Result<(), Stop>,
    ) -> Result<Result<(), Stop>, Stop> {
        let organization = self.place.organization();
        let mut heard = Heard::new(from, question.now);
        heard.read(question.exports, &mut |heard, event: wire::Event| {
            let of = event.first(&["org", "organization"]);
            if of.is_none_or(|name| !is_same(name.raw(), organization.raw())) {
                return Ok(());
            }
            event.at().into_iter().for_each(|at| heard.hear(at));
            let wanted = event.action.as_ref().is_none_or(|action| is_asked(action.raw()));
            if wanted || question.accounts.iter().any(|account| caused(&event, account)) {
                self.keep(rows, event)?;
            }
            Ok::<(), Stop>(())
        })?;
        for cause in heard.faults() {
            self.broken = true;
            rows.gap(TABLE, cause);
        }
        match read {
            Err(Stop::Gap(_)) => {
                let missing = heard.missing();
                self.broken |= !missing.is_empty();
                missing.into_iter().for_each(|cause| rows.gap(TABLE, cause));
                Ok(Ok(()))
            }
            read => Ok(read),
        }
    }

    async fn phrase(&mut self, rows: &mut Rows, phrase: &str) -> Result<(), Stop> {
        if !self.pages(rows, phrase, self.pages).await? {
            rows.gap(TABLE, super::skipped());
        }
        Ok(())
    }

    /// Whether the answer ended within so many pages.
    async fn pages(&mut self, rows: &mut Rows, phrase: &str, most: usize) -> Result<bool, Stop> {
        let phrase = utf8_percent_encode(phrase, NON_ALPHANUMERIC);
        let path = self.place.path(&format!("audit-log?phrase={phrase}&per_page=100"));
        let mut pages = self.api.pages(ask(&path), Paging::Cursor);
        for _ in 0..most {
            let Some(events) = pages.next::<wire::Event>().await.map_err(|error| refused(&error))? else {
                return Ok(true);
            };
            for event in events {
                self.keep(rows, event)?;
            }
        }
        Ok(false)
    }

    fn keep(&mut self, rows: &mut Rows, event: wire::Event) -> Result<(), Stop> {
        let (Some(id), Some(at), Some(action)) = (event.document_id.clone(), event.at(), event.action.clone()) else {
            rows.gap(TABLE, Cause::new(GapKind::Truncated, "an event came without its id, time or action"));
            self.broken = true;
            return Ok(());
        };
        if !self.seen.insert(id.raw().to_owned()) {
            return Ok(());
        }
        if matches!(
            action.raw().split_once('.'),
            Some((_, "register_self_hosted_runner" | "configure_self_hosted_jit_runner"))
        ) {
            self.registered.insert((at, if action.raw().starts_with("repo.") { "repo" } else { "org" }));
        }
        let today = event.first(&["repo_id", "repository_id"]).and_then(|id| self.names.get(id.raw()).copied());
        let row = row(self.place, today, id, at, action, event);
        if lacks(&row) {
            rows.gap(TABLE, Cause::new(GapKind::Truncated, "an event does not say what it is about"));
        }
        if let Some(repository) = &row.repository {
            self.events.actions.insert((repository.raw().to_owned(), row.action.raw().to_owned()));
        }
        Ok(rows.insert(&row)?)
    }
}

/// Whether events of this action are asked for whoever did them.
fn is_asked(action: &str) -> bool {
    let of_runners = ["register_self_hosted_runner", "configure_self_hosted_jit_runner", "self_hosted_runner_online"];
    DEEDS.contains(&action) || action.split_once('.').is_some_and(|(_, what)| of_runners.contains(&what))
}

/// Whether the account did it, or it was done to the account.
fn caused(event: &wire::Event, account: &Known) -> bool {
    let logins = || account.login.iter().chain(&account.aliases);
    let is = |name: &Option<Untrusted>, id: &Option<Untrusted>| {
        let by_name = name.as_ref().is_some_and(|name| logins().any(|login| is_same(login, name.raw())));
        by_name || id.as_ref().is_some_and(|id| account.number.is_some_and(|number| number.to_string() == id.raw()))
    };
    is(&event.actor, &event.actor_id) || is(&event.user, &event.user_id)
}

/// Whether an event says that something was done and not to what: it may be any that a check asks about.
fn lacks(event: &Event) -> bool {
    let action = event.action.raw();
    match action.rsplit_once('.').map_or(action, |(_, deed)| deed) {
        deed if deed.ends_with("_secret") || deed.ends_with("_variable") => {
            (deed.starts_with("create_") || deed.starts_with("update_")) && event.name.is_none()
        }
        "self_hosted_runner_online" => event.thing_id.is_none(),
        "config_changed" | "active_changed" | "events_changed" => event.thing_id.is_none(),
        "create" if action.starts_with("hook.") => event.thing_id.is_none(),
        _ => false,
    }
}

fn row(
    place: &Place<'_>,
    today: Option<&str>,
    id: Untrusted,
    at: Timestamp,
    action: Untrusted,
    event: wire::Event,
) -> Event {
    // The key of a public key is the key itself; of a secret or variable, its name.
    let names: &[&str] = match action.raw().starts_with("public_key.") {
        true => &["title", "fingerprint"],
        false => {
            &["key", "runner_name", "name", "integration", "oauth_application_name", "team", "workflow_name", "title"]
        }
    };
    const THINGS: [&str; 6] = [
        "hook_id",
        "runner_id",
        "user_programmatic_access_id",
        "oauth_application_id",
        "workflow_run_id",
        "managed_token_id",
    ];
    let old_permission = event.first(&["old_permission"]);
    let name = event.first(names).or_else(|| event.user_programmatic_access_name.clone());
    let repository = today.or_else(|| event.repo.as_ref()?.raw().rsplit('/').next()).map(Untrusted::from);
    Event {
        id,
        organization: place.organization(),
        repository: repository.filter(|name| !name.raw().is_empty()),
        environment: event.environment_name.clone(),
        action,
        at,
        name,
        thing_id: event.first(&THINGS),
        actor: event.actor,
        actor_id: event.actor_id,
        actor_is_bot: event.actor_is_bot,
        account: event.user,
        account_id: event.user_id,
        product: event.integration.map(|product| product.raw().to_lowercase().into()),
        permission: event.permission,
        old_permission,
        token_id: event.token_id,
        token_name: event.user_programmatic_access_name,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(fields: serde_json::Value) -> wire::Event {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn an_event_may_lack_everything_and_hold_anything() {
        assert!(event(json!({})).at().is_none());
        let odd = event(json!({
            "@timestamp": 1_606_929_874_512_i64, "actor_id": 7, "user_id": "8", "repo": "contoso/web", "repository": "contoso/web",
            "hook_id": 4, "events": ["push"], "key": "DEPLOY", "name": "",
        }));
        assert_eq!(odd.at().unwrap().as_second(), 1_606_929_874);
        assert_eq!(odd.first(&["name", "key"]).unwrap().raw(), "DEPLOY");
        assert_eq!(odd.first(&["hook_id"]).unwrap().raw(), "4");
        assert_eq!((odd.actor_id.unwrap().raw(), odd.user_id.unwrap().raw()), ("7", "8"));
    }
}
