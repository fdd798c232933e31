/*
title    = "A runner on a scanned host is in no list of registered runners any more"
proven   = "Every runner on a scanned host is in the list of registered runners"
severity = "medium"
why      = "The service has forgotten it, so nobody who looks there sees the machine, and whatever its jobs left behind stays."
fix      = "Find out first who runs the machine, and take an image of it as evidence. Then register the runner again, or remove its service, its folder and what its account is signed in to: whatever it still does by itself stops."
controls = { nist = ["CM-8", "AC-2(3)"], iso27001 = ["A.5.9", "A.5.11"], soc2 = ["CC6.1"], cis = ["1.1", "6.2"], owasp-nhi = ["NHI1:2025"] }
*/
SELECT NULL                    AS person,
       runner.id               AS subject,
       CASE WHEN registration.state = 'forgotten'                   THEN 'fail'
            WHEN registration.state IN ('registered', 'ephemeral')  THEN 'pass'
       END                     AS status,
       printf('%s, number %s, serves %s%s', ifnull(runner.name, 'a runner without name'), ifnull(runner.runner_id, 'unknown'),
              ifnull(runner.server, 'a server that it does not name'),
              iif(registration.state = 'forgotten', ', where no list has it', ', whose runners were not listed')) AS reason,
       runner.last_job_at      AS seen_at,
       runner.service_user     AS runs_as,
       runner.running          AS running
FROM   runner
LEFT JOIN runner_registration AS registration ON registration.runner = runner.id;
/*
[[case]]
name = "in no list, in one, and one that ended with its job"
runner = [
  { id = "host:h/a", host = "h", kind = "github", name = "a", runner_id = "1", server = "https://github.com/contoso" },
  { id = "host:h/b", host = "h", kind = "github", name = "b", runner_id = "2", server = "https://github.com/contoso" },
  { id = "host:h/c", host = "h", kind = "github", name = "c", runner_id = "3", server = "https://github.com/contoso" },
]
runner_registration = [
  { runner = "host:h/a", state = "forgotten" },
  { runner = "host:h/b", registered = "github:org/contoso/runner/2", state = "registered" },
  { runner = "host:h/c", state = "ephemeral" },
]
expect = { "host:h/a" = "fail" }

[[case]]
name = "its server was not asked, or the scan does not say which number it has"
runner = [{ id = "host:h/a", host = "h", kind = "azure-devops", name = "a", runner_id = "1", server = "https://dev.azure.com/contoso/" }]
runner_registration = [{ runner = "host:h/a", state = "unknown" }]
expect = { "host:h/a" = "unknown" }

[[case]]
name = "all are registered"
runner = [{ id = "host:h/b", host = "h", kind = "github", name = "b", runner_id = "2", server = "https://github.com/contoso" }]
runner_registration = [{ runner = "host:h/b", registered = "github:org/contoso/runner/2", state = "registered" }]
expect = "pass"

[[case]]
name = "lists of runners could not be read"
incomplete = ["runner_registration"]
expect = "unknown"
*/
