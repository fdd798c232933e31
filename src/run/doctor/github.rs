//! GitHub: one row for each permission in each organisation, and what GitHub says that it takes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Item, Part, State, asked, at, is_gone};
use crate::api::{GitHubSignIn, Http, NoLog, Service};
use crate::config::Config;
use crate::env::Env;
use crate::evidence::Writer;
use crate::run::setup::Needs;
use crate::source::github::{self, Means, Organization, SCOPES};
use crate::text::visible;

/// A list that takes exactly this permission.
fn question(permission: &str, organization: &str, repository: Option<&str>) -> Option<String> {
    let of_organization = match permission {
        "members" => "members?per_page=1",
        "organization_administration" => "installations?per_page=1",
        "organization_secrets" => "actions/secrets?per_page=1",
        "organization_dependabot_secrets" => "dependabot/secrets?per_page=1",
        "organization_codespaces_secrets" => "codespaces/secrets?per_page=1",
        "organization_private_registries" => "private-registries?per_page=1",
        "organization_actions_variables" => "actions/variables?per_page=1",
        "organization_hooks" => "hooks?per_page=1",
        "organization_self_hosted_runners" => "actions/runners?per_page=1",
        "organization_personal_access_tokens" => "personal-access-tokens?per_page=1",
        "organization_personal_access_token_requests" => "personal-access-token-requests?per_page=1",
        "organization_custom_org_roles" => "organization-roles",
        _ => "",
    };
    if !of_organization.is_empty() {
        return Some(format!("/orgs/{organization}/{of_organization}"));
    }
    let of_repository = match permission {
        "metadata" => "",
        "contents" => "/commits?per_page=1",
        "administration" => "/keys?per_page=1",
        "actions" => "/actions/runs?per_page=1",
        "actions_variables" => "/actions/variables?per_page=1",
        "secrets" => "/actions/secrets?per_page=1",
        "dependabot_secrets" => "/dependabot/secrets?per_page=1",
        "codespaces_secrets" => "/codespaces/secrets?per_page=1",
        "repository_hooks" => "/hooks?per_page=1",
        _ => return None,
    };
    Some(format!("/repos/{organization}/{}{of_repository}", repository?))
}

pub(super) async fn part(http: &Http, needs: &Needs, config: &Config, env: &Env) -> Part {
    let mut part = Part { title: "GitHub", signed_in: http.host(Service::GitHub), items: Vec::new() };
    let how = match crate::run::github::how(config, env) {
        Ok(Some(how)) => how,
        Ok(None) => {
            let next = "set GH_TOKEN in the environment, or [github] app-id and private-key-file in leaver.toml; how to make the App: `leaver setup`";
            part.items.push(Item::new("sign-in", State::Missing, "there is none").next(next));
            part.items.extend(unasked(needs));
            return part;
        }
        Err(error) => {
            let next = error.hint().unwrap_or_default();
            part.items.push(Item::new("sign-in", State::Wrong, error.to_string()).next(next));
            part.items.extend(unasked(needs));
            return part;
        }
    };
    part.signed_in = format!("{how}, at {}", part.signed_in);
    if config.github.organizations.is_empty() {
        part.items
            .push(Item::new("organisations", State::Missing, "none configured").next("set [github] organizations"));
        part.items.extend(unasked(needs));
        return part;
    }
    let scratch = Writer::create(&env.beside(None), &crate::run::meta("doctor", env));
    let Ok(out) = scratch else {
        part.items.push(
            Item::new("sign-in", State::Wrong, "no temporary file can be written")
                .next("set TMPDIR to a directory that this user may write to"),
        );
        return part;
    };
    let means = Means { http, log: Arc::new(NoLog), out: &out, env, cache: None };
    for name in &config.github.organizations {
        part.items.extend(organization(&how, name, needs, config, &means).await);
    }
    part
}

fn unasked(needs: &Needs) -> Vec<Item> {
    let item = |(permission, checks): (&&str, &BTreeSet<String>)| {
        Item::new(*permission, State::Unknown, "nobody is signed in").waiting(checks)
    };
    needs.github.iter().map(item).collect()
}

async fn organization(how: &GitHubSignIn, name: &str, needs: &Needs, config: &Config, means: &Means<'_>) -> Vec<Item> {
    let one = [name.to_owned()];
    let signed_in = match github::sign_in(how, &one, None, means).await {
        Ok(signed_in) => signed_in,
        Err(why) => {
            let error = crate::run::github::refused(why);
            let next = error.hint().unwrap_or_default();
            let mut items =
                vec![Item::new(format!("organisation {}", visible(name)), State::Wrong, error.to_string()).next(next)];
            items.extend(unasked(needs));
            return items;
        }
    };
    let Some(place) = signed_in.organizations.first() else { return Vec::new() };
    let reader = place.reader().name.as_ref().map_or_else(|| how.to_string(), crate::text::Untrusted::terminal);
    let mut items = vec![Item::new(format!("organisation {}", visible(name)), State::Ok, format!("read as {reader}"))];
    items.extend(budget(place, config).await);
    let word = Word::of(place, how);
    let repository = repository(place).await;
    for (permission, checks) in &needs.github {
        items.push(permission_of(permission, place, repository.as_deref(), &word).await.waiting(checks));
    }
    items.extend(word.excess(needs));
    items
}

