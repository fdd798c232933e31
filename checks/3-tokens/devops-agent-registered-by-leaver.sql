/*
title    = "An agent of Azure DevOps was registered by the leaver"
proven   = "No agent of Azure DevOps was registered by the leaver"
severity = "high"
why      = "An agent is a machine of whoever registered it: it takes jobs with their secrets for as long as it runs, and needs the account that registered it no more."
fix      = "Take an image of the machine as evidence first, and look at it. Switch the agent off: jobs that only it can do wait. If it was the leaver's, delete it from its pool, then wipe the machine, which goes on running whatever else it was given."
action   = "disable-devops-agent"
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "AC-2(3)", "CM-8"], iso27001 = ["A.5.9", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI6:2025"] }
*/
SELECT registration.person      AS person,
       agent.id                 AS subject,
       'fail'                   AS status,
       CASE WHEN agent.online = 1 THEN 'critical'
       END                      AS severity,
       printf('%s registered %s of pool %s', coalesce(registration.account, registration.actor_name, 'the leaver'), ifnull(agent.name, agent.agent_id),
              ifnull(agent.pool, agent.pool_id)) AS reason,
       registration.grade       AS grade,
       (SELECT min(organization.name) FROM devops_organization AS organization WHERE organization.name = agent.organization) AS organization,
       registration.actor_name  AS actor,
       registration.at          AS seen_at
FROM   devops_registration AS registration
JOIN   devops_agent AS agent ON agent.id = registration.agent
WHERE  registration.person IS NOT NULL
UNION ALL
-- Older than the log, in which the leaver may have done anything. Those of a scale set are made by the service.
SELECT NULL, agent.id, NULL, NULL,
       printf('no registration in the log explains %s of pool %s%s: ask who runs this machine, or register it again',
              ifnull(agent.name, agent.agent_id), ifnull(agent.pool, agent.pool_id), ifnull(', which was made on ' || agent.created_at, '')),
       NULL, agent.organization, NULL, agent.created_at
FROM   devops_agent AS agent
WHERE  ifnull(agent.elastic, 0) = 0
AND    NOT EXISTS (SELECT 1 FROM devops_registration AS known WHERE known.agent = agent.id);
/*
[[case]]
name = "registered by the leaver, by another, and before the log begins"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_agent = [
  { id = "devops:contoso/pool/7/agent/1", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "1", name = "vm1", created_at = 2026-05-01T00:00:00Z },
  { id = "devops:contoso/pool/7/agent/2", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "2", name = "vm2", created_at = 2026-05-01T00:00:00Z },
  { id = "devops:contoso/pool/7/agent/3", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "3", name = "vm3", created_at = 2024-05-01T00:00:00Z },
]
devops_event = [
  { id = "e1", organization = "contoso", at = 2026-05-01T00:00:01Z, action = "Library.AgentAdded", person = "p", grade = "C", agent_name = "VM1", pool = "linux" },
  { id = "e2", organization = "contoso", at = 2026-05-01T00:00:01Z, action = "Library.AgentAdded", actor = "u9", agent_name = "vm2", pool = "linux" },
]
expect = { "devops:contoso/pool/7/agent/1" = "fail", "devops:contoso/pool/7/agent/3" = "unknown" }

[[case]]
name = "of the same name, in another pool, at another time, or of a scale set"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
devops_agent = [
  { id = "devops:contoso/pool/7/agent/1", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "1", name = "vm1", created_at = 2026-05-01T00:00:00Z },
  { id = "devops:contoso/pool/7/agent/2", organization = "contoso", pool_id = "7", pool = "linux", agent_id = "2", name = "vm2", elastic = 1, created_at = 2024-05-01T00:00:00Z },
]
devops_event = [
  { id = "e1", organization = "contoso", at = 2026-05-01T00:00:01Z, action = "Library.AgentAdded", person = "p", grade = "C", agent_name = "vm1", pool = "windows" },
  { id = "e2", organization = "contoso", at = 2026-03-10T00:00:01Z, action = "Library.AgentAdded", person = "p", grade = "C", agent_name = "vm1", pool = "linux" },
  { id = "e3", organization = "contoso", at = 2026-05-01T00:00:01Z, action = "Library.AgentAdded", actor = "u9", agent_name = "vm1", pool = "linux" },
]
expect = "pass"

[[case]]
name = "the audit log is empty, and may be switched off"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_event"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "the agents could not be listed"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_agent"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"
*/
