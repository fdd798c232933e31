/*
title    = "A container in Azure carries a personal token in clear, and nothing says whose it is"
proven   = "Of every personal token in clear in a container in Azure it is known whose it is"
severity = "high"
why      = "It dies with an account of a person, or should have. Until somebody says whose, nobody can tell whether that person has left."
fix      = "Ask who set it. Give the container an identity of its own first, or a secret that its settings only refer to; then revoke the token at its issuer: a container that still has it stops working."
monotone = true
controls = { nist = ["AC-2", "IA-4", "IA-5"], iso27001 = ["A.5.16", "A.5.17"], soc2 = ["CC6.1"], cis = ["5.1"], owasp-nhi = ["NHI1:2025", "NHI2:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       printf('azure:%s/%s', literal.container, literal.path) AS subject,
       'fail'                  AS status,
       printf('%s in %s of the %s %s', literal.kind, literal.path, ifnull(replace(container.kind, '-', ' '), 'container'),
              ifnull(container.name, literal.container)) AS reason,
       literal.owner_id        AS account,
       container.runs_as       AS runs_as,
       literal.fingerprint     AS fingerprint,
       literal.expires_at      AS valid_until
FROM   azure_literal AS literal
LEFT JOIN azure_container AS container ON container.id = literal.container
WHERE  literal.holder = 'person'
AND    literal.confidence IN ('medium', 'high')
AND    (literal.owner_kind IS NULL OR literal.owner_kind IN ('aws-account', 'ssh-comment'))
AND    (literal.expires_at IS NULL OR literal.expires_at > :now);
/*
[[case]]
name = "in a variable"
now = "2026-06-01T00:00:00Z"
azure_container = [{ id = "/j", kind = "container-job", name = "runner" }]
azure_literal = [{ id = "l1", container = "/j", path = "template/containers/main/env/PAT", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high" }]
expect = { "azure:/j/template/containers/main/env/PAT" = "fail" }

[[case]]
name = "a service's, one with a known owner, one whose checksum does not hold, one that ended"
now = "2026-06-01T00:00:00Z"
azure_container = [{ id = "/j", kind = "container-job", name = "runner" }]
azure_literal = [
  { id = "l1", container = "/j", path = "a", kind = "grafana-service", holder = "service", fingerprint = "f", confidence = "high" },
  { id = "l2", container = "/j", path = "b", kind = "github-pat", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "github", owner_name = "bob" },
  { id = "l3", container = "/j", path = "c", kind = "github-pat", holder = "person", fingerprint = "h", confidence = "low" },
  { id = "l4", container = "/j", path = "d", kind = "jwt", holder = "person", fingerprint = "i", confidence = "high", expires_at = 2026-05-01T00:00:00Z },
]
expect = "pass"

[[case]]
name = "the container apps of a subscription could not be read"
incomplete = ["azure_container", "azure_literal"]
expect = "unknown"
*/
