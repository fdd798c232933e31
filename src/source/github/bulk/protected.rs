//! Branch protection over REST, for repositories that we do not administer: GraphQL shows their rules to nobody, and says so by
//! an empty list. No protected branch means no rule that anybody could be named in. Whom a rule lets push by force only
//! GraphQL tells, so a branch with a rule is never whole here.

use serde::Deserialize;

use super::rules::TABLE;
use crate::api::{Paging, ReadApi};
use crate::evidence::row::github::BranchAllowance;
use crate::evidence::{Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::github::place::{Place, cause, each, encoded, one};
use crate::source::github::wire::Account;
use crate::text::Untrusted;

const NEEDS: &str = "administration=read";

#[derive(Debug, Deserialize)]
struct Branch {
    name: Untrusted,
    protection: Option<Enabled>,
}

#[derive(Debug, Deserialize)]
struct Enabled {
    enabled: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Protection {
    restrictions: Option<Named>,
    required_pull_request_reviews: Option<Reviews>,
}

#[derive(Debug, Deserialize)]
struct Reviews {
    dismissal_restrictions: Option<Named>,
    bypass_pull_request_allowances: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    users: Vec<Account>,
}

pub(super) async fn collect(api: &ReadApi, place: &Place<'_>, rows: &mut Rows) -> Result<(), Stop> {
    let mut branches = Vec::new();
    let read = each(api, &place.path("branches?protected=true&per_page=100"), Paging::Array, |branch: Branch| {
        branches.push(branch);
        Ok(())
    })
    .await;
    match read {
        Err(Stop::Gap(cause)) => rows.gap(TABLE, named(place, cause)),
        other => other?,
    }
    // A branch that only a ruleset protects has no protection of its own.
    let ruled = |branch: &Branch| branch.protection.as_ref().and_then(|protection| protection.enabled) != Some(false);
    for branch in branches.into_iter().filter(ruled) {
        let path = place.path(&format!("branches/{}/protection", encoded(branch.name.raw())));
        match one::<Protection>(api, &path).await {
            Ok(protection) => keep(place, rows, &branch.name, protection)?,
            Err(error) => rows.gap(TABLE, named(place, cause(&error))),
        }
    }
    Ok(())
}

fn named(place: &Place<'_>, cause: Cause) -> Cause {
    let what = cause.detail.as_ref().map_or("", Untrusted::raw);
    let detail = format!("{}: its branch protection rules are not shown: {what}", place.name());
    Cause { detail: Some(detail.into()), needs: cause.needs.or_else(|| Some(NEEDS.to_owned())), ..cause }
}

fn keep(place: &Place<'_>, rows: &mut Rows, branch: &Untrusted, protection: Protection) -> Result<(), Stop> {
    let reviews = protection.required_pull_request_reviews;
    let (dismissal, bypass) =
        reviews.map_or((None, None), |all| (all.dismissal_restrictions, all.bypass_pull_request_allowances));
    let lists = [("push", protection.restrictions), ("dismiss-reviews", dismissal), ("bypass-pull-request", bypass)];
    for (allowance, accounts) in lists {
        for account in accounts.into_iter().flat_map(|named| named.users) {
            rows.insert(&BranchAllowance {
                id: place.id(&format!("branch-rule/{}", branch.raw())),
                organization: place.organization(),
                repository: place.repository.unwrap_or_default().into(),
                pattern: branch.clone(),
                allowance: allowance.to_owned(),
                user_id: account.number(),
                login: account.login,
            })?;
        }
    }
    let what = format!("{}: who may push by force to {} is told to administrators only", place.name(), branch.raw());
    rows.gap(TABLE, Cause::new(GapKind::Denied, what).needing(NEEDS));
    Ok(())
}
