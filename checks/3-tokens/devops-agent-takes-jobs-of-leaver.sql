/*
title    = "The last job of an agent of Azure DevOps ran for the leaver"
proven   = "The last job of no agent of Azure DevOps ran for the leaver"
severity = "medium"
why      = "Nobody else uses this machine, or the leaver's own pipelines still run on it."
fix      = "Ask who needs the agent, and take an image of its machine as evidence first. If it was the leaver's, delete it from its pool and wipe the machine: jobs that only it can do wait."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "CM-8"], iso27001 = ["A.5.9", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT job.person               AS person,
       agent.id                 AS subject,
       'fail'                   AS status,
       CASE WHEN job.at > last_day.ends_at THEN 'high'
       END                      AS severity,
       printf('the last job of %s of pool %s, run %s%s, was for %s', ifnull(agent.name, agent.agent_id), ifnull(agent.pool, agent.pool_id),
              ifnull(job.build, 'unknown'), ifnull(' on ' || job.at, ''), ifnull(job.actor_name, 'the leaver')) AS reason,
       (SELECT min(organization.name) FROM devops_organization AS organization WHERE organization.name = job.organization) AS organization,
       job.grade                AS grade,
       job.actor_name           AS actor,
       job.at                   AS seen_at
FROM   devops_agent_job AS job
JOIN   devops_agent AS agent ON agent.id = job.agent
LEFT JOIN last_day ON last_day.person = job.person
LEFT JOIN devops_user AS account ON account.person = job.person AND account.organization = job.organization
WHERE  job.person IS NOT NULL;
/*
[[case]]
name = "for the leaver"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_agent = [
  { id = "devops:contoso/pool/7/agent/1", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "1", name = "vm1" },
]
devops_agent_job = [{ agent = "devops:contoso/pool/7/agent/1", organization = "contoso", build = "9", at = 2026-05-20T00:00:00Z, person = "p", grade = "A" }]
expect = { "devops:contoso/pool/7/agent/1" = "fail" }

[[case]]
name = "for another, and one that never had a job"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_agent = [
  { id = "devops:contoso/pool/7/agent/1", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "1", name = "vm1" },
  { id = "devops:contoso/pool/7/agent/2", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "2", name = "vm2" },
]
devops_agent_job = [{ agent = "devops:contoso/pool/7/agent/1", organization = "contoso", build = "9", actor = "u9" }]
expect = "pass"

[[case]]
name = "the runs were not shown"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_agent_job"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the accounts could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_user"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
