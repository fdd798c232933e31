//! The audit log of an organisation: what the people did, and every agent that was registered. It is kept for ninety days,
//! and is empty where nobody switched it on.

use jiff::{Timestamp, ToSpan};

use super::people::People;
use super::place::{PREVIEW, Place, each, encoded};
use super::wire::{Event as Sent, Who};
use crate::api::ReadApi;
use crate::evidence::row::devops::Event;
use crate::evidence::{Error, Rows};
use crate::model::{Cause, GapKind, stamp};
use crate::text::Untrusted;

const TABLE: &str = "devops_event";
pub(super) const NEEDS: &str = "vso.auditlog (View audit log)";

/// How long the service keeps it.
///
/// <https://learn.microsoft.com/azure/devops/organizations/audit/azure-devops-auditing>
const KEPT_DAYS: i64 = 90;

/// Who registers an agent is told by nothing else.
const REGISTERED: &str = "Library.AgentAdded";

pub(super) async fn collect(place: &Place<'_>, people: &People) -> Result<(), Error> {
    let now = place.question.now;
    let from = now.checked_sub((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let scope = place.scope(&format!("audit log since {}", stamp(from)), NEEDS);
    let fill = async |api: &ReadApi, rows: &mut Rows| {
        let (from, until) = (encoded(&stamp(from)), encoded(&stamp(now)));
        let query = format!("startTime={from}&endTime={until}&batchSize=1000&skipAggregation=true&{PREVIEW}");
        let path = place.path(&format!("audit/auditlog?{query}"));
        let mut entries = 0;
        each(api, rows, &[TABLE], &path, "decoratedAuditLogEntries", |rows, sent: Sent| {
            entries += 1;
            match event(place, people, sent) {
                Some(event) if event.person.is_some() || event.action.raw() == REGISTERED => rows.insert(&event)?,
                Some(_) => {}
                None => rows.gap(TABLE, Cause::new(GapKind::Truncated, "an event came without its time or action")),
            }
            Ok(())
        })
        .await?;
        if entries == 0 {
            let what = format!("the audit log has no entry in {KEPT_DAYS} days: it may be switched off");
            let needs = "switch on \"Log Audit Events\" under Organization settings, Policies";
            rows.gap(TABLE, Cause::new(GapKind::NotExposed, what).needing(needs));
        }
        Ok(())
    };
    place.hosts.audit.dataset(&[TABLE], &scope, fill).await.map(drop)
}

fn event(place: &Place<'_>, people: &People, sent: Sent) -> Option<Event> {
    let who = Who {
        id: sent.actor_user_id.clone(),
        unique_name: sent.actor_upn.clone(),
        display_name: sent.actor_display_name.clone(),
        ..Who::default()
    };
    let whose = people.whose(Some(&who), "C");
    let (agent_name, pool) = registered(&sent);
    Some(Event {
        at: sent.timestamp?,
        action: sent.action_id.filter(|action| !action.raw().is_empty())?,
        id: sent.id,
        organization: place.organization(),
        person: whose.person,
        grade: whose.grade,
        actor: whose.actor,
        actor_name: whose.actor_name,
        project: sent.project_id,
        agent_name,
        pool,
    })
}

/// Agent and pool: from the data of the event, or where those are empty from its own words.
fn registered(sent: &Sent) -> (Option<Untrusted>, Option<Untrusted>) {
    let said = |name: &str| sent.said(name).map(Untrusted::from);
    let (agent, pool) = (said("AgentName"), said("AgentPoolName").or_else(|| said("PoolName")));
    if agent.is_some() || sent.action_id.as_ref().is_none_or(|action| action.raw() != REGISTERED) {
        return (agent, pool);
    }
    let words = sent.details.as_ref().map_or("", Untrusted::raw);
    let told = words.trim_end_matches('.').strip_prefix("Added agent ").and_then(|rest| rest.rsplit_once(" to pool "));
    told.map_or((None, pool), |(agent, pool)| (Some(agent.into()), Some(pool.into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(row: serde_json::Value) -> Sent {
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn a_registration_names_the_agent_in_its_data_or_in_its_words() {
        let text = |pair: (Option<Untrusted>, Option<Untrusted>)| {
            (pair.0.map(|text| text.raw().to_owned()), pair.1.map(|text| text.raw().to_owned()))
        };
        let both = (Some("vm 1".to_owned()), Some("linux".to_owned()));
        let data = sent(
            serde_json::json!({ "id": "e", "actionId": REGISTERED, "data": { "agentName": "vm 1", "AgentPoolName": "linux" } }),
        );
        assert_eq!(text(registered(&data)), both);
        let words = sent(
            serde_json::json!({ "id": "e", "actionId": REGISTERED, "data": {}, "details": "Added agent vm 1 to pool linux." }),
        );
        assert_eq!(text(registered(&words)), both);
        let other =
            sent(serde_json::json!({ "id": "e", "actionId": "Git.Push", "details": "Added agent a to pool b." }));
        assert_eq!(text(registered(&other)), (None, None));
    }
}
