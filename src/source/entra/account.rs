//! The account itself: names, state, last day, sign-ins, authentication methods, devices.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::wire::{Method, Object, SignIn, User};
use super::{Question, deleted, each, of};
use crate::api::Ask;
use crate::evidence::row::{Account, AuthenticationMethod, Device, Identity, LastDay, Person, SignInActivity};
use crate::evidence::{Error, row};
use crate::model::{Cause, GapKind, stamp};
use crate::person::{Dossier, no_last_day};
use crate::source::Collector;
use crate::source::logs::live::longer::{Copied, Kept, Wanted};
use crate::text::{Untrusted, is_same};

/// How long Entra keeps sign-ins and audit events, with a P1 or P2 licence.
///
/// <https://learn.microsoft.com/entra/identity/monitoring-health/reference-reports-data-retention>
pub(super) const RETENTION_DAYS: i64 = 30;

/// What is known since the person was found. It asks nothing, so a run that ends early has somebody to judge.
pub(super) async fn known(entra: &Collector, person: &Dossier) -> Result<(), Error> {
    names(entra, person).await?;
    state(entra, person).await?;
    last_day(entra, person).await
}

pub(super) async fn collect(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    activity(entra, question, person).await?;
    sign_ins(entra, question, person).await?;
    methods(entra, question, person).await?;
    devices(entra, question, person).await
}

async fn names(entra: &Collector, person: &Dossier) -> Result<(), Error> {
    let fill = async |_: &_, rows: &mut crate::evidence::Rows| {
        let user = &person.user;
        rows.insert(&Person {
            id: person.id.clone(),
            object_id: person.object_id.clone(),
            upn: person.upn(),
            name: user.display_name.clone(),
            mail: user.mail.clone(),
            employee_id: user.employee_id.clone(),
            asked: Some(person.asked.as_str().into()),
        })?;
        for identity in identities(person) {
            rows.insert(&identity)?;
        }
        Ok(())
    };
    entra.dataset(&["person", "identity"], &of(person, "", "person"), fill).await?;
    Ok(())
}

fn identities(person: &Dossier) -> Vec<Identity> {
    let user = &person.user;
    let known = |kind: &str, name: Option<Untrusted>, source: &str, grade: &str| Identity {
        person: person.id.clone(),
        kind: kind.to_owned(),
        id: None,
        name,
        source: Some(source.to_owned()),
        grade: Some(grade.to_owned()),
    };
    let mut all =
        vec![Identity { id: Some(person.object_id.as_str().into()), ..known("entra", person.upn(), "graph", "A") }];
    all.extend(person.upn().map(|upn| known("upn", Some(upn), "graph", "A")));
    for mail in mails(user) {
        all.push(known("mail", Some(mail), "graph", "A"));
    }
    for alias in &person.hints.aliases {
        all.push(known("mail", Some(alias.as_str().into()), "configuration", "D"));
    }
    all
}

/// Every mail address once, in any spelling of its case.
fn mails(user: &User) -> Vec<Untrusted> {
    let proxies = user.proxy_addresses.iter().flatten().filter_map(|proxy| {
        let (scheme, mail) = proxy.raw().split_once(':')?;
        scheme.eq_ignore_ascii_case("smtp").then(|| Untrusted::from(mail))
    });
    let mut all: Vec<Untrusted> = Vec::new();
    for mail in user.mail.iter().cloned().chain(user.other_mails.iter().flatten().cloned()).chain(proxies) {
        if !all.iter().any(|have| is_same(have.raw(), mail.raw())) {
            all.push(mail);
        }
    }
    all
}

async fn state(entra: &Collector, person: &Dossier) -> Result<(), Error> {
    let user = &person.user;
    entra
        .dataset(&["account"], &of(person, "", "account"), async |_, rows| {
            rows.insert(&Account {
                id: person.object_id.clone(),
                person: person.id.clone(),
                enabled: user.account_enabled,
                created_at: user.created_date_time,
                deleted_at: if person.deleted { user.deleted_date_time } else { None },
                sessions_valid_from_at: user.sign_in_sessions_valid_from_date_time,
                kind: user.user_type.clone(),
                guest_state: user.external_user_state.clone(),
                synced: user.on_premises_sync_enabled,
            })?;
            for cause in &person.open {
                rows.gap("account", cause.clone());
            }
            Ok(())
        })
        .await
        .map(drop)
}

async fn last_day(entra: &Collector, person: &Dossier) -> Result<(), Error> {
    entra
        .dataset(&["last_day"], &of(person, "", "last_day"), async |_, rows| {
            let Some(day) = &person.last_day else { return Err(no_last_day().into()) };
            rows.insert(&LastDay {
                person: person.id.clone(),
                date: day.date.to_string(),
                ends_at: day.ends_at,
                source: day.source.to_owned(),
            })?;
            Ok(())
        })
        .await
        .map(drop)
}

async fn activity(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    entra
        .dataset(&["sign_in_activity"], &of(person, "", "sign_in_activity"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            let user: User = api.get(&question.routes.sign_in_activity(&person.object_id)).await?.json()?;
            let Some(seen) = user.sign_in_activity else {
                return Err(
                    Cause::new(GapKind::NotExposed, "signInActivity is absent: never signed in, or not kept").into()
                );
            };
            rows.insert(&SignInActivity {
                person: person.id.clone(),
                last_sign_in_at: seen.last_sign_in_date_time,
                last_noninteractive_at: seen.last_non_interactive_sign_in_date_time,
                last_success_at: seen.last_successful_sign_in_date_time,
            })?;
            Ok(())
        })
        .await
        .map(drop)
}

