//! Organisations of a size that only a view or a text without bounds would notice.

use std::time::Duration;

use leaver::check::Checks;
use leaver::evidence::sandbox::{Limits, Sandbox};
use leaver::model::Param;
use rusqlite::Connection;
use rusqlite::types::Value;

/// A team of everybody, all of whose repositories the leaver may push to; a hundred thousand secrets and what goes with them.
const LARGE: &str = "
    INSERT INTO identity VALUES ('p', 'github', 'github:user/7', 'alice-dev', 'saml', 'A');
    INSERT INTO last_day (person, date, ends_at, source) VALUES ('p', '2026-05-01', '2026-05-02T00:00:00Z', 'flag');
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 3999)
    INSERT INTO github_repository (id, organization, repository) SELECT n, 'contoso', printf('service-%05d', n) FROM n;
    INSERT INTO github_team_membership (organization, team, login, user_id)
    SELECT 'contoso', 'everybody', printf('dev-%s', id), id FROM github_repository;
    INSERT INTO github_team_access (organization, team, repository, role)
    SELECT 'contoso', 'everybody', repository, 'admin' FROM github_repository;
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 24)
    INSERT INTO github_secret (id, organization, repository, product, name, updated_at)
    SELECT printf('github:repo/contoso/%s/secret/DEPLOY_%d', repository, n), 'contoso', repository, 'actions',
           printf('DEPLOY_%s_%d', id, n), '2024-01-01T00:00:00Z'
    FROM   github_repository, n;
    INSERT INTO github_variable (id, organization, repository, product, name, updated_at)
    SELECT id, organization, repository, product, name, updated_at FROM github_secret;
    INSERT INTO github_hook (id, organization, repository, hook_id, target)
    SELECT id, organization, repository, name, printf('https://%s.hooks.example', id) FROM github_secret;
    INSERT INTO github_deploy_key (id, organization, repository) SELECT id, organization, repository FROM github_secret;
    INSERT INTO github_runner (id, organization, repository, runner_id, name)
    SELECT id, organization, repository, name, id FROM github_secret;";

fn bound(params: &std::collections::BTreeMap<String, Param>, name: Option<&str>) -> Value {
    match name.and_then(|name| params.get(name.trim_start_matches(':'))) {
        Some(Param::Integer(number)) => Value::Integer(*number),
        Some(Param::Text(text)) => Value::Text(text.clone()),
        None => Value::Text("2026-06-01T00:00:00Z".to_owned()),
    }
}

#[test]
fn no_check_of_github_gives_up_on_a_large_organisation() {
    let limits = Limits { time: Duration::from_secs(300), ..Limits::default() };
    let sandbox = Sandbox::in_memory(limits, |connection: &Connection| connection.execute_batch(LARGE)).unwrap();
    let mut hold = sandbox.prepare("SELECT count(*) AS all_of_them FROM github_hold").unwrap();
    assert!(hold.run(&[]).is_ok());
    drop(hold);
    let mut ran = 0;
    for entry in Checks::load(&[]).unwrap().iter().filter(|entry| entry.check.id.contains("/github-")) {
        let mut query = sandbox.prepare(&entry.check.sql).unwrap();
        let values: Vec<Value> =
            query.parameters.iter().map(|name| bound(&entry.check.params, name.as_deref())).collect();
        if let Err(refusal) = query.run(&values) {
            panic!("{}: {refusal}", entry.check.id);
        }
        ran += 1;
    }
    assert!(ran > 25, "{ran}");
}
