/*
title    = "Public repositories may use a group of self-hosted runners"
proven   = "No group of self-hosted runners may be used by public repositories"
severity = "high"
why      = "Anybody can open a pull request on a public repository, a leaver too, and may so run code on the organisation's own machines."
fix      = "Close the group to public repositories. Their jobs then wait until they ask for another runner."
monotone = true
controls = { nist = ["AC-3", "AC-6", "CM-7"], iso27001 = ["A.8.3"], soc2 = ["CC6.1", "CC6.6"], cis = ["3.3"], owasp-nhi = ["NHI6:2025", "NHI8:2025"] }
*/
SELECT NULL                    AS person,
       runners.id              AS subject,
       'fail'                  AS status,
       printf('the group %s of %s has %d runners', ifnull(runners.name, runners.group_id), runners.organization, count(runner.id)) AS reason,
       substr(group_concat(runner.name, ' '), 1, 500) AS runners
FROM   github_runner_group AS runners
JOIN   github_runner AS runner ON runner.organization = runners.organization AND runner.group_id = runners.group_id
WHERE  runners.public = 1
GROUP BY runners.id;
/*
[[case]]
name = "a group with a runner"
github_runner_group = [{ id = "github:org/contoso/runner-group/1", organization = "contoso", group_id = "1", name = "Default", public = true }]
github_runner = [{ id = "r1", organization = "contoso", runner_id = "31", group_id = "1" }]
expect = { "github:org/contoso/runner-group/1" = "fail" }

[[case]]
name = "closed, or empty"
github_runner_group = [
  { id = "g1", organization = "contoso", group_id = "1", public = false },
  { id = "g2", organization = "contoso", group_id = "2", public = true },
]
github_runner = [{ id = "r1", organization = "contoso", runner_id = "31", group_id = "1" }]
expect = "pass"

[[case]]
name = "groups could not be listed"
incomplete = ["github_runner_group"]
expect = "unknown"
*/
