/*
title    = "No policy keeps MCP servers in the approved subnets"
proven   = "A policy keeps MCP servers in the approved subnets"
severity = "high"
why      = "A server that stands elsewhere is reached past the gateway, and nothing that the checklist relies on sees it."
fix      = "Assign a policy with the effect deny at the subscription or above that meets tagged servers of every kind outside the approved subnets, and those in no subnet."
item     = "hardening/5"
controls = { nist = ["CM-6", "CM-7", "AC-3"], iso27001 = ["A.8.9", "A.8.32"], soc2 = ["CC8.1"], cis = ["1.1"], owasp-mcp = ["MCP09:2025"] }
*/
WITH rule AS (
       -- Each rule that speaks of it at all, and what is wrong with it.
       SELECT policy_effect.*, outside_group AS meets, outside_app AS meets_app,
              concat_ws(', ',
                iif(level IN ('resource-group', 'resource'), 'is assigned to a ' || replace(level, '-', ' ') || ' only', NULL),
                iif(enforced = 0, 'is not enforced', NULL),
                iif(effect <> 'deny', 'has the effect ' || effect, NULL),
                iif(proper = 1, 'denies servers that are as they should be too', NULL),
                iif(without_subnet = 0, 'lets a server in no subnet through', NULL)) AS wrong,
              concat_ws(', ',
                iif(excluded IS NOT NULL, 'leaves out ' || excluded, NULL),
                iif(exempted IS NOT NULL, 'is lifted by ' || exempted, NULL)) AS holes
       FROM   policy_effect
       WHERE  outside_group = 1 OR outside_group IS NULL OR outside_app = 1),
     sound AS (
       SELECT subscription,
              max(meets = 1 AND effect = 'deny' AND proper = 0 AND wrong = '' AND holes = '') AS groups,
              max(meets_app = 1 AND effect = 'deny' AND wrong = '' AND holes = '') AS apps
       FROM   rule
       GROUP BY subscription),
     demand AS (
       SELECT azure_subscription.id AS subscription,
              (SELECT count(*) FROM posture_setting WHERE kind = 'subnet') AS approved,
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
       printf('no policy over the subscription %s denies a server outside the approved subnets', demand.subscription), demand.subscription, NULL, 'A'
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
name = "at the subscription"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
]
expect = "pass"

[[case]]
name = "above the subscription"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "management-group", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
  { id = "/b", subscription = "s", level = "subscription", enforced = 0, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
]
expect = "pass"

[[case]]
name = "on a resource group, not enforced, auditing, blind for groups in no subnet, with a hole, lifted, or denying everything"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
policy_effect = [
  { id = "/rg", subscription = "s", level = "resource-group", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
  { id = "/off", subscription = "s", level = "subscription", enforced = 0, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
  { id = "/audit", subscription = "s", level = "subscription", enforced = 1, effect = "audit", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
  { id = "/none", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 0, outside_app = 1, proper = 0 },
  { id = "/hole", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0, excluded = "/subscriptions/s/resourcegroups/x" },
  { id = "/lifted", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0, exempted = "/e" },
  { id = "/all", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 1 },
]
expect = { "azure:/rg" = "fail", "azure:/off" = "fail", "azure:/audit" = "fail", "azure:/none" = "fail", "azure:/hole" = "fail", "azure:/lifted" = "fail", "azure:/all" = "fail" }

[[case]]
name = "no policy at all, or one about something else"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
policy_effect = [{ id = "/x", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 0, outside_app = 0, proper = 0 }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "groups are covered, and a server runs as an app"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
mcp_workload = [{ id = "/w", kind = "container-app", subscription = "s", is_server = 1 }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 0, proper = 0 },
]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "not understood"
azure_subscription = [{ id = "s" }]
posture_setting = [{ kind = "subnet", value = "/approved" }]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", without_subnet = 1, outside_app = 1, proper = 0 },
]
expect = { "azure:/a" = "unknown" }

[[case]]
name = "nobody said which subnets are approved"
azure_subscription = [{ id = "s" }]
incomplete = ["posture_setting"]
policy_effect = [
  { id = "/a", subscription = "s", level = "subscription", enforced = 1, effect = "deny", outside_group = 1, without_subnet = 1, outside_app = 1, proper = 0 },
]
expect = "unknown"

[[case]]
name = "assignments could not be read"
incomplete = ["policy_effect"]
expect = "unknown"
*/
