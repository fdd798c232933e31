/*
title    = "An agent of Azure DevOps uploads a token of the leaver"
proven   = "No agent of Azure DevOps uploads a token of the leaver"
severity = "critical"
why      = "What an agent uploads is shown to everybody who may look at its pool, and every job of the agent has it."
fix      = "Give the agent another credential first. Then revoke this one at its issuer, take it out of the environment, and restart the agent so that it uploads the new one: jobs that still read it fail."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "SC-28"], iso27001 = ["A.5.17", "A.8.12"], soc2 = ["CC6.1"], cis = ["6.2", "16.1"], owasp-nhi = ["NHI1:2025", "NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person             AS person,
       literal.thing            AS subject,
       'fail'                   AS status,
       printf('%s in %s of the agent %s of pool %s', literal.kind, ifnull(literal.name, 'its environment'), ifnull(literal.agent_name, literal.agent), ifnull(literal.pool, 'without a name')) AS reason,
       literal.grade            AS grade,
       literal.owner_source     AS known_from,
       literal.fingerprint      AS fingerprint,
       literal.expires_at       AS valid_until
FROM   devops_agent_literal_owner AS owner
JOIN   devops_agent_literal AS literal ON literal.id = owner.literal
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now);
/*
[[case]]
name = "named by the token itself, and by what stands beside it"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev" }, { person = "p", kind = "mail", name = "alice@contoso.com" }]
devops_organization = [{ id = "o", name = "contoso" }]
devops_agent_literal = [
  { id = "l1#f", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l1", holder = "person", fingerprint = "f", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "Alice@contoso.com", grade = "C" },
  { id = "l2#g", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l2", holder = "person", fingerprint = "g", kind = "github-pat", confidence = "high", owner_kind = "login", owner_name = "alice-dev", grade = "D" },
]
expect = { "l1" = "fail", "l2" = "fail" }

[[case]]
name = "somebody else's, a sample, one that ended"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
devops_organization = [{ id = "o", name = "contoso" }]
devops_agent_literal = [
  { id = "l1#f", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l1", holder = "person", fingerprint = "f", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "alicia@contoso.com" },
  { id = "l2#g", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l2", holder = "person", fingerprint = "g", kind = "jwt", confidence = "low", owner_kind = "mail", owner_name = "alice@contoso.com" },
  { id = "l3#h", organization = "contoso", agent = "devops:contoso/pool/7/agent/8", pool = "linux", agent_name = "vm1", thing = "l3", holder = "person", fingerprint = "h", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", expires_at = 2026-05-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "not all of it was looked at"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_agent_literal"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "a person whose accounts are not known"
incomplete = ["identity"]
devops_organization = [{ id = "o", name = "contoso" }]
expect = "unknown"
*/
