/*
title    = "The policy that demands the tag is satisfied by MCPServer=false"
proven   = "The policy that demands the tag is not satisfied by MCPServer=false"
severity = "medium"
why      = "Whoever deploys a server sets the tag to false, and is let through and found by nobody."
fix      = "Let the policy deny a server whose tag is not true, not only one without the tag."
item     = "hardening/3"
controls = { nist = ["CM-6", "CM-7"], iso27001 = ["A.8.9"], soc2 = ["CC8.1"], cis = ["4.1"], owasp-mcp = ["MCP09:2025"] }
*/
WITH rule AS (
       SELECT id, subscription, ifnull(name, id) AS name, untagged_group, false_tag
       FROM   policy_effect
       WHERE  enforced = 1 AND effect = 'deny' AND untagged_group = 1)
SELECT NULL                        AS person,
       printf('azure:%s', rule.id) AS subject,
       CASE WHEN false_tag = 0 THEN 'fail' WHEN false_tag = 1 THEN 'pass' END AS status,
       printf('%s lets a server with MCPServer=false through', rule.name) AS reason,
       rule.subscription           AS subscription,
       'A'                         AS grade
FROM   rule
WHERE  NOT EXISTS (SELECT 1 FROM policy_effect AS other
                   WHERE  other.subscription = rule.subscription AND other.enforced = 1 AND other.effect = 'deny'
                   AND    other.false_tag = 1 AND other.proper = 0)
GROUP BY rule.id, rule.subscription;
/*
[[case]]
name = "a tag that is not true is denied, by this rule or by another"
policy_effect = [
  { id = "/a", subscription = "s", enforced = 1, effect = "deny", untagged_group = 1, false_tag = 1, proper = 0 },
  { id = "/b", subscription = "t", enforced = 1, effect = "deny", untagged_group = 1, false_tag = 0, proper = 0 },
  { id = "/c", subscription = "t", enforced = 1, effect = "deny", untagged_group = 0, false_tag = 1, proper = 0 },
]
expect = "pass"

[[case]]
name = "existence is all that it asks for; others that are not in force do not help"
policy_effect = [
  { id = "/a", subscription = "s", enforced = 1, effect = "deny", untagged_group = 1, false_tag = 0, proper = 0 },
  { id = "/b", subscription = "s", enforced = 0, effect = "deny", untagged_group = 1, false_tag = 1, proper = 0 },
  { id = "/c", subscription = "s", enforced = 1, effect = "audit", untagged_group = 1, false_tag = 1, proper = 0 },
  { id = "/d", subscription = "t", enforced = 1, effect = "deny", untagged_group = 1, false_tag = 1, proper = 0 },
  { id = "/e", subscription = "s", enforced = 1, effect = "deny", untagged_group = 1, false_tag = 1, proper = 1 },
]
expect = { "azure:/a" = "fail" }

[[case]]
name = "not understood"
policy_effect = [{ id = "/a", subscription = "s", enforced = 1, effect = "deny", untagged_group = 1, proper = 0 }]
expect = { "azure:/a" = "unknown" }

[[case]]
name = "assignments could not be read"
incomplete = ["policy_effect"]
expect = "unknown"
*/
