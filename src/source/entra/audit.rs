//! Directory audit events that the person caused: what they changed, which credentials they added, what they consented to.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

use super::account::{beside, days_before, overlapping, too_old};
use super::wire::{Audit, Target};
use super::{Question, each, limited, of, ownership, trust_event};
use crate::evidence::row::{ConsentEvent, CredentialEvent, DirectoryEvent};
use crate::evidence::{Error, Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::person::Dossier;
use crate::source::Collector;
use crate::source::logs::live::longer::{Copied, LONGEST_DAYS, Wanted};
use crate::text::Untrusted;

const TABLES: [&str; 4] = ["directory_event", "credential_event", "federated_event", "consent_event"];

/// An application or service principal whose credentials the person changed: object id, and the type in the event.
pub(super) type Changed = BTreeSet<(String, String)>;

/// Reads the events, and says which objects got or lost a credential in them.
pub(super) async fn collect(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<Changed, Error> {
    let (from, kept) =
        (days_before(question.now, question.days), days_before(question.now, super::account::RETENTION_DAYS));
    let mut changed = Changed::new();
    entra
        .dataset(&TABLES, &of(person, "audit events", "directory_event"), async |api, rows| {
            let (mut oldest, mut seen) = (question.now, BTreeSet::new());
            let read = each(api, question.routes.directory_audits(&person.object_id, from), |audit: Audit| {
                oldest = oldest.min(audit.activity_date_time);
                seen.insert(audit.id.raw().to_owned());
                event(rows, person, &audit, &mut changed)
            });
            read.await?;
            // An event from the first asked day proves that the service keeps as much as was asked for.
            let short = from < kept && oldest > days_before(question.now, question.days - 1);
            let mut known = Known { from: if short { kept.min(oldest) } else { from }, why: None };
            // A secret or a consent may be older than any window that is asked for, but not than their account.
            if !person.is_newer_than(known.from) {
                known = older(question, person, known.from, rows, |rows, audit| {
                    match seen.insert(audit.id.raw().to_owned()) {
                        true => event(rows, person, audit, &mut changed),
                        false => Ok(()),
                    }
                })
                .await?;
            }
            for table in TABLES {
                if !person.is_newer_than(known.from) && (known.from > from || table != "directory_event") {
                    rows.gap(table, beside(too_old(known.from), known.why.as_ref()));
                }
            }
            Ok(())
        })
        .await?;
    Ok(changed)
}

/// Since when everything is known.
struct Known {
    from: Timestamp,
    why: Option<Cause>,
}

/// What a workspace holds of the time before `from`.
async fn older(
    question: &Question<'_>,
    person: &Dossier,
    from: Timestamp,
    rows: &mut Rows,
    mut keep: impl FnMut(&mut Rows, &Audit) -> Result<(), Stop>,
) -> Result<Known, Stop> {
    let longest = days_before(question.now, LONGEST_DAYS);
    let wanted = Wanted {
        copied: Copied::Audits,
        whose: &person.object_id,
        from: person.user.created_date_time.map_or(longest, |created| created.max(longest)),
        until: overlapping(from),
    };
    let found = question.longer.read::<Audit>(wanted, rows).await?;
    found.rows.iter().try_for_each(|audit| keep(rows, audit))?;
    Ok(Known { from: from.min(found.from), why: found.why })
}

fn event(rows: &mut Rows, person: &Dossier, audit: &Audit, changed: &mut Changed) -> Result<(), Stop> {
    let activity = normalised(audit.activity_display_name.raw());
    let actor = audit.initiated_by.as_ref().and_then(|by| by.user.as_ref());
    let (actor, actor_name) = actor.map_or((None, None), |user| (user.id.clone(), user.user_principal_name.clone()));
    if audit.target_resources.is_none() {
        TABLES.iter().for_each(|table| rows.gap(table, limited("the target of an event")));
    }
    for target in audit.target_resources.as_deref().unwrap_or_default() {
        let by = By { person, audit, actor: &actor, actor_name: &actor_name };
        rows.insert(&DirectoryEvent {
            id: audit.id.clone(),
            person: person.id.clone(),
            at: audit.activity_date_time,
            activity: activity.as_str().into(),
            actor: actor.clone(),
            actor_name: actor_name.clone(),
            result: audit.result.clone(),
            target: target.id.clone(),
            target_kind: target.kind.clone(),
            target_name: target.display_name.clone(),
        })?;
        if succeeded(audit) {
            untold(rows, target);
            credentials(rows, &by, target, changed)?;
            consents(rows, &by, &activity, target)?;
            trust_event::keep(rows, &by, target)?;
        }
    }
    Ok(())
}

/// What an application or a service principal got or lost is told by the names of its properties. Where they are missing, it
/// may have been a credential.
fn untold(rows: &mut Rows, target: &Target) {
    let is = |text: &Option<Untrusted>| text.as_ref().is_some_and(|text| !text.raw().trim().is_empty());
    let kind = target.kind.as_ref().map_or("", Untrusted::raw);
    let may_have = kind.is_empty() || ownership::is_known(kind);
    let properties = target.modified_properties.as_deref();
    let has_all = properties.is_some_and(|all| all.iter().all(|one| is(&one.display_name)));
    // A target of no type counts only where something about it is said.
    let says = !kind.is_empty() || properties.is_some_and(|all| !all.is_empty());
    if may_have && says && (!has_all || !is(&target.id) || kind.is_empty()) {
        for table in ["credential_event", "federated_event", "consent_event"] {
            rows.gap(table, limited("what an event changed"));
        }
    }
}

/// Whose event it is.
pub(super) struct By<'a> {
    pub(super) person: &'a Dossier,
    pub(super) audit: &'a Audit,
    pub(super) actor: &'a Option<Untrusted>,
    pub(super) actor_name: &'a Option<Untrusted>,
}

/// An event without a result is taken as done: to leave it out could hide a credential.
fn succeeded(audit: &Audit) -> bool {
    audit.result.as_ref().is_none_or(|result| !result.raw().eq_ignore_ascii_case("failure"))
}

fn credentials(rows: &mut Rows, by: &By<'_>, target: &Target, changed: &mut Changed) -> Result<(), Stop> {
    for property in target.modified_properties.iter().flatten().filter(|property| property.is("KeyDescription")) {
        let (Some(before), Some(after), Some(object)) =
            (keys(property.old_value.as_ref()), keys(property.new_value.as_ref()), target.id.as_ref())
        else {
            rows.gap("credential_event", Cause::new(GapKind::Failed, "an event's KeyDescription was not understood"));
            continue;
        };
        let kind = target.kind.as_ref().map_or("", Untrusted::raw).to_ascii_lowercase();
        changed.insert((object.raw().to_owned(), kind));
        for (keys, other, change) in [(&after, &before, "added"), (&before, &after, "removed")] {
            for key in keys.iter().filter(|key| !other.iter().any(|have| have.id == key.id)) {
                rows.insert(&CredentialEvent {
                    event: by.audit.id.clone(),
                    person: by.person.id.clone(),
                    at: by.audit.activity_date_time,
                    actor: by.actor.clone(),
                    actor_name: by.actor_name.clone(),
                    object: object.clone(),
                    key_id: key.id.as_str().into(),
                    name: key.name.clone(),
                    change: change.to_owned(),
                })?;
            }
        }
    }
    Ok(())
}

fn consents(rows: &mut Rows, by: &By<'_>, activity: &str, target: &Target) -> Result<(), Stop> {
    if !matches!(activity, "consent to application" | "add delegated permission grant") {
        return Ok(());
    }
    let value = |name: &str| {
        let property = target.modified_properties.iter().flatten().find(|property| property.is(name))?;
        decoded(property.new_value.as_ref()?).into_iter().next()
    };
    let admin = value("ConsentContext.IsAdminConsent").map(|text| text.eq_ignore_ascii_case("true")).or_else(|| {
        value("DelegatedPermissionGrant.ConsentType").map(|text| text.eq_ignore_ascii_case("AllPrincipals"))
    });
    // A consent is about the client; a grant event is about the resource and names the client in a property.
    let (client, client_name) = match activity {
        "consent to application" => (target.id.clone(), target.display_name.clone()),
        _ => (value("ServicePrincipal.ObjectID").map(Untrusted::from), None),
    };
    rows.insert(&ConsentEvent {
        event: by.audit.id.clone(),
        person: by.person.id.clone(),
        at: by.audit.activity_date_time,
        actor: by.actor.clone(),
        client,
        client_name,
        admin,
    })?;
    Ok(())
}

/// Entra writes an en dash and a trailing space where its own reference prints a hyphen.
///
/// <https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities>
pub(super) fn normalised(activity: &str) -> String {
    let plain = |c: char| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c };
    let text: String = activity.chars().map(plain).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[derive(Debug, PartialEq, Eq)]
struct Key {
    id: String,
    name: Option<Untrusted>,
}

/// `[KeyIdentifier=<guid>,KeyType=…,KeyUsage=…,DisplayName=…]`, several in a JSON list in a JSON string.
/// `None`: not understood. An absent or empty value is an empty list, as before the first credential.
fn keys(value: Option<&Untrusted>) -> Option<Vec<Key>> {
    let Some(value) = value.filter(|value| !value.raw().trim().is_empty()) else { return Some(Vec::new()) };
    serde_json::from_str::<Value>(value.raw()).ok()?;
    decoded(value).iter().map(|text| key(text)).collect()
}

fn key(text: &str) -> Option<Key> {
    let inner = text.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (fields, name) = match inner.split_once("DisplayName=") {
        Some((fields, name)) => (fields, Some(Untrusted::from(name)).filter(|name| !name.raw().is_empty())),
        None => (inner, None),
    };
    let id = fields.split(',').find_map(|field| field.trim().strip_prefix("KeyIdentifier="))?;
    Some(Key { id: id.trim().to_ascii_lowercase(), name })
}

/// The texts inside a value that is JSON within a JSON string, however often it was wrapped.
fn decoded(value: &Untrusted) -> Vec<String> {
    match serde_json::from_str::<Value>(value.raw()) {
        Ok(value) => leaves(value),
        Err(_) => vec![value.raw().to_owned()],
    }
}

fn leaves(value: Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.into_iter().flat_map(leaves).collect(),
        Value::String(text) => match serde_json::from_str::<Value>(&text) {
            Ok(inner @ (Value::Array(_) | Value::String(_))) => leaves(inner),
            _ => vec![text],
        },
        Value::Null => Vec::new(),
        other => vec![other.to_string()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Option<Vec<String>> {
        keys(Some(&text.into())).map(|keys| keys.into_iter().map(|key| key.id).collect())
    }

    #[test]
    fn activity_names_lose_their_dashes_and_spaces() {
        let real = "Update application \u{2013} Certificates and secrets management ";
        assert_eq!(normalised(real), "update application - certificates and secrets management");
        assert_eq!(normalised("Consent  to\u{a0}application"), "consent to application");
    }

    #[test]
    fn key_descriptions_are_decoded_twice() {
        assert_eq!(ids("[]"), Some(vec![]));
        assert_eq!(keys(None), Some(vec![]));
        let one = r#"["[KeyIdentifier=AB-1,KeyType=Password,KeyUsage=Verify,DisplayName=a, b]"]"#;
        assert_eq!(ids(one), Some(vec!["ab-1".into()]));
        let wrapped = serde_json::to_string(one).unwrap();
        assert_eq!(ids(&wrapped), Some(vec!["ab-1".into()]));
        assert_eq!(keys(Some(&one.into())).unwrap()[0].name, Some("a, b".into()));
    }

    #[test]
    fn what_is_not_understood_is_not_an_empty_list() {
        assert_eq!(ids("KeyIdentifier=1"), None);
        assert_eq!(ids(r#"["something else"]"#), None);
    }
}
