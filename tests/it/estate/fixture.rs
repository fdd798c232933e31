//! That the files of the synthetic organisation agree with each other.

use std::collections::BTreeSet;
use std::path::Path;

use leaver::demo::Estate;
use serde_json::Value;

use super::estate;

#[test]
fn an_unknown_estate_is_an_error() {
    assert!(Estate::load("fabrikam").is_err());
    assert!(Estate::names().contains(&"contoso".to_owned()));
}

/// Every id-shaped text that stands anywhere in the files.
fn mentioned(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => {
            let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
            found.extend(words.filter(|word| is_guid(word)).map(str::to_owned));
        }
        Value::Array(items) => items.iter().for_each(|item| mentioned(item, found)),
        Value::Object(fields) => fields.values().for_each(|field| mentioned(field, found)),
        _ => {}
    }
}

fn is_guid(word: &str) -> bool {
    word.len() == 36 && word.matches('-').count() == 4
}

/// Every number and every name that stands in the files of GitHub.
fn words(estate: &Estate) -> BTreeSet<String> {
    fn add(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => found.extend([text.clone()]),
            Value::Number(number) => found.extend([number.to_string()]),
            Value::Array(items) => items.iter().for_each(|item| add(item, found)),
            Value::Object(fields) => fields.values().for_each(|field| add(field, found)),
            Value::Bool(_) | Value::Null => {}
        }
    }
    let mut found = BTreeSet::new();
    let files = estate.collections().filter(|name| name.starts_with("github/"));
    files.flat_map(|file| estate.rows(file)).for_each(|row| add(row, &mut found));
    found
}

#[test]
fn every_id_that_is_referred_to_exists() {
    let estate = estate();
    let rows = |file: &str| estate.rows(file).iter();
    // GitHub and Azure DevOps have numbers and names, and say in each row where it is.
    let is_other = |name: &&str| !name.starts_with("github/") && !name.starts_with("devops/");
    let files: Vec<&str> = estate.collections().filter(is_other).collect();
    let mut known = BTreeSet::new();
    for file in &files {
        let ids: BTreeSet<&str> = rows(file).filter_map(|row| row["id"].as_str()).collect();
        assert_eq!(ids.len(), rows(file).len(), "{file}: an id is missing or used twice");
        known.extend(ids);
    }
    let apps: BTreeSet<&str> = rows("graph/servicePrincipals").filter_map(|row| row["appId"].as_str()).collect();
    for file in &files {
        for row in rows(file) {
            for key in
                ["@parent", "principalId", "clientId", "groupId", "userId", "servicePrincipalId", "roleDefinitionId"]
            {
                let id = row[key].as_str().unwrap_or_default();
                assert!(id.is_empty() || known.contains(id), "{file}: {key} {id}");
            }
            for link in ["@owners", "@members", "@sponsors", "@registeredUsers", "@registeredOwners"] {
                let linked = row[link].as_array().into_iter().flatten().filter_map(Value::as_str);
                linked.for_each(|id| assert!(known.contains(id), "{file}: {link} {id}"));
            }
        }
    }
    for grant in rows("graph/oauth2PermissionGrants").chain(rows("graph/appRoleAssignments")) {
        assert!(known.contains(grant["resourceId"].as_str().unwrap()), "{grant}");
    }
    for row in rows("graph/signIns").chain(rows("graph/applications")) {
        assert!(apps.contains(row["appId"].as_str().unwrap()), "{row}");
    }
    for event in rows("graph/directoryAudits") {
        assert!(known.contains(event["targetResources"][0]["id"].as_str().unwrap()), "{event}");
    }
    assert!(estate.gateway_apps().iter().all(|app| apps.contains(app.as_str())));
}

#[test]
fn what_is_planted_and_who_is_innocent_exists() {
    let estate = estate();
    let mut known = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for file in estate.collections().map(str::to_owned).collect::<Vec<_>>() {
        estate.rows(&file).iter().for_each(|row| mentioned(row, &mut known));
        ids.extend(estate.rows(&file).iter().filter_map(|row| row["id"].as_str().map(str::to_owned)));
    }
    // As a finding calls them: the kinds of credential by short names.
    let resources: BTreeSet<String> = ids
        .iter()
        .map(|id| id.to_ascii_lowercase())
        .map(|id| id.replace("/federatedidentitycredentials/", "/federated/"))
        .collect();
    let on_github = words(&estate);
    let exists = |part: &str| known.contains(part) || ids.contains(part);
    for planted in estate.planted() {
        assert!(exists(planted.person.strip_prefix("entra:user/").unwrap()));
        let (service, id) = planted.subject.split_once(':').unwrap();
        let numbered = id.split('/').filter(|part| part.contains(|c: char| c.is_ascii_digit()));
        match service {
            // A setting of a resource is below it.
            "azure" => assert!(resources.iter().any(|known| Path::new(id).starts_with(known)), "{id}"),
            "entra" => numbered.for_each(|id| assert!(exists(id), "{} {}", planted.subject, id)),
            _ => assert!(numbered.filter(|part| !part.contains(':')).all(|part| on_github.contains(part)), "{id}"),
        }
        assert!(estate.innocent().iter().all(|id| !planted.subject.contains(id.as_str())), "{}", planted.subject);
    }
    assert!(estate.innocent().iter().all(|id| exists(id)
        || on_github.contains(id)
        || resources.iter().any(|resource| resource.ends_with(&format!("/{id}")))));
    assert!(estate.now() > "2026-05-01T00:00:00Z".parse().unwrap() && estate.last_day().to_string() == "2026-05-01");
}

#[test]
fn the_leaver_meets_every_kind_of_hostile_name() {
    let estate = Estate::load("hostile").unwrap();
    let alice = estate.person("alice").unwrap();
    let lists = |row: &&Value, link: &str| row[link].as_array().is_some_and(|ids| ids.iter().any(|id| id == alice));
    let grants = estate.rows("graph/oauth2PermissionGrants").iter().filter(|grant| grant["principalId"] == alice);
    let clients: BTreeSet<&str> = grants.filter_map(|grant| grant["clientId"].as_str()).collect();
    let groups = estate.rows("graph/groups").iter().filter(|row| lists(row, "@members"));
    let apps = estate.rows("graph/applications").iter().filter(|row| lists(row, "@owners"));
    let principals = estate.rows("graph/servicePrincipals").iter();
    let principals = principals.filter(|row| clients.contains(row["id"].as_str().unwrap()));
    let names: Vec<&str> = groups.chain(apps).chain(principals).filter_map(|row| row["displayName"].as_str()).collect();
    for mark in ["\u{1b}[", "\0", "\r\n", "</script><img", "\u{202e}", "\u{200b}", "::error::", "](javascript:"] {
        assert!(names.iter().any(|name| name.contains(mark)), "{mark:?}");
    }
    assert!(names.iter().any(|name| name.starts_with("=cmd|' /C calc'!A0")));
    assert!(names.iter().any(|name| name.len() == 10 * 1024));
}
