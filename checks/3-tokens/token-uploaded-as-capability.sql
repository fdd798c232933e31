/*
title    = "An agent uploads a credential as one of its capabilities"
proven   = "No agent uploads a credential as one of its capabilities"
severity = "high"
why      = "Every variable of the agent's environment is shown on the page of its pool and written in clear to its log: all who may read the pool hold the credential."
fix      = "Give the agent another credential first. Then revoke this one at its issuer, take it out of the environment file, and name such variables in VSO_AGENT_IGNORE: jobs that still read it fail."
monotone = true
controls = { nist = ["IA-5", "SC-28"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["5.5"], owasp-nhi = ["NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person            AS person,
       sighting.id             AS subject,
       'fail'                  AS status,
       printf('the variable %s holds a %s', sighting.name, sighting.kind) AS reason,
       sighting.grade          AS grade,
       sighting.modified_at    AS seen_at,
       sighting.runner         AS runner,
       sighting.fingerprint    AS fingerprint
FROM   sighting
LEFT JOIN sighting_owner AS owner ON owner.sighting = sighting.id
WHERE  sighting.uploaded = 1
AND    sighting.confidence IN ('medium', 'high')
AND    ifnull(sighting.issuer_says, 'not asked') IN ('not asked', 'valid', 'unavailable');
/*
[[case]]
name = "a token in the environment file of an agent"
sighting = [{ id = "host:h/x:1", host = "h", path = "/x", place = "runner-env", kind = "azure-devops-pat", holder = "person", name = "PAT", fingerprint = "f", confidence = "high", sign_in = false, uploaded = true, runner = "host:h/r" }]
expect = { "host:h/x:1" = "fail" }

[[case]]
name = "one that is ignored, and one whose checksum does not hold"
sighting = [
  { id = "host:h/x:1", host = "h", path = "/x", place = "runner-env", kind = "azure-devops-pat", holder = "person", name = "PAT", fingerprint = "f", confidence = "high", sign_in = false, uploaded = false, runner = "host:h/r" },
  { id = "host:h/x:2", host = "h", path = "/x", place = "runner-env", kind = "azure-devops-pat", holder = "person", name = "PAT", fingerprint = "f", confidence = "low", sign_in = false, uploaded = true, runner = "host:h/r" },
]
expect = "pass"

[[case]]
name = "a host that could not be read as a whole"
incomplete = ["sighting"]
expect = "unknown"
*/
