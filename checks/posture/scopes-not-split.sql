/*
title    = "The scopes of the gateway are not split by what they let somebody do"
proven   = "The scopes of the gateway are split by what they let somebody do"
severity = "high"
why      = "Whoever may read then may write and take secrets too: there is nothing narrower to give."
fix      = "Publish a scope each for read, write, admin and secrets, and retire the one that stands for everything."
item     = "hardening/7"
controls = { nist = ["AC-6", "AC-5"], iso27001 = ["A.5.15", "A.8.3"], soc2 = ["CC6.1", "CC6.3"], cis = ["6.8"], owasp-mcp = ["MCP02:2025"], owasp-nhi = ["NHI5:2025"] }
*/
WITH part(word) AS (VALUES ('read'), ('write'), ('admin'), ('secret')),
     published AS (SELECT lower(value) AS value, value AS written, gateway FROM gateway_scope WHERE enabled = 1 AND value <> ''),
     -- Of one scope for two of them neither counts as split off.
     own AS (
       SELECT part.word, published.value
       FROM   part
       JOIN   published ON instr(published.value, part.word) > 0
       WHERE  (SELECT count(*) FROM part AS other WHERE instr(published.value, other.word) > 0) = 1)
SELECT NULL                        AS person,
       printf('entra:application/%s', gateway.app_id) AS subject,
       'fail'                      AS status,
       printf('no scope stands for %s alone', group_concat(part.word, ', ')) AS reason,
       (SELECT group_concat(written, ' ') FROM published) AS published,
       'A'                         AS grade
FROM   part
JOIN   (SELECT min(app_id) AS app_id FROM gateway) AS gateway ON gateway.app_id IS NOT NULL
WHERE  NOT EXISTS (SELECT 1 FROM own WHERE own.word = part.word)
GROUP BY gateway.app_id
UNION ALL
SELECT NULL, printf('entra:application/%s/scope/%s', gateway, written), 'fail',
       printf('the scope %s stands for everything', written), NULL, 'A'
FROM   published
WHERE  value IN ('user_impersonation', 'access_as_user', 'mcp.all', 'mcp.tools.all', 'mcp.access', 'full_access', 'default')
OR     value LIKE '%*%' OR value LIKE '%.all';
/*
[[case]]
name = "one for each"
gateway = [{ id = "g", app_id = "a" }]
gateway_scope = [
  { gateway = "a", value = "mcp.tools.read", kind = "scope", enabled = 1 }, { gateway = "a", value = "mcp.tools.write", kind = "scope", enabled = 1 },
  { gateway = "a", value = "mcp.tools.admin", kind = "role", enabled = 1 }, { gateway = "b", value = "MCP.Tools.Secrets", kind = "scope", enabled = 1 },
]
expect = "pass"

[[case]]
name = "no secrets, admin switched off, write with read in one"
gateway = [{ id = "g", app_id = "a" }]
gateway_scope = [
  { gateway = "a", value = "mcp.tools.read", kind = "scope", enabled = 1 }, { gateway = "a", value = "mcp.tools.readwrite", kind = "scope", enabled = 1 },
  { gateway = "a", value = "mcp.tools.admin", kind = "scope", enabled = 0 },
]
expect = { "entra:application/a" = "fail" }

[[case]]
name = "one for everything beside them, in several ways of calling it"
gateway = [{ id = "g", app_id = "a" }]
gateway_scope = [
  { gateway = "a", value = "r.read", kind = "scope", enabled = 1 }, { gateway = "a", value = "r.write", kind = "scope", enabled = 1 },
  { gateway = "a", value = "r.admin", kind = "scope", enabled = 1 }, { gateway = "a", value = "r.secrets", kind = "scope", enabled = 1 },
  { gateway = "a", value = "user_impersonation", kind = "scope", enabled = 1 }, { gateway = "a", value = "access_as_user", kind = "scope", enabled = 1 },
  { gateway = "a", value = "mcp.*", kind = "scope", enabled = 1 }, { gateway = "a", value = "Tools.All", kind = "role", enabled = 1 },
]
expect = { "entra:application/a/scope/user_impersonation" = "fail", "entra:application/a/scope/access_as_user" = "fail", "entra:application/a/scope/mcp.*" = "fail", "entra:application/a/scope/Tools.All" = "fail" }

[[case]]
name = "no scope at all"
gateway = [{ id = "g", app_id = "a" }]
expect = { "entra:application/a" = "fail" }

[[case]]
name = "the registration could not be read"
incomplete = ["gateway_scope"]
expect = "unknown"
*/
