/*
title    = "An agent of Azure DevOps uploads a token in clear"
proven   = "No agent of Azure DevOps uploads a token in clear"
severity = "high"
why      = "What an agent uploads is shown to everybody who may look at its pool, and every job of the agent has it. Nobody rotates what is not known to be a secret."
fix      = "Give the agent another credential first. Then revoke this one at its issuer, take it out of the environment, and restart the agent so that it uploads the new one: jobs that still read it fail."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "SC-28"], iso27001 = ["A.5.17", "A.8.12"], soc2 = ["CC6.1"], cis = ["6.2", "16.1"], owasp-nhi = ["NHI1:2025", "NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                     AS person,
       literal.thing            AS subject,
       'fail'                   AS status,
       printf('%s in %s of the agent %s of pool %s', literal.kind, ifnull(literal.name, 'its environment'), ifnull(literal.agent_name, literal.agent), ifnull(literal.pool, 'without a name'))
           || ifnull(', of ' || coalesce(literal.owner_name, literal.owner_id), '; nothing says whose it is') AS reason,
       literal.grade            AS grade,
       literal.fingerprint      AS fingerprint,
       literal.expires_at       AS valid_until
FROM   devops_agent_literal AS literal
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now)
AND    literal.id NOT IN (SELECT owner.literal FROM devops_agent_literal_owner AS owner);
/*
[[case]]
name = "with and without an owner"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_agent_literal = [
  { id = "l1#f", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l1", holder = "person", fingerprint = "f", kind = "github-pat", confidence = "high" },
  { id = "l2#g", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l2", holder = "person", fingerprint = "g", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "bob@contoso.com" },
]
expect = { "l1" = "fail", "l2" = "fail" }

[[case]]
name = "the leaver's own has a check of its own; a sample; one that ended"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
devops_organization = [{ id = "o", name = "contoso" }]
devops_agent_literal = [
  { id = "l1#f", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l1", holder = "person", fingerprint = "f", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com" },
  { id = "l2#g", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l2", holder = "person", fingerprint = "g", kind = "github-pat", confidence = "low" },
  { id = "l3#h", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l3", holder = "person", fingerprint = "h", kind = "jwt", confidence = "high", expires_at = 2026-05-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "not all of it was looked at"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_agent_literal"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"
*/
