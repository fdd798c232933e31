/*
title    = "A container in Azure carries a token of the leaver in clear"
proven   = "No container in Azure carries a token of the leaver in clear"
severity = "critical"
why      = "What runs in it acts as the leaver, and everybody who can read the container's settings can do so too."
fix      = "Give the container an identity of its own first, or a secret that its settings only refer to. Then revoke the token at its issuer: a container that still has it stops working. Write the template that makes the container too, or the token comes back."
monotone = true
controls = { nist = ["PS-4", "IA-5", "AC-2(3)"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.1"], cis = ["6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT owner.person            AS person,
       printf('azure:%s/%s', literal.container, literal.path) AS subject,
       'fail'                  AS status,
       printf('%s in %s of the %s %s', literal.kind, literal.path, ifnull(replace(container.kind, '-', ' '), 'container'),
              ifnull(container.name, literal.container)) AS reason,
       literal.grade           AS grade,
       literal.owner_source    AS known_from,
       container.runs_as       AS runs_as,
       literal.fingerprint     AS fingerprint,
       literal.expires_at      AS valid_until
FROM   azure_literal_owner AS owner
JOIN   azure_literal AS literal ON literal.id = owner.literal
LEFT JOIN azure_container AS container ON container.id = literal.container
WHERE  literal.confidence IN ('medium', 'high')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now);
/*
[[case]]
name = "named by the variable beside it, by a URL, by the token itself"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "github", name = "alice-dev" }, { person = "p", kind = "mail", name = "alice@contoso.com" }]
azure_container = [{ id = "/j", kind = "container-job", name = "runner", runs_as = "id-runner (m1)" }]
azure_literal = [
  { id = "l1", container = "/j", path = "template/containers/main/env/PAT", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "login", owner_name = "alice-dev", grade = "D" },
  { id = "l2", container = "/j", path = "template/containers/main/args", kind = "github-pat", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "github", owner_name = "Alice-Dev", grade = "D" },
  { id = "l3", container = "/g", path = "tags/a", kind = "jwt", holder = "person", fingerprint = "h", confidence = "high", owner_kind = "mail", owner_name = "Alice@contoso.com", grade = "C" },
]
expect = { "azure:/j/template/containers/main/env/PAT" = "fail", "azure:/j/template/containers/main/args" = "fail", "azure:/g/tags/a" = "fail" }

[[case]]
name = "one that ended, one of somebody else, one that nobody owns, one whose checksum does not hold"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
azure_container = [{ id = "/j", kind = "container-job", name = "runner" }]
azure_literal = [
  { id = "l1", container = "/j", path = "a", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com", expires_at = 2026-05-01T00:00:00Z },
  { id = "l2", container = "/j", path = "b", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "mail", owner_name = "alicia@contoso.com" },
  { id = "l3", container = "/j", path = "c", kind = "github-pat", holder = "person", fingerprint = "h", confidence = "high" },
  { id = "l4", container = "/j", path = "d", kind = "github-pat", holder = "person", fingerprint = "i", confidence = "low", owner_kind = "mail", owner_name = "alice@contoso.com" },
]
expect = "pass"

[[case]]
name = "the jobs of a subscription could not be read"
incomplete = ["azure_container", "azure_literal"]
identity = [{ person = "p", kind = "mail", name = "alice@contoso.com" }]
expect = "unknown"

[[case]]
name = "a person whose accounts are not known"
incomplete = ["identity"]
expect = "unknown"
*/
