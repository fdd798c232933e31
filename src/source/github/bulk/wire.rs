//! What GitHub's GraphQL sends for the inventory. Every field may be null.

use jiff::Timestamp;
use serde::Deserialize;

use crate::source::entra::wire::time;
use crate::source::github::wire::{Account, Number};
use crate::text::Untrusted;

#[derive(Debug, Deserialize)]
pub(super) struct Inventory {
    pub(super) organization: Option<Organization>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Organization {
    pub(super) repositories: Option<Repositories>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Repositories {
    pub(super) total_count: usize,
    pub(super) page_info: PageInfo,
    pub(super) nodes: Vec<Option<Node>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    pub(super) has_next_page: bool,
    pub(super) end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) database_id: Option<Number>,
    pub(super) is_archived: Option<bool>,
    pub(super) visibility: Option<Untrusted>,
    #[serde(default, deserialize_with = "time")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    pub(super) pushed_at: Option<Timestamp>,
    pub(super) default_branch_ref: Option<Branch>,
    /// What administrators alone are told looks like nothing to others.
    pub(super) viewer_can_administer: Option<bool>,
    pub(super) deploy_keys: Option<Count>,
    pub(super) workflows: Option<Tree>,
    pub(super) owners: Option<Blob>,
    pub(super) owners_at_root: Option<Blob>,
    pub(super) owners_in_docs: Option<Blob>,
    pub(super) branch_protection_rules: Option<Rules>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub(super) name: Untrusted,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Count {
    pub(super) total_count: u64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Tree {
    pub(super) entries: Option<Vec<Entry>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Entry {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) object: Option<Blob>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Blob {
    text: Option<String>,
    is_binary: Option<bool>,
    #[serde(default)]
    is_truncated: bool,
}

impl Blob {
    /// The text, unless it is only a part of it.
    pub(super) fn whole(self) -> Option<String> {
        self.text.filter(|_| !self.is_truncated && self.is_binary != Some(true))
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OneRepository {
    pub(super) repository: Option<WithRules>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WithRules {
    pub(super) branch_protection_rules: Option<Rules>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rules {
    pub(super) total_count: usize,
    page_info: Option<PageInfo>,
    pub(super) nodes: Vec<Option<Rule>>,
}

impl Rules {
    /// Whether all rules came, with all whom they name. What came as null was counted and not shown.
    pub(super) fn is_whole(&self) -> bool {
        let whole = |rule: &Rule| rule.allowances.iter().all(|all| all.as_ref().is_some_and(Allowances::is_whole));
        self.nodes.iter().flatten().count() >= self.total_count && self.nodes.iter().flatten().all(whole)
    }

    /// Where the next page begins, if there is one that was not asked for yet.
    pub(super) fn next(&self, after: Option<&str>) -> Option<String> {
        self.page_info.as_ref()?.next(after)
    }
}

impl PageInfo {
    fn next(&self, after: Option<&str>) -> Option<String> {
        self.end_cursor.clone().filter(|cursor| self.has_next_page && Some(cursor.as_str()) != after)
    }
}

/// One rule: its lists are those for pushes, forced pushes, bypassed pull requests and dismissed reviews.
#[derive(Debug, Deserialize)]
#[serde(from = "WireRule")]
pub(super) struct Rule {
    pub(super) pattern: Untrusted,
    pub(super) allowances: [Option<Allowances>; 4],
}

/// How far each list of a rule was read.
pub(super) type At = [Option<String>; 4];

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireRule {
    pattern: Untrusted,
    push_allowances: Option<Allowances>,
    bypass_force_push_allowances: Option<Allowances>,
    bypass_pull_request_allowances: Option<Allowances>,
    review_dismissal_allowances: Option<Allowances>,
}

impl From<WireRule> for Rule {
    fn from(rule: WireRule) -> Rule {
        let allowances = [
            rule.push_allowances,
            rule.bypass_force_push_allowances,
            rule.bypass_pull_request_allowances,
            rule.review_dismissal_allowances,
        ];
        Rule { pattern: rule.pattern, allowances }
    }
}

impl Rule {
    /// How far its lists came, if one of them goes on from there.
    pub(super) fn goes_on(&self, at: &At) -> Option<At> {
        let mut next = at.clone();
        for (cursor, list) in next.iter_mut().zip(&self.allowances) {
            let page = list.as_ref().and_then(|list| list.page_info.as_ref());
            // A list that has ended stays where it is: its next page is empty.
            *cursor = page.and_then(|page| page.end_cursor.clone()).or(cursor.take());
        }
        let any =
            self.allowances.iter().flatten().any(|list| list.page_info.as_ref().is_some_and(|page| page.has_next_page));
        (any && next != *at).then_some(next)
    }

    /// Adds the next page of each list.
    pub(super) fn extend(&mut self, more: Rule) {
        for (list, more) in self.allowances.iter_mut().zip(more.allowances) {
            match (list, more) {
                (Some(list), Some(more)) => {
                    list.page_info = more.page_info;
                    list.nodes.extend(more.nodes);
                }
                (list, more) => *list = list.take().or(more),
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Allowances {
    total_count: usize,
    page_info: Option<PageInfo>,
    nodes: Vec<Option<Allowance>>,
}

#[derive(Debug, Deserialize)]
struct Allowance {
    actor: Option<Account>,
}

impl Allowances {
    fn is_whole(&self) -> bool {
        self.nodes.iter().flatten().filter(|one| one.actor.is_some()).count() >= self.total_count
    }

    /// The accounts among them; teams and apps have no login.
    pub(super) fn users(self) -> impl Iterator<Item = Account> {
        self.nodes.into_iter().flatten().filter_map(|one| one.actor).filter(|actor| actor.login.is_some())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Rules;

    #[test]
    fn what_is_counted_and_not_shown_is_not_whole() {
        let one = |nodes: Value| json!({ "totalCount": 1, "nodes": nodes });
        let rules = |push: Value| {
            let none = json!({ "totalCount": 0, "nodes": [] });
            one(json!([{ "pattern": "main", "pushAllowances": push, "bypassForcePushAllowances": none,
                         "bypassPullRequestAllowances": none, "reviewDismissalAllowances": none }]))
        };
        let whole = |value: Value| serde_json::from_value::<Rules>(value).unwrap().is_whole();
        assert!(whole(rules(one(json!([{ "actor": { "login": "alice" } }])))));
        assert!(whole(json!({ "totalCount": 0, "nodes": [] })));
        for hidden in [Value::Null, one(json!([])), one(json!([null])), one(json!([{ "actor": null }]))] {
            assert!(!whole(rules(hidden.clone())), "{hidden}");
        }
        assert!(!whole(one(json!([null]))));
    }
}
