/*
title    = "A workflow ran as the leaver after the last day"
proven   = "No workflow ran as the leaver after the last day"
severity = "high"
why      = "Something still acts in the leaver's name: a schedule, a token, or the leaver."
fix      = "See first what started it, and keep the run's log as evidence. A schedule is to be taken over by somebody else, or its jobs stop with the account; anything else means a credential that still works: find and revoke it."
monotone = true
controls = { nist = ["PS-4", "AU-6"], iso27001 = ["A.8.15", "A.8.16"], soc2 = ["CC7.2"], cis = ["6.2", "8.11"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT leaver.person           AS person,
       printf('github:repo/%s/%s/runs/%s/%s', run.organization, run.repository, ifnull(run.path, 'unknown'), ifnull(run.event, 'unknown')) AS subject,
       CASE WHEN last_day.ends_at IS NOT NULL THEN 'fail'
       END                     AS status,
       CASE WHEN run.event NOT IN ('schedule', 'dynamic') THEN 'critical'
       END                     AS severity,
       CASE WHEN last_day.ends_at IS NULL THEN 'the last day is not known'
            ELSE printf('%s of %s/%s ran %d times as the leaver since the last day, started by %s', ifnull(run.path, 'a workflow'),
                        run.organization, run.repository, count(DISTINCT run.id), ifnull(run.event, 'something unknown'))
       END                     AS reason,
       'A'                     AS grade,
       ifnull(run.login, leaver.login) AS actor,
       max(run.at)             AS seen_at,
       min(run.at)             AS first_seen,
       max(run.id)             AS last_run
FROM   github_leaver AS leaver
JOIN   github_run AS run
  ON   same_account(leaver.login, leaver.user_id, run.login, run.user_id)
  OR   same_account(leaver.login, leaver.user_id, run.triggered_by, run.triggered_by_id)
LEFT JOIN last_day ON last_day.person = leaver.person
WHERE  last_day.ends_at IS NULL OR run.at >= last_day.ends_at
GROUP BY leaver.person, run.organization, run.repository, run.path, run.event;
/*
[[case]]
name = "every night, and once again by hand"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_run = [
  { id = "r1", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7", path = "sync.yml", event = "schedule", at = 2026-05-03T02:00:00Z },
  { id = "r2", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7", path = "sync.yml", event = "schedule", at = 2026-05-04T02:00:00Z },
  { id = "r3", organization = "contoso", repository = "api", login = "bob", user_id = "8", triggered_by = "alice-dev", triggered_by_id = "7", path = "ci.yml", event = "push", at = 2026-05-04T02:00:00Z },
]
expect = { "github:repo/contoso/nightly/runs/sync.yml/schedule" = "fail", "github:repo/contoso/api/runs/ci.yml/push" = "fail" }

[[case]]
name = "before the end of the last day, and as somebody else"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
last_day = [{ person = "p", date = "2026-05-01", ends_at = 2026-05-02T00:00:00Z }]
github_run = [
  { id = "r1", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7", event = "push", at = 2026-05-01T23:59:59Z },
  { id = "r2", organization = "contoso", repository = "nightly", login = "alice-developer", user_id = "9", event = "push", at = 2026-05-04T02:00:00Z },
]
expect = "pass"

[[case]]
name = "without a last day"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_run = [{ id = "r1", organization = "contoso", repository = "nightly", login = "alice-dev", user_id = "7", path = "sync.yml", event = "schedule", at = 2026-05-03T02:00:00Z }]
expect = { "github:repo/contoso/nightly/runs/sync.yml/schedule" = "unknown" }

[[case]]
name = "the runs of a repository could not be listed"
incomplete = ["github_run"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
