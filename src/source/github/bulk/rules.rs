//! The accounts that branch protection rules name. The inventory brings the first of them; a repository with more is asked
//! again, alone, rule by rule and every list to its end.

use serde_json::json;

use super::protected;
use super::wire::{Allowances, At, OneRepository, Rule, Rules};
use crate::api::{Error as Failure, Query, ReadApi};
use crate::evidence::{Rows, Stop};
use crate::model::{Cause, GapKind};
use crate::source::github::place::{self, Place};
use crate::source::github::{Depth, code, skipped};

pub(super) const TABLE: &str = "github_branch_allowance";

const RULE: Query = Query::new(
    "BranchRule",
    "query BranchRule($organization: String!, $repository: String!, $rule: String, $push: String, $force: String, \
     $bypass: String, $dismiss: String) {
       repository(owner: $organization, name: $repository) { branchProtectionRules(first: 1, after: $rule) {
         totalCount pageInfo { hasNextPage endCursor }
         nodes { pattern
           pushAllowances(first: 100, after: $push) { totalCount pageInfo { hasNextPage endCursor } nodes { actor { __typename ... on User { login databaseId } } } }
           bypassForcePushAllowances(first: 100, after: $force) { totalCount pageInfo { hasNextPage endCursor } nodes { actor { __typename ... on User { login databaseId } } } }
           bypassPullRequestAllowances(first: 100, after: $bypass) { totalCount pageInfo { hasNextPage endCursor } nodes { actor { __typename ... on User { login databaseId } } } }
           reviewDismissalAllowances(first: 100, after: $dismiss) { totalCount pageInfo { hasNextPage endCursor } nodes { actor { __typename ... on User { login databaseId } } } }
         }
       } }
     }",
);

pub(super) async fn collect(
    api: &ReadApi,
    place: &Place<'_>,
    depth: Depth,
    rows: &mut Rows,
    known: Option<Rules>,
    administers: bool,
) -> Result<(), Stop> {
    // To others than administrators no rules are what any number of rules looks like.
    if !administers && known.as_ref().is_none_or(|rules| rules.total_count == 0) {
        return match depth {
            Depth::Full => protected::collect(api, place, rows).await,
            Depth::Quick => {
                rows.gap(TABLE, skipped());
                Ok(())
            }
        };
    }
    let known = match known {
        Some(known) if !known.is_whole() && depth == Depth::Full => match all(api, place).await {
            Ok(found) => found,
            Err(error) => {
                rows.gap(TABLE, place::cause(&error));
                Some(known)
            }
        },
        known => known,
    };
    let Some(known) = known else {
        let what = format!("{}: its branch protection rules are not shown", place.name());
        rows.gap(TABLE, Cause::new(GapKind::Denied, what).needing("administration=read"));
        return Ok(());
    };
    if !known.is_whole() && depth == Depth::Quick {
        rows.gap(TABLE, skipped());
    } else if !known.is_whole() {
        let what = format!("{}: its branch protection rules did not come whole", place.name());
        rows.gap(TABLE, Cause::new(GapKind::Truncated, what));
    }
    known.nodes.into_iter().flatten().try_for_each(|rule| named(place, rows, rule))
}

/// Every rule with all whom it names.
async fn all(api: &ReadApi, place: &Place<'_>) -> Result<Option<Rules>, Failure> {
    let (mut found, mut after) = (Rules::default(), None);
    loop {
        let Some(page) = page(api, place, after.as_deref(), &At::default()).await? else { return Ok(None) };
        let next = page.next(after.as_deref());
        found.total_count = page.total_count;
        for mut rule in page.nodes.into_iter().flatten() {
            complete(api, place, after.as_deref(), &mut rule).await?;
            found.nodes.push(Some(rule));
        }
        match next {
            Some(cursor) => after = Some(cursor),
            None => return Ok(Some(found)),
        }
    }
}

/// Reads the lists of one rule to their ends.
async fn complete(api: &ReadApi, place: &Place<'_>, after: Option<&str>, rule: &mut Rule) -> Result<(), Failure> {
    let mut at = At::default();
    while let Some(next) = rule.goes_on(&at) {
        let page = page(api, place, after, &next).await?;
        let same = |one: &Rule| one.pattern.raw() == rule.pattern.raw();
        // Rules that change while they are read stay incomplete, and say so.
        let Some(more) = page.and_then(|page| page.nodes.into_iter().flatten().find(same)) else { return Ok(()) };
        rule.extend(more);
        at = next;
    }
    Ok(())
}

async fn page(api: &ReadApi, place: &Place<'_>, rule: Option<&str>, at: &At) -> Result<Option<Rules>, Failure> {
    let [push, force, bypass, dismiss] = at;
    let variables = json!({
        "organization": place.organization, "repository": place.repository, "rule": rule,
        "push": push, "force": force, "bypass": bypass, "dismiss": dismiss,
    });
    let found = place::query::<OneRepository>(api, RULE, &variables).await?;
    Ok(found.data.repository.and_then(|one| one.branch_protection_rules))
}

fn named(place: &Place<'_>, rows: &mut Rows, rule: Rule) -> Result<(), Stop> {
    let kinds = ["push", "force-push", "bypass-pull-request", "dismiss-reviews"];
    for (kind, allowances) in kinds.into_iter().zip(rule.allowances) {
        for account in allowances.into_iter().flat_map(Allowances::users) {
            rows.insert(&code::allowance(place, &rule.pattern, kind, account))?;
        }
    }
    Ok(())
}
