/*
title    = "A container in Azure carries a personal token of somebody who is no member any more"
proven   = "No container in Azure carries a personal token of somebody who is no member any more"
severity = "high"
why      = "Nobody revoked it when its owner left, or it belongs to somebody who was never here: the container acts as a person whom nobody answers for."
fix      = "Give the container an identity of its own first, or a secret that its settings only refer to. Then revoke the token at its issuer: a container that still has it stops working. Write the template that makes the container too, or the token comes back."
monotone = true
controls = { nist = ["PS-4", "AC-2(3)", "IA-5"], iso27001 = ["A.5.17", "A.5.18"], soc2 = ["CC6.2"], cis = ["5.1", "6.2"], owasp-nhi = ["NHI1:2025", "NHI2:2025", "NHI10:2025"], owasp-mcp = ["MCP01:2025"] }
*/
SELECT NULL                    AS person,
       printf('azure:%s/%s', literal.container, literal.path) AS subject,
       CASE WHEN owner.state = 'active'                            THEN 'pass'
            WHEN owner.state IN ('disabled', 'deleted', 'absent')  THEN 'fail'
       END                     AS status,
       printf('%s in %s of the %s %s, of %s: %s', literal.kind, literal.path,
              ifnull(replace(container.kind, '-', ' '), 'container'), ifnull(container.name, literal.container),
              coalesce(literal.owner_name, literal.owner_id),
              ifnull(owner.state, 'nobody says whether that account of ' || literal.owner_kind || ' is a member''s'))
                               AS reason,
       literal.grade           AS grade,
       owner.account           AS account,
       literal.owner_source    AS known_from,
       container.runs_as       AS runs_as,
       literal.fingerprint     AS fingerprint
FROM   azure_literal AS literal
LEFT JOIN azure_container AS container ON container.id = literal.container
LEFT JOIN token_owner AS owner
  ON   owner.kind = literal.owner_kind
  AND  owner.id IS literal.owner_id
  AND  owner.name IS literal.owner_name
WHERE  literal.holder IN ('person', 'either')
AND    literal.confidence IN ('medium', 'high')
AND    literal.owner_kind IS NOT NULL
AND    literal.owner_kind NOT IN ('aws-account', 'ssh-comment', 'application')
AND    (literal.expires_at IS NULL OR literal.expires_at > :now)
AND    literal.id NOT IN (SELECT leaver.literal FROM azure_literal_owner AS leaver);
/*
[[case]]
name = "owners who are disabled, deleted, or unknown to the tenant"
now = "2026-06-01T00:00:00Z"
token_owner = [
  { kind = "mail", name = "bob@contoso.com", account = "b", state = "disabled" },
  { kind = "entra", id = "c", name = "carol@contoso.com", account = "c", state = "deleted" },
  { kind = "github", name = "contractor", state = "absent" },
]
azure_container = [{ id = "/g", kind = "container-group", name = "export" }]
azure_literal = [
  { id = "l1", container = "/g", path = "a", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "bob@contoso.com" },
  { id = "l2", container = "/g", path = "b", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "entra", owner_id = "c", owner_name = "carol@contoso.com" },
  { id = "l3", container = "/g", path = "c", kind = "github-pat", holder = "person", fingerprint = "h", confidence = "high", owner_kind = "github", owner_name = "contractor" },
]
expect = { "azure:/g/a" = "fail", "azure:/g/b" = "fail", "azure:/g/c" = "fail" }

[[case]]
name = "a member's, the leaver's own, one that ended, an application's"
now = "2026-06-01T00:00:00Z"
identity = [{ person = "p", kind = "upn", name = "alice@contoso.com" }]
token_owner = [
  { kind = "mail", name = "bob@contoso.com", account = "b", state = "active" },
  { kind = "mail", name = "alice@contoso.com", account = "a", state = "disabled" },
]
azure_container = [{ id = "/g", kind = "container-group", name = "export" }]
azure_literal = [
  { id = "l1", container = "/g", path = "a", kind = "jwt", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "mail", owner_name = "bob@contoso.com" },
  { id = "l2", container = "/g", path = "b", kind = "jwt", holder = "person", fingerprint = "g", confidence = "high", owner_kind = "mail", owner_name = "alice@contoso.com" },
  { id = "l3", container = "/g", path = "c", kind = "jwt", holder = "person", fingerprint = "h", confidence = "high", owner_kind = "mail", owner_name = "eve@contoso.com", expires_at = 2026-05-01T00:00:00Z },
  { id = "l4", container = "/g", path = "d", kind = "jwt", holder = "either", fingerprint = "i", confidence = "high", owner_kind = "application", owner_id = "a1" },
]
expect = { "azure:/g/a" = "pass", "azure:/g/b" = "pass", "azure:/g/c" = "pass", "azure:/g/d" = "pass" }

[[case]]
name = "an owner on a system that nobody asked is neither a member nor an outsider"
now = "2026-06-01T00:00:00Z"
token_owner = [{ kind = "login", name = "bob-dev" }]
azure_container = [{ id = "/g", kind = "container-group", name = "export" }]
azure_literal = [{ id = "l1", container = "/g", path = "a", kind = "github-pat", holder = "person", fingerprint = "f", confidence = "high", owner_kind = "login", owner_name = "bob-dev" }]
expect = { "azure:/g/a" = "unknown" }

[[case]]
name = "owners could not be asked for"
incomplete = ["token_owner"]
expect = "unknown"

[[case]]
name = "the container groups of a subscription could not be read"
incomplete = ["azure_container", "azure_literal"]
expect = "unknown"
*/
