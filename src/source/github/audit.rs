//! The audit log of an organisation: what the people did, what was done to them, and the runners that came online when
//! they registered one. It is the only place where GitHub says who set a secret or made a hook.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, ToSpan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::organization::{ADMINISTRATION, unlicensed};
use super::place::{Place, ask, refused};
use super::{Depth, Organization, Question, wire};
use crate::api::{Paging, ReadApi};
use crate::evidence::row::github::Event;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::text::Untrusted;

const TABLE: &str = "github_event";

/// Without a date GitHub goes back three months only.
///
/// <https://docs.github.com/organizations/keeping-your-organization-secure/managing-security-settings-for-your-organization/reviewing-the-audit-log-for-your-organization>
const KEPT_DAYS: i64 = 180;

const LICENCE: &str = "GitHub Enterprise Cloud, which has an audit log for programs";

/// How long a runner may take from its registration until it first says that it is there.
const SOON: SignedDuration = SignedDuration::from_mins(15);

/// So many registrations are followed; nobody registers more runners by hand.
const REGISTRATIONS: usize = 20;

/// A quick run reads so many pages of one question.
const QUICK_PAGES: usize = 5;

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
    pages: usize,
    seen: BTreeSet<String>,
    events: Events,
    registered: BTreeSet<(Timestamp, &'static str)>,
}

pub(super) async fn collect(place: &Place<'_>, known: &Organization, question: &Question<'_>) -> Result<Events, Error> {
    let from = question.now.checked_sub((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let mut events = Events::default();
    let ended = place
        .github
        .dataset(&[TABLE], &place.scope("audit log", ADMINISTRATION), async |api, rows| {
            let pages = if question.depth == Depth::Quick { QUICK_PAGES } else { usize::MAX };
            let (seen, registered) = (BTreeSet::new(), BTreeSet::new());
            let mut reading = Reading { api, place, pages, seen, events: Events::default(), registered };
            let read = reading.everybody(rows, &question.logins(), from).await;
            events = reading.events;
            rows.gap(TABLE, too_old(from));
            unlicensed(known, read, LICENCE)
        })
        .await?;
    events.complete = ended.is_none() && question.depth == Depth::Full && !question.logins().is_empty();
    Ok(events)
}

fn too_old(from: Timestamp) -> Cause {
    Cause::new(GapKind::Retention, format!("GitHub keeps {KEPT_DAYS} days: nothing before {} can be seen", stamp(from)))
        .needing("stream the audit log of the enterprise to a place of your own")
}

impl Reading<'_> {
    async fn everybody(&mut self, rows: &mut Rows, logins: &BTreeSet<String>, from: Timestamp) -> Result<(), Stop> {
        for login in logins {
            for role in ["actor", "user"] {
                self.phrase(rows, &format!("{role}:{login} created:>={}", stamp(from))).await?;
            }
        }
        for (at, level) in std::mem::take(&mut self.registered).into_iter().take(REGISTRATIONS) {
            let until = at.checked_add(SOON).unwrap_or(at);
            let phrase = format!("action:{level}.self_hosted_runner_online created:{}..{}", stamp(at), stamp(until));
            self.phrase(rows, &phrase).await?;
        }
        Ok(())
    }

    async fn phrase(&mut self, rows: &mut Rows, phrase: &str) -> Result<(), Stop> {
        let phrase = utf8_percent_encode(phrase, NON_ALPHANUMERIC);
        let path = self.place.path(&format!("audit-log?phrase={phrase}&per_page=100"));
        let mut pages = self.api.pages(ask(&path), Paging::Cursor);
        for _ in 0..self.pages {
            let Some(events) = pages.next::<wire::Event>().await.map_err(|error| refused(&error))? else {
                return Ok(());
            };
            for event in events {
                self.keep(rows, event)?;
            }
        }
        rows.gap(TABLE, super::skipped());
        Ok(())
    }

    fn keep(&mut self, rows: &mut Rows, event: wire::Event) -> Result<(), Stop> {
        let (Some(id), Some(at), Some(action)) = (event.document_id.clone(), event.at(), event.action.clone()) else {
            rows.gap(TABLE, Cause::new(GapKind::Truncated, "an event came without its id, time or action"));
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
        let row = row(self.place, id, at, action, event);
        if let Some(repository) = &row.repository {
            self.events.actions.insert((repository.raw().to_owned(), row.action.raw().to_owned()));
        }
        Ok(rows.insert(&row)?)
    }
}

fn row(place: &Place<'_>, id: Untrusted, at: Timestamp, action: Untrusted, event: wire::Event) -> Event {
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
    let name = event.first(names).or_else(|| event.user_programmatic_access_name.clone());
    let repository = event.repo.as_ref().map(|repo| Untrusted::from(repo.raw().rsplit('/').next().unwrap_or_default()));
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