/// Sign-ins since the last day, or of the last 30 days while that is not over or not known.
async fn sign_ins(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let kept = days_before(question.now, RETENTION_DAYS);
    let over = person.last_day.as_ref().map(|day| day.ends_at).filter(|ends| *ends <= question.now);
    let from = over.unwrap_or(kept);
    let lists: [(&str, Copied, Ask); 2] = [
        ("interactive", Copied::SignIns, question.routes.sign_ins(&person.object_id, from)),
        ("non-interactive", Copied::SilentSignIns, question.routes.silent_sign_ins(&person.object_id, from)),
    ];
    for (kind, copied, ask) in lists {
        let scope = of(person, &format!("{kind} sign-ins"), "sign_in");
        entra
            .dataset(&["sign_in"], &scope, async |api, rows| {
                let mut seen = BTreeSet::new();
                if from < kept {
                    let wanted = Wanted { copied, whose: &person.object_id, from, until: overlapping(kept) };
                    let found = question.longer.read::<SignIn>(wanted, rows).await?;
                    if let Some(cause) = unkept(from, kept, &found) {
                        rows.gap("sign_in", cause);
                    }
                    for sign_in in found.rows.into_iter().filter(|one| seen.insert(one.id.raw().to_owned())) {
                        rows.insert(&sign_in_row(person, kind, sign_in))?;
                    }
                }
                each(api, ask, |sign_in: SignIn| match seen.insert(sign_in.id.raw().to_owned()) {
                    true => Ok(rows.insert(&sign_in_row(person, kind, sign_in))?),
                    false => Ok(()),
                })
                .await
            })
            .await?;
    }
    Ok(())
}

/// A day more than Entra may have forgotten: it does not forget on the second.
pub(super) fn overlapping(kept: Timestamp) -> Timestamp {
    kept.checked_add(24.hours()).unwrap_or(kept)
}

/// What neither Entra knows, from `kept` on, nor a workspace.
fn unkept<T>(from: Timestamp, kept: Timestamp, found: &Kept<T>) -> Option<Cause> {
    (found.from > from).then(|| beside(too_old(kept.min(found.from)), found.why.as_ref()))
}

/// The same, with what stands in the way of the workspace.
pub(super) fn beside(cause: Cause, why: Option<&Cause>) -> Cause {
    let Some(why) = why.and_then(|why| why.detail.as_ref()) else { return cause };
    let detail = cause.detail.as_ref().map_or("", |detail| detail.raw());
    Cause { detail: Some(format!("{detail}; in the workspace: {}", why.raw()).into()), ..cause }
}

fn sign_in_row(person: &Dossier, kind: &str, sign_in: SignIn) -> row::SignIn {
    row::SignIn {
        id: sign_in.id,
        person: person.id.clone(),
        at: sign_in.created_date_time,
        kind: kind.to_owned(),
        app_id: sign_in.app_id,
        app_name: sign_in.app_display_name,
        resource: sign_in.resource_display_name,
        success: sign_in.status.and_then(|status| status.error_code).map(|code| code == 0),
    }
}

/// What happened before `kept` is gone from Entra itself.
pub(super) fn too_old(kept: Timestamp) -> Cause {
    Cause::new(
        GapKind::Retention,
        format!("Entra keeps {RETENTION_DAYS} days: nothing before {} can be seen", stamp(kept)),
    )
    .needing("send the Entra AuditLogs and SignInLogs to a Log Analytics workspace")
}

/// `days` whole days before `now`.
pub(super) fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub((days * 24).hours()).unwrap_or(Timestamp::MIN)
}

async fn methods(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    entra
        .dataset(&["authentication_method"], &of(person, "", "authentication_method"), async |api, rows| {
            if person.deleted {
                return Err(deleted());
            }
            each(api, question.routes.authentication_methods(&person.object_id), |method: Method| {
                let kind = method.odata_type.as_ref().map_or("unknown", Untrusted::raw);
                let kind = kind.rsplit('.').next().unwrap_or(kind).trim_end_matches("AuthenticationMethod").to_owned();
                let (id, name, created_at) = (method.id, method.display_name, method.created_date_time);
                Ok(rows.insert(&AuthenticationMethod { id, person: person.id.clone(), kind, name, created_at })?)
            })
            .await
        })
        .await
        .map(drop)
}

async fn devices(entra: &Collector, question: &Question<'_>, person: &Dossier) -> Result<(), Error> {
    let lists = [
        ("registered", question.routes.registered_devices(&person.object_id)),
        ("owned", question.routes.owned_devices(&person.object_id)),
    ];
    for (relation, ask) in lists {
        entra
            .dataset(&["device"], &of(person, &format!("{relation} devices"), "device"), async |api, rows| {
                if person.deleted {
                    return Err(deleted());
                }
                each(api, ask, |device: Object| {
                    let Some(id) = device.id else { return Err(super::limited("a device").into()) };
                    Ok(rows.insert(&Device {
                        id,
                        person: person.id.clone(),
                        name: device.display_name,
                        relation: relation.to_owned(),
                        enabled: device.account_enabled,
                        seen_at: device.approximate_last_sign_in_date_time,
                    })?)
                })
                .await
            })
            .await?;
    }
    Ok(())
}
