/*
title    = "No policy denies an MCP server without the tag"
proven   = "A policy denies an MCP server without the tag"
severity = "high"
why      = "Without it servers come into being that no other control finds: the tag is only as good as what demands it."
fix      = "Assign a policy with the effect deny at the subscription or above that meets servers of every kind whose tag MCPServer is not true."
item     = "hardening/4"
controls = { nist = ["CM-6", "CM-7", "AC-3"], iso27001 = ["A.8.9", "A.8.32"], soc2 = ["CC8.1"], cis = ["1.1"], owasp-mcp = ["MCP09:2025"] }
*/
WITH rule AS (
       -- Each rule that speaks of it at all, and what is wrong with it.
       SELECT policy_effect.*, untagged_group AS meets, untagged_app AS meets_app,
              concat_ws(', ',
                iif(level IN ('resource-group', 'resource'), 'is assigned to a ' || replace(level, '-', ' ') || ' only', NULL),
                iif(enforced = 0, 'is not enforced', NULL),
                iif(effect <> 'deny', 'has the effect ' || effect, NULL),
                iif(proper = 1, 'denies servers that are as they should be too', NULL)) AS wrong,
              concat_ws(', ',
                iif(excluded IS NOT NULL, 'leaves out ' || excluded, NULL),
                iif(exempted IS NOT NULL, 'is lifted by ' || exempted, NULL)) AS holes
       FROM   policy_effect
       WHERE  untagged_group = 1 OR untagged_group IS NULL OR untagged_app = 1),
     sound AS (
       SELECT subscription,
              max(meets = 1 AND effect = 'deny' AND proper = 0 AND wrong = '' AND holes = '') AS groups,
              max(meets_app = 1 AND effect = 'deny' AND wrong = '' AND holes = '') AS apps
       FROM   rule
       GROUP BY subscription),
     demand AS (
       SELECT azure_subscription.id AS subscription,
              ifnull(sound.groups, 0) AS groups,
              ifnull(sound.apps, 0) AS apps,
              EXISTS (SELECT 1 FROM mcp_workload AS server
                      WHERE  server.subscription = azure_subscription.id AND server.is_server = 1
                      AND    server.kind IN ('container-app', 'container-job')) AS has_apps
       FROM   azure_subscription
       LEFT JOIN sound ON sound.subscription = azure_subscription.id)
SELECT NULL                        AS person,
       printf('azure:%s', rule.id) AS subject,
       CASE WHEN rule.meets = 1 AND (rule.wrong <> '' OR rule.holes <> '') THEN 'fail'
       END                         AS status,
       CASE WHEN rule.wrong = '' AND rule.holes <> '' THEN 'medium' END AS severity,
       CASE WHEN rule.meets = 1 AND (rule.wrong <> '' OR rule.holes <> '')
            THEN printf('%s %s', ifnull(rule.name, rule.id), concat_ws(', ', nullif(rule.wrong, ''), nullif(rule.holes, '')))
            ELSE printf('%s is not understood', ifnull(rule.name, rule.id))
       END                         AS reason,
       rule.subscription           AS subscription,
       rule.definition             AS definition,
       'A'                         AS grade
FROM   demand
JOIN   rule ON rule.subscription = demand.subscription
WHERE  demand.groups = 0
AND    (rule.meets = 1 OR (rule.meets IS NULL AND rule.wrong = ''))
AND    (rule.wrong <> '' OR rule.holes <> '' OR rule.effect IS NULL OR rule.meets IS NULL OR rule.proper IS NULL)
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', demand.subscription), 'fail', NULL,
       printf('no policy over the subscription %s denies a server without the tag MCPServer', demand.subscription), demand.subscription, NULL, 'A'
FROM   demand
WHERE  demand.groups = 0
AND    NOT EXISTS (SELECT 1 FROM rule WHERE rule.subscription = demand.subscription AND (rule.meets = 1 OR (rule.meets IS NULL AND rule.wrong = '')))
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', demand.subscription),
       CASE WHEN NOT EXISTS (SELECT 1 FROM rule WHERE rule.subscription = demand.subscription AND rule.meets_app IS NULL) THEN 'fail' END, NULL,
       printf('the policies over the subscription %s cover container groups only, and servers run as container apps', demand.subscription),
       demand.subscription, NULL, 'A'
FROM   demand
WHERE  demand.groups = 1 AND demand.apps = 0 AND demand.has_apps = 1;
/*
[[case]]
name = "at the subscription, or above it"
azure_subscription = [{ id = "s" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0 },
]
expect = "pass"

[[case]]
name = "above the subscription"
azure_subscription = [{ id = "s" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "management-group", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0 },
  { id = "/b", subscription = "s", level = "subscription", enforced = 0, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0 },
]
expect = "pass"

[[case]]
name = "on a resource group, not enforced, auditing, switched off, with a hole, lifted, or denying everything"
azure_subscription = [{ id = "s" }]
policy_effect = [
  { id = "/rg", subscription = "s", level = "resource-group", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0 },
  { id = "/off", subscription = "s", level = "subscription", enforced = 0, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0 },
  { id = "/audit", subscription = "s", level = "subscription", enforced = 1, effect = "audit", untagged_group = 1, untagged_app = 1, proper = 0 },
  { id = "/disabled", subscription = "s", level = "subscription", enforced = 1, effect = "disabled", untagged_group = 1, untagged_app = 1, proper = 0 },
  { id = "/hole", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0, excluded = "/subscriptions/s/resourcegroups/x" },
  { id = "/lifted", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 0, exempted = "/e" },
  { id = "/all", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 1, proper = 1 },
]
expect = { "azure:/rg" = "fail", "azure:/off" = "fail", "azure:/audit" = "fail", "azure:/disabled" = "fail", "azure:/hole" = "fail", "azure:/lifted" = "fail", "azure:/all" = "fail" }

[[case]]
name = "no policy at all, or one about something else"
azure_subscription = [{ id = "s" }]
policy_effect = [{ id = "/x", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 0, untagged_app = 0, proper = 0 }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "groups are covered, and a server runs as an app"
azure_subscription = [{ id = "s" }]
mcp_workload = [{ id = "/w", kind = "container-app", subscription = "s", is_server = 1 }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 0, proper = 0 },
]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "an app that is no server"
azure_subscription = [{ id = "s" }]
mcp_workload = [{ id = "/w", kind = "container-app", subscription = "s", is_server = 0 }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_group = 1, untagged_app = 0, proper = 0 },
]
expect = "pass"

[[case]]
name = "not understood"
azure_subscription = [{ id = "s" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", untagged_app = 1, proper = 0 },
]
expect = { "azure:/a" = "unknown" }

[[case]]
name = "assignments could not be read"
azure_subscription = [{ id = "s" }]
incomplete = ["policy_effect"]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "subscriptions could not be read"
incomplete = ["azure_subscription", "policy_effect"]
expect = "unknown"
*/
