/*
title    = "The log keeps less than the checklist looks at"
proven   = "The log keeps everything that the checklist looks at"
severity = "low"
why      = "A log that is silent, or forgets before anybody looks, proves nothing: no call in it does not mean that none was made."
fix      = "Keep the log for the days that the checklist asks for, and raise an alarm when it falls silent."
monotone = true
controls = { nist = ["AU-4", "AU-5", "AU-11"], iso27001 = ["A.8.15"], soc2 = ["CC7.2"], cis = ["8.10"], owasp-mcp = ["MCP08:2025"] }

[params]
retention_days = 90 # so long the log has to be kept
silent_hours   = 72 # so long nobody at all may leave no record
*/
SELECT NULL   AS person,
       source AS subject,
       CASE WHEN retention_days < :retention_days THEN 'fail'
            WHEN retention_days >= :retention_days THEN 'pass'
            WHEN retention_days IS NULL AND source NOT LIKE 'logs:%' THEN 'pass'
       END    AS status,
       iif(retention_days IS NULL, 'nobody says how long this log is kept',
           printf('this log is kept for %d days, the checklist looks at %d', retention_days, :retention_days)) AS reason,
       last_at AS seen_at,
       plan   AS plan,
       shape  AS shape
FROM   log_table
UNION ALL
SELECT NULL, printf('%s/silence', source), NULL, reason, NULL, NULL, NULL
FROM   log_blind
WHERE  lacks IS NULL
UNION ALL
SELECT NULL, printf('%s/silence', source), NULL,
       printf('no caller at all left a record since %s: either the log has stopped, or records are late', last_at), last_at, plan, shape
FROM   log_table
WHERE  seconds(min(until_at, :now)) - seconds(last_at) > :silent_hours * 3600
UNION ALL
SELECT NULL, printf('%s/silence/%s', source, from_at), NULL,
       printf('no caller at all left a record from %s to %s: nobody worked, or nothing was written', from_at, until_at), NULL, NULL, NULL
FROM   log_silence
WHERE  seconds(until_at) - seconds(from_at) > :silent_hours * 3600
AND    (source, from_at) NOT IN (SELECT source, from_at FROM log_hole);
/*
[[case]]
name      = "kept for a month only"
log_table = [{ source = "logs:w/t", retention_days = 30, from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-31T23:00:00Z, records = 9 }]
expect    = { "logs:w/t" = "fail" }

[[case]]
name      = "alive and kept"
log_table = [{ source = "logs:w/t", retention_days = 90, from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence = [{ source = "logs:w/t", from_at = 2026-05-09T00:00:00Z, until_at = 2026-05-11T00:00:00Z, per_million = 900000 }]
expect    = "pass"

[[case]]
name      = "an exported file has no retention of its own"
log_table = [{ source = "file:a.json", from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-31T23:00:00Z, records = 9 }]
expect    = "pass"

[[case]]
name      = "not one record"
log_table = [{ source = "logs:w/t", retention_days = 90, from_at = 2026-03-01, until_at = 2026-06-01, records = 0 }]
expect    = { "logs:w/t/silence" = "unknown" }

[[case]]
name      = "stopped two weeks ago"
log_table = [{ source = "logs:w/t", retention_days = 90, from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-15T00:00:00Z, records = 9 }]
expect    = { "logs:w/t/silence" = "unknown" }

[[case]]
name      = "a week without anything"
log_table = [{ source = "logs:w/t", retention_days = 90, from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence = [{ source = "logs:w/t", from_at = 2026-05-02T00:00:00Z, until_at = 2026-05-09T00:00:00Z }]
expect    = { "logs:w/t/silence" = "unknown" }

[[case]]
name      = "four days without anything, as now and then before"
log_table = [{ source = "logs:w/t", retention_days = 90, from_at = 2026-03-01, until_at = 2026-06-01, last_at = 2026-05-31T23:00:00Z, records = 9 }]
log_silence = [{ source = "logs:w/t", from_at = 2026-05-02T00:00:00Z, until_at = 2026-05-06T00:00:00Z, per_million = 200000 }]
expect    = { "logs:w/t/silence/2026-05-02T00:00:00Z" = "unknown" }

[[case]]
name       = "no log was asked"
incomplete = ["log_table"]
expect     = "unknown"
*/
