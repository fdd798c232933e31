//! Everybody whom the directory knows, live or in the recycle bin, and who was disabled lately. It tells; who left is for
//! the sweep to say.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::each;
use super::routes::Routes;
use super::wire::{Audit, User};
use crate::api::{Error, Paging, ReadApi};
use crate::evidence::Stop;
use crate::model::Cause;

/// All users, and whether each is in the recycle bin. Each list is read once, however many people are asked about.
///
/// # Errors
/// When Graph refuses or breaks off: then nobody can be told from somebody who is not there.
pub async fn everybody(api: &ReadApi, routes: &Routes) -> Result<Vec<(User, bool)>, Error> {
    let mut all = Vec::new();
    for (ask, deleted) in [(routes.all_users(), false), (routes.deleted_users(), true)] {
        let mut pages = api.pages(ask, Paging::OData);
        while let Some(users) = pages.next::<User>().await? {
            all.extend(users.into_iter().filter(|user| user.id.is_some()).map(|user| (user, deleted)));
        }
    }
    Ok(all)
}

/// Object ids of accounts that were disabled since `from`, and when last. Entra keeps such events for 30 days.
///
/// # Errors
/// The gap when the events cannot be read.
pub async fn disabled(api: &ReadApi, routes: &Routes, from: Timestamp) -> Result<BTreeMap<String, Timestamp>, Cause> {
    let mut all: BTreeMap<String, Timestamp> = BTreeMap::new();
    let read = each(api, routes.disable_events(from), |audit: Audit| {
        let targets = audit.target_resources.iter().flatten();
        for id in targets.filter_map(|target| target.id.as_ref()) {
            let at = all.entry(id.raw().to_ascii_lowercase()).or_insert(audit.activity_date_time);
            *at = (*at).max(audit.activity_date_time);
        }
        Ok(())
    });
    match read.await {
        Ok(()) => Ok(all),
        Err(Stop::Gap(cause)) => Err(cause),
        Err(Stop::Evidence(error)) => Err(Cause::new(crate::model::GapKind::Failed, error.to_string())),
    }
}
