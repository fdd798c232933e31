/*
title    = "A GitHub variable or workflow holds a token in clear"
proven   = "No GitHub variable or workflow holds a token in clear"
severity = "high"
why      = "Everybody who can read the repository has it, leavers included; nobody rotates what is not known to be a secret."
fix      = "Store a new one as a secret first. Then revoke the token at its issuer: runs that still use it fail. Taking it out of the file is not enough: history keeps it."
monotone = true
controls = { nist = ["IA-5", "SC-28"], iso27001 = ["A.5.17", "A.8.12"], soc2 = ["CC6.1"], cis = ["16.1"], owasp-nhi = ["NHI2:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       literal.id              AS subject,
       'fail'                  AS status,
       printf('%s in %s of %s%s', literal.kind, ifnull(literal.name, literal.place),
              ifnull(literal.organization || '/' || literal.repository, literal.organization),
              ifnull(', of ' || coalesce(literal.owner_name, literal.owner_id), '; nothing says whose it is')) AS reason,
       literal.grade           AS grade,
       literal.path            AS path,
       literal.line            AS line,
       literal.fingerprint     AS fingerprint,
       literal.expires_at      AS valid_until
FROM   github_literal AS literal
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now)
AND    literal.id NOT IN (SELECT owner.literal FROM github_literal_owner AS owner);
/*
[[case]]
name = "with and without an owner"
now = "2026-06-01T00:00:00Z"
github_literal = [
  { id = "l1", organization = "contoso", place = "variable", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high" },
  { id = "l2", organization = "contoso", place = "variable", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "mail", owner_name = "bob@contoso.com" },
]
expect = { "l1" = "fail", "l2" = "fail" }

[[case]]
name = "the leaver's own has a check of its own; a sample; one that ended"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
github_literal = [
  { id = "l1", organization = "contoso", place = "variable", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com" },
  { id = "l2", organization = "contoso", place = "workflow", kind = "github-pat", holder = "person", fingerprint = "g", confidence = "low" },
  { id = "l3", organization = "contoso", place = "workflow", kind = "jwt", holder = "person", fingerprint = "h", confidence = "high", expires_at = 2026-05-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "the workflows of a repository could not be read"
incomplete = ["github_literal"]
expect = "unknown"
*/
