//! Who changed the federated credentials of managed identities: Entra's audit log does not say, Azure's activity log does.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use jiff::{Timestamp, ToSpan};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::wire::Activity;
use super::{AT_ONCE, list, of, path, scope};
use crate::evidence::row::FederatedEvent;
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind, stamp};
use crate::person::Dossier;
use crate::source::Collector;
use crate::source::logs::live::longer::{Copied, Kept, LONGEST_DAYS, Longer, Wanted};
use crate::text::{Untrusted, guid, is_same};

const TABLE: &str = "federated_event";

/// Azure keeps 90 days and refuses a question that begins earlier; a day less, so that the clocks may differ.
///
/// <https://learn.microsoft.com/azure/azure-monitor/platform/activity-log>
const KEPT_DAYS: i64 = 89;

const CREDENTIAL: &str = "/federatedidentitycredentials/";

/// Reads the events of all subscriptions and keeps those that one of `people` caused.
pub(super) async fn collect(
    azure: &Collector,
    subscriptions: &BTreeSet<String>,
    people: &[Dossier],
    longer: &Longer<'_>,
    now: Timestamp,
) -> Result<(), Error> {
    let from = now.checked_sub((KEPT_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    azure
        .dataset(&[TABLE], &scope("activity log of managed identities"), async |api, rows| {
            let one = async |subscription: &String| {
                (subscription.clone(), list::<Activity>(api, &route(subscription, from, now)).await)
            };
            let answers: Vec<_> = stream::iter(subscriptions).map(one).buffered(AT_ONCE).collect().await;
            for (subscription, (events, ended)) in answers {
                if let Err(error) = ended {
                    rows.gap(TABLE, of(&format!("subscription {subscription}"), &error));
                }
                let mut seen = BTreeSet::new();
                for event in events.iter().filter(|event| seen.insert(event.event_data_id.raw().to_owned())) {
                    keep(rows, event, people)?;
                }
                // Nobody changes anything before their account exists.
                if !people.iter().all(|person| person.is_newer_than(from)) {
                    let known = older(longer, &subscription, people, (from, now), rows).await?;
                    for event in known.rows.iter().filter(|event| seen.insert(event.event_data_id.raw().to_owned())) {
                        keep(rows, event, people)?;
                    }
                    if !people.iter().all(|person| person.is_newer_than(known.from)) {
                        rows.gap(TABLE, too_old(&subscription, known.from.min(from), known.why.as_ref()));
                    }
                }
            }
            Ok(())
        })
        .await
        .map(drop)
}

/// What a workspace holds of the time before `from`.
async fn older(
    longer: &Longer<'_>,
    subscription: &str,
    people: &[Dossier],
    (from, now): (Timestamp, Timestamp),
    rows: &mut Rows,
) -> Result<Kept<Activity>, Stop> {
    let longest = now.checked_sub((LONGEST_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
    let created = people.iter().map(|person| person.user.created_date_time.unwrap_or(longest));
    let wanted = Wanted {
        copied: Copied::Activity,
        whose: subscription,
        from: created.min().map_or(longest, |created| created.max(longest)),
        until: from.checked_add(24.hours()).unwrap_or(from),
    };
    longer.read(wanted, rows).await
}

fn route(subscription: &str, from: Timestamp, to: Timestamp) -> String {
    let filter = format!(
        "eventTimestamp ge '{}' and eventTimestamp le '{}' and resourceProvider eq 'Microsoft.ManagedIdentity'",
        stamp(from),
        stamp(to)
    );
    let filter = utf8_percent_encode(&filter, NON_ALPHANUMERIC);
    let values = "providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01";
    format!("/subscriptions/{}/{values}&$filter={filter}", path(subscription))
}

fn too_old(subscription: &str, from: Timestamp, why: Option<&Cause>) -> Cause {
    let why = why
        .and_then(|why| why.detail.as_ref())
        .map_or(String::new(), |why| format!("; in the workspace: {}", why.raw()));
    let detail =
        format!("Azure keeps 90 days: of subscription {subscription} nothing before {} can be seen{why}", stamp(from));
    Cause::new(GapKind::Retention, detail).needing("send the Azure activity logs to a Log Analytics workspace")
}

fn keep(rows: &mut Rows, event: &Activity, people: &[Dossier]) -> Result<(), Error> {
    if let Some(what) = lacks(event) {
        // It may be any change of anybody.
        rows.gap(TABLE, Cause::new(GapKind::Truncated, format!("an event came without its {what}")));
    }
    let Some((identity, name)) = event.resource().and_then(credential) else { return Ok(()) };
    let Some(change) = change(event) else { return Ok(()) };
    if is_of_nobody(event) {
        rows.gap(TABLE, unnamed(&identity));
    }
    for person in people.iter().filter(|person| caused(event, person)) {
        rows.insert(&FederatedEvent {
            event: event.event_data_id.clone(),
            person: person.id.clone(),
            at: event.event_timestamp,
            actor: event.object_id().map(Untrusted::from),
            actor_name: event.caller.clone(),
            object: identity.as_str().into(),
            name: Some(name.as_str().into()),
            subject: None,
            change: change.to_owned(),
        })?;
    }
    Ok(())
}

/// What tells whether an event is one of those that are looked for.
fn lacks(event: &Activity) -> Option<&'static str> {
    let absent = |text: Option<&Untrusted>| text.is_none_or(|text| text.raw().is_empty());
    match () {
        () if event.resource().is_none_or(str::is_empty) => Some("resource"),
        () if absent(event.operation_name.value.as_ref()) => Some("operation"),
        () if event.object_id().is_none() && absent(event.caller.as_ref()) => Some("caller"),
        () => None,
    }
}

/// The identity, lower case as everywhere, and the name of its credential.
fn credential(resource: &str) -> Option<(String, String)> {
    let lower = resource.to_ascii_lowercase();
    let at = lower.find(CREDENTIAL)?;
    let name = resource.get(at + CREDENTIAL.len()..)?;
    (!name.is_empty() && !name.contains('/')).then(|| (lower[..at].to_owned(), name.to_owned()))
}

/// Only what succeeded, or what nobody says failed: to leave an event out could hide a credential.
fn change(event: &Activity) -> Option<&'static str> {
    let failed = event
        .status
        .as_ref()
        .and_then(|status| status.value.as_ref())
        .is_some_and(|status| ["Failed", "Started"].iter().any(|word| status.raw().eq_ignore_ascii_case(word)));
    let operation = event.operation_name.value.as_ref()?.raw().to_ascii_lowercase();
    match operation.rsplit('/').next() {
        _ if failed => None,
        Some("write") => Some("added"),
        Some("delete") => Some("removed"),
        _ => None,
    }
}

/// By the object id where there is one; a name may have been somebody else's.
fn caused(event: &Activity, person: &Dossier) -> bool {
    match (event.object_id(), &event.caller) {
        (Some(id), _) => id == person.object_id,
        (None, Some(caller)) => {
            guid(caller.raw()).as_deref() == Some(&person.object_id)
                || person.names().any(|name| is_same(name, caller.raw()))
        }
        (None, None) => false,
    }
}

/// Whether it does not say who caused it, so that nobody is cleared of it: an address alone may be an old one of anybody.
fn is_of_nobody(event: &Activity) -> bool {
    let names = |caller: &Untrusted| guid(caller.raw()).is_some();
    event.object_id().is_none() && !event.caller.as_ref().is_some_and(names)
}

fn unnamed(identity: &str) -> Cause {
    Cause::new(GapKind::Truncated, format!("an event does not say who changed a credential of {identity}"))
        .needing("ask the owner of the identity; the activity log shows the change without its caller")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_told_from_its_identity_whatever_the_case() {
        let id = "/subscriptions/S/resourcegroups/Rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Id";
        let of = |rest: &str| credential(&format!("{id}{rest}"));
        assert_eq!(of("/federatedIdentityCredentials/Deploy"), Some((id.to_ascii_lowercase(), "Deploy".into())));
        assert_eq!(of("/federatedIdentityCredentials/"), None);
        assert_eq!(of(""), None);
    }

    #[test]
    fn only_what_did_not_fail_counts() {
        let event = |operation: &str, status: &str| -> Activity {
            serde_json::from_value(serde_json::json!({
                "eventDataId": "e", "eventTimestamp": "2026-05-01T00:00:00Z",
                "operationName": { "value": operation }, "status": { "value": status },
            }))
            .unwrap()
        };
        let write = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write";
        assert_eq!(change(&event(write, "Succeeded")), Some("added"));
        assert_eq!(change(&event(write, "Accepted")), Some("added"));
        assert_eq!(change(&event(write, "Failed")), None);
        assert_eq!(change(&event(&write.replace("write", "DELETE"), "Succeeded")), Some("removed"));
        assert_eq!(change(&event(&write.replace("write", "read"), "Succeeded")), None);
    }
}
