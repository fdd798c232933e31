/*
title    = "Something was changed outside working hours"
proven   = "Nothing was changed outside working hours"
severity = "medium"
why      = "Changes at night and on weekends are seen by nobody while they happen."
fix      = "Ask first who did it and why, and keep the log as evidence. If nobody knows, undo it and close the path that is named: whoever else uses it stops too."
monotone = true
controls = { nist = ["AU-6", "AC-2(12)"], iso27001 = ["A.8.16"], soc2 = ["CC7.2"], cis = ["8.11"] }
*/
WITH changed AS (
       SELECT activity.*,
              outside_working_hours(first_at, zone, starts, ends) AS first_outside,
              outside_working_hours(last_at, zone, starts, ends)  AS last_outside,
              zone || ', ' || starts || ' to ' || ends             AS working_hours
       FROM   activity
       JOIN   organization_time
       WHERE  tool_effect(tool, scope) = 'write'
       AND    ifnull(status, 200) < 400)
SELECT person  AS person,
       subject AS subject,
       CASE WHEN max(sure) = 1 THEN 'fail' END AS status,
       CASE WHEN max(own) = 0 THEN 'high' END AS severity,
       -- Within one hour, calls between two that are inside working hours are inside too.
       printf('%s changed something outside working hours in %s%d %s, the first at %s, the last at %s: %s; %s', called,
              iif(max(NOT (first_outside AND last_outside)), 'up to ', ''), sum(calls), iif(sum(calls) = 1, 'call', 'calls'),
              min(first_at), max(last_at), substr(group_concat(DISTINCT tool), 1, 200), path) AS reason,
       grade   AS grade,
       max(last_at) AS seen_at,
       sum(calls) AS calls,
       count(DISTINCT hour_at) AS hours,
       working_hours AS working_hours
FROM   changed
WHERE  first_outside OR last_outside
GROUP BY person, subject
UNION ALL
SELECT NULL, blind.source, NULL, NULL, blind.reason, NULL, NULL, NULL, NULL, NULL
FROM   log_blind AS blind
WHERE  blind.lacks IS NULL OR has_scope(blind.lacks, 'principal') OR has_scope(blind.lacks, 'tool');
/*
[[case]]
name              = "a second too late on a working day, in summer time"
account           = [{ id = "o", person = "p" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [{ source = "l", principal = "o", hour_at = 2026-05-22T18:00:00Z, tool = "write_file", calls = 1, first_at = 2026-05-22T18:00:00Z, last_at = 2026-05-22T18:00:00Z }]
expect            = { "entra:user/o" = "fail" }

[[case]]
name              = "on a Saturday"
account           = [{ id = "o", person = "p" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [{ source = "l", principal = "o", hour_at = 2026-05-23T10:00:00Z, tool = "thing", scope = "mcp.tools.write", calls = 1, first_at = 2026-05-23T10:00:00Z, last_at = 2026-05-23T10:00:00Z }]
expect            = { "entra:user/o" = "fail" }

[[case]]
name              = "in time, or only reading, or refused"
account           = [{ id = "o", person = "p" }]
organization_time = [{ zone = "Europe/Berlin", starts = "07:00", ends = "20:00" }]
tool_call_hour    = [
  { source = "l", principal = "o", hour_at = 2026-05-22T17:00:00Z, tool = "write_file", calls = 1, first_at = 2026-05-22T17:00:00Z, last_at = 2026-05-22T17:59:59Z },
  { source = "l", principal = "o", hour_at = 2026-05-22T22:00:00Z, tool = "read_file", scope = "mcp.tools.write", calls = 1, first_at = 2026-05-22T22:00:00Z, last_at = 2026-05-22T22:00:00Z },
  { source = "l", principal = "o", hour_at = 2026-05-22T22:00:00Z, tool = "write_file", status = 403, calls = 1, first_at = 2026-05-22T22:00:00Z, last_at = 2026-05-22T22:00:00Z },
]
expect            = "pass"

[[case]]
name              = "nobody knows when people work"
incomplete        = ["organization_time"]
account           = [{ id = "o", person = "p" }]
tool_call_hour    = [{ source = "l", principal = "o", hour_at = 2026-05-22T22:00:00Z, tool = "write_file", calls = 1, first_at = 2026-05-22T22:00:00Z, last_at = 2026-05-22T22:00:00Z }]
expect            = "unknown"

[[case]]
name           = "days are missing in the middle of the log"
account        = [{ id = "o", person = "p" }]
log_table      = [{ source = "l", shape = "documented", last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence    = [{ source = "l", from_at = 2026-05-10T00:00:00Z, until_at = 2026-05-12T00:00:00Z, per_million = 0 }]
expect         = { "l" = "unknown" }
*/
