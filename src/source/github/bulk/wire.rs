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
    total_count: usize,
    pub(super) nodes: Vec<Option<Rule>>,
}

impl Rules {
    /// Whether all rules came, with all whom they name. What came as null was counted and not shown.
    pub(super) fn is_whole(&self) -> bool {
        let whole = |rule: &Rule| rule.all().into_iter().all(|all| all.is_some_and(Allowances::is_whole));
        self.nodes.iter().flatten().count() >= self.total_count && self.nodes.iter().flatten().all(whole)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) pattern: Untrusted,
    pub(super) push_allowances: Option<Allowances>,
    pub(super) bypass_force_push_allowances: Option<Allowances>,
    pub(super) bypass_pull_request_allowances: Option<Allowances>,
    pub(super) review_dismissal_allowances: Option<Allowances>,
}

impl Rule {
    fn all(&self) -> [Option<&Allowances>; 4] {
        [
            self.push_allowances.as_ref(),
            self.bypass_force_push_allowances.as_ref(),
            self.bypass_pull_request_allowances.as_ref(),
            self.review_dismissal_allowances.as_ref(),
        ]
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Allowances {
    total_count: usize,
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
