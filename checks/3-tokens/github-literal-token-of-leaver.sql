/*
title    = "A GitHub variable or workflow holds a token of the leaver in clear"
proven   = "No GitHub variable or workflow holds a token of the leaver in clear"
severity = "critical"
why      = "Everybody who can read the repository can act as the leaver, and what uses the token goes on doing so."
fix      = "Give the workflow a secret or an identity of its own first. Then revoke the token at its issuer: runs that still use it fail. Taking it out of the file is not enough: history keeps it."
monotone = true
controls = { nist = ["PS-4", "IA-5"], iso27001 = ["A.5.17"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person            AS person,
       literal.id              AS subject,
       'fail'                  AS status,
       printf('%s in %s of %s', literal.kind, ifnull(literal.name, literal.place),
              ifnull(literal.organization || '/' || literal.repository, literal.organization)) AS reason,
       literal.grade           AS grade,
       literal.path            AS path,
       literal.line            AS line,
       literal.fingerprint     AS fingerprint,
       literal.owner_source    AS known_from,
       literal.expires_at      AS valid_until
FROM   github_literal_owner AS owner
JOIN   github_literal AS literal ON literal.id = owner.literal
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now);
/*
[[case]]
name = "in a workflow, known by the address in the token"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
github_literal = [{ id = "l1", organization = "contoso", repository = "api", place = "workflow", path = ".github/workflows/a.yml", line = 9, kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "Alice@contoso.com", grade = "A" }]
expect = { "l1" = "fail" }

[[case]]
name = "one that ended, one of somebody else, one that nobody owns"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
github_literal = [
  { id = "l1", organization = "contoso", place = "variable", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", expires_at = 2026-05-01T00:00:00Z },
  { id = "l2", organization = "contoso", place = "variable", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "mail", owner_name = "alicia@contoso.com" },
  { id = "l3", organization = "contoso", place = "variable", kind = "github-pat", holder = "person", fingerprint = "h", confidence = "high" },
]
expect = "pass"

[[case]]
name = "the variables of a repository could not be read"
incomplete = ["github_literal"]
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
expect = "unknown"
*/