/// What the sign-in is said to be allowed.
enum Word {
    /// Name and level of each permission of an App.
    App(Vec<(String, String)>),
    /// The scopes of a classic token.
    Scopes(Vec<String>),
    /// Nobody says.
    Silent,
}

impl Word {
    fn of(place: &Organization, how: &GitHubSignIn) -> Word {
        let Some(text) = place.reader().permissions.as_ref() else { return Word::Silent };
        let words = text.raw().split_whitespace();
        match how {
            GitHubSignIn::App { .. } => Word::App(
                words
                    .filter_map(|one| one.split_once(':'))
                    .map(|(name, level)| (name.to_owned(), level.to_owned()))
                    .collect(),
            ),
            GitHubSignIn::Token { .. } => Word::Scopes(words.map(str::to_owned).collect()),
        }
    }

    /// Whether this permission is held, if anybody says.
    fn holds(&self, name: &str, level: &str) -> Option<bool> {
        match self {
            Word::App(all) => {
                let held = all.iter().find(|(known, _)| known == name);
                Some(held.is_some_and(|(_, held)| held == level || held == "write" || held == "admin"))
            }
            Word::Scopes(all) if level == "write" => {
                Some(["repo", "admin:org"].iter().all(|scope| all.iter().any(|one| one == scope)))
            }
            Word::Scopes(_) | Word::Silent => None,
        }
    }

    fn excess(&self, needs: &Needs) -> Vec<Item> {
        let levels = needs.github_levels();
        let more = |name: String, what: &str| Item::new(name, State::MoreThanNeeded, what).next("take it away");
        match self {
            Word::App(all) => all
                .iter()
                .filter_map(|(name, level)| match levels.get(name.as_str()) {
                    None => Some(more(visible(&format!("{name}={level}")), "no check needs it")),
                    Some(needed) if *needed == "read" && level != "read" => {
                        Some(more(visible(&format!("{name}={level}")), "read is enough"))
                    }
                    Some(_) => None,
                })
                .collect(),
            Word::Scopes(all) => {
                let known = |scope: &String| {
                    SCOPES.contains(&scope.as_str()) || scope == "read:org" || scope == "read:enterprise"
                };
                all.iter()
                    .filter(|scope| !known(scope))
                    .map(|scope| more(visible(&format!("scope {scope}")), "no check needs it"))
                    .collect()
            }
            Word::Silent => Vec::new(),
        }
    }
}

async fn repository(place: &Organization) -> Option<String> {
    let answer = place.api().get(&at(format!("/orgs/{}/repos?per_page=1", github::encoded(&place.name)))).await.ok()?;
    let all: Vec<Value> = answer.json().ok()?;
    let name = all.first()?.get("name")?.as_str()?;
    Some(github::encoded(name))
}

async fn permission_of(permission: &str, place: &Organization, repository: Option<&str>, word: &Word) -> Item {
    let (name, level) = permission.split_once('=').unwrap_or((permission, "read"));
    let grant = |item: Item| item.next(format!("give the App {name}: {level}; `leaver setup`"));
    let held = word.holds(name, level);
    let path = question(name, &github::encoded(&place.name), repository)
        .filter(|_| level == "read" || name == "codespaces_secrets");
    let Some(path) = path else {
        return match held {
            Some(true) => Item::new(permission, State::Granted, "by the word of GitHub"),
            Some(false) => grant(Item::new(permission, State::Missing, "not among the permissions of the sign-in")),
            None if level == "write" => Item::new(permission, State::Unknown, "reading cannot show it")
                .next("look at the settings of the token"),
            None => Item::new(permission, State::Unknown, "there is no repository to ask about")
                .next("look at the settings of the App or the token"),
        };
    };
    let result = place.api().get(&at(path.as_str())).await;
    if let Ok(answer) = &result {
        let takes = answer.header("x-accepted-github-permissions").filter(|text| text.len() < 100);
        let takes = takes.map_or_else(String::new, |takes| format!("; GitHub says that it takes {}", visible(takes)));
        return Item::new(permission, State::Granted, format!("asked{takes}"));
    }
    let (state, detail) = asked(&result);
    match (state, held) {
        (_, Some(false)) | (State::Missing, _) => grant(Item::new(permission, State::Missing, detail)),
        // GitHub says "not found" to whoever may not know, and of what an organisation does not have.
        (_, Some(true)) if !is_gone(&result) => {
            Item::new(permission, State::Granted, format!("by the word of GitHub; {detail}"))
        }
        _ if result.as_ref().is_err_and(crate::api::Error::is_not_found) => {
            grant(Item::new(permission, State::Missing, detail))
        }
        _ => Item::new(permission, State::Unknown, detail).next("run again later; with -vv the log shows each request"),
    }
}

/// How many requests the hour has, and how many of them a run may use.
async fn budget(place: &Organization, config: &Config) -> Option<Item> {
    let answer = place.api().get(&at("/rate_limit")).await.ok()?;
    let told: Value = answer.json().ok()?;
    let core = told.pointer("/resources/core")?;
    let (limit, remaining) = (core.get("limit")?.as_u64()?, core.get("remaining")?.as_u64()?);
    let share = u64::from(config.github.budget.unwrap_or(50));
    let ours = limit * share / 100;
    let detail = format!(
        "{remaining} of {limit} requests of this hour are left; a run uses {ours} at most ([github] budget = {share})"
    );
    Some(match remaining {
        0 => Item::new("budget", State::Wrong, detail).next("run again in an hour"),
        _ => Item::new("budget", State::Ok, detail),
    })
}
