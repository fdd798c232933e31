/*
title    = "Failed sign-ins or exhausted limits at the gateway raise no alert"
proven   = "Failed sign-ins and exhausted limits at the gateway raise an alert"
severity = "medium"
why      = "Both are what somebody sees first who tries a credential that should be gone."
fix      = "Alert on answers 401 and 429 of the gateway, and let the alert tell somebody."
item     = "production/alerts"
controls = { nist = ["AU-6", "SI-4"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"], owasp-mcp = ["MCP08:2025"] }
*/
WITH code(code, what) AS (VALUES ('401', 'failed sign-ins'), ('429', 'exhausted limits')),
     heard AS (
       SELECT alert_rule.metric
       FROM   alert_rule
       JOIN   action_group AS told ON instr(' ' || alert_rule.actions || ' ', ' ' || told.id || ' ') > 0
       WHERE  alert_rule.kind = 'metric' AND alert_rule.enabled = 1 AND told.enabled = 1 AND told.receivers > 0)
SELECT NULL                        AS person,
       printf('azure:%s/alerts/%s', gateway.id, code.code) AS subject,
       'fail'                      AS status,
       printf('no alert on %s (%s) of %s tells anybody', code.what, code.code, ifnull(gateway.name, gateway.id)) AS reason,
       'A'                         AS grade
FROM   api_gateway AS gateway, code
WHERE  NOT EXISTS (SELECT 1 FROM heard
                   WHERE  instr(heard.metric, gateway.id) > 0
                   AND    (instr(heard.metric, code.code) > 0 OR instr(lower(heard.metric), 'unauthorizedrequests') > 0 AND code.code = '401'
                           OR instr(heard.metric, '4xx') > 0));
/*
[[case]]
name = "both are heard"
api_gateway = [{ id = "/g" }]
alert_rule = [{ id = "/r", kind = "metric", enabled = 1, actions = "/a", metric = "Requests 401 429 /g" }]
action_group = [{ id = "/a", enabled = 1, receivers = 1 }]
expect = "pass"

[[case]]
name = "one of them, switched off, told to nobody, of another gateway"
api_gateway = [{ id = "/g" }]
alert_rule = [
  { id = "/r", kind = "metric", enabled = 1, actions = "/a", metric = "Requests 401 /g" }, { id = "/q", kind = "metric", enabled = 0, actions = "/a", metric = "Requests 429 /g" },
  { id = "/p", kind = "metric", enabled = 1, actions = "/b", metric = "Requests 429 /g" }, { id = "/o", kind = "metric", enabled = 1, actions = "/a", metric = "Requests 429 /h" },
]
action_group = [{ id = "/a", enabled = 1, receivers = 1 }, { id = "/b", enabled = 1, receivers = 0 }]
expect = { "azure:/g/alerts/429" = "fail" }

[[case]]
name = "alerts could not be read"
incomplete = ["alert_rule"]
expect = "unknown"
*/
