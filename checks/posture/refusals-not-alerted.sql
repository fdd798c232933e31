/*
title    = "No alert tells that one caller is refused again and again"
proven   = "An alert tells that one caller is refused again and again"
severity = "high"
why      = "Repeated refusals are somebody trying what they may not do: the time to look is then, not after the first success."
fix      = "Enable a scheduled query rule that finds at least what checks/4-activity/rules/refusals.kql finds, and let it tell an action group that reaches somebody."
item     = "hardening/15"
controls = { nist = ["AU-6", "AU-6(1)", "SI-4", "IR-5"], iso27001 = ["A.8.16", "A.5.25"], soc2 = ["CC7.2", "CC7.3"], cis = ["8.11"], owasp-mcp = ["MCP08:2025"] }
*/
WITH rule AS (
       SELECT alert_rule.id, ifnull(alert_rule.name, alert_rule.id) AS name, alert_rule.enabled, alert_rule.actions, purpose.enough, purpose.why,
              (SELECT count(*) FROM action_group AS told
               WHERE  instr(' ' || alert_rule.actions || ' ', ' ' || told.id || ' ') > 0) AS known,
              (SELECT count(*) FROM action_group AS told
               WHERE  instr(' ' || alert_rule.actions || ' ', ' ' || told.id || ' ') > 0
               AND    told.enabled = 1 AND told.receivers > 0) AS reached
       FROM   alert_rule
       JOIN   alert_purpose AS purpose ON purpose.rule = alert_rule.id
       WHERE  purpose.purpose = 'refusals'),
     sound AS (SELECT 1 FROM rule WHERE enabled = 1 AND enough = 1 AND reached > 0)
SELECT NULL                        AS person,
       printf('azure:%s', id)      AS subject,
       CASE WHEN enabled = 0            THEN 'fail'
            WHEN enough = 0             THEN 'fail'
            WHEN actions IS NULL        THEN 'fail'
            WHEN known > 0 AND reached = 0 THEN 'fail'
       END                         AS status,
       printf('%s %s', name, concat_ws(', ',
            iif(enabled = 0, 'is switched off', NULL),
            iif(enough = 0, 'finds less than the checklist asks for: ' || why, iif(enough IS NULL, 'is not understood: ' || ifnull(why, ''), NULL)),
            iif(actions IS NULL, 'tells nobody', iif(known = 0, 'tells an action group that is not seen', iif(reached = 0, 'tells an action group that reaches nobody', NULL))))) AS reason,
       actions                     AS action_groups,
       'A'                         AS grade
FROM   rule
WHERE  NOT EXISTS (SELECT 1 FROM sound)
UNION ALL
SELECT NULL, printf('azure:/subscriptions/%s', min(id)), 'fail', 'no rule over the log of the gateway alerts on repeated refusals', NULL, 'A'
FROM   azure_subscription
WHERE  NOT EXISTS (SELECT 1 FROM rule)
HAVING count(*) > 0;
/*
[[case]]
name = "one rule is enough, whatever others are"
alert_rule = [{ id = "/r", kind = "log", enabled = 1, actions = "/g /h" }, { id = "/q", kind = "log", enabled = 0 }]
alert_purpose = [{ rule = "/r", purpose = "refusals", enough = 1 }, { rule = "/q", purpose = "refusals", enough = 0, why = "x" }]
action_group = [{ id = "/g", enabled = 0, receivers = 0 }, { id = "/h", enabled = 1, receivers = 1 }]
expect = "pass"

[[case]]
name = "switched off, too little, telling nobody, a group that is off, one without receivers"
alert_rule = [
  { id = "/off", kind = "log", enabled = 0, actions = "/h" },
  { id = "/less", kind = "log", enabled = 1, actions = "/h" },
  { id = "/silent", kind = "log", enabled = 1 },
  { id = "/dead", kind = "log", enabled = 1, actions = "/g" },
  { id = "/empty", kind = "log", enabled = 1, actions = "/e" },
]
alert_purpose = [
  { rule = "/off", purpose = "refusals", enough = 1 },
  { rule = "/less", purpose = "refusals", enough = 0, why = "it counts within 1 minutes" },
  { rule = "/silent", purpose = "refusals", enough = 1 },
  { rule = "/dead", purpose = "refusals", enough = 1 },
  { rule = "/empty", purpose = "refusals", enough = 1 },
]
action_group = [{ id = "/g", enabled = 0, receivers = 2 }, { id = "/e", enabled = 1, receivers = 0 }, { id = "/h", enabled = 1, receivers = 1 }]
expect = { "azure:/off" = "fail", "azure:/less" = "fail", "azure:/silent" = "fail", "azure:/dead" = "fail", "azure:/empty" = "fail" }

[[case]]
name = "no rule at all, or for something else"
azure_subscription = [{ id = "s" }]
alert_rule = [{ id = "/r", kind = "log", enabled = 1, actions = "/h" }]
alert_purpose = [{ rule = "/r", purpose = "another", enough = 1 }]
expect = { "azure:/subscriptions/s" = "fail" }

[[case]]
name = "a query that is not understood, and a group that is not seen"
alert_rule = [{ id = "/odd", kind = "log", enabled = 1, actions = "/h" }, { id = "/far", kind = "log", enabled = 1, actions = "/elsewhere" }]
alert_purpose = [{ rule = "/odd", purpose = "refusals" }, { rule = "/far", purpose = "refusals", enough = 1 }]
action_group = [{ id = "/h", enabled = 1, receivers = 1 }]
expect = { "azure:/odd" = "unknown", "azure:/far" = "unknown" }

[[case]]
name = "action groups could not be read"
alert_rule = [{ id = "/r", kind = "log", enabled = 1, actions = "/h" }]
alert_purpose = [{ rule = "/r", purpose = "refusals", enough = 1 }]
incomplete = ["action_group"]
expect = "unknown"

[[case]]
name = "rules could not be read"
incomplete = ["alert_rule", "alert_purpose"]
expect = "unknown"
*/
