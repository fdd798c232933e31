/*
title    = "A self-hosted runner is online that last ran a workflow of the leaver"
proven   = "No self-hosted runner that is online ran a workflow of the leaver last"
severity = "high"
why      = "What such a job leaves behind, cached sign-ins, tokens in files, background processes, is there for the next job. In the incident the runner was the leaver's own, and nobody had looked at it."
fix      = "Take the workflow's schedule away from the leaver first, or it comes back. Take an image of the machine as evidence, scan it with `leaver scan`, then rebuild it: jobs for its labels wait until then."
monotone = true
controls = { nist = ["PS-4", "CM-8", "SI-7"], iso27001 = ["A.5.9", "A.8.9"], soc2 = ["CC6.1", "CC7.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT job.person              AS person,
       job.runner              AS subject,
       CASE WHEN job.status = 'online'  THEN 'fail'
            WHEN job.status = 'offline' THEN 'pass'
       END                     AS status,
       CASE WHEN last_day.ends_at < job.at THEN 'critical'
       END                     AS severity,
       printf('%s, which is %s, ran %s of %s/%s as the leaver%s', ifnull(job.name, job.runner), ifnull(job.status, 'in an unknown state'),
              ifnull(job.path, 'a workflow'), job.organization, job.repository,
              CASE WHEN last_day.ends_at < job.at THEN ', after the last day' ELSE '' END) AS reason,
       'A'                     AS grade,
       job.at                  AS seen_at,
       job.labels              AS labels
FROM   github_runner_job AS job
LEFT JOIN last_day ON last_day.person = job.person;
/*
[[case]]
name = "online"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_runner = [{ id = "github:org/contoso/runner/31", organization = "contoso", runner_id = "31", name = "desk", status = "online" }]
github_job = [{ id = "j1", organization = "contoso", repository = "nightly", run_id = "1", login = "alice-dev", user_id = "7", runner_id = "31", runner = "desk", at = 2026-05-20T02:00:00Z }]
expect = { "github:org/contoso/runner/31" = "fail" }

[[case]]
name = "offline, a job of somebody else, a runner of another repository"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_runner = [
  { id = "r31", organization = "contoso", runner_id = "31", status = "offline" },
  { id = "r32", organization = "contoso", runner_id = "32", status = "online" },
  { id = "r33", organization = "contoso", repository = "api", runner_id = "33", status = "online" },
]
github_job = [
  { id = "j1", organization = "contoso", repository = "nightly", run_id = "1", login = "alice-dev", user_id = "7", runner_id = "31" },
  { id = "j2", organization = "contoso", repository = "nightly", run_id = "2", login = "alicia", user_id = "9", runner_id = "32" },
  { id = "j3", organization = "contoso", repository = "nightly", run_id = "3", login = "alice-dev", user_id = "7", runner_id = "33" },
]
expect = "pass"

[[case]]
name = "GitHub does not say whether it is online"
identity = [{ person = "p", kind = "github", name = "alice-dev", id = "github:user/7" }]
github_runner = [{ id = "r31", organization = "contoso", runner_id = "31" }]
github_job = [{ id = "j1", organization = "contoso", repository = "nightly", run_id = "1", login = "alice-dev", user_id = "7", runner_id = "31" }]
expect = { "r31" = "unknown" }

[[case]]
name = "jobs could not be listed"
incomplete = ["github_job"]
identity = [{ person = "p", kind = "github", name = "alice-dev" }]
expect = "unknown"
*/
