/*
title    = "The log of the gateway is kept for less than 90 days"
proven   = "The log of the gateway is kept for 90 days or more"
severity = "medium"
why      = "A leaver is often looked at weeks after the last day. What is older than the log is proven by nobody."
fix      = "Raise the retention of the table to 90 days or more."
item     = "hardening/12"
monotone = true
controls = { nist = ["AU-11", "AU-4"], iso27001 = ["A.8.15", "A.5.28"], soc2 = ["CC7.2"], cis = ["8.10"], owasp-mcp = ["MCP08:2025"] }

[params]
days = 90 # that records have to be there for
*/
SELECT NULL                        AS person,
       id                          AS subject,
       CASE WHEN plan IN ('Basic', 'Auxiliary') THEN 'fail'
            WHEN retention_days < :days         THEN 'fail'
            WHEN retention_days >= :days        THEN 'pass'
       END                         AS status,
       CASE WHEN plan IN ('Basic', 'Auxiliary') THEN printf('the table has the plan %s: alerts cannot use it, and few questions can', plan)
            WHEN retention_days IS NULL THEN 'for how long it keeps records is not shown'
            ELSE printf('records are kept for %d days', retention_days)
       END                         AS reason,
       retention_days              AS retention_days,
       total_days                  AS total_days,
       'A'                         AS grade
FROM   log_store;
/*
[[case]]
name = "ninety days and more"
log_store = [{ id = "log:a/T", workspace = "/w", plan = "Analytics", retention_days = 90 }, { id = "log:b/T", workspace = "/w", retention_days = 730 }]
expect = "pass"

[[case]]
name = "thirty, sixty, an archive behind few days, a day too few, other plans"
log_store = [
  { id = "log:a/T", workspace = "/w", plan = "Analytics", retention_days = 30 }, { id = "log:b/T", workspace = "/w", retention_days = 60 },
  { id = "log:c/T", workspace = "/w", retention_days = 30, total_days = 365 }, { id = "log:d/T", workspace = "/w", retention_days = 89 },
  { id = "log:e/T", workspace = "/w", plan = "Basic", retention_days = 90 }, { id = "log:f/T", workspace = "/w", plan = "Auxiliary", retention_days = 365 },
]
expect = { "log:a/T" = "fail", "log:b/T" = "fail", "log:c/T" = "fail", "log:d/T" = "fail", "log:e/T" = "fail", "log:f/T" = "fail" }

[[case]]
name = "not shown"
log_store = [{ id = "log:a/T", workspace = "/w" }]
expect = { "log:a/T" = "unknown" }

[[case]]
name = "tables could not be read"
incomplete = ["log_store"]
expect = "unknown"
*/
