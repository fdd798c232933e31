/*
title    = "A scheduled workflow runs as the leaver"
proven   = "No scheduled workflow runs as the leaver"
severity = "high"
why      = "The schedule goes on after the account is removed from the organisation: only a managed account that the identity provider suspends stops it. Until then every run acts in the leaver's name, unattended."
fix      = "Let somebody else change the cron line in a commit first: the runs are then theirs. Or disable the workflow: its other triggers stop too. If the account is managed, its suspension stops these jobs without a word: tell who depends on them."
action   = "disable-github-workflow"
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "CM-3"], iso27001 = ["A.5.18", "A.8.9"], soc2 = ["CC6.1", "CC8.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI10:2025"] }
*/
SELECT schedule.person         AS person,
       schedule.workflow       AS subject,
       'fail'                  AS status,
       CASE WHEN schedule.self_hosted = 1 OR schedule.id_token = 1 THEN 'critical'
       END                     AS severity,
       printf('%s of %s/%s runs as %s%s; %s', schedule.path, schedule.organization, schedule.repository, schedule.login,
              CASE WHEN schedule.self_hosted = 1 THEN printf(' on a self-hosted runner (%s)', ifnull(schedule.runs_on, 'any'))
                   ELSE '' END,
              iif(instr(schedule.login, '_') > 0, 'it stops when the managed account is suspended',
                  'it goes on after the account is removed')) AS reason,
       'A'                     AS grade,
       schedule.login          AS actor,
       schedule.last_run_at    AS seen_at,
       schedule.schedule       AS schedule,
       schedule.secrets        AS secrets,
       schedule.id_token       AS identity_token
FROM   github_schedule AS schedule
UNION ALL
SELECT NULL, printf('github:org/%s/scheduled-workflows', workflow.organization), NULL, NULL,
       printf('%d scheduled workflows of %s have not run yet: GitHub does not say as whom they will', count(*), workflow.organization),
       NULL, NULL, NULL, NULL, NULL, NULL
FROM   github_workflow AS workflow
LEFT JOIN github_schedule_actor AS actor ON actor.workflow = workflow.id
WHERE  ifnull(workflow.scheduled, 1) = 1
AND    ifnull(workflow.state, 'active') = 'active'
AND    actor.login IS NULL
AND    actor.user_id IS NULL
GROUP BY workflow.organization;
/*
[[case]]
name = "on a self-hosted runner, and as a managed account under a new login"
identity = [
  { person = "p", kind = "github", name = "alice-dev", id = "github:user/7" },
  { person = "q", kind = "github", name = "bob_corp", id = "github:user/8" },
]
github_workflow = [
  { id = "w1", organization = "contoso", repository = "nightly", path = ".github/workflows/sync.yml", state = "active", scheduled = true, self_hosted = true },
  { id = "w2", organization = "contoso", repository = "api", path = ".github/workflows/report.yml", state = "active", scheduled = true },
]
github_schedule_actor = [
  { workflow = "w1", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7" },
  { workflow = "w2", organization = "contoso", repository = "api", login = "robert_corp", user_id = "8" },
]
expect = { "w1" = "fail", "w2" = "fail" }

[[case]]
name = "disabled, or as somebody else"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_workflow = [
  { id = "w1", organization = "contoso", repository = "nightly", path = "a.yml", state = "disabled_manually", scheduled = true },
  { id = "w2", organization = "contoso", repository = "nightly", path = "alice-dev.yml", state = "active", scheduled = true },
  { id = "w3", organization = "contoso", repository = "nightly", path = "push.yml", state = "active", scheduled = false },
]
github_schedule_actor = [
  { workflow = "w1", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7" },
  { workflow = "w2", organization = "contoso", repository = "nightly", login = "alicia", user_id = "9" },
]
expect = "pass"

[[case]]
name = "it never ran"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_workflow = [{ id = "w1", organization = "contoso", repository = "nightly", path = "a.yml", state = "active", scheduled = true }]
expect = { "github:org/contoso/scheduled-workflows" = "unknown" }

[[case]]
name = "the runs of a workflow could not be listed"
incomplete = ["github_schedule_actor"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
