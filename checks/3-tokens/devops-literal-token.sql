/*
title    = "A variable, definition or pipeline file of Azure DevOps holds a token in clear"
proven   = "No variable, definition or pipeline file of Azure DevOps holds a token in clear"
severity = "high"
why      = "Everybody who can read the project has it, and every job that takes it in acts as its owner. Nobody rotates what is not known to be a secret."
fix      = "Store a new one as a secret variable or in a vault first. Then revoke this one at its issuer: runs that still use it fail. Taking it out of a file is not enough: history keeps it."
monotone = true
applies  = "devops_organization"
controls = { nist = ["PS-4", "IA-5", "SC-28"], iso27001 = ["A.5.17", "A.8.12"], soc2 = ["CC6.1"], cis = ["6.2", "16.1"], owasp-nhi = ["NHI1:2025", "NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                     AS person,
       literal.thing            AS subject,
       'fail'                   AS status,
       printf('%s in %s of %s in %s', literal.kind, ifnull(literal.path, ifnull(literal.name, literal.place)), ifnull(literal.holder_name, literal.place), ifnull(literal.project_name, literal.organization))
           || ifnull(', of ' || coalesce(literal.owner_name, literal.owner_id), '; nothing says whose it is') AS reason,
       literal.grade            AS grade,
       literal.path             AS path,
       literal.line             AS line,
       literal.fingerprint      AS fingerprint,
       literal.expires_at       AS valid_until
FROM   devops_literal AS literal
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now)
AND    literal.id NOT IN (SELECT owner.literal FROM devops_literal_owner AS owner)
AND    (literal.person IS NULL OR literal.owner_kind IS NOT NULL);
/*
[[case]]
name = "with and without an owner"
now = "2026-06-01T00:00:00Z"
devops_organization = [{ id = "o", name = "contoso" }]
devops_literal = [
  { id = "l1#f", organization = "contoso", project = "p1", place = "variable-group", thing = "l1", holder = "person", fingerprint = "f", kind = "github-pat", confidence = "high" },
  { id = "l2#g", organization = "contoso", project = "p1", place = "variable-group", thing = "l2", holder = "person", fingerprint = "g", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "bob@contoso.com" },
]
expect = { "l1" = "fail", "l2" = "fail" }

[[case]]
name = "the leaver's own has a check of its own; a sample; one that ended"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
devops_organization = [{ id = "o", name = "contoso" }]
devops_literal = [
  { id = "l1#f", organization = "contoso", project = "p1", place = "variable-group", thing = "l1", holder = "person", fingerprint = "f", kind = "jwt", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com" },
  { id = "l2#g", organization = "contoso", project = "p1", place = "variable-group", thing = "l2", holder = "person", fingerprint = "g", kind = "github-pat", confidence = "low" },
  { id = "l3#h", organization = "contoso", project = "p1", place = "variable-group", thing = "l3", holder = "person", fingerprint = "h", kind = "jwt", confidence = "high", expires_at = 2026-05-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "not all of it was looked at"
now = "2026-06-01T00:00:00Z"
incomplete = ["devops_literal"]
devops_organization = [{ id = "o", name = "contoso" }]
devops_user = [{ id = "devops:contoso/user/aad.a", person = "p", organization = "contoso", descriptor = "aad.a", user_id = "u", name = "alice@contoso.com" }]
expect = "unknown"
*/
