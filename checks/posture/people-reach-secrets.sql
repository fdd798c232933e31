/*
title    = "Conditional Access does not keep people from the secrets scope"
proven   = "Conditional Access keeps people from the secrets scope"
severity = "high"
why      = "Secrets are for workloads. A person who once read one keeps it after the last day."
fix      = "Publish the secrets scope by an application of its own, and block all users from it by a policy that is on and leaves nobody out."
item     = "hardening/8"
controls = { nist = ["AC-3", "AC-6"], iso27001 = ["A.5.15", "A.8.2"], soc2 = ["CC6.1"], cis = ["6.8"], owasp-mcp = ["MCP01:2025", "MCP02:2025"] }
*/
WITH secret AS (
       SELECT gateway AS app, group_concat(DISTINCT value) AS scopes,
              EXISTS (SELECT 1 FROM gateway_scope AS other WHERE other.gateway = gateway_scope.gateway AND other.enabled = 1
                      AND other.value <> '' AND instr(lower(other.value), 'secret') = 0) AS shared
       FROM   gateway_scope
       WHERE  enabled = 1 AND instr(lower(value), 'secret') > 0 AND (people IS NULL OR people = 1 OR kind = 'scope')
       GROUP BY gateway),
     wall AS (
       SELECT secret.app, policy.*
       FROM   secret
       JOIN   conditional_access AS policy ON instr(' ' || policy.gateway || ' ', ' ' || secret.app || ' ') > 0
       WHERE  policy.blocks = 1)
SELECT NULL                        AS person,
       printf('entra:application/%s', secret.app) AS subject,
       CASE WHEN EXISTS (SELECT 1 FROM conditional_access AS policy WHERE policy.enabled = 1 AND policy.blocks = 1 AND policy.context IS NOT NULL) THEN NULL
            WHEN 1 THEN 'fail'
       END                         AS status,
       CASE WHEN EXISTS (SELECT 1 FROM conditional_access AS policy WHERE policy.enabled = 1 AND policy.blocks = 1 AND policy.context IS NOT NULL)
            THEN 'a policy blocks an authentication context; whether the gateway demands it for the scope is not shown'
            ELSE concat_ws(', ', printf('no policy that is on keeps all people from %s', secret.scopes),
                 iif(secret.shared = 1, 'and its application publishes other scopes too, so that none can without blocking these', NULL)) END AS reason,
       'A'                         AS grade
FROM   secret
WHERE  NOT EXISTS (SELECT 1 FROM wall WHERE wall.app = secret.app AND wall.enabled = 1 AND wall.everybody = 1)
UNION ALL
SELECT NULL, printf('entra:conditional-access/%s', wall.id), 'fail',
       printf('%s leaves out %s', ifnull(wall.name, wall.id), wall.excluded), 'A'
FROM   wall
WHERE  wall.enabled = 1 AND wall.everybody = 1 AND wall.excluded IS NOT NULL
AND    NOT EXISTS (SELECT 1 FROM wall AS other WHERE other.app = wall.app AND other.enabled = 1 AND other.everybody = 1 AND other.excluded IS NULL);
/*
[[case]]
name = "an application of its own, blocked for all; a role that only applications can have"
gateway_scope = [{ gateway = "s", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }, { gateway = "a", value = "mcp.tools.secrets", kind = "role", enabled = 1, people = 0 }]
conditional_access = [{ id = "1", enabled = 1, gateway = "s", everybody = 1, blocks = 1 }]
expect = "pass"

[[case]]
name = "report only, some users, no block, another application, none"
gateway_scope = [
  { gateway = "s1", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }, { gateway = "s2", value = "mcp.tools.secrets", kind = "scope", enabled = 1 },
  { gateway = "s3", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }, { gateway = "s4", value = "mcp.tools.secrets", kind = "scope", enabled = 1 },
  { gateway = "s5", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }, { gateway = "s5", value = "mcp.tools.read", kind = "scope", enabled = 1 },
]
conditional_access = [
  { id = "1", enabled = 0, gateway = "s1", everybody = 1, blocks = 1 }, { id = "2", enabled = 1, gateway = "s2", everybody = 0, blocks = 1 },
  { id = "3", enabled = 1, gateway = "s3", everybody = 1, blocks = 0 }, { id = "4", enabled = 1, gateway = "other", everybody = 1, blocks = 1 },
]
expect = { "entra:application/s1" = "fail", "entra:application/s2" = "fail", "entra:application/s3" = "fail", "entra:application/s4" = "fail", "entra:application/s5" = "fail" }

[[case]]
name = "somebody is left out"
gateway_scope = [{ gateway = "s", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }]
conditional_access = [{ id = "1", name = "No people", enabled = 1, gateway = "s", everybody = 1, blocks = 1, excluded = "u1 g1" }]
expect = { "entra:conditional-access/1" = "fail" }

[[case]]
name = "an authentication context"
gateway_scope = [{ gateway = "s", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }]
conditional_access = [{ id = "1", enabled = 1, context = "c1", everybody = 1, blocks = 1 }]
expect = { "entra:application/s" = "unknown" }

[[case]]
name = "policies could not be read"
incomplete = ["conditional_access"]
gateway_scope = [{ gateway = "s", value = "mcp.tools.secrets", kind = "scope", enabled = 1 }]
conditional_access = [{ id = "1", enabled = 1, gateway = "s", everybody = 1, blocks = 1 }]
expect = "unknown"
*/
