/*
title    = "Nothing has been written to the log of the gateway for days"
proven   = "The log of the gateway is written to"
severity = "high"
why      = "A connector that broke looks like an organisation in which nobody does anything."
fix      = "Look at the logger of the gateway and at what carries its records to the workspace."
item     = "hardening/12"
controls = { nist = ["AU-5", "AU-12"], iso27001 = ["A.8.15"], soc2 = ["CC7.2"], cis = ["8.2"], owasp-mcp = ["MCP08:2025"] }

[params]
days = 7 # without any record
*/
SELECT NULL                        AS person,
       source                      AS subject,
       CASE WHEN last_at IS NULL AND records = 0                  THEN 'fail'
            WHEN days_between(last_at, :now) > :days              THEN 'fail'
            WHEN days_between(last_at, :now) <= :days             THEN 'pass'
       END                         AS status,
       CASE WHEN last_at IS NULL THEN 'no record was found at all'
            ELSE printf('the last record is of %s', last_at) END AS reason,
       last_at                     AS seen_at,
       'A'                         AS grade
FROM   log_table;
/*
[[case]]
name = "a record of today"
log_table = [{ source = "l", shape = "documented", last_at = 2026-05-31T20:00:00Z, records = 5 }]
expect = "pass"

[[case]]
name = "of three weeks ago, or none"
log_table = [{ source = "l", shape = "documented", last_at = 2026-05-10T20:00:00Z, records = 5 }, { source = "m", shape = "documented", records = 0 }]
expect = { "l" = "fail", "m" = "fail" }

[[case]]
name = "the log was not asked"
incomplete = ["log_table"]
expect = "unknown"
*/
