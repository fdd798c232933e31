//! Whether a plan says what this program would have written: version, time, tenant, order, and each request computed again.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::compose::compose;
use super::{Change, Plan, change_id};
use crate::action::fill::{Target, target};
use crate::action::route::{Keep, Stage};

/// Why a plan is not applied.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is no plan.
    #[error("it is no plan of leaver")]
    Foreign,
    /// It is of a version that this one does not know.
    #[error("it was made by a newer version of leaver, {0}")]
    Newer(String),
    /// Its time is over.
    #[error("it expired at {0}")]
    Expired(String),
    /// It is not yet its time, or it claims to hold for longer than it may.
    #[error("its times do not fit: made at {0}, expires at {1}")]
    Times(String, String),
    /// It is of another tenant.
    #[error("it belongs to the tenant {0}")]
    Tenant(String),
    /// It is not what this program writes.
    #[error("it was changed: {0}")]
    Changed(String),
}

/// Reads a plan.
///
/// # Errors
/// When it is none, or of a newer version.
pub fn parse(bytes: &[u8]) -> Result<Plan, Fault> {
    let value: Value = serde_json::from_slice(bytes).map_err(|_| Fault::Foreign)?;
    let schema = value["schema"].as_str().unwrap_or_default();
    match schema.strip_prefix("leaver.plan/") {
        None => return Err(Fault::Foreign),
        Some("1") => {}
        Some(other) => return Err(Fault::Newer(printable(other))),
    }
    let version = value["tool"]["version"].as_str().unwrap_or_default();
    if newer(version, env!("CARGO_PKG_VERSION")) {
        return Err(Fault::Newer(printable(version)));
    }
    serde_json::from_slice(bytes).map_err(|error| Fault::Changed(format!("line {}", error.line())))
}

fn printable(text: &str) -> String {
    crate::text::visible(&crate::text::capped(text, 40))
}

fn newer(theirs: &str, ours: &str) -> bool {
    let numbers = |text: &str| -> Vec<u64> {
        text.split(['.', '-', '+']).take(3).map(|part| part.parse().unwrap_or(0)).collect()
    };
    numbers(theirs) > numbers(ours)
}

/// When in a plan a change has its turn.
pub(super) fn rank(action: &str, subject: &str) -> (Option<Stage>, String, String) {
    let stage = target(action, subject, None).map(|target| target.route.stage);
    (stage, subject.to_lowercase(), action.to_owned())
}

/// Computes each request again from action, subject and state; the targets, in the order of the changes.
///
/// # Errors
/// The first thing that is not as this program writes it.
pub(in crate::action) fn targets(plan: &Plan) -> Result<Vec<Target>, Fault> {
    let mut seen = BTreeSet::new();
    let mut targets: Vec<Target> = Vec::new();
    let mut last = None;
    for change in &plan.changes {
        let changed = |what: &str| Fault::Changed(format!("change {}: {what}", printable(&change.id)));
        if !seen.insert(&change.id) {
            return Err(changed("it is there twice"));
        }
        let found =
            target(&change.action, &change.subject, None).ok_or_else(|| changed("no such action on such a subject"))?;
        let rank = rank(&change.action, &change.subject);
        if last.as_ref().is_some_and(|last| *last >= rank) {
            return Err(changed("it is not in order"));
        }
        last = Some(rank);
        differs(plan, change, &found).map_or(Ok(()), |what| Err(changed(what)))?;
        targets.push(found);
    }
    Ok(targets)
}

/// What of a change is not as it follows from its action, subject and state.
fn differs(plan: &Plan, change: &Change, found: &Target) -> Option<&'static str> {
    if change.id != change_id(&change.action, &change.subject) {
        return Some("its id is another's");
    }
    let person = plan.person(change.person.as_deref());
    if change.person.is_some() && person.is_none() {
        return Some("it is about somebody who is not in the plan");
    }
    let values = crate::action::fill::all(&found.ids, &change.before);
    match (found.route.guard)(&values) {
        Some(Keep::Never(_)) => return Some("it is never done"),
        Some(_) => return Some("it is for a person to do"),
        None => {}
    }
    let Some(composed) = compose(found, &change.before, person) else {
        return Some("its state lacks what the request needs");
    };
    [
        (composed.request != change.request, "its request is another"),
        (composed.service != change.service, "its service is another"),
        (composed.after != change.after, "its state after is another"),
        (composed.undo != change.undo, "its undo is another"),
        (composed.disposition != change.disposition, "its disposition is another"),
        (found.route.does != change.does, "what it says that it does is another"),
        (composed.portal != change.portal, "its place is another"),
        (found.route.needs != change.needs, "its permission is another"),
        (composed.command != change.command, "its command is another"),
        // The evidence may have told more.
        (!change.breaks.starts_with(&composed.breaks), "what it breaks is another"),
    ]
    .into_iter()
    .find_map(|(differs, what)| differs.then_some(what))
}

/// Checks everything about a plan but its signatures.
///
/// # Errors
/// The first thing that does not fit.
pub fn recompute(plan: &Plan, now: Timestamp, hours: i64) -> Result<(), Fault> {
    let times = || Fault::Times(printable(&plan.created_at), printable(&plan.expires_at));
    let created: Timestamp = plan.created_at.parse().map_err(|_| times())?;
    let expires: Timestamp = plan.expires_at.parse().map_err(|_| times())?;
    if expires.duration_since(created) > SignedDuration::from_hours(hours)
        || created > now + SignedDuration::from_mins(5)
    {
        return Err(times());
    }
    if now > expires {
        return Err(Fault::Expired(printable(&plan.expires_at)));
    }
    targets(plan).map(drop)
}
